"""One table as a tidy frame: this run's systems and the paper's printed rows, by origin."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from lead.errors import LeadError
from lead.evaluation.repeats import EVALUATOR
from lead.evaluation.summary import KNOWN, METRICS, OVER_TRAININGS, SCORES, TIMES, places
from lead.files.tables import read_table as read_parquet
from lead.files.tables import write_table

THIS_RUN = "this run"
PAPER = "paper"
REAL = "real"
"""The system whose Diversity is the target of all others."""

COLUMNS = ("origin", "row", "system", "label", "dataset", "metric", "mean", "ci95", "repeats",
           "mean_printed", "ci95_printed", "place", "note", "items", *EVALUATOR)  # fmt: skip

PUBLISHED_TABLES = ("table1", "table2", "table3", "table4", "table5", "table6", "user_study",
                    "inference_time")  # fmt: skip
"""The files of ``config/published``."""

PUBLISHED_COLUMNS = ("table", "row_order", "dataset", "method", "steps", "project", "metric",
                     "mean", "ci95", "printed_in", "note")  # fmt: skip

_RESULTS = Path("results")
_DEFAULT = _RESULTS / "tables" / "table1.parquet"
_DIGITS = 3


def comparison_table(
    measured: pd.DataFrame,
    published: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    unranked: Collection[str] = (REAL,),
    facts: Mapping[str, Mapping[str, Any]] | None = None,
) -> pd.DataFrame:
    """Tidy frame of a table, one row a cell: this run's systems, then the paper's rows.

    ``measured`` is what `summarise` returns, ``published`` what `read_published` returns (or
    an empty frame). Systems come in the order of ``labels``, then those without a label.
    ``place`` counts from 1 for the best among this run's systems that are not ``unranked``,
    by the digits that are printed; it is missing where fewer than two can be compared. ``facts``
    are the metadata of each system's metrics: the number of ``items``, and the digests of the
    evaluator's weights and statistics, which stand in every row. Of several trainings it has the
    columns of `OVER_TRAININGS` too.

    Raises:
        LeadError: a labelled system was not measured.
    """
    absent = [system for system in labels if system not in set(measured["system"])]
    if absent:
        raise LeadError(
            "A system of the table was not measured.",
            found=f"no metrics of {', '.join(absent)}",
            expected=f"metrics of {', '.join(labels)}",
            fix="Evaluate it first, or take it out of the table.",
        )
    frame = _this_run(measured, labels, unranked)
    if len(published):
        frame = pd.concat([frame, printed_rows(published)], ignore_index=True)
    integers = dict.fromkeys(("row", "repeats", "place", "items"), "Int64")
    floats = dict.fromkeys(("mean", "ci95"), "float64")
    more = [column for column in OVER_TRAININGS if column in frame]
    rows = zip(frame["origin"], frame["system"], strict=True)
    known = [(facts or {}).get(name, {}) if of == THIS_RUN else {} for of, name in rows]
    frame["items"] = [own.get("items", pd.NA) for own in known]
    frame = frame.assign(**{name: [own.get(name, "") for own in known] for name in EVALUATOR})
    return frame.astype(integers | floats).reindex(columns=[*COLUMNS, *more])


def read_published(folder: Path, table: str) -> pd.DataFrame:
    """One printed table as a frame with the columns of the file, two more and numbers as numbers.

    ``mean_printed`` and ``ci95_printed`` hold the digits as they stand in the paper (empty
    where nothing is printed); ``mean`` and ``ci95`` are the same as floats, NaN where empty.

    Raises:
        LeadError: a missing file, or a cell that cannot be what it should.
    """
    file = Path(folder) / f"{table}.csv"
    if not file.is_file():
        raise LeadError(
            "The paper's printed numbers are missing.",
            file=file,
            expected=f"a CSV file of one of {', '.join(PUBLISHED_TABLES)}",
            fix="Restore config/published from the repository, or correct the table's name.",
        )
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    if tuple(frame.columns) != PUBLISHED_COLUMNS:
        expected = f"columns {', '.join(PUBLISHED_COLUMNS)}"
        raise _broken(file, f"columns {', '.join(frame.columns)}", expected)
    frame = frame.assign(mean_printed=frame["mean"], ci95_printed=frame["ci95"])
    for column in ("mean", "ci95", "steps", "project", "row_order"):
        numbers = pd.Series(pd.to_numeric(frame[column], errors="coerce"))
        wrong = frame[numbers.isna() & (frame[column] != "")]
        if len(wrong):
            raise _broken(file, f"{column} `{wrong.iloc[0][column]}`", "a number or nothing")
        frame[column] = numbers if column in ("mean", "ci95") else numbers.astype("Int64")
    unknown = set(frame["metric"]) - set(METRICS) - set(SCORES) - set(TIMES)
    if unknown:
        raise _broken(file, f"metric `{min(unknown)}`", f"one of {', '.join(METRICS)}")
    twice = frame[frame.duplicated(["row_order", "metric"])]
    if len(twice):
        row = twice.iloc[0]
        raise _broken(file, f"row {row['row_order']}, {row['metric']}, twice", "each cell once")
    return frame


def printed_rows(published: pd.DataFrame) -> pd.DataFrame:
    """A frame of `read_published` as rows of the paper; ``label`` tells rows of a table apart."""
    with_steps = len(published["steps"].dropna().unique()) > 1
    with_project = len(published["project"].dropna().unique()) > 1
    labels = [_paper_label(row, with_steps, with_project) for row in published.to_dict("records")]
    return published.assign(
        origin=PAPER,
        row=published["row_order"],
        system=published["method"],
        label=labels,
    )


def write_table_parquet(frame: pd.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the frame as Parquet, atomically, with ``metadata`` as JSON in its schema."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    write_table(path, table, dict(sorted(metadata.items())))


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame and the metadata that `write_table_parquet` stored.

    Raises:
        LeadError: the file is missing, damaged, or not one of ours.
    """
    path = Path(path)
    if path.is_file() and path.suffix != ".parquet":
        raise LeadError(
            "This is not the table's file of numbers.",
            file=path,
            found=path.suffix or "no ending",
            expected="a .parquet file under tables/",
            fix=f"Name {path.with_suffix('.parquet')}.",
        )
    if not path.is_file():
        tables = sorted([*_RESULTS.glob("tables/*.parquet"), *_RESULTS.glob("*/tables/*.parquet")])
        is_table = path.suffix == ".parquet"
        raise LeadError(
            "There is no such table.",
            file=path,
            expected=", ".join(map(str, tables)) or "a table of a finished study",
            fix=f"Make one: snakemake --cores all {path if is_table else _DEFAULT}",
        )
    table, metadata = read_parquet(path, "the rule that collects a study's tables")
    frame = table.to_pandas()
    if "origin" not in frame:
        raise LeadError(
            "This Parquet file is none of a study's tables.",
            file=path,
            found=f"columns {', '.join(map(str, frame.columns))}",
            expected="a file such as results/<study>/tables/table1.parquet",
            fix="Read other files with pandas; results/README.md says what they hold.",
        )
    return frame, metadata


