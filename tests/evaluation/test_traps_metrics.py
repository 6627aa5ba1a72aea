"""Each trap in what is made of embeddings, patched in, moves its metric; `-rP` prints how far."""

import numpy as np
import pandas as pd
import pytest
import torch
import traps

from lead import losses
from lead.config.evaluation import Evaluation, MultiModality
from lead.evaluation import score
from lead.evaluation.summary import summarise
from lead.files.seeds import Seeds
from lead.report.table import comparison_table

SETTINGS = Evaluation(multimodality=MultiModality(items=20, samples=30, pairs=10))
SEEDS = Seeds(1)
METRICS = "lead.evaluation.metrics."
SCORE = "lead.evaluation.score."


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def said(metric, before, after):
    """What a test found, printed for `docs/traps.md`."""
    print(f"{metric}: {before:.6g} -> {after:.6g}")
    return before, after


def matching(text, motion, settings=SETTINGS):
    return score.matching_metrics(text, motion, settings, SEEDS)


def fid(real, generated):
    return score.generated_metrics({"motion": generated}, {"motion": real}, SETTINGS, SEEDS)["fid"]


def pairs(items=1280, width=16, noise=2.0):
    text = normal(0, items, width)
    return text, text + noise * normal(1, items, width)


@pytest.mark.parametrize(("size", "least", "most"), [(8, 0.35, 0.42), (128, -0.26, -0.19)])
def test_pools_of_another_size_change_r_precision(monkeypatch, size, least, most):
    before = matching(*pairs())["r_precision_top3"]
    monkeypatch.setattr(METRICS + "_pools", traps.pools_of(size))
    after = matching(*pairs())["r_precision_top3"]
    said(f"P7: R-precision top-3 in pools of {size}", before, after)
    assert 0.3 < before < 0.4 and least < after - before < most


@pytest.mark.parametrize("told", [True, False])
def test_pools_sorted_by_length_are_easier_or_harder(monkeypatch, told):
    """Harder where captions tell the length, easier where only motions have one."""
    content, length = normal(0, 640, 6), np.sort(normal(1, 640))[:, None]
    text = np.hstack([content, 4 * length * told])
    motion = np.hstack([content + normal(2, *content.shape), 4 * length])
    before = matching(text, motion)["r_precision_top1"]
    monkeypatch.setattr(METRICS + "_pools", traps.pools_in_the_given_order)
    after = matching(text, motion)["r_precision_top1"]
    said(f"sorted pools, captions {'tell' if told else 'hide'} lengths: top-1", before, after)
    assert after < before - 0.2 if told else after > before + 0.05


def test_distances_that_are_not_clamped_lose_texts_that_are_their_motions(monkeypatch):
    motion = normal(0, 640, 512)
    before = matching(motion, motion)["r_precision_top1"]
    monkeypatch.setattr(METRICS + "pairwise_distances", traps.unclamped_distances)
    after = matching(motion, motion)["r_precision_top1"]
    said("unclamped root: top-1 of a perfect copy", before, after)
    assert before == 1.0 and 0.3 < after < 0.8


def test_ties_that_count_as_hits_make_collapsed_embeddings_perfect(monkeypatch):
    motion = np.tile(normal(0, 16), (320, 1))
    before = matching(motion, motion)["r_precision_top1"]
    monkeypatch.setattr(METRICS + "_ranks_of_true_pairs", traps.ranks_that_favour_ties)
    after = matching(motion, motion)["r_precision_top1"]
    said("ties count as hits: top-1 of one embedding for all", before, after)
    assert before == pytest.approx(1 / 32) and after == 1.0


def test_eq_12_as_printed_gives_a_hundredth(monkeypatch):
    text, motion = pairs(4640, 1, noise=0.0)
    before = matching(text, motion + 3.0)["mm_dist"]
    monkeypatch.setattr(SCORE + "multimodal_distance", traps.eq_12_as_printed)
    after = matching(text, motion + 3.0)["mm_dist"]
    said("Eq. 12 as printed: MM-Dist of pairs 3 apart", before, after)
    assert before == pytest.approx(3.0) and after == pytest.approx((3 / 4640) ** 0.5)


@pytest.mark.parametrize(
    ("trap", "low", "high"),
    [(traps.frechet_by_eigenvalues, -1e-3, -1e-6), (traps.frechet_by_ridge, -1.1e-3, -1.0e-3)],
)
def test_a_root_of_a_singular_product_makes_equal_sets_nearer_than_equal(
    monkeypatch, trap, low, high
):
    motion = normal(0, 100, 512)
    before = fid(motion, motion)
    monkeypatch.setattr(SCORE + "frechet_distance", trap)
    after = fid(motion, motion)
    said(f"{trap.__name__}: FID of 100 x 512 to itself", before, after)
    assert 0 <= before < 1e-9 and low < after < high


