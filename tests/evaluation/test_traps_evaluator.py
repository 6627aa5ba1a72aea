"""Each trap in what the matcher is fed, patched in, moves its metric; `-rP` prints how far.

The study has 64 synthetic test clips and a random matcher whose text head was solved for.
"""

import numpy as np
import pytest
import torch
import traps
from finished_study import inputs, study_of
from matched_study import embed, evaluation_of, seeds_of

from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import make_clip
from lead.evaluation.embed import embed_generated
from lead.evaluation.metrics import frechet_distance
from lead.evaluation.score import generated_metrics, matching_metrics
from lead.files.job import Job
from lead.models.build import build_denoiser, build_vae
from lead.models.files import save_network
from lead.models.tensors import load_tensors
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, fit_normalizer, load_normalizer
from lead.motion.skeleton import HUMANML3D

STATISTICS = "lead.evaluation.evaluator.matcher_normalizer"
EMBED_MOTION = "lead.models.matcher.Matcher.embed_motion"
HEIGHT = layout(HUMANML3D).slice("root_height")


@pytest.fixture(scope="module")
def root(matched):
    return matched


@pytest.fixture(scope="module")
def right(root, tmp_path_factory):
    return embed(root, tmp_path_factory.mktemp("right"), repeats=1)


@pytest.fixture
def trapped(root, tmp_path, monkeypatch):
    """Embeddings of the same clips and captions, with a trap in place of what it replaces."""

    def run(target, trap, **said):
        with monkeypatch.context() as patch:
            patch.setattr(target, trap)
            return embed(root, tmp_path, repeats=1, **said)

    return run


def measures(root, embedded, right):
    """R-precision and MM-Dist of real pairs, and the FID of the same motions embedded right."""
    motion = embedded["motion"][0]
    values = matching_metrics(embedded["text"][0], motion, evaluation_of(root), seeds_of(root))
    return values | {"fid": frechet_distance(right["motion"][0], motion)}


def said(trap, before, after, *metrics):
    """What a test found, printed for `docs/traps.md`."""
    for metric in metrics:
        print(f"{trap}: {metric}: {before[metric]:.4g} -> {after[metric]:.4g}")
    return before, after


def shipped(root, height=3.44):
    """The study's statistics with another mean height, by as many deviations of the matcher."""
    own = load_normalizer(inputs(root)["stats"])
    mean = np.array(own.mean)
    mean[HEIGHT] += height * own.std[HEIGHT] / 25
    return Normalizer(mean, own.std)


def other_folder():
    """Statistics of eight clips of another data set."""
    made = [make_clip(SyntheticDataset(kind="synthetic", clips=8), 99, n) for n in range(8)]
    motions = [joints_to_features(clip.joints, HUMANML3D) for clip in made]
    return fit_normalizer(iter(motions), layout(HUMANML3D))


def test_nothing_moves_without_a_trap(root, right, tmp_path):
    again = embed(root, tmp_path, repeats=1)
    assert all(np.array_equal(right[name], again[name]) for name in right)


def test_padded_caption_lengths_lose_the_captions(root, right, trapped):
    wrong = trapped("lead.models.matcher.Matcher.embed_text", traps.padded_text_lengths)
    before, after = measures(root, right, right), measures(root, wrong, right)
    said("P5", before, after, "r_precision_top3", "mm_dist")
    assert before["r_precision_top3"] > 0.95 and after["r_precision_top3"] < 0.5
    assert after["mm_dist"] > before["mm_dist"] + 2


def test_a_smaller_bias_is_another_evaluator(root, right, trapped):
    wrong = trapped(STATISTICS, traps.bias_of_five)
    before, after = measures(root, right, right), measures(root, wrong, right)
    said("P9, Std/5", before, after, "fid", "r_precision_top3", "mm_dist")
    assert after["fid"] > 0.5 and after["r_precision_top3"] < before["r_precision_top3"] - 0.2


