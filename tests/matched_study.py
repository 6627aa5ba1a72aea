"""A study whose random matcher tells motions apart: its text head was solved for, not trained."""

from pathlib import Path

import numpy as np
import torch
import yaml
from finished_study import NAME, build, inputs, study_of

from lead.config.evaluation import Evaluation
from lead.evaluation.embed import embed_real
from lead.evaluation.protocol import draw_pass
from lead.evaluation.repeats import repeat_seeds
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.models.build import build_matcher, freeze
from lead.models.files import save_network
from lead.models.matcher import Matcher
from lead.models.tensors import load_tensors
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionStore
from lead.text.cache import TextCache

ITEMS = 64
"""Test clips: two pools of 32."""

_TEXT_HIDDEN = 512  # more than there are captions, so that the head can fit all of them
_RIDGE = 1e-6


def build_matched(root: Path) -> Path:
    """Write a finished study whose captions are embedded where their motions are."""
    build(root, clips=2 * ITEMS)
    path = root / "config" / f"{NAME}.yaml"
    values = yaml.safe_load(path.read_text())
    values["matcher"]["model"]["text_hidden"] = _TEXT_HIDDEN
    values["evaluation"] = {"repeats": 6, "pool": 32, "batch_size": 16}
    path.write_text(yaml.safe_dump(values))
    study = study_of(root)
    torch.manual_seed(0)
    matcher = freeze(build_matcher(study.matcher.model, HUMANML3D.feature_width))
    weights = inputs(root)["matcher"]
    save_network(matcher, weights, {})
    _solve_text_head(matcher, root, embed(root, root / "unsolved")["motion"])
    save_network(matcher, weights, {})
    return root


def embed(root: Path, folder: Path, **said: object) -> dict[str, np.ndarray]:
    """What `embed_real` writes of the study, with other settings of its evaluation."""
    values = study_of(root).model_dump(mode="json")
    values["evaluation"] |= said
    path = folder / "embeddings.safetensors"
    embed_real(Job("embed", values, inputs(root), {"embeddings": path}))
    return {name: own.numpy() for name, own in load_tensors(path).items()}


def evaluation_of(root: Path) -> Evaluation:
    """The settings of the study's protocol."""
    return study_of(root).evaluation


def seeds_of(root: Path, repeat: int = 0) -> Seeds:
    """The seeds of one of the study's repeats."""
    return repeat_seeds(Seeds(study_of(root).seed), repeat)


def _solve_text_head(matcher: Matcher, root: Path, motion: np.ndarray) -> None:
    """Least squares from the last hidden layer to the mean embedding of a caption's motions."""
    given = inputs(root)
    clips = MotionStore.load(given["frames"], given["index"]).split("test")
    found: dict[str, list[np.ndarray]] = {}
    for repeat, embedded in enumerate(motion):
        captions = draw_pass(clips, seeds_of(root, repeat)).captions
        for caption, row in zip(captions, embedded, strict=True):
            found.setdefault(caption, []).append(row)
    tokens, lengths = TextCache.open(given["text"]).tokens(list(found))
    head = matcher.text_encoder.output_net[-1]
    assert isinstance(head, torch.nn.Linear)
    hidden = {}
    handle = head.register_forward_pre_hook(lambda _, given: hidden.update(last=given[0]))
    with torch.no_grad():
        matcher.embed_text(tokens, lengths)
    handle.remove()
    rows = np.pad(hidden["last"].double().numpy(), ((0, 0), (0, 1)), constant_values=1)
    target = np.stack([np.mean(own, axis=0) for own in found.values()])
    solved = rows.T @ np.linalg.solve(rows @ rows.T + _RIDGE * np.eye(len(rows)), target)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(solved[:-1].T))
        head.bias.copy_(torch.from_numpy(solved[-1]))
