"""The pairs of a user study: the test captions whose motions realignment changes most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation, UserStudy
from lead.config.systems import FULL, MLD, realigned
from lead.datasets.registry import skeleton_of
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.evaluation.evaluator import unpadded
from lead.evaluation.generate import draw_given, open_generator
from lead.evaluation.protocol import draw_pass, sorted_batches
from lead.evaluation.repeats import repeat_seeds
from lead.files.artefact import atomic_path, write_json
from lead.files.job import Job
from lead.files.tables import write_table
from lead.mocap.motion_file import StoredMotion
from lead.models.build import pick_device, use_threads
from lead.motion.features import features_to_joints
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import METRES
from lead.progress import Progress
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.types import Joints
from lead.user_study.page import Shown, study_id, study_page
from lead.user_study.questions import SIDES, Key, Pair


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
    count = job.setting("user_study", UserStudy).pairs
    settings, skeleton = (
        job.setting("evaluation", Evaluation),
        skeleton_of(job.setting("dataset", DatasetSettings)),
    )
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    cache = TextCache.open(job.inputs["text"])
    normalizer = load_normalizer(job.inputs["stats"]).torch(pick_device())
    generator = open_generator(job, store, cache, normalizer.mean, settings)
    seeds = repeat_seeds(job.seeds, 0)
    drawn = draw_pass(store.split("test"), seeds)
    ids = [clip.id for clip in drawn.clips]
    given = draw_given(generator, cache.pooled(drawn.captions), ids, seeds)

    def both(latent: Float[Tensor, "B L M"], length: Int[np.ndarray, " B"]) -> list[list[Joints]]:
        """The joints of every motion without and with realignment."""
        return [
            [
                features_to_joints(own, skeleton)
                for own in unpadded(*_decoded(generator, normalizer, latent, length, realign))
            ]
            for realign in (False, True)
        ]

    bar, latents, change = Progress("motions", len(ids)), {}, np.empty(len(ids))
    for rows in sorted_batches(drawn.length, settings.batch_size):
        latent = generator.latents(*(values[rows].to(generator.null) for values in given))
        pairs = zip(rows.tolist(), latent, *both(latent, drawn.length[rows]), strict=True)
        for row, own, plain, aligned in pairs:
            latents[row], change[row] = own, METRES[skeleton.unit] * mean_change(plain, aligned)
        bar.advance(len(rows))
    chosen = changed_most(change, drawn.captions, count)
    rng = job.seeds.child("user_study").numpy()
    systems = {system.name: system.label for system in (MLD, realigned(FULL))}
    shown, pairs = [], []
    for number, (row, first) in enumerate(
        zip(rng.permutation(chosen), rng.permutation(len(chosen)) % 2, strict=True), start=1
    ):
        caption = drawn.captions[row]
        motions = [
            StoredMotion(own[0], skeleton, skeleton.fps, "")
            for own in both(latents[row][None], drawn.length[row : row + 1])
        ]
        sides = list(zip(systems, motions, strict=True))[:: -1 if first else 1]
        names = dict(zip(SIDES, (name for name, _ in sides), strict=True))
        shown.append(Shown(str(number), caption, tuple(motion for _, motion in sides)))
        told = {"id": str(number), "clip": ids[row], "caption": caption, "change": change[row]}
        pairs.append(Pair.model_validate(told | names))
    key = Key(
        format="lead user study key 1",
        study=study_id(shown),
        name=str(job.settings["name"]),
        description=str(job.settings["description"]),
        systems=tuple(systems.items()),
        pairs=tuple(pairs),
    )
    with atomic_path(job.outputs["page"]) as temporary:
        temporary.write_text(study_page(shown), encoding="utf-8")
    write_json(job.outputs["key"], key.model_dump() | {"made_by": job.manifest})
    order = np.argsort(-change, kind="stable")
    rows = [
        {"id": ids[row], "caption": drawn.captions[row], "frames": int(drawn.length[row]),
         "change": change[row], "chosen": row in chosen}
        for row in order
    ]  # fmt: skip
    write_table(job.outputs["changes"], rows, job.manifest)


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
    for row in np.argsort(-change, kind="stable").tolist():
        first.setdefault(captions[row], row)
    if len(first) < count:
        raise LeadError(
            "The test split has too few captions for the pairs of a user study.",
            found=f"{len(first)} different captions",
            expected=f"{count}",
            fix=f"Set `user_study: {{pairs: {max(2, len(first))}}}`, or take a study with more "
            "test clips.",
        )
    return list(first.values())[:count]


@torch.no_grad()
def _decoded(
    generator: MotionGenerator,
    normalizer: Normalizer,
    latent: Float[Tensor, "B L M"],
    length: Int[np.ndarray, " B"],
    realign: bool,
) -> tuple[Float[Tensor, "B T D"], Bool[Tensor, "B T"]]:
    """Features of decoded latents, and their mask."""
    frames = torch.from_numpy(length).to(latent.device)
    features, mask = generator.decode(latent, frames, realign=realign)
    return normalizer.denormalise(features), mask
