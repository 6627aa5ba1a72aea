"""Rotations against SciPy, and what must hold for any of them."""

from itertools import permutations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lead.motion.rotations import (
    between,
    conjugate,
    cross,
    euler_to_matrix,
    multiply,
    rotate,
    to_matrix,
    without_jumps,
    yaw,
)

VECTORS = arrays.arrays(np.float64, 3, elements=st.floats(-10, 10, width=32))
ORDERS = ["".join(order) for order in permutations("XYZ")]


def sample(count: int, seed: int = 0) -> tuple[Rotation, np.ndarray]:
    """Random rotations, for SciPy and as quaternions (w, x, y, z)."""
    rotations = Rotation.random(count, rng=np.random.default_rng(seed))
    return rotations, np.roll(rotations.as_quat(), 1, axis=-1)


def apart(u: np.ndarray, v: np.ndarray) -> bool:
    """Neither is short, nor are they nearly opposite."""
    lengths = np.linalg.norm(u), np.linalg.norm(v)
    return bool(min(lengths) > 1e-2 and u @ v > -0.999 * lengths[0] * lengths[1])


def test_a_product_is_scipys():
    (a, p), (b, q) = sample(50), sample(50, seed=1)
    np.testing.assert_allclose(to_matrix(multiply(p, q)), (a * b).as_matrix(), atol=1e-14)


def test_a_quaternion_times_its_conjugate_is_the_identity():
    _, q = sample(50)
    np.testing.assert_allclose(
        multiply(q, conjugate(q)), np.tile([1, 0, 0, 0], (50, 1)), atol=1e-14
    )


def test_rotated_vectors_are_scipys():
    rotations, q = sample(50)
    v = np.random.default_rng(2).normal(size=(50, 3))
    np.testing.assert_allclose(rotate(q, v), rotations.apply(v), atol=1e-14)


def test_one_rotation_turns_many_vectors():
    rotations, q = sample(1)
    v = np.random.default_rng(2).normal(size=(7, 5, 3))
    turned = rotate(q[0], v)
    np.testing.assert_allclose(turned.reshape(-1, 3), rotations.apply(v.reshape(-1, 3)), atol=1e-14)


def test_matrices_are_scipys():
    rotations, q = sample(200)
    np.testing.assert_allclose(to_matrix(q), rotations.as_matrix(), atol=1e-14)


@given(VECTORS, VECTORS)
def test_between_turns_the_first_direction_to_the_second(u, v):
    assume(apart(u, v))
    turned = rotate(between(u, v), u) / np.linalg.norm(u)
    np.testing.assert_allclose(turned, v / np.linalg.norm(v), atol=1e-9)


@given(VECTORS, VECTORS)
def test_between_is_the_shortest_rotation(u, v):
    assume(apart(u, v))
    angle = 2 * np.arccos(np.clip(between(u, v)[0], -1, 1))
    cosine = u @ v / (np.linalg.norm(u) * np.linalg.norm(v))
    assert np.cos(angle) == pytest.approx(cosine, abs=1e-9)


def test_between_opposite_directions_is_not_a_number():
    assert np.isnan(between(np.array([0.0, 0.0, -1.0]), np.array([0.0, 0.0, 1.0]))).all()


def test_yaw_turns_by_twice_its_argument():
    angles = np.linspace(-3, 3, 20)
    expected = Rotation.from_euler("y", 2 * angles[:, None]).as_matrix()
    np.testing.assert_allclose(to_matrix(yaw(angles)), expected, atol=1e-14)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_in_any_order_are_scipys(order):
    degrees = np.random.default_rng(3).uniform(-180, 180, (50, 3))
    expected = Rotation.from_euler(order, degrees, degrees=True).as_matrix()
    np.testing.assert_allclose(euler_to_matrix(degrees, order), expected, atol=1e-14)


def test_a_steady_turn_has_euler_angles_without_jumps():
    steady = np.stack([np.linspace(0, 900, 200), np.linspace(20, 160, 200), np.zeros(200)], axis=-1)
    wrapped = Rotation.from_euler("ZXY", steady, degrees=True).as_euler("ZXY", degrees=True)
    assert np.abs(np.diff(wrapped, axis=0)).max() > 100
    np.testing.assert_allclose(without_jumps(wrapped), steady, atol=1e-6)


def test_angles_without_jumps_mean_the_same_rotations():
    rotations = sample(60)[0]
    smooth = without_jumps(rotations.as_euler("ZXY", degrees=True).reshape(20, 3, 3))
    expected = rotations.as_matrix().reshape(20, 3, 3, 3)
    np.testing.assert_allclose(euler_to_matrix(smooth, "ZXY"), expected, atol=1e-12)


@settings(max_examples=20)
@given(VECTORS, VECTORS)
def test_tensors_give_what_arrays_give(a, b):
    q, p = sample(1)[1][0], sample(1, seed=1)[1][0]
    for function, inputs in [
        (multiply, (q, p)),
        (conjugate, (q,)),
        (rotate, (q, a)),
        (cross, (a, b)),
        (to_matrix, (q,)),
        (yaw, (a,)),
    ]:
        found = function(*(torch.tensor(value) for value in inputs))
        np.testing.assert_allclose(found.numpy(), function(*inputs), atol=1e-12)
