"""From traces to verdicts: everything here is a pure function of files and arrays."""
