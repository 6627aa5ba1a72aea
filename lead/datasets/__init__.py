"""Datasets, their audit, store and batches."""
