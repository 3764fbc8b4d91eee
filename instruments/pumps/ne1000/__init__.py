"""New Era NE-1000 family: syringe pumps with an open serial protocol, in its basic and its safe mode."""
