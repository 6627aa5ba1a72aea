"""Evaluators of Motius and MARDM: opened to the letter, and nothing else taken for them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluator_files import (
    in_numpy,
    random_networks,
    shapes,
    write_checkpoint,
    write_mardm,
    write_motius,
)
from freezing import is_frozen
from oracles.plain_matcher import embed_motion, embed_text

from lead.config.datasets import SyntheticDataset
from lead.errors import LeadError
from lead.files.job import Job
from lead.interop.evaluators import (
    import_evaluator,
    load_mardm_evaluator,
    load_motius_evaluator,
)
from lead.interop.t2m_evaluator import load_t2m_evaluator
from lead.models.files import load_matcher, weights_digest
from lead.models.tensors import read_metadata
from lead.motion.layout import layout
from lead.motion.normalizer import BIASED_BLOCKS, Normalizer, load_normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D, SKELETONS

LAYOUTS = Path(__file__).parent / "layouts"
COLUMNS = {"humanml3d": 67, "kit": 64}


def statistics(width: int = 263, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=width).astype(np.float32), rng.uniform(0.1, 0.4, width).astype(
        np.float32
    )


def of_guo(dataset: Normalizer) -> tuple[np.ndarray, np.ndarray]:
    """Statistics as the evaluator of Guo et al. has them beside a dataset's."""
    std = np.array(dataset.std)
    for block in BIASED_BLOCKS:
        std[layout(HUMANML3D).slice(block)] /= 25
    return dataset.mean + np.float32(0.02), std


def layout_of(file: str) -> dict[str, str]:
    with (LAYOUTS / f"{file}.csv").open(newline="") as table:
        return {row["key"]: row["shape"] for row in csv.DictReader(table)}


@pytest.mark.parametrize(
    ("file", "columns", "join"),
    [
        ("motius_evaluator", 259, "."),
        ("mardm_evaluator_humanml3d", 67, "/"),
        ("mardm_evaluator_kit", 64, "/"),
    ],
)
def test_the_files_that_tests_write_have_the_layout_of_the_public_code(file, columns, join):
    assert layout_of(file) == {
        f"{part}{join}{name}": "x".join(map(str, shape))
        for part, own in shapes(columns).items()
        for name, shape in own.items()
    }


def test_motius_packs_the_network_of_guo_et_al_to_the_bit(tmp_path):
    dataset = Normalizer(*statistics())
    mean, std = of_guo(dataset)
    folder = write_motius(tmp_path / "motius", mean, std)
    matcher, own = load_motius_evaluator(folder, HUMANML3D, dataset)
    assert is_frozen(matcher)
    of_release = load_t2m_evaluator(write_checkpoint(tmp_path / "guo"))
    assert all(
        torch.equal(value, of_release.state_dict()[name])
        for name, value in matcher.state_dict().items()
    )
    np.testing.assert_array_equal(own.mean, mean)
    np.testing.assert_array_equal(own.std, std)


def test_motius_embeds_as_the_table_of_layers_says(tmp_path):
    matcher, own = load_motius_evaluator(write_motius(tmp_path, *statistics()))
    networks, rng = in_numpy(random_networks()), np.random.default_rng(1)
    raw = rng.normal(size=(42, 263))
    seen = torch.from_numpy(own.normalise(raw))[None]
    found = matcher.double().embed_motion(seen, torch.ones(1, 42, dtype=torch.bool))
    np.testing.assert_allclose(found[0], embed_motion(seen[0].numpy(), networks), atol=1e-10)
    vectors, classes = rng.normal(size=(7, 300)), np.eye(15)[rng.integers(15, size=7)]
    found = matcher.embed_text(
        torch.from_numpy(vectors)[None], torch.tensor([7]), torch.from_numpy(classes)[None]
    )
    np.testing.assert_allclose(found[0], embed_text(vectors, classes, networks), atol=1e-10)


@pytest.mark.parametrize("dataset", COLUMNS)
@pytest.mark.parametrize("boundary", ["unpadded", "zero196"])
def test_mardm_sees_root_and_positions_alone_as_the_table_of_layers_says(
    tmp_path, dataset, boundary
):
    skeleton, columns = SKELETONS[dataset], COLUMNS[dataset]
    of_dataset = Normalizer(*statistics(skeleton.feature_width, seed=3))
    mean, std = statistics(columns)
    matcher, own = load_mardm_evaluator(
        write_mardm(tmp_path, dataset, mean, std), of_dataset, skeleton
    )
    raw = np.random.default_rng(1).normal(size=(42, skeleton.feature_width))
    seen = torch.from_numpy(own.normalise(raw))[None]
    mask = torch.ones(1, 42, dtype=torch.bool)
    found = matcher.double().embed_motion(seen, mask, boundary=boundary)
    # The oracle leaves out four columns at the end.
    plain = np.pad((raw[:, :columns] - mean) / std, ((0, 0), (0, 4)))
    networks = in_numpy(random_networks(dataset, columns=columns))
    expected = embed_motion(plain, networks, 196 if boundary == "zero196" else None)
    np.testing.assert_allclose(found[0], expected, atol=1e-9)
    others = raw + np.where(np.arange(raw.shape[1]) < columns, 0, 5)
    again = matcher.embed_motion(torch.from_numpy(own.normalise(others))[None], mask,
                                 boundary=boundary)  # fmt: skip
    assert torch.equal(found, again)


