"""The frozen evaluator network, and what it sees of motions, whoever made them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation, Evaluator, MatcherStage
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.evaluation.actions import read_classifier
from lead.evaluation.gauge import Gauge
from lead.evaluation.physical import measure_motions
from lead.evaluation.protocol import sorted_batches
from lead.evaluation.repeats import (
    ACTIONS,
    CLASSIFIER,
    EVALUATED_BY,
    EVALUATOR,
    GAUGE,
    PREFIX,
    remake,
)
from lead.files.digest import digest, file_digest
from lead.files.job import Job
from lead.models.build import pick_device, use_threads
from lead.models.files import load_matcher, weights_digest
from lead.models.matcher import STATISTICS, Boundary, Matcher
from lead.models.tensors import read_metadata
from lead.motion.features import features_to_joints
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, load_normalizer, matcher_normalizer
from lead.motion.skeleton import Skeleton
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.text.word_cache import WordSource, open_words

Motions = Callable[[np.ndarray], tuple[Tensor, Tensor]]
"""From the positions of a batch to its normalised features and their mask."""

Seen = Mapping[str, Tensor | np.ndarray]
"""What is seen of each motion of a batch, by name."""

Look = Callable[[Tensor, Tensor, np.ndarray], Seen]
"""From features that are not normalised, their mask and the positions to what is seen of each."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def evaluated_by(job: Job) -> dict[str, str]:
    """What embeddings say of the evaluator, the settings and the classifier behind them."""
    names = ("dataset", "evaluator", "matcher")
    protocol = job.setting("evaluation", Evaluation).for_embedding().model_dump(mode="json")
    # Motions of one caption are a system's own affair, and so is how many a batch has.
    for name in ("multimodality", "batch_size", "repeats", "sampling_steps", "guidance"):
        del protocol[name]
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    statistics = _statistics_of(job, load_normalizer(job.inputs["stats"]), skeleton)
    found = (weights_digest(job.inputs["matcher"]), statistics.fingerprint)
    return {
        **dict(zip(EVALUATOR, found, strict=True)),
        EVALUATED_BY: digest([*(job.settings[name] for name in names), protocol]),
        ACTIONS: json.dumps(read_classifier(job.inputs["actions"]).labels),
        CLASSIFIER: file_digest(job.inputs["actions"]),
    }


@dataclass(frozen=True)
class MotionEvaluator:
    """The matcher with the statistics that carry features into its own units.

    Attributes:
        normalizer: the study's statistics, in which motions come.
        statistics: the matcher's.
        cache: the pooled captions that motions are generated from.
        word_source: what the matcher reads of a caption.
        gauge: what measures how much motions move and what they show.
        dtype: in which everything is computed; results are float32.
        advance: told how many motions were embedded, after each batch.
    """

    matcher: Matcher
    normalizer: Normalizer
    statistics: Normalizer
    cache: TextCache
    word_source: WordSource
    gauge: Gauge
    skeleton: Skeleton
    boundary: Boundary
    batch_size: int
    dtype: torch.dtype
    advance: Callable[[int], None] = lambda count: None

    @torch.no_grad()
    def motions(
        self, motions: Motions, length: np.ndarray, boundary: Boundary | None = None
    ) -> Float[Tensor, "I E"]:
        """Embed a list of motions, batch by batch, in the order of the list.

        Raises:
            LeadError: a motion that is not finite.
        """

        def look(features: Tensor, mask: Tensor, rows: np.ndarray) -> Seen:
            return {"motion": self._embed(features, mask, boundary)}

        return self._all(motions, length, look)["motion"]

    @torch.no_grad()
    def measure(self, motions: Motions, length: np.ndarray) -> dict[str, Tensor]:
        """Embeddings of a list of motions as ``motion``, their physical and the gauge's quantities.

        Raises:
            LeadError: a motion that is not finite.
        """

        def look(features: Tensor, mask: Tensor, rows: np.ndarray) -> Seen:
            gauge = self.gauge.measure(unpadded(features, mask))
            return {
                "motion": self._embed(features, mask),
                **self._physical(features, mask),
                **gauge,
            }

        return self._all(motions, length, look)

    @torch.no_grad()
    def reconstructions(
        self, motions: Motions, crops: Motions, length: np.ndarray
    ) -> dict[str, Tensor]:
        """Embeddings of decoded real crops as ``reconstruction``, and the gauge's quantities.

        Raises:
            LeadError: a motion that is not finite.
        """

        def look(features: Tensor, mask: Tensor, rows: np.ndarray) -> Seen:
            real = unpadded(self.normalizer.denormalise(crops(rows)[0]), mask)
            gauge = self.gauge.measure_reconstruction(unpadded(features, mask), real)
            return {"reconstruction": self._embed(features, mask), **gauge}

        return self._all(motions, length, look)

    def labels(self, clips: Sequence[Clip]) -> dict[str, Float[Tensor, " I"]]:
        """As the gauge's ``label`` the place of every clip's own one, -1 where it is left out."""
        places = [self.gauge.classifier.place(clip.content) for clip in clips]
        return {f"{GAUGE}label": torch.tensor(places, dtype=torch.float32)}

    @torch.no_grad()
    def texts(self, captions: tuple[str, ...]) -> Float[Tensor, "I E"]:
        """Embed captions; equal ones once."""
        distinct = sorted(set(captions))
        vectors, lengths, pos = self.word_source.words(distinct)
        device = next(self.matcher.parameters()).device
        vectors = vectors.to(device, self.dtype)
        pos = None if pos is None else pos.to(device, self.dtype)
        embedded = self.matcher.embed_text(vectors, lengths, pos).cpu().float()
        number = {caption: row for row, caption in enumerate(distinct)}
        return embedded[[number[caption] for caption in captions]]

    def _all(self, motions: Motions, length: np.ndarray, look: Look) -> dict[str, Tensor]:
        """What ``look`` sees of every motion, in the order of the list, float32 on the CPU."""
        out: dict[str, Tensor] = {}
        for rows in sorted_batches(length, self.batch_size):
            normalised, mask = motions(rows)
            features = self.normalizer.denormalise(normalised)
            _check_finite(features, mask)
            for name, values in look(features, mask, rows).items():
                values = torch.as_tensor(values).cpu().float()
                if name not in out:
                    out[name] = values.new_empty(len(length), *values.shape[1:])
                out[name][torch.from_numpy(rows)] = values
            self.advance(len(rows))
        return out

    def _embed(
        self,
        features: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "B T"],
        boundary: Boundary | None = None,
    ) -> Float[Tensor, "B E"]:
        seen = self.statistics.normalise(features).to(self.dtype)
        return self.matcher.embed_motion(seen, mask, boundary=boundary or self.boundary)

    def _physical(
        self, features: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]
    ) -> dict[str, Tensor]:
        joints = features_to_joints(features, self.skeleton)
        contacts = features[..., layout(self.skeleton).slice("contacts")]
        measured = measure_motions(joints, mask, self.skeleton, self.skeleton.fps, contacts)
        return {f"{PREFIX}{name}": values for name, values in measured.items()}


