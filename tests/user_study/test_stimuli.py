"""Which pairs are shown: those that realignment changes most, each of another caption."""

from __future__ import annotations

import numpy as np
import pytest

from lead.errors import LeadError
from lead.figures.realignment import mean_change
from lead.user_study.stimuli import arranged, changed_most


def test_the_change_is_the_mean_distance_of_joints():
    before = np.zeros((2, 2, 3), np.float32)
    after = before.copy()
    after[0, 1] = (3, 0, 4)
    assert mean_change(before, after) == pytest.approx(5 / 4)


def test_the_largest_changes_are_shown_and_a_caption_once():
    change = np.array([0.1, 0.9, 0.8, 0.3, 0.9])
    captions = ("walk", "run", "run", "jump", "sit")
    assert changed_most(change, captions, 3) == [1, 4, 3]


def test_too_few_captions_are_answered_with_how_many_there_are():
    with pytest.raises(LeadError, match=r"pairs: 2"):
        changed_most(np.array([0.1, 0.2, 0.3]), ("walk", "run", "run"), 3)


def test_a_motion_that_is_not_finite_is_refused():
    with pytest.raises(LeadError, match="not finite"):
        mean_change(np.zeros((2, 2, 3), np.float32), np.full((2, 2, 3), np.nan, np.float32))


def test_sides_are_drawn_half_each_way_and_the_same_seed_draws_the_same():
    first, again, other = (arranged(range(10), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(row for row, _ in first) == list(range(10))
    assert sorted(sides for _, sides in first) == [(0, 1)] * 5 + [(1, 0)] * 5
