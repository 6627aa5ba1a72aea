"""HumanML3D's index, split lists and caption files, which KIT-ML has alike."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lead.clip import SPLITS, Found, Recording, Rejected
from lead.errors import LeadError
from lead.files.text import plain_text
from lead.mocap.cut import Take, bad, wrong_length
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D

INDEX = "index.csv"
COLUMNS = ("source_path", "start_frame", "end_frame", "new_name")
MIRRORED = "M"
"""What the name of a mirrored copy begins with."""

CMU_TAKE = re.compile(r"CMU/\d+/(\d+_\d+)_poses")
"""The path of a take of one performer below ``pose_data``, and its own name, such as ``01_01``."""

_not_the_index = partial(
    LeadError,
    "This is not HumanML3D's index of segments.",
    expected=f"CSV in UTF-8 with the columns {', '.join(COLUMNS)}",
    fix="Copy index.csv from the HumanML3D repository.",
)
_unreadable = partial(
    LeadError,
    "A caption file cannot be read.",
    expected="lines of caption#word/POS word/POS#from#to, times in seconds",
    fix="Get the dataset's texts again.",
)


@dataclass(frozen=True)
class Segment:
    """One row of index.csv: frames ``start`` to ``stop`` of a source become the clip ``name``.

    Attributes:
        source: path below ``pose_data`` without its ending, such as ``CMU/01/01_01_poses``.
        start, stop: frames at 20 a second, after the sub-dataset's leading frames are dropped;
            a stop of -1 stands for the whole of a HumanAct12 clip.
    """

    name: str
    source: str
    start: int
    stop: int

    @property
    def subset(self) -> str:
        """AMASS's sub-dataset, or ``humanact12``."""
        return self.source.partition("/")[0]


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Every row of HumanML3D's index.csv.

    Raises:
        LeadError: the file cannot be read, has other columns, or a row that is broken.
    """
    try:
        reader = csv.DictReader(io.StringIO(plain_text(path.read_bytes())))
        rows = list(reader)
        columns = tuple(reader.fieldnames or ())
    except (OSError, csv.Error) as error:
        raise _not_the_index(path, str(error)) from error
    if columns != COLUMNS:
        raise _not_the_index(path, f"columns {', '.join(columns) or 'none'}")
    return tuple(_segment(row, line, path) for line, row in enumerate(rows, start=2))


def read_splits(folder: Path) -> dict[str, str]:
    """The split of every clip that train.txt, val.txt and test.txt name (KIT-ML's alike).

    Raises:
        LeadError: a list cannot be read, or a clip is in two of them.
    """
    split_of: dict[str, str] = {}
    for split in SPLITS:
        path = folder / f"{split}.txt"
        try:
            names = plain_text(path.read_bytes()).split()
        except OSError as error:
            raise LeadError(
                "A split list cannot be read.",
                file=path,
                found=str(error),
                expected="a text file with one clip name per line",
                fix="Copy train.txt, val.txt and test.txt from the dataset's repository.",
            ) from error
        for name in names:
            if split_of.setdefault(name, split) != split:
                raise LeadError(
                    "A clip is in two splits.",
                    file=path,
                    found=f"{name} in {split_of[name]} and {split}",
                    expected="every clip in one split",
                    fix="Take the three lists from the same release.",
                )
    return split_of


def by_source(segments: Iterable[Segment]) -> dict[str, tuple[Segment, ...]]:
    """The segments of every source, sources in the order in which they first appear."""
    groups: dict[str, list[Segment]] = {}
    for segment in segments:
        groups.setdefault(segment.source, []).append(segment)
    return {source: tuple(group) for source, group in groups.items()}


def cmu_segments(index: Iterable[Segment]) -> dict[str, tuple[Segment, ...]]:
    """The segments of every CMU take of one performer, by the take's own name such as ``01_01``.

    Takes of two (folders such as ``18_19_rory`` and ``18_19_Justin``) are left out: the same
    take name stands for either body there, and CMU's own files do not say which is which.
    """
    takes = ((CMU_TAKE.fullmatch(source), rows) for source, rows in by_source(index).items())
    return {match[1]: rows for match, rows in takes if match}


def cut_by_index(
    take: Take,
    rows: Sequence[Segment],
    splits: Mapping[str, str],
    captions: Callable[[Segment], Sequence[CaptionLine]],
    content: str = "unknown",
) -> Iterator[Recording | Rejected]:
    """The segments of one take under HumanML3D's names, each in HumanML3D's split.

    A segment that is in no split is not read. Rows count frames at 20 a second from the take's
    first frame of motion; one that ends later than the take is refused, for a shorter clip
    under a published name would not be the published clip.

    Args:
        take: not cut yet, at its own frame rate.
        rows: of index.csv that cut this take.
        splits: of every clip.
        captions: of one segment: its caption file's, or sentences about the take.
        content: of the take.
    """
    joints = resample(take.joints, take.fps, HUMANML3D.fps)
    for row in (row for row in rows if row.name in splits):
        if row.stop > len(joints):
            detail = f"frames {row.start} to {row.stop} of {len(joints)} at {HUMANML3D.fps:g} fps"
            yield Rejected(row.name, take.source, "bad", f"index.csv cuts {detail}")
            continue
        lines = captions(row)
        if not lines:
            detail = "nobody says what this segment shows"
            yield Rejected(row.name, take.source, "no_caption", detail)
            continue
        yield Recording(
            id=row.name,
            motion=joints[row.start : row.stop],
            take=take.id,
            content=content,
            source=take.source,
            split=splits[row.name],
            **caption_fields(lines),
        )


def _segment(row: dict, line: int, path: Path) -> Segment:
    source, start, stop, name = (row[column] or "" for column in COLUMNS)
    try:
        below = source.removeprefix("./").removeprefix("pose_data/").removesuffix(".npy")
        # HumanAct12's folder lies in one of its own name.
        below = re.sub(r"^humanact12/humanact12/", "humanact12/", below)
        if {"..", ""} & set(below.split("/")):
            raise ValueError(f"source_path {source!r} leaves its folder")
        if not re.fullmatch(r"\w+\.npy", name):
            raise ValueError(f"new_name {name!r} is no file name")
        return Segment(name.removesuffix(".npy"), below, int(start), int(stop))
    except ValueError as error:
        raise _not_the_index(path, f"line {line}: {list(row.values())} ({error})") from error


@dataclass(frozen=True)
class CaptionLine:
    """One caption.

    Attributes:
        caption: the sentence, lower-case.
        tokens: ``word/POS word/POS …``; empty where the file has none.
        span: seconds from and to that it is about; (0, 0) for the whole clip.
    """

    caption: str
    tokens: str = ""
    span: tuple[float, float] = (0.0, 0.0)


def read_caption_file(path: Path) -> list[CaptionLine]:
    """Every caption of a file, in its order; lines without a caption are left out.

    A time that is NaN counts as 0, as in the public loaders.

    Raises:
        LeadError: the file is missing, no text, or a line is not made of four fields.
    """
    try:
        text = plain_text(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, str(error)) from error
    # Not splitlines(): it also breaks at U+2028 and the like, which a caption may hold.
    lines = enumerate(text.split("\n"), start=1)
    read = [_read_line(line, number, path) for number, line in lines if line.strip()]
    return [line for line in read if line.caption]


def published_clip(
    source: str,
    read: Callable[[], np.ndarray],
    texts: Path,
    lengths: tuple[int, int],
    unit: str = "positions",
    sentences: Sequence[str] = (),
    **about: str,
) -> Found:
    """A clip with the captions of its caption file, or why it is left out.

    A clip whose motion or caption file is broken is ``bad``, whatever its length.

    Args:
        source: of its motion, relative to the data root.
        read: gives the motion, or raises what is wrong with it.
        texts: its caption file, which has the clip's name.
        lengths: least and most frames of a clip.
        unit: what a frame of the motion is.
        sentences: its captions where there is no such file.
        about: more that is known of the clip.
    """
    name = texts.stem
    try:
        motion = read()
        if texts.is_file():
            lines = read_caption_file(texts)
        else:
            lines = [CaptionLine(sentence) for sentence in dict.fromkeys(sentences)]
    except LeadError as error:
        return bad(name, source, error)
    if wrong := wrong_length(name, source, len(motion), lengths, unit):
        return wrong
    if not lines:
        place = f"{texts.parent.name}/{texts.name}"
        detail = f"no caption in {place}" if texts.is_file() else f"there is no file {place}"
        return Rejected(name, source, "no_caption", detail)
    return Recording(id=name, motion=motion, source=source, **about, **caption_fields(lines))


def caption_fields(lines: Sequence[CaptionLine]) -> dict[str, Any]:
    """The lines as ``captions``, ``tokens`` and ``spans`` of a clip."""
    return {
        "captions": tuple(line.caption for line in lines),
        "tokens": tuple(line.tokens for line in lines),
        "spans": tuple(line.span for line in lines),
    }


_LATEST = 1e5  # seconds: a day of motion


def _read_line(line: str, number: int, path: Path) -> CaptionLine:
    # From the right: a caption may hold the separator itself.
    fields = line.strip().rsplit("#", 3)
    if len(fields) != 4:
        raise _unreadable(path, f"line {number}: {line.strip()[:60]!r}")
    caption, tokens, start, stop = (field.strip() for field in fields)
    try:
        span = _seconds(start), _seconds(stop)
    except ValueError:
        raise _unreadable(path, f"line {number}: times {start!r} and {stop!r}") from None
    return CaptionLine(caption.lower(), tokens, span)


def _seconds(text: str) -> float:
    value = float(text)
    if value < 0 or value > _LATEST:
        raise ValueError(text)
    return 0.0 if math.isnan(value) else value
