"""What cannot be done is refused in a message, before a network is loaded, by every command."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from rigs import MIXAMO, walking_bvh

from lead.cli.main import main

OUTPUTS = ("folder.npz", "clip.bvh/x.npz", "", "x.txt", "n" * 4000)
COMMANDS = {
    "generate": ["generate", "a walk", "--model", "model", "--out"],
    "import": ["import", "clip.bvh", "--out"],
    "picture": ["import", "clip.bvh", "--picture"],
    "export": ["export", "clip.bvh", "--out"],
    "invert": ["invert", "clip.bvh", "--word", "<z>", "--out"],
    "evaluate": ["evaluate", "--predictions", "folder.npz", "--out"],
    "requests": ["evaluate", "--requests"],
}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with a clip, and the description of a model without its networks."""
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "clip.bvh").write_text(walking_bvh(MIXAMO, lambda name: name))
    values = {
        "text": {"kind": "minilm"}, "diffusion": {}, "skeleton": "humanml3d", "longest": 80,
        "sampling_steps": 5, "guidance": 1.0,
    }  # fmt: skip
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text(json.dumps(values))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(monkeypatch, capsys, *arguments: str) -> str:
    """What `lead` says, and that it wrote nothing."""
    monkeypatch.setattr("sys.argv", ["lead", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 1 and not said.out, said
    assert said.err.startswith(("Error: ", "model: ")) and "fix: " in said.err
    return said.err


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_cannot_be_written(command, output, monkeypatch, capsys, place):
    before = sorted(place.iterdir())
    assert "cannot be written" in refused(monkeypatch, capsys, *COMMANDS[command], output)
    assert sorted(place.iterdir()) == before


@pytest.mark.parametrize("option", ["--out", "--requests"])
@pytest.mark.parametrize("ending", [".csv", ".txt", ".npz", ""])
def test_parquet_under_another_ending(option, ending, monkeypatch, capsys):
    words = ["evaluate", "--predictions", "folder.npz", option, f"metrics{ending}"]
    assert "expected: .parquet" in refused(monkeypatch, capsys, *words)


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1", "0", "1e300", "1e-300", "11"])
def test_an_impossible_length(seconds, monkeypatch, capsys):
    words = ["generate", "a walk", "--model", "model", "--seconds", seconds]
    assert "2 to 4 s" in refused(monkeypatch, capsys, *words)


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0", "\udcff", "a <my word>", "a <b", "\uff1cz\uff1e"]
)
def test_a_text_that_is_none(text, monkeypatch, capsys):
    refused(monkeypatch, capsys, "generate", text, "--model", "model")


@pytest.mark.parametrize("model", ["", "nowhere", "clip.bvh", "folder.npz", "n" * 4000])
def test_a_model_that_is_none(model, monkeypatch, capsys):
    refused(monkeypatch, capsys, "generate", "a walk", "--model", model)


@pytest.mark.parametrize("description", ["{}", "[]", "null", "{", '{"text": 1}'])
def test_a_model_of_another_description(description, monkeypatch, capsys, place):
    (place / "model" / "model.json").write_text(description)
    assert "damaged" in refused(monkeypatch, capsys, "generate", "a walk", "--model", "model")


@pytest.mark.parametrize("file", ["", "nowhere", "folder.npz", "n" * 4000])
@pytest.mark.parametrize(
    "words",
    [
        ["generate", "a <z>", "--model", "model", "--words"],
        ["import"],
        ["export"],
        ["invert", "--word", "<z>", "--out", "z.word"],
        ["import", "clip.bvh", "--skeleton-map"],
        ["import", "clip.bvh", "--body-model"],
        ["evaluate", "--predictions", "folder.npz", "--captions"],
        ["show"],
    ],
    ids=lambda words: " ".join(words),
)
def test_an_input_that_is_no_file(words, file, monkeypatch, capsys):
    refused(monkeypatch, capsys, *words, file)


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1"])
@pytest.mark.parametrize("command", ["import", "export"])
def test_an_impossible_rate(command, value, monkeypatch, capsys):
    refused(monkeypatch, capsys, command, "clip.bvh", "--fps", value)


def test_what_was_exported_to_a_viewer_is_not_said_to_come_back(monkeypatch, capsys, place):
    for name, why in (("a.csv", "cannot be read back"), ("a.glb", "The .glb cannot be read")):
        (place / name).touch()
        assert why in refused(monkeypatch, capsys, "export", name)
        assert "not from a .csv" in refused(monkeypatch, capsys, "import", name)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error", "a.bvh"), MemoryError()])
def test_what_the_system_refuses_is_a_message(error, monkeypatch, capsys):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("lead.mocap.motion.read_mocap", fail)
    said = refused(monkeypatch, capsys, "export", "clip.bvh", "--to", "glb")
    assert "Input/output error" in said or "Memory does not suffice." in said


def test_no_network_is_loaded_for_what_is_refused(place):
    code = (
        "import sys; from lead.cli.main import main\n"
        "for asked in ([''], ['a', '--seconds', '99'], ['a', '--out', 'x.txt']):\n"
        "    sys.argv = ['lead', 'generate', '--model', 'model', *asked]\n"
        "    try: main()\n"
        "    except SystemExit as end: print(end.code, 'torch' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1 False\n" * 3, run.stderr


def test_how_a_foreign_file_was_read_is_said_by_export_too(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["lead", "export", "clip.bvh", "--to", "glb"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 0
    assert "clip.bvh is read as" in said and "unit cm" in said and "Y up" in said
