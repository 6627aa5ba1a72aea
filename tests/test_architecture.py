"""Imports run one way through the package."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lead

PACKAGE = Path(lead.__file__).parent
ALLOWED = {
    "types": "",
    "errors": "",
    "progress": "",
    "clip": "errors types",
    "files": "errors",
    "config": "errors files",
    "motion": "errors files types",
    "formats": "errors files motion types",
    "mocap": "clip errors files formats motion render types",
    "store": "clip errors files",
    "datasets": "clip config errors files formats mocap motion progress store types",
    "models": "config errors files model_directory motion",
    "text": "clip config errors files models progress store",
    "losses": "config errors models motion",
    "diffusion": "config errors models text",
    "training": "clip config datasets diffusion errors files losses models motion progress store "
    "text",
    "interop": "config datasets errors files models motion",
    "evaluation": "clip config datasets diffusion errors files formats mocap models motion "
    "progress store text types",
    "analysis": "clip config errors evaluation files store",
    "inversion": "clip config diffusion errors evaluation files mocap models motion "
    "progress store text training types",
    "model_directory": "config errors files motion",
    "pipeline": "config diffusion errors files inversion mocap model_directory models motion text",
    "render": "errors files motion progress types",
    "report": "analysis clip config datasets errors evaluation files inversion mocap "
    "model_directory models motion pipeline render store",
    "figures": "analysis clip config datasets diffusion errors evaluation files formats inversion "
    "model_directory models motion pipeline render report store text types",
    "user_study": "analysis config errors evaluation figures files mocap motion render report ",
    "cli": "config datasets errors evaluation figures files inversion mocap model_directory models "
    "motion pipeline render report store training types user_study",
}
"""Which package may import which: every pair that is not here is a mistake."""

TORCH_FREE = ("config", "motion", "formats", "mocap", "store", "datasets", "files", "clip")


def imports(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.lineno, node.module))
        elif isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
    return found


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_package_imports_only_those_it_may(path):
    allowed = {part(path), *ALLOWED[part(path)].split()}
    others = [
        f"{path.relative_to(PACKAGE)}:{line} imports {module}"
        for line, module in imports(path)
        if module.startswith("lead.") and module.split(".")[1] not in allowed
    ]
    assert others == []


def test_no_two_packages_import_one_another():
    pairs = {(own, other) for own, others in ALLOWED.items() for other in others.split()}
    assert {pair for pair in pairs if pair[::-1] in pairs} == set()


def test_every_allowed_pair_is_used():
    used = {
        (part(path), module.split(".")[1])
        for path in FILES
        for _, module in imports(path)
        if module.startswith("lead.")
    }
    pairs = {(own, other) for own, others in ALLOWED.items() for other in others.split()}
    assert pairs - used == set()


PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"


def test_the_page_names_every_package():
    rows = re.findall(r"^\| (`.+?`) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(ALLOWED) == {part(path) for path in FILES}


def test_the_page_names_every_rule():
    rules = Path(__file__).parents[1] / "workflow" / "rules"
    text = "\n".join(path.read_text(encoding="utf-8") for path in rules.glob("*.smk"))
    names = re.findall(r"^ *(?:use rule \w+ as|rule) (\w+)(?: with)?:$", text, flags=re.MULTILINE)
    page = set(re.findall(r"\w+", PAGE.read_text(encoding="utf-8")))
    assert names and set(names) - page == set()


def test_the_package_imports_no_experiment():
    late = [path for path in FILES for _, module in imports(path) if module[:11] == "experiments"]
    assert late == []


@pytest.mark.parametrize(
    "path", [p for p in FILES if part(p) in TORCH_FREE], ids=lambda path: path.stem
)
def test_data_and_configuration_modules_import_no_torch_at_the_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [alias.name for node in top if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in top if isinstance(node, ast.ImportFrom)]
    assert not [name for name in names if name.split(".")[0] in {"torch", "transformers"}]


def test_there_are_no_vague_module_names():
    vague = {"utils", "helpers", "common", "misc"}
    assert [p for p in FILES if p.stem in vague] == []


def test_no_file_is_longer_than_three_hundred_lines():
    long = {str(p): n for p in FILES if (n := len(p.read_text().splitlines())) > 300}
    assert long == {}


@pytest.mark.parametrize(
    "module",
    ["report.tables", "report.claims", "report.analysis", "figures.curves", "figures.charts",
     "figures.overview", "evaluation.score", "evaluation.physical_score", "analysis.analyse",
     "inversion.fresh"],
)  # fmt: skip
def test_jobs_that_need_no_network_load_no_torch(module):
    code = f"import sys, lead.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
