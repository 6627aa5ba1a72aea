"""The card of a model directory: what it is, what it learned from, how good, and for what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import TypeAdapter
from safetensors import safe_open

from lead import __version__
from lead.config.datasets import DatasetSettings, MadeDataset
from lead.config.evaluators import PUBLISHED
from lead.config.systems import System
from lead.datasets.registry import skeleton_of, sources_of_dataset
from lead.datasets.sources import RawSource
from lead.evaluation.repeats import read_values, side_by_side
from lead.evaluation.summary import GAUGE, METRICS, Metric, summarise
from lead.files.artefact import commit
from lead.files.job import Job
from lead.model_directory import NETWORKS
from lead.motion.skeleton import METRES
from lead.report.footnotes import gauge_footnotes
from lead.report.text import template, write_text
from lead.store import MotionIndex

_MADE = RawSource(
    name="synthetic",
    title="motion made by the package itself",
    places=(),
    is_folder=False,
    url="lead/datasets/synthetic",
    licence="MIT",
)
_GAUGE = ("limb_range", "action_accuracy", "foot_skating")
"""Metrics of the gauge that the card states."""


def model_card(job: Job) -> None:
    """Write the card beside the model's files.

    Inputs: ``index``, ``vae``, ``denoiser``, ``projector``, ``metrics`` (one file per system).
    Output: ``card``.
    """
    settings = job.settings
    index = MotionIndex.open(job.inputs["index"])
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    frames, metadata = zip(*map(read_values, job.inputs["metrics"]), strict=True)
    measured = summarise(side_by_side(frames))
    systems = job.setting("rows", tuple[System, ...])
    labels = {system.name: system.label for system in systems}
    present = set(measured["metric"])
    metrics = {**METRICS, **{name: GAUGE[name] for name in _GAUGE if name in present}}
    longest = max(clip.frames for clip in index.split("train"))
    values = {
        "study": settings,
        "published": PUBLISHED,
        "version": __version__,
        "commit": commit(),
        "directory": job.place("card").parent,
        "skeleton": skeleton,
        "unit": "metres" if METRES[skeleton.unit] == 1 else "the dataset's unit",
        "sources": sources_of(settings),
        "longest": longest,
        "stages": [_stage(job, name) for name in NETWORKS],
        "repeats": metadata[0]["evaluation"]["repeats"],
        "split": metadata[0]["evaluation"].get("split", "test"),
        "trainings": max(len(facts.get("trainings", [1])) for facts in metadata),
        "metrics": metrics.values(),
        "rows": _rows(measured, metrics, systems),
        "gauge": gauge_footnotes(measured, metadata[0].get("gauge"), labels),
        **{split: len(index.split(split)) for split in ("train", "val", "test")},
    }
    write_text(job.outputs["card"], template("templates/card.md.jinja").render(values))


def sources_of(settings: Mapping[str, Any]) -> list[RawSource]:
    """What a study learnt from, as its settings ``name`` and ``dataset`` say.

    Of the sources that a study chooses from, those it chose, and of CMU's takes what says what
    they show.
    """
    dataset = TypeAdapter(DatasetSettings).validate_python(settings["dataset"])
    chosen = [source.name for source in getattr(dataset, "sources", ())]
    synthetic = [_MADE] if "synthetic" in chosen or isinstance(dataset, MadeDataset) else []
    return [*synthetic, *sources_of_dataset(dataset)]


def _stage(job: Job, name: str) -> dict[str, Any]:
    """One network, as a row of the card."""
    with safe_open(job.inputs[name], framework="np") as file:
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118
    return {
        "name": name,
        "parameters": sum(map(math.prod, shapes)),
        **job.settings[name]["training"],
    }


def _rows(
    measured: pd.DataFrame, metrics: Mapping[str, Metric], systems: Sequence[System]
) -> list[dict[str, Any]]:
    """Label and cells of every system."""
    names = zip(measured["system"], measured["metric"], strict=True)
    figures = dict(zip(names, zip(measured["mean"], measured["ci95"], strict=True), strict=True))
    rows = []
    for system in systems:
        cells = []
        for name, metric in metrics.items():
            figure = figures.get((system.name, name), ())
            printed = [f"{value:.{metric.digits}f}" for value in figure if not math.isnan(value)]
            cells.append(" ± ".join(printed) or "–")
        rows.append({"label": system.label, "cells": cells})
    return rows
