"""The paper's numbers: complete, readable, and with the digits that were printed."""

from pathlib import Path

import pytest

from lead.errors import LeadError
from lead.evaluation.summary import METRICS
from lead.report.table import PUBLISHED_COLUMNS, PUBLISHED_TABLES, read_published

FOLDER = Path(__file__).resolve().parents[2] / "config" / "published"


def cell(table, method, metric, steps=None):
    frame = read_published(FOLDER, table)
    rows = frame[(frame["method"] == method) & (frame["metric"] == metric)]
    if steps is not None:
        rows = rows[rows["steps"] == steps]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize(
    ("table", "cells", "values", "intervals"),
    [
        ("table1", 126, 115, 112),
        ("table2", 105, 98, 95),
        ("table3", 28, 27, 0),
        ("table4", 20, 19, 0),
        ("table5", 49, 48, 48),
        ("table6", 35, 34, 0),
        ("user_study", 8, 8, 0),
        ("inference_time", 2, 2, 0),
    ],
)
def test_every_printed_cell_is_there(table, cells, values, intervals):
    frame = read_published(FOLDER, table)
    counts = (len(frame), frame["mean"].notna().sum(), frame["ci95"].notna().sum())
    assert counts == (cells, values, intervals)


CORE = {
    ("table1", "Real"): "0.002±0.008 .511±.003 .703±.003 .797±.002 2.974±.008 9.503±.065",
    ("table1", "MLD"): "0.473±.013 .481±.003 .673±.003 .772±.002 3.196±.010 9.724±.082 2.413±.079",
    ("table1", "LEAD (MLD)"): "0.109±.005 .464±.003 .649±.004 .743±.003 3.324±.015 9.627±.146 "
    "2.902±.015",
    ("table2", "Real"): "0.031±.004 .424±.005 .649±.006 .779±.006 2.788±.012 11.08±.097",
    ("table2", "LEAD (MLD)"): "0.246±.014 .388±.005 .608±.005 .732±.005 3.199±.031 11.099±.080 "
    "1.919±.060",
}


@pytest.mark.parametrize("row", CORE, ids=" ".join)
def test_the_rows_a_run_is_compared_with_are_as_printed(row):
    expected = [tuple(map(float, pair.split("±"))) for pair in CORE[row].split()]
    cells = [cell(*row, metric) for metric in list(METRICS)[: len(expected)]]
    assert [(found["mean"], found["ci95"]) for found in cells] == expected


def test_one_step_of_table_5_is_the_row_of_table_1():
    for method in ("MotionLCM", "LEAD (MotionLCM)"):
        for metric in METRICS:
            one, five = cell("table1", method, metric), cell("table5", method, metric, steps=1)
            assert (one["mean"], one["ci95"]) == (five["mean"], five["ci95"])


def test_full_lead_of_table_4_is_the_projected_row_of_table_3():
    three = read_published(FOLDER, "table3")
    three = three[(three["method"] == "MTI_lead") & (three["project"] == 1)]
    four = read_published(FOLDER, "table4")
    four = four[four["method"] == "PROJ"]
    assert dict(zip(three["metric"], three["mean"], strict=True)) == dict(
        zip(four["metric"], four["mean"], strict=True)
    )


def test_digits_stay_as_printed():
    assert cell("table1", "JL2P", "fid")["mean_printed"] == "11.02"
    assert cell("table1", "T2G", "fid")["ci95_printed"] == "0.030"


def test_a_value_that_is_not_printed_says_so():
    assert cell("table1", "Real", "multimodality")["note"] == "not reported"


@pytest.mark.parametrize("table", PUBLISHED_TABLES)
def test_every_cell_says_where_it_was_printed(table):
    frame = read_published(FOLDER, table)
    assert (frame["printed_in"] != "").all()
    assert set(frame["table"]) == {table}


def write(folder, *lines):
    (folder / "table1.csv").write_text("\n".join([",".join(PUBLISHED_COLUMNS), *lines]) + "\n")


GOOD = "table1,1,HumanML3D,Real,,,fid,0.002,0.008,Table 1,"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([GOOD.replace("0.002", "0,002x").replace(",002x", ".002x")], "mean `0.002x`"),
        ([GOOD.replace("fid", "FID")], "metric `FID`"),
        ([GOOD, GOOD], "row 1, fid, twice"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, lines, words):
    write(tmp_path, *lines)
    with pytest.raises(LeadError, match=words) as error:
        read_published(tmp_path, "table1")
    assert error.value.file == tmp_path / "table1.csv"


def test_other_columns_are_refused(tmp_path):
    (tmp_path / "table1.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LeadError, match="columns a, b"):
        read_published(tmp_path, "table1")


def test_a_missing_file_is_answered_with_the_tables_that_there_are(tmp_path):
    with pytest.raises(LeadError, match="missing") as error:
        read_published(tmp_path, "table7")
    assert "table7.csv" in str(error.value) and "user_study" in str(error.value)
