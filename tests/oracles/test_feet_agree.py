"""The metrics of feet are those of an implementation that counts frame by frame."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.plain_feet import kimodo, mbench

from lead.evaluation.feet import foot_metrics
from lead.motion.skeleton import HUMANML3D, KIT, Skeleton


def walker(seed: int, frames: int, skeleton: Skeleton) -> np.ndarray:
    """Feet that come down, slide, hang and tremble about the limits, under a root that travels."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None]
    joints = rng.normal(0, 0.3, (1, skeleton.joint_count, 3)) + np.array([0.0, 0.8, 0.0])
    joints = joints + rng.choice([0, 0.0005, 0.03]) * time[..., None] * np.array([0.6, 0.0, 0.8])
    joints = joints + rng.normal(0, rng.choice([1e-5, 0.004, 0.02]), (frames, 1, 3)).cumsum(0)
    for foot, joint in enumerate((*skeleton.left_feet, *skeleton.right_feet)):
        phase = np.sin(rng.uniform(0.1, 1.5) * time + foot)
        speed = rng.choice([0, 0.002, 0.012, 0.05])
        joints[:, joint] = np.concatenate([speed * time, 0.08 * phase, 0.2 * phase], 1)
        joints[:, joint] += rng.normal(0, rng.choice([1e-6, 0.003, 0.03]), (frames, 3))
        joints[:, joint, 1] += rng.choice([0, 0.08, 0.3])
    return joints


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(4, 40), st.sampled_from([HUMANML3D, KIT]))
def test_every_metric_is_that_of_the_plain_implementation(seed, frames, skeleton):
    joints = walker(seed, frames, skeleton)
    contacts = np.random.default_rng(seed).integers(0, 2, (frames, 4))
    found = foot_metrics(
        torch.from_numpy(joints[None]),
        torch.ones(1, frames, dtype=torch.bool),
        skeleton,
        skeleton.fps,
        torch.from_numpy(contacts[None] * 0.4 + 0.3),
    )
    feet = [*skeleton.left_feet, *skeleton.right_feet]
    expected = kimodo(joints[:, feet], contacts, skeleton.fps) | mbench(joints, feet[1::2])
    own = {name: float(value) for name, value in found.items()}
    assert own == pytest.approx(expected, rel=2e-6, abs=1e-9)


def test_the_walkers_float_slide_sink_and_do_not():
    walkers = [mbench(walker(seed, 40, HUMANML3D), (10, 11)) for seed in range(60)]
    for metric in ("mbench_float", "mbench_slide", "mbench_penetration"):
        values = np.round([walker[metric] for walker in walkers], 6)
        assert min(values) == 0 and len(set(values)) > 15
