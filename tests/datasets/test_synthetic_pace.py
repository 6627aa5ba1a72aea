"""Slow, usual and fast performances of the synthetic actions differ in their pace."""

from __future__ import annotations

import numpy as np
import pytest

from lead.datasets.synthetic.body import pose_joints
from lead.datasets.synthetic.dataset import ACTIONS, VARIANTS
from lead.datasets.synthetic.manner import TEMPO, Manner, Side, Style
from lead.motion.skeleton import HUMANML3D

JOINT = {name: row for row, name in enumerate(HUMANML3D.joints)}


def performed(action: str, side: Side, style: Style, count: int) -> list[np.ndarray]:
    """Six performances at the middle of a style's pace, of usual size."""
    perform, _ = ACTIONS[action]
    manner = Manner(float(np.mean(TEMPO[style])), 1.0, side)
    return [pose_joints(perform(count, manner, np.random.default_rng(n))) for n in range(6)]


def briskness(action: str, side: Side, style: Style) -> float:
    """Speed of the fastest joint in its faster moments."""
    speeds = [
        np.linalg.norm(np.diff(joints, axis=0), axis=-1)
        for joints in performed(action, side, style, 100)
    ]
    return float(np.mean([np.quantile(speed, 0.9, axis=0).max() for speed in speeds]))


def rhythm(action: str, side: Side, style: Style) -> float:
    """Strongest frequency of the wrists' movement, in cycles a second."""
    wrist = JOINT["right_wrist" if side == "right" else "left_wrist"]
    seconds = 12
    found = []
    for joints in performed(action, side, style, 320):
        middle = joints[40 : 40 + int(seconds * HUMANML3D.fps), wrist]
        strength = np.abs(np.fft.rfft(middle - middle.mean(0), axis=0)).sum(1)
        found.append(np.argmax(strength) / seconds)
    return float(np.mean(found))


def leaps(action: str, side: Side, style: Style) -> float:
    """How often the feet leave the floor."""
    found = []
    for joints in performed(action, side, style, 320):
        airborne = joints[:, JOINT["left_foot"], 1] > 0.03
        found.append(np.sum(airborne[1:] & ~airborne[:-1]))
    return float(np.mean(found))


PACE_OF = {
    "wave": rhythm,
    "clap": rhythm,
    "march": rhythm,
    "jump": leaps,
    "jump_forward": leaps,
}
"""Where the pace is not how fast the joints go at their fastest."""


@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if "slow" in v.styles], ids=lambda v: v.content
)
def test_slow_is_slower_and_fast_is_faster(variant):
    measure = PACE_OF.get(variant.action, briskness)
    slow, normal, fast = (
        measure(variant.action, variant.side or "both", style)
        for style in ("slow", "normal", "fast")
    )
    assert 1.1 * slow < normal
    assert 1.1 * normal < fast
