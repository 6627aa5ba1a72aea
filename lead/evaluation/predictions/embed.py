"""Motions of another model as embeddings of the evaluator."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation, ExternalSystem, Normalisation
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.evaluation.evaluator import MotionEvaluator, Motions, evaluated_by, open_evaluator
from lead.evaluation.predictions.arrays import read_file
from lead.evaluation.predictions.checks import check_items, check_lengths
from lead.evaluation.predictions.features import (
    Reader,
    given_as_features,
    read_features,
    settle_normalisation,
)
from lead.evaluation.predictions.files import Predictions, open_predictions
from lead.evaluation.predictions.requests import measured_items, read_captions
from lead.evaluation.protocol import draw_pass
from lead.evaluation.repeats import PREFIX, repeat_seeds
from lead.files.job import Job
from lead.models.files import save_tensors
from lead.motion.normalizer import Normalizer
from lead.progress import track


def embed_external(job: Job) -> None:
    """Embed a foreign system's motions and the captions it was given.

    Settings: those of `lead.evaluation.embed.embed_real`, ``system`` and ``external``.
    Inputs: those of `open_evaluator` and ``predictions``; maybe ``captions``.
    Output: ``embeddings``, R x I x E each: ``text`` and ``motion``, physical quantities and those
    of the gauge, and where it is given ``multimodality`` (R x items x samples x E). R is 1 or the
    study's repeats. What was found of the files is printed, and stands in the metadata as
    ``notes``.

    Raises:
        LeadError: what is wrong with the motions.
    """
    evaluator, store, settings = open_evaluator(job)
    system = job.setting("external", ExternalSystem)
    files = open_predictions(Path(job.inputs["predictions"]))
    clips = measured_items(store)
    ids = [clip.id for clip in clips]
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    reader = Reader.of(system, skeleton, _numpy(evaluator.normalizer), _numpy(evaluator.statistics))
    notes = check_items(files, ids, settings.repeats)
    repeats = min(files.repeats, settings.repeats)
    told = None
    if "captions" in job.inputs:
        told = read_captions(Path(job.inputs["captions"]), clips, repeats)
    units, note = settle_normalisation(files, ids, reader)
    notes.append(note)
    several = [_several(files, repeat, ids) for repeat in range(repeats)]
    notes += _same_sizes(several, settings)
    made_here = not given_as_features(files, ids, reader)
    if made_here:
        notes.append(
            "joints are put on the floor and onto the study's skeleton: what physics says of "
            "floor and bones would not be theirs and is left out"
        )
    rounds, lengths_told = [], False
    for repeat in track(range(repeats), str(job.settings["system"]), repeats):
        drawn = draw_pass(clips, repeat_seeds(job.seeds, repeat))
        motions, found = read_features(files.read(repeat, ids, system.fps), reader, units)
        length = np.array([len(motion) for motion in motions])
        of_lengths = check_lengths(length, drawn.length, skeleton.fps, system.fps)
        if of_lengths and not lengths_told:
            lengths_told = True
            found += [f"repeat {repeat}: {note}" for note in of_lengths]
        notes += [note for note in found if note not in notes]
        own = {
            "text": evaluator.texts(told[repeat] if told else drawn.captions),
            **evaluator.measure(*_listed(evaluator, motions)),
        }
        if made_here:
            own = {name: values for name, values in own.items() if not _of_skeleton(name)}
        if several[repeat]:
            own["multimodality"] = _embed_several(evaluator, several[repeat], reader, units)
        rounds.append(own)
    for note in notes:
        print(f"{job.settings['system']}: {note}", file=sys.stderr)
    tensors = {name: torch.stack([own[name] for own in rounds]) for name in rounds[0]}
    facts = {**job.manifest, **evaluated_by(job), "notes": json.dumps(notes)}
    save_tensors(tensors, job.outputs["embeddings"], facts)


def _of_skeleton(name: str) -> bool:
    """Whether an array is a physical quantity of the floor or of bones."""
    quantity = name.removeprefix(PREFIX) if name.startswith(PREFIX) else ""
    return quantity in ("penetration", "floating", "bone_drift") or quantity.startswith("bone.")


def _several(files: Predictions, repeat: int, ids: Sequence[str]) -> dict[str, list[Path]]:
    """The motions for MultiModality of a repeat: as many of each caption."""
    found = files.multimodality(repeat)
    counts = {len(own) for own in found.values()}
    unknown = sorted(set(found) - set(ids))
    if found and (unknown or len(counts) > 1 or min(counts) < 2):
        raise LeadError(
            "The motions for MultiModality do not go together.",
            file=f"{files.path}, repeat {repeat}",
            found=f"{unknown[0]}, which is no test item"
            if unknown
            else f"{min(counts)} to {max(counts)} motions a caption",
            expected="as many for each test item that is there, at least 2",
            fix="Generate the others, or remove what is incomplete.",
        )
    return found


def _embed_several(
    evaluator: MotionEvaluator, several: dict[str, list[Path]], reader: Reader, units: Normalisation
) -> Float[Tensor, "K S E"]:
    rate = reader.system.fps
    raws = (read_file(path, rate, None) for own in several.values() for path in own)
    motions, _ = read_features(raws, reader, units)
    return evaluator.motions(*_listed(evaluator, motions)).unflatten(0, (len(several), -1))


def _same_sizes(several: Sequence[dict[str, list[Path]]], settings: Evaluation) -> list[str]:
    """A note where MultiModality has another size than the study's; none if none is given."""
    sizes = {(len(own), len(next(iter(own.values()), ()))) for own in several}
    if len(sizes) > 1:
        raise LeadError(
            "The motions for MultiModality differ in number between repeats.",
            found=" and ".join(f"{items} captions x {samples}" for items, samples in sizes),
            expected="as many captions and motions in each repeat, or none in all",
            fix="Generate the others, or remove the folders `multimodality`.",
        )
    items, samples = sizes.pop()
    asked = settings.multimodality
    if not items or (items, samples) == (asked.items, asked.samples):
        return []
    return [
        f"MModality from {items} captions x {samples} motions instead of {asked.items} x "
        f"{asked.samples}"
    ]


def _listed(
    evaluator: MotionEvaluator, motions: Sequence[Float[np.ndarray, "_ D"]]
) -> tuple[Motions, np.ndarray]:
    """A list of raw features as the evaluator takes motions, and their lengths."""
    length = np.array([len(motion) for motion in motions])
    like = evaluator.normalizer.mean

    def normalised(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        longest = int(length[rows].max())
        padded = np.zeros((len(rows), longest, motions[0].shape[1]), dtype=np.float32)
        for place, row in enumerate(rows):
            padded[place, : length[row]] = motions[row]
        mask = torch.from_numpy(np.arange(longest) < length[rows][:, None]).to(like.device)
        motion = evaluator.normalizer.normalise(torch.from_numpy(padded).to(like))
        return motion * mask[..., None], mask

    return normalised, length


def _numpy(statistics: Normalizer) -> Normalizer:
    mean, std = (value.float().cpu().numpy() for value in (statistics.mean, statistics.std))
    return Normalizer(mean, std)
