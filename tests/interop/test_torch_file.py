"""Tensors of a torch file are read whatever lies beside them, and nothing else happens."""

from __future__ import annotations

import builtins
import collections
import copyreg
import datetime
import enum
import functools
import io
import os
import pickle
import random
import zipfile
from argparse import Namespace
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
import pytest
import torch
import torch._utils
from code_run import recorded_code
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lead.errors import LeadError
from lead.interop.checkpoint_file import Release, float_tensors, open_torch_file

NEWOBJ = "__newobj__"
RELEASE = Release("The file", "file", "a file", "Get it.", "Get it again")
WEIGHT = torch.arange(12.0).reshape(3, 4)


class Config(dict):
    """As omegaconf's: a mapping with a state of its own, and a class within."""

    class Node:
        def __init__(self, value):
            self.value = value

        def __setstate__(self, state):
            raise AssertionError("executed")

    def __setstate__(self, state):
        raise AssertionError("executed")

    def __reduce_ex__(self, protocol):
        return getattr(copyreg, NEWOBJ), (Config,), {"_content": dict(self), "node": self.Node(1)}


class Kind(enum.Enum):
    ONE = 1


def collate(batch):
    raise AssertionError("executed")


HYPERPARAMETERS = st.sampled_from(
    [
        Config(NAME="made up"), Config.Node(3), Config, Kind.ONE, collate, len, np.zeros,
        np.arange(6.0).reshape(2, 3), np.array(["a", None], dtype=object), np.float64(0.4),
        np.int64(3), np.dtype("f4"), np.random.default_rng(0), functools.partial(collate, 1),
        collections.Counter("ab"), collections.defaultdict(list, a=[1]), {1, 2}, frozenset("a"),
        PurePosixPath("a/b"), datetime.datetime(2026, 1, 1), datetime.timedelta(1), 1j, b"bytes",
        bytearray(b"a"), slice(1, 2), range(3), Namespace(lr=1e-4), ValueError("bad"), "text",
        torch.float16, torch.device("cpu"), torch.Size((1, 2)), torch.Generator().get_state(),
        torch.nn.Linear(2, 2), torch.optim.AdamW([torch.zeros(2)]).state_dict(),
        torch.ones(2, dtype=torch.complex64), torch.eye(3).to_sparse(),
    ]
)  # fmt: skip
BESIDE = st.recursive(
    HYPERPARAMETERS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([Config, Kind.ONE, collate, (1, (2, "a")), frozenset("a"), 3, None, 1.5])

TENSORS = st.sampled_from(
    [
        WEIGHT, WEIGHT.T, WEIGHT[1:, ::2], WEIGHT[0, 1], WEIGHT[:0], WEIGHT.expand(2, 3, 4),
        torch.tensor(3.0), torch.zeros(0), torch.nn.Parameter(WEIGHT + 1),
        torch.nn.Buffer(torch.arange(4.0)), *[WEIGHT.to(kind) for kind in (
            torch.float64, torch.float16, torch.bfloat16,
        )],
    ]
)  # fmt: skip


def with_attribute() -> torch.nn.Parameter:
    weight = torch.nn.Parameter(WEIGHT * 2)
    weight.note = Config()  # type: ignore[attr-defined]
    return weight


def read(path: Path) -> dict[str, torch.Tensor]:
    loaded = open_torch_file(path, RELEASE)
    assert isinstance(loaded, dict)
    return float_tensors(loaded["state_dict"], path, RELEASE)


def refused(path: Path) -> str:
    with pytest.raises(LeadError) as error:
        read(path)
    assert error.value.file == path and error.value.fix
    return str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tensors=st.lists(TENSORS, min_size=1, max_size=4),
    beside=st.dictionaries(st.text(max_size=3) | KEYS, BESIDE, max_size=3),
    inside=BESIDE,
    zipped=st.booleans(),
    protocol=st.integers(2, 5),
)
def test_weights_are_those_saved_whatever_lies_beside_them(
    tmp_path, tensors, beside, inside, zipped, protocol
):
    weights = {str(number): tensor for number, tensor in enumerate(tensors)}
    state = collections.OrderedDict(weights)
    state._metadata = {"": inside}  # type: ignore[attr-defined]
    path = tmp_path / "model.ckpt"
    torch.save({**beside, "state_dict": state, "hyper_parameters": inside}, path,
               pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)  # fmt: skip
    found = read(path)
    assert found.keys() == weights.keys()
    for name, tensor in weights.items():
        assert torch.equal(found[name], tensor.detach().float())


