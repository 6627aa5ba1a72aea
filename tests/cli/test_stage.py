"""A stage that fails: what is a user's to mend is a message, what is ours a traceback."""

from __future__ import annotations

import errno
import importlib

import pytest

from lead.cli.stage import run_stage
from lead.errors import LeadError
from lead.files.job import Job

JOB = Job("train_vae", {}, {}, {})


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    (tmp_path / "failing_stage.py").write_text("def stage(job):\n    raise ERROR\n")
    monkeypatch.syspath_prepend(tmp_path)

    def run_failing(error: BaseException) -> tuple[int, str, str]:
        monkeypatch.setattr(importlib.import_module("failing_stage"), "ERROR", error, raising=False)
        log = tmp_path / "logs" / "stage.log"
        code = run_stage("failing_stage:stage", JOB, log)
        return code, capsys.readouterr().err, log.read_text()

    return run_failing


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "results/frames.npy"),
        PermissionError(errno.EACCES, "Permission denied", "results/frames.npy"),
        MemoryError("Unable to allocate 80 GiB"),
    ],
)
def test_what_the_machine_refuses_is_a_message_with_its_fix(run, error):
    code, said, logged = run(error)
    assert code == 1
    assert "Error in train_vae" in said and "fix: Check the path" in said
    assert str(getattr(error, "filename", None) or error) in said
    assert "Traceback" not in said and "Traceback" in logged


def test_a_users_error_has_no_traceback_anywhere(run):
    code, said, logged = run(LeadError("Wrong.", fix="Mend it."))
    assert code == 1 and "Error in train_vae: Wrong." in said and "Traceback" not in logged


def test_a_bug_passes_through(run):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
