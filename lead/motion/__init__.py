"""Skeletons, rotations and the motion features, both ways."""
