"""Another model's motions as the study's features, with all that may be wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np
from jaxtyping import Float

from lead.config.external import ExternalSystem, Normalisation
from lead.errors import LeadError
from lead.evaluation.predictions.arrays import still_frames
from lead.evaluation.predictions.files import Predictions, RawMotion
from lead.files.bounds import LARGEST_WEIGHT
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.layout import BLOCKS, layout
from lead.motion.normalizer import Normalizer
from lead.motion.plausible import check_bodies, check_sides, jump_notes
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, METRES, SKELETONS, Skeleton
from lead.store import UNIT
from lead.types import Features

FITS = 2.0
"""Distance from the training statistics up to which features are in the units supposed. Test
clips read in their own units are at 0.3 to 0.6, in other units beyond 3; single clips up to 2."""

MARGIN = 1.0
"""How much further every other supposition must be."""

_SAMPLE = 64  # motions that suffice to tell the units

_NO_MOTION = 1e-3  # mean square, so that a constant column is far off and not infinitely so

_MOST_NOTES = 5

_SMPL = (24, 52, 55)  # joints of SMPL, SMPL-H and SMPL-X, whose bodies begin with HumanML3D's

_UNITS: dict[Normalisation, str] = {
    "none": "raw",
    "dataset": "in units of the dataset",
    "matcher": "in units of the evaluator",
}


@dataclass(frozen=True)
class Reader:
    """What makes arrays raw features: the study's skeleton and the statistics of each unit."""

    skeleton: Skeleton
    dataset: Normalizer
    matcher: Normalizer

    @property
    def statistics(self) -> dict[Normalisation, Normalizer]:
        """The statistics that features in each of the units were normalised by."""
        raw = Normalizer(np.zeros(1, np.float32), np.ones(1, np.float32))
        return {"none": raw, "dataset": self.dataset, "matcher": self.matcher}


