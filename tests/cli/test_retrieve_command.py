"""`lead retrieve` brings what is free, and says of the rest where it is to be had."""

import hashlib

import pytest
from flaky_server import Site, serving

from lead.cli.sources import free_and_missing, retrieve_for, retrieve_sources
from lead.config.load import load_study
from lead.datasets.sources import Download, FreeFile
from lead.errors import LeadError

CONTENT = b"a list\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def downloads():
    """Two downloads from a server on this machine; the second tells of a rest."""
    with serving(Site(CONTENT)) as site:
        yield tuple(
            Download(name, f"the {name}", "CC BY-NC 4.0: not for commercial use", files, fills, **k)
            for name, fills, files, k in (
                ("first", ("source",), (FreeFile(site.url, "a/list.txt", DIGEST),), {}),
                ("second", (), (FreeFile(site.url, "b/list.txt", DIGEST),), {"by_hand": "more"}),
            )
        )


def test_a_download_comes_by_its_name(downloads, tmp_path, capsys):
    retrieve_sources(["first"], tmp_path, downloads)
    assert (tmp_path / "a" / "list.txt").read_bytes() == CONTENT
    assert not (tmp_path / "b").exists()


def test_a_download_comes_by_the_name_of_what_it_provides(downloads, tmp_path):
    retrieve_sources(["source"], tmp_path, downloads)
    assert (tmp_path / "a" / "list.txt").is_file()


def test_the_licence_is_printed(downloads, tmp_path, capsys):
    retrieve_sources(["first"], tmp_path, downloads)
    assert "CC BY-NC 4.0: not for commercial use" in capsys.readouterr().out


def test_what_is_still_to_get_by_hand_is_printed(downloads, tmp_path, capsys):
    retrieve_sources(["second"], tmp_path, downloads)
    assert "by hand: more" in capsys.readouterr().out


def test_without_a_name_everything_is_listed_and_nothing_fetched(downloads, tmp_path, capsys):
    retrieve_sources([], tmp_path, downloads)
    printed = capsys.readouterr().out
    assert "first" in printed and "second" in printed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "place"), [("amass", "amass.is.tue.mpg.de"), ("body_models", "mano.is.tue.mpg.de")]
)
def test_licensed_data_is_refused_with_the_place_to_register(name, place, downloads, tmp_path):
    with pytest.raises(LeadError, match="cannot be downloaded") as error:
        retrieve_sources(["first", name], tmp_path, downloads)
    assert place in str(error.value.fix)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_is_answered_with_the_known_ones(downloads, tmp_path):
    with pytest.raises(LeadError) as error:
        retrieve_sources(["frist"], tmp_path, downloads)
    assert "first, second" in str(error.value.expected)


def test_a_study_wants_what_is_free_and_missing(tmp_path):
    study = load_study("open_small", {"data_root": str(tmp_path)})
    assert free_and_missing(study) == ["bandai-namco", "kitml-annotations"]
    (tmp_path / "kitml").mkdir()
    (tmp_path / "kitml" / "annotations.json").write_text("{}")
    assert free_and_missing(study) == ["bandai-namco"]


def test_a_study_that_lacks_nothing_free_downloads_nothing(tmp_path, capsys):
    retrieve_for("demo", tmp_path)
    assert "lacks nothing" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
