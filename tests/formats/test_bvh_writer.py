"""A written BVH says the same motion to an independent reader."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from swaying_body import stretching_body, swaying_body

from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.bvh import global_transforms, read_bvh
from lead.formats.bvh_writer import write_bvh
from lead.mocap.conventions import CMU_MOTIONBUILDER
from lead.mocap.read import take_from_bvh
from lead.motion.armature import armature_motion, rest_directions
from lead.motion.kinematics import bone_lengths
from lead.motion.resample import resample
from lead.motion.rotations import unit
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)
CENTIMETRES = {"m": 100.0, "kit_mm": 0.1}
# Arms from shoulder to hand; the first is at +x, which KIT-ML calls right.
ARMS = {
    "humanml3d": [[f"{s}_{j}" for j in ("shoulder", "elbow", "wrist")] for s in ("left", "right")],
    "kit": [["RS", "RE", "RW"], ["LS", "LE", "LW"]],
}
LEGS = {
    "humanml3d": [
        [f"{s}_{j}" for j in ("hip", "knee", "ankle", "foot")] for s in ("left", "right")
    ],
    "kit": [["RH", "RK", "RA", "RF"], ["LH", "LK", "LA", "LF"]],
}


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


def written(tmp_path, joints, skeleton, fps=20.0, **options) -> Reader:
    write_bvh(tmp_path / "motion.bvh", joints, skeleton, fps, **options)
    return Reader((tmp_path / "motion.bvh").read_text(encoding="ascii"))


def turned_a_frame(values: np.ndarray) -> np.ndarray:
    """Degrees by which matrices N x K x 3 x 3 turn from each frame to the next: (N-1) x K."""
    steps = np.swapaxes(values[:-1], -1, -2) @ values[1:]
    angles = Rotation.from_matrix(steps.reshape(-1, 3, 3)).magnitude()
    return np.degrees(angles).reshape(steps.shape[:2])


@pytest.fixture(scope="module")
def clip(data_root) -> np.ndarray:
    return np.load(data_root / "humanml3d/new_joints/012314.npy").astype(np.float64)


@pytest.fixture(scope="module")
def dancer(data_root) -> np.ndarray:
    """CMU's 05_02, a dancer, whose pelvis and chest are not stiff on the 22 joints."""
    archive = data_root / "cmu" / "cmu-takes.tar.xz"
    name, content = next(
        members(archive, lambda name: name.endswith("bvh_motion-viewer/05/05_02.bvh"))
    )
    take = take_from_bvh(content, "05_02", name, [CMU_MOTIONBUILDER])
    return resample(take.joints, take.fps, 20.0)


@BOTH
def test_motion_with_constant_bones_comes_back_within_a_tenth_of_a_millimetre(tmp_path, skeleton):
    joints = swaying_body(skeleton)
    found = written(tmp_path, joints, skeleton).joints(skeleton.joints)
    assert np.linalg.norm(found - CENTIMETRES[skeleton.unit] * joints, axis=-1).max() < 0.01


@pytest.mark.parametrize("pitch", [-90, 90])
def test_a_body_whose_angles_are_at_the_pole_comes_back(tmp_path, pitch):
    body = swaying_body(HUMANML3D, sway=0.0)
    turn = Rotation.from_euler("ZXY", [40, pitch, 25], degrees=True)
    joints = turn.apply(body.reshape(-1, 3)).reshape(body.shape)
    found = written(tmp_path, joints, HUMANML3D).joints(HUMANML3D.joints)
    assert np.linalg.norm(found - 100 * joints, axis=-1).max() < 0.01


@BOTH
def test_our_own_reader_finds_the_same_joints(tmp_path, skeleton):
    joints = swaying_body(skeleton)
    written(tmp_path, joints, skeleton)
    content = (tmp_path / "motion.bvh").read_bytes()
    found = global_transforms(read_bvh(content, "motion.bvh"))
    places = np.stack([found.position(name) for name in skeleton.joints], axis=1)
    assert np.linalg.norm(places - CENTIMETRES[skeleton.unit] * joints, axis=-1).max() < 0.01


