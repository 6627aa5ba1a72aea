"""The systems that a study compares: each a row of its tables, with a name and a label.

A name is a folder below ``results/<study>/systems``, or below ``mti`` for motion textual inversion.
Names are made here and nowhere taken apart: who has a name asks the study for its `System`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lead.config.models import DenoiserModel

Objective = Literal["mld", "feat", "lead"]
"""What a word is optimised for in motion textual inversion."""

Control = Literal["clipped", "direction", "rescaled"]
"""What is done to MLD's latents in place of a projector; see `lead.diffusion.controls`."""

CONTROLS: Mapping[Control, str] = {
    "clipped": "MLD, clipped",
    "direction": "MLD, direction at its mean",
    "rescaled": "MLD, rescaled guidance",
}
"""The rows of the controls, in their order."""

FULL = "lead"
"""The projector of the paper; others are ablations of it."""

OBJECTIVES: Mapping[Objective, str] = {"feat": "MTI feat", "mld": "MTI MLD", "lead": "MTI LEAD"}
"""The objectives in the order of Table 3, and how the paper names them."""

_PROJECTORS = {
    "lead": "LEAD",
    "lead_mlp": "LEAD (mlp)",
    "lead_skip": "LEAD (skip)",
    "lead_no_var": "LEAD w/o KL",
    "lead_no_align": "LEAD w/o Align",
    "lead_no_rec": "LEAD w/o Rec",
}
"""Rows named as in the paper, whose Table 6 calls the variance loss KL."""

ABLATED = {"lead_no_align": "noALIGN", "lead_no_var": "noKL", "lead_no_rec": "noREC"}
"""The projectors of Table 4 as it names them, in the order of its rows above the paper's own."""


@dataclass(frozen=True)
class System:
    """What makes the motions of one row of a table.

    Attributes:
        name: its folder.
        label: its row, as in the paper where the paper has it.
        denoiser: the study's own, the one distilled to few steps, or none: the real motions, and
            those of another model.
        steps: of the distilled denoiser; None where the protocol says how many.
        projector: what latents pass before they are decoded; None leaves them as they are.
        objective: what words were inverted for, where motions are generated from such words.
        control: what latents pass in place of a projector.
    """

    name: str
    label: str
    denoiser: Literal["study", "distilled"] | None = None
    steps: int | None = None
    projector: str | None = None
    objective: Objective | None = None
    control: Control | None = None

    @property
    def loss_projector(self) -> str | None:
        """The projector inside the objective. An ablation is the one of both loss and generation;
        else it is the paper's, so that words are the same with and without realignment."""
        return (self.projector or FULL) if self.objective == "lead" else None

    @property
    def words(self) -> str | None:
        """The folder in which its words lie: the objective's, an ablation's own; None without."""
        ablated = self.loss_projector not in (None, FULL)
        return self.name if ablated else self.objective

    @property
    def words_label(self) -> str:
        """How an inversion is called, whatever is generated from its words."""
        if self.objective is None:
            return self.label
        ablated = f", {self.label}" if self.words == self.name and self.projector else ""
        return OBJECTIVES[self.objective] + ablated


REAL = System("real", "Real")
VALIDATION = System("real_validation", "Real, validation clips")
MLD = System("mld", "MLD", denoiser="study")


def realigned(projector: str) -> System:
    """MLD with a projector before the decoder."""
    words = projector.replace("_", " ").replace("lead", "LEAD", 1)
    return System(projector, _PROJECTORS.get(projector, words), "study", projector=projector)


def controlled(control: Control) -> System:
    """MLD with a control in place of a projector."""
    return System(f"mld_{control}", CONTROLS[control], "study", control=control)


def check_projectors(names: Iterable[str]) -> None:
    """Refuse names of projectors that cannot be folders, or are those of another system."""
    for name in names:
        if not re.fullmatch(r"lead(_[a-z0-9_]+)?", name):
            raise ValueError(f"a projector is named lead or lead_<a-z, 0-9, _>, not {name}")
        if re.fullmatch(r"lead_motionlcm_\d+", name):
            raise ValueError(f"{name} is lead on MotionLCM: give the projector another name")


def applicable(controls: Sequence[Control], denoiser: DenoiserModel | None) -> tuple[Control, ...]:
    """The controls that this denoiser has a use for: not ``direction`` where its latents are
    narrower or wider than itself, since it then reaches every direction."""
    if len(set(controls)) < len(controls):
        raise ValueError("each control once")
    reaches_all = denoiser is not None and denoiser.latent_width not in (None, denoiser.width)
    return tuple(name for name in controls if not (reaches_all and name == "direction"))


def distilled(steps: int, projector: str | None = None) -> System:
    """MotionLCM with so many steps, without or with a projector."""
    prefix, label = (f"{projector}_", "LEAD (MotionLCM)") if projector else ("", "MotionLCM")
    label = f"{label}, {steps} step{'s' if steps != 1 else ''}"
    return System(f"{prefix}motionlcm_{steps}", label, "distilled", steps, projector)


def inverted(objective: Objective, projector: str | None = None) -> System:
    """Motions from words of this objective, without or with a projector."""
    name = objective if projector is None else f"{objective}_{projector}"
    if objective == "lead" and projector not in (None, FULL):
        label = ABLATED.get(projector, projector.replace("_", " "))
    else:
        label = OBJECTIVES[objective] + (" + projection" if projector else "")
    return System(name, label, "study", projector=projector, objective=objective)


def descriptor(projector: str | None = None) -> System:
    """Motions from the words that inversions start from, as nothing has changed them."""
    if projector is None:
        return System("descriptor", "Descriptor", "study")
    label = "Descriptor + projection"
    return System(f"descriptor_{projector}", label, "study", projector=projector)


def other_model(name: str, label: str = "") -> System:
    """A model of which only motions are at hand."""
    return System(name, label or name.replace("_", " "))


PAIRS = tuple(
    inverted(objective, projector) for objective in OBJECTIVES for projector in (None, FULL)
)
"""The paper's rows of Table 3 below Real: each objective without, then with realignment."""

DESCRIPTORS = (descriptor(), descriptor(FULL))
"""What both tables hold the inverted words against: the words that they started from."""

BEST = inverted("lead", FULL)
"""The system of inversion that the paper recommends: the whole projector in loss and generation."""

ABLATIONS = (*(inverted("lead", name) for name in ABLATED), replace(BEST, label="PROJ"))
"""The paper's rows of Table 4 below Real."""


def by_name(systems: Iterable[System]) -> dict[str, System]:
    """The systems by their names, each once."""
    return {system.name: system for system in systems}
