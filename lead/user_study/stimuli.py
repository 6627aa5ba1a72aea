"""The pairs of a user study: the test captions whose motions realignment changes most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation, UserStudy
from lead.config.systems import FULL, MLD, System, realigned
from lead.datasets.registry import skeleton_of
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.evaluation.evaluator import unpadded
from lead.evaluation.generate import draw_given, open_generator
from lead.evaluation.protocol import Pass, draw_pass, sorted_batches
from lead.evaluation.repeats import repeat_seeds
from lead.files.artefact import atomic_path, write_json
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.files.tables import write_table
from lead.mocap.motion_file import StoredMotion
from lead.models.build import pick_device, use_threads
from lead.motion.features import features_to_joints
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import METRES, Skeleton
from lead.progress import Progress
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.types import Joints
from lead.user_study.page import Shown, study_id, study_page
from lead.user_study.questions import SIDES, Key, Pair

SYSTEMS = (MLD, realigned(FULL))
"""What is compared: the same latents without and with realignment."""


def make_user_study(job: Job) -> None:
    """Choose pairs of motions without and with realignment, and write the page that shows them.

    Captions, lengths and noise are those of the first repeat of the evaluation; the sides are
    drawn, half of the pairs each way. Inputs: ``frames``, ``index``, ``stats``, ``text``, ``vae``,
    ``denoiser``, ``projector``. Outputs: ``page`` for raters; ``key``, which says what is on which
    side and is not for them; ``changes``, of every test caption how much its motion changes.

    Raises:
        LeadError: the test split has fewer captions than pairs are asked for.
    """
    use_threads(job.threads)
    networks, store = _open(job)
    seeds = repeat_seeds(job.seeds, 0)
    drawn = draw_pass(store.split("test"), seeds)
    latents, change = _generate(job, networks, drawn, seeds)
    chosen = changed_most(change, drawn.captions, job.setting("user_study", UserStudy).pairs)
    shown, pairs = [], []
    for row, sides in arranged(chosen, job.seeds.child("user_study").numpy()):
        number, caption = str(len(shown) + 1), drawn.captions[row]
        motions = networks.both(latents[row : row + 1], drawn.length[row : row + 1])
        shown.append(Shown(number, caption, tuple(motions[SYSTEMS.index(own)][0] for own in sides)))
        told = {"id": number, "clip": drawn.clips[row].id, "caption": caption}
        names = dict(zip(SIDES, (own.name for own in sides), strict=True))
        pairs.append(Pair.model_validate({**told, "change": float(change[row]), **names}))
    key = Key(
        format="lead user study key 1",
        study=study_id(shown),
        name=str(job.settings["name"]),
        description=str(job.settings["description"]),
        systems=tuple((system.name, system.label) for system in SYSTEMS),
        pairs=tuple(pairs),
    )
    with atomic_path(job.outputs["page"]) as temporary:
        temporary.write_text(study_page(shown), encoding="utf-8")
    write_json(job.outputs["key"], key.model_dump() | {"made_by": job.manifest})
    rows = [
        {"id": drawn.clips[row].id, "caption": drawn.captions[row],
         "frames": int(drawn.length[row]), "change": change[row], "chosen": row in chosen}
        for row in np.argsort(-change, kind="stable")
    ]  # fmt: skip
    write_table(job.outputs["changes"], rows, job.manifest)


def arranged(
    chosen: Sequence[int], rng: np.random.Generator
) -> list[tuple[int, tuple[System, ...]]]:
    """The chosen rows in random order, each with the systems from left to right: half of them
    each way, drawn too."""
    order, sides = rng.permutation(np.asarray(chosen)), rng.permutation(len(chosen)) % 2
    return [
        (int(row), SYSTEMS[::-1] if side else SYSTEMS)
        for row, side in zip(order, sides, strict=True)
    ]


def mean_change(before: Joints, after: Joints) -> float:
    """The mean distance over frames and joints, in the joints' unit.

    Raises:
        LeadError: a motion is not finite.
    """
    change = float(np.linalg.norm(after.astype(np.float64) - before, axis=-1).mean())
    if not np.isfinite(change):
        raise LeadError(
            "Motions to be compared hold values that are not finite numbers.",
            found=change,
            fix="Look at the training histories of the networks that made them, and train again.",
        )
    return change


def changed_most(change: Float[np.ndarray, " I"], captions: Sequence[str], count: int) -> list[int]:
    """The rows of the largest changes, the largest first, each of another caption.

    Raises:
        LeadError: there are not so many captions.
    """
    first: dict[str, int] = {}
    for row in np.argsort(-change, kind="stable"):
        first.setdefault(captions[int(row)], int(row))
    if len(first) < count:
        raise LeadError(
            "The test split has too few captions for the pairs of a user study.",
            found=f"{len(first)} different captions",
            expected=f"{count}",
            fix=f"Set `user_study: {{pairs: {max(2, len(first))}}}`, or take a study with more "
            "test clips.",
        )
    return list(first.values())[:count]


@dataclass(frozen=True)
class _Networks:
    """What turns latents into motions."""

    generator: MotionGenerator
    cache: TextCache
    normalizer: Normalizer
    skeleton: Skeleton

    @torch.no_grad()
    def both(
        self, latent: Float[Tensor, "B L M"], length: Int[np.ndarray, " B"]
    ) -> list[list[StoredMotion]]:
        """The motions of latents without realignment, and those with it."""
        frames, motions = torch.from_numpy(length).to(latent.device), []
        for system in SYSTEMS:
            features, mask = self.generator.decode(
                latent, frames, realign=system.projector is not None
            )
            raw = unpadded(self.normalizer.denormalise(features), mask)
            joints = [features_to_joints(own, self.skeleton) for own in raw]
            motions.append(
                [StoredMotion(own, self.skeleton, self.skeleton.fps, "") for own in joints]
            )
        return motions


def _open(job: Job) -> tuple[_Networks, MotionStore]:
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    cache = TextCache.open(job.inputs["text"])
    normalizer = load_normalizer(job.inputs["stats"]).torch(pick_device())
    settings = job.setting("evaluation", Evaluation)
    generator = open_generator(job, store, cache, normalizer.mean, settings)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    return _Networks(generator, cache, normalizer, skeleton), store


def _generate(
    job: Job, networks: _Networks, drawn: Pass, seeds: Seeds
) -> tuple[Float[Tensor, "I L M"], Float[np.ndarray, " I"]]:
    """The latent of every item, and how much realignment changes its motion, in metres."""
    generator, count = networks.generator, len(drawn.clips)
    text = networks.cache.pooled(drawn.captions)
    given = draw_given(generator, text, [clip.id for clip in drawn.clips], seeds)
    metres, bar = METRES[networks.skeleton.unit], Progress("motions", count)
    latents, change = torch.empty_like(given.noise).to(generator.null), np.empty(count)
    for rows in sorted_batches(drawn.length, job.setting("evaluation", Evaluation).batch_size):
        latent = generator.latents(*(values[rows].to(generator.null) for values in given))
        latents[torch.from_numpy(rows).to(latents.device)] = latent
        pairs = zip(*networks.both(latent, drawn.length[rows]), strict=True)
        change[rows] = [metres * mean_change(plain.joints, own.joints) for plain, own in pairs]
        bar.advance(len(rows))
    return latents, change