@pytest.mark.parametrize("take", ["clip", "dancer"])
def test_a_real_take_comes_back_as_far_as_its_bones_keep_their_lengths(tmp_path, take, request):
    joints = request.getfixturevalue(take)
    moved = write_bvh(tmp_path / "motion.bvh", joints, HUMANML3D, 20.0)
    reader = Reader((tmp_path / "motion.bvh").read_text(encoding="ascii"))
    off = np.linalg.norm(reader.joints(HUMANML3D.joints) - 100 * joints, axis=-1)
    np.testing.assert_allclose(10 * off, moved, atol=0.01)
    assert moved.mean() < 0.1


def test_bones_are_as_long_as_the_skeletons(tmp_path, clip):
    found = written(tmp_path, clip, HUMANML3D).joints(HUMANML3D.joints)
    expected = 100 * np.array(HUMANML3D.bone_lengths)
    np.testing.assert_allclose(
        bone_lengths(found, HUMANML3D), np.tile(expected, (170, 1)), atol=1e-4
    )


@BOTH
def test_six_channels_a_joint_give_every_position_of_bones_that_stretch(tmp_path, skeleton):
    joints = stretching_body(skeleton)
    reader = written(tmp_path, joints, skeleton, positions=True)
    assert [len(channels) for channels in reader.channels] == [6] * skeleton.joint_count
    off = reader.joints(skeleton.joints) - CENTIMETRES[skeleton.unit] * joints
    assert np.linalg.norm(off, axis=-1).max() < 0.01


def test_six_channels_a_joint_hold_even_a_bone_without_length(tmp_path):
    joints = swaying_body(HUMANML3D)
    elbow, wrist = HUMANML3D.joints.index("left_elbow"), HUMANML3D.joints.index("left_wrist")
    joints[3:6, wrist] = joints[3:6, elbow]
    found = written(tmp_path, joints, HUMANML3D, positions=True).joints(HUMANML3D.joints)
    assert np.linalg.norm(found - 100 * joints, axis=-1).max() < 0.01


def test_kit_comes_out_as_its_body_of_a_metre_in_centimetres(tmp_path):
    joints = swaying_body(KIT, sway=0.0)
    reader = written(tmp_path, joints, KIT, KIT.fps)
    assert reader.frame_time == pytest.approx(0.08)
    head, root = (
        reader.joints(KIT.joints)[:, KIT.joints.index(name), 1] for name in ("BUN", "root")
    )
    np.testing.assert_allclose(head - root, 25.0, atol=0.01)


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


@BOTH
def test_the_file_rests_in_a_t_pose(tmp_path, skeleton):
    reader = written(tmp_path, swaying_body(skeleton), skeleton)
    reader.values = np.zeros_like(reader.values[:1])
    rest = dict(zip(skeleton.joints, reader.joints(skeleton.joints)[0], strict=True))
    for arm, side in zip(ARMS[skeleton.name], (1, -1), strict=True):
        steps = np.diff([rest[name] for name in arm], axis=0)
        assert (steps[:, 0] * side > 5).all()
        np.testing.assert_allclose(steps[:, 1:], 0, atol=1e-5)
    for hip, knee, ankle, toe in LEGS[skeleton.name]:
        down = np.diff([rest[hip], rest[knee], rest[ankle]], axis=0)
        np.testing.assert_allclose(down[:, [0, 2]], 0, atol=1e-5)
        assert (down[:, 1] < -20).all()
        assert rest[toe][2] > rest[ankle][2] + 3


def test_the_file_is_one_that_an_animation_program_opens(tmp_path, clip):
    reader = written(tmp_path, clip[:5], HUMANML3D)
    data = (tmp_path / "motion.bvh").read_bytes()
    assert data.startswith(b"HIERARCHY\nROOT pelvis\n{\n") and data.endswith(b"\n")
    assert b"\r" not in data and b"nan" not in data
    assert [len(channels) for channels in reader.channels] == [6] + [3] * 25
    assert reader.ends == 5
    assert {name for name in reader.names if not name.endswith("_bone")} == set(HUMANML3D.joints)


def test_a_stiff_pelvis_and_chest_need_no_turn_between_them_and_their_bones(tmp_path):
    reader = written(tmp_path, swaying_body(HUMANML3D, sway=0.0), HUMANML3D)
    starts = np.cumsum([0, *map(len, reader.channels)])
    for row, name in enumerate(reader.names):
        if name != "pelvis":
            np.testing.assert_allclose(
                reader.values[:, starts[row] : starts[row + 1]], 0, atol=1e-4
            )


