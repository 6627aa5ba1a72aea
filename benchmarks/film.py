"""How long a film of four seconds takes on one core, phase by phase.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/film.py

Seconds of the processor stand beside those of the clock: on a busy machine only they compare. The
goal is a film of 4 s, drawn and encoded, in at most 5 s.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEXT = "a person waves with the left hand"
GOAL = 5.0


def main() -> None:
    """Print the seconds of every phase of ``lead generate TEXT --out wave.mp4``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of the film")
    asked = parser.parse_args()
    with phase("import"):
        from lead.pipeline import LeadPipeline
    with phase("load the bundled model"):
        pipeline = LeadPipeline.load(device="cpu")
    with phase("generate"):
        (motion,) = pipeline.generate([TEXT], seconds=asked.seconds)
    with tempfile.TemporaryDirectory() as folder:
        for ending in (".mp4", ".gif", ".html", ".png", ".glb"):
            with phase(f"write {ending}"):
                motion.save(Path(folder) / f"wave{ending}")
    print(f"goal of write .mp4: {GOAL:g} s of the processor for 4 s")


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Print what the block took, with the processes that it started."""
    began, busy = time.perf_counter(), _processor()
    yield
    wall, cpu = time.perf_counter() - began, _processor() - busy
    print(f"{name:<24} {cpu:6.2f} s of the processor  {wall:6.2f} s by the clock", flush=True)


def _processor() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
