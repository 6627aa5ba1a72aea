"""Time left follows how fast work goes now, not how fast it went since it began."""

import io
import re

import pytest

import lead.progress
from lead.progress import Progress


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
