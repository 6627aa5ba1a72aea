"""Facts about the page of a study: its marks, its answers, its sources, and how it is to use."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from browser import needs_browser
from PIL import Image
from small_model import write_finished_model
from swaying_body import swaying_body

from lead.clip import Clip
from lead.config.load import load_study
from lead.evaluation.repeats import write_values
from lead.files.artefact import write_json
from lead.files.job import Job, checked_inputs, record
from lead.inversion.words import InvertedWords, write_inverted
from lead.motion.features import joints_to_features
from lead.motion.skeleton import HUMANML3D
from lead.report.page.beside_paper import beside_paper, standing
from lead.report.page.page import differences, embedded, markdown, study_page, titled
from lead.report.page.provenance import maker, makers, read_runs
from lead.report.printed import Cell, TableText, printed_table
from lead.report.table import comparison_table, read_published, write_table_parquet
from lead.store import write_index

NASTY = '</script><img src=x onerror=alert(1)> & "it\'s" {{ 7 * 7 }}'
CONFIG = "config"


@pytest.mark.parametrize(
    ("own", "paper", "place", "words"),
    [
        (("0.500", "0.020"), ("0.510", "0.010"), "inside", "both"),
        (("0.500", "0.005"), ("0.510", "0.010"), "between", "the paper's"),
        (("0.500", "0.020"), ("0.510", "0.005"), "between", "this run's"),
        (("0.500", "0.005"), ("0.510", "0.009"), "outside", "both"),
        (("0.500", "0.020"), ("0.510", ""), "inside", "this run's 95 % interval, the only one"),
        (("0.500", ""), ("0.510", "0.009"), "outside", "the paper's 95 % interval, the only one"),
    ],
)
def test_a_mark_says_which_intervals_hold_the_other_value(own, paper, place, words):
    found = standing(Cell(*own), Cell(*paper))
    assert found and found.place == place and words in found.words


@pytest.mark.parametrize(
    ("own", "paper"), [(("0.5", ""), ("0.5", "")), (("0.5", "0.1"), ()), ((), ("0.5", "0.1"))]
)
def test_without_an_interval_or_a_value_there_is_no_mark(own, paper):
    assert standing(Cell(*own), Cell(*paper)) is None


@pytest.mark.parametrize("table", ["table1", "table2", "table3", "table4", "table5", "table6"])
def test_every_own_system_of_a_table_finds_its_row_in_the_paper(table, published):
    study = load_study("demo")
    systems = [row for row in study.rows(table) if table != "table2" or "motionlcm" not in row.name]
    measured = pd.DataFrame(
        [(row.name, "fid", 1.0, 0.1, 20) for row in systems],
        columns=["system", "metric", "mean", "ci95", "repeats"],
    )
    labels = {row.name: row.label for row in systems}
    frame = comparison_table(measured, published[table], labels)
    rows = beside_paper(printed_table(frame, TableText(table)))
    # The paper has no row of the bare descriptor.
    assert all(bool(row.paper) is not row.label.startswith("Descriptor") for row in rows)
    found = [row.paper for row in rows if row.paper]
    assert len(set(found)) == len(found) and len(found) >= 3


def test_a_row_that_the_paper_does_not_have_has_no_marks(table1, text):
    by_label = {row.label: row for row in beside_paper(printed_table(table1, text))}
    assert by_label["lead_mlp"].paper == ""
    assert not any(cell.standing for cell in by_label["lead_mlp"].cells)
    assert by_label["MLD"].paper == "MLD" and by_label["MLD"].cells[0].standing


def test_settings_that_differ_from_the_papers_are_named_by_their_keys():
    own = {"name": "a", "seed": 1, "vae": {"width": 8, "loss": {"kl": 0.1}}, "steps": [1, 2]}
    paper = {"name": "b", "seed": 1, "vae": {"width": 256, "loss": {"kl": 0.1}}, "steps": []}
    assert list(differences(own, paper)) == [("vae.width", "8", "256"), ("steps", "1, 2", "–")]


def test_html_in_markdown_is_shown_as_typed():
    html = markdown(f"# Title\n\n## Part\n\n{NASTY}\n\n|a|b|\n|-|-|\n|1|2|\n")
    assert "<img" not in html and "&lt;img" in html and "<h3>Part" in html and "Title" not in html
    assert '<div class="wide" tabindex="0"><table>' in html


def test_pages_of_several_evaluators_keep_their_titles_and_others_are_none_of_them(tmp_path):
    names = ("claims", "evaluators", "evaluators_table6")
    files = [tmp_path / f"{name}.md" for name in names]
    for file in files:
        file.write_text(f"# {file.stem} & more\n\n## FID\n")
    assert titled(files) == {f"{name} & more": "<h3>FID</h3>\n" for name in names[1:]}


def test_figures_beyond_the_pages_size_are_named_and_left_out(tmp_path, monkeypatch):
    for name in ("one", "two"):
        noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{name}.png")
    paths = [tmp_path / "one.png", tmp_path / "two.png"]
    size = len(embedded(paths)[0].data)
    monkeypatch.setattr("lead.report.page.page.MOST", size + 10)
    first, second = embedded(paths)
    assert first.data.startswith("data:image/png;base64,") and second.data == ""


def test_a_file_that_changed_since_its_record_has_no_source(tmp_path):
    (tmp_path / "in").write_text("read")
    (tmp_path / "out").write_text("made")
    job = Job("rule", {"seed": 1}, {"a": tmp_path / "in"}, {"b": tmp_path / "out"})
    write_json(tmp_path / "logs" / "some" / "job.json", record(job, checked_inputs(job)))
    (tmp_path / "logs" / "other.json").write_text("[1]")
    shutil.copytree(tmp_path / "logs", tmp_path / "trainings" / "2" / "logs")
    run, of_second = read_runs(tmp_path)
    assert (run.name, run.stage, list(run.inputs)) == ("some/job", "rule", [str(tmp_path / "in")])
    assert (run.part, run.anchor) == ("", "run-some-job")
    assert (of_second.part, of_second.anchor) == ("trainings/2", "run-trainings-2-some-job")
    file = str(tmp_path / "out")
    assert maker(file, makers([run])) == run
    (tmp_path / "out").write_text("another")
    assert maker(file, makers([run])) is None


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a study whose captions and name of a figure are meant to break it."""
    root = tmp_path_factory.mktemp("results") / "demo"
    clips, motions = [], []
    for number in range(4):
        motion = joints_to_features(swaying_body(HUMANML3D, 45 + 4 * number), HUMANML3D)
        start = sum(map(len, motions))
        caption = NASTY if number == 0 else f"caption {number}"
        clips.append(Clip(f"clip_{number}", "test", start, start + len(motion), (caption,),
                          "take", f"content_{number}", None, "s"))  # fmt: skip
        motions.append(motion)
    (root / "features").mkdir(parents=True)
    np.save(root / "features" / "frames.npy", np.concatenate(motions))
    write_index(root / "features" / "index.parquet", clips, sum(map(len, motions)), {})
    write_finished_model(root / "model")
    words = root / "mti" / "lead" / "words.safetensors"
    ids = tuple(clip.id for clip in clips[:3])
    write_inverted(words, InvertedWords(ids, torch.zeros(3, 384), torch.randn(3, 2, 384)), {})
    rng, tables, metrics = np.random.default_rng(0), [], []
    study = load_study("demo")
    summary = [
        (row.name, name, 0.5, 0.01, 20)
        for row in study.systems
        for name in ("fid", "r_precision_top1", "limb_range", "foot_skating")
    ]
    measured = pd.DataFrame(summary, columns=["system", "metric", "mean", "ci95", "repeats"])
    labels = {row.name: row.label for row in study.systems}
    frame = comparison_table(measured, read_published(root.cwd() / CONFIG / "published", "table1"),
                             labels)  # fmt: skip
    text = TableText("table1", "demo", f"Text to motion {NASTY}", ("Evaluator: none.",))
    tables.append(root / "tables" / "table1.parquet")
    write_table_parquet(frame, tables[0], vars(text))
    for row in study.systems:
        metrics.append(root / "systems" / row.name / "metrics.parquet")
        values = [{"fid": rng.normal(), "mm_dist": rng.normal()} for _ in range(3)]
        write_values(metrics[-1], row.name, values, {})
    (root / "tables" / "analysis.md").write_text("# Analysis\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    (root / "figures").mkdir()
    Image.new("RGB", (300, 200), "white").save(root / "figures" / "training.png")
    settings = study.model_dump(mode="json") | {
        "paper": load_study("paper").model_dump(mode="json"),
        "systems": [vars(row) for row in study.systems],
        "made": {str(words): "here"},
        "captions": {"training": f"Losses {NASTY}"},
        "missing": {"Table 3": "results/demo/tables/table3.parquet"},
    }
    inputs = {
        "frames": root / "features" / "frames.npy",
        "index": root / "features" / "index.parquet",
        "model": (root / "model" / "model.json",),
        "tables": tuple(tables),
        "metrics": tuple(metrics),
        "analysis": root / "tables" / "analysis.md",
        "figures": (root / "figures" / "training.png",),
    }
    study_page(Job("report", settings, inputs, {"page": root / "report.html"}))
    return root / "report.html"


def test_the_page_needs_nothing_else_and_is_small(page):
    text = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 1_000_000
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)


