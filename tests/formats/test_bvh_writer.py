"""A written BVH says the same motion to an independent reader."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.formats.bvh_writer import rest_directions, write_bvh
from lead.motion.kinematics import bone_lengths
from lead.motion.skeleton import HUMANML3D, KIT


class Reader:
    """Just enough of BVH, read from its definition: names, offsets, ends and joint positions."""

    def __init__(self, text: str) -> None:
        head, motion = text.split("MOTION\n")
        self.names, self.parents, self.offsets, self.channels = [], [], [], []
        self.ends = 0
        stack, ending = [], False
        for line in head.splitlines():
            match line.split():
                case ["ROOT" | "JOINT", name]:
                    self.parents.append(stack[-1] if stack else -1)
                    self.names.append(name)
                    stack.append(len(self.names) - 1)
                case ["End", "Site"]:
                    ending = True
                    self.ends += 1
                case ["OFFSET", *numbers] if not ending:
                    self.offsets.append([float(number) for number in numbers])
                case ["CHANNELS", count, *names]:
                    assert int(count) == len(names)
                    self.channels.append(names)
                case ["}"]:
                    if not ending:
                        stack.pop()
                    ending = False
        frames, time, *rows = motion.splitlines()
        self.frame_time = float(time.removeprefix("Frame Time:"))
        self.values = np.array([[float(number) for number in row.split()] for row in rows])
        assert int(frames.removeprefix("Frames:")) == len(rows)

    def joints(self, names: tuple[str, ...]) -> np.ndarray:
        """Positions by forward kinematics, in the order of ``names``."""
        positions, world, column = [], [], 0
        for parent, offset, channels in zip(self.parents, self.offsets, self.channels, strict=True):
            place = np.tile(offset, (len(self.values), 1))
            if "Xposition" in channels:
                place = self.values[:, column : column + 3]
                column += 3
            order = "".join(name[0] for name in channels if name.endswith("rotation"))
            angles = self.values[:, column : column + 3]
            column += 3
            turn = Rotation.from_euler(order, angles, degrees=True)
            if parent >= 0:
                place = positions[parent] + world[parent].apply(place)
                turn = world[parent] * turn
            positions.append(place)
            world.append(turn)
        assert column == self.values.shape[1]
        return np.stack([positions[self.names.index(name)] for name in names], axis=1)


def written(tmp_path, joints, skeleton, fps=20.0) -> Reader:
    write_bvh(tmp_path / "motion.bvh", joints, skeleton, fps)
    return Reader((tmp_path / "motion.bvh").read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def clip(data_root) -> np.ndarray:
    return np.load(data_root / "humanml3d/new_joints/012314.npy").astype(np.float64)


@pytest.fixture(scope="module")
def kit_clip(data_root) -> np.ndarray:
    """KIT-ML's mean body, which turns once about itself."""
    mean = np.load(data_root / "evaluators/kit_mean.npy")
    body = np.concatenate([[[0.0, mean[3], 0.0]], mean[4:64].reshape(20, 3)])
    return np.stack([Rotation.from_euler("y", a).apply(body) for a in np.linspace(0, 6.28, 40)])


def test_a_real_clip_is_read_within_3_cm(tmp_path, clip):
    found = written(tmp_path, clip, HUMANML3D).joints(HUMANML3D.joints)
    assert np.linalg.norm(found - 100 * clip, axis=-1).mean() < 3


def test_the_root_of_a_real_clip_is_read_exactly(tmp_path, clip):
    found = written(tmp_path, clip, HUMANML3D).joints(HUMANML3D.joints)
    np.testing.assert_allclose(found[:, 0], 100 * clip[:, 0], atol=1e-4)


def test_bones_are_as_long_as_the_skeletons(tmp_path, clip):
    found = written(tmp_path, clip, HUMANML3D).joints(HUMANML3D.joints)
    expected = 100 * np.array(HUMANML3D.bone_lengths)
    np.testing.assert_allclose(
        bone_lengths(found, HUMANML3D), np.tile(expected, (170, 1)), atol=1e-4
    )


def test_a_body_of_kit_comes_out_in_centimetres(tmp_path, kit_clip):
    reader = written(tmp_path, kit_clip, KIT, KIT.fps)
    found = reader.joints(KIT.joints)
    assert reader.frame_time == pytest.approx(0.08)
    assert found[0, KIT.joints.index("BUN"), 1] == pytest.approx(80, abs=2)
    assert np.linalg.norm(found - kit_clip / 10, axis=-1).mean() < 2


@pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)
def test_the_rest_pose_is_the_mean_body_with_the_arms_out(data_root, skeleton):
    statistics = "humanml3d/Mean.npy" if skeleton is HUMANML3D else "evaluators/kit_mean.npy"
    mean = np.load(data_root / statistics)
    local = mean[4 : 4 + 3 * (skeleton.joint_count - 1)].reshape(-1, 3)
    body = np.concatenate([[[0.0, mean[3], 0.0]], local])
    bones = body[1:] - body[list(skeleton.parents[1:])]
    rest = rest_directions(skeleton)[1:]
    cosines = (bones * rest).sum(-1) / np.linalg.norm(bones, axis=-1)
    for row, name in enumerate(skeleton.joints[1:]):
        if name.endswith(("elbow", "wrist", "LE", "LW", "RE", "RW")):
            np.testing.assert_array_equal(rest[row], [np.sign(body[row + 1, 0]), 0, 0], name)
        else:
            assert cosines[row] > 0.75, name


def test_the_file_is_one_that_an_animation_program_opens(tmp_path, clip):
    reader = written(tmp_path, clip[:5], HUMANML3D)
    data = (tmp_path / "motion.bvh").read_bytes()
    assert data.startswith(b"HIERARCHY\nROOT pelvis\n{\n") and data.endswith(b"\n")
    assert b"\r" not in data and b"nan" not in data
    assert [len(channels) for channels in reader.channels] == [6] + [3] * 21
    assert reader.ends == 5
    assert sorted(reader.names) == sorted(HUMANML3D.joints)


def test_angles_do_not_jump_in_a_body_that_turns_round(tmp_path, kit_clip):
    values = written(tmp_path, kit_clip, KIT).values
    assert np.abs(np.diff(values[:, 3:], axis=0)).max() < 30


def test_nothing_else_is_left_in_the_folder(tmp_path, clip):
    written(tmp_path, clip[:3], HUMANML3D)
    assert [path.name for path in tmp_path.iterdir()] == ["motion.bvh"]


def test_a_motion_with_holes_is_refused_and_nothing_is_written(tmp_path, clip):
    joints = clip[:5].copy()
    joints[2, 4] = np.nan
    with pytest.raises(LeadError, match="not a finite number"):
        write_bvh(tmp_path / "motion.bvh", joints, HUMANML3D, 20.0)
    assert list(tmp_path.iterdir()) == []
