"""The evaluator embeds each item as if it were alone, in the caller's order."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from lead.config.models import MatcherModel
from lead.errors import LeadError
from lead.models.build import build_matcher, freeze
from lead.models.matcher import MovementDecoder

WIDTH = 19
LENGTHS = (24, 40, 30, 37, 5)


def matcher(pos_classes: int = 0):
    torch.manual_seed(0)
    model = MatcherModel(
        movement_width=16,
        motion_hidden=12,
        text_hidden=10,
        embedding=8,
        token_width=6,
        pos_classes=pos_classes,
    )
    network = build_matcher(model, WIDTH)
    for parameter in network.parameters():  # biases start at zero, which would hide mistakes
        torch.nn.init.normal_(parameter, std=0.4)
    return freeze(network)


@pytest.fixture
def motions():
    torch.manual_seed(1)
    return torch.randn(len(LENGTHS), max(LENGTHS), WIDTH)


@pytest.fixture
def mask():
    return torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]


def test_unpadded_motions_are_embedded_as_if_alone(motions, mask):
    network = matcher()
    together = network.embed_motion(motions, mask)
    for row, length in enumerate(LENGTHS):
        alone = network.embed_motion(motions[row : row + 1, :length], mask[row : row + 1, :length])
        assert_close(together[row : row + 1], alone, rtol=0, atol=5e-6)


def test_unpadded_agrees_with_plain_convolutions_on_the_bare_motion(motions):
    network, length = matcher(), 24
    bare = network.movement_encoder(motions[:1, :length, :-4])
    steps = torch.tensor([length // 4])
    expected = network.motion_encoder(bare, steps)
    mask = torch.arange(40)[None] < length
    assert_close(network.embed_motion(motions[:1], mask), expected, rtol=0, atol=5e-6)


def test_zero196_sees_zeros_up_to_196_frames(motions):
    network, length = matcher(), 24
    padded = F.pad(motions[:1, :length, :-4], (0, 0, 0, 196 - length))
    snippets = network.movement_encoder(padded)
    expected = network.motion_encoder(snippets, torch.tensor([length // 4]))
    mask = torch.arange(40)[None] < length
    embedded = network.embed_motion(motions[:1], mask, "zero196")
    assert_close(embedded, expected, rtol=0, atol=5e-6)


def test_zero196_cuts_padding_beyond_196_frames(motions):
    network = matcher()
    mask = torch.arange(210)[None] < 24
    long = F.pad(motions[:1], (0, 0, 0, 170))
    short = network.embed_motion(motions[:1], mask[:, :40], "zero196")
    assert_close(network.embed_motion(long, mask, "zero196"), short)


def test_the_boundary_convention_changes_the_last_snippet_only(motions):
    network, length = matcher(), 24
    frames = motions[:1, :, :-4].clone()
    frames[:, length:] = 0
    unpadded = network.movement_encoder(frames, torch.tensor([length]))[:, : length // 4]
    padded = network.movement_encoder(frames)[:, : length // 4]
    assert_close(unpadded[:, :-1], padded[:, :-1])
    assert (unpadded[:, -1] - padded[:, -1]).abs().max() > 1e-3


@pytest.mark.parametrize("boundary", ["unpadded", "zero196"])
def test_what_stands_in_the_padding_does_not_matter(motions, mask, boundary):
    network = matcher()
    spoiled = motions.masked_fill(~mask[..., None], torch.nan)
    clean = network.embed_motion(motions, mask, boundary)
    assert_close(network.embed_motion(spoiled, mask, boundary), clean)


def test_the_order_of_motions_does_not_change_their_embeddings(motions, mask):
    network, order = matcher(), torch.tensor([3, 0, 4, 2, 1])
    shuffled = network.embed_motion(motions[order], mask[order])
    assert_close(shuffled, network.embed_motion(motions, mask)[order], rtol=0, atol=5e-6)


def test_contacts_are_not_looked_at(motions, mask):
    network, changed = matcher(), motions.clone()
    changed[..., -4:] += 1
    assert torch.equal(network.embed_motion(changed, mask), network.embed_motion(motions, mask))
    changed[..., -5] += 1
    assert not torch.equal(network.embed_motion(changed, mask), network.embed_motion(motions, mask))


def test_the_order_of_texts_does_not_change_their_embeddings():
    network, order = matcher(), torch.tensor([2, 0, 1])
    tokens, lengths = torch.randn(3, 9, 6), torch.tensor([4, 9, 6])
    embedded = network.embed_text(tokens, lengths)
    shuffled = network.embed_text(tokens[order], lengths[order])
    assert_close(shuffled, embedded[order], rtol=0, atol=5e-6)


def test_tokens_beyond_a_text_s_length_do_not_matter():
    network, tokens = matcher(), torch.randn(1, 9, 6)
    alone = network.embed_text(tokens[:, :4], torch.tensor([4]))
    assert_close(network.embed_text(tokens, torch.tensor([4])), alone, rtol=0, atol=5e-6)


def test_part_of_speech_classes_are_added_to_the_tokens():
    network, tokens, lengths = matcher(pos_classes=3), torch.randn(2, 5, 6), torch.tensor([5, 3])
    pos = F.one_hot(torch.randint(3, (2, 5)), 3).float()
    shifted = tokens + network.text_encoder.pos_emb(pos)
    none = torch.zeros_like(pos)
    expected = network.embed_text(shifted - network.text_encoder.pos_emb.bias, lengths, none)
    assert_close(network.embed_text(tokens, lengths, pos), expected)


@pytest.mark.parametrize(("classes", "given"), [(3, None), (0, torch.zeros(1, 5, 3))])
def test_part_of_speech_classes_must_fit_the_matcher(classes, given):
    with pytest.raises(LeadError, match="Part-of-speech"):
        matcher(classes).embed_text(torch.randn(1, 5, 6), torch.tensor([5]), given)


def test_a_motion_shorter_than_a_snippet_is_refused(motions):
    with pytest.raises(LeadError, match="too short"):
        matcher().embed_motion(motions[:1], torch.arange(40)[None] < 3)


def test_a_motion_longer_than_the_published_padding_is_refused():
    motion, mask = torch.randn(1, 200, WIDTH), torch.ones(1, 200, dtype=torch.bool)
    with pytest.raises(LeadError, match="too long") as caught:
        matcher().embed_motion(motion, mask, "zero196")
    assert caught.value.found == "200 frames"


def test_snippets_are_decoded_to_as_many_frames_as_were_encoded():
    model = MatcherModel(movement_width=16)
    snippets = build_matcher(model, WIDTH).movement_encoder(torch.randn(2, 24, WIDTH - 4))
    assert snippets.shape == (2, 6, 16)
    assert MovementDecoder(model, WIDTH)(snippets).shape == (2, 24, WIDTH)


def test_weights_start_at_xavier_normal_and_biases_at_zero():
    torch.manual_seed(0)
    linear = build_matcher(MatcherModel(), 263).motion_encoder.input_emb
    assert float(linear.weight.detach().std()) == pytest.approx((2 / (512 + 1024)) ** 0.5, rel=0.02)
    assert linear.bias.abs().max() == 0


@pytest.mark.parametrize(("width", "seen"), [(263, 67), (251, 64)])
def test_positions_are_the_root_and_every_other_joint(width, seen):
    torch.manual_seed(0)
    small = {"movement_width": 8, "motion_hidden": 8, "text_hidden": 8, "embedding": 8}
    model = MatcherModel(**small, features="positions")
    network, motion = freeze(build_matcher(model, width)), torch.randn(1, 24, width)
    mask, changed = torch.ones(1, 24, dtype=torch.bool), motion.clone()
    changed[..., seen:] += 1
    assert torch.equal(network.embed_motion(changed, mask), network.embed_motion(motion, mask))
    changed[..., seen - 1] += 1
    assert not torch.equal(network.embed_motion(changed, mask), network.embed_motion(motion, mask))
    decoded = MovementDecoder(model, width)(torch.zeros(1, 6, 8))
    assert decoded.shape == (1, 24, seen)
