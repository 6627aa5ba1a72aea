"""The store: frames and index belong together, or the reader says so."""

import numpy as np
import pytest

from lead.clip import Clip
from lead.errors import LeadError
from lead.files.arrays import write_frames
from lead.store import MotionStore, write_index


def clip(name: str, start: int, stop: int, split: str = "train") -> Clip:
    return Clip(name, split, start, stop, ("a person walks",), name, "walk", None, "here")


@pytest.fixture
def files(tmp_path):
    frames, index = tmp_path / "frames.npy", tmp_path / "index.parquet"
    write_frames(frames, [np.full((5, 3), 1.0), np.full((4, 3), 2.0)], 9)
    write_index(index, [clip("a", 0, 5), clip("b", 5, 9, "test")], 9, {"stage": "features"})
    return frames, index


def test_what_was_written_is_read_back(files):
    store = MotionStore.load(*files)
    assert [c.id for c in store.split("test")] == ["b"]
    np.testing.assert_array_equal(store[store.clips[1]], np.full((4, 3), 2.0))
    assert store.metadata == {"stage": "features", "rows": "9"}
    assert store.clips[0] == clip("a", 0, 5)


def test_frames_stay_on_disk(files):
    assert isinstance(MotionStore.load(*files).frames, np.memmap)


@pytest.mark.parametrize("which", [0, 1])
def test_a_truncated_file_is_named_with_its_cure(files, which):
    content = files[which].read_bytes()
    files[which].write_bytes(content[: len(content) - 20])
    with pytest.raises(LeadError) as caught:
        MotionStore.load(*files)
    assert files[which].name in str(caught.value)
    assert "Delete" in str(caught.value)


def test_frames_of_another_index_are_refused(files, tmp_path):
    write_index(files[1], [clip("a", 0, 7)], 7, {})
    with pytest.raises(LeadError, match="do not belong together"):
        MotionStore.load(*files)


def test_a_writer_that_fails_leaves_nothing(tmp_path):
    def arrays():
        yield np.zeros((5, 3))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_frames(tmp_path / "frames.npy", arrays(), 10)
    assert list(tmp_path.iterdir()) == []
