"""Balance drivers."""
