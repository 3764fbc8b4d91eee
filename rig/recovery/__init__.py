"""Closing what a crash left: the run's trace and record, and what nobody can say of the bench any more."""
