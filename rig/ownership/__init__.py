"""Who holds a station and its instruments now, and in what state the last owner left it."""