def test_the_page_says_what_was_not_made_and_which_command_makes_it(page):
    text = page.read_text(encoding="utf-8")
    command = "snakemake --cores all results/demo/tables/table3.parquet --config study=demo"
    assert f"{command}</pre>" in text


FRAME = "+/frame (\\d+) /.exec(document.querySelector('output').textContent)?.[1]"


@needs_browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_in_a_browser_it_plays_fits_and_loads_nothing(browser, page, width, dark):
    browser.errors.clear()
    browser.requests.clear()
    browser.open(page, width, 844, dark)
    browser.wait(f"{FRAME} > 1")
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("document.querySelectorAll('.lead-player').length") == 3
    labels = browser.run("[...document.querySelectorAll('.lead-player')[0]"
                         ".querySelectorAll('b')].map((b) => b.textContent)")  # fmt: skip
    assert labels == ["Real", "MLD", "LEAD", "LEAD, inverted word"]
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", ground)[0]) < 60) == dark
    assert browser.errors == []
    assert {url.split(":")[0] for url in browser.requests} <= {"file", "data"}


@needs_browser
def test_in_a_browser_captions_stand_as_typed_and_do_not_run(browser, page):
    browser.open(page)
    titles = browser.run("[...document.querySelectorAll('.player h3')].map((h) => h.textContent)")
    assert NASTY in titles
    assert browser.run("document.querySelector('#table1 h3').textContent").startswith(
        f"Table 1: Text to motion {NASTY}"
    )
    assert browser.run("document.querySelectorAll('img:not([src^=\"data:\"])').length") == 0


