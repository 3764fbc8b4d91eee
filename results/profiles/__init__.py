"""Method profiles: every constant taken from a standard, as named and versioned data."""
