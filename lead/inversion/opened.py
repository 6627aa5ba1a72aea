"""The networks of an inversion from a job's files."""

from __future__ import annotations

import torch

from lead.config.evaluation import Evaluation
from lead.config.models import TextSettings
from lead.data.store import MotionStore
from lead.evaluation.generate import open_generator
from lead.files.job import Job
from lead.inversion.invert import Networks
from lead.models.device import pick_device, use_threads
from lead.motion.normalizer import load_normalizer
from lead.text.cache import TextCache
from lead.text.encoder import load_text_encoder


def open_networks(job: Job) -> Networks:
    """The study's frozen networks, clips and text encoder.

    Inputs: ``frames``, ``index``, ``stats``, ``text``, ``vae``, ``denoiser``, maybe ``projector``.

    Raises:
        LeadError: a file is damaged or of another network, or the encoder is not there.
    """
    use_threads(job.threads)
    device = pick_device()
    like = torch.zeros((), device=device)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    cache = TextCache.open(job.inputs["text"])
    return Networks(
        # Nothing is sampled: the protocol's steps and guidance are never looked at.
        open_generator(job, store, cache, like, Evaluation()),
        load_text_encoder(job.setting("text", TextSettings), device),
        store,
        load_normalizer(job.inputs["stats"]).torch(device, like.dtype),
    )
