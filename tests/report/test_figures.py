"""Training curves, and the map of latents."""

from __future__ import annotations

import numpy as np
import pytest

from lead.clip import Clip
from lead.errors import LeadError
from lead.files.job import Job
from lead.report.figures import training_curves
from lead.report.pictures import _chosen, _numbers, verb_of
from lead.training.state import write_history


def clip(name: str, caption: str) -> Clip:
    return Clip(name, "test", 0, 40, (caption,), name, "c", None, "s")


def curves(folder, name="a"):
    history = [{"step": 0, "validation": 2.0, "r2": 0.1}]
    history += [{"step": n, "loss": 1.0 / n, "align": 0.5 / n} for n in range(1, 50)]
    write_history(history, folder / "vae.parquet", {})
    outputs = {ending: folder / f"{name}.{ending}" for ending in ("pdf", "png")}
    training_curves(Job("curves", {"seed": 1}, {"vae": folder / "vae.parquet"}, outputs))
    return outputs


def test_the_same_history_gives_the_same_bytes(tmp_path):
    one, other = curves(tmp_path), curves(tmp_path, "b")
    for ending, path in one.items():
        assert path.read_bytes() == other[ending].read_bytes()
        assert path.stat().st_size > 5000


def test_a_damaged_history_is_named(tmp_path):
    (tmp_path / "vae.parquet").write_bytes(b"PAR1")
    outputs = {ending: tmp_path / f"x.{ending}" for ending in ("pdf", "png")}
    with pytest.raises(LeadError, match="damaged"):
        training_curves(Job("curves", {"seed": 1}, {"vae": tmp_path / "vae.parquet"}, outputs))
    assert not outputs["pdf"].exists()


@pytest.mark.parametrize(
    ("captions", "verb"),
    [
        (["a person walks forward.", "someone is walking"], "walk"),
        (["a man ran in a circle"], "run"),
        (["she is sitting down", "a person sits"], "sit"),
        (["he waved", "waving both arms"], "wave"),
        (["a person jumped and kicked"], None),
        (["a person walks", "a person jogs and jumps"], None),
        (["the walkway", "a waver"], None),
        (["a person bends"], None),
    ],
)
def test_a_clip_has_a_verb_if_its_captions_hold_one_alone(captions, verb):
    assert verb_of(captions) == verb


def test_actions_that_lie_apart_have_a_high_silhouette_and_pure_neighbours():
    rng = np.random.default_rng(0)
    verbs = ["walk"] * 30 + ["kick"] * 10
    centres = np.where(np.array(verbs)[:, None] == "walk", [5.0, 0, 0], [0, 5.0, 0])
    apart = _numbers("z", centres + 0.1 * rng.normal(size=(40, 3)), verbs)
    mixed = _numbers("z", rng.normal(size=(40, 3)), verbs)
    assert apart["silhouette"] > 0.9 and apart["purity"] > 0.97
    assert abs(mixed["silhouette"]) < 0.2
    assert mixed["purity"] == pytest.approx(mixed["chance"], abs=0.15)
    assert mixed["chance"] == pytest.approx((30 / 40) ** 2 + (10 / 40) ** 2)


def test_mirrored_clips_and_rare_verbs_are_left_out():
    clips = [clip(f"c{n}", "a person walks") for n in range(70)]
    clips += [clip(f"M{n}", "a person kicks") for n in range(9)]
    clips += [clip(f"k{n}", "a person kicks") for n in range(6)]
    clips += [clip(f"s{n}", "a person swims") for n in range(4)]
    chosen, verbs = _chosen(clips)
    assert [verbs.count(verb) for verb in ("walk", "kick", "swim")] == [60, 6, 0]
    assert not any(own.id.startswith("M") for own in chosen)


def test_a_study_without_such_clips_is_told_so():
    with pytest.raises(LeadError, match="Too few test clips"):
        _chosen([clip(f"c{n}", "a person walks") for n in range(70)])
