"""The bench procedures: pytest modules that read like a standard's text, each beside the TOML plan it runs."""
