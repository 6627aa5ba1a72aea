"""A study that looks finished: synthetic clips, and a matcher and texts of random numbers."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import yaml

from lead.clip import Clip
from lead.config.datasets import SyntheticDataset
from lead.config.load import load_study
from lead.config.study import Study
from lead.datasets.synthetic.dataset import make_clip
from lead.evaluation.actions import train_action_classifier
from lead.evaluation.embed import embed_real
from lead.evaluation.protocol import Pass, draw_pass
from lead.evaluation.repeats import repeat_seeds
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.models.build import build_denoiser, build_matcher, build_projector, build_vae
from lead.models.files import save_network
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import fit_normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionStore, write_index
from lead.text.cache import write_text_cache
from lead.text.encoder import EncodedText, TextEncoder

NAME = "micro"
ACTIONS = ("turn_left", "turn_right")
"""What clips are said to show, by turns of four: nothing that could be seen in them."""

_TOKEN = 8
_VALUES = {
    "extends": "demo",
    "name": NAME,
    "description": "a few synthetic clips",
    "machine": {"threads": 1},
    "matcher": {
        "model": {
            "movement_width": 16,
            "motion_hidden": 16,
            "text_hidden": 16,
            "embedding": 12,
            "token_width": _TOKEN,
            "pos_classes": 0,
        }
    },
    "evaluation": {
        "repeats": 2,
        "pool": 4,
        "allow_small": True,
        "multimodality": {"items": 2, "samples": 3, "pairs": 2},
    },
}


class NoNetwork:
    """What `Words` has instead of a network."""

    width = token_width = _TOKEN

    def __call__(self, ids):
        raise NotImplementedError


class Words(TextEncoder):
    """Token states that depend on nothing but the words."""

    def encode(self, captions: Sequence[str], batch_size: int = 16) -> EncodedText:
        tokens = [torch.stack([_state(w) for w in ["", *c.split()]]) for c in captions]
        return EncodedText(torch.stack([own.mean(0) for own in tokens]), tokens)


def build(root: Path, clips: int = 24) -> Path:
    """Write ``config`` and ``results/micro`` under ``root``; half of the clips are test items."""
    shutil.copytree(Path(__file__).parents[1] / "config", root / "config")
    (root / "config" / f"{NAME}.yaml").write_text(yaml.safe_dump(_VALUES))
    study = study_of(root)
    results = root / "results" / NAME
    (results / "features").mkdir(parents=True)
    made = [make_clip(SyntheticDataset(kind="synthetic", clips=clips), 5, n) for n in range(clips)]
    motions = [joints_to_features(clip.joints, HUMANML3D) for clip in made]
    ends = np.cumsum([len(motion) for motion in motions])
    index = [
        Clip(f"clip_{n}", "test" if n % 2 else "train", int(end) - len(motion), int(end),
             tuple(clip.captions), f"take_{n}", ACTIONS[n % 4 // 2], None, "s")
        for n, (motion, end, clip) in enumerate(zip(motions, ends, made, strict=True))
    ]  # fmt: skip
    np.save(results / "features" / "frames.npy", np.concatenate(motions))
    write_index(results / "features" / "index.parquet", index, int(ends[-1]), {})
    save_normalizer(
        fit_normalizer(iter(motions), layout(HUMANML3D)), results / "features" / "stats.npz"
    )
    captions = sorted({caption for clip in index for caption in clip.captions})
    encoder = Words("words", "", NoNetwork(), None, 0)
    write_text_cache(results / "text" / "text.safetensors", captions, encoder)
    torch.manual_seed(0)
    matcher = build_matcher(study.matcher.model, HUMANML3D.feature_width)
    save_network(matcher, results / "models" / "matcher" / "matcher.safetensors", {})
    embedded = results / study.embeddings("real")[0]
    slices = settings(study)
    train_action_classifier(
        Job(
            "train_action_classifier", slices, inputs(root), {"classifier": inputs(root)["actions"]}
        )
    )
    embed_real(Job("embed", slices, inputs(root), {"embeddings": embedded}))
    given = {"real": embedded, "embeddings": embedded}
    compute_metrics(
        Job("metrics", slices | {"system": "real"}, given,
            {"metrics": results / "systems" / "real" / "metrics.parquet"})
    )  # fmt: skip
    return root


def study_of(root: Path) -> Study:
    """The study that `build` wrote."""
    return load_study(NAME, folder=root / "config")


def settings(study: Study) -> dict:
    """The slices that embedding needs."""
    values = study.model_dump(mode="json")
    names = ("seed", "dataset", "evaluator", "matcher", "evaluation")
    return {name: values[name] for name in names}


def real_embeddings(root: Path) -> Path:
    """The stored embeddings of the real motions."""
    return root / "results" / NAME / study_of(root).embeddings("real")[0]


def inputs(root: Path) -> dict[str, Path]:
    """The files that embedding needs."""
    results = root / "results" / NAME
    files = {name: f"features/{name}" for name in ("frames.npy", "index.parquet", "stats.npz")}
    return {
        **{name.partition(".")[0]: results / file for name, file in files.items()},
        "text": results / "text" / "text.safetensors",
        "matcher": results / "models" / "matcher" / "matcher.safetensors",
        "actions": results / "models" / "action_classifier.safetensors",
    }


def write_networks(root: Path) -> dict[str, Path]:
    """The study's networks, of random numbers; what generation needs beside `inputs`."""
    study, models = study_of(root), root / "results" / NAME / "models"
    torch.manual_seed(1)
    latent = (study.vae.model.width, study.vae.model.latent_tokens)
    networks = {
        "vae": build_vae(study.vae.model, HUMANML3D.feature_width),
        "denoiser": build_denoiser(study.denoiser.model, *latent, _TOKEN),
        "projector": build_projector(study.projectors["lead"].model, *latent, _TOKEN),
    }
    for name, network in networks.items():
        save_network(network, models / f"{name}.safetensors", {})
    return {name: models / f"{name}.safetensors" for name in networks}


def generating(study: Study) -> dict:
    """The slices that generation needs."""
    values = study.model_dump(mode="json")
    slices = {name: values[name] for name in ("text", "vae", "diffusion", "denoiser")}
    return settings(study) | slices | {"projector": values["projectors"]["lead"]}


def drawn(root: Path, repeat: int) -> tuple[Pass, list[np.ndarray]]:
    """What the protocol reads in a repeat, and the real motions of it."""
    given = inputs(root)
    store = MotionStore.load(given["frames"], given["index"])
    own = draw_pass(store.split("test"), repeat_seeds(Seeds(study_of(root).seed), repeat))
    rows = zip(own.clips, own.start, own.length, strict=True)
    return own, [np.array(store[clip][start : start + length]) for clip, start, length in rows]


def write_copy(root: Path, folder: Path, repeats: int) -> Path:
    """The real motions of each repeat, as a model's output that is perfect."""
    for repeat in range(repeats):
        target = folder / f"repeat_{repeat:02d}" if repeats > 1 else folder
        target.mkdir(parents=True)
        own, motions = drawn(root, repeat)
        for clip, motion in zip(own.clips, motions, strict=True):
            np.save(target / f"{clip.id}.npy", motion)
    return folder


def _state(word: str) -> torch.Tensor:
    return torch.randn(_TOKEN, generator=Seeds(1).child(word).torch())
