"""The published vocabulary's files, and what is not one."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from vocabulary_files import WORDS, write_vocabulary

from lead.errors import LeadError
from lead.text.words import read_vocabulary


class Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def files(tmp_path):
    return write_vocabulary(tmp_path)


def refused(files) -> LeadError:
    with pytest.raises(LeadError, match="word vectors cannot be used") as caught:
        read_vocabulary(files["vectors"].parent)
    return caught.value


def test_every_word_has_its_own_vector(files):
    vocabulary = read_vocabulary(files["vectors"].parent)
    assert vocabulary.vectors.shape == (len(WORDS), 300)
    for row, word in enumerate(WORDS):
        assert vocabulary.vectors[vocabulary.rows[word]].unique().tolist() == [row]


def test_the_published_word_lists_are_read(data_root, tmp_path):
    glove = data_root / "evaluators" / "glove"
    np.save(tmp_path / "our_vab_data.npy", np.zeros((4199, 300)))
    for name in ("our_vab_words.pkl", "our_vab_idx.pkl"):
        shutil.copy(glove / name, tmp_path)
    vocabulary = read_vocabulary(tmp_path)
    assert [vocabulary.rows[word] for word in ("sos", "eos", "unk")] == [0, 1, 2]
    assert "foot" in vocabulary.rows and "feet" not in vocabulary.rows


@pytest.mark.parametrize("name", ["vocabulary", "indices"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_none(files, tmp_path, name):
    trace = tmp_path / "was_here"
    files[name].write_bytes(pickle.dumps([Touch(trace)]))
    error = refused(files)
    assert not trace.exists()
    assert error.file == files[name] and "asks for pathlib." in str(error.found)


def test_an_array_in_a_pickle_is_refused_with_what_it_asks_for(files):
    files["vocabulary"].write_bytes(pickle.dumps(np.array(WORDS)))
    assert "numpy" in str(refused(files).found)


@pytest.mark.parametrize("name", ["vectors", "vocabulary", "indices"])
@pytest.mark.parametrize("kept", [0, 3, 40])
def test_a_truncated_file_is_named(files, name, kept):
    files[name].write_bytes(files[name].read_bytes()[:kept])
    assert refused(files).file == files[name]


@pytest.mark.parametrize("name", ["vectors", "vocabulary", "indices"])
def test_a_missing_file_is_named_with_where_it_comes_from(files, name):
    files[name].unlink()
    error = refused(files)
    assert error.file == files[name] and "Guo et al. 2022" in str(error.fix)


def test_vectors_of_another_width_are_told_with_both_widths(tmp_path):
    error = refused(write_vocabulary(tmp_path, width=50))
    assert (error.found, error.expected) == ("50 columns", "300 columns")


def test_a_vector_more_than_there_are_words_is_refused(files):
    np.save(files["vectors"], np.zeros((len(WORDS) + 1, 300)))
    assert refused(files).found == "13 vectors"


def test_indices_in_another_order_than_the_words_are_refused(files):
    files["indices"].write_bytes(pickle.dumps({w: r for r, w in enumerate(reversed(WORDS))}))
    assert refused(files).found == "'sos' in row 11, where it is word 0"


def test_indices_of_fewer_words_are_refused(files):
    files["indices"].write_bytes(pickle.dumps({"sos": 0}))
    assert refused(files).found == "1 words, where there are 12"


@pytest.mark.parametrize("row", [-1, 12, [1], None, "huge"])
def test_a_row_that_no_word_has_is_refused(files, row):
    rows = dict.fromkeys(WORDS, 10**5000 if row == "huge" else row)
    files["indices"].write_bytes(pickle.dumps(rows))
    assert "no numbers of words" in refused(files).found


@pytest.mark.parametrize("word", ["sos", "eos", "unk"])
def test_a_vocabulary_needs_start_end_and_unknown(tmp_path, word):
    error = refused(write_vocabulary(tmp_path, [own for own in WORDS if own != word]))
    assert repr(word) in str(error.expected)


def test_a_vector_that_is_not_finite_is_refused(files):
    table = np.load(files["vectors"])
    table[3, 7] = np.nan
    np.save(files["vectors"], table)
    assert "1 numbers that are NaN or infinite" in str(refused(files).found)


def test_an_array_of_objects_is_not_unpickled(files, tmp_path):
    trace = tmp_path / "was_here"
    np.save(files["vectors"], np.array([Touch(trace)], dtype=object), allow_pickle=True)
    assert refused(files).file == files["vectors"]
    assert not trace.exists()


def test_words_that_are_no_texts_are_refused(files):
    files["vocabulary"].write_bytes(pickle.dumps([1, 2, 3]))
    assert refused(files).expected == "a list of words"
