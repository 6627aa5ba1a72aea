"""What the work of a study costs on any machine: products, calls and memory, counted in small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from lead.config.study import Study
from lead.config.training import ConsistencyStage, ProjectorStage, Training
from lead.datasets.registry import skeleton_of
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.losses import (
    contrastive_loss,
    diffusion_loss,
    movement_autoencoder_loss,
    projector_loss,
    pseudo_huber_loss,
    vae_loss,
)
from lead.models.build import build_denoiser, build_matcher, build_projector, build_vae, guided
from lead.models.matcher import Matcher, MovementDecoder
from lead.models.vae import MotionVae
from lead.motion.normalizer import Normalizer
from lead.text.cache import Standardisation
from lead.training.consistency import Distilled, Jumps, jump_ends
from lead.training.state import build_optimizers

_SMALL = 4
"""Rows of a batch that is counted; what depends on rows is proportional to them."""
_WORDS = 16
"""Tokens of a caption, about."""


@dataclass(frozen=True)
class Cost:
    """One unit of work: a step of training, or one motion.

    Attributes:
        products: floating-point operations of matrix products, 2 for each multiplication.
        calls: operations that torch hands to the device.
        memory: bytes that are held at once, weights and what the gradient needs.
    """

    products: float
    calls: float
    memory: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(
            self.products + other.products,
            self.calls + other.calls,
            max(self.memory, other.memory),
        )

    def times(self, count: float) -> Cost:
        """That many units one after the other."""
        return replace(self, products=count * self.products, calls=count * self.calls)


class _Calls(TorchDispatchMode):
    number = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.number += 1
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True)
class Costs:
    """What the stages of a study cost.

    Attributes:
        text_width: C, of the pooled text.
        frames: of a motion, on average.
        together: motions that are generated at a time, which share their calls.
    """

    study: Study
    text_width: int
    frames: int
    together: int

    def vae(self) -> Cost:
        """A step of stage 1."""
        stage, unit = self.study.vae, Normalizer(torch.zeros(self._wide), torch.ones(self._wide))
        vae, skeleton = self._vae(), skeleton_of(self.study.dataset)
        motion, mask = torch.randn(_SMALL, self.frames, self._wide), self._mask(_SMALL)

        def loss() -> Tensor:
            posterior = vae.encode(motion, mask)
            decoded = vae.decode(posterior.mean, mask)
            return vae_loss(decoded, motion, mask, posterior, unit, skeleton, stage.loss, 1.0)[
                "loss"
            ]

        return _of_a_step(vae, loss, stage.training)

    def denoiser(self) -> Cost:
        """A step of stage 2."""
        denoiser, steps = self._denoiser(), torch.zeros(_SMALL, dtype=torch.int64)
        latent, text = self._latent(_SMALL), torch.randn(_SMALL, self.text_width)

        def loss() -> Tensor:
            return diffusion_loss(denoiser(latent, steps, text), latent)

        return _of_a_step(denoiser, loss, self.study.denoiser.training)

    def projector(self, stage: ProjectorStage) -> Cost:
        """A step of stage 3."""
        projector = self._projector(stage)
        latent, text = self._latent(_SMALL), torch.randn(_SMALL, self.text_width)

        def loss() -> Tensor:
            realigned = projector.encode(latent)
            recovered = projector.decode(realigned)
            return projector_loss(latent, realigned, recovered, text, stage.loss)["loss"]

        return _of_a_step(projector, loss, stage.training)

    def consistency(self, stage: ConsistencyStage) -> Cost:
        """A step of the distillation."""
        teacher = self._denoiser()
        networks = Distilled(guided(teacher, stage.guidance_width))
        schedule, null = noise_schedule(self.study.diffusion), torch.zeros(1, self.text_width)
        jumps = Jumps(
            self._latent(_SMALL),
            self._latent(_SMALL),
            torch.randn(_SMALL, self.text_width),
            torch.zeros(_SMALL, dtype=torch.int64),
            torch.ones(_SMALL),
        )

        def loss() -> Tensor:
            ends = jump_ends(networks, teacher, null, jumps, schedule, stage)
            return pseudo_huber_loss(*ends, stage.huber_c)

        return _of_a_step(networks, loss, stage.training)

    def movement(self) -> Cost:
        """A step of the evaluator's movement autoencoder."""
        stage = self.study.matcher
        encoder = self._matcher().movement_encoder
        decoder = MovementDecoder(stage.model, self._wide)
        motion = torch.randn(_SMALL, stage.window, self._wide)
        seen = self._matcher().columns

        def loss() -> Tensor:
            snippets = encoder(motion[..., :seen])
            decoded = decoder(snippets)
            target = motion[..., : decoded.shape[-1]]
            return movement_autoencoder_loss(decoded, target, snippets)["loss"]

        return _of_a_step(nn.ModuleList([encoder, decoder]), loss, stage.movement)

    def matcher(self) -> Cost:
        """A step of the evaluator's text and motion encoder."""
        stage, matcher = self.study.matcher, self._matcher()
        matcher.movement_encoder.requires_grad_(False)
        motion, mask = torch.randn(_SMALL, self.frames, self._wide), self._mask(_SMALL)
        words = torch.randn(_SMALL, _WORDS, stage.model.token_width)
        classes = stage.model.pos_classes
        pos = torch.zeros(_SMALL, _WORDS, classes) if classes else None
        lengths = torch.full((_SMALL,), _WORDS)

        def loss() -> Tensor:
            text = matcher.embed_text(words, lengths, pos)
            return contrastive_loss(text, matcher.embed_motion(motion, mask), 1, stage.margin)[
                "loss"
            ]

        return _of_a_step(matcher, loss, stage.matching)

    def encoded(self) -> Cost:
        """The posterior of one motion."""
        vae, motion = self._vae(), torch.randn(_SMALL, self.frames, self._wide)
        return self._of_a_pass(lambda: vae.encode(motion, self._mask(_SMALL)))

    def sampled(self, steps: int, *, guided_twice: bool) -> Cost:
        """The latent of one motion; ``guided_twice`` by classifier-free guidance."""
        denoiser, rows = self._denoiser(), _SMALL * (2 if guided_twice else 1)
        latent, text = self._latent(rows), torch.randn(rows, self.text_width)
        once = self._of_a_pass(lambda: denoiser(latent, torch.zeros(rows, dtype=torch.int64), text))
        return once.times(steps)

    def decoded(self, *, realigned: bool) -> Cost:
        """The features of one motion, and its embedding by the evaluator."""
        projector = self._projector(self.study.projectors["lead"]) if realigned else None
        system = MotionGenerator(
            self._vae(),
            self._denoiser(),
            projector,
            noise_schedule(self.study.diffusion),
            Standardisation(torch.zeros(1), torch.ones(1)),
            torch.zeros(1, 1),
            1,
            1.0,
        )
        matcher, length = self._matcher(), torch.full((_SMALL,), self.frames)

        def work() -> Tensor:
            motion, mask = system.decode(self._latent(_SMALL), length)
            return matcher.embed_motion(motion, mask)

        return self._of_a_pass(work)

    @torch.no_grad()
    def _of_a_pass(self, work: Callable[[], object]) -> Cost:
        with FlopCounterMode(display=False) as products, _Calls() as calls:
            work()
        return Cost(products.get_total_flops() / _SMALL, calls.number / self.together)

    @property
    def _wide(self) -> int:
        return skeleton_of(self.study.dataset).feature_width

    def _mask(self, rows: int) -> Tensor:
        return torch.ones(rows, self.frames, dtype=torch.bool)

    def _latent(self, rows: int) -> Tensor:
        return torch.randn(rows, *self.study.vae.model.latent_shape)

    def _vae(self) -> MotionVae:
        return build_vae(self.study.vae.model, self._wide)

    def _matcher(self) -> Matcher:
        return build_matcher(self.study.matcher.model, self._wide)

    def _denoiser(self):
        tokens, width = self.study.vae.model.latent_shape
        return build_denoiser(self.study.denoiser.model, width, tokens, self.text_width)

    def _projector(self, stage: ProjectorStage):
        tokens, width = self.study.vae.model.latent_shape
        return build_projector(stage.model, width, tokens, self.text_width)


def _of_a_step(module: nn.Module, loss: Callable[[], Tensor], training: Training) -> Cost:
    """Forward and backward pass of a batch, and what the optimiser does."""
    module.train()
    optimizers = build_optimizers(module, training)
    kept = 0

    def keep(tensor: Tensor) -> Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    with FlopCounterMode(display=False) as products, _Calls() as calls:
        with saved_tensors_hooks(keep, lambda tensor: tensor):
            value = loss()
        value.backward()
        of_batch = products.get_total_flops()
        for optimizer in optimizers:
            optimizer.step()
    rows = training.batch_size / _SMALL
    weights = 4 * 4 * sum(parameter.numel() for parameter in module.parameters())
    total = of_batch * rows + products.get_total_flops() - of_batch
    return Cost(total, calls.number, weights + kept * rows)
