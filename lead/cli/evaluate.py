"""Measuring motions of any model with a finished study's evaluator, beside its own systems."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from lead.cli.show import print_json, records
from lead.config.external import ExternalSystem
from lead.config.load import load_study
from lead.config.study import Study
from lead.errors import LeadError
from lead.evaluation.predictions.requests import expected_requests
from lead.evaluation.repeats import read_values, side_by_side
from lead.evaluation.summary import METRICS, PHYSICAL, summarise
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.files.tables import write_table
from lead.report.footnotes import gauge_footnotes, retrieval_footnotes, smallest_test
from lead.report.gauge import print_gauge
from lead.report.printed import TableText
from lead.report.table import comparison_table
from lead.report.tables import check_same_items
from lead.report.terminal import print_table
from lead.store import MotionIndex

SYSTEM = "predictions"
_BESIDE = ("real", "mld", "lead")


def write_requests(study: str, path: Path) -> None:
    """Write what a model must generate for the study, as Parquet; see `expected_requests`.

    Raises:
        LeadError: no such study, or it has no features yet.
    """
    settings = load_study(study)
    index = MotionIndex.open(_finished(settings, "features/index.parquet"))
    table = expected_requests(index, settings.evaluation, Seeds(settings.seed))
    write_table(path, table, {"study": settings.name})
    repeats = settings.evaluation.repeats
    motions = sum(table["samples"].to_pylist())
    print(
        f"{path}: {len(table):,} captions, {motions:,} motions in {repeats} repeats; repeat 0 of "
        f"part `main` alone is enough for every metric but MModality and intervals"
    )


def evaluate_predictions(
    system: ExternalSystem, study: str, out: Path | None = None, as_json: bool = False
) -> pd.DataFrame:
    """Embed the motions, compute their metrics and print them beside the study's systems.

    Other systems are shown for the repeats that the motions have, so that all are paired.

    Args:
        out: Parquet file for the metrics, one row per metric and repeat.
        as_json: print one cell of the table per system and metric in JSON, for scripts.

    Raises:
        LeadError: the study lacks a file that the measuring needs; what is wrong with the
            motions.
    """
    from lead.evaluation.predictions.embed import embed_external
    from lead.evaluation.score import compute_metrics

    settings = load_study(study)
    files, slices = _measuring(settings, system)
    real = [_finished(settings, file) for file in settings.embeddings("real")]
    _check_protocol(settings, _finished(settings, "systems/real/metrics.parquet"))
    with tempfile.TemporaryDirectory() as folder:
        embeddings = Path(folder) / "embeddings.safetensors"
        metrics = out or Path(folder) / "metrics.parquet"
        threads, embedded = settings.machine.threads, {"embeddings": embeddings}
        embed_external(Job("embed_external", slices, files, embedded, threads=threads))
        compared = {"real": real, **embedded}
        compute_metrics(Job("compute_metrics", slices, compared, {"metrics": metrics}))
        predicted, metadata = read_values(metrics)
    frame, text = _table(settings, system, _beside(settings, predicted), metadata)
    if as_json:
        facts = {"study": text.study, "title": text.title, "footnotes": text.footnotes}
        print_json(facts | {"cells": records(frame)})
        return frame
    print_table(frame, text)
    print_gauge(frame, metadata["gauge"], Console())
    if out is not None:
        print(f"  {out}")
    return frame


def evaluate_prompts(
    system: ExternalSystem,
    study: str,
    prompts: Path,
    out: Path | None = None,
    as_json: bool = False,
) -> pd.DataFrame:
    """Print what can be measured of motions of captions that have no real motion.

    Args:
        prompts: CSV or Parquet with ``id`` and ``caption``.
        out: as in `evaluate_predictions`.
        as_json: likewise.

    Raises:
        LeadError: see `lead.evaluation.predictions.prompts.measure_prompts`.
    """
    from lead.evaluation.predictions.prompts import measure_prompts

    settings = load_study(study)
    files, slices = _measuring(settings, system)
    slices["text"] = settings.text.model_dump(mode="json")
    with tempfile.TemporaryDirectory() as folder:
        metrics = out or Path(folder) / "metrics.parquet"
        job = Job("measure_prompts", slices, files | {"prompts": prompts}, {"metrics": metrics},
                  threads=settings.machine.threads, data_root=settings.data_root)  # fmt: skip
        notes = measure_prompts(job)
        values, metadata = read_values(metrics)
    summary, few = _large_enough(summarise(values), settings, metadata["items"])
    absent = [name for name in METRICS if name not in set(summary["metric"])]
    empty = pd.DataFrame({"system": SYSTEM, "metric": absent})
    summary = pd.concat([summary, empty], ignore_index=True)
    label = system.label or system.path.stem
    named = {"labels": {SYSTEM: label}, "facts": {SYSTEM: metadata}}
    frame = comparison_table(summary, pd.DataFrame(), **named)
    notes = [*few, "Without real motions there are no FID, limbs, actions and ratios to Real.",
             *notes, f"weights: {system.checkpoint or 'how they were chosen is not stated'}",
             *retrieval_footnotes(summary)]  # fmt: skip
    title = f"{label} on the prompts of {prompts.name}, evaluator of study"
    text = TableText("prompts", settings.name, title, tuple(notes))
    if as_json:
        print_json({"study": settings.name, "footnotes": notes, "cells": records(frame)})
        return frame
    print_table(frame, text)
    body = frame.loc[frame["metric"].isin([*PHYSICAL])]
    print_table(body, TableText("physical", settings.name, "Their physics"))
    return frame


def _measuring(settings: Study, system: ExternalSystem) -> tuple[dict[str, Any], dict[str, Any]]:
    """The files and the settings that measuring motions takes."""
    inputs = {
        "frames": "features/frames.npy",
        "index": "features/index.parquet",
        "stats": "features/stats.npz",
        "text": "text/text.safetensors",
        "actions": "models/action_classifier.safetensors",
        **settings.evaluator_files,
    }
    files: dict[str, Any] = {name: _finished(settings, file) for name, file in inputs.items()}
    files["predictions"] = system.path
    if system.captions is not None:
        files["captions"] = system.captions
    values = settings.model_dump(mode="json")
    names = ("seed", "dataset", "evaluator", "matcher", "evaluation")
    slices = {name: values[name] for name in names}
    return files, slices | {"system": SYSTEM, "external": system.model_dump(mode="json")}


def _large_enough(
    summary: pd.DataFrame, settings: Study, items: int
) -> tuple[pd.DataFrame, list[str]]:
    """A summary without R-precision where items are too few for it, and a note that says so."""
    protocol, notes = settings.evaluation, list[str]()
    if items < smallest_test(protocol) and not protocol.allow_small:
        summary = summary.loc[~summary["metric"].str.startswith("r_precision")]
        notes.append(f"R-precision is left out: {items} items are too few.")
    if items < protocol.pool:
        notes.append(f"Fewer items than one pool of {protocol.pool}.")
    return summary, notes


def _check_protocol(settings: Study, path: Path) -> None:
    """Whether the study was measured as its file says; ``--config`` may have said otherwise."""
    measured = read_values(path)[1].get("evaluation", {})
    wanted = settings.evaluation.model_dump(mode="json")
    names = ("repeats", "pool", "diversity_pairs", "boundary", "precision")
    differ = [name for name in names if measured.get(name) != wanted[name]]
    if differ:
        raise LeadError(
            f"The study {settings.name} was not measured as its file says.",
            file=path,
            found=", ".join(f"{name} {measured.get(name)}" for name in differ),
            expected=", ".join(f"{name} {wanted[name]}" for name in differ),
            fix="Run the study again without --config, or put what it said under `evaluation` in "
            f"config/{settings.name}.yaml.",
        )


def _beside(settings: Study, predicted: pd.DataFrame) -> pd.DataFrame:
    """The study's systems in the repeats that were predicted, and the predictions below them."""
    systems = Path("results", settings.name, "systems")
    paths = [systems / name / "metrics.parquet" for name in _BESIDE]
    paths = [path for path in paths if path.is_file()]
    frames, facts = zip(*map(read_values, paths), strict=True)
    check_same_items(paths, facts)
    repeats = list(predicted["repeat"])
    shown = [frame.loc[frame["repeat"].isin(repeats)] for frame in frames]
    return side_by_side([*shown, predicted])


