"""Texts from files as a terminal may show them."""

from __future__ import annotations


def on_one_line(text: str) -> str:
    """Return a text with escapes for what a terminal would not show, or would obey."""
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
