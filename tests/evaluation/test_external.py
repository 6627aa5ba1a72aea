"""An external system's embeddings and metrics, for all that it does and does not bring."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from finished_study import build, drawn, inputs, settings, study_of, write_copy
from finished_study import real_embeddings as stored_embeddings

from lead.clip import Clip
from lead.config.evaluation import Evaluation
from lead.config.external import ExternalSystem
from lead.errors import LeadError
from lead.evaluation.predictions.embed import embed_external
from lead.evaluation.predictions.requests import expected_requests
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.models.tensors import load_tensors, read_metadata, save_tensors
from lead.motion.features import features_to_joints
from lead.motion.normalizer import load_normalizer
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionIndex


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return build(tmp_path_factory.mktemp("external"))


def embed(root, folder, out, captions=None, **said):
    system = ExternalSystem(path=folder, **said)
    slices = settings(study_of(root)) | {
        "system": "mine",
        "external": system.model_dump(mode="json"),
    }
    given = inputs(root) | {"predictions": folder} | ({"captions": captions} if captions else {})
    path = out / "embeddings.safetensors"
    embed_external(Job("embed_external", slices, given, {"embeddings": path}))
    return load_tensors(path), json.loads(read_metadata(path)["notes"])


def measure(root, out):
    real = stored_embeddings(root)
    given = {"real": real, "embeddings": out / "embeddings.safetensors"}
    slices = settings(study_of(root)) | {"system": "mine"}
    compute_metrics(Job("compute_metrics", slices, given, {"metrics": out / "metrics.parquet"}))
    return pq.read_table(out / "metrics.parquet")


def real_embeddings(root):
    return load_tensors(stored_embeddings(root))


def test_a_copy_of_the_real_motions_has_their_embeddings_to_the_bit(root, tmp_path):
    own, _ = embed(root, write_copy(root, tmp_path / "copy", 2), tmp_path)
    real = real_embeddings(root)
    assert torch.equal(own["motion"], real["motion"]) and torch.equal(own["text"], real["text"])


@pytest.mark.parametrize("units", ["dataset", "matcher"])
def test_normalised_features_are_found_and_carried_back(root, tmp_path, units):
    copy = write_copy(root, tmp_path / "copy", 2)
    statistics = load_normalizer(inputs(root)["stats"])
    std = np.array(statistics.std)
    if units == "matcher":
        std[[0, 1, 2, 3, -4, -3, -2, -1]] /= 25.0
    for file in copy.rglob("*.npy"):
        np.save(file, (np.load(file) - statistics.mean) / std)
    own, notes = embed(root, copy, tmp_path)
    torch.testing.assert_close(own["motion"], real_embeddings(root)["motion"], rtol=0, atol=1e-4)
    unit = {"dataset": "dataset", "matcher": "evaluator"}[units]
    assert notes[0].startswith(f"features are in units of the {unit}, as was found")


def test_motions_of_another_model_are_further_from_the_real_ones(root, tmp_path):
    copy = write_copy(root, tmp_path / "copy", 2)
    for file in copy.rglob("*.npy"):
        motion = np.load(file)
        np.save(file, motion * np.linspace(1.3, 0.7, len(motion), dtype=np.float32)[:, None])
    embed(root, copy, tmp_path)
    values = measure(root, tmp_path).to_pandas().set_index("metric")["value"]
    assert values["fid"].min() > 1e-3


def test_metrics_have_the_form_of_every_systems(root, tmp_path):
    embed(root, write_copy(root, tmp_path / "copy", 2), tmp_path)
    table = measure(root, tmp_path)
    real = pq.read_table(root / "results" / "micro" / "systems" / "real" / "metrics.parquet")
    assert table.schema.equals(real.schema)
    said = json.loads(table.schema.metadata[b"lead"])
    assert said["items"] == 12 and "features are raw" in said["notes"][0]
    assert "multimodality" not in set(table["metric"].to_pylist())


def test_multimodality_is_measured_where_it_is_given(root, tmp_path):
    copy = write_copy(root, tmp_path / "copy", 1)
    _, motions = drawn(root, 0)
    for row, item in enumerate(("clip_1", "clip_3")):
        (copy / "multimodality" / item).mkdir(parents=True)
        for sample in range(3):
            np.save(copy / "multimodality" / item / f"{sample}.npy", motions[3 * row + sample])
    own, notes = embed(root, copy, tmp_path)
    assert own["multimodality"].shape == (1, 2, 3, 12)
    real = real_embeddings(root)["motion"][0]
    torch.testing.assert_close(own["multimodality"][0, 1, 2], real[5], rtol=0, atol=1e-5)
    assert "multimodality" in set(measure(root, tmp_path)["metric"].to_pylist())
    assert not [note for note in notes if "MModality" in note]


def test_multimodality_with_a_motion_missing_is_refused(root, tmp_path):
    copy = write_copy(root, tmp_path / "copy", 1)
    for item, samples in (("clip_1", 3), ("clip_3", 2)):
        (copy / "multimodality" / item).mkdir(parents=True)
        for sample in range(samples):
            file = copy / "multimodality" / item / f"{sample}.npy"
            file.write_bytes((copy / f"{item}.npy").read_bytes())
    with pytest.raises(LeadError, match="do not go together") as caught:
        embed(root, copy, tmp_path)
    assert "2 to 3 motions per caption" in str(caught.value)


def test_captions_of_ones_own_are_embedded_in_place_of_those_drawn(root, tmp_path):
    copy = write_copy(root, tmp_path / "copy", 2)
    own, _ = drawn(root, 0)
    first = pd.DataFrame({"id": [c.id for c in own.clips], "caption": [
        c.captions[0].upper() + " " for c in own.clips]})  # fmt: skip
    first.to_csv(tmp_path / "captions.csv", index=False)
    found, _ = embed(root, copy, tmp_path, captions=tmp_path / "captions.csv")
    same = [c.captions[0] == told for c, told in zip(own.clips, own.captions, strict=True)]
    equal = (found["text"][0] == real_embeddings(root)["text"][0]).all(dim=1)
    assert equal.tolist() == same and not all(same)
    assert torch.equal(found["text"][0], found["text"][1])


@pytest.mark.parametrize(
    "rows,said",
    [
        ({"id": ["clip_1"], "caption": ["a dog barks"]}, "clip_1: 'a dog barks'"),
        ({"id": ["clip_9"], "caption": ["a dog barks"]}, "nothing for clip_1"),
        ({"name": ["clip_1"]}, "columns name"),
    ],
)
def test_captions_that_are_none_of_the_items_are_refused(root, tmp_path, rows, said):
    pd.DataFrame(rows).to_csv(tmp_path / "captions.csv", index=False)
    copy = write_copy(root, tmp_path / "copy", 1)
    with pytest.raises(LeadError) as caught:
        embed(root, copy, tmp_path, captions=tmp_path / "captions.csv")
    assert said in str(caught.value)


def test_a_study_with_a_single_test_item_cannot_measure():
    clip = Clip("a", "test", 0, 60, ("a",), "t", "c", None, "s")
    with pytest.raises(LeadError, match="too few test items"):
        expected_requests(MotionIndex([clip], {}), Evaluation(), Seeds(1))


def test_motions_are_asked_for_of_the_split_that_is_measured():
    clips = [
        Clip(f"{split}{n}", split, 0, 60, ("a",), f"{split}{n}", "c", None, "s")
        for split in ("test", "val") for n in range(3)
    ]  # fmt: skip
    index = MotionIndex(clips, {})
    for split in ("test", "val"):
        asked = expected_requests(index, Evaluation(split=split, repeats=1), Seeds(1))
        assert {name[:-1] for name in asked["id"].to_pylist()} == {split}


def test_embeddings_of_another_study_are_refused(root, tmp_path):
    embed(root, write_copy(root, tmp_path / "copy", 1), tmp_path)
    other = build(tmp_path / "other", clips=16)
    with pytest.raises(LeadError, match="do not belong together"):
        measure(other, tmp_path)


def test_joints_have_no_floor_and_no_bones_of_their_own(root, tmp_path):
    folder = tmp_path / "joints"
    folder.mkdir()
    own, motions = drawn(root, 0)
    for clip, motion in zip(own.clips, motions, strict=True):
        np.save(folder / f"{clip.id}.npy", features_to_joints(motion, HUMANML3D))
    stored, notes = embed(root, folder, tmp_path)
    assert "physical.jerk" in stored and "physical.sliding_steps" in stored
    assert not {"physical.penetration", "physical.floating", "physical.bone_drift"} & set(stored)
    assert not any(name.startswith("physical.bone.") for name in stored)
    assert "physical.kimodo_skate_height" in stored and "physical.mbench_slide" in stored
    stated = {"kimodo_skate_contacts", "kimodo_skate_max", "kimodo_consistency"}
    assert not {f"physical.{name}" for name in (*stated, "mbench_penetration")} & set(stored)
    assert any("left out" in note for note in notes)


def test_motions_evaluated_by_other_means_than_the_real_ones_are_refused(root, tmp_path):
    embed(root, write_copy(root, tmp_path / "copy", 1), tmp_path)
    path = tmp_path / "embeddings.safetensors"
    save_tensors(load_tensors(path), path, read_metadata(path) | {"judged_by": "another"})
    with pytest.raises(LeadError, match="evaluated by different means"):
        measure(root, tmp_path)
