"""Whatever is wrong with the published evaluator's files is told, and told rightly."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
import torch
from evaluator_files import random_networks, write_checkpoint, write_statistics

from lead.errors import LeadError
from lead.interop.t2m_evaluator import PARTS, load_t2m_evaluator, load_t2m_statistics
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import HUMANML3D


def refused(path) -> str:
    with pytest.raises(LeadError) as error:
        load_t2m_evaluator(path)
    assert error.value.fix
    return str(error.value)


def small_file(zipped: bool) -> bytes:
    """A torch file of the release's form, with far smaller networks."""
    networks = {part: {"weight": torch.ones(3, 4)} for part in random_networks()}
    optimiser = {"state": {0: {"step": 1}}, "param_groups": [{"lr": 1e-4}]}
    content = io.BytesIO()
    torch.save({**networks, "epoch": 268, "opt_text_encoder": optimiser}, content,
               _use_new_zipfile_serialization=zipped)  # fmt: skip
    return content.getvalue()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("zipped", [True, False])
def test_no_damage_ends_in_anything_but_a_plain_message(tmp_path, zipped):
    whole, draw = small_file(zipped), random.Random(0)
    path = tmp_path / "finest.tar"
    for trial in range(300):
        content = bytearray(whole)
        if trial % 2:
            content = content[: draw.randrange(len(content))]
        else:
            for _ in range(draw.choice([1, 4, 40])):
                content[draw.randrange(len(content))] = draw.randrange(256)
        path.write_bytes(content)
        refused(path)


def test_a_file_in_torchs_old_format_is_read(tmp_path):
    path = write_checkpoint(tmp_path)
    expected = load_t2m_evaluator(path).state_dict()
    torch.save(torch.load(path, weights_only=True), path, _use_new_zipfile_serialization=False)
    found = load_t2m_evaluator(path).state_dict()
    assert all(map(torch.equal, found.values(), expected.values()))


class Intruder:
    def __reduce__(self):
        return print, ("executed",)


def test_an_object_in_place_of_a_network_is_not_run(tmp_path, capsys):
    path = tmp_path / "finest.tar"
    torch.save(dict.fromkeys(PARTS, Intruder()), path)
    assert "no motion_encoder.gru" in refused(path)
    assert "executed" not in capsys.readouterr().out


def test_no_message_advises_to_open_a_file_unsafely(tmp_path):
    path = tmp_path / "finest.tar"
    path.write_bytes(b"<!DOCTYPE html><html>Too many users have viewed this file</html>")
    said = refused(path)
    assert "damaged" in said and "weights_only" not in said and "run code" not in said


def test_a_weight_with_other_axes_is_named(tmp_path):
    networks = random_networks()
    networks["movement_encoder"]["main.0.weight"] = torch.zeros(512)
    said = refused(write_checkpoint(tmp_path, **networks))
    assert "movement_encoder.main.0.weight (512,) in place of (512, 259, 4)" in said


def test_a_missing_file_is_named_as_it_was_given(tmp_path):
    path = tmp_path / "finest.tar"
    assert f"{path}\n" in refused(path)


def test_a_missing_folder_is_told_with_the_place_of_its_file(tmp_path):
    assert "evaluators/t2m/text_mot_match/model/finest.tar\n" in refused(tmp_path / "evaluators")


@pytest.mark.parametrize("folder", ["", "t2m", "t2m/text_mot_match", "t2m/text_mot_match/model"])
def test_any_folder_above_the_file_finds_it(tmp_path, folder):
    write_checkpoint(tmp_path)
    assert load_t2m_evaluator(str(tmp_path / folder)).movement_encoder.main[0].in_channels == 259


@pytest.mark.parametrize("folder", ["", "t2m", "t2m/Comp_v6_KLD01", "t2m/Comp_v6_KLD01/meta"])
def test_any_folder_above_the_statistics_finds_them(tmp_path, folder):
    write_statistics(tmp_path, np.zeros(263), np.ones(263))
    assert load_t2m_statistics(str(tmp_path / folder)).std.sum() == 263


def save_archive(path):
    with path.open("wb") as file:
        np.savez(file, std=np.ones(263))


@pytest.mark.parametrize(
    "write",
    [
        save_archive,
        lambda path: path.write_bytes(b"PK\x03\x04" + bytes(40)),
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path, np.array(["1.0"] * 263)),
        lambda path: np.save(path, np.ones(263, dtype=complex)),
        lambda path: np.save(path, np.full(263, 1e300)),
    ],
    ids=["an archive", "a broken archive", "nothing", "words", "complex numbers", "too large"],
)
def test_statistics_that_are_no_numbers_are_refused(tmp_path, write):
    meta = write_statistics(tmp_path, np.zeros(263), np.ones(263))
    write(meta / "std.npy")
    with pytest.raises(LeadError) as error:
        load_t2m_statistics(tmp_path)
    assert error.value.file == meta / "std.npy"


def test_the_datasets_mean_beside_the_evaluators_std_is_refused(tmp_path, data_root):
    folder = data_root / "humanml3d"
    dataset = Normalizer(np.load(folder / "Mean.npy"), np.load(folder / "Std.npy"))
    own = load_t2m_statistics(data_root / "evaluators", HUMANML3D, dataset)
    write_statistics(tmp_path, np.asarray(dataset.mean), own.std)
    with pytest.raises(LeadError, match="not the evaluator's mean") as error:
        load_t2m_statistics(tmp_path, HUMANML3D, dataset)
    assert "Mean.npy" in str(error.value)
