"""Fixtures every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from hypothesis import settings

# A busy machine takes longer than hypothesis's 200 ms for an example; no test asserts a time.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real test data; a test that needs it is skipped where it is absent."""
    default = REPOSITORY.parent / "shared" / "data"
    root = Path(os.environ.get("LEAD_TEST_DATA", default))
    if not root.is_dir():
        pytest.skip(f"real test data not found at {root}; set LEAD_TEST_DATA to its folder")
    return root.resolve()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium, for tests that are marked with `browser.needs_browser`."""
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def signals_of_a_terminal() -> Iterator[None]:
    """What was started by nohup, or in the background, ignores some signals; here none is."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
