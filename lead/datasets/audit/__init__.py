"""What came in, what is wrong with it, and how it is told."""
