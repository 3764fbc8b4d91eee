"""Running a case: from its opened bench to its record, and all that may end it on the way."""
