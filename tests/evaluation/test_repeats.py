"""Stored repeats: read one at a time, in one file or several, and kept for a killed job."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lead.errors import LeadError
from lead.evaluation.embed import Keeper
from lead.evaluation.repeats import Repeats
from lead.models.tensors import save_tensors


def a_repeat(number: int) -> dict[str, torch.Tensor]:
    return {"motion": torch.full((5, 3), float(number)), "length": torch.arange(5) + number}


def write(path, repeats: range):
    keeper = Keeper(None, repeats)
    for number in keeper.missing():
        keeper.keep(number, a_repeat(number))
    keeper.write(path, {"stage": "embed"})
    return path


def test_repeats_spread_over_files_read_as_those_of_one(tmp_path):
    whole = Repeats(write(tmp_path / "whole.safetensors", range(5)))
    parts = [write(tmp_path / f"{r.start}.safetensors", r) for r in (range(2), range(2, 5))]
    spread = Repeats(parts)
    assert spread.repeats == whole.repeats == 5 and spread.shapes == whole.shapes
    for one, other in zip(whole, spread, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    np.testing.assert_array_equal(whole.stacked("length"), spread.stacked("length"))
    assert whole.metadata["stage"] == "embed"


@pytest.mark.parametrize("order", [[1, 0], [0, 0], [1]])
def test_files_that_do_not_continue_one_another_are_refused(tmp_path, order):
    parts = [write(tmp_path / f"{r.start}.safetensors", r) for r in (range(2), range(2, 5))]
    with pytest.raises(LeadError, match="do not continue"):
        Repeats([parts[place] for place in order])


def test_files_of_other_items_are_refused(tmp_path):
    first = write(tmp_path / "first.safetensors", range(2))
    other = tmp_path / "other.safetensors"
    save_tensors({"motion": torch.zeros(1, 4, 3)}, other, {"first_repeat": "2"})
    with pytest.raises(LeadError, match="do not continue"):
        Repeats([first, other])


def test_a_truncated_file_is_named(tmp_path):
    path = write(tmp_path / "whole.safetensors", range(2))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(LeadError, match="damaged"):
        Repeats(path)


def test_a_missing_array_is_named(tmp_path):
    with pytest.raises(LeadError, match="without the array again"):
        Repeats(write(tmp_path / "whole.safetensors", range(2))).stacked("again")


def test_a_killed_job_goes_on_with_the_repeats_it_lacks(tmp_path):
    state = tmp_path / "state"
    killed = Keeper(state, range(4))
    assert killed.missing() == [0, 1, 2, 3]
    killed.keep(0, a_repeat(0))
    killed.keep(2, a_repeat(2))
    torn = state / "repeat_002.safetensors"
    torn.write_bytes(torn.read_bytes()[:20])
    successor = Keeper(state, range(4))
    assert successor.missing() == [1, 2, 3]
    for number in (1, 2, 3):
        successor.keep(number, a_repeat(number))
    successor.write(tmp_path / "out.safetensors", {})
    undisturbed = write(tmp_path / "undisturbed.safetensors", range(4))
    np.testing.assert_array_equal(
        Repeats(tmp_path / "out.safetensors").stacked("motion"),
        Repeats(undisturbed).stacked("motion"),
    )
