"""The published evaluator of Guo et al. 2022: its weights, and the statistics it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from lead.config.models import MatcherModel
from lead.errors import LeadError
from lead.interop.checkpoint_file import (
    Release,
    described,
    differences,
    float_tensors,
    named_weights,
    open_torch_file,
    read_statistics,
)
from lead.models.build import build_matcher, freeze
from lead.models.matcher import Matcher, seen_columns
from lead.motion.layout import BLOCKS, layout
from lead.motion.normalizer import BIASED_BLOCKS, Normalizer
from lead.motion.skeleton import HUMANML3D, SKELETONS, Skeleton

PARTS = ("movement_encoder", "motion_encoder", "text_encoder")
"""Entries of the release's file that are networks; the others are its training's."""

_FOLDERS = {"humanml3d": ("t2m", "Comp_v6_KLD01"), "kit": ("kit", "Comp_v6_KLD005")}
_FIRST = "movement_encoder.main.0.weight"
_GET = (
    "Get the evaluators' archive of Guo et al. (text-to-motion; MLD's and MDM's scripts download "
    "the same), and unpack it so that t2m/text_mot_match/model/finest.tar lies in the folder."
)

_RELEASE = Release(
    title="The published evaluator",
    noun="evaluator",
    file="finest.tar of text_mot_match",
    get=_GET,
    again="Unpack the evaluators' archive again",
)

# The published std is the dataset's divided by 25 in the root and contact blocks, and the
# dataset's own elsewhere, but for the clips that went into each (Guo et al. 2022, as released).
_DIVISOR = (10.0, 60.0)
_LIKE = (0.2, 5.0)
_SAME_MEAN = 0.05  # of the evaluator's deviations; the published root height is 3.4 off


def load_t2m_evaluator(path: Path | str, skeleton: Skeleton = HUMANML3D) -> Matcher:
    """The published evaluator, frozen.

    ``path`` is its ``finest.tar``, the folder of the release in which ``t2m/`` and ``kit/`` lie,
    or any folder between the two. It is opened without executing anything.

    Raises:
        LeadError: no file, not the evaluator's, damaged, or another dataset's.
    """
    path = checkpoint_of(Path(path), skeleton)
    return matcher_of(published_networks(path), MatcherModel(), skeleton, path)


def matcher_of(
    tensors: Mapping[str, Tensor], model: MatcherModel, skeleton: Skeleton, path: Path
) -> Matcher:
    """The frozen network of released weights, whose names have the part's name before.

    Raises:
        LeadError: they are another dataset's, or not of these layers.
    """
    matcher = build_matcher(model, skeleton.feature_width)
    _check(tensors, matcher, path)
    matcher.load_state_dict(tensors)
    return freeze(matcher)


def load_t2m_statistics(
    folder: Path | str, skeleton: Skeleton = HUMANML3D, dataset: Normalizer | None = None
) -> Normalizer:
    """The evaluator's own ``mean.npy`` and ``std.npy``; with ``dataset``, checked against it.

    ``folder`` is that of the release, the one in which the two files lie, also under the names of
    MDM's copies (``t2m_mean.npy``, ``kit_mean.npy``), or any between them.

    They are not the dataset's Mean.npy and Std.npy, and cannot be computed from them: the mean is
    of other clips, and the std is divided by 25 in the root and contact blocks.

    Raises:
        LeadError: a file is missing, damaged, of another width, or holds the dataset's statistics.
    """
    mean, std = (_statistics_file(Path(folder), name, skeleton) for name in ("mean", "std"))
    fix = "Take them from t2m/ for HumanML3D, and from kit/ for KIT-ML."
    statistics = read_statistics(mean, std, skeleton.feature_width, fix)
    if dataset is not None:
        check_statistics(statistics, dataset, skeleton, mean, std)
    return statistics


def check_statistics(
    statistics: Normalizer, dataset: Normalizer, skeleton: Skeleton, mean: Path, std: Path
) -> None:
    """Refuse statistics that are the dataset's or another evaluator's; the paths are for messages.

    Raises:
        LeadError: they are.
    """
    _check_std(statistics, dataset, skeleton, std)
    _check_mean(statistics, dataset, mean)


def checkpoint_of(path: Path, skeleton: Skeleton) -> Path:
    """The weights' file: in a folder the first place that has it, else that of the release."""
    if path.is_file() or (path.suffix and not path.is_dir()):
        return path
    parts = (_FOLDERS[skeleton.name][0], "text_mot_match", "model", "finest.tar")
    return _first_place(path, parts)


