"""Splits: by take, by share, evenly over contents."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.clip import Recording
from lead.datasets.splits import split_pairs, split_takes
from lead.errors import LeadError

SHARES = (0.7, 0.15, 0.15)


def recordings(parts: dict[str, tuple[str, int]]) -> list[Recording]:
    joints = np.zeros((41, 22, 3), dtype=np.float32)
    return [
        Recording(
            id=f"{take}_{part}",
            motion=joints,
            captions=("a person",),
            take=take,
            content=content,
            style=None,
            source="here",
        )
        for take, (content, count) in parts.items()
        for part in range(count)
    ]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), min_size=10, max_size=60))
def test_every_take_is_in_one_split_and_shares_are_kept(takes):
    named = {f"take{i}": take for i, take in enumerate(takes)}
    split = split_takes(recordings(named), SHARES, np.random.default_rng(0))
    assert split.keys() == named.keys()
    total = sum(count for _, count in takes)
    weight = Counter()
    for take, (_, count) in named.items():
        weight[split[take]] += count
    for name, share in zip(("train", "val", "test"), SHARES, strict=True):
        assert abs(weight[name] - share * total) <= 3


def test_every_content_with_enough_takes_is_in_every_split():
    named = {f"{content}{i}": (content, 1) for content in ("walk", "run", "bow") for i in range(20)}
    split = split_takes(recordings(named), SHARES, np.random.default_rng(0))
    for content in ("walk", "run", "bow"):
        counts = Counter(split[f"{content}{i}"] for i in range(20))
        assert (counts["train"], counts["val"], counts["test"]) in {
            (14, 3, 3), (13, 4, 3), (13, 3, 4), (14, 4, 2), (14, 2, 4), (15, 3, 2), (15, 2, 3),
        }  # fmt: skip


def test_the_split_does_not_depend_on_the_order_of_recordings():
    named = {f"take{i}": ("walk" if i % 3 else "run", 1 + i % 2) for i in range(30)}
    given_order = recordings(named)
    forward = split_takes(given_order, SHARES, np.random.default_rng(3))
    backward = split_takes(given_order[::-1], SHARES, np.random.default_rng(3))
    assert forward == backward


def styled(labels: dict[str, tuple[str, str | None]]) -> list[Recording]:
    """One recording of every take, with its content and style."""
    plain = recordings({take: (content, 1) for take, (content, _) in labels.items()})
    return [replace(recording, style=labels[recording.take][1]) for recording in plain]


SINGLE = {"wave_0": ("wave", "happy"), "bow_proud_0": ("bow", "proud"), "jump_0": ("jump", None)}
PAIRED = styled(
    SINGLE
    | {
        f"{content}_{style}_{n}": (content, style)
        for content in ("bow", "run", "walk", "walk-left", "walk-right")
        for style in ("angry", "happy", "old", "sad", "tired")
        for n in range(1 + 2 * (style == "old"))
    }
)


def pairs_of(split: dict[str, str], name: str) -> set[tuple[str, str | None]]:
    one_side = {"walk-right": "walk-left"}
    return {
        (one_side.get(clip.content, clip.content), clip.style)
        for clip in PAIRED
        if split.get(clip.take) == name
    }


@pytest.mark.parametrize("seed", range(5))
def test_no_two_splits_share_a_content_and_style_nor_its_mirror_image(seed):
    split = split_pairs(PAIRED, SHARES, np.random.default_rng(seed))
    assert split.keys() == {clip.take for clip in PAIRED if clip.style}
    train, val, test = (pairs_of(split, name) for name in ("train", "val", "test"))
    assert val and test and not (train & val or train & test or val & test)
    assert 0.6 < sum(name == "train" for name in split.values()) / len(split) < 0.8


@pytest.mark.parametrize("seed", range(5))
def test_every_content_and_style_is_still_learnt_from(seed):
    split = split_pairs(PAIRED, (0.3, 0.3, 0.4), np.random.default_rng(seed))
    learnt = [clip for clip in PAIRED if split.get(clip.take) == "train"]
    assert {clip.content for clip in learnt} == {clip.content for clip in PAIRED} - {"jump"}
    assert {clip.style for clip in learnt} == {clip.style for clip in PAIRED} - {None}


def test_pairs_are_dealt_by_the_seed_and_not_by_the_order_of_recordings():
    forward, backward = (
        split_pairs(order, SHARES, np.random.default_rng(3)) for order in (PAIRED, PAIRED[::-1])
    )
    assert forward == backward != split_pairs(PAIRED, SHARES, np.random.default_rng(4))


@pytest.mark.parametrize(
    "labels",
    [{"a": ("walk", None), "b": ("run", None)}, {"a": ("walk", "sad"), "b": ("run", "old")}],
    ids=["no style", "each content in one style"],
)
def test_pairs_that_cannot_be_held_out_are_refused(labels):
    with pytest.raises(LeadError, match="hold_out: takes") as error:
        split_pairs(styled(labels), SHARES, np.random.default_rng(0))
    assert "val and test" in str(error.value.found)
