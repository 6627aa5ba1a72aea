"""HumanML3D and KIT-ML as most people have them: features, captions and splits in one folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from lead.clip import Found, Rejected, Work
from lead.config.datasets import HumanML3DDataset, KitDataset, ProcessedDataset
from lead.datasets.dataset import HUMANML3D_NAMES, HUMANML3D_TEST_ITEMS, KIT_NAMES, Dataset
from lead.datasets.published import MIRRORED, published_clip, read_splits
from lead.datasets.sources import SOURCES
from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.motion.kinematics import checked_features
from lead.motion.layout import BLOCKS, layout
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import HUMANML3D, KIT, SKELETONS, Skeleton

FEATURES, TEXTS = "new_joint_vecs", "texts"

_missing = partial(
    LeadError,
    "A part of the processed dataset is missing.",
    found="nothing that can be read",
    expected=f"{FEATURES}/, {TEXTS}/, train.txt, val.txt, test.txt, Mean.npy and Std.npy",
    fix="Build the dataset with its authors' scripts (github.com/EricGuo5513/HumanML3D), or "
    "set data_root and dataset.folder to where it lies.",
)


def read_processed(
    settings: ProcessedDataset, skeleton: Skeleton, data_root: Path
) -> Iterator[Work]:
    """Every clip that a split file names, split by split.

    Raises:
        LeadError: the folder, one of its parts or a split list is missing, or the features, or
            the names of all files, are of the other dataset.
    """
    folder = data_root / settings.folder
    splits = read_splits(folder)
    for part in (FEATURES, TEXTS):
        if not (folder / part).is_dir():
            raise _missing(folder / part)
    _refuse_the_other(folder, skeleton)
    _refuse_other_names(folder / FEATURES, ".npy", splits)
    _refuse_other_names(folder / TEXTS, ".txt", splits)
    lengths = settings.min_frames, settings.max_frames - 1
    return (
        partial(_read_clip, folder, settings.folder, name, split, lengths, skeleton)
        for name, split in splits.items()
    )


def read_statistics(folder: Path, skeleton: Skeleton) -> Normalizer:
    """``Mean.npy`` and ``Std.npy`` of a processed dataset.

    Raises:
        LeadError: one is missing, of another width, not finite, not positive, or its std is not
            one value in each block of the features.
    """
    blocks = layout(skeleton)
    wrong = partial(
        LeadError,
        "The dataset's statistics are not right.",
        expected=f"{blocks.width} finite numbers; Std.npy positive and the same within each block",
        fix="Get the file again, or set dataset.statistics to train.",
    )
    arrays = {}
    for name in ("Mean", "Std"):
        path = folder / f"{name}.npy"
        if not path.is_file():
            raise _missing(path)
        try:
            values = _finite(read_npy(path, path), path)
        except LeadError as error:
            raise wrong(path, error.found) from error
        if values.shape != (blocks.width,):
            shape = f"an array of shape {values.shape}{_looks_like(values, skeleton)}"
            raise wrong(path, shape)
        arrays[name] = values
    for block in BLOCKS:
        values = arrays["Std"][blocks.slice(block)]
        if values.min() <= 0 or np.ptp(values) > 1e-4 * values.max():
            span = f"{block} between {values.min():.4g} and {values.max():.4g}"
            raise wrong(folder / "Std.npy", span)
    return Normalizer(arrays["Mean"], arrays["Std"])


def _read_clip(
    folder: Path,
    place: Path,
    name: str,
    split: str,
    lengths: tuple[int, int],
    skeleton: Skeleton,
) -> list[Found]:
    """A clip, or why it is left out, in the split that names it."""
    path, texts = folder / FEATURES / f"{name}.npy", folder / TEXTS / f"{name}.txt"
    source, take = str(place / FEATURES / path.name), name.removeprefix(MIRRORED)
    if path.is_file():
        read = partial(_load, path, skeleton)
        clip = published_clip(source, read, texts, lengths, "frames", take=take)
    else:
        clip = Rejected(name, source, "missing", "a split list names it, and there is no file")
    return [replace(clip, split=split)]


def _load(path: Path, skeleton: Skeleton) -> np.ndarray:
    features = read_npy(path, path)
    # A single frame was saved without its axis in some rebuilds.
    features = features[None] if features.ndim == 1 else features
    if features.ndim != 2 or features.shape[1] != skeleton.feature_width:
        raise LeadError(
            "These are no features of the dataset.",
            file=path,
            found=f"shape {features.shape}{_looks_like(features, skeleton)}",
            expected=f"T x {skeleton.feature_width}",
        )
    values = _finite(features, path)
    try:
        return checked_features(values, skeleton) if len(values) else values
    except LeadError as error:
        error.file = path
        raise


def _finite(values: np.ndarray, path: Path) -> np.ndarray:
    """As float32, in which large numbers of a wider type are infinite."""
    found = f"numbers of type {values.dtype}"
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        if np.isfinite(values).all():
            return values
        found = f"{np.count_nonzero(~np.isfinite(values)):,} of {values.size:,} not finite"
    raise LeadError(
        "Some values are not finite numbers.",
        file=path,
        found=found,
        expected="finite floating-point numbers",
        fix="Get the file again.",
    )


def _other(values: np.ndarray, skeleton: Skeleton) -> Skeleton | None:
    """The other skeleton, where the array is as wide as its features."""
    others = (other for other in SKELETONS.values() if other is not skeleton)
    width = values.shape[-1] if values.ndim else 0
    return next((other for other in others if width == other.feature_width), None)


def _looks_like(values: np.ndarray, skeleton: Skeleton) -> str:
    """What to add to a message about an array of the wrong shape."""
    other = _other(values, skeleton)
    return f", as of {other.name}" if other else ""


def _refuse_the_other(folder: Path, skeleton: Skeleton) -> None:
    """KIT-ML's features under a configuration of HumanML3D, or the reverse."""
    paths = sorted((folder / FEATURES).glob("*.npy"))
    if not paths:
        raise _missing(folder / FEATURES / "*.npy")
    for path in paths:
        try:
            features = read_npy(path, path)
        except LeadError:
            continue  # a broken file is reported when it is read
        if other := _other(features, skeleton):
            raise LeadError(
                f"This looks like {other.name}, and the study reads {skeleton.name}.",
                file=path,
                found=f"{other.feature_width} columns",
                expected=f"{skeleton.feature_width} columns",
                fix=f"Set dataset.kind to {other.name}, or dataset.folder to the other folder.",
            )
        if features.ndim:
            return


