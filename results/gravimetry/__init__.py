"""Gravimetry: from balance readings, air and blanks to the volume collected."""
