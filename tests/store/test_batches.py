"""Crops and batches."""

import numpy as np
import pytest

from lead.clip import Clip
from lead.store import MotionStore, draw_crops, gather, length_batches, plain_batches


def clips(lengths, captions=3) -> list[Clip]:
    stops = np.cumsum(lengths)
    return [
        Clip(str(i), "train", int(stop - n), int(stop), ("x",) * captions, str(i), "c", None, "s")
        for i, (n, stop) in enumerate(zip(lengths, stops, strict=True))
    ]


def test_lengths_are_the_clips_rounded_down_or_one_unit_less_in_a_third():
    many = clips([103] * 9000)
    drawn = draw_crops(many, np.random.default_rng(0))
    assert set(drawn.length) == {100, 96}
    assert np.mean(drawn.length == 96) == pytest.approx(1 / 3, abs=0.02)


def test_starts_cover_everything_a_crop_can_start_at():
    drawn = draw_crops(clips([43] * 5000), np.random.default_rng(0))
    whole = drawn.start[drawn.length == 40]
    assert (whole.min(), whole.max()) == (0, 3)
    shorter = drawn.start[drawn.length == 36]
    assert (shorter.min(), shorter.max()) == (0, 7)


def test_every_caption_is_drawn():
    drawn = draw_crops(clips([44] * 300, captions=4), np.random.default_rng(0))
    assert set(drawn.caption) == {0, 1, 2, 3}


def test_gathered_crops_are_the_clips_frames_and_padding_is_zero():
    own = clips([8, 12])
    frames = np.arange(20 * 2, dtype=np.float32).reshape(20, 2) + 1
    motion, mask = gather(MotionStore(own, {}, frames), own, np.array([2, 0]), np.array([4, 12]))
    np.testing.assert_array_equal(motion[0, :4], frames[2:6])
    np.testing.assert_array_equal(motion[1], frames[8:20])
    assert not motion[0, 4:].any()
    np.testing.assert_array_equal(mask.sum(1), [4, 12])


@pytest.mark.parametrize("count", [5, 64, 1000])
def test_an_epoch_of_length_batches_visits_every_item_once(count):
    lengths = np.random.default_rng(1).integers(10, 50, count)
    visited = np.concatenate(list(length_batches(lengths, 32, np.random.default_rng(0))))
    np.testing.assert_array_equal(np.sort(visited), np.arange(count))


def test_length_batches_hold_little_padding():
    lengths = np.random.default_rng(1).integers(40, 196, 2000)
    batches = list(length_batches(lengths, 32, np.random.default_rng(0)))
    padded = sum(len(b) * lengths[b].max() for b in batches)
    assert padded < 1.1 * lengths.sum()


def test_a_small_rest_is_dropped_and_a_large_one_kept():
    sizes = [len(b) for b in plain_batches(100 + 24, 100, np.random.default_rng(0))]
    assert sizes == [100]
    sizes = [len(b) for b in plain_batches(100 + 25, 100, np.random.default_rng(0))]
    assert sizes == [100, 25]
    assert [len(b) for b in plain_batches(3, 100, np.random.default_rng(0))] == [3]
