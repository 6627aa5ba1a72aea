"""Write small valid files of every kind that a stranger may hand on."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import yaml

from lead.config.datasets import SyntheticDataset
from lead.config.load import load_study
from lead.config.models import DenoiserModel, TransformerProjectorModel, VaeModel
from lead.config.training import Training
from lead.datasets.synthetic.dataset import make_clip
from lead.evaluation.actions import fit_classifier, write_classifier
from lead.formats.body_model import ARRAYS, SMPLH
from lead.inversion.words import Word
from lead.mocap.motion_file import StoredMotion, write_motion
from lead.models.build import build_denoiser, build_projector, build_vae
from lead.models.files import latents_of, save_network
from lead.models.tensors import save_tensors
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import fit_normalizer, matcher_normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D
from lead.training.state import TrainingState

MAP_NAMES = ("Hips", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToe")
CAPTION = "a person walks"
TEXT = 384
"""Width of the text that the small model reads."""
SIZE = {"width": 16, "heads": 2, "feedforward": 32, "layers": 1, "dropout": 0.0}

JOINTS_OF = make_clip(SyntheticDataset(), 1, 0).joints[:48]
MOTION = StoredMotion(JOINTS_OF, HUMANML3D, 20.0, CAPTION)
FEATURES = joints_to_features(JOINTS_OF, HUMANML3D)
STATISTICS = fit_normalizer([FEATURES], layout(HUMANML3D))
MATCHER = matcher_normalizer(STATISTICS, layout(HUMANML3D), 25.0)


def bvh(folder: Path) -> None:
    """A motion with bones of one length."""
    write_motion(MOTION, folder / "a.bvh")


def asfamc(folder: Path) -> None:
    """A skeleton of four bones, and forty frames."""
    bone = "begin\nid {0}\nname {1}\ndirection 0 1 0\nlength 2.5\naxis 0 0 20 XYZ\ndof rx rz\nend\n"
    bones = "".join(bone.format(n, name) for n, name in enumerate(("back", "neck", "arm"), 1))
    (folder / "a.asf").write_text(
        ":version 1.10\n:name x\n:units\nmass 1.0\nlength 0.45\nangle deg\n:root\n"
        "order TX TY TZ RX RY RZ\naxis XYZ\nposition 0 0 0\norientation 0 0 0\n:bonedata\n"
        f"{bones}:hierarchy\nbegin\nroot back\nback neck arm\nend\n"
    )
    frame = "root 1.5 17.2 0.1 2 -3 4\nback 1.25 2\nneck 0.5 3\narm 10 -20.5\n"
    frames = "".join(f"{number}\n{frame}" for number in range(1, 41))
    (folder / "a.amc").write_text(f":FULLY-SPECIFIED\n:DEGREES\n{frames}")


def npz(folder: Path) -> None:
    """A motion as `lead import` writes it, with features."""
    write_motion(StoredMotion(JOINTS_OF, HUMANML3D, 20.0, CAPTION, FEATURES), folder / "a.npz")


def npy(folder: Path) -> None:
    """Features, as datasets hold them, and positions."""
    np.save(folder / "features.npy", FEATURES)
    np.save(folder / "joints.npy", JOINTS_OF.astype(np.float32))


def glb(folder: Path) -> None:
    """A motion for animation programs."""
    write_motion(MOTION, folder / "a.glb")


def amass(folder: Path) -> None:
    """A take, and a body model of sixty vertices."""
    rng = np.random.default_rng(0)
    poses, trans = rng.normal(size=(60, SMPLH.width)), rng.normal(size=(60, 3))
    betas, take = rng.normal(size=16), folder / "take.npz"
    np.savez(take, poses=poses, trans=trans, betas=betas, gender="male", mocap_framerate=120.0)
    parents = np.array([HUMANML3D.parents + (20,) * 15 + (21,) * 15, range(SMPLH.joints)])
    values = rng.random((SMPLH.joints, 60)), rng.random((60, 3)), rng.random((60, 3, 16)), parents
    model: dict[str, Any] = dict(zip(ARRAYS, values, strict=True))
    np.savez(folder / "model.npz", **model)


def archive(folder: Path) -> None:
    """A zip and a tar.gz of the same small files."""
    files = {f"top/{name}.txt": f"{name} walks\n".encode() * 50 for name in ("a", "b", "c")}
    with zipfile.ZipFile(folder / "top.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    (folder / "top.tar.gz").write_bytes(gzip.compress(out.getvalue(), 1))


def study(folder: Path) -> None:
    """A study with every key there is."""
    repository = Path(__file__).parents[2]
    values = load_study("demo", folder=repository / "config").model_dump(mode="json")
    (folder / "mine.yaml").write_text(yaml.safe_dump(values, sort_keys=False))


def map_file(folder: Path) -> None:
    """A skeleton map with every kind of entry."""
    (folder / "map.yaml").write_text(
        "unit: cm\nup: y\nsides: keep\ndrop_frames: 1\npelvis: Hips\n"
        "left_hip: LeftUpLeg~Hips@0.25\nleft_knee: [LeftLeg, LeftFoot, 0.1]\nleft_foot: LeftToe\n"
    )


def model(folder: Path) -> None:
    """A model directory of tiny networks, with actions that it was taught."""
    torch.manual_seed(0)
    vae, denoiser = VaeModel.model_validate(SIZE), DenoiserModel.model_validate(SIZE)
    projector = TransformerProjectorModel.model_validate(SIZE)
    save_network(build_vae(vae, HUMANML3D.feature_width), folder / "vae.safetensors", {})
    lineage = latents_of(folder / "vae.safetensors")
    networks = {
        "denoiser": build_denoiser(denoiser, vae.width, vae.latent_tokens, TEXT),
        "projector": build_projector(projector, vae.width, vae.latent_tokens, TEXT),
    }
    for name, network in networks.items():
        save_network(network, folder / f"{name}.safetensors", lineage)
    save_normalizer(STATISTICS, folder / "stats.npz")
    np.savez(folder / "condition.npz", mean=np.zeros(TEXT, "f4"), std=np.ones(TEXT, "f4"))
    save_tensors({"centroids": torch.eye(2, TEXT).half()}, folder / "taught.safetensors", {})
    actions = [{"action": name, "caption": f"a person {name}s"} for name in ("walk", "run")]
    values = {
        "vae": SIZE, "denoiser": SIZE, "projector": {**SIZE, "kind": "transformer"},
        "skeleton": "humanml3d", "text": {"kind": "minilm"}, "diffusion": {"train_steps": 1000},
        "sampling_steps": 2, "guidance": 2.0, "longest": 80,
        "taught": {"threshold": 0.1, "actions": actions},
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(values, indent=1))


def word(folder: Path) -> None:
    """An inverted word."""
    vector, loss = torch.linspace(-1, 1, 24), torch.rand(3, 2)
    facts = ("minilm", "abc", "m", "walk", "lead", ("a.bvh",), 0.5, 0.25)
    Word("<zombie>", vector, loss, *facts).save(folder / "zombie.word")


def _torch(path: Path, *, zipped: bool) -> None:
    weights = {
        "vae.global_motion_token": torch.rand(2, 16),
        "vae.skel_embedding.weight": torch.rand(16, 30, dtype=torch.float64),
        "denoiser.query_pos.pe": torch.rand(8, 1, 16).half(),
    }
    torch.save({"state_dict": weights, "epoch": 3}, path, _use_new_zipfile_serialization=zipped)


def checkpoint(folder: Path) -> None:
    """A torch file of today's kind, one of before 1.6, and a safetensors file."""
    _torch(folder / "a.ckpt", zipped=True)
    _torch(folder / "b.tar", zipped=False)
    save_tensors({"vae.w": torch.rand(3, 4)}, folder / "c.safetensors", {})


