"""Measuring motions of any model with a finished study's evaluator, beside its own systems."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from lead.config.external import ExternalSystem
from lead.config.load import load_study
from lead.config.study import Study
from lead.data.store import MotionIndex
from lead.errors import LeadError
from lead.evaluation.requests import expected_requests
from lead.evaluation.summary import summarise
from lead.provenance.artefact import atomic_path
from lead.provenance.job import Job
from lead.provenance.seeds import Seeds
from lead.report.collect import SMALLEST_TEST, label
from lead.report.table import TableText, comparison_table
from lead.report.terminal import print_table

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
    from lead.evaluation.external import embed_external, measure_external

    settings = load_study(study)
    values = settings.model_dump(mode="json")
    inputs: dict[str, Any] = {
        "frames": _made(settings, "features/frames.npy"),
        "index": _made(settings, "features/index.parquet"),
        "stats": _made(settings, "features/stats.npz"),
        "text": _made(settings, "text/text.safetensors"),
        "matcher": _made(settings, "models/matcher/matcher.safetensors"),
        "predictions": system.path,
    }
    if system.captions is not None:
        inputs["captions"] = system.captions
    slices = {name: values[name] for name in ("seed", "dataset", "matcher", "evaluation")}
    slices |= {"system": SYSTEM, "external": system.model_dump(mode="json")}
    real = {name: _made(settings, f"systems/real/{name}") for name in _REAL}
    with tempfile.TemporaryDirectory() as folder:
        embeddings = Path(folder) / "embeddings.safetensors"
        metrics = out or Path(folder) / "metrics.parquet"
        threads = settings.machine.threads
        embed_external(Job("embed_external", slices, inputs, {"embeddings": embeddings},
                           threads=threads))  # fmt: skip
        given = {"real": real["embeddings.safetensors"], "embeddings": embeddings}
        measure_external(Job("measure_external", slices, given, {"metrics": metrics}))
        table = pq.read_table(metrics)
    words = json.loads((table.schema.metadata or {})[b"lead"])
    measured = _beside(settings, table.to_pandas())
    frame = _print(settings, system, measured, words)
    if out is not None:
        print(f"  {out}")
    return frame


_REAL = ("embeddings.safetensors", "metrics.parquet")


def _beside(settings: Study, own: pd.DataFrame) -> pd.DataFrame:
    """The metrics of the study's systems, in the repeats of ``own``, and ``own`` below them."""
    found = [_results(settings) / "systems" / name / "metrics.parquet" for name in _BESIDE]
    frames = [pq.read_table(path).to_pandas() for path in found if path.is_file()]
    repeats = own["repeat"].unique()
    return pd.concat(
        [*(frame[frame["repeat"].isin(repeats)] for frame in frames), own], ignore_index=True
    )


def _print(
    settings: Study, system: ExternalSystem, measured: pd.DataFrame, words: dict[str, Any]
) -> pd.DataFrame:
    summary = summarise(measured)
    notes = [f"{SYSTEM}: {note}." for note in words["notes"]]
    if words["items"] < SMALLEST_TEST and not settings.evaluation.allow_small:
        summary = summary.loc[~summary["metric"].str.startswith("r_precision")]
        notes.append(f"R-precision is left out: {words['items']} test items are too few.")
    if words["items"] < settings.evaluation.pool:
        notes.append(f"Fewer test items than one pool of {settings.evaluation.pool}.")
    if words["diversity_pairs"] < settings.evaluation.diversity_pairs:
        notes.append(f"Diversity from {words['diversity_pairs']} pairs: few test items.")
    labels = {name: label(name) for name in dict.fromkeys(summary["system"])}
    labels[SYSTEM] = system.label or system.path.stem
    frame = comparison_table(summary, pd.DataFrame(), labels)
    repeats = measured.loc[measured["system"] == SYSTEM, "repeat"].nunique()
    title = f"{labels[SYSTEM]} on {settings.description}, {repeats} repeat(s)"
    print_table(frame, TableText("evaluate", settings.name, title, tuple(notes)))
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
