"""`lead status`: what a study's logs say of jobs that run, ended, failed or were killed."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from lead.cli.stage import run_stage
from lead.cli.status import Status, gpu_hours, show_status, size_of, statuses
from lead.errors import LeadError
from lead.files.job import Job
from lead.progress import Progress


def work(job: Job) -> None:
    """A job that counts, and ends as its settings say."""
    progress = Progress("vae", 200)
    progress._shown = -1e9  # its first line at once
    progress.advance(50, note="loss 0.25")
    match job.settings["end"]:
        case "look":
            seen.extend(statuses(job.place("out").parent))
        case "fail":
            raise LeadError("The loss is infinite.", fix="Lower the rate.")
        case "interrupt":
            raise KeyboardInterrupt


seen: list[Status] = []


def run(folder, name: str, end: str = "") -> int:
    job = Job(name, {"seed": 1, "end": end}, {}, {"out": folder / "out"})
    return run_stage("cli.test_status:work", job, folder / "logs" / f"{name}.log")


def status(folder, name: str) -> Status:
    return next(each for each in statuses(folder) if each.job == name)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "cli.test_status", sys.modules[__name__])


def test_a_job_that_runs_says_where_how_far_and_how_long_still(tmp_path):
    seen.clear()
    assert run(tmp_path, "train_vae", "look") == 0
    (own,) = seen
    assert (own.state, own.host, own.pid) == ("running", socket.gethostname(), os.getpid())
    assert (own.done, own.total, own.note) == (50, 200, "loss 0.25") and own.left
    assert status(tmp_path, "train_vae") == Status("train_vae", "done")


def test_a_job_that_failed_says_so_until_it_is_done(tmp_path):
    assert run(tmp_path, "train_vae") == 0
    assert run(tmp_path, "train_vae", "fail") == 1
    own = status(tmp_path, "train_vae")
    assert own.state == "failed" and "The loss is infinite." in own.note and own.done == 50
    assert run(tmp_path, "train_vae", "interrupt") == 130
    assert status(tmp_path, "train_vae").state == "unfinished"
    run(tmp_path, "train_vae")
    assert status(tmp_path, "train_vae").state == "done"


def left_behind(folder, host: str, pid: int, seconds: float = 0.0) -> Status:
    """What a job that left its mark is said to be, so many seconds after its last line."""
    log = folder / "trainings" / "2" / "logs" / "train_vae.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("vae 1,200/3,000  2.0/s  15:00 left  loss 0.1\n")
    os.utime(log, (time.time() - seconds,) * 2)
    log.with_suffix(".running").write_text(json.dumps({"host": host, "pid": pid}))
    return status(folder, "trainings/2/train_vae")


def test_a_killed_job_is_told_from_one_that_runs_and_one_that_is_silent(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = left_behind(tmp_path, socket.gethostname(), ended.pid)
    assert (own.state, own.done, own.total, own.left) == ("killed", 1200, 3000, "")
    assert left_behind(tmp_path, "node17", 1).state == "running"
    assert left_behind(tmp_path, "node17", 1, seconds=3600).state == "silent"


def test_a_mark_that_was_cut_off_is_passed_over(tmp_path):
    left_behind(tmp_path, "node17", 1)
    (tmp_path / "trainings/2/logs/train_vae.running").write_text("{")
    assert status(tmp_path, "trainings/2/train_vae").state == "unfinished"


def test_everything_is_said_in_the_terminal_and_as_json(tmp_path, capsys):
    run(tmp_path / "demo", "train_vae")
    left_behind(tmp_path / "demo", "node17", 4711)
    (tmp_path / "demo/tables").mkdir()
    (tmp_path / "demo/tables/table1.tex").write_text("x")
    show_status(tmp_path / "demo", tmp_path / "state")
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "demo: 1 jobs done; tables: table1",
        "node17:4711",
        "trainings/2/train_vae",
        "1,200 of 3,000",
    ):
        assert words in said
    show_status(tmp_path / "demo", tmp_path / "state", as_json=True)
    facts = json.loads(capsys.readouterr().out)
    assert facts["tables"] == ["table1"] and facts["bytes"] == size_of(tmp_path / "demo")
    assert [job["state"] for job in facts["jobs"]] == ["done", "running"]


def test_gpu_hours_are_those_of_jobs_on_a_gpu(tmp_path):
    for name, device in (("train_vae", "NVIDIA H100"), ("embed", "cpu")):
        run(tmp_path, name)
        record = tmp_path / "logs" / f"{name}.json"
        found = json.loads(record.read_text())
        assert found["device"] == "cpu"
        record.write_text(json.dumps(found | {"device": device}))
        (tmp_path / "benchmarks").mkdir(exist_ok=True)
        (tmp_path / "benchmarks" / f"{name}.tsv").write_text("s\tmax_rss\n1800\t9\n")
    assert gpu_hours(tmp_path) == 0.5


def test_a_study_that_has_not_run_is_an_error_with_the_command(tmp_path):
    with pytest.raises(LeadError, match="Nothing has run here") as caught:
        show_status(tmp_path / "demo", tmp_path / "state")
    assert "--config study=demo" in str(caught.value.fix)
