"""Time left follows how fast work goes now, not how fast it went since it began."""

import io
import re
from pathlib import Path

import pytest

import lead.progress
from lead.progress import Progress, outlook


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(lead.progress.time, "monotonic", lambda: Clock.now)
    return Clock


def lines(clock, paces, total, done=0):
    """The lines of work done at these paces: (steps, seconds of each)."""
    stream = io.StringIO()
    progress = Progress("steps", total, done, stream)
    for steps, seconds in paces:
        for _ in range(steps):
            clock.now += seconds
            progress.advance()
    return stream.getvalue().splitlines()


def left(line):
    minutes, seconds = re.search(r"(\d+):(\d\d) left", line).groups()
    return 60 * int(minutes) + int(seconds)


def test_time_left_is_by_the_speed_of_the_last_half_minute(clock):
    said = lines(clock, [(600, 0.1), (40, 1.0)], total=1000)
    assert left(said[0]) == pytest.approx(90, abs=2)
    assert "1.0/s" in said[-1] and 360 <= left(said[-1]) <= 372  # a line comes every ten seconds


def test_it_falls_again_at_once_when_the_machine_is_free_again(clock):
    said = lines(clock, [(60, 1.0), (400, 0.1)], total=1000)
    assert 54 <= left(said[-1]) <= 66


def test_slow_steps_are_told_by_the_last_of_them(clock):
    said = lines(clock, [(2, 10.0), (3, 100.0)], total=10)
    assert left(said[-1]) == pytest.approx(500, abs=5)


def test_the_whole_time_is_told_at_the_end_and_work_done_before_does_not_count(clock):
    said = lines(clock, [(50, 1.0)], total=100, done=50)
    assert said[-1] == "steps 100/100  1.0/s  0:50 taken"


@pytest.fixture
def benchmark(tmp_path):
    """A place for the times of a training's jobs, and what writes one."""

    def write(name: str, seconds: float | None, training: str = "") -> str:
        path = tmp_path / "results/demo" / training / "benchmarks" / f"{name}.tsv"
        if seconds is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"s\th:m:s\n{seconds}\t0:00:00\n")
        return str(path)

    return write


def test_what_is_ahead_is_told_by_the_times_of_the_first_training(benchmark):
    benchmark("train_vae", 600), benchmark("embed", 120)
    jobs = [
        (k, 1, benchmark(name, None, f"trainings/{k}"))
        for k in (2, 3) for name in ("train_vae", "embed")
    ]  # fmt: skip
    jobs += [(None, 1, None)]
    assert outlook("demo", 3, jobs, 2) == (
        "3 trainings of demo: 2 branches to train, 5 jobs, about 12 minutes on 2 cores by the "
        "times of earlier runs."
    )


def test_a_job_s_own_time_and_its_threads_count(benchmark):
    benchmark("train_vae", 600)
    own = benchmark("train_vae", 60, "trainings/2")
    assert "1 branch to train, 1 job, about 2 minutes on 1 core" in outlook(
        "d", 2, [(2, 2, own)], 1
    )


def test_jobs_without_a_time_are_named_and_without_any_no_time_is_told(benchmark):
    known, unknown = benchmark("train_vae", 600), benchmark("other", None)
    said = outlook("demo", 2, [(1, 1, known), (1, 1, unknown)], 1)
    assert "at least 10 minutes" in said and said.endswith("1 job without such a time.")
    assert "minute" not in outlook("demo", 2, [(1, 1, unknown)], 1)
    assert "minute" not in outlook("demo", 2, [(1, 1, known)], None)
    Path(known).write_text("s\n")
    assert "minute" not in outlook("demo", 2, [(1, 1, known)], 1)
