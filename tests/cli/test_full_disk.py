"""A stage on a full or read-only disk: one message, all of its files or none, and then the same.

Run as a script, this file is what works on such disks: it mounts, in a namespace of its own.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path

import pytest

RESULTS = Path("results")
FAULTS = {"no room": 0, "half": 60_000, "read-only": None}
"""Bytes that are free; every writer below takes about 120,000."""
WRITERS = ("tensors", "classifier", "table", "frames", "normalizer", "figure", "picture", "plain")
LARGE = 120_000


def write(kind: str, path: Path) -> None:
    """Write a large file as one of the package's writers does."""
    import numpy as np
    import torch

    values = np.random.default_rng(0).standard_normal(LARGE // 8)
    match kind:
        case "tensors":
            from lead.models.tensors import save_tensors

            save_tensors({"a": torch.from_numpy(values)}, path, {})
        case "classifier":
            from lead.evaluation.actions import ActionClassifier, write_classifier

            none = np.zeros(0)
            write_classifier(ActionClassifier((), none, none, values[None], none), path, {})
        case "table":
            from lead.files.tables import write_table

            write_table(path, [{"a": value} for value in values], {})
        case "frames":
            from lead.files.arrays import write_frames

            write_frames(path, [np.repeat(values, 2)[:, None]], 2 * len(values))
        case "normalizer":
            from lead.motion.normalizer import Normalizer, save_normalizer

            save_normalizer(Normalizer(values[::2], values[::2]), path)
        case "figure":
            from lead.figures.style import new_figure, save_figure

            figure = new_figure(3, 3)
            figure.add_subplot().imshow(np.resize(values, (100, 100)), interpolation="nearest")
            figure.set_dpi(600)
            save_figure(figure, {"png": path})
        case "picture":
            from PIL import Image

            Image.frombytes("RGB", (200, 200), values.tobytes()).save(path)
        case _:
            path.write_bytes(values.tobytes())


def stage(job) -> None:
    """Write a small file and a large one."""
    print("At work.", file=sys.stderr)
    job.outputs["first"].write_text("first")
    write(job.settings["kind"], job.outputs["second"])


def mount(room: int | None) -> None:
    free = os.statvfs(RESULTS)
    size = (free.f_blocks - free.f_bfree) * free.f_frsize + (room or 0)
    how = "ro" if room is None else "rw"
    subprocess.run(["mount", "-o", f"remount,{how},size={size}", RESULTS.resolve()], check=True)


def files() -> dict[str, str]:
    """What lies there but logs; hidden folders too."""
    found = {path for path in RESULTS.rglob("*") if path.is_file() or "making" in path.name}
    return {
        str(path): "a folder" if path.is_dir() else path.read_bytes().hex()
        for path in found
        if path.suffix != ".log" and path.name != "job.json"
    }


def try_all() -> dict[str, dict]:
    """What every writer and fault led to, with old files and without, and what came afterwards."""
    from lead.cli.stage import run_stage
    from lead.files.job import Job
    from lead.progress import event_log

    RESULTS.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", RESULTS], check=True)
    (RESULTS / "other").write_text("A size of 0 would be no limit.")
    found: dict[str, dict] = {}

    def run(kind: str) -> tuple[int, str]:
        outputs = {name: RESULTS / "demo" / f"{name}.{ENDINGS.get(kind, 'bin')}"
                   for name in ("first", "second")}  # fmt: skip
        job = Job("train_vae", {"seed": 1, "kind": kind}, {}, outputs)
        with redirect_stderr(io.StringIO()) as said:
            code = run_stage("__main__:stage", job, RESULTS / "demo/logs/job.log")
        return code, said.getvalue()

    for kind in WRITERS:
        for fault, room in FAULTS.items():
            for old in (False, True):
                mount(32 << 20)
                shutil.rmtree(RESULTS / "demo", ignore_errors=True)
                assert run(kind)[0] == 0
                undisturbed = files()
                if not old:
                    shutil.rmtree(RESULTS / "demo")
                before = files()
                mount(room)
                code, said = run(kind)
                left = files()
                record = (RESULTS / "demo/logs/job.json").exists()
                mount(32 << 20)
                again = run(kind)[0] == 0 and files() == undisturbed
                kept = left == before and record <= old
                found[f"{kind}, {fault}, {'old files' if old else 'no files'}"] = {
                    "code": code, "said": said, "kept": kept, "again": again,
                }  # fmt: skip
    mount(0)
    with redirect_stderr(io.StringIO()) as said, event_log(RESULTS / "events", 0) as log:
        for step in range(3):
            log({"step": step, "loss": 1.0})
    found["events"] = {"said": said.getvalue()}
    return found


ENDINGS = {
    "tensors": "safetensors", "classifier": "safetensors", "table": "parquet", "frames": "npy",
    "normalizer": "npz", "figure": "png", "picture": "png",
}  # fmt: skip


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("no namespace of one's own to mount in")
    folder = tmp_path_factory.mktemp("full_disk")
    command = [*alone, sys.executable, str(Path(__file__).resolve())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("before", ["old files", "no files"])
@pytest.mark.parametrize("kind", WRITERS)
def test_a_stage_says_what_the_disk_is_and_leaves_the_old_files_or_none(tried, kind, before):
    for fault in FAULTS:
        found = tried[f"{kind}, {fault}, {before}"]
        said = found["said"]
        assert found["code"] == 1
        assert said.count("Error in train_vae") == said.count("fix: ") == 1
        assert "Read-only" in said or "No space left" in said
        assert "Traceback" not in said and ".making" not in said
        assert found["kept"] and found["again"]


def test_events_that_cannot_be_written_stop_no_training(tried):
    assert tried["events"]["said"].count("TensorBoard sees nothing") == 1


if __name__ == "__main__":
    json.dump(try_all(), sys.stdout)
