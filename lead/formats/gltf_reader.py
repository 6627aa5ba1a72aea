"""Read the ``.glb`` files that `lead.formats.gltf` writes: where each joint is, frame by frame."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.files.bounds import LARGEST_PLACE, too_many_places
from lead.files.documents import read_json_object

_TYPES = {5121: "u1", 5123: "<u2", 5126: "<f4"}
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, OverflowError, struct.error)
_COLUMNS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True, eq=False)
class GltfMotion:
    """The joints of a file, in metres, +Y up.

    Attributes:
        names: of the joints.
        text: what the motion shows; empty in files of version 0.1.
    """

    names: tuple[str, ...]
    positions: Float[np.ndarray, "N K 3"] = field(repr=False)
    fps: float
    text: str


def read_glb(path: Path) -> GltfMotion:
    """Read the animation of a file of ours.

    Raises:
        LeadError: the file is no glTF, damaged, or was written by another program.
    """
    try:
        document, data = _chunks(path.read_bytes())
        asset = document["asset"]
        if not str(asset.get("generator", "")).startswith("lead "):
            raise LeadError(
                "This .glb was not written by lead, and skeletons of other programs are not read.",
                file=path,
                found=str(asset.get("generator", "no generator"))[:60],
                expected="a .glb of `lead generate` or `lead export`",
                fix="Export it from its program as .bvh, which `lead view` and `lead import` read.",
            )
        return _motion(document, data)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        struct.error,
    ) as error:
        raise LeadError(
            "The .glb cannot be read.",
            file=path,
            found=f"{type(error).__name__}: {error}"[:100],
            expected="a glTF 2.0 binary file",
            fix="Write it again with `lead export`.",
        ) from error


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, total = struct.unpack_from("<4sII", content)
    if (magic, version) != (b"glTF", 2) or total > len(content):
        raise ValueError("no whole glTF 2.0 binary file")
    length, _ = struct.unpack_from("<I4s", content, 12)
    return read_json_object(content[20 : 20 + length]), content[28 + length : total]


def _motion(document: dict[str, Any], data: bytes) -> GltfMotion:
    joints = document["skins"][0]["joints"]
    nodes = [document["nodes"][joint] for joint in joints]
    animation = document["animations"][0]

    def array(number: int) -> np.ndarray:
        accessor = document["accessors"][number]
        view, columns = document["bufferViews"][accessor["bufferView"]], _COLUMNS[accessor["type"]]
        kind, count = _TYPES[accessor["componentType"]], accessor["count"]
        values = np.frombuffer(data, kind, count * columns, view["byteOffset"])
        return values.reshape(count, columns).astype(np.float64)

    frames = len(array(animation["samplers"][0]["input"]))
    if many := too_many_places(len(nodes), frames, len(data)):
        raise ValueError(many)
    if sum(len(node.get("children", ())) for node in nodes) >= len(nodes):
        raise ValueError("joints below several others")
    turns = np.tile(np.eye(3), (frames, len(nodes), 1, 1))
    places = np.tile([node.get("translation", (0.0, 0.0, 0.0)) for node in nodes], (frames, 1, 1))
    for channel in animation["channels"]:
        target, values = (
            channel["target"],
            array(animation["samplers"][channel["sampler"]]["output"]),
        )
        if target["path"] == "translation":
            places[:, target["node"]] = values
        else:
            turns[:, target["node"]] = Rotation.from_quat(values).as_matrix()
    for joint, node in enumerate(nodes):  # parents come before their children
        for child in node.get("children", ()):
            places[:, child] = (
                places[:, joint] + (turns[:, joint] @ places[:, child, :, None])[..., 0]
            )
            turns[:, child] = turns[:, joint] @ turns[:, child]
    if not (np.abs(places) <= LARGEST_PLACE).all():
        raise ValueError("positions that are not finite")
    extras = document["asset"]["extras"]
    names, fps = tuple(str(node["name"]) for node in nodes), float(extras["fps"])
    if not 1 <= fps <= 1000:
        raise ValueError(f"{fps:g} frames a second")
    return GltfMotion(names, places, fps, str(extras.get("text", "")))
