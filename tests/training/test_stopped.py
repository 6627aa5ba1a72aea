"""A training that is asked to stop saves the step it is at, and goes on with the same bits."""

import signal
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from lead.config.training import Machine, Training
from lead.files.seeds import Seeds
from lead.files.stopping import Stopped, stoppable
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Run

TRAINING = Training(steps=20, batch_size=6, learning_rate=0.01, warmup_steps=3)


@dataclass(frozen=True)
class Rows(Batch):
    """A batch as it came."""

    values: torch.Tensor


def run(module, folder, signal_at=None):
    """Train, with SIGTERM in the midst of a step; how many steps were taken."""
    seen = []

    def loss(drawn, outputs):
        seen.append(drawn)
        if len(seen) == signal_at:
            signal.raise_signal(signal.SIGTERM)
        return {"loss": ((module(outputs[0]) - 1) ** 2).mean()}

    def epoch(rng):
        for _ in range(4):
            yield torch.from_numpy(rng.random((6, 3)).astype(np.float32))

    objective = Objective(lambda batch, generator: Rows(batch), lambda drawn: (drawn.values,), loss)
    run = Run("test", Seeds(1), Machine(threads=1, save_every=1000), folder, None)
    with stoppable():
        train(module, objective, epoch, TRAINING, run)
    return len(seen)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))


@pytest.mark.parametrize("signal_at", [1, 7, 19])
def test_the_step_that_it_was_at_is_saved_and_no_other_is_done_twice(tmp_path, signal_at):
    undisturbed, stopped, resumed = network(), network(), network()
    run(undisturbed, tmp_path / "a")
    with pytest.raises(Stopped) as stop:
        run(stopped, tmp_path / "b", signal_at)
    assert stop.value.saved == signal_at
    assert run(resumed, tmp_path / "b") == 20 - signal_at
    for one, other in zip(undisturbed.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_request_in_the_last_step_loses_nothing(tmp_path):
    undisturbed, asked = network(), network()
    run(undisturbed, tmp_path / "a")
    run(asked, tmp_path / "b", 20)
    for one, other in zip(undisturbed.parameters(), asked.parameters(), strict=True):
        assert torch.equal(one, other)
