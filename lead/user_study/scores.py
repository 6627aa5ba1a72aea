"""What raters' answers say: scores with intervals, paired tests, agreement, and the two figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure
from scipy import stats

from lead.analysis.paired import Estimate, difference, estimate
from lead.evaluation.summary import SCORES
from lead.figures.style import COLUMN, INK, LEAD, MLD, PAGE, new_figure, save_figure, styled
from lead.files.artefact import manifest
from lead.report.printed import TableText
from lead.report.table import PAPER, THIS_RUN, comparison_table, read_published, write_table_parquet
from lead.report.text import latex_table, paragraphs, write_text
from lead.user_study.answers import ratings_frame
from lead.user_study.questions import DEMOGRAPHICS, HIGHEST, LOWEST, Answers, Key

FEWEST = 3
"""Raters from whom on there is an interval and a test, if their answers vary."""

_COLOURS = (MLD, LEAD)


@dataclass(frozen=True)
class Comparison:
    """One question: how much better the second system is rated than the first.

    Attributes:
        change: the mean over raters of each one's difference, with Student's interval.
        wilcoxon: p of Wilcoxon's signed-rank test of these differences; NaN of one rater.
        alpha: Krippendorff's, ordinal, of all raters on all motions.
    """

    metric: str
    change: Estimate
    wilcoxon: float
    alpha: float


def score_study(key: Key, answers: Sequence[Answers], published: Path, out: Path) -> TableText:
    """Write ``scores`` (.parquet, .tex, .pdf and .png) and ``demographics`` (.pdf and .png).

    ``published`` is the folder of the paper's numbers, whose scores stand beside these.

    Raises:
        LeadError: a file cannot be read or written.
    """
    frame = ratings_frame(answers, key)
    quoted = read_published(published, "user_study")
    labels = list(key.labels.values())
    quoted = quoted[quoted["dataset"] == f"{labels[1]} vs {labels[0]}"]
    rows = [labels.index(method) for method in quoted["method"]]  # a row for both questions
    people = str(next(iter(quoted["note"]), "")).partition(";")[0]
    quoted = quoted.assign(row_order=pd.array(rows, dtype="Int64"))
    table = comparison_table(summary(frame), quoted, key.labels, unranked=())
    compared = [compare(frame, metric, tuple(key.labels)) for metric in SCORES]
    watched = [s for own in answers for pair in own.watched.values() for s in pair.values()]
    text = TableText(
        table="user_study",
        study=key.name,
        title=f"User study, scores from {LOWEST} to {HIGHEST}, on {key.description}",
        footnotes=paragraphs(
            "templates/footnotes.jinja", "user_study", len(answers), key.pairs, labels,
            [(SCORES[own.metric].label, own) for own in compared], FEWEST,
            len(answers) > 1 and all(own.ratings == answers[0].ratings for own in answers),
            float(np.median(watched)) if watched else None,
        ),
        quoted=f"Printed in the paper ({people}, 10 pairs, HumanML3D)",
    )  # fmt: skip
    numbers = [
        {"metric": own.metric, **vars(own.change), "wilcoxon": own.wilcoxon, "alpha": own.alpha}
        for own in compared
    ]
    metadata = {**vars(text), **manifest("score_study"), "answers_to": key.study, "paired": numbers}
    write_table_parquet(table, out / "scores.parquet", metadata)
    write_text(out / "scores.tex", latex_table(table, text))
    told = [own.demographics for own in answers]
    figures = {"scores": draw_scores(table, key.labels), "demographics": draw_raters(told)}
    for name, figure in figures.items():
        save_figure(figure, {kind: out / f"{name}.{kind}" for kind in ("pdf", "png")})
    return text


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """The mean of every system and question with half its 95 % interval over raters.

    Takes what `ratings_frame` returns; columns are those of `summarise`, where ``repeats`` are
    raters. A rater counts with the mean over pairs: ratings of one person go together.
    """
    rows = []
    for metric in dict.fromkeys(frame["metric"]):
        for system, means in by_rater(frame, metric).items():
            found = estimate(means)
            half = found.high - found.mean
            known = found.repeats >= FEWEST and half > 0
            rows.append((system, metric, found.mean, half if known else math.nan, found.repeats))
    return pd.DataFrame(rows, columns=["system", "metric", "mean", "ci95", "repeats"])


def by_rater(frame: pd.DataFrame, metric: str) -> dict[str, Float[np.ndarray, " R"]]:
    """The mean of every rater over pairs for one question, by system, raters in one order."""
    own = frame[frame["metric"] == metric]
    means = own.pivot_table(index="rater", columns="system", values="value")
    return {str(system): np.asarray(means[system], dtype=float) for system in means}


def compare(frame: pd.DataFrame, metric: str, systems: tuple[str, ...]) -> Comparison:
    """The second system less the first for one question, rater by rater, and how raters agree."""
    own, means = frame[frame["metric"] == metric], by_rater(frame, metric)
    first, second = (means[system] for system in systems)
    ratings = own.pivot_table(index="rater", columns=["pair", "system"], values="value")
    return Comparison(
        metric,
        difference(second, first),
        signed_rank(second - first),
        krippendorff_alpha(np.asarray(ratings, dtype=float)),
    )


def signed_rank(differences: Float[np.ndarray, " R"]) -> float:
    """Two-sided p of Wilcoxon's signed-rank test; 1 where nothing differs, NaN of one rater."""
    if len(differences) < 2:
        return math.nan
    rounded = differences.round(9)  # means of equal ratings differ in the last bits
    return float(stats.wilcoxon(rounded)[1]) if rounded.any() else 1.0  # pyright: ignore


