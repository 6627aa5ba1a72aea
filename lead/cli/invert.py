"""A new word from a user's own motions, and pictures of what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lead.config.inversion import Inversion, Objective
from lead.data.own_motion import read_own_motion
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.inversion.invert import Networks, fresh_objective, in_templates, invert
from lead.inversion.segments import own_store
from lead.inversion.words import Word, check_placeholder, model_digest, write_word
from lead.motion.canonical import canonical_joints
from lead.motion.skeleton import HUMANML3D
from lead.pipeline import UNIT, LeadPipeline
from lead.progress import Progress
from lead.render.sheet import Panel, motion_sheet
from lead.report.word_loss import draw_loss
from lead.text.pseudo_word import refuse_known, token_vectors
from lead.types import Joints


@dataclass(frozen=True)
class NewWord:
    """What a user asks for.

    Attributes:
        name: in sentences, such as ``<zombie>``.
        init: the descriptor, which the word starts from.
    """

    name: str
    init: str
    objective: Objective
    seed: int


def invert_clips(
    paths: Sequence[Path],
    asked: NewWord,
    settings: Inversion,
    model: Path,
    out: Path,
    picture: Path | None,
) -> None:
    """Invert one word from motions that `read_own_motion` reads; print what it is worth.

    Writes ``out`` and, if asked for, ``picture`` (target, word and descriptor) and beside it
    ``<picture>_loss.png``.

    Raises:
        LeadError: a motion cannot be read or is too short, the name or the descriptor is none,
            the model is of another skeleton, or a file has another ending.
    """
    for file, ending in ((out, ".word"), (picture, ".png")):
        if file and file.suffix.lower() != ending:
            raise LeadError(
                "This kind of file cannot be written.",
                file=file,
                found=file.suffix or "no ending",
                expected=ending,
                fix=f"Give the file a name that ends in {ending}.",
            )
    name = check_placeholder(asked.name)
    motions = [canonical_joints(read_own_motion(path).joints, HUMANML3D) for path in paths]
    pipeline = LeadPipeline.load(model)
    refuse_known(pipeline.encoder, name)
    if pipeline.skeleton != HUMANML3D:
        raise LeadError(
            "Own motions have HumanML3D's joints, and this model has others.",
            file=model,
            found=pipeline.skeleton.name,
            expected=HUMANML3D.name,
            fix="Choose a model of another study.",
        )
    named = [(path.name, joints) for path, joints in zip(paths, motions, strict=True)]
    store = own_store(named, HUMANML3D, pipeline.longest, settings.chunk)
    networks = Networks(pipeline.generator, pipeline.encoder, store, pipeline.normalizer)
    start = token_vectors(pipeline.encoder, [asked.init])
    seeds, progress = Seeds(asked.seed).child("invert"), Progress("steps", settings.steps)
    made = invert(networks, asked.objective, store.clips, start, settings, seeds, progress)
    both = [in_templates(networks, vectors) for vectors in (start, made.vectors)]
    before, after = (
        float(value)
        for value in fresh_objective(
            networks, asked.objective, store.clips, both, settings, seeds
        )
    )  # fmt: skip
    word = Word(
        name, made.vectors[0], made.loss[0], pipeline.encoder.name, pipeline.encoder.digest,
        model_digest(model), asked.init, asked.objective, tuple(path.name for path in paths),
    )  # fmt: skip
    write_word(out, word)
    print(f"{out}: {name} from {', '.join(word.clips)}")
    print(f"Objective {asked.objective} on fresh draws: {before:.4g} of {asked.init!r}, "
          f"{after:.4g} of {name} ({after / before - 1:+.1%}).")  # fmt: skip
    if after >= before:
        print(f"{name} is no better than {asked.init!r}: try more --steps or another --init.")
    if picture:
        _draw(pipeline, word, named, out, picture, asked.seed)


def _draw(
    pipeline: LeadPipeline,
    word: Word,
    motions: Sequence[tuple[str, Joints]],
    out: Path,
    picture: Path,
    seed: int,
) -> None:
    """Each target beside what the word and its descriptor give, from the same noise."""
    rows = []
    for name, joints in motions:
        seconds = _length(pipeline, len(joints))
        frames = round(seconds * pipeline.skeleton.fps)
        panels = [Panel(name, joints[:frames])]
        for said, words in ((word.placeholder, [out]), (word.descriptor, [])):
            text = f"a person {said}"
            made = pipeline.generate([text], seconds=seconds, seed=seed, words=words)[0]
            panels.append(Panel(text, made.joints))
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
