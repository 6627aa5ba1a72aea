"""LEAD: latent realignment for human motion diffusion (Andreou et al., 2025)."""

import os

__version__ = "0.1.0"

# OpenMP threads that wait for others spin by default: beside a busy neighbour, a training on two
# threads then makes one step where it makes fifty. Read when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
