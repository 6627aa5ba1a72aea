"""A person's own motions in the form that inversion reads: an index and frames, in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lead.clip import Clip
from lead.errors import LeadError
from lead.inversion.segments import SHORTEST
from lead.motion.features import joints_to_features
from lead.motion.skeleton import Skeleton
from lead.store.store import MotionStore
from lead.types import Joints


def own_store(
    motions: Sequence[tuple[str, Joints]], skeleton: Skeleton, longest: int, at_most: int
) -> MotionStore:
    """Features of named motions as clips; a motion above ``longest`` frames is cut into equal
    clips, as the model knows no longer ones.

    Clips are keyed by the motion's place and their own, whatever the files are called.

    Raises:
        LeadError: a motion shorter than the shortest segment, or more than ``at_most`` clips.
    """
    clips, arrays, start = [], [], 0
    for number, (name, joints) in enumerate(motions):
        features = joints_to_features(joints, skeleton)
        if len(features) < SHORTEST:
            raise LeadError(
                "The clip is shorter than the shortest segment that words are inverted from.",
                file=name,
                found=f"{len(features) / skeleton.fps:.2f} s",
                expected=f"at least {SHORTEST / skeleton.fps:g} s",
                fix="Record a longer clip.",
            )
        parts = np.array_split(features, -(-len(features) // longest))
        for part, own in enumerate(parts):
            stop = start + len(own)
            clips.append(Clip(f"{number}/{part}", "own", start, stop, (), name, "", None, name))
            start = stop
        arrays.append(features)
    if len(clips) > at_most:
        raise LeadError(
            "The clips are too long to invert one word from.",
            found=f"{start / skeleton.fps:.0f} s",
            expected=f"at most {at_most * longest / skeleton.fps:.0f} s",
            fix="Cut them to what the word should mean.",
        )
    return MotionStore(clips, {}, np.concatenate(arrays))
