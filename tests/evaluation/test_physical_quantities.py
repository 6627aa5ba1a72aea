"""Faults planted in motions are counted exactly, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor

from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import make_clip
from lead.errors import LeadError
from lead.evaluation.physical import measure_motions
from lead.evaluation.physical_score import plain_values
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.skeleton import HUMANML3D, KIT, Skeleton

JOINT = {name: number for number, name in enumerate(HUMANML3D.joints)}
TOE = JOINT["right_foot"]


def standing(frames: int) -> Tensor:
    """A body that stands with its toes on the floor."""
    offsets = HUMANML3D.raw_offsets * np.array(HUMANML3D.bone_lengths)[:, None]
    joints = np.zeros((22, 3))
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        joints[joint] = joints[parent] + offsets[joint]
    joints[:, 1] -= joints[:, 1].min()
    joints[[JOINT["left_foot"], TOE], 1] = 0.0  # the skeleton's left leg is 1 cm longer
    return torch.from_numpy(joints).repeat(frames, 1, 1)


def waving(frames: int, amplitude: float = 1.0, fps: float = 20.0) -> Tensor:
    """A standing body whose arms and knees swing."""
    time = torch.arange(frames, dtype=torch.float64)[:, None] / fps
    swing = amplitude * 0.1 * torch.sin(2 * torch.pi * 0.5 * time)
    body = standing(frames)
    limbs = [JOINT[name] for name in ("left_wrist", "right_elbow", "left_knee", "head")]
    body[:, limbs, 2] += swing
    body[:, limbs, 1] += 0.5 * swing
    return body


def measured(body: Tensor, skeleton: Skeleton = HUMANML3D, fps: float = 20.0) -> dict[str, float]:
    mask = torch.ones(1, len(body), dtype=torch.bool)
    return {name: float(v) for name, v in measure_motions(body[None], mask, skeleton, fps).items()}


def sliding(steps: int, way: float, frames: int = 40, height: float = 0.0) -> Tensor:
    """A standing body whose right toe moves ``way`` metres ``steps`` times, from frame 5 on."""
    body = standing(frames)
    moved = (torch.arange(frames) - 5).clamp(0, steps)
    body[:, TOE, 2] += way * moved
    body[:, TOE, 1] += height
    return body


@pytest.mark.parametrize("steps", [0, 1, 4, 7, 34])
def test_a_toe_that_slides_for_some_steps_is_counted_in_just_those(steps):
    found = measured(sliding(steps, 0.03))
    assert found["sliding_steps"] == steps
    assert found["contact_steps"] == 2 * 39
    assert found["slide_speed"] == pytest.approx(steps * 0.6)


def test_gmd_counts_only_what_slides_for_longer():
    assert measured(sliding(4, 0.03))["gmd_frames"] == 0
    assert measured(sliding(7, 0.03))["gmd_frames"] == 3


def test_gmd_counts_as_an_independent_implementation_does():
    rng = np.random.default_rng(0)
    body = standing(60)
    for toe in (JOINT["left_foot"], TOE):
        body[:, toe, :] += torch.from_numpy(rng.normal(0, 0.025, (60, 3)).cumsum(0))
    feet = body[:, [JOINT["left_foot"], TOE]].numpy()
    speed = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1) * 20
    mean = uniform_filter1d(speed, 5, axis=0, mode="constant")
    low = (feet[1:, :, 1] < 0.05) & (feet[:-1, :, 1] < 0.05)
    expected = (low & (speed > 0.5) & (mean > 0.5)).any(1).sum()
    assert expected > 5
    assert measured(body)["gmd_frames"] == expected


@pytest.mark.parametrize(("fps", "way", "slides"), [
    (20.0, 0.0249, False), (20.0, 0.0251, True), (12.5, 0.0399, False), (12.5, 0.0401, True),
])  # fmt: skip
def test_what_counts_as_sliding_is_a_speed(fps, way, slides):
    assert (measured(sliding(10, way), fps=fps)["sliding_steps"] == 10) == slides


def test_a_toe_in_the_air_does_not_slide():
    found = measured(sliding(10, 0.1, height=0.06))
    assert found["sliding_steps"] == 0
    assert found["contact_steps"] == 39


def test_a_toe_that_comes_down_is_on_the_floor_from_the_next_step_on():
    body = standing(10)
    body[:4, TOE, 1] = 0.2
    assert measured(body)["contact_steps"] == 9 + 5


def test_a_body_in_the_floor_is_as_deep_as_it_is_beyond_the_tolerance():
    found = measured(standing(10) - torch.tensor([0.0, 0.04, 0.0]))
    assert found["penetration"] == pytest.approx(10 * 0.035)
    assert found["floating"] == 0


def test_a_body_in_the_air_floats_as_high_as_its_lowest_joint_beyond_the_tolerance():
    found = measured(standing(10) + torch.tensor([0.0, 0.10, 0.0]))
    assert found["floating"] == pytest.approx(10 * 0.095)
    assert found["penetration"] == 0
    assert found["contact_steps"] == 0


def test_a_body_on_the_floor_is_within_the_tolerance():
    found = measured(standing(10) - torch.tensor([0.0, 0.004, 0.0]))
    assert found["penetration"] == found["floating"] == 0


def test_a_bone_that_stretches_by_five_per_cent_drifts_by_that():
    body, wrist = standing(40), JOINT["left_wrist"]
    bone = body[:, wrist] - body[:, JOINT["left_elbow"]]
    sign = torch.tensor([1.0, -1.0]).repeat(20)[:, None]
    body[:, wrist] += 0.05 * sign * bone
    found = measured(body)
    assert found["bone_drift"] == pytest.approx(0.05 / 21)
    assert found["bone.left_wrist"] == pytest.approx(0.2660118)


def test_a_constant_velocity_has_no_jerk():
    way = 0.05 * torch.arange(40, dtype=torch.float64)[:, None, None]
    assert measured(standing(40) + way)["jerk"] == pytest.approx(0, abs=1e-8)


def test_the_jerk_of_a_cubic_is_its_third_derivative():
    time = torch.arange(40, dtype=torch.float64)[:, None] / 12.5
    body = standing(40)
    body[..., 0] += 7 * time**3 / 6
    assert measured(body, fps=12.5)["jerk"] == pytest.approx(37 * 7)


def test_twice_the_amplitude_has_twice_the_range_and_speed_and_four_times_the_energy():
    one, two = measured(waving(80)), measured(waving(80, amplitude=2))
    assert two["range_of_motion"] == pytest.approx(2 * one["range_of_motion"])
    assert two["joint_speed"] == pytest.approx(2 * one["joint_speed"])
    assert two["kinetic_energy"] == pytest.approx(4 * one["kinetic_energy"])


def test_a_body_carried_along_has_energy_but_no_speed_against_its_root():
    way = torch.tensor([0.03, 0.0, 0.04]) * torch.arange(20)[:, None, None]
    found = measured(standing(20) + way)
    assert found["kinetic_energy"] == pytest.approx(19 * 0.5)
    assert found["joint_speed"] == pytest.approx(0, abs=1e-5)
    assert found["range_of_motion"] == pytest.approx(0, abs=1e-6)


def turned(body: Tensor, angles: Tensor) -> Tensor:
    """Each frame turned about the vertical axis through the origin."""
    sine, cosine, still = angles.sin(), angles.cos(), torch.zeros_like(angles)
    rows = [cosine, still, sine, still, still + 1, still, -sine, still, cosine]
    return torch.einsum("tij,tkj->tki", torch.stack(rows, -1).unflatten(-1, (3, 3)), body)


def test_turning_on_the_spot_is_speed_and_no_range():
    body = standing(40)
    found = measured(turned(body, torch.linspace(0, 6, 40, dtype=body.dtype)))
    assert found["joint_speed"] > 1
    assert found["range_of_motion"] == pytest.approx(0, abs=1e-6)


def test_where_a_motion_is_and_where_it_faces_changes_nothing():
    body = waving(50) + sliding(10, 0.03, frames=50) - standing(50)
    moved = turned(body, torch.full((50,), 2.0, dtype=body.dtype)) + torch.tensor([3.0, 0, -1])
    assert measured(moved) == pytest.approx(measured(body), abs=1e-5)


def test_padding_and_the_batch_change_nothing():
    rng = np.random.default_rng(0)
    lengths = [1, 2, 3, 4, 17, 40]
    bodies = [standing(n) + torch.from_numpy(rng.normal(0, 0.03, (n, 22, 3))) for n in lengths]
    joints = torch.full((6, 40, 22, 3), torch.nan, dtype=torch.float64)
    mask = torch.arange(40) < torch.tensor(lengths)[:, None]
    for row, body in enumerate(bodies):
        joints[row, : len(body)] = body
    together = measure_motions(joints, mask, HUMANML3D, 20.0)
    for row, body in enumerate(bodies):
        alone = measured(body)
        assert {name: float(v[row]) for name, v in together.items()} == pytest.approx(alone)
        assert all(np.isfinite(list(alone.values())))


def test_the_same_motion_at_another_frame_rate_has_the_same_speeds():
    def at(fps: float) -> dict[str, float]:
        frames = int(8 * fps) + 1
        body = waving(frames, fps=fps)
        body[:, TOE, 2] += 0.3 * torch.arange(frames) / fps
        found = measured(body, fps=fps)
        return plain_values({name: np.array([value]) for name, value in found.items()})

    fast, slow = at(20.0), at(12.5)
    assert fast["foot_slide"] == pytest.approx(15.0, rel=1e-4)
    for name in ("foot_slide", "foot_skating", "joint_speed", "kinetic_energy", "range_of_motion"):
        assert slow[name] == pytest.approx(fast[name], rel=0.03)


def test_kits_unit_is_a_thousandth_of_a_metre():
    rng = np.random.default_rng(0)
    body = torch.from_numpy(rng.normal(0.3, 0.2, (30, 21, 3)))
    metres = measured(body, replace(KIT, unit="m"), 12.5)
    assert measured(1000 * body, KIT, 12.5) == pytest.approx(metres)


def test_kits_toes_are_its_foot_tips():
    body = torch.from_numpy(np.random.default_rng(0).uniform(100, 900, (30, 21, 3)))
    body[:, [KIT.joints.index("LF"), KIT.joints.index("RF")], 1] = 20.0
    assert measured(body, KIT, 12.5)["contact_steps"] == 2 * 29


def test_a_body_that_stands_still_has_none_of_it():
    found = measured(standing(30))
    still = ("sliding_steps", "slide_speed", "gmd_frames", "penetration", "floating", "jerk",
             "bone_drift", "joint_speed", "kinetic_energy", "range_of_motion")  # fmt: skip
    assert [found[name] for name in still] == pytest.approx([0.0] * len(still), abs=1e-9)


def test_a_body_in_one_point_is_defined():
    assert all(np.isfinite(list(measured(torch.zeros(10, 22, 3)).values())))


def test_a_position_that_is_no_number_is_named():
    joints, mask = standing(10).repeat(3, 1, 1, 1), torch.ones(3, 10, dtype=torch.bool)
    joints[1, 6, TOE, 2] = torch.nan
    with pytest.raises(LeadError) as caught:
        measure_motions(joints, mask, HUMANML3D, 20.0)
    assert caught.value.found == "right_foot in frame 6 of motion 1 of the batch"
    mask[1, 6:] = False
    measure_motions(joints, mask, HUMANML3D, 20.0)


def test_another_skeletons_joints_are_refused():
    mask = torch.ones(1, 5, dtype=torch.bool)
    with pytest.raises(LeadError, match="kit skeleton"):
        measure_motions(standing(5)[None], mask, KIT, 12.5)


@pytest.fixture(scope="module")
def synthetic() -> dict[str, list[dict[str, np.ndarray]]]:
    """Quantities of the demo's own clips, by what the body does."""
    found: dict[str, list[dict[str, np.ndarray]]] = {}
    settings = SyntheticDataset(kind="synthetic", clips=120)
    for number in range(120):
        clip = make_clip(settings, 5, number)
        joints = features_to_joints(joints_to_features(clip.joints, HUMANML3D), HUMANML3D)
        own = measured(torch.from_numpy(np.asarray(joints, dtype=np.float32)))
        found.setdefault(clip.content, []).append({n: np.array([v]) for n, v in own.items()})
    return found


