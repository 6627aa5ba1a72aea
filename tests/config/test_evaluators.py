"""Evaluators beside a study's own: what they stand on, and what is refused."""

from pathlib import Path

import pytest

from lead.config.evaluators import described
from lead.config.load import load_study
from lead.datasets.registry import sources_of
from lead.errors import LeadError

CONFIG = Path(__file__).resolve().parents[2] / "config"


def study(evaluators, **more):
    return load_study("demo", {"evaluators": evaluators, **more}, CONFIG)


def test_others_stand_on_the_studys_matcher():
    found = study({"again": {}, "positions": {"model": {"features": "positions"}}, "bare": None})
    every = found.every_evaluator
    assert list(every) == ["own", "again", "positions", "bare"]
    assert every["again"].matcher == every["bare"].matcher == found.matcher
    changed = found.matcher.model.model_copy(update={"features": "positions"})
    assert every["positions"].matcher == found.matcher.model_copy(update={"model": changed})
    assert described(every) == {
        "own": "trained in this study",
        "again": "the same trained again",
        "positions": "trained with model.features positions",
        "bare": "the same trained again",
    }


def test_the_studys_own_files_stay_where_they_were_and_others_have_folders():
    every = study({"again": {}, "official": {"kind": "t2m"}}).every_evaluator
    assert every["own"].files == {"matcher": "models/matcher/matcher.safetensors"}
    assert every["again"].files == {
        "matcher": "evaluators/again/models/matcher/matcher.safetensors"
    }
    assert every["official"].files == {
        "matcher": "evaluators/official/models/evaluator/matcher.safetensors",
        "matcher_stats": "evaluators/official/models/evaluator/stats.npz",
        "words": "text/words.safetensors",
    }


def test_a_trained_one_reads_the_text_encoder_beside_the_published_one():
    every = study({"again": {}}, evaluator={"kind": "t2m"}).every_evaluator
    assert every["own"].evaluator.words == "glove" and every["again"].evaluator.words == "encoder"
    assert described(every)["own"] == "the published one (Guo et al. 2022)"


def test_the_published_one_is_a_source_of_the_study():
    found = study({"official": {"kind": "t2m", "folder": "theirs"}})
    places = {source.name: source.places for source in sources_of(found)}
    assert {"glove", "t2m-evaluator"} <= places.keys()
    assert places["t2m-evaluator"][0].startswith("theirs/")


@pytest.mark.parametrize(
    ("evaluators", "said"),
    [
        ({"a": {"model": {"width": 3}}}, "evaluators.a.model.width"),
        ({"a": {"kind": "t2m", "matcher": {}}}, "evaluators.a.matcher"),
        ({"a": {"kind": "clip"}}, "kind: t2m"),
        ({"a": 3}, "kind: t2m"),
        ({"own": {}}, "other than own"),
        ({"Two Words": {}}, "other than own"),
        ([], "evaluators"),
        ({"a": {"kind": "t2m", "vocabulary": "x"}, "b": {"kind": "t2m"}}, "one vocabulary"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_expected(evaluators, said):
    with pytest.raises(LeadError) as error:
        study(evaluators)
    assert said in str(error.value)


def test_an_evaluator_on_word_vectors_needs_their_width():
    fitting = {"model": {"token_width": 300, "pos_classes": 15}}
    with pytest.raises(LeadError, match="token_width: 300"):
        study({"a": {"model": {"token_width": 8}}}, evaluator={"words": "glove"}, matcher=fitting)


def test_motions_in_the_evaluators_units_have_one_such_unit():
    external = {"theirs": {"path": "x", "normalisation": "matcher"}}
    assert study({"again": {}}, external=external).evaluators
    with pytest.raises(LeadError, match="several such units"):
        study({"a": {"feature_bias": 5.0}}, external=external)
