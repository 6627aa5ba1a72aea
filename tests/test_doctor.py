"""`lead doctor` says what is missing and where to get it."""

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lead.cli.main import app, main
from lead.config.load import load_study
from lead.datasets.registry import sources_of
from lead.datasets.sources import SOURCES, locate, look_for
from lead.errors import LeadError

REPOSITORY = Path(__file__).parents[1]
CLIP = "weights of the text encoder clip, openai/clip-vit-large-patch14"
T5 = "weights of the text encoder t5, sentence-transformers/sentence-t5-large"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


def test_missing_data_is_named_with_place_address_and_licence(tmp_path):
    result = CliRunner().invoke(app, ["doctor", "open_small", "--data-root", str(tmp_path)])
    assert result.exit_code == 3
    for words in (
        "bandai-namco/dataset-1",
        "github.com/BandaiNamco",
        "CC BY-NC 4.0",
        "mocap.cs.cmu",
    ):
        assert words in result.output


def test_data_that_is_here_is_found(data_root):
    result = CliRunner().invoke(app, ["doctor", "open_small", "--data-root", str(data_root)])
    assert result.exit_code == 0, result.output


def test_the_demo_needs_no_data():
    result = CliRunner().invoke(app, ["doctor", "demo"])
    assert result.exit_code == 0
    assert "needs no data" in result.output


def test_a_study_of_some_open_sources_needs_these_alone(tmp_path):
    result = CliRunner().invoke(app, ["doctor", "bundled", "--data-root", str(tmp_path)])
    assert result.exit_code == 3
    assert "cmu/cmu-takes" in result.output and "cmu-mocap-index.csv" in result.output
    assert "may be used in products" in result.output
    assert "bandai-namco" not in result.output and "kitml" not in result.output
    needed = sources_of(load_study("open", {"dataset": {"cmu_cut": "humanml3d"}}))
    assert "humanml3d" in {source.name for source in needed}


def doctor(*arguments: str) -> str:
    return CliRunner().invoke(app, ["doctor", *arguments]).output


def test_free_data_is_named_with_the_command_that_gets_it(tmp_path):
    output = doctor("open_small", "--data-root", str(tmp_path))
    assert f"lead retrieve bandai-namco --data-root {tmp_path}" in output
    assert f"lead retrieve kitml-annotations --data-root {tmp_path}" in output


def test_data_that_is_not_free_is_never_offered_by_a_command(tmp_path):
    output = doctor("--data-root", str(tmp_path))
    offered = set(re.findall(r"lead retrieve (\S+)", output))
    assert offered == {"bandai-namco", "kitml-annotations", "humanml3d-lists", "100style"}


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("AMASS", "amass.is.tue.mpg.de"),
        ("SMPL+H body model", "mano.is.tue.mpg.de"),
        ("HumanML3D, processed", "github.com/EricGuo5513/HumanML3D"),
        ("KIT-ML, processed", "github.com/EricGuo5513/HumanML3D"),
    ],
)
def test_licensed_data_is_named_with_the_place_to_get_it(what, where, tmp_path):
    lines = doctor("--data-root", str(tmp_path)).splitlines()
    line = next(n for n, text in enumerate(lines) if "✗" in text and what in text)
    assert where in "".join(lines[line : line + 4])


def test_a_format_that_is_not_read_is_named_with_the_reason(tmp_path):
    output = doctor("kit", "--data-root", str(tmp_path))
    assert "(MMM files, XML): not read" in output
    assert "kinematic model" in output


def test_a_format_that_is_not_read_does_not_count_as_missing(tmp_path):
    (tmp_path / "KIT-ML").mkdir()
    output = doctor("kit", "--data-root", str(tmp_path)).split("Programs and packages")[0]
    assert re.findall(r"✗ (.*)", output) in ([], [CLIP])


@pytest.mark.parametrize("study,named", [("humanml3d", [CLIP, T5]), ("kit", [CLIP]), ("demo", [])])
def test_weights_of_text_encoders_are_looked_for_in_the_hubs_cache(study, named, tmp_path):
    output = CliRunner().invoke(app, ["doctor", study], env={"HF_HUB_CACHE": str(tmp_path)}).output
    assert re.findall(r"weights of the text encoder .*", output) == named
    assert all(f"hf download {line.split()[-1]}" in output or "✓" in output for line in named)


def test_weights_in_a_folder_are_found(tmp_path, monkeypatch):
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "config/own.yaml").write_text(
        "extends: kit\nname: own\ntext: {kind: clip, model: ~/clip}\n"
    )
    (tmp_path / "clip").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "✗ weights of the text encoder clip, ~/clip" in doctor("own")
    (tmp_path / "clip" / "model.safetensors").touch()
    assert "✓ weights of the text encoder clip, ~/clip" in doctor("own")


def test_missing_data_at_the_start_of_a_study_names_the_command_too(tmp_path):
    with pytest.raises(LeadError) as error:
        locate([SOURCES[name] for name in ("dataset-1", "cmu")], tmp_path)
    assert "`lead retrieve bandai-namco`" in str(error.value.fix)
    assert "mocap.cs.cmu.edu" in str(error.value.fix)


def test_a_study_with_the_published_evaluator_needs_its_files(tmp_path):
    evaluator = {"kind": "t2m", "folder": "judges"}
    study = load_study("humanml3d", {"evaluator": evaluator, "data_root": str(tmp_path)})
    needed = {source.name: source for source in sources_of(study)}
    assert needed.keys() >= {"humanml3d-features", "t2m-evaluator", "glove"}
    assert "kit-evaluator" not in needed
    assert needed["t2m-evaluator"].places == ("judges/t2m/text_mot_match/model/finest.tar",)
    assert "glove" not in {source.name for source in sources_of(load_study("humanml3d"))}
    of_kit = sources_of(load_study("kit", {"evaluator": {"kind": "t2m"}}))
    assert "kit-evaluator" in {source.name for source in of_kit}


def test_an_empty_folder_is_no_evaluator(tmp_path):
    (tmp_path / "evaluators" / "t2m").mkdir(parents=True)
    study = load_study("humanml3d", {"evaluator": {"kind": "t2m"}, "data_root": str(tmp_path)})
    needed = {source.name: source for source in sources_of(study)}
    assert look_for(needed["t2m-evaluator"], tmp_path) is None


def test_a_released_checkpoint_is_looked_for_where_the_study_reads_it(tmp_path, monkeypatch):
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "config/official.yaml").write_text(
        "extends: demo\nname: official\ndescription: a released VAE\n"
        "vae: {source: {kind: mld_checkpoint, path: mld.ckpt}}\n"
    )
    monkeypatch.chdir(tmp_path)
    missing = CliRunner().invoke(app, ["doctor", "official", "--data-root", str(tmp_path)])
    assert missing.exit_code == 3
    assert f"put it at {tmp_path / 'mld.ckpt'}" in missing.output
    (tmp_path / "mld.ckpt").touch()
    assert doctor("official", "--data-root", str(tmp_path)).count("✗") < missing.output.count("✗")


def test_a_tilde_that_no_shell_expanded_is_the_home_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["lead", "doctor", "humanml3d", "--data-root=~/mocap"])
    with pytest.raises(SystemExit):
        main()
    assert f"put it at {tmp_path}/mocap/HumanML3D" in capsys.readouterr().out
