"""A batch that is computed in parts has the loss and the gradient of the whole batch."""

import subprocess
import sys

import pytest
import shared_training
import torch
from shared_training import BATCH, TASKS, batch, train_task
from torch import nn

from lead.training.matcher import Windows
from lead.training.objective import Objective
from lead.training.parallel import differentiate


@pytest.fixture(autouse=True)
def double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def gradient(task: str, parts: int, rows: int = BATCH) -> tuple[float, torch.Tensor]:
    module, objective = TASKS[task]()
    values = objective.draw(batch(rows), torch.Generator().manual_seed(4))
    terms = differentiate(objective, values, module, parts, torch.manual_seed)
    flat = torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])
    return float(terms["loss"].detach()), flat


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("parts", [2, 3, 10, 13])
def test_parts_that_are_computed_in_turn_have_the_gradient_of_the_whole_batch(task, parts):
    (loss, whole), (own_loss, own) = gradient(task, 1), gradient(task, parts)
    assert own_loss == pytest.approx(loss, rel=1e-6)
    torch.testing.assert_close(own, whole, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_the_mean_over_parts_each_with_its_own_statistics_is_another_gradient(task):
    module, objective = TASKS[task]()
    values = objective.draw(batch(), torch.Generator().manual_seed(4))
    for rows in (slice(0, 5), slice(5, 10)):
        own = values.rows(rows)
        (objective.terms(own, objective.forward(own))["loss"] / 2).backward()
    own = torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])
    _, whole = gradient(task, 1)
    assert float((own - whole).norm() / whole.norm()) > 0.01


def test_dropout_is_the_same_both_times_a_part_is_computed():
    drop, weight = nn.Dropout(0.5), nn.Linear(4, 4)
    seen = []

    def forward(values):
        seen.append(drop(torch.ones(len(values), 50)))
        return (weight(values.motion),)

    objective = Objective(
        lambda b, g: Windows(b),
        forward,
        lambda values, outputs: {"loss": outputs[0].square().mean()},
    )
    differentiate(objective, Windows(torch.ones(6, 1, 4)), weight, 2, torch.manual_seed)
    first, second, first_again, second_again = seen
    assert torch.equal(first, first_again) and torch.equal(second, second_again)
    assert not torch.equal(first, second)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """What each of two processes under torchrun makes of every task."""
    folder = tmp_path_factory.mktemp("two")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, "--nproc-per-node", "2", shared_training.__file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("task", TASKS)
def test_two_processes_train_as_one_does_with_the_doubled_batch(two_processes, task, rank):
    """Each computes half the rows of every batch, the last of a single row among them."""
    module, history = train_task(task, BATCH)
    weights, own_history = torch.load(two_processes / f"{task}_{rank}.pt", weights_only=True)
    for name, value in module.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-5, atol=1e-5)
    for one, other in zip(own_history, history, strict=True):
        assert one == pytest.approx(other, rel=1e-5)
