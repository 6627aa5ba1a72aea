"""A word that the encoder does not know, in sentences that it does."""

from __future__ import annotations

import pytest
import torch

from lead.errors import LeadError
from lead.text.encoder import TextEncoder
from lead.text.networks import ClipTower
from lead.text.pseudo_word import encode_named, encode_pseudo, is_single_token, token_vectors

WORD = {"minilm": "jumps", "clip": "j", "t5": "jumps"}


@pytest.fixture(params=WORD)
def named(request: pytest.FixtureRequest) -> tuple[TextEncoder, str]:
    return request.getfixturevalue(request.param), WORD[request.param]


def test_with_a_stock_words_vector_a_sentence_is_the_stock_sentence(named) -> None:
    encoder, word = named
    sentences = ["a man <*>", "<*>", "a person <*> left and left"]
    own = encode_pseudo(encoder, sentences, token_vectors(encoder, [word] * 3))
    stock = encoder.encode([one.replace("<*>", word) for one in sentences]).pooled
    torch.testing.assert_close(own, stock, atol=2e-6, rtol=1e-5)


def test_each_sentence_has_its_own_vector_and_nothing_stays_behind(named) -> None:
    encoder, word = named
    before = encoder.encode(["a man left"]).pooled
    vectors = token_vectors(encoder, [word] * 2)
    vectors[1] *= torch.linspace(-2, 2, encoder.token_width)
    pair = encode_pseudo(encoder, ["a man <*>"] * 2, vectors)
    assert not torch.allclose(pair[0], pair[1], atol=1e-3)
    assert torch.equal(encoder.encode(["a man left"]).pooled, before)


def test_the_gradient_reaches_the_vectors_alone(named) -> None:
    encoder, word = named
    vectors = token_vectors(encoder, [word] * 2).requires_grad_(True)
    encode_pseudo(encoder, ["a man <*>", "left <*> a man"], vectors)[0].sum().backward()
    assert vectors.grad is not None
    assert vectors.grad[0].abs().max() > 0 and not vectors.grad[1].any()
    assert all(weight.grad is None for weight in encoder.network.model.parameters())


def test_a_word_of_several_tokens_is_told_apart_and_refused(minilm: TextEncoder) -> None:
    assert is_single_token(minilm, "walk") and not is_single_token(minilm, "moonwalks")
    with pytest.raises(LeadError, match="one token"):
        token_vectors(minilm, ["walk", "moonwalks"])


@pytest.mark.parametrize("sentence", ["a man walks", "<*> and <*>"])
def test_a_sentence_needs_one_placeholder(minilm: TextEncoder, sentence: str) -> None:
    with pytest.raises(LeadError, match="placeholder"):
        encode_pseudo(minilm, [sentence], torch.zeros(1, minilm.token_width))


def test_several_stock_words_in_a_sentence_are_the_stock_sentence(named) -> None:
    encoder, word = named
    other = "m" if word == "j" else "left"
    vectors = token_vectors(encoder, [word, other])
    words: dict[str, torch.Tensor] = {"<one>": vectors[0], "<two>": vectors[1]}
    sentences = ["a man <one> and <two> and <one>", "<two> a", "<two> and <one>"]
    own = encode_named(encoder, sentences, words)
    stock = [one.replace("<one>", word).replace("<two>", other) for one in sentences]
    torch.testing.assert_close(own, encoder.encode(stock).pooled, atol=2e-6, rtol=1e-5)


def test_a_sentence_without_any_of_the_words_is_refused(minilm: TextEncoder) -> None:
    with pytest.raises(LeadError, match="none of the words"):
        encode_named(minilm, ["a man"], {"<one>": torch.zeros(minilm.token_width)})


def test_what_stands_behind_clips_end_token_is_left_out_and_counts_for_nothing(
    clip: TextEncoder,
) -> None:
    assert isinstance(clip.network, ClipTower)
    ids = torch.tensor([clip.tokenizer("a man jumps").input_ids] * 2)
    assert ids.shape[1] < clip.max_tokens
    pooled, states = clip.network.unpadded(ids)
    expected, padded_states = clip.network(ids)
    torch.testing.assert_close(pooled, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(states, padded_states, atol=1e-5, rtol=0)


def test_clip_without_padding_pools_at_the_first_end_token(clip: TextEncoder) -> None:
    assert isinstance(clip.network, ClipTower)
    ids = clip.tokenizer("a man jumps").input_ids
    pooled, states = clip.network.unpadded(torch.tensor([[*ids, 5, ids[-1]]]))
    end = clip.network.model.text_projection(states[0, len(ids) - 1])
    torch.testing.assert_close(pooled[0], end, atol=1e-5, rtol=1e-5)