def _table(
    settings: Study, system: ExternalSystem, measured: pd.DataFrame, metadata: dict[str, Any]
) -> tuple[pd.DataFrame, TableText]:
    # What was found of the files was printed while they were read.
    summary, notes = _large_enough(summarise(measured), settings, metadata["items"])
    if metadata["diversity_pairs"] < settings.evaluation.diversity_pairs:
        notes.append(f"Diversity from {metadata['diversity_pairs']} pairs: few test items.")
    known = settings.every_system
    labels = {name: known[name].label for name in _BESIDE if name in set(summary["system"])}
    labels[SYSTEM] = system.label or system.path.stem
    frame = comparison_table(summary, pd.DataFrame(), labels, facts=dict.fromkeys(labels, metadata))
    repeats = measured.loc[measured["system"] == SYSTEM, "repeat"].nunique()
    title = f"{labels[SYSTEM]} on {settings.description}, {repeats} repeat(s)"
    notes += retrieval_footnotes(summary)
    notes += gauge_footnotes(summary, metadata["gauge"], labels)
    return frame, TableText("evaluate", settings.name, title, tuple(notes))


def _finished(settings: Study, file: str) -> Path:
    """A file among the study's results."""
    path = Path("results", settings.name, file)
    if not path.is_file():
        raise LeadError(
            f"The study {settings.name} has not got as far as {path.name}.",
            file=path,
            found="no such file",
            expected="a study that has run",
            fix=f"Make it: snakemake --cores all {path} --config study={settings.name}",
        )
    return path
