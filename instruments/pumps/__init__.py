"""Pump drivers."""