def settle_normalisation(
    files: Predictions, ids: Sequence[str], system: ExternalSystem, reader: Reader
) -> tuple[Normalisation, str]:
    """The units of the features, as stated or found from a sample, and a note that says so.

    Raises:
        LeadError: they cannot be told, or another unit than the stated one fits.
    """
    sample = list(ids)[:: max(1, -(-len(ids) // _SAMPLE))]
    motions = list(files.read(0, sample, system))
    features = np.concatenate([_on_skeleton(motion, reader.skeleton) for motion in motions])
    scores = distances(features, reader)
    measured = ", ".join(f"{_UNITS[name]} {score:.1f}" for name, score in scores.items())
    measured = f"distance from the training statistics: {measured}; fits up to {FITS:g}"
    best, second = sorted(scores, key=lambda name: scores[name])[:2]
    clear = scores[best] <= FITS and scores[second] - scores[best] >= MARGIN
    if motions[0].kind != "features":
        check_bodies([motion.array for motion in motions], reader.skeleton, files.path)
        odd = "" if scores["none"] <= FITS else f", and move unlike the training data ({measured})"
        return "none", f"joints, made into features: N positions give N - 1 frames{odd}"
    stated = system.normalisation
    if stated not in ("auto", best) and clear:
        raise LeadError(
            "The features are not in the units that are stated.",
            file=files.path,
            found=measured,
            expected=f"features {_UNITS[stated]}",
            fix=f"State `normalisation: {best}` (--normalisation {best}), or `auto`.",
        )
    if stated == "auto" and not clear:
        raise LeadError(
            "It cannot be told which units the features are in.",
            file=files.path,
            found=measured,
            expected=f"one that fits, and the others further by {MARGIN:g}",
            fix="State `normalisation` (--normalisation): none, dataset or matcher. If none is "
            "right, undo your model's own normalisation first.",
        )
    units, how = (best, "was found") if stated == "auto" else (stated, "stated")
    raw = reader.statistics[units].denormalise(features.astype(np.float64))
    check_sides([features_to_joints(raw, reader.skeleton)], reader.skeleton, files.path)
    return units, f"features are {_UNITS[units]}, as {how} ({measured})"


def distances(features: Float[np.ndarray, "F D"], reader: Reader) -> dict[Normalisation, float]:
    """How far features are from the training data's spread, were they in each of the units.

    For each block of columns the mean square in units of the dataset, which is 1 on the
    training data; of its logarithms the mean magnitude.
    """
    blocks, distance = layout(reader.skeleton), dict[Normalisation, float]()
    for name, statistics in reader.statistics.items():
        raw = statistics.denormalise(features.astype(np.float64))
        squares = reader.dataset.normalise(raw) ** 2
        means = np.array([squares[:, blocks.slice(block)].mean() for block in BLOCKS])
        distance[name] = float(np.abs(np.log(means + _NO_MOTION)).mean())
    return distance


def read_features(
    motions: Iterable[RawMotion],
    reader: Reader,
    units: Normalisation,
    asked: Iterable[int | None] = repeat(None),
) -> tuple[list[Float[np.ndarray, "_ D"]], list[str]]:
    """Raw features of motions, in their order, and notes on how they were read.

    Args:
        asked: frames that each motion was to have; further ones in which nothing moves are cut.

    Raises:
        LeadError: an array is no motion, of another dataset, not finite or too short.
    """
    statistics = reader.statistics[units]
    features, notes = [], Counter[str]()
    for motion, frames in zip(motions, asked, strict=False):
        kept, padding = _without_held(motion, frames, reader.skeleton)
        array = _on_skeleton(kept, reader.skeleton)
        features.append(array if motion.kind != "features" else statistics.denormalise(array))
        notes.update([*motion.notes, *padding])
        if motion.kind != "features":
            fps = motion.fps or reader.skeleton.fps
            jumps = jump_notes([kept.array], reader.skeleton, fps)
            notes.update(f"{motion.source.name}: {jump}" for jump in jumps)
    said = [f"{count} of {len(features)} motions: {note}" for note, count in notes.items()]
    left = len(said) - _MOST_NOTES
    return features, [*said[:_MOST_NOTES], *([f"{left} more remarks on files"] if left > 0 else [])]


def _without_held(
    motion: RawMotion, frames: int | None, skeleton: Skeleton
) -> tuple[RawMotion, list[str]]:
    """A motion without what is beyond the frames asked for, if nothing moves there; a note."""
    if frames is None:
        return motion, []
    if motion.kind != "features":
        frames = round(frames * (motion.fps or skeleton.fps) / skeleton.fps) + 1
    beyond, still = len(motion.array) - frames, still_frames(motion.array)
    if beyond > 0 and still >= max(2, beyond - 1):
        note = "frames beyond the length asked for, where nothing moves, are padding and cut"
        return replace(motion, array=motion.array[:frames]), [note]
    odd = "nothing moves at the end; if that is padding, give `lengths`"
    return motion, [odd] if beyond and still >= UNIT else []


def _on_skeleton(motion: RawMotion, skeleton: Skeleton) -> Features:
    """Features in the units of the file, or made from its joints; checked."""
    array, is_features = motion.array, motion.kind == "features"
    fps = motion.fps or skeleton.fps
    if not np.isfinite(array).all():
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        raise LeadError(
            "A motion holds values that are not finite.",
            file=motion.source,
            found=f"NaN or infinite in {bad.sum()} of {len(array)} frames, first in {bad.argmax()}",
            expected="finite numbers",
            fix="Generate it again; NaN often comes from half precision.",
        )
    largest = float(np.abs(array).max(initial=0))
    if largest > (LARGEST_WEIGHT if is_features else 1e4 / METRES[skeleton.unit]):
        raise LeadError(
            "A motion holds values that no body has.",
            file=motion.source,
            found=f"the number {largest:.3g}",
            expected=f"{motion.kind} of a body",
            fix="Generate it again, or write it in the units of the study.",
        )
    if (empty := (array == 0).reshape(len(array), -1).all(axis=1)).any():
        raise LeadError(
            "A motion holds frames of nothing but zeros, and not only at its ends.",
            file=motion.source,
            found=f"{empty.sum()} of {len(array)} frames, first in {empty.argmax()}",
            expected="a body in every frame",
            fix="Generate it again, or write what was generated without padding between.",
        )
    if array.shape[1:] != ((skeleton.feature_width,) if is_features else _joints(skeleton)):
        raise _another_width(motion, skeleton)
    if is_features and fps != skeleton.fps:
        raise LeadError(
            "Features cannot be brought to another frame rate.",
            file=motion.source,
            found=f"{fps:g} frames per second",
            expected=f"{skeleton.fps:g}, as the study has",
            fix="Give joint positions, which are resampled, or generate at the study's rate.",
        )
    if is_features:
        features = array.astype(np.float32)
    else:
        joints = array if fps == skeleton.fps else resample(array, fps, skeleton.fps)
        try:
            features = joints_to_features(joints.astype(np.float64), skeleton)
        except LeadError as error:
            error.file = motion.source
            raise
    if len(features) < UNIT:
        raise LeadError(
            "A motion is too short for the evaluator.",
            file=motion.source,
            found=f"{len(features)} frames",
            expected=f"at least {UNIT}",
            fix="Generate it at the length asked for.",
        )
    return features


def _joints(skeleton: Skeleton) -> tuple[int, int]:
    return (skeleton.joint_count, 3)


def _another_width(motion: RawMotion, skeleton: Skeleton) -> LeadError:
    """The error for an array that is of another skeleton, or whose axes are swapped."""
    shape, width = motion.array.shape, skeleton.feature_width
    fix = f"Give features as {skeleton.name} has them, or the positions of its joints."
    other = "".join(
        f"; these look like {other.name}"
        for other in SKELETONS.values()
        if other is not skeleton and shape[1:] in ((other.feature_width,), _joints(other))
    )
    if other:
        fix = "Choose a study on the dataset that the model was trained on."
    elif len(shape) == 3 and shape[1] in _SMPL and shape[2] == 3 and skeleton is HUMANML3D:
        fix = "If they are SMPL's joints, the first 22 are those asked for: array[:, :22]."
    elif skeleton.joint_count in shape or width in shape:
        fix = "Put frames first, then joints, then x, y, z; and one motion in each file."
    return LeadError(
        f"This is no motion on the {skeleton.name} skeleton.",
        file=motion.source,
        found=f"{motion.kind} of shape {' x '.join(map(str, shape))}{other}",
        expected=f"features T x {width} or joints N x {skeleton.joint_count} x 3",
        fix=fix,
    )
