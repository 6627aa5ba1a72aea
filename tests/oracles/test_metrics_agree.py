"""Every metric equals its plain twin, on embeddings that are usual and on ones that are not.

Fréchet distances agree to 1e-8 of the sets' own size where a long double has 80 bits, since the
twin takes the root of eigenvalues that rounding keeps from zero. Other distances agree to 1e-12
of their value, and R-precision in every hit.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracles import plain_metrics as plain
from recorded_draws import RecordedDraws

from lead.evaluation import gallery, metrics, score
from lead.evaluation.summary import summarise


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def related(seed, items, width, rank=None, noise=0.6):
    """Texts, and motions not far from them, in a space of ``rank`` of the ``width`` axes."""
    basis = normal(seed, rank or width, width)
    text = normal(seed + 1, items, rank or width)
    motion = 0.3 + text + noise * normal(seed + 2, *text.shape)
    return text @ basis, motion @ basis


def outlier():
    text, motion = related(0, 64, 5)
    motion[7] *= 1e6
    return text, motion


def duplicated():
    text, motion = related(0, 32, 6)
    rows = np.random.default_rng(0).integers(0, 8, 96)
    return text[rows], motion[np.random.default_rng(1).permutation(rows)]


CASES = {
    "random": lambda: related(0, 96, 6),
    "one column": lambda: related(1, 64, 1),
    "single pool": lambda: related(2, 32, 6),
    "incomplete last pool": lambda: related(3, 70, 6),
    "rank-deficient": lambda: related(4, 64, 8, rank=3),
    "fewer rows than columns": lambda: related(5, 33, 40),
    "common null space": lambda: tuple(np.pad(x, ((0, 0), (2, 3))) for x in related(6, 64, 4)),
    "motions of one text": lambda: (normal(0, 64, 4), np.tile(normal(1, 4), (64, 1))),
    "all rows identical": lambda: (np.tile(normal(0, 4), (64, 1)),) * 2,
    "all zero": lambda: (np.zeros((64, 4)),) * 2,
    "texts are their motions": lambda: (normal(0, 64, 12),) * 2,
    "duplicated rows": duplicated,
    "huge outlier": outlier,
    "float32": lambda: tuple(x.astype(np.float32) for x in related(7, 64, 6)),
    "far from the origin": lambda: tuple(1e4 + x for x in related(8, 64, 6)),
    "tiny": lambda: tuple(1e-9 * x for x in related(9, 64, 6)),
}

FRECHET = 30 * float(np.finfo(np.longdouble).eps) ** 0.5

every_case = pytest.mark.parametrize("case", CASES)


def size(real, generated):
    """What a Fréchet distance is large or small in comparison with."""
    shift = real.mean(0) - generated.mean(0)
    return float(shift @ shift + real.var(0, ddof=1).sum() + generated.var(0, ddof=1).sum())


@every_case
def test_the_frechet_distance_equals_its_twin(case):
    real, generated = (np.asarray(rows, dtype=np.float64) for rows in CASES[case]())
    expected = plain.frechet_distance(real, generated)
    found = metrics.frechet_distance(*CASES[case]())
    assert found == pytest.approx(expected, rel=0, abs=FRECHET * size(real, generated) + 1e-30)


@every_case
def test_r_precision_equals_its_twin_in_every_hit(case):
    text, motion = CASES[case]()
    order = np.random.default_rng(3).permutation(len(text))
    expected = plain.r_precision(text, motion, order=order)
    found = metrics.r_precision(text, motion, permutation=order)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@every_case
def test_retrieval_among_all_items_equals_its_twin(case):
    text, motion = CASES[case]()
    shares, middle = plain.gallery(text, motion, gallery.TOPS, gallery.EQUIVALENT)
    found = gallery.gallery_metrics(text, motion)
    assert found.pop("gallery_median") == middle
    assert found == pytest.approx({f"gallery_top{k}": share for k, share in shares.items()})


@every_case
def test_the_distance_of_unit_vectors_equals_its_twin(case):
    sets = [np.asarray(rows, dtype=np.float64) for rows in CASES[case]()]
    found = score.distances(*sets)
    assert found["fid"] == metrics.frechet_distance(*sets)
    if not all(np.any(rows, axis=1).all() for rows in sets):
        assert "fid_l2" not in found
        return
    real, generated = map(plain.of_length_one, sets)
    expected = plain.frechet_distance(real, generated)
    assert found["fid_l2"] == pytest.approx(expected, rel=0, abs=FRECHET * size(real, generated))


@every_case
def test_the_multimodal_distance_equals_its_twin(case):
    text, motion = CASES[case]()
    order = np.random.default_rng(3).permutation(len(text))
    found = metrics.multimodal_distance(text, motion, pool=32, permutation=order)
    assert found == pytest.approx(plain.multimodal_distance(text, motion, 32, order), rel=1e-12)
    found = metrics.multimodal_distance(text, motion)
    assert found == pytest.approx(plain.multimodal_distance(text, motion), rel=1e-12)


@every_case
def test_diversity_equals_its_twin_on_the_drawn_pairs(case):
    _, motion = CASES[case]()
    rng = RecordedDraws()
    found = metrics.diversity(motion, rng)
    assert found == pytest.approx(plain.diversity(motion, *rng.draws), rel=1e-12)


@every_case
def test_multimodality_equals_its_twin_on_the_drawn_pairs(case):
    _, motion = CASES[case]()
    samples = motion[:30].reshape(3, 10, -1)
    rng = RecordedDraws()
    found = metrics.multimodality(samples, rng, pairs=7)
    assert found == pytest.approx(plain.multimodality(samples, *rng.draws), rel=1e-12)


@settings(max_examples=25)
@given(
    st.integers(2, 24),
    st.integers(2, 24),
    st.integers(1, 8),
    st.integers(1, 8),
    st.integers(0, 10**6),
)
def test_the_frechet_distance_equals_its_twin_at_any_size_and_rank(n, m, width, rank, seed):
    real = related(seed, n, width, min(rank, width))[0]
    generated = related(seed + 3, m, width)[1]
    expected = plain.frechet_distance(real, generated)
    found = metrics.frechet_distance(real, generated)
    assert found == pytest.approx(expected, rel=0, abs=FRECHET * size(real, generated))


@pytest.mark.parametrize("items", [20, 100])
def test_the_frechet_distance_equals_its_twin_where_512_columns_hide_a_few(items):
    """The twin measures the few; turning them into 512 columns changes no distance."""
    real, generated = related(0, items, 6)
    turned = np.linalg.qr(normal(9, 512, 6))[0].T
    found = metrics.frechet_distance(real @ turned, generated @ turned)
    expected = plain.frechet_distance(real, generated)
    assert found == pytest.approx(expected, rel=0, abs=FRECHET * size(real, generated))


@settings(max_examples=25)
@given(st.integers(2, 33), st.integers(0, 40), st.integers(1, 40), st.integers(0, 10**6))
def test_r_precision_equals_its_twin_at_any_size(pool, extra, width, seed):
    text, motion = related(seed, pool + extra, width)
    order, top = np.random.default_rng(seed).permutation(len(text)), min(3, pool)
    expected = plain.r_precision(text, motion, pool, top, order)
    found = metrics.r_precision(text, motion, pool=pool, top=top, permutation=order)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=25)
@given(st.integers(2, 33), st.integers(1, 40), st.integers(1, 5), st.integers(0, 10**6))
@example(17, 22, 1, 0)
@example(29, 22, 1, 0)
def test_equal_motions_rank_by_place_in_a_pool_of_any_size(pool, width, distinct, seed):
    of_text, of_motion = np.random.default_rng(seed).integers(0, distinct, (2, 2 * pool))
    text, motion = normal(seed, distinct, width), normal(seed + 1, distinct, width)
    expected = plain.r_precision(text[of_text], motion[of_motion], pool, 1)
    found = metrics.r_precision(text[of_text], motion[of_motion], pool=pool, top=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=25)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20))
def test_mean_and_interval_equal_their_twins(values):
    frame = pd.DataFrame({"system": "a", "metric": "fid", "repeat": range(len(values))})
    found = summarise(frame.assign(value=values)).iloc[0]
    expected = plain.mean_and_interval(values)
    assert (found["mean"], found["ci95"]) == pytest.approx(expected, rel=1e-9, abs=1e-9)
