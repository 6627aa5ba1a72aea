"""What `benchmarks/fuzz.py` is made of: valid files, ways to damage them, and a jail to read in."""
