"""R-precision where captions repeat, and by what captions are, on planted structure."""

import numpy as np
import pytest

from lead.analysis.retrieval import (
    OWN,
    PERFECT,
    SAME,
    breakdown_rows,
    ceiling,
    ceiling_rows,
    count_verbs,
    drawn_captions,
    pools,
    ranks,
    repeated_pools,
    top_k,
    verb_groups,
    word_groups,
)
from lead.clip import Clip
from lead.errors import LeadError
from lead.evaluation.metrics import r_precision

POOL = 8


def clip(number: int, captions: tuple[str, ...], tokens: tuple[str, ...] = ()) -> Clip:
    return Clip(f"c{number}", "test", 0, 40, captions, f"t{number}", "c", None, "s", tokens)


def clusters(each: int, kinds: int, seed: int = 0):
    """``each`` texts of every kind that are the same, and motions around their text."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.repeat(np.arange(kinds), each))
    text = rng.normal(size=(kinds, 6))[kind]
    return text, text + 1e-3 * rng.normal(size=text.shape), kind


def test_ranks_are_those_of_r_precision():
    rng = np.random.default_rng(0)
    text = rng.normal(size=(50, 6))
    motion = text + rng.normal(size=text.shape)
    order = rng.permutation(50)
    own = ranks(text, motion, np.arange(50), pools(order, POOL))
    np.testing.assert_array_equal(
        top_k(own.own), r_precision(text, motion, pool=POOL, permutation=order)
    )
    np.testing.assert_array_equal(own.own, own.same)
    assert own.ties.max() == 1


def test_a_perfect_model_of_repeated_captions_reaches_the_ceiling_and_no_more():
    """Motions of one caption are told apart by chance alone, so that its own is 1 of m."""
    text, motion, kind = clusters(each=200, kinds=4)
    own = ranks(text, motion, kind, pools(np.arange(len(kind)), POOL))
    expected = ceiling(own.ties)
    assert expected[0] < 0.6
    assert top_k(own.own) == pytest.approx(expected, abs=0.05)
    assert top_k(own.same).tolist() == [1.0, 1.0, 1.0]


def test_the_ceiling_of_m_motions_is_k_by_m():
    ties = np.array([[1, 1, 4, 4, 4, 4, 2, 2]])
    assert ceiling(ties) == pytest.approx(
        [(2 + 4 / 4 + 2 / 2) / 8, (2 + 4 * 2 / 4 + 2) / 8, (2 + 4 * 3 / 4 + 2) / 8]
    )


def test_a_motion_of_another_caption_is_no_hit():
    text, motion, kind = clusters(each=2, kinds=40)
    swapped = motion[np.argsort(kind, kind="stable")][np.argsort(np.argsort((kind + 1) % 40))]
    own = ranks(text, swapped, kind, pools(np.argsort(kind, kind="stable"), POOL))
    assert top_k(own.same)[0] < 0.5


def test_pools_are_counted_in_which_a_caption_is_there_twice():
    assert repeated_pools(np.array([[1, 1, 1], [2, 2, 1], [3, 3, 3], [1, 1, 1]])) == 0.5


def test_captions_are_the_same_in_all_repeats_and_clips_if_their_letters_are():
    clips = [clip(0, ("a man walks", "he walks")), clip(1, ("he walks", "A man walks"))]
    drawn = drawn_captions(clips, np.array([[0, 0], [1, 0], [0, 1]]))
    assert drawn.number[1, 0] == drawn.number[1, 1] == drawn.number[0, 1]
    assert drawn.number[0, 0] != drawn.number[2, 1]
    assert drawn.words.tolist() == [[3, 2], [2, 2], [3, 3]]
    assert drawn.verbs is None


def test_verbs_are_the_tagged_ones_and_auxiliaries_are_none():
    assert count_verbs("a/DET man/NOUN is/AUX walk/VERB and/CCONJ then/ADV turn/VERB") == 2
    clips = [clip(0, ("he walks", "he is"), ("he/PRON walk/VERB", "he/PRON is/AUX"))]
    verbs = drawn_captions(clips, np.array([[0], [1]])).verbs
    assert verbs is not None and verbs.tolist() == [[1], [0]]


def test_one_untagged_caption_makes_verbs_unknown():
    clips = [clip(0, ("he walks",), ("he/PRON walk/VERB",)), clip(1, ("he walks",), ("",))]
    assert drawn_captions(clips, np.array([[0, 0]])).verbs is None


@pytest.mark.parametrize("caption", [[[0, 2]], [[0, 0, 0]], [[-1, 0]]])
def test_captions_of_other_clips_are_refused(caption):
    clips = [clip(0, ("he walks",)), clip(1, ("he walks", "he runs"))]
    with pytest.raises(LeadError, match="not those of the index"):
        drawn_captions(clips, np.array(caption))


def test_captions_of_one_length_are_one_group():
    assert [name for name, _ in word_groups(np.full((2, 9), 7))] == ["7 words"]


def test_verb_groups_are_at_most_one_then_two_then_more():
    groups = {name: own[0].tolist() for name, own in verb_groups(np.array([[0, 1, 2, 3, 9]]))}
    assert groups == {
        "0 or 1": [True, True, False, False, False],
        "2": [False, False, True, False, False],
        "3 or more": [False, False, False, True, True],
    }


def test_what_is_planted_in_long_captions_is_found_there_alone():
    rng = np.random.default_rng(0)
    clips = [clip(n, ("short " * 4, "long " * 20)) for n in range(320)]
    drawn = drawn_captions(clips, np.array([np.arange(320) % 2, 1 - np.arange(320) % 2]))
    text, own = rng.normal(size=(320, 6)), []
    for words in drawn.words:
        motion = np.where(words[:, None] > 10, rng.normal(size=text.shape), text)
        own.append(ranks(text, motion, np.arange(320), pools(rng.permutation(320), 32)))
    rows = {row.group: row for row in breakdown_rows({"mld": own}, drawn) if row.n}
    assert rows["words: 4 words"].value == 1.0
    assert rows["words: 20 words"].value < 0.4
    assert sum(row.n for row in rows.values()) == 640


def test_the_breakdown_averages_to_the_protocols_own_rule():
    rng = np.random.default_rng(0)
    tokens = ("a/DET walk/VERB", "a/DET walk/VERB run/VERB", "a/VERB b/VERB c/VERB d/VERB")
    clips = [clip(n, ("a b",), (tokens[n % 3],)) for n in range(96)]
    drawn = drawn_captions(clips, np.zeros((1, 96), dtype=np.int64))
    text = rng.normal(size=(96, 6))
    motion = text + rng.normal(size=text.shape)
    own = ranks(text, motion, drawn.number[0], pools(np.arange(96), 32))
    rows = [row for row in breakdown_rows({"mld": [own]}, drawn) if row.group.startswith("verbs")]
    assert [row.n for row in rows] == [32, 32, 32]
    expected = r_precision(text, motion)[2]
    assert np.mean([row.value for row in rows]) == pytest.approx(expected)
    assert expected < 1.0


def test_unknown_verbs_are_said_and_not_guessed():
    drawn = drawn_captions([clip(n, ("a b",)) for n in range(8)], np.zeros((1, 8), dtype=np.int64))
    own = ranks(np.eye(8), np.eye(8), np.arange(8), pools(np.arange(8), 8))
    rows = [row for row in breakdown_rows({"mld": [own]}, drawn) if "verbs" in row.group]
    assert len(rows) == 1
    assert "without tagged words" in rows[0].note


def test_a_group_without_captions_is_left_out_once_for_all_systems():
    clips = [clip(n, ("a b",), ("a/DET walk/VERB",)) for n in range(8)]
    drawn = drawn_captions(clips, np.zeros((1, 8), dtype=np.int64))
    own = [ranks(np.eye(8), np.eye(8), np.arange(8), pools(np.arange(8), 8))]
    rows = breakdown_rows({"real": own, "mld": own}, drawn)
    assert [row.group for row in rows if row.note] == ["verbs: 2", "verbs: 3 or more"]


def test_a_system_that_was_given_other_captions_is_left_out_with_a_note():
    text, motion, kind = clusters(each=4, kinds=4)
    own = ranks(text, motion, kind, pools(np.arange(16), POOL))
    rows = ceiling_rows({"real": [own], "theirs": []})
    assert ["other captions" in row.note for row in rows if row.system == "theirs"] == [True]
    by = {(row.system, row.group, row.metric): row.value for row in rows}
    assert by["real", SAME, "r_precision_top1"] == 1.0
    assert by[PERFECT, OWN, "r_precision_top1"] < 1.0
