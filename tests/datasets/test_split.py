"""Splits: by take, by share, evenly over contents."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.clip import Recording
from lead.datasets.splits import split_takes

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
