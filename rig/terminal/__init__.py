"""What a person at the terminal sees: progress while a case runs, verdicts at the end."""
