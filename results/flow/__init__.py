"""Flow analysis: mean error, start-up curve, trumpet, strokes and continuity, from cumulative volume."""
