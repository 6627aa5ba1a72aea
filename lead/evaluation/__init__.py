"""Metrics and the protocol that feeds them."""
