"""What the stages of a finished study took, beside what the machine can do and `lead plan` says.

    python benchmarks/roofline.py results/open_small

The limit is this machine's rate of matrix products on the study's threads, measured now: a stage at
100 % does nothing but multiply. Of several trainings the fastest is taken; jobs that ran beside
others are slower than alone. `plan` is the planned time over the taken one.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from studies import study_of

from lead.cli.plan import plan
from lead.report.page.provenance import Timing, read_timings


def main() -> None:
    """Print a row for each stage that ran."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder of a finished study")
    parser.add_argument("--configfile", type=Path, help="with which the study was made")
    arguments = parser.parse_args()
    study = study_of(arguments.results.name, arguments.configfile)
    rates, rows = plan(study, None, None)
    fastest = _fastest(read_timings(arguments.results / "benchmarks"))
    print(f"{rates.name}: {rates.limit / 1e9:.0f} GFLOP/s a job\n")
    print(f"{'stage':32}{'s':>8}{'TFLOP':>8}{'of the limit':>14}{'MiB':>7}{'plan':>7}")
    for row in rows:
        taken = fastest.get(row["stage"].replace(" ", "_"))
        if taken is None:
            continue
        reached = row["tflop_each"] * 1e12 / taken.seconds / rates.limit
        planned = row["seconds_each"] / taken.seconds
        print(
            f"{row['stage']:32}{taken.seconds:8.0f}{row['tflop_each']:8.2f}{reached:13.0%} "
            f"{taken.peak_mib:7.0f}{planned:7.2f}"
        )


def _fastest(timings: list[Timing]) -> dict[str, Timing]:
    """The fastest training's run of each stage; repeats that were shared out are not together."""
    found: dict[str, Timing] = {}
    for timing in timings:
        stage = timing.stage.rpartition(": ")[2]
        stage = re.sub(r"_\d+-\d+$", "", stage)
        if stage not in found or timing.seconds < found[stage].seconds:
            found[stage] = timing
    return found


if __name__ == "__main__":
    main()
