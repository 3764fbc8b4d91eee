"""The record of a run: the journal while it happens, the sealed HDF5 trace afterwards."""
