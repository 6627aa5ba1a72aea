"""The systems of a study: names are folders that others rely on, labels are rows of the tables."""

from pathlib import Path

import pytest

from lead.config.load import load_study
from lead.config.systems import (
    ABLATIONS,
    DESCRIPTORS,
    PAIRS,
    controlled,
    distilled,
    inverted,
    other_model,
    realigned,
)

CONFIG = Path(__file__).resolve().parents[2] / "config"

EVERY = [*PAIRS, *ABLATIONS[:-1]]


def test_names_are_those_of_the_contract():
    assert [system.name for system in EVERY] == [
        "feat", "feat_lead", "mld", "mld_lead", "lead", "lead_lead",
        "lead_lead_no_align", "lead_lead_no_var", "lead_lead_no_rec",
    ]  # fmt: skip


def test_the_bare_descriptor_has_no_words_and_is_a_row_of_both_tables_of_inversion():
    tables = load_study("demo", folder=CONFIG).tables
    names = {table: [system.name for system in tables[table]] for table in ("table3", "table4")}
    assert names["table3"][1:3] == ["descriptor", "descriptor_lead"]
    assert names["table4"][1] == "descriptor_lead"
    assert all(system.words is None for system in DESCRIPTORS)


def test_words_are_the_same_with_and_without_realignment():
    assert {system.words for system in PAIRS} == {"feat", "mld", "lead"}


def test_an_ablation_has_its_projector_in_the_loss_and_in_generation():
    system = inverted("lead", "lead_no_rec")
    assert system.loss_projector == system.projector == "lead_no_rec"
    assert system.words == "lead_lead_no_rec" and system.words_label == "MTI LEAD, noREC"


def test_only_the_objective_lead_has_a_projector_in_the_loss():
    assert inverted("mld", "lead").loss_projector is None
    assert inverted("lead").loss_projector == "lead"


def test_the_rows_of_table_4_are_named_as_in_the_paper():
    assert [one.label for one in ABLATIONS] == ["noALIGN", "noKL", "noREC", "PROJ"]
    assert [one.words for one in ABLATIONS][-1] == "lead"


@pytest.mark.parametrize(
    ("system", "name", "label"),
    [
        (controlled("clipped"), "mld_clipped", "MLD, clipped"),
        (realigned("lead"), "lead", "LEAD"),
        (realigned("lead_no_var"), "lead_no_var", "LEAD w/o KL"),
        (realigned("lead_big_one"), "lead_big_one", "LEAD big one"),
        (distilled(1), "motionlcm_1", "MotionLCM, 1 step"),
        (distilled(4, "lead"), "lead_motionlcm_4", "LEAD (MotionLCM), 4 steps"),
        (other_model("their_model"), "their_model", "their model"),
        (other_model("theirs", "Theirs (2025)"), "theirs", "Theirs (2025)"),
        (inverted("feat", "lead"), "feat_lead", "MTI feat + projection"),
    ],
)
def test_a_system_has_the_name_of_its_folder_and_the_label_of_its_row(system, name, label):
    assert (system.name, system.label) == (name, label)
