"""Inverted words, and the one format of the files that hold them.

Layout (safetensors) of N words::

    vectors    float32  N x W      what stands in place of a token's row
    loss       float32  N x K x S  objective of every segment, before its step (a user's word)
    sentences  float32  N x T x C  pooled embeddings of the templates with the word (a study's)

The metadata's ``ids`` names the words: a user's word by its placeholder, those of a study by the
motions that they are inverted from. A user's word says of itself all that `Word` has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from lead.errors import LeadError
from lead.files.bounds import LARGEST_WEIGHT
from lead.files.documents import read_json
from lead.inversion.sentences import check_placeholder, placeholders, read_sentence
from lead.models.files import latents_of
from lead.models.tensors import load_tensors, odd_weights, read_metadata, save_tensors
from lead.text.encoder import EncodedText, TextEncoder, check_captions
from lead.text.pseudo_word import encode_named

_FACTS = ("placeholder", "encoder", "encoder_digest", "model", "descriptor", "objective")
_LARGEST_LOSS = 1e9
_IDS, _CLIPS, _VALUES = "ids", "clips", ("before", "after")


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
        before, after: the objective on fresh draws, of the descriptor and of the word; files of
            version 0.1 do not have them.
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
    before: float | None = None
    after: float | None = None

    def save(self, path: Path | str) -> None:
        """Write the word as safetensors, atomically; `load` reads it."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in (*_FACTS, *_VALUES)}
        tensors = {"vectors": self.vector[None], "loss": self.loss[None]}
        facts |= {_CLIPS: json.dumps(self.clips), _IDS: json.dumps([self.placeholder])}
        save_tensors(tensors, Path(path), facts)

    @classmethod
    def load(cls, path: Path | str) -> Word:
        """Read a word, also of a file that version 0.1 wrote.

        Raises:
            LeadError: the file is missing, damaged or another one, or its vector is not finite.
        """
        path = Path(path)
        if not path.is_file():
            fix = "Make it with lead invert."
            raise LeadError("There is no such word file.", file=path, fix=fix)
        try:
            tensors, facts = load_tensors(path), read_metadata(path)
        except LeadError as error:
            problem = "The word file is damaged."
            fix = "Invert the word again, or copy the file again."
            raise LeadError(problem, file=path, found=error.found, fix=fix) from error
        if tensors.keys() == {"vector", "loss"}:  # version 0.1
            tensors = {"vectors": tensors["vector"][None], "loss": tensors["loss"][None]}
        vectors, loss = tensors.get("vectors"), tensors.get("loss")
        clips, values = _names(facts.get(_CLIPS)), {name: facts.get(name) for name in _VALUES}
        said = {name: facts.get(name) for name in _FACTS}
        complete = (
            clips is not None
            and all(isinstance(fact, str) for fact in said.values())
            and all(_is_objective(value) for value in values.values())
        )
        if vectors is None or loss is None or not complete or vectors.shape[:-1] != (1,):
            raise LeadError(
                "This is no word file.",
                file=path,
                found=", ".join(tensors)[:200] or "nothing",
                expected="one vector, its loss history, and what they are of",
                fix="Make it with lead invert.",
            )
        vector = vectors[0]
        if odd := odd_weights({"vector": vector, "loss": loss}) or _whole(vector, loss):
            raise LeadError(
                "The word's numbers are not those of a word.",
                file=path,
                found=odd,
                expected=f"finite numbers of at most {LARGEST_WEIGHT:g}",
                fix="Invert the word again.",
            )
        check_placeholder(str(said["placeholder"]))
        facts = cast(dict[str, Any], said | values)
        return cls(vector=vector, loss=loss[0], clips=clips or (), **facts)


@dataclass(frozen=True)
class InvertedWords:
    """The words of a study, one per motion.

    Attributes:
        ids: of the motions.
        vectors: the words' embeddings.
        sentences: pooled text embeddings of the templates with the word in them, T templates per
            word, so that whoever generates from them needs no text encoder.
    """

    ids: tuple[str, ...]
    vectors: Float[Tensor, "N W"]
    sentences: Float[Tensor, "N T C"]


def write_inverted(path: Path, words: InvertedWords, metadata: dict[str, str]) -> None:
    """Write a study's words with ``metadata``, atomically."""
    tensors = {"vectors": words.vectors, "sentences": words.sentences}
    save_tensors(tensors, path, {**metadata, _IDS: json.dumps(words.ids)})