def open_evaluator(job: Job) -> tuple[MotionEvaluator, MotionStore, Evaluation]:
    """The study's evaluator, its clips and the protocol's settings, from a job's inputs.

    Inputs: ``frames``, ``index``, ``stats``, ``text``, ``matcher``, ``actions`` (the classifier of
    `train_action_classifier`); for an evaluator that reads word vectors ``words``, for the
    published one ``matcher_stats``.

    Raises:
        LeadError: the matcher is that of another dataset or does not fit its words.
    """
    use_threads(job.threads)
    device = pick_device()
    settings = job.setting("evaluation", Evaluation)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    normalizer = load_normalizer(job.inputs["stats"])
    statistics = _statistics_of(job, normalizer, skeleton)
    dtype = DTYPES[settings.precision]
    evaluator = MotionEvaluator(
        load_matcher(job.inputs["matcher"], feature_width=skeleton.feature_width).to(device, dtype),
        normalizer.torch(device, dtype),
        statistics.torch(device, dtype),
        TextCache.open(job.inputs.get("condition", job.inputs["text"])),
        open_words(job.inputs),
        Gauge(read_classifier(job.inputs["actions"]), skeleton),
        skeleton,
        settings.boundary,
        settings.batch_size,
        dtype,
    )
    return evaluator, MotionStore.load(job.inputs["frames"], job.inputs["index"]), settings


def _statistics_of(job: Job, normalizer: Normalizer, skeleton: Skeleton) -> Normalizer:
    """The statistics that the matcher was trained on, as its file says too."""
    if job.setting("evaluator", Evaluator).kind != "trained":
        statistics = load_normalizer(job.inputs["matcher_stats"])
    else:
        bias = job.setting("matcher", MatcherStage).feature_bias
        statistics = matcher_normalizer(normalizer, layout(skeleton), bias)
    matcher, expected = job.inputs["matcher"], statistics.fingerprint
    trained_on = read_metadata(matcher).get(STATISTICS, expected)
    if trained_on != expected:
        problem = "The evaluator was trained on other statistics than it would be used with."
        raise remake(problem, matcher, f"statistics {trained_on}", expected)
    return statistics


def unpadded(
    features: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]
) -> list[Float[np.ndarray, "_ D"]]:
    """The real frames of each motion, which come first."""
    arrays, frames = features.cpu().numpy(), mask.sum(1).tolist()
    return [motion[:count] for motion, count in zip(arrays, frames, strict=True)]


def _check_finite(features: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]) -> None:
    if bad := int((features.isfinite().all(-1) | ~mask).all(-1).logical_not().sum()):
        raise LeadError(
            "Motions to be embedded hold values that are not finite numbers.",
            found=f"NaN or infinity in {bad} motions of a batch of {len(features)}",
            expected="finite features",
            fix="Look at the training histories of the networks that made them, and train again.",
        )
