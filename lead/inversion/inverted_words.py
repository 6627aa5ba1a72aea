"""The words of many motions in one file, and each of them in every sentence template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from lead.errors import LeadError
from lead.models.weights import load_tensors, read_metadata, save_tensors

_IDS = "ids"


@dataclass(frozen=True)
class InvertedWords:
    """One word a motion.

    Attributes:
        ids: of the motions.
        vectors: the words' embeddings.
        sentences: pooled text embeddings of the templates with the word in them, T templates a
            word, so that whoever generates from them needs no text encoder.
    """

    ids: tuple[str, ...]
    vectors: Float[Tensor, "N W"]
    sentences: Float[Tensor, "N T C"]


def write_inverted(path: Path, words: InvertedWords, metadata: dict[str, str]) -> None:
    """Write the words with ``metadata``, atomically."""
    tensors = {"vectors": words.vectors, "sentences": words.sentences}
    save_tensors(tensors, path, {**metadata, _IDS: json.dumps(words.ids)})


def read_inverted(path: Path) -> InvertedWords:
    """Read such a file.

    Raises:
        LeadError: it is damaged, or another file.
    """
    tensors, said = load_tensors(path), read_metadata(path)
    ids = tuple(json.loads(said.get(_IDS, "[]")))
    if not {"vectors", "sentences"} <= tensors.keys() or len(ids) != len(tensors["vectors"]):
        raise LeadError(
            "This is no file of inverted words.",
            file=path,
            found=f"{', '.join(tensors) or 'nothing'} of {len(ids)} motions",
            expected="vectors and sentences of as many motions as are named",
            fix="Delete the file and run the same snakemake command again.",
        )
    return InvertedWords(ids, tensors["vectors"], tensors["sentences"])
