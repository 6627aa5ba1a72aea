"""MLD's and MotionLCM's checkpoints compute what their table of layers says."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from freezing import is_frozen
from mld_files import part, random_weights, shapes, write_lightning
from oracles import plain_mld

from lead.config.models import DenoiserModel
from lead.interop.mld import load_mld, load_motionlcm
from lead.models.denoiser import Denoiser, guidance_sinusoid
from lead.models.positions import timestep_sinusoid
from lead.motion.skeleton import KIT

LENGTHS = (7, 12, 3)
# In float32 of values around 1, after nine layers.
ROUGH, FINE = 1e-5, 1e-9
DTYPES = [(torch.float32, ROUGH), (torch.float64, FINE)]


def opened(folder, load, *, distilled: bool) -> SimpleNamespace:
    weights = random_weights(distilled=distilled)
    vae, denoiser = load(write_lightning(folder / "official.ckpt", weights))
    return SimpleNamespace(
        vae=vae,
        denoiser=denoiser,
        of_vae=part(weights, "vae."),
        of_denoiser=part(weights, "denoiser."),
    )


@pytest.fixture(scope="module")
def mld(tmp_path_factory) -> SimpleNamespace:
    return opened(tmp_path_factory.mktemp("mld"), load_mld, distilled=False)


@pytest.fixture(scope="module")
def motionlcm(tmp_path_factory) -> SimpleNamespace:
    return opened(tmp_path_factory.mktemp("motionlcm"), load_motionlcm, distilled=True)


def mask_of(*lengths: int) -> torch.Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).double()


def close(found: torch.Tensor, expected: np.ndarray, within: float) -> None:
    np.testing.assert_allclose(found.double().numpy(), expected, rtol=0, atol=within)


@pytest.mark.parametrize(("name", "distilled"), [("mld", False), ("motionlcm", True)])
def test_a_checkpoint_has_the_official_names(data_root, name, distilled):
    path = data_root.parent / "interop" / f"{name}_checkpoint_keys.csv"
    if not path.is_file():
        pytest.skip(f"list of official parameter names not found at {path}")
    with path.open(newline="") as file:
        official = {row["key"]: row["shape"] for row in csv.DictReader(file)}
    own = shapes(distilled=distilled)
    assert official == {name: "x".join(map(str, shape)) for name, shape in own.items()}


@pytest.mark.parametrize(("dtype", "within"), DTYPES)
def test_motions_are_encoded_as_the_table_of_layers_says(mld, dtype, within):
    motion = draw(len(LENGTHS), max(LENGTHS), 263)
    found = mld.vae.to(dtype).encode(motion.to(dtype), mask_of(*LENGTHS))
    for row, length in enumerate(LENGTHS):
        mean, logvar = plain_mld.encode(motion[row, :length].numpy(), mld.of_vae)
        close(found.mean[row], mean, within)
        close(found.logvar[row], logvar, within)


@pytest.mark.parametrize(("dtype", "within"), DTYPES)
def test_latents_are_decoded_as_the_table_of_layers_says(mld, dtype, within):
    latent = draw(len(LENGTHS), 1, 256)
    found = mld.vae.to(dtype).decode(latent.to(dtype), mask_of(*LENGTHS))
    for row, length in enumerate(LENGTHS):
        close(
            found[row, :length],
            plain_mld.decode(latent[row].numpy(), length, mld.of_vae),
            within,
        )
        assert (found[row, length:] == 0).all()


def test_the_steps_sinusoid_has_cosines_first():
    steps = torch.tensor([0, 1, 21, 499, 981])
    expected = np.stack([plain_mld.step_sinusoid(int(step)) for step in steps])
    # Official files are run in float32: the angle itself is only known to 6e-5 at step 999.
    close(timestep_sinusoid(steps, 768), expected, 1e-4)


@pytest.mark.parametrize(("dtype", "within"), DTYPES)
def test_noise_is_predicted_as_the_table_of_layers_says(mld, dtype, within):
    latent, text = draw(3, 1, 256), draw(3, 768)
    steps = torch.tensor([0, 21, 981])
    # The sinusoid, float32 by design, is compared above.
    sinusoids = timestep_sinusoid(steps, 768).double().numpy()
    found = mld.denoiser.to(dtype)(latent.to(dtype), steps, text.to(dtype))
    for row in range(3):
        own = latent[row].numpy(), sinusoids[row], text[row].numpy()
        close(found[row], plain_mld.denoise(*own, mld.of_denoiser), within)


def test_noise_at_step_zero_is_predicted_to_the_last_digit(mld):
    latent, text, steps = draw(1, 1, 256), draw(1, 768), torch.tensor([0])
    found = mld.denoiser.double()(latent, steps, text)
    own = latent[0].numpy(), plain_mld.step_sinusoid(0), text[0].numpy()
    close(found[0], plain_mld.denoise(*own, mld.of_denoiser), FINE)


def test_guidance_is_embedded_as_motionlcm_says():
    scales = torch.tensor([4.0, 6.5, 14.0]).double()
    expected = np.stack([plain_mld.guidance_embedding(float(scale)) for scale in scales])
    close(guidance_sinusoid(scales), expected, 1e-9)


@pytest.mark.parametrize(("dtype", "within"), DTYPES)
def test_a_students_noise_depends_on_its_guidance_as_motionlcm_says(motionlcm, dtype, within):
    latent, text, scales = draw(2, 1, 256), draw(2, 768), torch.tensor([6.5, 14.0]).double()
    steps = torch.tensor([499, 999])
    sinusoids = timestep_sinusoid(steps, 768).double().numpy()
    guidance = guidance_sinusoid(scales)
    found = motionlcm.denoiser.to(dtype)(
        latent.to(dtype), steps, text.to(dtype), guidance.to(dtype)
    )
    for row in range(2):
        expected = plain_mld.denoise(
            latent[row].numpy(), sinusoids[row], text[row].numpy(), motionlcm.of_denoiser,
            plain_mld.guidance_embedding(float(scales[row])),
        )  # fmt: skip
        close(found[row], expected, within)


def test_the_oracle_depends_on_every_weight():
    weights = random_weights(distilled=True)
    motion, latent, text = (draw(*shape).numpy() for shape in ((2, 263), (1, 256), (768,)))
    of_step, of_guidance = plain_mld.step_sinusoid(21), plain_mld.guidance_embedding(6.5)

    def outputs(of_vae: dict, of_denoiser: dict) -> dict[str, np.ndarray]:
        return {
            "vae.encoder": np.concatenate(plain_mld.encode(motion, of_vae)),
            "vae.decoder": plain_mld.decode(latent, 2, of_vae),
            "denoiser": plain_mld.denoise(latent, of_step, text, of_denoiser, of_guidance),
        }

    networks = {prefix: part(weights, prefix) for prefix in ("vae.", "denoiser.")}
    before = outputs(*networks.values())
    rng = np.random.default_rng(0)
    names = [
        name for name in weights
        if any(kind in name for kind in ("middle", "linear_blocks"))
        or "blocks" not in name
    ]  # fmt: skip
    for name in names:
        prefix = name.split(".")[0] + "."
        own = networks[prefix]
        key = name.removeprefix(prefix)
        noise = 0.1 * rng.standard_normal(own[key].shape)
        after = outputs(*(networks | {prefix: {**own, key: own[key] + noise}}).values())
        assert any(
            not np.allclose(before[output], after[output], rtol=0, atol=1e-7) for output in before
        ), name


def test_networks_come_frozen_and_in_float32(tmp_path):
    half = {name: value.half() for name, value in random_weights().items()}
    networks = load_mld(write_lightning(tmp_path / "half.ckpt", half))
    assert all(is_frozen(network) for network in networks)
    for network in networks:
        assert {value.dtype for value in network.state_dict().values()} == {torch.float32}


def test_the_vae_of_kit_has_its_columns(tmp_path):
    path = write_lightning(tmp_path / "kit.ckpt", random_weights("kit"))
    assert load_mld(path, KIT)[0].final_layer.out_features == 251


def test_a_table_that_nothing_reads_may_be_missing(tmp_path, mld):
    weights = random_weights()
    del weights["denoiser.mem_pos.pe"]
    _, denoiser = load_mld(write_lightning(tmp_path / "teacher.ckpt", weights))
    assert denoiser.mem_pos.pe.abs().sum() == 0
    latent, steps, text = draw(1, 1, 256).float(), torch.tensor([5]), draw(1, 768).float()
    with_table = mld.denoiser.float()(latent, steps, text)
    assert torch.equal(denoiser(latent, steps, text), with_table)


def test_a_guidance_changes_neither_names_nor_draws_of_other_networks():
    torch.manual_seed(0)
    plain = Denoiser(DenoiserModel(layers=1), 64)
    torch.manual_seed(0)
    student = Denoiser(DenoiserModel(layers=1), 64, guidance_width=32)
    added = student.state_dict().keys() - plain.state_dict().keys()
    assert added == {"time_embedding.cond_proj.weight"}
    # Zero at first: the student begins as its teacher.
    student.load_state_dict(plain.state_dict(), strict=False)
    latent, steps, text = torch.randn(1, 1, 256), torch.tensor([3]), torch.randn(1, 64)
    guided = student.eval()(latent, steps, text, torch.randn(1, 32))
    assert torch.equal(guided, plain.eval()(latent, steps, text))
