"""What a synthetic caption says is what the joints do: action, direction, side, pace, size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lead.clip import Recording
from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import VARIANTS, read_synthetic
from lead.motion.skeleton import HUMANML3D

CONFIG = SyntheticDataset(clips=30 * len(VARIANTS))
JOINT = {name: row for row, name in enumerate(HUMANML3D.joints)}
SIDES = (("left", "right"), ("right", "left"))
UP = np.array([0.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def clips() -> list[Recording]:
    """Thirty clips of every variant."""
    return [clip for work in read_synthetic(CONFIG, 11) for clip in work()]


def called(clips, content: str) -> list[Recording]:
    chosen = [clip for clip in clips if clip.content == content]
    assert chosen
    return chosen


def track(clip: Recording, joint: str) -> np.ndarray:
    return clip.joints[:, JOINT[joint]].astype(float)


def left_of(clip: Recording) -> np.ndarray:
    """Horizontal unit vector to the left of the body, N x 3."""
    across = (track(clip, "left_hip") - track(clip, "right_hip")) * [1.0, 0.0, 1.0]
    return across / np.linalg.norm(across, axis=-1, keepdims=True)


def ahead_of(clip: Recording) -> np.ndarray:
    return np.cross(left_of(clip), UP)


def reach(clip: Recording, start: str, end: str, direction: np.ndarray) -> np.ndarray:
    """How far ``end`` is from ``start`` along a direction, frame by frame."""
    return ((track(clip, end) - track(clip, start)) * direction).sum(-1)


def steps(clip: Recording) -> np.ndarray:
    return np.diff(track(clip, "pelvis"), axis=0)


def travelled(clip: Recording, direction: np.ndarray) -> float:
    return float((steps(clip) * direction[:-1]).sum() / len(clip.joints) * HUMANML3D.fps)


def turned(clip: Recording) -> float:
    """Turning to the left in radians a second, from cross products of facing directions."""
    facing = ahead_of(clip)
    turns = (np.cross(facing[:-1], facing[1:]) * UP).sum(-1)
    return float(turns.mean() * HUMANML3D.fps)


@pytest.mark.parametrize("content", ["walk", "run", "jump_forward"])
def test_people_move_where_they_face(clips, content):
    for clip in called(clips, content):
        ahead, aside = travelled(clip, ahead_of(clip)), travelled(clip, left_of(clip))
        assert ahead > 0.05
        assert abs(aside) < 0.25 * ahead + 0.05


def test_walking_backwards_goes_against_the_facing_direction(clips):
    assert all(travelled(clip, ahead_of(clip)) < -0.3 for clip in called(clips, "walk_backwards"))


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_sidesteps_go_to_their_side(clips, side, other):
    sign = 1 if side == "left" else -1
    for clip in called(clips, f"sidestep_{side}"):
        assert sign * travelled(clip, left_of(clip)) > 0.1
        assert abs(travelled(clip, ahead_of(clip))) < 0.05


@pytest.mark.parametrize("content", ["turn", "walk_circle"])
@pytest.mark.parametrize(("side", "other"), SIDES)
def test_turns_go_to_their_side(clips, content, side, other):
    sign = 1 if side == "left" else -1
    assert all(sign * turned(clip) > 0.4 for clip in called(clips, f"{content}_{side}"))


@pytest.mark.parametrize("content", ["turn_left", "turn_right", "walk_circle_left"])
def test_the_shortest_turn_and_circle_is_no_straight_line(clips, content):
    for clip in called(clips, content):
        assert abs(turned(clip)) * len(clip.joints) / HUMANML3D.fps > np.radians(75)


def test_after_a_turn_to_the_left_one_faces_where_the_left_side_was(clips):
    for clip in called(clips, "turn_left"):
        quarter = int(np.pi / 2 / turned(clip) * HUMANML3D.fps)
        if quarter < len(clip.joints):
            assert (ahead_of(clip)[quarter] * left_of(clip)[0]).sum() > 0.8


@pytest.mark.parametrize("content", ["march", "jump", "turn_left", "stand", "squat"])
def test_actions_on_the_spot_stay_there(clips, content):
    for clip in called(clips, content):
        way = track(clip, "pelvis")[:, [0, 2]]
        assert np.linalg.norm(way - way[0], axis=-1).max() < 0.3


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_wave_lifts_the_hand_of_its_side(clips, side, other):
    for clip in called(clips, f"wave_{side}"):
        above = reach(clip, f"{other}_wrist", f"{side}_wrist", UP)
        assert above.max() > 0.4
        assert reach(clip, f"{other}_shoulder", f"{other}_wrist", UP).max() < -0.2


@pytest.mark.parametrize("action", ["wave", "raise_arms"])
def test_both_means_both(clips, action):
    for clip in called(clips, f"{action}_both"):
        for side in ("left", "right"):
            assert reach(clip, f"{side}_shoulder", f"{side}_wrist", UP).max() > 0.0


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_raised_arm_goes_over_the_head_and_the_other_hangs(clips, side, other):
    for clip in called(clips, f"raise_arms_{side}"):
        assert reach(clip, "head", f"{side}_wrist", UP).max() > 0.1
        assert reach(clip, f"{other}_shoulder", f"{other}_wrist", UP).max() < -0.2


def elbow_at_highest(clip: Recording, side: str) -> float:
    """By how many degrees the elbow is bent when the hand is highest."""
    shoulder, elbow, wrist = (track(clip, f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
    upper, lower = elbow - shoulder, wrist - elbow
    lengths = np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
    return float(np.degrees(np.arccos((upper * lower).sum(-1) / lengths))[wrist[:, 1].argmax()])


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_waving_arm_is_bent_where_a_raised_one_is_straight(clips, side, other):
    assert all(elbow_at_highest(clip, side) > 60 for clip in called(clips, f"wave_{side}"))
    assert all(elbow_at_highest(clip, side) < 20 for clip in called(clips, f"raise_arms_{side}"))


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_waving_hand_swings_to_both_sides_of_its_elbow(clips, side, other):
    for clip in called(clips, f"wave_{side}"):
        high = reach(clip, f"{side}_elbow", f"{side}_wrist", UP) > 0.1
        out = reach(clip, f"{other}_shoulder", f"{side}_shoulder", left_of(clip))[0]
        aside = np.sign(out) * reach(clip, f"{side}_elbow", f"{side}_wrist", left_of(clip))[high]
        assert np.ptp(aside) > 0.08, clip.id


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_kick_swings_the_leg_of_its_side_forward(clips, side, other):
    for clip in called(clips, f"kick_{side}"):
        assert reach(clip, "pelvis", f"{side}_foot", ahead_of(clip)).max() > 0.4
        assert np.ptp(track(clip, f"{side}_foot")[:, 1]) > 0.2
        assert np.ptp(track(clip, f"{other}_foot"), axis=0).max() < 0.01


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_punch_stretches_the_arm_of_its_side_forward(clips, side, other):
    for clip in called(clips, f"punch_{side}"):
        punching = reach(clip, f"{side}_shoulder", f"{side}_wrist", ahead_of(clip)).max()
        idle = reach(clip, f"{other}_shoulder", f"{other}_wrist", ahead_of(clip)).max()
        assert punching > 0.35
        assert punching > idle + 0.05


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_side_bend_takes_the_head_to_its_side(clips, side, other):
    sign = 1 if side == "left" else -1
    for clip in called(clips, f"bend_aside_{side}"):
        aside = sign * reach(clip, "pelvis", "head", left_of(clip))
        assert aside.max() > 0.12
        assert aside.min() > -0.1


@pytest.mark.parametrize(("side", "other"), SIDES)
def test_a_side_bend_takes_its_hand_down_and_raises_neither_arm(clips, side, other):
    """So that nobody takes it for a raised arm."""
    for clip in called(clips, f"bend_aside_{side}"):
        assert np.ptp(track(clip, f"{side}_wrist")[:, 1]) > 0.12
        for name in (side, other):
            assert reach(clip, f"{name}_shoulder", f"{name}_elbow", UP).max() < -0.1
            assert reach(clip, f"{name}_shoulder", f"{name}_wrist", UP).max() < -0.2


def test_clapping_hands_meet_and_part(clips):
    for clip in called(clips, "clap"):
        apart = np.linalg.norm(track(clip, "left_wrist") - track(clip, "right_wrist"), axis=-1)
        assert apart.min() < 0.18
        assert apart.max() > 0.25


def test_sitting_down_ends_low_and_standing_up_ends_high(clips):
    for clip in called(clips, "sit_down"):
        height = track(clip, "pelvis")[:, 1]
        assert height[0] > 0.9
        assert height[-1] < height[0] - 0.4
    for clip in called(clips, "stand_up"):
        height = track(clip, "pelvis")[:, 1]
        assert height[0] < 0.65
        assert height[-1] > height[0] + 0.4


def test_a_bow_takes_the_head_forward_and_down(clips):
    for clip in called(clips, "bow"):
        forward = reach(clip, "pelvis", "head", ahead_of(clip))
        assert np.ptp(forward) > 0.15
        assert reach(clip, "pelvis", "head", UP)[np.argmax(forward)] < 0.55


@pytest.mark.parametrize(
    "content", ["walk", "walk_backwards", "run", "turn_left", "sidestep_right"]
)
def test_every_slow_clip_goes_slower_than_every_fast_one(clips, content):
    def pace(clip):
        return (
            abs(turned(clip))
            if content.startswith("turn")
            else np.linalg.norm(steps(clip)[:, [0, 2]], axis=-1).mean()
        )

    slow = [pace(clip) for clip in called(clips, content) if clip.style == "slow"]
    fast = [pace(clip) for clip in called(clips, content) if clip.style == "fast"]
    assert max(slow) < min(fast)


def apart(clip: Recording, a: str, b: str) -> float:
    return float(np.linalg.norm(track(clip, a) - track(clip, b), axis=-1).max())


SIZE_OF: dict[str, Callable[[Recording], float]] = {
    "walk": lambda clip: apart(clip, "left_ankle", "right_ankle"),
    "sidestep_left": lambda clip: apart(clip, "left_ankle", "right_ankle"),
    "walk_circle_right": lambda clip: travelled(clip, ahead_of(clip)) / abs(turned(clip)),
    "march": lambda clip: track(clip, "left_knee")[:, 1].max(),
    "jump": lambda clip: track(clip, "pelvis")[:, 1].max(),
    "wave_left": lambda clip: float(np.quantile(track(clip, "left_wrist")[:, 1], 0.95)),
    "clap": lambda clip: apart(clip, "left_wrist", "right_wrist"),
    "squat": lambda clip: -track(clip, "pelvis")[:, 1].min(),
    "kick_right": lambda clip: track(clip, "right_foot")[:, 1].max(),
    "bow": lambda clip: -reach(clip, "pelvis", "neck", UP).min(),
    "bend_aside_left": lambda clip: reach(clip, "pelvis", "head", left_of(clip)).max(),
}


@pytest.mark.parametrize("content", sorted(SIZE_OF))
def test_words_for_small_and_large_are_true(clips, content):
    variant = next(variant for variant in VARIANTS if variant.content == content)
    sizes: dict[str, list[float]] = {"small": [], "large": []}
    for clip in called(clips, content):
        for name, extents in (("small", variant.small), ("large", variant.large)):
            if any(extent in clip.captions[0] for extent in extents):
                sizes[name].append(SIZE_OF[content](clip))
    assert len(sizes["small"]) >= 3
    assert len(sizes["large"]) >= 3
    assert np.quantile(sizes["small"], 0.75) < np.quantile(sizes["large"], 0.25)


@pytest.mark.parametrize("content", ["walk", "march", "wave_right", "clap", "stand"])
def test_tired_people_hang_their_head_and_happy_ones_do_not(clips, content):
    heights = {
        style: [
            (track(clip, "head") - track(clip, "pelvis"))[:, 1].mean()
            for clip in called(clips, content)
            if clip.style == style
        ]
        for style in ("tired", "happy", None)
    }
    assert max(heights["tired"]) < min(heights["happy"] + heights[None])


@pytest.mark.parametrize("content", ["walk", "run", "march"])
def test_arms_swing_against_the_legs(clips, content):
    for clip in called(clips, content):
        ahead = ahead_of(clip)
        arms = reach(clip, "right_wrist", "left_wrist", ahead)
        legs = reach(clip, "right_knee", "left_knee", ahead)
        assert np.corrcoef(arms, legs)[0, 1] < -0.5
