"""A map of latents before and after realignment, and how well actions part in each (Fig. 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from lead.clip import Clip
from lead.errors import LeadError
from lead.evaluation.protocol import draw_noise
from lead.figures.style import CYCLE, PAGE, new_figure, save_figure, styled
from lead.files.job import Job
from lead.files.tables import write_table
from lead.models.build import pick_device, use_threads
from lead.models.files import check_lineage, load_projector, load_vae
from lead.motion.normalizer import load_normalizer
from lead.store import UNIT, MotionStore, gather

VERBS = ("walk", "run", "jump", "sit", "kick", "throw", "wave", "crawl", "dance", "swim")
"""Frequent actions of HumanML3D's captions."""

MOST = 60
"""Clips per verb at most."""

NEIGHBOURS = 10
PERPLEXITY = 30.0
_ENOUGH, _FEWEST = 5, 3  # clips of a verb, where there are two such verbs; clips on a map at all
_BATCH = 64
_FORMS = {verb: re.compile(rf"\b{verb}(s|e?d|ing|{verb[-1]}ing)?\b") for verb in VERBS}
_IRREGULAR = {"ran": "run", "running": "run", "sat": "sit", "threw": "throw", "waving": "wave",
              "dancing": "dance", "swam": "swim"}  # fmt: skip
_MARKERS = "os^Dv"


def latent_map(job: Job) -> None:
    """Map test clips by t-SNE in three spaces, and say how well actions part in each.

    The spaces: the VAE's latents z, the realigned z_proj, and the recovered ones. Inputs:
    ``frames``, ``index``, ``stats``, ``vae``, ``projector``. Outputs: ``pdf``, ``png``, and
    ``numbers``, `separation` in each space.

    Raises:
        LeadError: too few clips show one of the verbs alone.
    """
    use_threads(job.threads)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    clips, verbs = clips_of_verbs(store.split("test"))
    spaces = _spaces(job, store, clips)
    rows = [{"space": name, **separation(own, verbs)} for name, own in spaces.items()]
    write_table(job.outputs["numbers"], rows, job.manifest)
    save_figure(draw_map(spaces, verbs), job.outputs)


@styled()
def draw_map(spaces: Mapping[str, Float[np.ndarray, "N _"]], verbs: Sequence[str]) -> Figure:
    """A panel per space, as wide as a page together, with its numbers above it."""
    from sklearn.manifold import TSNE

    figure = new_figure(PAGE, PAGE / len(spaces) + 0.6)
    panels = figure.subplots(1, len(spaces), squeeze=False)[0]
    perplexity = min(PERPLEXITY, (len(verbs) - 1) / 3)
    labels = np.array(verbs)
    numbers = {name: separation(vectors, verbs) for name, vectors in spaces.items()}
    for axes, (name, vectors) in zip(panels, spaces.items(), strict=True):
        placed = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(vectors)
        looks = zip(dict.fromkeys(verbs), cycle(CYCLE), cycle(_MARKERS), strict=False)
        for verb, colour, marker in looks:
            axes.plot(*placed[labels == verb].T, marker, ms=2.6, mew=0, color=colour, label=verb)
        own = numbers[name]
        axes.set_title(
            f"{name}\nsilhouette {_said(own['silhouette'])}\n{own['neighbours']}-NN purity "
            f"{_said(own['purity'])} (at most {_said(own['best'])})",
            fontsize=6,
        )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[["top", "right"]].set_visible(True)
        axes.set_box_aspect(1)
        axes.margins(0.08)
    handles, names = panels[0].get_legend_handles_labels()
    chance = (
        f"t-SNE of {len(verbs)} test clips; silhouette and purity by cosine in the space itself; "
        f"purity of chance {_said(next(iter(numbers.values()))['chance'])}"
    )
    figure.legend(handles, names, loc="outside lower center", ncols=10, title=chance,
                  title_fontsize=6.5, markerscale=1.6, columnspacing=1.0)  # fmt: skip
    return figure


