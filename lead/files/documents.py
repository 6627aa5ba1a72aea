"""Read JSON and YAML from anywhere: a bounded time and memory, and one kind of error."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import yaml

LARGEST_DOCUMENT = 4_000_000
"""Characters of a JSON or YAML text; a study has two thousand, a model's description ten."""
MOST_VALUES = 200_000
"""Values in a document, with those that aliases repeat."""


class _KeysOnce(yaml.constructor.BaseConstructor):
    """Of a key that stands twice YAML would take the last value, without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value:.60} a second time",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Loader(_KeysOnce, yaml.SafeLoader):
    pass


class _PlainLoader(_KeysOnce, yaml.BaseLoader):
    pass


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is too long, too deep or no JSON, or has a number that is not finite.
    """
    _check_length(text)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("lists or mappings too deep in one another") from None


def read_json_object(text: str | bytes) -> dict[str, Any]:
    """The mapping of a JSON text; errors are those of `read_json`, and a value of another kind."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise ValueError(f"a {type(value).__name__} in place of a mapping")
    return value


def read_yaml(text: str, *, plain: bool = False) -> Any:
    """The value of a YAML text; no object is built but plain ones.

    Args:
        text: of the document.
        plain: leave every scalar a text, also ``01``, ``No`` and ``1e3``.

    Raises:
        ValueError: it is too long, too deep or no YAML, has a key twice in one mapping, or aliases
            repeat too much of it.
    """
    _check_length(text)
    try:
        value = yaml.load(text, _PlainLoader if plain else _Loader)
    except RecursionError:
        raise ValueError("lists or mappings too deep in one another") from None
    # Scalars are built by Python: a date of month 13, or a key that is a list.
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error
    _check_repetition(value)
    return value


def _check_length(text: str | bytes) -> None:
    if len(text) > LARGEST_DOCUMENT:
        raise ValueError(f"{len(text):,} characters, at most {LARGEST_DOCUMENT:,} are read")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no finite number")


def _check_repetition(document: Any) -> None:
    """Refuse aliases that hold themselves, or make much of little: ten of ten of ten …

    Whatever walks through or prints such values would never end.
    """
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if (known := sizes.get(id(value))) is not None:
            return known
        sizes[id(value)] = MOST_VALUES + 1  # what a value within itself has
        inside = value.values() if isinstance(value, dict) else value
        sizes[id(value)] = min(1 + sum(map(size, inside)), MOST_VALUES + 1)
        return sizes[id(value)]

    if size(document) > MOST_VALUES:
        raise ValueError(f"aliases that make more than {MOST_VALUES:,} values of the text")
