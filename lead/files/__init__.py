"""Artefacts and tables that are finished or absent, code digests, seeds and jobs."""
