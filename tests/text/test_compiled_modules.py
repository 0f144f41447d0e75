"""A law for every module with compiled code: Python must not call a part."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import data_platform

ROOT = Path(data_platform.__file__).parent
SOURCES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}
_DECORATORS = ("kernel", "part", "njit")


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _compiled(tree: ast.Module, decorators: tuple[str, ...] = _DECORATORS) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            calls = [decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
            if any(isinstance(call, ast.Name) and call.id in decorators for call in calls):
                yield node


COMPILED = [path for path, tree in SOURCES.items() if any(_compiled(tree))]


def _name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)


def _aliases(tree: ast.AST) -> Iterator[tuple[str, ast.alias]]:
    """What the module imports by name, each with the module that it comes from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias) for alias in node.names)


PARTS = {(_name_of(path), part.name) for path in COMPILED for part in _compiled(SOURCES[path], ("part",))}


@pytest.mark.parametrize("path", SOURCES, ids=_name_of)
def test_parts_are_called_by_compiled_functions_alone(path: Path) -> None:
    """A part has no entry for Python: a call from there would crash the process."""
    tree = SOURCES[path]
    parts = {name for module, name in PARTS if module == _name_of(path)}
    parts |= {alias.asname or alias.name for module, alias in _aliases(tree) if (module, alias.name) in PARTS}
    compiled = [*_compiled(tree)]
    assert not parts & set().union(*(_names(node) for node in tree.body if node not in compiled))
    modules = {alias.asname or alias.name: f"{module}.{alias.name}" for module, alias in _aliases(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (modules.get(node.value.id), node.attr) not in PARTS, "parts are imported by name"
