"""The optimisers of a stage: AdamW on everything, or Muon on the weight matrices beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.overrides import TorchFunctionMode

from lead.config.training import AdamW as AdamWSettings
from lead.config.training import Muon as MuonSettings
from lead.config.training import Training

HIGHEST = "highest_rate"
"""Key of a parameter group: the learning rate that its schedule rises to and falls from."""


class Muon(torch.optim.Muon):
    """PyTorch's Muon, which orthogonalises in bfloat16; here a CPU does so in float32.

    CPUs without bfloat16 arithmetic emulate it, at seven times the cost.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of every matrix."""
        with _Float32OnCpu():
            return super().step(closure)


class _Float32OnCpu(TorchFunctionMode):
    """Within it, ``tensor.bfloat16()`` of a CPU tensor is a copy in float32."""

    def __torch_function__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.Tensor.bfloat16 and args[0].device.type == "cpu":
            return args[0].to(torch.float32, copy=True)
        return func(*args, **(kwargs or {}))


def build_optimizers(module: nn.Module, training: Training) -> tuple[Optimizer, ...]:
    """One optimiser for every trainable parameter of the module, or two that share them.

    Muon takes the weight matrices of linear, attention and recurrent layers. Biases, norms,
    convolutions, tables of positions and learned tokens are no linear maps and stay with AdamW.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]
    settings = training.optimizer
    match settings:
        case AdamWSettings():
            return (_adamw(parameters, training),)
        case MuonSettings():
            matrices = _weight_matrices(module)
            chosen = {id(matrix) for matrix in matrices}
            others = [p for p in parameters if id(p) not in chosen]
            pair = []
            if matrices:
                pair.append(_muon(matrices, settings, training))
            if others:
                pair.append(_adamw(others, training))
            return tuple(pair)
        case _:
            assert_never(settings)


def _adamw(parameters: list[nn.Parameter], training: Training) -> Optimizer:
    group = {"params": parameters, HIGHEST: training.learning_rate}
    # Fused: one pass over each parameter instead of a dozen.
    return AdamW([group], lr=training.learning_rate, weight_decay=training.weight_decay, fused=True)


def _muon(matrices: list[nn.Parameter], settings: MuonSettings, training: Training) -> Optimizer:
    group = {"params": matrices, HIGHEST: settings.learning_rate}
    return Muon(
        [group],
        lr=settings.learning_rate,
        weight_decay=training.weight_decay,
        momentum=settings.momentum,
        adjust_lr_fn="match_rms_adamw",
    )


def _weight_matrices(module: nn.Module) -> list[nn.Parameter]:
    found = []
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            found.append(layer.weight)
        elif isinstance(layer, nn.MultiheadAttention):
            found.append(layer.in_proj_weight)
        elif isinstance(layer, nn.RNNBase):
            found += [own for name, own in layer.named_parameters() if name.startswith("weight")]
    return [matrix for matrix in dict.fromkeys(found) if matrix.requires_grad]
