"""Reading a study: presets, YAML files that extend one another, overrides, then the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lead.config.base import extended, merge
from lead.config.study import Study
from lead.errors import LeadError
from lead.files.documents import read_yaml
from lead.files.text import plain_text

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
    # Snakemake reads `--config key=null` as a word.
    nothing = {"null": None, "None": None}
    overrides = {
        key: nothing.get(value, value) if isinstance(value, str) else value
        for key, value in config.items()
        if key != "study"
    }
    if "name" not in overrides:
        overrides = {"extends": config.get("study"), **overrides}
    values = extended(overrides, lambda name: read_settings(_study_file(name, folder)))
    for key, default in (("profile", "recommended"), ("size", "paper")):
        name = values.get(key, default)
        preset = folder / f"{key}s" / f"{name}.yaml"
        if isinstance(name, str) and name.isidentifier() and preset.is_file():
            values = merge(read_settings(preset), values)
    try:
        return Study.model_validate(values)
    except ValidationError as error:
        raise _explain(error.errors(), values) from None


def study_names(folder: Path = CONFIG_FOLDER) -> list[str]:
    """The studies that lie in a configuration folder."""
    return sorted(p.stem for p in folder.glob("*.yaml") if p.stem not in _NOT_A_STUDY)


def _study_file(name: str, folder: Path) -> Path:
    path = folder / f"{name!s:.200}.yaml"
    if "\0" in str(path) or not path.is_file():
        raise LeadError(
            f"There is no study named {name!s:.60}.",
            file=path,
            expected=f"one of {', '.join(study_names(folder))}",
            fix="Run from the repository's folder, or correct `study` or `extends`.",
        )
    return path


def read_settings(path: Path) -> dict:
    """The settings in one file, as it says them: neither extended nor checked.

    Raises:
        LeadError: it is no YAML, or no mapping.
    """
    try:
        values = read_yaml(plain_text(path.read_bytes()))
    except (ValueError, OSError) as error:
        raise LeadError(
            "The file is not valid YAML.",
            file=path,
            found=error,
            fix="Correct the line it names.",
        ) from error
    if not isinstance(values, dict):
        problem = "A study is a mapping of keys to values."
        raise LeadError(problem, file=path, found=f"{values!r:.100}", fix="Write `key: value`.")
    return values


def _explain(errors: list[Any], values: Any) -> LeadError:
    """The first of pydantic's errors in some values as one of ours, and the places of the others.

    An unknown key comes first: it is often the misspelling of one that is missing.
    """
    first, *others = sorted(errors, key=lambda error: error["type"] != "extra_forbidden")
    where, *elsewhere = (_place(error["loc"], values) for error in (first, *others))
    further = f" (and {len(others)} more: {', '.join(elsewhere)})" if others else ""
    value = first["input"]
    match first["type"]:
        case "extra_forbidden":
            return LeadError(
                f"Unknown key in the configuration: {where}{further}.",
                found=f"{first['loc'][-1]}: {value.value!r:.60}",
                expected=f"one of {', '.join(value.known)}",
                fix="Correct the key or leave it out; docs/configuration.md describes every key.",
            )
        case "missing":
            return LeadError(
                f"The configuration lacks {where}{further}.",
                fix="Give it a value, or `extends` a study that has one.",
            )
        case _:
            return LeadError(
                f"Wrong value in the configuration: {where}{further}.",
                found=f"{value!r:.60}",
                expected=first["msg"].removeprefix("Value error, "),
                fix="docs/configuration.md describes every key.",
            )


def _place(parts: Sequence[Any], values: Any) -> str:
    """Where a value stands, without the kinds of groups that pydantic names on the way."""
    place = []
    for index, part in enumerate(parts):
        is_inside = isinstance(values, list) or (isinstance(values, dict) and part in values)
        if is_inside or index == len(parts) - 1:
            place.append(str(part))
            values = values[part] if is_inside else None
    return ".".join(place)
