"""The classifier of actions, on the synthetic clips that it must tell apart."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lead.clip import Clip
from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import VARIANTS, make_clip
from lead.errors import LeadError
from lead.evaluation.actions import (
    FEWEST_CLIPS,
    action_statistics,
    fit_classifier,
    labelled_clips,
    no_classifier,
    read_classifier,
    train_action_classifier,
    write_classifier,
)
from lead.evaluation.gauge import other_side
from lead.files.job import Job
from lead.motion.features import joints_to_features
from lead.motion.kinematics import mirror
from lead.motion.skeleton import HUMANML3D
from lead.store import write_index

TRAINED, TESTED = 310, 93
CONFIG = SyntheticDataset(kind="synthetic", clips=TRAINED + TESTED)


def statistics(joints: np.ndarray) -> np.ndarray:
    return action_statistics(joints_to_features(joints, HUMANML3D), HUMANML3D)


@pytest.fixture(scope="module")
def clips():
    return [make_clip(CONFIG, 5, number) for number in range(TRAINED + TESTED)]


@pytest.fixture(scope="module")
def classifier(clips):
    own = clips[:TRAINED]
    return fit_classifier(
        np.stack([statistics(clip.joints) for clip in own]), [clip.content for clip in own]
    )


@pytest.fixture(scope="module")
def tested(clips):
    return clips[TRAINED:]


def seen(classifier, joints: np.ndarray) -> str:
    return classifier.labels[classifier.classify(statistics(joints))]


def test_it_knows_every_action_and_names_those_of_clips_it_has_not_seen(classifier, tested):
    assert set(classifier.labels) == {variant.content for variant in VARIANTS}
    right = [seen(classifier, clip.joints) == clip.content for clip in tested]
    assert np.mean(right) >= 0.9


def test_a_mirrored_clip_shows_the_other_side(classifier, tested):
    sided = [clip for clip in tested if other_side(clip.content) != clip.content]
    mirrored = [seen(classifier, mirror(clip.joints, HUMANML3D)) for clip in sided]
    right = [own == other_side(clip.content) for own, clip in zip(mirrored, sided, strict=True)]
    assert len(sided) > 40 and np.mean(right) >= 0.85


def test_a_body_that_stands_in_the_mean_pose_is_right_about_by_chance(classifier, tested):
    everyone = np.concatenate([joints_to_features(clip.joints, HUMANML3D) for clip in tested])
    still = np.tile(everyone.mean(axis=0), (80, 1))
    place = classifier.classify(action_statistics(still, HUMANML3D))
    right = [classifier.labels[place] == clip.content for clip in tested]
    assert np.mean(right) <= 2 / len(classifier.labels)


def test_it_says_the_same_after_it_was_written_and_read(classifier, tested, tmp_path):
    write_classifier(classifier, tmp_path / "own.safetensors", {"stage": "a test"})
    again = read_classifier(tmp_path / "own.safetensors")
    assert again.labels == classifier.labels
    for clip in tested[:10]:
        assert again.classify(statistics(clip.joints)) == classifier.classify(
            statistics(clip.joints)
        )


def test_of_two_actions_both_are_seen():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 3)) + np.repeat([[0.0], [4.0]], 20, axis=0)
    both = fit_classifier(rows, ["clap"] * 20 + ["walk"] * 20)
    assert [both.labels[both.classify(row)] for row in rows[[0, 39]]] == ["clap", "walk"]


def labelled(*contents: str) -> list[Clip]:
    return [
        Clip(f"c{n}", "train", n, n + 1, ("a",), f"t{n}", content, None, "s")
        for n, content in enumerate(contents)
    ]


def test_actions_of_too_few_clips_and_clips_without_label_are_left_out():
    given = labelled(*["clap", "walk"] * FEWEST_CLIPS, *["rare"] * (FEWEST_CLIPS - 1), "",
                     *["unknown"] * FEWEST_CLIPS)  # fmt: skip
    found = labelled_clips(given, "open")
    assert {clip.content for clip in found} == {"clap", "walk"}
    assert len(found) == 2 * FEWEST_CLIPS


@pytest.mark.parametrize(
    ("contents", "kind"),
    [
        ([""] * 30, "humanml3d"),
        (["unknown"] * 30, "kit_raw"),
        (["walk"] * 30, "open"),
        (["BMLmovi", "CMU"] * 30, "humanml3d_raw"),
    ],
)
def test_studies_without_labels_of_actions_have_no_classifier(contents, kind):
    assert labelled_clips(labelled(*contents), kind) == []


def study(folder: Path, contents: list[str]) -> dict[str, Path]:
    motions = [
        joints_to_features(make_clip(CONFIG, 5, n).joints, HUMANML3D) for n in range(len(contents))
    ]
    ends = np.cumsum([len(motion) for motion in motions])
    clips = [
        Clip(f"c{n}", "train", int(end) - len(motion), int(end), ("a",), f"t{n}", own, None, "s")
        for n, (motion, end, own) in enumerate(zip(motions, ends, contents, strict=True))
    ]
    np.save(folder / "frames.npy", np.concatenate(motions))
    write_index(folder / "index.parquet", clips, int(ends[-1]), {})
    return {"frames": folder / "frames.npy", "index": folder / "index.parquet"}


def trained(folder: Path, contents: list[str], name: str = "own") -> Path:
    settings = {"seed": 1, "dataset": CONFIG.model_dump(mode="json")}
    out = folder / f"{name}.safetensors"
    given = study(folder, contents)
    train_action_classifier(Job("train_action_classifier", settings, given, {"classifier": out}))
    return out


def test_a_study_without_labels_has_a_file_that_says_so_and_sees_nothing(tmp_path, capsys):
    found = read_classifier(trained(tmp_path, [""] * 3))
    assert found.labels == () and found.classify(np.zeros(5)) == -1 and found.place("walk") == -1
    assert "This study's clips carry no action labels" in capsys.readouterr().err


def test_the_same_clips_give_the_same_bytes(tmp_path):
    contents = ["clap", "walk"] * FEWEST_CLIPS
    first, second = (trained(tmp_path, contents, name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert read_classifier(first).labels == ("clap", "walk")


def test_a_truncated_file_and_another_one_are_named(tmp_path):
    write_classifier(no_classifier(), tmp_path / "own", {})
    (tmp_path / "own").write_bytes((tmp_path / "own").read_bytes()[:40])
    save_file({"mean": np.zeros(3)}, tmp_path / "other")
    for name in ("own", "other"):
        with pytest.raises(LeadError, match="damaged") as caught:
            read_classifier(tmp_path / name)
        assert "train_action_classifier" in str(caught.value)
