"""The matcher: the network that the metrics are computed with (Guo et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lead.config.study import DatasetSettings
from lead.config.training import Machine, MatcherStage
from lead.data.batches import draw_crops, gather, plain_batches
from lead.data.datasets import skeleton_of
from lead.data.store import Clip, MotionStore
from lead.errors import LeadError
from lead.losses import contrastive_loss, movement_autoencoder_loss
from lead.models.build import build_matcher, build_movement_decoder, freeze
from lead.models.device import pick_device, use_threads
from lead.models.matcher import CONTACT_COLUMNS
from lead.models.weights import load_module, save_module
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, load_normalizer, matcher_normalizer
from lead.provenance.job import Job
from lead.text.cache import TextCache
from lead.training.history import write_history
from lead.training.loop import train


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


def train_movement(job: Job) -> None:
    """Train the movement autoencoder on short windows.

    Inputs: ``frames``, ``index``, ``stats``. Outputs: ``weights``, ``history``.
    """
    use_threads(job.threads)
    device = pick_device()
    data = MatcherData.of(job)
    stage = job.setting("matcher", MatcherStage)
    seeds = job.seeds.child("movement")
    torch.manual_seed(seeds.child("init").value)
    encoder = build_matcher(stage.model, data.feature_width).movement_encoder
    decoder = build_movement_decoder(stage.model, data.feature_width)
    autoencoder = nn.ModuleDict({"encoder": encoder, "decoder": decoder})

    def loss(motion: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        motion = data.normalizer.normalise(motion.to(device))
        snippets = encoder(motion[..., :-CONTACT_COLUMNS])
        return movement_autoencoder_loss(decoder(snippets), motion, snippets)

    val = list(_windows(data.store, data.store.split("val"), stage, seeds.child("val").numpy()))

    def validate() -> float:
        return float(np.mean([float(loss(m, torch.Generator())["loss"]) for m in val]))

    history = train(
        autoencoder,
        loss,
        lambda rng: _windows(data.store, data.store.split("train"), stage, rng),
        stage.movement,
        job.setting("machine", Machine),
        name="movement",
        seeds=seeds,
        folder=job.state_folder(),
        validate=validate if val else None,
    )
    save_module(encoder, job.outputs["weights"], job.manifest)
    write_history(history, job.outputs["history"], job.manifest)


def train_matcher(job: Job) -> None:
    """Train text and motion encoder so that a caption and its motion lie close together.

    Inputs: ``frames``, ``index``, ``stats``, ``text``, ``movement``.
    Outputs: ``weights``, ``history``.
    """
    use_threads(job.threads)
    device = pick_device()
    data = MatcherData.of(job)
    stage = job.setting("matcher", MatcherStage)
    cache = TextCache.open(job.inputs["text"])
    seeds = job.seeds.child("matcher")
    torch.manual_seed(seeds.child("init").value)
    matcher = build_matcher(stage.model, data.feature_width)
    _check_token_width(stage.model.token_width, cache.token_width)
    freeze(load_module(matcher.movement_encoder, job.inputs["movement"])).to(device)
    trained = nn.ModuleDict({"text": matcher.text_encoder, "motion": matcher.motion_encoder})

    def loss(batch: _Pairs, generator: torch.Generator) -> dict[str, Tensor]:
        motion = data.normalizer.normalise(batch.motion.to(device))
        motion_embedding = matcher.embed_motion(motion, batch.mask.to(device))
        tokens, lengths = cache.tokens(batch.captions)
        text_embedding = matcher.embed_text(tokens.to(device), lengths)
        return contrastive_loss(text_embedding, motion_embedding, generator, stage.margin)

    size = stage.matching.batch_size
    val_clips = data.store.split("val")
    val = list(_pairs(data.store, val_clips, size, seeds.child("val").numpy()))

    def validate() -> float:
        generator = seeds.child("validate").torch()
        return float(np.mean([float(loss(pairs, generator)["loss"]) for pairs in val]))

    history = train(
        trained,
        loss,
        lambda rng: _pairs(data.store, data.store.split("train"), size, rng),
        stage.matching,
        job.setting("machine", Machine),
        name="matcher",
        seeds=seeds,
        folder=job.state_folder(),
        validate=validate if val else None,
    )
    save_module(matcher, job.outputs["weights"], job.manifest)
    write_history(history, job.outputs["history"], job.manifest)


def _check_token_width(setting: int, found: int) -> None:
    if setting != found:
        raise LeadError(
            "The matcher is not as wide as the text encoder's tokens.",
            found=f"matcher.model.token_width {setting}",
            expected=found,
            fix=f"Set matcher.model.token_width to {found}.",
        )


@dataclass(frozen=True)
class _Pairs:
    """A batch of motions, each with one caption."""

    motion: Tensor
    mask: Tensor
    captions: list[str]


def _pairs(
    store: MotionStore, clips: list[Clip], batch_size: int, rng: np.random.Generator
) -> Iterator[_Pairs]:
    """One epoch; batches mix lengths, or length alone would tell the pairs apart."""
    if len(clips) < 2:
        return
    crops = draw_crops(clips, rng)
    for rows in plain_batches(len(clips), batch_size, rng):
        if len(rows) < 2:
            continue
        chosen = [clips[row] for row in rows]
        motion, mask = gather(store, chosen, crops.start[rows], crops.length[rows])
        captions = [clips[row].captions[crops.caption[row]] for row in rows]
        yield _Pairs(torch.from_numpy(motion), torch.from_numpy(mask), captions)


def _windows(
    store: MotionStore, clips: list[Clip], stage: MatcherStage, rng: np.random.Generator
) -> Iterator[Tensor]:
    """One epoch of windows: a clip counts once for every window's length it holds."""
    starts = np.concatenate(
        [
            clip.start + np.floor(rng.random(clip.frames // stage.window) * room).astype(np.int64)
            for clip in clips
            if (room := clip.frames - stage.window + 1) > 0
        ]
        or [np.zeros(0, dtype=np.int64)]
    )
    for rows in plain_batches(len(starts), stage.movement.batch_size, rng):
        windows = [store.frames[s : s + stage.window] for s in starts[rows]]
        yield torch.from_numpy(np.stack(windows))
