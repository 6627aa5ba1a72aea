"""The published evaluator is opened to the letter, and nothing else is taken for it."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from evaluator_files import (
    FOLDERS,
    in_numpy,
    random_networks,
    shapes,
    write_checkpoint,
    write_statistics,
)
from freezing import is_frozen
from oracles.plain_matcher import embed_motion, embed_text

from lead.errors import LeadError
from lead.interop.t2m_evaluator import load_t2m_evaluator, load_t2m_statistics
from lead.motion.layout import layout
from lead.motion.normalizer import BIASED_BLOCKS, Normalizer
from lead.motion.skeleton import HUMANML3D, KIT, SKELETONS

DATASETS = ("humanml3d", "kit")


def batch(width: int, *lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    motion = torch.randn(len(lengths), max(lengths), width).double()
    return motion, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_checkpoint_has_the_official_names(dataset, data_root):
    path = data_root.parent / "interop" / f"t2m_evaluator_keys_{dataset}.csv"
    if not path.is_file():
        pytest.skip(f"list of official parameter names not found at {path}")
    with path.open(newline="") as file:
        official = {row["key"]: row["shape"] for row in csv.DictReader(file)}
    assert official == {
        f"{part}/{name}": "x".join(map(str, shape))
        for part, own in shapes(FOLDERS[dataset][2] - 4).items()
        for name, shape in own.items()
    }


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("boundary", ["unpadded", "zero196"])
def test_motions_are_embedded_as_the_table_of_layers_says(tmp_path, dataset, boundary):
    matcher = load_t2m_evaluator(write_checkpoint(tmp_path, dataset), SKELETONS[dataset])
    networks = in_numpy(random_networks(dataset))
    lengths = (24, 42, 17)  # the caller's order, which is none of length; not all whole snippets
    motion, mask = batch(FOLDERS[dataset][2], *lengths)
    expected = np.stack(
        [
            embed_motion(own[:length].numpy(), networks, 196 if boundary == "zero196" else None)
            for own, length in zip(motion, lengths, strict=True)
        ]
    )
    fine = matcher.double().embed_motion(motion, mask, boundary=boundary)
    np.testing.assert_allclose(fine, expected, rtol=0, atol=1e-10)
    rough = matcher.float().embed_motion(motion.float(), mask, boundary=boundary)
    np.testing.assert_allclose(rough, expected, rtol=0, atol=1e-4)


def test_captions_are_embedded_as_the_table_of_layers_says(tmp_path):
    matcher = load_t2m_evaluator(write_checkpoint(tmp_path))
    networks = in_numpy(random_networks())
    torch.manual_seed(2)
    vectors, lengths = torch.randn(3, 9, 300).double(), torch.tensor([5, 9, 3])
    classes = torch.nn.functional.one_hot(torch.randint(15, (3, 9)), 15).double()
    expected = np.stack(
        [
            embed_text(own[:length].numpy(), kinds[:length].numpy(), networks)
            for own, kinds, length in zip(vectors, classes, lengths.tolist(), strict=True)
        ]
    )
    fine = matcher.double().embed_text(vectors, lengths, classes)
    np.testing.assert_allclose(fine, expected, rtol=0, atol=1e-10)
    rough = matcher.float().embed_text(vectors.float(), lengths, classes.float())
    np.testing.assert_allclose(rough, expected, rtol=0, atol=1e-4)


def test_the_oracle_depends_on_every_weight():
    networks = in_numpy(random_networks())
    rng = np.random.default_rng(0)
    motion, vectors = rng.normal(size=(24, 263)), rng.normal(size=(5, 300))
    classes = np.eye(15)[[0, 3, 1, 14, 2]]
    before = embed_motion(motion, networks), embed_text(vectors, classes, networks)
    for part, own in networks.items():
        for name in own:
            changed = {**networks, part: {**own, name: own[name] * 1.01 + 1e-3}}
            after = embed_motion(motion, changed), embed_text(vectors, classes, changed)
            assert any(not np.allclose(a, b, rtol=0, atol=1e-9)
                       for a, b in zip(before, after, strict=True)), f"{part}.{name}"  # fmt: skip


def test_a_batch_without_padding_is_embedded_as_each_motion_alone(tmp_path):
    matcher = load_t2m_evaluator(write_checkpoint(tmp_path)).double()
    motion, mask = batch(263, 24, 40, 16, 40)
    together = matcher.embed_motion(motion, mask)
    for row, length in enumerate((24, 40, 16, 40)):
        alone = matcher.embed_motion(motion[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(together[row], alone[0], rtol=0, atol=1e-12)


def test_a_folder_of_the_release_is_as_good_as_the_file(tmp_path):
    path = write_checkpoint(tmp_path)
    write_checkpoint(tmp_path, "kit")
    of_file, of_folder = load_t2m_evaluator(path), load_t2m_evaluator(tmp_path)
    assert all(map(torch.equal, of_file.state_dict().values(), of_folder.state_dict().values()))
    assert is_frozen(of_file)
    assert load_t2m_evaluator(tmp_path, KIT).movement_encoder.main[0].in_channels == 247


def refused(path, skeleton=HUMANML3D) -> str:
    with pytest.raises(LeadError) as error:
        load_t2m_evaluator(path, skeleton)
    assert error.value.fix
    return str(error.value)


def test_a_missing_file_is_named_with_where_to_get_it(tmp_path):
    said = refused(tmp_path)
    assert "t2m/text_mot_match/model/finest.tar" in said and "archive of Guo et al." in said


@pytest.mark.parametrize("kept", [0, 100, -1000])
def test_a_truncated_file_is_refused(tmp_path, kept):
    path = write_checkpoint(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    assert "damaged" in refused(path)


class Intruder:
    ran = False

    @classmethod
    def mark(cls, *_):
        cls.ran = True

    def __reduce__(self):
        return Intruder.mark, (1,)


def test_nothing_in_a_file_is_executed(tmp_path):
    path = write_checkpoint(tmp_path, note=Intruder())
    assert is_frozen(load_t2m_evaluator(path))
    assert not Intruder.ran


def test_the_evaluator_of_the_other_dataset_is_refused(tmp_path):
    path = write_checkpoint(tmp_path, "kit")
    said = refused(path)
    assert "another dataset" in said and "247 input columns, those of kit" in said


def test_another_checkpoint_is_refused(tmp_path):
    path = tmp_path / "latest.tar"
    torch.save({"vq_encoder": {}, "epoch": 3}, path)
    assert "not the evaluator" in refused(path)


def test_missing_and_unknown_weights_are_named(tmp_path):
    networks = random_networks()
    del networks["text_encoder"]["pos_emb.bias"]
    networks["motion_encoder"]["extra"] = torch.zeros(1)
    said = refused(write_checkpoint(tmp_path, **networks))
    assert "no text_encoder.pos_emb.bias" in said and "unknown motion_encoder.extra" in said


def test_weights_that_are_not_finite_are_refused(tmp_path):
    networks = random_networks()
    networks["motion_encoder"]["hidden"][0, 0, 0] = torch.nan
    assert "motion_encoder.hidden" in refused(write_checkpoint(tmp_path, **networks))


@pytest.fixture
def dataset() -> Normalizer:
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=263), rng.uniform(0.1, 0.4, 263)
    return Normalizer(mean.astype(np.float32), std.astype(np.float32))


def biased(own: Normalizer, by: float) -> np.ndarray:
    std = np.array(own.std)
    for block in BIASED_BLOCKS:
        std[layout(HUMANML3D).slice(block)] /= by
    return std


def test_statistics_of_the_release_are_taken_as_they_are(tmp_path, dataset):
    write_statistics(tmp_path, dataset.mean + 0.02, biased(dataset, 25))
    own = load_t2m_statistics(tmp_path, HUMANML3D, dataset)
    np.testing.assert_array_equal(own.mean, dataset.mean + np.float32(0.02))
    np.testing.assert_array_equal(own.std, biased(dataset, 25))


@pytest.mark.parametrize("by", [1, 5])
def test_statistics_of_the_dataset_are_refused(tmp_path, dataset, by):
    write_statistics(tmp_path, dataset.mean, biased(dataset, by))
    with pytest.raises(LeadError, match="not the evaluator's statistics") as error:
        load_t2m_statistics(tmp_path, HUMANML3D, dataset)
    assert "Std.npy" in str(error.value)


def test_statistics_in_other_units_are_refused(tmp_path, dataset):
    write_statistics(tmp_path, dataset.mean, 1000 * biased(dataset, 25))
    with pytest.raises(LeadError, match="of other motion"):
        load_t2m_statistics(tmp_path, HUMANML3D, dataset)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ones(251), "shape"),
        (np.full(263, np.nan), "not finite"),
        (np.array(["a"] * 263, dtype=object), "cannot be read"),
        (np.zeros(263), "above zero"),
    ],
)
def test_unfit_statistics_are_refused(tmp_path, values, said):
    meta = write_statistics(tmp_path, np.zeros(263), np.ones(263))
    np.save(meta / "std.npy", values, allow_pickle=True)
    with pytest.raises(LeadError) as error:
        load_t2m_statistics(tmp_path)
    assert said in str(error.value)


def test_missing_statistics_are_named(tmp_path):
    with pytest.raises(LeadError, match="not here") as error:
        load_t2m_statistics(tmp_path)
    assert "Comp_v6_KLD01" in str(error.value)


def test_the_published_statistics_are_the_datasets_by_25_in_the_root_and_contacts(
    data_root, tmp_path
):
    folder = data_root / "humanml3d"
    dataset = Normalizer(np.load(folder / "Mean.npy"), np.load(folder / "Std.npy"))
    own = load_t2m_statistics(data_root / "evaluators", HUMANML3D, dataset)
    for block in BIASED_BLOCKS:
        rows = layout(HUMANML3D).slice(block)
        assert np.median(dataset.std[rows] / own.std[rows]) == pytest.approx(25, abs=0.5)
    # 3.4 of the evaluator's deviations: why statistics are never rebuilt.
    height = layout(HUMANML3D).slice("root_height")
    assert abs(dataset.mean[height] - own.mean[height]) / own.std[height] == pytest.approx(
        3.4, abs=0.1
    )
    assert load_t2m_statistics(data_root / "evaluators", KIT).std.shape == (251,)
    write_statistics(tmp_path, dataset.mean, dataset.std)
    with pytest.raises(LeadError, match="not the evaluator's statistics"):
        load_t2m_statistics(tmp_path, HUMANML3D, dataset)
