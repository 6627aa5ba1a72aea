"""The profile `as_published`: between the preset of sizes and the study."""

from pathlib import Path

import pytest

from lead.config.load import load_study
from lead.errors import LeadError

CONFIG = Path(__file__).parents[2] / "config"
FLAWS = {
    "windows": "published", "negatives": "published", "drop_last": True, "boundary": "zero196"
}  # fmt: skip


def flaws(study):
    return {name: getattr(study.matcher, name) for name in FLAWS}


def test_the_published_flaws_are_off_unless_asked_for():
    study = load_study("demo", folder=CONFIG)
    assert study.profile == "recommended"
    assert flaws(study) == {
        "windows": "all", "negatives": "others", "drop_last": False, "boundary": "unpadded"
    }  # fmt: skip
    assert study.vae.loss.frames == "real"


def test_as_published_brings_every_flaw_back():
    study = load_study("demo", {"profile": "as_published"}, CONFIG)
    assert flaws(study) == FLAWS
    assert study.vae.loss.frames == "padded"


def test_a_profile_lies_over_the_preset_of_sizes():
    study = load_study("demo", {"profile": "as_published"}, CONFIG)
    assert study.matcher.matching.batch_size == 8
    assert study.matcher.matching.steps == load_study("demo", folder=CONFIG).matcher.matching.steps


def test_a_study_overrides_its_profile():
    given = {"profile": "as_published", "matcher": {"negatives": "others"}}
    study = load_study("demo", given, CONFIG)
    assert flaws(study) == FLAWS | {"negatives": "others"}


def test_a_profile_validates_on_the_test_split_and_keeps_what_is_best_there():
    study = load_study("demo", {"profile": "as_published"}, CONFIG)
    assert study.validation == "test"
    assert study.vae.training.keep == study.denoiser.training.keep == "best"
    assert study.consistency.training.keep == "best" and study.consistency.published_dropout


def test_a_profile_leaves_the_frozen_vae_in_training_mode():
    assert load_study("demo", {"profile": "as_published"}, CONFIG).latents.published_dropout


def test_a_field_that_came_later_changes_no_settings_at_its_default():
    plain = load_study("demo", folder=CONFIG).latents
    assert plain.model_dump(mode="json") == {"crops": plain.crops}
    changed = load_study("demo", {"latents": {"published_dropout": True}}, CONFIG).latents
    assert changed.model_dump(mode="json") == {"crops": plain.crops, "published_dropout": True}


def test_a_profile_leaves_what_it_does_not_name_as_it_is():
    plain = load_study("demo", folder=CONFIG).model_dump()
    changed = load_study("demo", {"profile": "as_published"}, CONFIG).model_dump()
    different = {name for name in plain if plain[name] != changed[name]}
    trained = {"vae", "latents", "denoiser", "consistency"}
    assert different == {"profile", "matcher", "validation", *trained}


def test_an_unknown_profile_is_told_with_the_known_ones():
    with pytest.raises(LeadError, match="profile") as caught:
        load_study("demo", {"profile": "as_publshed"}, CONFIG)
    assert "as_published" in str(caught.value.expected)


def test_an_evaluator_is_trained_where_nothing_else_is_said():
    assert load_study("demo", {"evaluator": {"tagger": "spacy"}}).evaluator.kind == "trained"


def test_word_vectors_need_a_matcher_of_their_width():
    glove = {"evaluator": {"words": "glove"}}
    with pytest.raises(LeadError, match="token_width: 300") as error:
        load_study("demo", glove)
    assert "not 384 and 0" in str(error.value)
    fitting = {"matcher": {"model": {"token_width": 300, "pos_classes": 15}}}
    assert load_study("demo", glove | fitting).evaluator.words == "glove"


def test_a_wrong_key_of_the_evaluator_is_answered_with_those_allowed():
    with pytest.raises(LeadError) as error:
        load_study("demo", {"evaluator": {"kind": "t2m", "fodler": "x"}})
    assert "folder" in str(error.value.expected)
    with pytest.raises(LeadError, match="kind: t2m") as error:
        load_study("demo", {"evaluator": "t2m"})
