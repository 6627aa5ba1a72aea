"""The page of a study as the workflow makes it, and what makes it again."""

import json

import pytest

pytestmark = pytest.mark.workflow

PAGE = "results/micro/report.html"


def test_a_finished_study_gets_its_page_and_a_second_time_nothing_is_done(editable):
    made = editable.snakemake(PAGE)
    assert made.returncode == 0, made.stdout + made.stderr
    text = (editable.root / PAGE).read_text(encoding="utf-8")
    assert len(text.encode()) < 5_000_000
    assert "Physics and expression" in text and 'id="table1"' in text and "lead-player" in text
    assert "results/micro/tables/table3.parquet --config study=micro" in text
    again = editable.snakemake(PAGE)
    assert "Nothing to be done" in again.stdout + again.stderr
    record = json.loads((editable.root / "results/micro/logs/physical.json").read_text())
    assert record["stage"] == "make_table" and all(record["inputs"].values())
    assert "results/micro/tables/physical.parquet" in record["outputs"]
    # A part that is made later is shown without anybody asking, and starts nothing else.
    figure = editable.root / "results/micro/figures/training.png"
    (figure.parent / "latents.png").write_bytes(figure.read_bytes())
    assert editable.planned(PAGE) == {"report": 1}
