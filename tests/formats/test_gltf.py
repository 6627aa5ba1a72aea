"""A written glTF says the same motion to a second reader, and keeps to the specification."""

import json
import struct

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from swaying_body import stretching_body, swaying_body

from lead.errors import LeadError
from lead.formats.gltf import write_glb
from lead.mocap.motion_file import read_motion
from lead.motion.figure import figure
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)
METRES = {"m": 1.0, "kit_mm": 0.001}
TYPES = {5121: np.uint8, 5123: np.uint16, 5126: np.float32}
SHAPES = {"SCALAR": (), "VEC3": (3,), "VEC4": (4,), "MAT4": (4, 4)}


class Second:
    """A file as pygltflib parses it; the arrays and the kinematics are read here."""

    def __init__(self, path) -> None:
        pygltflib = pytest.importorskip("pygltflib", reason="the second reader is in the dev extra")
        self.gltf = pygltflib.GLTF2().load(str(path))
        self.data = self.gltf.binary_blob()

    def array(self, number: int) -> np.ndarray:
        accessor = self.gltf.accessors[number]
        view = self.gltf.bufferViews[accessor.bufferView]
        shape = (accessor.count, *SHAPES[accessor.type])
        start = view.byteOffset + (accessor.byteOffset or 0)
        count = int(np.prod(shape))
        return np.frombuffer(self.data, TYPES[accessor.componentType], count, start).reshape(shape)

    def world(self, moving: bool = True) -> np.ndarray:
        """Matrices of all nodes, N x nodes x 4 x 4; at rest if not ``moving``."""
        animation = self.gltf.animations[0]
        frames = len(self.array(animation.samplers[0].input)) if moving else 1
        local = np.tile(np.eye(4), (frames, len(self.gltf.nodes), 1, 1))
        for row, node in enumerate(self.gltf.nodes):
            local[:, row, :3, 3] = node.translation or 0
        for channel in animation.channels if moving else ():
            values = self.array(animation.samplers[channel.sampler].output)
            if channel.target.path == "translation":
                local[:, channel.target.node, :3, 3] = values
            else:
                turns = Rotation.from_quat(values.astype(np.float64)).as_matrix()
                local[:, channel.target.node, :3, :3] = turns
        world = local.copy()
        for row, node in enumerate(self.gltf.nodes):
            for child in node.children or ():
                assert child > row
                world[:, child] = world[:, row] @ local[:, child]
        return world

    def joints(self, names: tuple[str, ...]) -> np.ndarray:
        rows = [[node.name for node in self.gltf.nodes].index(name) for name in names]
        return self.world()[:, rows][..., :3, 3]


def written(tmp_path, joints, skeleton, fps=20.0, **options) -> Second:
    write_glb(tmp_path / "motion.glb", joints, skeleton, fps, **options)
    return Second(tmp_path / "motion.glb")


@pytest.fixture
def content(tmp_path) -> bytes:
    write_glb(tmp_path / "motion.glb", swaying_body(HUMANML3D, 7), HUMANML3D, 20.0)
    return (tmp_path / "motion.glb").read_bytes()


@pytest.fixture
def document(content) -> dict:
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length])


@BOTH
def test_motion_with_constant_bones_comes_back_within_a_tenth_of_a_millimetre(tmp_path, skeleton):
    joints = swaying_body(skeleton)
    found = written(tmp_path, joints, skeleton).joints(skeleton.joints)
    assert np.linalg.norm(found - METRES[skeleton.unit] * joints, axis=-1).max() < 1e-4


@BOTH
def test_joints_that_move_give_every_position_of_bones_that_stretch(tmp_path, skeleton):
    joints = stretching_body(skeleton)
    found = written(tmp_path, joints, skeleton, positions=True).joints(skeleton.joints)
    assert np.linalg.norm(found - METRES[skeleton.unit] * joints, axis=-1).max() < 1e-4


def test_a_real_clip_comes_back_within_a_tenth_of_a_millimetre(tmp_path, data_root):
    joints = np.load(data_root / "humanml3d/new_joints/012314.npy")
    found = written(tmp_path, joints, HUMANML3D).joints(HUMANML3D.joints)
    assert np.linalg.norm(found - joints, axis=-1).max() < 1e-4


def test_frames_come_at_the_motions_rate(tmp_path):
    second = written(tmp_path, swaying_body(KIT, 26), KIT, 12.5)
    times = second.array(second.gltf.animations[0].samplers[0].input)
    np.testing.assert_allclose(times, np.arange(26) * 0.08, atol=1e-6)


