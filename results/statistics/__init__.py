"""Statistics: across pumps (the sampling unit is a pump with its set, never a time sample of one), and of noise."""