@pytest.mark.parametrize("take", ["clip", "dancer"])
def test_angles_go_on_as_the_joints_turn(tmp_path, take, request):
    written(tmp_path, request.getfixturevalue(take), HUMANML3D)
    bvh = read_bvh((tmp_path / "motion.bvh").read_bytes(), "motion.bvh")
    world = global_transforms(bvh).rotations
    local = world.copy()
    local[:, 1:] = np.swapaxes(world[:, bvh.parents[1:]], -1, -2) @ world[:, 1:]
    starts = np.cumsum([0, *map(len, bvh.channels)])
    for joint, turned in enumerate(turned_a_frame(local).T):
        angles = bvh.frames[:, starts[joint] : starts[joint + 1]][:, -3:]
        steps = np.abs(np.diff(angles, axis=0)).max(axis=1, initial=0) if angles.size else 0
        assert (steps <= 10 + 1.7 * turned).all(), bvh.names[joint]


def test_angles_do_not_jump_in_a_body_that_turns_round(tmp_path):
    body = swaying_body(HUMANML3D, frames=1, sway=0.2)[0]
    turning = np.stack([Rotation.from_euler("y", a).apply(body) for a in np.linspace(0, 19, 120)])
    values = written(tmp_path, turning, HUMANML3D).values
    assert np.abs(np.diff(values[:, 3:], axis=0)).max() < 12
    assert np.ptp(values[:, 5]) > 1000


@pytest.mark.parametrize("take", ["clip", "dancer"])
def test_no_joint_spins_where_its_bone_hardly_moves(tmp_path, take, request):
    motion = armature_motion(request.getfixturevalue(take), HUMANML3D)
    turned = turned_a_frame(motion.rotations)
    quiet = 0
    for joint in range(1, len(motion.armature.names)):
        for child in motion.armature.children(joint):
            if motion.armature.offsets[child].any():
                bone = unit(motion.rotations[:, joint] @ motion.armature.offsets[child])
                swung = np.degrees(np.arccos(np.clip((bone[1:] * bone[:-1]).sum(-1), -1, 1)))
                quiet += (swung < 10).sum()
                assert turned[swung < 10, joint].max() < 30, motion.armature.names[joint]
    assert quiet > 1000


def test_nothing_else_is_left_in_the_folder(tmp_path, clip):
    written(tmp_path, clip[:3], HUMANML3D)
    assert [path.name for path in tmp_path.iterdir()] == ["motion.bvh"]


def test_a_motion_with_holes_is_refused_and_nothing_is_written(tmp_path, clip):
    joints = clip[:5].copy()
    joints[2, 4] = np.nan
    with pytest.raises(LeadError, match="not a finite number"):
        write_bvh(tmp_path / "motion.bvh", joints, HUMANML3D, 20.0)
    assert list(tmp_path.iterdir()) == []


@BOTH
@pytest.mark.parametrize("positions", [False, True])
def test_the_body_stands_on_the_floor_at_rest(tmp_path, skeleton, positions):
    reader = written(tmp_path, stretching_body(skeleton), skeleton, positions=positions)
    rest = np.zeros((len(reader.names), 3))
    for joint, parent in enumerate(reader.parents):
        rest[joint] = np.add(reader.offsets[joint], rest[parent] if parent >= 0 else 0)
    assert rest[:, 1].min() == pytest.approx(0, abs=1e-4)
    assert rest[0, [0, 2]] == pytest.approx(0) and rest[0, 1] > 40


@BOTH
@pytest.mark.parametrize("positions", [False, True])
def test_no_bone_has_length_zero_from_its_head_to_the_mean_of_its_children(
    tmp_path, skeleton, positions
):
    reader = written(tmp_path, stretching_body(skeleton), skeleton, positions=positions)
    for joint, name in enumerate(reader.names):
        below = [row for row, parent in enumerate(reader.parents) if parent == joint]
        tail = np.mean([reader.offsets[row] for row in below], axis=0) if below else [1, 0, 0]
        assert np.linalg.norm(tail) > 0.5, name
