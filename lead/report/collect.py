"""The stages at the end: tables from metrics, and pictures from the model."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

import pandas as pd

from lead.config.evaluation import Evaluation, Evaluator
from lead.config.models import TextSettings
from lead.config.training import ConsistencyStage
from lead.evaluation.summary import summarise
from lead.evaluation.values import read_values
from lead.files.commit import commit
from lead.files.job import Job
from lead.report.gauge import gauge_footnotes, gauge_warnings, readings
from lead.report.latex import write_latex_table
from lead.report.published import read_published
from lead.report.table import TableText, comparison_table, write_table_parquet

_POOLS = 3  # fewer say nothing of R-precision

LABELS = {
    "real": "Real",
    "mld": "MLD",
    "lead": "LEAD",
    "lead_mlp": "LEAD (mlp)",
    "lead_skip": "LEAD (skip)",
    "lead_no_var": "LEAD w/o KL",
    "lead_no_align": "LEAD w/o Align",
    "lead_no_rec": "LEAD w/o Rec",
}
"""Rows named as in the paper, whose Table 6 calls the variance loss KL."""

TITLES = {
    "table1": "Text-to-motion on",
    "table2": "Text-to-motion on",
    "table5": "MotionLCM without and with realignment on",
    "table6": "Ablation of the projector on",
}

_REMARKS = {
    "table6": "In the paper, LEAD of this table is another run than LEAD (MLD) of Table 1: FID "
    "0.137 and 0.109. w/o KL is without the variance loss."
}

_OF_THE_PROTOCOL = ("repeats", "pool", "diversity_pairs", "sampling_steps", "guidance", "boundary")
_KIT = ("KIT-ML", ("kit", "kit_raw"))
_HUMANML3D = ("HumanML3D", ("humanml3d", "humanml3d_raw"))
_DATASETS = {
    **dict.fromkeys(("table1", "table3", "table4", "table5", "table6"), _HUMANML3D),
    "table2": _KIT,
}
"""What each of the paper's tables was measured on, and the kinds of dataset that are the same."""


def paper_table(job: Job) -> None:
    """One of the paper's tables: systems of the study, and the paper's rows set apart.

    The setting ``table`` says which: ``table1``, ``table2``, ``table5`` or ``table6``. Inputs:
    ``metrics`` (one file a system, in the order of rows), ``published``. Outputs: ``tex``,
    ``parquet``. Motions that do not do what their captions say are told of on the way.
    """
    table = str(job.settings["table"])
    settings = job.setting("evaluation", Evaluation)
    frames, words = zip(*map(read_values, job.inputs["metrics"]), strict=True)
    measured = summarise(pd.concat(frames, ignore_index=True))
    small = words[0]["items"] < smallest_test(settings) and not settings.allow_small
    if small:
        measured = measured.loc[~measured["metric"].str.startswith("r_precision")]
    published = read_published(job.inputs["published"].parent, table)
    labels = row_labels(measured, job.settings["external"])
    text = TableText(
        table=table,
        study=str(job.settings["name"]),
        title=f"{TITLES[table]} {job.settings['description']}.",
        footnotes=(
            *_footnotes(job, settings, words[0], small),
            *_real_again(measured),
            *gauge_footnotes(measured, words[0].get("gauge")),
            *_notes(labels, frames, words),
            *([_REMARKS[table]] if table in _REMARKS else []),
            *(_of_few_steps(job) if measured["system"].str.contains("motionlcm").any() else ()),
        ),
        comparable=comparable(job),
    )
    frame = comparison_table(measured, published, labels, unranked=unranked(measured))
    metadata = {**vars(text), **job.manifest, "commit": commit(), "evaluation": words[0]}
    write_table_parquet(frame, job.outputs["parquet"], metadata)
    write_latex_table(frame, text, job.outputs["tex"])
    for line in gauge_warnings(readings(frame), words[0].get("gauge", {})):
        print(line, file=sys.stderr)


def smallest_test(settings: Evaluation) -> int:
    """Test items below which R-precision says nothing: three pools."""
    return _POOLS * settings.pool


def unranked(measured: pd.DataFrame) -> tuple[str, ...]:
    """Systems that are not compared with the others: Real, and those of fewer repeats."""
    most = int(measured["repeats"].to_numpy().max())
    fewer = measured.loc[measured["repeats"] < most, "system"]
    return ("real", *dict.fromkeys(map(str, fewer)))


def row_labels(measured: pd.DataFrame, external: Mapping[str, Mapping]) -> dict[str, str]:
    """The name of every measured system's row; external ones may bring their own."""
    given = {name: own["label"] or name.replace("_", " ") for name, own in external.items()}
    return {name: given.get(name) or label(name) for name in dict.fromkeys(measured["system"])}


