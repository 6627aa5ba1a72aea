"""A study's analysis for people: the same tables as Markdown and as LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lead.analysis.paired import REAL
from lead.analysis.retrieval import OWN, PERFECT, SAME
from lead.analysis.rows import Row, read_rows
from lead.config.systems import System
from lead.evaluation.summary import METRICS
from lead.files.artefact import commit
from lead.files.job import Job
from lead.report.latex import escape
from lead.report.text import markdown_table, template, write_text

MISSING = "–"

_WORDS = {"fid_infinite": "N to infinity "}

_TOPS = tuple(f"r_precision_top{top}" for top in (1, 2, 3))

NOTES: Mapping[str, tuple[str, ...]] = {
    "paired": (
        "Mean over repeats of a system less MLD in the same repeat (same captions, crops, noise "
        "and pools); interval and two-sided p of a paired t-test, not corrected for the number of "
        "tests. Repeats share weights and test clips: a small p says that the difference is no "
        "accident of noise, captions and crops; nothing of other clips or another training.",
    ),
    "ladder": (
        "D(E(x)) decodes the real crops' own latents, D(P(E(x))) with the projector between. "
        "A generated FID is fairly judged from D(E(x)) upwards: one far below it owes that to "
        "something else than better motions. Intervals are Student's over repeats.",
    ),
    "fid_interval": (
        "Interval: delete-a-group jackknife over takes, real and generated items together, "
        "Student's t: how far this FID would move with other items, not with other noise.",
        "N to infinity: a line in 1/N through the FID of parts; the misfit is the root mean "
        "square of what it misses. Real's is between disjoint parts of itself, and 0 if the line "
        "is right.",
        "Floor: FID of independent sets of one distribution. Real and generated motions are pairs "
        "and resemble each other, so that a FID can be below it; the second reading, of the same "
        "clips, is the other extreme.",
    ),
    "fid_length": (
        "Groups by the length of the real crop; mean over the first repeats with Student's "
        "interval. Groups differ in items and in spread, so compare systems within a group, and "
        "groups by N to infinity (first repeat). Less floor can be negative, see above.",
    ),
    "same_caption": (
        "Own: the protocol's rule, a text must find its own motion. Same caption: any motion of "
        "the pool with that very caption is a hit. A perfect model cannot tell motions of one "
        "caption apart and finds its own with probability min(k, m) / m among m of them. "
        "± is Student's 95 % interval over repeats.",
    ),
    "captions": (
        "The protocol's pools and rule, averaged over some texts. ± is Student's 95 % interval "
        "over repeats. Words are what spaces part, in quartiles.",
    ),
}


@dataclass(frozen=True)
class Section:
    """One table of the analysis, its first column the system."""

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


Labels = Mapping[str, str]


Rows = Sequence[Row]


def analysis_table(job: Job) -> None:
    """The analysis as pages. Input: ``analysis``. Outputs: ``tex``, ``md``."""
    rows, words = read_rows(job.inputs["analysis"])
    labels = {row.name: row.label for row in job.setting("rows", tuple[System, ...])}
    study = f"Study {job.settings['name']}"
    made = (
        f"{study}: {words['items']} test items, {words['repeats']} repeats, embeddings of width "
        f"{words['width']}; commit {commit()}.",
        str(job.settings["footnote"]).strip(),
    )
    parts = sections(rows, labels)
    write_text(job.outputs["md"], markdown(parts, made))
    write_text(job.outputs["tex"], latex(parts, made))


def sections(rows: Rows, labels: Labels) -> list[Section]:
    """The tables that these rows make, in the order of reading; those without rows left out."""
    makers: Mapping[str, tuple[str, Callable[[Rows, Labels], tuple[_Header, list[_Line]]]]] = {
        "paired": ("Paired differences to MLD over repeats", _paired),
        "ladder": ("FID on one decoder, over repeats", _ladder),
        "fid_interval": ("FID of repeat 0 over other items, and without bias", _intervals),
        "fid_length": ("FID by length of the motion", _lengths),
        "same_caption": ("R-precision where captions repeat", _same_caption),
        "captions": ("R-precision top-3 by what captions are", _captions),
    }
    found = []
    for name, (title, make) in makers.items():
        own = [row for row in rows if row.section == name or (name, row.section) == _FLOOR]
        header, lines = make(own, labels)
        if lines:
            notes = (*NOTES[name], *_left_out(own, labels))
            found.append(Section(name, title, header, tuple(lines), notes))
    return found


def markdown(parts: Sequence[Section], made: Sequence[str]) -> str:
    """The tables as Markdown whose columns line up, so that it reads as plain text too."""
    blocks = ["# Beyond the paper's statistics", *filter(None, made)]
    for part in parts:
        table = markdown_table(("System", *part.header), part.rows)
        blocks += [f"## {part.title}", table, *part.notes]
    return "\n\n".join(blocks) + "\n"


def latex(parts: Sequence[Section], made: Sequence[str]) -> str:
    """One ``table`` environment a section; needs booktabs and nothing else."""
    return "\n".join(
        template("table.tex.jinja").render(
            label=f"analysis-{part.name.replace('_', '-')}",
            caption=escape(f"{part.title}."),
            columns="l" + "r" * len(part.header),
            width=len(part.header) + 1,
            groups=[],
            rules=[],
            header=[escape(words) for words in part.header],
            measured=[" & ".join(map(escape, line)) for line in part.rows],
            paper=[],
            heading="",
            gauge=None,
            footnotes=[escape(line) for line in (*part.notes, *made) if line],
        )
        for part in parts
    )


_Header = tuple[str, ...]


_Line = tuple[str, ...]


_FLOOR = ("fid_interval", "fid_floor")
"""The table that shows the rows of a second section."""


def _paired(rows: Rows, labels: Labels) -> tuple[_Header, list[_Line]]:
    wins = {(row.system, row.metric): row for row in rows if row.group == "better"}
    lines = []
    for row in rows:
        if row.group != "difference" or row.metric not in METRICS:
            continue
        metric, won = METRICS[row.metric], wins.get((row.system, row.metric))
        better = f"{won.value:.0f} of {won.n}" if won else MISSING
        name = f"{metric.group} {metric.label} {metric.arrow}".strip()
        lines.append((labels[row.system], name, _signed(row.value), _span(row, signed=True),
                      _p_value(row.p), better))  # fmt: skip
    return ("Metric", "Difference", "95 % interval", "p", "Better in"), lines


def _ladder(rows: Rows, labels: Labels) -> tuple[_Header, list[_Line]]:
    against = {(row.system, row.metric): row for row in rows if row.against == "D(E(x))"}
    lines = []
    for row in rows:
        if row.against == "D(E(x))":
            continue
        step = {"fid_reconstruction": "D(E(x))" if row.system == "mld" else "D(P(E(x)))"}.get(
            row.metric, "second reading" if row.system == REAL else "generated"
        )
        over = against.get((row.system, f"{row.metric}_difference"))
        lines.append((labels[row.system], step, _number(row.value), _span(row),
                      _signed(over.value) if over else MISSING,
                      _span(over, signed=True) if over else MISSING))  # fmt: skip
    return ("Motions", "FID", "95 % interval", "less D(E(x))", "95 % interval"), lines


def _intervals(rows: Rows, labels: Labels) -> tuple[_Header, list[_Line]]:
    by = {(row.system, row.metric): row for row in rows if row.section == "fid_interval"}
    floor = {(row.system, row.metric): row for row in rows if row.section == "fid_floor"}
    lines = []
    for system in (name for name in labels if (name, "fid") in by):
        own, less = by[system, "fid"], by.get((system, "fid_difference"))
        limit, misfit = (
            floor.get((system, name)) for name in ("fid_infinite", "fid_infinite_residual")
        )
        name = labels[system] + (f", {own.against}" if system == REAL else "")
        lines.append((name, _number(own.value), _span(own),
                      _signed(less.value) if less else MISSING,
                      _span(less, signed=True) if less else MISSING,
                      _number(limit.value) if limit else MISSING,
                      _number(misfit.value) if misfit else MISSING))  # fmt: skip
    lines += [
        (f"Floor: {row.against}, {row.n} items", _number(row.value), *[MISSING] * 5)
        for row in rows
        if row.section == "fid_floor" and row.metric == "fid"
    ]
    header = ("FID", "95 % interval", "less MLD", "95 % interval", "N to infinity", "misfit")
    return header, lines


def _lengths(rows: Rows, labels: Labels) -> tuple[_Header, list[_Line]]:
    by = {(row.system, row.group, row.metric, row.against): row for row in rows}
    lines = []
    for row in rows:
        if row.metric != "fid" or math.isnan(row.value):
            continue
        if row.against == "same Gaussian":
            lines.append(("Floor", row.group, str(row.n), _number(row.value), *[MISSING] * 3))
            continue
        above = by[row.system, row.group, "fid_above_floor", row.against]
        limit = by.get((row.system, row.group, "fid_infinite", row.against))
        name = labels[row.system] + (f", {row.against}" if row.system == REAL else "")
        infinite = _number(limit.value) if limit else MISSING
        lines.append((name, row.group, str(row.n), _number(row.value), _span(row),
                      _signed(above.value), infinite))  # fmt: skip
    return ("Length", "Items", "FID", "95 % interval", "less floor", "N to infinity"), lines


def _same_caption(rows: Rows, labels: Labels) -> tuple[_Header, list[_Line]]:
    by = {(row.system, row.group, row.metric): row for row in rows if not math.isnan(row.value)}
    lines = []
    for system, name in {PERFECT: "A perfect model", **labels}.items():
        cells = [by.get((system, group, top)) for group in (OWN, SAME) for top in _TOPS]
        if any(cells):
            lines.append((name, *(_half(cell) if cell else MISSING for cell in cells)))
    share = by.get(("pools", "", "repeated_captions"))
    if share:
        name = "Pools with a caption twice"
        lines.append((name, _number(share.value), *[MISSING] * 5))
    return tuple(f"{own} top-{top}" for own in ("own", "same caption") for top in (1, 2, 3)), lines


def _captions(rows: Rows, labels: Labels) -> tuple[_Header, list[_Line]]:
    by = {(row.system, row.group): row for row in rows if not math.isnan(row.value)}
    groups = list(dict.fromkeys(group for _, group in by))
    lines = [
        (name, *(_half(by[system, group]) for group in groups))
        for system, name in labels.items()
        if all((system, group) in by for group in groups) and groups
    ]
    if lines:
        counts = {row.group: row.n for row in by.values() if row.system == next(iter(labels))}
        lines.append(("Texts, all repeats", *(str(counts.get(group, 0)) for group in groups)))
    return tuple(group.removeprefix("words: ") for group in groups), lines


def _left_out(rows: Rows, labels: Labels) -> list[str]:
    """What is not there and why, systems with the same reason together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.note and math.isnan(row.value):
            named = labels.get(row.system, row.system)
            reasons.setdefault((row.metric, row.note), []).append(f"{named} {row.group}".strip())
    return [f"{', '.join(names)}: {_WORDS.get(metric, '')}{note}."
            for (metric, note), names in reasons.items()]  # fmt: skip


def _number(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value:.3f}".replace("-", "−")


def _signed(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value:+.3f}".replace("-", "−")


def _span(row: Row, *, signed: bool = False) -> str:
    if math.isnan(row.low):
        return MISSING
    form = _signed if signed else _number
    return f"{form(row.low)} to {form(row.high)}"


def _half(row: Row) -> str:
    """A share with half its interval, which is not symmetric at 0 and 1 only."""
    if math.isnan(row.low):
        return _number(row.value)
    return f"{row.value:.3f} ± {(row.high - row.low) / 2:.3f}"


def _p_value(p: float) -> str:
    if math.isnan(p):
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
