"""Read a dataset in parts, with several processes, in bounded memory, from where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from itertools import islice, pairwise
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, TypeAdapter

from lead.clip import Clip, Found, ReadClip, Recording, Rejected, Work, with_captions
from lead.datasets.audit.checks import Finding, Inspection, inspect, refusal
from lead.datasets.audit.measures import pack_sketch
from lead.errors import LeadError
from lead.files.arrays import FrameFile, write_frames
from lead.files.artefact import atomic_path
from lead.motion.skeleton import Skeleton
from lead.progress import track

_PER_PART = 32
"""Units of reading that make one part: what each worker loses at most by a kill."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Gathered:
    """Everything that was read, in the order of ids; and what was left out, with the reasons."""

    folder: Path
    clips: tuple[ReadClip, ...]
    rejected: tuple[Rejected, ...]
    findings: tuple[Finding, ...]

    def arrays(self, clips: Iterable[ReadClip]) -> Iterator[np.ndarray]:
        """The frames that were read for the clips, one after the other; only one is in memory."""
        files: dict[int, FrameFile] = {}
        for clip in clips:
            if clip.part not in files:
                files[clip.part] = FrameFile.open(_frames_path(self.folder, clip.part))
            yield files[clip.part].read(clip.start, clip.stop)


@dataclass(frozen=True)
class _Part:
    """What one part was read from (its `_signature`), and what came of it."""

    signature: str
    clips: tuple[ReadClip, ...]
    rejected: tuple[Rejected, ...]
    findings: tuple[Finding, ...]


_PART = TypeAdapter(_Part)


def gather(works: Iterable[Work], skeleton: Skeleton, folder: Path, workers: int) -> Gathered:
    """Run every unit of reading, keep what it finds in ``folder``, and collect it.

    What a killed run left there is not read again, unless its source has changed.

    Raises:
        LeadError: two recordings have one id; or whatever a reader cannot go on from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbered = enumerate(blocks(works, _PER_PART))
    read = in_order(partial(_read_part, skeleton, folder), numbered, workers)
    parts = list(track(read, f"parts of {_PER_PART} files"))
    clips = sorted((clip for part in parts for clip in part.clips), key=attrgetter("id"))
    for clip, next_clip in pairwise(clips):
        if clip.id == next_clip.id:
            raise LeadError(
                "Two recordings have the same name.",
                file=next_clip.source,
                found=f"{clip.id}, also from {clip.source}",
                expected="names that occur once",
                fix="Rename one of the files, or take one out of the data folder.",
            )
    by_id = attrgetter("id", "source")
    rejected = sorted((each for part in parts for each in part.rejected), key=by_id)
    findings = sorted((each for part in parts for each in part.findings), key=by_id)
    return Gathered(folder, tuple(clips), tuple(rejected), tuple(findings))


def blocks(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """The items in tuples of ``size``, the last of which may be shorter."""
    iterator = iter(items)
    while block := tuple(islice(iterator, size)):
        yield block


def _read_part(skeleton: Skeleton, folder: Path, numbered: tuple[int, tuple[Work, ...]]) -> _Part:
    """Read one part, unless it was read before; its frames go to a file beside."""
    number, works = numbered
    path, signature = folder / f"part-{number:05d}.json", _signature(works)
    if path.is_file():
        part = _PART.validate_json(path.read_bytes())
        if part.signature == signature:
            return part
    recordings: list[Recording] = []
    clips: list[ReadClip] = []
    rejected: list[Rejected] = []
    findings: list[Finding] = []
    start = 0
    for item in (_with_captions(item) for work in works for item in work()):
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        inspection = inspect(item, skeleton)
        findings += inspection.findings
        if refused := refusal(inspection.findings):
            rejected.append(replace(refused, dataset=item.dataset))
        else:
            recordings.append(item)
            clips.append(_read_clip(item, inspection, number, start))
            start = clips[-1].stop
    if recordings:
        frames = (recording.motion for recording in recordings)
        write_frames(_frames_path(folder, number), frames, start)
    part = _Part(signature, tuple(clips), tuple(rejected), tuple(findings))
    with atomic_path(path) as temporary:
        temporary.write_bytes(_PART.dump_json(part))
    return part


def _read_clip(recording: Recording, inspection: Inspection, part: int, start: int) -> ReadClip:
    """The clip of a recording whose frames begin at row ``start`` of the part's file."""
    shared = {field.name: getattr(recording, field.name) for field in fields(Clip)}
    sketch = inspection.sketch
    return ReadClip(
        **{**shared, "start": start, "stop": start + recording.frames},
        part=part,
        walk_ratio=inspection.walk_ratio,
        sketch=None if sketch is None else pack_sketch(sketch),
    )


def _frames_path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:05d}.npy"


def _signature(works: tuple[Work, ...]) -> str:
    """Changes with what is read: the calls, contents they carry, size and time of files they name.

    Not with the code: the folder is another one where that has changed.
    """
    text = json.dumps(works, default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """What tells a value of a unit of reading from another; a pickle may differ from run to run."""
    match value:
        case partial():
            return [value.func.__module__, value.func.__qualname__, value.args, value.keywords]
        case bytes():
            return hashlib.blake2b(value, digest_size=16).hexdigest()
        case np.ndarray():
            return [value.shape, _plain(value.tobytes())]
        case Path():
            status = value.stat() if value.exists() else None
            return [str(value), status and (status.st_size, status.st_mtime_ns)]
        case BaseModel():
            return value.model_dump(mode="json")
        case _ if is_dataclass(value):
            return vars(value)
    raise TypeError(f"a unit of reading holds a {type(value).__name__}")


def _with_captions(item: Found) -> Found:
    """The recording without empty captions; left out where none remains."""
    if isinstance(item, Rejected):
        return item
    keep = [number for number, caption in enumerate(item.captions) if caption.strip()]
    if not keep:
        detail = "its captions are empty"
        return Rejected(item.id, item.source, "no_caption", detail, dataset=item.dataset)
    return with_captions(item, keep)


_AHEAD = 2
"""Calls per worker that wait with their arguments in memory."""


def in_order(
    call: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """``map(call, items)``, computed by several processes; items are taken as they are needed.

    One worker is this very process. The first error is raised here, and the rest is dropped.
    """
    if workers <= 1:
        yield from map(call, items)
        return
    # Data jobs never import torch, whose threads would not survive the fork; a fresh start of
    # Python would run the workflow's script a second time.
    with ProcessPoolExecutor(
        workers, mp_context=get_context("fork"), initializer=_end_with, initargs=(os.getpid(),)
    ) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > _AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with(parent: int) -> None:
    """End this worker when the process that started it is gone, killed for instance."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
