"""A study: one dataset, the stages trained on it, and the systems compared."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lead.config.base import Settings, variants
from lead.config.datasets import DatasetSettings, ProcessedDataset
from lead.config.evaluation import (
    Evaluation,
    Evaluator,
    Inversion,
    MatcherStage,
    Timing,
    TrainedEvaluator,
    UserStudy,
)
from lead.config.evaluators import (
    OWN,
    NamedEvaluator,
    OtherEvaluator,
    check_evaluators,
    laid_over,
    named,
)
from lead.config.external import ExternalSystem, check_names
from lead.config.models import Diffusion, TextSettings
from lead.config.systems import (
    ABLATIONS,
    DESCRIPTORS,
    FULL,
    MLD,
    OBJECTIVES,
    PAIRS,
    REAL,
    Control,
    System,
    applicable,
    by_name,
    check_projectors,
    controlled,
    distilled,
    inverted,
    other_model,
    realigned,
)
from lead.config.training import (
    ConsistencyStage,
    DenoiserStage,
    LatentCache,
    Machine,
    ProjectorStage,
    VaeStage,
)
from lead.config.trainings import Trainings


class Study(Settings):
    """Everything that decides a study's results, and where they lie."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Name of the study: its results lie in ``results/<name>``."""
    description: str
    """One sentence for captions and listings."""
    size: Literal["tiny", "small", "paper"] = "paper"
    """Preset of widths and training lengths, from ``config/sizes``; the study overrides it."""
    profile: Literal["recommended", "as_published"] = "recommended"
    """Whether known flaws of the published code are mended, or kept as ``config/profiles`` lists
    them; the study overrides it."""
    seed: int = 1234
    """Root of every random draw."""
    data_root: Path = Path("data")
    """Folder of raw data. Another place reruns nothing: delete ``results/<name>/joints`` to read
    the data again."""
    dataset: DatasetSettings
    """Where motion and captions come from."""
    text: TextSettings
    """The frozen text encoder."""
    evaluator: Evaluator = TrainedEvaluator()
    """The network that the metrics are computed with."""
    matcher: MatcherStage
    """Networks and training of an evaluator that is trained in the study."""
    evaluators: dict[str, OtherEvaluator] = Field(default_factory=dict)
    """Others by name that a table's systems are measured with too: ``{kind: t2m}`` is the
    published one, else what differs from ``matcher``; ``{}`` is the same trained again."""
    validation: Literal["val", "test"] = "val"
    """Split that the stages of the model are validated on. MLD and MotionLCM look at the test
    split, and choose their weights by it."""
    vae: VaeStage
    """Stage 1."""
    latents: LatentCache = LatentCache()
    """Between stage 1 and 2."""
    diffusion: Diffusion = Diffusion()
    """The noise schedule."""
    denoiser: DenoiserStage
    """Stage 2."""
    consistency: ConsistencyStage | None = None
    """MotionLCM: the denoiser distilled to a few steps, for Table 5; null has no such systems."""
    projectors: dict[str, ProjectorStage]
    """Stage 3: the variants by name; ``lead`` is the paper's. One with ``extends: <name>``
    says only what differs from another."""
    ablations: tuple[str, ...] = ()
    """Projectors that are rows of Table 6 alone, between Real and ``lead``; no other table needs
    them trained."""
    controls: tuple[Control, ...] = ()
    """MLD once more with each of these in place of a projector, as rows of Table 1 that tell what
    of LEAD's gain is realignment. ``clipped``: latents no longer than the mean of the training
    clips' latents; ``direction``: the component that a denoiser of noise cannot reach is set to
    its mean (not of one with a ``latent_width`` of its own, which reaches all); ``rescaled``:
    guided noise as wide as the conditional one (Lin et al. 2023)."""
    second: str | None = None
    """Study on KIT-ML's skeleton that fills Table 2: it runs as its own file says, but for
    ``data_root`` and ``machine`` of the command line. A study on that skeleton fills it itself."""
    evaluation: Evaluation = Evaluation()
    """The protocol."""
    mti: Inversion = Inversion()
    """Words inverted from motions: Tables 3 and 4."""
    external: dict[str, ExternalSystem] = Field(default_factory=dict)
    """Models of others by name, of which motions are at hand: each is one more row."""
    trainings: Trainings = Trainings()
    """Independent trainings of every network, as a number or for each of them; intervals are then
    over trainings."""
    allow_missing: bool = False
    """Make tables of the trainings that are finished where others failed; footnotes say so."""
    timing: Timing = Timing()
    """Seconds per prompt."""
    user_study: UserStudy = UserStudy()
    """The page on which people compare motions."""
    footnote: str = ""
    """A sentence that goes under every table of this study."""
    machine: Machine = Machine()
    """Threads, precision and checkpoints."""

    @field_validator("projectors", mode="before")
    @classmethod
    def _variants_stand_on_others(cls, projectors: Any) -> Any:
        return variants(projectors)

    @field_validator("projectors")
    @classmethod
    def _names_are_systems(cls, projectors: dict[str, ProjectorStage]) -> dict:
        check_projectors(projectors)
        return projectors

    @field_validator("external")
    @classmethod
    def _names_are_free(cls, external: dict[str, ExternalSystem]) -> dict:
        check_names(external)
        return external

    @field_validator("evaluators", mode="before")
    @classmethod
    def _other_evaluators_stand_on_the_matcher(cls, values: Any, others: ValidationInfo) -> Any:
        return laid_over(values, others.data)

    @model_validator(mode="after")
    def _evaluators_can_be_used(self) -> Self:
        check_evaluators(self.every_evaluator, self.external.values())
        return self

    @field_validator("ablations")
    @classmethod
    def _ablations_are_projectors(
        cls, ablations: tuple[str, ...], others: ValidationInfo
    ) -> tuple[str, ...]:
        known = others.data.get("projectors", {})
        unknown = [name for name in ablations if name not in known]
        if unknown:
            raise ValueError(f"names of projectors ({', '.join(known)}), not {', '.join(unknown)}")
        return ablations

    @field_validator("controls")
    @classmethod
    def _controls_apply(
        cls, controls: tuple[Control, ...], others: ValidationInfo
    ) -> tuple[Control, ...]:
        denoiser = others.data.get("denoiser")
        return applicable(controls, denoiser.model if denoiser else None)

    @field_validator("evaluation")
    @classmethod
    def _steps_are_trained(cls, evaluation: Evaluation, others: ValidationInfo) -> Evaluation:
        return evaluation.checked(others.data.get("diffusion", Diffusion()).train_steps)

    @field_validator("trainings")
    @classmethod
    def _what_is_imported_is_trained_once(
        cls, trainings: Trainings, others: ValidationInfo
    ) -> Trainings:
        for network in ("vae", "denoiser"):
            stage = others.data.get(network)
            if stage is None or stage.source.kind == "train":
                break
            trainings = trainings.model_copy(update={network: 1})
        return trainings

    @property
    def absent_external(self) -> tuple[str, ...]:
        """Files and folders that `external` names and that are not there."""
        named = [
            (name, path)
            for name, system in self.external.items()
            for path in (system.path, system.captions)
            if path is not None
        ]
        return tuple(f"{name}: {path}" for name, path in named if not path.exists())

    @property
    def checkpoints(self) -> dict[str, Path]:
        """Released checkpoints that the study reads, under ``data_root``, by what they bring."""
        stages = {"vae": self.vae, "denoiser": self.denoiser, "consistency": self.consistency}
        sources = {name: stage.source for name, stage in stages.items() if stage is not None}
        return {name: source.path for name, source in sources.items() if source.kind != "train"}

    @property
    def is_on_kit(self) -> bool:
        """Whether the dataset is on KIT-ML's skeleton, so that the study fills Table 2."""
        return self.dataset.is_on_kit

    @property
    def has_published_features(self) -> bool:
        """Whether the dataset comes as features, so that no joints are read."""
        return isinstance(self.dataset, ProcessedDataset)

    @property
    def every_evaluator(self) -> dict[str, NamedEvaluator]:
        """The study's own evaluator, called ``own``, and the others, by name."""
        return named(self.evaluator, self.matcher, self.evaluators)

    @property
    def evaluator_files(self) -> dict[str, str]:
        """What metrics are computed with: files below ``results/<name>`` by input name."""
        return self.every_evaluator[OWN].files

    @property
    def batches(self) -> tuple[str, ...]:
        """Runs of consecutive repeats that one job evaluates: ``first-last``."""
        repeats = self.evaluation.repeats
        size = -(-repeats // self.evaluation.jobs)
        return tuple(
            f"{first}-{min(first + size, repeats) - 1}" for first in range(0, repeats, size)
        )

    def embeddings(self, system: str) -> tuple[str, ...]:
        """A system's stored embeddings, in the order of repeats, below ``results/<name>``."""
        batches = ("all",) if system in self.external else self.batches
        return tuple(f"systems/{system}/embeddings/{batch}.safetensors" for batch in batches)

    @property
    def systems(self) -> tuple[System, ...]:
        """The systems that the study compares, in the order of the tables' rows."""
        compared = (realigned(name) for name in self.projectors if name not in self.ablations)
        plain, with_lead = self.few_steps[:1], self.few_steps[1:2]
        others = (other_model(name, system.label) for name, system in self.external.items())
        return (REAL, MLD, *map(controlled, self.controls), *plain, *compared, *with_lead, *others)

    @property
    def few_steps(self) -> tuple[System, ...]:
        """The systems of MotionLCM, by steps, each without and with realignment."""
        steps = self.consistency.steps if self.consistency else ()
        return tuple(distilled(count, projector) for count in steps for projector in (None, FULL))

    @property
    def ablated_systems(self) -> tuple[System, ...]:
        """The systems of Table 6, in the order of its rows."""
        return (REAL, *map(realigned, (*self.ablations, FULL)))

    @property
    def every_system(self) -> dict[str, System]:
        """Every system that can be measured, by name, apart from those of inversion."""
        return by_name((*self.systems, *self.few_steps, *self.ablated_systems))

    @property
    def inverted_systems(self) -> dict[str, System]:
        """Every system of motion textual inversion, by name."""
        pairs = product(OBJECTIVES, (None, *self.projectors))
        return by_name([*DESCRIPTORS, *(inverted(objective, own) for objective, own in pairs)])

    @property
    def tables(self) -> dict[str, tuple[System, ...]]:
        """The systems of each table that can be made, in the order of its rows."""
        return {
            "table1": self.systems,
            "table2": self.systems,
            "table3": (REAL, *DESCRIPTORS, *PAIRS),
            "table4": (REAL, DESCRIPTORS[1], *ABLATIONS),
            "table5": (REAL, *self.few_steps),
            "table6": self.ablated_systems,
            "physical": self.systems,
            "feet": self.systems,
            "timing": (MLD, realigned(FULL), *self.few_steps),
        }

    def rows(self, table: str) -> tuple[System, ...]:
        """The systems of one of the tables, in the order of its rows."""
        return self.tables[table]
