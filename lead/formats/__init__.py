"""Files that motion and tables come in."""
