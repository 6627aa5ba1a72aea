"""Sentence-T5: mean of the token states, a dense layer, L2-normalised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from lead.config.models import T5Text
from lead.errors import LeadError
from lead.text.encoder import TextEncoder, frozen, load_from, locate, weight_digest, weight_files

_DENSE = "2_Dense"


class SentenceT5(nn.Module):
    """T5's encoder, mean over the tokens (end token included), dense layer, unit length."""

    def __init__(self, model: Any, weight: Float[Tensor, "C W"]):
        super().__init__()
        self.model = model
        self.width, self.token_width = weight.shape
        self.dense = nn.Linear(self.token_width, self.width, bias=False)
        self.dense.weight = nn.Parameter(weight)

    def forward(
        self, ids: Int[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B S W"]]:
        """Pooled vector and token states. Ids have no padding, so the mean needs no mask."""
        ids = ids.to(self.model.device)
        states = self.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return F.normalize(self.dense(states.mean(dim=1)), dim=-1), states


def load_t5(config: T5Text, device: torch.device) -> TextEncoder:
    """Load Sentence-T5."""
    from transformers import AutoTokenizer, T5EncoderModel

    folder = locate(config.model)
    # float32 is asked for: the published file is float16, and transformers 5 would keep that.
    model = load_from(folder, T5EncoderModel.from_pretrained, dtype=torch.float32)
    network = SentenceT5(model, _dense_weight(folder, model.config.d_model))
    return TextEncoder(
        name=f"t5:{config.model}",
        digest=weight_digest(folder),
        network=frozen(network, device),
        tokenizer=load_from(folder, AutoTokenizer.from_pretrained),
        max_tokens=config.max_tokens,
    )


def _dense_weight(folder: Path, inputs: int) -> Float[Tensor, "C W"]:
    """The weight of the dense layer behind the mean (no bias, identity activation)."""
    from safetensors.torch import load_file

    file = next(iter(weight_files(folder / _DENSE)), folder / _DENSE / "model.safetensors")
    try:
        safe = file.suffix == ".safetensors"
        state = load_file(file) if safe else torch.load(file, weights_only=True)
        weight = state["linear.weight"].float()
    except Exception as error:
        raise LeadError(
            "The dense layer of Sentence-T5 could not be read.",
            file=file,
            found=str(error).splitlines()[0],
            expected=f"linear.weight in {_DENSE}/, as sentence-transformers saves it",
            fix="Set text.model to a folder in the sentence-transformers layout, such as "
            "sentence-transformers/sentence-t5-large.",
        ) from error
    if set(state) != {"linear.weight"} or weight.shape[1] != inputs:
        raise LeadError(
            "The dense layer does not belong to this T5.",
            file=folder / _DENSE,
            found={name: tuple(value.shape) for name, value in state.items()},
            expected=f"linear.weight alone, with {inputs} columns",
            fix="Fetch the model again from the hub.",
        )
    return weight