@needs_browser
def test_in_a_browser_tables_have_no_idle_marks_and_everything_is_reached_by_keyboard(
    browser, page
):
    browser.open(page)
    marks = "document.querySelectorAll('#table1 [role=img]').length"
    assert browser.run(marks) == 0  # of a study that does not compare with the paper
    assert not browser.run("document.querySelector('.legend').textContent.includes('outside both')")
    links = browser.run("[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.hash)")
    assert links and browser.run(
        f"{json.dumps(links)}.every((h) => document.getElementById(h.slice(1)))"
    )
    assert browser.run("[...document.querySelectorAll('.wide')].every((w) => w.tabIndex === 0)")
    browser.run("document.querySelectorAll('.lead-player')[1].focus()")
    second = "+/frame (\\d+) /.exec(document.querySelectorAll('output')[1].textContent)?.[1]"
    browser.press(" ")
    browser.press("Home")
    browser.wait(f"{second} === 1")
    browser.press("ArrowRight")
    browser.wait(f"{second} === 2")


@needs_browser
def test_in_a_browser_a_figure_opens_full_size_and_players_out_of_sight_stand_still(browser, page):
    browser.open(page, 390, 844)
    browser.run("location.hash = document.querySelector('.plate a').hash")
    browser.wait("getComputedStyle(document.querySelector('.plate')).position === 'fixed'")
    browser.wait("document.querySelector('.plate img').getBoundingClientRect().width > 900")
    assert browser.run("document.querySelector('.plate img').alt") == f"Losses {NASTY}"
    browser.run("document.querySelector('.close').click()")
    browser.wait("getComputedStyle(document.querySelector('.plate')).position !== 'fixed'")
    browser.wait("document.querySelector('.lead-player').getBoundingClientRect().bottom < 0")
    browser.run("new Promise((done) => setTimeout(done, 200))")
    before = browser.run(FRAME)
    browser.run("new Promise((done) => setTimeout(done, 300))")
    assert browser.run(FRAME) == before
