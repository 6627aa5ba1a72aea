"""From quantities of motions to metrics of systems: what is divided by what, and when."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from finished_study import build, real_embeddings

from lead.errors import LeadError
from lead.evaluation.physical import measure_motions
from lead.evaluation.physical_score import physical_metrics, physical_values, plain_values
from lead.evaluation.repeats import FIRST, PREFIX
from lead.evaluation.summary import summarise
from lead.files.job import Job
from lead.models.tensors import save_tensors
from lead.motion.skeleton import HUMANML3D

REPEATS, ITEMS, FRAMES = 2, 5, 30


def bodies(seed: int, size: float = 1.0) -> dict[str, np.ndarray]:
    """Quantities of bodies that shake about, R x I each."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.3, (1, 22, 3)) + np.array([0.0, 0.5, 0.0])
    shake = rng.normal(0, 0.02, (REPEATS * ITEMS, FRAMES, 22, 3))
    shake[:, :, list(HUMANML3D.face_joints)] = 0
    shake[:, :, [0, *HUMANML3D.left_feet, *HUMANML3D.right_feet]] = 0
    pose[:, [*HUMANML3D.left_feet, *HUMANML3D.right_feet], 1] = 0
    joints = torch.from_numpy(pose + size * shake)
    mask = torch.ones(joints.shape[:2], dtype=torch.bool)
    found = measure_motions(joints, mask, HUMANML3D, 20.0)
    return {name: v.numpy().reshape(REPEATS, ITEMS) for name, v in found.items()}


def write(path: Path, quantities: dict[str, np.ndarray], first: int = 0) -> Path:
    """An embeddings file of some repeats; without quantities, of the time before there were any."""
    repeats = len(next(iter(quantities.values()), [0, 0]))
    own = {PREFIX + name: torch.from_numpy(values.copy()) for name, values in quantities.items()}
    embedded = {"motion": torch.zeros(repeats, ITEMS, 4)}
    save_tensors(own | embedded, path, {FIRST: str(first)})
    return path


def metrics(folder: Path, own: dict, real: dict, system: str = "mld"):
    job = Job(
        "physical_metrics",
        {"seed": 1, "system": system},
        {
            "real": write(folder / "real.safetensors", real),
            "embeddings": write(folder / "own.safetensors", own),
        },
        {"metrics": folder / "physical.parquet"},
    )
    physical_metrics(job)
    return pq.read_table(folder / "physical.parquet").to_pandas()


def mean(frame) -> dict[str, float]:
    return summarise(frame).set_index("metric")["mean"].to_dict()


def test_a_copy_of_the_real_motions_has_their_metrics_and_ratios_of_one(tmp_path):
    real = bodies(0)
    values = mean(metrics(tmp_path, real, real))
    for name in ("jerk_ratio", "speed_ratio", "energy_ratio", "range_ratio"):
        assert values[name] == 1
    assert values == mean(metrics(tmp_path, real, real, system="real"))


def test_half_the_movement_is_half_the_range_and_a_quarter_of_the_energy(tmp_path):
    values = mean(metrics(tmp_path, bodies(0, size=0.5), bodies(0)))
    assert values["range_ratio"] == pytest.approx(0.5, rel=1e-5)
    assert values["speed_ratio"] == pytest.approx(0.5, rel=1e-5)
    assert values["jerk_ratio"] == pytest.approx(0.5, rel=1e-5)
    assert values["energy_ratio"] == pytest.approx(0.25, rel=1e-5)


def test_the_metrics_can_be_summarised_with_an_interval(tmp_path):
    summary = summarise(metrics(tmp_path, bodies(1), bodies(0)))
    assert set(summary["system"]) == {"mld"}
    assert (summary["repeats"] == REPEATS).all()
    assert summary["ci95"].notna().all()


def quantities(**given: list[float]) -> dict[str, np.ndarray]:
    """Two motions of 11 frames with nothing but what is given."""
    names = ("contact_steps", "sliding_steps", "slide_speed", "gmd_frames", "penetration",
             "floating", "jerk", "bone_drift", "joint_speed", "kinetic_energy",
             "range_of_motion")  # fmt: skip
    values = {name: [0.0, 0.0] for name in names} | {"frames": [11.0, 11.0]} | given
    return {name: np.array(own, dtype=np.float32) for name, own in values.items()}


def test_skating_is_a_share_of_all_contact_steps_together():
    own = quantities(contact_steps=[20, 5], sliding_steps=[0, 5], slide_speed=[0, 4.0])
    values = plain_values(own)
    assert values["foot_skating"] == pytest.approx(5 / 25)
    assert values["foot_slide"] == pytest.approx(100 * 4 / 25)
    assert values["foot_contact"] == pytest.approx(25 / 40)


def test_jerk_is_a_mean_over_windows_of_four_frames():
    assert plain_values(quantities(jerk=[8, 24]))["jerk"] == pytest.approx(2)