def krippendorff_alpha(ratings: Float[np.ndarray, "R U"]) -> float:
    """Krippendorff's alpha for ordinal ratings of U units by R raters, NaN where one is missing.

    1 is agreement, 0 what chance gives (Krippendorff, Content Analysis, 4th ed., 12.3). NaN where
    no unit has two ratings or all are equal.
    """
    levels = np.unique(ratings[~np.isnan(ratings)])
    counts = (ratings[None] == levels[:, None, None]).sum(axis=1)  # V x U
    counts = counts[:, counts.sum(axis=0) > 1].astype(float)
    weighted = counts / np.maximum(counts.sum(axis=0) - 1, 1)
    coincidences = weighted @ counts.T - np.diag(weighted.sum(axis=1))
    total = coincidences.sum(axis=1)
    rank = total.cumsum() - total / 2  # of a level's middle, in an order of all ratings
    distance = (rank[:, None] - rank) ** 2
    expected = float((np.outer(total, total) * distance).sum())
    if expected == 0:
        return math.nan
    return 1 - (total.sum() - 1) * float((coincidences * distance).sum()) / expected


@styled()
def draw_scores(table: pd.DataFrame, systems: Mapping[str, str]) -> Figure:
    """Fig. 4: both questions, each system's mean with its interval; the paper's beside it."""
    figure = new_figure(COLUMN, 2.4)
    axes = figure.subplots()
    for place, (name, label) in enumerate(systems.items()):
        for origin, colour, shift in ((THIS_RUN, _COLOURS[place], -0.085), (PAPER, "none", 0.085)):
            is_own = origin == THIS_RUN
            rows = table[(table["origin"] == origin) & (table["system" if is_own else "label"]
                         == (name if is_own else label))].set_index("metric")  # fmt: skip
            rows = rows.reindex(list(SCORES))
            at = np.arange(len(SCORES)) + 0.38 * place - 0.19 + shift
            axes.bar(at, rows["mean"] - LOWEST, 0.16, bottom=LOWEST, color=colour,
                     edgecolor="white" if is_own and place else _COLOURS[place], lw=0.8,
                     hatch="///" if is_own and place else "",
                     label=label if is_own else f"{label}, paper")  # fmt: skip
            axes.errorbar(at, rows["mean"], rows["ci95"], fmt="none", ecolor=INK, lw=0.8,
                          capsize=2)  # fmt: skip
            for x, mean, half in zip(at, rows["mean"], rows["ci95"].fillna(0), strict=True):
                axes.text(x, mean + half + 0.05, f"{mean:.2f}", ha="center", fontsize=5.5)
    axes.set_xticks(range(len(SCORES)), [metric.label for metric in SCORES.values()])
    axes.set_ylim(LOWEST, HIGHEST + 0.25)
    axes.set_yticks(range(LOWEST, HIGHEST + 1))
    axes.set_ylabel("mean score")
    axes.tick_params(axis="x", length=0)
    figure.legend(ncols=4, loc="outside upper center", columnspacing=1.2)
    return figure


@styled()
def draw_raters(demographics: Sequence[Mapping[str, str]]) -> Figure:
    """Fig. 3: who the raters were, a panel a question."""
    longest = max(len(choices) for _, choices in DEMOGRAPHICS.values())
    figure = new_figure(PAGE, 0.75 + 0.19 * longest)
    panels = figure.subplots(1, len(DEMOGRAPHICS), squeeze=False)[0]
    for axes, (name, (_, choices)) in zip(panels, DEMOGRAPHICS.items(), strict=True):
        counts = [sum(told[name] == choice for told in demographics) for choice in choices]
        axes.barh(range(len(choices)), counts, 0.7, color=_COLOURS[1])
        for row, count in enumerate(counts):
            share = f"{count} ({count / len(demographics):.0%})"
            axes.text(count, row, f" {share}", va="center", fontsize=6.5)
        axes.set_yticks(range(len(choices)), choices)
        axes.set_ylim(longest - 0.5, -0.5)
        axes.set_xlim(0, 1.45 * len(demographics))
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_title(name.capitalize(), loc="left")
    figure.suptitle(f"{len(demographics)} raters")
    return figure
