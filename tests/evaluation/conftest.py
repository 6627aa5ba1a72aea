"""What several tests of the evaluation share."""

from pathlib import Path

import pytest
from matched_study import build_matched


@pytest.fixture(scope="session")
def matched(tmp_path_factory) -> Path:
    """The folder of a study whose random matcher tells motions apart; only to be read."""
    return build_matched(tmp_path_factory.mktemp("matched"))