def test_quaternions_have_length_one_and_never_change_sign(tmp_path):
    spin = swaying_body(HUMANML3D, 1)[0]
    turning = np.stack([Rotation.from_euler("y", a).apply(spin) for a in np.linspace(0, 19, 90)])
    second = written(tmp_path, turning, HUMANML3D)
    animation = second.gltf.animations[0]
    turns = [second.array(animation.samplers[c.sampler].output) for c in animation.channels
             if c.target.path == "rotation"]  # fmt: skip
    assert len(turns) == 21
    for values in turns:
        np.testing.assert_allclose(np.linalg.norm(values, axis=-1), 1, atol=1e-6)
        assert ((values[1:] * values[:-1]).sum(axis=-1) > 0.9).all()


def test_the_body_stands_on_the_floor_at_rest(tmp_path):
    second = written(tmp_path, swaying_body(HUMANML3D), HUMANML3D)
    rest = second.world(moving=False)[0, :26][..., :3, 3]
    assert rest[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert 1.4 < rest[:, 1].max() < 1.8
    names = [node.name for node in second.gltf.nodes]
    assert rest[names.index("left_wrist"), 0] > 0.6
    assert rest[names.index("right_wrist"), 0] < -0.6


def test_inverse_bind_matrices_undo_the_rest_pose(tmp_path):
    second = written(tmp_path, swaying_body(HUMANML3D), HUMANML3D)
    skin = second.gltf.skins[0]
    inverse = second.array(skin.inverseBindMatrices).swapaxes(-1, -2)
    rest = second.world(moving=False)[0, skin.joints]
    np.testing.assert_allclose(rest @ inverse, np.tile(np.eye(4), (26, 1, 1)), atol=1e-6)


@BOTH
def test_the_skinned_body_moves_with_its_bones(tmp_path, skeleton):
    joints = swaying_body(skeleton)
    second = written(tmp_path, joints, skeleton)
    skin = second.gltf.skins[0]
    inverse = second.array(skin.inverseBindMatrices).swapaxes(-1, -2)
    skinning = second.world()[:, skin.joints] @ inverse
    found = figure(METRES[skeleton.unit] * joints, skeleton, 1.0)
    seen = set()
    for part, primitive in enumerate(second.gltf.meshes[0].primitives):
        attributes = primitive.attributes
        points, normals, bound = (
            second.array(getattr(attributes, name)) for name in ("POSITION", "NORMAL", "JOINTS_0")
        )
        cones = [cone for cone in found.cones if cone.part == part]
        ends = np.arange(len(points)).reshape(len(cones), 2, -1)
        for cone, both in zip(cones, ends, strict=True):
            for place, rows in zip((cone.start, cone.end), both, strict=True):
                if place < skeleton.joint_count:  # a sphere around a joint
                    ring, out = points[rows[12:24]], normals[rows[12:24]]
                    radius = np.linalg.norm(ring[0] - ring[6]) / np.linalg.norm(out[0] - out[6])
                    centre = ring.mean(axis=0) - radius * out.mean(axis=0)
                    moved = skinning[:, bound[rows[0], 0]] @ [*centre, 1.0]
                    where = METRES[skeleton.unit] * joints[:, place]
                    np.testing.assert_allclose(moved[:, :3], where, atol=1e-4)
                    seen.add(place)
    assert len(seen) >= skeleton.joint_count - 4


def test_the_body_has_a_head_a_trunk_and_two_sides_of_their_own_colours(tmp_path):
    second = written(tmp_path, swaying_body(HUMANML3D), HUMANML3D)
    names = [material.name for material in second.gltf.materials]
    colours = [material.pbrMetallicRoughness.baseColorFactor for material in second.gltf.materials]
    assert names == ["trunk", "left", "right"]
    assert colours[1][2] > 2 * colours[1][0] and colours[2][0] > 2 * colours[2][2]
    parts = [
        second.array(primitive.attributes.POSITION)
        for primitive in second.gltf.meshes[0].primitives
    ]
    rest = second.world(moving=False)[0, :26][..., :3, 3]
    assert parts[0][:, 1].max() > rest[:, 1].max() + 0.1
    assert parts[1][:, 0].min() > -0.05 and parts[2][:, 0].max() < 0.05


def test_the_body_is_closed_and_seen_from_outside(tmp_path):
    trimesh = pytest.importorskip("trimesh", reason="the second reader is in the dev extra")
    write_glb(tmp_path / "motion.glb", swaying_body(HUMANML3D, 3), HUMANML3D, 20.0)
    cones = 0
    for part in trimesh.load_scene(tmp_path / "motion.glb", process=False).geometry.values():
        facing = np.cross(*np.diff(part.triangles, axis=1).swapaxes(0, 1))
        corners = part.vertex_normals[part.faces[:, 0]]
        assert ((facing * corners).sum(axis=-1) > 0).all()
        for cone in part.triangles.reshape(-1, 96, 3, 3):
            solid = trimesh.Trimesh(*_welded(cone), process=False)
            assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0
            cones += 1
    assert cones == len(figure(swaying_body(HUMANML3D, 1), HUMANML3D, 1.0).cones)


def test_the_caption_and_the_rate_are_in_the_asset(tmp_path):
    text = 'a "<b>" é'
    write_glb(tmp_path / "motion.glb", swaying_body(KIT, 3), KIT, 12.5, text=text)
    assert Second(tmp_path / "motion.glb").gltf.asset.extras == {"fps": 12.5, "text": text}


@BOTH
@pytest.mark.parametrize("positions", [False, True])
def test_our_own_reader_finds_what_was_written(tmp_path, skeleton, positions):
    joints = swaying_body(skeleton)
    path = tmp_path / "motion.glb"
    write_glb(path, joints, skeleton, 12.5, positions=positions, text="it sways")
    motion = read_motion(path)
    np.testing.assert_allclose(motion.joints, joints, atol=1e-4 / METRES[skeleton.unit])
    assert (motion.skeleton, motion.fps, motion.text) == (skeleton, 12.5, "it sways")


def test_a_file_of_another_program_is_refused_with_the_fix(tmp_path):
    path = tmp_path / "motion.glb"
    write_glb(path, swaying_body(KIT, 3), KIT, 12.5)
    path.write_bytes(path.read_bytes().replace(b'"generator":"lead ', b'"generator":"fake '))
    with pytest.raises(LeadError, match="not written by lead") as caught:
        read_motion(path)
    assert ".bvh" in str(caught.value.fix)


@pytest.mark.parametrize("keep", [0, 11, 19, 400, -300])
def test_a_damaged_file_is_one_message(tmp_path, keep):
    path = tmp_path / "motion.glb"
    write_glb(path, swaying_body(KIT, 3), KIT, 12.5)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(LeadError, match="cannot be read"):
        read_motion(path)


def test_chunks_and_arrays_lie_on_multiples_of_four_bytes(content, document):
    magic, version, total = struct.unpack_from("<4sII", content)
    assert (magic, version, total) == (b"glTF", 2, len(content))
    length, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON" and length % 4 == 0
    binary, kind = struct.unpack_from("<I4s", content, 20 + length)
    assert kind == b"BIN\0" and binary % 4 == 0
    assert len(content) == 28 + length + binary
    end = 0
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0 and view["byteOffset"] >= end
        end = view["byteOffset"] + view["byteLength"]
    assert end <= document["buffers"][0]["byteLength"] <= binary


def test_accessors_fill_their_views_and_tell_their_true_bounds(tmp_path, document):
    second = written(tmp_path, swaying_body(HUMANML3D, 7), HUMANML3D)
    primitives = document["meshes"][0]["primitives"]
    bounded = {primitive["attributes"]["POSITION"] for primitive in primitives}
    bounded |= {s["input"] for s in document["animations"][0]["samplers"]}
    for number, accessor in enumerate(document["accessors"]):
        values = second.array(number)
        view = document["bufferViews"][accessor["bufferView"]]
        assert values.nbytes == view["byteLength"]
        assert ("min" in accessor) == (number in bounded)
        if number in bounded:
            columns = values.reshape(len(values), -1)
            np.testing.assert_array_equal(np.float32(accessor["min"]), columns.min(axis=0))
            np.testing.assert_array_equal(np.float32(accessor["max"]), columns.max(axis=0))


def test_nodes_are_trees_whose_roots_the_scene_shows(document):
    children = [child for node in document["nodes"] for child in node.get("children", ())]
    assert len(set(children)) == len(children)
    assert set(range(len(document["nodes"]))) - set(children) == set(document["scenes"][0]["nodes"])
    body = document["nodes"][-1]
    assert body == {"name": "body", "mesh": 0, "skin": 0}
    assert len({node["name"] for node in document["nodes"]}) == 27


def test_no_property_is_animated_twice(document):
    channels = [channel["target"] for channel in document["animations"][0]["channels"]]
    targets = [(target["node"], target["path"]) for target in channels]
    assert len(set(targets)) == len(targets)
    assert [node for node, path in targets if path == "translation"] == [0]


def test_a_motion_with_holes_is_refused_and_nothing_is_written(tmp_path):
    joints = swaying_body(HUMANML3D, 5)
    joints[2, 4] = np.nan
    with pytest.raises(LeadError, match="not a finite number"):
        write_glb(tmp_path / "motion.glb", joints, HUMANML3D, 20.0)
    assert list(tmp_path.iterdir()) == []


def _welded(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    corners, index = np.unique(triangles.reshape(-1, 3).round(6), axis=0, return_inverse=True)
    return corners, index.reshape(-1, 3)
