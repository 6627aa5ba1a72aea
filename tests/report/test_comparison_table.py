"""The tidy frame of a table and its file."""

import math

import pandas as pd
import pytest

from lead.errors import LeadError
from lead.evaluation.summary import METRICS, Metric
from lead.report.printed import TableText, metrics_of, rows_of
from lead.report.table import (
    COLUMNS,
    PAPER,
    THIS_RUN,
    comparison_table,
    read_table,
    write_table_parquet,
)
from lead.report.text import latex_table


def place(frame, system, metric):
    cell = frame[(frame["origin"] == THIS_RUN) & (frame["system"] == system)]
    value = cell[cell["metric"] == metric]["place"].iloc[0]
    return None if pd.isna(value) else int(value)


def test_this_runs_rows_come_in_the_order_of_the_labels_then_the_rest(table1):
    assert [row.label for row in rows_of(table1, THIS_RUN)] == [
        "Real",
        "MLD",
        "LEAD (MLD)",
        "lead_mlp",
    ]


def test_the_papers_rows_come_in_printed_order(table1):
    labels = [row.label for row in rows_of(table1, PAPER)]
    assert len(labels) == 18
    assert labels[0] == "Real"
    assert labels[-2:] == ["MLD", "LEAD (MLD)"]


def test_best_and_second_follow_the_arrow(table1):
    assert [place(table1, s, "fid") for s in ("lead", "lead_mlp", "mld")] == [1, 2, 3]
    assert [place(table1, s, "multimodality") for s in ("lead", "lead_mlp", "mld")] == [1, 2, 3]


def test_diversity_is_ranked_by_its_distance_to_this_runs_real(table1):
    assert [place(table1, s, "diversity") for s in ("lead", "mld", "lead_mlp")] == [1, 2, 3]


def test_real_has_no_place(table1):
    assert place(table1, "real", "fid") is None


def test_equal_printed_digits_share_a_place(measured, published, labels):
    close = measured["mean"].where(measured["system"] != "lead", measured["mean"] + 0.2000004)
    frame = comparison_table(measured.assign(mean=close), published["table1"], labels)
    assert place(frame, "lead", "fid") == place(frame, "lead_mlp", "fid") == 1


def test_the_papers_rows_have_no_place(table1):
    assert table1.loc[table1["origin"] == PAPER, "place"].isna().all()


def test_a_lone_system_has_no_place(measured, published):
    pair = measured[measured["system"].isin(["real", "mld"])]
    assert place(comparison_table(pair, published["table1"], {}), "mld", "fid") is None


def test_an_unranked_system_leaves_its_place_to_the_next(measured, published, labels):
    frame = comparison_table(measured, published["table1"], labels, unranked=("real", "lead"))
    assert place(frame, "lead", "fid") is None
    assert place(frame, "lead_mlp", "fid") == 1


def test_a_labelled_system_that_was_not_measured_is_named(measured, published):
    with pytest.raises(LeadError, match="lead_skip"):
        comparison_table(measured, published["table1"], {"lead_skip": "LEAD (skip)"})


def test_a_missing_value_is_an_empty_cell(table1):
    real = rows_of(table1, THIS_RUN)[0]
    assert real.cells[-1].mean == ""


def test_one_repeat_prints_no_interval(measured, published, labels):
    frame = comparison_table(measured.assign(ci95=math.nan), published["table1"], labels)
    assert {cell.ci95 for row in rows_of(frame, THIS_RUN) for cell in row.cells} == {""}


def test_the_table_has_the_papers_columns(measured, published, labels):
    frame = comparison_table(measured, published["table6"], labels)
    assert metrics_of(frame) == ["fid", "r_precision_top3", "mm_dist", "diversity", "multimodality"]


def test_without_printed_numbers_the_table_has_what_was_measured(measured, labels):
    frame = comparison_table(measured, pd.DataFrame(), labels)
    assert len(metrics_of(frame)) == 7
    assert rows_of(frame, PAPER) == []


def test_steps_tell_the_rows_of_table_5_apart(measured, published, labels):
    names = [
        r.label for r in rows_of(comparison_table(measured, published["table5"], labels), PAPER)
    ]
    assert names[:4] == [
        "Real",
        "MotionLCM, 1 step",
        "LEAD (MotionLCM), 1 step",
        "MotionLCM, 2 steps",
    ]


def test_projection_tells_the_rows_of_table_3_apart_but_not_of_table_4(measured, published, labels):
    three = rows_of(comparison_table(measured, published["table3"], labels), PAPER)
    four = rows_of(comparison_table(measured, published["table4"], labels), PAPER)
    assert [row.label for row in three][1:3] == ["MTI_feat", "MTI_feat + projection"]
    assert [row.label for row in four][-1] == "PROJ"


def test_a_metric_without_a_column_stays_in_the_frame(measured, published, labels):
    extra = measured.iloc[[0]].assign(system="mld", metric="reconstruction_fid")
    frame = comparison_table(pd.concat([measured, extra]), published["table1"], labels)
    assert "reconstruction_fid" in set(frame["metric"])
    assert "reconstruction_fid" not in metrics_of(frame)


def test_the_file_gives_back_the_frame_and_its_words(table1, text, tmp_path):
    words = {"table": "table1", "study": "open_small", "title": text.title,
             "footnotes": list(text.footnotes)}  # fmt: skip
    write_table_parquet(table1, tmp_path / "table1.parquet", words)
    frame, metadata = read_table(tmp_path / "table1.parquet")
    pd.testing.assert_frame_equal(frame, table1)
    assert tuple(frame.columns) == COLUMNS
    assert TableText.from_metadata(metadata) == text


def test_the_same_table_gives_the_same_bytes(table1, tmp_path):
    write_table_parquet(table1, tmp_path / "a.parquet", {"study": "demo", "title": "x"})
    write_table_parquet(table1, tmp_path / "b.parquet", {"title": "x", "study": "demo"})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_failed_write_leaves_the_old_table(table1, tmp_path):
    path = tmp_path / "table1.parquet"
    write_table_parquet(table1, path, {})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_table_parquet(table1, path, {"study": object()})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["table1.parquet"]


def test_a_missing_table_says_how_to_make_it(tmp_path):
    with pytest.raises(LeadError, match="snakemake"):
        read_table(tmp_path / "table1.parquet")


def test_a_truncated_table_is_called_damaged(table1, tmp_path):
    path = tmp_path / "table1.parquet"
    write_table_parquet(table1, path, {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(LeadError, match="damaged"):
        read_table(path)


def test_a_parquet_file_of_another_kind_is_refused(table1, tmp_path):
    table1.to_parquet(tmp_path / "other.parquet")
    with pytest.raises(LeadError, match="damaged"):
        read_table(tmp_path / "other.parquet")


def test_a_metric_that_the_paper_lacks_is_a_column_where_a_study_computes_it(table1, monkeypatch):
    monkeypatch.setitem(METRICS, "my_metric", Metric("my_metric", "Mine", "lower", in_paper=False))
    assert "my_metric" not in metrics_of(table1)
    row = table1[(table1["origin"] == THIS_RUN) & (table1["metric"] == "fid")]
    more = pd.concat([table1, row.assign(metric="my_metric")], ignore_index=True)
    assert metrics_of(more) == [*metrics_of(table1), "my_metric"]
    assert r"Mine $\downarrow$" in latex_table(more, TableText("table1", "demo", "A table"))
