"""Settings of every dataset, one model per dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from lead.config.base import DatasetBase, Settings, added, lengths_rise
from lead.config.bones_seed import BonesSeedDataset

SYNTHETIC_FPS = 20.0
_OPEN = ("dataset-1", "dataset-2", "cmu", "synthetic")


class SplitShares(DatasetBase):
    """How recordings are dealt to the splits; training takes what is left."""

    val_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the recordings in the validation split."""
    test_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the recordings in the test split."""

    @model_validator(mode="after")
    def _leaves_some_to_train_on(self) -> Self:
        if self.val_share + self.test_share >= 1:
            raise ValueError("val_share and test_share: nothing is left to train on")
        return self


class CutTakes(SplitShares):
    """Takes of any length, of which those that are too long are cut in equal parts."""

    fps: float = Field(default=20.0, gt=0)
    """Frames a second after resampling; HumanML3D and synthetic motion have 20."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest recording in positions at ``fps``; features have one frame fewer."""
    max_positions: int = Field(default=197, ge=3)
    """Longest recording; a longer take is cut in equal parts."""
    hold_out: Literal["takes", "pairs"] = added("takes")
    """What no two splits share: ``takes``, where a test clip may be another take of a content and
    style that are learnt from; or also ``pairs`` of a content, or its mirror image, and a style.
    Every content and style is still in the training split, in other pairs. Takes without a style
    are dealt by themselves, as they always are."""

    @model_validator(mode="after")
    def _parts_are_long_enough(self) -> Self:
        low, high = self.min_positions, self.max_positions
        if high < 2 * low:
            raise ValueError(
                f"max_positions: {high} is less than twice min_positions, {low}, so that parts of "
                "a cut take would be too short"
            )
        return self


class MadeDataset(SplitShares):
    """Everyday actions made by forward kinematics, with captions that say what is done."""

    clips: PositiveInt = 640
    """Number of clips; a clip depends on the seed and its number alone."""
    min_positions: int
    """Shortest clip in positions; features have one frame fewer."""
    max_positions: int
    """Longest clip in positions."""
    val_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the clips in the validation split."""
    test_share: float = Field(default=0.16, ge=0, lt=1)
    """Share of the clips in the test split."""

    _lengths = model_validator(mode="after")(lengths_rise)


class SyntheticDataset(MadeDataset):
    """Everyday actions made by forward kinematics on HumanML3D's skeleton, 20 frames a second."""

    kind: Literal["synthetic"] = "synthetic"
    """Says that the motion is made by the package."""
    min_positions: int = Field(default=41, ge=41)
    """Shortest clip in positions; features have one frame fewer."""
    max_positions: int = Field(default=121, le=197)
    """Longest clip in positions."""


class SyntheticKitDataset(MadeDataset):
    """The same motions on KIT-ML's skeleton and in its unit, 12.5 frames a second."""

    is_on_kit = True
    kind: Literal["synthetic_kit"] = "synthetic_kit"
    """Says that the motion is made by the package, for the 21 joints of KIT-ML."""
    min_positions: int = Field(default=26, ge=25)
    """Shortest clip in positions at 12.5 a second, one more than the 24 features of KIT-ML."""
    max_positions: int = Field(default=76, le=197)
    """Longest clip in positions; with both defaults the motions are those of `synthetic`."""


class RecordedSource(Settings):
    """One source of recordings, and how much of it is used."""

    name: Literal["dataset-1", "dataset-2", "cmu"]
    """``dataset-1`` and ``dataset-2`` of Bandai-Namco Research, or the takes of ``cmu``."""
    every: PositiveInt = 1
    """Use every n-th file in the order of names: 3 takes the 1st, 4th, 7th and so on."""


class SyntheticSource(Settings):
    """Clips that the package makes itself, the same as those of the dataset `synthetic`."""

    name: Literal["synthetic"]
    """Says that the motion is made by the package."""
    clips: PositiveInt
    """Number of clips; a clip depends on the seed and its number alone."""
    min_positions: int = Field(default=41, ge=41)
    """Shortest clip in positions; features have one frame fewer."""
    max_positions: int = Field(default=121, le=197)
    """Longest clip in positions."""

    _lengths = model_validator(mode="after")(lengths_rise)


OpenSource = Annotated[RecordedSource | SyntheticSource, Field(discriminator="name")]


class OpenDataset(CutTakes):
    """Bandai-Namco Research's two datasets, CMU's takes and synthetic motion, as a study lists
    them, on HumanML3D's skeleton. Synthetic clips are dealt to the splits apart from recordings."""

    kind: Literal["open"] = "open"
    """Says that the dataset is motion read from open sources."""
    sources: tuple[OpenSource, ...] = Field(
        default=(
            RecordedSource(name="dataset-1"),
            RecordedSource(name="dataset-2"),
            RecordedSource(name="cmu"),
        ),
        min_length=1,
    )
    """What is read, in this order."""
    cmu_cut: Literal["parts", "humanml3d"] = "parts"
    """How CMU's takes are cut: ``parts`` in equal parts, each take in one of the study's splits;
    ``humanml3d`` as HumanML3D's index.csv does, under its names and in its splits (other takes
    are left out; needs the repository's files under ``humanml3d``)."""
    cmu_captions: Literal["kitml", "index"] = "kitml"
    """What is said of CMU's takes: ``kitml``, KIT-ML's sentences where there are any, else CMU's
    own line; ``index``, CMU's line alone, which needs nothing of KIT-ML."""
    mirror: bool = True
    """Whether every training clip comes with its mirror image, as in HumanML3D: joints, captions
    and labels with left and right exchanged. What is validated and tested on is never mirrored."""
    held_out_styles: dict[Literal["dataset-1", "dataset-2"], tuple[str, ...]] = Field(
        default_factory=lambda: {"dataset-1": ("giant", "musical"), "dataset-2": ("elderly",)}
    )
    """Styles by source that no stage sees; they are kept for inversion."""

    @field_validator("sources", mode="before")
    @classmethod
    def _names_are_known(cls, sources: Any) -> Any:
        for entry in sources if isinstance(sources, list | tuple) else ():
            name = entry.get("name") if isinstance(entry, dict) else getattr(entry, "name", None)
            if name not in _OPEN:
                names = ", ".join(_OPEN)
                raise ValueError(f"entries with a name, one of {names}; found {entry!r}")
        return sources

    @model_validator(mode="after")
    def _sources_fit(self) -> Self:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"sources: each may be named once, found {', '.join(names)}")
        for source in self.sources:
            if isinstance(source, SyntheticSource):
                self._fits(source)
        return self

    def _fits(self, source: SyntheticSource) -> None:
        """Whether items of the dataset may be as long as the synthetic clips, at their rate."""
        if self.fps != SYNTHETIC_FPS:
            rate = f"synthetic motion has {SYNTHETIC_FPS:g} frames a second"
            raise ValueError(f"fps: {rate}, found {self.fps:g}")
        low, high = source.min_positions, source.max_positions
        if low < self.min_positions or high > self.max_positions:
            raise ValueError(
                f"sources: synthetic clips of {low} to {high} positions; expected lengths within "
                f"the dataset's {self.min_positions} to {self.max_positions}"
            )


class ProcessedDataset(DatasetBase):
    """Features, captions, splits and statistics as their authors made them."""

    folder: Path
    """Folder under ``data_root``: ``new_joint_vecs``, ``texts``, ``train.txt`` and so on."""
    statistics: Literal["published", "train"] = "published"
    """``published`` takes ``Mean.npy`` and ``Std.npy`` of the folder, which are over all splits;
    ``train`` takes statistics over the training split."""
    min_frames: int = Field(ge=4)
    """Shortest item in feature frames."""
    max_frames: int = Field(default=200, ge=5)
    """Items of this many frames and more are left out."""


class HumanML3DDataset(ProcessedDataset):
    """HumanML3D: 14,616 motions and their mirror images, 20 frames a second (Guo et al. 2022)."""

    kind: Literal["humanml3d"] = "humanml3d"
    """Says that the dataset is HumanML3D, processed."""
    folder: Path = Path("HumanML3D")
    """Folder under ``data_root``: ``new_joint_vecs``, ``texts``, ``train.txt`` and so on."""
    min_frames: int = Field(default=40, ge=4)
    """Shortest item in feature frames."""


class KitDataset(ProcessedDataset):
    """KIT-ML in HumanML3D's form: 21 joints, 12.5 frames a second (Plappert et al. 2016)."""

    is_on_kit = True
    kind: Literal["kit"] = "kit"
    """Says that the dataset is KIT-ML, processed."""
    folder: Path = Path("KIT-ML")
    """Folder under ``data_root``: ``new_joint_vecs``, ``texts``, ``train.txt`` and so on."""
    min_frames: int = Field(default=24, ge=4)
    """Shortest item in feature frames; MLD's base configuration has 40, the dataset 24."""


class HumanML3DRawDataset(DatasetBase):
    """HumanML3D cut from AMASS and HumanAct12 by its index.csv; folders are under data_root."""

    kind: Literal["humanml3d_raw"] = "humanml3d_raw"
    """Says that HumanML3D is made from raw sources rather than read as published."""
    humanml3d: str = "humanml3d"
    """Folder of the HumanML3D repository's index.csv, train.txt, val.txt, test.txt and texts."""
    amass: str = "amass"
    """Folder of AMASS's sub-datasets (SMPL+H G), named as index.csv names them: ACCAD, CMU, …"""
    humanact12: str = "humanact12"
    """Folder of HumanAct12's joint positions, P01G01R01F0001T0064A0101.npy and so on."""
    body_models: str = "body_models"
    """Folder that holds smplh/male/model.npz and smplh/female/model.npz."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest clip in positions; features have one frame fewer, of which HumanML3D needs 40."""
    max_positions: int = Field(default=200, ge=3)
    """Longest clip; HumanML3D leaves out clips of 200 feature frames and more."""

    _lengths = model_validator(mode="after")(lengths_rise)


class KitRawDataset(SplitShares):
    """KIT-ML's motion as positions of the MMM model's 21 joints, 12.5 frames a second."""

    is_on_kit = True
    kind: Literal["kit_raw"] = "kit_raw"
    """Says that the dataset is KIT-ML, read from joint positions."""
    joints: str = "kit/joints"
    """Where ``<id>.npy`` (N x 21 x 3, KIT's unit) lie under ``data_root``: a folder or archive."""
    texts: str = "kit/texts"
    """Folder of caption files ``<id>.txt``; a clip without one takes ``annotations``."""
    annotations: str = "kitml/annotations.json"
    """Sentences of the KIT Motion-Language dataset by id, for clips without a caption file."""
    splits: str = "kitml/splits"
    """Where ``train.txt``, ``val.txt`` and ``test.txt`` lie; without them, the shares decide."""
    min_positions: int = Field(default=25, ge=3)
    """Shortest clip in positions; features have one frame fewer, of which KIT-ML needs 24."""
    max_positions: int = Field(default=200, ge=3)
    """Longest clip; KIT-ML leaves out clips of 200 feature frames and more."""
    val_share: float = Field(default=0.05, ge=0, lt=1)
    """Share of the clips in the validation split, where no lists say."""
    test_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the clips in the test split, where no lists say."""

    _lengths = model_validator(mode="after")(lengths_rise)


class Style100Dataset(CutTakes):
    """100STYLE's takes (BVH, 60 frames a second) on HumanML3D's skeleton."""

    kind: Literal["style100"] = "style100"
    """Says that the dataset is 100STYLE, read from its BVH files."""
    folder: str = "100style"
    """Where it lies under ``data_root``: a folder, or an archive of it without its suffix."""
    held_out_styles: tuple[str, ...] = ("Aeroplane", "Superman")
    """Styles, as file names have them, that no stage sees; they are kept for inversion."""


DatasetSettings = Annotated[
    SyntheticDataset
    | SyntheticKitDataset
    | OpenDataset
    | HumanML3DDataset
    | HumanML3DRawDataset
    | KitDataset
    | KitRawDataset
    | Style100Dataset
    | BonesSeedDataset,
    Field(discriminator="kind"),
]
"""The settings of any dataset; ``kind`` says which."""
