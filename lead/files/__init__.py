"""Seeds, code digests and files that are finished or absent."""
