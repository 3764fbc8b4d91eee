"""The verbs of the bench: what a protocol is written in."""
