"""100STYLE: names, frame cuts, sentences, and two real takes."""

from __future__ import annotations

import lzma
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lead.clip import Recording, Rejected
from lead.config.datasets import Style100Dataset
from lead.datasets.style100 import (
    CONTENTS,
    CUTS,
    DATASET,
    STYLES,
    read_cuts,
    read_style100,
    style_and_code,
    style_captions,
)
from lead.errors import LeadError

LABELS = [(code, style) for code in CONTENTS for style in STYLES]


def read(data_root: Path, **settings) -> list:
    """Everything found, each call sent through pickle as to a worker."""
    works = read_style100(Style100Dataset(**settings), data_root)
    return [item for work in works for item in pickle.loads(pickle.dumps(work))()]


def shortened(content: bytes, frames: int) -> bytes:
    """The first frames of a BVH file."""
    head, _, motion = content.partition(b"Frames: ")
    lines = motion.splitlines(keepends=True)
    return b"".join([head, b"Frames: ", b"%d\n" % frames, *lines[1 : 2 + frames]])


@pytest.fixture(scope="module")
def originals(data_root) -> dict[str, bytes]:
    """The two takes, whole."""
    folder = data_root / "100style"
    return {
        style: lzma.decompress((folder / f"{style.lower()}_reference.bvh.xz").read_bytes())
        for style in ("Angry", "Rushed")
    }


@pytest.fixture
def root(originals, tmp_path) -> Path:
    """A data root in 100STYLE's layout, with 15 seconds of each take."""
    for style, content in originals.items():
        folder = tmp_path / "100style" / style
        folder.mkdir(parents=True)
        (folder / f"{style}_FW.bvh").write_bytes(shortened(content, 901))
    return tmp_path


def test_every_label_of_the_published_lists_is_known(data_root):
    lines = (data_root / "100style/100STYLE_name_dict.txt").read_text().splitlines()
    names = [re.fullmatch(r"([A-Za-z]+)_([A-Z]+\d?)_\d+\.bvh", line.split()[1]) for line in lines]
    labels = {(name[1], name[2]) for name in names if name}  # one line is garbled
    assert {style for style, _ in labels} == set(STYLES) and len(STYLES) == 100
    assert {code for _, code in labels} == set(CONTENTS)


@pytest.mark.parametrize("code", CONTENTS)
def test_a_content_in_any_style_has_four_plain_sentences(code):
    for style in STYLES:
        captions = style_captions(code, style)
        assert len(set(captions)) == 4
        for caption in captions:
            assert re.fullmatch(r"(a|the|someone)( [a-z]+)+", caption), caption


def test_styles_and_contents_can_be_told_apart():
    labels = {(CONTENTS[code][0], style) for code, style in LABELS}
    assert len({style_captions(code, style) for code, style in LABELS}) == len(labels) == 800


@pytest.mark.parametrize("style", [style for style in STYLES if re.search("Left|Right", style)])
def test_a_side_in_the_style_is_the_side_in_every_sentence(style):
    side, other = ("left", "right") if "Left" in style else ("right", "left")
    for caption in style_captions("FW", style):
        assert side in caption.split() and other not in caption.split()


@pytest.mark.parametrize("name", ["Angry_FW.bvh", "100STYLE/Angry/Angry_FW.bvh"])
def test_a_name_gives_style_and_content(name):
    assert style_and_code(name) == ("Angry", "FW")


def test_takes_are_resampled_from_60_to_20_and_cut_in_equal_parts(root):
    found = read(root)
    assert [(r.id, len(r.joints)) for r in found] == [
        ("Angry_FW_p1", 150),
        ("Angry_FW_p2", 151),
        ("Rushed_FW_p1", 150),
        ("Rushed_FW_p2", 151),
    ]
    assert {(r.take, r.content, r.style, r.split) for r in found} == {
        ("Angry_FW", "walk-forward", "Angry", ""),
        ("Rushed_FW", "walk-forward", "Rushed", ""),
    }
    assert found[0].captions[0] == "a person walks forward angrily"
    assert found[0].source == "100style/Angry/Angry_FW.bvh"


def test_a_walker_is_a_tall_body_in_metres_with_feet_on_the_floor(root):
    for recording in read(root):
        assert 0.95 < recording.joints[:, 0, 1].mean() < 1.1
        assert -0.02 < recording.joints[..., 1].min() < 0.02


def test_frame_cuts_count_frames_before_resampling(root):
    whole = np.concatenate([r.joints for r in read(root) if r.style == "Angry"])
    cuts = "STYLE_NAME,BR_START,BR_STOP,FW_START,FW_STOP\nAngry,1,2,300,601\nRushed,1,2,N/A,N/A\n"
    (root / "100style" / CUTS).write_text(cuts)
    angry, *rushed = read(root)
    assert angry.id == "Angry_FW"
    np.testing.assert_allclose(angry.joints, whole[100:201], atol=1e-12)
    assert sum(len(r.joints) for r in rushed) == 301


