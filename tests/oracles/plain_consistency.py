"""One distillation step of MotionLCM, item by item, from its published description alone.

Networks are functions; nothing of the package is used.
"""

from __future__ import annotations

import math

import numpy as np
import torch

BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
SIGNAL = np.cumprod(1 - BETAS)


def embedding(w: float) -> torch.Tensor:
    angles = [1000 * w * 10_000 ** (-i / 127) for i in range(128)]
    return torch.tensor([math.sin(a) for a in angles] + [math.cos(a) for a in angles]).double()


def clean(z: torch.Tensor, noise: torch.Tensor, t: int) -> torch.Tensor:
    return (z - math.sqrt(1 - SIGNAL[t]) * noise) / math.sqrt(SIGNAL[t])


def boundary(z: torch.Tensor, noise: torch.Tensor, t: int) -> torch.Tensor:
    scaled = 10 * t
    skip = 0.5**2 / (scaled**2 + 0.5**2)
    out = scaled / math.sqrt(scaled**2 + 0.5**2)
    return skip * z + out * clean(z, noise, t)


def loss(student, target, teacher, null, items) -> torch.Tensor:
    """``items`` are tuples of latent, noise, text, number of the solver's step, and w."""
    errors = []
    for latent, noise, text, n, w in items:
        t = 20 * (n + 1) - 1
        z = math.sqrt(SIGNAL[t]) * latent + math.sqrt(1 - SIGNAL[t]) * noise
        with_text, without = teacher(z, t, text), teacher(z, t, null)
        x_c, x_0 = clean(z, with_text, t), clean(z, without, t)
        x = x_c + w * (x_c - x_0)
        e = with_text + w * (with_text - without)
        before = SIGNAL[0] if n == 0 else SIGNAL[20 * n - 1]
        nearer = math.sqrt(before) * x + math.sqrt(1 - before) * e
        after = max(t - 20, 0)
        told = embedding(w)
        aim = boundary(nearer, target(nearer, after, text, told), after).detach()
        found = boundary(z, student(z, t, text, told), t)
        errors.append(torch.sqrt((found - aim) ** 2 + 0.001**2) - 0.001)
    return torch.stack(errors).mean()