@pytest.mark.parametrize(
    "kind",
    [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64],
)
def test_weights_of_another_kind_of_number_are_refused(tmp_path, kind):
    torch.save({"state_dict": {"w": WEIGHT.to(kind)}}, path := tmp_path / "model.ckpt")
    assert f"w of type {kind}" in refused(path)


@pytest.mark.parametrize("value", [1e300, -1e39, 3e38, 2e4])
def test_a_weight_that_float32_or_no_network_has_is_refused(tmp_path, value):
    weight = WEIGHT.double().clone()
    weight[0, 1] = value
    torch.save({"state_dict": {"w": weight}}, path := tmp_path / "model.ckpt")
    assert "found: w with " in refused(path)


def test_a_parameter_with_attributes_is_read(tmp_path):
    torch.save({"state_dict": {"w": with_attribute()}}, path := tmp_path / "model.ckpt")
    assert torch.equal(read(path)["w"], WEIGHT * 2)


def test_weights_in_a_mapping_of_any_class_are_read(tmp_path):
    class Attributes(dict):
        pass

    globals()["Attributes"] = Attributes
    Attributes.__qualname__ = "Attributes"
    torch.save({"state_dict": Attributes(w=WEIGHT)}, path := tmp_path / "model.ckpt")
    del globals()["Attributes"]
    assert torch.equal(read(path)["w"], WEIGHT)


def archive(path: Path, content: bytes, storage: bytes = bytes(48), **options) -> Path:
    """A torch file of this pickle, and one storage of the key 0."""
    with zipfile.ZipFile(path, "w", **options) as file:
        file.writestr("model/data.pkl", content)
        file.writestr("model/byteorder", options.pop("byteorder", "little"))
        file.writestr("model/data/0", storage)
    return path


class Call:
    """Pickled, it is a call of a function, and what is built of the result."""

    def __init__(self, function, *arguments, state=None):
        self.parts = (function, arguments, state)[: 3 if state else 2]

    def __reduce__(self):
        return self.parts

    def __hash__(self):
        return 1


class Armed:
    """A class that reports whatever is done with it."""

    ran: ClassVar[list[str]] = []

    def __init__(self):
        self.number = 1

    def __new__(cls, *_):
        cls.ran.append("new")
        return super().__new__(cls)

    def __setstate__(self, state):
        self.ran.append("setstate")

    def __eq__(self, other):
        self.ran.append("eq")
        return True

    def __hash__(self):
        self.ran.append("hash")
        return 1


def payloads(trace: Path) -> list[object]:
    touch = f"touch {trace}"
    return [
        Call(os.system, touch),
        Call(builtins.eval, f"__import__('os').system({touch!r})"),
        Call(builtins.exec, f"open({str(trace)!r}, 'w')"),
        Call(builtins.__import__, "antigravity"),
        Call(builtins.getattr, os, "system"),
        Call(functools.partial, os.system, touch),
        Call(copyreg._reconstructor, Armed, object, None, state={"a": 1}),  # type: ignore[attr-defined]
        Armed(),
        Call(torch.load, str(trace)),
        Call(torch.hub.load, "a", "b"),
        Call(np.load, str(trace), None, True),
        Call(torch._utils._rebuild_tensor_v2, Call(os.system, touch), 0, (1,), (1,), False, {}),
        Call(torch._utils._rebuild_parameter, Call(os.system, touch), False, {}),
        Call(torch.storage._load_from_bytes, pickle.dumps(Call(os.system, touch))),
        os.system,
    ]


