"""Tables 3 and 4: motion textual inversion, and the projector's losses in it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lead.config.evaluation import Evaluation
from lead.config.inversion import InversionVariant, inversion_variant
from lead.evaluation.summary import summarise
from lead.evaluation.values import read_values
from lead.files.commit import commit
from lead.files.job import Job
from lead.inversion.chosen import read_chosen
from lead.inversion.stages import Improvement, read_improvement
from lead.report.collect import comparable, evaluator_said
from lead.report.gauge import gauge_footnotes
from lead.report.latex import write_latex_table
from lead.report.published import read_published
from lead.report.table import REAL, TableText, comparison_table, write_table_parquet

TITLES = {
    "table3": "Motion textual inversion on",
    "table4": "The projector's losses in motion textual inversion on",
}

_OBJECTIVES = {"feat": "MTI feat", "mld": "MTI MLD", "lead": "MTI LEAD"}
_ABLATIONS = {"no_align": "noALIGN", "no_var": "noKL", "no_rec": "noREC"}
_REMARKS = {
    "table3": "In the paper, which rows are with projection is inferred from their order.",
    "table4": "All rows are generated with the projector that they were inverted with; noKL is "
    "without the variance loss, PROJ is MTI LEAD + projection of Table 3.",
}


def inversion_table(job: Job) -> None:
    """Table 3 or 4, as the setting ``table`` says: the study's variants, then the paper's rows.

    Inputs: ``metrics`` (Real and the variants, in the order of rows), ``fresh`` (one file for each
    inversion among them), ``motions``, ``published``. Outputs: ``tex``, ``parquet``.
    """
    table = str(job.settings["table"])
    frames, words = zip(*map(read_values, job.inputs["metrics"]), strict=True)
    measured = summarise(pd.concat(frames, ignore_index=True))
    labels = {name: row_label(name, table) for name in dict.fromkeys(measured["system"])}
    fresh = [read_improvement(path) for path in job.inputs["fresh"]]
    text = TableText(
        table=table,
        study=str(job.settings["name"]),
        title=f"{TITLES[table]} {job.settings['description']}.",
        footnotes=(
            *_protocol(job, words[0]),
            *_distances(measured, labels),
            *gauge_footnotes(measured, words[0].get("gauge")),
            improvement_said(fresh),
            _REMARKS[table],
        ),
        comparable=comparable(job),
    )
    published = read_published(job.inputs["published"].parent, table)
    frame = comparison_table(measured, published, labels)
    metadata = {**vars(text), **job.manifest, "commit": commit(), "evaluation": words[0]}
    write_table_parquet(frame, job.outputs["parquet"], metadata)
    write_latex_table(frame, text, job.outputs["tex"])


def row_label(system: str, table: str) -> str:
    """The name of a variant's row, as in the paper."""
    if system == REAL:
        return "Real"
    variant = inversion_variant(system)
    if table == "table4":
        return _ablation(variant)
    return _OBJECTIVES[variant.objective] + (" + projection" if variant.projector else "")


def _ablation(variant: InversionVariant) -> str:
    name = (variant.projector or "").removeprefix("lead").removeprefix("_")
    return _ABLATIONS.get(name, name.replace("_", " ")) if name else "PROJ"


def improvement_said(found: Sequence[Improvement]) -> str:
    """For how many motions each inversion lowered its own objective, as one sentence."""
    shares = ", ".join(
        f"{inversion_label(own.words)} {own.improved} of {own.motions} ({own.share:.0%})"
        for own in found
    )
    return (
        "Inverted words that lower their own objective below the descriptor's on noise, steps and "
        f"crops that the inversion never saw: {shares}."
    )


def inversion_label(words: str) -> str:
    """The name of an inversion, whatever it is generated with."""
    variant = inversion_variant(words)
    ablated = f", {_ablation(variant)}" if variant.projector else ""
    return _OBJECTIVES[variant.objective] + ablated


def _protocol(job: Job, words: dict) -> tuple[str, ...]:
    settings = job.setting("evaluation", Evaluation)
    chosen, said = read_chosen(job.inputs["motions"])
    items, pool = words["items"], min(settings.pool, words["items"])
    fallback = sum(one.found_by == "fallback" for one in chosen)
    which = "drawn from" if items < said["of"] else "all of"
    lines = [
        str(job.settings["footnote"]).strip(),
        f"{items} unmirrored test motions, {which} {said['of']} (the paper: 100, drawn how is not "
        f"said); each starts from the first verb of its first caption ({fallback} of them from "
        f"the fallback). R-precision and MM-Dist read that caption, never the pseudo-word.",
        f"Mean ± 95 % interval over {settings.repeats} repeats (root seed {job.settings['seed']}), "
        f"each with other noise, templates, crops and pools, and the same for every row; the "
        f"motions are the same in all, so intervals say nothing of other motions. The paper has "
        f"none. Commit {commit()}. {evaluator_said(job)}",
        f"Pools of {pool}: {items // pool * pool} of {items} pairs a repeat; Diversity from "
        f"{words['diversity_pairs']} pairs; {settings.sampling_steps} DDIM steps, guidance "
        f"{settings.guidance:g}.",
    ]
    return tuple(line for line in lines if line)


def _distances(measured: pd.DataFrame, labels: dict[str, str]) -> tuple[str, ...]:
    """What FID is at its floor, and what it is against all test items."""
    means = measured.set_index(["system", "metric"])["mean"]
    found = [f"{label} {means[name, 'fid_full']:.3f}" for name, label in labels.items()
             if (name, "fid_full") in means.index]  # fmt: skip
    return (
        "FID is of generated motions against the same real ones: few motions in a wide space, "
        "biased upwards. FID of Real is that of the same motions cropped again; reconstructed by "
        f"the VAE they have {means[REAL, 'fid_reconstruction']:.3f}. Against all test items: "
        f"{', '.join(found)}.",
    )
