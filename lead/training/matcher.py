"""The matcher: the network that the metrics are computed with (Guo et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import assert_never

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.config.evaluation import MatcherStage
from lead.config.models import MatcherModel
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.files.job import Job
from lead.losses import contrastive_loss, draw_shift, movement_autoencoder_loss
from lead.models.build import build_matcher, freeze, pick_device
from lead.models.files import load_module
from lead.models.matcher import STATISTICS, MovementDecoder
from lead.models.tensors import save_tensors
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, load_normalizer, matcher_normalizer
from lead.store import MotionStore, draw_crops, gather, plain_batches
from lead.text.word_cache import WordSource, open_words
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Outputs, Run, Terms
from lead.training.state import save_trained, write_history

_Crops = tuple[Tensor, Tensor, list[str]]
"""A batch of motions, their masks, and one caption of each."""


@dataclass(frozen=True)
class MatcherData:
    """What both stages of the matcher read: clips, and the statistics they are scaled by."""

    store: MotionStore
    normalizer: Normalizer
    feature_width: int

    @classmethod
    def of(cls, job: Job) -> MatcherData:
        """Open the inputs of a matcher stage."""
        skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
        bias = job.setting("matcher", MatcherStage).feature_bias
        statistics = load_normalizer(job.inputs["stats"])
        return cls(
            MotionStore.load(job.inputs["frames"], job.inputs["index"]),
            matcher_normalizer(statistics, layout(skeleton), bias).torch(pick_device()),
            skeleton.feature_width,
        )


@dataclass(frozen=True)
class Windows(Batch):
    """Normalised windows of equal length."""

    motion: Float[Tensor, "B T D"]


@dataclass(frozen=True)
class Pairs(Batch):
    """Normalised motions and their captions; wrong pairs are ``shift`` rows apart."""

    motion: Float[Tensor, "B T D"]
    mask: Bool[Tensor, "B T"]
    captions: list[str]
    shift: int


def train_movement(job: Job) -> None:
    """Train the movement autoencoder on short windows.

    Inputs: ``frames``, ``index``, ``stats``. Outputs: ``weights``, ``history``.

    Raises:
        LeadError: the training split has not a single batch of windows.
    """
    run = Run.begin(job, "movement")
    data = MatcherData.of(job)
    stage = job.setting("matcher", MatcherStage)
    matcher = build_matcher(stage.model, data.feature_width)
    encoder, seen = matcher.movement_encoder, matcher.columns
    decoder = MovementDecoder(stage.model, data.feature_width)
    autoencoder = nn.ModuleDict({"encoder": encoder, "decoder": decoder})

    def draw(motion: Tensor, generator: torch.Generator) -> Windows:
        return Windows(data.normalizer.normalise(motion.to(run.device)))

    def forward(drawn: Windows) -> Outputs:
        snippets = encoder(drawn.motion[..., :seen])
        return decoder(snippets), snippets

    def terms(drawn: Windows, outputs: Outputs) -> Terms:
        decoded, snippets = outputs
        return movement_autoencoder_loss(decoded, drawn.motion[..., : decoded.shape[-1]], snippets)

    objective = Objective(draw, forward, terms)
    # A few windows are enough to watch by: one at every frame of the split would be gigabytes.
    few = stage.model_copy(update={"windows": "all"})
    val = list(_windows(data.store, data.store.split("val"), few, run.seeds.child("val").numpy()))
    epoch = partial(_windows, data.store, data.store.split("train"), stage)
    _check_any(epoch(run.seeds.child("look").numpy()), "matcher.movement")
    validate = objective.mean_loss(val, run.seeds)
    history = train(autoencoder, objective, epoch, stage.movement, run, validate)
    save_tensors(encoder.state_dict(), job.outputs["weights"], job.manifest)
    write_history(history, job.outputs["history"], job.manifest)


def train_matcher(job: Job) -> None:
    """Train text and motion encoder so that a caption and its motion lie close together.

    Inputs: ``frames``, ``index``, ``stats``, ``movement``, and ``words`` or ``text``.
    Outputs: ``weights``, ``history``.

    Raises:
        LeadError: the network does not fit the words, or the training split has not one batch.
    """
    run = Run.begin(job, "matcher")
    device = run.device
    data = MatcherData.of(job)
    stage = job.setting("matcher", MatcherStage)
    source = open_words(job.inputs)
    _check_words(stage.model, source)
    matcher = build_matcher(stage.model, data.feature_width)
    freeze(load_module(matcher.movement_encoder, job.inputs["movement"])).to(device)
    trained = nn.ModuleDict({"text": matcher.text_encoder, "motion": matcher.motion_encoder})

    def draw(batch: _Crops, generator: torch.Generator) -> Pairs:
        motion, mask, captions = batch
        shift = draw_shift(len(motion), generator, published=stage.negatives == "published")
        motion = data.normalizer.normalise(motion.to(device))
        return Pairs(motion, mask.to(device), captions, shift)

    def forward(drawn: Pairs) -> Outputs:
        words = source.words(drawn.captions)
        pos = None if words.pos is None else words.pos.to(device)
        text = matcher.embed_text(words.vectors.to(device), words.lengths, pos)
        return text, matcher.embed_motion(drawn.motion, drawn.mask, stage.boundary)

    def terms(drawn: Pairs, outputs: Outputs) -> Terms:
        text, motion = outputs
        return contrastive_loss(text, motion, drawn.shift, stage.margin)

    objective = Objective(draw, forward, terms)
    val = list(_pairs(data.store, data.store.split("val"), stage, run.seeds.child("val").numpy()))
    epoch = partial(_pairs, data.store, data.store.split("train"), stage)
    _check_any(epoch(run.seeds.child("look").numpy()), "matcher.matching")
    validate = objective.mean_loss(val, run.seeds)
    history = train(trained, objective, epoch, stage.matching, run, validate)
    save_trained(job, matcher, history, **{STATISTICS: data.normalizer.fingerprint})


def window_starts(
    clip: Clip, stage: MatcherStage, rng: np.random.Generator
) -> Int[np.ndarray, " windows"]:
    """First frames of the windows that an epoch has of one clip; none if it is too short."""
    room = clip.frames - stage.window
    match stage.windows:
        case "all":
            drawn = rng.random(clip.frames // stage.window)
            return clip.start + np.floor(drawn * (room + 1)).astype(np.int64)
        case "published":
            return clip.start + np.arange(room)
        case _:
            assert_never(stage.windows)


def _check_words(model: MatcherModel, source: WordSource) -> None:
    network = {"token_width": model.token_width, "pos_classes": model.pos_classes}
    expected = {"token_width": source.token_width, "pos_classes": source.pos_classes}
    if network != expected:
        raise LeadError(
            "The matcher does not fit the words it is to read.",
            found=", ".join(f"matcher.model.{key} {value}" for key, value in network.items()),
            expected=", ".join(f"{key} {value}" for key, value in expected.items()),
            fix=f"Set matcher.model.token_width to {source.token_width} and "
            f"matcher.model.pos_classes to {source.pos_classes}.",
        )


def _check_any(batches: Iterator[object], training: str) -> None:
    if next(batches, None) is None:
        raise LeadError(
            "The training split does not make up a batch for the matcher.",
            fix=f"Give the study more or longer clips; or lower {training}.batch_size, or set "
            "matcher.drop_last to false.",
        )


def _pairs(
    store: MotionStore, clips: list[Clip], stage: MatcherStage, rng: np.random.Generator
) -> Iterator[_Crops]:
    """One epoch; batches mix lengths, or length alone would tell the pairs apart."""
    if len(clips) < 2:
        return
    crops = draw_crops(clips, rng)
    for rows in _batches(len(clips), stage.matching.batch_size, stage, rng):
        if len(rows) < 2:
            continue
        chosen = [clips[row] for row in rows]
        motion, mask = gather(store, chosen, crops.start[rows], crops.length[rows])
        captions = [clips[row].captions[crops.caption[row]] for row in rows]
        yield torch.from_numpy(motion), torch.from_numpy(mask), captions


def _windows(
    store: MotionStore, clips: list[Clip], stage: MatcherStage, rng: np.random.Generator
) -> Iterator[Tensor]:
    """One epoch of windows."""
    starts = np.concatenate(
        [np.zeros(0, dtype=np.int64), *(window_starts(clip, stage, rng) for clip in clips)]
    )
    for rows in _batches(len(starts), stage.movement.batch_size, stage, rng):
        windows = [store.frames[s : s + stage.window] for s in starts[rows]]
        yield torch.from_numpy(np.stack(windows))


def _batches(
    count: int, size: int, stage: MatcherStage, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, " B"]]:
    batches = plain_batches(count, size, rng)
    return (rows for rows in batches if len(rows) == size or not stage.drop_last)
