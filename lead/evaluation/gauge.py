"""The gauge: whether generated people move, and do what their captions say; one value a motion.

FID and R-precision do not tell: a network that lets people sway on the spot may have good ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lead.clip import Clip
from lead.evaluation.actions import (
    ActionClassifier,
    action_statistics,
    joint_error,
    limb_spread,
    local_positions,
)
from lead.evaluation.repeats import GAUGE
from lead.motion.skeleton import Skeleton


@dataclass(frozen=True)
class Gauge:
    """What measures motions, given as features that are not normalised."""

    classifier: ActionClassifier
    skeleton: Skeleton

    def measure(
        self, features: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]
    ) -> dict[str, Float[Tensor, " B"]]:
        """``limb_spread`` in metres, and as ``action`` the place of the label that is seen.

        The place is -1 where the classifier knows no labels.
        """
        motions = _whole(features, mask)
        spread = [limb_spread(local_positions(motion, self.skeleton)) for motion in motions]
        return _named(limb_spread=spread, action=[self._action(motion) for motion in motions])

    def measure_reconstruction(
        self,
        features: Float[Tensor, "B T D"],
        real: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "B T"],
    ) -> dict[str, Float[Tensor, " B"]]:
        """The same of reconstructions, and their ``joint_error`` against the real crops, in cm."""
        own = {
            name.replace(GAUGE, f"{GAUGE}reconstruction_"): values
            for name, values in self.measure(features, mask).items()
        }
        pairs = zip(_whole(features, mask), _whole(real, mask), strict=True)
        errors = [
            joint_error(*(local_positions(motion, self.skeleton) for motion in pair))
            for pair in pairs
        ]
        return own | _named(reconstruction_joint_error=errors)

    def truth(self, clips: Sequence[Clip]) -> dict[str, Float[Tensor, " I"]]:
        """As ``label`` the place of every clip's own label, -1 where it is left out."""
        return _named(label=[self.classifier.place(clip.content) for clip in clips])

    def _action(self, motion: Float[np.ndarray, "T D"]) -> int:
        if not self.classifier.labels:
            return -1
        return self.classifier.classify(action_statistics(motion, self.skeleton))


def _whole(
    features: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]
) -> list[Float[np.ndarray, "_ D"]]:
    """The real frames of each motion, which come first."""
    arrays, frames = features.cpu().numpy(), mask.sum(1).tolist()
    return [motion[:count] for motion, count in zip(arrays, frames, strict=True)]


def _named(**quantities: Sequence[float]) -> dict[str, Float[Tensor, " B"]]:
    return {
        f"{GAUGE}{name}": torch.tensor(values, dtype=torch.float32)
        for name, values in quantities.items()
    }
