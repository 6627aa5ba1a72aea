"""A map of latents before and after realignment, and how well actions part in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float

from lead.clip import Clip
from lead.errors import LeadError
from lead.evaluation.protocol import draw_noise
from lead.files.job import Job
from lead.files.tables import write_table
from lead.models.build import pick_device, use_threads
from lead.models.files import check_lineage, load_projector, load_vae
from lead.motion.normalizer import load_normalizer
from lead.report.figures import save_figure
from lead.store import MotionStore, gather

VERBS = ("walk", "run", "jump", "sit", "kick", "throw", "wave", "crawl", "dance", "swim")
"""Frequent actions of HumanML3D's captions."""

MOST = 60
"""Clips per verb at most."""

NEIGHBOURS = 10
PERPLEXITY = 30.0
_FEWEST = 5  # clips of a verb, and two verbs at least
_BATCH = 64
_FORMS = {verb: re.compile(rf"\b{verb}(s|e?d|ing|{verb[-1]}ing)?\b") for verb in VERBS}
_IRREGULAR = {"ran": "run", "running": "run", "sat": "sit", "threw": "throw", "waving": "wave",
              "dancing": "dance", "swam": "swim"}  # fmt: skip


@dataclass(frozen=True)
class Space:
    """One set of vectors with how well the actions part in it."""

    name: str
    vectors: Float[np.ndarray, "N W"]


def latent_map(job: Job) -> None:
    """Map test clips by t-SNE in three spaces, and say how well actions part in each.

    The spaces: the VAE's latents z, the realigned z_proj, and the recovered ones. The numbers:
    silhouette (cosine), and the share of the ten nearest neighbours with the clip's own verb,
    beside what chance gives. Inputs: ``frames``, ``index``, ``stats``, ``text``, ``vae``,
    ``projector``. Outputs: ``pdf``, ``png``, ``numbers``.

    Raises:
        LeadError: too few clips show one of the verbs alone.
    """
    from sklearn.manifold import TSNE

    use_threads(job.threads)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    clips, verbs = _chosen(store.split("test"))
    spaces = _spaces(job, store, clips)
    rows = [_numbers(space, verbs) for space in spaces]
    write_table(job.outputs["numbers"], rows, job.manifest)
    figure, panels = plt.subplots(1, len(spaces), figsize=(3 * len(spaces), 3))
    for axes, space, row in zip(panels, spaces, rows, strict=True):
        perplexity = min(PERPLEXITY, (len(clips) - 1) / 3)
        placed = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(
            space.vectors
        )
        for verb in dict.fromkeys(verbs):
            axes.scatter(*placed[np.array(verbs) == verb].T, s=6, label=verb)
        axes.set_title(
            f"{space.name}\nsilhouette {row['silhouette']:.2f}\n"
            f"same neighbours {row['purity']:.2f} (chance {row['chance']:.2f})",
            fontsize=8,
        )
        axes.set_xticks([])
        axes.set_yticks([])
    panels[-1].legend(fontsize=6, frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
    save_figure(figure, job.outputs["pdf"], job.outputs["png"])


def verb_of(captions: Sequence[str]) -> str | None:
    """The one verb of VERBS that a clip's captions hold, or None if there is none or several."""
    text = "\n".join(captions).lower()
    verbs = {verb for verb, form in _FORMS.items() if form.search(text)}
    verbs |= {_IRREGULAR[word] for word in re.findall(r"[a-z]+", text) if word in _IRREGULAR}
    return verbs.pop() if len(verbs) == 1 else None


def _chosen(clips: Sequence[Clip]) -> tuple[list[Clip], list[str]]:
    """Unmirrored clips of a single verb, at most MOST each."""
    by_verb: dict[str, list[Clip]] = {}
    for clip in clips:
        verb = None if clip.id.startswith("M") else verb_of(clip.captions)
        if verb is not None:
            by_verb.setdefault(verb, []).append(clip)
    kept = {verb: some[:MOST] for verb, some in by_verb.items() if len(some) >= _FEWEST}
    if len(kept) < 2:
        raise LeadError(
            "Too few test clips show one action alone for a map of latents.",
            found=", ".join(f"{verb}: {len(some)}" for verb, some in by_verb.items()) or "none",
            expected=f"two of {', '.join(VERBS)} with {_FEWEST} clips each",
            fix="Use a study with more test clips.",
        )
    chosen = [(clip, verb) for verb in VERBS for clip in kept.get(verb, ())]
    return [clip for clip, _ in chosen], [verb for _, verb in chosen]


@torch.no_grad()
def _spaces(job: Job, store: MotionStore, clips: list[Clip]) -> list[Space]:
    check_lineage(job.inputs["vae"], job.inputs["projector"])
    device = pick_device()
    normalizer = load_normalizer(job.inputs["stats"]).torch(device)
    vae = load_vae(job.inputs["vae"]).to(device)
    projector = load_projector(job.inputs["projector"]).to(device)
    latents = []
    for first in range(0, len(clips), _BATCH):
        batch = clips[first : first + _BATCH]
        length = np.array([clip.frames // 4 * 4 for clip in batch])
        motion, mask = gather(store, batch, np.zeros(len(batch), dtype=int), length)
        real = torch.from_numpy(mask).to(device)
        normalised = normalizer.normalise(torch.from_numpy(motion).to(device)) * real[..., None]
        posterior = vae.encode(normalised, real)
        shape = (vae.latent_tokens, vae.latent_width)
        noise = draw_noise([clip.id for clip in batch], shape, job.seeds.child("latent_map"))
        latents.append(posterior.at(noise.to(device)))
    latent = torch.cat(latents)
    realigned, recovered = projector(latent)
    return [
        Space("VAE latents z", latent.flatten(1).cpu().numpy()),
        Space("realigned", realigned.cpu().numpy()),
        Space("recovered", recovered.flatten(1).cpu().numpy()),
    ]


def _numbers(space: Space, verbs: Sequence[str]) -> dict[str, float | str]:
    """How well the actions part in a space."""
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors

    labels = np.array(verbs)
    count = min(NEIGHBOURS, len(labels) - 1)
    near = NearestNeighbors(n_neighbors=count + 1, metric="cosine").fit(space.vectors)
    neighbours = near.kneighbors(space.vectors, return_distance=False)[:, 1:]
    shares = np.array([np.mean(labels == verb) for verb in verbs])
    return {
        "space": space.name,
        "clips": len(labels),
        "silhouette": float(silhouette_score(space.vectors, labels, metric="cosine")),
        "purity": float((labels[neighbours] == labels[:, None]).mean()),
        "chance": float(shares.mean()),
    }
