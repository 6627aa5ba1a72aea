"""NumPy's files from anywhere: pickles are never opened, and all that can be wrong is known."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from lead.errors import LeadError

BROKEN = (
    OSError,
    EOFError,
    KeyError,  # an archive whose directory lies
    TypeError,  # a single array under the name of an archive
    ValueError,  # a pickle, too few bytes
    OverflowError,  # a header with a negative size
    MemoryError,  # a header with an absurd size
    SyntaxError,
    tokenize.TokenError,  # a header that is no dictionary
    zipfile.BadZipFile,
    zlib.error,
)
"""What `numpy.load` raises for files that are missing, truncated, damaged or pickled."""


def read_npy(source: Path | bytes, name: str | Path) -> np.ndarray:
    """One array of plain numbers, from a file or from its content.

    Args:
        name: of the file, for the message.

    Raises:
        LeadError: it is missing or damaged, an archive, or holds pickled objects.
    """
    try:
        content = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        with content as file:
            array = np.load(file, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive under the name of an array")
    except BROKEN as error:
        raise LeadError(
            "The array cannot be read.",
            file=name,
            found=" ".join(str(error).split()),
            expected="a whole .npy file of plain numbers",
            fix="Get the file again.",
        ) from error
    return array
