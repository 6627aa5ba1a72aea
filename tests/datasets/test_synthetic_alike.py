"""Synthetic clips of one variant resemble each other, read well, and fill the splits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lead.clip import Recording
from lead.config.datasets import SyntheticDataset
from lead.datasets.splits import split_takes
from lead.datasets.synthetic.dataset import STYLES, VARIANTS, captions, make_clip
from lead.motion.features import joints_to_features
from lead.motion.skeleton import HUMANML3D

CONFIG = SyntheticDataset()
TWO_SECONDS = 40
ENOUGH = 10 * len(VARIANTS)


@pytest.fixture(scope="module")
def clips() -> list[Recording]:
    """The dataset of the demo."""
    return [make_clip(CONFIG, 1, number) for number in range(CONFIG.clips)]


@pytest.fixture(scope="module")
def beginnings(clips) -> dict[tuple[str, str | None], np.ndarray]:
    """First two seconds of features of every variant in every style, scaled over all clips."""
    groups: dict[tuple[str, str | None], list[np.ndarray]] = {}
    for clip in clips[:ENOUGH]:
        features = joints_to_features(clip.joints, HUMANML3D)[:TWO_SECONDS]
        groups.setdefault((clip.content, clip.style), []).append(features)
    everything = np.concatenate([np.stack(group) for group in groups.values()])
    spread = everything.std((0, 1)) + 1e-3
    mean = everything.mean((0, 1))
    return {key: (np.stack(group) - mean) / spread for key, group in groups.items()}


def unlikeness(group: np.ndarray) -> float:
    """Share of a group's motion that differs from clip to clip: near 1 if beats start anywhere."""
    return float(group.var(axis=0, ddof=1).mean() / (group**2).mean())


def test_clips_of_a_variant_begin_alike(beginnings):
    shares = [unlikeness(group) for group in beginnings.values() if len(group) > 2]
    assert np.mean(shares) < 0.22


@pytest.mark.parametrize("content", ["march", "jump", "jump_forward", "kick_left", "walk", "run"])
def test_quick_movements_begin_alike_too(beginnings, content):
    groups = [g for (name, _), g in beginnings.items() if name == content and len(g) > 2]
    assert np.mean([unlikeness(group) for group in groups]) < 0.45


def test_clips_of_a_variant_are_still_different(beginnings):
    for group in beginnings.values():
        for clip, following in itertools.pairwise(group):
            assert np.abs(clip - following).max() > 0.1


def test_no_two_adverbs_stand_side_by_side_nor_one_behind_the_words_for_size():
    for variant in VARIANTS:
        for style, size in itertools.product(variant.styles, variant.sizes):
            for sentence in captions(variant, style, size, 8, np.random.default_rng(0)):
                words = sentence.split()
                adverbs = [word in STYLES[style] for word in words]
                assert sum(adverbs) <= 1, sentence
                if size != "normal" and variant.small:
                    assert not adverbs[-1], sentence


def test_the_demo_has_at_least_96_clips_to_test_with(clips):
    shares = (1 - CONFIG.val_share - CONFIG.test_share, CONFIG.val_share, CONFIG.test_share)
    splits = split_takes(clips, shares, np.random.default_rng(0))
    tested = {clip.content for clip in clips if splits[clip.take] == "test"}
    assert sum(split == "test" for split in splits.values()) >= 96
    assert tested == {variant.content for variant in VARIANTS}
