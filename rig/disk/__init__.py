"""Room on the disk: asked for before a run, watched during it, kept back for its end."""
