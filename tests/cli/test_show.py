"""`lead show` says how people fare and what was made, and `lead timings` sums all stages."""

import json
from pathlib import Path

import pandas as pd
import pytest
from swaying_body import swaying_body

from lead.cli.show import show_table, show_timings, table_file
from lead.errors import LeadError
from lead.evaluation.gauge import gauge_facts
from lead.motion.skeleton import HUMANML3D
from lead.render.sheet import Panel, motion_sheet
from lead.report.table import comparison_table, read_table, write_table_parquet

FACTS = gauge_facts(["clap", "walk"], [{"action_accuracy": 1.0}])


@pytest.fixture
def table(tmp_path):
    """Writes Table 1 of a study whose `lead` moves its limbs so much."""

    def write(limbs: float, right: float | None, facts: dict):
        of_systems = {"real": (1.0, 1.0), "lead": (limbs, right)}
        rows = [
            (system, metric, value, 0.01, 20)
            for system, (moved, shown) in of_systems.items()
            for metric, value in (
                ("fid", 0.1), ("limb_range", moved), ("action_accuracy", shown)
            )
            if value is not None
        ]  # fmt: skip
        summary = pd.DataFrame(rows, columns=["system", "metric", "mean", "ci95", "repeats"])
        frame = comparison_table(summary, pd.DataFrame(), {"real": "Real", "lead": "LEAD"})
        metadata = {"study": "demo", "title": "T", "evaluation": {"gauge": facts}}
        write_table_parquet(frame, tmp_path / "table1.parquet", metadata)
        return tmp_path / "table1.parquet"

    return write