def read_inverted(path: Path) -> InvertedWords:
    """Read a study's words.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    tensors, facts = load_tensors(path), read_metadata(path)
    ids = _names(facts.get(_IDS)) or ()
    if not {"vectors", "sentences"} <= tensors.keys() or len(ids) != len(tensors["vectors"]):
        raise LeadError(
            "This is no file of inverted words.",
            file=path,
            found=f"{', '.join(tensors) or 'nothing'} of {len(ids)} motions",
            expected="vectors and sentences of as many motions as are named",
            fix="Delete the file and run the same snakemake command again.",
        )
    return InvertedWords(ids, tensors["vectors"], tensors["sentences"])


def model_digest(directory: Path) -> str:
    """A digest of the weights of a model directory's VAE, denoiser and projector."""
    files = [directory / f"{name}.safetensors" for name in ("vae", "denoiser", "projector")]
    return "-".join(digest[:16] for file in files for digest in latents_of(file).values())


def known_words(
    words: Sequence[Path | str | Word], encoder: TextEncoder, model: str
) -> dict[str, Float[Tensor, " W"]]:
    """The vectors of words, each given as such or as its file, by their names.

    A word that was inverted with another model is warned of on stderr.

    Raises:
        LeadError: as `Word.load`; a word of another encoder; two words of one name.
    """
    vectors: dict[str, Tensor] = {}
    for source in words:
        word = source if isinstance(source, Word) else Word.load(source)
        path = None if isinstance(source, Word) else source
        if (word.encoder_digest, len(word.vector)) != (encoder.digest, encoder.token_width):
            raise LeadError(
                "The word belongs to another text encoder.",
                file=path,
                found=f"{word.encoder}, {word.encoder_digest[:8]}, {len(word.vector)} wide",
                expected=f"{encoder.name}, {encoder.digest[:8]}, {encoder.token_width} wide",
                fix="Use the model that the word was inverted with, or invert it with this one.",
            )
        if word.placeholder in vectors:
            raise LeadError(
                "Two words have one name.",
                file=path,
                found=word.placeholder,
                expected="a name of its own for each word",
                fix="Leave one of the files out, or invert the word again under another name.",
            )
        if word.model != model:
            print(
                f"Warning: {path or word.placeholder} was inverted with another model; its word is "
                "one of the same text encoder, but may mean less to this one.",
                file=sys.stderr,
            )
        vectors[word.placeholder] = word.vector.to(torch.float32)
    return vectors


def encode_with_words(
    encoder: TextEncoder, texts: Sequence[str], words: Sequence[Path | str | Word], model: Path
) -> EncodedText:
    """Sentences that may hold words, each given as such or as its file, as the encoder reads them.

    Raises:
        LeadError: a sentence is none (`read_sentence`) or has a word that is not given, a word is
            not used, or as `known_words`.
    """
    check_captions(texts)
    texts = [read_sentence(text) for text in texts]
    known = known_words(words, encoder, model_digest(model)) if words else {}
    sources = ["the word" if isinstance(word, Word) else word for word in words]
    named = [row for row, text in enumerate(texts) if placeholders(text, list(known), sources)]
    if unused := [name for name in known if not any(name in text for text in texts)]:
        raise LeadError(
            "A word file is given whose word no sentence has.",
            found=", ".join(unused),
            expected=f"a sentence with {unused[0]} in it",
            fix="Put the word into the sentence, or leave its file out.",
        )
    encoded = encoder.encode(texts)
    if not named:
        return encoded
    with torch.inference_mode():
        of_words = encode_named(encoder, [texts[row] for row in named], known).cpu()
    encoded.pooled[named] = of_words
    return replace(encoded, cut={row: encoded.cut[row] for row in encoded.cut if row not in named})


def _names(listed: Any) -> tuple[str, ...] | None:
    """The names in a JSON list; None if it is none."""
    try:
        names = read_json(listed) if isinstance(listed, str) else None
    except ValueError:
        return None
    return tuple(map(str, names)) if isinstance(names, list) else None


def _is_objective(value: Any) -> bool:
    """Whether it is a number, which files of version 0.1 lack."""
    return value is None or (isinstance(value, int | float) and abs(value) < _LARGEST_LOSS)


def _whole(*tensors: Tensor) -> str:
    """What is wrong with tensors that are not of floating-point numbers, or a loss without axes."""
    whole = [str(each.dtype) for each in tensors if not each.is_floating_point()]
    flat = [f"shape {tuple(each.shape)}" for each in tensors if not each.ndim]
    return ", ".join(whole + flat)
