"""A study that is measured with the published evaluator in place of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluator_files import random_networks, write_checkpoint, write_statistics
from finished_study import build, drawn, inputs, settings, study_of
from oracles.plain_matcher import embed_motion
from vocabulary_files import write_vocabulary

from lead.config.evaluation import T2mEvaluator
from lead.errors import LeadError
from lead.evaluation.embed import embed_real
from lead.evaluation.repeats import Repeats, read_values
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.interop.evaluators import import_evaluator
from lead.motion.layout import layout
from lead.motion.normalizer import load_normalizer, matcher_normalizer
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionIndex, write_index
from lead.text.stages import encode_words


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The files and settings of a study whose captions have tags, and a release beside it."""
    root = build(tmp_path_factory.mktemp("published"))
    folder = tmp_path_factory.mktemp("release")
    given = inputs(root)
    index = MotionIndex.open(given["index"])
    tagged = [
        replace(clip, tokens=tuple(" ".join(f"{word.strip('.')}/NOUN" for word in caption.split())
                                   for caption in clip.captions))
        for clip in index.clips
    ]  # fmt: skip
    write_index(folder / "index.parquet", tagged, int(index.metadata["rows"]), {})
    write_vocabulary(folder / "glove")
    write_checkpoint(folder / "evaluators")
    own = matcher_normalizer(load_normalizer(given["stats"]), layout(HUMANML3D), 25.0)
    write_statistics(folder / "evaluators", own.mean + np.float32(0.01), own.std)
    slices = settings(study_of(root)) | {
        "evaluator": T2mEvaluator(kind="t2m").model_dump(mode="json")
    }
    files = {"matcher": folder / "matcher.safetensors", "matcher_stats": folder / "stats.npz"}
    import_evaluator(
        Job("import_evaluator", slices, {"stats": given["stats"]},
            {"weights": files["matcher"], "statistics": files["matcher_stats"]}, data_root=folder)
    )  # fmt: skip
    files |= {"words": folder / "words.safetensors", "index": folder / "index.parquet"}
    encode_words(
        Job("encode_words", slices, {"index": files["index"]}, {"words": files["words"]},
            data_root=folder)
    )  # fmt: skip
    return root, slices, given | files


def test_its_embeddings_are_those_of_the_table_of_layers(study, tmp_path):
    root, slices, given = study
    out = tmp_path / "embeddings.safetensors"
    embed_real(Job("embed_real", slices, given, {"embeddings": out}))
    stored = next(iter(Repeats(out)))
    networks = {
        part: {name: value.double().numpy() for name, value in own.items()}
        for part, own in random_networks().items()
    }
    own = load_normalizer(given["matcher_stats"])
    for row, motion in list(enumerate(drawn(root, 0)[1]))[:3]:
        expected = embed_motion(own.normalise(motion.astype(np.float64)), networks)
        np.testing.assert_allclose(stored["motion"][row], expected, rtol=0, atol=1e-3)
    compute_metrics(
        Job("metrics", slices | {"system": "real"}, {"real": out, "embeddings": out},
            {"metrics": tmp_path / "metrics.parquet"})
    )  # fmt: skip
    frame, _ = read_values(tmp_path / "metrics.parquet")
    assert np.isfinite(frame["value"]).all() and "r_precision_top3_zero196" in set(frame["metric"])


def test_other_statistics_beside_its_weights_are_refused(study, tmp_path):
    _, slices, given = study
    wrong = given | {"matcher_stats": given["stats"]}
    with pytest.raises(LeadError, match="trained on other statistics"):
        embed_real(Job("embed_real", slices, wrong, {"embeddings": tmp_path / "out"}))
