"""From stored embeddings to metrics, in facts that must hold whatever the numbers."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from gauge_arrays import gauge_arrays
from safetensors.numpy import save_file

from lead.config.evaluation import Evaluation, MultiModality
from lead.errors import LeadError
from lead.evaluation.metrics import frechet_distance
from lead.evaluation.score import compute_metrics
from lead.files.job import Job

REPEATS, ITEMS, WIDTH = 2, 96, 16
SETTINGS = Evaluation(repeats=REPEATS, multimodality=MultiModality(items=4, samples=6, pairs=3))


def real(rng: np.random.Generator) -> dict[str, np.ndarray]:
    motion = rng.normal(size=(REPEATS, ITEMS, WIDTH)).astype(np.float32)
    return {
        "text": motion.copy(),
        "motion": motion,
        "again": motion + 0.01 * rng.normal(size=motion.shape).astype(np.float32),
        "mean_motion": np.zeros_like(motion) + rng.normal(size=WIDTH).astype(np.float32),
        **gauge_arrays(REPEATS, ITEMS),
    }


def generated(truth: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "motion": truth["motion"].copy(),
        "reconstruction": truth["motion"].copy(),
        "random_latent": rng.normal(3.0, size=truth["motion"].shape).astype(np.float32),
        "multimodality": rng.normal(size=(REPEATS, 4, 6, WIDTH)).astype(np.float32),
        **gauge_arrays(REPEATS, ITEMS),
    }


def metrics(folder: Path, system: str, own: dict, truth: dict) -> dict[str, list[float]]:
    save_file(truth, folder / "real.safetensors")
    save_file(own, folder / "own.safetensors")
    compute_metrics(
        Job(
            "metrics",
            {"evaluation": SETTINGS.model_dump(mode="json"), "system": system, "seed": 1},
            {"real": folder / "real.safetensors", "embeddings": folder / "own.safetensors"},
            {"metrics": folder / "metrics.parquet"},
        )
    )
    frame = pq.read_table(folder / "metrics.parquet").to_pandas()
    return {name: list(rows["value"]) for name, rows in frame.groupby("metric")}


def test_a_copy_of_the_truth_has_no_distance_and_reals_other_metrics(tmp_path):
    rng = np.random.default_rng(0)
    truth = real(rng)
    of_real = metrics(tmp_path, "real", truth, truth)
    of_copy = metrics(tmp_path, "mld", generated(truth, rng), truth)
    assert max(of_copy["fid"]) < 1e-6
    for name in ("r_precision_top1", "r_precision_top3", "mm_dist", "diversity"):
        assert of_copy[name] == of_real[name]


def test_validation_clips_have_a_distance_where_they_are_enough_for_their_dimensions(tmp_path):
    rng = np.random.default_rng(0)
    truth = real(rng)
    before = metrics(tmp_path, "real", truth, truth)
    truth["validation"] = truth["motion"][:, :12] + np.float32(2)
    enough = metrics(tmp_path, "real", truth, truth)
    expected = [frechet_distance(motion, motion[:12] + np.float32(2)) for motion in truth["motion"]]
    assert enough == before | {"fid_validation": expected}
    truth["validation"] = truth["motion"][:, :11]
    assert metrics(tmp_path, "real", truth, truth) == before


def test_perfect_pairs_are_all_found_and_shuffled_ones_by_chance(tmp_path):
    truth = real(np.random.default_rng(0))
    values = metrics(tmp_path, "real", truth, truth)
    assert values["r_precision_top1"] == [1.0] * REPEATS
    assert np.mean(values["r_precision_top3_shuffled"]) == pytest.approx(3 / 32, abs=0.06)


def test_random_latents_are_further_than_reconstructions(tmp_path):
    rng = np.random.default_rng(0)
    truth = real(rng)
    values = metrics(tmp_path, "mld", generated(truth, rng), truth)
    assert max(values["fid_reconstruction"]) < 1e-6 < 1.0 < min(values["fid_random_latent"])


def test_embeddings_of_another_run_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    truth = real(rng)
    other = generated(truth, rng)
    other["motion"] = other["motion"][:, :50]
    with pytest.raises(LeadError, match="do not belong together"):
        metrics(tmp_path, "mld", other, truth)


def test_the_distance_of_unit_vectors_sees_no_length(tmp_path):
    rng = np.random.default_rng(0)
    truth = real(rng)
    longer = generated(truth, rng) | {"motion": 3 * truth["motion"]}
    values = metrics(tmp_path, "mld", longer, truth)
    assert max(values["fid_l2"]) < 1e-6 < 1.0 < min(values["fid"])


def test_an_evaluator_of_other_weights_is_refused(tmp_path):
    truth = real(np.random.default_rng(0))
    metrics(tmp_path, "real", truth, truth)
    for name, weights in (("real", "a1"), ("own", "b2")):
        facts = {"evaluator_weights": weights, "evaluator_statistics": "c3"}
        save_file(truth, tmp_path / f"{name}.safetensors", {"lead": json.dumps(facts)})
    settings = {"evaluation": SETTINGS.model_dump(mode="json"), "system": "mld", "seed": 1}
    files = {"real": tmp_path / "real.safetensors", "embeddings": tmp_path / "own.safetensors"}
    with pytest.raises(LeadError, match="evaluated by different means"):
        compute_metrics(Job("metrics", settings, files, {"metrics": tmp_path / "no.parquet"}))


def test_a_truncated_file_is_named(tmp_path):
    truth = real(np.random.default_rng(0))
    metrics(tmp_path, "real", truth, truth)
    path = tmp_path / "own.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    job = Job(
        "metrics",
        {"evaluation": SETTINGS.model_dump(mode="json"), "system": "real", "seed": 1},
        {"real": tmp_path / "real.safetensors", "embeddings": path},
        {"metrics": tmp_path / "again.parquet"},
    )
    with pytest.raises(LeadError, match="damaged"):
        compute_metrics(job)
    assert not (tmp_path / "again.parquet").exists()