def test_a_mean_height_off_by_two_centimetres_separates_equal_motions(root, right, trapped):
    """3.44 deviations are what the dataset's Mean is off where the published evaluator looks."""
    wrong = trapped(STATISTICS, traps.statistics_of(shipped(root)))
    before, after = measures(root, right, right), measures(root, wrong, right)
    two_readings = frechet_distance(right["motion"][0], right["again"][0])
    print(f"FID of two readings: {two_readings:.4g}")
    said("P9, Mean", before, after, "fid", "mm_dist")
    assert before["fid"] < 1e-9 and after["fid"] > 1.5 * two_readings


def test_statistics_of_another_folder_separate_equal_motions(root, right, trapped):
    wrong = trapped(STATISTICS, traps.statistics_of(other_folder()))
    before, after = measures(root, right, right), measures(root, wrong, right)
    said("P22", before, after, "fid", "r_precision_top3", "mm_dist")
    assert after["fid"] > 0.1 and after["mm_dist"] > before["mm_dist"] + 0.2


def test_a_boundary_of_ones_own_separates_equal_motions(root, right, trapped):
    wrong = trapped(EMBED_MOTION, traps.always_zero196)
    before, after = measures(root, right, right), measures(root, wrong, right)
    moved = np.linalg.norm(wrong["motion"] - right["motion"], axis=-1)
    share = (moved / np.linalg.norm(right["motion"], axis=-1)).mean()
    said("zero196 against unpadded", before, after, "fid", "r_precision_top1", "mm_dist")
    print(f"zero196 against unpadded: embeddings move by {share:.1%}")
    assert after["fid"] > 0.02 and 0.05 < share < 0.25


@pytest.mark.parametrize("boundary", ["unpadded", "zero196"])
def test_masking_before_renormalisation_pads_with_motion(root, trapped, monkeypatch, boundary):
    statistics = traps.statistics_of(shipped(root))
    own = load_normalizer(inputs(root)["stats"])
    padding = statistics(own, layout(HUMANML3D), 25.0).normalise(own.denormalise(0 * own.mean))
    assert padding[HEIGHT] == pytest.approx(-3.44, abs=0.01)
    right = trapped(STATISTICS, statistics, boundary=boundary)
    monkeypatch.setattr(STATISTICS, statistics)
    wrong = trapped(EMBED_MOTION, traps.masked_before_renormalisation, boundary=boundary)
    before, after = measures(root, right, right), measures(root, wrong, right)
    moved = np.linalg.norm(wrong["motion"] - right["motion"], axis=-1)
    share = (moved / np.linalg.norm(right["motion"], axis=-1)).mean()
    said(f"mask first, {boundary}", before, after, "fid", "mm_dist")
    print(f"mask first, {boundary}: embeddings move by {share:.1%}")
    assert before["fid"] < 1e-9 and after["fid"] > 1e-4 and share > 0.005


def test_multimodality_in_units_of_the_generator_is_another_number(root, tmp_path, monkeypatch):
    study = study_of(root)
    torch.manual_seed(1)
    vae = build_vae(study.vae.model, HUMANML3D.feature_width)
    with torch.no_grad():
        vae.final_layer.weight *= 20  # features of random weights hardly vary
    latent = (study.vae.model.width, study.vae.model.latent_tokens)
    denoiser = build_denoiser(study.denoiser.model, *latent, 8)
    save_network(vae, tmp_path / "vae.safetensors", {})
    save_network(denoiser, tmp_path / "denoiser.safetensors", {})

    def multimodality(folder):
        values = study.model_dump(mode="json")
        few = {"items": 12, "samples": 10, "pairs": 10}
        values["evaluation"] |= {"repeats": 1, "sampling_steps": 1, "multimodality": few}
        values["evaluation"]["batch_size"] = 128
        given = inputs(root) | {n: tmp_path / f"{n}.safetensors" for n in ("vae", "denoiser")}
        embed_generated(Job("embed", values, given, {"embeddings": folder / "own.safetensors"}))
        own = {n: v[0].numpy() for n, v in load_tensors(folder / "own.safetensors").items()}
        return generated_metrics(own, own, evaluation_of(root), seeds_of(root))

    before = multimodality(tmp_path / "right")
    monkeypatch.setattr("lead.evaluation.evaluator.MotionEvaluator.motions", traps.not_renormalised)
    after = multimodality(tmp_path / "wrong")
    said("P6", before, after, "multimodality")
    assert after["multimodality"] < 0.95 * before["multimodality"]
