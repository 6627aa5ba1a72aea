"""Studies: extending, overriding, and wrong keys answered in one line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lead.config.datasets import KitDataset
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


@pytest.mark.parametrize("name", study_names(CONFIG))
def test_an_ablation_differs_from_lead_in_one_weight_alone(name):
    """Or, for `mlp` and `skip`, in the network alone."""
    projectors = load_study(name, folder=CONFIG).projectors
    lead = projectors["lead"]
    for term in ("align", "rec", "var"):
        without = lead.loss.model_copy(update={term: 0.0})
        assert projectors[f"lead_no_{term}"] == lead.model_copy(update={"loss": without})
    for kind in ("mlp", "skip"):
        variant = projectors[f"lead_{kind}"]
        assert variant.model.kind == kind
        assert variant == lead.model_copy(update={"model": variant.model})


def test_a_variant_follows_what_is_said_of_the_one_it_extends():
    said = {"projectors": {"lead": {"training": {"steps": 7}}}}
    projectors = load_study("demo", said, CONFIG).projectors
    assert {stage.training.steps for stage in projectors.values()} == {7}
    said["projectors"]["lead_no_rec"] = {"training": {"steps": 8}}
    assert load_study("demo", said, CONFIG).projectors["lead_no_rec"].training.steps == 8


def test_a_variant_may_extend_one_that_extends_another():
    said = {"projectors": {"lead_mine": {"extends": "lead_no_var", "loss": {"rec": 1.0}}}}
    loss = load_study("demo", said, CONFIG).projectors["lead_mine"].loss
    assert (loss.var, loss.rec, loss.align) == (0.0, 1.0, 2.1591)


@pytest.mark.parametrize(
    ("projectors", "said"),
    [
        ({"lead_a": {"extends": "laed"}}, "lead_a extends laed"),
        ({"lead_a": {"extends": "lead_b"}, "lead_b": {"extends": "lead_a"}}, "circle"),
        ({"lead_a": {"extends": "lead_a"}}, "circle"),
        ({"lead_a": {"extends": "lead", "loss": {"vra": 0}}}, "projectors.lead_a.loss.vra"),
    ],
)
def test_a_variant_that_cannot_be_resolved_is_told(projectors, said):
    with pytest.raises(LeadError, match=said):
        load_study("demo", {"projectors": projectors}, CONFIG)


def names(systems):
    return tuple(system.name for system in systems)


def test_ablations_are_rows_of_their_own_table_alone():
    study = load_study("demo", folder=CONFIG)
    assert names(study.systems) == ("real", "mld", "motionlcm_1", "lead", "lead_motionlcm_1")
    assert names(study.ablated_systems) == (
        "real", "lead_mlp", "lead_skip", "lead_no_var", "lead_no_align", "lead_no_rec", "lead",
    )  # fmt: skip


def test_a_projector_that_is_no_ablation_is_compared_with_the_systems():
    said = {"projectors": {"lead_mine": {"extends": "lead"}}}
    assert names(load_study("demo_kit", said, CONFIG).systems) == (
        "real",
        "mld",
        "lead",
        "lead_mine",
    )


def test_motionlcm_has_a_system_without_and_with_realignment_a_number_of_steps():
    assert names(load_study("demo", folder=CONFIG).few_steps) == (
        "motionlcm_1", "lead_motionlcm_1", "motionlcm_2", "lead_motionlcm_2", "motionlcm_4",
        "lead_motionlcm_4",
    )  # fmt: skip


@pytest.mark.parametrize("name", study_names(CONFIG))
def test_the_paper_has_no_table_5_on_kit(name):
    study = load_study(name, folder=CONFIG)
    assert (study.consistency is None) == (study.is_on_kit or name == "style100")


def test_motionlcm_learns_from_a_teacher_on_t5_where_the_paper_is_repeated():
    stage = load_study("paper", folder=CONFIG).consistency
    assert stage is not None and stage.teacher is not None
    assert stage.teacher.text.model == "sentence-transformers/sentence-t5-large"
    assert load_study("demo", folder=CONFIG).consistency.teacher is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"projectors": {"lead_motionlcm_3": {"extends": "lead"}}}, "lead on MotionLCM"),
        ({"projectors": {"lead_/../../x": {"extends": "lead"}}}, "lead or lead_<a-z, 0-9, _>"),
        ({"evaluation": {"sampling_steps": 5000}}, "at most diffusion.train_steps, 1000"),
        ({"external": {"motionlcm_2": {"path": "x"}}}, "motionlcm_<steps>"),
        ({"consistency": {"steps": [4, 1]}}, "steps that rise"),
        ({"consistency": {"steps": [1, 51]}}, "steps that rise"),
        ({"consistency": {"guidance_low": 20.0}}, "guidance_low"),
    ],
)
def test_what_motionlcm_cannot_be_is_told(said, told):
    with pytest.raises(LeadError, match=told):
        load_study("demo", said, CONFIG)


def test_the_paper_size_study_has_a_row_for_every_control_and_the_demo_none():
    names = [system.name for system in load_study("paper", folder=CONFIG).rows("table1")]
    assert names[:5] == ["real", "mld", "mld_clipped", "mld_direction", "mld_rescaled"]
    assert not load_study("demo", folder=CONFIG).controls


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"controls": ["clip"]}, "controls"),
        ({"controls": ["clipped", "clipped"]}, "each control once"),
        ({"external": {"mld_clipped": {"path": "x"}}}, "external"),
    ],
)
def test_what_a_control_cannot_be_is_told(said, told):
    with pytest.raises(LeadError, match=told):
        load_study("demo", said, CONFIG)


def test_a_denoiser_that_reaches_every_direction_has_no_control_of_one():
    published = {"denoiser": {"model": {"latent_width": 32, "text_activation": "none"}}}
    assert load_study("humanml3d", published, CONFIG).controls == ("clipped", "rescaled")


def test_an_ablation_that_is_no_projector_is_told():
    with pytest.raises(LeadError, match="ablations"):
        load_study("demo", {"ablations": ["lead_mpl"]}, CONFIG)


@pytest.mark.parametrize("name", study_names(CONFIG))
def test_the_second_study_is_on_kits_skeleton_and_the_first_is_not(name):
    study = load_study(name, folder=CONFIG)
    if study.second is not None and not study.is_on_kit:
        assert load_study(study.second, folder=CONFIG).is_on_kit


def test_what_nobody_published_for_kit_is_said_in_its_file():
    kit, humanml3d = (load_study(name, folder=CONFIG) for name in ("kit", "humanml3d"))
    assert isinstance(kit.dataset, KitDataset) and kit.dataset.min_frames == 24
    assert kit.vae.loss.joints == 1e-3
    assert kit.vae.model == humanml3d.vae.model and kit.denoiser.model == humanml3d.denoiser.model
    updates = {name: kit.projectors[name].training.steps for name in ("lead", "lead_equal_updates")}
    assert updates == {"lead": 1000, "lead_equal_updates": 4800}
    assert humanml3d.projectors["lead"].training.steps == 4800
    assert names(kit.systems)[-2:] == ("lead", "lead_equal_updates")


@pytest.mark.parametrize("name", ["paper", "paper_kit"])
def test_the_paper_is_measured_with_the_published_evaluator_at_the_papers_size(name):
    study = load_study(name, folder=CONFIG)
    assert (study.size, study.evaluator.kind, study.text.kind) == ("paper", "t2m", "clip")
    assert study.evaluation.repeats == 20


def test_a_configfile_with_a_name_stands_on_what_it_extends():
    given = {"study": "demo", "extends": "demo", "name": "mine", "seed": 5}
    study = resolve_study(given, CONFIG)
    assert (study.name, study.seed, study.dataset.kind) == ("mine", 5, "synthetic")


@pytest.mark.parametrize("word", ["null", "None"])
def test_null_on_the_command_line_is_none_and_no_word(word):
    assert load_study("micro", {"consistency": word}).consistency is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_study_is_read_in_any_encoding(tmp_path, encoding, end):
    lines = ["name: mine", "seed:\u00a05", "data_root: dät", "dataset: {kind: synthetic}"]
    shutil.copytree(CONFIG, tmp_path, dirs_exist_ok=True)
    (tmp_path / "mine.yaml").write_bytes(end.join(["extends: demo", *lines]).encode(encoding))
    study = load_study("mine", folder=tmp_path)
    assert (study.seed, str(study.data_root)) == (5, "dät")


def test_a_study_that_is_nested_beyond_reason_is_refused(tmp_path):
    (tmp_path / "mine.yaml").write_text(f"a: {'[' * 600}{']' * 600}")
    with pytest.raises(LeadError, match="valid YAML"):
        load_study("mine", folder=tmp_path)


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"dataset": {"kind": "humanml3d", "foldr": 1}}, "dataset.foldr"),
        ({"dataset": {"kind": "humanml3d", "folder": 3}}, "dataset.folder"),
        ({"evaluator": {"wrds": 3}}, "evaluator.wrds"),
        ({"vae": {"source": {"kind": "mld_checkpoint", "pth": 1}}}, "vae.source.pth"),
    ],
)
def test_an_error_names_the_key_as_a_user_writes_it(values, place):
    with pytest.raises(LeadError) as caught:
        load_study("demo", values, CONFIG)
    assert f" {place}." in caught.value.problem


def test_an_unknown_key_is_told_with_the_allowed_ones():
    with pytest.raises(LeadError) as caught:
        load_study("demo", {"vae": {"training": {"learning_rat": 1.0}}}, CONFIG)
    message = str(caught.value)
    assert "vae.training.learning_rat" in message
    assert "learning_rate" in message and "weight_decay" in message


def test_every_unknown_key_is_named_before_anything_else_that_is_wrong():
    wrong = {"seed": "many", "nmae": 1, "vae": {"modell": {}, "loss": {"kll": 0}}}
    with pytest.raises(LeadError) as caught:
        load_study("demo", wrong, CONFIG)
    problem = caught.value.problem
    assert problem.startswith("Unknown key in the configuration: ") and "(and 3 more: " in problem
    assert problem.endswith("seed).")
    assert all(name in problem for name in ("nmae", "vae.modell", "vae.loss.kll"))


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


def test_a_tilde_in_a_path_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    study = load_study("humanml3d", {"data_root": "~/mocap", "dataset": {"folder": "~/HumanML3D"}})
    assert (study.data_root, study.dataset.folder) == (tmp_path / "mocap", tmp_path / "HumanML3D")
    with pytest.raises(LeadError, match="home folder"):
        load_study("humanml3d", {"data_root": "~nobody-of-this-name/mocap"})
