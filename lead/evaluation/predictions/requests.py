"""What another model must generate, and whether it did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from lead.clip import Clip
from lead.config.evaluation import Evaluation, MultiModality
from lead.errors import LeadError
from lead.evaluation.predictions.files import Predictions
from lead.evaluation.protocol import draw_multimodality, draw_pass
from lead.evaluation.repeats import repeat_seeds
from lead.files.seeds import Seeds
from lead.store import UNIT, MotionIndex

MAIN, MULTIMODALITY = "main", "multimodality"

_COLUMNS = ("repeat", "part", "id", "caption", "frames", "samples")

_RATES = (8, 10, 12, 12.5, 15, 16, 20, 24, 25, 30, 40, 50, 60, 100, 120)

_SAME_RATE = 0.08  # of the logarithm: 24 and 25 frames a second are one rate, 20 and 24 are not

_MOST = 0.9  # share of the motions

_NAMED = 5  # items a message names


def expected_requests(index: MotionIndex, settings: Evaluation, seeds: Seeds) -> pa.Table:
    """Every motion that the protocol asks for, one row per caption.

    Columns: ``repeat``; ``part``, ``main`` or ``multimodality``; ``id`` of the test item;
    ``caption``; ``frames`` of features (joints need one position more); ``samples``, how many
    motions of the caption: 1, or the samples of MultiModality.

    Raises:
        LeadError: the study has no test items.
    """
    clips, rows = measured_items(index, settings.split), []
    for repeat in range(settings.repeats):
        seeds_of_repeat = repeat_seeds(seeds, repeat)
        several = draw_multimodality(clips, settings.multimodality, seeds_of_repeat)
        for part, samples, drawn in (
            (MAIN, 1, draw_pass(clips, seeds_of_repeat)),
            (MULTIMODALITY, settings.multimodality.samples, several),
        ):
            items = zip(drawn.clips, drawn.captions, drawn.length.tolist(), strict=True)
            rows += [(repeat, part, clip.id, *rest, samples) for clip, *rest in items]
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(values) for values in columns], names=_COLUMNS)


def measured_items(index: MotionIndex, split: str) -> list[Clip]:
    """The clips of the split that the protocol measures.

    Raises:
        LeadError: there are fewer than two, which no metric can be computed of.
    """
    clips = index.split(split)
    if len(clips) < 2:
        raise LeadError(
            f"The study has too few {split} items to measure anything.",
            found=len(clips),
            expected="2 at the very least, 300 for Diversity, 32 for one pool",
            fix="Use more clips, or give the split a larger share.",
        )
    return clips


def check_items(files: Predictions, ids: Sequence[str], repeats: int) -> list[str]:
    """Whether every item has a motion in every repeat; notes on what is left out.

    Raises:
        LeadError: another number of repeats than 1 and ``repeats``, or items without motion.
    """
    notes = []
    if 1 < files.repeats < repeats:
        raise LeadError(
            "Repeats are missing.",
            file=files.path,
            found=f"{files.repeats} repeats",
            expected=f"1, or the study's {repeats}",
            fix="Generate the others, or set evaluation.repeats to what there is.",
        )
    if files.repeats > repeats:
        notes.append(f"repeats beyond the study's {repeats} are left out: {files.repeats} found")
    for repeat, items in enumerate(files.items[:repeats]):
        if missing := [name for name in ids if name not in items]:
            unknown = _some(set(items) - set(ids))
            raise LeadError(
                f"{len(missing)} of {len(ids)} test items have no motion in repeat {repeat}.",
                file=files.path,
                found=f"none of {_some(missing)}{unknown and f'; but {unknown}'}",
                expected="one motion of each test item",
                fix="Generate them: `lead evaluate --study STUDY --requests requests.parquet` "
                "writes captions and lengths.",
            )
    if extra := set[str]().union(*files.items[:repeats]) - set(ids):
        notes.append(f"{len(extra)} motions are of no test item and left out: {_some(extra)}")
    if files.repeats == 1 < repeats:
        notes.append(
            "one repeat was given: captions, lengths and real motions are those of repeat 0, "
            "there is no interval, and only repeat 0 of other systems compares with it"
        )
    return notes


def check_samples(
    files: Predictions, ids: Sequence[str], repeats: int, asked: MultiModality
) -> list[str]:
    """Whether MultiModality has as many motions everywhere; another size than asked for as a note.

    Raises:
        LeadError: captions or motions differ in number, or are of no test item.
    """
    samples = files.samples[:repeats]
    captions = sorted({len(by_caption) for by_caption in samples})
    counts = sorted({len(motions) for by_caption in samples for motions in by_caption.values()})
    if not counts:
        return []
    unknown = sorted({name for by_caption in samples for name in by_caption} - set(ids))
    if unknown or len(captions) > 1 or len(counts) > 1 or counts[0] < 2:
        sizes = f"{captions[0]} to {captions[-1]} captions per repeat"
        sizes += f", {counts[0]} to {counts[-1]} motions per caption"
        raise LeadError(
            "The motions for MultiModality do not go together.",
            file=files.path,
            found=f"{unknown[0]}, which is no test item" if unknown else sizes,
            expected="as many captions in each repeat and motions of each caption, at least 2",
            fix="Generate the others, or remove what is incomplete.",
        )
    size, wanted = f"{captions[0]} captions x {counts[0]}", f"{asked.items} x {asked.samples}"
    if (captions[0], counts[0]) == (asked.items, asked.samples):
        return []
    return [f"MModality from {size} motions instead of {wanted}"]


def check_lengths(
    length: Int[np.ndarray, " I"], asked: Int[np.ndarray, " I"], fps: float, stated: float | None
) -> list[str]:
    """Whether the lengths of motions look like another frame rate; other lengths as notes.

    Args:
        fps: of the study, at which the lengths are asked for.
        stated: the rate that the user vouches for, if any; where it is the study's, lengths
            that look like another rate are a note.

    Raises:
        LeadError: all lengths are the same multiple of those asked for.
    """
    if (length == asked).all():
        return []
    if (length == length[0]).all() and not (asked == asked[0]).all():
        return [
            f"all motions have {length[0]} frames: was padding left on them? Cut each to the "
            "`frames` of the requests, or give `lengths`"
        ]
    scale = float((length * asked).sum() / (asked**2).sum())
    near = np.abs(length - asked * scale) <= np.maximum(UNIT + 1, 0.04 * length)
    if abs(np.log(scale)) > _SAME_RATE and near.mean() >= _MOST:
        rate = min(_RATES, key=lambda rate: abs(np.log(rate / fps / scale)))
        known = abs(np.log(rate / fps / scale)) < _SAME_RATE / 2
        guess = f"{rate:g} frames a second?" if known else "a frame rate that is wrong?"
        factor = f"{scale:.2f} times the lengths asked for: {guess}"
        if stated == fps:
            return [f"{factor} {fps:g} is stated"]
        raise LeadError(
            "The motions have another frame rate than the study.",
            found=factor,
            expected=f"{fps:g} frames a second, or lengths of the model's own choice",
            fix="If the files hold joints, state the `fps` they have (--fps); they are then "
            f"resampled. Features must be made at {fps:g}. State {fps:g} if they are.",
        )
    differ, most = int((length != asked).sum()), int(np.abs(length - asked).max())
    return [f"{differ} of {len(length)} motions are not as long as asked for; by {most} frames "
            "at most"]  # fmt: skip


def _some(names: Sequence[str] | set[str]) -> str:
    first = ", ".join(sorted(names)[:_NAMED])
    return first + (", …" if len(names) > _NAMED else "")
