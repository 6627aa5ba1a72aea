"""BONES-SEED (Bones Studio 2026): captures on SOMA's 77 joints, with captions and timelines.

The layout is that of the dataset's card and of the public code that reads it (bones-studio/
seed-viewer, nv-tlabs/kimodo): `bvh/<date>/<motion>.bvh` (120 frames a second, centimetres, +Y up,
one skeleton for all), a table with a row per motion, a file with the timeline of each, and the
lists of kimodo's benchmark with `<date>/<motion>` in every line.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from lead.clip import Found, Recording, Rejected, Work
from lead.config.bones_seed import BonesSeedDataset
from lead.datasets.dataset import Dataset
from lead.datasets.sources import SOURCES, locate, missing_data
from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.bvh import global_transforms, read_bvh
from lead.mocap.cut import Label, Limits, bad, cut_parts
from lead.mocap.guess import Rig, guess_map
from lead.mocap.read import take_from_bvh
from lead.mocap.skeleton_map import SkeletonMap
from lead.motion.skeleton import HUMANML3D

SEED_SOURCES = ("bones-seed", "bones-seed-metadata", "bones-seed-timeline", "bones-seed-splits")
LISTS = {"train": "train_split_paths.txt", "content": "test_content_split_paths.txt",
         "repetition": "test_repetition_split_paths.txt"}  # fmt: skip
"""kimodo's lists: what is learnt from, and tests of new contents and of new takes of known ones."""

_CAPTIONS = tuple(f"content_natural_desc_{number}" for number in range(1, 5))
_COLUMNS = ("filename", "content_name", *_CAPTIONS)
_MIRRORED = "_M"
_EDGE = 0.1  # seconds by which a part may miss the ends of a motion and still be all of it


@dataclass(frozen=True)
class Motion:
    """What is known of one motion beside its file.

    Attributes:
        content: what is performed, as the table calls it.
        captions: of the whole, lower-case.
        events: start and end in seconds, and what is done there, in the order of time.
    """

    content: str = ""
    captions: tuple[str, ...] = ()
    events: tuple[tuple[float, float, str], ...] = field(default=(), repr=False)

    def about(self, start: float, stop: float, whole: float) -> tuple[str, ...]:
        """Captions of the seconds from ``start`` to ``stop`` of a motion of ``whole`` seconds.

        Of all of it its own; of a part the events that lie in it by half or that fill half of it,
        as one sentence.
        """
        if start <= _EDGE and stop >= whole - _EDGE and self.captions:
            return self.captions
        told = [
            text
            for first, last, text in self.events
            if text and 2 * (min(last, stop) - max(first, start)) >= min(last - first, stop - start)
        ]
        return (", then ".join(told),) if told else ()


def read_bones_seed(settings: BonesSeedDataset, data_root: Path) -> Iterator[Work]:
    """One call per motion of the lists, which gives its parts on the 22 joints in metres.

    Raises:
        LeadError: a source is missing or is no such file, or there is no motion. A broken motion
            is ``bad``, one without a file ``missing``.
    """
    path, table, timeline, lists = locate(
        [SOURCES[name] for name in SEED_SOURCES], data_root
    ).values()
    splits = read_splits(lists, settings)
    known = read_motions(table, timeline)
    limits = Limits(settings.fps, settings.min_positions, settings.max_positions)
    place, mapping, seen = SOURCES["bones-seed"].places[0], None, set[str]()
    for name, content in members(path, lambda name: _key(name) in splits and _is_bvh(name)):
        source, key = f"{place}/{name}", _key(name)
        mapping = mapping or skeleton_map(content, source)
        seen.add(key)
        motion = known.get(PurePosixPath(key).name, Motion())
        yield partial(read_one, content, source, splits[key], motion, mapping, limits)
    if not seen:
        raise missing_data([SOURCES["bones-seed"]], data_root, found=f"no motion of {lists}")
    detail = "a split list names it and there is no file"
    absent = sorted(splits.keys() - seen)
    yield partial(list, tuple(Rejected(_id(key), place, "missing", detail) for key in absent))


def read_one(
    content: bytes,
    source: str,
    split: str,
    motion: Motion,
    mapping: SkeletonMap,
    limits: Limits,
) -> list[Found]:
    """The parts of one motion; a mirror image is of the take that it mirrors."""
    identity = _id(_key(source))
    try:
        take = take_from_bvh(content, identity, source, [mapping])
    except LeadError as error:
        return [bad(identity, source, error)]
    label = Label(motion.content, None, lambda start, stop: motion.about(start, stop, take.seconds))
    own = identity.removesuffix(_MIRRORED)
    return [
        replace(part, take=own, split=split) if isinstance(part, Recording) else part
        for part in cut_parts(take, label, limits)
    ]


