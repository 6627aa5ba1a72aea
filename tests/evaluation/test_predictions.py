"""Another model's motions are read from whatever holds them, and their faults are named."""

import re
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
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
from swaying_body import swaying_body

from lead.config.external import NAME_PATTERN, state_of_files
from lead.errors import LeadError
from lead.evaluation.predictions.features import (
    read_features,
    settle_normalisation,
)
from lead.evaluation.predictions.files import open_predictions
from lead.evaluation.predictions.requests import check_items, check_lengths
from lead.formats.bvh_writer import write_bvh
from lead.motion.features import joints_to_features
from lead.motion.kinematics import mirror
from lead.motion.layout import layout
from lead.motion.plausible import check_bodies
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT


def settle(files, **stated):
    return settle_normalisation(files, IDS, system(**stated), READER)


def test_a_file_an_item_is_one_repeat(tmp_path):
    write(tmp_path, FEATURES)
    assert open_predictions(tmp_path).repeats == 1
    assert_equal(read(tmp_path), FEATURES.values())


def test_folders_are_repeats(tmp_path):
    write(tmp_path / "repeat_00", FEATURES)
    write(tmp_path / "repeat_01", {name: own[4:] for name, own in FEATURES.items()})
    assert open_predictions(tmp_path).repeats == 2
    assert_equal(read(tmp_path, 1), [own[4:] for own in FEATURES.values()])


def test_an_archive_may_hold_all_repeats_and_their_lengths(tmp_path):
    for name, own in FEATURES.items():
        both = np.stack([own, own[::-1]])
        np.savez(tmp_path / f"{name}.npz", motion=both, lengths=[len(own), len(own) - 4])
    assert open_predictions(tmp_path).repeats == 2
    assert_equal(read(tmp_path, 1), [own[::-1][:-4] for own in FEATURES.values()])


@pytest.mark.parametrize("with_repeats", [True, False])
def test_a_parquet_file_holds_nested_lists(tmp_path, with_repeats):
    rows = {"id": IDS[::-1], "motion": [FEATURES[name].tolist() for name in IDS[::-1]]}
    if with_repeats:
        rows["id"] += IDS
        rows["motion"] += [FEATURES[name][4:].tolist() for name in IDS]
        rows["repeat"] = [1, 1, 1, 0, 0, 0]
    pq.write_table(pa.table(rows), tmp_path / "own.parquet")
    assert open_predictions(tmp_path / "own.parquet").repeats == 1 + with_repeats
    assert_equal(read(tmp_path / "own.parquet", int(with_repeats)), FEATURES.values())


def test_a_parquet_file_may_name_files_beside_it(tmp_path):
    write(tmp_path / "files", FEATURES)
    rows = {"id": IDS, "file": [f"files/{name}.npy" for name in IDS]}
    pq.write_table(pa.table(rows), tmp_path / "own.parquet")
    assert_equal(read(tmp_path / "own.parquet"), FEATURES.values())


def test_joints_become_features(tmp_path):
    assert_equal(read(write(tmp_path, JOINTS)), FEATURES.values())


def test_joints_of_another_rate_are_resampled(tmp_path):
    write(tmp_path, {name: resample(own, 20.0, 60.0) for name, own in JOINTS.items()})
    assert_equal(read(tmp_path, fps=60.0), FEATURES.values())


def test_an_archive_says_its_own_rate(tmp_path):
    for name, own in JOINTS.items():
        np.savez(tmp_path / f"{name}.npz", joints=resample(own, 20.0, 60.0), fps=60.0)
    assert_equal(read(tmp_path), FEATURES.values())


def test_bvh_becomes_features(tmp_path):
    for name, own in JOINTS.items():
        write_bvh(tmp_path / f"{name}.bvh", own, HUMANML3D, 20.0)
    contacts = layout(HUMANML3D).slice("contacts")
    for found, wanted in zip(read(tmp_path), FEATURES.values(), strict=True):
        assert found.shape == wanted.shape
        off = np.abs(found - wanted)[:, : contacts.start].mean()
        assert off < 0.03, off


