"""What a repeat draws: keyed per item, the same for every system."""

import numpy as np

from lead.clip import Clip
from lead.config.evaluation import MultiModality
from lead.evaluation.protocol import draw_multimodality, draw_noise, draw_pass, sorted_batches
from lead.evaluation.repeats import repeat_seeds
from lead.files.seeds import Seeds

SEEDS = repeat_seeds(Seeds(1234), 0)


def clips(count: int) -> list[Clip]:
    return [
        Clip(f"clip{i}", "test", 100 * i, 100 * i + 45 + i, ("a", "b", "c"), str(i), "c", None, "s")
        for i in range(count)
    ]


def test_what_a_clip_draws_does_not_depend_on_the_others():
    every, some = clips(10), clips(10)[3:5]
    whole, part = draw_pass(every, SEEDS), draw_pass(some, SEEDS)
    assert whole.captions[3:5] == part.captions
    np.testing.assert_array_equal(whole.start[3:5], part.start)
    np.testing.assert_array_equal(whole.length[3:5], part.length)


def test_another_repeat_draws_anew():
    one, other = (draw_pass(clips(40), repeat_seeds(Seeds(1234), r)) for r in (0, 1))
    assert one.captions != other.captions
    assert (one.start != other.start).any() and (one.length != other.length).any()


def test_crops_lie_inside_their_clips():
    own = clips(50)
    drawn = draw_pass(own, SEEDS)
    assert (drawn.start >= 0).all()
    assert all(s + n <= c.frames for s, n, c in zip(drawn.start, drawn.length, own, strict=True))


def test_noise_belongs_to_an_item_and_not_to_its_place():
    noise = draw_noise(["a", "b", "c"], (1, 8), SEEDS)
    np.testing.assert_array_equal(noise[1], draw_noise(["b"], (1, 8), SEEDS)[0])
    assert not np.array_equal(noise[0], noise[1])


def test_multimodality_chooses_items_without_repetition_and_reads_them_anew():
    own = clips(20)
    chosen = draw_multimodality(own, MultiModality(items=8), SEEDS)
    assert len({clip.id for clip in chosen.clips}) == 8
    main = draw_pass(list(chosen.clips), SEEDS)
    assert main.captions != chosen.captions or (main.start != chosen.start).any()


def test_multimodality_takes_all_items_where_there_are_fewer():
    assert len(draw_multimodality(clips(5), MultiModality(items=100), SEEDS).clips) == 5


def test_batches_are_sorted_by_length_and_hold_every_item_once():
    length = np.array([8, 4, 12, 4, 40])
    batches = sorted_batches(length, 2)
    assert [list(batch) for batch in batches] == [[1, 3], [0, 2], [4]]
