"""Imports run one way through the package."""

import ast
from pathlib import Path

import pytest

import lead

PACKAGE = Path(lead.__file__).parent
LAYERS = [
    {"types", "errors", "progress"},
    {"files"},
    {"config"},
    {"motion"},
    {"formats"},
    {"data", "models", "text"},
    {"losses", "diffusion"},
    {"training", "inversion", "interop", "evaluation"},
    {"model_directory", "pipeline", "render", "report"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
TORCH_FREE = ("config", "motion", "formats", "data", "files")


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
def test_no_module_imports_from_a_later_layer(path):
    own = part(path)
    late = [
        f"{path.relative_to(PACKAGE)}:{line} imports {module}"
        for line, module in imports(path)
        if module.startswith("lead.") and RANK[module.split(".")[1]] > RANK[own]
    ]
    assert late == []


def test_the_pipeline_imports_neither_data_nor_training_nor_evaluation():
    used = {
        module.split(".")[1] for _, module in imports(PACKAGE / "pipeline.py") if "lead." in module
    }
    assert used.isdisjoint({"data", "training", "evaluation"})


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
