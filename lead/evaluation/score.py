"""From stored embeddings to metrics: nothing is generated here, and torch is not needed."""

from __future__ import annotations

import json

import numpy as np

from lead.config.evaluation import Evaluation
from lead.errors import LeadError
from lead.evaluation.gallery import gallery_metrics
from lead.evaluation.gauge import gauge_facts, gauge_metrics, labels_of
from lead.evaluation.metrics import (
    SMALLEST_PART,
    TOP,
    diversity,
    diversity_pairs,
    frechet_distance,
    multimodal_distance,
    multimodality,
    r_precision,
    unit_length,
)
from lead.evaluation.repeats import (
    EVALUATED_BY,
    EVALUATOR,
    MADE_WITH,
    Repeats,
    repeat_seeds,
    require_same_items,
    write_values,
)
from lead.evaluation.summary import FID_VALIDATION
from lead.files.job import Job
from lead.files.seeds import Seeds

REAL = "real"
ZERO196 = "zero196"
VALIDATION = "validation"

Embedded = dict[str, np.ndarray]


def compute_metrics(job: Job) -> None:
    """Compute every metric of one system in every repeat that it has, one row each.

    Inputs: ``real`` and ``embeddings``, each one file or several (`Repeats`), the same for the
    system ``real``; where these are of some of the test items only, ``full``, the real ones of
    all. Output: ``metrics``. Its metadata holds the evaluation's settings, the number of items,
    of the gauge the labels, chance and Real's accuracy, and of an external system what was found
    of its files.

    Raises:
        LeadError: the two are not of the same items, hold values that are not finite, or come
            without the gauge's quantities.
    """
    settings = job.setting("evaluation", Evaluation)
    system = str(job.settings["system"])
    real, stored = Repeats(job.inputs["real"]), Repeats(job.inputs["embeddings"])
    require_same_items(system, stored, real)
    _require_same_evaluator(system, stored, real)
    labels = labels_of(stored, real)
    values, of_real = [], []
    for repeat, (now, truth) in enumerate(zip(stored, real, strict=False)):
        metrics = _metrics(system, now, truth, settings, repeat_seeds(job.seeds, repeat))
        values.append(metrics | gauge_metrics(now, truth, labels))
        of_real.append(gauge_metrics(truth, truth, labels))
    if "full" in job.inputs:
        full = Repeats(job.inputs["full"])
        _require_same_evaluator(system, stored, full)
        for metrics, now, every in zip(values, stored, full.only("motion"), strict=False):
            metrics["fid_full"] = frechet_distance(every["motion"], now["motion"])
    items = real.shapes["motion"][1]
    metadata = {
        **job.manifest,
        "evaluation": settings.model_dump(mode="json"),
        "items": items,
        **{name: real.metadata.get(name, "") for name in EVALUATOR},
        "validation": stored.shapes.get(VALIDATION, (0, 0))[1],
        "width": real.shapes["motion"][2],
        "diversity_pairs": diversity_pairs(items, settings.diversity_pairs),
        "gauge": gauge_facts(labels, of_real),
        "notes": json.loads(stored.metadata.get("notes", "[]")),
        MADE_WITH: json.loads(stored.metadata.get(MADE_WITH, "{}")),
    }
    write_values(job.outputs["metrics"], system, values, metadata)


def _metrics(
    system: str, now: Embedded, truth: Embedded, settings: Evaluation, seeds: Seeds
) -> dict[str, float]:
    # An external system may have been given other captions than those of the protocol.
    text, motion = now.get("text", truth["text"]), now["motion"]
    values = matching_metrics(text, motion, settings, seeds) | gallery_metrics(text, motion)
    more = real_metrics if system == REAL else generated_metrics
    return values | more(now, truth, settings, seeds)


def distances(real: np.ndarray, generated: np.ndarray) -> dict[str, float]:
    """``fid``, and ``fid_l2``, the same of embeddings that are divided by their length.

    Figures of the two do not compare (of unit vectors it is below 4). The second is left out where
    an embedding is zero and has no direction.
    """
    values = {"fid": frechet_distance(real, generated)}
    if all(np.any(rows, axis=1).all() for rows in (real, generated)):
        values["fid_l2"] = frechet_distance(unit_length(real), unit_length(generated))
    return values


