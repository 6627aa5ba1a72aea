"""Networks: VAE, denoiser, projector and matcher."""
