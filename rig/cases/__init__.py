"""Cases of a plan: what each asks of the pump and the bench, whatever its procedure."""
