"""JSON and YAML from strangers: values, or one kind of error, in bounded time."""

import pytest

from lead.files.documents import MOST_VALUES, read_json, read_json_object, read_yaml

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
)


def test_values_are_read():
    assert read_json('{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert read_yaml("a: [1, no, x]") == {"a": [1, False, "x"]}
    assert read_yaml("a: [01, no, x]", plain=True) == {"a": ["01", "no", "x"]}
    assert read_yaml("a: &x [1]\nb: *x") == {"a": [1], "b": [1]}


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "[1e3, -Infinity]", "[" * 100_000, "1" * 5000, '{"a": }', '"\ud800'],
)
def test_json_that_is_none_is_one_kind_of_error(text):
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"a"'])
def test_another_value_is_no_mapping(text):
    with pytest.raises(ValueError, match="in place of a mapping"):
        read_json_object(text)


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: *b", "? [1]\n: 2", "a: 2026-13-45", "a: " + "1" * 5000, "[" * 50_000, "a: !!x 1",
     "a: &a [*a]", "a: !!python/object/apply:os.getcwd []", "a: !!binary 'é'", BOMB],
    ids=range(11),
)  # fmt: skip
def test_yaml_that_is_none_or_a_bomb_is_one_kind_of_error(text):
    with pytest.raises(ValueError):
        read_yaml(text)


def test_a_bomb_is_told_from_few_aliases():
    with pytest.raises(ValueError, match=f"{MOST_VALUES:,}"):
        read_yaml(BOMB)
    assert len(read_yaml("\n".join(BOMB.split("\n")[:4]))) == 4


def test_a_text_of_many_megabytes_is_not_parsed():
    with pytest.raises(ValueError, match="characters"):
        read_yaml(" " * 5_000_000)
    with pytest.raises(ValueError, match="characters"):
        read_json(" " * 5_000_000)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3", "the key a a second time .* line 3"),
        ("a: {c: 1, c: 1}", "the key c a second time"),
        ("1: one\n'1': also", "the key 1 a second time"),
    ],
)
def test_a_key_that_stands_twice_in_one_mapping_is_refused(text, words, plain):
    with pytest.raises(ValueError, match=words):
        read_yaml(text, plain=plain)


def test_what_a_mapping_merges_may_be_said_again():
    merged = read_yaml("a: &a {x: 1, y: 01}\nb: {<<: *a, x: 2}")
    assert merged == {"a": {"x": 1, "y": 1}, "b": {"x": 2, "y": 1}}
