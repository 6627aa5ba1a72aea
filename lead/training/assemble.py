"""Putting a model directory together, which `LeadPipeline` loads."""

from __future__ import annotations

import shutil

from lead.config.study import DatasetSettings
from lead.config.text import TextSettings
from lead.data.datasets import skeleton_of
from lead.data.store import MotionIndex
from lead.models.lineage import check_lineage
from lead.motion.normalizer import Normalizer, save_normalizer
from lead.provenance.artefact import atomic_path, write_json
from lead.provenance.job import Job
from lead.text.cache import TextCache
from lead.text.conditions import Standardisation


def assemble_model(job: Job) -> None:
    """Copy weights and statistics side by side and describe them.

    Inputs: ``index``, ``stats``, ``text``, ``vae``, ``denoiser``, ``projector``.
    Outputs: ``description`` and the same names, ``condition`` for the text's statistics.
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
    description = {
        "study": settings["name"],
        "skeleton": skeleton_of(job.setting("dataset", DatasetSettings)).name,
        "longest": max(clip.frames for clip in index.split("train")),
        "text": settings["text"],
        "vae": settings["vae"]["model"],
        "denoiser": settings["denoiser"]["model"],
        "projector": settings["projector"]["model"],
        "diffusion": settings["diffusion"],
        "sampling_steps": settings["evaluation"]["sampling_steps"],
        "guidance": settings["evaluation"]["guidance"],
        "made_by": job.manifest,
    }
    write_json(job.outputs["description"], description)
