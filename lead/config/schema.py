"""config/schema.json, with which editors complete and check the files of studies.

``python -m lead.config.schema > config/schema.json`` makes it again after a setting has changed.
"""

from __future__ import annotations

import json
from typing import Any

from lead.config.study import Study

_EXTENDS = {
    "type": "string",
    "description": "The name of another one, whose values stand under these.",
}
_PARTIAL = ("ProjectorStage",)
"""Groups besides a study that may extend another one of their kind."""

_SHORT = {"Trainings": {"type": "integer", "minimum": 1}}
"""Groups that may be given as one value."""


def schema() -> dict[str, Any]:
    """A JSON schema of a study's file.

    A file may leave out what the study it extends and the presets of its size and profile say, so
    that nothing is required; where a group comes in several kinds, whichever kind its keys fit.
    """
    found = _loosened(Study.model_json_schema())
    groups = found["$defs"]
    for group in (found, *(groups[name] for name in _PARTIAL)):
        group["properties"]["extends"] = _EXTENDS
    for name, value in _SHORT.items():
        groups[name] = {"anyOf": [value, groups[name]]}
    others = found["properties"]["evaluators"]["additionalProperties"]
    if isinstance(others, dict):  # what they leave out is the study's own evaluator's
        found["properties"]["evaluators"]["additionalProperties"] = True
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def _loosened(value: Any) -> Any:
    """Without what is required, and with any of several kinds where one is told by its name."""
    if isinstance(value, list):
        return [_loosened(own) for own in value]
    if not isinstance(value, dict):
        return value
    rest = {key: _loosened(own) for key, own in value.items() if key != "discriminator"}
    if isinstance(rest.get("required"), list):
        del rest["required"]
    if "oneOf" in rest:
        rest["anyOf"] = rest.pop("oneOf")
    return rest


def as_text() -> str:
    """The schema as it stands in ``config/schema.json``."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(as_text(), end="")
