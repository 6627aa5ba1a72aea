"""A foreign system's motions as the study's features, with all that may be wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.config.evaluation import ExternalSystem, Normalisation
from lead.errors import LeadError
from lead.evaluation.predictions.arrays import RawMotion
from lead.evaluation.predictions.checks import check_upright
from lead.evaluation.predictions.files import Predictions
from lead.motion.features import joints_to_features
from lead.motion.layout import BLOCKS, layout
from lead.motion.normalizer import Normalizer
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, SKELETONS, Skeleton
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

_SAID = {
    "none": "raw",
    "dataset": "in units of the dataset",
    "matcher": "in units of the evaluator",
}


@dataclass(frozen=True)
class Reader:
    """How a system's arrays become raw features on the study's skeleton."""

    system: ExternalSystem
    skeleton: Skeleton
    statistics: Mapping[Normalisation, Normalizer]

    @classmethod
    def of(
        cls, system: ExternalSystem, skeleton: Skeleton, dataset: Normalizer, matcher: Normalizer
    ) -> Reader:
        """A reader for a study with these statistics."""
        width = skeleton.feature_width
        raw = Normalizer(np.zeros(width, np.float32), np.ones(width, np.float32))
        return cls(system, skeleton, {"none": raw, "dataset": dataset, "matcher": matcher})


def given_as_features(files: Predictions, ids: Sequence[str], reader: Reader) -> bool:
    """Whether the motions come as features, not as joints that are made into them."""
    raw = next(iter(files.read(0, list(ids)[:1], reader.system.fps)))
    return _holds(raw, reader.system) == "features"


def settle_normalisation(
    files: Predictions, ids: Sequence[str], reader: Reader
) -> tuple[Normalisation, str]:
    """The units of the features, as stated or found from a sample, and a note that says so.

    Raises:
        LeadError: they cannot be told, or another unit than the stated one fits.
    """
    sample = list(ids)[:: max(1, -(-len(ids) // _SAMPLE))]
    raws = list(files.read(0, sample, reader.system.fps))
    arrays = [_on_skeleton(raw, reader) for raw in raws]
    scores = distances(np.concatenate(arrays), reader)
    words = ", ".join(f"{_SAID[name]} {score:.1f}" for name, score in scores.items())
    words = f"distance from the training statistics: {words}; fits up to {FITS:g}"
    best, second = sorted(scores, key=lambda name: scores[name])[:2]
    clear = scores[best] <= FITS and scores[second] - scores[best] >= MARGIN
    if _holds(raws[0], reader.system) != "features":
        check_upright([raw.array for raw in raws], reader.skeleton)
        odd = "" if scores["none"] <= FITS else f", and move unlike the training data ({words})"
        return "none", f"joints, made into features: N positions give N - 1 frames{odd}"
    stated = reader.system.normalisation
    if stated != "auto" and (not clear or best == stated):
        return stated, f"features are {_SAID[stated]}, as stated ({words})"
    if stated != "auto":
        raise LeadError(
            "The features are not in the units that are stated.",
            file=files.path,
            found=words,
            expected=f"features {_SAID[stated]}",
            fix=f"State `normalisation: {best}` (--normalisation {best}), or `auto`.",
        )
    if not clear:
        raise LeadError(
            "It cannot be told which units the features are in.",
            file=files.path,
            found=words,
            expected=f"one that fits, and the others further by {MARGIN:g}",
            fix="State `normalisation` (--normalisation): none, dataset or matcher. If none is "
            "right, undo your model's own normalisation first.",
        )
    return best, f"features are {_SAID[best]}, as was found ({words})"


def distances(features: Float[np.ndarray, "F D"], reader: Reader) -> dict[Normalisation, float]:
    """How far features are from the training data's spread, were they in each of the units.

    For each block of columns the mean square in units of the dataset, which is 1 on the
    training data; of its logarithms the mean magnitude.
    """
    blocks, truth = layout(reader.skeleton), reader.statistics["dataset"]
    found: dict[Normalisation, float] = {}
    for name, own in reader.statistics.items():
        squares = truth.normalise(own.denormalise(features.astype(np.float64))) ** 2
        means = np.array([squares[:, blocks.slice(block)].mean() for block in BLOCKS])
        found[name] = float(np.abs(np.log(means + _NO_MOTION)).mean())
    return found


def read_features(
    raws: Iterable[RawMotion], reader: Reader, units: Normalisation
) -> tuple[list[Float[np.ndarray, "_ D"]], list[str]]:
    """Raw features of motions, in their order, and notes on how they were read.

    Raises:
        LeadError: an array is no motion, of another dataset, not finite or too short.
    """
    statistics, raw_units = reader.statistics[units], units == "none"
    motions, notes = [], dict[str, None]()
    for raw in raws:
        features = _on_skeleton(raw, reader)
        is_raw = raw_units or _holds(raw, reader.system) != "features"
        motions.append(features if is_raw else statistics.denormalise(features))
        notes |= dict.fromkeys(raw.notes)
    first, left = list(notes)[:_MOST_NOTES], len(notes) - _MOST_NOTES
    return motions, [*first, *([f"{left} more remarks on files"] if left > 0 else [])]


def _on_skeleton(raw: RawMotion, reader: Reader) -> Features:
    """Features in the units of the file, or made from its joints; checked."""
    skeleton, array, rate = reader.skeleton, raw.array, reader.system.fps or raw.fps
    kind = _holds(raw, reader.system)
    if not np.isfinite(array).all():
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        raise LeadError(
            "A motion holds values that are not finite.",
            file=raw.source,
            found=f"NaN or infinite in {bad.sum()} of {len(array)} frames, first in {bad.argmax()}",
            expected="finite numbers",
            fix="Generate it again; NaN often comes from half precision.",
        )
    if kind == "features":
        if array.ndim != 2 or array.shape[1] != skeleton.feature_width:
            raise _another_width(raw, skeleton)
        if rate is not None and rate != skeleton.fps:
            raise LeadError(
                "Features cannot be brought to another frame rate.",
                file=raw.source,
                found=f"{rate:g} frames a second",
                expected=f"{skeleton.fps:g}, as the study has",
                fix="Give joint positions, which are resampled, or generate at the study's rate.",
            )
        features = array.astype(np.float32)
    else:
        if kind == "bvh" and skeleton is not HUMANML3D:
            raise _another_width(raw, skeleton)
        if array.shape[1:] != (skeleton.joint_count, 3):
            raise _another_width(raw, skeleton)
        if kind != "bvh" and rate is not None and rate != skeleton.fps:  # its reader does that
            array = resample(array, rate, skeleton.fps)
        try:
            features = joints_to_features(array.astype(np.float64), skeleton)
        except LeadError as error:
            error.file = raw.source
            raise
    if len(features) < UNIT:
        raise LeadError(
            "A motion is too short for the evaluator.",
            file=raw.source,
            found=f"{len(features)} frames",
            expected=f"at least {UNIT}",
            fix="Generate it at the length asked for.",
        )
    return features


def _holds(raw: RawMotion, system: ExternalSystem) -> str:
    if system.kind not in ("auto", raw.kind):
        raise LeadError(
            "A file holds something else than is stated.",
            file=raw.source,
            found=f"{raw.kind}, by its ending and shape {raw.array.shape}",
            expected=system.kind,
            fix="State `kind: auto`, or write what is stated.",
        )
    return raw.kind


def _another_width(raw: RawMotion, skeleton: Skeleton) -> LeadError:
    shape = raw.array.shape
    other = [
        own.name
        for own in SKELETONS.values()
        if own is not skeleton and (shape[1:] in ((own.feature_width,), (own.joint_count, 3)))
    ]
    swapped = shape[:2] == (skeleton.joint_count, 3)
    swapped = swapped or (len(shape) == 2 and shape[0] == skeleton.feature_width)
    what = f"; these look like {other[0]}" if other else "; frames come first" if swapped else ""
    return LeadError(
        f"This is no motion on the {skeleton.name} skeleton.",
        file=raw.source,
        found=f"{raw.kind} of shape {' x '.join(map(str, shape))}{what}",
        expected=f"features T x {skeleton.feature_width} or joints N x {skeleton.joint_count} x 3",
        fix="Transpose the array."
        if swapped
        else "Choose a study on the dataset that the model was trained on.",
    )
