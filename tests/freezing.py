"""Whether a network is frozen."""

from torch import nn


def is_frozen(module: nn.Module) -> bool:
    """Whether no part of the module trains or asks for a gradient."""
    parts = any(part.training for part in module.modules())
    return not parts and not any(parameter.requires_grad for parameter in module.parameters())
