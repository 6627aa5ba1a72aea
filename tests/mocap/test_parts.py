"""Checks of a take, and cutting it in equal parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead.clip import Recording, Rejected
from lead.errors import LeadError
from lead.mocap.cut import Label, Limits, Take, bad, check_joints, check_rigid, cut_parts, even_cuts
from lead.motion.skeleton import HUMANML3D

LIMITS = Limits(fps=20.0, shortest=41, longest=197)


def body(frames: int) -> np.ndarray:
    """A body whose every bone is 10 cm, moving along x by 1 cm a frame."""
    joints = np.zeros((frames, len(HUMANML3D.parents), 3))
    for joint, parent in enumerate(HUMANML3D.parents):
        if parent >= 0:
            joints[:, joint] = joints[:, parent] + [0, 0.1, 0]
    joints[..., 0] += 0.01 * np.arange(frames)[:, None]
    return joints


def parts(frames: int, captions=lambda start, stop: ("a person walks",)) -> list[Any]:
    take = Take("take", body(frames), 20.0, "somewhere.bvh")
    return list(cut_parts(take, Label("walk", None, captions), LIMITS))


@given(length=st.integers(1, 5000), longest=st.integers(1, 400))
def test_cuts_cover_the_take_in_parts_that_differ_by_one_at_most(length, longest):
    cuts = even_cuts(length, longest)
    sizes = [stop - start for start, stop in cuts]
    assert [start for start, _ in cuts] == [0, *(stop for _, stop in cuts[:-1])]
    assert cuts[-1][1] == length
    assert max(sizes) <= longest
    assert max(sizes) - min(sizes) <= 1
    assert len(cuts) == -(-length // longest)


@given(frames=st.integers(41, 1000))
def test_no_part_of_a_long_take_is_too_short(frames):
    assert all(41 <= stop - start <= 197 for start, stop in even_cuts(frames, 197))


def test_a_take_that_fits_is_one_recording_with_the_id_of_the_take():
    [recording] = parts(197)
    assert isinstance(recording, Recording)
    assert (recording.id, recording.take, len(recording.joints)) == ("take", "take", 197)


def test_a_longer_take_becomes_numbered_parts_in_order():
    found = parts(198)
    assert [(r.id, r.take, len(r.joints)) for r in found] == [
        ("take_p1", "take", 99),
        ("take_p2", "take", 99),
    ]
    np.testing.assert_allclose(found[1].joints[0, 0], [0.99, 0, 0])


def test_a_take_that_is_too_short_is_short():
    [rejected] = parts(40)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "short"
    assert "40 positions" in rejected.detail


def test_a_take_without_captions_is_left_out_once():
    [rejected] = parts(500, captions=lambda start, stop: ())
    assert rejected.reason == "no_caption"


def test_captions_are_asked_for_the_seconds_of_the_part():
    found = parts(198, captions=lambda start, stop: (f"{start:.2f} to {stop:.2f}",))
    assert [r.captions[0] for r in found] == ["0.00 to 4.90", "4.95 to 9.85"]


def test_resampling_is_by_time():
    take = Take("take", body(121), 30.0, "somewhere.bvh")
    [recording] = cut_parts(take, Label("walk", None, lambda a, b: ("walks",)), LIMITS)
    assert isinstance(recording, Recording)
    assert len(recording.joints) == 81
    np.testing.assert_allclose(np.diff(recording.joints[:, 0, 0]), 0.015, atol=1e-9)


def test_a_body_passes():
    check_joints(body(50), "x.bvh")


@pytest.mark.parametrize(
    "move, found",
    [
        (np.nan, "frame 31 is not finite"),
        (np.inf, "frame 31 is not finite"),
        (2.0, "left_knee in frame 31"),
        (-0.1, "left_knee in frame 31"),
    ],
)
def test_impossible_motion_is_refused_with_bone_and_frame(move, found):
    joints = body(50)
    joints[30, 4, 1] += move
    with pytest.raises(LeadError, match="impossible") as error:
        check_joints(joints, "x.bvh")
    assert found in str(error.value.found)


def test_a_bone_that_stretches_by_two_percent_is_refused_and_by_half_a_percent_is_not():
    positions = np.zeros((10, 2, 3))
    positions[:, 1, 1] = 50.0
    positions[4, 1, 1] = 50.2
    check_rigid(positions, [(0, 1)], ["hip", "knee"], "x.bvh")
    positions[4, 1, 1] = 51.0
    with pytest.raises(LeadError, match="impossible") as error:
        check_rigid(positions, [(0, 1)], ["hip", "knee"], "x.bvh")
    assert str(error.value.found).startswith("hip to knee")


def test_a_bad_clip_says_what_was_found_and_expected():
    rejected = bad("x", "x.bvh", LeadError("It broke.", found=3, expected="4 frames"))
    assert rejected == Rejected("x", "x.bvh", "bad", "It broke. Found 3; expected 4 frames.")
