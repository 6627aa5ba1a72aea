"""Datasets: how each is read, audited, split and downloaded."""
