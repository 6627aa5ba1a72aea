"""Reading a study: presets, YAML files that extend one another, overrides, then the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lead.config.base import merge
from lead.config.study import Study
from lead.errors import LeadError

CONFIG_FOLDER = Path("config")
_NOT_A_STUDY = ("config", "lock")


def load_study(name: str, overrides: dict[str, Any] | None = None, folder: Path = CONFIG_FOLDER):
    """The study ``config/<name>.yaml`` with overrides laid over it.

    Raises:
        LeadError: no such study, a file that is no YAML, an unknown key or a wrong value.
    """
    return resolve_study({"study": name, **(overrides or {})}, folder)


def resolve_study(config: dict[str, Any], folder: Path = CONFIG_FOLDER) -> Study:
    """The study meant by a Snakemake ``config``.

    ``study`` names the one to start from. Where a ``--configfile`` brought a whole study
    (it has a ``name``), that is laid over the one it ``extends`` instead. All other keys
    (``--config data_root=…``) are laid over the result. Below it lie the presets that its
    ``profile`` and, below that, its ``size`` name.
    """
    given = dict(config)
    default = given.pop("study", None)
    if "name" not in given:
        given = {"extends": default, **given}
    values = _with_bases(given, folder)
    for key, default in (("profile", "recommended"), ("size", "paper")):
        name = values.get(key, default)
        preset = folder / f"{key}s" / f"{name}.yaml"
        if isinstance(name, str) and preset.is_file():
            values = merge(_read(preset), values)
    return _validate(values)


def study_names(folder: Path = CONFIG_FOLDER) -> list[str]:
    """The studies that lie in a configuration folder."""
    return sorted(p.stem for p in folder.glob("*.yaml") if p.stem not in _NOT_A_STUDY)


def _with_bases(values: dict, folder: Path, seen: tuple[str, ...] = ()) -> dict:
    """Lay ``values`` over the study it extends, and that over the one it extends."""
    values = dict(values)
    base = values.pop("extends", None)
    if base is None:
        return values
    path = folder / f"{base}.yaml"
    if base in seen:
        raise LeadError("Studies extend one another in a circle.", found=" -> ".join([*seen, base]))
    if not path.is_file():
        raise LeadError(
            f"There is no study named {base}.",
            file=path,
            expected=f"one of {', '.join(study_names(folder))}",
            fix="Run from the repository's folder, or correct `study` or `extends`.",
        )
    return merge(_with_bases(_read(path), folder, (*seen, base)), values)


def _read(path: Path) -> dict:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LeadError(
            "The file is not valid YAML.",
            file=path,
            found=" ".join(str(error).split()),
            fix="Correct the line it names.",
        ) from error
    if not isinstance(values, dict):
        raise LeadError("A study is a mapping of keys to values.", file=path, found=values)
    return values


def _validate(values: dict) -> Study:
    try:
        return Study.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise _explain(first, len(error.errors()) - 1) from None


def _explain(error: Any, more: int) -> LeadError:
    where = ".".join(str(part) for part in error["loc"])
    further = f" (and {more} more)" if more else ""
    found = error.get("input")
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(_fields_beside(error["loc"]))
        return LeadError(
            f"Unknown key in the configuration: {where}{further}.",
            found=f"{error['loc'][-1]}: {found!r:.60}",
            expected=f"one of {allowed}",
            fix="Correct the key or leave it out; docs/configuration.md describes every key.",
        )
    if error["type"] == "missing":
        return LeadError(
            f"The configuration lacks {where}{further}.",
            fix="Give it a value, or `extends` a study that has one.",
        )
    return LeadError(
        f"Wrong value in the configuration: {where}{further}.",
        found=f"{found!r:.60}",
        expected=error["msg"].removeprefix("Value error, "),
        fix="docs/configuration.md describes every key.",
    )


def _fields_beside(location: tuple) -> list[str]:
    """The keys that would have been allowed where an unknown one stood."""
    schema = Study.model_json_schema()
    node = schema
    for part in location[:-1]:
        node = _step(schema, node, str(part))
    return sorted(_resolve(schema, node).get("properties", {}))


def _step(schema: dict, node: dict, part: str) -> dict:
    node = _resolve(schema, node)
    if part in node.get("properties", {}):
        return node["properties"][part]
    mapping = node.get("discriminator", {}).get("mapping", {})
    if part in mapping:
        return {"$ref": mapping[part]}
    if part.isdigit() and "items" in node:
        return node["items"]
    for own in node.get("oneOf", ()):
        if _resolve(schema, own)["properties"].get("kind", {}).get("const") == part:
            return own
    if isinstance(node.get("additionalProperties"), dict):
        return node["additionalProperties"]
    return {}


def _resolve(schema: dict, node: dict) -> dict:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node
