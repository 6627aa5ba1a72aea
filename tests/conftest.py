"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
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
