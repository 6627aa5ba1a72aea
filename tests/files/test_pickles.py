"""Reading a pickle gives its plain values, and does nothing else."""

from __future__ import annotations

import io
import pickle
import pickletools
import sys
from contextlib import suppress

import pytest
from code_run import recorded_code
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.files.pickles import Foreign, kind_of, read_pickle

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


def read(content: bytes):
    return read_pickle(io.BytesIO(content))


@settings(max_examples=40)
@given(value=PLAIN, protocol=st.integers(3, 5))
def test_plain_values_are_read_as_python_reads_them(value, protocol):
    assert read(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(protocol):
    shared = ["ä", -1, 2**70, 1.5, True, None]
    value = {"one": shared, "again": shared, "nested": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4))}
    found = read(pickle.dumps(value, protocol))
    assert found == value and found["one"] is found["again"]


def test_a_list_that_holds_itself_is_read():
    value: list = []
    value.append(value)
    found = read(pickle.dumps(value))
    assert found[0] is found


def test_python_2s_texts_are_read():
    assert read(b"(dS'weight'\nU\x04biasp1\ns.") == {"weight": "bias"}


def test_what_follows_a_pickle_is_left_to_be_read():
    file = io.BytesIO(pickle.dumps(1) + pickle.dumps([2]) + b"rest")
    assert (read_pickle(file), read_pickle(file), file.read()) == (1, [2], b"rest")


class Mapping(dict):
    """A dict of a class of its own."""

    def __setstate__(self, state):
        raise AssertionError("executed")

    def __getstate__(self):
        return {"hidden": 1}


@pytest.mark.parametrize("protocol", range(2, 6))
def test_of_an_object_remain_its_name_and_entries(protocol):
    found = read(pickle.dumps(Mapping(one=1), protocol))
    assert found == {"one": 1} and kind_of(found) == f"{__name__}.Mapping"


OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
PIECES = st.sampled_from(
    [*OPCODES, b"cos\nsystem\n", b"cbuiltins\neval\n", b"X\x02\0\0\x00ab", b"("]
)


@given(pieces=st.lists(PIECES | st.binary(max_size=4), max_size=60))
def test_nothing_is_looked_up_or_run_whatever_the_bytes(pieces):
    with suppress(Exception):
        read(b".")  # whose error is made of modules that Python imports once
    with recorded_code() as events:
        for end in (b"", b"."):
            try:
                read(b"".join(pieces) + end)
            except Exception as error:
                assert not isinstance(error, MemoryError | RecursionError)
    assert not events


def doubled(value: bytes, times: int) -> bytes:
    """Tuples of two of the same, one in the other: few bytes, and too many to be looked through."""
    return value + b"".join(b"q%cq%ch%c\x86" % (n, n, n) for n in range(times))


def test_a_key_that_takes_forever_to_hash_is_passed_over():
    found = read(b"}(" + doubled(b"K\x01", 200) + b"K\x02X\x01\x00\x00\x00aK\x03u.")
    assert found == {"a": 3}


@pytest.mark.parametrize("make", [b"\x90", b"\x91"], ids=["set", "frozenset"])
def test_an_element_that_takes_forever_to_hash_is_passed_over(make):
    start = b"\x8f(" if make == b"\x90" else b"("
    assert kind_of(read(start + doubled(b"K\x01", 200) + make + b".")) == "builtins.set"


def test_a_pickle_may_be_as_deep_as_it_is_long():
    assert isinstance(read(b"]" * 50_000 + b"a" * 49_999 + b"."), list)
    calls = b"cos\nsystem\nq\x00" + b"h\x00" * 50_000 + b"\x85R" * 50_000 + b"."
    assert isinstance(read(calls), Foreign)


@pytest.mark.parametrize(
    "content",
    [
        b"]r\xff\xff\xff\xff.",  # the last place of a memo
        b"p99999999999\n].",
        b"\x8e" + (2**62).to_bytes(8, "little") + b"short.",  # bytes
        b"\x8b\xff\xff\xff\x7fshort.",  # a number
        b"I" + b"9" * 100_000 + b"\n.",
    ],
)
def test_no_memory_is_taken_for_what_is_only_announced(content):
    try:
        assert read(content) == []
    except Exception as error:
        assert not isinstance(error, MemoryError)


def test_a_long_name_is_not_multiplied():
    module = b"X" + (10**6).to_bytes(4, "little") + b"m" * 10**6
    found = read(b"(" + module + b"q\x000" + b"h\x00h\x00\x93" * 10_000 + b"l.")
    assert len(found) == 10_000 and sum(sys.getsizeof(other.name) for other in found) < 10**7


@pytest.mark.parametrize(
    "content", [b"", b".", b"]", b"t.", b"K", b"0.", b"h\x07.", b"NNR", b"P1\n."]
)
def test_a_broken_pickle_is_an_error(content):
    with pytest.raises(Exception) as error:
        read(content)
    assert isinstance(error.value, Exception)
