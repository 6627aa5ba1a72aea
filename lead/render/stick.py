"""A stick figure from a skeleton's joints, in a three-quarter view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import ImageDraw

from lead.errors import LeadError
from lead.motion.figure import LEFT, RIGHT, body_height
from lead.motion.kinematics import checked_joints
from lead.motion.skeleton import Skeleton
from lead.render.lettering import PAPER

SPINE = (45, 48, 58)
"""Colour of spine and head; limbs are blue on the left and orange on the right."""

# Order of a skeleton's chains: right leg, left leg, spine, right arm, left arm. Names do not tell:
# KIT-ML's and the code of Guo et al. 2022 disagree on which side is left.
_CHAIN_COLOURS = (RIGHT, LEFT, SPINE, RIGHT, LEFT)
_SPINE_CHAIN = 2
_FARTHEST_PIXEL = 1e5
_NEAREST = 0.1  # of the camera's distance: what is nearer, or behind it, grows no more


@dataclass(frozen=True)
class Camera:
    """A camera that looks at ``target`` and draws it at ``centre``.

    Attributes:
        scale: pixels per unit of length, at the target.
        centre: pixel (x, y) where the target appears.
        target: point in space, +Y up.
        azimuth: degrees around the vertical from the front (+Z) towards +X. At -50 a figure that
            walks along +Z comes towards the viewer and goes to the right of the picture.
        elevation: degrees above the ground.
        distance: of the camera from its target; without one it is orthographic.
    """

    scale: float
    centre: tuple[float, float]
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    azimuth: float = -50.0
    elevation: float = 14.0
    distance: float = float("inf")

    def axes(self) -> Float[np.ndarray, "3 3"]:
        """Unit vectors in space: to the right, up, and towards the viewer."""
        a, e = np.radians([self.azimuth, self.elevation])
        return np.array(
            [
                [np.cos(a), 0.0, -np.sin(a)],
                [-np.sin(a) * np.sin(e), np.cos(e), -np.cos(a) * np.sin(e)],
                [np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)],
            ]
        )

    def project(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Pixel x (to the right), pixel y (downwards) and depth (larger is nearer)."""
        seen = (np.asarray(points, dtype=np.float64) - np.asarray(self.target)) @ self.axes().T
        scale = self.scale * self.nearness(seen[..., 2])
        x = self.centre[0] + scale * seen[..., 0]
        y = self.centre[1] - scale * seen[..., 1]
        limit = _FARTHEST_PIXEL
        return np.stack([x.clip(-limit, limit), y.clip(-limit, limit), seen[..., 2]], axis=-1)

    def nearness(self, depth: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """How many times larger than at the target things appear at a depth."""
        return np.asarray(1 / np.maximum(1 - depth / self.distance, _NEAREST))


def draw_figure(
    draw: ImageDraw.ImageDraw,
    pose: Float[np.ndarray, "J 3"],
    skeleton: Skeleton,
    camera: Camera,
) -> None:
    """Draw one pose, far limbs first; a limb has a light rim where it passes before another."""
    seen = camera.project(pose)
    height = camera.scale * body_height(pose, skeleton)
    width, rim = max(1.0, 0.032 * height), 0.02 * height
    limbs = [
        (seen[list(chain)], width, colour)
        for chain, colour in zip(skeleton.chains, _CHAIN_COLOURS, strict=True)
    ]
    head = limbs[_SPINE_CHAIN][0][-1:]
    limbs.append((head, 0.125 * height, SPINE))
    for points, thickness, colour in sorted(limbs, key=lambda limb: float(limb[0][:, 2].mean())):
        # No rim on the bone that joins the limb to the trunk: it would cut the trunk in two.
        _stroke(draw, points[2:] if len(points) > 2 else points, thickness + rim, PAPER)
        _stroke(draw, points, thickness, colour)


def check_motion(joints: Float[np.ndarray, "N J 3"], skeleton: Skeleton) -> None:
    """Refuse what cannot be drawn.

    Raises:
        LeadError: no frame, another number of joints, or numbers that are not finite.
    """
    bad = np.argwhere(~np.isfinite(joints))
    if len(bad):
        raise LeadError(
            "The motion has positions that are not finite.",
            found=f"frame {bad[0, 0]} of {len(joints)}",
            expected="numbers",
            fix="The model that made it has diverged: train it again with a lower learning rate.",
        )
    checked_joints(joints, skeleton, at_least=1)


def _stroke(
    draw: ImageDraw.ImageDraw,
    points: Float[np.ndarray, "n 3"],
    width: float,
    colour: tuple[int, int, int],
) -> None:
    """A line through the points with round joints and ends; a disc if there is only one."""
    places = [(float(x), float(y)) for x, y in points[:, :2]]
    if len(places) > 1:
        draw.line(places, fill=colour, width=max(1, round(width)))
    r = width / 2
    for x, y in places:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
