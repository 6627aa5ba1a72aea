"""Evaluators that others trained, whatever they are packed in, as the study's own.

Layouts are those of the public code: Guo et al. 2022 (text-to-motion), Motius
(tools/export_evaluator_hf.py) and MARDM (utils/evaluators.py). Nothing in a file is executed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import assert_never

import numpy as np

from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluator, MardmEvaluator, MotiusEvaluator, T2mEvaluator
from lead.config.models import MatcherModel
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.files.digest import file_digest
from lead.files.documents import read_json_object
from lead.files.job import Job
from lead.interop.checkpoint_file import (
    Release,
    float_tensors,
    open_torch_file,
    read_statistics,
    save_published,
)
from lead.interop.t2m_evaluator import (
    PARTS,
    check_statistics,
    checkpoint_of,
    load_t2m_evaluator,
    load_t2m_statistics,
    matcher_of,
    published_networks,
)
from lead.models.matcher import STATISTICS, Matcher, seen_columns
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, load_normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D, KIT, Skeleton

MANIFEST = "artifact_manifest.json"
"""Of Motius's artefact: path, bytes and SHA-256 of each of its files."""

_MOTIUS = "ZeyuLing/motius-evaluator-humanml3d-official"
_AGAIN = f"Get it again: hf download {_MOTIUS} --local-dir data/motius-evaluator"
_RELEASE = Release(
    title="Motius's evaluator",
    noun="evaluator",
    file="model.safetensors of the artefact",
    get=f"{_AGAIN}.",
    again=_AGAIN,
)
_READ = (".safetensors", ".npy", ".pkl", ".json")
_POSITIONS = MatcherModel(features="positions")
_LIKE = (0.2, 5.0)  # std of positions by the evaluator's: more is another unit


def import_evaluator(job: Job) -> None:
    """Bring a published evaluator into the study.

    Input: the study's ``stats``. Outputs: ``weights``, ``statistics``. The release is read from
    the data root.

    Raises:
        LeadError: a file is missing, damaged, not what its manifest says, or another evaluator's.
    """
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    settings, dataset = job.setting("evaluator", Evaluator), load_normalizer(job.inputs["stats"])
    assert settings.kind != "trained"
    folder = job.data_root / settings.folder
    match settings:
        case T2mEvaluator():
            weights = checkpoint_of(folder, skeleton)
            matcher = load_t2m_evaluator(folder, skeleton)
            statistics = load_t2m_statistics(folder, skeleton, dataset)
        case MotiusEvaluator():
            weights = folder / "model.safetensors"
            matcher, statistics = load_motius_evaluator(folder, skeleton, dataset)
        case MardmEvaluator():
            weights = _mardm_weights(folder, skeleton)
            matcher, statistics = load_mardm_evaluator(folder, dataset, skeleton)
        case _:
            assert_never(settings)
    save_normalizer(statistics, job.outputs["statistics"])
    metadata = {STATISTICS: statistics.fingerprint, "source": file_digest(weights)}
    save_published(job, matcher, f"evaluator ({settings.kind}) for {skeleton.name}", metadata)


def load_motius_evaluator(
    folder: Path | str, skeleton: Skeleton = HUMANML3D, dataset: Normalizer | None = None
) -> tuple[Matcher, Normalizer]:
    """The evaluator of Guo et al. 2022 from Motius's artefact, frozen, and its statistics.

    Every file that the manifest names is compared with it first. With ``dataset`` the statistics
    are checked against the dataset's as those of `load_t2m_statistics` are.

    Raises:
        LeadError: a file is missing, is not what the manifest says, or another evaluator's.
    """
    folder = Path(folder)
    check_manifest(folder)
    path = folder / "model.safetensors"
    values = open_torch_file(path, _RELEASE)
    assert isinstance(values, dict)  # a safetensors file holds named tensors
    wanted = {name: own for name, own in values.items() if name.partition(".")[0] in PARTS}
    matcher = matcher_of(float_tensors(wanted, path, _RELEASE), MatcherModel(), skeleton, path)
    mean, std = (folder / "stats" / f"{name}.npy" for name in ("mean", "std"))
    statistics = read_statistics(mean, std, skeleton.feature_width, f"{_AGAIN}.")
    if dataset is not None:
        check_statistics(statistics, dataset, skeleton, mean, std)
    return matcher, statistics


