"""Write glTF 2.0 binary files: an animated skeleton and a simple body that shows it.

Made by hand from the specification (Khronos, glTF 2.0): a header, a chunk of JSON and a chunk of
arrays, all little-endian, every array on a multiple of four bytes.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from lead import __version__
from lead.files.artefact import atomic_path
from lead.formats.gltf_body import Mesh, body_meshes
from lead.motion.armature import Armature, ArmatureMotion, armature_motion
from lead.motion.skeleton import Skeleton
from lead.types import Joints

_COMPONENT = {"uint8": 5121, "uint16": 5123, "float32": 5126}
_SHAPE = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_VERTICES, _INDICES = 34962, 34963


def write_glb(
    path: Path,
    joints: Joints,
    skeleton: Skeleton,
    fps: float,
    *,
    positions: bool = False,
    text: str = "",
) -> Float[np.ndarray, "N J"]:
    """Write a motion as ``.glb``, atomically; return by how many mm each joint was moved.

    Metres, +Y up. Nodes 0 to K-1 are the joints of `lead.motion.armature`, in a T-pose that
    stands on the floor; the animation ``motion`` turns them and moves the root (with
    ``positions``: every joint). A skin binds an octahedron for each bone to its joint.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, a bone without
            length, a full disk.
    """
    motion = armature_motion(joints, skeleton, positions=positions)
    content = _glb(*_document(motion, skeleton, {"fps": fps, "text": text}))
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return motion.residual_mm


class _Arrays:
    """The binary chunk as it grows, and the JSON that describes it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: np.ndarray, *, target: int | None = None, bounds: bool = False) -> int:
        """Append an array of one entry per row and return the number of its accessor."""
        assert values.nbytes % 4 == 0  # or the next array would lie at a forbidden place
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": values.nbytes}
        self.views.append(view if target is None else {**view, "target": target})
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": _COMPONENT[values.dtype.name],
            "count": len(values),
            "type": _SHAPE[values.shape[1:]],
        }
        if bounds:
            columns = values.reshape(len(values), -1)
            accessor["min"] = columns.min(axis=0).tolist()
            accessor["max"] = columns.max(axis=0).tolist()
        self.accessors.append(accessor)
        self.data += values.astype(values.dtype.newbyteorder("<")).tobytes()
        return len(self.accessors) - 1


def _document(
    motion: ArmatureMotion, skeleton: Skeleton, extras: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Build the JSON and the arrays."""
    armature, arrays = motion.armature, _Arrays()
    rest = armature.standing()
    joints = list(range(len(rest)))
    nodes = _nodes(armature, rest[0])
    nodes.append({"name": "body", "mesh": 0, "skin": 0})
    meshes = body_meshes(armature, skeleton)
    bind = np.tile(np.eye(4), (len(rest), 1, 1))
    bind[:, 3, :3] = -rest  # column-major: the last row in memory is the translation
    document = {
        "asset": {"version": "2.0", "generator": f"lead {__version__}", "extras": extras},
        "scene": 0,
        "scenes": [{"nodes": [0, len(rest)]}],
        "nodes": nodes,
        "meshes": [{"name": "body", "primitives": _body(meshes, arrays)}],
        "materials": [_material(mesh) for mesh in meshes],
        "skins": [
            {
                "name": "skeleton",
                "skeleton": 0,
                "joints": joints,
                "inverseBindMatrices": arrays.add(bind.astype(np.float32)),
            }
        ],
        "animations": [_animation(motion, extras["fps"], arrays)],
        "accessors": arrays.accessors,
        "bufferViews": arrays.views,
    }
    return {**document, "buffers": [{"byteLength": len(arrays.data)}]}, bytes(arrays.data)


def _nodes(armature: Armature, root: Float[np.ndarray, "xyz=3"]) -> list[dict[str, Any]]:
    nodes = []
    for joint, name in enumerate(armature.names):
        place = armature.offsets[joint] if joint else root
        node: dict[str, Any] = {"name": name, "translation": place.tolist()}
        if armature.children(joint):
            node["children"] = armature.children(joint)
        nodes.append(node)
    return nodes


def _body(meshes: list[Mesh], arrays: _Arrays) -> list[dict[str, Any]]:
    """Add the meshes; one joint carries each vertex."""
    primitives = []
    for number, mesh in enumerate(meshes):
        bound = np.zeros((len(mesh.joints), 4), dtype=np.uint8)
        bound[:, 0] = mesh.joints
        weights = np.zeros(bound.shape, dtype=np.float32)
        weights[:, 0] = 1.0
        attributes = {
            "POSITION": arrays.add(mesh.vertices.astype(np.float32), target=_VERTICES, bounds=True),
            "NORMAL": arrays.add(mesh.normals.astype(np.float32), target=_VERTICES),
            "JOINTS_0": arrays.add(bound, target=_VERTICES),
            "WEIGHTS_0": arrays.add(weights, target=_VERTICES),
        }
        corners = arrays.add(mesh.triangles.ravel().astype(np.uint16), target=_INDICES)
        primitives.append({"attributes": attributes, "indices": corners, "material": number})
    return primitives


def _material(mesh: Mesh) -> dict[str, Any]:
    surface = {"baseColorFactor": [*mesh.colour, 1.0], "metallicFactor": 0.0}
    return {"name": mesh.name, "pbrMetallicRoughness": {**surface, "roughnessFactor": 0.8}}


def _animation(motion: ArmatureMotion, fps: float, arrays: _Arrays) -> dict[str, Any]:
    """Add a sampler for every joint that turns, and for every joint that moves."""
    frames = len(motion.rotations)
    times = arrays.add((np.arange(frames) / fps).astype(np.float32), bounds=True)
    animation: dict[str, Any] = {"name": "motion", "samplers": [], "channels": []}

    def add(joint: int, path: str, values: np.ndarray) -> None:
        sampler = {"input": times, "interpolation": "LINEAR"}
        sampler["output"] = arrays.add(values.astype(np.float32))
        animation["channels"].append(
            {"sampler": len(animation["samplers"]), "target": {"node": joint, "path": path}}
        )
        animation["samplers"].append(sampler)

    for joint in range(len(motion.armature.names)):
        if joint == 0 or motion.moving:
            add(joint, "translation", motion.translations[:, joint])
        if motion.armature.children(joint):
            turns = Rotation.from_matrix(motion.rotations[:, joint]).as_quat(canonical=True)
            add(joint, "rotation", _without_flips(turns))
    return animation


def _without_flips(quaternions: Float[np.ndarray, "N 4"]) -> Float[np.ndarray, "N 4"]:
    """Give each the sign nearest to the frame before, for players that do not do so themselves."""
    dots = (quaternions[1:] * quaternions[:-1]).sum(axis=-1)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    return np.concatenate([quaternions[:1], quaternions[1:] * signs[..., None]])


def _glb(document: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
