"""The twin's truth: what the simulated bench really is, as strict tables loaded from twin.toml."""

from instruments.simulated.truth.config import TwinConfig, TwinConfigError, draw, load_twin, twin_from_mapping

__all__ = ["TwinConfig", "TwinConfigError", "draw", "load_twin", "twin_from_mapping"]
