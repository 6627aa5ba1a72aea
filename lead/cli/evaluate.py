"""Measuring motions of any model with a finished study's evaluator, beside its own systems."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from rich.console import Console

from lead.config.evaluation import ExternalSystem
from lead.config.load import load_study
from lead.config.study import Study
from lead.errors import LeadError
from lead.evaluation.predictions.requests import expected_requests
from lead.evaluation.repeats import read_values
from lead.evaluation.summary import summarise
from lead.files.artefact import atomic_path
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.report.footnotes import gauge_footnotes, smallest_test
from lead.report.gauge import print_gauge
from lead.report.printed import TableText
from lead.report.table import comparison_table
from lead.report.terminal import print_table
from lead.store.store import MotionIndex

SYSTEM = "predictions"
_BESIDE = ("real", "mld", "lead")


def write_requests(study: str, path: Path) -> None:
    """Write what a model must generate for the study, as Parquet; see `expected_requests`.

    Raises:
        LeadError: no such study, or it has no features yet.
    """
    settings = load_study(study)
    index = MotionIndex.open(_made(settings, "features/index.parquet"))
    table = expected_requests(index, settings.evaluation, Seeds(settings.seed))
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)
    repeats = settings.evaluation.repeats
    motions = sum(table["samples"].to_pylist())
    print(
        f"{path}: {len(table):,} captions, {motions:,} motions in {repeats} repeats; repeat 0 of "
        f"part `main` alone is enough for every metric but MModality and intervals"
    )


def evaluate_predictions(
    system: ExternalSystem, study: str, out: Path | None = None
) -> pd.DataFrame:
    """Embed the motions, compute their metrics and print them beside the study's systems.

    Other systems are shown for the repeats that the motions have, so that all are paired.

    Args:
        out: Parquet file for the metrics, one row a metric and repeat.

    Raises:
        LeadError: the study lacks a file that the measuring needs; what is wrong with the
            motions.
    """
    from lead.evaluation.predictions.embed import embed_external
    from lead.evaluation.score import compute_metrics

    settings = load_study(study)
    values = settings.model_dump(mode="json")
    inputs: dict[str, Any] = {
        "frames": _made(settings, "features/frames.npy"),
        "index": _made(settings, "features/index.parquet"),
        "stats": _made(settings, "features/stats.npz"),
        "text": _made(settings, "text/text.safetensors"),
        **{name: _made(settings, file) for name, file in settings.evaluator_files.items()},
        "actions": _made(settings, "models/action_classifier.safetensors"),
        "predictions": system.path,
    }
    if system.captions is not None:
        inputs["captions"] = system.captions
    names = ("seed", "dataset", "evaluator", "matcher", "evaluation")
    slices = {name: values[name] for name in names}
    slices |= {"system": SYSTEM, "external": system.model_dump(mode="json")}
    real = [_made(settings, file) for file in settings.embeddings("real")]
    _check_protocol(settings, _made(settings, "systems/real/metrics.parquet"))
    with tempfile.TemporaryDirectory() as folder:
        embeddings = Path(folder) / "embeddings.safetensors"
        metrics = out or Path(folder) / "metrics.parquet"
        threads = settings.machine.threads
        embed_external(Job("embed_external", slices, inputs, {"embeddings": embeddings},
                           threads=threads))  # fmt: skip
        given = {"real": real, "embeddings": embeddings}
        compute_metrics(Job("compute_metrics", slices, given, {"metrics": metrics}))
        own, words = read_values(metrics)
    measured = _beside(settings, own)
    frame = _print(settings, system, measured, words)
    if out is not None:
        print(f"  {out}")
    return frame


def _check_protocol(settings: Study, path: Path) -> None:
    """Whether the study was measured as its file says; ``--config`` may have said otherwise."""
    measured = read_values(path)[1].get("evaluation", {})
    wanted = settings.evaluation.model_dump(mode="json")
    differ = [
        name
        for name in ("repeats", "pool", "diversity_pairs", "boundary", "precision")
        if measured.get(name) != wanted[name]
    ]
    if differ:
        raise LeadError(
            f"The study {settings.name} was not measured as its file says.",
            file=path,
            found=", ".join(f"{name} {measured.get(name)}" for name in differ),
            expected=", ".join(f"{name} {wanted[name]}" for name in differ),
            fix="Run the study again without --config, or put what it said under `evaluation` in "
            f"config/{settings.name}.yaml.",
        )


def _beside(settings: Study, own: pd.DataFrame) -> pd.DataFrame:
    """The metrics of the study's systems, in the repeats of ``own``, and ``own`` below them."""
    found = [_results(settings) / "systems" / name / "metrics.parquet" for name in _BESIDE]
    frames = [read_values(path)[0] for path in found if path.is_file()]
    repeats = set(own["repeat"])
    shown = [frame.loc[[repeat in repeats for repeat in frame["repeat"]]] for frame in frames]
    return pd.concat([*shown, own], ignore_index=True)


def _print(
    settings: Study, system: ExternalSystem, measured: pd.DataFrame, words: dict[str, Any]
) -> pd.DataFrame:
    summary = summarise(measured)
    notes = []  # what was found of the files was said while they were read
    if words["items"] < smallest_test(settings.evaluation) and not settings.evaluation.allow_small:
        summary = summary.loc[~summary["metric"].str.startswith("r_precision")]
        notes.append(f"R-precision is left out: {words['items']} test items are too few.")
    if words["items"] < settings.evaluation.pool:
        notes.append(f"Fewer test items than one pool of {settings.evaluation.pool}.")
    if words["diversity_pairs"] < settings.evaluation.diversity_pairs:
        notes.append(f"Diversity from {words['diversity_pairs']} pairs: few test items.")
    known = settings.every_system
    labels = {name: known[name].label for name in _BESIDE if name in set(summary["system"])}
    labels[SYSTEM] = system.label or system.path.stem
    frame = comparison_table(summary, pd.DataFrame(), labels)
    repeats = measured.loc[measured["system"] == SYSTEM, "repeat"].nunique()
    title = f"{labels[SYSTEM]} on {settings.description}, {repeats} repeat(s)"
    notes += gauge_footnotes(summary, words["gauge"])
    print_table(frame, TableText("evaluate", settings.name, title, tuple(notes)))
    print_gauge(frame, words["gauge"], Console())
    return frame


def _results(settings: Study) -> Path:
    return Path("results") / settings.name


def _made(settings: Study, file: str) -> Path:
    path = _results(settings) / file
    if not path.is_file():
        raise LeadError(
            f"The study {settings.name} has not got as far as {path.name}.",
            file=path,
            found="no such file",
            expected="a study that has run",
            fix=f"Make it: snakemake --cores all {path} --config study={settings.name}",
        )
    return path
