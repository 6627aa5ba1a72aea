"""What the paper leaves open in the projector, as one table over trainings.

    snakemake --cores 2 results/open_small/tables/analysis.md results/tables/table6.tex \\
        --configfile benchmarks/projector_choices.yaml --config trainings=5
    python benchmarks/projector_choices.py

Prints a row for every projector of the study: its metrics less those of `lead` of the same
training, with Student's interval over trainings, and what its last validation says of the latents.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from studies import study_of

from lead.analysis.paired import by_repeat, common, difference, estimate
from lead.analysis.rows import read_metrics
from lead.config.study import Study
from lead.config.systems import FULL, MLD, realigned
from lead.errors import LeadError
from lead.report.text import markdown_table

SETTINGS = Path(__file__).with_suffix(".yaml")
COMPARED = {"fid": "FID", "mm_dist": "MM-Dist", "r_precision_top3": "Top-3",
            "multimodality": "MModality", "foot_skating": "skating"}  # fmt: skip
LEARNT = {"r2": "R²", "r2_mean": "R² of means", "centred_cosine": "centred cosine",
          "retrieval_top5": "text in top 5"}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=5, help="as Snakemake was told")
    arguments = parser.parse_args()
    study = study_of("open_small", SETTINGS, trainings=arguments.trainings)
    names = [MLD.name, *study.projectors]
    results = Path("results") / study.name
    files = [results / "systems" / name / "metrics.parquet" for name in names]
    if absent := [file for file in files if not file.is_file()]:
        raise LeadError("A projector is not measured yet.", file=absent[0],
                        fix="Run the snakemake command of --help first.")  # fmt: skip
    metrics = read_metrics(files)
    against = by_repeat(metrics, FULL, "fid_reconstruction")
    rows = []
    for name in names:
        label = MLD.label if name == MLD.name else realigned(name).label
        changes = [_less(metrics, name, metric) for metric in COMPARED]
        _, own, others = common(by_repeat(metrics, name, "fid_reconstruction"), against)
        decoded = f"{own.mean() - others.mean():+.3f}"
        fid = estimate(np.array(list(by_repeat(metrics, name, "fid").values())))
        rows.append((label, f"{fid.mean:.3f}", *changes, decoded, *_learnt(study, name)))
    less = (f"{label} less LEAD's" for label in COMPARED.values())
    header = ("", "FID", *less, "FID of D(P(E(x))) less LEAD's", *LEARNT.values())
    print(markdown_table(header, rows))


def _less(metrics: pd.DataFrame, name: str, metric: str) -> str:
    """A system less `lead`, paired by training; an interval without 0 is bold."""
    if name == FULL:
        return ""
    pair = (by_repeat(metrics, system, metric) for system in (name, FULL))
    _, own, others = common(*pair)
    found = difference(own, others)
    text = f"{found.mean:+.3f}"
    decided = found.low > 0 or found.high < 0
    return f"{f'**{text}**' if decided else text} ({found.low:+.3f} to {found.high:+.3f})"


def _learnt(study: Study, name: str) -> Iterator[str]:
    """The last validation of a projector, in the mean over its trainings."""
    if name not in study.projectors:
        yield from [""] * len(LEARNT)
        return
    ends = pd.DataFrame(_ends(study, name))
    for measure in LEARNT:
        yield f"{ends[measure].mean():.3f}"


def _ends(study: Study, name: str) -> Iterator[pd.Series]:
    for number in range(1, study.trainings.projector + 1):
        folder = Path("results") / study.name
        folder = folder if number == 1 else folder / "trainings" / str(number)
        history = pd.read_parquet(folder / "models/projectors" / name / "history.parquet")
        yield history.dropna(subset=["r2"]).iloc[-1]


if __name__ == "__main__":
    try:
        main()
    except LeadError as error:
        sys.exit(f"Error: {error}")
