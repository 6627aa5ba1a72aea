"""A figure with thickness around a skeleton's joints: head, hands, feet and a trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from lead.motion.skeleton import Skeleton
from lead.types import Joints

LEFT, RIGHT = (38, 105, 186), (226, 116, 30)
"""Colours of the limbs: left blue, right orange."""

COLOURS = ((126, 131, 147), LEFT, RIGHT)
"""Of a cone's ``part``: trunk and head, left limbs, right limbs."""

UPRIGHT = 1.72
"""Metres from sole to head along the bones of a body that has the radii written here."""

_TRUNK, _LEFT, _RIGHT = range(3)
_SPINE_CHAIN = 2


@dataclass(frozen=True)
class Cone:
    """Two spheres and the hull around them: points ``start`` and ``end``, radii in metres."""

    start: int
    end: int
    radii: tuple[float, float]
    part: int


@dataclass(frozen=True, eq=False)
class Figure:
    """The shape of a body.

    Attributes:
        points: what the cones lie between: the joints first, then ends of head, hands and feet.
        carriers: the joint with which each point moves.
        cones: of the body.
        feet: heel and toes, for the left foot and the right.
    """

    points: Float[np.ndarray, "N P 3"] = field(repr=False)
    carriers: tuple[int, ...]
    cones: tuple[Cone, ...] = field(repr=False)
    feet: tuple[tuple[int, int], tuple[int, int]]


def figure(joints: Joints, skeleton: Skeleton, size: float) -> Figure:
    """The body around joints in metres, ``size`` times that of the radii written here."""
    points = [joints[:, joint] for joint in range(joints.shape[1])]
    carriers = list(range(len(points)))
    cones: list[Cone] = []

    def add(place: np.ndarray, carrier: int) -> int:
        points.append(place)
        carriers.append(carrier)
        return len(points) - 1

    def join(places: Sequence[int], radii: Sequence[float], part: int) -> None:
        for (a, b), (ra, rb) in zip(pairwise(places), pairwise(radii), strict=True):
            cones.append(Cone(a, b, (ra * size, rb * size), part))

    right_leg, left_leg, spine, right_arm, left_arm = skeleton.chains
    top, below = points[spine[-1]], points[spine[-2]]
    along = _unit(top - below)
    crown = add(top + 0.11 * size * along, spine[-1])
    chin = add(top + 0.03 * size * along, spine[-1])
    join((spine[-2], chin), (0.052, 0.05), _TRUNK)
    join((chin, crown), (0.072, 0.092), _TRUNK)
    belly, chest = spine[len(spine) // 2 - 1], spine[-3]
    middle = points[belly]
    join((spine[0], belly, chest, spine[-2]), (0.084, 0.092, 0.1, 0.054), _TRUNK)
    feet = {}
    for leg, arm, part in ((left_leg, left_arm, _LEFT), (right_leg, right_arm, _RIGHT)):
        hip, knee, ankle, toes = leg[1], leg[2], leg[3], leg[-1]
        shoulder, elbow, wrist = arm[-3:]
        side = points[hip] - points[spine[0]] + points[shoulder] - points[spine[-2]]
        waist = add(middle + 0.055 * size * _unit(side), belly)
        join((spine[0], hip, waist, shoulder), (0.09, 0.09, 0.088, 0.06), _TRUNK)
        join((spine[-2], shoulder, chest, waist), (0.054, 0.058, 0.1, 0.088), _TRUNK)
        join((hip, knee, ankle), (0.078, 0.052, 0.038), part)
        shin, foot = _unit(points[ankle] - points[knee]), _unit(points[toes] - points[ankle])
        down = shin - (shin * foot).sum(-1, keepdims=True) * foot
        heel = add(points[ankle] + 0.052 * size * _unit(down), ankle)
        tip = add(points[toes] + 0.05 * size * _unit(points[toes] - points[heel]), toes)
        join((ankle, heel), (0.037, 0.034), part)
        join((heel, toes, tip), (0.034, 0.034, 0.026), part)
        join((ankle, toes), (0.037, 0.034), part)
        feet[part] = (heel, tip)
        join((shoulder, elbow, wrist), (0.05, 0.039, 0.03), part)
        hand = _unit(points[wrist] - points[elbow])
        palm = add(points[wrist] + 0.065 * size * hand, wrist)
        fingers = add(points[wrist] + 0.13 * size * hand, wrist)
        join((wrist, palm, fingers), (0.03, 0.04, 0.02), part)
    both = feet[_LEFT], feet[_RIGHT]
    return Figure(np.stack(points, axis=1), tuple(carriers), tuple(cones), both)


def body_height(pose: Float[np.ndarray, "J 3"], skeleton: Skeleton) -> float:
    """Length of a leg and the spine, in the pose's unit: the height of the figure upright."""
    chains = (skeleton.chains[0], skeleton.chains[_SPINE_CHAIN])
    return float(
        sum(np.linalg.norm(np.diff(pose[list(chain)], axis=0), axis=1).sum() for chain in chains)
    )


def _unit(vectors: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
