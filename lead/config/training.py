"""Settings of the stages: where a network comes from, how it is trained, and on what machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from lead.config.base import Settings, added
from lead.config.models import DenoiserModel, ProjectorModel, TextSettings, VaeModel

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of the whole, 0 to 1."""


class AdamW(Settings):
    """AdamW on every parameter, as published."""

    kind: Literal["adamw"] = "adamw"
    """The optimiser of MLD, MotionLCM and LEAD."""


class Muon(Settings):
    """Muon on the weight matrices of linear, attention and recurrent layers, AdamW on the rest."""

    kind: Literal["muon"]
    """Momentum whose updates are orthogonalised (Jordan et al. 2024), PyTorch's own."""
    learning_rate: PositiveFloat = 5e-3
    """Highest learning rate of the matrices, scaled as AdamW's (Liu et al. 2025); the stage's
    ``learning_rate`` is that of all other parameters. Both follow the same schedule."""
    momentum: float = Field(default=0.95, ge=0, lt=1)
    """Decay of the averaged gradient."""


Optimizer = Annotated[AdamW | Muon, Field(discriminator="kind")]


class Training(Settings):
    """How one network is trained, where the paper leaves it open."""

    steps: PositiveInt
    """Optimiser steps."""
    batch_size: PositiveInt
    """Items per step."""
    accumulate: PositiveInt = 1
    """Parts that a batch too large for the memory is computed in. The loss and its gradient are
    those of the whole batch; each part is computed twice."""
    optimizer: Optimizer = AdamW()
    """AdamW as published, or Muon, which trains small networks in fewer steps."""
    learning_rate: PositiveFloat = 1e-4
    """AdamW's highest learning rate; the paper's is 1e-4."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps over which the learning rate rises linearly from zero."""
    schedule: Literal["constant", "cosine"] = "constant"
    """What the learning rate does after the warm-up; the paper's is constant."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled weight decay; 0.01 is torch's default for AdamW, which MLD uses."""
    clip_norm: PositiveFloat | None = None
    """Largest gradient norm of each network; null does not clip, as MLD and LEAD."""
    ema: float | None = Field(default=None, gt=0, lt=1)
    """Decay of an exponential moving average of the weights, which is then the result."""
    validate_every: PositiveInt = 200
    """Steps between two looks at the validation split."""
    keep: Literal["last", "best"] = "last"
    """Which weights are the result: the last, or those of the lowest validation loss."""


class TrainedSource(Settings):
    """The network is trained in the study."""

    kind: Literal["train"] = "train"
    """A stage of the study trains it."""


class MldVaeSource(Settings):
    """The VAE of a released MLD checkpoint, which nothing in the study trains."""

    kind: Literal["mld_checkpoint"]
    """Official weights are read."""
    path: Path = Path("checkpoints/mld.ckpt")
    """The Lightning file or the folder of safetensors files, under ``data_root``."""
    mean: Path | None = None
    """The released ``Mean.npy`` that its features were normalised with, under ``data_root``; the
    study's statistics must agree with it. Without ``mean`` and ``std`` nothing is compared."""
    std: Path | None = None
    """The released ``Std.npy``, likewise."""

    @model_validator(mode="after")
    def _both_or_none(self) -> MldVaeSource:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std are given together, or neither is")
        return self


class MldDenoiserSource(Settings):
    """The denoiser of a released MLD checkpoint, on the VAE of the same one."""

    kind: Literal["mld_checkpoint"]
    """Official weights are read; the study's VAE must be the one in the same file."""
    path: Path = Path("checkpoints/mld.ckpt")
    """The Lightning file or the folder of safetensors files, under ``data_root``."""
    text: Literal["clip", "t5"] = "clip"
    """Text encoder that it reads, which no file says (MLD: CLIP); the study's must be the same."""


class MotionLcmSource(Settings):
    """The student of a released checkpoint of MotionLCM, on the VAE of the same one."""

    kind: Literal["motionlcm_checkpoint"]
    """Official weights are read; the study's VAE must be the one in the same file."""
    path: Path = Path("checkpoints/motionlcm.ckpt")
    """The Lightning file or the folder of safetensors files, under ``data_root``."""


VaeSource = Annotated[TrainedSource | MldVaeSource, Field(discriminator="kind")]
DenoiserSource = Annotated[TrainedSource | MldDenoiserSource, Field(discriminator="kind")]
ConsistencySource = Annotated[TrainedSource | MotionLcmSource, Field(discriminator="kind")]


