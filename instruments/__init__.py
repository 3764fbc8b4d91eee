"""Drivers for pumps, balances, data acquisition and ambient sensors, their links, and the bench's digital twin."""