@pytest.mark.parametrize("units", ["none", "dataset", "matcher"])
def test_the_units_of_features_are_found(tmp_path, units):
    statistics = READER.statistics[units]
    write(tmp_path, {name: statistics.normalise(motion) for name, motion in FEATURES.items()})
    found, note = settle(open_predictions(tmp_path))
    assert found == units and "as was found" in note
    assert_equal(read(tmp_path, units=found), FEATURES.values())


def test_units_that_fit_nothing_are_not_guessed_but_may_be_stated(tmp_path):
    write(tmp_path, {name: 1000 * motion for name, motion in FEATURES.items()})
    files = open_predictions(tmp_path)
    refused(lambda: settle(files), "cannot be told", "State")
    assert settle(files, normalisation="none")[0] == "none"


def test_stated_units_that_are_wrong_are_refused(tmp_path):
    files = open_predictions(write(tmp_path, FEATURES))
    refused(lambda: settle(files, normalisation="dataset"), "not in the units that are stated")


def test_features_of_the_other_dataset_are_named(tmp_path):
    write(tmp_path, {name: motion[:, :251] for name, motion in FEATURES.items()})
    refused(lambda: read(tmp_path), "these look like kit", "a.npy", "T x 263")


def test_joints_of_the_other_dataset_are_named(tmp_path):
    write(tmp_path, {name: swaying_body(KIT) for name in IDS})
    refused(lambda: read(tmp_path), "these look like kit", "N x 22 x 3")


def test_a_motion_with_nan_is_named_with_its_frame(tmp_path):
    write(tmp_path, FEATURES)
    broken = FEATURES["b"].copy()
    broken[7, 3] = np.nan
    np.save(tmp_path / "b.npy", broken)
    refused(lambda: read(tmp_path), "b.npy", "first in 7")


def test_features_of_another_rate_are_refused(tmp_path):
    write(tmp_path, FEATURES)
    refused(lambda: read(tmp_path, fps=30.0), "cannot be brought to another frame rate")


def test_another_kind_than_stated_is_refused(tmp_path):
    write(tmp_path, FEATURES)
    refused(lambda: read(tmp_path, kind="joints"), "something else than is stated")


def test_motions_of_no_frames_are_refused(tmp_path):
    write(tmp_path, {name: motion[:3] for name, motion in FEATURES.items()})
    refused(lambda: read(tmp_path), "too short", "3 frames")


def test_missing_items_are_counted_and_extra_ones_are_said(tmp_path):
    files = open_predictions(write(tmp_path, FEATURES))
    refused(lambda: check_items(files, [*IDS, "d", "e"], 1), "2 of 5 test items", "d, e")
    assert "1 motions are of no test item" in check_items(files, IDS[:2], 1)[0]


def test_one_repeat_will_do_and_is_said(tmp_path):
    files = open_predictions(write(tmp_path, FEATURES))
    assert check_items(files, IDS, 1) == []
    assert check_items(files, IDS, 20)[0].startswith("one repeat was given")


def test_missing_repeats_are_found(tmp_path):
    for repeat in (0, 1, 3):
        write(tmp_path / f"repeat_{repeat:02d}", FEATURES)
    refused(lambda: open_predictions(tmp_path), "repeats 0, 1, 3")
    write(tmp_path / "repeat_02", FEATURES)
    refused(lambda: check_items(open_predictions(tmp_path), IDS, 20), "4 repeats", "20")


def test_a_repeat_without_motions_counts(tmp_path):
    write(tmp_path / "repeat_00", FEATURES)
    (tmp_path / "repeat_01").mkdir()
    files = open_predictions(tmp_path)
    assert files.repeats == 2
    refused(lambda: check_items(files, IDS, 2), "3 of 3 test items have no motion in repeat 1")


