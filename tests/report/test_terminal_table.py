"""The table in a terminal: whole, narrow enough, and honest about whose rows are whose."""

import io

import pandas as pd
import pytest
from rich.console import Console

from lead.evaluation.summary import PHYSICAL
from lead.report.table import comparison_table
from lead.report.terminal import print_table


def shown(frame, text, width, colours=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=colours)
    print_table(frame, text, console)
    return console.file.getvalue()


@pytest.mark.parametrize("table", [f"table{n}" for n in range(1, 7)])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal_or_100_columns(
    measured, published, labels, text, table, width
):
    output = shown(comparison_table(measured, published[table], labels), text, width)
    assert max(map(len, output.splitlines())) <= min(width, 100)


@pytest.mark.parametrize("width", [80, 100])
def test_no_value_is_cut_off(table1, text, width):
    output = shown(table1, text, width)
    assert "…" not in output
    cells = table1[table1["metric"].isin(["fid", "multimodality", "diversity"])]
    for value in cells["mean_printed"]:
        assert value in output
    for interval in cells["ci95_printed"]:
        assert interval.removeprefix("0") in output


def test_100_columns_put_the_interval_beside_its_mean(table1, text):
    assert "0.109±.005" in shown(table1, text, 100)


def test_80_columns_put_the_interval_below_its_mean(table1, text):
    lines = shown(table1, text, 80).splitlines()
    above = next(n for n, line in enumerate(lines) if "0.109" in line)
    assert lines[above + 1].split()[0] == "±.005"


def test_both_origins_have_a_heading_that_needs_no_colour(table1, text):
    output = shown(table1, text, 100)
    assert output.index("This run") < output.index("LEAD (MLD)") < output.index("\n Paper ")
    assert "Printed in the paper (HumanML3D, official evaluator; not comparable)" in output


def test_the_papers_rows_are_dimmed(table1, text):
    lines = shown(table1, text, 100, colours=True).splitlines()
    assert "\x1b[2m" in next(line for line in lines if "TEMOS" in line)
    assert "\x1b[2m" not in next(line for line in lines if "lead_mlp" in line)


def test_best_is_bold_and_second_underlined(table1, text):
    lines = shown(table1, text, 100, colours=True).splitlines()
    assert "\x1b[1m0.100\x1b[0m" in next(line for line in lines if "LEAD (MLD)" in line)
    assert "\x1b[4m0.300\x1b[0m" in next(line for line in lines if "lead_mlp" in line)


def test_title_study_and_footnotes_are_printed(table1, text):
    output = shown(table1, text, 100)
    assert "Text to motion. Study open_small." in output
    for line in text.footnotes:
        assert line in output


def test_brackets_in_names_are_no_markup(measured, published, text):
    frame = comparison_table(measured, published["table6"], {"mld": "MLD [bold] [/x]"})
    assert "[bold]" in shown(frame, text, 100)


def test_a_table_that_is_too_wide_for_names_is_printed_in_two(text):
    name = "LEAD (MotionLCM), 1 step"
    rows = [("lead", metric, 123.456, 10.987, 2) for metric in PHYSICAL]
    measured = pd.DataFrame(rows, columns=["system", "metric", "mean", "ci95", "repeats"])
    output = shown(comparison_table(measured, pd.DataFrame(), {"lead": name}), text, 80)
    assert output.count(name) == 2
    assert all(output.count(metric.label) == 1 for metric in PHYSICAL.values())
