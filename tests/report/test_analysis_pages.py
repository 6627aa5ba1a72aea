"""The analysis as Markdown and LaTeX."""

import re
from dataclasses import asdict

from lead.analysis.rows import Row, write_rows
from lead.config.systems import MLD, REAL, distilled, other_model, realigned
from lead.files.job import Job
from lead.report.analysis import analysis_table, latex, markdown, sections

SYSTEMS = (REAL, MLD, realigned("lead"), other_model("their_model", "Theirs"))
LABELS = {system.name: system.label for system in SYSTEMS}
ROWS = [
    Row("paired", "lead", "mld", "fid", "difference", -0.31, -0.33, -0.29, 1e-9, 20),
    Row("paired", "lead", "mld", "fid", "better", 20.0, n=20),
    Row("paired", "their_model", "mld", "", "difference", note="left out: 1 of 20 repeats"),
    Row("ladder", "mld", "real", "fid_reconstruction", "", 0.25, 0.24, 0.26, n=20),
    Row("ladder", "lead", "real", "fid", "", 0.11, 0.10, 0.12, n=20),
    Row("ladder", "lead", "D(E(x))", "fid_difference", "", -0.14, -0.15, -0.13, 1e-9, 20),
    Row("captions", "real", "", "r_precision_top3", "words: 3 to 7 words", 0.9, 0.8, 1.0, n=300),
    Row("captions", "", "", "r_precision_top3", "verbs", note="left out: no tagged words"),
]


def test_tables_without_rows_are_left_out():
    assert [part.name for part in sections(ROWS, LABELS)] == ["paired", "ladder", "captions"]


def test_figures_stand_beside_their_interval_and_what_is_left_out_below():
    text = markdown(sections(ROWS, LABELS), ("Study open.",))
    assert row_of(text, "| LEAD") == [
        "LEAD", "FID ↓", "−0.310", "−0.330 to −0.290", "< 0.001", "20 of 20",
    ]  # fmt: skip
    assert "Theirs difference: left out: 1 of 20 repeats." in text


def test_trainings_have_their_deviations_and_a_nested_design_its_shares():
    plain = [
        Row("scatter", "lead", "", "fid", "between", 0.087, 0.05, 0.25, n=5),
        Row("scatter", "lead", "", "fid", "within", 0.036, n=5),
    ]
    cells = row_of(markdown(sections(plain, LABELS, 5), ()), "| LEAD")
    assert cells == ["LEAD", "FID", "0.0870", "0.0500 to 0.2500", "0.0360"]
    shares = [
        Row("scatter", "lead", "", "fid", "vae", 0.75, 0.1, 0.9, n=4),
        Row("scatter", "lead", "", "fid", "denoiser", 0.25, 0.0, 0.8, n=8),
    ]
    text = markdown(sections(plain + shares, LABELS, 8), ())
    header = row_of(text, "| System")[-2:]
    assert header == ["VAE's share, 4 trained", "denoiser's share, 8 trained"]
    assert row_of(text, "| LEAD")[-2:] == ["75% (10% to 90%)", "25% (0% to 80%)"]


def row_of(text, start):
    """The cells of the first line that starts so."""
    line = next(line for line in text.splitlines() if line.startswith(start))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_ladder_names_its_steps():
    lines = [line.split("|") for line in markdown(sections(ROWS, LABELS), ()).splitlines()]
    steps = {cells[2].strip(): cells[5].strip() for cells in lines if len(cells) == 8}
    assert steps["D(E(x))"] == "–"
    assert steps["generated"] == "−0.140"


def test_a_system_without_projector_decodes_latents_as_they_are(tmp_path):
    systems = (REAL, MLD, realigned("lead"), distilled(1), distilled(1, "lead"))
    rows = [Row("ladder", system.name, "real", "fid_reconstruction", "", 0.2) for system in systems]
    write_rows(rows, tmp_path / "analysis.parquet", {"items": 9, "repeats": 1, "width": 8})
    outputs = {"md": tmp_path / "a.md", "tex": tmp_path / "a.tex"}
    settings = {"name": "s", "footnote": "", "rows": [asdict(system) for system in systems]}
    analysis_table(Job("analysis", settings, {"analysis": tmp_path / "analysis.parquet"}, outputs))
    cells = [line.split("|") for line in outputs["md"].read_text().splitlines()]
    steps = {row[1].strip(): row[2].strip() for row in cells if len(row) == 8}
    assert steps["MotionLCM, 1 step"] == steps["MLD"] == "D(E(x))"
    assert steps["LEAD (MotionLCM), 1 step"] == steps["LEAD"] == "D(P(E(x)))"


def test_columns_line_up_as_plain_text():
    text = markdown(sections(ROWS, LABELS), ())
    for block in re.split(r"\n\n", text):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(line) for line in rows}) <= 1


def test_latex_has_as_many_cells_as_columns_in_every_line():
    source = latex(sections(ROWS, LABELS), ("Study open_small.",))
    tables = source.split(r"\begin{table}")[1:]
    assert len(tables) == 3
    for table in tables:
        columns = len(re.findall(r"\\begin\{tabular\}\{(\w+)\}", table)[0])
        body = table.split(r"\toprule")[1].split(r"\bottomrule")[0]
        cells = [line for line in body.splitlines() if line.rstrip().endswith(r"\\")]
        assert {line.count(" & ") + 1 for line in cells} == {columns}
    assert r"open\_small" in source


def test_the_stage_writes_both_pages_and_names_the_study(tmp_path):
    words = {"systems": list(LABELS), "items": 120, "repeats": 20, "width": 8}
    write_rows(ROWS, tmp_path / "analysis.parquet", words)
    settings = {"name": "open", "footnote": "", "rows": [vars(row) for row in SYSTEMS]}
    outputs = {name: tmp_path / f"analysis.{name}" for name in ("md", "tex")}
    analysis_table(Job("table", settings, {"analysis": tmp_path / "analysis.parquet"}, outputs))
    assert "Study open: 120 test items, 20 repeats" in outputs["md"].read_text()
    assert "Theirs" in outputs["tex"].read_text()
    words["evaluation"] = {"split": "val"}
    write_rows(ROWS, tmp_path / "analysis.parquet", words)
    analysis_table(Job("table", settings, {"analysis": tmp_path / "analysis.parquet"}, outputs))
    assert "Study open: 120 validation items, 20 repeats" in outputs["md"].read_text()
