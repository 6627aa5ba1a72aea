"""Every fault of the audit planted once, and found; real and synthetic motion left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lead.clip import ReadClip, Recording
from lead.config.datasets import SyntheticDataset
from lead.datasets import open_mocap
from lead.datasets.audit.checks import Finding, inspect, refusal
from lead.datasets.audit.cross_check import cross_check
from lead.datasets.audit.measures import measure_walk, mirrored_motion, same_motion
from lead.datasets.gather import _read_clip
from lead.datasets.synthetic.dataset import make_clip
from lead.mocap.cut import Limits
from lead.motion.features import joints_to_features
from lead.motion.kinematics import mirror
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

LONG = SyntheticDataset(clips=40, min_positions=121, max_positions=121)
STAND, WALK, RUN, JUMP, WAVE, KICK = 0, 1, 10, 11, 14, 21


def clip(number: int, name: str, **changes) -> Recording:
    made = make_clip(LONG, 5, number)
    return replace(made, **{"id": name, "take": name, "source": f"{name}.bvh", **changes})


def joints(number: int) -> np.ndarray:
    return make_clip(LONG, 5, number).joints.astype(np.float64)


def an_ordinary_walk() -> np.ndarray:
    """A walk of 0.35 m s, about which a wrong rate can be told."""
    for number in (1, 32, 63, 94, 125, 156, 187):
        walk = measure_walk(joints(number), 20.0, HUMANML3D)
        if walk is not None and 0.27 < walk.ratio < 0.4:
            return joints(number)
    raise AssertionError("no ordinary walk among the synthetic clips")


def turned(motion: np.ndarray, angle: float) -> np.ndarray:
    rotation = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    return motion @ np.array(rotation).T


def faulty(number: int, fault) -> np.ndarray:
    changed = joints(number)
    fault(changed)
    return changed


def with_nan(motion: np.ndarray) -> None:
    motion[7, 3, 1] = np.nan


def with_frozen_second(motion: np.ndarray) -> None:
    motion[40:60] = motion[40]


def with_teleport(motion: np.ndarray) -> None:
    motion[50:] += (0.8, 0.0, 0.0)


def with_stretching_arm(motion: np.ndarray) -> None:
    elbow, wrist = motion[:, 18], motion[:, 20]
    motion[:, 20] += (wrist - elbow) * np.linspace(0, 0.6, len(motion))[:, None]


def clean() -> list[tuple[Recording, str]]:
    """Seven clips, and the mirror images of two of them where they belong."""
    splits = ["train"] * 5 + ["val", "test"]
    rows = [(clip(number, f"clean_{number}"), split) for number, split in enumerate(splits, 2)]
    for name, (original, split) in {"Mclean_2": rows[0], "reversed": rows[5]}.items():
        mirrored = mirror(original.joints, HUMANML3D)
        rows.append((replace(original, id=name, motion=mirrored), split))
    return rows


def planted() -> tuple[list[tuple[Recording, str]], set[tuple[str, str]]]:
    """The clean recordings, one more for every fault, and the faults by kind and id."""
    noise = np.random.default_rng(1).normal(scale=1e-5, size=joints(WALK).shape)
    again = turned(joints(KICK), 1.0) + np.array([3.0, 0.0, -2.0]) + noise
    walk = an_ordinary_walk()
    single = [
        ("non_finite", clip(STAND, "nan", motion=faulty(STAND, with_nan))),
        ("one_frame", clip(WAVE, "one", motion=joints(WAVE)[:1])),
        ("known_broken", clip(24, "007975")),
        ("unit", clip(25, "centimetres", motion=joints(25) * 100)),
        ("fps", clip(1, "slow", motion=resample(walk, 20, 60)[:121])),
        ("fps", clip(1, "fast", motion=walk[::3])),
        ("frozen", clip(26, "frozen", motion=faulty(26, with_frozen_second))),
        ("exploding", clip(27, "teleport", motion=faulty(27, with_teleport))),
        ("stretching", clip(28, "arm", motion=faulty(28, with_stretching_arm))),
    ]
    rows = [(recording, "train") for _, recording in single]
    rows += [
        (clip(KICK, "kick"), "train"),
        (clip(KICK, "copy_in_test", motion=again), "test"),
        (clip(22, "kick_right"), "train"),
        (clip(22, "copy_in_train"), "train"),
        (clip(29, "bend"), "train"),
        (clip(29, "Mbend", motion=mirror(joints(29), HUMANML3D)), "val"),
        (clip(16, "clap"), "train"),
        (clip(16, "nameless", motion=turned(mirror(joints(16), HUMANML3D), 2.0)), "test"),
        (clip(17, "take_p1", take="take"), "train"),
        (clip(18, "take_p2", take="take"), "val"),
    ]
    together = {
        ("duplicate_apart", "copy_in_test"),
        ("duplicate", "copy_in_train"),
        ("mirror_apart", "Mbend"),
        ("mirror_apart", "nameless"),
        ("take_apart", "take_p2"),
        ("count", ""),
    }
    return clean() + rows, {(kind, recording.id) for kind, recording in single} | together


def audited(
    rows: list[tuple[Recording, str]], expected: dict[str, int] | None = None
) -> list[Finding]:
    clips, findings = [], []
    for recording, split in rows:
        inspection = inspect(recording, HUMANML3D)
        clips.append(replace(_read_clip(recording, inspection, 0, 0), split=split))
        findings += inspection.findings
    return findings + cross_check(clips, expected or {})


def found_in(recording: Recording, skeleton=HUMANML3D) -> list[str]:
    return [finding.kind for finding in inspect(recording, skeleton).findings]


def test_every_planted_fault_is_found_and_nothing_else():
    rows, faults = planted()
    splits = [split for _, split in rows]
    expected = {"train": splits.count("train"), "val": splits.count("val") + 1}
    findings = audited(rows, expected)
    assert sorted((finding.kind, finding.id) for finding in findings) == sorted(faults)


def test_nothing_is_found_in_clean_recordings():
    assert audited(clean(), {"train": 6, "val": 2, "test": 1}) == []


def test_nothing_is_found_in_synthetic_clips():
    short = SyntheticDataset(clips=93)
    rows = [(make_clip(short, 3, number), "train") for number in range(93)]
    assert audited(rows) == []


def test_a_single_joint_that_jumps_for_a_frame_is_told_once():
    def with_glitch(motion: np.ndarray) -> None:
        motion[30, 20] += (0.0, 0.9, 0.0)

    assert found_in(clip(WAVE, "glitch", motion=faulty(WAVE, with_glitch))) == ["exploding"]


@pytest.mark.parametrize("frame", [1, 60, 120], ids=["first", "middle", "last"])
def test_a_jump_that_a_sprinter_could_make_is_still_too_sudden(frame: int):
    motion = joints(STAND)
    motion[frame:] += (0.2, 0.0, 0.0)
    assert found_in(clip(STAND, "shifted", motion=motion)) == ["exploding"]


def test_a_copy_of_a_symmetric_motion_is_no_mirror_image():
    bow = joints(27)
    symmetric = (bow + mirror(bow, HUMANML3D)) / 2
    rows = [(clip(27, name, motion=symmetric), name) for name in ("train", "test")]
    assert [finding.kind for finding in audited(rows)] == ["duplicate_apart"]


def test_the_same_faults_are_found_in_features():
    def recording(motion: np.ndarray, **changes) -> Recording:
        words = {
            name: getattr(clip(WALK, "walk"), name) for name in ("captions", "take", "content")
        }
        features = joints_to_features(motion, HUMANML3D)
        return replace(
            Recording(id="walk", motion=features, style=None, source="walk.npy", **words),
            **changes,
        )

    whole = recording(an_ordinary_walk())
    assert found_in(whole) == []
    with_gap = whole.motion.copy()
    with_gap[5, 100] = np.inf
    assert found_in(replace(whole, motion=with_gap)) == ["non_finite"]
    assert found_in(replace(whole, motion=whole.motion[:1])) == ["one_frame"]
    assert found_in(recording(faulty(27, with_teleport))) == ["exploding"]
    assert found_in(recording(an_ordinary_walk()[::3])) == ["fps"]
    scaled = whole.motion.copy()
    scaled[:, 1:67] *= 1000
    assert found_in(replace(whole, motion=scaled)) == ["unit"]


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (100, "centimetres"),
        (1000, "millimetres"),
        (1 / 0.056444, "0.056444"),
        (1 / 0.0254, "inches"),
        (560, "KIT-ML"),
        (5, "no unit known"),
    ],
)
def test_a_wrong_unit_is_named(factor: float, unit: str):
    wrong = clip(WALK, "wrong", motion=joints(WALK) * factor)
    (finding,) = inspect(wrong, HUMANML3D).findings
    assert finding.kind == "unit" and unit in finding.detail


def test_kit_is_measured_in_its_own_unit():
    lengths = np.where(np.isin(np.arange(21), (12, 13, 17, 18)), 235.0, 70.0)
    places = np.zeros((21, 3))
    for joint, parent in enumerate(KIT.parents[1:], start=1):
        places[joint] = places[parent] + KIT.raw_offsets[joint] * lengths[joint]
    sway = np.sin(np.arange(30))[:, None, None] * np.array([1.0, 0.0, 0.0])
    standing = clip(STAND, "kit", motion=places + sway)
    assert found_in(standing, KIT) == []
    assert found_in(replace(standing, motion=standing.joints / 600), KIT) == ["unit"]


def test_a_rate_that_is_wrong_for_every_walk_is_found_in_their_median():
    def walks(ratio: float) -> list[ReadClip]:
        clip = ReadClip(id="", split="train", stop=60, walk_ratio=ratio)
        return [replace(clip, id=f"{number}", take=f"{number}") for number in range(40)]

    assert cross_check(walks(0.35), {}) == []
    (finding,) = cross_check(walks(0.35 * 1.5), {})
    assert (finding.kind, finding.id) == ("fps", "") and "1.5 times too slow" in finding.detail


def test_a_walk_ratio_changes_with_the_rate_and_not_with_size_or_heading():
    walk = an_ordinary_walk()
    ratio = inspect(clip(1, "walk", motion=walk), HUMANML3D).walk_ratio
    other = inspect(clip(1, "walk", motion=turned(walk, 2.0) * 1.1), HUMANML3D).walk_ratio
    slow = inspect(clip(1, "walk", motion=resample(walk, 20, 40)), HUMANML3D).walk_ratio
    assert ratio and other == pytest.approx(ratio, rel=1e-6)
    assert slow == pytest.approx(2 * ratio, rel=0.05)


def test_a_mirrored_copy_is_found_after_the_features_too():
    def sketch_of(motion: np.ndarray):
        features = joints_to_features(motion, HUMANML3D)
        words = {name: getattr(clip(1, "a"), name) for name in ("captions", "take", "content")}
        recording = Recording(id="a", motion=features, style=None, source="", **words)
        sketch = inspect(recording, HUMANML3D).sketch
        assert sketch is not None
        return sketch

    for number in (WALK, RUN, JUMP, KICK):
        pair = [sketch_of(joints(number)), sketch_of(mirror(joints(number), HUMANML3D))]
        assert mirrored_motion(pair, [120, 120]) == [(0, 1)], number
        assert same_motion(pair, [120, 120]) == [] or number == JUMP


def test_only_clips_that_would_spoil_the_statistics_are_refused():
    rows, _ = planted()
    refused = [refusal(inspect(recording, HUMANML3D).findings) for recording, _ in rows]
    assert [(r.id, r.reason) for r in refused if r] == [("nan", "bad"), ("one", "bad")]


def test_few_real_clips_are_flagged(data_root):
    folder = data_root / "bandai-namco" / "dataset-1.tar.xz"
    works = open_mocap.read_bandai(folder, "bandai-namco/dataset-1", 4, Limits(20.0, 41, 197))
    found = [item for work in works for item in work() if isinstance(item, Recording)]
    flagged = {recording.id for recording in found if inspect(recording, HUMANML3D).findings}
    assert len(found) > 30 and flagged == set()
