"""`lead evaluate --prompts` measures motions of captions that nobody moved to."""

import numpy as np
import pandas as pd
import pytest
from finished_study import NAME, NoNetwork, Words, build, drawn
from oracles import plain_metrics as plain

from lead.cli.evaluate import evaluate_prompts
from lead.config.external import ExternalSystem
from lead.errors import LeadError
from lead.evaluation.physical_score import RATIOS
from lead.evaluation.predictions import prompts as module


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return build(tmp_path_factory.mktemp("prompts"))


@pytest.fixture
def here(root, monkeypatch):
    monkeypatch.chdir(root)
    encoder = Words("words", "", NoNetwork(), None, 0)
    monkeypatch.setattr(module, "load_text_encoder", lambda settings: encoder)
    return root


def write_prompts(root, folder, count=8):
    """Real motions under captions of their own, whose text is none of the study's."""
    _, motions = drawn(root, 0)
    folder.mkdir()
    for number in range(count):
        np.save(folder / f"p{number}.npy", motions[number])
    words = ["zebra", "quietly", "ladder", "seven", "umbrella", "north", "violin", "amber"]
    lines = [f"p{number},{words[number]} {words[number - 3]}" for number in range(count)]
    (folder.parent / "prompts.csv").write_text("\n".join(["id,caption", *lines]) + "\n")
    return ExternalSystem(path=folder), folder.parent / "prompts.csv"


def test_what_needs_no_real_motion_is_measured_and_the_rest_is_not_there(here, tmp_path, capsys):
    system, prompts = write_prompts(here, tmp_path / "motions")
    frame = evaluate_prompts(system, NAME, prompts, tmp_path / "own.parquet")
    own = pd.read_parquet(tmp_path / "own.parquet")
    measured = set(own["metric"])
    assert {"r_precision_top3", "mm_dist", "diversity", "gallery_top5", "foot_slide"} <= measured
    assert not [name for name in measured if name[:3] == "fid" or name in ("limb_range", *RATIOS)]
    assert set(frame["items"]) == {8}
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.split()[:2] == ["motions", "n/a"])
    assert row.split()[-1] == "8"
    assert "Without real motions there are no FID" in " ".join(shown.split())


def test_retrieval_of_prompts_equals_the_plain_twin(here, tmp_path, monkeypatch):
    seen = {}

    def recorded(text, motion):
        seen.update(text=text, motion=motion)
        return module_metrics(text, motion)

    module_metrics = module.gallery_metrics
    monkeypatch.setattr(module, "gallery_metrics", recorded)
    system, prompts = write_prompts(here, tmp_path / "motions")
    frame = evaluate_prompts(system, NAME, prompts)
    shares, middle = plain.gallery(seen["text"], seen["motion"], (1, 2, 3, 5), 0.98)
    means = frame.set_index("metric")["mean"]
    assert means["gallery_median"] == middle
    for k, share in shares.items():
        assert means[f"gallery_top{k}"] == pytest.approx(share)


def test_prompts_without_a_motion_are_left_out_with_a_note(here, tmp_path, capsys):
    system, prompts = write_prompts(here, tmp_path / "motions")
    (tmp_path / "motions" / "p3.npy").unlink()
    frame = evaluate_prompts(system, NAME, prompts)
    assert set(frame["items"]) == {7}
    assert "1 prompts have no motion and are left out: p3" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id,caption\np1,a\np1,b\n", "An id has two captions"),
        ("id,caption\nq1,a\nq2,b\n", "motions of 0 of 2 prompts"),
        ("name,words\np1,a\n", "columns name, words"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused(here, tmp_path, text, found):
    system, prompts = write_prompts(here, tmp_path / "motions")
    prompts.write_text(text)
    with pytest.raises(LeadError) as caught:
        evaluate_prompts(system, NAME, prompts)
    assert found in str(caught.value)


def test_another_text_encoder_than_the_evaluators_is_refused(here, tmp_path, monkeypatch):
    other = Words("words", "another", NoNetwork(), None, 0)
    monkeypatch.setattr(module, "load_text_encoder", lambda settings: other)
    system, prompts = write_prompts(here, tmp_path / "motions")
    with pytest.raises(LeadError, match="another than the study's evaluator"):
        evaluate_prompts(system, NAME, prompts)
