"""The gauge where people look: the block below a table, the words, the line and the warning."""

import io
import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from lead.evaluation.gauge import gauge_facts
from lead.evaluation.summary import GAUGE as BLOCK
from lead.evaluation.summary import summarise
from lead.report.footnotes import gauge_footnotes
from lead.report.gauge import Reading, foremost, gauge_line, gauge_warnings, print_gauge, readings
from lead.report.printed import columns_below, metrics_of, rows_of
from lead.report.table import PAPER, THIS_RUN, comparison_table
from lead.report.terminal import print_table
from lead.report.text import latex_table

LABELS = [f"action_{number}" for number in range(31)]
FACTS = gauge_facts(LABELS, [{"action_accuracy": 0.97}])
NO_LABELS = gauge_facts([], [{}])
REAL = Reading("real", "Real", 1.0, 0.97, 0.06)
GOOD = Reading("lead", "LEAD", 0.94, 0.9, 0.07)
STILL = Reading("mld", "MLD", 0.24, 0.11, 0.2)
GAUGE = {
    "real": {"limb_range": 1.0, "action_accuracy": 0.97, "side_confused": 0.0},
    "mld": {"limb_range": 0.24, "action_accuracy": 0.11, "side_confused": 0.3,
            "latent_norm": 0.61, "reconstruction_limb_range": 0.8,
            "reconstruction_action_accuracy": 0.7, "reconstruction_joint_error": 4.25},
    "lead": {"limb_range": 0.94, "action_accuracy": 0.9, "side_confused": 0.05,
             "latent_norm": 0.97, "action_accuracy.action_1": 0.5},
}  # fmt: skip


@pytest.fixture
def gauged(measured, published, labels) -> pd.DataFrame:
    """Table 1 of three systems with the gauge."""
    more = [
        (system, metric, value, 0.0123, 20)
        for system, values in GAUGE.items()
        for metric, value in values.items()
    ]
    own = measured[measured["system"].isin(GAUGE)]
    frame = pd.concat([own, pd.DataFrame(more, columns=own.columns)], ignore_index=True)
    return comparison_table(frame, published["table1"], labels)


def test_the_gauge_is_a_block_of_its_own_and_the_papers_columns_stay(gauged, table1):
    assert metrics_of(gauged) == metrics_of(table1)
    assert [column.label for column in columns_below(gauged, BLOCK)] == [
        "Limbs", "Action", "Sides", "Latents", "VAE limbs", "VAE action", "VAE cm",
    ]  # fmt: skip
    assert columns_below(table1, BLOCK) == []
    assert rows_of(gauged, PAPER) == rows_of(table1, PAPER)


def test_best_limbs_are_closest_to_real_and_what_the_vae_does_is_no_contest(gauged):
    rows = {row.label: row.cells for row in rows_of(gauged, THIS_RUN, columns_below(gauged, BLOCK))}
    assert [cell.place for cell in rows["LEAD (MLD)"][:3]] == [1, 1, 1]
    assert [cell.place for cell in rows["MLD"]] == [2, 2, 2, None, None, None, None]
    assert [cell.mean for cell in rows["Real"]] == ["1.000", "0.970", "0.000", "", "", "", ""]


def test_latex_has_a_second_block_whose_lines_have_as_many_cells(gauged, text):
    source = latex_table(gauged, text)
    block = source.split(r"\toprule")[2].split(r"\bottomrule")[0]
    lines = [line for line in block.splitlines() if line.rstrip().endswith(r"\\")]
    assert {line.count(" & ") for line in lines} == {7} and len(lines) == 4
    assert source.count(r"\begin{tabular}{llllllll}") == 2
    assert re.search(r"MLD & \\underline\{0.240\}", block) and "action_1" not in source
    bare = re.sub(r"\\[{}$\\]", "", re.sub(r"(?m)^\s*%.*", "", source))
    assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0


@pytest.mark.parametrize("width", [80, 100])
def test_the_terminal_shows_every_figure_within_its_width(gauged, text, width):
    console = Console(file=io.StringIO(), width=width)
    print_table(gauged, text, console)
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= width and "…" not in shown
    assert "whether people move, and do what their captions say" in shown
    for figure in ("0.240", "0.940", "0.110", "0.610", "4.25"):
        assert figure in shown


