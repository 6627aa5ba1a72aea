"""Settings of the evaluation protocol."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from lead.config.base import Settings


class MultiModality(Settings):
    """How often one caption is generated for the MultiModality metric."""

    items: PositiveInt = 100
    """Captions."""
    samples: PositiveInt = Field(default=30, ge=2)
    """Motions generated from each caption."""
    pairs: PositiveInt = 10
    """Pairs of them that are compared."""


class Evaluation(Settings):
    """The protocol of Guo et al. 2022 in MLD's variant."""

    repeats: PositiveInt = 20
    """Times the whole evaluation is repeated; the paper has 20."""
    pool: PositiveInt = 32
    """Motions each caption is ranked against, all test items where there are fewer; the last
    incomplete pool is dropped."""
    diversity_pairs: PositiveInt = 300
    """Pairs of the Diversity metric; half the test items where there are no more than that."""
    multimodality: MultiModality = MultiModality()
    """Size of the MultiModality metric."""
    sampling_steps: PositiveInt = 50
    """DDIM steps."""
    guidance: PositiveFloat = 7.5
    """Scale of classifier-free guidance, Eq. (8)."""
    boundary: Literal["unpadded", "zero196"] = "unpadded"
    """What the matcher sees after a motion's last frame."""
    batch_size: PositiveInt = 128
    """Motions generated at a time."""
    jobs: PositiveInt = 1
    """Jobs that a system's repeats are spread over, for a cluster; no digit depends on it, but
    other jobs are other files, so that a change embeds again."""
    precision: Literal["float32", "float64"] = "float32"
    """Arithmetic of generation and embedding. In float32 the batch size shows in the last digits;
    in float64, which takes twice as long, not even there. Stored is float32."""
    allow_small: bool = False
    """Print R-precision even with fewer than 96 test items."""

    def for_embedding(self) -> Evaluation:
        """The same settings where motions depend on them; all else is at its default, so that
        changing it generates nothing again."""
        default = Evaluation()
        own = self.multimodality.model_copy(update={"pairs": default.multimodality.pairs})
        kept = {name: getattr(default, name) for name in _NOT_OF_MOTIONS}
        return self.model_copy(update={**kept, "multimodality": own})


_NOT_OF_MOTIONS = ("pool", "diversity_pairs", "allow_small", "jobs")