def skeleton_map(content: bytes, source: str) -> SkeletonMap:
    """How SOMA's joints become the 22: measured on one file, as all have one skeleton.

    Raises:
        LeadError: it is no BVH, or has other joints.
    """
    bvh = read_bvh(content, source)
    every = max(1, len(bvh.frames) // 64)
    rig = Rig(bvh.names, bvh.parents, global_transforms(bvh).positions[::every])
    return replace(guess_map(rig, {}), name="BONES-SEED, SOMA Uniform", metres=0.01)


def read_splits(folder: Path, settings: BonesSeedDataset) -> dict[str, str]:
    """The split of every motion that is used, by ``<date>/<motion>``.

    Of the training list a share of takes is for validation, chosen by a digest of their names.

    Raises:
        LeadError: a list is missing, or a motion is in both.
    """
    train, test = (_read_list(folder / LISTS[name]) for name in ("train", settings.test_list))
    if both := set(train) & set(test):
        raise _broken(folder, f"{min(both)} in both lists", "every motion in one list")
    splits = {key: "val" if _share(key) < settings.val_share else "train" for key in train}
    splits |= dict.fromkeys(test, "test")
    return {key: split for key, split in splits.items()
            if settings.mirrored or not key.endswith(_MIRRORED)}  # fmt: skip


def read_motions(table: Path, timeline: Path) -> dict[str, Motion]:
    """What the table (CSV) and the timelines (a JSON object a line) say, by the motion's name.

    Raises:
        LeadError: a file cannot be read, or lacks what every row has.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if absent := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
                raise _broken(table, f"no column {', '.join(absent)}", f"columns {_COLUMNS}")
            known = {row["filename"]: _motion(row) for row in rows}
    except (OSError, ValueError, csv.Error) as error:
        raise _broken(table, error, "a CSV file in UTF-8") from error
    with timeline.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                name, events = entry["filename"], tuple(map(_event, entry["events"]))
            except (ValueError, KeyError, TypeError) as error:
                raise _broken(
                    timeline,
                    f"line {number}: {type(error).__name__} {error}",
                    "an object with filename and events of start_time, end_time, description",
                ) from error
            known[name] = replace(known.get(name, Motion()), events=tuple(sorted(events)))
    return known


def _motion(row: Mapping[str, str]) -> Motion:
    return Motion(row["content_name"], _plain(row[name] for name in _CAPTIONS))


def _event(entry: Mapping[str, object]) -> tuple[float, float, str]:
    start, end = (float(str(entry[name])) for name in ("start_time", "end_time"))
    if not 0 <= start <= end < 1e5:
        raise ValueError(f"from {start} to {end} seconds")
    return start, end, " ".join(_plain([str(entry["description"])]))


def _plain(sentences: Iterable[str]) -> tuple[str, ...]:
    """Distinct sentences in lower case, without the full stop."""
    texts = (" ".join(str(text or "").lower().split()).rstrip(".") for text in sentences)
    return tuple(dict.fromkeys(text for text in texts if text))


def _read_list(path: Path) -> Sequence[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise _broken(path, error, "a list of <date>/<motion>, one a line") from error
    return [_key(line.strip()) for line in lines if line.strip()]


def _key(name: str) -> str:
    """``<date>/<motion>`` of a path, whatever stands before it."""
    return "/".join(PurePosixPath(name.removesuffix(".bvh")).parts[-2:])


def _id(key: str) -> str:
    return PurePosixPath(key).name


def _is_bvh(name: str) -> bool:
    return name.endswith(".bvh") and not PurePosixPath(name).name.startswith("._")


def _share(key: str) -> float:
    """A number from 0 to 1 by the take's name, which its mirror image shares."""
    own = _id(key).removesuffix(_MIRRORED)
    return int(hashlib.sha256(own.encode()).hexdigest()[:8], 16) / 2**32


def _broken(file: Path, found: object, expected: str) -> LeadError:
    return LeadError(
        "A file of BONES-SEED cannot be used.",
        file=file,
        found=found,
        expected=expected,
        fix="Get it again from the place that `lead doctor bones_seed` names.",
    )


DATASET = Dataset(
    kind="bones_seed",
    settings=BonesSeedDataset,
    skeleton=HUMANML3D,
    read=lambda settings, data_root, seeds: read_bones_seed(settings, data_root),
    sources=lambda settings: [SOURCES[name] for name in SEED_SOURCES],
)
