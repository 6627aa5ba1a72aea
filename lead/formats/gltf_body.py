"""The body of a glTF file: meshes around an armature at rest, and the joints that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from lead.motion.armature import Armature
from lead.motion.figure import COLOURS, UPRIGHT, Cone, Figure, body_height, figure
from lead.motion.rotations import unit
from lead.motion.skeleton import Skeleton

PARTS = ("trunk", "left", "right")
"""Names of the meshes' materials, in the order of `COLOURS`."""

_AROUND, _RINGS = 12, 3
"""Corners of a ring, and rings of each end of a cone."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """One part of the body.

    Attributes:
        vertices, normals: at rest, in metres.
        joints: index of the joint that carries each vertex.
        triangles: corners, counter-clockwise seen from outside.
    """

    name: str
    colour: tuple[float, float, float]
    vertices: Float[np.ndarray, "V 3"] = field(repr=False)
    normals: Float[np.ndarray, "V 3"] = field(repr=False)
    joints: Int[np.ndarray, " V"] = field(repr=False)
    triangles: Int[np.ndarray, "F 3"] = field(repr=False)


def body_meshes(armature: Armature, skeleton: Skeleton) -> list[Mesh]:
    """The figure of `lead.motion.figure` around the armature at rest, one mesh a colour.

    A cone along a bone moves with that bone. In the trunk each end moves with what carries its
    place, so that the trunk bends.
    """
    rest = armature.standing()[[armature.names.index(name) for name in skeleton.joints]]
    body = figure(rest[None], skeleton, body_height(rest, skeleton) / UPRIGHT)
    meshes = []
    for part, (name, colour) in enumerate(zip(PARTS, COLOURS, strict=True)):
        cones = [cone for cone in body.cones if cone.part == part]
        shapes = [_hull(body, cone) for cone in cones]
        joints = [_carriers(body, cone, armature, skeleton) for cone in cones]
        linear = (np.array(colour) / 255) ** 2.2  # glTF's colours are no sRGB
        meshes.append(
            Mesh(
                name,
                tuple(linear.round(4).tolist()),
                np.concatenate([vertices for vertices, _ in shapes]),
                np.concatenate([normals for _, normals in shapes]),
                np.concatenate(joints),
                np.concatenate([_TRIANGLES + n * len(_RING) for n in range(len(cones))]),
            )
        )
    return meshes


def _carriers(
    body: Figure, cone: Cone, armature: Armature, skeleton: Skeleton
) -> Int[np.ndarray, " V"]:
    """The armature's joint for every vertex of a cone."""

    def above(point: int) -> int:
        """What places a joint, or carries an end of the body."""
        node = armature.names.index(skeleton.joints[body.carriers[point]])
        return max(armature.parents[node], 0) if body.carriers[point] == point else node

    start, end = body.carriers[cone.start], body.carriers[cone.end]
    first, last = above(cone.start), above(cone.end)
    is_bone = cone.end == end and skeleton.parents[end] == start
    is_end = cone.end != end and start == end  # of the body: hand, foot or head
    if is_bone or is_end:
        first = last
    return np.repeat([first, last], _RINGS * _AROUND)


def _hull(body: Figure, cone: Cone) -> tuple[Float[np.ndarray, "V 3"], Float[np.ndarray, "V 3"]]:
    """Vertices and normals of two spheres and what lies between them."""
    places, radii = body.points[0, [cone.start, cone.end]], np.array(cone.radii)
    axis = places[1] - places[0]
    length = max(float(np.linalg.norm(axis)), 1e-9)
    axis = axis / length
    side = unit(np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))]))
    over = np.cross(axis, side)
    tangent = np.arcsin(np.clip((radii[0] - radii[1]) / length, -0.99, 0.99))
    up = np.concatenate(
        [np.linspace(-np.pi / 2, tangent, _RINGS), np.linspace(tangent, np.pi / 2, _RINGS)]
    )
    turn = 2 * np.pi * np.arange(_AROUND) / _AROUND
    out = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * over
    normals = np.cos(up)[:, None, None] * out + np.sin(up)[:, None, None] * axis
    ends = np.repeat([0, 1], _RINGS)
    vertices = places[ends][:, None] + radii[ends][:, None, None] * normals
    return vertices.reshape(-1, 3), normals.reshape(-1, 3)


def _triangles() -> Int[np.ndarray, "F 3"]:
    """Of a cone whose rings follow one another; the first and the last ring are points."""
    rings, corner = 2 * _RINGS, np.arange(_AROUND)
    following = (corner + 1) % _AROUND
    faces = []
    for ring in range(rings - 1):
        low, high = ring * _AROUND, (ring + 1) * _AROUND
        if ring > 0:
            faces.append(np.stack([low + corner, low + following, high + corner], axis=1))
        if ring < rings - 2:
            faces.append(np.stack([low + following, high + following, high + corner], axis=1))
    return np.concatenate(faces)


_RING = np.arange(2 * _RINGS * _AROUND)
_TRIANGLES = _triangles()
