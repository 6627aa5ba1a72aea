"""environment.yml, the lock files and pyproject.toml say the same."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKED_EXTRAS = ("demo", "slurm", "generic")
LOCKED = [
    *PROJECT["dependencies"],
    *(one for extra in LOCKED_EXTRAS for one in PROJECT["optional-dependencies"][extra]),
]
AGAIN = "run `make lock`"


def pins(name):
    """By package: its version, its hashes, and whether pyproject.toml asks for it by name."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        package, version = re.match(r"(\S+)==(\S+) \\\n", entry).groups()
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)
        found[package] = version, hashes, "lead-motion (pyproject.toml)" in entry
    return found


def test_conda_and_pip_install_the_same():
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["demo"], "-e ."]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == wanted


def test_the_container_takes_the_files_that_are_here_and_all_else_from_the_locks():
    recipe = (ROOT / "workflow" / "container" / "Dockerfile").read_text()
    copied = " ".join(re.findall(r"^COPY (.+) \S+$", recipe, re.MULTILINE)).split()
    assert copied and [name for name in copied if not (ROOT / name).exists()] == []
    for command in re.findall(r"pip install (.+?)(?: ;;| &&|$)", recipe, re.MULTILINE):
        words = command.split()
        assert "--no-deps" in words
        known = {"torch==2.13.0", "."} & set(words)
        assert known or ("--require-hashes" in words and words[-1] in copied), command
    python = (ROOT / "Makefile").read_text().partition("--python-version ")[2][:4]
    assert f"FROM python:{python}-" in recipe


def test_torch_is_pinned_exactly():
    assert "torch==2.13.0" in PROJECT["dependencies"]


def test_every_dependency_is_locked_within_its_range():
    locked = pins("requirements.lock") | pins("requirements-cuda.lock")
    for requirement in map(Requirement, LOCKED):
        version = locked.get(canonicalize_name(requirement.name), ("none",))[0]
        assert version != "none" and requirement.specifier.contains(version), (
            f"{requirement} is locked as {version}: {AGAIN}"
        )


def test_the_lock_asks_for_nothing_that_the_project_no_longer_does():
    asked = {canonicalize_name(Requirement(one).name) for one in LOCKED}
    locked = {name for name, (*_, direct) in pins("requirements.lock").items() if direct}
    assert locked == asked - {"torch"}, AGAIN


def test_every_locked_package_has_hashes():
    for name in ("requirements.lock", "requirements-cuda.lock"):
        assert [package for package, (_, hashes, _) in pins(name).items() if not hashes] == []
        text = (ROOT / name).read_text()
        assert text.count("==") == len(pins(name)) > 20, "a line is not understood"


def test_torch_and_cuda_stand_apart_and_both_files_agree():
    common, cuda = pins("requirements.lock"), pins("requirements-cuda.lock")
    special = re.compile(r"torch$|triton|cuda-|nvidia-")
    assert [name for name in common if special.match(name)] == [], "add them to CUDA in Makefile"
    assert {name for name in cuda if not special.match(name)} <= set(common)
    assert {name: cuda[name][:2] for name in cuda if name in common} == {
        name: common[name][:2] for name in cuda if name in common
    }
