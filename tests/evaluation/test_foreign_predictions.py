"""Predictions as people hand them in: padded, with other axes, beside notes of their machine."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from predicted_motions import (
    FEATURES,
    IDS,
    JOINTS,
    READER,
    assert_equal,
    read,
    refused,
    system,
    write,
)

from lead.clip import Clip
from lead.evaluation.predictions.arrays import one_motion, repeats_inside
from lead.evaluation.predictions.captions import read_captions
from lead.evaluation.predictions.features import read_features
from lead.evaluation.predictions.files import open_predictions, whole_number
from lead.evaluation.predictions.requests import check_items
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

ASKED = [len(own) for own in FEATURES.values()]
LONGEST = 90

drawn = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_with_notes(path, asked=ASKED, units="none", **stated):
    motions = open_predictions(path).read(0, IDS, system(**stated))
    return read_features(motions, READER, units, asked)


def padded(motion, rows):
    return np.concatenate([motion, np.broadcast_to(rows, (LONGEST - len(motion), *rows.shape))])


@pytest.mark.parametrize("motions", [FEATURES, JOINTS], ids=["features", "joints"])
@pytest.mark.parametrize("value", [0.0, -0.0, np.nan])
@pytest.mark.parametrize("asked", [ASKED, [None] * 3], ids=["asked", "any length"])
def test_padding_of_a_batch_is_cut_and_said(tmp_path, motions, value, asked):
    blank = {name: np.full(own.shape[1:], value) for name, own in motions.items()}
    write(tmp_path, {name: padded(own, blank[name]) for name, own in motions.items()})
    found, notes = read_with_notes(tmp_path, asked)
    assert_equal(found, FEATURES.values())
    assert notes == [
        "3 of 3 motions: frames of nothing but zeros or NaN at the ends are padding and left out"
    ]


@pytest.mark.parametrize("motions", [FEATURES, JOINTS], ids=["features", "joints"])
def test_a_last_frame_that_is_held_is_cut_at_the_length_asked_for(tmp_path, motions):
    write(tmp_path, {name: padded(own, own[-1]) for name, own in motions.items()})
    found, notes = read_with_notes(tmp_path)
    assert_equal(found, FEATURES.values())
    assert notes[0].startswith("3 of 3 motions: frames beyond the length asked for")


def test_a_last_frame_that_is_held_at_another_rate_is_cut(tmp_path):
    faster = {name: resample(own, 20.0, 60.0) for name, own in JOINTS.items()}
    write(
        tmp_path,
        {name: np.concatenate([own, np.repeat(own[-1:], 40, 0)]) for name, own in faster.items()},
    )
    assert_equal(read_with_notes(tmp_path, fps=60.0)[0], FEATURES.values())


@pytest.mark.parametrize("units", ["dataset", "matcher"])
def test_padding_that_was_denormalised_is_a_frame_that_is_held(tmp_path, units):
    mean = READER.statistics[units].mean
    write(tmp_path, {name: padded(own, mean) for name, own in FEATURES.items()})
    assert_equal(read_with_notes(tmp_path)[0], FEATURES.values())


def test_a_still_end_at_another_length_is_said_and_stays(tmp_path):
    write(tmp_path, {name: padded(own, own[-1]) for name, own in FEATURES.items()})
    found, notes = read_with_notes(tmp_path, [own + 9 for own in ASKED[::-1]])
    assert {len(own) for own in found} <= {LONGEST, *(own + 9 for own in ASKED)}
    assert notes and all("nothing moves" in note for note in notes)


def test_people_who_stand_still_as_long_as_asked_are_left_alone(tmp_path):
    still = {name: np.repeat(own[:1], len(own), 0) for name, own in FEATURES.items()}
    found, notes = read_with_notes(write(tmp_path, still))
    assert_equal(found, still.values())
    assert not notes


def test_zeros_between_frames_are_refused(tmp_path):
    broken = {name: own.copy() for name, own in FEATURES.items()}
    broken["b"][7:9] = 0
    write(tmp_path, broken)
    refused(lambda: read(tmp_path), "nothing but zeros", "2 of", "first in 7", "b.npy")
    np.save(tmp_path / "b.npy", np.zeros((40, 263)))
    refused(lambda: read(tmp_path), "nothing but zeros", "40 of 40")


@pytest.mark.parametrize(
    "stated",
    [
        {"lengths": len},
        {"length": lambda own: [len(own)]},
        {"lengths": lambda own: np.array([[float(len(own))]])},
        {"mask": lambda own: np.arange(LONGEST) < len(own)},
        {"mask": lambda own: (np.arange(LONGEST) < len(own))[None].astype(int)},
    ],
)
def test_a_file_says_how_long_its_one_motion_is(tmp_path, stated):
    for name, own in FEATURES.items():
        whole = padded(own, own[3])
        others = {key: np.array(value(own)) for key, value in stated.items()}
        np.savez(tmp_path / f"{name}.npz", motion=whole, **others)
    found, notes = read_with_notes(tmp_path, [None] * 3)
    assert_equal(found, FEATURES.values())
    assert "in the file" in notes[0]


@pytest.mark.parametrize("lengths", [0, 91, -1, 4.5, np.nan, "forty", [40, 41]])
def test_a_length_that_is_none_is_refused(tmp_path, lengths):
    for name, own in FEATURES.items():
        np.savez(tmp_path / f"{name}.npz", motion=padded(own, own[-1]), lengths=lengths)
    refused(lambda: read(tmp_path), "lengths", "a.npz")


def test_a_parquet_file_says_lengths_and_spells_repeats_as_it_likes(tmp_path):
    for spelt in ([0, 1], [0.0, 1.0], ["0", "1"], ["0.0", "01"]):
        rows = {
            "id": IDS * 2,
            "repeat": [one for one in spelt for _ in IDS],
            "motion": [padded(own, own[0]).tolist() for own in FEATURES.values()] * 2,
            "length": ASKED + [own - 4 for own in ASKED],
        }
        pq.write_table(pa.table(rows), tmp_path / "own.parquet")
        found = read(tmp_path / "own.parquet", 1)
        assert_equal(found, [own[:-4] for own in FEATURES.values()])
    rows["repeat"][-1] = "second"
    pq.write_table(pa.table(rows), tmp_path / "own.parquet")
    refused(lambda: open_predictions(tmp_path / "own.parquet"), "'second' as the repeat of c")


@pytest.mark.parametrize("rate", [0, -20.0, np.nan, np.inf, "twenty"])
def test_a_rate_that_is_none_is_refused(tmp_path, rate):
    for name, own in JOINTS.items():
        np.savez(tmp_path / f"{name}.npz", joints=own, fps=rate)
    refused(lambda: read(tmp_path), "a number of frames per second", "a.npz")


LAYOUTS = {
    "batch of one": lambda own: own[None],
    "axes of one": lambda own: own[:, None, ..., None],
    "columns": lambda own: own.reshape(len(own), -1),
    "columns by axis": lambda own: own.swapaxes(1, -1).reshape(len(own), -1),
    "frames last": lambda own: np.moveaxis(own, 0, -1),
    "frames last in a batch of one": lambda own: np.moveaxis(own, 0, -1)[None],
    "turned round": lambda own: own.T,
    "joints first": lambda own: own.swapaxes(0, 1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("motions", [FEATURES, JOINTS], ids=["features", "joints"])
def test_axes_are_put_in_order(tmp_path, layout, motions):
    write(tmp_path, {name: LAYOUTS[layout](own) for name, own in motions.items()})
    found, notes = read_with_notes(tmp_path)
    assert_equal(found, FEATURES.values())
    assert len(notes) == (0 if layout.startswith("columns") and motions is FEATURES else 1)


@drawn
@given(
    st.integers(KIT.min_frames, 400), st.sampled_from([HUMANML3D, KIT]), st.permutations([0, 1, 2])
)
def test_joints_in_any_order_of_axes_are_theirs_again(frames, skeleton, order):
    names = (skeleton.joint_count, 3)
    body = np.random.default_rng(frames).normal(size=names)
    path = np.linspace(0, 5, frames)[:, None, None] * np.array([1.0, 0, 0.5])
    found, notes = one_motion((body + path).transpose(order))
    np.testing.assert_array_equal(found, body + path)
    assert bool(notes) == (list(order) != [0, 1, 2])
    assert repeats_inside((body + path).transpose(order)) == 0


def test_axes_that_cannot_be_told_are_refused(tmp_path):
    write(tmp_path, {name: np.ones((263, 66)) for name in IDS})
    refused(lambda: read(tmp_path), "263 x 66", "Put frames first")


@pytest.mark.parametrize("joints", [24, 52, 55])
def test_joints_of_smpl_are_told_from_another_datasets(tmp_path, joints):
    write(tmp_path, {name: np.ones((60, joints, 3)) for name in IDS})
    refused(lambda: read(tmp_path), f"60 x {joints} x 3", "array[:, :22]")


def test_an_array_may_hold_all_repeats_in_any_order_of_axes(tmp_path):
    for name, own in JOINTS.items():
        both = np.stack([own, own[::-1]])
        np.save(tmp_path / f"{name}.npy", np.moveaxis(both, 1, -1))
    assert open_predictions(tmp_path).repeats == 2
    assert_equal(read(tmp_path), FEATURES.values())


@pytest.mark.parametrize("name", ["._a.npz", ".DS_Store", ".a.npy", "._a.bvh"])
def test_hidden_files_are_no_motions(tmp_path, name):
    for folder in (tmp_path, tmp_path / "multimodality" / "a"):
        write(folder, FEATURES)
        (folder / name).write_bytes(b"\0\5\26\7" + bytes(60))
    (tmp_path / "multimodality" / "._a").mkdir()
    (tmp_path / "._repeat_00").mkdir()
    files = open_predictions(tmp_path)
    assert set(files.items[0]) == set(IDS) and check_items(files, IDS, 1) == []
    assert [len(motions) for motions in files.samples[0].values()] == [3]


def test_pickles_are_named_without_advice_to_open_them(tmp_path):
    write(tmp_path, FEATURES)
    np.save(tmp_path / "b.npy", np.array({"motion": FEATURES["b"]}), allow_pickle=True)
    refused(lambda: read(tmp_path), "b.npy", "pickle", "never opened")


@pytest.mark.parametrize(
    "names",
    [("repeat_0", "repeat_00"), ("repeat_00", "Repeat_0"), ("repeat_1", "repeat_001"),
     ("repeat-0", "repeat_0"), ("repeat0", "repeat_000")],
)  # fmt: skip
def test_a_repeat_that_is_there_twice_is_refused(tmp_path, names):
    for name in names:
        write(tmp_path / name, FEATURES)
    number = whole_number(names[1].lower().replace("repeat_", ""))
    refused(lambda: open_predictions(tmp_path), f"repeat {number}", "A repeat is there twice")


def test_a_sample_that_is_there_twice_is_refused(tmp_path):
    write(tmp_path, FEATURES)
    write(tmp_path / "multimodality" / "a", {"0": FEATURES["a"], "00": FEATURES["b"]})
    refused(lambda: open_predictions(tmp_path), "there twice", "0.npy and 00.npy")


def test_what_is_there_is_named_where_motions_are_missing(tmp_path):
    write(tmp_path, {f"sample_{name}": own for name, own in FEATURES.items()})
    files = open_predictions(tmp_path)
    refused(lambda: check_items(files, IDS, 1), "none of a, b, c; but sample_a")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "results.pt").write_bytes(b"")
    refused(lambda: open_predictions(tmp_path / "other"), "but results.pt")


CLIPS = [
    Clip(name, "test", 0, 60, (f"a person, who {what}", "other words"), "t", "c", None, "s")
    for name, what in (("000021", "walks"), ("M000021", "doesn't walk"), ("clip", "naïvely jumps"))
]
WANTED = [clip.captions[0] for clip in CLIPS]


def table(separator=",", ending="\n", repeat=None, quote='"', ids=None, header="id{}caption"):
    lines = [header.format(separator) + (f"{separator}repeat" if repeat is not None else "")]
    for name, caption in zip(ids or [clip.id for clip in CLIPS], WANTED, strict=True):
        cells = [name, f"{quote}{caption}{quote}", *([repeat] if repeat is not None else [])]
        lines.append(separator.join(cells))
    return ending.join([*lines, ""])


def captions_of(path, content, repeats=1):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_captions(path, CLIPS, repeats)


@drawn
@given(
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from([None, "0", "0.0", "00", "0.", "", "nan"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
    st.sampled_from(["id{}caption", "ID{} Caption", '"id"{}"caption"', " id {}CAPTION "]),
    st.booleans(),
)
def test_captions_are_read_as_any_program_writes_them(
    tmp_path, separator, ending, repeat, encoding, header, excel
):
    text = table(separator, ending, repeat, header=header)
    text = f"sep={separator}{ending}{text}" if excel else text
    for given_text in (text, text.replace("'", "’")):
        content = given_text.encode(encoding)
        assert captions_of(tmp_path / "own.csv", content) == [tuple(WANTED)]


def test_a_decimal_comma_is_no_other_repeat(tmp_path):
    text = table(";", repeat="0,0")
    assert captions_of(tmp_path / "own.csv", text) == [tuple(WANTED)]


def test_an_id_may_have_lost_its_leading_zeros(tmp_path):
    for first in ("21", "21.0", "000021"):
        text = table(ids=[first, "M000021", "clip"])
        assert captions_of(tmp_path / "own.csv", text) == [tuple(WANTED)]


def test_empty_columns_and_rows_of_a_sheet_are_passed_over(tmp_path):
    text = table().replace("\n", ",,\n") + ",,,\n\n"
    assert captions_of(tmp_path / "own.csv", text) == [tuple(WANTED)]
    text = "\n".join(f"{row},{line}" for row, line in enumerate(table().splitlines()))
    assert captions_of(tmp_path / "own.csv", text.replace("0,id", ",id")) == [tuple(WANTED)]


def test_repeats_as_numbers_of_a_frame_are_found(tmp_path):
    rows = {"id": [clip.id for clip in CLIPS] * 2, "caption": WANTED + ["other words"] * 3}
    rows["repeat"] = [0.0] * 3 + [1.0] * 3
    pq.write_table(pa.table(rows), tmp_path / "own.parquet")
    found = read_captions(tmp_path / "own.parquet", CLIPS, 2)
    assert found == [tuple(WANTED), ("other words",) * 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"),
        (b"id,caption\n", "no rows"),
        (b"PK\3\4" + bytes(90), "a workbook"),
        (table(quote=""), "3 cells in row 2, 2 columns"),
        (table(header="id{}text"), "columns id, text"),
        (table(header="000021{}walks"), "columns 000021, walks"),
        (table(repeat="first"), "'first' as the repeat of 000021"),
        (table(repeat="0.5"), "'0.5' as the repeat"),
        (table() + "clip,other words\n", "two captions for clip"),
        (table(repeat="0") + "clip,other words,00\n", "two captions for clip in repeat 0"),
        (table() + 'clip,"other words\n', "unexpected end of data"),
        (table(ids=["21a", "M000021", "clip"]), "nothing for 000021; but 21a"),
        (table(repeat="1"), "nothing for 000021; but 000021 (repeat 1)"),
        (bytes(range(256)), "cannot be read"),
    ],
)  # fmt: skip
def test_captions_that_are_wrong_are_refused_with_their_own_cause(tmp_path, content, said):
    refused(lambda: captions_of(tmp_path / "own.csv", content), said)
