"""Files are finished or absent."""

import errno
import os

import pytest
import torch
from safetensors import SafetensorError

from lead.errors import LeadError
from lead.files.artefact import atomic_path, manifest, together
from lead.models.tensors import save_tensors


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    target = tmp_path / "folder" / "out.bin"
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"half")
        assert not target.exists()
        temporary.write_bytes(b"whole")
    assert target.read_bytes() == b"whole"


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
        raise ZeroDivisionError
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_temporary_name_keeps_the_ending(tmp_path):
    with atomic_path(tmp_path / "stats.npz") as temporary:
        assert temporary.suffix == ".npz"
        temporary.write_bytes(b"x")


@pytest.mark.parametrize("number", [*sorted(errno.errorcode)[::7], errno.ENOSPC])
def test_a_file_that_cannot_be_written_is_told_with_its_cure_whatever_the_system_says(
    tmp_path, number
):
    with pytest.raises(LeadError) as caught, atomic_path(tmp_path / "out.bin"):
        raise OSError(number, os.strerror(number))
    assert "Free some space" in str(caught.value) and os.strerror(number) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_files_appear_together_when_all_are_written(tmp_path):
    paths = tmp_path / "a.bin", tmp_path / "folder" / "b.bin"
    with together(paths) as beside:
        for path in paths:
            beside[path].write_bytes(b"new")
            assert not path.exists()
    assert [path.read_bytes() for path in paths] == [b"new", b"new"]
    assert sorted(tmp_path.rglob("*")) == [paths[0], paths[1].parent, paths[1]]


def test_files_are_all_the_old_ones_after_a_failure_which_names_their_places(tmp_path):
    old, absent = tmp_path / "a.bin", tmp_path / "b.bin"
    old.write_bytes(b"old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(LeadError) as caught, together([old, absent]) as beside:
        beside[old].write_bytes(b"new")
        with atomic_path(beside[absent]):
            raise full
    assert caught.value.file == absent
    assert old.read_bytes() == b"old" and list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize("name", ["folder", "file/out.bin", "n" * 300])
def test_a_name_under_which_nothing_can_lie_is_told(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    refused = pytest.raises(LeadError, match="could not be written")
    with refused, atomic_path(tmp_path / name) as temporary:
        temporary.write_bytes(b"x")


def test_tensors_on_a_full_disk_are_told_as_other_files_are(tmp_path, monkeypatch):
    def full(*_, **__):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("lead.models.tensors.save_file", full)
    with pytest.raises(LeadError, match="No space left"):
        save_tensors({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {})
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_holds_neither_date_nor_host():
    assert manifest("vae", config="a", code="b", seed=1) == manifest(
        "vae", config="a", code="b", seed=1
    )
    assert all(isinstance(value, str) for value in manifest("vae").values())
