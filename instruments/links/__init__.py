"""Links: one transport each, one request in flight, and three ways to fail."""
