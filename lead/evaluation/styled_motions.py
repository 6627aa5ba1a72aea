"""Motions from words of held-out styles: how often classifiers find style and content in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.clip import Clip
from lead.config.inversion import InvertedStyles
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.label_classifier import LabelClassifier, clip_statistics
from lead.evaluation.protocol import draw_noise
from lead.evaluation.styles import StyleJudge, View
from lead.files.seeds import Seeds
from lead.inversion.invert import Networks
from lead.store.batches import UNIT
from lead.text.pseudo_word import encode_pseudo

REAL, RECONSTRUCTION, WORD = "real", "reconstruction", "word"


@dataclass(frozen=True)
class StyledMotion:
    """One motion that a classifier is asked about.

    Attributes:
        variant: ``<objective>[_<projector>]``, `WORD` where the descriptor itself was generated
            from, `REAL` and `RECONSTRUCTION` (through the VAE) of the take.
        sentence: what was generated; empty of the take itself.
        clip: the take.
        features: normalised.
    """

    variant: str
    sentence: str
    clip: Clip
    features: Float[np.ndarray, "T D"]


@dataclass(frozen=True)
class Found:
    """How often one label was found in the motions of one variant and sentence."""

    source: str
    style: str
    label: str
    variant: str
    sentence: str
    found: int
    motions: int
    takes: int
    accuracy: float
    chance: float
    real_accuracy: float
    reconstructed_accuracy: float
    trusted: bool


def styled_motions(
    networks: Networks,
    clips: Sequence[Clip],
    words: Mapping[str, Float[Tensor, "N W"]],
    settings: InvertedStyles,
    seeds: Seeds,
) -> Iterator[StyledMotion]:
    """Motions from every set of words in every sentence, with and without the projector.

    As long as the takes; noise is keyed by take, sentence and repeat, and shared by all sets.
    """
    plain = replace(networks.generator, projector=None)
    for clip in clips:
        for variant, look in take_views(networks).items():
            yield StyledMotion(variant, "", clip, look(clip))
    for name, vectors in words.items():
        for number, sentence in enumerate(settings.sentences):
            text = _pooled(networks, sentence, vectors)
            for repeat in range(settings.repeats):
                own = seeds.child("noise", number, repeat)
                latent = _latents(networks.generator, clips, text, own)
                for variant, generator in ((name, plain), (f"{name}_lead", networks.generator)):
                    made = _decoded(generator, latent, clips)
                    for clip, features in zip(clips, made, strict=True):
                        yield StyledMotion(variant, sentence, clip, features)


def take_views(networks: Networks) -> dict[str, View]:
    """A take as it was recorded, and as the VAE gives it back: what a decoder can show at all."""
    return {
        REAL: partial(_normalised, networks),
        RECONSTRUCTION: partial(_reconstructed, networks),
    }


def judge_styles(judges: Sequence[StyleJudge], motions: Iterable[StyledMotion]) -> list[Found]:
    """How often each motion's style and content are those of its take, by variant and sentence."""
    judge_of = {clip.id: judge for judge in judges for clip in judge.targets}
    groups: dict[tuple[str, str, str, str], list[StyledMotion]] = {}
    for motion in motions:
        judge = judge_of[motion.clip.id]
        key = (judge.source, str(motion.clip.style), motion.variant, motion.sentence)
        groups.setdefault(key, []).append(motion)
    return [
        _count(judge_of[own[0].clip.id], label, own) for own in groups.values()
        for label in ("style", "content")
    ]  # fmt: skip


def _count(judge: StyleJudge, label: str, motions: Sequence[StyledMotion]) -> Found:
    classifier: LabelClassifier = judge.style if label == "style" else judge.content
    expected = [str(getattr(motion.clip, label)) for motion in motions]
    said = classifier.predict(np.stack([clip_statistics(motion.features) for motion in motions]))
    found = sum(a == b for a, b in zip(said, expected, strict=True))
    first = motions[0]
    return Found(
        judge.source, str(first.clip.style), label, first.variant, first.sentence,
        found, len(motions), len({motion.clip.id for motion in motions}), found / len(motions),
        classifier.chance, classifier.accuracy[REAL], classifier.accuracy[RECONSTRUCTION],
        classifier.is_trusted,
    )  # fmt: skip


@torch.no_grad()
def _pooled(
    networks: Networks, sentence: str, vectors: Float[Tensor, "N W"]
) -> Float[Tensor, "N C"]:
    own = vectors.to(networks.generator.null)
    return encode_pseudo(networks.encoder, [sentence] * len(own), own)


def _latents(
    generator: MotionGenerator, clips: Sequence[Clip], text: Float[Tensor, "N C"], seeds: Seeds
) -> Float[Tensor, "N L M"]:
    shape = (generator.vae.latent_tokens, generator.vae.latent_width)
    noise = draw_noise([clip.id for clip in clips], shape, seeds)
    return generator.latents(text, noise.to(generator.null))


def _decoded(
    generator: MotionGenerator, latent: Float[Tensor, "N L M"], clips: Sequence[Clip]
) -> list[Float[np.ndarray, "_ D"]]:
    length = torch.tensor([_whole(clip) for clip in clips], device=latent.device)
    features, _ = generator.decode(latent, length)
    return [own[: _whole(clip)].cpu().numpy() for own, clip in zip(features, clips, strict=True)]


@torch.no_grad()
def _reconstructed(networks: Networks, clip: Clip) -> Float[np.ndarray, "T D"]:
    like = networks.generator.null
    motion = torch.from_numpy(_normalised(networks, clip)).to(like)[None]
    mask = torch.ones(motion.shape[:2], dtype=torch.bool, device=like.device)
    vae = networks.generator.vae
    return vae.decode(vae.encode(motion, mask).mean, mask)[0].cpu().numpy()


def _normalised(networks: Networks, clip: Clip) -> Float[np.ndarray, "T D"]:
    frames = torch.from_numpy(np.array(networks.store[clip][: _whole(clip)]))
    return networks.normalizer.normalise(frames.to(networks.normalizer.mean)).cpu().numpy()


def _whole(clip: Clip) -> int:
    """Frames of a clip in whole units, as the VAE reads them."""
    return clip.frames // UNIT * UNIT
