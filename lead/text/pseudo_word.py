"""Sentences with a word that the encoder does not know: its vector in place of a token's row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lead.errors import LeadError
from lead.text.encoder import TextEncoder

PLACEHOLDER = "<*>"
"""What stands for the word in a sentence."""

# Words of which an encoder's vocabulary has at least one; where it stands the vector goes.
_STAND_INS = ("walk", "jump", "run", "walks", "jumps", "left", "w")


def is_single_token(encoder: TextEncoder, word: str) -> bool:
    """Whether the encoder reads the word as one token that it knows."""
    return len(_tokens(encoder, word)) == 1


def token_vectors(encoder: TextEncoder, words: Sequence[str]) -> Float[Tensor, "N W"]:
    """A copy of the row of each word in the encoder's table, before positions.

    Raises:
        LeadError: a word is not one token, or unknown.
    """
    rows = []
    for word in words:
        ids = _tokens(encoder, word)
        if len(ids) != 1:
            raise LeadError(
                "A descriptor has to be one token of the text encoder.",
                found=f"{word!r}, which {encoder.name} reads as {len(ids)} known tokens",
                expected="one common word, such as walk",
                fix="Choose another word.",
            )
        rows += ids
    return _table(encoder).weight.detach()[rows].clone()


def encode_pseudo(
    encoder: TextEncoder, sentences: Sequence[str], vectors: Float[Tensor, "n W"]
) -> Float[Tensor, "n C"]:
    """Pooled embeddings of sentences whose `PLACEHOLDER` is each one's own vector.

    Differentiable in the vectors and in nothing else; sentences of one token length go through
    the network together, so that none is padded. Where a vector is the row of a stock word, this
    is the stock sentence's embedding.

    Raises:
        LeadError: a sentence has no placeholder, or several, or is longer than the encoder reads.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    ids, places = zip(*(_sentence_ids(encoder, sentence) for sentence in sentences), strict=True)
    for row, own in enumerate(ids):
        groups[len(own)].append(row)
    pooled, order = [], []
    for rows in groups.values():
        where = torch.tensor([places[row] for row in rows], device=vectors.device)
        with _in_place(encoder, vectors[rows], where):
            pooled.append(encoder.network(torch.tensor([ids[row] for row in rows]))[0])
        order += rows
    return torch.cat(pooled)[torch.tensor(order, device=vectors.device).argsort()]


@contextmanager
def _in_place(encoder: TextEncoder, vectors: Float[Tensor, "b W"], where: Tensor) -> Iterator[None]:
    """Put each row's vector at its place in what the embedding table gives out.

    Trap: a token added behind CLIP's end token would move the place that CLIP pools at, so no
    token is added; every other position gives out its stock row, bit for bit.
    """

    def replace(module, inputs, out: Float[Tensor, "b S W"]) -> Float[Tensor, "b S W"]:
        at: Bool[Tensor, "b S"] = torch.arange(out.shape[1], device=out.device) == where[:, None]
        return torch.where(at[..., None], vectors[:, None].to(out), out)

    # T5's encoder looks up in a module of its own that shares the table's weight.
    table = _table(encoder).weight
    hooks = [
        module.register_forward_hook(replace)
        for module in _model(encoder).modules()
        if isinstance(module, torch.nn.Embedding) and module.weight is table
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _sentence_ids(encoder: TextEncoder, sentence: str) -> tuple[list[int], int]:
    """Token ids with a stock word in place of the pseudo-word, and where that is."""
    if sentence.count(PLACEHOLDER) != 1:
        raise LeadError(
            "A sentence needs its placeholder once.",
            found=repr(sentence),
            expected=f"one {PLACEHOLDER}, as in 'someone {PLACEHOLDER}'",
            fix="Correct the sentence.",
        )
    for word in _STAND_INS:
        own = _tokens(encoder, word)
        ids = encoder.tokenizer(sentence.replace(PLACEHOLDER, word), verbose=False).input_ids
        if len(own) == 1 and ids.count(own[0]) == 1 and len(ids) <= encoder.max_tokens:
            return ids, ids.index(own[0])
    raise LeadError(
        "A sentence with a placeholder cannot be read.",
        found=repr(sentence),
        expected=f"at most {encoder.max_tokens} tokens",
        fix="Shorten it.",
    )


def _tokens(encoder: TextEncoder, word: str) -> list[int]:
    ids = encoder.tokenizer(word, add_special_tokens=False, verbose=False).input_ids
    return [own for own in ids if own != encoder.tokenizer.unk_token_id]


def _table(encoder: TextEncoder) -> torch.nn.Embedding:
    return _model(encoder).get_input_embeddings()


def _model(encoder: TextEncoder) -> Any:
    """That of transformers, inside ours."""
    return getattr(encoder.network, "model")  # noqa: B009 (no part of the protocol)
