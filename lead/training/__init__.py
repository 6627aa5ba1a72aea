"""Training stages and their loop."""
