"""Mirroring: HumanML3D's published lists, and KIT-ML's by its chains."""

from __future__ import annotations

import numpy as np
import pytest

from lead.motion.kinematics import mirror, mirrored_pairs
from lead.motion.skeleton import HUMANML3D, KIT

LEFT, RIGHT = (1, 4, 7, 10, 13, 16, 18, 20), (2, 5, 8, 11, 14, 17, 19, 21)


def random_joints(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(size=(5, count, 3))


def test_humanml3d_exchanges_the_published_joints():
    pairs = {tuple(sorted(pair)) for pair in mirrored_pairs(HUMANML3D)}
    assert pairs == set(zip(LEFT, RIGHT, strict=True))


def test_kit_exchanges_its_legs_and_arms():
    pairs = {tuple(sorted(pair)) for pair in mirrored_pairs(KIT)}
    legs, arms = zip(range(11, 16), range(16, 21), strict=True), zip((5, 6, 7), (8, 9, 10))  # noqa: B905
    assert pairs == {*legs, *arms}


@pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda s: s.name)
def test_the_rest_pose_is_its_own_mirror_image(skeleton):
    rest = skeleton.raw_offsets[None]
    np.testing.assert_array_equal(mirror(rest, skeleton), rest)


@pytest.mark.parametrize("skeleton, count", [(HUMANML3D, 22), (HUMANML3D, 52), (KIT, 21)])
def test_mirroring_twice_changes_nothing(skeleton, count):
    joints = random_joints(count)
    once = mirror(joints, skeleton)
    assert not np.array_equal(once, joints)
    np.testing.assert_array_equal(mirror(once, skeleton), joints)


def test_the_body_is_mirrored_alike_with_and_without_hands():
    joints = random_joints(52)
    body = mirror(joints[:, :22], HUMANML3D)
    np.testing.assert_array_equal(mirror(joints, HUMANML3D)[:, :22], body)


def test_hands_are_exchanged_as_published_only_above_24_joints():
    many, few = random_joints(52), random_joints(24)
    turned = np.array([-1, 1, 1])
    np.testing.assert_array_equal(mirror(many, HUMANML3D)[:, 22], many[:, 43] * turned)
    np.testing.assert_array_equal(mirror(many, HUMANML3D)[:, 51], many[:, 30] * turned)
    np.testing.assert_array_equal(mirror(few, HUMANML3D)[:, 22:], few[:, 22:] * turned)


def test_the_argument_stays_as_it_was():
    joints = random_joints(22)
    mirror(joints, HUMANML3D)
    np.testing.assert_array_equal(joints, random_joints(22))
