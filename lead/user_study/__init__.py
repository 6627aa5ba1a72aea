"""A user study: pairs of motions on a page for raters, and the statistics of their answers."""
