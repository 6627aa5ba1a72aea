"""The training loop: a generator of reports, and the caller that shows, saves and stops."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from lead.config.training import Training
from lead.errors import LeadError, is_out_of_memory
from lead.files.job import forget, is_awaited, state_lock
from lead.files.seeds import Seeds
from lead.files.stopping import deferred
from lead.models.build import autocast
from lead.progress import Progress, event_log
from lead.training.objective import Objective, Run
from lead.training.parallel import differentiate, for_all, share_state
from lead.training.state import HIGHEST, TrainingState

Batch = TypeVar("Batch")

Validate = Callable[[], float | dict[str, float]]
"""The validation loss of the module as it stands, alone or as ``validation`` among other terms."""

_HISTORY_POINTS = 500


@dataclass(frozen=True)
class Report:
    """What one optimiser step did."""

    step: int
    terms: dict[str, Tensor]
    learning_rate: float
    gradient_norm: Tensor

    def values(self) -> dict[str, float]:
        """The same as one row of a history."""
        terms = {name: float(value) for name, value in self.terms.items()}
        rates = {"learning_rate": self.learning_rate, "gradient_norm": float(self.gradient_norm)}
        return {"step": self.step, **terms, **rates}


def train(
    module: nn.Module,
    objective: Objective,
    epoch: Callable[[np.random.Generator], Iterator[Any]],
    training: Training,
    run: Run,
    validate: Validate | None = None,
    after_step: Callable[[], None] | None = None,
) -> list[dict[str, float]]:
    """Train ``module`` in place and return its history.

    Saves the state to ``run.folder`` now and then, and takes up one that lies there. All
    randomness is keyed by step or epoch, so an interrupted run ends with the same bits. Under
    torchrun every process calls this, and the first one keeps the state. Asked to stop, it ends
    after the step that it is at, which it saves.

    Args:
        epoch: the batches of one epoch, from that epoch's generator.
        validate: see `Validate`; also asked before the first step.
        after_step: done after each step; what it changes must be part of ``module``.

    Raises:
        LeadError: the loss is not a number; the last good state is kept.
        Stopped: this process, or another one of the training, was asked to stop.
    """
    module.to(run.device)
    folder = run.folder
    with state_lock(folder, _say) if folder else nullcontext(), deferred() as asked:
        state = TrainingState.start(module, training)
        if folder and state.load(folder):
            _say(f"{run.name}: going on from step {state.step:,}.")
        share_state(state, run.device)
        with event_log(run.events, state.step) as log:

            def record(values: dict[str, float]) -> None:
                state.history.append(values)
                log(values)

            progress = Progress(run.name, training.steps, state.step)
            every = max(training.steps // _HISTORY_POINTS, 1)
            batches = _stream(epoch, run.seeds, state.step, training.steps)
            if validate and state.step == 0:
                record({"step": 0, **_validate(module, validate)})
            for report in fit(objective, batches, state, training, run):
                if after_step:
                    after_step()
                last = report.step == training.steps
                shown = report.step % every == 0 or last
                if shown:
                    record(report.values())
                if validate and (report.step % training.validate_every == 0 or last):
                    losses = _validate(module, validate)
                    record({"step": report.step, **losses})
                    state.remember_best(losses["validation"])
                loss = f"loss {float(report.terms['loss']):.4g}" if shown else ""
                progress.advance(note=loss)
                if last:
                    break
                stop = for_all(asked(), run.device)
                if folder and (stop or report.step % run.machine.save_every == 0):
                    state.save(folder)
                if stop:
                    stop.saved = report.step if folder else None
                    raise stop
        if folder and is_awaited(folder):
            state.save(folder)  # whoever waits has nothing left to train
        best = state.best if training.keep == "best" else None
        module.load_state_dict(best or state.result())
        if folder:
            forget(folder)
    module.eval()
    return state.history


def fit(
    objective: Objective,
    batches: Iterator[Any],
    state: TrainingState,
    training: Training,
    run: Run,
) -> Iterator[Report]:
    """Take one optimiser step per batch and report it."""
    if run.machine.compile:
        objective = replace(objective, forward=torch.compile(objective.forward))
    for batch in batches:
        for optimizer in state.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(state.step, training, group[HIGHEST])
        state.module.train()
        state.module.zero_grad(set_to_none=True)
        with _memory_explained(training), autocast(run.machine, run.device):
            drawn = objective.draw(batch, run.seeds.child("step", state.step).torch())
            terms = differentiate(
                objective.at(state.step / training.steps),
                drawn,
                state.module,
                training.accumulate,
                partial(_seed_dropout, run.seeds.child("dropout", state.step)),
            )
        _check_finite(terms["loss"], "loss", state.step)
        norm = clip_gradients(state.module, training.clip_norm or math.inf)
        _check_finite(norm, "gradient", state.step)
        for optimizer in state.optimizers:
            optimizer.step()
        if state.average is not None:
            state.average.update_parameters(state.module)
        state.step += 1
        rate = learning_rate(state.step - 1, training)
        yield Report(state.step, {k: v.detach() for k, v in terms.items()}, rate, norm)


def clip_gradients(module: nn.Module, largest: float) -> Tensor:
    """Scale gradients down to a norm of ``largest`` and return what the norm was.

    Networks that a `ModuleDict` holds are clipped each on its own, as text and motion encoder of
    the matcher are (Guo et al. 2022).
    """
    parts = module.values() if isinstance(module, nn.ModuleDict) else [module]
    norms = [nn.utils.clip_grad_norm_(part.parameters(), largest) for part in parts]
    return torch.stack(norms).norm()


def learning_rate(step: int, training: Training, highest: float | None = None) -> float:
    """The learning rate of a step: linear warm-up, then constant or half a cosine to zero.

    ``highest`` is what it rises to, by default the stage's ``learning_rate``.
    """
    highest = training.learning_rate if highest is None else highest
    if step < training.warmup_steps:
        return highest * (step + 1) / training.warmup_steps
    if training.schedule == "constant":
        return highest
    through = (step - training.warmup_steps) / max(training.steps - training.warmup_steps, 1)
    return highest * 0.5 * (1 + math.cos(math.pi * through))


def _stream(
    epoch: Callable[[np.random.Generator], Iterator[Batch]], seeds: Seeds, start: int, stop: int
) -> Iterator[Batch]:
    """The batches of steps ``start`` to ``stop``, whatever was interrupted in between."""
    step, number = 0, 0
    while step < stop:
        for batch in epoch(seeds.child("epoch", number).numpy()):
            if start <= step < stop:
                yield batch
            step += 1
        number += 1


def _check_finite(value: Tensor, what: str, step: int) -> None:
    if not torch.isfinite(value):
        raise LeadError(
            f"Training diverged: the {what} is {value.item()} at step {step:,}.",
            expected=f"a finite {what}",
            fix="Lower the learning rate, lengthen the warm-up or set clip_norm; "
            "the last good state is kept.",
        )


def _seed_dropout(seeds: Seeds, part: int) -> None:
    torch.manual_seed(seeds.child(part).value if part else seeds.value)


@contextmanager
def _memory_explained(training: Training) -> Iterator[None]:
    size, parts = training.batch_size, training.accumulate
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise LeadError(
            "Memory is too small for a batch.",
            found=f"batch_size {size} in {parts} parts: {str(error).splitlines()[0]}",
            fix=f"Try accumulate: {2 * parts}, which changes no result, or batch_size "
            f"{max(1, size // 2)}; the last saved state is kept.",
        ) from error


def _validate(module: nn.Module, validate: Validate) -> dict[str, float]:
    module.eval()
    with torch.no_grad():
        losses = validate()
    module.train()
    return losses if isinstance(losses, dict) else {"validation": losses}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
