"""Bandai-Namco Research's clips: sentences that fit the motion, counts, upright bodies."""

from __future__ import annotations

import re
from itertools import islice

import numpy as np
import pytest
from reading import found_by

from lead.clip import SPLITS, Recording, Rejected
from lead.datasets.open_mocap import (
    CONTENTS,
    MISLABELLED,
    STYLES,
    clip_label,
    label_captions,
    read_bandai,
)
from lead.datasets.splits import exchange_sides, split_pairs
from lead.errors import LeadError
from lead.formats.archive import members
from lead.mocap.conventions import BANDAI
from lead.mocap.cut import Limits
from lead.mocap.read import take_from_bvh
from lead.motion.canonical import canonical_joints
from lead.motion.skeleton import HUMANML3D

LIMITS = Limits(fps=20.0, shortest=41, longest=197)
LEFT_WRIST, RIGHT_WRIST, NECK = (
    HUMANML3D.joints.index(name) for name in ("left_wrist", "right_wrist", "neck")
)
LEFT_CONTENTS = [content for content in CONTENTS if "left" in content]
RIGHT_CONTENTS = [content for content in CONTENTS if "right" in content]


@pytest.fixture(scope="module")
def dataset_1(data_root) -> list[Recording | Rejected]:
    path = data_root / "bandai-namco" / "dataset-1.tar.xz"
    return found_by(read_bandai(path, "bandai-namco/dataset-1", 1, LIMITS))


@pytest.fixture(scope="module")
def recordings(dataset_1) -> list[Recording]:
    return [item for item in dataset_1 if isinstance(item, Recording)]


@pytest.fixture(scope="module")
def dataset_2_start(data_root) -> list[tuple[str, np.ndarray]]:
    """Content and joints of the first clips in the archive; it is too long to read whole."""
    path = data_root / "bandai-namco" / "dataset-2.tar.xz"
    clips = members(path, lambda name: name.endswith(".bvh"))
    return [
        (name.split("_")[1], take_from_bvh(content, name, name, [BANDAI]).joints)
        for name, content in islice(clips, 120)
    ]


def across(joints: np.ndarray) -> np.ndarray:
    """From the right side of the body to the left, on the floor."""
    r_hip, l_hip, r_shoulder, l_shoulder = (
        HUMANML3D.joints.index(name)
        for name in ("right_hip", "left_hip", "right_shoulder", "left_shoulder")
    )
    vector = joints[:, l_hip] - joints[:, r_hip] + joints[:, l_shoulder] - joints[:, r_shoulder]
    return vector / np.linalg.norm(vector[:, [0, 2]], axis=1, keepdims=True)


def way(joints: np.ndarray) -> tuple[float, float]:
    """How far a body that at first faces +Z has gone forward and to its left, in metres."""
    canonical = canonical_joints(joints, HUMANML3D)
    left, _, forward = canonical[-1, 0] - canonical[0, 0]
    return float(forward), float(left)


def turn(joints: np.ndarray) -> float:
    """By how many degrees a body has turned left at most, or right if that is more."""
    left = across(joints)
    yaw = np.unwrap(np.arctan2(-left[:, 2], left[:, 0]))
    angles = np.degrees(yaw - np.median(yaw[:10]))
    middle = angles[: int(0.7 * len(angles))]
    return float(middle[np.argmax(np.abs(middle))])


@pytest.mark.parametrize("content", CONTENTS)
def test_a_content_in_any_style_has_four_plain_sentences(content):
    for style in STYLES:
        captions = label_captions(content, style)
        assert len(set(captions)) == 4
        for caption in captions:
            assert re.fullmatch(r"(a|an|the|someone)( [a-z]+)+", caption), caption


@pytest.mark.parametrize("content", CONTENTS)
def test_styles_can_be_told_apart(content):
    known = [style for style in STYLES if style != "masculinity"]
    assert len({label_captions(content, style) for style in known}) == len(known)


@pytest.mark.parametrize("content", LEFT_CONTENTS)
def test_a_left_content_says_left_and_never_right(content):
    for caption in label_captions(content, "happy"):
        assert "left" in caption.split() and "right" not in caption.split()


@pytest.mark.parametrize("content", RIGHT_CONTENTS)
def test_a_right_content_says_right_and_never_left(content):
    for caption in label_captions(content, "happy"):
        assert "right" in caption.split() and "left" not in caption.split()


def test_an_unknown_label_has_no_caption():
    assert label_captions("juggle", "happy") == ()
    assert label_captions("walk", "drunk") == ()


def test_a_name_that_says_nothing_is_refused():
    with pytest.raises(LeadError, match="does not say"):
        clip_label("my_clip")


def test_dataset_1_has_190_recordings_and_6_short_clips(dataset_1, recordings):
    assert len(recordings) == 190
    assert sum(len(recording.joints) - 1 for recording in recordings) == 20_941
    rejected = [item for item in dataset_1 if isinstance(item, Rejected)]
    assert [item.reason for item in rejected] == ["short"] * 6


