"""HumanML3D and KIT-ML as most people have them: features, captions and splits in one folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from lead.config.humanml3d import ProcessedDataset
from lead.data.caption_files import read_caption_file
from lead.data.humanml3d_index import read_splits
from lead.data.parts import bad
from lead.data.recording import FeatureRecording, Found, Rejected, Work
from lead.errors import LeadError
from lead.motion.layout import BLOCKS, layout
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import SKELETONS, Skeleton

FEATURES, TEXTS = "new_joint_vecs", "texts"


def read_processed(
    settings: ProcessedDataset, skeleton: Skeleton, data_root: Path
) -> Iterator[Work]:
    """Every clip that a split file names, split by split.

    Raises:
        LeadError: the folder, one of its parts or a split list is missing, or the features are
            of the other dataset.
    """
    folder = data_root / settings.folder
    splits = read_splits(folder)
    for part in (FEATURES, TEXTS):
        if not (folder / part).is_dir():
            raise _missing(folder / part)
    _refuse_the_other(folder, skeleton)
    limits = settings.min_frames, settings.max_frames
    return (
        partial(_read_clip, folder, settings.folder, name, split, limits, skeleton)
        for name, split in splits.items()
    )


def read_statistics(folder: Path, skeleton: Skeleton) -> Normalizer:
    """``Mean.npy`` and ``Std.npy`` of a processed dataset.

    Raises:
        LeadError: one is missing, of another width, not finite, not positive, or its std is not
            one value in each block of the features.
    """
    blocks = layout(skeleton)
    arrays = {}
    for name in ("Mean", "Std"):
        path = folder / f"{name}.npy"
        try:
            arrays[name] = np.load(path, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError, EOFError) as error:
            raise _missing(path) from error
        if arrays[name].shape != (blocks.width,) or not np.isfinite(arrays[name]).all():
            raise _wrong_statistics(path, f"an array of shape {arrays[name].shape}", blocks.width)
    std = arrays["Std"]
    for block in BLOCKS:
        values = std[blocks.slice(block)]
        if values.min() <= 0 or np.ptp(values) > 1e-4 * values.max():
            found = f"{block} between {values.min():.4g} and {values.max():.4g}"
            raise _wrong_statistics(folder / "Std.npy", found, blocks.width)
    return Normalizer(arrays["Mean"], std)


def _read_clip(
    folder: Path,
    place: Path,
    name: str,
    split: str,
    limits: tuple[int, int],
    skeleton: Skeleton,
) -> list[Found]:
    path, words = folder / FEATURES / f"{name}.npy", folder / TEXTS / f"{name}.txt"
    source = str(place / FEATURES / path.name)
    if not path.is_file():
        return [Rejected(name, source, "missing", f"{split}.txt names it, and there is no file")]
    try:
        features = _load(path, skeleton)
        lines = read_caption_file(words) if words.is_file() else []
    except LeadError as error:
        return [bad(name, source, error)]
    if not limits[0] <= len(features) < limits[1]:
        detail = f"{len(features)} frames, {limits[0]} to {limits[1] - 1} are used"
        return [Rejected(name, source, "short" if len(features) < limits[0] else "long", detail)]
    if not lines:
        return [Rejected(name, source, "no_caption", f"no caption in {TEXTS}/{words.name}")]
    return [
        FeatureRecording(
            id=name,
            features=features,
            captions=tuple(line.caption for line in lines),
            tokens=tuple(line.tokens for line in lines),
            spans=tuple(line.span for line in lines),
            take=name.removeprefix("M"),
            content="",
            style=None,
            source=source,
            split=split,
        )
    ]


def _load(path: Path, skeleton: Skeleton) -> np.ndarray:
    try:
        features = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise LeadError("The file cannot be read.", file=path, found=str(error)) from error
    # A single frame was saved without its axis in some rebuilds.
    features = features[None] if features.ndim == 1 else features
    if features.ndim != 2 or features.shape[1] != skeleton.feature_width:
        raise LeadError(
            "These are no features of the dataset.",
            file=path,
            found=f"shape {features.shape}",
            expected=f"T x {skeleton.feature_width}",
        )
    if features.dtype.kind != "f" or not np.isfinite(features).all():
        raise LeadError("Some features are not finite numbers.", file=path)
    return features.astype(np.float32)


def _refuse_the_other(folder: Path, skeleton: Skeleton) -> None:
    """KIT-ML's files under a configuration of HumanML3D, or the reverse."""
    first = next(iter(sorted((folder / FEATURES).glob("*.npy"))), None)
    if first is None:
        raise _missing(folder / FEATURES / "*.npy")
    try:
        width = np.load(first, mmap_mode="r", allow_pickle=False).shape[-1]
    except (OSError, ValueError, EOFError):
        return  # a broken file is told of with the others
    for other in SKELETONS.values():
        if other is not skeleton and width == other.feature_width:
            raise LeadError(
                f"This looks like {other.name}, and the study reads {skeleton.name}.",
                file=first,
                found=f"{width} columns",
                expected=f"{skeleton.feature_width} columns",
                fix=f"Set dataset.kind to {other.name}, or dataset.folder to the other folder.",
            )


def _missing(path: Path) -> LeadError:
    return LeadError(
        "A part of the processed dataset is missing.",
        file=path,
        found="nothing that can be read",
        expected=f"{FEATURES}/, {TEXTS}/, train.txt, val.txt, test.txt, Mean.npy and Std.npy",
        fix="Build the dataset with its authors' scripts (github.com/EricGuo5513/HumanML3D), or "
        "set data_root and dataset.folder to where it lies.",
    )


def _wrong_statistics(path: Path, found: str, width: int) -> LeadError:
    return LeadError(
        "The dataset's statistics are not right.",
        file=path,
        found=found,
        expected=f"{width} finite numbers; Std.npy positive and the same within each block",
        fix="Get the file again, or set dataset.statistics to train.",
    )