def pooled(parts: list[dict[str, np.ndarray]]) -> dict[str, float]:
    return plain_values({n: np.concatenate([own[n] for own in parts]) for n in parts[0]})


def test_feet_of_synthetic_bodies_that_stand_hold_the_floor(synthetic):
    still = [own for content, clips in synthetic.items() for own in clips
             if content.startswith(("stand", "wave", "clap", "bow", "squat", "punch"))]  # fmt: skip
    values = pooled(still)
    assert len(still) > 5
    assert values["foot_contact"] == 1
    assert values["foot_skating"] == 0
    assert values["foot_slide"] < 0.01


def test_synthetic_motions_are_physical_and_skate_as_little_as_recorded_ones(synthetic):
    values = pooled([own for clips in synthetic.values() for own in clips])
    assert values["penetration"] == 0
    assert values["bone_drift"] < 1e-3
    # HumanML3D's own motions have 0.05 to 0.075: toes move near the floor before and after a step.
    assert 0.02 < values["foot_skating_gmd"] < 0.1


def test_a_recorded_motion_is_on_its_floor_and_slides_when_it_is_dragged(data_root):
    body = torch.from_numpy(np.load(data_root / "humanml3d" / "new_joints" / "012314.npy"))
    found = measured(body)
    dragged = body + torch.tensor([0.03, 0.0, 0.0]) * torch.arange(len(body))[:, None, None]
    assert found["penetration"] == 0
    assert found["bone_drift"] < 1e-5
    assert found["sliding_steps"] / found["contact_steps"] < 0.15
    assert measured(dragged)["sliding_steps"] / found["contact_steps"] > 0.8
