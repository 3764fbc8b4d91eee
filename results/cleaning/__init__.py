"""From readings as recorded to readings fit for evaluation; every exclusion is named, located and counted."""