def refused(load, *arguments) -> str:
    with pytest.raises(LeadError) as caught:
        load(*arguments)
    error = caught.value
    assert error.fix and error.found and error.expected
    return str(error)


@pytest.mark.parametrize("name", ["model.safetensors", "stats/std.npy", "glove/our_vab_words.pkl"])
def test_a_file_that_is_not_what_the_manifest_says_is_refused(tmp_path, name):
    folder = write_motius(tmp_path, *statistics())
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    said = refused(load_motius_evaluator, folder)
    assert "not what its manifest says" in said and name in said and "hf download" in said
    (folder / name).unlink()
    assert "no such file" in refused(load_motius_evaluator, folder)


def test_a_card_that_changed_on_the_hub_is_no_reason(tmp_path):
    folder = write_motius(tmp_path, *statistics())
    (folder / "README.md").write_text("another card")
    load_motius_evaluator(folder)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"files": [{"path": "model.safetensors"}]}', '{"files": 3}', "{}"]
)
def test_a_manifest_that_says_nothing_of_the_files_is_refused(tmp_path, content):
    folder = write_motius(tmp_path, *statistics())
    (folder / "artifact_manifest.json").write_text(content)
    said = refused(load_motius_evaluator, folder)
    assert "manifest" in said


def test_a_manifest_that_is_missing_or_leads_out_of_the_folder_is_refused(tmp_path):
    folder = write_motius(tmp_path / "own", *statistics())
    (tmp_path / "secret.npy").write_text("x")
    path = folder / "artifact_manifest.json"
    path.write_text(path.read_text().replace("glove/our_vab_words.pkl", "../secret.npy"))
    assert "no such file" in refused(load_motius_evaluator, folder)
    path.unlink()
    assert "manifest is not here" in refused(load_motius_evaluator, folder)


def test_statistics_of_the_dataset_in_motius_place_are_refused(tmp_path):
    dataset = Normalizer(*statistics())
    folder = write_motius(tmp_path, dataset.mean, dataset.std)
    said = refused(load_motius_evaluator, folder, HUMANML3D, dataset)
    assert "not the evaluator's statistics" in said


def test_statistics_of_another_evaluator_are_refused_for_mardm(tmp_path):
    dataset = Normalizer(*statistics())
    folder = write_mardm(tmp_path, "humanml3d", *of_guo(dataset))
    said = refused(load_mardm_evaluator, folder, dataset)
    assert "shape (263,)" in said and "67 finite" in said and "another evaluator" in said


def test_the_weights_of_one_evaluator_are_not_taken_for_anothers(tmp_path):
    dataset = Normalizer(*statistics())
    guos = write_mardm(tmp_path / "a", "humanml3d", *statistics(67))
    torch.save(random_networks(), guos / "checkpoints/t2m/text_mot_match/model/finest.tar")
    said = refused(load_mardm_evaluator, guos, dataset)
    assert "259 input columns, those of humanml3d" in said and "positions alone" in said
    mardms = write_checkpoint(tmp_path / "b", **random_networks(columns=67))
    said = refused(load_t2m_evaluator, mardms)
    assert "67 input columns, those of humanml3d on positions alone" in said and "mardm" in said


@pytest.mark.parametrize("kind", ["motius", "mardm"])
def test_the_stage_writes_weights_statistics_and_where_they_come_from(tmp_path, kind):
    dataset = Normalizer(*statistics())
    if kind == "motius":
        write_motius(tmp_path / "data" / "motius-evaluator", *of_guo(dataset))
    else:
        write_mardm(tmp_path / "data" / "mardm", "humanml3d", *statistics(67))
    save_normalizer(dataset, tmp_path / "stats.npz")
    settings = {
        "dataset": SyntheticDataset(kind="synthetic").model_dump(mode="json"),
        "evaluator": {"kind": kind},
        "seed": 1,
    }
    out = {"weights": tmp_path / "matcher.safetensors", "statistics": tmp_path / "own.npz"}
    inputs = {"stats": tmp_path / "stats.npz"}
    import_evaluator(Job("import", settings, inputs, out, data_root=tmp_path / "data"))
    own = load_normalizer(out["statistics"], 263)
    assert read_metadata(out["weights"])["statistics"] == own.fingerprint
    assert len(weights_digest(out["weights"])) == 32
    assert load_matcher(out["weights"]).columns == {"motius": 259, "mardm": 67}[kind]
