"""Sentences with words that the encoder does not know: a vector in place of a token's row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
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


def refuse_known(encoder: TextEncoder, name: str) -> None:
    """Refuse the name of a new word that the encoder's vocabulary already has.

    Raises:
        LeadError: it has it, as T5 has ``<pad>``.
    """
    if name in encoder.tokenizer.get_vocab():
        raise LeadError(
            "The name clashes with a real word of the text encoder.",
            found=name,
            expected=f"a name that {encoder.name} does not know",
            fix='Choose another name, such as "<zombie>".',
        )


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
    for sentence in sentences:
        if sentence.count(PLACEHOLDER) != 1:
            raise LeadError(
                "A sentence needs its placeholder once.",
                found=repr(sentence),
                expected=f"one {PLACEHOLDER}, as in 'someone {PLACEHOLDER}'",
                fix="Correct the sentence.",
            )
    split = [sentence.split(PLACEHOLDER) for sentence in sentences]
    return _encode(encoder, split, [vector[None] for vector in vectors])


def encode_named(
    encoder: TextEncoder, sentences: Sequence[str], words: Mapping[str, Float[Tensor, " W"]]
) -> Float[Tensor, "n C"]:
    """Pooled embeddings of sentences with any number of the `words`, each named ``<name>``.

    Raises:
        LeadError: a sentence has none of them, or is longer than the encoder reads.
    """
    known = re.compile("|".join(map(re.escape, words)))
    split, vectors = [], []
    for sentence in sentences:
        names = known.findall(sentence) if words else []
        if not names:
            raise LeadError(
                "A sentence has none of the words.", found=repr(sentence), expected=", ".join(words)
            )
        split.append(known.split(sentence))
        vectors.append(torch.stack([words[name] for name in names]))
    return _encode(encoder, split, vectors)


def _encode(
    encoder: TextEncoder,
    split: Sequence[Sequence[str]],
    vectors: Sequence[Float[Tensor, "_ W"]],
) -> Float[Tensor, "n C"]:
    """Sentences that are split at their words, and each one's vectors in their order."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    ids, places = zip(*(_sentence_ids(encoder, parts) for parts in split), strict=True)
    for row, (tokens, of_words) in enumerate(zip(ids, places, strict=True)):
        groups[len(tokens), len(of_words)].append(row)
    # CLIP attends to no later token: what pads a sentence changes nothing, and costs.
    network = getattr(encoder.network, "unpadded", encoder.network)
    pooled, order = [], []
    for rows in groups.values():
        stacked = torch.stack([vectors[row] for row in rows])
        with _in_place(encoder, stacked, torch.tensor([places[row] for row in rows])):
            pooled.append(network(torch.tensor([ids[row] for row in rows]))[0])
        order += rows
    return torch.cat(pooled)[torch.tensor(order).argsort()].to(vectors[0].device)


@contextmanager
def _in_place(
    encoder: TextEncoder, vectors: Float[Tensor, "b k W"], where: Int[Tensor, "b k"]
) -> Iterator[None]:
    """Put each row's vectors at their places in what the embedding table gives out.

    Trap: a token added behind CLIP's end token would move the place that CLIP pools at, so no
    token is added; every other position gives out its stock row, bit for bit.
    """

    def replace(module, inputs, out: Float[Tensor, "b S W"]) -> Float[Tensor, "b S W"]:
        every = torch.arange(out.shape[1], device=out.device)
        for vector, place in zip(vectors.to(out).unbind(1), where.unbind(1), strict=True):
            at: Bool[Tensor, "b S"] = every == place.to(out.device)[:, None]
            out = torch.where(at[..., None], vector[:, None], out)
        return out

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


def _sentence_ids(encoder: TextEncoder, parts: Sequence[str]) -> tuple[list[int], list[int]]:
    """Token ids with a stock word between the parts, and where it stands."""
    for word in _STAND_INS:
        token = _tokens(encoder, word)
        ids = encoder.tokenizer(word.join(parts), verbose=False).input_ids
        fits = len(ids) <= encoder.max_tokens
        if fits and len(token) == 1 and ids.count(token[0]) == len(parts) - 1:
            return ids, [place for place, id_ in enumerate(ids) if id_ == token[0]]
    raise LeadError(
        "A sentence with a placeholder cannot be read.",
        found=repr(PLACEHOLDER.join(parts)),
        expected=f"at most {encoder.max_tokens} tokens, placeholders set off by spaces",
        fix="Shorten it, or put spaces around its placeholders.",
    )


def _tokens(encoder: TextEncoder, word: str) -> list[int]:
    ids = encoder.tokenizer(word, add_special_tokens=False, verbose=False).input_ids
    return [id_ for id_ in ids if id_ != encoder.tokenizer.unk_token_id]


def _table(encoder: TextEncoder) -> torch.nn.Embedding:
    return _model(encoder).get_input_embeddings()


def _model(encoder: TextEncoder) -> Any:
    """That of transformers, inside ours."""
    return getattr(encoder.network, "model")  # noqa: B009 (no part of the protocol)
