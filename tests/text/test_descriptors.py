"""The word that an inversion starts from."""

import pytest

from lead.clip import Clip
from lead.text.descriptors import FALLBACK, descriptor, motion_verbs


def clip(*captions: str, tokens: tuple[str, ...] = ()) -> Clip:
    return Clip("one", "test", 0, 60, captions, "one", "c", None, "s", tokens)


def any_word(word: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("caption", "verb"),
    [
        ("a person walks forward", "walk"),
        ("someone is hopping on one leg", "hop"),
        ("a man hurriedly marches in place", "march"),
        ("a woman carries a box and sits down", "carry"),
        ("the person ran away from the chair", "run"),
        ("someone waved, then turned left", "wave"),
        ("a limping man is raising both arms", "raise"),
        ("a figure takes a walk", "take"),
        ("a man with a swing in his step jogs", "jog"),
    ],
)
def test_the_first_verb_is_found_as_its_lemma(caption, verb):
    assert next(motion_verbs(caption)) == verb


def test_tags_are_believed_where_a_caption_has_them():
    tagged = clip("the walk is fast", tokens=("the/DET walk/NOUN is/AUX fast/ADJ glide/VERB",))
    assert descriptor(tagged, any_word) == ("glide", "tags")
    assert descriptor(clip("a person walks"), any_word) == ("walk", "list")


def test_other_captions_are_never_read():
    two = clip("a person like a statue", "a person jumps")
    assert descriptor(two, any_word) == (FALLBACK, "fallback")
    tagged = clip("hm", "a person jumps", tokens=("hm/INTJ", "jump/VERB"))
    assert descriptor(tagged, any_word) == (FALLBACK, "fallback")


def test_a_verb_of_several_tokens_is_passed_over():
    sidestep = clip("someone sidesteps and jumps")
    assert descriptor(sidestep, lambda word: word != "sidestep").word == "jump"
    assert descriptor(sidestep, lambda word: False) == (FALLBACK, "fallback")