def matching_metrics(
    text: np.ndarray, motion: np.ndarray, settings: Evaluation, seeds: Seeds
) -> dict[str, float]:
    """R-precision and MM-Dist of pairs, and Diversity of the motions; all one repeat's."""
    permutation = seeds.child("permutation").numpy().permutation(len(text))
    pool = min(settings.pool, len(text))
    hits = r_precision(text, motion, pool=pool, top=TOP, permutation=permutation)
    rng = seeds.child("diversity").numpy()
    return {
        **{f"r_precision_top{k + 1}": float(hits[k]) for k in range(TOP)},
        "mm_dist": multimodal_distance(text, motion, pool=pool, permutation=permutation),
        "diversity": diversity(motion, rng, settings.diversity_pairs),
    }


def real_metrics(
    now: Embedded, truth: Embedded, settings: Evaluation, seeds: Seeds
) -> dict[str, float]:
    """What only the real motions have: the FID of two readings, and what chance gives.

    ``r_precision_top3_shuffled`` pairs every motion with another caption of the list,
    ``fid_mean_motion`` is the FID of the training mean standing still, ``fid_validation`` that of
    the validation clips where there are enough of them for their dimensions, and names that end in
    ``_zero196`` are metrics of the same crops embedded with zeros after their end.
    """
    count = len(now["motion"])
    shuffled = truth["text"][seeds.child("shuffled").numpy().permutation(count)]
    chance = r_precision(shuffled, now["motion"], pool=min(settings.pool, count), top=TOP)
    padded = {}
    if ZERO196 in now:
        padded = matching_metrics(truth["text"], now[ZERO196], settings, seeds)
    return {
        **distances(now["motion"], now["again"]),
        **_bracketing(now, truth),
        "r_precision_top3_shuffled": float(chance[TOP - 1]),
        "fid_mean_motion": frechet_distance(now["motion"], now["mean_motion"]),
        **_of_validation(now),
        **{f"{name}_{ZERO196}": value for name, value in padded.items()},
    }


def generated_metrics(
    now: Embedded, truth: Embedded, settings: Evaluation, seeds: Seeds
) -> dict[str, float]:
    """FID, MultiModality where it was generated for, and the FIDs that bracket it.

    ``fid_reconstruction`` decodes the real crops' own latents, ``fid_random_latent`` decodes
    noise: no system on this decoder should be better than one or worse than the other.
    """
    values = distances(truth["motion"], now["motion"])
    if "multimodality" in now:
        rng = seeds.child("multimodality", "pairs").numpy()
        pairs = min(settings.multimodality.pairs, now["multimodality"].shape[1])
        values["multimodality"] = multimodality(now["multimodality"], rng, pairs)
    return values | _bracketing(now, truth)


def _of_validation(now: Embedded) -> dict[str, float]:
    clips, width = now.get(VALIDATION, now["motion"][:0]).shape
    if clips < max(SMALLEST_PART * width, 2):
        return {}
    return {FID_VALIDATION: frechet_distance(now["motion"], now[VALIDATION])}


def _bracketing(now: Embedded, truth: Embedded) -> dict[str, float]:
    names = [name for name in ("reconstruction", "random_latent") if name in now]
    return {f"fid_{name}": frechet_distance(truth["motion"], now[name]) for name in names}


def _require_same_evaluator(system: str, stored: Repeats, real: Repeats) -> None:
    kept = (EVALUATED_BY, *EVALUATOR)
    pairs = [[repeats.metadata.get(name, "") for repeats in (stored, real)] for name in kept]
    if any(own and truth and own != truth for own, truth in pairs):
        raise LeadError(
            f"The motions of {system} and the real ones were evaluated by different means.",
            file=stored.files[0],
            found="another evaluator, or other settings of it or of `evaluation`",
            expected=f"those of {real.files[0]}",
            fix="Run snakemake with the settings you want, or put into the study's file what was "
            "given as --config.",
        )