def test_gmds_ratio_is_a_mean_over_motions():
    own = quantities(frames=[11, 101], gmd_frames=[10, 0])
    assert plain_values(own)["foot_skating_gmd"] == pytest.approx(0.5)


def test_a_motion_never_on_the_floor_counts_for_no_skating_and_does_no_harm():
    some = quantities(contact_steps=[0, 10], sliding_steps=[0, 2])
    assert plain_values(some)["foot_skating"] == pytest.approx(0.2)
    never = plain_values(quantities(floating=[3.3, 3.3]))
    assert "foot_skating" not in never and "foot_slide" not in never
    assert never["floating"] == pytest.approx(300)


def test_a_ratio_is_of_means_and_a_still_real_body_does_not_decide_it():
    real = quantities(range_of_motion=[1e-6, 2.0])
    own = quantities(range_of_motion=[1.0, 1.0])
    assert physical_values(own, real)["range_ratio"] == pytest.approx(1.0, rel=1e-5)


def test_a_ratio_to_nothing_is_left_out():
    assert "energy_ratio" not in physical_values(quantities(kinetic_energy=[1, 1]), quantities())


def test_motions_of_another_length_are_compared_frame_by_frame():
    real = quantities(joint_speed=[10, 10])
    longer = quantities(frames=[21, 21], joint_speed=[20, 20])
    assert physical_values(longer, real)["speed_ratio"] == pytest.approx(1)


def test_bones_are_compared_with_the_mean_of_the_real_ones():
    real = quantities() | {"bone.a": np.array([0.4, 0.4]), "bone.b": np.array([0.2, 0.2])}
    own = quantities() | {"bone.a": np.array([0.44, 0.40]), "bone.b": np.array([0.2, 0.2])}
    assert physical_values(own, real)["bone_error"] == pytest.approx(2.5)
    assert physical_values(real, real)["bone_error"] == 0


def test_one_repeat_of_an_external_system_is_compared_with_the_first_of_real(tmp_path):
    real = bodies(0)
    own = {name: values[:1] for name, values in real.items()}
    frame = metrics(tmp_path, own, real, system="mine")
    assert set(frame["repeat"]) == {0}
    assert mean(frame)["jerk_ratio"] == 1


def test_repeats_in_several_files_are_those_of_one(tmp_path):
    real, own = bodies(0), bodies(1)
    whole = metrics(tmp_path, own, real)
    parts = tuple(
        write(
            tmp_path / f"{repeat}.safetensors",
            {name: values[repeat : repeat + 1] for name, values in own.items()},
            repeat,
        )
        for repeat in range(REPEATS)
    )
    given = {"real": tmp_path / "real.safetensors", "embeddings": parts}
    out = {"metrics": tmp_path / "again.parquet"}
    physical_metrics(Job("physical_metrics", {"seed": 1, "system": "mld"}, given, out))
    assert pq.read_table(out["metrics"]).to_pandas().equals(whole)


def test_quantities_of_other_items_are_refused(tmp_path):
    real = bodies(0)
    with pytest.raises(LeadError, match="do not belong together"):
        metrics(tmp_path, {name: values[:, :3] for name, values in real.items()}, real)


def test_embeddings_of_an_earlier_version_are_named(tmp_path):
    with pytest.raises(LeadError, match="without physical quantities"):
        metrics(tmp_path, {}, bodies(0))
    assert not (tmp_path / "physical.parquet").exists()


def test_a_quantity_that_is_no_number_is_named(tmp_path):
    own = bodies(0)
    own["jerk"][1, 2] = np.nan
    with pytest.raises(LeadError) as caught:
        metrics(tmp_path, own, bodies(0))
    assert caught.value.found == "physical.jerk, repeat 1"


def test_a_truncated_file_is_named(tmp_path):
    metrics(tmp_path, bodies(0), bodies(0))
    path = tmp_path / "own.safetensors"
    path.write_bytes(path.read_bytes()[:300])
    given = {"real": tmp_path / "real.safetensors", "embeddings": path}
    job = Job("physical_metrics", {"seed": 1, "system": "mld"}, given, {"metrics": tmp_path / "m"})
    with pytest.raises(LeadError, match="damaged"):
        physical_metrics(job)


def test_what_is_stored_of_real_motions_is_scored_in_every_repeat(tmp_path):
    stored = real_embeddings(build(tmp_path))
    given, out = {"real": stored, "embeddings": stored}, {"metrics": tmp_path / "physical.parquet"}
    physical_metrics(Job("physical_metrics", {"seed": 1, "system": "real"}, given, out))
    frame = pq.read_table(out["metrics"]).to_pandas()
    assert set(frame["repeat"]) == {0, 1}
    values = mean(frame)
    assert values["range_ratio"] == 1
    assert values["penetration"] == 0 and values["bone_drift"] < 1e-3
    assert 0.5 < values["foot_contact"] < 1
