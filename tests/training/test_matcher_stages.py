"""Training the matcher: whose words it reads, and the published flaws one by one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from finished_study import NoNetwork, Words
from vocabulary_files import write_vocabulary

from lead.clip import Clip
from lead.config.datasets import SyntheticDataset
from lead.config.evaluation import MatcherStage, TrainedEvaluator
from lead.config.training import Machine
from lead.errors import LeadError
from lead.files.job import Job
from lead.losses import draw_shift, movement_autoencoder_loss
from lead.models.build import build_matcher
from lead.models.files import load_module
from lead.models.matcher import Matcher
from lead.models.tensors import load_tensors
from lead.motion.normalizer import Normalizer, save_normalizer
from lead.store import write_index
from lead.text.cache import write_text_cache
from lead.text.stages import encode_words
from lead.text.word_cache import WordCache
from lead.training import matcher as stages
from lead.training.matcher import train_matcher, train_movement, window_starts

WIDTH, FRAMES, CLIPS = 263, 48, 10
CAPTION = "a man walks"
GLOVE = {"token_width": 300, "pos_classes": 15}
TRAINING = {"steps": 4, "batch_size": 4, "learning_rate": 1e-3, "weight_decay": 0.0}


@dataclass(frozen=True)
class Study:
    """A few random clips, their words, and a trained movement encoder."""

    folder: Path

    def job(self, name: str, inputs: dict[str, str], out: Path, **said: Any) -> Job:
        small = {"movement_width": 8, "motion_hidden": 8, "text_hidden": 8, "embedding": 8}
        values = {"movement": TRAINING, "matching": TRAINING, "model": GLOVE} | said
        stage = MatcherStage.model_validate(values | {"model": small | values["model"]})
        settings = {
            "seed": 1,
            "dataset": SyntheticDataset().model_dump(mode="json"),
            "matcher": stage.model_dump(mode="json"),
            "machine": Machine(threads=1).model_dump(mode="json"),
        }
        files = {name: self.folder / file for name, file in inputs.items()}
        outputs = {"weights": out / "weights.safetensors", "history": out / "history.parquet"}
        return Job(name, settings, files, outputs)

    def movement(self, out: Path, **said: Any) -> None:
        train_movement(self.job("train_movement", DATA, out, **said))

    def matching(self, out: Path, words: dict[str, str] | None = None, **said: Any) -> None:
        inputs = DATA | {"movement": "weights.safetensors"} | (words or {"words": "w.safetensors"})
        train_matcher(self.job("train_matcher", inputs, out, **said))


DATA = {"frames": "frames.npy", "index": "index.parquet", "stats": "stats.npz"}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    folder = tmp_path_factory.mktemp("matcher")
    rng = np.random.default_rng(0)
    np.save(folder / "frames.npy", rng.normal(size=(CLIPS * FRAMES, WIDTH)).astype(np.float32))
    clips = [
        Clip(
            f"c{row}", "train", row * FRAMES, (row + 1) * FRAMES, (CAPTION,), f"t{row}", "walk",
            None, "source", ("a/DET man/NOUN walk/VERB",),
        )
        for row in range(CLIPS)
    ]  # fmt: skip
    write_index(folder / "index.parquet", clips, CLIPS * FRAMES, {})
    zero, one = np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32)
    save_normalizer(Normalizer(zero, one), folder / "stats.npz")
    write_vocabulary(folder / "glove")
    inputs, outputs = {"index": folder / "index.parquet"}, {"words": folder / "w.safetensors"}
    settings = {"seed": 1, "evaluator": TrainedEvaluator(words="glove").model_dump(mode="json")}
    encode_words(Job("encode_words", settings, inputs, outputs, data_root=folder))
    own = Study(folder)
    own.movement(folder)
    return own


@pytest.fixture
def seen(monkeypatch) -> list[dict[str, Any]]:
    """What the losses of both stages are given, step by step."""
    found = []

    def shift(batch, generator, *, published):
        found.append({"batch": batch, "published_shift": published})
        return draw_shift(batch, generator, published=published)

    def autoencoder(decoded, motion, snippets):
        found.append({"batch": len(motion), "frames": motion.shape[1]})
        return movement_autoencoder_loss(decoded, motion, snippets)

    monkeypatch.setattr(stages, "draw_shift", shift)
    monkeypatch.setattr(stages, "movement_autoencoder_loss", autoencoder)
    return found


def test_a_matcher_of_word_vectors_reads_words_and_their_parts_of_speech(study, tmp_path):
    study.matching(tmp_path)
    stage = study.job("", {}, tmp_path).setting("matcher", MatcherStage)
    matcher = load_module(build_matcher(stage.model, WIDTH), tmp_path / "weights.safetensors")
    words = WordCache.open(study.folder / "w.safetensors").words([CAPTION])
    nothing = words._replace(pos=torch.zeros_like(words.pos))
    assert not torch.equal(matcher.embed_text(*words), matcher.embed_text(*nothing))


def test_the_movement_encoder_keeps_every_bit_while_the_matcher_learns(study, tmp_path):
    study.matching(tmp_path)
    frozen = load_tensors(study.folder / "weights.safetensors")
    after = load_tensors(tmp_path / "weights.safetensors")
    for name, value in frozen.items():
        assert torch.equal(after[f"movement_encoder.{name}"], value)


def test_the_movement_encoder_has_no_dropout_while_the_matcher_learns(study, tmp_path, monkeypatch):
    seen = []
    embed = Matcher.embed_motion

    def watched(self, *arguments):
        seen.append(any(module.training for module in self.movement_encoder.modules()))
        return embed(self, *arguments)

    monkeypatch.setattr(Matcher, "embed_motion", watched)
    study.matching(tmp_path)
    assert seen and not any(seen)


def test_parts_of_speech_are_trained(study, tmp_path):
    study.matching(tmp_path / "one", matching=TRAINING | {"steps": 1})
    study.matching(tmp_path / "four")
    one, four = (
        load_tensors(tmp_path / name / "weights.safetensors")["text_encoder.pos_emb.weight"]
        for name in ("one", "four")
    )
    assert not torch.equal(one, four)


def test_a_matcher_of_encoder_tokens_needs_no_words(study, tmp_path):
    write_text_cache(tmp_path / "text.safetensors", [CAPTION], Words("w", "", NoNetwork(), None, 0))
    study.matching(
        tmp_path,
        {"text": str(tmp_path / "text.safetensors")},
        model={"token_width": 8, "pos_classes": 0},
    )
    assert "text_encoder.pos_emb.weight" not in load_tensors(tmp_path / "weights.safetensors")


@pytest.mark.parametrize("model", [{"token_width": 384}, {"pos_classes": 0}])
def test_a_matcher_that_does_not_fit_the_words_is_told_with_both_keys(study, tmp_path, model):
    with pytest.raises(LeadError, match="does not fit the words") as caught:
        study.matching(tmp_path, model=GLOVE | model)
    assert caught.value.expected == "token_width 300, pos_classes 15"
    assert "matcher.model.token_width to 300" in str(caught.value.fix)
    assert "matcher.model.pos_classes to 15" in str(caught.value.fix)


def test_a_matcher_that_does_not_fit_the_encoders_tokens_is_told_the_same_way(study, tmp_path):
    write_text_cache(tmp_path / "text.safetensors", [CAPTION], Words("w", "", NoNetwork(), None, 0))
    with pytest.raises(LeadError, match="does not fit the words") as caught:
        study.matching(tmp_path, {"text": str(tmp_path / "text.safetensors")})
    assert caught.value.expected == "token_width 8, pos_classes 0"


@pytest.mark.parametrize(("negatives", "published"), [("others", False), ("published", True)])
def test_true_pairs_are_wrong_ones_only_where_that_is_asked_for(
    study, tmp_path, seen, negatives, published
):
    study.matching(tmp_path, negatives=negatives)
    assert {step["published_shift"] for step in seen} == {published}


@pytest.mark.parametrize(("drop", "sizes"), [(False, {4, 2}), (True, {4})])
@pytest.mark.parametrize("stage", ["movement", "matching"])
def test_incomplete_batches_are_left_out_only_where_that_is_asked_for(
    study, tmp_path, seen, stage, drop, sizes
):
    # 10 clips make 10 pairs; of 48 frames, windows of 48 make 10 as well.
    getattr(study, stage)(tmp_path, drop_last=drop, window=FRAMES)
    assert {step["batch"] for step in seen} == sizes


def test_padding_to_196_frames_changes_what_is_learnt(study, tmp_path):
    study.matching(tmp_path / "own")
    study.matching(tmp_path / "padded", boundary="zero196")
    own, padded = (
        load_tensors(tmp_path / name / "weights.safetensors")["motion_encoder.input_emb.weight"]
        for name in ("own", "padded")
    )
    assert not torch.equal(own, padded)


def test_a_training_split_below_one_batch_is_refused_by_both_stages(study, tmp_path):
    large = TRAINING | {"batch_size": 64}
    with pytest.raises(LeadError, match="does not make up a batch") as caught:
        study.matching(tmp_path, matching=large, drop_last=True)
    assert "matcher.matching.batch_size" in str(caught.value.fix)
    with pytest.raises(LeadError, match="does not make up a batch") as caught:
        study.movement(tmp_path, movement=large, drop_last=True)
    assert "matcher.movement.batch_size" in str(caught.value.fix)


def test_clips_shorter_than_a_window_are_refused_instead_of_searched_forever(study, tmp_path):
    with pytest.raises(LeadError, match="does not make up a batch"):
        study.movement(tmp_path, window=FRAMES + 4)


def starts(frames, windows, draws=1):
    clip = Clip("c", "train", 100, 100 + frames, (CAPTION,), "t", "walk", None, "s")
    stage = MatcherStage.model_validate(
        {"movement": TRAINING, "matching": TRAINING, "window": 24, "windows": windows}
    )
    rng = np.random.default_rng(0)
    return np.concatenate([window_starts(clip, stage, rng) for _ in range(draws)]).tolist()


def test_published_windows_start_at_every_frame_but_the_last_possible_one():
    assert starts(30, "published") == [100, 101, 102, 103, 104, 105]
    assert starts(24, "published") == starts(20, "published") == []


def test_all_windows_are_as_many_as_fit_and_start_anywhere():
    assert len(starts(71, "all")) == 2
    assert set(starts(30, "all", draws=300)) == set(range(100, 107))
    assert starts(24, "all") == [100]
    assert starts(20, "all") == []


def test_an_evaluator_of_positions_learns_nothing_of_other_features(study, tmp_path):
    model = GLOVE | {"features": "positions"}
    study.movement(tmp_path / "plain", model=model)
    frames = np.load(study.folder / "frames.npy")
    other = frames.copy()
    other[:, 67:] = np.random.default_rng(0).normal(size=other[:, 67:].shape)
    np.save(study.folder / "other.npy", other)
    job = study.job(
        "train_movement", DATA | {"frames": "other.npy"}, tmp_path / "other", model=model
    )
    train_movement(job)
    plain, changed = (
        load_tensors(tmp_path / name / "weights.safetensors") for name in ("plain", "other")
    )
    assert all(plain[key].equal(changed[key]) for key in plain)
