"""The pairs of a user study: the test captions whose motions realignment changes most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lead.config.evaluation import UserStudy
from lead.config.external import ExternalSystem
from lead.config.systems import FULL, MLD, other_model, realigned
from lead.errors import LeadError
from lead.evaluation.predictions.embed import first_motions
from lead.figures.motions import open_decoder
from lead.figures.realignment import mean_change, without_and_with
from lead.files.artefact import write_json
from lead.files.job import Job
from lead.files.tables import write_table
from lead.mocap.motion_file import StoredMotion
from lead.motion.features import features_to_joints
from lead.motion.skeleton import METRES
from lead.report.text import write_text
from lead.user_study.page import Shown, study_id, study_page
from lead.user_study.questions import SIDES, Key, Pair

SYSTEMS = (MLD, realigned(FULL))
"""What is compared, unless it is another model: the same latents without and with realignment."""


def make_user_study(job: Job) -> None:
    """Choose pairs of motions without and with realignment, and write the page that shows them.

    Captions, lengths and noise are those of the first repeat of the evaluation; the sides are
    drawn, half of the pairs each way. Inputs: ``frames``, ``index``, ``stats``, ``text``, ``vae``,
    ``denoiser``, ``projector``; with those of `first_motions`, another model's motions for the
    same captions take the place of those without realignment. Outputs: ``page`` for raters;
    ``key``, which says what is on which side and is not for them; ``changes``, of every test
    caption how much realignment changes its motion.

    Raises:
        LeadError: the test split has fewer captions than pairs are asked for; or what is wrong
            with another model's motions.
    """
    decoder = open_decoder(job)
    motions, clips, captions = without_and_with(job, decoder)
    metre, fps = METRES[decoder.skeleton.unit], decoder.skeleton.fps
    change = metre * np.array([mean_change(*both) for both in motions])
    chosen = changed_most(change, captions, job.setting("user_study", UserStudy).pairs)
    systems, compared = SYSTEMS, {row: motions[row] for row in chosen}
    if "predictions" in job.inputs:
        label = job.setting("external", ExternalSystem).label
        systems = (other_model(job.setting("system", str), label), SYSTEMS[1])
        others = first_motions(job, [clips[row].id for row in chosen])
        compared = {
            row: (features_to_joints(other, decoder.skeleton), motions[row][1])
            for row, other in zip(chosen, others, strict=True)
        }
    shown, pairs = [], []
    for row, order in arranged(chosen, job.seeds.child("user_study").numpy()):
        number, caption = str(len(shown) + 1), captions[row]
        sides = [systems[place] for place in order]
        joints = (compared[row][place] for place in order)
        both = tuple(StoredMotion(own, decoder.skeleton, fps, "") for own in joints)
        shown.append(Shown(number, caption, both))
        told = {"id": number, "clip": clips[row].id, "caption": caption}
        names = dict(zip(SIDES, (own.name for own in sides), strict=True))
        pairs.append(Pair.model_validate({**told, "change": float(change[row]), **names}))
    key = Key(
        format="lead user study key 1",
        study=study_id(shown),
        name=str(job.settings["name"]),
        description=str(job.settings["description"]),
        systems=tuple((system.name, system.label) for system in systems),
        pairs=tuple(pairs),
    )
    write_text(job.outputs["page"], study_page(shown))
    write_json(job.outputs["key"], key.model_dump() | {"made_by": job.manifest})
    rows = [
        {"id": clips[row].id, "caption": captions[row], "frames": len(motions[row][0]),
         "change": change[row], "chosen": row in chosen}
        for row in np.argsort(-change, kind="stable")
    ]  # fmt: skip
    write_table(job.outputs["changes"], rows, job.manifest)


def arranged(chosen: Sequence[int], rng: np.random.Generator) -> list[tuple[int, tuple[int, int]]]:
    """The chosen rows in random order, each with which of the two systems (0, 1) is left and
    which right: half of them each way, drawn too."""
    order, sides = rng.permutation(np.asarray(chosen)), rng.permutation(len(chosen)) % 2
    return [(int(row), (1, 0) if side else (0, 1)) for row, side in zip(order, sides, strict=True)]


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
