"""Files as kimodo and BONES-SEED have them, of a person who walks."""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
from rigs import SOMA, walking_bvh

from lead.formats.bvh import global_transforms, read_bvh
from lead.formats.kimodo import SOMA30, SOMA77

FINGERTIP = np.array([1.0, 0.0, 0.0])


@cache
def walking_joints() -> dict[str, np.ndarray]:
    """Metres by joint, 75 frames at 30 a second; the ends of fingers a centimetre beyond them."""
    moved = global_transforms(read_bvh(walking_bvh(SOMA).encode(), "soma.bvh"))
    joints = {name: moved.position(name) / 100 for name in moved.names}
    for name, parent in {**SOMA30, **SOMA77}.items():
        joints.setdefault(name, joints.get(parent, joints["Hips"]) + FINGERTIP / 100)
    return joints


def write_kimodo(path: Path, bones=SOMA77, **changes: object) -> Path:
    """A ``motion.npz`` of the walk; ``changes`` replace arrays, None leaves one out."""
    joints = np.stack([walking_joints()[name] for name in bones], axis=1)
    frames = len(joints)
    arrays = {
        "posed_joints": joints.astype(np.float32),
        "global_rot_mats": np.tile(np.eye(3, dtype=np.float32), (*joints.shape[:2], 1, 1)),
        "local_rot_mats": np.tile(np.eye(3, dtype=np.float32), (*joints.shape[:2], 1, 1)),
        "foot_contacts": np.zeros((frames, 6 if len(bones) == 77 else 4), np.float32),
        "smooth_root_pos": joints[:, 0].astype(np.float32),
        "root_positions": joints[:, 0].astype(np.float32),
        "global_root_heading": np.tile(np.float32([1, 0]), (frames, 1)),
        **changes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def seed_bvh(heading: float = 0.0) -> str:
    """The walk as BONES-SEED has it: a wrapper above the hips, and no end sites."""
    channels = "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation"
    head, _, motion = walking_bvh(SOMA, heading=heading).partition("MOTION")
    head = re.sub(r"End Site\s*\{[^}]*\}", "", head)
    top = f"ROOT Root\n{{\nOFFSET 0 0 0\n{channels}\nJOINT Hips"
    frames, rate, *rows = motion.strip().splitlines()
    rows = ["0 0 0 0 0 0 " + row for row in rows]
    return "\n".join([head.replace("ROOT Hips", top) + "}", "MOTION", frames, rate, *rows]) + "\n"


def write_seed(root: Path, motions: dict[str, str], test: tuple[str, ...] = ()) -> Path:
    """BONES-SEED below a data root: BVH text by ``<date>/<motion>``, each with what is said."""
    folder = root / "bones-seed"
    for key, text in motions.items():
        file = folder / "soma_uniform" / "bvh" / f"{key}.bvh"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    names = [key.rpartition("/")[2] for key in motions]
    (folder / "metadata").mkdir()
    with (folder / "metadata/seed_metadata_v004.csv").open("w", newline="") as file:
        columns = ["filename", "content_name", *(f"content_natural_desc_{n}" for n in range(1, 5))]
        table = csv.writer(file)
        table.writerows([columns, *(
            [name, "walk", "A person walks.", f"Somebody, {name}, walks.", "", ""] for name in names
        )])  # fmt: skip
    events = [{"start_time": 0.0, "end_time": 1.1, "description": "A person sets off."},
              {"start_time": 1.1, "end_time": 2.5, "description": "They walk on."}]  # fmt: skip
    with (folder / "metadata/seed_metadata_v002_temporal_labels.jsonl").open("w") as file:
        file.writelines(json.dumps({"filename": n, "events": events}) + "\n" for n in names)
    (folder / "splits").mkdir()
    lists = {"train": [key for key in motions if key not in test], "test_content": test,
             "test_repetition": []}  # fmt: skip
    for name, keys in lists.items():
        (folder / f"splits/{name}_split_paths.txt").write_text("\n".join(keys) + "\n")
    return folder
