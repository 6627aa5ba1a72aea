"""One forward walk of every source: its bones point where HumanML3D's point on average.

Exceptions: ``head``, for SMPL's head joint lies forward of the neck and mocap's above it; what
`EXCEPTIONS` names. The one take in DAZ's convention, 05_20, is a dance; of the two in AMC, neither
a walk, 11_01 goes to a ball and kicks it, while 01_01 jumps about on a playground.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from lead.formats.archive import members
from lead.formats.asfamc import read_asf
from lead.mocap.conventions import BANDAI, CMU_3DSMAX, CMU_DAZ, CMU_MOTIONBUILDER, STYLE100
from lead.mocap.read import take_from_amc, take_from_bvh
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D

BANDAI_WALKS = {
    "Bandai-Namco 1": ("dataset-1", "dataset-1_walk_normal_001.bvh"),
    "Bandai-Namco 2": ("dataset-2", "dataset-2_walk_normal_019.bvh"),
}
CMU_WALKS = {
    "CMU MotionBuilder": ("bvh_motion-viewer/08/08_01.bvh", CMU_MOTIONBUILDER),
    "CMU 3dsmax": ("bvh_bvh11_3dsmax/131_01.bvh", CMU_3DSMAX),
    "CMU DAZ": ("bvh_creativeinquiry/05_20-daz.bvh", CMU_DAZ),
}
AMC, ASF = "asfamc_fairmotion/11_01.amc", "asfamc_fairmotion/11.asf"
WALKS = (*BANDAI_WALKS, *CMU_WALKS, "CMU AMC", "100STYLE")
EXCEPTIONS = {
    ("CMU DAZ", "spine1"): "DAZ's hip lies 12 cm below MotionBuilder's",
    ("CMU 3dsmax", "right_wrist"): "the performance: a walk in Michael Jackson's style",
}
BLOCKS = layout(HUMANML3D)


@pytest.fixture(scope="module")
def walks(data_root) -> dict[str, np.ndarray]:
    """Features of each walk."""
    cmu = _cmu(data_root)
    takes = {name: _bandai(data_root, *file) for name, file in BANDAI_WALKS.items()} | {
        name: take_from_bvh(cmu[file], name, file, [convention])
        for name, (file, convention) in CMU_WALKS.items()
    }
    takes["CMU AMC"] = take_from_amc(cmu[AMC], read_asf(cmu[ASF], ASF), "11_01", AMC)
    rushed = lzma.decompress((data_root / "100style/rushed_reference.bvh.xz").read_bytes())
    takes["100STYLE"] = take_from_bvh(rushed, "rushed", "rushed.bvh", [STYLE100])
    return {
        name: joints_to_features(resample(take.joints, take.fps, 20.0), HUMANML3D)
        for name, take in takes.items()
    }


def _bandai(data_root: Path, dataset: str, file: str):
    path = data_root / "bandai-namco" / f"{dataset}.tar.xz"
    name, content = next(members(path, lambda name: name.endswith(file)))
    return take_from_bvh(content, file, name, [BANDAI])


def _cmu(data_root: Path) -> dict[str, bytes]:
    wanted = {AMC, ASF, *(file for file, _ in CMU_WALKS.values())}
    return dict(members(data_root / "cmu" / "cmu-takes.tar.xz", wanted.__contains__))


def bones(features: np.ndarray) -> np.ndarray:
    """Mean direction of each bone in the facing frame, from features or their mean: 21 x 3."""
    mean = np.asarray(features, dtype=np.float64).reshape(-1, BLOCKS.width).mean(axis=0)
    pelvis = [0.0, *mean[BLOCKS.slice("root_height")], 0.0]
    pose = np.concatenate([[pelvis], mean[BLOCKS.slice("local_positions")].reshape(-1, 3)])
    bone = pose[1:] - pose[list(HUMANML3D.parents[1:])]
    return bone / np.linalg.norm(bone, axis=1, keepdims=True)


@pytest.mark.parametrize("walk", WALKS)
def test_bones_are_within_35_degrees_of_humanml3ds_mean_pose(walks, data_root, walk):
    published = bones(np.load(data_root / "humanml3d/Mean.npy"))
    angles = np.degrees(np.arccos((bones(walks[walk]) * published).sum(axis=1)))
    far = {
        joint
        for joint, angle in zip(HUMANML3D.joints[1:], angles, strict=True)
        if angle > 35 and joint != "head"
    }
    assert far == {joint for name, joint in EXCEPTIONS if name == walk}, angles.round(1)


@pytest.mark.parametrize("walk", WALKS)
def test_the_root_is_on_average_85_to_100_centimetres_up(walks, walk):
    assert 0.85 < walks[walk][:, BLOCKS.slice("root_height")].mean() < 1.0


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk != "CMU DAZ"])
def test_the_body_goes_where_it_faces(walks, walk):
    sideways, ahead = 20 * walks[walk][:, BLOCKS.slice("root_velocity")].mean(axis=0)
    assert ahead > 0.3 and abs(sideways) < 0.5 * ahead


@pytest.mark.parametrize("walk", WALKS)
def test_every_feature_is_a_number(walks, walk):
    assert np.isfinite(walks[walk]).all()
