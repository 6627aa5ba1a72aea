"""What a model makes of captions, as pictures and as a file for animators; a map of its latents."""

from __future__ import annotations

import re
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.evaluation.protocol import draw_noise
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.files.tables import write_table
from lead.formats.bvh_writer import write_bvh
from lead.model_directory import UNIT
from lead.models.build import pick_device, use_threads
from lead.models.files import check_lineage, load_projector, load_vae
from lead.motion.features import features_to_joints
from lead.motion.layout import layout
from lead.motion.normalizer import load_normalizer
from lead.pipeline import LeadPipeline
from lead.render.sheet import Panel, motion_sheet
from lead.report.figures import save_figure
from lead.store import MotionStore, gather

CAPTIONS = 4

POINTS = 32
"""Moments at which two motions are compared, whatever their lengths."""

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


def contact_sheet(job: Job) -> None:
    """Generate from four test captions of different contents; beside each, what comes nearest.

    Inputs: ``frames``, ``index``, ``model`` (the files of a model directory).
    Outputs: ``sheet`` (PNG), ``bvh`` (the first of the motions).
    """
    use_threads(job.threads)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    pipeline = LeadPipeline.load(job.inputs["model"][0].parent)
    chosen = _different_contents(store.split("test"), job.seeds.child("contact_sheet"))
    train = store.split("train")
    others = [store[clip] for clip in train]
    positions = layout(skeleton).slice("local_positions")
    rows = []
    for clip in chosen:
        # A test clip may be longer than any the model was trained on.
        seconds = min(clip.frames, pipeline.longest - UNIT) / skeleton.fps
        motion = pipeline.generate([clip.captions[0]], seconds=seconds, seed=job.seeds.root)[0]
        best, distance = nearest_motion(motion.features, others, positions)
        nearest = f"Distance {distance:.3g}: {train[best].captions[0]}"
        joints = features_to_joints(others[best], skeleton)
        rows.append((Panel(motion.text, motion.joints), Panel(nearest, joints)))
        if len(rows) == 1:
            write_bvh(job.outputs["bvh"], motion.joints, skeleton, skeleton.fps)
    unit = "metres" if skeleton.unit == "m" else "KIT-ML's millimetres"
    title = f"lead, and the training clip nearest to it (mean joint distance in {unit})"
    columns = ("generated", "nearest training clip")
    motion_sheet(rows, columns, skeleton, job.outputs["sheet"], title)


def nearest_motion(
    motion: Float[np.ndarray, "T D"], others: Sequence[np.ndarray], local_positions: slice
) -> tuple[int, float]:
    """Position in ``others`` and mean joint distance of the motion most like ``motion``.

    Both are stretched to 32 moments; joints are compared in the body's own facing frame, so
    that where it stands and where it looks do not count. The distance is in the skeleton's unit.
    """
    moments = _moments(motion, local_positions)
    distances = [
        float(np.linalg.norm(_moments(other, local_positions) - moments, axis=-1).mean())
        for other in others
    ]
    best = int(np.argmin(distances))
    return best, distances[best]


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
    rows = [_numbers(name, vectors, verbs) for name, vectors in spaces.items()]
    write_table(job.outputs["numbers"], rows, job.manifest)
    figure, panels = plt.subplots(1, len(spaces), figsize=(3 * len(spaces), 3))
    perplexity = min(PERPLEXITY, (len(clips) - 1) / 3)
    for axes, vectors, row in zip(panels, spaces.values(), rows, strict=True):
        placed = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(vectors)
        for verb in dict.fromkeys(verbs):
            axes.scatter(*placed[np.array(verbs) == verb].T, s=6, label=verb)
        axes.set_title(
            f"{row['space']}\nsilhouette {row['silhouette']:.2f}\n"
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


def _moments(motion: np.ndarray, local_positions: slice) -> Float[np.ndarray, "P J 3"]:
    frames = np.linspace(0, len(motion) - 1, POINTS).round().astype(int)
    return np.asarray(motion[frames, local_positions]).reshape(POINTS, -1, 3)


def _different_contents(clips: list[Clip], seeds: Seeds) -> list[Clip]:
    """One clip each of as many contents, with captions that differ."""
    chosen: dict[str, Clip] = {}
    captions: set[str] = set()
    for row in seeds.numpy().permutation(len(clips)):
        clip = clips[row]
        if clip.content not in chosen and clip.captions[0] not in captions:
            chosen[clip.content] = clip
            captions.add(clip.captions[0])
        if len(chosen) == CAPTIONS:
            break
    return list(chosen.values())


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
    spaces = {"VAE latents z": latent, "realigned": realigned, "recovered": recovered}
    return {name: vectors.flatten(1).cpu().numpy() for name, vectors in spaces.items()}


def _numbers(
    name: str, vectors: Float[np.ndarray, "N W"], verbs: Sequence[str]
) -> dict[str, float | str]:
    """How well the actions part in a space."""
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors

    labels = np.array(verbs)
    count = min(NEIGHBOURS, len(labels) - 1)
    near = NearestNeighbors(n_neighbors=count + 1, metric="cosine").fit(vectors)
    neighbours = near.kneighbors(vectors, return_distance=False)[:, 1:]
    shares = np.array([np.mean(labels == verb) for verb in verbs])
    return {
        "space": name,
        "clips": len(labels),
        "silhouette": float(silhouette_score(vectors, labels, metric="cosine")),
        "purity": float((labels[neighbours] == labels[:, None]).mean()),
        "chance": float(shares.mean()),
    }
