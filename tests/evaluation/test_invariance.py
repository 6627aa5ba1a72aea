"""What must not show in embeddings: batch size, order of items, how repeats are spread."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from finished_study import build, generating, inputs, study_of, write_networks

from lead.evaluation.embed import embed_generated, embed_real
from lead.evaluation.repeats import Repeats
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.store import MotionIndex, write_index

STAGES = {"real": embed_real, "lead": embed_generated}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = build(tmp_path_factory.mktemp("invariance"))
    write_networks(folder)
    return folder


def embed(root, out: Path, system: str, repeats=(0, 2), index: Path | None = None, **evaluation):
    slices = json.loads(json.dumps(generating(study_of(root))))
    slices["evaluation"] |= {"sampling_steps": 5, **evaluation}
    given = inputs(root) | write_networks(root)
    job = Job(
        "embed",
        slices | {"repeats": repeats},
        given | ({"index": index} if index else {}),
        {"embeddings": out},
    )
    STAGES[system](job)
    return out


def arrays(*files: Path) -> dict[str, np.ndarray]:
    rounds = Repeats(files)
    return {name: rounds.stacked(name) for name in rounds.shapes}


@pytest.fixture(scope="module")
def in_one_batch(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return {
        (system, precision): arrays(
            embed(root, folder / f"{system}_{precision}", system, precision=precision)
        )
        for system in STAGES
        for precision in ("float32", "float64")
    }


@pytest.mark.parametrize("system", STAGES)
@pytest.mark.parametrize("size", [1, 7, 32])
def test_in_float64_no_bit_depends_on_the_batch_size(root, tmp_path, in_one_batch, system, size):
    expected = in_one_batch[system, "float64"]
    found = arrays(embed(root, tmp_path / "own", system, precision="float64", batch_size=size))
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize("system", STAGES)
@pytest.mark.parametrize("size", [1, 7])
def test_in_float32_the_batch_size_shows_below_1e_4(root, tmp_path, in_one_batch, system, size):
    expected = in_one_batch[system, "float32"]
    found = arrays(embed(root, tmp_path / "own", system, batch_size=size))
    for name in ("motion", *({"text", "again"} & expected.keys())):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-4)


def test_float32_is_as_far_from_float64_as_rounding_takes_it(in_one_batch):
    for system in STAGES:
        rough, fine = (in_one_batch[system, name]["motion"] for name in ("float32", "float64"))
        assert 0 < np.abs(rough - fine).max() < 1e-4


@pytest.mark.parametrize("system", STAGES)
def test_no_bit_depends_on_the_order_of_items(root, tmp_path, in_one_batch, system):
    index = MotionIndex.open(inputs(root)["index"])
    turned = tmp_path / "turned.parquet"
    write_index(turned, index.clips[::-1], int(index.metadata["rows"]), {})
    found = arrays(embed(root, tmp_path / "own", system, index=turned, precision="float64"))
    for name, values in in_one_batch[system, "float64"].items():
        of_items = name != "multimodality"  # its items have an order of their own
        np.testing.assert_array_equal(
            found[name][:, ::-1] if of_items else found[name], values, err_msg=name
        )


@pytest.mark.parametrize("system", STAGES)
def test_a_repeat_is_the_same_whichever_job_it_is_part_of(root, tmp_path, in_one_batch, system):
    parts = [
        embed(root, tmp_path / str(first), system, repeats=(first, first + 1)) for first in (0, 1)
    ]
    found = arrays(*parts)
    for name, values in in_one_batch[system, "float32"].items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_metrics_of_a_split_job_are_those_of_a_whole_one(root, tmp_path):
    files = {
        system: [
            embed(root, tmp_path / f"{system}{first}-{end}", system, repeats=(first, end))
            for first, end in ((0, 2), (0, 1), (1, 2))
        ]
        for system in STAGES
    }

    def metrics(name: str, real: list[Path], own: list[Path]) -> list[dict]:
        slices = generating(study_of(root)) | {"system": "lead"}
        out = tmp_path / name
        given = {"real": real, "embeddings": own}
        compute_metrics(Job("metrics", slices, given, {"metrics": out}))
        return pq.read_table(out).to_pylist()

    whole = metrics("whole.parquet", files["real"][:1], files["lead"][:1])
    assert whole == metrics("split.parquet", files["real"][1:], files["lead"][1:])
    assert {row["metric"] for row in whole} >= {"fid", "multimodality", "fid_reconstruction"}
