"""Retrieval among all items: ties, captions that say the same, sizes; the twin is in `oracles`."""

import numpy as np
import pytest

from lead.errors import LeadError
from lead.evaluation.gallery import TOPS, gallery_metrics, gallery_ranks


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def test_each_text_finds_its_own_motion_first_among_all():
    text = normal(0, 600, 32)
    found = gallery_metrics(text, text + 0.01 * normal(1, 600, 32))
    assert found == {**{f"gallery_top{k}": 1.0 for k in TOPS}, "gallery_median": 1.0}


def test_embeddings_that_are_all_the_same_are_in_the_middle_and_not_first():
    """Chance is what a collapsed network deserves; with ties to the first it would be perfect."""
    motion = np.tile(normal(0, 8), (99, 1))
    np.testing.assert_array_equal(gallery_ranks(normal(1, 99, 8), motion), 50)


def test_the_motion_of_a_caption_that_says_the_same_is_right():
    text = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 0.5], [-1.0, 0.0]])
    motion = np.array([[5.0, 5.0], [1.0, 0.0], [1.1, 0.0], [-1.0, 0.0]])
    # The cosine of the first two is .995, that of either and the third below .94.
    np.testing.assert_array_equal(gallery_ranks(text, motion), [1, 1, 2, 1])
    np.testing.assert_array_equal(gallery_ranks(text, motion, equivalent=0.999), [4, 1, 2, 1])


def test_a_gallery_of_ten_has_no_share_among_the_first_ten():
    assert set(gallery_metrics(normal(0, 10, 4), normal(1, 10, 4))) == {
        "gallery_top1", "gallery_top2", "gallery_top3", "gallery_top5", "gallery_median",
    }  # fmt: skip


def test_the_order_of_items_changes_nothing():
    text, motion, order = normal(0, 300, 6), normal(1, 300, 6), np.random.default_rng(2)
    order = order.permutation(300)
    before = gallery_ranks(text, motion)
    np.testing.assert_array_equal(gallery_ranks(text[order], motion[order]), before[order])


@pytest.mark.parametrize(
    ("text", "motion"),
    [(np.ones((4, 2)), np.ones((3, 2))), (np.ones((4, 2)), np.full((4, 2), np.nan))],
)
def test_what_are_no_pairs_of_numbers_is_refused(text, motion):
    with pytest.raises(LeadError):
        gallery_ranks(text, motion)
