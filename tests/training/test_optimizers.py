"""Which optimiser moves which parameter, and Muon on a CPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from lead.config.models import DenoiserModel, MatcherModel, VaeModel
from lead.config.training import Training
from lead.models.build import build_denoiser, build_matcher, build_vae
from lead.training.state import Muon, TrainingState, build_optimizers

SIZE = {"width": 16, "layers": 3, "heads": 2, "feedforward": 32, "dropout": 0.0}
ADAMW = Training(steps=10, batch_size=2)
MUON = Training(steps=10, batch_size=2, optimizer={"kind": "muon"})
MODULES = {
    "vae": lambda: build_vae(VaeModel(**SIZE), 12),
    "denoiser": lambda: build_denoiser(DenoiserModel(**SIZE), 16, 1, 10),
    "matcher": lambda: build_matcher(
        MatcherModel(movement_width=8, motion_hidden=8, text_hidden=8, embedding=8), 263
    ),
    "convolution": lambda: nn.Conv1d(3, 4, 3),
    "linear without bias": lambda: nn.Linear(3, 4, bias=False),
    "a token alone": lambda: nn.ParameterDict({"token": nn.Parameter(torch.zeros(2, 8))}),
}


def names_of(module, optimizer):
    own = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return {name for name, p in module.named_parameters() if id(p) in own}


@pytest.mark.parametrize("training", [ADAMW, MUON], ids=["adamw", "muon"])
@pytest.mark.parametrize("name", list(MODULES))
def test_every_trainable_parameter_has_exactly_one_optimiser(name, training):
    module = MODULES[name]()
    owned = [names_of(module, own) for own in build_optimizers(module, training)]
    trainable = {name for name, p in module.named_parameters() if p.requires_grad}
    assert set.union(*owned) == trainable
    assert sum(map(len, owned)) == len(trainable)


def test_muon_takes_weight_matrices_and_leaves_tables_and_tokens_to_adamw():
    vae = MODULES["vae"]()
    muon, adamw = build_optimizers(vae, MUON)
    matrices = names_of(vae, muon)
    assert all(name.endswith("weight") for name in matrices)
    assert {"skel_embedding.weight", "encoder.middle_block.self_attn.in_proj_weight"} <= matrices
    assert {"global_motion_token", "query_pos_encoder.pe"} <= names_of(vae, adamw)


def test_muon_takes_recurrent_matrices():
    matcher = MODULES["matcher"]()
    muon, _ = build_optimizers(matcher, MUON)
    assert any("weight_hh_l0" in name for name in names_of(matcher, muon))


def test_muon_where_nothing_is_a_matrix_is_adamw():
    (alone,) = build_optimizers(MODULES["convolution"](), MUON)
    assert isinstance(alone, torch.optim.AdamW)


def test_on_a_cpu_muon_takes_the_step_of_torch_without_rounding_to_bfloat16():
    torch.manual_seed(0)
    start, gradient = torch.randn(24, 40), torch.randn(24, 40)
    moved = {}
    for kind in (torch.optim.Muon, Muon):
        weight = nn.Parameter(start.clone())
        weight.grad = gradient.clone()
        optimizer = kind([weight], lr=0.1, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        optimizer.step()
        moved[kind] = weight.detach() - start
        assert torch.equal(weight.grad, gradient)
    assert_close(moved[Muon], moved[torch.optim.Muon], rtol=0.05, atol=2e-3)
    assert not torch.equal(moved[Muon], moved[torch.optim.Muon])


def test_muon_s_step_has_nearly_equal_singular_values():
    """Orthogonalised to between 0.7 and 1.2; the scale 0.2 √max(A, B) matches AdamW's steps."""
    weight = nn.Parameter(torch.zeros(24, 40))
    torch.manual_seed(0)
    weight.grad = torch.randn(24, 40) @ torch.diag(torch.logspace(0, 2, 40))
    Muon([weight], lr=1.0, weight_decay=0.0, adjust_lr_fn="match_rms_adamw").step()
    values = torch.linalg.svdvals(weight.detach()) / (0.2 * 40**0.5)
    assert float(values.min()) > 0.5 and float(values.max()) < 1.3


@pytest.mark.parametrize("training", [ADAMW, MUON], ids=["adamw", "muon"])
def test_a_saved_state_takes_the_same_next_step(training, tmp_path):
    def step(state):
        torch.manual_seed(5)
        latent, text = torch.randn(4, 1, 16), torch.randn(4, 10)
        state.module.zero_grad()
        state.module(latent, torch.tensor([0, 1, 2, 3]), text).square().mean().backward()
        for optimizer in state.optimizers:
            optimizer.step()

    torch.manual_seed(0)
    state = TrainingState.start(MODULES["denoiser"](), training)
    step(state)
    state.save(tmp_path)
    step(state)
    again = TrainingState.start(MODULES["denoiser"](), training)
    assert again.load(tmp_path)
    step(again)
    for one, other in zip(state.module.parameters(), again.module.parameters(), strict=True):
        assert torch.equal(one, other)
