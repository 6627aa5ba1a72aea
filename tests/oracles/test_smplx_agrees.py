"""SMPL-H joints without vertices equal those of the body model's own package."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from body_model_files import write_body_model

from lead.formats.body_model import body_joints, read_body_model

smplx = pytest.importorskip("smplx")

VERTEX_NAMES = (
    "nose reye leye rear lear LBigToe LSmallToe LHeel RBigToe RSmallToe RHeel "
    "lthumb lindex lmiddle lring lpinky rthumb rindex rmiddle rring rpinky"
)


def test_joints_equal_those_of_smplx(tmp_path):
    rng = np.random.default_rng(11)
    path = write_body_model(tmp_path / "SMPLH_MALE.npz", rng)
    frames = 6
    poses, trans = rng.normal(size=(frames, 156)), rng.normal(size=(frames, 3))
    betas = rng.normal(size=10)
    oracle = smplx.SMPLH(
        str(path),
        ext="npz",
        use_pca=False,
        # AMASS's hand poses are whole rotations: no mean pose is added to them.
        flat_hand_mean=True,
        num_betas=10,
        # smplx looks up finger tips and the like by number among 6,890 vertices.
        vertex_ids=dict.fromkeys(VERTEX_NAMES.split(), 0),
        batch_size=frames,
        dtype=torch.float64,
    )
    given = torch.from_numpy(poses)
    with torch.no_grad():
        expected = oracle(
            betas=torch.from_numpy(np.tile(betas, (frames, 1))),
            global_orient=given[:, :3],
            body_pose=given[:, 3:66],
            left_hand_pose=given[:, 66:111],
            right_hand_pose=given[:, 111:],
            transl=torch.from_numpy(trans),
        ).joints[:, :52]
    joints = body_joints(read_body_model(path), poses, betas, trans)
    np.testing.assert_allclose(joints, expected.numpy(), atol=1e-5)
    assert np.abs(joints - expected.numpy()).max() < 1e-6
