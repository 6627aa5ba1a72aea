"""What the paper claims of motion textual inversion, answered with this run's intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lead.analysis.paired import Estimate
from lead.analysis.rows import read_metrics
from lead.config.systems import ABLATIONS, BEST, PAIRS, REAL, by_name
from lead.evaluation.summary import summarise
from lead.files.artefact import commit
from lead.files.job import Job
from lead.inversion.pairs import DISTANCE, METRICS, Pair, read_pairs
from lead.report.text import template, write_text

_NAMES = {
    "fid": "FID",
    "r_precision_top3": "Top-3",
    "mm_dist": "MM-Dist",
    "diversity": "Diversity",
    DISTANCE: "distance of Diversity to Real's",
}
_LABELS = {name: system.label for name, system in by_name((REAL, *ABLATIONS, *PAIRS)).items()}


def inversion_claims(job: Job) -> None:
    """Claims C7 to C9 as Markdown: the paper's figures, and this run's differences.

    Inputs: ``pairs3``, ``pairs4``, ``metrics`` (Real and the variants). Output: ``md``.
    """
    measured = summarise(read_metrics(job.inputs["metrics"]))
    means = measured.set_index(["system", "metric"])["mean"].to_dict()
    three, four = (read_pairs(job.inputs[name]) for name in ("pairs3", "pairs4"))
    objectives = {name: system.objective for name, system in by_name(PAIRS).items()}
    realigned = [pair for pair in three if objectives[pair.system] == objectives[pair.against]]
    best = [pair for pair in three if pair not in realigned]
    page = template("templates/claims.md.jinja").render(
        study=job.settings["name"],
        commit=commit(),
        best_label=_LABELS[BEST.name],
        best_means=_best_means(means),
        best=_claim(best),
        realigned=_claim(realigned),
        ablated=_claim(four),
    )
    write_text(job.outputs["md"], page)


def _claim(pairs: Sequence[Pair]) -> dict[str, str]:
    """How often each metric is better or worse, and the table of all differences."""
    answers, verdicts = [], []
    for metric in (name for name in METRICS if name != "diversity"):
        verdicts = [pair.verdict for pair in pairs if pair.metric == metric]
        counts = [f"{verdicts.count(word)} {word}" for word in ("better", "worse", "no sign")]
        answers.append(f"{_NAMES[metric]} {', '.join(counts)}")
    table = ["| variant | against | metric | this run | difference |", "|---|---|---|---|---|"]
    for pair in pairs:
        names = f"{_LABELS[pair.system]} | {_LABELS[pair.against]} | {_NAMES[pair.metric]}"
        verdict = "–" if pair.metric == "diversity" else pair.verdict
        table.append(f"| {names} | {verdict} | {_difference(pair.estimate)} |")
    return {
        "answer": f"of {len(verdicts)}: {'; '.join(answers)}",
        "table": "\n".join(table),
    }


def _best_means(means: Mapping[tuple[str, str], float]) -> list[str]:
    real = means[REAL.name, "diversity"]
    best = []
    for metric, sign in (("fid", 1), ("r_precision_top3", -1), ("mm_dist", 1)):
        name = min((system.name for system in PAIRS), key=lambda name: sign * means[name, metric])
        best.append(f"{_NAMES[metric]} {_LABELS[name]} ({means[name, metric]:.3f})")
    near = min(
        (system.name for system in PAIRS), key=lambda name: abs(means[name, "diversity"] - real)
    )
    figures = f"({means[near, 'diversity']:.3f}, Real {real:.3f})"
    return [*best, f"Diversity {_LABELS[near]} {figures}"]


def _difference(estimate: Estimate) -> str:
    interval = "one repeat has no interval"
    if estimate.repeats >= 2:
        interval = f"{estimate.low:+.3f} to {estimate.high:+.3f}"
    return f"{estimate.mean:+.3f} ({interval})"
