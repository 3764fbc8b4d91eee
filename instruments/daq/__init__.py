"""Drivers for NI-DAQmx devices: pressure inputs and digital lines."""
