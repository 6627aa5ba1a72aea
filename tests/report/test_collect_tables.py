"""The paper's tables from metrics: which rows, which columns, and what stands under them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lead.config.checkpoints import checkpoint_rules
from lead.config.load import load_study
from lead.config.study import Study
from lead.config.systems import System
from lead.errors import LeadError
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.report.printed import TableText, printed_table, rows_of
from lead.report.table import THIS_RUN, read_published, read_table
from lead.report.tables import make_table, unranked

CONFIG = Path(__file__).resolve().parents[2] / "config"
VALUES = {
    "fid": 1.0,
    "r_precision_top1": 0.4,
    "r_precision_top2": 0.6,
    "r_precision_top3": 0.7,
    "mm_dist": 3.0,
    "diversity": 9.0,
}
RULES = {"VAE": "last of 10 steps", "projectors": "lowest validation loss in 5 steps"}
NAMES = ("name", "description", "footnote", "dataset", "evaluator", "evaluation", "text",
         "seed", "consistency", "trainings")  # fmt: skip


def rows_named(study: Study, names: tuple[str, ...]) -> tuple[System, ...]:
    return tuple(study.every_system[name] for name in names)


def made(
    folder: Path, table: str, name: str, systems: tuple[str, ...] = (), facts=None, **overrides
) -> Path:
    """The table as a stage writes it, from metrics that grow from row to row."""
    study = load_study(name, overrides, CONFIG)
    rows = rows_named(study, systems) if systems else study.rows(table)
    values = study.model_dump(mode="json")
    paths = []
    for place, system in enumerate(row.name for row in rows):
        paths.append(folder / f"{system}.parquet")
        own = {name: value + 0.1 * place for name, value in VALUES.items()}
        if system != "real":
            own["multimodality"] = 2.0
        words = {"items": 200, "diversity_pairs": 100} | (facts or {}).get(system, {})
        write_values(paths[-1], system, [own, own], words)
    outputs = {kind: folder / f"{table}.{kind}" for kind in ("tex", "parquet")}
    inputs = {"metrics": tuple(paths), "published": CONFIG / f"published/{table}.csv"}
    settings = {"table": table, "rows": [vars(row) for row in rows], "checkpoints": RULES}
    settings |= {name: values[name] for name in NAMES}
    make_table(Job(table, settings, inputs, outputs))
    return outputs["parquet"]


def own_labels(frame: pd.DataFrame) -> list[str]:
    return [row.label for row in rows_of(frame, THIS_RUN)]


@pytest.fixture
def table6(tmp_path):
    """Table 6 of the demo: its frame and its words."""
    return read_table(made(tmp_path, "table6", "demo"))


def test_table6_has_the_papers_rows_in_the_papers_order(table6):
    printed = read_published(CONFIG / "published", "table6")["method"]
    assert own_labels(table6[0]) == list(dict.fromkeys(printed))


def test_table6_says_that_it_is_an_ablation_and_of_which_study(table6):
    assert table6[1]["table"] == "table6"
    assert table6[1]["title"].startswith("Ablation of the projector on synthetic motion")
    assert table6[1]["study"] == "demo"


def test_the_best_of_table6_is_marked_among_this_runs_rows_alone(table6):
    frame, _ = table6
    fid = frame[(frame["metric"] == "fid") & (frame["origin"] == THIS_RUN)]
    assert dict(zip(fid["system"], fid["place"], strict=True))["lead_mlp"] == 1


def test_table2_quotes_kit_and_names_the_study_that_fills_it(tmp_path):
    frame, words = read_table(made(tmp_path, "table2", "demo_kit", ("real", "mld", "lead")))
    assert own_labels(frame) == ["Real", "MLD", "LEAD"]
    assert set(frame.loc[frame["origin"] == "paper", "dataset"]) == {"KIT-ML"}
    assert words["study"] == "demo_kit"
    assert r"demo\_kit" in (tmp_path / "table2.tex").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "study", "comparable"),
    [
        ("table1", "paper", True),
        ("table1", "humanml3d", False),
        ("table1", "paper_kit", False),
        ("table2", "paper_kit", True),
        ("table2", "kit", False),
        ("table2", "paper", False),
        ("table6", "paper", True),
        ("table6", "demo", False),
    ],
)
def test_only_the_papers_data_and_evaluator_compare(tmp_path, table, study, comparable):
    _, words = read_table(made(tmp_path, table, study, ("real", "mld", "lead")))
    assert words["comparable"] is comparable
    dataset = "KIT-ML" if table == "table2" else "HumanML3D"
    caveat = f"Only {dataset} with the official evaluator compares"
    assert any(caveat in line for line in words["footnotes"]) is not comparable


def test_an_ablation_has_the_papers_name_and_another_variant_its_own():
    said = {"projectors": {"lead_equal_updates": {"extends": "lead"}}}
    systems = load_study("demo", said, CONFIG).every_system
    assert systems["lead_no_align"].label == "LEAD w/o Align"
    assert systems["lead_equal_updates"].label == "LEAD equal updates"


def test_systems_of_fewer_repeats_are_ranked_with_none():
    measured = pd.DataFrame(
        {
            "system": ["real", "mld", "mine", "mine"],
            "metric": ["fid", "fid", "fid", "mm_dist"],
            "repeats": [20, 20, 1, 1],
        }
    )
    assert unranked(measured) == ("real", "mine")


def test_validation_clips_are_an_unranked_row_below_real_that_changes_no_other(
    tmp_path, monkeypatch
):
    systems = ("real", "mld", "lead")
    plain = read_table(made(tmp_path, "table1", "demo", systems))[0]
    facts = {"real": {"validation": 150, "width": 128}}
    monkeypatch.setitem(VALUES, "fid_validation", 0.01)
    frame, words = read_table(made(tmp_path, "table1", "demo", systems, facts))
    assert own_labels(frame) == ["Real", "Real, validation clips", "MLD", "LEAD"]
    row = frame[frame["system"] == "real_validation"]
    assert list(row["metric"]) == ["fid"] and list(row["mean"]) == [0.01]
    others = frame[(frame["system"] != "real_validation") & (frame["metric"] != "fid_validation")]
    columns = [name for name in plain if name != "row"]
    pd.testing.assert_frame_equal(others[columns].reset_index(drop=True), plain[columns])
    assert any("FID of 150 real clips of other takes" in line for line in words["footnotes"])


def test_too_few_validation_clips_are_said(tmp_path):
    facts = {"real": {"validation": 5, "width": 128}}
    frame, words = read_table(made(tmp_path, "table1", "demo", ("real", "mld", "lead"), facts))
    assert "real_validation" not in set(frame["system"])
    said = "left out: 5 clips are too few for 128 dimensions"
    assert any(said in line for line in words["footnotes"])


def test_table5_pairs_realignment_with_none_at_each_number_of_steps(tmp_path):
    frame, words = read_table(made(tmp_path, "table5", "demo"))
    printed = read_published(CONFIG / "published", "table5")
    quoted = [row.label for row in rows_of(frame, "paper")]
    assert own_labels(frame) == quoted
    assert len(quoted) == printed["row_order"].nunique() == 7
    assert any("this study's MLD denoiser itself" in line for line in words["footnotes"])
    assert not any("DDIM" in line for line in words["footnotes"])


def test_a_table_without_motionlcm_says_nothing_of_it(table6):
    assert any("25 DDIM steps, guidance 2.5." in line for line in table6[1]["footnotes"])
    assert not any("MotionLCM:" in line for line in table6[1]["footnotes"])


def test_a_table_says_which_training_of_which_system_is_missing(tmp_path):
    facts, trained = {"lead": {"missing": [2]}}, {"trainings": 3}
    file = made(tmp_path, "table1", "demo", ("real", "mld", "lead"), facts, **trained)
    footnotes = read_table(file)[1]["footnotes"]
    assert any("LEAD is without training 2" in line for line in footnotes)
    assert not any("trained once" in line for line in footnotes)


def test_a_table_of_one_training_says_what_its_intervals_leave_out(table6):
    assert any("trained once" in line for line in table6[1]["footnotes"])


def test_every_row_says_on_how_many_items_and_with_which_evaluator(tmp_path):
    by = {"evaluator_weights": "a1", "evaluator_statistics": "c3"}
    facts = dict.fromkeys(("real", "mld", "lead"), by)
    frame, metadata = read_table(
        made(tmp_path, "table1", "demo", ("real", "mld", "lead"), facts=facts)
    )
    own = frame[frame["origin"] == THIS_RUN]
    assert set(own["items"]) == {200} and set(own["evaluator_weights"]) == {"a1"}
    assert set(frame.loc[frame["origin"] != THIS_RUN, "evaluator_statistics"]) == {""}
    block = printed_table(frame, TableText.from_metadata(metadata)).block
    assert block.columns[-1].label == "n"
    assert [row.cells[-1].mean for row in block.rows] == ["200"] * 3
    assert {row.cells[-1].mean for row in block.quoted} == {""}


def test_systems_that_were_measured_on_other_items_are_refused(tmp_path):
    with pytest.raises(LeadError, match="different numbers of items") as caught:
        made(tmp_path, "table1", "demo", ("real", "mld", "lead"), facts={"lead": {"items": 199}})
    assert "199 items" in str(caught.value) and "lead.parquet" in str(caught.value)


def test_a_table_says_which_weights_are_measured(tmp_path):
    _, metadata = read_table(made(tmp_path, "table1", "demo", ("real", "mld", "lead")))
    said = "\n".join(metadata["footnotes"])
    assert "Weights: VAE, last of 10 steps; projectors, lowest validation loss in 5 steps." in said


def test_the_rule_of_every_network_is_in_the_studys_settings():
    study = load_study("demo", {}, CONFIG)
    rules = checkpoint_rules(study, study.rows("table1"))
    assert set(rules) == {"VAE", "denoiser", "student", "projectors", "evaluator"}
    study = load_study(
        "demo",
        {"denoiser": {"training": {"keep": "best", "steps": 1500, "ema": 0.9}}, "vae": {
            "source": {"kind": "mld_checkpoint", "path": "some/mld.ckpt"}}},
        CONFIG,
    )  # fmt: skip
    rules = checkpoint_rules(study, study.rows("table1"))
    assert rules["denoiser"] == "lowest validation loss in 1,500 steps, averaged with decay 0.9"
    assert rules["VAE"] == "as released (mld.ckpt)"


def test_the_rules_of_projectors_are_those_of_the_tables_rows():
    longer = {"projectors": {"lead_skip": {"training": {"steps": 4321}}}}
    study = load_study("demo", longer, CONFIG)
    said = {
        table: checkpoint_rules(study, study.rows(table)).get("projectors", "")
        for table in ("table1", "table3", "table6")
    }
    assert "4,321" in said["table6"] and "4,321" not in said["table1"] + said["table3"]
    assert said["table1"] and said["table3"]
