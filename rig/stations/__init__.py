"""Station files: what is plugged in and where, and the stations that ship with the rig."""
