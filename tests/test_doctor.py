"""`lead doctor` says what is missing and where to get it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lead.cli.main import app

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


def test_missing_data_is_named_with_place_address_and_licence(tmp_path):
    result = CliRunner().invoke(app, ["doctor", "open_small", "--data-root", str(tmp_path)])
    assert result.exit_code == 1
    for words in (
        "bandai-namco/dataset-1",
        "github.com/BandaiNamco",
        "CC BY-NC 4.0",
        "mocap.cs.cmu",
    ):
        assert words in result.output


def test_data_that_is_here_is_found(data_root):
    result = CliRunner().invoke(app, ["doctor", "open_small", "--data-root", str(data_root)])
    assert result.exit_code == 0, result.output


def test_the_demo_needs_no_data():
    result = CliRunner().invoke(app, ["doctor", "demo"])
    assert result.exit_code == 0
    assert "needs no data" in result.output
