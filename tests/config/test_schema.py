"""The JSON schema of a study's file: up to date, named in every file, and able to find mistakes."""

from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from lead.cli.main import app
from lead.config.schema import as_text, schema

CONFIG = Path(__file__).resolve().parents[2] / "config"
FILES = [file for file in sorted(CONFIG.rglob("*.yaml")) if file.name != "config.yaml"]
VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_file_is_what_the_settings_are():
    written = (CONFIG / "schema.json").read_text(encoding="utf-8")
    assert written == as_text(), "run: python -m lead.config.schema > config/schema.json"
    assert CliRunner().invoke(app, ["schema"]).output == written


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_names_the_schema_and_keeps_to_it(file):
    text = file.read_text(encoding="utf-8")
    named = text.splitlines()[0].partition("$schema=")[2]
    assert (file.parent / named).resolve() == CONFIG / "schema.json"
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    "values",
    [
        {"sede": 1},
        {"vae": {"los": {}}},
        {"vae": {"loss": {"kl": "much"}}},
        {"dataset": {"kind": "synthetic", "clip": 3}},
        {"projectors": {"lead_mine": {"extends": "lead", "modell": {}}}},
        {"trainings": 0},
    ],
    ids=str,
)
def test_a_mistake_is_found(values):
    assert list(VALIDATOR.iter_errors(values))


def test_what_a_study_may_leave_out_is_not_missed():
    mine = {"extends": "demo", "name": "mine", "dataset": {"clips": 24}, "trainings": 3,
            "projectors": {"lead_mine": {"extends": "lead", "loss": {"align": 1.0}}}}  # fmt: skip
    assert list(VALIDATOR.iter_errors(mine)) == []
