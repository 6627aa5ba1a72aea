"""The names that ``lead`` gives: all there, lazy, and the same objects as in their modules."""

import subprocess
import sys

import pytest

import lead


def test_importing_lead_loads_no_torch():
    code = "import sys, lead; dir(lead); print('torch' in sys.modules, 'pydantic' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.split() == ["False", "False"], result.stderr


@pytest.mark.parametrize("name", lead.__all__)
def test_every_name_is_found_and_listed(name):
    assert getattr(lead, name) is not None
    assert name in dir(lead)


def test_names_are_those_of_their_modules():
    from lead import LeadPipeline, metrics
    from lead.evaluation import metrics as module
    from lead.pipeline import LeadPipeline as OwnPipeline

    assert LeadPipeline is OwnPipeline and metrics is module


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such"):
        _ = lead.no_such
