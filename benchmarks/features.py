"""How fast joints become features: one clip, a batch on one core, a whole dataset on several.

    python benchmarks/features.py --clips 2000 --workers 2

HumanML3D's own `process_file` took 71 ms for a clip of 170 frames on one core of a machine like
the one of docs/results; other machines compare by the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from timed import usual_seconds

from lead.clip import Clip
from lead.config.datasets import SyntheticDataset
from lead.datasets import stages
from lead.datasets.synthetic.dataset import make_clip
from lead.files.arrays import write_frames
from lead.files.job import Job
from lead.motion.features import clips_to_features, joints_to_features
from lead.motion.skeleton import HUMANML3D
from lead.store import write_index

PUBLIC_MS = 71.0
FRAMES = 170
BATCH = 64


def main() -> None:
    """Print milliseconds a clip, the ratio to the public code, clips and frames a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    dataset = SyntheticDataset(min_positions=FRAMES, max_positions=FRAMES)
    clips = [make_clip(dataset, 1, number).joints for number in range(BATCH)]

    alone = usual_seconds(lambda: joints_to_features(clips[0], HUMANML3D), 200)
    overhead = usual_seconds(lambda: joints_to_features(clips[0][:2], HUMANML3D), 200)
    batch = usual_seconds(lambda: list(clips_to_features(clips, HUMANML3D)), 20) / BATCH
    whole = _whole_dataset(clips, arguments.clips, arguments.workers)
    busy = batch / arguments.workers
    print(f"{'':34}{'ms/clip':>9}{'x public':>9}{'clips/s':>9}{'frames/s':>11}  outside arrays")
    _line("one clip alone, one core", alone, overhead / alone)
    _line(f"batch of {BATCH}, one core", batch, overhead * BATCH / _blocks() / (batch * BATCH))
    name = f"{arguments.clips} clips with files, {arguments.workers} cores"
    _line(name, whole, max(1 - busy / whole, 0.0))


def _blocks() -> float:
    """Clips that share the fixed cost of one block."""
    from lead.motion.features import _BLOCK_FRAMES

    return max(_BLOCK_FRAMES / FRAMES, 1.0)


def _line(name: str, seconds: float, outside: float) -> None:
    ratio = PUBLIC_MS / (1e3 * seconds)
    rates = f"{1 / seconds:>9.0f}{FRAMES / seconds:>11,.0f}"
    print(f"{name:34}{1e3 * seconds:>9.2f}{ratio:>9.0f}{rates}  {outside:.0%}")


def _whole_dataset(clips: list[np.ndarray], count: int, workers: int) -> float:
    """Seconds a clip of the stage itself: files read, features and statistics written."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        joints, index = folder / "joints.npy", folder / "clips.parquet"
        write_frames(joints, (clips[i % len(clips)] for i in range(count)), count * FRAMES)
        rows = [_clip(number) for number in range(count)]
        write_index(index, rows, count * FRAMES, {})
        names = ("frames.npy", "index.parquet", "stats.npz")
        settings = {"dataset": {"kind": "synthetic"}, "seed": 1}
        outputs = {name.split(".")[0]: folder / name for name in names}
        inputs = {"joints": joints, "clips": index}
        job = Job("features", settings, inputs, outputs, threads=workers)
        began = time.perf_counter()
        with contextlib.redirect_stderr(io.StringIO()):
            stages.extract_features(job)
        return (time.perf_counter() - began) / count


def _clip(number: int) -> Clip:
    start = number * FRAMES
    name = f"{number:06d}"
    return Clip(name, "train", start, start + FRAMES, ("a person",), name, "", None, "benchmark")


if __name__ == "__main__":
    sys.exit(main())
