"""Takes of the CMU motion capture database: three conventions of BVH, and AMC with its ASF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from lead.clip import Found, Rejected, Work
from lead.datasets.cmu_captions import TakeText
from lead.datasets.published import CaptionLine, Segment, cut_by_index, read_caption_file
from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.asfamc import Skeleton, read_asf
from lead.mocap.conventions import CMU_3DSMAX, CMU_DAZ, CMU_MOTIONBUILDER
from lead.mocap.cut import Label, Limits, Take, bad, cut_parts
from lead.mocap.read import take_from_amc, take_from_bvh
from lead.motion.skeleton import HUMANML3D

_CONVENTIONS = (CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ)
_MOTION = re.compile(r"(?:.*/)?(\d+_\d+)[^/]*\.(?:bvh|amc)")
_LAST_RESORTS = ("-daz.bvh", ".amc")
"""Endings of forms that stand back behind others of one take, best first."""


@dataclass(frozen=True)
class PublishedCut:
    """HumanML3D's segments by take, the splits of their names, and its folder of caption files."""

    segments: Mapping[str, tuple[Segment, ...]]
    splits: Mapping[str, str]
    texts: Path


def read_cmu(
    path: Path,
    place: str,
    every: int,
    limits: Limits,
    texts: Mapping[str, TakeText],
    published: PublishedCut | None = None,
) -> Iterator[Work]:
    """Every n-th take; of a take in several forms the best that can be read.

    Args:
        path: folder of takes, or an archive of it.
        place: what stands for ``path`` in a recording's source.
        every: 1 for all takes, n for the 1st, (n+1)th, … in the order of names.
        limits: of a part.
        texts: what captions are made of, by take.
        published: cuts takes as HumanML3D does, under its names and in its splits; None cuts
            them in equal parts.

    Raises:
        LeadError: the archive is damaged, or a path leaves it.
    """
    all_forms, skeletons = _scan(path, place)
    forms = {identity: all_forms[identity] for identity in sorted(all_forms)[::every]}
    group_of = {name: identity for identity, group in forms.items() for name in group}
    read: dict[str, dict[str, bytes]] = {identity: {} for identity in forms}
    for name, content in members(path, group_of.__contains__):
        identity = group_of[name]
        read[identity][name] = content
        if len(read[identity]) == len(forms[identity]):
            contents = read.pop(identity)
            skeleton = skeletons.get(identity.partition("_")[0])
            files = [(name, contents[name]) for name in forms[identity]]
            cut = _cutter(identity, limits, texts.get(identity, TakeText()), published)
            yield partial(_read_take, identity, files, place, skeleton, cut)


def _read_take(
    identity: str,
    files: list[tuple[str, bytes]],
    place: str,
    skeleton: Skeleton | Rejected | None,
    cut: Callable[[Take], Iterator[Found]],
) -> list[Found]:
    """The parts of a take from the first of its forms that can be read."""
    parts: list[Found] = []
    chosen: str | None = None
    for name, content in files:
        take = _read(identity, content, f"{place}/{name}", skeleton)
        if isinstance(take, Rejected):
            parts.append(take)
        elif chosen is None:
            chosen = take.source
            parts += cut(take)
        else:
            parts.append(Rejected(identity, take.source, "duplicate", f"the same take as {chosen}"))
    return parts


def _scan(path: Path, place: str) -> tuple[dict[str, list[str]], dict[str, Skeleton | Rejected]]:
    """Files by take, the preferred form first; and each subject's ASF, if any, or its fault."""
    forms: dict[str, list[str]] = {}
    skeletons: dict[str, Skeleton | Rejected] = {}

    def wanted(name: str) -> bool:
        if motion := _MOTION.fullmatch(name):
            forms.setdefault(motion[1], []).append(name)
        return name.endswith(".asf")

    for name, content in members(path, wanted):
        subject, source = PurePosixPath(name).stem, f"{place}/{name}"
        try:
            skeletons[subject] = read_asf(content, source)
        except LeadError as error:
            skeletons[subject] = bad(subject, source, error)
    return {take: sorted(names, key=_rank) for take, names in forms.items()}, skeletons


def _rank(name: str) -> tuple[int, str]:
    return next((1 + n for n, end in enumerate(_LAST_RESORTS) if name.endswith(end)), 0), name


def _read(
    identity: str, content: bytes, source: str, skeleton: Skeleton | Rejected | None
) -> Take | Rejected:
    try:
        if not source.endswith(".amc"):
            return take_from_bvh(content, identity, source, _CONVENTIONS, _thorax(skeleton))
        if isinstance(skeleton, Skeleton):
            return take_from_amc(content, skeleton, identity, source)
    except LeadError as error:
        return bad(identity, source, error)
    detail = skeleton.detail if skeleton else "no .asf of its subject beside it"
    return Rejected(identity, source, "bad", f"AMC without a skeleton: {detail}")


def _thorax(skeleton: Skeleton | Rejected | None) -> np.ndarray | None:
    """The thorax bone of the subject's ASF, which has the same unit as the BVH."""
    if isinstance(skeleton, Skeleton) and "thorax" in skeleton.bones:
        return skeleton.bones["thorax"].vector
    return None


def _cutter(
    identity: str, limits: Limits, text: TakeText, published: PublishedCut | None
) -> Callable[[Take], Iterator[Found]]:
    """What cuts a take, with what was written about it alone."""
    if published is None:
        return partial(_in_parts, limits, text)
    rows = published.segments.get(identity, ())
    splits = {row.name: published.splits[row.name] for row in rows if row.name in published.splits}
    return partial(_as_published, rows, splits, str(published.texts), text)


def _in_parts(limits: Limits, text: TakeText, take: Take) -> Iterator[Found]:
    captions = partial(text.captions, seconds=take.seconds)
    return cut_parts(take, Label(text.content, None, captions), limits)


def _as_published(
    rows: tuple[Segment, ...], splits: Mapping[str, str], texts: str, text: TakeText, take: Take
) -> Iterator[Found]:
    """HumanML3D's segments with its captions, or where those are not here, with ours."""

    def captions(row: Segment) -> list[CaptionLine]:
        file = Path(texts) / f"{row.name}.txt"
        if file.is_file():
            return read_caption_file(file)
        start, stop = row.start / HUMANML3D.fps, (row.stop - 1) / HUMANML3D.fps
        return [CaptionLine(caption) for caption in text.captions(start, stop, take.seconds)]

    return cut_by_index(take, rows, splits, captions, text.content)
