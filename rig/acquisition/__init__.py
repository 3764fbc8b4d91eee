"""From instruments to the journal: samplers, one stream of samples, one writer."""
