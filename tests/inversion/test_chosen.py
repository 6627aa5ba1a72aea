"""Which motions words are inverted from."""

from dataclasses import replace

import pytest

from lead.clip import Clip
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.inversion.chosen import (
    ChosenMotion,
    choose_clips,
    clips_of,
    read_chosen,
    write_chosen,
)
from lead.store import MotionIndex


def clip(name: str) -> Clip:
    return Clip(name, "test", 0, 60, ("a person walks",), name, "c", None, "s")


CLIPS = [clip(f"{number:06}") for number in range(300)]
SEEDS = Seeds(1234).child("inverted", "motions")


def test_the_same_seed_chooses_the_same_motions_in_any_order():
    chosen = choose_clips(CLIPS, 100, SEEDS)
    assert len(chosen) == 100 and chosen == choose_clips(CLIPS[::-1], 100, SEEDS)
    assert chosen != choose_clips(CLIPS, 100, Seeds(1235))


def test_mirrored_copies_are_never_chosen():
    mirrored = [clip(f"M{one.id}") for one in CLIPS] + [clip("A_M000001")]
    assert choose_clips(CLIPS + mirrored, 100, SEEDS) == choose_clips(CLIPS, 100, SEEDS)


def test_mirror_images_made_by_the_package_are_never_chosen():
    plain = [clip("dataset-1_walk_sad_001"), clip("01_02_p1"), clip("synthetic_00007")]
    images = [clip(f"M{one.id}") for one in plain]
    assert choose_clips([*plain, *images], 100, SEEDS) == choose_clips(plain, 100, SEEDS)


def test_a_name_that_only_begins_with_m_is_no_mirrored_copy():
    assert len(choose_clips([clip("Maria_01"), clip("Max_7")], 100, SEEDS)) == 2


def test_all_are_taken_where_there_are_fewer_and_one_is_refused():
    assert choose_clips(CLIPS[:7], 100, SEEDS) == CLIPS[:7]
    with pytest.raises(LeadError, match="too few motions"):
        choose_clips(CLIPS[:1], 100, SEEDS)


def test_chosen_motions_are_read_back_and_found_in_the_index(tmp_path):
    chosen = [ChosenMotion(one.id, "a person walks", 60, "walk", "list") for one in CLIPS[:3]]
    write_chosen(tmp_path / "motions.parquet", chosen, {"of": 300})
    again, words = read_chosen(tmp_path / "motions.parquet")
    assert list(again) == chosen and words == {"of": 300}
    assert clips_of(again, MotionIndex(CLIPS, {})) == CLIPS[:3]
    with pytest.raises(LeadError, match="000002"):
        clips_of(again, MotionIndex([*CLIPS[:2], replace(CLIPS[2], id="x")], {}))
