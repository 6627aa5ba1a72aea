"""Arrays from anywhere: whatever is wrong with a file is one message."""

import io
import zipfile

import numpy as np
import pytest

from lead.errors import LeadError
from lead.files.arrays import FrameFile, begin_frames, load_arrays, read_npy, write_frames


def content(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    np.savez(file, a=np.zeros(100))
    return file.getvalue()


WHOLE = content(np.arange(100.0))
BROKEN = {
    "nothing": b"",
    "another kind of file": b"HIERARCHY\nROOT Hips",
    "cut": WHOLE[:-8],
    "cut in its header": WHOLE[:40],
    "a header that is never closed": WHOLE.replace(b"), }", b", , "),
    "a negative size": WHOLE.replace(b"(100,)", b"(-10,)"),
    "an absurd size": WHOLE.replace(b"(100,), }  ", b"(10**99,),}"),
    "a larger size": WHOLE.replace(b"(100,)", b"(999,)"),
    "an archive": archive(),
    "half an archive": archive()[:-60],
    "pickled objects": content(np.array([{"a": 1}], dtype=object)),
}


def test_an_array_is_read_from_a_file_or_its_content(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(WHOLE)
    np.testing.assert_array_equal(read_npy(path, path), np.arange(100.0))
    np.testing.assert_array_equal(read_npy(WHOLE, "a.npy"), np.arange(100.0))


@pytest.mark.parametrize("damaged", BROKEN.values(), ids=BROKEN.keys())
def test_a_damaged_file_is_named(damaged):
    with pytest.raises(LeadError, match="cannot be read") as error:
        read_npy(damaged, "data/a.npy")
    assert error.value.file == "data/a.npy"


def test_an_entry_of_an_archive_that_is_no_array_is_named():
    file = io.BytesIO(archive())
    with zipfile.ZipFile(file, "a") as opened:
        opened.writestr("joints", b"hello")
    with pytest.raises(ValueError, match="'joints' in the archive is no array"):
        load_arrays(file.getvalue())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LeadError, match="cannot be read") as error:
        read_npy(tmp_path / "a.npy", tmp_path / "a.npy")
    assert "a.npy" in str(error.value)


def zeros(count: int) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, joints=np.zeros(count, np.uint8))
    return file.getvalue()


def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused():
    assert len(load_arrays(zeros(20_000_000))["joints"]) == 20_000_000
    with pytest.raises(ValueError, match="unpacked from"):
        load_arrays(zeros(50_000_000))


def test_what_is_not_wanted_is_not_unpacked():
    file = io.BytesIO()
    np.savez_compressed(file, a=np.ones(3), b=np.zeros(50_000_000, np.uint8))
    assert list(load_arrays(file.getvalue(), ("a",))) == ["a"]


@pytest.mark.parametrize("dtype", ["c8", "M8[s]", "V8", [("x", "f4")]])
def test_arrays_that_are_no_plain_numbers_are_refused(dtype):
    with pytest.raises(ValueError, match="no plain numbers"):
        load_arrays(content(np.zeros(3, dtype)))


@pytest.mark.parametrize("shape", ["(50,)", "(101,)", "(10, 0)", "(2, 10**9)", "(-100,)"])
def test_a_header_of_another_size_than_the_file_is_refused(shape):
    with pytest.raises(ValueError):
        load_arrays(with_shape(shape, bytes(800)))


def test_an_array_of_nothing_has_no_billion_rows():
    assert load_arrays(with_shape("(0, 22, 3)", b""))[""].shape == (0, 22, 3)
    with pytest.raises(ValueError, match="holds nothing"):
        load_arrays(with_shape("(999999999, 0, 3)", b""))


def with_shape(shape: str, data: bytes) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


def test_columns_first_and_big_ends_are_read_as_they_are():
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3).astype(">f8"))
    np.testing.assert_array_equal(load_arrays(content(array))[""], array)


def test_an_archive_is_told_from_an_array():
    assert zipfile.is_zipfile(io.BytesIO(BROKEN["an archive"]))
    with pytest.raises(LeadError, match="archive"):
        read_npy(BROKEN["an archive"], "a.npy")


def test_arrays_are_loaded_by_name_and_a_single_one_under_none(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(2), b=np.ones(3))
    assert {name: len(array) for name, array in load_arrays(tmp_path / "a.npz").items()} == {
        "a": 2,
        "b": 3,
    }
    assert list(load_arrays(WHOLE)) == [""]


def test_frames_are_written_in_any_order_and_read_by_rows(tmp_path):
    frames = begin_frames(tmp_path / "a.npy", (5, 2))
    frames.write(3, np.full((2, 2), 2.0))
    frames.write(0, np.full((3, 2), 1.0))
    np.testing.assert_array_equal(FrameFile.open(frames.path).read(2, 4), [[1, 1], [2, 2]])
    write_frames(tmp_path / "b.npy", [np.full((3, 2), 1.0), np.full((2, 2), 2.0)], 5)
    assert frames.path.read_bytes() == (tmp_path / "b.npy").read_bytes()


@pytest.mark.parametrize("damaged", [WHOLE[:-8], WHOLE + b"0", WHOLE[:40], b"", archive()])
def test_a_damaged_file_of_frames_is_named(tmp_path, damaged):
    (tmp_path / "a.npy").write_bytes(damaged)
    with pytest.raises(LeadError, match="damaged"):
        FrameFile.open(tmp_path / "a.npy")
