"""The readers of files from strangers: what each is given, how it reads, what it may not accept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import lead.pipeline
from fuzzing import seeds
from fuzzing.odd import MOST, odd
from lead.clip import Clip
from lead.config.external import ExternalSystem
from lead.config.load import load_study
from lead.config.training import Training
from lead.datasets.published import read_caption_file
from lead.evaluation.actions import read_classifier
from lead.evaluation.predictions.captions import read_captions
from lead.evaluation.predictions.features import Reader, read_features, settle_normalisation
from lead.evaluation.predictions.files import open_predictions
from lead.files.bounds import LARGEST_WEIGHT
from lead.formats.amass import read_amass_npz
from lead.formats.archive import members
from lead.formats.asfamc import bone_ends, read_amc, read_asf
from lead.formats.body_model import body_joints, read_body_model
from lead.interop.checkpoint_file import (
    Release,
    float_tensors,
    named_weights,
    open_torch_file,
    read_statistics,
)
from lead.inversion.words import Word
from lead.mocap.motion import read_mocap
from lead.mocap.motion_file import read_motion
from lead.mocap.skeleton_map import read_map_file
from lead.motion.skeleton import HUMANML3D
from lead.text.encoder import EncodedText
from lead.text.words import read_vocabulary
from lead.training.state import TrainingState

_RELEASE = Release("The checkpoint", "checkpoint", "a .ckpt", "Get it.", "Get it again")
_CLIPS = tuple(
    Clip(name, captions=(caption,))
    for name, caption in (("000001", seeds.CAPTION), ("b", "someone, who runs"))
)


@dataclass(frozen=True)
class Parser:
    """One kind of file.

    Attributes:
        write: writes valid files into a folder, of which one at a time is damaged.
        read: reads the damaged file, with the others beside it.
        most: magnitude that no number has in what was read.
    """

    write: Callable[[Path], None]
    read: Callable[[Path], Any]
    most: float = MOST

    def wrong(self, file: Path) -> str:
        """Read a file; what is wrong with what was accepted, empty if nothing is."""
        return odd(self.read(file), self.most)


def _asfamc(file: Path) -> Any:
    skeleton = read_asf(file.with_name("a.asf").read_bytes(), "a.asf")
    motion = read_amc(file.with_name("a.amc").read_bytes(), skeleton, "a.amc")
    return motion, bone_ends(skeleton, motion)


def _npz(file: Path) -> Any:
    """As `lead view` reads it, then as `lead import` does."""
    return read_motion(file), read_mocap(file)


def _amass(file: Path) -> Any:
    take = read_amass_npz(file.with_name("take.npz"), "take.npz")
    model = read_body_model(file.with_name("model.npz"))
    return body_joints(model, take.poses, take.betas, take.trans)


def _archive(file: Path) -> Any:
    return [name for name, _ in members(file)]


class _Encoder:
    """Stands for a text encoder, whose weights take longer to load than all the rest."""

    width = seeds.TEXT

    def encode(self, texts: list[str]) -> EncodedText:
        return EncodedText(torch.ones(len(texts), self.width), [])


def _model(file: Path) -> Any:
    lead.pipeline.load_text_encoder = lambda settings: _Encoder()  # type: ignore[assignment]
    pipeline = lead.pipeline.LeadPipeline.load(file.parent, device="cpu")
    motion = pipeline.generate([seeds.CAPTION], seconds=2.0, steps=2)[0]
    return motion.features, motion.joints


def _checkpoint(file: Path) -> Any:
    loaded = open_torch_file(file, _RELEASE)
    return float_tensors(named_weights(loaded), file, _RELEASE)


def _evaluator(file: Path) -> Any:
    if file.suffix == ".npy":
        return read_statistics(file.with_name("mean.npy"), file.with_name("std.npy"), 263, "Get it")
    return read_classifier(file)


def _predictions(file: Path) -> Any:
    system = ExternalSystem(path=Path("anywhere"))
    reader = Reader(HUMANML3D, seeds.STATISTICS, seeds.MATCHER)
    files = open_predictions(file if file.suffix == ".parquet" else file.parent)
    ids = sorted(files.items[0])
    if file.suffix == ".parquet":
        settle_normalisation(files, ids, system, reader)
    return read_features(files.read(0, ids, system), reader, "none", [47] * len(ids))


def _state(file: Path) -> Any:
    state = TrainingState.start(torch.nn.Linear(4, 4), Training(steps=9, batch_size=2))
    state.load(file.parent)
    return state.module


PARSERS = {
    "bvh": Parser(seeds.bvh, read_mocap),
    "asfamc": Parser(seeds.asfamc, _asfamc),
    "npz": Parser(seeds.npz, _npz),
    "npy": Parser(seeds.npy, read_motion),
    "glb": Parser(seeds.glb, read_motion),
    "amass": Parser(seeds.amass, _amass),
    "archive": Parser(seeds.archive, _archive),
    "study": Parser(seeds.study, lambda file: load_study(file.stem, folder=file.parent), 1e308),
    "map": Parser(seeds.map_file, lambda file: read_map_file(file, seeds.MAP_NAMES)),
    "model": Parser(seeds.model, _model, 1e4),
    "word": Parser(seeds.word, Word.load, LARGEST_WEIGHT),
    "checkpoint": Parser(seeds.checkpoint, _checkpoint, LARGEST_WEIGHT),
    "evaluator": Parser(seeds.evaluator, _evaluator),
    "glove": Parser(seeds.glove, lambda file: read_vocabulary(file.parent), LARGEST_WEIGHT),
    "predictions": Parser(seeds.predictions, _predictions, 1e4),
    "captions": Parser(seeds.captions, lambda file: read_captions(file, _CLIPS, 1)),
    "texts": Parser(seeds.texts, read_caption_file),
    "state": Parser(seeds.state, _state, LARGEST_WEIGHT),
}
"""By the names that `--parser` takes."""
