"""What learning needs of data: clips, their frames, and batches of them."""
