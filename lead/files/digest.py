"""Digest settings and code, so that a change reruns what it touches and no more."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGES = ("lead", "experiments")
# Settings reach a rule as values; errors and progress change no result: their code does not count.
_NOT_FOLLOWED = (
    "lead.config",
    "lead.errors",
    "lead.types",
    "lead.files.artefact",
    "lead.files.digest",
    "lead.files.job",
    "lead.files.seeds",
    "lead.files.tables",
    "lead.progress",
)

_DATA = (".csv", ".jinja", ".yaml", ".css", ".js")
"""Endings of the package's files that count where a definition names them."""

# Looks a skeleton up among all datasets; how these are read changes nothing for whoever asks.
_LOOKUPS = ("lead.datasets.registry:skeleton_of",)


def digest(value: Any) -> str:
    """Digest anything that JSON can hold, independently of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def file_digest(path: Path) -> str:
    """Digest a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@cache
def code_digest(*entries: str) -> str:
    """Digest the functions ``"module:name"`` and everything in ``lead`` that they use.

    The unit is the definition (function, class, constant), not the file: an edit in one
    loss reaches only the stages that call it. Comments, docstrings and formatting do not
    count. Names are followed through imports between modules of this package; a definition
    found only at run time (``getattr``) is not seen, so stages do not use any. A CSV of the
    package counts where a definition names it.
    """
    seen: dict[tuple[str, str], str] = {}
    for entry in entries:
        module, _, name = entry.partition(":")
        if not _follow(module, name, seen):
            raise ValueError(f"{entry} is not defined in {module}")
    return digest(sorted((*key, text) for key, text in seen.items()))


@dataclass(frozen=True)
class _Module:
    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, tuple[str, str | None]]
    folder: Path


@dataclass(frozen=True)
class _Definition:
    """Its code, contents of the data files it names, and what it refers to in the package.

    A reference is a module, the name taken from it (None for the module itself), and the
    attribute taken from that.
    """

    text: str
    data: dict[str, str]
    references: frozenset[tuple[str, str | None, str | None]]


def _follow(module: str, name: str, seen: dict[tuple[str, str], str]) -> bool:
    """Add the definition and, recursively, what it refers to; False if there is none."""
    if module.startswith(_NOT_FOLLOWED) or f"{module}:{name}" in _LOOKUPS:
        return True
    if (module, name) in seen:
        return True
    parsed = _parse(module)
    if parsed is None:
        return False
    if name not in parsed.definitions:
        if name not in parsed.imports:
            return False
        origin, original = parsed.imports[name]
        return original is not None and _follow(origin, original, seen)
    definition = _read(module, name)
    seen[(module, name)] = definition.text
    seen |= {(module, file): content for file, content in definition.data.items()}
    for origin, original, attribute in definition.references:
        if original is None:
            _follow_module(origin, attribute, seen)
        elif not _follow(origin, original, seen):
            _follow_module(f"{origin}.{original}", attribute, seen)
    return True


def _follow_module(module: str, attribute: str | None, seen: dict[tuple[str, str], str]) -> None:
    """Follow what is taken from a module: one attribute, or all it has where it stands alone."""
    parsed = _parse(module) if attribute is None else None
    for name in [attribute] if attribute else parsed.definitions if parsed else ():
        _follow(module, name, seen)


@cache
def _read(module: str, name: str) -> _Definition:
    """Read one definition; most are reached from many stages."""
    parsed = _parse(module)
    assert parsed is not None
    texts, data, references = [], {}, set()
    for original in parsed.definitions[name]:
        statement = _without_docstrings(original)
        texts.append(ast.dump(statement))
        nodes = list(ast.walk(statement))
        data |= _data_files(nodes, parsed.folder)
        imports = parsed.imports | _imports(nodes)
        for reference, attribute in _references(nodes):
            if reference in imports:
                references.add((*imports[reference], attribute))
            elif reference in parsed.definitions:
                references.add((module, reference, attribute))
    return _Definition("\n".join(texts), data, frozenset(references))


@cache
def _parse(module: str) -> _Module | None:
    path = _source(module)
    if path is None:
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    definitions: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in _defined_names(statement):
            definitions.setdefault(name, []).append(statement)
    return _Module(definitions, _imports(ast.walk(tree)), path.parent)


def _source(module: str) -> Path | None:
    """The file of a module; nothing is imported, since that may load torch."""
    package, *inner = module.split(".")
    spec = importlib.util.find_spec(package) if package in _PACKAGES else None
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *inner)
    return next(filter(Path.is_file, (path.with_suffix(".py"), path / "__init__.py")), None)


def _defined_names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return []


def _imports(nodes: Iterable[ast.AST]) -> dict[str, tuple[str, str | None]]:
    """Map local names to (module of lead, name in it or None for the module itself)."""
    imported: dict[str, tuple[str, str | None]] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in _PACKAGES:
            for alias in node.names:
                imported[alias.asname or alias.name] = (node.module or "", alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in _PACKAGES and alias.asname:
                    imported[alias.asname] = (alias.name, None)
    return imported


def _references(nodes: Sequence[ast.AST]) -> set[tuple[str, str | None]]:
    """Collect every name that is read, with the attribute taken from it, or None if it is alone."""
    taken = {
        node.value: node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return {(node.id, taken.get(node)) for node in nodes if isinstance(node, ast.Name)}


def _data_files(nodes: Iterable[ast.AST], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every data file of the package that a definition names, and its contents' digest."""
    for node in nodes:
        if isinstance(node, ast.Constant) and str(node.value).endswith(_DATA):
            path = folder / str(node.value)
            if path.is_file():
                yield str(node.value), file_digest(path)


def _without_docstrings(statement: ast.stmt) -> ast.stmt:
    copy = ast.parse(ast.unparse(statement)).body[0]
    for node in ast.walk(copy):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = [s for s in node.body if not _is_string(s)] or [ast.Pass()]
    return copy


def _is_string(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
