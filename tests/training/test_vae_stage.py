"""The VAE's stage: which loss it minimises when."""

from pathlib import Path

import pandas as pd
import pytest
from finished_study import build, inputs, study_of

from lead.files.job import Job
from lead.training.vae import train_vae

STEPS = 8


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> pd.DataFrame:
    """Of a short training whose feet term rises between a quarter and three quarters of it."""
    root = build(tmp_path_factory.mktemp("vae"), clips=8)
    values = study_of(root).model_dump(mode="json")
    vae = values["vae"]
    vae["loss"] |= {"velocity": 0.5, "feet": 2.0, "feet_between": (0.25, 0.75)}
    vae["training"] |= {"steps": STEPS, "batch_size": 4, "warmup_steps": 1}
    names = ("seed", "dataset", "validation", "machine")
    settings = {name: values[name] for name in names} | {"vae": vae}
    given = {name: inputs(root)[name] for name in ("frames", "index", "stats")}
    outputs = {name: Path(root, f"vae.{name}") for name in ("weights", "history")}
    train_vae(Job("vae", settings, given, outputs))
    return pd.read_parquet(outputs["history"]).dropna(subset=["loss"]).set_index("step")


def test_the_feet_term_rises_with_the_steps_of_the_training(history):
    others = history["features"] + 1e-4 * history["kl"] + 0.5 * history["velocity"]
    weight = (history["loss"] - others) / history["feet"]
    done = (history.index - 1) / STEPS
    expected = [2.0 * min(max((share - 0.25) / 0.5, 0.0), 1.0) for share in done]
    assert len(history) == STEPS
    assert weight.tolist() == pytest.approx(expected, abs=1e-3)