def separation(vectors: Float[np.ndarray, "N W"], verbs: Sequence[str]) -> dict[str, float | int]:
    """How well actions part in a space.

    ``silhouette`` (by cosine; NaN where every clip has a verb of its own), ``purity``, the share of
    the ``neighbours`` nearest clips with a clip's own verb, ``best``, the most that there are clips
    for, and ``chance``, what clips in random places would have of it.
    """
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors

    labels = np.array(verbs)
    count = min(NEIGHBOURS, len(labels) - 1)
    near = NearestNeighbors(n_neighbors=count, metric="cosine").fit(vectors)
    neighbours = near.kneighbors(return_distance=False)  # of each point the others, not itself
    alike = (labels[:, None] == labels).sum(axis=1) - 1
    parts = 1 < len(set(verbs)) < len(verbs)
    return {
        "clips": len(labels),
        "neighbours": count,
        "silhouette": float(silhouette_score(vectors, labels, metric="cosine"))
        if parts
        else np.nan,
        "purity": float((labels[neighbours] == labels[:, None]).mean()),
        "best": float((np.minimum(alike, count) / count).mean()),
        "chance": float((alike / (len(labels) - 1)).mean()),
    }


def verb_of(captions: Sequence[str]) -> str | None:
    """The one verb of VERBS that a clip's captions hold, or None if there is none or several."""
    text = "\n".join(captions).lower()
    verbs = {verb for verb, form in _FORMS.items() if form.search(text)}
    verbs |= {_IRREGULAR[word] for word in re.findall(r"[a-z]+", text) if word in _IRREGULAR}
    return verbs.pop() if len(verbs) == 1 else None


def clips_of_verbs(clips: Sequence[Clip]) -> tuple[list[Clip], list[str]]:
    """Unmirrored clips of a single verb, at most MOST each, and their verbs.

    Verbs with fewer than five clips are left out, unless too few verbs would be left.

    Raises:
        LeadError: the clips show fewer than two verbs, or there are fewer than three.
    """
    by_verb: dict[str, list[Clip]] = {}
    for clip in clips:
        verb = None if clip.id.startswith("M") else verb_of(clip.captions)
        if verb is not None:
            by_verb.setdefault(verb, []).append(clip)
    enough = {verb: some for verb, some in by_verb.items() if len(some) >= _ENOUGH}
    kept = enough if len(enough) > 1 else by_verb
    if len(kept) < 2 or sum(map(len, kept.values())) < _FEWEST:
        raise LeadError(
            "Too few test clips show one action alone for a map of latents.",
            found=", ".join(f"{verb}: {len(some)}" for verb, some in by_verb.items()) or "none",
            expected=f"{_FEWEST} clips, of two of {', '.join(VERBS)}",
            fix="Use a study with more test clips.",
        )
    chosen = [(clip, verb) for verb in VERBS for clip in kept.get(verb, ())[:MOST]]
    return [clip for clip, _ in chosen], [verb for _, verb in chosen]


@torch.no_grad()
def _spaces(job: Job, store: MotionStore, clips: list[Clip]) -> dict[str, Float[np.ndarray, "N _"]]:
    """The vectors of the clips in each space, by its name."""
    check_lineage(job.inputs["vae"], job.inputs["projector"])
    device = pick_device()
    normalizer = load_normalizer(job.inputs["stats"]).torch(device)
    vae = load_vae(job.inputs["vae"]).to(device)
    projector = load_projector(job.inputs["projector"]).to(device)
    latents = []
    for first in range(0, len(clips), _BATCH):
        batch = clips[first : first + _BATCH]
        length = np.array([clip.frames // UNIT * UNIT for clip in batch])
        crops = gather(store, batch, np.zeros(len(batch), dtype=int), length)
        posterior = vae.encode(*normalizer.batch(*crops))
        shape = (vae.latent_tokens, vae.latent_width)
        noise = draw_noise([clip.id for clip in batch], shape, job.seeds.child("latent_map"))
        latents.append(posterior.at(noise.to(device)))
    latent = torch.cat(latents)
    realigned, recovered = projector(latent)
    spaces = {
        r"VAE's latents $z$": latent,
        r"realigned $z_\mathrm{proj}$": realigned,
        r"recovered $\hat{z}$": recovered,
    }
    return {name: vectors.flatten(1).cpu().numpy() for name, vectors in spaces.items()}


def _said(value: float) -> str:
    return "not defined" if np.isnan(value) else f"{value:.2f}"
