"""CLIP's text tower as MLD uses it: the projected state at the first end token, as it is."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from lead.config.models import ClipText
from lead.errors import LeadError
from lead.text.encoder import TextEncoder, check_length, frozen, load_from, locate, weight_digest


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
        """``text_embeds`` of the ids padded to full length, and the states of the given ids."""
        padded = F.pad(ids, (0, self.length - ids.shape[1]), value=self.pad)
        output = self.model(input_ids=padded.to(self.model.device))
        return output.text_embeds, output.last_hidden_state[:, : ids.shape[1]]

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


def load_clip(config: ClipText, device: torch.device) -> TextEncoder:
    """Load CLIP's text tower."""
    from transformers import AutoTokenizer, CLIPTextModelWithProjection

    folder = locate(config.model)
    # Not `CLIPTextModel`: its pooler_output is as wide, but not projected.
    model = load_from(folder, CLIPTextModelWithProjection.from_pretrained, dtype=torch.float32)
    check_length(config.max_tokens, model.config.max_position_embeddings, folder)
    tokenizer = load_from(folder, AutoTokenizer.from_pretrained)
    network: ClipTower = frozen(ClipTower(model, tokenizer, config.max_tokens), device)
    network.check_pooling(torch.tensor([tokenizer("a person walks").input_ids]))
    return TextEncoder(
        name=f"clip:{config.model}",
        digest=weight_digest(folder),
        network=network,
        tokenizer=tokenizer,
        max_tokens=config.max_tokens,
    )
