"""Inverting words of a study with random networks and an encoder of a few lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from finished_study import build, generating, inputs, study_of, write_networks
from inversion_networks import WIDTH, few_words, files, networks

from lead.config.evaluation import Inversion
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion import invert as inverting
from lead.inversion import stages
from lead.inversion.chosen import ChosenMotion, write_chosen
from lead.inversion.invert import fresh_objective, in_templates, invert
from lead.inversion.objectives import TEMPLATES, objective_values, segment_length
from lead.inversion.words import read_inverted
from lead.store import MotionIndex
from lead.text.pseudo_word import PLACEHOLDER

MOTIONS = 3
SETTINGS = Inversion(steps=2, batch=2, learning_rate=0.05, chunk=2)
OBJECTIVES = ("mld", "feat", "lead")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = build(tmp_path_factory.mktemp("invert"))
    write_networks(root)
    clips = MotionIndex.open(inputs(root)["index"]).split("test")[:MOTIONS]
    chosen = [ChosenMotion(c.id, c.captions[0], c.frames, "walk", "list") for c in clips]
    write_chosen(root / "motions.parquet", chosen, {"of": MOTIONS})
    return root


@pytest.fixture
def encoder(monkeypatch):
    own = few_words()
    monkeypatch.setattr(inverting, "load_text_encoder", lambda *given: own)
    return own


def chosen_clips(root, own):
    return own.store.split("test")[:MOTIONS]


def stage(root, out, words="lead", state=None):
    values = generating(study_of(root)) | {
        "mti": SETTINGS.model_dump(),
        "words": words,
        "objective": words,
    }
    given = files(root) | {"motions": root / "motions.parquet"}
    outputs = {
        "words": out / "words.safetensors",
        "history": out / "history.parquet",
        "fresh": out / "fresh.parquet",
    }
    job = Job("invert", values, given, outputs, state=state)
    stages.invert_words(job)
    return job


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_inverting_all_at_once_is_inverting_one_by_one(root, encoder, objective):
    own = networks(root, encoder, torch.float64)
    clips, seeds = chosen_clips(root, own), Seeds(1)
    start = torch.randn(MOTIONS, WIDTH, generator=Seeds(2).torch(), dtype=torch.float64)
    every = invert(own, objective, clips, start, SETTINGS, seeds).vectors
    for row, clip in enumerate(clips):
        alone = invert(own, objective, [clip], start[row : row + 1], SETTINGS, seeds)
        torch.testing.assert_close(alone.vectors[0], every[row], atol=1e-5, rtol=1e-5)


# A denoiser of random numbers predicts no noise, whatever it is told: `mld` has nothing to learn.
@pytest.mark.parametrize("objective", ["feat", "lead"])
def test_a_word_lowers_its_own_objective_on_draws_it_never_saw(root, encoder, objective):
    own = networks(root, encoder)
    start = torch.randn(MOTIONS, WIDTH, generator=Seeds(2).torch())
    settings = SETTINGS.model_copy(update={"steps": 12, "learning_rate": 0.2})
    clips, seeds = chosen_clips(root, own), Seeds(1)
    made = invert(own, objective, clips, start, settings, seeds)
    both = [in_templates(own.encoder, vectors) for vectors in (start, made.vectors)]
    before, after = fresh_objective(own, objective, clips, both, settings, seeds)
    assert (after < before).float().mean() > 0.6


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_only_the_word_moves_and_only_it_has_a_gradient(root, encoder, objective):
    own = networks(root, encoder)
    generator = own.generator
    modules = (generator.vae, generator.denoiser, generator.projector, encoder.network)
    before = [weight.clone() for module in modules for weight in module.parameters()]
    start = torch.randn(MOTIONS, WIDTH, generator=Seeds(2).torch())
    made = invert(own, objective, chosen_clips(root, own), start, SETTINGS, Seeds(1))
    assert not torch.equal(made.vectors, start)
    after = [weight for module in modules for weight in module.parameters()]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    assert all(weight.grad is None for weight in after)


def test_one_word_of_several_clips_is_worth_its_mean_over_them(root, encoder):
    own = networks(root, encoder, torch.float64)
    clips, seeds = chosen_clips(root, own), Seeds(1)
    word = in_templates(own.encoder, torch.randn(1, WIDTH, generator=Seeds(2).torch()).double())
    shared = fresh_objective(own, "lead", clips, [word], SETTINGS, seeds)[0]
    each = fresh_objective(own, "lead", clips, [word.expand(MOTIONS, -1, -1)], SETTINGS, seeds)[0]
    assert len(shared) == 1 and len(set(each.tolist())) == MOTIONS
    torch.testing.assert_close(shared[0], each.mean())


def test_one_word_of_several_clips_follows_all_of_them(root, encoder):
    own = networks(root, encoder, torch.float64)
    clips, seeds = chosen_clips(root, own), Seeds(1)
    start = torch.randn(1, WIDTH, generator=Seeds(2).torch(), dtype=torch.float64)
    one = SETTINGS.model_copy(update={"steps": 1})
    shared = invert(own, "lead", clips, start, one, seeds)
    alone = [invert(own, "lead", [clip], start, one, seeds).loss for clip in clips]
    torch.testing.assert_close(shared.loss, torch.cat(alone, dim=2))


def test_every_objective_meets_the_same_draws(root, encoder):
    own = networks(root, encoder)
    start = torch.zeros(MOTIONS, WIDTH)
    clips = chosen_clips(root, own)
    timesteps = [invert(own, one, clips, start, SETTINGS, Seeds(1)).timestep for one in OBJECTIVES]
    assert not start.any()  # what is given is not changed
    assert torch.equal(timesteps[0], timesteps[1]) and torch.equal(timesteps[0], timesteps[2])


def test_the_true_noise_has_no_loss_in_any_objective(root, encoder):
    own = networks(root, encoder, torch.float64)
    clips = chosen_clips(root, own)
    drawn = own.segments.draw(clips, 2, Seeds(1))
    own.generator.denoiser.predicts = "epsilon"
    own.generator.denoiser.forward = lambda noisy, timestep, text, guidance: drawn.noise
    text = torch.zeros(len(drawn.noise), WIDTH, dtype=torch.float64)
    for objective in OBJECTIVES:
        assert objective_values(objective, own.generator, text, drawn).abs().max() < 1e-12


def test_a_segment_is_the_piece_of_the_motion_that_begins_where_it_was_drawn(root, encoder):
    own = networks(root, encoder, torch.float64)
    clips = [clip for clip in chosen_clips(root, own) if clip.frames >= 48]
    found = own.segments.posterior([*clips, *clips], [3] * len(clips) + [0] * len(clips))
    for row, clip in enumerate(clips):
        piece = own.store[clip][3 : 3 + segment_length(clip.frames)]
        motion = own.normalizer.normalise(torch.tensor(piece, dtype=torch.float64))[None]
        alone = own.generator.vae.encode(motion, torch.ones(motion.shape[:2], dtype=torch.bool))
        torch.testing.assert_close(found.mean[row], alone.mean[0])
        torch.testing.assert_close(found.logvar[row], alone.logvar[0])
        assert not torch.allclose(found.mean[row], found.mean[row + len(clips)])


def test_a_segment_is_encoded_once_however_often_it_is_drawn(root, encoder, monkeypatch):
    own = networks(root, encoder, torch.float64)
    clips, encode, rows = chosen_clips(root, own), own.generator.vae.encode, []
    monkeypatch.setattr(
        own.generator.vae,
        "encode",
        lambda motion, mask: rows.append(motion) or encode(motion, mask),
    )
    first = [own.segments.draw(clips, 30, Seeds(step)) for step in range(3)]
    places = sum(clip.frames - segment_length(clip.frames) + 1 for clip in clips)
    assert sum(len(motion) for motion in rows) <= places
    encoded = len(rows)
    assert [own.segments.draw(clips, 30, Seeds(s)) for s in range(3)]
    assert len(rows) == encoded
    again = replace(own)  # knows nothing
    latest = again.segments.draw(clips[::-1], 30, Seeds(2))
    torch.testing.assert_close(latest.latent.view(len(clips), 30, -1).flip(0).flatten(0, 1),
                               first[2].latent.flatten(1))  # fmt: skip


@pytest.mark.parametrize(
    ("frames", "expected"), [(30, 30), (43, 43), (44, 40), (80, 48), (100, 60), (196, 116)]
)
def test_segments_are_three_fifths_of_a_motion_or_all_of_a_short_one(frames, expected):
    assert segment_length(frames) == expected


def test_a_killed_inversion_goes_on_with_the_same_bits(root, encoder, tmp_path, monkeypatch):
    stage(root, tmp_path / "whole")
    real, calls = inverting.invert, []

    def interrupted(*given):
        calls.append(len(given[2]))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(inverting, "invert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stage(root, tmp_path / "halves", state=tmp_path / "state")
    stage(root, tmp_path / "halves", state=tmp_path / "state")
    assert calls == [2, 1, 1]
    for name in ("words.safetensors", "history.parquet", "fresh.parquet"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "halves" / name).read_bytes()


def test_the_files_say_what_was_inverted(root, encoder, tmp_path):
    stage(root, tmp_path, words="mld")
    words = read_inverted(tmp_path / "words.safetensors")
    assert len(words.ids) == MOTIONS and words.sentences.shape == (MOTIONS, 8, WIDTH)
    history = pq.read_table(tmp_path / "history.parquet").to_pandas()
    assert len(history) == MOTIONS * SETTINGS.steps * SETTINGS.batch
    assert history["timestep"].between(0, 999).all() and np.isfinite(history["loss"]).all()
    fresh = pq.read_table(tmp_path / "fresh.parquet").to_pandas()
    assert list(fresh["id"]) == list(words.ids) and (fresh["word"] == "walk").all()


def test_templates_are_the_papers_eight():
    assert len(set(TEMPLATES)) == 8
    assert all(one.endswith(f" {PLACEHOLDER}") for one in TEMPLATES)
