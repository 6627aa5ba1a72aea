"""The paper's printed numbers, read from ``config/published/*.csv``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lead.errors import LeadError
from lead.evaluation.summary import METRICS

TABLES = ("table1", "table2", "table3", "table4", "table5", "table6", "user_study",
          "inference_time")  # fmt: skip

COLUMNS = ("table", "row_order", "dataset", "method", "steps", "project", "metric", "mean",
           "ci95", "printed_in", "note")  # fmt: skip

_OTHER_METRICS = {"realism", "text_motion_relevance", "seconds_per_prompt"}


def read_published(folder: Path, table: str) -> pd.DataFrame:
    """One printed table as a frame with the columns of the file, two more and numbers as numbers.

    ``mean_printed`` and ``ci95_printed`` hold the digits as they stand in the paper (empty
    where nothing is printed); ``mean`` and ``ci95`` are the same as floats, NaN where empty.

    Raises:
        LeadError: an unknown table, a missing file, or a cell that cannot be what it should.
    """
    if table not in TABLES:
        raise LeadError(
            f"The paper has no table called `{table}`.",
            found=table,
            expected=f"one of {', '.join(TABLES)}",
            fix="Correct the table's name.",
        )
    file = Path(folder) / f"{table}.csv"
    if not file.is_file():
        raise LeadError(
            "The paper's printed numbers are missing.",
            file=file,
            expected="a CSV file of the paper's figures",
            fix="Restore config/published from the repository.",
        )
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    if tuple(frame.columns) != COLUMNS:
        raise _broken(file, f"columns {', '.join(frame.columns)}", f"columns {', '.join(COLUMNS)}")
    return _with_numbers(frame, file)


def _with_numbers(frame: pd.DataFrame, file: Path) -> pd.DataFrame:
    frame = frame.assign(mean_printed=frame["mean"], ci95_printed=frame["ci95"])
    for column in ("mean", "ci95", "steps", "project", "row_order"):
        numbers = pd.Series(pd.to_numeric(frame[column], errors="coerce"))
        wrong = frame[numbers.isna() & (frame[column] != "")]
        if len(wrong):
            raise _broken(file, f"{column} `{wrong.iloc[0][column]}`", "a number or nothing")
        frame[column] = numbers if column in ("mean", "ci95") else numbers.astype("Int64")
    unknown = set(frame["metric"]) - set(METRICS) - _OTHER_METRICS
    if unknown:
        raise _broken(file, f"metric `{min(unknown)}`", f"one of {', '.join(METRICS)}")
    twice = frame[frame.duplicated(["row_order", "metric"])]
    if len(twice):
        row = twice.iloc[0]
        raise _broken(file, f"row {row['row_order']}, {row['metric']}, twice", "each cell once")
    return frame


def _broken(file: Path, found: str, expected: str) -> LeadError:
    return LeadError(
        "The paper's printed numbers cannot be read.",
        file=file,
        found=found,
        expected=expected,
        fix="Correct the file, or restore it from the repository.",
    )
