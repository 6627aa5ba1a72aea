"""The training loop: resuming, averaging, stopping."""

import errno
import math
import struct
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lead.config.training import Machine, Training
from lead.errors import LeadError
from lead.files.job import is_awaited
from lead.files.seeds import Seeds
from lead.training.loop import clip_gradients, learning_rate, train
from lead.training.objective import Batch, Objective, Run
from lead.training.state import TrainingState

MACHINE = Machine(threads=1, save_every=5)


@dataclass(frozen=True)
class Given(Batch):
    """A batch as it came, and its generator."""

    rows_: Tensor
    generator: torch.Generator


def whole(loss) -> Objective:
    """A loss that is computed at once, network included."""
    return Objective(
        Given,
        lambda values: (values.rows_,),
        lambda values, outputs: loss(values.rows_, values.generator),
    )


def a_run(folder=None, events=None) -> Run:
    return Run("test", Seeds(1), MACHINE, folder, events)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))


def run(module, folder, training, stop_at=None, validate=None, events=None):
    seen = []

    def loss(batch, generator):
        seen.append(batch)
        if stop_at is not None and len(seen) == stop_at:
            raise KeyboardInterrupt
        noise = torch.randn(batch.shape, generator=generator)
        return {"loss": ((module(batch + noise) - 1) ** 2).mean()}

    def epoch(rng):
        for _ in range(4):
            yield torch.from_numpy(rng.random((6, 3)).astype(np.float32))

    history = train(module, whole(loss), epoch, training, a_run(folder, events), validate)
    return history, seen


