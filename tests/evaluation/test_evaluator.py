"""The evaluator refuses what would make its figures wrong without a sign."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from finished_study import build, generating, inputs, settings, study_of, write_networks

from lead.config.training import ConsistencyStage
from lead.errors import LeadError
from lead.evaluation.embed import embed_generated
from lead.evaluation.evaluator import open_evaluator
from lead.files.job import Job
from lead.models.build import build_denoiser, build_matcher
from lead.models.files import load_network, save_network
from lead.models.vae import MotionVae
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, load_normalizer, matcher_normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D, KIT


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return build(tmp_path_factory.mktemp("evaluator"))


def job(root, **files):
    return Job("embed", settings(study_of(root)), inputs(root) | files, {})


def named(root, path, statistics: Normalizer):
    """The study's matcher, as if trained on those statistics."""
    own = matcher_normalizer(statistics, layout(HUMANML3D), 25.0)
    matcher = load_network(inputs(root)["matcher"])
    save_network(matcher, path, {"statistics": own.fingerprint})
    return path


def test_a_matcher_trained_on_other_statistics_is_refused(root, tmp_path):
    own = load_normalizer(inputs(root)["stats"])
    open_evaluator(job(root, matcher=named(root, tmp_path / "same", own)))
    moved = Normalizer(own.mean + np.float32(1e-3), own.std)
    with pytest.raises(LeadError, match="trained on other statistics"):
        open_evaluator(job(root, matcher=named(root, tmp_path / "moved", moved)))
    save_normalizer(moved, tmp_path / "stats.npz")
    with pytest.raises(LeadError, match="trained on other statistics"):
        open_evaluator(
            job(root, matcher=named(root, tmp_path / "same", own), stats=tmp_path / "stats.npz")
        )


def test_a_matcher_of_the_other_dataset_is_refused(root, tmp_path):
    torch.manual_seed(0)
    other = build_matcher(study_of(root).matcher.model, KIT.feature_width)
    save_network(other, tmp_path / "kit.safetensors", {})
    with pytest.raises(LeadError, match="another network") as error:
        open_evaluator(job(root, matcher=tmp_path / "kit.safetensors"))
    assert "feature_width 251" in str(error.value)


def test_a_distilled_denoiser_is_not_sampled_as_its_teacher_nor_the_reverse(root, tmp_path):
    networks, study = write_networks(root), study_of(root)
    latent = (study.vae.model.width, study.vae.model.latent_tokens)
    student = build_denoiser(study.denoiser.model, *latent, text_width=8, guidance_width=16)
    save_network(student, tmp_path / "student", {})
    stage = ConsistencyStage(training=study.denoiser.training)
    distilled = {"consistency": stage.model_dump(mode="json"), "steps": 1}
    for denoiser, more, found in (
        (tmp_path / "student", {}, "found: a distilled denoiser"),
        (networks["denoiser"], distilled, "found: a denoiser that is not distilled"),
    ):
        given = inputs(root) | networks | {"denoiser": denoiser}
        job = Job("embed", generating(study) | more, given, {"embeddings": tmp_path / "out"})
        with pytest.raises(LeadError, match=found):
            embed_generated(job)


def test_networks_that_generate_nan_are_named_before_anything_is_written(
    root, tmp_path, monkeypatch
):
    networks = write_networks(root)
    decode = MotionVae.decode
    monkeypatch.setattr(MotionVae, "decode", lambda *given: decode(*given) * torch.nan)
    out = tmp_path / "embeddings.safetensors"
    job = Job("embed", generating(study_of(root)), inputs(root) | networks, {"embeddings": out})
    with pytest.raises(LeadError, match="not finite") as error:
        embed_generated(job)
    assert "train again" in str(error.value)
    assert not out.exists()
