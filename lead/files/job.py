"""Describe one run of a stage: its settings, files, seeds and threads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, overload

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from lead.errors import LeadError
from lead.files.artefact import commit, manifest
from lead.files.digest import digest, file_digest
from lead.files.seeds import Seeds

Value = TypeVar("Value")

_AWAITED = ".awaited"
DIGESTS = ".digests"
"""Folder, in a study's results, of what each file's bytes were when it was made."""
UNSEEDED = "config_without_seed"
"""Key of an artefact's metadata: a digest of its settings that all trainings of a study share."""


@dataclass(frozen=True)
class Job:
    """One run of one stage.

    Attributes:
        stage: name of the stage, as artefacts record it.
        settings: the slices of the study that the stage depends on, as plain values.
        inputs: the files it reads, by name: a path, or a tuple of paths.
        outputs: the files it writes, by name.
        state: folder for what a killed run needs to go on; None keeps no such state.
        code: digest of the stage's code.
        threads: threads it may use.
        events: folder in which TensorBoard may watch a training; None writes nothing.
        data_root: folder of raw data; where it lies changes no result, so it is no setting.
        save_every: steps between two saved states of a training, which change no result either;
            None leaves that to the settings.
        places: where outputs will lie, by name, if they are written elsewhere first.
    """

    stage: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Path]
    state: Path | None = None
    code: str = ""
    threads: int = 1
    events: Path | None = None
    data_root: Path = Path("data")
    save_every: int | None = None
    places: Mapping[str, Path] = field(default_factory=dict)

    @overload
    def setting(self, name: str, kind: type[Value]) -> Value: ...

    @overload
    def setting(self, name: str, kind: object) -> Any: ...

    def setting(self, name: str, kind: Any) -> Any:
        """Return a slice of the settings as the type, or tagged union, it was made from."""
        return TypeAdapter(kind).validate_python(self.settings[name])

    def place(self, name: str) -> Path:
        """Where an output will lie once the job has ended."""
        return self.places.get(name, self.outputs[name])

    @property
    def seeds(self) -> Seeds:
        """The study's seed tree."""
        return Seeds(int(self.settings["seed"]))

    @property
    def manifest(self) -> dict[str, str]:
        """The metadata of this job's artefacts."""
        unseeded = {name: value for name, value in self.settings.items() if name != "seed"}
        return manifest(
            self.stage,
            config=digest(dict(self.settings)),
            code=self.code,
            seed=int(self.settings["seed"]),
        ) | {"threads": str(self.threads), UNSEEDED: digest(unseeded)}

    def on_any_threads(self) -> Job:
        """Return the same job for stages whose results do not depend on the number of threads."""
        return replace(self, threads=1)

    def state_folder(self) -> Path | None:
        """Name the folder of this job's state: other settings, code or inputs have another."""
        if self.state is None:
            return None
        inputs = {name: file_digest(path) for name, path in sorted(self.inputs.items())}
        return self.state / digest([dict(self.settings), self.code, self.threads, inputs])


def record(
    job: Job, inputs: Mapping[str, str], beside: Mapping[Path, Path] | None = None
) -> dict[str, Any]:
    """What a finished job has run, on which files, for whoever asks where a figure comes from.

    ``inputs`` are what `checked_inputs` returned. Inputs and outputs have digests of their bytes,
    folders none; those of outputs are also kept one by one, for `checked_inputs` of later jobs.
    ``beside`` says which files lie elsewhere until all of them are moved. `lead.report.page` reads
    this.
    """
    beside, outputs = beside or {}, {}
    for path in job.outputs.values():
        file, kept = beside.get(path, path), kept_digest(path)
        outputs[str(path)] = found = file_digest(file) if file.is_file() else ""
        if found and kept:
            file = beside.get(kept, kept)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{found} {job.stage}\n", encoding="utf-8")
    return {**job.manifest, "commit": commit(), "inputs": dict(inputs), "outputs": outputs}


def made_by(job: Job) -> list[Path]:
    """A job's outputs, and the digests that are kept of them."""
    outputs = list(job.outputs.values())
    return [*outputs, *(kept for kept in map(kept_digest, outputs) if kept)]


def checked_inputs(job: Job) -> dict[str, str]:
    """Digests of a job's inputs, "" of a folder, after a look whether they are what was written.

    Raises:
        LeadError: a file's bytes are not those that the job which made it left: it was damaged, or
            replaced by that of another study.
    """
    inputs = _digests(job.inputs)
    for path, found in inputs.items():
        written, stage = read_digest(Path(path))
        if found and written and found != written:
            raise LeadError(
                f"{Path(path).name} is not what {stage} has written.",
                file=path,
                found=f"content {found[:12]}",
                expected=f"content {written[:12]}",
                fix="Delete the file and run the same snakemake command again. Nothing was made "
                "of it.",
            )
    return inputs


def kept_digest(path: Path) -> Path | None:
    """Where the digest of a result is kept: below its study's folder, so that it is copied along.

    None of a file that is no result.
    """
    results, *below = path.parts
    if results != "results" or len(below) < 2:
        return None
    return Path(results, below[0], DIGESTS, *below[1:-1], f"{below[-1]}.txt")


def read_digest(path: Path) -> tuple[str, str]:
    """The digest of a result as it was written, and the stage that did; empty if none is kept."""
    kept = kept_digest(path)
    if kept is None or not kept.is_file():
        return "", ""
    found, _, stage = kept.read_text(encoding="utf-8", errors="replace").strip().partition(" ")
    return found, stage


def _digests(files: Mapping[str, Any]) -> dict[str, str]:
    """The digest of every file by its path, "" of what is none."""
    paths = [
        path
        for named in files.values()
        for path in (named if isinstance(named, tuple) else (named,))
    ]
    return {str(path): file_digest(path) if path.is_file() else "" for path in paths}


@contextmanager
def state_lock(folder: Path, say=print) -> Iterator[None]:
    """Hold a state folder: a killed Snakemake's job may live on beside its successor.

    A successor that waits for it says so in a file, so that what is finished is left to it
    (`is_awaited`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, waits = FileLock(folder.with_suffix(".lock")), folder.with_suffix(_AWAITED)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"Another process is at this very job ({folder}); waiting for it.")
        waits.touch()
        lock.acquire()
    finally:
        waits.unlink(missing_ok=True)  # that of one that was killed while it waited, too
    try:
        yield
    finally:
        lock.release()


def is_awaited(folder: Path) -> bool:
    """Whether another process waits to do the very job that this one is at."""
    return folder.with_suffix(_AWAITED).exists()


def forget(folder: Path) -> None:
    """Remove the state of a run that is finished, unless a successor waits to end it as it is."""
    if not is_awaited(folder):
        shutil.rmtree(folder, ignore_errors=True)
