"""Describe one run of a stage: its settings, files, seeds and threads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, overload

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from lead.files.artefact import commit, manifest
from lead.files.digest import digest, file_digest
from lead.files.seeds import Seeds

Value = TypeVar("Value")


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

    @overload
    def setting(self, name: str, kind: type[Value]) -> Value: ...

    @overload
    def setting(self, name: str, kind: object) -> Any: ...

    def setting(self, name: str, kind: Any) -> Any:
        """Return a slice of the settings as the type, or tagged union, it was made from."""
        return TypeAdapter(kind).validate_python(self.settings[name])

    @property
    def seeds(self) -> Seeds:
        """The study's seed tree."""
        return Seeds(int(self.settings["seed"]))

    @property
    def manifest(self) -> dict[str, str]:
        """The metadata of this job's artefacts."""
        return manifest(
            self.stage,
            config=digest(dict(self.settings)),
            code=self.code,
            seed=int(self.settings["seed"]),
        ) | {"threads": str(self.threads)}

    def on_any_threads(self) -> Job:
        """Return the same job for stages whose results do not depend on the number of threads."""
        return replace(self, threads=1)

    def state_folder(self) -> Path | None:
        """Name the folder of this job's state: other settings, code or inputs have another."""
        if self.state is None:
            return None
        inputs = {name: file_digest(path) for name, path in sorted(self.inputs.items())}
        return self.state / digest([dict(self.settings), self.code, self.threads, inputs])


def record(job: Job) -> dict[str, Any]:
    """What a finished job has run, on which files, for whoever asks where a figure comes from.

    Inputs and outputs have digests of their bytes, folders none; `lead.report.page` reads this.
    """
    names = {"inputs": job.inputs, "outputs": job.outputs}
    return {**job.manifest, "commit": commit()} | {
        name: {
            str(path): "" if path.is_dir() else file_digest(path)
            for paths in files.values()
            for path in (paths if isinstance(paths, tuple) else (paths,))
        }
        for name, files in names.items()
    }


def state_lock(folder: Path, say=print) -> FileLock:
    """Lock a state folder: a killed Snakemake's job may live on beside its successor."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
        lock.release()
    except Timeout:
        say(f"Another process is at this very job ({folder}); waiting for it.")
    return lock


def forget(folder: Path) -> None:
    """Remove the state of a run that is finished."""
    shutil.rmtree(folder, ignore_errors=True)
