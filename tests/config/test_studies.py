"""Studies: extending, overriding, and wrong keys answered in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from lead.config.load import load_study, resolve_study, study_names
from lead.errors import LeadError

CONFIG = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("name", study_names(CONFIG))
def test_every_study_in_the_repository_is_valid(name):
    assert load_study(name, folder=CONFIG).name == name


def test_a_preset_of_sizes_lies_under_the_study():
    study = load_study("demo", folder=CONFIG)
    assert study.vae.model.width == 64
    assert load_study("demo", {"vae": {"model": {"width": 32}}}, CONFIG).vae.model.width == 32


def test_overrides_reach_nested_keys_and_leave_their_neighbours():
    changed = load_study("demo", {"projectors": {"lead": {"loss": {"var": 0.0}}}}, CONFIG)
    plain = load_study("demo", folder=CONFIG)
    assert changed.projectors["lead"].loss.var == 0.0
    assert changed.projectors["lead"].loss.align == plain.projectors["lead"].loss.align
    assert changed.vae == plain.vae


def test_another_kind_replaces_the_whole_group():
    study = load_study("demo", {"text": {"kind": "clip"}}, CONFIG)
    assert study.text.kind == "clip"


def test_a_configfile_with_a_name_stands_on_what_it_extends():
    given = {"study": "demo", "extends": "demo", "name": "mine", "seed": 5}
    study = resolve_study(given, CONFIG)
    assert (study.name, study.seed, study.dataset.kind) == ("mine", 5, "synthetic")


def test_an_unknown_key_is_told_with_the_allowed_ones():
    with pytest.raises(LeadError) as caught:
        load_study("demo", {"vae": {"training": {"learning_rat": 1.0}}}, CONFIG)
    message = str(caught.value)
    assert "vae.training.learning_rat" in message
    assert "learning_rate" in message and "weight_decay" in message


def test_an_unknown_key_inside_a_variant_names_that_variants_keys():
    with pytest.raises(LeadError) as caught:
        load_study("demo", {"dataset": {"clip": 3}}, CONFIG)
    assert "dataset" in str(caught.value) and "clips" in str(caught.value)


def test_a_wrong_value_is_told_with_what_was_expected():
    with pytest.raises(LeadError) as caught:
        load_study("demo", {"seed": "many"}, CONFIG)
    assert "seed" in str(caught.value) and "'many'" in str(caught.value)


def test_an_unknown_study_is_told_with_the_known_ones():
    with pytest.raises(LeadError, match="no study named dmeo") as caught:
        load_study("dmeo", folder=CONFIG)
    assert "demo" in str(caught.value)


def test_studies_that_extend_one_another_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: b\nname: a\n")
    (tmp_path / "b.yaml").write_text("extends: a\nname: b\n")
    with pytest.raises(LeadError, match="circle"):
        load_study("a", folder=tmp_path)


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("name: [a\n")
    with pytest.raises(LeadError) as caught:
        load_study("a", folder=tmp_path)
    assert "a.yaml" in str(caught.value)


def test_importing_the_configuration_loads_no_torch():
    script = "import sys, lead.config.load; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_field_of_every_setting_is_described():
    from lead.config.study import Study

    schema = Study.model_json_schema()
    bare = [
        f"{name}.{field}"
        for name, model in {"Study": schema, **schema["$defs"]}.items()
        for field, value in model.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []
