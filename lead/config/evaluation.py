"""Settings of the protocol, the evaluator and motion textual inversion."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, PositiveFloat, PositiveInt, Tag

from lead.config.base import Settings, added
from lead.config.models import MatcherModel
from lead.config.training import Training


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

    split: Literal["test", "val"] = added("test")
    """Split that is measured. ``val`` is for choosing between settings: what is chosen on the test
    split has no fair test any more. Words, timings and figures are of test clips all the same."""
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

    @property
    def measured(self) -> str:
        """What is measured, as tables and notes name it."""
        return {"test": "test", "val": "validation"}[self.split] + " items"

    def checked(self, trained: int) -> Evaluation:
        """The same settings; a ValueError where more steps are sampled than are trained on."""
        if self.sampling_steps > trained:
            raise ValueError(
                f"sampling_steps of at most diffusion.train_steps, {trained}, not "
                f"{self.sampling_steps}"
            )
        return self

    def for_embedding(self) -> Evaluation:
        """The same settings where motions depend on them; all else is at its default, so that
        changing it generates nothing again."""
        default = Evaluation()
        multimodality = self.multimodality.model_copy(update={"pairs": default.multimodality.pairs})
        kept = {name: getattr(default, name) for name in _NOT_OF_MOTIONS}
        return self.model_copy(update={**kept, "multimodality": multimodality})

    def for_real(self) -> Evaluation:
        """The same for real motions, which do not depend on how others are generated."""
        default = Evaluation()
        kept = {name: getattr(default, name) for name in _OF_GENERATED}
        return self.for_embedding().model_copy(update=kept)


class Timing(Settings):
    """How seconds per prompt are measured."""

    repeats: PositiveInt = 20
    """Repeats, over which medians are compared."""
    prompts: PositiveInt = 50
    """Prompts of a repeat, one at a time; the protocol has 1000 in all."""
    warmup: PositiveInt = 100
    """Prompts that come first and do not count."""
    batches: tuple[PositiveInt, ...] = (8, 32, 128)
    """Sizes of batches that are tried for the least seconds per prompt."""


class UserStudy(Settings):
    """Pairs of motions, without and with realignment, that people rate."""

    pairs: int = Field(default=10, ge=2, le=100)
    """Pairs: the test captions whose motions realignment changes most."""


_OF_GENERATED = ("sampling_steps", "guidance", "multimodality")
_NOT_OF_MOTIONS = ("pool", "diversity_pairs", "allow_small", "jobs")


class _Evaluator(Settings):
    """What every evaluator may read of words."""

    vocabulary: Path = Path("glove")
    """Folder of the published word vectors, under ``data_root``; read where ``words`` is glove."""
    tagger: Literal["none", "spacy"] = "none"
    """What gives parts of speech to captions whose files have none; spaCy is the extra `tagger`."""


class TrainedEvaluator(_Evaluator):
    """The evaluator is trained on the study's own training split (`matcher`)."""

    kind: Literal["trained"] = "trained"
    """A stage of the study trains it."""
    words: Literal["encoder", "glove"] = "encoder"
    """What its text encoder reads: token states of the study's text encoder, or word vectors and
    parts of speech as the published one."""


class _Published(_Evaluator):
    """What others trained: it reads word vectors, always."""

    words: ClassVar[Literal["glove"]] = "glove"


class T2mEvaluator(_Published):
    """The published evaluator of Guo et al. 2022, with which every public figure was made."""

    kind: Literal["t2m"]
    """Official weights and statistics are read; nothing of it is trained."""
    folder: Path = Path("evaluators")
    """Folder of the release, under ``data_root``: ``t2m/`` and ``kit/`` lie in it."""


class MotiusEvaluator(_Published):
    """The same evaluator for HumanML3D as Motius publishes it: safetensors and a manifest."""

    kind: Literal["motius"]
    """Weights, statistics and word vectors are read and compared with their manifest."""
    folder: Path = Path("motius-evaluator")
    """Folder of the artefact, under ``data_root``."""
    vocabulary: Path = Path("motius-evaluator/glove")
    """Folder of the published word vectors, under ``data_root``; the artefact holds a copy."""


