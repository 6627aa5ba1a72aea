"""Read the frames of a BVH file, and say what is wrong with them and what mends it."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.bounds import LARGEST_PLACE

MOTION = re.compile(
    r"^[ \t]*MOTION\s+Frames\s*:\s*(\S+)(?:\s+Frame[ \t]*Time\s*:([^\n]*))?[ \t]*(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)
"""The lines above the frames: how many there are, and seconds from one to the next."""

AGAIN = "Get the file again: a transfer was cut off or altered it."
LINE = "Correct this line, or export the motion again."

broken = partial(LeadError, "The BVH file cannot be read.")


def read_timing(motion: re.Match[str], fps: float | None, file: str) -> tuple[int, float]:
    """Return the number of frames and the seconds of one, which ``fps`` overrules."""
    whole = re.fullmatch(r"(\d{1,12})(?:\.0*)?", motion[1])
    declared = int(whole[1]) if whole else 0
    if declared < 1:
        found = f"Frames: {motion[1]}"
        raise broken(file, found, "at least one frame", "Write the number of frames there is.")
    if fps is not None:
        return declared, 1 / fps
    stated = (motion[2] or "").strip()
    try:
        frame_time = float(stated or 0)
    except ValueError:
        frame_time = 0.0
    if not 0 < frame_time < np.inf:
        found = "no `Frame Time:`" if motion[2] is None else f"Frame Time: {stated[:60]}"
        fix = comma_fix(stated) or "State the rate, such as --fps 30, or correct the file."
        raise broken(file, found, "seconds from frame to frame", fix)
    return declared, frame_time


def read_frames(body: str, declared: int, width: int, file: str) -> Float[np.ndarray, "N K"]:
    """Read the values of each frame, ``width`` of them; errors are those of `read_bvh`."""
    try:
        values = np.fromstring(body, sep=" ")  # the fast way, 70 ns each
    except ValueError:
        raise _unreadable_value(body, declared, width, file) from None
    if values.size != declared * width:
        raise _wrong_count(body, values.size, declared, width, file)
    frames = values.reshape(declared, width)
    if not (np.abs(values) <= LARGEST_PLACE).all():
        frame = int(np.argmin((np.abs(frames) <= LARGEST_PLACE).all(axis=1)))
        is_large = np.isfinite(frames[frame]).all()
        what = f"beyond {LARGEST_PLACE:g}" if is_large else "that is not finite"
        found = f"a value {what} in frame {frame + 1} of {declared}"
        fix = "Export the motion again, or without the frames in which a joint was lost."
        raise broken(file, found, "finite numbers", fix)
    return frames


def comma_fix(word: str) -> str | None:
    """Return what to do about a number with commas; None for another word."""
    if re.fullmatch(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?", word):
        return (
            "These are decimal commas: export with decimal points, as in the program's English "
            "settings, or replace every comma by a point."
        )
    if "," in word and re.fullmatch(r"[-+.,\deE]+", word):
        return "Separate the numbers by spaces instead of commas."
    return None


def _unreadable_value(body: str, declared: int, width: int, file: str) -> LeadError:
    for index, word in enumerate(body.split()):
        try:
            float(word)
        except ValueError:
            found = f"{word[:20]!r} in frame {index // max(width, 1) + 1} of {declared}"
            return broken(file, found, "numbers", comma_fix(word) or LINE)
    return broken(file, "text between the frames", "numbers", LINE)


def _wrong_count(body: str, size: int, declared: int, width: int, file: str) -> LeadError:
    rows = [count for line in body.split("\n") if (count := len(line.split()))]
    uneven = next((row for row, length in enumerate(rows) if length != width), None)
    if uneven is not None and len({*rows}) == 1 and len(rows) > 1:
        fix = "Export it again: the hierarchy is not the one that the frames were written for."
        return broken(
            file, f"{rows[0]} values in every frame", f"{width}, one for each channel", fix
        )
    if len(rows) == declared and uneven is not None:
        found = f"{rows[uneven]} values in frame {uneven + 1} of {declared}"
        return broken(file, found, f"{width} values per frame, one for each channel", LINE)
    whole = width > 0 and size % width == 0 and size > 0
    return LeadError(
        f"The BVH file has {'fewer' if size < declared * width else 'more'} frames than it "
        "declares.",
        file=file,
        found=f"{size / max(width, 1):.10g} frames",
        expected=f"{declared} frames of {width} values",
        fix=f"Write `Frames: {size // width}` if the file was cut by hand; else get it again, as "
        "a transfer was cut off."
        if whole
        else AGAIN,
    )
