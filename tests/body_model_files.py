"""Files in the formats of SMPL-H, SMPL-X and AMASS with random content, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

VERTICES, SHAPES = 60, 16
BODY = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
FINGERS = tuple(
    wrist if joint % 3 == 0 else first + joint - 1
    for wrist, first in ((20, 22), (21, 37))
    for joint in range(15)
)
PARENTS = (*BODY, *FINGERS)
PARENTS_X = (*BODY, 15, 15, 15, *(joint + 3 if joint > 21 else joint for joint in FINGERS))
"""Of SMPL-X: jaw and eyes hang from the head, and come before the fingers."""


def body_model_arrays(
    rng: np.random.Generator, parents: tuple[int, ...] = PARENTS, columns: int = SHAPES
) -> dict[str, np.ndarray]:
    """All arrays of a model with few vertices; the root's parent as the original has it."""
    count = len(parents)
    regressor = rng.random((count, VERTICES)) ** 8
    weights = rng.random((VERTICES, count))
    table = np.array([parents, range(count)], dtype=np.int64).astype(np.uint32)
    return {
        "J_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "v_template": rng.normal(size=(VERTICES, 3)),
        "shapedirs": rng.normal(size=(VERTICES, 3, columns)) * 0.05,
        "kintree_table": table,
        "posedirs": rng.normal(size=(VERTICES, 3, 9 * (count - 1))) * 0.01,
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "f": rng.integers(0, VERTICES, (20, 3)),
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
        "hands_meanl": rng.normal(size=45) * 0.1,
        "hands_meanr": rng.normal(size=45) * 0.1,
    }


def write_body_model(path: Path, rng: np.random.Generator, **changes: object) -> Path:
    """A model file of SMPL-H; ``changes`` replace arrays, None leaves one out."""
    return _write(path, {**body_model_arrays(rng), **changes})


def write_smplx(
    path: Path, rng: np.random.Generator, columns: int = 400, **changes: object
) -> Path:
    """A model file of SMPL-X: 300 columns of shape and 100 of expression, or 10 and 10."""
    arrays = body_model_arrays(rng, PARENTS_X, columns)
    # Of no use here, and pickled, as in the file that is distributed.
    pickled = np.array({"head": 15}, dtype=object)
    return _write(path, {**arrays, "joint2num": pickled, "part2num": pickled, **changes})


def write_stageii(
    path: Path, rng: np.random.Generator, frames: int = 90, **changes: object
) -> Path:
    """An AMASS take of SMPL-X, with the arrays of its release; ``changes`` as in `write_amass`."""
    poses = rng.normal(size=(frames, 165)) * 0.5
    parts = np.split(poses, [3, 66, 69, 75], axis=1)
    names = ("root_orient", "pose_body", "pose_jaw", "pose_eye", "pose_hand")
    arrays = {
        "gender": np.array("male"),
        "surface_model_type": np.array("smplx"),
        "mocap_frame_rate": np.array(120.0),
        "mocap_time_length": np.array(frames / 120),
        "markers_latent": rng.normal(size=(41, 3)),
        "latent_labels": np.array(["ARIEL", "C7"], dtype=object),
        "markers_latent_vids": np.array({}, dtype=object),
        "trans": np.cumsum(rng.normal(size=(frames, 3)) * 0.01, axis=0),
        "poses": poses,
        "betas": rng.normal(size=16),
        "num_betas": np.array(16),
        **dict(zip(names, parts, strict=True)),
    }
    return _write(path, {**arrays, **changes})


def write_amass(path: Path, rng: np.random.Generator, frames: int = 90, **changes: object) -> Path:
    """An AMASS take of random poses; ``changes`` replace arrays, None leaves one out."""
    arrays = {
        "poses": rng.normal(size=(frames, 156)) * 0.5,
        "trans": np.cumsum(rng.normal(size=(frames, 3)) * 0.01, axis=0),
        "betas": rng.normal(size=16),
        "dmpls": rng.normal(size=(frames, 8)),
        "gender": np.array("male"),
        "mocap_framerate": np.array(120.0),
    }
    return _write(path, {**arrays, **changes})


def _write(path: Path, arrays: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path
