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
from torch.nn.utils.rnn import pad_sequence

from lead.config.external import ExternalSystem
from lead.evaluation.evaluator import MotionEvaluator, Motions, evaluated_by, open_evaluator
from lead.evaluation.predictions.captions import read_captions
from lead.evaluation.predictions.features import Reader, read_features, settle_normalisation
from lead.evaluation.predictions.files import open_predictions, read_file
from lead.evaluation.predictions.requests import (
    check_items,
    check_lengths,
    check_samples,
    measured_items,
)
from lead.evaluation.protocol import draw_multimodality, draw_pass
from lead.evaluation.repeats import PREFIX, repeat_seeds
from lead.files.job import Job
from lead.models.tensors import save_tensors
from lead.motion.normalizer import Normalizer
from lead.progress import track

_NOT_OF_JOINTS = (
    "penetration",
    "floating",
    "bone_drift",
    "bone.",
    "kimodo_skate_contacts",
    "kimodo_skate_max",
    "kimodo_consistency",
    "mbench_penetration",
)


def embed_external(job: Job) -> None:
    """Embed another model's motions and the captions that it was given.

    Settings: those of `lead.evaluation.embed.embed_real`, ``system`` and ``external``.
    Inputs: those of `open_evaluator` and ``predictions``; maybe ``captions``.
    Output: ``embeddings``, R x I x E each: ``text`` and ``motion``, physical quantities and those
    of the gauge, and if there are samples ``multimodality`` (R x items x samples x E). R is 1 or
    the study's repeats. What is odd about the files is printed, and stands in the metadata as
    ``notes``.

    Raises:
        LeadError: what is wrong with the motions.
    """
    evaluator, store, settings = open_evaluator(job)
    system, name = job.setting("external", ExternalSystem), str(job.settings["system"])
    files = open_predictions(Path(job.inputs["predictions"]))
    clips = measured_items(store, settings.split)
    ids = [clip.id for clip in clips]
    reader = reader_of(evaluator)
    notes = check_items(files, ids, settings.repeats)
    repeats = min(files.repeats, settings.repeats)
    captions = None
    if "captions" in job.inputs:
        captions = read_captions(Path(job.inputs["captions"]), clips, repeats)
    units, note = settle_normalisation(files, ids, system, reader)
    notes += [note, *check_samples(files, ids, repeats, settings.multimodality)]
    from_joints = next(files.read(0, ids[:1], system)).kind != "features"
    if from_joints:
        notes.append(
            "joints are put on the floor and onto the study's skeleton and state no contacts: what "
            "physics says of floor, bones and contacts would not be theirs and is left out"
        )
    notes.append(f"weights: {system.checkpoint or 'how they were chosen is not stated'}")
    embedded, notes_on_lengths = [], []
    for repeat in track(range(repeats), name, repeats):
        drawn = draw_pass(clips, repeat_seeds(job.seeds, repeat))
        motions, remarks = read_features(
            files.read(repeat, ids, system), reader, units, drawn.length.tolist()
        )
        length = np.array([len(motion) for motion in motions])
        odd = check_lengths(length, drawn.length, evaluator.skeleton.fps, system.fps)
        if odd and not notes_on_lengths:
            notes_on_lengths = [f"repeat {repeat}: {note}" for note in odd]
            remarks += notes_on_lengths
        notes += [note for note in remarks if note not in notes]
        tensors = {
            "text": evaluator.texts(captions[repeat] if captions else drawn.captions),
            **evaluator.measure(*listed(evaluator, motions)),
        }
        if samples := files.samples[repeat]:
            several = draw_multimodality(
                clips, settings.multimodality, repeat_seeds(job.seeds, repeat)
            )
            frames = {
                clip.id: int(one) for clip, one in zip(several.clips, several.length, strict=True)
            }
            raw = (read_file(path, system) for paths in samples.values() for path in paths)
            asked = [frames.get(name) for name, paths in samples.items() for _ in paths]
            motions, _ = read_features(raw, reader, units, asked)
            of_captions = evaluator.motions(*listed(evaluator, motions))
            tensors["multimodality"] = of_captions.unflatten(0, (len(samples), -1))
        embedded.append(tensors)
    for note in notes:
        print(f"{name}: {note}", file=sys.stderr)
    stored = [key for key in embedded[0] if not (from_joints and not_of_joints(key))]
    facts = {**job.manifest, **evaluated_by(job), "notes": json.dumps(notes)}
    stacked = {key: torch.stack([tensors[key] for tensors in embedded]) for key in stored}
    save_tensors(stacked, job.outputs["embeddings"], facts)


def first_motions(job: Job, ids: Sequence[str]) -> list[Float[np.ndarray, "_ D"]]:
    """Raw features of another model's motions of some test items, in its first repeat.

    Inputs and settings: those of `open_evaluator`, ``predictions`` and ``external``.

    Raises:
        LeadError: what is wrong with the motions.
    """
    evaluator, store, settings = open_evaluator(job)
    system = job.setting("external", ExternalSystem)
    files = open_predictions(Path(job.inputs["predictions"]))
    every = [clip.id for clip in measured_items(store, settings.split)]
    check_items(files, every, settings.repeats)
    reader = reader_of(evaluator)
    units, _ = settle_normalisation(files, every, system, reader)
    return read_features(files.read(0, ids, system), reader, units)[0]


def reader_of(evaluator: MotionEvaluator) -> Reader:
    """What makes arrays raw features on the skeleton and with the statistics of an evaluator."""
    return Reader(evaluator.skeleton, *map(_numpy, (evaluator.normalizer, evaluator.statistics)))


def listed(
    evaluator: MotionEvaluator, motions: Sequence[Float[np.ndarray, "_ D"]]
) -> tuple[Motions, np.ndarray]:
    """A list of raw features as the evaluator takes motions, and their lengths."""
    length = np.array([len(motion) for motion in motions])

    def normalised(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        tensors = [torch.from_numpy(np.float32(motions[row])) for row in rows]
        mask = np.arange(length[rows].max()) < length[rows][:, None]
        return evaluator.normalizer.batch(pad_sequence(tensors, batch_first=True), mask)

    return normalised, length


def not_of_joints(name: str) -> bool:
    """Whether a quantity is of floor, bones or stated contacts, which joints do not come with."""
    return name.startswith(tuple(PREFIX + start for start in _NOT_OF_JOINTS))


def _numpy(statistics: Normalizer) -> Normalizer:
    return Normalizer(*(value.float().cpu().numpy() for value in (statistics.mean, statistics.std)))
