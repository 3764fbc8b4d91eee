"""The physics of the simulated bench: from commanded strokes to the balance's indication and true pressures."""
