"""Front-ends of the simulated devices: what turns the bench's physics into replies."""
