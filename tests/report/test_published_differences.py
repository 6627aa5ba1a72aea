"""The paper's ratios against what another training changes here."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.published_differences import TABLES, compared, published_differences
from lead.config.trainings import NETWORKS
from lead.errors import LeadError
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.files.tables import read_table
from lead.report.table import read_published

PUBLISHED = Path(__file__).resolve().parents[2] / "config" / "published"
LOG_RATIOS = np.array([-0.2, 0.1, -0.1, 0.0])


def frame(log_ratios=LOG_RATIOS) -> pd.DataFrame:
    """FID of four trainings, MLD's at 2 and LEAD's in these ratios to it."""
    rows = [
        {"system": system, "metric": "fid", "repeat": 0, "value": float(value)}
        | dict.fromkeys(("training", *NETWORKS), number + 1)
        for system, values in (("mld", [2.0] * 4), ("lead", 2 * np.exp(log_ratios)))
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_a_printed_ratio_survives_beyond_what_a_single_training_does_by_chance():
    printed = pd.concat([read_published(PUBLISHED, name) for name in TABLES])
    rows = {row["table"]: row for row in compared(frame(), printed)}
    assert set(rows) == set(TABLES)
    chance = stats.t.ppf(0.975, 3) * LOG_RATIOS.std(ddof=1)
    for table, ratio in (("table1", 0.109 / 0.473), ("table2", 0.246 / 0.404)):
        row = rows[table]
        assert math.isclose(row["printed_log_ratio"], math.log(ratio))
        assert math.isclose(row["chance"], chance) and math.isclose(row["log_ratio"], -0.05)
        assert row["survives"] == (abs(math.log(ratio)) > chance)
    assert rows["table1"]["survives"]
    assert not any(row["survives"] for row in compared(frame(9 * LOG_RATIOS), printed))


def job(folder, frames) -> Job:
    files = [folder / f"{name}.parquet" for name in frames]
    for file, values in zip(files, frames.values(), strict=True):
        write_values(file, "mld", values, {})
    out = {name: folder / f"differences.{name}" for name in ("md", "parquet")}
    given = {"metrics": tuple(files), "published": PUBLISHED}
    return Job("published_differences", {"seed": 1, "name": "demo"}, given, out)


def test_one_training_is_refused_with_what_to_add(tmp_path):
    with pytest.raises(LeadError, match="says nothing of another") as caught:
        published_differences(job(tmp_path, {"mld": [{"fid": 1.0}, {"fid": 2.0}]}))
    assert "trainings=3" in str(caught.value.fix)


def test_the_page_counts_what_survives(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.published_differences.read_metrics", lambda _: frame())
    own = job(tmp_path, {})
    published_differences(own)
    page = own.outputs["md"].read_text()
    assert "4 trainings" in page and "0.109 / 0.473" in page
    assert read_table(own.outputs["parquet"], "x")[0].num_rows == 2
