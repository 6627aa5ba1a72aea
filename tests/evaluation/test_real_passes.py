"""Real motions read twice, and against captions of others, from clips to metrics."""

import numpy as np
import pytest
from matched_study import ITEMS, embed, evaluation_of, seeds_of

from lead.evaluation.score import matching_metrics, real_metrics

REPEATS = 6


@pytest.fixture(scope="module")
def values(matched, tmp_path_factory):
    """Every metric of the real motions, repeat by repeat."""
    embedded = embed(matched, tmp_path_factory.mktemp("real"), repeats=REPEATS)
    settings, rounds = evaluation_of(matched), []
    for repeat in range(REPEATS):
        now = {name: own[repeat] for name, own in embedded.items()}
        seeds = seeds_of(matched, repeat)
        found = matching_metrics(now["text"], now["motion"], settings, seeds)
        rounds.append(found | real_metrics(now, now, settings, seeds))
    return {name: np.array([found[name] for found in rounds]) for name in rounds[0]}


def test_two_readings_are_near_each_other_and_far_from_the_mean_motion(values):
    assert values["fid"].min() > 0
    assert values["fid"].max() < 0.01 * values["fid_mean_motion"].min()


def test_each_reading_is_of_other_crops(values):
    assert len(np.unique(values["fid"])) == REPEATS


def test_captions_are_found_with_their_motions_and_by_chance_with_others(values):
    chance = 3 / 32
    spread = np.sqrt(chance * (1 - chance) / (REPEATS * ITEMS))
    assert values["r_precision_top3"].min() > 0.95
    assert abs(values["r_precision_top3_shuffled"].mean() - chance) < 4 * spread
