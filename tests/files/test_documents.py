"""JSON and YAML of strangers: what is refused, and what still reads as it always did."""

import pytest

from lead.files.documents import MOST_VALUES, read_json, read_json_object, read_yaml

TENFOLD = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3", "the key a a second time .* line 3"),
        ("a: {c: 1, c: 1}", "the key c a second time"),
        (TENFOLD, f"more than {MOST_VALUES:,} values"),
        ("a: &a [*a]", "more than|recursive"),
        ("a: [", "line 1"),
        ("[" * 5000, "too deep"),
        ("a" * 4_000_001, "4,000,001 characters"),
    ],
    ids=["twice", "twice below", "aliases", "in itself", "cut off", "deep", "long"],
)
def test_yaml_that_is_refused(text, words, plain):
    with pytest.raises(ValueError, match=words):
        read_yaml(text, plain=plain)


def test_yaml_that_is_read():
    text = "a: &a {x: 1, y: 01}\nb: {<<: *a, x: 2}\n1: one\n'1': also"
    values = {"a": {"x": 1, "y": 1}, "b": {"x": 2, "y": 1}, 1: "one"}
    with pytest.raises(ValueError, match="a second time"):
        read_yaml(text)
    assert read_yaml(text.removesuffix("'1': also")) == values
    assert read_yaml("a: No\nb: 1e3", plain=True) == {"a": "No", "b": "1e3"}


@pytest.mark.parametrize("text", ["[NaN]", "{", "[" * 50_000, "[Infinity]"])
def test_json_that_is_refused(text):
    with pytest.raises(ValueError):
        read_json(text)


def test_json_of_another_kind_is_no_mapping():
    assert read_json_object('{"a": 1}') == {"a": 1}
    with pytest.raises(ValueError, match="a list in place of a mapping"):
        read_json_object("[1]")
