"""The stage that writes the page, and its parts that need no module of their own."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image

from lead import __version__
from lead.analysis.rows import read_metrics
from lead.config.systems import System
from lead.config.trainings import Trainings
from lead.files.artefact import commit
from lead.files.html import html_template
from lead.files.job import Job
from lead.render.player import player_assets
from lead.report.claims import answer, claims_page
from lead.report.gauge import foremost, gauge_line, gauge_warnings, readings
from lead.report.page.beside_paper import SIGNS, ComparedRow, beside_paper
from lead.report.page.motions import caption_players
from lead.report.page.provenance import maker, makers, read_runs, read_timings
from lead.report.printed import Column, PrintedTable, TableText, printed_table
from lead.report.table import read_table
from lead.report.text import write_text

WIDEST = 1600
"""Pixels of a figure's width on the page; the study's own files are not reduced."""

MOST = 3_000_000
"""Bytes of all figures on the page together; those beyond are named."""


@dataclass(frozen=True)
class StudyTable:
    """One table of the study as the page shows it."""

    file: str
    name: str
    printed: PrintedTable
    rows: list[ComparedRow]
    metadata: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Its number, where it has one, and its caption."""
        number = re.fullmatch(r"table(\d+)", self.name)
        return f"Table {number[1]}: {self.printed.caption}" if number else self.printed.caption

    @property
    def compares(self) -> bool:
        """Whether the paper's figures are of the same data and evaluator."""
        return bool(self.metadata.get("comparable"))

    @property
    def evaluator(self) -> str:
        """What its footnotes say of the evaluator; physical metrics have none."""
        said = re.search(r"Evaluator: .*", "\n".join(self.printed.footnotes))
        return said[0] if said else "none: measured on joints"

    @property
    def marked(self) -> bool:
        """Whether any figure of the paper stands in it."""
        return any(cell.standing for row in self.rows for cell in row.cells)


@dataclass(frozen=True)
class Figure:
    """A picture; ``data`` is its URI, "" where there was no more room."""

    file: str
    caption: str
    data: str

    @property
    def name(self) -> str:
        """Its place on the page."""
        return f"figure-{Path(self.file).stem}"


def study_page(job: Job) -> None:
    """Write the page of a study: one HTML file that needs no network.

    Settings: the whole study, ``paper`` (the settings of the paper's own study), ``made`` (files of
    parts that are not made with every study, which are shown if they are named here), ``missing``
    (title and target of those that were not made), ``captions`` (a sentence on each figure, by its
    name; those that have one come in this order). Inputs: ``tables``, ``metrics``, ``figures``,
    ``analysis`` (the page of the analysis), and those of `caption_players`. Output: ``page``.
    """
    results = job.place("page").parent
    extra = [Path(file) for file in job.settings["made"]]
    every = [*job.inputs["tables"], *_below(extra, "tables", ".parquet")]
    tables = [_table(path) for path in sorted(every, key=lambda path: path.stem)]
    tables.sort(key=lambda table: not table.printed.block.quoted)
    metrics = read_metrics([*job.inputs["metrics"], *_below(extra, "systems", "metrics.parquet")])
    systems = job.setting("systems", tuple[System, ...])
    answered, name = answer(metrics, systems), str(job.settings["name"])
    claims = claims_page(answered, systems, name, job.setting("trainings", Trainings))
    words = next((path for path in extra if path.name == "words.safetensors"), None)
    runs = read_runs(results)
    made_by = makers(runs)
    pictures = [*job.inputs["figures"], *_below(extra, "figures", ".png")]
    figures = embedded(pictures, job.settings["captions"])
    shown = [shown.file for shown in (*tables, *figures)]
    style, script = player_assets()
    style += html_template(__file__, "templates/report.css.jinja").render()
    page = html_template(__file__, "templates/report.html.jinja").render(
        study=job.settings,
        groups_of=_runs_of_groups,
        version=__version__,
        commit=commit(),
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        verdict=_verdict(tables),
        compares=any(table.compares and table.marked for table in tables),
        players=caption_players(job, words),
        tables=tables,
        signs=SIGNS,
        claims=markdown(claims),
        inversion_claims=_pages(extra, "claims_mti.md"),
        evaluators=titled(sorted(_below(extra, "tables", ".md"))),
        analysis=markdown(job.inputs["analysis"].read_text(encoding="utf-8")),
        figures=figures,
        differences=list(differences(job.settings, job.settings["paper"])),
        timings=read_timings(results / "benchmarks"),
        runs=runs,
        makers=made_by,
        sources={file: maker(file, made_by) for file in shown},
        missing=job.settings["missing"],
    )
    write_text(job.outputs["page"], page)


