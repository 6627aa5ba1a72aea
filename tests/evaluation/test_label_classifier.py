"""A classifier of real clips, and when it may judge."""

import numpy as np
import pytest

from experiments.style_classifiers import clip_statistics, split_takes, train_label_classifier
from lead.errors import LeadError

LABELS = ["calm", "wild"] * 40
TAKES = [f"take_{n // 4}_{n % 2}" for n in range(80)]


def statistics(apart: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, 6))
    x[:, 0] += apart * np.array([label == "wild" for label in LABELS])
    return x


def trained() -> np.ndarray:
    return split_takes(LABELS, TAKES, np.random.default_rng(0))


def test_no_take_is_on_both_sides_and_every_label_is():
    sides = trained()
    takes = [{TAKES[n] for n in np.flatnonzero(sides == side)} for side in (True, False)]
    assert not takes[0] & takes[1]
    for side in (True, False):
        assert {LABELS[n] for n in np.flatnonzero(sides == side)} == {"calm", "wild"}


def test_labels_that_can_be_told_apart_are_and_others_are_not_trusted():
    good = train_label_classifier({"real": statistics(6.0)}, LABELS, trained())
    assert good.accuracy["real"] > 0.95 and good.is_trusted and good.chance == 0.5
    noise = train_label_classifier({"real": statistics(0.0)}, LABELS, trained())
    assert not noise.is_trusted
    assert good.predict(np.array([[9.0, 0, 0, 0, 0, 0], [-3.0, 0, 0, 0, 0, 0]])) == ["wild", "calm"]


def test_a_common_label_does_not_make_guessing_it_accurate():
    labels = ["often"] * 70 + ["rare"] * 10
    takes = [str(n) for n in range(80)]
    side = split_takes(labels, takes, np.random.default_rng(0))
    found = train_label_classifier({"real": statistics(0.0)}, labels, side)
    assert found.accuracy["real"] < 0.75


def test_labels_of_too_few_takes_are_left_out_and_one_label_is_refused():
    labels = ["alone", *LABELS[1:]]
    found = train_label_classifier({"real": statistics(6.0)}, labels, trained())
    assert found.labels == ("calm", "wild")
    with pytest.raises(LeadError, match="too few labelled clips"):
        train_label_classifier({"real": statistics(6.0)}, ["calm"] * 80, trained())


def test_statistics_do_not_depend_on_how_long_a_steady_motion_lasts():
    steady = np.tile(np.array([[1.0, 2.0], [3.0, 2.0]]), (8, 1))
    np.testing.assert_allclose(clip_statistics(steady), clip_statistics(steady[:6]))
    np.testing.assert_allclose(clip_statistics(steady), [2, 2, 1, 0])


def test_a_view_in_which_labels_cannot_be_told_apart_takes_the_trust_away():
    views = {"real": statistics(6.0), "blurred": statistics(0.0, seed=1)}
    found = train_label_classifier(views, LABELS, trained())
    assert found.accuracy["real"] > 0.7 > found.accuracy["blurred"]
    assert not found.is_trusted
