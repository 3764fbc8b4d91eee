"""Occlusion: pressure against a dead end, time to the alarm, and what comes out when it is let go."""
