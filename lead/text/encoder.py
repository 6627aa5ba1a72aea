"""A frozen text encoder: captions to one pooled vector each, and to the states of their tokens."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, assert_never, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.config.models import ClipText, MiniLmText, T5Text, TextSettings
from lead.errors import LeadError

BATCH_SIZE = 16
"""Captions that go through the network together, always exactly as many."""
Loaded = TypeVar("Loaded")
_QUOTED = 60  # letters of what was not read
DENSE = "2_Dense"
"""Folder of the dense layer in the layout of sentence-transformers."""
_SMALL_FILES = ("*.json", "*.txt", "*.model")
_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")


@runtime_checkable
class TextNetwork(Protocol):
    """A network that turns token ids without padding into a pooled vector and token states."""

    width: int
    token_width: int

    def __call__(
        self, ids: Int[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B S W"]]: ...


@dataclass(frozen=True)
class EncodedText:
    """n captions as an encoder reads them, on the CPU, in their order.

    Attributes:
        pooled: one vector per caption, the paper's c.
        tokens: S x W states of each caption's tokens: special tokens included, padding not.
        cut: a note for each caption, by its place, that is longer than the encoder reads.
    """

    pooled: Float[Tensor, "n C"]
    tokens: list[Float[Tensor, "_ W"]] = field(repr=False)
    cut: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TextEncoder:
    """A frozen network and its tokenizer.

    Attributes:
        name: kind and model, such as ``clip:openai/clip-vit-large-patch14``.
        digest: SHA-256 of the weights.
        network: the frozen network; ``network.model`` is that of transformers.
        tokenizer: the tokenizer of transformers.
        max_tokens: where a caption is cut, special tokens included.
    """

    name: str
    digest: str
    network: TextNetwork
    tokenizer: Any = field(repr=False)
    max_tokens: int

    @property
    def width(self) -> int:
        """C, the width of the pooled vector."""
        return self.network.width

    @property
    def token_width(self) -> int:
        """W, the width of a token's state."""
        return self.network.token_width

    def encode(self, captions: Sequence[str], batch_size: int = BATCH_SIZE) -> EncodedText:
        """Encode captions; ``""`` is legal (the null condition).

        A caption's result does not depend on the others, to the bit: a batch holds captions of
        one token length and is filled up to ``batch_size`` with copies of its first, because
        float32 products of another shape round otherwise.

        Raises:
            LeadError: no captions, or one that is not a string.
        """
        check_captions(captions)
        ids, cut = self._tokenize(list(captions))
        groups: dict[int, list[int]] = defaultdict(list)
        for row, tokens in enumerate(ids):
            groups[len(tokens)].append(row)
        pooled = torch.empty(len(ids), self.width)
        states: list[Tensor] = [torch.empty(0)] * len(ids)
        for length in sorted(groups):
            for start in range(0, len(groups[length]), batch_size):
                rows = groups[length][start : start + batch_size]
                filled = rows + rows[:1] * (batch_size - len(rows))
                with torch.inference_mode():
                    vectors, tokens = self.network(torch.tensor([ids[row] for row in filled]))
                for row, vector, state in zip(rows, vectors, tokens, strict=False):
                    pooled[row] = vector
                    states[row] = state.float().cpu().clone()
        return EncodedText(pooled, states, cut)

    def _tokenize(self, captions: list[str]) -> tuple[list[list[int]], dict[int, str]]:
        full = self.tokenizer(captions, truncation=False, padding=False, verbose=False).input_ids
        cut = self.tokenizer(
            captions, truncation=True, max_length=self.max_tokens, padding=False
        ).input_ids
        notes = {}
        for row, (every, read) in enumerate(zip(full, cut, strict=True)):
            if len(every) != len(read):
                same = sum(a == b for a, b in zip(every, read, strict=False))  # all but the end
                rest = self.tokenizer.decode(every[same:], skip_special_tokens=True)
                notes[row] = (
                    f"the text has {len(every)} tokens and {self.max_tokens} are read; not read is "
                    f"all from {rest.removeprefix('##').strip()[:_QUOTED]!r} on"
                )
        return cut, notes