def test_a_table_that_is_not_there_is_answered_with_those_that_are(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("nosuch", "7"):
        with pytest.raises(LeadError, match=r"no table of this name.*\n.*" + name) as caught:
            table_file(name)
        assert "1 to 6, physical, feet, timing" in str(caught.value.expected)
    (tmp_path / "results/demo/tables").mkdir(parents=True)
    table(1.0, 1.0, FACTS).rename("results/demo/tables/table6.parquet")
    with pytest.raises(LeadError) as caught:
        show_table(Path("results/demo/tables/table2.parquet"))
    assert caught.value.expected == "results/demo/tables/table6.parquet"
    assert str(caught.value.fix).endswith("results/demo/tables/table2.parquet")


def test_a_study_that_has_not_run_is_answered_with_those_that_have(tmp_path):
    (tmp_path / "demo" / "benchmarks").mkdir(parents=True)
    with pytest.raises(LeadError, match="a study that has run: demo"):
        show_timings(tmp_path / "nosuch" / "benchmarks")


def test_the_caption_of_the_sample_is_told(table, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    figures = tmp_path / "results/demo/figures"
    figures.mkdir(parents=True)
    (figures / "sample.bvh").touch()
    body = swaying_body(HUMANML3D, 8)
    rows = [[Panel("a person waves\ntwice", body)], [Panel("a person sits", body)]]
    motion_sheet(rows, ("generated",), HUMANML3D, figures / "contact_sheet.png")
    show_table(table(1.0, 1.0, FACTS))
    said = capsys.readouterr().out
    assert 'for animation programs: "a person waves twice"' in said and "sits" not in said
    assert said.count("waves twice") == 1


@pytest.mark.parametrize(
    ("table", "study", "file"),
    [
        ("5", None, "results/tables/table5.parquet"),
        ("physical", "kit", "results/kit/tables/physical.parquet"),
        ("own.parquet", None, "own.parquet"),
        ("results/kit/tables/table1.tex", "demo", "results/kit/tables/table1.tex"),
    ],
)
def test_a_table_is_named_by_its_number_its_name_or_its_file(table, study, file):
    assert table_file(table, study) == Path(file)


def test_the_papers_rows_and_the_footnotes_are_shown_on_request(table, capsys):
    path = table(0.94, 0.9, FACTS)
    frame, metadata = read_table(path)
    row = {"method": "MDM", "row_order": 3, "dataset": "HumanML3D", "metric": "fid", "mean": 0.5}
    empty = {"steps": None, "project": None, "ci95": None, "note": ""}
    printed = {"mean_printed": "0.544", "ci95_printed": ".044"}
    quoted = comparison_table(
        pd.DataFrame(columns=["system", "metric", "mean", "ci95", "repeats"]),
        pd.DataFrame([row | empty | printed]),
        {},
    )
    frame = pd.concat([frame, quoted], ignore_index=True)
    write_table_parquet(frame, path, metadata | {"footnotes": ["Twenty repeats."]})
    show_table(path)
    words = said(capsys)
    assert "MDM" not in words and "Twenty repeats" not in words and "LEAD" in words
    assert "--published adds the paper's rows, --notes 1 footnotes" in words
    show_table(path, published=True, notes=True)
    words = said(capsys)
    assert words.index("LEAD") < words.index("MDM") < words.index("Twenty repeats.")
    assert "--published" not in words
    for published, origins in ((False, {"this run"}), (True, {"this run", "paper"})):
        show_table(path, published=published, as_json=True)
        shown = json.loads(capsys.readouterr().out)
        assert {cell["origin"] for cell in shown["cells"]} == origins
    assert shown["footnotes"] == ["Twenty repeats."] and shown["cells"][-1]["ci95"] is None


def test_what_else_was_made_stands_below_with_what_it_is(table, tmp_path, monkeypatch, capsys):
    path = table(0.94, 0.9, FACTS)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/demo/figures").mkdir(parents=True)
    (tmp_path / "results/demo/figures/sample.bvh").touch()
    show_table(path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == (
        "  results/demo/figures/sample.bvh  the first motion of that sheet, for animation programs"
    )
    assert "limbs move" in " ".join(lines[:-2])


def test_timings_are_those_of_every_stage_and_their_sum(tmp_path, capsys):
    (tmp_path / "metrics").mkdir()
    for stage, row in (("train_vae", "61.25\t0:01:01\t512.4"), ("metrics/mld", "1.5\t0:00:01\tNA")):
        (tmp_path / f"{stage}.tsv").write_text(f"s\th:m:s\tmax_rss\n{row}\n")
    show_timings(tmp_path)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["train_vae", "61.2", "512"] in lines and ["metrics/mld", "1.5", "–"] in lines
    assert ["all", "62.8", "512"] in lines and "the last run alone." in " ".join(lines[-1])
    show_timings(tmp_path, as_json=True)
    of_stages = {row["stage"]: row for row in json.loads(capsys.readouterr().out)}
    assert of_stages["train_vae"] == {"stage": "train_vae", "seconds": 61.25, "peak_mib": 512.4}
    assert of_stages["metrics/mld"]["peak_mib"] is None


def test_the_jobs_of_further_trainings_are_timed_too(tmp_path, capsys):
    for folder, seconds in (("benchmarks", 60), ("trainings/2/benchmarks", 70)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "train_vae.tsv").write_text(f"s\tmax_rss\n{seconds}\t512\n")
    show_timings(tmp_path / "benchmarks", as_json=True)
    found = {row["stage"]: row["seconds"] for row in json.loads(capsys.readouterr().out)}
    assert found == {"train_vae": 60, "training 2: train_vae": 70}


def said(capsys) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_one_line_says_it_in_plain_words(table, capsys):
    show_table(table(0.94, 0.9, FACTS))
    words = said(capsys)
    assert (
        "lead: limbs move 0.94 of real; the action is right in 9 of 10 motions (real clips: 10 of "
        "10, chance 1 of 2)."
    ) in words
    assert "Limbs → Action ↑" in words


def test_motions_that_hardly_move_are_warned_of(table, capsys):
    show_table(table(0.24, 0.1, FACTS))
    words = said(capsys)
    assert "Warning: limbs move 0.24 of real (real: 1.00): LEAD" in words
    assert "Warning: the action is right in 10% of motions (real: 100%): LEAD" in words


def test_a_study_without_labels_gives_limb_range_alone(table, capsys):
    show_table(table(0.94, None, gauge_facts([], [{}])))
    words = said(capsys)
    assert "is not known: this study's clips carry no action labels." in words
    assert "Warning" not in words


def test_a_table_of_an_earlier_version_is_printed_without_it(table, capsys):
    show_table(table(0.94, 0.9, {}))
    assert "limbs move" not in said(capsys)
