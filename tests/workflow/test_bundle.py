"""The model for the package comes from a finished study by one command."""

import hashlib

import pytest

from lead.model_directory import SUMS
from lead.pipeline import LeadPipeline

pytestmark = pytest.mark.workflow


@pytest.fixture
def packed(editable):
    run = editable.snakemake("lead/bundled/model.json")
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return editable.root / "lead" / "bundled"


def test_the_packed_model_is_whole_and_generates(packed):
    listed = [line.split("  ") for line in (packed / SUMS).read_text().splitlines()]
    assert {name for _, name in listed} == {file.name for file in packed.iterdir()} - {SUMS}
    for digest, name in listed:
        assert hashlib.sha256((packed / name).read_bytes()).hexdigest() == digest
    card, licences = ((packed / name).read_text() for name in ("README.md", "LICENCES.md"))
    assert "LeadPipeline.load()" in card and "| LEAD |" in card and "MIT" in licences
    pipeline = LeadPipeline.load(packed)
    near, far = pipeline.generate([pipeline.taught.captions[0], "play chess with a dragon"])
    assert near.note is None and far.note is not None
