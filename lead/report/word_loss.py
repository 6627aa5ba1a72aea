"""How an inverted word's objective went down."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from lead.files.artefact import atomic_path
from lead.inversion.words import Word


def draw_loss(word: Word, path: Path) -> None:
    """Write the objective of every segment and its median a step as a PNG, atomically.

    Segments of a step differ in their diffusion steps, and so by orders of magnitude.
    """
    steps = range(1, len(word.loss) + 1)
    figure, axes = plt.subplots(figsize=(5.0, 3.2))
    for segment in word.loss.T:
        axes.plot(steps, segment, ".", ms=4, color="0.7")
    axes.plot(steps, word.loss.median(dim=1).values, lw=1.4, color="tab:blue", label="median")
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel(f"objective {word.objective}")
    axes.set_title(f"{word.placeholder}, from {word.descriptor!r}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})
    plt.close(figure)
