"""What inverts words of `finished_study`: its random networks, and an encoder of a few lines."""

from __future__ import annotations

import torch
from finished_study import NAME, generating, inputs, study_of
from torch import nn

from lead.config.evaluation import Evaluation
from lead.evaluation.generate import open_generator
from lead.files.job import Job
from lead.inversion.invert import Networks
from lead.motion.normalizer import load_normalizer
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.text.encoder import TextEncoder

WIDTH = 8
_VOCABULARY = 60


class Network(nn.Module):
    """Mean of the token vectors through a layer."""

    width = token_width = WIDTH

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.model = nn.Module()
        self.model.table = nn.Embedding(_VOCABULARY, WIDTH)
        self.model.get_input_embeddings = lambda: self.model.table
        self.out = nn.Linear(WIDTH, WIDTH)
        self.requires_grad_(False)

    def forward(self, ids):
        states = self.model.table(ids)
        return self.out(states.mean(dim=1)).tanh(), states


class Tokenizer:
    """Words by number, in the order in which they are met."""

    unk_token_id = -1

    def __init__(self):
        self.known: dict[str, int] = {}

    def __call__(self, text, **more):
        ids = [self.known.setdefault(word, len(self.known)) for word in text.split()]
        return type("Ids", (), {"input_ids": ids})


def few_words() -> TextEncoder:
    """An encoder whose sentences are the mean of their words."""
    return TextEncoder("few", "", Network(), Tokenizer(), 20)


def files(root):
    """What opening them takes."""
    names = ("vae", "denoiser", "projector")
    models = root / "results" / NAME / "models"
    return inputs(root) | {name: models / f"{name}.safetensors" for name in names}


def networks(root, encoder, dtype=torch.float32) -> Networks:
    """The networks that `write_networks` wrote, with an encoder."""
    job = Job("x", generating(study_of(root)), files(root), {})
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    cache, like = TextCache.open(job.inputs["text"]), torch.zeros((), dtype=dtype)
    normalizer = load_normalizer(job.inputs["stats"]).torch("cpu", dtype)
    encoder.network.to(dtype)
    generator = open_generator(job, store, cache, like, Evaluation(sampling_steps=2))
    return Networks(generator, encoder, store, normalizer)
