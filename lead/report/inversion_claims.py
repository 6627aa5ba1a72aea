"""What the paper claims of motion textual inversion, answered with this run's intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from lead.config.inversion import ABLATED, InversionVariant
from lead.evaluation.inverted_pairs import BEST, DISTANCE, METRICS, Pair, read_pairs
from lead.evaluation.paired import Estimate
from lead.evaluation.summary import summarise
from lead.evaluation.values import read_values
from lead.files.artefact import atomic_path
from lead.files.commit import commit
from lead.files.job import Job
from lead.report.inversion import row_label
from lead.report.table import REAL

_NAMES = {
    "fid": "FID",
    "r_precision_top3": "Top-3",
    "mm_dist": "MM-Dist",
    "diversity": "Diversity",
    DISTANCE: "distance of Diversity to Real's",
}
_PRINTED = {
    "C7": "In the paper's Table 3 it is best in FID (2.529) and MM-Dist (4.663); the best Top-3 is "
    "MTI MLD + projection's (0.537, its own 0.533), the Diversity closest to Real that of MTI MLD "
    "without projection (8.874).",
    "C8": "In the paper's Table 3 FID, MM-Dist and Top-3 improve for all three; Diversity rises "
    "for MTI feat, falls for MTI MLD and is the same for MTI LEAD.",
    "C9": "In the paper's Table 4 FID is 2.762 without alignment and 2.529 with it, but 3.537 "
    "without reconstruction and 2.963 without KL; noALIGN has the best Top-3 and MM-Dist.",
}

Means = Mapping[tuple[str, str], float]
"""Mean over repeats by system and metric."""


def inversion_claims(job: Job) -> None:
    """Claims C7 to C9 as Markdown.

    Inputs: ``pairs3``, ``pairs4``, ``metrics`` (Real and the variants). Output: ``md``.
    """
    frames = [read_values(path)[0] for path in job.inputs["metrics"]]
    measured = summarise(pd.concat(frames, ignore_index=True))
    cells = zip(measured["system"], measured["metric"], measured["mean"], strict=True)
    means = {(str(system), str(metric)): float(mean) for system, metric, mean in cells}
    three, four = (read_pairs(job.inputs[name]) for name in ("pairs3", "pairs4"))
    text = markdown(str(job.settings["name"]), three, four, means)
    with atomic_path(job.outputs["md"]) as temporary:
        temporary.write_text(text, encoding="utf-8")


def markdown(study: str, three: Sequence[Pair], four: Sequence[Pair], means: Means) -> str:
    """The page: each claim, what the paper's own figures say of it, and this run's differences."""
    best = [pair for pair in three if pair.system == BEST and pair.against != "lead"]
    realigned = [pair for pair in three if pair.system.endswith("_lead") and pair not in best]
    blocks = [
        "# Claims of motion textual inversion",
        f"Study {study}; commit {commit()}. Differences are paired over repeats, with 95 % "
        "intervals by Student's t: other noise, templates, crops and pools, the same motions. "
        "Where the interval holds 0 there is no sign. The last column is mean and interval of "
        "the first row less the second; less is better but for Top-3, and Diversity alone has no "
        "better.",
        "## C7: inversion in the realigned space is the most realistic and best aligned",
        _PRINTED["C7"],
        _answer(best, f"{_name(BEST)} against the variants of other objectives"),
        f"Best mean: {_best_means(means)}.",
        _table(best),
        "## C8: realignment at generation helps every variant",
        _PRINTED["C8"],
        _answer(realigned, "With realignment against without"),
        _table(realigned),
        "## C9: without the alignment loss FID is significantly worse",
        _PRINTED["C9"],
        _answer(four, "Without one of the losses against with all"),
        _table(four),
    ]
    return "\n\n".join(blocks) + "\n"


def _answer(pairs: Sequence[Pair], who: str) -> str:
    said, verdicts = [], []
    for metric in (name for name in METRICS if name != "diversity"):
        verdicts = [pair.verdict for pair in pairs if pair.metric == metric]
        counts = [f"{verdicts.count(word)} {word}" for word in ("better", "worse", "no sign")]
        said.append(f"{_NAMES[metric]} {', '.join(counts)}")
    return f"**This run.** {who}, of {len(verdicts)}: {'; '.join(said)}."


def _best_means(means: Means) -> str:
    systems = [
        name
        for name in dict.fromkeys(system for system, _ in means)
        if name != REAL and not name.endswith(ABLATED)
    ]
    real = means[REAL, "diversity"]
    found = []
    for metric, sign in (("fid", 1), ("r_precision_top3", -1), ("mm_dist", 1)):
        best = min(systems, key=lambda name: sign * means[name, metric])
        found.append(f"{_NAMES[metric]} {_name(best)} ({means[best, metric]:.3f})")
    near = min(systems, key=lambda name: abs(means[name, "diversity"] - real))
    found.append(f"Diversity {_name(near)} ({means[near, 'diversity']:.3f}, Real {real:.3f})")
    return "; ".join(found)


def _table(pairs: Iterable[Pair]) -> str:
    lines = ["| variant | against | metric | this run | difference |", "|---|---|---|---|---|"]
    for pair in pairs:
        found = pair.estimate
        verdict = "–" if pair.metric == "diversity" else pair.verdict
        lines.append(
            f"| {_name(pair.system)} | {_name(pair.against)} | {_NAMES[pair.metric]} | {verdict} "
            f"| {found.mean:+.3f} ({_span(found)}) |"
        )
    return "\n".join(lines)


def _span(found: Estimate) -> str:
    if found.repeats < 2:
        return "one repeat has no interval"
    return f"{found.low:+.3f} to {found.high:+.3f}"


def _name(system: str) -> str:
    ablated = {InversionVariant("lead", name).name for name in ABLATED}
    return row_label(system, "table4" if system in ablated else "table3")
