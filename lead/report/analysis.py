"""A study's analysis for people: the same tables as Markdown and as LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from lead.analysis.paired import REAL
from lead.analysis.retrieval import OWN, PERFECT, SAME
from lead.analysis.rows import Row, read_rows
from lead.config.evaluation import Evaluation
from lead.config.systems import System
from lead.config.trainings import NETWORKS
from lead.evaluation.summary import METRICS, SCATTERED
from lead.files.artefact import commit
from lead.files.job import Job
from lead.report.printed import Block, Cell, Column, PrintedTable
from lead.report.printed import Row as PrintedRow
from lead.report.text import markdown_sections, p_value, paragraphs, render_latex, write_text

MISSING = "–"

_DECODED = ("D(E(x))", "D(P(E(x)))")
"""What a system's decoder makes of the real crops' latents: without a projector, and with one."""

_TOPS = tuple(f"r_precision_top{top}" for top in (1, 2, 3))

_SHARE_OF = {"vae": "VAE's share", "denoiser": "denoiser's share", "projector": "projector's share"}

Labels = Mapping[str, str]
Rows = Sequence[Row]
Lines = Iterator[tuple[str, ...]]
"""The lines of a table, the first of them its header."""


def analysis_table(job: Job) -> None:
    """The analysis as pages. Input: ``analysis``. Outputs: ``tex``, ``md``."""
    rows, metadata = read_rows(job.inputs["analysis"])
    systems = job.setting("rows", tuple[System, ...])
    labels = {system.name: system.label for system in systems}
    realigned = {system.name for system in systems if system.projector}
    rows = [
        replace(row, group=_DECODED[row.system in realigned]) if row.section == "ladder" else row
        for row in rows
    ]
    measured = Evaluation.model_validate(metadata.get("evaluation", {})).measured
    remarks = (
        f"Study {job.settings['name']}: {metadata['items']} {measured}, {metadata['repeats']} "
        f"repeats, embeddings of width {metadata['width']}{_dimension(rows)}; commit {commit()}.",
        str(job.settings["footnote"]).strip(),
    )
    tables = sections(rows, labels, metadata.get("trainings", 1))
    write_text(job.outputs["md"], markdown(tables, remarks))
    write_text(job.outputs["tex"], latex(tables, remarks))


def sections(rows: Rows, labels: Labels, trainings: int = 1) -> list[PrintedTable]:
    """The tables that these rows make, in the order of reading; those without rows left out."""
    over = "over trainings" if trainings > 1 else "over repeats of one training"
    tables = []
    for name, (title, make) in _SECTIONS.items():
        of_section = [row for row in rows if row.section == name or (name, row.section) == _FLOOR]
        header, *lines = make(of_section, labels)
        if lines:
            columns = tuple(map(Column, header))
            cells = tuple(PrintedRow(first, tuple(map(Cell, rest))) for first, *rest in lines)
            notes = paragraphs("templates/analysis.jinja", name, trainings)
            notes = (*notes, *_left_out(of_section, labels))
            block = Block(columns, cells)
            tables.append(PrintedTable(name, title.format(over=over), block, footnotes=notes))
    return tables


def markdown(tables: Sequence[PrintedTable], remarks: Sequence[str]) -> str:
    """The tables as Markdown whose columns line up, so that it reads as plain text too."""
    said = filter(None, remarks)
    blocks = ["# Beyond the paper's statistics", *said, *markdown_sections(tables)]
    return "\n\n".join(blocks) + "\n"


def latex(tables: Sequence[PrintedTable], remarks: Sequence[str]) -> str:
    """One ``table`` environment per section; needs booktabs and nothing else."""
    pages = []
    for table in tables:
        footnotes = (*table.footnotes, *filter(None, remarks))
        name, caption = f"analysis-{table.name}", f"{table.caption}."
        page = replace(table, name=name, caption=caption, footnotes=footnotes)
        pages.append(render_latex(page, align="r"))
    return "\n".join(pages)


def _paired(rows: Rows, labels: Labels) -> Lines:
    wins = {(row.system, row.metric): row for row in rows if row.group == "better"}
    yield "Metric", "Difference", "95 % interval", "p", *(["Better in"] if wins else [])
    for row in rows:
        if row.group != "difference" or row.metric not in METRICS:
            continue
        metric, won = METRICS[row.metric], wins.get((row.system, row.metric))
        name = f"{metric.group} {metric.label} {metric.arrow}".strip()
        votes = [f"{won.value:.0f} of {won.n}" if won else MISSING] if wins else []
        yield labels[row.system], name, *_change(row), p_value(row.p), *votes


def _scatter(rows: Rows, labels: Labels) -> Lines:
    by = {(row.system, row.metric, row.group): row for row in rows}
    trained = {row.group: row.n for row in rows if row.group in NETWORKS}
    networks = [name for name in NETWORKS if name in trained]
    heads = (f"{_SHARE_OF[name]}, {trained[name]} trained" for name in networks)
    yield "Metric", "σ_T", "95 % interval", "σ_R", *heads
    for row in rows:
        if row.group == "between" and SCATTERED[row.metric].ranked:
            metric, of_metric = SCATTERED[row.metric], (row.system, row.metric)
            shares = (by.get((*of_metric, network)) for network in networks)
            deviations = _number(row, 4), _span(row, digits=4), _number(by[*of_metric, "within"], 4)
            name = f"{metric.group} {metric.label}".strip()
            yield labels[row.system], name, *deviations, *map(_share, shares)


def _ladder(rows: Rows, labels: Labels) -> Lines:
    yield "Motions", "FID", "95 % interval", "less D(E(x))", "95 % interval"
    decoded = {(row.system, row.metric): row for row in rows if row.against == "D(E(x))"}
    for row in rows:
        if row.against == "D(E(x))":
            continue
        if row.metric == "fid_reconstruction":
            step = row.group or _DECODED[False]
        else:
            step = "second reading" if row.system == REAL else "generated"
        change = _change(decoded.get((row.system, f"{row.metric}_difference")))
        yield labels[row.system], step, _number(row), _span(row), *change


def _intervals(rows: Rows, labels: Labels) -> Lines:
    yield "FID", "95 % interval", "less MLD", "95 % interval", "N to infinity", "misfit"
    by = {(row.section, row.system, row.metric): row for row in rows}
    for system, label in labels.items():
        fid = by.get(("fid_interval", system, "fid"))
        if fid is None:
            continue
        change = by.get(("fid_interval", system, "fid_difference"))
        limit = by.get(("fid_floor", system, "fid_infinite"))
        misfit = by.get(("fid_floor", system, "fid_infinite_residual"))
        name = _named(label, fid)
        yield name, _number(fid), _span(fid), *_change(change), _number(limit), _number(misfit)
    for row in rows:
        if row.section == "fid_floor" and row.metric == "fid":
            yield f"Floor: {row.against}, {row.n} items", _number(row), *[MISSING] * 5


def _lengths(rows: Rows, labels: Labels) -> Lines:
    yield "Length", "Items", "FID", "95 % interval", "less floor", "N to infinity"
    by = {(row.system, row.group, row.metric, row.against): row for row in rows}
    for row in rows:
        if row.metric != "fid" or math.isnan(row.value):
            continue
        if row.against == "same Gaussian":
            yield "Floor", row.group, str(row.n), _number(row), *[MISSING] * 3
            continue
        above = _figure(by[row.system, row.group, "fid_above_floor", row.against].value, "+")
        limit = _number(by.get((row.system, row.group, "fid_infinite", row.against)))
        name = _named(labels[row.system], row)
        yield name, row.group, str(row.n), _number(row), _span(row), above, limit


def _same_caption(rows: Rows, labels: Labels) -> Lines:
    yield tuple(f"{rule} top-{top}" for rule in ("own", "same caption") for top in (1, 2, 3))
    by = {(row.system, row.group, row.metric): row for row in rows if not math.isnan(row.value)}
    for system, name in {PERFECT: "A perfect model", **labels}.items():
        cells = [by.get((system, group, top)) for group in (OWN, SAME) for top in _TOPS]
        if any(cells):
            yield name, *map(_half, cells)
    if share := by.get(("pools", "", "repeated_captions")):
        yield "Pools with a caption twice", _number(share), *[MISSING] * 5


def _captions(rows: Rows, labels: Labels) -> Lines:
    by = {(row.system, row.group): row for row in rows if not math.isnan(row.value)}
    groups = list(dict.fromkeys(group for _, group in by))
    yield tuple(group.removeprefix("words: ") for group in groups)
    whole = [name for name in labels if groups and all((name, group) in by for group in groups)]
    for system in whole:
        yield labels[system], *(_half(by[system, group]) for group in groups)
    if whole:
        counts = {row.group: row.n for row in by.values() if row.system == next(iter(labels))}
        yield "Texts, all repeats", *(str(counts.get(group, 0)) for group in groups)


_FLOOR = ("fid_interval", "fid_floor")
"""The table that shows the rows of a second section."""

_SECTIONS: Mapping[str, tuple[str, Callable[[Rows, Labels], Lines]]] = {
    "paired": ("Paired differences to MLD, {over}", _paired),
    "scatter": ("How far trainings lie apart", _scatter),
    "ladder": ("FID on one decoder, {over}", _ladder),
    "fid_interval": ("FID of repeat 0 over other items, and without bias", _intervals),
    "fid_length": ("FID by length of the motion", _lengths),
    "same_caption": ("R-precision where captions repeat", _same_caption),
    "captions": ("R-precision top-3 by what captions are", _captions),
}


def _left_out(rows: Rows, labels: Labels) -> list[str]:
    """What is not there and why, systems with the same reason together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.note and math.isnan(row.value):
            label = labels.get(row.system, row.system)
            reasons.setdefault((row.metric, row.note), []).append(f"{label} {row.group}".strip())
    return [
        f"{', '.join(names)}: {'N to infinity ' if metric == 'fid_infinite' else ''}{note}."
        for (metric, note), names in reasons.items()
    ]