def check_manifest(folder: Path) -> None:
    """Compare the files of an artefact that may be read with its manifest.

    Its README is a page of the hub, which may have changed since.

    Raises:
        LeadError: there is no manifest, a file that it names is missing or has other bytes, or
            it does not name the files that are read.
    """
    path = folder / MANIFEST
    try:
        listed = read_json_object(path.read_text(encoding="utf-8")).get("files")
        digests = {str(own["path"]): str(own["sha256"]) for own in listed or ()}
    except (OSError, ValueError, TypeError, KeyError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise LeadError(
            "The artefact's manifest is not here." if missing else "The manifest cannot be read.",
            file=path,
            found="no such file" if missing else str(error) or type(error).__name__,
            expected="files with path, bytes and sha256",
            fix=f"{_AGAIN}.",
        ) from None
    of_it = [name for name in digests if Path(name).suffix in _READ]
    for name in ("model.safetensors", "stats/mean.npy", "stats/std.npy", *of_it):
        file = folder / name
        inside = file.resolve().is_relative_to(folder.resolve())
        found = _sha256(file) if inside and file.is_file() else "no such file"
        if found != digests.get(name):
            raise LeadError(
                "A file of the artefact is not what its manifest says.",
                file=file,
                found=found,
                expected=digests.get(name, f"a line of {MANIFEST}"),
                fix=f"{_AGAIN}.",
            )


def load_mardm_evaluator(
    folder: Path | str, dataset: Normalizer, skeleton: Skeleton = HUMANML3D
) -> tuple[Matcher, Normalizer]:
    """MARDM's evaluator, frozen, and its statistics of all columns.

    It sees the first 67 features (KIT-ML: 64), root and joint positions; of the others the
    statistics are the dataset's, and nothing depends on them. Its published figures are of motions
    followed by zeros: ``evaluation.boundary: zero196``.

    Raises:
        LeadError: a file is missing, damaged, or another evaluator's or dataset's.
    """
    folder = Path(folder)
    path = _mardm_weights(folder, skeleton)
    matcher = matcher_of(published_networks(path), _POSITIONS, skeleton, path)
    width = seen_columns(_POSITIONS, skeleton.feature_width)
    own = f"eval_mean_std/{_dataset(skeleton)}"
    places = [folder / own, folder / "utils" / own]
    place = next((each for each in places if each.is_dir()), places[0])
    mean, std = (place / f"eval_{name}.npy" for name in ("mean", "std"))
    fix = (
        f"Copy eval_mean.npy and eval_std.npy of utils/{own} in github.com/neu-vi/MARDM; those of "
        "Guo et al. have 263 (251) columns and are another evaluator's."
    )
    for file in (mean, std):
        if not file.is_file():
            raise LeadError(
                "Statistics of MARDM's evaluator are not here.",
                file=file,
                found="no such file",
                expected=f"{width} numbers",
                fix=fix,
            )
    seen = read_statistics(mean, std, width, fix)
    rows = layout(skeleton).slice("local_positions")
    ratio = float(np.median(np.asarray(dataset.std)[rows] / np.asarray(seen.std)[rows]))
    if not _LIKE[0] <= ratio <= _LIKE[1]:
        raise LeadError(
            "The evaluator's statistics are of other motion than the study's.",
            file=std,
            found=f"std of the study's positions by the evaluator's: {ratio:.3g}",
            expected="about 1",
            fix="Check dataset and units: t2m is for HumanML3D, kit for KIT-ML in its own units.",
        )
    whole = [np.array(every, dtype=np.float32) for every in (dataset.mean, dataset.std)]
    whole[0][:width], whole[1][:width] = seen.mean, seen.std
    return matcher, Normalizer(*whole)


def _mardm_weights(folder: Path, skeleton: Skeleton) -> Path:
    own = Path(_dataset(skeleton), "text_mot_match", "model", "finest.tar")
    places = [folder / own, folder / "checkpoints" / own]
    return next((place for place in places if place.is_file()), places[0])


def _dataset(skeleton: Skeleton) -> str:
    return "kit" if skeleton is KIT else "t2m"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
