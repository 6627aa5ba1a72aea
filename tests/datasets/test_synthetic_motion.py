"""The synthetic dataset moves like a body: bones, floor, feet, joints, speeds."""

from __future__ import annotations

import numpy as np
import pytest

from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.body import stand_upright
from lead.datasets.synthetic.dataset import VARIANTS, make_clip, read_synthetic
from lead.datasets.synthetic.stepping import Gait, walk_along
from lead.motion.features import joints_to_features
from lead.motion.kinematics import bone_lengths
from lead.motion.layout import layout
from lead.motion.skeleton import HUMANML3D

SEED = 7
CONFIG = SyntheticDataset(clips=12 * len(VARIANTS))
JOINT = {name: row for row, name in enumerate(HUMANML3D.joints)}
FEET = [*HUMANML3D.left_feet, *HUMANML3D.right_feet]


@pytest.fixture(scope="module")
def clips():
    """Twelve clips of every variant."""
    return [clip for work in read_synthetic(CONFIG, SEED) for clip in work()]


@pytest.fixture(scope="module")
def features(clips):
    """The features of all of them, one below the other."""
    return np.concatenate([joints_to_features(clip.joints, HUMANML3D) for clip in clips])


def pooled(clips, measure) -> np.ndarray:
    return np.concatenate([np.ravel(measure(clip.joints)) for clip in clips])


def ahead(joints) -> np.ndarray:
    """Horizontal direction in which the hips face, N x 3."""
    across = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
    facing = np.cross(across, [0.0, 1.0, 0.0])
    return facing / np.linalg.norm(facing, axis=-1, keepdims=True)


def test_a_clip_depends_on_the_seed_and_its_number_alone(clips):
    alone = make_clip(CONFIG.model_copy(update={"clips": 1000}), SEED, 17)
    np.testing.assert_array_equal(alone.joints, clips[17].joints)
    assert (alone.id, alone.captions) == (clips[17].id, clips[17].captions)


def test_another_seed_makes_other_motion(clips):
    other = make_clip(CONFIG, SEED + 1, 17).joints
    frames = min(len(other), len(clips[17].joints))
    assert np.abs(other[:frames] - clips[17].joints[:frames]).max() > 0.01


def test_no_two_clips_of_a_variant_are_the_same(clips):
    first = [clip.joints[:41].tobytes() for clip in clips]
    assert len(set(first)) == len(clips)


def test_variants_take_turns(clips):
    count = len(VARIANTS)
    assert [clip.content for clip in clips[:count]] == [v.content for v in VARIANTS]
    assert clips[count].content == clips[0].content


def test_clips_are_as_long_as_the_settings_say(clips):
    lengths = {len(clip.joints) for clip in clips}
    assert min(lengths) >= CONFIG.min_positions
    assert max(lengths) <= CONFIG.max_positions
    assert len(lengths) > 40


def test_bones_have_the_skeletons_lengths_in_every_frame(clips):
    worst = max(
        np.abs(bone_lengths(clip.joints, HUMANML3D) - HUMANML3D.bone_lengths).max()
        for clip in clips
    )
    assert worst < 1e-6


def test_feet_in_contact_slide_less_than_a_centimetre(clips):
    def slides(joints):
        moved = np.diff(joints[:, FEET], axis=0)
        contact = (moved**2).sum(-1) < HUMANML3D.contact_threshold
        return np.linalg.norm(moved[..., [0, 2]], axis=-1)[contact]

    assert np.mean(pooled(clips, slides) < 0.01) >= 0.95


def test_feet_on_the_floor_slide_less_than_a_centimetre(clips):
    def slides(joints):
        moved = np.diff(joints[:, FEET], axis=0)
        contact = (moved**2).sum(-1) < HUMANML3D.contact_threshold
        low = joints[:-1, FEET, 1] < joints[:, FEET, 1].min(0) + 0.05
        return np.linalg.norm(moved[..., [0, 2]], axis=-1)[contact & low]

    assert np.mean(pooled(clips, slides) < 0.01) >= 0.985


@pytest.mark.parametrize("cadence", [0.83, 0.93, 1.17])
def test_a_planned_foot_is_either_planted_or_well_on_its_way(cadence):
    pose = stand_upright(120)
    walk_along(pose, (0.0, 1.2), 0.1, Gait(cadence=cadence))
    for foot in pose.feet.values():
        moved = np.linalg.norm(np.diff(foot.toe, axis=0), axis=-1)
        planted = moved < 1e-12
        assert 0.4 < planted.mean() < 0.8
        assert moved[~planted].min() > 0.03