def pickled(value: object) -> bytes:
    """The pickle in a torch file, with modules by name."""

    class Pickler(pickle._Pickler):  # type: ignore[name-defined]
        def persistent_id(self, obj):
            if isinstance(obj, torch.storage.TypedStorage | torch.UntypedStorage):
                return ("storage", torch.FloatStorage, "0", "cpu", 12)
            return None

        def reducer_override(self, value):
            return (__import__, ("os",)) if value is os else NotImplemented

    content = io.BytesIO()
    Pickler(content, 2).dump(value)
    return content.getvalue()


PLACES = {
    "beside": lambda payload, weights: {"callbacks": payload, "state_dict": weights},
    "nested": lambda payload, weights: {"a": [({"b": [payload]},)], "state_dict": weights},
    "key": lambda payload, weights: {payload: 1, "state_dict": {payload: 2, **weights}},
    "state": lambda payload, weights: {"a": Call(list, state=payload), "state_dict": weights},
    "weight": lambda payload, weights: {"state_dict": {**weights, "v": payload}},
    "weights": lambda payload, _: {"state_dict": payload},
}


@pytest.mark.parametrize("place", PLACES)
def test_no_payload_runs_wherever_it_lies(tmp_path, place):
    trace, path = tmp_path / "was_here", tmp_path / "model.ckpt"
    read(archive(path, tensor_pickle()))  # imports what zipfile needs
    for payload in payloads(trace):
        content = pickled(PLACES[place](payload, {"w": WEIGHT}))
        archive(path, content, WEIGHT.numpy().tobytes())
        Armed.ran.clear()
        with recorded_code() as events:
            if place == "weight":
                assert "found: v: " in refused(path)
            elif place == "weights":
                assert not read(path)
            else:
                assert torch.equal(read(path)["w"], WEIGHT)
        assert not events and not Armed.ran and not trace.exists()


def test_a_network_saved_as_a_whole_is_not_built(tmp_path):
    path = tmp_path / "model.pt"
    for zipped in (True, False):
        torch.save(torch.nn.Linear(2, 2), path, _use_new_zipfile_serialization=zipped)
        with recorded_code() as events:
            found = open_torch_file(path, RELEASE)
        assert not events and not isinstance(found, torch.nn.Module)


STORAGE = b"(X\x07\x00\x00\x00storage%sX\x01\x00\x00\x000X\x03\x00\x00\x00cpu%stQ"


def long(value: int) -> bytes:
    return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)


def tensor_pickle(
    kind: bytes = b"ctorch\nFloatStorage\n", count: int = 12, shape: tuple[int, ...] = (3, 4),
    strides: tuple[int, ...] = (4, 1), offset: int = 0,
) -> bytes:  # fmt: skip
    def tuple_of(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(long, values)) + b"t"

    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + STORAGE % (kind, long(count)) + long(offset) + tuple_of(shape) + tuple_of(strides)
        + b"\x89}tR"
    )  # fmt: skip
    return b"\x80\x02}X\x0a\x00\x00\x00state_dict}X\x01\x00\x00\x00w" + tensor + b"ss."


