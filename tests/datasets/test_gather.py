"""Reading in parts: the same bytes however it is done, and nothing read twice after a kill."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lead.clip import Found, Recording
from lead.config.datasets import SyntheticDataset
from lead.datasets import stages
from lead.datasets.gather import gather
from lead.datasets.registry import read_dataset
from lead.errors import LeadError
from lead.files.job import Job
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionStore

DATASET = SyntheticDataset(clips=100)


def job(folder: Path, stage: str, threads: int, state: Path | None = None) -> Job:
    files = {
        "import": ((), ("joints.npy", "clips.parquet", "audit.parquet", "page.html")),
        "features": (("joints.npy", "clips.parquet"), ("frames.npy", "index.parquet", "stats.npz")),
    }
    inputs, outputs = ({n.split(".")[0]: folder / n for n in names} for names in files[stage])
    settings = {"dataset": DATASET.model_dump(mode="json"), "seed": 3}
    return Job(stage, settings, inputs, outputs, state=state, threads=threads)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_files_are_the_same_whatever_the_number_of_workers(tmp_path):
    found = []
    for threads in (1, 2, 3):
        folder = tmp_path / str(threads)
        stages.import_motion(job(folder, "import", threads))
        stages.extract_features(job(folder, "features", threads))
        found.append(contents(folder))
    assert len(found[0]) == 7
    assert found[0] == found[1] == found[2]


def read_and_count(log: str, name: str) -> list[Found]:
    """One recording of two frames; leaves a mark that it was read."""
    with Path(log).open("a") as file:
        file.write(name + "\n")
    joints = np.full((2, 22, 3), float(name), dtype=np.float32)
    words = {"captions": ("a person",), "take": name, "content": "", "style": None, "source": name}
    return [Recording(id=name, motion=joints, **words)]


def works(log: Path, names: range):
    return (partial(read_and_count, str(log), f"{number:04d}") for number in names)


def test_rows_come_in_the_order_of_ids_with_their_own_frames(tmp_path):
    found = gather(works(tmp_path / "log", range(99, -1, -1)), HUMANML3D, tmp_path / "parts", 2)
    assert [row.id for row in found.clips] == [f"{number:04d}" for number in range(100)]
    assert [frames[0, 0, 0] for frames in found.arrays(found.clips)] == list(range(100))


def test_what_was_read_before_is_not_read_again(tmp_path):
    log = tmp_path / "log"

    def interrupted():
        yield from works(log, range(70))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gather(interrupted(), HUMANML3D, tmp_path / "parts", 1)
    before = log.read_text().split()
    found = gather(works(log, range(100)), HUMANML3D, tmp_path / "parts", 1)
    again = log.read_text().split()[len(before) :]
    assert len(before) == 64 and len(again) == 36
    assert len(found.clips) == 100


def test_a_file_that_changed_is_read_again(tmp_path):
    source = tmp_path / "clip"
    for text in ("0001", "0002"):
        source.write_text(text)
        found = gather([partial(read_text, source)], HUMANML3D, tmp_path / "parts", 1)
    assert [row.id for row in found.clips] == ["0002"]


def read_text(path: Path) -> list[Found]:
    return read_and_count(str(path) + ".log", path.read_text())


def test_two_recordings_of_one_name_are_refused(tmp_path):
    twins = [partial(read_and_count, str(tmp_path / "log"), "0001")] * 2
    with pytest.raises(LeadError, match="same name") as error:
        gather(twins, HUMANML3D, tmp_path / "parts", 1)
    assert "0001" in str(error.value)


def test_after_an_error_everything_is_read_afresh(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "check_bad_share", refuse)
    with pytest.raises(LeadError, match="refused"):
        stages.import_motion(job(tmp_path / "out", "import", 1, tmp_path / "state"))
    assert list((tmp_path / "state").iterdir()) == []


def refuse(*_):
    raise LeadError("refused")


def run_killed(script: str, state: Path) -> None:
    """Start the import, and kill it once two parts are there."""
    process = subprocess.Popen([sys.executable, "-c", script])
    while len(list(state.rglob("part-*.json"))) < 2:
        assert process.poll() is None, "the import ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_import_goes_on_and_ends_with_the_same_files(tmp_path):
    out, state = tmp_path / "out", tmp_path / "state"
    script = f"""
import time
from pathlib import Path
from lead.datasets import gather, stages
from lead.motion.skeleton import HUMANML3D
from lead.files.job import Job
read = gather._read_part
def slowly(*arguments):
    time.sleep(0.2)
    return read(*arguments)
gather._read_part = slowly
folder = Path({str(out)!r})
names = ("joints.npy", "clips.parquet", "audit.parquet", "page.html")
outputs = {{n.split(".")[0]: folder / n for n in names}}
settings = {{"dataset": {DATASET.model_dump(mode="json")!r}, "seed": 3}}
stages.import_motion(Job("import", settings, {{}}, outputs, state=Path({str(state)!r})))
"""
    run_killed(script, state)
    assert not (out / "joints.npy").exists()
    [kept] = state.iterdir()
    times = {path: path.stat().st_mtime_ns for path in kept.glob("part-*.json")}
    works = read_dataset(DATASET, tmp_path, job(out, "import", 1).seeds)
    gather(works, HUMANML3D, kept, 1)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    stages.import_motion(job(out, "import", 2, state))
    stages.import_motion(job(tmp_path / "whole", "import", 1))
    assert contents(out) == contents(tmp_path / "whole")
    assert list(state.iterdir()) == []


def peak_memory(clips: int, folder: Path) -> int:
    """Peak resident KiB of importing and extracting so many synthetic clips, in its own process."""
    script = f"""
import resource
from pathlib import Path
from lead.datasets import stages
from lead.motion.skeleton import HUMANML3D
from lead.files.job import Job
folder = Path({str(folder)!r})
settings = {{"dataset": {{"kind": "synthetic", "clips": {clips}}}, "seed": 3}}
def job(stage, inputs, outputs):
    files = [{{n.split(".")[0]: folder / n for n in names}} for names in (inputs, outputs)]
    return Job(stage, settings, *files, threads=2)
names = ["joints.npy", "clips.parquet", "audit.parquet", "page.html"]
stages.import_motion(job("import", [], names))
stages.extract_features(job(
    "features", ["joints.npy", "clips.parquet"], ["frames.npy", "index.parquet", "stats.npz"]))
who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
print(max(resource.getrusage(each).ru_maxrss for each in who))
"""
    command = [sys.executable, "-c", script]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
def test_ten_times_the_clips_take_a_tenth_more_memory_at_most(tmp_path):
    few, many = (peak_memory(clips, tmp_path / str(clips)) for clips in (500, 5_000))
    assert many < 1.1 * few


@pytest.mark.large
def test_as_many_clips_as_humanml3d_has_stay_below_a_gibibyte(tmp_path):
    assert peak_memory(29_000, tmp_path) < 1024 * 1024
    store = MotionStore.load(tmp_path / "frames.npy", tmp_path / "index.parquet")
    assert len(store.clips) == 29_000
