"""Bring your own: motions of another model, measured as the study's own are."""