class VaeLoss(Settings):
    """Weights and form of the VAE's loss."""

    reconstruction: Literal["smooth_l1", "mse"] = "smooth_l1"
    """Feature loss: MLD's code has SmoothL1, the LEAD paper speaks of MSE."""
    frames: Literal["real", "padded"] = "real"
    """Frames that the mean is taken over; MLD also counts padding."""
    joints: float = Field(default=1.0, ge=0)
    """Weight of the SmoothL1 loss on recovered joint positions."""
    velocity: float = Field(default=0.0, ge=0)
    """Weight of the SmoothL1 loss on the velocities that the decoded root and positions imply, in
    the normalised unit of the features; MLD has none. It keeps neighbouring frames together."""
    feet: float = Field(default=0.0, ge=0)
    """Weight of the same loss on ankles and toes alone, beside ``velocity``; MLD has none. It keeps
    planted feet where they are."""
    feet_between: tuple[Share, Share] = (0.4, 0.7)
    """Shares of the training between which the feet's term rises from 0 to its weight. A network
    that is held to still feet from the start learns to move nothing."""
    kl: float = Field(default=1e-4, ge=0)
    """Weight of the divergence of the posterior from N(0, 1)."""

    @model_validator(mode="after")
    def _the_feet_begin_before_they_count_in_full(self) -> Self:
        begins, full = self.feet_between
        if begins >= full:
            raise ValueError(
                f"feet_between must rise, such as (0.4, 0.7); found ({begins:g}, {full:g})"
            )
        return self


class VaeStage(Settings):
    """Stage 1: the motion VAE."""

    source: VaeSource = TrainedSource()
    """Where its weights come from: this stage, or a released checkpoint."""
    model: VaeModel = VaeModel()
    """The network."""
    loss: VaeLoss = VaeLoss()
    """The loss."""
    training: Training
    """How it is trained."""


class LatentCache(Settings):
    """Posteriors computed once, so that later stages never run the VAE's encoder."""

    crops: PositiveInt = 8
    """Random crops of each training item whose posterior is kept."""
    published_dropout: bool = added(False)
    """Dropout in the frozen VAE while it encodes training clips, as in MLD's code, one draw for
    each crop kept: all that learns from latents sees it, validation does not."""


class DenoiserStage(Settings):
    """Stage 2: the text-conditioned denoiser on the frozen VAE's latents."""

    source: DenoiserSource = TrainedSource()
    """Where its weights come from: this stage, or a released checkpoint."""
    model: DenoiserModel = DenoiserModel()
    """The network."""
    drop_text: float = Field(default=0.1, ge=0, lt=1)
    """Share of training items whose caption is replaced by the empty one."""
    training: Training
    """How it is trained."""


class ProjectorLoss(Settings):
    """Weights of Eq. (7); a term is switched off by weight 0."""

    align: float = Field(default=2.1591, ge=0)
    """Weight of the alignment with the text embedding, Eq. (4)."""
    rec: float = Field(default=4.7036, ge=0)
    """Weight of the reconstruction of the latent, Eq. (5)."""
    var: float = Field(default=0.0596, ge=0)
    """Weight of the variance term, Eq. (6)."""
    rec_reduction: Literal["mean", "sum"] = "mean"
    """Eq. (5) over the latent's dimensions: their mean, or the squared norm as printed."""
    var_reduction: Literal["mean", "sum"] = "mean"
    """Eq. (6) over the latent's dimensions: their mean, or their sum, which a divergence is."""
    var_direction: Literal["forward", "reverse"] = "forward"
    """KL(P‖Q) from the latents to the recovered ones, or KL(Q‖P)."""
    var_floor: PositiveFloat = 0.01
    """Added to both variances, in units of the latents' mean variance. Far below it, an untrained
    projector's divergence drowns the other terms for hundreds of steps."""


