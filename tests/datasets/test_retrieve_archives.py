"""Archives whose bytes are not stable: what they hold is verified, and taken out in parts."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from flaky_server import Site, serving

from lead.datasets.download import Patience, content_digest, retrieve
from lead.datasets.sources import ArchivePart, Download, FreeFile
from lead.errors import LeadError

HURRY = Patience(attempts=3, wait=0.001, timeout=5.0)
FILES = {
    "data/b.bvh": b"HIERARCHY",
    "data/a.json": b"{}",
    "LICENSE": b"free",
}


def pack(path: Path, top: str, extra: dict[str, bytes] | None = None) -> bytes:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in {**FILES, **(extra or {})}.items():
            packed.writestr(f"{top}/set/one/{name}", content)
        packed.writestr(f"{top}/set/other/data/c.bvh", b"not wanted")
    return path.read_bytes()


def is_data(name: str) -> bool:
    return name.endswith((".bvh", ".json"))


@pytest.fixture
def archive(tmp_path):
    """A server's archive, and the download that makes a part of it."""
    content = pack(tmp_path / "packed.zip", "set-master")
    listing = "".join(
        f"{hashlib.sha256(FILES[name]).hexdigest()}  {name.rpartition('/')[2]}\n"
        for name in ("data/a.json", "data/b.bvh")
    )
    digest = hashlib.sha256(listing.encode()).hexdigest()
    with serving(Site(content)) as site:
        part = ArchivePart("set/one/", "sets/one", (".bvh", ".json"), digest)
        file = FreeFile(site.url, "sets/all.zip", parts=(part,))
        yield site, Download("sets", "two sets", "free", (file,))


def test_a_part_of_an_archive_becomes_an_archive_of_its_own(archive, tmp_path):
    _, download = archive
    root = tmp_path / "root"
    assert retrieve(download, root, HURRY) == [root / "sets" / "one.zip"]
    with zipfile.ZipFile(root / "sets" / "one.zip") as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == FILES
    assert list((root / "sets").iterdir()) == [root / "sets" / "one.zip"]


def test_an_archive_with_other_contents_is_refused_and_not_kept(archive, tmp_path):
    site, download = archive
    site.content = pack(tmp_path / "more.zip", "set-master", {"data/new.bvh": b"HIERARCHY"})
    root = tmp_path / "root"
    with pytest.raises(LeadError, match="not what it was"):
        retrieve(download, root, HURRY)
    assert list((root / "sets").iterdir()) == []


def test_a_truncated_archive_is_refused_and_not_kept(archive, tmp_path):
    site, download = archive
    site.content = site.content[:-30]
    root = tmp_path / "root"
    with pytest.raises(LeadError, match="truncated or damaged"):
        retrieve(download, root, HURRY)
    assert list((root / "sets").iterdir()) == []


def test_a_part_that_is_there_in_any_form_is_not_downloaded(archive, tmp_path):
    site, download = archive
    folder = tmp_path / "root" / "sets" / "one"
    folder.mkdir(parents=True)
    assert retrieve(download, tmp_path / "root", HURRY) == [folder]
    assert site.asked == []


def test_a_folder_and_an_archive_of_it_have_one_content_digest(tmp_path):
    pack(tmp_path / "set.zip", "set")
    with zipfile.ZipFile(tmp_path / "set.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    packed = content_digest(tmp_path / "set.zip", is_data)
    assert packed == content_digest(tmp_path / "unpacked", is_data)


def test_one_changed_byte_changes_the_content_digest(tmp_path):
    pack(tmp_path / "one.zip", "set")
    pack(tmp_path / "two.zip", "set", {"data/b.bvh": b"HIERARCHy"})
    one = content_digest(tmp_path / "one.zip", is_data)
    assert one != content_digest(tmp_path / "two.zip", is_data)
