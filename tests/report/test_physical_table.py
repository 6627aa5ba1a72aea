"""The table of physical metrics: its places, its looks, and what it says of itself."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lead.config.systems import MLD, REAL, other_model, realigned
from lead.evaluation.repeats import write_values
from lead.evaluation.summary import FEET, PHYSICAL, summarise
from lead.files.job import Job
from lead.report.printed import TableText, gauge_columns_of, metrics_of
from lead.report.table import comparison_table, read_table
from lead.report.tables import make_table
from lead.report.text import latex_table

VALUES = {
    "real": {"foot_skating": 0.06, "floating": 12.0, "jerk_ratio": 1.0, "speed_ratio": 1.0},
    "mld": {"foot_skating": 0.20, "floating": 13.0, "jerk_ratio": 0.9, "speed_ratio": 1.2},
    "lead": {"foot_skating": 0.03, "floating": 11.5, "jerk_ratio": 1.1, "speed_ratio": 0.9},
    "mine": {"floating": 30.0, "jerk_ratio": 1.3, "speed_ratio": 0.9004},
}
LABELS = {"real": "Real", "mld": "MLD", "lead": "LEAD", "mine": "50% & more"}
TEXT = TableText(table="physical", study="demo", title="Physics", footnotes=("5 % of it",))


def measured(system: str) -> pd.DataFrame:
    rows = [
        (system, metric, repeat, value + 0.001 * (2 * repeat - 1))
        for metric, value in {**VALUES[system], "jerk": 61.0}.items()
        for repeat in range(2)
    ]
    return pd.DataFrame(rows, columns=["system", "metric", "repeat", "value"])


@pytest.fixture
def frame() -> pd.DataFrame:
    every = pd.concat([measured(system) for system in VALUES], ignore_index=True)
    return comparison_table(summarise(every), pd.DataFrame(), LABELS)


def places(frame: pd.DataFrame, metric: str) -> dict[str, int | None]:
    rows = frame[frame["metric"] == metric]
    found = zip(rows["system"], rows["place"], strict=True)
    return {system: None if pd.isna(place) else int(place) for system, place in found}


def test_less_skating_is_better_and_real_has_no_place(frame):
    assert places(frame, "foot_skating") == {"real": None, "mld": 2, "lead": 1}


def test_of_floating_and_of_ratios_reals_amount_is_best(frame):
    assert places(frame, "floating") == {"real": None, "mld": 2, "lead": 1, "mine": 3}
    assert places(frame, "jerk_ratio") == {"real": None, "mld": 1, "lead": 1, "mine": 2}


def test_what_reads_alike_has_the_same_place(frame):
    assert places(frame, "speed_ratio") == {"real": None, "mld": 2, "lead": 1, "mine": 1}


def test_without_real_nothing_is_closest_to_it():
    two = pd.concat([measured("mld"), measured("lead")], ignore_index=True)
    alone = comparison_table(summarise(two), pd.DataFrame(), {})
    assert places(alone, "floating") == {"mld": None, "lead": None}
    assert places(alone, "foot_skating") == {"mld": 2, "lead": 1}


def test_every_line_of_the_latex_has_as_many_cells(frame):
    source = latex_table(frame, TEXT)
    table = re.search(r"\\toprule(.*)\\bottomrule", source, flags=re.DOTALL)
    assert table is not None
    lines = [line for line in table[1].splitlines() if "&" in line and "multicolumn" not in line]
    assert len(lines) == 1 + len(VALUES)
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {4}
    spans = [int(width) for width in re.findall(r"multicolumn\{(\d)\}", source)]
    assert sum(spans) == 4
    assert re.findall(r"cmidrule\(lr\)\{([\d-]+)\}", source) == ["2-2", "3-3", "4-5"]


GAUGE = {"real": (1.0, 0.97), "mld": (0.24, 0.3), "lead": (0.9, 0.8), "mine": (1.1, 0.6)}


def write_gauge(folder) -> tuple:
    """What `compute_metrics` says of the same systems, as far as the gauge goes."""
    facts = {"labels": ["clap", "walk"], "chance": 0.5, "real_accuracy": 0.97, "trusted": True}
    for system, (limbs, right) in GAUGE.items():
        values = {"limb_range": limbs, "action_accuracy": right, "fid": 3.0, "foot_skating": 9.0}
        write_values(folder / f"gauge_{system}", system, [values, values], {"gauge": facts})
    return tuple(folder / f"gauge_{system}" for system in GAUGE)


def table(folder, label="") -> tuple[pd.DataFrame, dict, str]:
    words = {"items": 102, "contact_height": 0.05, "sliding_speed": 0.5, "tolerance": 0.005}
    files = []
    for system in VALUES:
        found = pa.Table.from_pandas(measured(system), preserve_index=False)
        files.append(folder / f"{system}.parquet")
        pq.write_table(found.replace_schema_metadata({"lead": json.dumps(words)}), files[-1])
    gauge = write_gauge(folder)
    rows = (REAL, MLD, realigned("lead"), other_model("mine", label))
    settings = {"seed": 1, "trainings": 1, "name": "demo", "description": "some clips",
                "footnote": "A try.", "evaluation": {},
                "table": "physical", "rows": [vars(row) for row in rows]}  # fmt: skip
    out = {"tex": folder / "physical.tex", "parquet": folder / "physical.parquet"}
    make_table(Job("make_table", settings, {"metrics": tuple(files), "gauge": gauge}, out))
    return *read_table(out["parquet"]), out["tex"].read_text()


def test_the_table_says_what_its_limits_are_and_what_real_is(tmp_path):
    _, metadata, source = table(tmp_path)
    notes = " ".join(metadata["footnotes"])
    for said in ("A try.", "lower than 5 cm", "0.5 m/s", "beyond 5 mm", "None of this is in the",
                 "Real: jerk 61 m/s³", "102 test items"):  # fmt: skip
        assert said in notes
    assert "Study demo" in source and r"\label{tab:physical}" in source


def test_the_file_holds_what_is_measured_and_not_printed(tmp_path):
    frame, metadata, source = table(tmp_path)
    jerk = frame[frame["metric"] == "jerk"]
    assert len(jerk) == 4 and np.allclose(jerk["mean"].astype(float), 61.0)
    assert metadata["table"] == "physical"
    assert "61.0" not in source.partition("toprule")[2].partition("bottomrule")[0]


def test_it_has_the_gauge_among_its_columns_and_nothing_else_of_the_metrics(tmp_path):
    frame, metadata, source = table(tmp_path)
    own = frame.set_index(["system", "metric"])["mean"]
    assert own["mld", "limb_range"] == 0.24 and own["lead", "action_accuracy"] == 0.8
    assert own["real", "foot_skating"] < 1 and "fid" not in set(frame["metric"])
    assert metrics_of(frame)[-2:] == ["limb_range", "action_accuracy"]
    assert gauge_columns_of(frame) == [] and source.count("toprule") == 1
    assert "a classifier of 2 actions names the clip's (chance 0.500" in metadata["footnotes"][-1]


def test_a_foreign_system_has_the_label_its_study_gives_it(tmp_path):
    frame, _, _ = table(tmp_path, label="My model")
    assert set(frame.loc[frame["system"] == "mine", "label"]) == {"My model"}
    frame, _, _ = table(tmp_path)
    assert set(frame.loc[frame["system"] == "mine", "label"]) == {"mine"}


def test_feet_have_a_table_of_their_own_without_what_was_not_measured(tmp_path):
    files = []
    for system, most in (("real", len(FEET)), ("mine", 1)):
        values = {"jerk": 61.0} | dict.fromkeys(list(FEET)[:most], 0.25)
        files.append(tmp_path / f"{system}.parquet")
        write_values(files[-1], system, [values, values], {"items": 102})
    settings = {"seed": 1, "trainings": 1, "name": "demo", "description": "some clips",
                "footnote": "A try.", "evaluation": {}, "table": "feet",
                "rows": [vars(row) for row in (REAL, other_model("mine", ""))]}  # fmt: skip
    out = {"tex": tmp_path / "feet.tex", "parquet": tmp_path / "feet.parquet"}
    make_table(Job("make_table", settings, {"metrics": tuple(files)}, out))
    frame, metadata = read_table(out["parquet"])
    assert metrics_of(frame) == list(FEET) and set(frame["metric"]) == set(FEET)
    assert list(frame.loc[frame["system"] == "mine", "metric"]) == ["kimodo_skate_height"]
    assert any("definitions and limits" in note for note in metadata["footnotes"])
    mine = next(line for line in out["tex"].read_text().splitlines() if "mine &" in line)
    assert mine.count("0.250") == 1 and "0.000" not in mine


def test_every_column_states_a_direction_and_a_group():
    directions = {column.name: column.direction for column in PHYSICAL.values()}
    assert {name for name, way in directions.items() if way == "lower"} == {
        "foot_skating", "foot_slide", "penetration", "bone_drift", "bone_error",
    }  # fmt: skip
    assert [name for name, way in directions.items() if way == "higher"] == ["action_accuracy"]
    assert all(column.group for column in PHYSICAL.values())
