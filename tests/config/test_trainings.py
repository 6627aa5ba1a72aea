"""What the trainings of a study are called."""

from itertools import pairwise, product

import pytest

from lead.config.trainings import NETWORKS, Trainings

DESIGNS = [
    Trainings(vae=vae, denoiser=vae * denoisers, projector=vae * denoisers * projectors)
    for vae, denoisers, projectors in product((1, 2, 3, 12), (1, 2, 3), (1, 2, 11))
]


def chains(design: Trainings) -> dict[str, tuple[str, ...]]:
    """By the label of a training, the labels of VAE, denoiser and projector that it stands on."""
    return {
        label: tuple(design.label(design.of(network, number)) for network in NETWORKS)
        for label, number in design.labels.items()
    }


@pytest.mark.parametrize("design", DESIGNS, ids=repr)
def test_every_training_has_a_label_of_its_own(design):
    assert len(design.labels) == design.number
    for network, own in zip(NETWORKS, zip(*chains(design).values(), strict=True), strict=True):
        assert len(set(own)) == getattr(design, network)


def test_labels_are_numbers_where_every_network_is_trained_alike():
    assert list(Trainings.model_validate(12).labels) == [str(number) for number in range(1, 13)]


def test_labels_say_what_a_training_stands_on():
    design = Trainings(vae=2, denoiser=4, projector=8)
    assert list(design.labels) == ["1", "2", "1.2", "2.2", "1.1.2", "2.1.2", "1.2.2", "2.2.2"]
    assert chains(design)["2.2.2"] == ("2", "2.2", "2.2.2")


def test_raising_any_number_keeps_every_training_on_what_it_stood():
    grown = 0
    for few, more in product(DESIGNS, DESIGNS):
        each, above = (
            [design.vae, design.denoiser // design.vae, design.projector // design.denoiser]
            for design in (few, more)
        )
        if all(before <= after for before, after in zip(each, above, strict=True)):
            grown += 1
            assert chains(few).items() <= chains(more).items()
    assert grown > len(DESIGNS)


def test_prefixes_are_labels_of_what_comes_before():
    for label, networks in chains(Trainings(vae=3, denoiser=6, projector=18)).items():
        assert label == networks[-1]
        assert all(after.startswith(before) for before, after in pairwise(networks))
