"""Slow, usual and fast performances of the synthetic actions differ in their pace."""

from __future__ import annotations

import numpy as np
import pytest

from lead.datasets.synthetic.body import pose_joints
from lead.datasets.synthetic.dataset import VARIANTS, Variant
from lead.datasets.synthetic.manner import TEMPO, Manner, Style
from lead.motion.skeleton import HUMANML3D

JOINT = {name: row for row, name in enumerate(HUMANML3D.joints)}


def performed(variant: Variant, style: Style, count: int) -> list[np.ndarray]:
    """Six performances at the middle of a style's pace, of usual size."""
    manner = Manner(float(np.mean(TEMPO[style])), 1.0, variant.side or "both")
    return [pose_joints(variant.move(count, manner, np.random.default_rng(n))) for n in range(6)]


def briskness(variant: Variant, style: Style) -> float:
    """Speed of the fastest joint in its faster moments."""
    speeds = [
        np.linalg.norm(np.diff(joints, axis=0), axis=-1)
        for joints in performed(variant, style, 100)
    ]
    return float(np.mean([np.quantile(speed, 0.9, axis=0).max() for speed in speeds]))


def rhythm(variant: Variant, style: Style) -> float:
    """Strongest frequency of the wrists' movement, in cycles a second."""
    wrist = JOINT["right_wrist" if variant.side == "right" else "left_wrist"]
    seconds = 12
    rhythms = []
    for joints in performed(variant, style, 320):
        middle = joints[40 : 40 + int(seconds * HUMANML3D.fps), wrist]
        strength = np.abs(np.fft.rfft(middle - middle.mean(0), axis=0)).sum(1)
        rhythms.append(np.argmax(strength) / seconds)
    return float(np.mean(rhythms))


def leaps(variant: Variant, style: Style) -> float:
    """How often the feet leave the floor."""
    counts = []
    for joints in performed(variant, style, 320):
        airborne = joints[:, JOINT["left_foot"], 1] > 0.03
        counts.append(np.sum(airborne[1:] & ~airborne[:-1]))
    return float(np.mean(counts))


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
    slow, normal, fast = (measure(variant, style) for style in ("slow", "normal", "fast"))
    assert 1.1 * slow < normal
    assert 1.1 * normal < fast
