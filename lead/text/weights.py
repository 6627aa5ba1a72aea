"""Finding an encoder's folder, reading networks from it, and the identity of its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lead.errors import LeadError

Loaded = TypeVar("Loaded")

_SMALL_FILES = ("*.json", "*.txt", "*.model")
_WEIGHTS = (("model*.safetensors",), ("pytorch_model*.bin",))
_DENSE = "2_Dense"


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
            patterns = [*_SMALL_FILES, f"{_DENSE}/*", *weights]
            snapshot = Path(snapshot_download(model, allow_patterns=patterns))
            if weight_files(snapshot):
                return snapshot
    # The hub's client raises many kinds: all are OSError (no network, offline, unknown name,
    # HTTP status) but the one for a malformed name and the bare one of its HTTP library.
    except (OSError, HFValidationError) as error:
        raise _unavailable(model, str(error).strip().splitlines()[0]) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("httpx", "httpcore"):
            raise
        raise _unavailable(model, str(error)) from error
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
            found=str(error).strip().splitlines()[0] if str(error).strip() else repr(error),
            expected="config.json, the tokenizer's files and model.safetensors",
            fix="Fetch the model again, or set text.model to a complete folder.",
        ) from error
    finally:
        if bar_was_on:
            logging.enable_progress_bar()


def weight_files(folder: Path) -> list[Path]:
    """The files of a folder that hold weights, safetensors preferred, sorted by name."""
    for pattern in ("model*.safetensors", "pytorch_model*.bin"):
        if found := sorted(folder.glob(pattern)):
            return found
    return []


def weight_digest(folder: Path) -> str:
    """SHA-256 of the weights: of the file if there is one, else of the files' digests in order."""
    digests = [_sha256(file) for file in weight_files(folder)]
    digests += [_sha256(file) for file in weight_files(folder / _DENSE)] if digests else []
    if not digests:
        raise LeadError(
            "The text encoder's folder has no weights.",
            file=folder,
            expected="model.safetensors",
            fix="Fetch the model again, or set text.model to a complete folder.",
        )
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


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unavailable(model: str, found: str) -> LeadError:
    return LeadError(
        f"The text encoder {model} is neither a folder nor available from the model hub.",
        found=found,
        expected="a local folder, a name on huggingface.co, or a copy in the hub's cache",
        fix=f"On a machine with network run `hf download {model}`, then set text.model to the "
        "folder it prints (copied here); or use `text: {kind: minilm}`, which needs no hub.",
    )
