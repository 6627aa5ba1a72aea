"""Tables for paper and terminal."""
