"""A word in a file of its own, which says of what encoder and what motion it is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from lead.errors import LeadError
from lead.models.files import latents_of, load_tensors, read_metadata, save_tensors
from lead.text.encoder import TextEncoder

_NAME = re.compile(r"<[a-z0-9_]+>")
_ANY_NAME = re.compile(r"<[^<>\s]*>")
_SAID = ("placeholder", "encoder", "encoder_digest", "model", "descriptor", "objective", "clips")
_IDS = "ids"


@dataclass(frozen=True)
class Word:
    """An inverted word.

    Attributes:
        placeholder: its name in sentences, such as ``<zombie>``.
        vector: what stands in place of a token's row.
        loss: objective of every segment of every step, before the step.
        encoder, encoder_digest: name and weights of the text encoder that the vector belongs to.
        model: `model_digest` of the model that it was inverted with.
        descriptor: the word that it started from.
        objective: what it was optimised for.
        clips: names of the files that it was inverted from.
    """

    placeholder: str
    vector: Float[Tensor, " W"] = field(repr=False)
    loss: Float[Tensor, "K S"] = field(repr=False)
    encoder: str
    encoder_digest: str
    model: str
    descriptor: str
    objective: str
    clips: tuple[str, ...]


def model_digest(directory: Path) -> str:
    """Which weights a model directory holds: those of its VAE, denoiser and projector."""
    names = ("vae", "denoiser", "projector")
    found = [latents_of(directory / f"{name}.safetensors") for name in names]
    return "-".join(digest[:16] for own in found for digest in own.values())


def write_word(path: Path, word: Word) -> None:
    """Write the word as safetensors, atomically."""
    said = {name: getattr(word, name) for name in _SAID if name != "clips"}
    tensors = {"vector": word.vector, "loss": word.loss}
    save_tensors(tensors, path, {**said, "clips": json.dumps(word.clips)})


def read_word(path: Path) -> Word:
    """Read a word.

    Raises:
        LeadError: the file is missing, damaged or another one, or its vector is not finite.
    """
    if not path.is_file():
        raise LeadError("There is no such word file.", file=path, fix="Make it with lead invert.")
    try:
        tensors, said = load_tensors(path), read_metadata(path)
    except LeadError as error:
        problem = "The word file is damaged."
        fix = "Invert the word again, or copy the file again."
        raise LeadError(problem, file=path, found=error.found, fix=fix) from error
    vector, loss = tensors.get("vector"), tensors.get("loss")
    clips = _names(said.get("clips"))
    told = set(_SAID) <= said.keys() and clips is not None
    if vector is None or loss is None or vector.ndim != 1 or not told:
        raise LeadError(
            "This is no word file.",
            file=path,
            found=", ".join(tensors) or "nothing",
            expected="a vector, its loss history, and what they are of",
            fix="Make it with lead invert.",
        )
    if not vector.isfinite().all():
        raise LeadError(
            "The word's vector is not finite.",
            file=path,
            found=f"{int((~vector.isfinite()).sum())} of {len(vector)} values are NaN or infinite",
            fix="Invert the word again.",
        )
    own = {name: said[name] for name in _SAID if name != "clips"}
    check_placeholder(said["placeholder"])
    return Word(vector=vector, loss=loss, clips=clips or (), **own)


def check_placeholder(name: str) -> str:
    """The name of a word as sentences are read, in small letters.

    Raises:
        LeadError: it is not ``<...>`` of letters, digits and _, which no real word is.
    """
    if not _NAME.fullmatch(name.lower()):
        raise LeadError(
            "This cannot be the name of a new word.",
            found=repr(name),
            expected="letters, digits and _ between < and >, so that it is no real word",
            fix='Choose a name such as "<zombie>".',
        )
    return name.lower()


def known_words(
    paths: Sequence[Path], encoder: TextEncoder, model: str
) -> dict[str, Float[Tensor, " W"]]:
    """Vectors of the words of several files, by their names; a word that was inverted with
    another model is warned of on stderr.

    Raises:
        LeadError: as `read_word`; a word of another encoder; two words of one name.
    """
    found: dict[str, Tensor] = {}
    for path in paths:
        word = read_word(path)
        of = (word.encoder_digest, len(word.vector))
        if of != (encoder.digest, encoder.token_width):
            raise LeadError(
                "The word belongs to another text encoder.",
                file=path,
                found=f"{word.encoder}, {word.encoder_digest[:8]}, {len(word.vector)} wide",
                expected=f"{encoder.name}, {encoder.digest[:8]}, {encoder.token_width} wide",
                fix="Use the model that the word was inverted with, or invert it with this one.",
            )
        if word.placeholder in found:
            raise LeadError(
                "Two words have one name.",
                file=path,
                found=word.placeholder,
                expected="a name of its own for each word",
                fix="Leave one of the files out, or invert the word again under another name.",
            )
        if word.model != model:
            print(f"Warning: {path} was inverted with another model; its word is one of the same "
                  "text encoder, but may mean less to this one.", file=sys.stderr)  # fmt: skip
        found[word.placeholder] = word.vector.to(torch.float32)
    return found


def placeholders(sentence: str, known: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Names of the words in a sentence, in small letters.

    Raises:
        LeadError: one is malformed, or none of the ``known``, which the ``files`` give.
    """
    names = _ANY_NAME.findall(sentence)
    for name in names:
        check_placeholder(name)
        if name not in known:
            given = [f"{one} gives {own}" for one, own in zip(files, known, strict=True)]
            raise LeadError(
                "A sentence has a word that no file gives.",
                found=f"{name} in {sentence!r}",
                expected="; ".join(given) or "a word file for it",
                fix="Give its file with --words, or correct the sentence.",
            )
    return names


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


def _names(said: str | None) -> tuple[str, ...] | None:
    """Names as `write_word` lists them; None of anything else."""
    try:
        found = json.loads(said or "")
    except ValueError:
        return None
    return tuple(map(str, found)) if isinstance(found, list) else None
