"""Files are finished or absent."""

import errno

import pytest

from lead.errors import LeadError
from lead.files.artefact import atomic_path, manifest


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


def test_a_full_disk_is_told_with_its_cure(tmp_path):
    with pytest.raises(LeadError) as caught, atomic_path(tmp_path / "out.bin"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "Free some space" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_holds_neither_date_nor_host():
    assert manifest("vae", config="a", code="b", seed=1) == manifest(
        "vae", config="a", code="b", seed=1
    )
    assert all(isinstance(value, str) for value in manifest("vae").values())