def evaluator(folder: Path) -> None:
    """The statistics of the published evaluator, and a classifier of actions."""
    np.save(folder / "mean.npy", MATCHER.mean)
    np.save(folder / "std.npy", MATCHER.std)
    rng = np.random.default_rng(0)
    classifier = fit_classifier(rng.normal(size=(20, 6)), ["walk", "run"] * 10)
    write_classifier(classifier, folder / "actions.safetensors", {})


def glove(folder: Path) -> None:
    """Word vectors of four words."""
    words = ("sos", "eos", "unk", "walk")
    np.save(folder / "our_vab_data.npy", np.random.default_rng(0).normal(size=(4, 300)))
    (folder / "our_vab_words.pkl").write_bytes(pickle.dumps(list(words), 3))
    rows = {name: row for row, name in enumerate(words)}
    (folder / "our_vab_idx.pkl").write_bytes(pickle.dumps(rows, 3))


def predictions(folder: Path) -> None:
    """Another model's motions: files, and a table of them."""
    (folder / "files").mkdir()
    np.save(folder / "files" / "a.npy", JOINTS_OF.astype("f4"))
    np.savez(folder / "files" / "b.npz", motion=FEATURES, lengths=40, fps=20)
    rows = {"id": ["a", "b"], "repeat": [0, 0], "motion": [FEATURES.tolist()] * 2}
    pq.write_table(pa.table(rows), folder / "table.parquet")


def captions(folder: Path) -> None:
    """The captions that a model was given, as text and as a table."""
    rows = {"id": ["000001", "b"], "caption": [CAPTION, "someone, who runs"], "repeat": [0, 0]}
    pq.write_table(pa.table(rows), folder / "c.parquet")
    lines = 'id,caption,repeat\n000001,a person walks,0\nb,"someone, who runs",0\n'
    (folder / "c.csv").write_text(lines)


def texts(folder: Path) -> None:
    """A caption file of HumanML3D."""
    line = "a person walks#a/DET person/NOUN walk/VERB#0.0#2.5\n"
    (folder / "000001.txt").write_text(line * 3)


def state(folder: Path) -> None:
    """The saved state of a training."""
    torch.manual_seed(0)
    TrainingState.start(torch.nn.Linear(4, 4), Training(steps=9, batch_size=2)).save(folder)
