"""A small comparison that every report test prints."""

from pathlib import Path

import pandas as pd
import pytest

from lead.report.printed import TableText
from lead.report.table import comparison_table, read_published

PUBLISHED = Path(__file__).resolve().parents[2] / "config" / "published"

VALUES = {
    "real": {"fid": 0.002, "top": 0.8, "mm_dist": 3.0, "diversity": 9.5},
    "mld": {"fid": 0.5, "top": 0.7, "mm_dist": 3.2, "diversity": 9.7, "multimodality": 2.4},
    "lead": {"fid": 0.1, "top": 0.6, "mm_dist": 3.3, "diversity": 9.4, "multimodality": 2.9},
    "lead_mlp": {"fid": 0.3, "top": 0.7, "mm_dist": 3.1, "diversity": 9.9, "multimodality": 2.6},
}


@pytest.fixture
def measured():
    """A summary of four systems; mld and lead_mlp have equal R-precision."""
    rows = []
    for system, values in VALUES.items():
        for name, value in values.items():
            names = [f"r_precision_top{k}" for k in (1, 2, 3)] if name == "top" else [name]
            rows += [(system, metric, value, 0.0123, 20) for metric in names]
    return pd.DataFrame(rows, columns=["system", "metric", "mean", "ci95", "repeats"])


@pytest.fixture
def published():
    return {f"table{n}": read_published(PUBLISHED, f"table{n}") for n in range(1, 7)}


@pytest.fixture
def labels():
    return {"real": "Real", "mld": "MLD", "lead": "LEAD (MLD)"}


@pytest.fixture
def table1(measured, published, labels):
    return comparison_table(measured, published["table1"], labels)


@pytest.fixture
def text():
    return TableText(
        table="table1",
        study="open_small",
        title="Text to motion",
        footnotes=("20 repeats, seeds 1234 + repeat.", "A study to try the pipeline with."),
    )
