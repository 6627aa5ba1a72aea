"""`lead view`, `lead compare`, and the endings of `lead generate` and `lead export`."""

from __future__ import annotations

import webbrowser

import numpy as np
import pytest
from PIL import Image
from swaying_body import swaying_body
from typer.testing import CliRunner

from lead.cli.main import app
from lead.cli.motion import export_motion
from lead.cli.view import check_outputs, labelled, sentences, write_outputs
from lead.errors import LeadError
from lead.mocap.motion_file import StoredMotion, write_npz
from lead.motion.skeleton import HUMANML3D, KIT


def motion(skeleton=HUMANML3D, frames=4):
    return StoredMotion(swaying_body(skeleton)[:frames], skeleton, skeleton.fps, "it sways")


@pytest.fixture
def source(tmp_path):
    write_npz(tmp_path / "one.npz", motion())
    np.save(tmp_path / "two.npy", motion(KIT).joints)
    return tmp_path / "one.npz"


@pytest.fixture
def opened(monkeypatch):
    """Pages that a browser was asked for."""
    pages = []
    monkeypatch.setattr(webbrowser, "open", pages.append)
    monkeypatch.setenv("DISPLAY", ":0")
    return pages


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_view_is_a_page_that_is_opened(source, opened):
    said = run("view", source)
    (url,) = opened
    assert url.startswith("file://") and url.endswith("one.html") and "4 frames" in said


def test_a_view_goes_where_it_is_sent_and_opens_nothing_if_told_so(source, opened):
    page = source.with_name("page.html")
    run("view", source, "--out", page, "--no-browser")
    assert page.read_text(encoding="utf-8").count("it sways") == 2 and opened == []


def test_without_a_screen_no_browser_is_started(source, opened, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert "one.html" in run("view", source) and opened == []


def test_two_skeletons_are_compared_side_by_side(source, opened):
    page, film = source.with_name("both.html"), source.with_name("both.gif")
    for out in (page, film):
        run("compare", source, source.with_name("two.npy"), "--out", out)
    assert "one.npz" in page.read_text(encoding="utf-8") and len(opened) == 1
    with Image.open(film) as picture:
        assert picture.size == (800, 480)


@pytest.mark.parametrize(("command", "count"), [("view", 5), ("compare", 1), ("compare", 5)])
def test_too_few_and_too_many_are_refused(source, opened, command, count):
    with pytest.raises(LeadError, match="beside a few others"):
        run(command, *[source] * count)
    assert opened == []


@pytest.mark.parametrize("name", ["none.bvh", "one.fbx", "page.xyz"])
def test_what_cannot_be_read_is_one_message(source, opened, name):
    (source.with_name("one.fbx")).write_bytes(b"Kaydara")
    with pytest.raises(LeadError):
        run("view", source.with_name(name))


@pytest.mark.parametrize("to", ["gif", "html", "png", "mp4"])
def test_an_export_may_be_looked_at(source, to, capsys):
    export_motion(source, to, None, False, None)
    assert source.with_suffix(f".{to}").stat().st_size > 1000
    assert f"one.{to}: " in capsys.readouterr().out


def test_pictures_have_no_bones(source):
    with pytest.raises(LeadError, match="no bones"):
        export_motion(source, "html", None, True, None)


def test_several_motions_share_a_page_and_have_files_of_their_own(tmp_path, capsys):
    shown = labelled([motion()] * 3, samples=3)
    write_outputs(shown, [tmp_path / name for name in ("a.html", "a.png", "a.npz")])
    assert {file.name for file in tmp_path.iterdir()} == {
        "a.html", "a.png", "a_01.npz", "a_02.npz", "a_03.npz"
    }  # fmt: skip
    assert [label for _, label in shown] == ["sample 1", "sample 2", "sample 3"]
    assert "a_03.npz: 'it sways', 4 frames" in capsys.readouterr().out


def test_more_motions_than_fit_a_page_have_pages_of_their_own(tmp_path):
    write_outputs(labelled([motion()] * 5, samples=1), [tmp_path / "a.html"])
    assert len(list(tmp_path.glob("a_*.html"))) == 5


@pytest.mark.parametrize("names", [["a.avi"], ["a.npz", "a.fbx"], ["a.gif", "./a.gif"], ["a"]])
def test_impossible_outputs_are_refused_before_work_begins(names):
    from pathlib import Path

    with pytest.raises(LeadError):
        check_outputs([Path(name) for name in names])


def test_an_mp4_without_ffmpeg_is_refused_before_work_begins(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(LeadError, match="ffmpeg"):
        check_outputs([tmp_path / "a.mp4"])


def test_sentences_are_the_lines_of_a_file(tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_bytes("\ufeffa man walks\r\n\r\n  é <b>  \n".encode())
    assert sentences(None, file) == ["a man walks", "é <b>"]
    assert sentences("a man", None) == ["a man"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_sentences_of_any_editor_are_read(tmp_path, encoding):
    file = tmp_path / "prompts.txt"
    file.write_bytes("a café dance\r\n\r\na walk\r\n".encode(encoding))
    assert sentences(None, file) == ["a café dance", "a walk"]


@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_a_file_without_sentences_is_refused(tmp_path, content):
    file = tmp_path / "prompts.txt"
    with pytest.raises(LeadError, match="no such file"):
        sentences(None, file)
    file.write_bytes(content)
    with pytest.raises(LeadError, match="no sentences") as error:
        sentences(None, file)
    assert error.value.fix


@pytest.mark.parametrize("both", [False, True])
def test_neither_a_sentence_nor_a_file_or_both_is_refused(tmp_path, both):
    with pytest.raises(LeadError, match="one sentence"):
        sentences("a" if both else None, tmp_path if both else None)