def _refuse_other_names(part: Path, suffix: str, names: Iterable[str]) -> None:
    """Split lists of one dataset beside files of the other: no name fits."""
    if any((part / f"{name}{suffix}").is_file() for name in names):
        return
    first = next(iter(sorted(part.glob(f"*{suffix}"))), None)
    raise LeadError(
        f"No clip that the split lists name is in {part.name}.",
        file=part,
        found="no file" if first is None else _named(first.name),
        expected=_named(next((f"{name}{suffix}" for name in names), "a name in the lists")),
        fix="Take lists, features and texts from one release of one dataset.",
    )


def _named(file_name: str) -> str:
    """A file's name, and whose it looks like: HumanML3D counts in six digits, KIT-ML in five."""
    dataset = {6: ", as of humanml3d", 5: ", as of kit"}
    return file_name + dataset.get(len(Path(file_name).stem.removeprefix("M")), "")


_dataset = partial(Dataset, item_frames=lambda settings: (settings.min_frames, settings.max_frames))
DATASET = _dataset(
    kind="humanml3d",
    settings=HumanML3DDataset,
    skeleton=HUMANML3D,
    read=lambda settings, data_root, seeds: read_processed(settings, HUMANML3D, data_root),
    sources=lambda settings: [SOURCES["humanml3d-features"]],
    expected=HUMANML3D_NAMES,
    test_items=HUMANML3D_TEST_ITEMS,
)
KIT_DATASET = _dataset(
    kind="kit",
    settings=KitDataset,
    skeleton=KIT,
    read=lambda settings, data_root, seeds: read_processed(settings, KIT, data_root),
    sources=lambda settings: [SOURCES["kit-features"], SOURCES["kit-mmm"]],
    expected=KIT_NAMES,
)