def test_feet_are_in_contact_most_of_the_time_but_not_always(features):
    contacts = features[:, layout(HUMANML3D).slice("contacts")]
    assert 0.75 < contacts.mean() < 0.95


def test_no_joint_is_below_the_floor(clips):
    assert pooled(clips, lambda joints: joints[..., 1]).min() > 0.0


@pytest.mark.parametrize("airborne", [False, True])
def test_only_running_and_jumping_leave_the_floor(clips, airborne):
    flying = {"run", "jump", "jump_forward"}
    for clip in clips:
        if (clip.content in flying) == airborne:
            highest = clip.joints[..., 1].min(1).max()
            assert (highest > 0.04) == airborne, (clip.id, clip.content, highest)


def test_nobody_moves_faster_than_people_can(clips):
    speed = pooled(clips, lambda joints: np.linalg.norm(np.diff(joints, axis=0), axis=-1))
    assert speed.max() * HUMANML3D.fps < 12.0


def test_nothing_jumps_in_time(clips):
    bends = pooled(clips, lambda joints: np.linalg.norm(np.diff(joints, n=2, axis=0), axis=-1))
    assert bends.max() * HUMANML3D.fps**2 < 200.0
    assert np.median(bends) * HUMANML3D.fps**2 < 4.0


def test_a_body_in_the_air_falls_as_gravity_wants(clips):
    falls = []
    for clip in (clip for clip in clips if clip.content == "jump"):
        airborne = clip.joints[:, FEET, 1].min(1) > 0.05
        inside = airborne[:-2] & airborne[1:-1] & airborne[2:]
        falls.append(np.diff(clip.joints[:, 0, 1], n=2)[inside] * HUMANML3D.fps**2)
    # Flights last whole frames, so that they are up to half a frame too long or too short.
    assert np.median(np.concatenate(falls)) == pytest.approx(-9.81, rel=0.15)


def test_the_pelvis_is_as_high_as_peoples(clips):
    heights = pooled(clips, lambda joints: joints[:, 0, 1])
    assert 0.88 < heights.mean() < 1.0
    assert heights.min() > 0.4


@pytest.mark.parametrize("side", ["left", "right"])
def test_knees_bend_forward(clips, side):
    def forward_of_leg(joints):
        hip, knee, ankle = (joints[:, JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
        hinge = np.cross(knee - hip, ankle - knee)
        across = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
        return (hinge * across).sum(-1)

    assert pooled(clips, forward_of_leg).min() > 0.0


@pytest.mark.parametrize("side", ["left", "right"])
def test_elbows_of_hanging_arms_are_behind_the_line_from_shoulder_to_wrist(clips, side):
    def before_the_line(joints):
        shoulder, elbow, wrist = (
            joints[:, JOINT[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist")
        )
        return ((elbow - (shoulder + wrist) / 2) * ahead(joints)).sum(-1)

    calm = [clip for clip in clips if clip.content in ("stand", "walk", "march", "turn_left")]
    assert pooled(calm, before_the_line).max() < 0.0


def test_people_stand_with_nearly_straight_legs_and_hanging_arms(clips):
    length = sum((HUMANML3D.bone_lengths or ())[JOINT[n]] for n in ("left_knee", "left_ankle"))
    for clip in (clip for clip in clips if clip.content == "stand"):
        place = dict(zip(HUMANML3D.joints, clip.joints.mean(0), strict=True))
        assert np.linalg.norm(place["left_hip"] - place["left_ankle"]) > 0.94 * length
        assert place["left_wrist"][1] < place["left_elbow"][1] < place["left_shoulder"][1]
        assert abs(place["left_wrist"][0] - place["left_shoulder"][0]) < 0.2


def test_the_mean_pose_is_close_to_that_of_humanml3d(features, data_root):
    block = layout(HUMANML3D).slice("local_positions")
    real = np.load(data_root / "humanml3d" / "Mean.npy")[block].reshape(21, 3)
    mean = features[:, block].mean(0).reshape(21, 3)
    assert np.linalg.norm(mean - real, axis=-1).max() < 0.10
