"""Read and write the file formats that motion comes in."""
