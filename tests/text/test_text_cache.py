"""Facts about the file that holds what the text encoder said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lead.config.models import T5Text
from lead.errors import LeadError
from lead.text import cache as cache_module
from lead.text.cache import Standardisation, TextCache, write_text_cache
from lead.text.encoder import TextEncoder, load_text_encoder

CAPTIONS = ["a man walks", "a person jumps slowly", "left", "right", "a man walks"]


@pytest.fixture
def path(tmp_path: Path, t5: TextEncoder) -> Path:
    write_text_cache(tmp_path / "text.safetensors", CAPTIONS, t5)
    return tmp_path / "text.safetensors"


def test_pooled_vectors_come_back_to_the_bit(path: Path, t5: TextEncoder) -> None:
    asked = ["right", "a man walks", "right"]
    assert torch.equal(TextCache.open(path).pooled(asked), t5.encode(asked).pooled)


def test_token_states_come_back_to_half_precision_padded_with_zeros(
    path: Path, t5: TextEncoder
) -> None:
    asked = ["left", "a person jumps slowly"]
    tokens, lengths = TextCache.open(path).tokens(asked)
    expected = t5.encode(asked).tokens
    assert lengths.tolist() == [2, 5]
    assert tokens.shape == (2, 5, t5.token_width)
    assert tokens.dtype == torch.float32
    for row, states in enumerate(expected):
        torch.testing.assert_close(tokens[row, : len(states)], states, rtol=1e-3, atol=1e-3)
    assert not tokens[0, 2:].any()


def test_the_null_caption_is_always_there(path: Path) -> None:
    cache = TextCache.open(path)
    assert "" in cache.captions
    assert len(cache) == len(set(CAPTIONS)) + 1


def test_a_caption_that_was_not_encoded_is_refused(path: Path) -> None:
    cache = TextCache.open(path)
    for read in (cache.pooled, cache.tokens):
        with pytest.raises(LeadError, match="not in the text cache") as caught:
            read(["a man walks", "a cat flies"])
        assert caught.value.found == "a cat flies"


@pytest.mark.parametrize("kept", [0, 5, 200, -1])
def test_a_truncated_file_says_to_delete_it(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(LeadError, match="damaged") as caught:
        TextCache.open(path)
    assert caught.value.file == path
    assert "Delete the file" in str(caught.value.fix)


def test_another_safetensors_file_is_no_cache(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"pooled": torch.zeros(2, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(LeadError, match="damaged"):
        TextCache.open(tmp_path / "other.safetensors")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LeadError, match="no text cache"):
        TextCache.open(tmp_path / "text.safetensors")


def test_the_file_says_which_encoder_wrote_it(path: Path, t5: TextEncoder) -> None:
    cache = TextCache.open(path)
    assert cache.metadata["encoder"] == t5.name
    assert cache.metadata["encoder_digest"] == t5.digest
    assert (cache.width, cache.token_width) == (t5.width, t5.token_width)


def test_neither_order_nor_repetition_nor_chunks_of_captions_change_a_byte_of_the_file(
    path: Path, t5: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "_CHUNK", 2)
    again = tmp_path / "again.safetensors"
    write_text_cache(again, [*CAPTIONS[::-1], "left", ""], t5)
    assert again.read_bytes() == path.read_bytes()


def test_cut_captions_are_counted_in_the_file(t5_folder: Path, tmp_path: Path) -> None:
    encoder = load_text_encoder(T5Text(kind="t5", model=str(t5_folder), max_tokens=3))
    assert write_text_cache(tmp_path / "t.safetensors", CAPTIONS, encoder) == 2
    assert TextCache.open(tmp_path / "t.safetensors").metadata["truncated"] == "2"


def test_a_failed_write_leaves_no_file(
    tmp_path: Path, t5: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(tensors: dict, target: Path, metadata: dict) -> None:
        target.write_bytes(b"half a file")
        raise RuntimeError("killed")

    monkeypatch.setattr("lead.models.tensors.save_file", fail)
    with pytest.raises(RuntimeError, match="killed"):
        write_text_cache(tmp_path / "t.safetensors", CAPTIONS, t5)
    assert list(tmp_path.iterdir()) == []


def test_standardised_training_captions_have_mean_0_and_deviation_1(path: Path) -> None:
    cache, train = TextCache.open(path), CAPTIONS
    scaled = Standardisation.fit(cache, train)(cache.pooled(train))
    torch.testing.assert_close(scaled.mean(0), torch.zeros(cache.width), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled.std(0, correction=0), torch.ones(cache.width))


def test_a_dead_dimension_stays_at_zero(minilm: TextEncoder, tmp_path: Path) -> None:
    train = [f"a man {verb}s {where}" for verb in ("walk", "run") for where in ("left", "right")]
    write_text_cache(tmp_path / "t.safetensors", train, minilm)
    cache = TextCache.open(tmp_path / "t.safetensors")
    standardisation = Standardisation.fit(cache, train)
    scaled = standardisation(cache.pooled(train))
    dead = standardisation.std == 1
    assert int(dead.sum()) == 3  # a fact about these weights
    assert scaled[:, dead].abs().max() < 1e-6


def test_one_caption_is_too_few_to_standardise(path: Path) -> None:
    with pytest.raises(LeadError, match="cannot be standardised"):
        Standardisation.fit(TextCache.open(path), ["left", "left"])