class ProjectorStage(Settings):
    """Stage 3: one projector variant on frozen VAE and text encoder; it is one system."""

    model: ProjectorModel
    """The network."""
    loss: ProjectorLoss = ProjectorLoss()
    """The weights of the loss."""
    latent: Literal["sample", "mean"] = "sample"
    """What it learns from: a fresh sample of the VAE's posterior at each step, or its mean."""
    target: Literal["raw", "standardised"] = "raw"
    """Text embedding that Eq. (4) aligns with: as the encoder gives it, or as the denoiser is
    conditioned on it where `text.standardise` is set."""
    pre_norm_below: Share | None = added(None)
    """Train with pre-norm instead if, after 20 epochs with post-norm, less than this share of the
    latents' variance is recovered on the validation split; null never does. Beside ``lead``, other
    projectors take its norm; a model without norms is left as it is."""
    training: Training
    """How it is trained."""


class TeacherStage(Settings):
    """A denoiser of its own for MotionLCM to learn from, on the study's VAE."""

    text: TextSettings
    """The teacher's frozen text encoder, and with it the student's; MotionLCM has Sentence-T5."""
    denoiser: DenoiserStage
    """The teacher."""


class ConsistencyStage(Settings):
    """Consistency distillation of the denoiser to MotionLCM (Luo et al. 2023; Dai et al. 2024)."""

    source: ConsistencySource = TrainedSource()
    """Where the student's weights come from: this stage, or a released checkpoint."""
    teacher: TeacherStage | None = None
    """The teacher; null takes the study's own denoiser, the same file, and its text encoder."""
    steps: tuple[PositiveInt, ...] = (1, 2, 4)
    """Numbers of steps that are compared; the first one's systems are also rows of Table 1."""
    solver_steps: PositiveInt = 50
    """DDIM steps of the grid that the student jumps along; version 2 of MotionLCM has 10."""
    guidance_low: float = Field(default=5.0, ge=0)
    """Smallest guidance w that is learned; the scale of Eq. (8) is one more."""
    guidance_high: PositiveFloat = 15.0
    """Largest guidance w that is learned."""
    guidance: PositiveFloat = 7.5
    """Scale of guidance when generating; the student is told w, which is one less."""
    timesteps: dict[PositiveInt, tuple[NonNegativeInt, ...]] = added({})
    """Diffusion steps that are visited, falling, by their number: version 2's map."""
    guidance_of_steps: dict[PositiveInt, PositiveFloat] = added({})
    """Scale by the number of steps, ``dynamic`` in version 2; else ``guidance``."""
    guidance_width: PositiveInt = Field(default=256, multiple_of=2, ge=4)
    """Width of the sinusoid of w."""
    ema: float = Field(default=0.95, ge=0, lt=1)
    """Decay of the average of the student that it learns from; the student is the result."""
    huber_c: PositiveFloat = 1e-3
    """Pseudo-Huber loss: differences far above it count as absolute, below it as squared."""
    sigma: PositiveFloat = 0.5
    """Standard deviation of the data in the boundary condition."""
    timestep_scaling: PositiveFloat = 10.0
    """Factor of the diffusion step in the boundary condition."""
    published_dropout: bool = False
    """Dropout also in teacher and average, as in MotionLCM's script; its student always has it."""
    training: Training
    """How the student is trained; without clipping and EMA unless it says so."""

    @model_validator(mode="after")
    def _steps_and_guidance_are_in_order(self) -> Self:
        steps = self.steps
        if not steps or list(steps) != sorted(set(steps)) or steps[-1] > self.solver_steps:
            raise ValueError(f"steps that rise, from 1 to {self.solver_steps}, not {steps}")
        for count, own in self.timesteps.items():
            if len(own) != count or list(own) != sorted(own, reverse=True):
                raise ValueError(f"timesteps: {count} that fall, not {own}")
        if self.guidance_low > self.guidance_high:
            raise ValueError("guidance_low is no more than guidance_high")
        return self


class Machine(Settings):
    """What the machine is given to do the work with; results do not depend on it otherwise."""

    threads: PositiveInt = 1
    """Threads of a job that uses torch; results are equal for equal numbers. With 1, independent
    jobs run side by side, which is faster for small networks; large ones on a CPU want more."""
    precision: Literal["float32", "bf16"] = "float32"
    """Arithmetic of training on a GPU; a CPU always computes in float32."""
    compile: bool = False
    """Compile the networks while they are trained; pays off on GPUs for long runs."""
    processes: PositiveInt = 1
    """Processes that share each batch of a training, started by torchrun, each with a GPU of its
    own where there are GPUs. The loss is that of the whole batch, whatever the number."""
    save_every: PositiveInt = 500
    """Steps between two saved training states, from which a killed job goes on."""
