"""Reading a folder or an archive in place, and refusing what is broken or unsafe."""

from __future__ import annotations

import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from lead.errors import LeadError
from lead.formats.archive import find_source, members, names

FILES = {"data/b.bvh": b"bravo" * 300, "data/a.bvh": b"alfa" * 300, "LICENSE": b"free"}
KINDS = ("folder", "tar.xz", "tar.gz", "zip")


def pack(root: Path, kind: str, top: str = "source/") -> Path:
    """FILES as a folder or an archive named ``source``."""
    path = root / ("source" if kind == "folder" else f"source.{kind}")
    if kind == "folder":
        for name, content in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in FILES.items():
                archive.writestr(top + name, content)
    else:
        with tarfile.open(path, "w:xz" if kind == "tar.xz" else "w:gz") as archive:
            for name, content in FILES.items():
                add(archive, top + name, content=content)
    return path


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", **fields) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for field, value in fields.items():
        setattr(entry, field, value)
    archive.addfile(entry, io.BytesIO(content))


def tar_with(root: Path, name: str, **fields) -> Path:
    path = root / "source.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        add(archive, "source/good.bvh", b"good")
        add(archive, name, **fields)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_and_its_archives_give_the_same_members(tmp_path, kind):
    assert dict(members(pack(tmp_path, kind))) == FILES


@pytest.mark.parametrize("kind", ["tar.xz", "zip"])
def test_an_archive_without_a_top_folder_gives_the_same_members(tmp_path, kind):
    assert dict(members(pack(tmp_path, kind, top=""))) == FILES


@pytest.mark.parametrize("kind", KINDS)
def test_only_wanted_members_come(tmp_path, kind):
    found = names(pack(tmp_path, kind), lambda name: name.endswith(".bvh"))
    assert found == ["data/a.bvh", "data/b.bvh"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_is_found_as_folder_or_archive(tmp_path, kind):
    path = pack(tmp_path, kind)
    assert find_source(tmp_path, ["elsewhere", "source"]) == path


def test_an_absent_source_is_not_found(tmp_path):
    assert find_source(tmp_path, ["source"]) is None


@pytest.mark.parametrize(
    "name", ["../evil", "source/../../evil", "/etc/evil", "C:\\evil", "a\\..\\b"]
)
def test_a_tar_path_that_leaves_the_folder_is_refused(tmp_path, name):
    with pytest.raises(LeadError, match="leaves its folder"):
        list(members(tar_with(tmp_path, name, content=b"x")))


@pytest.mark.parametrize(
    "name, mode",
    [
        ("../evil", 0),
        ("source/../../evil", 0),
        ("/etc/evil", 0),
        ("source/link", stat.S_IFLNK | 0o777),
    ],
)
def test_a_zip_path_or_link_that_leaves_the_folder_is_refused(tmp_path, name, mode):
    path = tmp_path / "source.zip"
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "../../outside")  # where the link leads
    with pytest.raises(LeadError, match="leaves its folder"):
        list(members(path))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["../../outside", "/etc/passwd", "data/../../../outside"])
def test_a_link_that_leaves_the_folder_is_refused(tmp_path, kind, target):
    with pytest.raises(LeadError, match="leaves its folder"):
        list(members(tar_with(tmp_path, "source/link", type=kind, linkname=target)))


def test_a_link_that_stays_inside_is_skipped(tmp_path):
    path = tar_with(tmp_path, "source/data/link", type=tarfile.SYMTYPE, linkname="../good.bvh")
    assert names(path) == ["good.bvh"]


def test_a_link_in_a_folder_to_a_file_outside_is_refused(tmp_path):
    path = pack(tmp_path, "folder")
    (tmp_path / "secret").write_text("secret")
    (path / "link.bvh").symlink_to(tmp_path / "secret")
    with pytest.raises(LeadError, match="leaves its folder"):
        list(members(path))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_in_an_archive_is_refused(tmp_path, kind):
    with pytest.raises(LeadError, match="neither a file nor a folder"):
        list(members(tar_with(tmp_path, "source/device", type=kind)))


@pytest.mark.parametrize("kind", ["tar.xz", "tar.gz", "zip"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_archive_is_refused_wherever_it_ends(tmp_path, kind, share):
    path = pack(tmp_path, kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(LeadError, match="truncated or damaged") as error:
        list(members(path))
    assert error.value.file == path
    assert "download it again" in str(error.value)


@pytest.mark.parametrize("kind, compress", [("xz", lzma.compress), ("gz", gzip.compress)])
def test_an_archive_is_refused_for_its_last_bytes_though_all_members_are_there(
    tmp_path, kind, compress
):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        add(archive, "a.bvh", b"alfa")
    padded = packed.getvalue() + bytes(4 << 20)  # what follows the archive's end mark
    path = tmp_path / f"source.tar.{kind}"
    path.write_bytes(compress(padded)[:-4])
    with pytest.raises(LeadError, match="truncated or damaged"):
        list(members(path))


@pytest.mark.parametrize("kind", ["tar.xz", "tar.gz", "zip"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, kind):
    path = tmp_path / f"source.{kind}"
    path.write_bytes(b"<html>404</html>" * 100)
    with pytest.raises(LeadError, match="truncated or damaged"):
        list(members(path))


@pytest.mark.parametrize("kind", ["tar.xz", "tar.gz", "zip"])
def test_reading_an_archive_writes_nothing(tmp_path, kind, monkeypatch):
    path = pack(tmp_path, kind)
    monkeypatch.chdir(tmp_path)
    list(members(path))
    assert list(tmp_path.rglob("*")) == [path]


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "tar.xz"])
def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path, suffix):
    path, zeros = tmp_path / f"top.{suffix}", bytes(100 << 20)
    if suffix == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("top/a.txt", zeros)
    else:
        with tarfile.open(path, f"w:{suffix[4:]}") as archive:
            entry = tarfile.TarInfo("top/a.txt")
            entry.size = len(zeros)
            archive.addfile(entry, io.BytesIO(zeros))
    with pytest.raises(LeadError, match="truncated or damaged") as caught:
        list(members(path))
    assert "bytes in" in str(caught.value.found) or "times as large" in str(caught.value.found)


def test_a_long_name_of_gigabytes_is_not_read(tmp_path):
    path = tmp_path / "top.tar.gz"
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 50 << 20
    path.write_bytes(gzip.compress(entry.tobuf() + bytes(entry.size), 1))
    with pytest.raises(LeadError, match="truncated or damaged") as caught:
        list(members(path))
    assert "a note of 52,428,800 bytes" in str(caught.value.found)