def test_a_tensor_written_by_hand_is_read(tmp_path):
    path = archive(tmp_path / "model.ckpt", tensor_pickle(), WEIGHT.numpy().tobytes())
    assert torch.equal(read(path)["w"], WEIGHT)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": b"ctorch\nQInt8Storage\n"}, "unknown type torch.QInt8Storage"),
        ({"kind": b"cposix\nsystem\n"}, "unknown type posix.system"),
        ({"count": 2**60}, "bytes in a file of"),
        ({"count": 13}, "48 bytes in place of 52"),
        ({"count": 11}, "48 bytes in place of 44"),
        ({"count": -12}, "unknown form"),
        ({"shape": (2**40, 2**40), "strides": (0, 0)}, "bytes in a file of"),
        ({"shape": (10**6,), "strides": (0,)}, "bytes in a file of"),
        ({"shape": (4, 4)}, "damaged"),
        ({"offset": 1}, "damaged"),
        ({"offset": -1}, "damaged"),
        ({"offset": 2**63}, "damaged"),
        ({"strides": (-4, 1)}, "damaged"),
        ({"strides": (4,)}, "damaged"),
        ({"shape": (-3, 4)}, "something else where weights belong"),
        ({"shape": (1,) * 100, "strides": (1,) * 100}, "something else where weights belong"),
    ],
)
def test_a_tensor_of_more_than_the_file_holds_is_refused(tmp_path, changes, told):
    path = archive(tmp_path / "model.ckpt", tensor_pickle(**changes))
    assert told in refused(path)


def test_many_names_of_one_tensor_do_not_multiply_it(tmp_path):
    weights = {f"w{number}": torch.zeros(1000).half() for number in range(1)}
    weights |= {f"v{number}": weights["w0"] for number in range(5000)}
    torch.save({"state_dict": weights}, path := tmp_path / "model.ckpt")
    assert "bytes in a file of" in refused(path)


def test_a_compressed_record_is_refused_unread(tmp_path):
    content = pickle.dumps({"state_dict": "0" * 10**6})
    path = archive(tmp_path / "model.ckpt", content, compression=zipfile.ZIP_DEFLATED)
    assert "the compressed record" in refused(path)


def test_numbers_in_big_endian_order_are_refused(tmp_path):
    with zipfile.ZipFile(path := tmp_path / "model.ckpt", "w") as file:
        file.writestr("model/data.pkl", tensor_pickle())
        file.writestr("model/byteorder", "big")
    assert "big-endian" in refused(path)


def test_a_damaged_number_is_noticed(tmp_path):
    torch.save({"state_dict": {"w": WEIGHT}}, path := tmp_path / "model.ckpt")
    content = bytearray(path.read_bytes())
    content[content.index(WEIGHT.numpy().tobytes()) + 7] ^= 1
    path.write_bytes(content)
    assert "damaged" in refused(path) and "CRC" in refused(path)


def test_a_file_without_checksums_is_read(tmp_path):
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"state_dict": {"w": WEIGHT}}, path := tmp_path / "model.ckpt")
    finally:
        torch.serialization.set_crc32_options(True)
    assert torch.equal(read(path)["w"], WEIGHT)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_cut_anywhere_is_refused(tmp_path, zipped):
    torch.save({"a": np.zeros(3), "state_dict": {"w": WEIGHT, "v": WEIGHT * 2}},
               path := tmp_path / "model.ckpt", _use_new_zipfile_serialization=zipped)  # fmt: skip
    whole, draw = path.read_bytes(), random.Random(0)
    for length in {0, 1, 4, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(60))}:
        path.write_bytes(whole[:length])
        assert "damaged" in refused(path)


def test_hyperparameters_that_grow_without_end_are_passed_over(tmp_path):
    bomb = b"K\x01" + b"".join(b"q%c0(h%ch%cl" % (n, n, n) for n in range(1, 200))
    content = tensor_pickle()[:-2] + b"sX\x01\x00\x00\x00a" + bomb + b"s."
    path = archive(tmp_path / "model.ckpt", content, WEIGHT.numpy().tobytes())
    assert torch.equal(read(path)["w"], WEIGHT)


@pytest.mark.parametrize("content", [b"", b"\x80\x02N.", b"not a torch file", b"PK\x03\x04"])
def test_another_file_is_no_torch_file(tmp_path, content):
    (path := tmp_path / "model.ckpt").write_bytes(content)
    assert "damaged" in refused(path)
