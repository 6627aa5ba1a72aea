"""The stage that inverts words of held-out styles: figures in numbers and in pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from experiments.style_classifiers import (
    LabelClassifier,
    StyleClassifiers,
    View,
    clip_statistics,
    style_classifiers,
)
from lead.clip import Clip
from lead.config import systems
from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation, Inversion, InvertedStyles
from lead.config.systems import BEST, FULL, Objective, inverted
from lead.datasets.registry import skeleton_of
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.protocol import draw_noise
from lead.figures.strips import Strips, draw_strips
from lead.figures.style import colour_of, save_figure
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.files.tables import write_table
from lead.inversion.invert import Networks, invert, open_networks
from lead.motion.features import features_to_joints
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import Skeleton
from lead.progress import track
from lead.store import UNIT
from lead.text.descriptors import descriptor
from lead.text.pseudo_word import encode_pseudo, is_single_token, token_vectors
from lead.types import Joints

REAL, RECONSTRUCTION, WORD = "real", "reconstruction", "word"
_OBJECTIVES: tuple[Objective, ...] = ("mld", "feat", "lead")

_SHOWN = {
    REAL: ("target", systems.REAL),
    BEST.name: ("MTI LEAD", BEST),
    inverted("mld").name: ("MTI MLD", inverted("mld")),
}
"""Rows of the figure, by variant: label and system."""

_COLUMNS = 3


def invert_styles(job: Job) -> None:
    """Invert a word of each chosen take of a style that no stage saw, and use it elsewhere.

    Each take has its own word, of every objective, and the bare descriptor to compare with. Inputs:
    those of `open_networks` with ``projector``. Outputs: ``styles``, one row a dataset, style,
    label (style or content), variant and sentence, with how often a classifier of real clips
    finds the take's label, what guessing gives, how often it is right on recorded clips of takes
    it was not trained on and on those through the VAE, and whether that is enough to judge by;
    ``pdf`` and ``png``, take, lead and mld (Fig. 6).

    Raises:
        LeadError: the study holds no style out.
    """
    settings, protocol = job.setting("mti", Inversion), job.setting("evaluation", Evaluation)
    opened = open_networks(job)
    sampling = {"steps": protocol.sampling_steps, "guidance": protocol.guidance}
    networks = replace(opened, generator=replace(opened.generator, **sampling))
    seeds = job.seeds.child("inverted", "styles")
    statistics = load_normalizer(job.inputs["stats"])
    classifiers = style_classifiers(
        networks.store.clips, take_views(networks), settings.styles.takes, seeds
    )
    clips = [clip for own in classifiers for clip in own.targets]
    known = partial(is_single_token, networks.encoder)
    start = token_vectors(networks.encoder, [descriptor(clip, known).word for clip in clips])
    words = {WORD: start}
    for objective in track(_OBJECTIVES, "objectives", len(_OBJECTIVES)):
        words[objective] = invert(networks, objective, clips, start, settings, seeds).vectors
    motions = list(styled_motions(networks, clips, words, settings.styles, seeds))
    _write(count_labels(classifiers, motions), job)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    columns = _columns(motions, settings.styles.sentences)
    save_figure(draw_styles(columns, statistics, skeleton), job.outputs)


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
                for variant, generator in ((name, plain), (f"{name}_{FULL}", networks.generator)):
                    made = _decoded(generator, latent, clips)
                    for clip, features in zip(clips, made, strict=True):
                        yield StyledMotion(variant, sentence, clip, features)


def take_views(networks: Networks) -> dict[str, View]:
    """A take as it was recorded, and as the VAE gives it back: what a decoder can show at all."""
    return {
        REAL: partial(_normalised, networks),
        RECONSTRUCTION: partial(_reconstructed, networks),
    }


def count_labels(
    classifiers: Sequence[StyleClassifiers], motions: Iterable[StyledMotion]
) -> list[Found]:
    """How often each motion's style and content are those of its take, by variant and sentence."""
    of_clip = {clip.id: own for own in classifiers for clip in own.targets}
    groups: dict[tuple[str, str, str, str], list[StyledMotion]] = {}
    for motion in motions:
        own = of_clip[motion.clip.id]
        key = (own.source, str(motion.clip.style), motion.variant, motion.sentence)
        groups.setdefault(key, []).append(motion)
    return [
        _count(of_clip[own[0].clip.id], label, own) for own in groups.values()
        for label in ("style", "content")
    ]  # fmt: skip


def _write(found: Sequence[Found], job: Job) -> None:
    write_table(job.outputs["styles"], map(asdict, found), job.manifest)


def draw_styles(
    columns: Sequence[Sequence[StyledMotion]], statistics: Normalizer, skeleton: Skeleton
) -> Figure:
    """The paper's Fig. 6: takes of unseen styles, and their words in another sentence."""
    heads = [
        f"{own[0].clip.content}, {own[0].clip.style}: {own[-1].sentence}".replace("_", " ")
        for own in columns
    ]
    rows = [
        Strips(label, colour_of(system), [_joints(own[place], statistics, skeleton)
                                          for own in columns])
        for place, (label, system) in enumerate(_SHOWN.values())
    ]  # fmt: skip
    return draw_strips(heads, rows, skeleton)


def _columns(motions: Sequence[StyledMotion], sentences: Sequence[str]) -> list[list[StyledMotion]]:
    """The first take of each style, then a second, and so on, as far as the figure goes."""
    sentence = sentences[min(1, len(sentences) - 1)]
    shown: dict[str, dict[str, StyledMotion]] = {}
    for motion in motions:
        if motion.variant in _SHOWN and motion.sentence in ("", sentence):
            shown.setdefault(motion.clip.id, {}).setdefault(motion.variant, motion)
    count: dict[str, int] = {}
    order = []
    for name, own in shown.items():
        style = str(own[REAL].clip.style)
        count[style] = count.get(style, 0) + 1
        order.append((count[style], style, name))
    return [[shown[name][variant] for variant in _SHOWN] for _, _, name in sorted(order)[:_COLUMNS]]


def _joints(motion: StyledMotion, statistics: Normalizer, skeleton: Skeleton) -> Joints:
    features = statistics.denormalise(motion.features).astype(np.float32)
    return features_to_joints(features, skeleton)


def _count(classifiers: StyleClassifiers, label: str, motions: Sequence[StyledMotion]) -> Found:
    classifier: LabelClassifier = classifiers.style if label == "style" else classifiers.content
    expected = [str(getattr(motion.clip, label)) for motion in motions]
    said = classifier.predict(np.stack([clip_statistics(motion.features) for motion in motions]))
    found = sum(a == b for a, b in zip(said, expected, strict=True))
    first = motions[0]
    return Found(
        classifiers.source, str(first.clip.style), label, first.variant, first.sentence,
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