def _this_run(
    measured: pd.DataFrame, labels: Mapping[str, str], unranked: Collection[str]
) -> pd.DataFrame:
    systems = list(dict.fromkeys([*labels, *measured["system"]]))
    metrics = list(measured["metric"])
    frame = measured.assign(
        origin=THIS_RUN,
        row=[systems.index(system) + 1 for system in measured["system"]],
        label=[labels.get(system, system) for system in measured["system"]],
        dataset="",
        mean_printed=list(map(_printed, metrics, measured["mean"])),
        ci95_printed=list(map(_printed, metrics, measured["ci95"])),
        note="",
    )
    frame = frame.sort_values("row", kind="stable", ignore_index=True)
    frame["place"] = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    ranked = ~frame["system"].isin(list(unranked))
    for metric in dict.fromkeys(metrics):
        cells = ranked & (frame["metric"] == metric)
        frame.loc[cells, "place"] = _places(metric, list(frame.loc[cells, "mean_printed"]), frame)
    return frame


def _places(metric: str, values: list[str], frame: pd.DataFrame) -> list[int | None]:
    """Places by the printed digits: cells that read alike are marked alike, and
    not at all where every one does."""
    if metric not in KNOWN or not KNOWN[metric].ranked or len(set(values)) < 2:
        return [None] * len(values)
    is_real = (frame["system"] == REAL) & (frame["metric"] == metric)
    real = [_number(text) for text in frame.loc[is_real, "mean_printed"]]
    return places(metric, [_number(text) for text in values], real[0] if real else math.nan)


def _paper_label(record: Mapping[Any, Any], with_steps: bool, with_project: bool) -> str:
    """The method, and what else tells its rows of the same table apart."""
    label = record["method"]
    if with_steps and not pd.isna(record["steps"]):
        label += f", {record['steps']} step{'s' if record['steps'] > 1 else ''}"
    if with_project and not pd.isna(record["project"]) and record["project"] == 1:
        label += " + projection"
    return label


def _printed(metric: str, value: float) -> str:
    digits = KNOWN[metric].digits if metric in KNOWN else _DIGITS
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _broken(file: Path, found: str, expected: str) -> LeadError:
    return LeadError(
        "The paper's printed numbers cannot be read.",
        file=file,
        found=found,
        expected=expected,
        fix="Correct the file, or restore it from the repository.",
    )