class MardmEvaluator(_Published):
    """The evaluator of MARDM (Meng et al. 2025), which sees root and joint positions alone."""

    kind: Literal["mardm"]
    """Its weights and statistics of 67 columns (KIT-ML: 64) are read."""
    folder: Path = Path("mardm")
    """Folder under ``data_root``: a checkout of its repository with its evaluators, or these."""


PublishedEvaluator = T2mEvaluator | MotiusEvaluator | MardmEvaluator


def evaluator_kind(values: Any) -> Any:
    """``trained`` where nothing else is said."""
    if isinstance(values, dict):
        return values.get("kind", "trained")
    return getattr(values, "kind", None)


Evaluator = Annotated[
    Annotated[TrainedEvaluator, Tag("trained")]
    | Annotated[T2mEvaluator, Tag("t2m")]
    | Annotated[MotiusEvaluator, Tag("motius")]
    | Annotated[MardmEvaluator, Tag("mardm")],
    Discriminator(
        evaluator_kind,
        custom_error_type="evaluator",
        custom_error_message="a mapping such as {kind: t2m}, {kind: motius}, {kind: mardm} or "
        "{kind: trained, words: glove}",
    ),
]


class MatcherStage(Settings):
    """The evaluator: a movement autoencoder, then text-motion matching."""

    model: MatcherModel = MatcherModel()
    """The networks."""
    window: PositiveInt = 24
    """Frames of the windows that the movement autoencoder learns from."""
    margin: PositiveFloat = 10.0
    """Distance beyond which a wrong pair costs nothing."""
    feature_bias: PositiveFloat = 25.0
    """Divisor of the statistics' std in the root and contact blocks; 25 is what the
    published evaluators' statistics amount to."""
    windows: Literal["all", "published"] = "all"
    """Windows of an epoch. ``all``: as many of each clip as fit beside one another, anywhere in
    it. ``published``: one at every frame but the last possible one, so that a clip of exactly one
    window is never seen (Guo et al. 2022)."""
    negatives: Literal["others", "published"] = "others"
    """Which motion is a caption's wrong one: that of another item of the batch, or, as published,
    in one of ``batch_size - 1`` steps its own."""
    drop_last: bool = False
    """Leave out every incomplete batch, as published, also of the validation split; otherwise only
    those below a quarter of the size."""
    boundary: Literal["unpadded", "zero196"] = "unpadded"
    """What the movement encoder sees after a motion's last frame while text and motion encoder are
    trained; the published evaluator saw zeros up to 196 frames."""
    movement: Training
    """How the movement autoencoder is trained."""
    matching: Training
    """How text and motion encoder are trained."""


class InvertedStyles(Settings):
    """Words inverted from takes of styles that no stage saw, in other sentences."""

    takes: PositiveInt = 6
    """Takes of each held-out style that a word is inverted from, each one's own."""
    repeats: PositiveInt = 4
    """Motions generated from each word and sentence."""
    sentences: tuple[str, ...] = Field(
        default=("a person <*>", "a person <*> forward, then turns", "someone <*> in a circle"),
        min_length=1,
    )
    """What is generated; ``<*>`` is the word."""


class Inversion(Settings):
    """How words are inverted from motions, and from how many."""

    motions: PositiveInt = 100
    """Unmirrored test motions that Tables 3 and 4 invert a word from, all where there are fewer."""
    steps: PositiveInt = 20
    """Steps of Adam."""
    batch: PositiveInt = 4
    """Segments of a motion in each step."""
    learning_rate: PositiveFloat = 5e-3
    """Of Adam, the same for every objective."""
    chunk: PositiveInt = 50
    """Motions optimised together; memory grows with it, and only the last digits depend on it."""
    styles: InvertedStyles = InvertedStyles()
    """Words for styles that the study holds out."""
