"""Drivers for sensors of the air at the bench."""