def markdown(text: str) -> Markup:
    """A page in Markdown as HTML without its title; HTML in it is shown as typed."""
    text = text.split("\n", 1)[1] if text.startswith("# ") else text
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    html = re.sub(r"(</?)h2>", r"\1h3>", html)
    html = html.replace("<table>", '<div class="wide" tabindex="0"><table>')
    return Markup(html.replace("</table>", "</table></div>"))


def titled(pages: Sequence[Path]) -> dict[str, Markup]:
    """The pages that compare evaluators, of these in Markdown, as HTML by their titles."""
    texts = [path.read_text(encoding="utf-8") for path in pages if path.stem[:10] == "evaluators"]
    return {text.partition("\n")[0].removeprefix("# "): markdown(text) for text in texts}


def embedded(
    paths: Sequence[Path], captions: Mapping[str, str] = MappingProxyType({})
) -> list[Figure]:
    """Pictures as data URIs, reduced to the page's width, as far as there is room for them.

    They come in the order of the captions; one that has none is called by its name.
    """
    figures, room = [], MOST
    order = [*captions, *(path.stem for path in paths)]
    for path in sorted(dict.fromkeys(paths), key=lambda path: order.index(path.stem)):
        with Image.open(path) as picture:
            picture.thumbnail((WIDEST, 4 * WIDEST), Image.Resampling.LANCZOS)
            reduced = io.BytesIO()
            flat = picture.convert("RGBA").quantize(256, Image.Quantize.FASTOCTREE)
            flat.save(reduced, "png", optimize=True)
        data = "data:image/png;base64," + base64.b64encode(reduced.getvalue()).decode()
        fits = len(data) <= room
        room -= len(data) if fits else 0
        caption = captions.get(path.stem, f"{path.stem.replace('_', ' ').capitalize()}.")
        figures.append(Figure(str(path), caption, data if fits else ""))
    return figures


def differences(
    study: Mapping[str, Any], paper: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Key, this study's value and the paper's, of every setting that differs."""
    own, other = dict(_flat(study, paper)), dict(_flat(paper, paper))
    for key in dict.fromkeys([*other, *own]):
        values = own.get(key, "–"), other.get(key, "–")
        if values[0] != values[1]:
            yield key, *values


def _flat(
    values: Mapping[str, Any], of: Mapping[str, Any], start: str = ""
) -> Iterator[tuple[str, str]]:
    """Settings by their dotted keys; at the top those that the paper's study has too."""
    for key, value in values.items():
        if not start and (key not in of or key in ("name", "description", "footnote", "second")):
            continue
        if isinstance(value, Mapping) and value:
            yield from _flat(value, of, f"{start}{key}.")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield f"{start}{key}", text if text not in ("", "None", "{}") else "–"


def _runs_of_groups(columns: Sequence[Column]) -> list[tuple[str, int]]:
    """The groups of columns beside one another, and how many columns each has."""
    runs = groupby(columns, lambda column: column.group)
    return [(group, len(list(run))) for group, run in runs]


def _verdict(tables: Sequence[StudyTable]) -> tuple[str, str, list[str]]:
    """The table of the gauge, a sentence on how motions fare by it, and what is wrong with them."""
    for table in tables:
        frame, metadata = read_table(Path(table.file))
        measured = readings(frame)
        first, facts = foremost(measured), metadata.get("evaluation", {}).get("gauge")
        if first and facts:
            warnings = [line.partition(": ")[2] for line in gauge_warnings(measured, facts)]
            return table.name, gauge_line(first, facts), warnings
    return "", "", []


def _table(path: Path) -> StudyTable:
    frame, metadata = read_table(path)
    printed = printed_table(frame, TableText.from_metadata(metadata))
    return StudyTable(str(path), path.stem, printed, beside_paper(printed), metadata)


def _pages(paths: Sequence[Path], name: str) -> Markup:
    """The page of this name as HTML, empty where there is none."""
    pages = (path.read_text(encoding="utf-8") for path in paths if path.name == name)
    return Markup("").join(map(markdown, pages))


def _below(paths: Sequence[Path], folder: str, ending: str) -> list[Path]:
    return [path for path in paths if folder in path.parts and path.name.endswith(ending)]
