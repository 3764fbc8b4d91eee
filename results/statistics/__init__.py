"""Statistics across pumps. The sampling unit is a pump with its set, never a time sample of one pump."""