def load_text_encoder(config: TextSettings, device: torch.device | str = "cpu") -> TextEncoder:
    """Load the encoder that the settings name, frozen, in float32.

    Raises:
        LeadError: the weights are missing, damaged, or not those expected.
    """
    place = torch.device(device)
    # Imported here: these networks stand on this module, and transformers takes seconds.
    from lead.text.networks import load_clip, load_minilm, load_t5

    match config:
        case MiniLmText():
            return load_minilm(config, place)
        case ClipText():
            return load_clip(config, place)
        case T5Text():
            return load_t5(config, place)
        case _:
            assert_never(config)


def check_captions(captions: Sequence[object]) -> None:
    """Refuse what is no list of texts, such as a table's missing value.

    Raises:
        LeadError: no captions, one text instead of a list, or an item that is not text.
    """
    if isinstance(captions, str) or not len(captions):
        raise LeadError(
            "There is nothing to encode.",
            found=repr(captions),
            expected="a list of at least one caption",
            fix='Pass a list; the null condition is [""].',
        )
    for row, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise LeadError(
                f"Caption {row} is not text.",
                found=repr(caption),
                expected="a string",
                fix="Remove or fill in the missing caption; the null condition is an empty string.",
            )


def locate(model: str) -> Path:
    """The folder of ``model``: itself if it is a folder, else the hub's snapshot (downloaded once).

    Raises:
        LeadError: no such folder, and the hub does not know the name or cannot be reached.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        for weights in _WEIGHTS:
            patterns = [*_SMALL_FILES, f"{DENSE}/*", weights]
            snapshot = Path(snapshot_download(model, allow_patterns=patterns))
            if weight_files(snapshot):
                return snapshot
    # The hub's client raises many kinds: all are OSError (no network, offline, unknown name,
    # HTTP status) but the one for a malformed name and the bare one of its HTTP library.
    except Exception as error:
        of_http = type(error).__module__.split(".")[0] in ("httpx", "httpcore")
        if not of_http and not isinstance(error, OSError | HFValidationError):
            raise
        raise _unavailable(model, first_line(error)) from error
    raise _unavailable(model, "a snapshot without weights")


def load_from(folder: Path, read: Callable[..., Loaded], **options: object) -> Loaded:
    """Call a ``from_pretrained`` on a local folder only, quietly.

    Raises:
        LeadError: the folder is incomplete or damaged.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    bar_was_on = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return read(str(folder), local_files_only=True, **options)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise LeadError(
            "The text encoder could not be read.",
            file=folder,
            found=first_line(error),
            expected="config.json, the tokenizer's files and model.safetensors",
            fix="Fetch the model again, or set text.model to a complete folder.",
        ) from error
    finally:
        if bar_was_on:
            logging.enable_progress_bar()


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its name where it says nothing."""
    return next(iter(str(error).strip().splitlines()), repr(error))


def weight_files(folder: Path) -> list[Path]:
    """The files of a folder that hold weights, safetensors preferred, sorted by name."""
    by_kind = (sorted(folder.glob(pattern)) for pattern in _WEIGHTS)
    return next(filter(None, by_kind), [])


def weight_digest(folder: Path) -> str:
    """SHA-256 of the weights: of the file if there is one, else of the files' digests in order."""
    files = weight_files(folder)
    if not files:
        raise LeadError(
            "The text encoder's folder has no weights.",
            file=folder,
            expected="model.safetensors",
            fix="Fetch the model again, or set text.model to a complete folder.",
        )
    digests = []
    for file in (*files, *weight_files(folder / DENSE)):
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def check_length(max_tokens: int, limit: int, model: object) -> None:
    """Refuse more tokens than the encoder has positions."""
    if max_tokens > limit:
        raise LeadError(
            "text.max_tokens is more than the encoder can read.",
            file=str(model),
            found=max_tokens,
            expected=f"at most {limit}",
            fix=f"Set text.max_tokens to {limit} or less.",
        )


def _unavailable(model: str, found: str) -> LeadError:
    return LeadError(
        f"The text encoder {model} is neither a folder nor available from the model hub.",
        found=found,
        expected="a local folder, a name on huggingface.co, or a copy in the hub's cache",
        fix=f"On a machine with network run `hf download {model}`, then set text.model to the "
        "folder it prints (copied here); or use `text: {kind: minilm}`, which needs no hub.",
    )
