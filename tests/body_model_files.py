"""Files in the formats of SMPL-H and AMASS with random content, for tests."""

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


def body_model_arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """All arrays of an SMPL-H model with few vertices; the root's parent as the original has it."""
    count = len(PARENTS)
    regressor = rng.random((count, VERTICES)) ** 8
    weights = rng.random((VERTICES, count))
    table = np.array([PARENTS, range(count)], dtype=np.int64).astype(np.uint32)
    return {
        "J_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "v_template": rng.normal(size=(VERTICES, 3)),
        "shapedirs": rng.normal(size=(VERTICES, 3, SHAPES)) * 0.05,
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
    """A model file; ``changes`` replace arrays, None leaves one out."""
    arrays = {**body_model_arrays(rng), **changes}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def write_amass(path: Path, rng: np.random.Generator, frames: int = 90, **changes: object) -> Path:
    """An AMASS take of random poses; ``changes`` replace arrays, None leaves one out."""
    arrays = {
        "poses": rng.normal(size=(frames, 156)) * 0.5,
        "trans": np.cumsum(rng.normal(size=(frames, 3)) * 0.01, axis=0),
        "betas": rng.normal(size=16),
        "dmpls": rng.normal(size=(frames, 8)),
        "gender": np.array("male"),
        "mocap_framerate": np.array(120.0),
        **changes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path
