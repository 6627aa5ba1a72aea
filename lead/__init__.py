"""LEAD: latent realignment for human motion diffusion (Andreou et al., 2025)."""

__version__ = "0.1.0"