def _named(label: str, row: Row) -> str:
    """A system's label; Real's with what its motions are compared with."""
    return f"{label}, {row.against}" if row.system == REAL else label


def _dimension(rows: Rows) -> str:
    """In how many dimensions the evaluator spreads real motions, as half a sentence."""
    found = (row.value for row in rows if row.metric == "effective_dimension")
    return "".join(f" (effective dimension {value:.1f})" for value in found)


def _number(row: Row | None, digits: int = 3) -> str:
    return MISSING if row is None else _figure(row.value, digits=digits)


def _share(row: Row | None) -> str:
    if row is None or math.isnan(row.value):
        return MISSING
    return f"{row.value:.0%} ({row.low:.0%} to {row.high:.0%})"


def _change(row: Row | None) -> tuple[str, str]:
    """A difference and its interval, both with signs."""
    return (MISSING, MISSING) if row is None else (_figure(row.value, "+"), _span(row, "+"))


def _span(row: Row, sign: str = "", digits: int = 3) -> str:
    low, high = (_figure(end, sign, digits) for end in (row.low, row.high))
    return MISSING if math.isnan(row.low) else f"{low} to {high}"


def _figure(value: float, sign: str = "", digits: int = 3) -> str:
    return MISSING if math.isnan(value) else f"{value:{sign}.{digits}f}".replace("-", "−")


def _half(row: Row | None) -> str:
    """A share with half its interval, which is not symmetric at 0 and 1 only."""
    if row is None or math.isnan(row.low):
        return _number(row)
    return f"{row.value:.3f} ± {(row.high - row.low) / 2:.3f}"
