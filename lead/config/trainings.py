"""How often a study trains each network, and which of these trainings a system is made with."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import PositiveInt, model_validator

from lead.config.base import Settings
from lead.config.systems import System

Network = Literal["vae", "denoiser", "projector"]
"""A network of a study, from first to last: each is trained on what the one before it froze."""

NETWORKS: tuple[Network, ...] = ("vae", "denoiser", "projector")


class Trainings(Settings):
    """Independent trainings of each network, in the whole study.

    A number instead of this mapping is that of every network. In a nested design such as
    ``{vae: 2, denoiser: 6}`` several networks stand on one: three denoisers on each of two VAEs. A
    network that is left out is trained as often as the one before it. MotionLCM's students follow
    the denoisers; the evaluator is trained once.
    """

    vae: PositiveInt = 1
    """Trainings of the VAE."""
    denoiser: PositiveInt = 1
    """Trainings of the denoiser; a multiple of those of the VAE."""
    projector: PositiveInt = 1
    """Trainings of each projector; a multiple of those of the denoiser."""

    @model_validator(mode="before")
    @classmethod
    def _a_number_is_for_all(cls, values: Any) -> Any:
        if isinstance(values, int | float | str):
            return dict.fromkeys(NETWORKS, values)
        if isinstance(values, dict):
            number: Any = 1
            for network in NETWORKS:
                number = values.get(network, number)
                values = {**values, network: number}
        return values

    @model_validator(mode="after")
    def _numbers_divide(self) -> Self:
        for first, second in (("vae", "denoiser"), ("denoiser", "projector")):
            below, above = getattr(self, first), getattr(self, second)
            if above % below:
                raise ValueError(
                    f"as many trainings of the {second} on each {first}: {second} a multiple of "
                    f"{below}, not {above}"
                )
        return self

    @property
    def number(self) -> int:
        """Trainings of the whole chain, numbered from 1."""
        return self.projector

    @property
    def words(self) -> str:
        """What intervals are over, in words: the trainings that are independent of one another are
        those of the first network that is trained more than once."""
        if self.vae == self.projector:
            return f"{self.number} trainings of every network"
        first = next(name for name in NETWORKS if getattr(self, name) > 1)
        return (
            f"the {getattr(self, first)} trainings of the {first.replace('vae', 'VAE')} (in all: "
            f"VAE {self.vae}, denoiser {self.denoiser}, projector {self.projector})"
        )

    def of(self, network: Network, training: int) -> int:
        """Which training of a network the chain of this number stands on, both from 1."""
        return (training - 1) % getattr(self, network) + 1

    def label(self, training: int) -> str:
        """What a training is called in paths and seeds: "3" is the first of everything on VAE 3,
        "3.2" the second denoiser there, "3.2.2" the second projector on that.

        A label says what a training stands on without the numbers of the design, so that raising
        these leaves what was trained where it is, and whole.
        """
        before = training - 1
        vae, rest = before % self.vae, before // self.vae
        parts = (vae, rest % (self.denoiser // self.vae), before // self.denoiser)
        return ".".join(str(part + 1) for part in parts).removesuffix(".1").removesuffix(".1")

    @property
    def labels(self) -> dict[str, int]:
        """The number of every training by its label."""
        return {self.label(number): number for number in range(1, self.number + 1)}

    def of_system(self, system: System) -> int:
        """In how many trainings a system's motions differ: 1 of what is not trained here."""
        networks = trained_networks(system)
        return getattr(self, networks[-1]) if networks else 1


def trained_networks(system: System) -> tuple[Network, ...]:
    """The networks whose training changes a system's motions, first to last."""
    if system.projector or system.loss_projector:
        return NETWORKS
    return NETWORKS[:2] if system.denoiser else ()