@pytest.mark.parametrize("stop_at", [3, 6, 12, 19])
@pytest.mark.parametrize("ema", [None, 0.9])
def test_a_run_killed_anywhere_ends_with_the_same_bits(tmp_path, stop_at, ema):
    training = Training(steps=20, batch_size=6, learning_rate=0.01, warmup_steps=3, ema=ema)
    undisturbed = network()
    history, _ = run(undisturbed, tmp_path / "a", training)
    resumed = network()
    with pytest.raises(KeyboardInterrupt):
        run(resumed, tmp_path / "b", training, stop_at=stop_at)
    resumed = network()
    history_of_two, seen = run(resumed, tmp_path / "b", training)
    assert len(seen) == 20 - 5 * ((stop_at - 1) // 5)
    for one, other in zip(undisturbed.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)
    assert history == history_of_two


def test_a_finished_run_leaves_no_state(tmp_path):
    run(network(), tmp_path / "state", Training(steps=7, batch_size=6))
    assert not (tmp_path / "state").exists()


def test_a_successor_that_waits_trains_nothing_again_and_has_the_same_bits(tmp_path):
    training = Training(
        steps=12, batch_size=6, learning_rate=0.01, ema=0.9, validate_every=5, keep="best"
    )
    folder, found = tmp_path / "state", {}
    first, second = network(), network()

    def succeed():
        found["history"], found["seen"] = run(second, folder, training, validate=validate)

    successor = threading.Thread(target=succeed)
    losses = iter([9.0, 3.0, 1.0, 2.0])

    def validate():
        if not successor.is_alive() and "seen" not in found:
            successor.start()
            until = time.monotonic() + 60
            while not is_awaited(folder) and time.monotonic() < until:
                time.sleep(0.01)
            assert is_awaited(folder)
        return next(losses)

    history, _ = run(first, folder, training, validate=validate)
    successor.join(timeout=60)
    assert found["seen"] == []
    assert found["history"] == history
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not folder.exists() and not is_awaited(folder)


def test_a_successor_that_was_killed_while_it_waited_keeps_no_state_for_ever(tmp_path):
    (tmp_path / "state.awaited").touch()
    run(network(), tmp_path / "state", Training(steps=7, batch_size=6))
    assert not (tmp_path / "state").exists() and not is_awaited(tmp_path / "state")


def test_a_damaged_state_names_the_file_to_delete(tmp_path):
    training, folder = Training(steps=20, batch_size=6, learning_rate=0.01), tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        run(network(), folder, training, stop_at=12)
    state = folder / "state.pt"
    whole = state.read_bytes()
    place = whole.index(struct.pack("<f", float(torch.load(state)["module"]["0.weight"][0, 0])))
    flipped = bytearray(whole)
    flipped[place + 1] ^= 1
    for content in (whole[:100], whole[:-1], b"", bytes(flipped)):
        state.write_bytes(content)
        with pytest.raises(LeadError, match="state of this training is damaged") as caught:
            run(network(), folder, training)
        assert f"Delete {state}" in str(caught.value.fix)
        assert state.read_bytes() == content


NO_ROOM = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
"""What torch raises on a CPU, after the place in its source."""


@pytest.mark.parametrize(
    "refusal", [MemoryError(), PermissionError(), torch.OutOfMemoryError(), NO_ROOM]
)
def test_what_the_machine_refuses_is_not_told_as_a_damaged_state(tmp_path, monkeypatch, refusal):
    module, training = network(), Training(steps=20, batch_size=6)
    TrainingState.start(module, training).save(tmp_path / "state")

    def refuse(*_, **__):
        raise refusal

    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(type(refusal)):
        TrainingState.start(network(), training).load(tmp_path / "state")


def test_a_state_with_weights_that_are_no_numbers_is_refused_at_once(tmp_path):
    module, training = network(), Training(steps=20, batch_size=6)
    with torch.no_grad():
        next(module.parameters()).fill_(torch.nan)
    TrainingState.start(module, training).save(tmp_path / "state")
    with pytest.raises(LeadError, match="damaged") as caught:
        run(network(), tmp_path / "state", training)
    assert "NaN" in str(caught.value.found)


def test_a_loss_that_is_no_number_stops_with_the_last_good_state_kept(tmp_path):
    module = network()
    calls = []

    def loss(batch, generator):
        calls.append(1)
        value = module(batch).mean()
        return {"loss": value * float("nan") if len(calls) == 9 else value}

    def epoch(rng):
        yield torch.ones(2, 3)

    with pytest.raises(LeadError, match="diverged"):
        train(
            module, whole(loss), epoch, Training(steps=20, batch_size=2), a_run(tmp_path / "state")
        )
    state = torch.load(tmp_path / "state" / "state.pt", weights_only=True)
    assert state["step"] == 5
    assert all(torch.isfinite(v).all() for v in state["module"].values())


def test_a_gradient_that_is_no_number_stops_before_it_reaches_the_weights(tmp_path):
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)

    def loss(batch, generator):
        return {"loss": module.weight.abs().sqrt().sum()}  # its slope at 0 is infinite

    def epoch(rng):
        yield torch.ones(1)

    with pytest.raises(LeadError, match="the gradient is"):
        train(module, whole(loss), epoch, Training(steps=3, batch_size=1), a_run(None))
    assert torch.equal(module.weight, torch.zeros(1, 1))


