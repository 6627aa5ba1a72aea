"""The page of a study: everything that it measured, beside the paper, in one file."""
