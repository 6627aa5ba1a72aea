"""What every command shares: help with examples, versions, completion, JSON, codes it ends with."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import lead
from lead.cli import study_commands
from lead.cli.main import app, main
from lead.files.job import Job

REPOSITORY = Path(__file__).parents[2]
COMMANDS = typer.main.get_command(app).commands  # pyright: ignore
COMMANDS |= {f"study {name}": own for name, own in COMMANDS.pop("study").commands.items()}


def examples(name: str) -> list[str]:
    """The commands that stand below a command's help."""
    return [line for line in (COMMANDS[name].epilog or "").splitlines() if line[:5] == "lead "]


def ended(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["lead", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code  # pyright: ignore


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_can_be_typed(name):
    assert examples(name)
    for line in examples(name):
        words = shlex.split(line)[1:]
        command = " ".join(words[:2]) if words[0] == "study" else words[0]
        arguments = words[len(command.split()) :]
        COMMANDS[command].make_context(command, arguments)  # or click says what is wrong


@pytest.mark.parametrize("name", ["generate", "invert", "import", "export", "evaluate"])
def test_every_number_has_its_range_or_unit_in_the_help(name):
    help_ = CliRunner(env={"COLUMNS": "200"}).invoke(app, [name, "--help"]).stdout
    numbers = [line for line in help_.splitlines() if re.search("<(int|float)|INTEGER|FLOAT", line)]
    assert numbers
    for line in numbers:
        assert re.search("x>=|<=x|whole number|in seconds|1 to 1000", line), line


def test_the_version_is_printed(monkeypatch, capsys):
    assert ended(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"lead-motion {lead.__version__}\n"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("pyproject.toml", 'version = "{}"'),
        ("CITATION.cff", "version: {}"),
        ("docs/limitations.md", "version = {{{}}}"),
        ("CHANGELOG.md", "## {} ("),
        ("docs/release_notes.md", "## {} ("),
    ],
)
def test_every_page_that_names_the_version_has_the_same(file, line):
    assert line.format(lead.__version__) in (REPOSITORY / file).read_text()


def test_a_shell_completes_commands_and_studies(tmp_path):
    def completed(line: str) -> list[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
        environment = os.environ | words | {"_LEAD_COMPLETE": "complete_bash"}
        code = "import sys; sys.argv = ['lead']; from lead.cli.main import main; main()"
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=REPOSITORY, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return run.stdout.split()

    assert completed("lead st") == ["studies", "status", "study"]
    assert completed("lead doctor mic") == ["micro"]


@pytest.mark.parametrize("arguments", [["nosuch"], ["generate", "--nosuch"], ["show", "--study"]])
def test_a_wrong_option_ends_with_two(monkeypatch, arguments):
    assert ended(monkeypatch, *arguments) == 2


def test_a_users_error_ends_with_one_and_a_bug_of_ours_with_seventy(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert ended(monkeypatch, "show", "4") == 1
    assert "results/tables/table4.parquet" in capsys.readouterr().err
    monkeypatch.setattr("lead.cli.show.show_table", lambda *_, **__: 1 / 0)
    assert ended(monkeypatch, "show") == 70
    said = capsys.readouterr().err
    assert "Traceback" in said and "This is a bug of lead" in said


def test_an_interrupted_command_says_so_without_a_traceback(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("lead.cli.show.show_table", interrupted)
    assert ended(monkeypatch, "show") == 130
    said = capsys.readouterr().err
    assert "Traceback" not in said and "run the same command again" in said


def endless(job: Job) -> None:
    """A stage that waits to be interrupted."""
    print("begun", file=sys.stderr, flush=True)
    time.sleep(60)


@pytest.mark.parametrize(("state", "says"), [("kept", "from its last saved step"), (None, "again")])
def test_an_interrupted_stage_says_what_the_same_command_does(tmp_path, state, says):
    code = (
        f"import signal, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & ignores it\n"
        "from pathlib import Path; from lead.cli.stage import run_stage; "
        "from lead.files.job import Job\n"
        f"state = {state!r} and Path('kept')\n"
        "job = Job('train_vae', {}, {}, {}, state=state)\n"
        "sys.exit(run_stage('test_command_line:endless', job, Path('log')))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'tests'}"},
    )  # fmt: skip
    assert run.stderr is not None and run.stderr.readline() == "begun\n"
    run.send_signal(signal.SIGINT)
    said = run.stderr.read()
    assert run.wait() == 130
    assert "Traceback" not in said and says in said and "train_vae" in said
    assert says in (tmp_path / "log").read_text()


def test_what_is_missing_and_which_studies_there_are_come_as_json(tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    words = ["doctor", "open_small", "--data-root", str(tmp_path), "--json"]
    result = CliRunner().invoke(app, words)
    (study,) = json.loads(result.stdout)["studies"]
    assert result.exit_code == study_commands.MISSING and study["complete"] is False
    missing = [need for need in study["needs"] if not need["present"]]
    assert missing and all(need["fix"] and need["licence"] for need in missing)
    studies = json.loads(CliRunner().invoke(app, ["studies", "--json"]).stdout)
    listed = {row["study"]: row for row in studies}
    assert listed["demo"]["description"] == "synthetic motion, networks of tiny size"
    assert set(listed) >= {"demo", "micro", "humanml3d"}


def test_studies_are_listed_with_what_was_made_of_them(tmp_path, monkeypatch):
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "results/demo/tables").mkdir(parents=True)
    (tmp_path / "results/demo/tables/table1.parquet").touch()
    (tmp_path / "results/demo/model").mkdir()
    (tmp_path / "results/micro/features").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    lines = CliRunner().invoke(app, ["studies"]).stdout.splitlines()
    rows = {line.split()[0]: line.rstrip() for line in lines if line.strip()}
    assert "networks of tiny size" in rows["demo"] and rows["demo"].endswith("table1, model")
    assert rows["micro"].endswith("begun") and rows["kit"].endswith("–")


def test_without_studies_it_says_where_they_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert ended(monkeypatch, "studies") == 1
    assert "folder of the repository" in capsys.readouterr().err
