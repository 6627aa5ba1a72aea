"""The state of a training run, saved so that a killed run goes on with the same bits."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

import pyarrow as pa
import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.overrides import TorchFunctionMode

from lead.config.training import AdamW as AdamWSettings
from lead.config.training import Muon as MuonSettings
from lead.config.training import Training
from lead.errors import LeadError, is_out_of_memory
from lead.files.artefact import atomic_path
from lead.files.job import Job
from lead.files.tables import write_table
from lead.models.files import inherited, save_network
from lead.models.tensors import odd_weights

_FILE = "state.pt"
HIGHEST = "highest_rate"
"""Key of a parameter group: the learning rate that its schedule rises to and falls from."""


@dataclass
class TrainingState:
    """Everything a run needs to go on: networks, optimisers, step, history."""

    module: nn.Module
    optimizers: tuple[Optimizer, ...]
    average: AveragedModel | None = None
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best: dict[str, torch.Tensor] | None = None

    @classmethod
    def start(cls, module: nn.Module, training: Training) -> TrainingState:
        """The state before the first step."""
        average = None
        if training.ema is not None:
            average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(training.ema))
        return cls(module, build_optimizers(module, training), average)

    def result(self) -> dict[str, torch.Tensor]:
        """The weights as they stand: averaged where an average is kept."""
        module = self.module if self.average is None else self.average.module
        return copy.deepcopy(module.state_dict())

    def remember_best(self, loss: float) -> None:
        """Keep these weights if their validation loss is the lowest so far."""
        if loss < self.best_loss:
            self.best_loss, self.best = loss, self.result()

    def save(self, folder: Path) -> None:
        """Write the state; an older one is replaced only when this one is complete.

        Raises:
            LeadError: the disk is full; the older state is kept.
        """
        # Into memory first: on a full disk torch's own writer raises no OSError.
        buffer = io.BytesIO()
        torch.save(self.values(), buffer)
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_bytes(buffer.getbuffer())

    def load(self, folder: Path) -> bool:
        """Take up a saved state. False if there is none.

        Raises:
            LeadError: it is damaged, or of another network; which file to delete.
        """
        path = folder / _FILE
        if not path.is_file():
            return False
        try:
            with zipfile.ZipFile(path) as archive:  # torch itself compares no checksum
                if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
                    raise ValueError("compressed records, which torch does not write")
                if damaged := archive.testzip():
                    raise ValueError(f"the record {damaged} is not as it was written")
            values = torch.load(path, weights_only=True, map_location="cpu")
            if odd := odd_weights(values["module"]):
                raise ValueError(odd)
            self.restore(values)
        except Exception as error:  # damaged bytes raise nearly anything
            if isinstance(error, PermissionError) or is_out_of_memory(error):
                raise  # the machine's, and no reason to delete what may be whole
            raise LeadError(
                "The saved state of this training is damaged.",
                file=path,
                found=f"{error!s:.300}" or type(error).__name__,
                expected="what the same training saved",
                fix=f"Delete {path}, and run the same command again: the training starts anew.",
            ) from error
        return True

    def restore(self, values: dict[str, Any]) -> None:
        """Become the state that `values` described."""
        self.module.load_state_dict(values["module"])
        for optimizer, state in zip(self.optimizers, values["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        if self.average is not None:
            self.average.load_state_dict(values["average"])
        self.step = values["step"]
        self.history = values["history"]
        self.best_loss, self.best = values["best_loss"], values["best"]

    def values(self) -> dict[str, Any]:
        """Everything as plain values, of which `restore` makes the same state."""
        return {
            "module": self.module.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": None if self.average is None else self.average.state_dict(),
            "step": self.step,
            "history": self.history,
            "best_loss": self.best_loss,
            "best": self.best,
        }


class Muon(torch.optim.Muon):
    """PyTorch's Muon, which orthogonalises in bfloat16; here a CPU does so in float32.

    CPUs without bfloat16 arithmetic emulate it, at seven times the cost.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of every matrix."""
        with _Float32OnCpu():
            return super().step(closure)


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


def save_trained(
    job: Job, network: nn.Module, history: list[dict[str, float]], **facts: str
) -> None:
    """Write a stage's outputs ``weights`` and ``history``.

    The weights say of themselves the job's manifest, ``facts``, and of which VAE the ``latents``
    are that the stage learned from, if it did.
    """
    lineage = inherited(job.inputs["latents"]) if "latents" in job.inputs else {}
    save_network(network, job.outputs["weights"], job.manifest | lineage | facts)
    write_history(history, job.outputs["history"], job.manifest)


def write_history(
    history: Sequence[Mapping[str, float]], path: Path, metadata: Mapping[str, str]
) -> None:
    """Write one row per record; a term that a record lacks is null."""
    names = dict.fromkeys(name for record in history for name in record)
    columns = [(name, pa.int64() if name == "step" else pa.float64()) for name in names]
    write_table(path, history, metadata, columns)


class _Float32OnCpu(TorchFunctionMode):
    """Within it, ``tensor.bfloat16()`` of a CPU tensor is a copy in float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.bfloat16 and args[0].device.type == "cpu":
            return args[0].to(torch.float32, copy=True)
        return func(*args, **(kwargs or {}))


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
    matrices = []
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            matrices.append(layer.weight)
        elif isinstance(layer, nn.MultiheadAttention):
            matrices.append(layer.in_proj_weight)
        elif isinstance(layer, nn.RNNBase):
            matrices += [p for name, p in layer.named_parameters() if name.startswith("weight")]
    return [matrix for matrix in dict.fromkeys(matrices) if matrix.requires_grad]
