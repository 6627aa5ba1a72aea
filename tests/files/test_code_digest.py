"""The digest of a stage's code: what it sees and what it must not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lead

ENTRIES = {
    "import": "lead.datasets.stages:import_motion",
    "vae": "lead.training.vae:train_vae",
    "denoiser": "lead.training.denoiser:train_denoiser",
    "projector": "lead.training.projector:train_projector",
    "embed": "lead.evaluation.embed:embed_generated",
    "metrics": "lead.evaluation.score:compute_metrics",
    "table": "lead.report.tables:make_table",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that may be edited."""
    copy = tmp_path / "lead"
    shutil.copytree(Path(lead.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def digests(package: Path) -> dict[str, str]:
    script = (
        "import json, sys; from lead.files.digest import code_digest;"
        "print(json.dumps({k: code_digest(v) for k, v in json.loads(sys.argv[1]).items()}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, json.dumps(ENTRIES)],
        cwd=package.parent,
        env={"PYTHONPATH": str(package.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(out.stdout)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return digests(Path(lead.__file__).parent)


def changed(before: dict[str, str], package: Path) -> set[str]:
    after = digests(package)
    return {name for name in before if before[name] != after[name]}


def test_an_edit_in_the_projectors_loss_touches_the_projector_alone(package, before):
    edit(
        package / "losses.py",
        "def projector_loss(",
        "def _unused():\n    return 1\n\n\ndef projector_loss(",
    )
    assert changed(before, package) == set()
    text = (package / "losses.py").read_text(encoding="utf-8")
    start = text.index("def projector_loss(")
    body = text.index("    return", start)
    (package / "losses.py").write_text(
        text[:body] + "    realigned = realigned * 1.0\n" + text[body:]
    )
    assert changed(before, package) == {"projector"}


def test_an_edit_in_one_metric_touches_the_metrics_alone(package, before):
    edit(
        package / "evaluation" / "metrics.py",
        "    count = diversity_pairs(len(motion), pairs)",
        "    count = diversity_pairs(len(motion), pairs) - 1",
    )
    assert changed(before, package) == {"metrics"}


def test_a_comment_or_docstring_touches_nothing(package, before):
    path = package / "losses.py"
    path.write_text(
        "# a remark\n"
        + path.read_text(encoding="utf-8").replace('"""Eq. (4)', '"""Equation four. Eq. (4)'),
        encoding="utf-8",
    )
    assert changed(before, package) == set()


def test_an_edit_in_the_vae_reaches_everything_that_runs_it(package, before):
    edit(package / "models" / "vae.py", "mean, logvar = encoded", "logvar, mean = encoded")
    stages = changed(before, package)
    assert stages >= {"vae", "embed"} and "metrics" not in stages


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("datasets/synthetic/stepping.py", "* self.cadence", "* self.cadence * 1.1"),
        ("datasets/synthetic/standing.py", "manner.tempo**0.8", "manner.tempo**0.9"),
        ("files/arrays.py", '"w+", np.float32', '"w+", np.float64'),
    ],
    ids=["stepping", "standing", "arrays"],
)
def test_what_a_stage_reaches_through_a_module_counts(package, before, file, old, new):
    edit(package / file, old, new)
    assert "import" in changed(before, package)


def test_an_edit_in_a_reader_of_files_touches_the_import_alone(package, before):
    edit(package / "datasets" / "cmu_captions.py", "a person on a playground", "on a playground")
    assert changed(before, package) == {"import"}


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("datasets/captions/bandai_styles.csv", "import"),
        ("mocap/conventions.csv", "import"),
        ("datasets/sources.yaml", "import"),
        ("datasets/audit/templates/audit.html.jinja", "import"),
        ("report/templates/footnotes.jinja", "table"),
    ],
    ids=["captions", "joints", "sources", "audit", "footnotes"],
)
def test_data_of_the_package_counts_as_code(package, before, file, stage):
    edit(package / file, "e", "ee")
    assert changed(before, package) == {stage}
