"""Uncertainty of measured flows and volumes: inputs, budget lines, combination."""
