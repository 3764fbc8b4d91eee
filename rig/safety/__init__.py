"""Ending safe: the one safe-state path, the interlocks that may call it, and the signals that lead to it."""
