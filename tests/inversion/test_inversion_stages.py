"""The stages around an inversion: choosing, sweeping, and words of unseen styles."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from finished_study import build, generating, inputs, study_of, write_networks
from inversion_networks import few_words, files
from PIL import Image

from experiments.learning_rate import RATES, best_rate, sweep_learning_rate
from experiments.styles import invert_styles
from lead.clip import HELD_OUT
from lead.files.job import Job
from lead.inversion import invert, stages
from lead.inversion.chosen import read_chosen
from lead.inversion.stages import choose_motions
from lead.store import MotionIndex, write_index

INVERSION = {"steps": 1, "batch": 1}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = build(tmp_path_factory.mktemp("stages"))
    write_networks(root)
    return root


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    own = few_words()
    for module in (invert, stages):
        monkeypatch.setattr(module, "load_text_encoder", lambda *given: own)


def settings(root, **inversion):
    return generating(study_of(root)) | {"mti": INVERSION | inversion}


def test_chosen_motions_are_test_items_with_a_word_each(root, tmp_path):
    values = {"seed": 1234, "motions": 5, "text": {"kind": "minilm"}}
    out = tmp_path / "motions.parquet"
    choose_motions(Job("choose", values, {"index": inputs(root)["index"]}, {"motions": out}))
    chosen, words = read_chosen(out)
    test = {clip.id: clip for clip in MotionIndex.open(inputs(root)["index"]).split("test")}
    assert len(chosen) == 5 and words["of"] == len(test)
    for one in chosen:
        assert one.caption == test[one.id].captions[0] and one.word


def test_the_best_rate_is_that_of_least_ratio_whatever_the_objectives_scale():
    def row(objective, rate, inverted, scale):
        return {"objective": objective, "learning_rate": rate, "descriptor": scale,
                "inverted": scale * inverted}  # fmt: skip

    rows = [
        row("mld", 1e-3, 0.5, 1.0), row("lead", 1e-3, 0.5, 1e-4),
        row("mld", 5e-3, 0.8, 1.0), row("lead", 5e-3, 0.1, 1e-4),
        row("mld", 2e-2, 0.4, 1.0), row("lead", 2e-2, 2.0, 1e-4),
    ]  # fmt: skip
    assert best_rate(rows) == 5e-3


def test_a_sweep_reads_training_motions_and_says_which_rate_is_best(root, tmp_path):
    out = tmp_path / "learning_rate.parquet"
    sweep_learning_rate(Job("sweep", settings(root), files(root), {"sweep": out}))
    table = pq.read_table(out)
    rows = table.to_pandas()
    train = {clip.id for clip in MotionIndex.open(inputs(root)["index"]).split("train")}
    assert set(rows["id"]) <= train and rows["id"].nunique() == 10
    assert rows.groupby(["objective", "learning_rate"]).size().tolist() == [10] * 9
    # One descriptor a motion and objective, the same at every rate.
    assert (rows.groupby(["objective", "id"])["descriptor"].nunique() == 1).all()
    assert json.loads(table.schema.metadata[b"lead"])["best"] in RATES


def write_styles(root, path):
    """The study's clips with two styles that were trained on and one that was not."""
    index = MotionIndex.open(inputs(root)["index"])
    styles = ("calm", "wild", "unseen")
    clips = [
        replace(
            clip,
            style=styles[n % 3],
            content="walk" if n % 2 else "wave",
            split=HELD_OUT if n % 3 == 2 else "train",
        )
        for n, clip in enumerate(index.clips)
    ]
    write_index(path, clips, int(index.metadata["rows"]), {})


def test_words_of_unseen_styles_become_figures_and_a_picture(root, tmp_path):
    write_styles(root, tmp_path / "index.parquet")
    endings = {"styles": "parquet", "pdf": "pdf", "png": "png"}
    outputs = {name: tmp_path / f"styles.{ending}" for name, ending in endings.items()}
    styles = {"takes": 2, "repeats": 1, "sentences": ["someone <*>", "a man <*> slowly"]}
    values = settings(root, styles=styles)
    values["evaluation"] = values["evaluation"] | {"sampling_steps": 2}
    given = files(root) | {"index": tmp_path / "index.parquet"}
    invert_styles(Job("styles", values, given, outputs))
    rows = pq.read_table(outputs["styles"]).to_pandas()
    assert set(rows["style"]) == {"unseen"} and set(rows["label"]) == {"style", "content"}
    assert set(rows["variant"]) == {
        "real", "reconstruction", "word", "word_lead", "mld", "mld_lead", "feat", "feat_lead",
        "lead", "lead_lead",
    }  # fmt: skip
    assert (rows["chance"] == rows["label"].map({"style": 1 / 3, "content": 1 / 2})).all()
    assert ((rows["found"] / rows["motions"]) == rows["accuracy"]).all()
    assert Image.open(outputs["png"]).width == 2070
    assert b"/Type3" not in outputs["pdf"].read_bytes()