def test_motions_beside_repeats_are_refused(tmp_path):
    write(tmp_path, FEATURES)
    write(tmp_path / "repeat_00", FEATURES)
    refused(lambda: open_predictions(tmp_path), "both beside and inside", "3 files")


def test_links_to_folders_are_followed(tmp_path):
    write(tmp_path / "elsewhere", FEATURES)
    write(tmp_path / "samples", {"0": FEATURES["a"], "1": FEATURES["b"]})
    given = tmp_path / "given"
    for repeat in ("repeat_00", "repeat_01"):
        (given / repeat).mkdir(parents=True)
        (given / repeat / "multimodality").mkdir()
        (given / repeat / "multimodality" / "a").symlink_to(tmp_path / "samples")
        for name in FEATURES:
            (given / repeat / f"{name}.npy").symlink_to(tmp_path / "elsewhere" / f"{name}.npy")
    (given / "repeat_02").symlink_to(given / "repeat_00")
    files = open_predictions(given)
    assert [set(items) for items in files.items] == [set(IDS)] * 3
    assert [len(samples["a"]) for samples in files.samples] == [2] * 3


def test_samples_beside_repeats_belong_to_none(tmp_path):
    write(tmp_path / "repeat_00", FEATURES)
    write(tmp_path / "multimodality" / "a", {"0": FEATURES["a"]})
    assert open_predictions(tmp_path).samples == ({},)


def test_damaged_nested_lists_are_named(tmp_path):
    path = tmp_path / "motions.parquet"
    cells = [motion.tolist() for motion in FEATURES.values()]
    pq.write_table(pa.table({"id": IDS, "motion": cells}), path, compression="none")
    files, content = open_predictions(path), bytearray(path.read_bytes())
    # The first page's header: the schema and the names stay as they are.
    start = pq.read_metadata(path).row_group(0).column(1).dictionary_page_offset
    start = start or pq.read_metadata(path).row_group(0).column(1).data_page_offset
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    refused(lambda: list(files.read(0, IDS, system())), "no motions to evaluate")


def test_a_motion_that_is_there_twice_is_refused(tmp_path):
    write(tmp_path, FEATURES)
    np.savez(tmp_path / "a.npz", motion=FEATURES["a"])
    refused(lambda: open_predictions(tmp_path), "there twice", "a.npy and a.npz")
    rows = {"id": ["a", "a"], "repeat": [0, 0], "motion": [FEATURES["a"].tolist()] * 2}
    pq.write_table(pa.table(rows), tmp_path / "own.parquet")
    refused(lambda: open_predictions(tmp_path / "own.parquet"), "there twice", "a, repeat 0")


@pytest.mark.parametrize("name", ["", "nowhere", "own.parquet", "notes.txt"])
def test_a_place_without_motions_is_refused_with_what_is_wanted(tmp_path, name):
    (tmp_path / "notes.txt").write_text("nothing")
    refused(lambda: open_predictions(tmp_path / name), "no motions to evaluate", "repeat_00")


ASKED = np.array([40, 60, 100, 120, 196])


@pytest.mark.parametrize("rate,said", [(30, "30 frames"), (60, "60 frames"), (10, "10 frames")])
def test_lengths_at_another_rate_are_found_and_the_rate_is_named(rate, said):
    found = ASKED * rate // 20 - 1
    refused(lambda: check_lengths(found, ASKED, 20.0, None), said, "State 20 if they are")
    assert said in check_lengths(found, ASKED, 20.0, 20.0)[0]


def test_a_rate_that_is_nobodys_is_found_too():
    refused(
        lambda: check_lengths(np.rint(ASKED / 1.5).astype(int), ASKED, 20.0, None), "0.67 times"
    )


def test_lengths_of_the_models_own_choice_are_allowed_and_said():
    found = ASKED[[3, 0, 4, 1, 2]]
    assert check_lengths(found, ASKED, 20.0, None)[0].startswith("5 of 5 motions are not as long")
    assert check_lengths(ASKED, ASKED, 20.0, None) == []


