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
