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
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import partial
from itertools import islice, pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel

from lead.clip import Clip, Found, Recording, Rejected, Work, with_tuples
from lead.datasets.audit.checks import Finding, Summary, inspect, refusal
from lead.errors import LeadError
from lead.files.arrays import FrameFile, write_frames
from lead.files.artefact import write_json
from lead.motion.skeleton import Skeleton
from lead.progress import track

_PER_PART = 32
"""Units of reading that make one part: what each worker loses at most by a kill."""


@dataclass(frozen=True, kw_only=True)
class Row(Clip):
    """A clip whose frames are rows ``start`` to ``stop`` of the file of a part.

    A mirror image has the frames of what it mirrors, which are still to be mirrored.
    """

    part: int
    is_mirrored: bool = False


@dataclass(frozen=True)
class Gathered:
    """Everything that was read: rows and summaries in the order of ids; what was left out, why."""

    folder: Path
    rows: tuple[Row, ...]
    summaries: tuple[Summary, ...]
    rejected: tuple[Rejected, ...]
    findings: tuple[Finding, ...]

    def arrays(self, rows: Iterable[Row]) -> Iterator[np.ndarray]:
        """The frames that were read for the rows, one after the other; only one is in memory."""
        files: dict[int, FrameFile] = {}
        for row in rows:
            if row.part not in files:
                files[row.part] = FrameFile.open(_frames_path(self.folder, row.part))
            yield files[row.part].read(row.start, row.stop)


@dataclass(frozen=True)
class _Part:
    number: int
    works: tuple[Work, ...]


def gather(works: Iterable[Work], skeleton: Skeleton, folder: Path, workers: int) -> Gathered:
    """Run every unit of reading, keep what it finds in ``folder``, and collect it.

    What a killed run left there is not read again, unless its source has changed.

    Raises:
        LeadError: two recordings have one id; or whatever a reader cannot go on from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    summaries: list[Summary] = []
    rejected: list[Rejected] = []
    findings: list[Finding] = []
    read = in_order(partial(_read_part, skeleton, folder), _parts(works), workers)
    for number, found in enumerate(track(read, f"parts of {_PER_PART} files")):
        rows += [Row(**with_tuples(row), part=number) for row in found["rows"]]
        summaries += map(Summary.from_plain, found["summaries"])
        rejected += [Rejected(**each) for each in found["rejected"]]
        findings += [Finding(**each) for each in found["findings"]]
    rows.sort(key=lambda row: row.id)
    for one, next_one in pairwise(rows):
        if one.id == next_one.id:
            raise LeadError(
                "Two recordings have the same name.",
                file=next_one.source,
                found=f"{one.id}, also from {one.source}",
                expected="names that occur once",
                fix="Rename one of the files, or take one out of the data folder.",
            )
    summaries.sort(key=lambda each: each.id)
    rejected.sort(key=lambda each: (each.id, each.source))
    findings.sort(key=lambda each: (each.id, each.source))
    return Gathered(folder, tuple(rows), tuple(summaries), tuple(rejected), tuple(findings))


def _parts(works: Iterable[Work]) -> Iterator[_Part]:
    iterator = iter(works)
    number = 0
    while part := tuple(islice(iterator, _PER_PART)):
        yield _Part(number, part)
        number += 1


def _read_part(skeleton: Skeleton, folder: Path, part: _Part) -> dict[str, Any]:
    """Rows and rejections of one part, as plain values; its frames go to a file beside."""
    path, signature = folder / f"part-{part.number:05d}.json", _signature(part.works)
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["signature"] == signature:
            return kept
    recordings: list[Recording] = []
    summaries: list[Summary] = []
    rejected: list[Rejected] = []
    findings: list[Finding] = []
    for work in part.works:
        for found in map(_with_words, work()):
            if isinstance(found, Rejected):
                rejected.append(found)
                continue
            summary, faults = inspect(found, skeleton)
            findings += faults
            if refused := refusal(faults):
                rejected.append(replace(refused, dataset=found.dataset))
            else:
                recordings.append(found)
                summaries.append(summary)
    rows, start = [], 0
    for recording in recordings:
        stop = start + recording.frames
        rows.append({**clip_fields(recording), "start": start, "stop": stop})
        start = stop
    if rows:
        frames = (recording.motion for recording in recordings)
        write_frames(_frames_path(folder, part.number), frames, start)
    found = {
        "signature": signature,
        "rows": rows,
        "summaries": [summary.plain() for summary in summaries],
        "rejected": [asdict(each) for each in rejected],
        "findings": [asdict(each) for each in findings],
    }
    write_json(path, found)
    return json.loads(json.dumps(found))


def clip_fields(clip: Clip) -> dict[str, Any]:
    """The values of a clip, without what a recording or a row adds to them."""
    return {field.name: getattr(clip, field.name) for field in fields(Clip)}


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


def _with_words(found: Found) -> Found:
    """The recording without empty captions; left out where none remains."""
    if isinstance(found, Rejected):
        return found
    keep = [number for number, caption in enumerate(found.captions) if caption.strip()]
    if not keep:
        detail = "its captions are empty"
        return Rejected(found.id, found.source, "no_caption", detail, dataset=found.dataset)
    return replace(
        found,
        captions=tuple(found.captions[number] for number in keep),
        tokens=tuple(found.tokens[number] for number in keep if found.tokens),
        spans=tuple(found.spans[number] for number in keep if found.spans),
    )


Item = TypeVar("Item")
Result = TypeVar("Result")

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
