"""The actions that a model was taught, and whether a caption is near any of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from lead.files.artefact import unreadable
from lead.models.tensors import load_tensors, odd_weights, save_tensors
from lead.text.cache import TextCache

_PERCENTILE = 1
# Other wordings of taught actions have cosines from 0.51, most things that were not taught up to
# 0.46, where the first percentile of training captions is 0.62 (MiniLM; docs/bundled.md).
_MARGIN = 0.13
_NAMED = 3
_LONGEST = 80  # letters of a text that a note quotes
_IN_TURN = re.compile(r"\b(then|afterwards|after that|before|followed by)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Taught:
    """The actions of the training clips, as directions in the space of pooled embeddings.

    Attributes:
        actions: names of the training clips' contents; none where clips are not labelled.
        captions: the shortest training caption of each action.
        centroids: unit vectors, the mean direction of each action's captions.
        threshold: cosine with the nearest centroid below which a caption is far from all.
    """

    actions: tuple[str, ...]
    captions: tuple[str, ...]
    centroids: Float[Tensor, "n C"] = field(repr=False)
    threshold: float

    @classmethod
    def fit(cls, captions: Mapping[str, Sequence[str]], cache: TextCache) -> Taught:
        """Fit the centroids to the distinct captions of each action.

        The threshold is what all but one in a hundred of these captions reach, less a margin
        for wordings that training did not see.
        """
        if not captions:
            return cls((), (), torch.zeros(0, cache.width), -1.0)
        actions = tuple(sorted(captions))
        vectors = [_unit(cache.pooled(captions[action])) for action in actions]
        centroids = _unit(torch.stack([of_action.mean(dim=0) for of_action in vectors]))
        nearest = (torch.cat(vectors) @ centroids.T).amax(dim=1).numpy()
        shortest = tuple(min(captions[action], key=lambda c: (len(c), c)) for action in actions)
        threshold = float(np.percentile(nearest, _PERCENTILE)) - _MARGIN
        return cls(actions, shortest, centroids, round(threshold, 4))

    def note(self, text: str, pooled: Float[Tensor, " C"]) -> str | None:
        """A warning for a text that is far from every action, or names several of them in turn
        where every taught caption has a single one; None for any other."""
        if not self.actions:
            return None
        shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        if _IN_TURN.search(text) and not any(map(_IN_TURN.search, self.captions)):
            return (
                f"{shown!r} names several actions in turn. This model was taught one in each "
                "sentence and may show only one of them: make a motion of each."
            )
        cosines = self.centroids @ _unit(pooled.to(self.centroids))
        if float(cosines.max()) >= self.threshold:
            return None
        order = cosines.argsort(descending=True).tolist()
        nearest = list(dict.fromkeys(self.captions[row] for row in order))[:_NAMED]
        named = ", ".join(repr(caption) for caption in nearest)
        return (
            f"{shown!r} is far from everything this model was taught, so the motion may show "
            f"something else. The model reads English. Nearest to the text: {named}."
        )


def write_taught(taught: Taught, path: Path) -> dict[str, Any]:
    """Write the centroids as float16, atomically; the rest is returned, for the description."""
    save_tensors({"centroids": taught.centroids.half()}, path, {})
    pairs = zip(taught.actions, taught.captions, strict=True)
    return {
        "threshold": taught.threshold,
        "actions": [{"action": action, "caption": caption} for action, caption in pairs],
    }


def read_taught(
    description: Mapping[str, Any] | None, path: Path, width: int | None = None
) -> Taught:
    """Read what `write_taught` wrote, by the description that it returned; None has no actions.

    Raises:
        LeadError: the file is missing or damaged, has other actions than the description, or
            vectors of another ``width``, if that is given.
    """
    if description is None:
        return Taught((), (), torch.zeros(0, 0), -1.0)
    rows = description["actions"]
    tensors = load_tensors(path)
    centroids = tensors.get("centroids", torch.zeros(0, 0)).float()
    shape = (len(rows), width or centroids.shape[-1]) if centroids.ndim == 2 else ()
    odd = odd_weights(tensors)
    if odd or centroids.shape != shape:
        error = ValueError(odd or f"centroids {tuple(centroids.shape)} of {len(rows)} actions")
        raise unreadable(path, error, "the rule that puts models together")
    actions, captions = (tuple(row[key] for row in rows) for key in ("action", "caption"))
    return Taught(actions, captions, _unit(centroids), float(description["threshold"]))


def _unit(vectors: Float[Tensor, "*n C"]) -> Float[Tensor, "*n C"]:
    return F.normalize(vectors, dim=-1)