def test_padding_that_was_left_on_is_suspected():
    assert "padding" in check_lengths(np.full(5, 196), ASKED, 20.0, None)[0]


def test_pickled_objects_are_never_opened(tmp_path):
    write(tmp_path, FEATURES)
    np.save(tmp_path / "b.npy", np.array([{}]), allow_pickle=True)
    refused(lambda: read(tmp_path), "b.npy", "cannot be read")


def test_a_file_that_is_written_anew_changes_the_state_of_its_folder(tmp_path):
    write(tmp_path, FEATURES)
    before, folder = state_of_files(tmp_path), tmp_path.stat().st_mtime_ns
    time.sleep(0.01)
    (tmp_path / "b.npy").write_bytes((tmp_path / "b.npy").read_bytes())
    assert tmp_path.stat().st_mtime_ns == folder and state_of_files(tmp_path) != before


@pytest.mark.parametrize("name", [".DS_Store", "._a.npy", ".ipynb_checkpoints/a.npy"])
def test_what_programs_hide_in_a_folder_of_motions_measures_nothing_again(tmp_path, name):
    folder = tmp_path / ".cache" / "own"  # hidden itself, as its user wants
    folder.mkdir(parents=True)
    write(folder, FEATURES)
    before = state_of_files(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"notes")
    assert state_of_files(folder) == before and before.startswith("3 files")


@pytest.mark.parametrize(
    "name,free",
    [("mdm", True), ("leader", True), ("lead", False), ("lead_x", False), ("real", False),
     ("mld", False), ("mld2", True), ("MDM", False)],
)  # fmt: skip
def test_names_of_the_studys_own_systems_are_taken(name, free):
    assert bool(re.fullmatch(NAME_PATTERN, name)) == free


def test_a_damaged_archive_is_named(tmp_path):
    write(tmp_path, FEATURES)
    (tmp_path / "b.npy").unlink()
    np.savez(tmp_path / "b.npz", motion=FEATURES["b"])
    (tmp_path / "b.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:900])
    refused(lambda: read(tmp_path), "b.npz", "cannot be read")


@pytest.mark.parametrize(
    ("turn", "axis"),
    [([0, 2, 1], r"\+Z"), ([1, 0, 2], r"\+X")],
)
def test_bodies_that_lie_along_another_axis_are_refused(turn, axis):
    standing = np.zeros((5, 22, 3))
    standing[:, 0, 1] = 0.9
    check_bodies([standing], HUMANML3D)
    with pytest.raises(LeadError, match=f"upright[^~]*{axis}"):
        check_bodies([standing[..., turn]], HUMANML3D)
    with pytest.raises(LeadError, match="-Y"):
        check_bodies([-standing], HUMANML3D)


@pytest.mark.parametrize("fault", ["exchanged", "mirrored"])
@pytest.mark.parametrize("as_features", [True, False])
def test_reversed_sides_are_refused(tmp_path, fault, as_features):
    def spoilt(joints):
        flipped = joints * (-1, 1, 1)
        flipped = mirror(flipped, HUMANML3D) if fault == "exchanged" else flipped
        return joints_to_features(flipped, HUMANML3D) if as_features else flipped

    write(tmp_path, {name: spoilt(joints) for name, joints in JOINTS.items()})
    stated = {"normalisation": "none"} if as_features else {}
    refused(lambda: settle(open_predictions(tmp_path), **stated), "toes point backwards")


def test_a_jump_is_a_note(tmp_path):
    jumping = {name: joints.copy() for name, joints in JOINTS.items()}
    jumping["b"][:1] += (5.0, 0.0, 0.0)
    write(tmp_path, jumping)
    motions = open_predictions(tmp_path).read(0, IDS, system())
    notes = read_features(motions, READER, "none")[1]
    assert len(notes) == 1 and "b.npy: " in notes[0] and "frame 1 to 2" in notes[0]
