"""Parts of speech and token sequences of captions."""

from hypothesis import given
from hypothesis import strategies as st

from lead.datasets.published import read_caption_file
from lead.text.words import POS_CLASSES, VIP_WORDS, pos_class, token_sequence

ROWS = {word: row for row, word in enumerate(("sos", "eos", "unk", "a", "man", "walk", "left"))}
SOS, EOS, UNK = 0, 1, 2
VERB, NOUN, DET, ADJ, LOC, ACT, OTHER = 0, 1, 2, 7, 9, 12, 14

PAIRS = st.lists(st.tuples(st.sampled_from(["man", "walk", "zebra"]), st.sampled_from(POS_CLASSES)))


def test_the_classes_are_numbered_as_published():
    named = ("VERB", "NOUN", "DET", "ADJ", "Loc_VIP", "Act_VIP", "OTHER")
    assert [POS_CLASSES.index(name) for name in named] == [VERB, NOUN, DET, ADJ, LOC, ACT, OTHER]
    assert len(POS_CLASSES) == 15


def test_a_listed_word_takes_its_lists_class_whatever_its_tag():
    assert pos_class("walk", "VERB") == pos_class("walk", "NOUN") == ACT


def test_any_other_word_takes_its_tags_class():
    assert pos_class("man", "NOUN") == NOUN


def test_a_tag_without_a_class_is_other():
    assert pos_class("and", "CCONJ") == OTHER


def test_no_word_is_in_two_lists():
    words = [word for listed in VIP_WORDS.values() for word in listed.split()]
    assert len(words) == len(set(words)) == 81


def test_an_unknown_word_is_unk_and_other_even_if_a_list_has_it():
    sequence = token_sequence([("jump", "VERB"), ("zebra", "NOUN")], ROWS)
    assert sequence.rows[1:3] == [UNK, UNK]
    assert sequence.classes[1:3] == [OTHER, OTHER]


def test_start_end_and_padding_are_other():
    sequence = token_sequence([("man", "NOUN")], ROWS)
    assert sequence.rows == [SOS, 4, EOS] + [UNK] * 19
    assert sequence.classes == [OTHER, NOUN] + [OTHER] * 20


@given(PAIRS)
def test_the_length_counts_at_most_20_words_a_start_and_an_end_but_no_padding(pairs):
    sequence = token_sequence(pairs, ROWS)
    assert sequence.length == min(len(pairs), 20) + 2
    assert len(sequence.rows) == len(sequence.classes) == 22


@given(PAIRS)
def test_words_keep_their_order_between_start_and_end(pairs):
    rows, _, length = token_sequence(pairs, ROWS)
    assert rows[0] == SOS and rows[length - 1] == EOS
    assert rows[1 : length - 1] == [ROWS.get(word, UNK) for word, _ in pairs[:20]]
    assert rows[length:] == [UNK] * (22 - length)


def test_a_caption_of_19_words_has_one_token_of_padding_and_of_20_none():
    assert token_sequence([("man", "NOUN")] * 19, ROWS).rows[-2:] == [EOS, UNK]
    assert token_sequence([("man", "NOUN")] * 20, ROWS).rows[-2:] == [4, EOS]


def test_a_published_caption_reads_as_it_should(data_root):
    from lead.clip import token_pairs

    first = read_caption_file(data_root / "humanml3d" / "texts" / "000000.txt")[0]
    assert first.caption == "a man kicks something or someone with his left leg."
    pairs = token_pairs(first.tokens)
    rows = {word: row for row, word in enumerate(["sos", "eos", "unk", *(w for w, _ in pairs)])}
    names = [POS_CLASSES[number] for number in token_sequence(pairs, rows).classes]
    assert names[:12] == [
        "OTHER", "DET", "NOUN", "Act_VIP", "PRON", "OTHER", "PRON", "ADP", "DET", "Loc_VIP",
        "Body_VIP", "OTHER",
    ]  # fmt: skip
