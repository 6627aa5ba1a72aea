"""What inverting many words at once saves against a loop over motions, and where it comes from.

    python benchmarks/inversion.py --motions 100 --steps 20 --batch 4 --chunk 50 --threads 2
    python benchmarks/inversion.py --text clip

The naive loop takes one motion at a time, encodes every segment and its sentence, padded to 77
tokens, and computes each segment's target. It is timed on a few motions and scaled. Networks have
random weights of paper size, which cost the same; `--text clip` is a random tower of ViT-L/14's
size.
"""

from __future__ import annotations

import argparse
import resource
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from timed import once
from torch import nn

from lead.clip import Clip
from lead.config.evaluation import Inversion
from lead.config.models import (
    DenoiserModel,
    Diffusion,
    MiniLmText,
    TransformerProjectorModel,
    VaeModel,
)
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.files.seeds import Seeds
from lead.inversion.invert import Networks, invert
from lead.inversion.objectives import TEMPLATES, Segments, objective_values
from lead.models.build import build_denoiser, build_projector, build_vae, freeze
from lead.motion.normalizer import Normalizer
from lead.store import MotionStore
from lead.text.cache import Standardisation
from lead.text.encoder import TextEncoder, load_text_encoder
from lead.text.networks import ClipTower
from lead.text.pseudo_word import encode_pseudo, token_vectors

FEATURES, TOKENS = 263, 77


class Padded(nn.Module):
    """A text network whose ids are padded to 77; what they say then costs what it costs."""

    def __init__(self, network):
        super().__init__()
        self.inner, self.model = network, network.model
        self.width, self.token_width = network.width, network.token_width

    def forward(self, ids):
        """The inner network's output of the padded ids."""
        return self.inner(F.pad(ids, (0, TOKENS - ids.shape[1]), value=int(ids[0, -1])))


class Words:
    """A tokenizer of whole words between CLIP's start and end token."""

    unk_token_id, pad_token_id, eos_token_id = -1, 49407, 49407

    def __init__(self):
        self.known: dict[str, int] = {}

    def __call__(self, text, add_special_tokens=True, **more):
        """Ids by order of first use."""
        ids = [self.known.setdefault(word, 1000 + len(self.known)) for word in text.split()]
        return SimpleNamespace(input_ids=[49406, *ids, 49407] if add_special_tokens else ids)


def main() -> None:
    """Print memory by chunk, then seconds of the loop, of each saving, and of all at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--motions", type=int, default=100)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--chunk", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--frames", type=int, default=196)
    parser.add_argument("--naive", type=int, default=2, help="motions that the loops are timed on")
    parser.add_argument("--text", choices=("minilm", "clip"), default="minilm")
    parser.add_argument("--objective", choices=("lead", "mld", "feat"), default="lead")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    networks = _networks(asked.text, asked.motions, asked.frames)
    clips = list(networks.store.clips)
    settings = Inversion(steps=asked.steps, batch=asked.batch)
    start = token_vectors(networks.encoder, ["walk"] * len(clips))

    def at_once(clips: list[Clip], chunk: int, settings: Inversion) -> torch.Tensor:
        own = replace(networks)  # has encoded nothing yet
        return torch.cat([
            invert(own, asked.objective, part, start[: len(part)], settings, Seeds(0)).vectors
            for part in (clips[first : first + chunk] for first in range(0, len(clips), chunk))
        ])  # fmt: skip

    def loop(text: TextEncoder) -> None:
        for clip in clips[: asked.naive]:
            _naive(networks, text, asked.objective, clip, start[:1], settings)

    # Ascending, so that the highest so far is each one's own.
    for chunk in sorted(min(chunk, len(clips)) for chunk in asked.chunk):
        at_once(clips[:chunk], chunk, settings.model_copy(update={"steps": 1}))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"chunk {chunk}: peak memory so far {peak:.2f} GiB", flush=True)

    few, scale = clips[: asked.naive], len(clips) / asked.naive
    encoder = networks.encoder
    padded = replace(encoder, network=Padded(encoder.network))
    made: list[torch.Tensor] = []
    taken = [
        ("loop, padded to 77 tokens", scale * once(lambda: loop(padded))),
        ("captions cut after their end", scale * once(lambda: loop(encoder))),
        ("equal sentences and segments once", scale * once(lambda: at_once(few, 1, settings))),
        ("all at once", once(lambda: made.append(at_once(clips, max(asked.chunk), settings)))),
    ]
    print(f"{len(clips)} motions, {asked.steps} steps of {asked.batch} segments; the first three "
          f"are timed on {asked.naive} motions and scaled:")  # fmt: skip
    naive, last = taken[0][1], taken[0][1]
    print(f"  {taken[0][0]}: {naive:.1f} s")
    for name, seconds in taken[1:]:
        share = 100 * (last - seconds) / (naive - taken[-1][1])
        print(f"  {name}: {seconds:.1f} s, {naive / seconds:.2f} x; {share:.0f} % of what is saved")
        last = seconds
    together, alone = made[0][: len(few)], at_once(few, 1, settings)
    apart = float((together - alone).abs().max() / (alone - start[: len(few)]).abs().max())
    print(f"Together and alone the words differ by {apart:.1e} of what was moved, in float32.")


def _naive(
    networks: Networks,
    encoder: TextEncoder,
    objective,
    clip: Clip,
    start: torch.Tensor,
    settings: Inversion,
) -> None:
    """One motion's inversion; every segment's sentence is encoded."""
    vector = start.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([vector], lr=settings.learning_rate)
    for step in range(settings.steps):
        segments = Segments(networks.store, networks.normalizer, networks.generator)
        draws = segments.draw([clip], settings.batch, Seeds(0).child("step", step))
        sentences = [TEMPLATES[number] for number in draws.template.tolist()]
        text = encode_pseudo(encoder, sentences, vector.expand(len(sentences), -1))
        optimiser.zero_grad()
        objective_values(objective, networks.generator, text, draws).mean().backward()
        optimiser.step()


def _networks(text: str, motions: int, frames: int) -> Networks:
    encoder = load_text_encoder(MiniLmText(kind="minilm")) if text == "minilm" else _clip()
    vae = VaeModel()
    latent = (vae.width, vae.latent_tokens)
    generator = MotionGenerator(
        freeze(build_vae(vae, FEATURES)),
        freeze(build_denoiser(DenoiserModel(), *latent, encoder.width)),
        freeze(build_projector(TransformerProjectorModel(), *latent, encoder.width)),
        noise_schedule(Diffusion()),
        Standardisation(torch.zeros(encoder.width), torch.ones(encoder.width)),
        torch.zeros(1, encoder.width),
        50,
        7.5,
    )
    clips = [
        Clip(str(number), "test", number * frames, (number + 1) * frames, (), "", "", None, "")
        for number in range(motions)
    ]
    values = np.random.default_rng(0).normal(size=(motions * frames, FEATURES))
    store = MotionStore(clips, {}, values.astype(np.float32))
    return Networks(
        generator, encoder, store, Normalizer(torch.zeros(FEATURES), torch.ones(FEATURES))
    )


def _clip() -> TextEncoder:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, projection_dim=768,
        num_hidden_layers=12, num_attention_heads=12, max_position_embeddings=TOKENS,
        bos_token_id=49406, eos_token_id=49407, pad_token_id=49407,
    )  # fmt: skip
    words = Words()
    tower = ClipTower(CLIPTextModelWithProjection(config), words, TOKENS)
    return TextEncoder("clip", "", freeze(tower), words, TOKENS)


if __name__ == "__main__":
    main()
