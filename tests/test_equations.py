"""docs/equations.md and the docstrings say the same."""

import ast
import re
from pathlib import Path

import lead

PACKAGE = Path(lead.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "equations.md"


def in_the_code() -> dict[str, tuple[str, ...]]:
    """Functions whose docstring begins with equation numbers."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        scopes = [(module, tree)]
        scopes += [(f"{module}.{n.name}", n) for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
        for prefix, scope in scopes:
            for node in scope.body:
                text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
                if text and text.startswith("Eq. ("):
                    head = text.split(":")[0]
                    found[f"{prefix}.{node.name}"] = tuple(re.findall(r"\((\d+)\)", head))
    return found


def on_the_page() -> dict[str, tuple[str, ...]]:
    rows = re.findall(r"^\| ([(),\d ]+) \| `([\w.]+)` \|", PAGE.read_text(), flags=re.MULTILINE)
    return {name: tuple(re.findall(r"\d+", numbers)) for numbers, name in rows}


def test_every_equation_is_where_the_page_says():
    assert on_the_page() == in_the_code()


def test_no_equation_is_written_twice():
    numbers = [number for own in in_the_code().values() for number in own]
    assert len(numbers) == len(set(numbers))
