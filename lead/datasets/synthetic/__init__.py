"""Motion that the package makes itself, with captions that describe it."""
