"""Every caption as the text encoder reads it, once, in one file.

Layout (safetensors)::

    captions  uint8    JSON list of the n captions, sorted
    pooled    float32  n x C
    tokens    float16  ΣS x W, token states of all captions one after the other
    offsets   int64    n + 1, caption i has the rows offsets[i] to offsets[i+1] of ``tokens``

The metadata's one key ``lead`` is a JSON object that says which encoder wrote the file
(``encoder``, ``encoder_digest``) and how many captions were cut (``truncated``). One key, because
safetensors writes several in an order that changes with every process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lead.errors import LeadError
from lead.files.artefact import manifest, unreadable
from lead.models.tensors import save_tensors
from lead.progress import Progress
from lead.text.encoder import TextEncoder, check_captions
from lead.text.words import Words

_CHUNK, _NAMED = 4096, 3
# Three of MiniLM's dimensions are dead: values of 1e-33, spreads of at most 1e-9.
_SMALLEST_STD = 1e-6


class CaptionFile:
    """Read-only view of a safetensors file that holds something of every caption of a study."""

    kind: ClassVar[str]
    """What such a file is called in messages."""
    made_by: ClassVar[str]
    """The stage that writes it."""

    def __init__(self, path: Path, file: Any):
        """Take the captions from a safetensors file that is open.

        Raises:
            ValueError: its tensors do not go together.
        """
        self.path = path
        self.captions = tuple(json.loads(file.get_tensor("captions").numpy().tobytes()))
        self.metadata: dict[str, str] = json.loads((file.metadata() or {}).get("lead", "{}"))
        self._row = {caption: row for row, caption in enumerate(self.captions)}

    @classmethod
    def open(cls, path: Path):
        """Open a file.

        Raises:
            LeadError: it is missing, truncated, or another kind of file.
        """
        path = Path(path)
        if not path.is_file():
            raise LeadError(
                f"There is no {cls.kind} here.",
                file=path,
                expected=f"a file written by {cls.made_by}",
                fix="Run that stage first (snakemake does).",
            )
        try:
            return cls(path, safe_open(path, framework="pt"))
        except (OSError, ValueError, IndexError, SafetensorError) as error:
            raise unreadable(path, error, cls.made_by) from error

    def __len__(self) -> int:
        return len(self.captions)

    def rows(self, captions: Sequence[str]) -> list[int]:
        """The row of each caption.

        Raises:
            LeadError: a caption is not in the file.
        """
        try:
            return [self._row[caption] for caption in captions]
        except KeyError as error:
            raise LeadError(
                f"A caption is not in the {self.kind}.",
                file=self.path,
                found=error.args[0],
                expected=f"one of the {len(self):,} captions of the study",
                fix="Use the study's own captions, or delete the file and run the same command "
                "again.",
            ) from None


def write_captions(
    path: Path, captions: Sequence[str], tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]
) -> None:
    """Write sorted captions beside the tensors that a `CaptionFile` has of them."""
    listed = torch.frombuffer(bytearray(json.dumps(captions).encode()), dtype=torch.uint8)
    save_tensors({"captions": listed, **tensors}, path, metadata)


def write_text_cache(path: Path, captions: Sequence[str], encoder: TextEncoder) -> int:
    """Encode the distinct captions and ``""``, and write them; return how many were cut.

    Raises:
        LeadError: a caption is not a string, or the file cannot be written.
    """
    check_captions(captions or [""])
    rows = sorted({"", *captions})
    pooled, tokens, cut = [], [], {}
    progress = Progress("captions", len(rows))
    for start in range(0, len(rows), _CHUNK):
        encoded = encoder.encode(rows[start : start + _CHUNK])
        pooled.append(encoded.pooled)
        tokens.extend(state.half() for state in encoded.tokens)
        cut |= {rows[start + row]: note for row, note in encoded.cut.items()}
        progress.advance(len(encoded.tokens))
    lengths = torch.tensor([0, *(len(state) for state in tokens)])
    tensors = {
        "pooled": torch.cat(pooled),
        "tokens": torch.cat(tokens),
        "offsets": lengths.cumsum(0),
    }
    facts = {
        **manifest("text"),
        "encoder": encoder.name,
        "encoder_digest": encoder.digest,
        "truncated": str(len(cut)),
    }
    write_captions(path, rows, tensors, facts)
    for caption, note in list(cut.items())[:_NAMED]:
        print(f"note: {caption[:40]!r} …: {note}", file=sys.stderr)
    if len(cut) > _NAMED:
        print(f"note: {len(cut):,} captions are cut, the first {_NAMED} above", file=sys.stderr)
    return len(cut)


class TextCache(CaptionFile):
    """Read-only view of a text cache; token states stay on disk until they are asked for."""

    kind, made_by = "text cache", "the text stage"
    pos_classes = 0
    """P, the number of part-of-speech classes: an encoder's tokens have none."""

    def __init__(self, path: Path, file: Any):
        super().__init__(path, file)
        offsets = file.get_tensor("offsets")
        rows = file.get_slice("pooled").get_shape()[0]
        states = file.get_slice("tokens").get_shape()[0]
        if not len(self) == len(offsets) - 1 == rows or int(offsets[-1]) != states:
            raise ValueError("its captions, vectors and token states do not go together")
        self._file = file
        self._offsets = offsets.tolist()
        self._tokens = file.get_slice("tokens")

    @property
    def width(self) -> int:
        """C, the width of a pooled vector."""
        return self._file.get_slice("pooled").get_shape()[1]

    @property
    def token_width(self) -> int:
        """W, the width of a token's state."""
        return self._tokens.get_shape()[1]

    def pooled(self, captions: Sequence[str]) -> Float[Tensor, "B C"]:
        """The pooled vector of each caption, raw; ``""`` is the null condition.

        Raises:
            LeadError: a caption was not encoded.
        """
        return self._pooled[self.rows(captions)]

    def tokens(self, captions: Sequence[str]) -> tuple[Float[Tensor, "B S W"], Int[Tensor, " B"]]:
        """The token states of each caption, padded with zeros to the longest, and their lengths.

        Raises:
            LeadError: a caption was not encoded.
        """
        rows = self.rows(captions)
        if not rows:
            return torch.zeros(0, 0, self.token_width), torch.zeros(0, dtype=torch.int64)
        states = [self._tokens[self._offsets[r] : self._offsets[r + 1]] for r in rows]
        lengths = torch.tensor([len(state) for state in states])
        return pad_sequence(states, batch_first=True).float(), lengths

    def words(self, captions: Sequence[str]) -> Words:
        """The same `tokens`, as a matcher reads them.

        Raises:
            LeadError: a caption was not encoded.
        """
        return Words(*self.tokens(captions), None)

    @cached_property
    def _pooled(self) -> Tensor:
        return self._file.get_tensor("pooled")


