"""The table of free downloads says true things of the files it names."""

import hashlib
import re

import pytest

from lead.datasets.download import content_digest
from lead.datasets.sources import DOWNLOADS, SOURCES, filling
from lead.formats.archive import find_source

FILES = [file for download in DOWNLOADS for file in download.files if not file.parts]
PARTS = [part for download in DOWNLOADS for file in download.files for part in file.parts]
REGISTERED = ("amass", "body_models", "humanml3d-features", "kit-features", "kit-joints")


SMALL = [file for file in FILES if file.target != "100style.zip"]
"""Files that lie among the real test data: all but 100STYLE's archive."""


@pytest.mark.parametrize("file", SMALL, ids=lambda file: file.target)
def test_a_file_has_the_digest_of_the_table(file, data_root):
    content = (data_root / file.target).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.place)
def test_an_archive_here_has_the_content_digest_of_the_table(part, data_root):
    path = find_source(data_root, [part.place])
    assert path is not None
    assert content_digest(path, lambda name: name.endswith(part.endings)) == part.digest


@pytest.mark.parametrize("digest", [file.sha256 for file in FILES] + [p.digest for p in PARTS])
def test_every_digest_is_a_sha256(digest):
    assert re.fullmatch(r"[0-9a-f]{64}", digest)


@pytest.mark.parametrize("download", DOWNLOADS, ids=lambda download: download.name)
def test_a_download_names_a_commit_or_a_record_but_for_the_one_that_cannot(download):
    fixed = [re.search(r"/[0-9a-f]{40}/|/records/\d+/", file.url) for file in download.files]
    assert all(fixed) is (download.name != "bandai-namco")


@pytest.mark.parametrize("download", DOWNLOADS, ids=lambda download: download.name)
def test_what_a_download_fills_lies_where_the_source_is_looked_for(download):
    for name in download.fills:
        places = SOURCES[name].places
        made = [f"{part.place}.zip" for part in PARTS] + [file.target for file in FILES]
        assert any(path.startswith(place) for path in made for place in places)


@pytest.mark.parametrize("name", REGISTERED)
def test_data_that_needs_a_registration_has_no_download(name):
    assert name in SOURCES
    assert filling(name) is None


def test_nothing_is_fetched_without_encryption():
    assert all(file.url.startswith("https://") for d in DOWNLOADS for file in d.files)