def label(system: str) -> str:
    """The name of a system's row; one that the paper lacks is named after what differs."""
    if system in LABELS:
        return LABELS[system]
    if few := re.fullmatch(r"(lead_)?motionlcm_(\d+)", system):
        name = "LEAD (MotionLCM)" if few[1] else "MotionLCM"
        return f"{name}, {few[2]} step{'s' if few[2] != '1' else ''}"
    return f"LEAD {system.removeprefix('lead_').replace('_', ' ')}"


def evaluator_said(job: Job) -> str:
    """What measured, and whether its figures are the paper's kind."""
    if job.setting("evaluator", Evaluator).kind == "t2m":
        said = "Evaluator: the published one (Guo et al. 2022)."
    elif job.settings["evaluator"]["words"] == "glove":
        said = "Evaluator: trained in this study on word vectors and parts of speech."
    else:
        encoder = job.setting("text", TextSettings).kind
        said = f"Evaluator: trained in this study on the token states of {encoder}."
    if comparable(job):
        return said
    dataset, _ = _DATASETS[str(job.settings["table"])]
    return f"{said} Only {dataset} with the official evaluator compares with the paper's figures."


def comparable(job: Job) -> bool:
    """Whether the table's figures are of the paper's data, evaluator and protocol."""
    published = job.setting("evaluator", Evaluator).kind == "t2m"
    _, kinds = _DATASETS[str(job.settings["table"])]
    same_data = job.settings["dataset"]["kind"] in kinds
    own, paper = job.setting("evaluation", Evaluation), Evaluation()
    same = all(getattr(own, name) == getattr(paper, name) for name in _OF_THE_PROTOCOL)
    return published and same_data and same


def _footnotes(job: Job, settings: Evaluation, words: dict, small: bool) -> tuple[str, ...]:
    multimodality = settings.multimodality
    lines = [
        str(job.settings["footnote"]).strip(),
        f"Mean ± 95 % interval over {settings.repeats} repeats (root seed "
        f"{job.settings['seed']}) on {words['items']} test items; commit {commit()}. "
        + evaluator_said(job),
        f"Pools of {min(settings.pool, words['items'])}; Diversity from "
        f"{words['diversity_pairs']} pairs; "
        f"MModality from {multimodality.items} captions × {multimodality.samples} motions × "
        f"{multimodality.pairs} pairs (the paper: 100 × 30 × 10). {_sampler(job, settings)}Motions "
        f"embedded {settings.boundary}, {settings.precision}, in batches of "
        f"{settings.batch_size}.",
    ]
    if small:
        lines.append(
            f"R-precision is left out: {words['items']} test items are fewer than "
            f"{smallest_test(settings)}. Set evaluation.allow_small to print it all the same."
        )
    return tuple(line for line in lines if line)


def _sampler(job: Job, settings: Evaluation) -> str:
    """How the motions were drawn; no row of Table 5 is drawn by DDIM."""
    if job.settings["table"] == "table5":
        return ""
    return f"{settings.sampling_steps} DDIM steps, guidance {settings.guidance:g}. "


def _of_few_steps(job: Job) -> tuple[str, ...]:
    """Where MotionLCM's systems come from."""
    stage = job.setting("consistency", ConsistencyStage | None)
    if stage is None:
        return ()
    if stage.source.kind == "motionlcm_checkpoint":
        origin = "the published student of version 1"
    elif stage.teacher is None:
        origin = "distilled from this study's MLD denoiser itself, not from one on Sentence-T5"
    else:
        origin = f"distilled from a denoiser on text of {stage.teacher.text.kind}"
    return (
        f"MotionLCM: {origin}; VAE of MLD, projector of LEAD, neither trained again; guidance "
        f"{stage.guidance:g}, embedded.",
    )


def _real_again(measured: pd.DataFrame) -> tuple[str, ...]:
    """Real in the two other ways in which it is found in the literature."""
    real = measured.loc[measured["system"] == "real"].set_index("metric")["mean"]
    names = ("r_precision_top3_zero196", "mm_dist_zero196")
    said = "FID of Real is that of two readings of the same clips (other captions and crops)"
    if not all(name in real.index for name in names):
        return (f"{said}.",)
    top, distance = (float(real[name]) for name in names)
    return (
        f"{said}; embedded with zeros up to 196 frames, Real has Top-3 {top:.3f} and MM-Dist "
        f"{distance:.3f}.",
    )


def _notes(
    labels: Mapping[str, str], frames: Sequence[pd.DataFrame], words: Sequence[dict]
) -> tuple[str, ...]:
    """What was found of the motions of external systems."""
    return tuple(
        f"{labels[str(frame['system'].iloc[0])]}: {'; '.join(own['notes'])}."
        for frame, own in zip(frames, words, strict=True)
        if own.get("notes")
    )
