"""A stage that fails: what is a user's to mend is a message, what is ours a traceback."""

from __future__ import annotations

import errno
import importlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from lead.cli.stage import run_stage
from lead.cli.verify import verify_study
from lead.errors import LeadError
from lead.files.job import Job
from lead.report.page.provenance import makers, read_runs

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
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_what_the_machine_refuses_is_a_message_with_its_fix(run, error):
    code, said, logged = run(error)
    assert code == 1
    fix = "Check the path" if isinstance(error, OSError) else "Run fewer jobs at a time"
    assert "Error in train_vae" in said and f"fix: {fix}" in said
    assert str(getattr(error, "filename", None) or error) in said
    assert "Traceback" not in said and "Traceback" in logged


def test_a_users_error_has_no_traceback_anywhere(run):
    code, said, logged = run(LeadError("Wrong.", fix="Mend it."))
    assert code == 1 and "Error in train_vae: Wrong." in said and "Traceback" not in logged


def test_a_bug_passes_through(run):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Runs a stage that copies its input to its output, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    copying = "def stage(job):\n    job.outputs['b'].write_bytes(job.inputs['a'].read_bytes())\n"
    (tmp_path / "copying_stage.py").write_text(copying)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "copying_stage", raising=False)
    Path("results/demo/models").mkdir(parents=True)
    Path("results/demo/models/raw").write_bytes(b"raw" * 100)

    def run(source: str, target: str, name: str) -> int:
        files = {"a": Path("results") / source}, {"b": Path("results") / target}
        job = Job(name, {"seed": 1}, *files)
        return run_stage("copying_stage:stage", job, Path(f"results/demo/logs/{name}.log"))

    return run


def test_a_flipped_bit_or_another_studys_file_is_no_input(study, capsys):
    assert study("demo/models/raw", "demo/models/vae", "train_vae") == 0
    assert study("demo/models/vae", "demo/latents", "encode_latents") == 0
    good = Path("results/demo/models/vae").read_bytes()
    for wrong in (good[:50] + b"R" + good[51:], good[:-1], good + b" ", b"", b"another" * 40):
        Path("results/demo/models/vae").write_bytes(wrong)
        Path("results/demo/latents").unlink()
        assert study("demo/models/vae", "demo/latents", "encode_latents") == 1
        said = capsys.readouterr().err
        assert "vae is not what train_vae has written" in said and "Delete the file" in said
        assert not Path("results/demo/latents").exists()
        Path("results/demo/models/vae").write_bytes(good)
        assert study("demo/models/vae", "demo/latents", "encode_latents") == 0


def test_a_result_that_is_made_again_is_an_input_again(study):
    assert study("demo/models/raw", "demo/models/vae", "train_vae") == 0
    Path("results/demo/models/raw").write_bytes(b"other" * 100)
    assert study("demo/models/raw", "demo/models/vae", "train_vae") == 0
    assert study("demo/models/vae", "demo/latents", "encode_latents") == 0


def test_verify_names_what_changed_and_what_was_made_of_it(study, capsys):
    study("demo/models/raw", "demo/models/vae", "train_vae")
    study("demo/models/vae", "demo/latents", "encode_latents")
    assert verify_study(Path("results/demo")) == 0
    assert "2 files of 2 jobs are what they were" in capsys.readouterr().out
    Path("results/demo/models/vae").write_bytes(b"damaged")
    assert verify_study(Path("results/demo"), as_json=True) == 1
    found = {fault["file"]: fault["why"] for fault in json.loads(capsys.readouterr().out)}
    assert found == {
        "results/demo/models/vae": "is not what train_vae wrote",
        "results/demo/latents": "was made by encode_latents of another results/demo/models/vae",
    }
    study("demo/models/raw", "demo/models/vae", "train_vae")
    assert verify_study(Path("results/demo")) == 0
    Path("results/demo/models/raw").write_bytes(b"other")
    study("demo/models/raw", "demo/models/vae", "train_vae")
    capsys.readouterr()
    assert verify_study(Path("results/demo"), as_json=True) == 1
    (fault,) = json.loads(capsys.readouterr().out)
    assert fault["file"] == "results/demo/latents"


def test_verify_goes_by_the_job_that_wrote_a_file_last(study):
    Path("results/demo/several").write_bytes(b"several trainings")
    study("demo/models/raw", "demo/metrics", "compute_metrics")
    study("demo/several", "demo/metrics", "gather_trainings")
    assert verify_study(Path("results/demo")) == 0
    runs = read_runs(Path("results/demo"))
    assert makers(runs)["results/demo/metrics"].stage == "gather_trainings"
    assert makers(runs[::-1])["results/demo/metrics"].stage == "gather_trainings"
    Path("results/demo/metrics").write_bytes(b"damaged")
    assert verify_study(Path("results/demo")) == 1


def test_digests_are_copied_with_a_study(study):
    study("demo/models/raw", "demo/models/vae", "train_vae")
    shutil.copytree("results/demo", "results/copy")
    Path("results/copy/models/vae").write_bytes(b"damaged")
    assert study("copy/models/vae", "copy/latents", "encode_latents") == 1
    assert study("demo/models/vae", "demo/latents", "encode_latents") == 0