def test_covariances_of_populations_shrink_the_distance(monkeypatch):
    motion = normal(0, 50, 16)
    before = fid(motion, 2 * motion)
    monkeypatch.setattr(SCORE + "frechet_distance", traps.frechet_of_populations)
    after = fid(motion, 2 * motion)
    said("covariances over n: FID of 50 items", before, after)
    assert after == pytest.approx(before, rel=0.021) and after < 0.981 * before


def test_all_pairs_raise_diversity_and_hide_its_spread(monkeypatch):
    """A drawn pair may be one motion twice: 1 in 30 of a set of 30."""
    motion = normal(0, 30, 8)

    def drawn():
        seeds = [SEEDS.child(repeat) for repeat in range(400)]
        return [score.matching_metrics(motion, motion, SETTINGS, s)["diversity"] for s in seeds]

    before = drawn()
    monkeypatch.setattr(SCORE + "diversity", traps.diversity_of_all_pairs)
    after = drawn()
    said("all pairs: Diversity of 30 items", np.mean(before), np.mean(after))
    said("all pairs: its spread over repeats", np.std(before), np.std(after))
    assert np.mean(after) == pytest.approx(np.mean(before) * 30 / 29, rel=0.015)
    assert np.std(before) > 0.1 > 1e-9 > np.std(after)


def test_all_pairs_raise_multimodality(monkeypatch):
    own = {"motion": normal(0, 40, 8), "multimodality": normal(1, 20, 30, 8)}

    def drawn():
        seeds = [SEEDS.child(repeat) for repeat in range(200)]
        return [score.generated_metrics(own, own, SETTINGS, s)["multimodality"] for s in seeds]

    before = np.mean(drawn())
    monkeypatch.setattr(SCORE + "multimodality", traps.multimodality_of_all_pairs)
    after = np.mean(drawn())
    said("all pairs: MultiModality of 30 samples", before, after)
    assert after == pytest.approx(before * 30 / 29, rel=0.01)


def test_true_pairs_as_wrong_ones_cost_what_nothing_can_gain(monkeypatch):
    """Pairs that match, far from all others, cost nothing; one shift in seven says otherwise."""
    text = 100 * torch.eye(8)

    def negatives():
        generator = torch.Generator().manual_seed(0)
        shifts = [losses.draw_shift(8, generator) for _ in range(1500)]
        return [float(losses.contrastive_loss(text, text, s)["negative"]) for s in shifts]

    before = negatives()
    monkeypatch.setattr("lead.losses.draw_shift", traps.shift_of_the_public_code)
    after = negatives()
    share = np.mean(np.array(after) > 0)
    said("P8: share of steps that push pairs apart, batch 8", np.mean(np.array(before) > 0), share)
    said("P8: mean negative loss of a perfect matcher", np.mean(before), np.mean(after))
    assert max(before) == 0 and share == pytest.approx(1 / 7, abs=0.03)
    assert np.mean(after) == pytest.approx(100 / 7, rel=0.2)


def test_a_bound_by_real_puts_the_better_of_two_generators_last(monkeypatch):
    """Motions drawn towards their texts are found more often than real ones are."""
    text, rng = normal(0, 640, 16), np.random.default_rng(1)
    apart = {"real": 2.0, "modest": 2.4, "drawn_to_text": 1.0}
    motions = {name: text + far * rng.normal(size=text.shape) for name, far in apart.items()}
    rows = [
        {"system": name, "metric": metric, "repeat": repeat, "value": value}
        for name, motion in motions.items()
        for repeat in range(3)
        for metric, value in score.matching_metrics(
            text, motion, SETTINGS, SEEDS.child(repeat)
        ).items()
    ]
    labels = {name: name for name in motions}

    def top3():
        table = comparison_table(summarise(pd.DataFrame(rows)), pd.DataFrame(), labels)
        return table[table["metric"] == "r_precision_top3"].set_index("system")

    right = top3()
    monkeypatch.setattr("lead.report.table.places", traps.real_as_a_bound)
    wrong = top3()
    said("P21: top-3 of Real, and of motions drawn to their texts", *right["mean"].iloc[[0, 2]])
    said("P21: the latter's place", right["place"].iloc[2], wrong["place"].fillna(np.nan).iloc[2])
    assert right.loc["drawn_to_text", "mean"] > right.loc["real", "mean"] + 0.2
    assert right.loc["drawn_to_text", "place"] == 1 and right.loc["modest", "place"] == 2
    assert set(right["note"]) == {""}
    assert pd.isna(wrong.loc["drawn_to_text", "place"]) and wrong.loc["modest", "place"] == 1
