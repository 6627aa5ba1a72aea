"""Every field of a study, changed alone: the stages that depend on it run again, and no other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from lead.config.base import merge
from lead.config.load import resolve_study
from lead.config.study import Study
from lead.errors import LeadError

from .conftest import SHEET, TABLE, Checkout

pytestmark = pytest.mark.workflow

FIRST = {
    "description": "assemble_model make_table",
    "footnote": "make_table",
    "seed": "import_motion",
    "dataset": "import_motion",
    "text": "encode_text",
    "validation": "train_vae",
    "matcher": "train_movement",
    "matcher.margin": "train_matcher",
    "matcher.negatives": "train_matcher",
    "matcher.boundary": "train_matcher",
    "matcher.matching": "train_matcher",
    "evaluator": "embed_generated embed_real",
    "vae": "train_vae",
    "latents": "encode_latents",
    "diffusion": "train_denoiser",
    "denoiser": "train_denoiser",
    "consistency": "train_consistency",
    "consistency.steps": "make_table",
    "projectors": "",
    "projectors.lead": "train_projector",
    "ablations": "",
    "evaluation": "embed_generated embed_real",
    "evaluation.repeats": "compute_metrics",  # which other files of embeddings go into, too
    "evaluation.sampling_steps": "assemble_model compute_metrics embed_generated",
    "evaluation.guidance": "assemble_model compute_metrics embed_generated",
    "evaluation.multimodality": "compute_metrics embed_generated",
    "evaluation.multimodality.pairs": "compute_metrics",
    "evaluation.pool": "compute_metrics",
    "evaluation.diversity_pairs": "compute_metrics",
    "evaluation.allow_small": "compute_metrics",
    "evaluation.jobs": None,
    "mti": "",
    "trainings": None,
    "allow_missing": "",
    "second": "",
    "timing": "",
    "user_study": "",
    "machine": "train_movement train_vae",
    "machine.save_every": "",
    "machine.threads": None,
    "data_root": "",
}
"""What runs first again (and with it whatever it feeds), by the longest beginning of a field's
name. None: files have other names then, which tests of their own look at."""

FEW = (
    "description", "seed", "dataset.clips", "matcher.margin", "matcher.window", "vae.loss.kl",
    "latents.crops", "denoiser.training.steps", "consistency.solver_steps", "consistency.steps",
    "projectors.lead.loss.align", "projectors.lead_mlp.loss.align", "evaluation.sampling_steps",
    "evaluation.pool", "evaluation.multimodality.pairs", "evaluation.multimodality.samples",
    "evaluation.split", "timing.repeats", "user_study.pairs", "machine.save_every",
    "machine.precision",
)  # fmt: skip
"""Those that are tried each time; the others with ``-m large``."""

_DRY_RUNS = """
import json, os, re, sys
import snakemake.cli, lead.config.load
from lead.files.digest import code_digest
configs, entries, arguments = json.load(sys.stdin)
for entry in entries:
    code_digest(entry)
for number, config in enumerate(configs):
    if child := os.fork():
        print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])), flush=True)
        continue
    said = open(os.path.join(sys.argv[1], f"{number}.txt"), "w")
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    sys.argv = ["snakemake", *arguments, "--config", config]
    snakemake.cli.main(sys.argv[1:])
"""


def expected(field: str) -> str | None:
    """The rules of the longest beginning."""
    parts = field.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return FIRST[next(name for name in names if name in FIRST)]


def leaves(model: BaseModel, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple, Any, Any]]:
    """Place, value and type of every field of settings."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, (*place, name))
        elif isinstance(value, dict):
            for key, own in value.items():
                if isinstance(own, BaseModel):
                    yield from leaves(own, (*place, name, key))
        else:
            yield (*place, name), value, field.annotation


OTHERS = {("second",): "kit", ("footnote",): "Another."}
"""Values of fields that a letter more makes invalid, or none that Snakemake takes as it is."""


def another(value: Any, kind: Any) -> Any:
    """A value of the same kind that is not this one; None if nobody knows one."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return 1.25 * value or 0.01
        case str():
            return next((own for own in literals(kind) if own != value), value + "x")
        case (*others, int(last)):
            return [*others, last + 1]
        case None if float in typing.get_args(kind):
            return 0.5
    return None


def literals(kind: Any) -> list[Any]:
    if typing.get_origin(kind) is typing.Literal:
        return list(typing.get_args(kind))
    return [value for part in typing.get_args(kind) for value in literals(part)]


def changes(study: Study, values: dict) -> dict[str, dict]:
    """Configurations that change one field each and are accepted, by the field."""
    found = {}
    for place, value, kind in leaves(study):
        change: Any = OTHERS.get(place) or another(value, kind)
        if change is None or place[0] in ("name", "size", "profile") or place[-1] == "kind":
            continue
        for key in reversed(place):
            change = {key: change}
        try:
            resolve_study(merge(values, change))
        except LeadError:
            continue
        if expected(".".join(place)) is not None:
            found[".".join(place)] = change
    return found


def first_again(finished: Checkout, folder, asked: dict[str, dict]) -> dict[str, str]:
    """The rules that would run again of their own settings, by the field that changed."""
    rules = "".join(file.read_text() for file in finished.root.glob("workflow/rules/*.smk"))
    entries = re.findall(r'stage\("([\w.]+:\w+)"\)', rules)
    arguments = [TABLE, SHEET, "-n", "--nolock", "--cores", "2", "--configfile", "micro.yaml",
                 "--rerun-triggers", "params"]  # fmt: skip
    configs = [
        f"{key}={yaml.safe_dump(own, default_flow_style=True, width=10**6)}".removesuffix("...\n")
        for change in asked.values()
        for key, own in change.items()
    ]
    done = subprocess.run(
        [sys.executable, "-c", _DRY_RUNS, str(folder)],
        cwd=finished.root, input=json.dumps([configs, entries, arguments]), capture_output=True,
        text=True, check=True, env={**os.environ, "PYTHONPATH": str(finished.root)},
    )  # fmt: skip
    found = {}
    for number, (field, status) in enumerate(zip(asked, done.stdout.split(), strict=True)):
        said = (folder / f"{number}.txt").read_text(encoding="utf-8")
        assert status == "0", f"{field}\n{said[-2000:]}"
        rules_of = re.search(r"Rules with provenance triggered jobs: (.*)", said)
        found[field] = rules_of[1].replace(",", " ").strip() if rules_of else ""
    return found


def look(finished: Checkout, folder, few: tuple[str, ...] = ()) -> None:
    values = yaml.safe_load((finished.root / "micro.yaml").read_text(encoding="utf-8"))
    asked = changes(resolve_study(values), values)
    assert set(few) <= set(asked)
    if few:
        asked = {field: asked[field] for field in few}
    found = first_again(finished, folder, asked)
    wrong = {field: rules for field, rules in found.items() if rules != expected(field)}
    assert wrong == {}


def test_a_field_makes_what_depends_on_it_again_and_nothing_else(finished, tmp_path):
    look(finished, tmp_path, FEW)


@pytest.mark.large
def test_so_does_every_other_field(finished, tmp_path):
    look(finished, tmp_path)
