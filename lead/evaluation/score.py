"""From stored embeddings to metrics: nothing is generated here, and torch is not needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import SafetensorError
from safetensors.numpy import load_file

from lead.config.evaluation import Evaluation
from lead.errors import LeadError
from lead.evaluation.metrics import (
    diversity,
    diversity_pairs,
    frechet_distance,
    multimodal_distance,
    multimodality,
    r_precision,
)
from lead.evaluation.seeding import repeat_seeds
from lead.provenance.artefact import atomic_path, unreadable
from lead.provenance.job import Job
from lead.provenance.seeds import Seeds

REAL = "real"
TOP = 3

Embedded = dict[str, np.ndarray]

_SCHEMA = [("system", pa.string()), ("metric", pa.string()), ("repeat", pa.int64())]


def compute_metrics(job: Job) -> None:
    """Every metric of one system in every repeat, one row each.

    Inputs: ``real`` and ``embeddings``, which are one file for the system ``real``.
    Output: ``metrics``. Its metadata holds the evaluation's settings and the number of items.
    """
    settings = job.setting("evaluation", Evaluation)
    system = str(job.settings["system"])
    real, own = _load(job.inputs["real"]), _load(job.inputs["embeddings"])
    if own["motion"].shape != real["motion"].shape:
        raise LeadError(
            f"The embeddings of {system} and of the real motions do not belong together.",
            file=job.inputs["embeddings"],
            found=f"{own['motion'].shape[:2]} repeats and items",
            expected=f"{real['motion'].shape[:2]}",
            fix="Delete both files and run the same snakemake command again.",
        )
    rows = []
    for repeat in range(len(real["motion"])):
        seeds = repeat_seeds(job.seeds, repeat)
        now = {name: values[repeat] for name, values in own.items()}
        truth = {name: values[repeat] for name, values in real.items()}
        values = matching_metrics(truth["text"], now["motion"], settings, seeds)
        values |= real_metrics(now, settings, seeds) if system == REAL else {}
        values |= generated_metrics(now, truth, settings, seeds) if system != REAL else {}
        rows += [
            {"system": system, "metric": name, "repeat": repeat, "value": value}
            for name, value in values.items()
        ]
    items = real["motion"].shape[1]
    words = {
        **job.manifest,
        "evaluation": settings.model_dump(mode="json"),
        "items": items,
        "diversity_pairs": diversity_pairs(items, settings.diversity_pairs),
    }
    schema = pa.schema([*_SCHEMA, ("value", pa.float64())], metadata={"lead": json.dumps(words)})
    with atomic_path(job.outputs["metrics"]) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)


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


def real_metrics(now: Embedded, settings: Evaluation, seeds: Seeds) -> dict[str, float]:
    """What only the real motions have: the FID of two readings, and what chance gives.

    ``r_precision_top3_shuffled`` pairs every motion with another caption of the list, and
    ``fid_mean_motion`` is the FID of the training mean standing still.
    """
    count = len(now["motion"])
    shuffled = now["text"][seeds.child("shuffled").numpy().permutation(count)]
    chance = r_precision(shuffled, now["motion"], pool=min(settings.pool, count), top=TOP)
    return {
        "fid": frechet_distance(now["motion"], now["again"]),
        "r_precision_top3_shuffled": float(chance[TOP - 1]),
        "fid_mean_motion": frechet_distance(now["motion"], now["mean_motion"]),
    }


def generated_metrics(
    now: Embedded, truth: Embedded, settings: Evaluation, seeds: Seeds
) -> dict[str, float]:
    """FID and MultiModality, and the FIDs that bracket it.

    ``fid_reconstruction`` decodes the real crops' own latents, ``fid_random_latent`` decodes
    noise: no system on this decoder should be better than one or worse than the other.
    """
    rng = seeds.child("multimodality", "pairs").numpy()
    pairs = min(settings.multimodality.pairs, now["multimodality"].shape[1])
    return {
        "fid": frechet_distance(truth["motion"], now["motion"]),
        "multimodality": multimodality(now["multimodality"], rng, pairs),
        "fid_reconstruction": frechet_distance(truth["motion"], now["reconstruction"]),
        "fid_random_latent": frechet_distance(truth["motion"], now["random_latent"]),
    }


def _load(path: Path) -> Embedded:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error, "the rule that embeds a system") from error
