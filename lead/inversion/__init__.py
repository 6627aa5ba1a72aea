"""Motion textual inversion: a word for a motion, found by optimising its embedding."""