def test_ids_are_unique(recordings):
    assert len({recording.id for recording in recordings}) == len(recordings)


def test_every_n_th_clip_is_taken_in_the_order_of_names(data_root, dataset_1):
    path = data_root / "bandai-namco" / "dataset-1.tar.xz"
    works = read_bandai(path, "bandai-namco/dataset-1", 20, LIMITS)
    some = {item.source for item in found_by(works)}
    assert some == set(sorted({item.source for item in dataset_1})[::20])


def test_hips_are_between_80_and_105_centimetres_up(recordings):
    upright = [r for r in recordings if r.content.startswith(("walk", "bye", "guide"))]
    heights = [float(recording.joints[:, 0, 1].mean()) for recording in upright]
    assert min(heights) > 0.8 and max(heights) < 1.05


def test_walking_clips_face_and_move_along_z(recordings):
    for recording in recordings:
        if recording.content in ("walk", "run", "dash"):
            forward, left = way(recording.joints)
            assert forward > 2.0 and abs(left) < 0.3 * forward, recording.id
            sideways = across(canonical_joints(recording.joints, HUMANML3D))
            assert np.median(sideways[:, 0]) > 0.9, recording.id


@pytest.mark.parametrize(
    "content, forward_sign, left_sign",
    [("walk-back", -1, 0), ("walk-left", 1, 1), ("walk-right", 1, -1)],
)
def test_walks_go_where_their_captions_say(recordings, content, forward_sign, left_sign):
    for recording in recordings:
        if recording.content == content and "angry" not in recording.id:  # turns on its way back
            forward, left = way(recording.joints)
            assert forward * forward_sign > 0.8, recording.id
            assert left * left_sign > (0.8 if left_sign else -1.0), recording.id


@pytest.mark.parametrize(
    "content, active, idle",
    [("bye", RIGHT_WRIST, LEFT_WRIST), ("respond", LEFT_WRIST, RIGHT_WRIST)],
)
def test_the_hand_that_captions_name_is_the_one_that_moves(recordings, content, active, idle):
    for recording in recordings:
        if recording.content == content:
            hands = recording.joints[:, [active, idle]] - recording.joints[:, [NECK]]
            spread = np.ptp(hands, axis=0).sum(axis=1)
            assert spread[0] > spread[1], recording.id


def test_kicks_are_of_the_right_leg(recordings):
    left, right = (HUMANML3D.joints.index(name) for name in ("left_foot", "right_foot"))
    for recording in recordings:
        if recording.content == "kick":
            assert recording.joints[:, right, 1].max() > 1 > recording.joints[:, left, 1].max()


def test_hands_of_dataset_2_go_up_on_the_side_that_captions_name(dataset_2_start):
    checked = 0
    for content, joints in dataset_2_start:
        rises = np.ptp(joints[:, [LEFT_WRIST, RIGHT_WRIST], 1], axis=0)
        if content.endswith("left-hand"):
            assert rises[0] > 0.3 > rises[1]
        elif content.endswith("right-hand"):
            assert rises[1] > 0.3 > rises[0]
        elif content.endswith("both-hands"):
            assert rises.min() > 0.3
        checked += content.endswith(("hand", "hands"))
    assert checked > 40


def test_a_clip_that_turns_against_its_name_is_captioned_by_its_motion():
    label = clip_label("dataset-2_walk-turn-left_masculine_006")
    assert label.content == "walk-turn-right"
    assert "a person walks and turns right in a masculine way" in label.captions(0, 1)


@pytest.mark.slow
def test_every_turn_of_dataset_2_goes_the_way_its_caption_says(data_root):
    """Those in MISLABELLED are the only ones whose name is wrong."""
    path = data_root / "bandai-namco" / "dataset-2.tar.xz"
    wrong = set()
    for name, content in members(path, lambda n: "walk-turn" in n and n.endswith(".bvh")):
        identity = name.rpartition("/")[2].removesuffix(".bvh")
        angle = turn(take_from_bvh(content, identity, name, [BANDAI]).joints)
        if (angle > 0) != ("turn-left" in identity):
            wrong.add(identity)
    assert wrong == set(MISLABELLED)


def test_pairs_of_content_and_style_can_be_held_out(recordings):
    split = split_pairs(recordings, (0.7, 0.15, 0.15), np.random.default_rng(0))
    pairs = {
        name: {(clip.content, clip.style) for clip in recordings if split[clip.take] == name}
        for name in SPLITS
    }
    mirrored = {(exchange_sides(content), style) for content, style in pairs["train"]}
    learnt = pairs["train"] | mirrored
    assert not learnt & (pairs["val"] | pairs["test"]) and not pairs["val"] & pairs["test"]
    captions = {text for content, style in learnt for text in label_captions(content, style)}
    tested = [clip for clip in recordings if split[clip.take] == "test"]
    assert not captions.intersection(text for clip in tested for text in clip.captions)
    assert {clip.content for clip in tested} <= {content for content, _ in pairs["train"]}
    assert 0.1 < len(tested) / len(recordings) < 0.2
