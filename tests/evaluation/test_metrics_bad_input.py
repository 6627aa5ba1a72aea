"""Embeddings that cannot be measured are refused with what was found and what to do."""

import numpy as np
import pytest

from lead.errors import LeadError
from lead.evaluation.metrics import (
    diversity,
    frechet_distance,
    multimodal_distance,
    multimodality,
    r_precision,
)


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


def spoilt(value, *shape):
    rows = normal(*shape)
    rows.flat[7] = value
    return rows


def rng():
    return np.random.default_rng(0)


PAIR_METRICS = [r_precision, multimodal_distance]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("measure", "whose"),
    [
        (lambda bad: frechet_distance(bad, normal(64, 4)), "real"),
        (lambda bad: frechet_distance(normal(64, 4), bad), "generated"),
        (lambda bad: r_precision(bad, normal(64, 4)), "text"),
        (lambda bad: r_precision(normal(64, 4), bad), "motion"),
        (lambda bad: multimodal_distance(normal(64, 4), bad), "motion"),
        (lambda bad: diversity(bad, rng()), "motion"),
        (lambda bad: multimodality(bad.reshape(4, 16, 4), rng()), "motion"),
    ],
)
def test_a_value_that_is_not_finite_is_counted_and_its_set_named(measure, whose, value):
    with pytest.raises(LeadError) as caught:
        measure(spoilt(value, 64, 4))
    assert f"The {whose} embeddings hold values that are not finite" in str(caught.value)
    assert "found: 1 of 256 values" in str(caught.value)
    assert "NaN in the motions or in the weights" in str(caught.value)


@pytest.mark.parametrize("items", [0, 1])
@pytest.mark.parametrize(
    "measure",
    [
        lambda few: frechet_distance(normal(5, 4), few),
        lambda few: frechet_distance(few, normal(5, 4)),
        lambda few: diversity(few, rng()),
    ],
)
def test_too_few_items_for_a_spread_are_refused(measure, items):
    with pytest.raises(LeadError, match="cannot be measured") as caught:
        measure(np.zeros((items, 4)))
    assert f"an array of shape ({items}, 4)" in str(caught.value)
    assert "at least 2 items" in str(caught.value) and "Evaluate more items" in str(caught.value)


@pytest.mark.parametrize("metric", PAIR_METRICS)
def test_too_few_pairs_for_one_pool_are_refused(metric):
    with pytest.raises(LeadError, match="too few pairs for one pool") as caught:
        metric(normal(31, 4), normal(31, 4), pool=32)
    assert "found: 31 pairs" in str(caught.value) and "at least 32" in str(caught.value)
    assert "smaller pool" in str(caught.value)


@pytest.mark.parametrize("shape", [(3, 9, 4), (0, 30, 4)])
def test_fewer_samples_of_a_text_than_pairs_are_refused(shape):
    with pytest.raises(LeadError, match="several motions for each text") as caught:
        multimodality(np.zeros(shape), rng(), pairs=10)
    assert f"{shape} and 10 pairs" in str(caught.value)
    assert "Generate more samples" in str(caught.value)


@pytest.mark.parametrize("metric", [frechet_distance, *PAIR_METRICS])
def test_embeddings_of_two_networks_are_refused(metric):
    with pytest.raises(LeadError, match="different widths") as caught:
        metric(normal(64, 4), normal(64, 5))
    assert "found: 4 and 5 columns" in str(caught.value)
    assert "same evaluator network" in str(caught.value)


@pytest.mark.parametrize("metric", PAIR_METRICS)
def test_texts_without_their_motions_are_refused(metric):
    with pytest.raises(LeadError, match="not pairs") as caught:
        metric(normal(64, 4), normal(63, 4))
    assert "64 texts and 63 motions" in str(caught.value)


@pytest.mark.parametrize("order", [np.arange(63), np.zeros(64, int), np.arange(1, 65)])
def test_an_order_that_repeats_or_omits_pairs_is_refused(order):
    with pytest.raises(LeadError, match="permutation") as caught:
        r_precision(normal(64, 4), normal(64, 4), permutation=order)
    assert "rng.permutation(64)" in str(caught.value)


@pytest.mark.parametrize(("pool", "top"), [(2, 3), (0, 1), (32, 0)])
def test_ranks_that_a_pool_does_not_have_are_refused(pool, top):
    with pytest.raises(LeadError, match="beyond its pool"):
        r_precision(normal(64, 4), normal(64, 4), pool=pool, top=top)
