"""The names of variants of inversion, which are folders that others rely on."""

import pytest

from lead.config.inversion import ABLATED, PAIRS, InversionVariant, inversion_variant

EVERY = [*PAIRS, *(InversionVariant("lead", name) for name in ABLATED)]


@pytest.mark.parametrize("variant", EVERY, ids=lambda variant: variant.name)
def test_a_variant_is_read_back_from_its_name(variant):
    assert inversion_variant(variant.name) == variant


def test_names_are_those_of_the_contract():
    assert [variant.name for variant in EVERY] == [
        "feat", "feat_lead", "mld", "mld_lead", "lead", "lead_lead",
        "lead_lead_no_align", "lead_lead_no_var", "lead_lead_no_rec",
    ]  # fmt: skip


def test_words_are_the_same_with_and_without_realignment():
    assert {variant.words for variant in PAIRS} == {"feat", "mld", "lead"}


def test_an_ablation_has_its_projector_in_the_loss_and_in_generation():
    variant = inversion_variant("lead_lead_no_rec")
    assert variant.loss_projector == variant.projector == "lead_no_rec"
    assert variant.words == "lead_lead_no_rec"


def test_only_the_objective_lead_has_a_projector_in_the_loss():
    assert inversion_variant("mld_lead").loss_projector is None
    assert inversion_variant("lead").loss_projector == "lead"


@pytest.mark.parametrize("name", ["real", "leading", "mld_no_var", "proj"])
def test_another_name_is_refused(name):
    with pytest.raises(ValueError, match=name):
        inversion_variant(name)