def published_networks(path: Path) -> dict[str, Tensor]:
    """The weights of the three networks in a torch file, with the part's name before.

    Raises:
        LeadError: no file, damaged, or another checkpoint.
    """
    loaded = open_torch_file(path, _RELEASE)
    entries = loaded if isinstance(loaded, Mapping) else {}
    networks = {part: entries[part] for part in PARTS if isinstance(entries.get(part), Mapping)}
    if len(networks) < len(PARTS):
        raise LeadError(
            "This is not the evaluator of Guo et al. 2022.",
            file=path,
            found=described(loaded),
            expected=f"networks {', '.join(PARTS)}",
            fix="Name text_mot_match/model/finest.tar, not another checkpoint of the release.",
        )
    tensors = {
        f"{part}.{name}": value
        for part, network in networks.items()
        for name, value in named_weights(network).items()
    }
    return float_tensors(tensors, path, _RELEASE)


def _statistics_file(folder: Path, name: str, skeleton: Skeleton) -> Path:
    parts = (*_FOLDERS[skeleton.name], "meta", f"{name}.npy")
    path = _first_place(folder, parts, f"{parts[0]}_{name}.npy")
    if not path.is_file():
        raise LeadError(
            "Statistics of the published evaluator are not here.",
            file=path,
            found="no such file",
            expected="mean.npy and std.npy in the folder meta of Comp_v6_KLD01 (KIT-ML: KLD005)",
            fix=_GET,
        )
    return path


def _first_place(folder: Path, parts: Sequence[str], *others: str) -> Path:
    """The first place that has it below a folder of the release, else that of the release."""
    names = [Path(*parts[start:]) for start in range(len(parts))]
    places = [folder / name for name in (*names, *others)]
    return next((place for place in places if place.is_file()), places[0])


def _check(tensors: Mapping[str, Tensor], matcher: Matcher, path: Path) -> None:
    models = {"": MatcherModel(), " on positions alone": MatcherModel(features="positions")}
    widths = {
        seen_columns(model, own.feature_width): f"{own.name}{what}"
        for what, model in models.items()
        for own in SKELETONS.values()
    }
    found, expected = (
        values[_FIRST].shape[1] if _FIRST in values and values[_FIRST].ndim == 3 else 0
        for values in (tensors, matcher.state_dict())
    )
    if found != expected and found in widths:
        raise LeadError(
            "The evaluator is that of another dataset, or sees other columns.",
            file=path,
            found=f"{found} input columns, those of {widths[found]}",
            expected=f"{expected}, those of {widths[expected]}",
            fix="Name the file in t2m/ for HumanML3D, and that in kit/ for KIT-ML. MARDM's "
            "evaluators, of 67 and 64 columns, are {kind: mardm}.",
        )
    if problems := differences(tensors, matcher):
        raise LeadError(
            "The evaluator's weights are not those of the published network.",
            file=path,
            found=problems,
            expected="the layers of Guo et al. 2022",
            fix="Use the released file; a network of your own belongs under `evaluator: trained`.",
        )


def _check_std(statistics: Normalizer, dataset: Normalizer, skeleton: Skeleton, path: Path) -> None:
    columns = {block: layout(skeleton).slice(block) for block in BLOCKS}
    ratios = {
        block: float(np.median(np.asarray(dataset.std)[rows] / statistics.std[rows]))
        for block, rows in columns.items()
    }
    usual = float(np.median([ratios[block] for block in BLOCKS if block not in BIASED_BLOCKS]))
    biased = [ratios[block] / usual for block in BIASED_BLOCKS]
    printed = ", ".join(f"{block} {ratio:.3g}" for block, ratio in ratios.items())
    if not _LIKE[0] <= usual <= _LIKE[1]:
        raise LeadError(
            "The evaluator's statistics are of other motion than the study's.",
            file=path,
            found=f"std of the study by the evaluator's: {printed}",
            expected="about 1 outside the root and contact blocks",
            fix="Check dataset and units: t2m/ is for HumanML3D, kit/ for KIT-ML in its own units.",
        )
    if not all(_DIVISOR[0] <= ratio <= _DIVISOR[1] for ratio in biased):
        raise LeadError(
            "These are not the evaluator's statistics.",
            file=path,
            found=f"std of the study by these: {printed}",
            expected=f"about 25 in {', '.join(BIASED_BLOCKS)}",
            fix="Use mean.npy and std.npy of Comp_v6_KLD01/meta (KIT-ML: Comp_v6_KLD005/meta), not "
            "the dataset's Mean.npy and Std.npy.",
        )


def _check_mean(statistics: Normalizer, dataset: Normalizer, path: Path) -> None:
    apart = float(np.max(np.abs(np.asarray(dataset.mean) - statistics.mean) / statistics.std))
    if apart < _SAME_MEAN:
        raise LeadError(
            "This is not the evaluator's mean.",
            file=path,
            found=f"the study's own, to {apart:.2g} of the evaluator's deviations",
            expected="a mean of other clips",
            fix="Use mean.npy beside the evaluator's std.npy, not the dataset's Mean.npy.",
        )