@dataclass(frozen=True)
class Standardisation:
    """Mean and standard deviation per dimension of the training captions' embeddings.

    Some encoders place captions that differ in one word almost at the same point; taking
    out what all captions share lets the denoiser tell them apart. The identity for CLIP
    and T5, whose published systems condition on the raw embedding.
    """

    mean: Float[Tensor, " C"]
    std: Float[Tensor, " C"]

    @classmethod
    def fit(
        cls, cache: TextCache, captions: Sequence[str], enabled: bool = True
    ) -> Standardisation:
        """Statistics of the captions, or the identity where it is not ``enabled``.

        A caption that is listed twice counts twice. A dimension that does not vary gets a
        deviation of 1, so that dividing by it leaves it at zero.

        Raises:
            LeadError: fewer than two distinct captions, or one that was not encoded.
        """
        if not enabled:
            return cls(torch.zeros(cache.width), torch.ones(cache.width))
        if len(set(captions)) < 2:
            raise LeadError(
                "The text condition cannot be standardised.",
                file=cache.path,
                found=f"{len(set(captions))} distinct training captions",
                expected="at least 2",
                fix="Use more training clips, or set text.standardise to false.",
            )
        vectors = cache.pooled(captions).double()
        std = vectors.std(dim=0, correction=0)
        std = torch.where(std < _SMALLEST_STD, 1.0, std)
        return cls(vectors.mean(dim=0).float(), std.float())

    def __call__(self, pooled: Float[Tensor, "*B C"]) -> Float[Tensor, "*B C"]:
        """The condition for pooled embeddings."""
        return (pooled - self.mean.to(pooled.device)) / self.std.to(pooled.device)


@dataclass(frozen=True)
class CaptionTable:
    """Captions of a list of clips as rows of one array, so that drawing is indexing."""

    pooled: Float[Tensor, "n C"]
    rows: Int[Tensor, "I K"]
    counts: Int[Tensor, " I"]

    @classmethod
    def of(cls, captions: Sequence[Sequence[str]], cache: TextCache) -> CaptionTable:
        """The table for the captions of each of several clips."""
        distinct = sorted({caption for of_clip in captions for caption in of_clip})
        number = {caption: row for row, caption in enumerate(distinct)}
        counts = np.array([len(of_clip) for of_clip in captions], dtype=np.int64)
        rows = np.zeros((len(captions), counts.max(initial=0)), dtype=np.int64)
        for clip, of_clip in enumerate(captions):
            rows[clip, : len(of_clip)] = [number[caption] for caption in of_clip]
        return cls(cache.pooled(distinct), torch.from_numpy(rows), torch.from_numpy(counts))

    def draw(self, clips: Int[Tensor, " B"], generator: torch.Generator) -> Float[Tensor, "B C"]:
        """The pooled embedding of one caption of each clip, at random."""
        uniform = torch.rand(clips.shape, generator=generator)
        chosen = (uniform * self.counts[clips]).long()
        return self.pooled[self.rows[clips, chosen]]
