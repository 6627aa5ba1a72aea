"""The stage that puts a model directory together, which `LeadPipeline` loads."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.config.models import TextSettings
from lead.datasets.registry import skeleton_of
from lead.files.artefact import atomic_path, write_json
from lead.files.job import Job
from lead.models.files import check_lineage
from lead.motion.normalizer import Normalizer, save_normalizer
from lead.store import MotionIndex
from lead.text.cache import Standardisation, TextCache
from lead.text.taught import Taught, write_taught

_NO_ACTIONS = ("humanml3d_raw",)
"""Datasets whose content labels are no actions, but the folders of AMASS."""


def assemble_model(job: Job) -> None:
    """Copy weights and statistics side by side and describe them.

    Inputs: ``index``, ``stats``, ``text``, ``vae``, ``denoiser``, ``projector``.
    Outputs: ``description`` and the same names, ``condition`` for the text's statistics,
    ``taught`` for what the training captions are about.
    """
    check_lineage(job.inputs["vae"], job.inputs["denoiser"], job.inputs["projector"])
    for name in ("stats", "vae", "denoiser", "projector"):
        with atomic_path(job.outputs[name]) as temporary:
            shutil.copyfile(job.inputs[name], temporary)
    index = MotionIndex.open(job.inputs["index"])
    cache = TextCache.open(job.inputs["text"])
    standardise = job.setting("text", TextSettings).standardise
    condition = Standardisation.fit(cache, index.captions("train"), standardise)
    save_normalizer(
        Normalizer(condition.mean.numpy(), condition.std.numpy()), job.outputs["condition"]
    )
    settings = job.settings
    labelled = settings["dataset"]["kind"] not in _NO_ACTIONS
    by_action = captions_by_action(index.split("train") if labelled else ())
    description = {
        "study": settings["name"],
        "description": settings["description"],
        "skeleton": skeleton_of(job.setting("dataset", DatasetSettings)).name,
        "longest": max(clip.frames for clip in index.split("train")),
        "text": settings["text"],
        "vae": settings["vae"]["model"],
        "denoiser": settings["denoiser"]["model"],
        "projector": settings["projector"]["model"],
        "diffusion": settings["diffusion"],
        "sampling_steps": settings["evaluation"]["sampling_steps"],
        "guidance": settings["evaluation"]["guidance"],
        "taught": write_taught(Taught.fit(by_action, cache), job.outputs["taught"]),
        "made_by": job.manifest,
    }
    write_json(job.outputs["description"], description)


def captions_by_action(clips: Iterable[Clip]) -> dict[str, list[str]]:
    """The distinct captions of each content label."""
    captions: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        if clip.captions and clip.content not in ("", "unknown"):
            captions[clip.content].update(clip.captions)
    return {content: sorted(distinct) for content, distinct in captions.items()}
