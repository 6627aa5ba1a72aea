"""A new word from a user's own motions, and pictures of what it came to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lead.config.evaluation import Inversion
from lead.errors import check_output
from lead.inversion.sentences import NewWord, check_placeholder
from lead.mocap.motion import read_mocap
from lead.model_directory import UNIT
from lead.motion.skeleton import HUMANML3D

if TYPE_CHECKING:
    from lead.inversion.words import Word
    from lead.pipeline import LeadPipeline
    from lead.types import Joints


def invert_clips(
    paths: Sequence[Path],
    asked: NewWord,
    settings: Inversion,
    model: Path,
    out: Path,
    picture: Path | None,
) -> None:
    """Invert one word from motions (`LeadPipeline.invert`); print what it is worth.

    Writes ``out`` and, if asked for, ``picture`` (target, word and descriptor) and beside it
    ``<picture>_loss.png``.

    Raises:
        LeadError: a motion cannot be read or is too short, the name or the descriptor is none,
            the model is of another skeleton, or a file has another ending.
    """
    check_output(out, ".word", inputs=paths)
    check_output(picture, ".png", inputs=paths)
    check_placeholder(asked.name)
    motions = [read_mocap(path) for path in paths]
    for motion in motions:
        for note in (motion.summary, *motion.notes):
            print(f"note: {note}", file=sys.stderr)
    from lead.inversion.chosen import named_joints
    from lead.pipeline import LeadPipeline  # it loads torch, which takes seconds

    pipeline = LeadPipeline.load(model)
    word = pipeline.invert(
        motions, asked.name, init=asked.init, objective=asked.objective, settings=settings,
        seed=asked.seed, progress=True,
    )  # fmt: skip
    word.save(out)
    assert word.before is not None and word.after is not None
    print(f"{out}: {word.placeholder} from {', '.join(word.clips)}")
    change = f"({word.after / word.before - 1:+.1%})"
    print(f"Objective {asked.objective} on fresh draws: {word.before:.4g} of {asked.init!r}, "
          f"{word.after:.4g} of {word.placeholder} {change}.")  # fmt: skip
    if word.after >= word.before:
        print(f"{word.placeholder} is no better than {asked.init!r}: try more --steps or another "
              "--init.")  # fmt: skip
    if picture:
        _draw(pipeline, word, named_joints(motions, HUMANML3D), picture, asked.seed)


def _draw(
    pipeline: LeadPipeline,
    word: Word,
    motions: Sequence[tuple[str, Joints]],
    picture: Path,
    seed: int,
) -> None:
    """Each target beside what the word and its descriptor give, from the same noise."""
    from lead.figures.curves import draw_loss
    from lead.render.sheet import Panel, motion_sheet

    rows = []
    for name, joints in motions:
        seconds = _length(pipeline, len(joints))
        frames = round(seconds * pipeline.skeleton.fps)
        panels = [Panel(name, joints[:frames])]
        for verb, words in ((word.placeholder, [word]), (word.descriptor, [])):
            text = f"a person {verb}"
            motion = pipeline.generate([text], seconds=seconds, seed=seed, words=words)[0]
            panels.append(Panel(text, motion.joints))
        rows.append(panels)
    motion_sheet(rows, ("target", word.placeholder, word.descriptor), HUMANML3D, picture)
    loss = picture.with_stem(f"{picture.stem}_loss")
    draw_loss(word, loss)
    print(f"{picture}\n{loss}")


def _length(pipeline: LeadPipeline, frames: int) -> float:
    """Seconds nearest to a motion's that the model generates."""
    skeleton = pipeline.skeleton
    longest = max(pipeline.longest // UNIT * UNIT, skeleton.min_frames)
    return min(max(frames, skeleton.min_frames), longest) / skeleton.fps