def test_a_line_says_in_plain_words_how_a_system_fares():
    assert gauge_line(GOOD, FACTS) == (
        "lead: limbs move 0.94 of real; the action is right in 9 of 10 motions (real clips: 10 of "
        "10, chance 1 of 31)."
    )


def test_a_study_without_labels_says_so_and_gives_limb_range_alone():
    line = gauge_line(replace(GOOD, action=math.nan), NO_LABELS)
    assert line == (
        "lead: limbs move 0.94 of real; whether the action is right is not known: this study's "
        "clips carry no action labels."
    )
    assert "carry no action labels" in gauge_footnotes(summary(), NO_LABELS, {})[0]


def test_a_classifier_that_is_not_trusted_is_called_so_and_warns_of_nothing():
    weak = gauge_facts(LABELS, [{"action_accuracy": 0.6}])
    assert "real clips: 6 of 10, too few to go by" in gauge_line(GOOD, weak)
    poor = replace(GOOD, action=0.1)
    assert gauge_warnings([replace(REAL, action=0.6), poor], weak) == []
    assert "too little for it to be trusted" in gauge_footnotes(summary(), weak, {})[0]


def test_good_motions_bring_no_warning():
    assert gauge_warnings([REAL, GOOD], FACTS) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"limbs": 0.79}, "limbs move 0.79 of real (real: 1.00)"),
        ({"limbs": 1.21}, "limbs move 1.21 of real (real: 1.00)"),
        ({"action": 0.77}, "the action is right in 77% of motions (real: 97%)"),
        ({"skating": 0.1}, "feet slide in 10% of their steps on the floor (real: 6%)"),
    ],
)
def test_each_fault_brings_a_warning_of_its_own(changed, said):
    lines = gauge_warnings([REAL, replace(GOOD, **changed)], FACTS)
    assert lines == [f"Warning: {said}: LEAD"]


def test_a_fault_of_several_systems_is_one_line():
    sliding = [replace(GOOD, skating=0.1), replace(GOOD, system="mld", skating=0.12)]
    other = replace(GOOD, system="motionlcm_1")
    (line,) = gauge_warnings([REAL, *sliding, other], FACTS)
    assert line.startswith("Warning: feet slide in 10% to 12% of their steps")
    assert line.endswith("2 of 3 systems, LEAD among them")


def test_where_lead_is_right_others_alone_are_warned_of():
    lines = gauge_warnings([REAL, STILL, GOOD], FACTS)
    assert len(lines) == 3 and all(line.endswith(": MLD") for line in lines)
    assert lines[0].startswith("Warning: limbs move 0.24 of real")


def test_a_study_is_judged_by_lead_then_by_mld_then_by_what_there_is():
    other = replace(GOOD, system="motionlcm_1")
    assert foremost([REAL, STILL, GOOD]) == GOOD
    assert foremost([REAL, other, STILL]) == STILL
    assert foremost([REAL, other]) == other
    assert foremost([REAL]) is None


def test_the_warning_is_bold_and_yellow(gauged):
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    print_gauge(gauged, FACTS, console)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("\x1b[1mlead: limbs move 0.94 of real")
    assert lines[1].startswith("\x1b[1;33mWarning:")


def test_a_table_without_the_gauge_prints_nothing_of_it(table1):
    console = Console(file=io.StringIO(), width=200)
    print_gauge(table1, FACTS, console)
    assert readings(table1) == [] and console.file.getvalue() == ""
    assert gauge_footnotes(summary(), None, {}) == ()


def summary() -> pd.DataFrame:
    return summarise(
        pd.DataFrame(
            [
                (system, metric, repeat, value)
                for system, values in GAUGE.items()
                for metric, value in values.items()
                for repeat in range(2)
            ],
            columns=["system", "metric", "repeat", "value"],
        )
    )


def test_the_footnotes_say_what_the_columns_are_and_what_to_hold_them_against():
    said = " ".join(gauge_footnotes(summary(), FACTS, {"mld": "MLD"}))
    for words in (
        "1 is right",
        "one of 31 (chance 0.032)",
        "logistic regression",
        "in 0.970 of the real test clips",
        "guidance 1",
        "MLD has 0.610",
        "MLD: limbs 0.800, action 0.700, joints off by 4.25 cm",
    ):
        assert words in said
