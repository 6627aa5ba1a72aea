"""Items by the rules of the public loader: which captions and frames belong together."""

import numpy as np

from lead.clip import Clip, Rejected
from lead.store import items_of

WHOLE = (0.0, 0.0)


def clip(frames: int, *spans: tuple[float, float]) -> Clip:
    captions = tuple(f"caption {number}" for number in range(len(spans)))
    tokens = tuple(f"token{number}/NOUN" for number in range(len(spans)))
    return Clip(
        "000001", "test", 100, 100 + frames, captions, "t", "", None, "s", tokens, tuple(spans)
    )


def items(clip: Clip) -> list[tuple]:
    found = items_of(clip, 40, 200)
    return [
        (item.id, item.reason)
        if isinstance(item, Rejected)
        else (item.id, item.start - 100, item.stop - 100, item.captions, item.tokens, item.spans)
        for item in found
    ]


def test_captions_about_the_whole_clip_make_one_item():
    assert items(clip(120, WHOLE, WHOLE)) == [
        ("000001", 0, 120, ("caption 0", "caption 1"), ("token0/NOUN", "token1/NOUN"), ())
    ]


def test_a_caption_about_a_part_makes_an_item_of_its_frames():
    assert items(clip(120, WHOLE, (1.0, 4.09), WHOLE)) == [
        ("000001", 0, 120, ("caption 0", "caption 2"), ("token0/NOUN", "token2/NOUN"), ()),
        ("A_000001", 20, 81, ("caption 1",), ("token1/NOUN",), ()),
    ]


def test_a_part_has_the_frames_that_slicing_gives():
    """Oracle: the public loader's ``motion[int(from * 20) : int(to * 20)]``, of any length."""
    random, motion = np.random.default_rng(4), np.arange(150)
    for start, stop in random.uniform(0, 10, size=(300, 2)):
        part = motion[int(start * 20) : int(stop * 20)]
        [found] = items(clip(150, (start, stop)))
        if 40 <= len(part) < 200:
            assert found[1:3] == (part[0], part[-1] + 1)
        else:
            assert found == ("A_000001", "short")


def test_a_clip_with_only_parts_gives_no_whole_item():
    assert [item[0] for item in items(clip(199, (0.0, 3.0), (3.0, 6.0)))] == [
        "A_000001",
        "B_000001",
    ]


def test_a_part_ends_where_its_clip_does():
    assert items(clip(100, (2.0, 20.0)))[0][:3] == ("A_000001", 40, 100)


def test_a_part_that_is_too_short_is_left_out_and_keeps_its_letter():
    assert [item[:2] for item in items(clip(120, (0.0, 1.9), (1.0, 4.0)))] == [
        ("A_000001", "short"),
        ("B_000001", 20),
    ]


def test_a_part_behind_the_end_of_its_clip_is_left_out():
    assert items(clip(60, (8.0, 9.0), (4.0, 1.0))) == [("A_000001", "short"), ("B_000001", "short")]


def test_clips_of_200_frames_and_below_40_are_left_out():
    assert [items(clip(frames, WHOLE))[0][1] for frames in (39, 200)] == ["short", "long"]
    assert [items(clip(frames, WHOLE))[0][1:3] for frames in (40, 199)] == [(0, 40), (0, 199)]


def test_names_go_on_after_the_last_letter():
    found = [item[0] for item in items(clip(199, *[(0.0, 3.0)] * 25))]
    assert found[22:] == ["W_000001", "AA_000001", "AB_000001"]
    assert len(set(found)) == 25


def test_a_clip_without_spans_and_tokens_stays_as_it_is():
    one = Clip("a", "train", 0, 50, ("x", "y"), "t", "", None, "s")
    assert list(items_of(one, 40, 200)) == [one]