@pytest.mark.parametrize("start, stop", [(901, 1000), (20, 20), (-5, 20)])
def test_cuts_that_leave_nothing_make_a_take_bad(root, start, stop):
    (root / "100style" / CUTS).write_text(f"STYLE_NAME,FW_START,FW_STOP\nAngry,{start},{stop}\n")
    [rejected, *_] = read(root)
    assert rejected.reason == "bad" and f"frames {start} to {stop} of 901" in rejected.detail


@pytest.mark.parametrize(
    "content, found",
    [
        (b"Style,FW_START,FW_STOP\nAngry,1,2\n", "columns Style, FW_START, FW_STOP"),
        (b"STYLE_NAME,FW_START\nAngry,1\n", "columns"),
        (b"STYLE_NAME,FW_START,FW_STOP\nAngry,one,2\n", "'one'"),
        (b"\xff\xfe\x00", "columns"),
        (b"", "columns"),
    ],
)
def test_a_table_that_holds_no_frame_cuts_is_refused(content, found):
    with pytest.raises(LeadError, match="frame cuts cannot be read") as error:
        read_cuts(content, CUTS)
    assert found in str(error.value.found)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_frame_cuts_with_windows_line_ends_are_read_in_any_encoding(encoding):
    content = "STYLE_NAME,FW_START,FW_STOP,ID_START,ID_STOP\r\nOld,3,9,,\r\n".encode(encoding)
    assert read_cuts(content, CUTS) == {("Old", "FW"): (3, 9)}


def test_a_zip_gives_the_same_as_the_folder_without_the_twins_of_macos(root):
    folder = root / "100style"
    (folder / CUTS).write_text("STYLE_NAME,FW_START,FW_STOP\nAngry,300,601\n")
    expected = read(root)
    with zipfile.ZipFile(root / "packed.zip", "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, f"100STYLE/{file.relative_to(folder)}")
            archive.writestr(f"__MACOSX/._{file.name}", b"\0")
    found = read(root, folder="packed")
    assert [r.id for r in found] == [r.id for r in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.joints, other.joints)


def test_a_second_copy_of_a_take_is_a_duplicate(root):
    copy = root / "100style" / "Copy"
    copy.mkdir()
    (copy / "Angry_FW.bvh").write_bytes((root / "100style/Angry/Angry_FW.bvh").read_bytes())
    [rejected] = [item for item in read(root) if isinstance(item, Rejected)]
    assert (rejected.reason, rejected.source) == ("duplicate", "100style/Copy/Angry_FW.bvh")


@pytest.mark.parametrize(
    "name, change, reason, detail",
    [
        ("angry_reference.bvh", bytes, "bad", "does not say"),
        ("Cheerful_FW.bvh", bytes, "no_caption", "nobody says"),
        ("Angry_XY.bvh", bytes, "no_caption", "nobody says"),
        ("Angry_FR.bvh", lambda text: text[:50_000].rsplit(b"\n", 1)[0], "bad", "fewer frames"),
        ("Angry_FR.bvh", lambda text: text.replace(b"Chest4", b"Brust"), "bad", "does not have"),
        ("Angry_FR.bvh", lambda text: shortened(text, 100), "short", "at least 41"),
    ],
)
def test_a_take_that_cannot_be_used_is_told_and_the_others_are_kept(
    root, name, change, reason, detail
):
    folder = root / "100style" / "Angry"
    (folder / name).write_bytes(change((folder / "Angry_FW.bvh").read_bytes()))
    found = read(root)
    [rejected] = [item for item in found if isinstance(item, Rejected)]
    assert rejected.reason == reason and detail in rejected.detail
    assert sum(isinstance(item, Recording) for item in found) == 4


def test_held_out_styles_are_known_by_their_names(root):
    held = [DATASET.is_held_out(Style100Dataset(held_out_styles=("Angry",)), r) for r in read(root)]
    assert held == [True, True, False, False]


def test_a_held_out_style_that_does_not_exist_is_refused(root):
    with pytest.raises(LeadError, match="style does not exist") as error:
        read(root, held_out_styles=("angry",))
    assert error.value.found == "angry"


@pytest.mark.parametrize("folder", ["100style", "elsewhere"])
def test_missing_data_is_named_with_place_origin_and_licence(tmp_path, folder):
    (tmp_path / "100style").mkdir()
    with pytest.raises(LeadError, match="missing: 100style") as error:
        read(tmp_path, folder=folder)
    for words in (str(tmp_path), folder, "ianxmason.com", "CC BY 4.0", "dataset.folder"):
        assert words in str(error.value)


@pytest.mark.parametrize(
    "settings", [{"max_positions": 80}, {"val_share": 0.6, "test_share": 0.4}, {"fps": 0}]
)
def test_settings_that_contradict_themselves_are_refused(settings):
    with pytest.raises(ValueError):
        Style100Dataset(**settings)
