"""Checkpoints with more latent tokens, of version 2, and in a file for each network."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mld_files import part, random_weights, write_folder, write_lightning
from oracles import plain_mld

from lead.config.models import DenoiserModel, MlpProjectorModel, VaeModel
from lead.config.training import ConsistencyStage, Training
from lead.diffusion.consistency import FewSteps
from lead.diffusion.schedule import NoiseSchedule
from lead.errors import LeadError
from lead.files.job import Job
from lead.interop.mld import load_mld, load_motionlcm
from lead.interop.mld_stages import import_denoiser, import_vae
from lead.models.build import build_denoiser, build_projector, build_vae
from lead.models.denoiser import guidance_sinusoid
from lead.models.files import load_denoiser, load_projector, load_vae, save_network
from lead.models.positions import timestep_sinusoid

LATENTS = [(7, 256), (16, 32)]
SMALL = {"width": 16, "layers": 3, "heads": 2, "feedforward": 32}


@pytest.fixture(scope="module", params=LATENTS, ids=["7 tokens", "version 2"])
def student(request, tmp_path_factory) -> SimpleNamespace:
    weights = random_weights(distilled=True, latent=request.param)
    folder = write_folder(tmp_path_factory.mktemp("split") / "motionlcm", weights)
    vae, denoiser = load_motionlcm(folder)
    return SimpleNamespace(latent=request.param, weights=weights, vae=vae.double(),
                           denoiser=denoiser.double())  # fmt: skip


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).double()


def test_motions_and_latents_pass_as_the_table_of_layers_says(student):
    vae, weights = student.vae, part(student.weights, "vae.")
    assert (vae.latent_tokens, vae.latent_width) == student.latent
    motion, latent = draw(1, 9, 263), draw(1, *student.latent)
    mask = torch.ones(1, 9, dtype=torch.bool)
    found = vae.encode(motion, mask)
    mean, logvar = plain_mld.encode(motion[0].numpy(), weights)
    np.testing.assert_allclose(found.mean[0], mean, atol=1e-9)
    np.testing.assert_allclose(found.logvar[0], logvar, atol=1e-9)
    expected = plain_mld.decode(latent[0].numpy(), 9, weights)
    np.testing.assert_allclose(vae.decode(latent, mask)[0], expected, atol=1e-9)


def test_noise_is_predicted_as_the_table_of_layers_says(student):
    latent, text = draw(2, *student.latent), draw(2, 768)
    steps, scale = torch.tensor([21, 799]), torch.tensor([7.0, 11.5]).double()
    guidance = guidance_sinusoid(scale)
    found = student.denoiser(latent, steps, text, guidance)
    sinusoids = timestep_sinusoid(steps, 768).double().numpy()
    for row in range(2):
        expected = plain_mld.denoise(
            latent[row].numpy(),
            sinusoids[row],
            text[row].numpy(),
            part(student.weights, "denoiser."),
            guidance[row].numpy(),
            activated=student.latent == (7, 256),
        )
        np.testing.assert_allclose(found[row], expected, atol=1e-9)


def test_a_folder_of_two_files_is_as_good_as_the_lightning_file(tmp_path):
    weights = random_weights()
    of_file = load_mld(write_lightning(tmp_path / "mld.ckpt", weights))
    of_folder = load_mld(write_folder(tmp_path / "split", weights))
    for one, other in zip(of_file, of_folder, strict=True):
        assert one.state_dict().keys() == other.state_dict().keys()
        assert all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def test_a_folder_without_weights_says_what_belongs_there(tmp_path):
    with pytest.raises(LeadError, match=r"vae\.safetensors"):
        load_mld(tmp_path)


def stage_settings(text: str = "clip", **vae_model) -> dict:
    training = {"steps": 1, "batch_size": 1}
    source = {"kind": "mld_checkpoint", "path": "mld"}
    own = {name: value for name, value in vae_model.items() if name != "latent_tokens"}
    return {
        "seed": 1,
        "dataset": {"kind": "synthetic"},
        "text": {"kind": text},
        "diffusion": {},
        "vae": {"source": source, "model": vae_model, "training": training},
        "denoiser": {"source": {**source, "text": text}, "model": own, "training": training},
    }


def test_version_2_comes_into_a_study_whose_latent_is_16_by_32(tmp_path):
    write_folder(tmp_path / "mld", random_weights(latent=(16, 32)))
    settings = stage_settings("t5", latent_tokens=16, latent_width=32)
    settings["denoiser"]["model"]["text_activation"] = "none"
    out = {"weights": tmp_path / "vae.safetensors"}
    import_vae(Job("import_vae", settings, {}, out, data_root=tmp_path))
    inputs, own = {"vae": out["weights"]}, {"weights": tmp_path / "denoiser.safetensors"}
    import_denoiser(Job("import_denoiser", settings, inputs, own, data_root=tmp_path))
    assert load_vae(out["weights"]).latent_width == 32
    assert load_denoiser(own["weights"], latent_width=32)(
        torch.zeros(1, 16, 32), torch.tensor([1]), torch.zeros(1, 768)
    ).shape == (1, 16, 32)  # fmt: skip


@pytest.mark.parametrize("model", [{}, {"latent_tokens": 16}, {"latent_tokens": 7}])
def test_a_latent_of_another_shape_than_the_studys_is_refused(tmp_path, model):
    write_folder(tmp_path / "mld", random_weights(latent=(16, 32)))
    job = Job("import_vae", stage_settings(**model), {}, {"weights": tmp_path / "no"},
              data_root=tmp_path)  # fmt: skip
    with pytest.raises(LeadError) as caught:
        import_vae(job)
    said = str(caught.value)
    assert "16 x 32" in said and "latent_width: 32" in said and not (tmp_path / "no").exists()


def test_a_projector_of_another_latent_is_refused(tmp_path):
    model = MlpProjectorModel(kind="mlp", hidden=(8,))
    save_network(build_projector(model, 32, 16, 24), tmp_path / "p.safetensors", {})
    with pytest.raises(LeadError, match="another network") as caught:
        load_projector(tmp_path / "p.safetensors", latent=(7, 32))
    assert "latent_tokens 16" in str(caught.value)


def test_networks_with_a_narrow_latent_are_trained_and_read_again(tmp_path):
    vae = build_vae(VaeModel(**SMALL, latent_tokens=7, latent_width=4), 263)
    denoiser = build_denoiser(DenoiserModel(**SMALL, latent_width=4), 4, 7, 24)
    mask = torch.ones(2, 8, dtype=torch.bool)
    posterior = vae.encode(torch.randn(2, 8, 263), mask)
    assert posterior.mean.shape == (2, 7, 4)
    predicted = denoiser(posterior.mean, torch.tensor([1, 2]), torch.randn(2, 24))
    vae.decode(predicted, mask).square().sum().backward()
    idle = [name for network in (vae, denoiser) for name, own in network.named_parameters()
            if own.requires_grad and own.grad is None]  # fmt: skip
    assert idle == []
    save_network(vae, tmp_path / "vae.safetensors", {})
    again = load_vae(tmp_path / "vae.safetensors")
    assert torch.equal(again.latent_pre.weight, vae.latent_pre.weight)


def test_a_fixed_map_of_steps_is_what_a_student_visits():
    training = Training(steps=1, batch_size=1)
    stage = ConsistencyStage(timesteps={2: (699, 299)}, solver_steps=10, training=training)
    student = build_denoiser(DenoiserModel(**SMALL, latent_width=4), 4, 7, 24, 256)
    seen = []
    student.register_forward_pre_hook(lambda network, given: seen.append(int(given[1][0])))
    schedule = NoiseSchedule(torch.linspace(0.999, 0.01, 1000, dtype=torch.float64), 1)
    text, noise = torch.zeros(1, 24), torch.ones(1, 7, 4)
    for steps in (2, 1):
        fresh = torch.ones(1, steps - 1, 7, 4)
        FewSteps.of(stage).sample(student, schedule, text, noise, fresh, 7.5)
    assert seen == [699, 299, 999]


@pytest.mark.parametrize("timesteps", [{2: (1,)}, {2: (1, 9)}, {0: ()}, {1: (-1,)}])
def test_a_map_that_is_none_is_refused(timesteps):
    with pytest.raises(ValueError, match="timesteps"):
        ConsistencyStage(timesteps=timesteps, training=Training(steps=1, batch_size=1))
