"""The file that holds the words of every caption."""

import pytest
import torch
from vocabulary_files import WORDS, write_vocabulary

from lead.clip import Clip
from lead.config.evaluation import TrainedEvaluator
from lead.errors import LeadError
from lead.files.job import Job
from lead.store import write_index
from lead.text.cache import TextCache, write_text_cache
from lead.text.stages import encode_words
from lead.text.word_cache import WordCache, WordSource, open_words
from lead.text.words import Words

TAGGED = {
    "a man walks": "a/DET man/NOUN walk/VERB",
    "a man walks slowly.": "a/DET man/NOUN walk/VERB slowly/ADV",
    "zebra left": "zebra/NOUN left/ADJ",
    "on and on": " ".join(["man/NOUN"] * 25),
}


def encode(folder, tagged=TAGGED, tagger="none"):
    clips = [
        Clip(f"c{row}", "train", 0, 0, (caption,), "", "", None, "", (tokens,) if tokens else ())
        for row, (caption, tokens) in enumerate(tagged.items())
    ]
    write_index(folder / "index.parquet", clips, 0, {})
    write_vocabulary(folder / "glove")
    inputs = {"index": folder / "index.parquet"}
    evaluator = TrainedEvaluator(words="glove", tagger=tagger).model_dump(mode="json")
    settings = {"seed": 1, "evaluator": evaluator}
    output = folder / "words.safetensors"
    encode_words(Job("encode_words", settings, inputs, {"words": output}, data_root=folder))
    return output


@pytest.fixture
def path(tmp_path):
    return encode(tmp_path)


def test_vectors_and_classes_are_those_of_the_words(path):
    vectors, lengths, pos = WordCache.open(path).words(["zebra left", "a man walks"])
    assert lengths.tolist() == [4, 5]
    expected = [["sos", "unk", "left", "eos"], ["sos", "a", "man", "walk", "eos"]]
    for row, words in enumerate(expected):
        numbers = vectors[row, : len(words)].mean(-1).tolist()
        assert [WORDS[int(number)] for number in numbers] == words
    assert pos.argmax(-1)[0, :4].tolist() == [14, 14, 9, 14]
    assert pos.argmax(-1)[1, :5].tolist() == [14, 2, 1, 12, 14]


def test_classes_are_one_hot(path):
    pos = WordCache.open(path).words(list(TAGGED)).pos
    assert pos.shape == (4, 22, 15)
    assert torch.equal(pos.sum(-1), torch.ones(4, 22)) and torch.equal(pos.amax(-1), pos.sum(-1))


def test_a_short_captions_length_is_not_the_padded_one(path):
    assert WordCache.open(path).words(["a man walks", "on and on"]).lengths.tolist() == [5, 22]


def test_the_same_caption_may_be_asked_for_twice(path):
    words = WordCache.open(path).words(["zebra left", "zebra left"])
    assert torch.equal(words.vectors[0], words.vectors[1])


def test_no_captions_have_no_words(path):
    words = WordCache.open(path).words([])
    assert words.vectors.shape == (0, 22, 300) and words.pos.shape == (0, 22, 15)


def test_a_caption_that_is_not_in_the_study_is_refused(path):
    with pytest.raises(LeadError, match="not in the word cache") as caught:
        WordCache.open(path).words(["a man walks", "a cat flies"])
    assert caught.value.found == "a cat flies"


@pytest.mark.parametrize("kept", [0, 5, 200, -1])
def test_a_truncated_word_cache_says_to_delete_it(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(LeadError, match="damaged") as caught:
        WordCache.open(path)
    assert caught.value.file == path


def test_a_missing_word_cache_is_named(tmp_path):
    with pytest.raises(LeadError, match="no word cache"):
        WordCache.open(tmp_path / "words.safetensors")


def test_the_same_captions_give_the_same_bytes(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    backwards = dict(reversed(TAGGED.items()))
    assert encode(tmp_path / "one").read_bytes() == encode(tmp_path / "two", backwards).read_bytes()


def test_the_file_says_how_many_words_are_unknown_and_who_tagged(path):
    said = WordCache.open(path).metadata
    assert said["stage"] == "encode_words"
    assert (said["words"], said["unknown_words"]) == ("34", "1")
    assert (said["tagged"], said["tagger"], said["tagged_differently"]) == ("0", "none", "0")


def test_a_caption_without_tags_stops_the_stage(tmp_path):
    with pytest.raises(LeadError, match="clip c1"):
        encode(tmp_path, {"a man walks": "a/DET man/NOUN walk/VERB", "untagged": ""})


def test_both_caches_are_read_alike(path, tmp_path, t5):
    write_text_cache(tmp_path / "text.safetensors", ["a man walks", "left"], t5)
    inputs = {"text": tmp_path / "text.safetensors"}
    assert isinstance(open_words(inputs), TextCache)
    assert isinstance(open_words(inputs | {"words": path}), WordCache)
    for given, pos_classes in ((inputs, 0), (inputs | {"words": path}, 15)):
        source: WordSource = open_words(given)
        words = source.words(["a man walks"])
        assert isinstance(words, Words)
        assert words.vectors.shape[-1] == source.token_width
        assert source.pos_classes == pos_classes == (0 if words.pos is None else 15)


def test_an_encoders_words_are_its_tokens(tmp_path, t5):
    write_text_cache(tmp_path / "text.safetensors", ["a man walks", "left"], t5)
    cache = TextCache.open(tmp_path / "text.safetensors")
    vectors, lengths, pos = cache.words(["left", "a man walks"])
    tokens, token_lengths = cache.tokens(["left", "a man walks"])
    assert torch.equal(vectors, tokens) and torch.equal(lengths, token_lengths) and pos is None