@pytest.mark.parametrize(
    "refusal", [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB"), NO_ROOM]
)
def test_memory_that_is_too_small_is_told_with_a_batch_size_to_try(refusal):
    def loss(batch, generator):
        raise refusal

    def epoch(rng):
        yield torch.ones(1)

    with pytest.raises(LeadError, match="Memory is too small") as error:
        train(network(), whole(loss), epoch, Training(steps=3, batch_size=48), a_run(None))
    assert "accumulate: 2" in str(error.value) and "batch_size 24" in str(error.value)


def test_a_full_disk_leaves_the_older_state(tmp_path, monkeypatch):
    state = TrainingState.start(network(), Training(steps=3, batch_size=1))
    state.step = 7
    state.save(tmp_path)

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    state.step = 8
    with pytest.raises(LeadError, match="No space left") as error:
        state.save(tmp_path)
    assert "Free some space" in str(error.value)
    again = TrainingState.start(network(), Training(steps=3, batch_size=1))
    assert again.load(tmp_path) and again.step == 7
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_the_best_weights_are_kept_where_asked_for(tmp_path):
    module = network()
    values = iter([0.5, 3.0, 1.0, 2.0, 5.0])  # the first is of untrained weights: never kept
    looks = []

    def validate():
        looks.append([p.clone() for p in module.parameters()])
        return next(values)

    training = Training(steps=20, batch_size=6, learning_rate=0.01, validate_every=5, keep="best")
    run(module, None, training, validate=validate)
    for one, other in zip(module.parameters(), looks[2], strict=True):
        assert torch.equal(one, other)


def test_the_learning_rate_warms_up_and_falls_along_half_a_cosine():
    training = Training(
        steps=110, batch_size=1, learning_rate=1.0, warmup_steps=10, schedule="cosine"
    )
    assert learning_rate(0, training) == pytest.approx(0.1)
    assert learning_rate(10, training) == pytest.approx(1.0)
    assert learning_rate(60, training) == pytest.approx(0.5)
    assert learning_rate(110, training) == pytest.approx(0.0)


def test_networks_trained_together_are_clipped_each_on_its_own():
    pair = nn.ModuleDict(
        {"text": nn.Linear(1, 1, bias=False), "motion": nn.Linear(1, 1, bias=False)}
    )
    for name, gradient in (("text", 3.0), ("motion", 0.4)):
        pair[name].weight.grad = torch.full((1, 1), gradient)
    assert float(clip_gradients(pair, 0.5)) == pytest.approx(math.hypot(3.0, 0.4))
    assert float(pair["text"].weight.grad) == pytest.approx(0.5, rel=1e-4)
    assert float(pair["motion"].weight.grad) == pytest.approx(0.4)


def test_a_run_that_goes_on_hides_the_steps_that_it_takes_again(tmp_path):
    """Killed at step 12, it goes on from step 10; TensorBoard shows each step once."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    training = Training(steps=20, batch_size=6, learning_rate=0.01)
    with pytest.raises(KeyboardInterrupt):
        run(network(), tmp_path / "state", training, stop_at=13, events=tmp_path / "events")
    run(network(), tmp_path / "state", training, events=tmp_path / "events")
    events = EventAccumulator(str(tmp_path / "events"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == list(range(1, 21))


def test_a_new_run_replaces_the_events_of_an_older_one(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for steps in (9, 4):
        run(network(), None, Training(steps=steps, batch_size=6), events=tmp_path / "events")
    events = EventAccumulator(str(tmp_path / "events"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3, 4]


def test_compiled_networks_train_as_others_do(monkeypatch):
    """The compiler's own backend is left out: it is the graph that must be the same."""
    graphs = []

    def eager(graph, inputs):
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=eager))
    weights = []
    for compiled in (False, True):
        module = network()
        objective = Objective(
            lambda batch, generator: Given(batch, generator),
            lambda values, module=module: (module(values.rows_),),
            lambda values, outputs: {"loss": (outputs[0] - 1).square().mean()},
        )
        machine = Machine(threads=1, compile=compiled)
        training = Training(steps=4, batch_size=6, learning_rate=0.01)
        train(
            module, objective, lambda rng: iter([torch.ones(6, 3)]), training,
            Run("test", Seeds(1), machine),
        )  # fmt: skip
        weights.append([p.detach().clone() for p in module.parameters()])
    assert graphs
    for one, other in zip(*weights, strict=True):
        torch.testing.assert_close(one, other)


def test_a_scheduled_objective_is_told_how_much_of_the_training_is_done(tmp_path):
    """Also by a training that goes on after an interruption."""
    shares = []

    def terms(values, outputs, share=1.0):
        shares.append(share)
        if len(shares) == 7:
            raise KeyboardInterrupt
        return {"loss": outputs[0].square().mean()}

    module = network()
    objective = Objective(Given, lambda drawn: (module(drawn.rows_),), terms, True)

    def epoch(rng):
        yield torch.from_numpy(rng.random((6, 3)).astype(np.float32))

    training = Training(steps=10, batch_size=6)
    with pytest.raises(KeyboardInterrupt):
        train(module, objective, epoch, training, a_run(tmp_path))
    train(module, objective, epoch, training, a_run(tmp_path))
    # The state of step 5 was saved, and step 6 was the last before the interruption.
    assert shares == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.5, 0.6, 0.7, 0.8, 0.9])
