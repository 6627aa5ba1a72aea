"""Being asked to stop: at once, or when it suits; by a signal, or by the end of who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lead.files import stopping
from lead.files.stopping import Stopped, deferred, stoppable

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("signals_of_a_terminal")


@pytest.mark.parametrize("number", stopping.SIGNALS)
def test_a_signal_stops_at_once_with_a_shells_code(number):
    with pytest.raises(Stopped, match=signal.Signals(number).name) as stopped, stoppable():
        signal.raise_signal(number)
    assert stopped.value.code == 128 + number


def test_who_cannot_stop_now_is_not_interrupted():
    with stoppable(), deferred() as asked:
        assert asked() is None
        signal.raise_signal(signal.SIGTERM)
        stop = asked()
        assert stop is not None and stop.code == 143


def test_signals_soon_after_the_first_are_the_same_request_and_later_ones_are_not(monkeypatch):
    with pytest.raises(Stopped), stoppable(), deferred():
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        monkeypatch.setattr(stopping, "PATIENCE", -1.0)
        signal.raise_signal(signal.SIGTERM)


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_as_before_afterwards():
    before = [signal.getsignal(number) for number in stopping.SIGNALS]
    with pytest.raises(Stopped), stoppable():
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in stopping.SIGNALS] == before
    with stoppable(), deferred() as asked:
        assert asked() is None


@pytest.mark.parametrize("shell", [True, False], ids=["below a shell", "directly"])
def test_a_process_stops_when_the_one_that_started_it_is_killed(tmp_path, shell):
    child = (
        "import time; from pathlib import Path; from lead.files.stopping import *\n"
        "try:\n"
        "    with stoppable():\n"
        "        Path('begun').touch(); time.sleep(60)\n"
        "except Stopped as stop: Path('said').write_text(stop.why)"
    )
    (tmp_path / "child.py").write_text(child)
    # Without the second command the shell would become the child.
    command = f"{sys.executable} child.py; true" if shell else [sys.executable, "child.py"]
    starter = f"import subprocess; subprocess.run({command!r}, shell={shell})"
    process = subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    try:
        wait_for((tmp_path / "begun").exists)
        below = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        wait_for((tmp_path / "said").exists)
        wait_for(lambda: not any(child.is_running() for child in below), 5)
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "said").read_text() == "the process that started it has ended"


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)
