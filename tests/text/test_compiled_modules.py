"""Laws for every module with compiled code: numba's cache must not outlive its source, nor Python call a part."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import data_platform
from data_platform.text.kinds import BITS, bit

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


def _imported(tree: ast.AST) -> set[str]:
    """Names that the module takes from the platform."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {
        alias.asname or alias.name.partition(".")[0]
        for node in imports
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).startswith("data_platform") or getattr(node, "level", 0)
    }


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_compiled_functions_use_nothing_from_other_modules_of_the_platform(path: Path) -> None:
    """numba renews a cached kernel when the file of the kernel changes, and does not see the files it imports from."""
    for function in _compiled(SOURCES[path]):
        used = set().union(*map(_names, function.body))
        assert not used & _imported(SOURCES[path]) - {*_DECORATORS}, f"{function.name} must be self-contained"


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_parts_are_called_by_compiled_functions_of_their_module_alone(path: Path) -> None:
    """A part has no entry for Python: a call from there would crash the process."""
    tree = SOURCES[path]
    parts = {function.name for function in _compiled(tree, ("part",))}
    compiled = [*_compiled(tree)]
    assert not parts & set().union(*(_names(node) for node in tree.body if node not in compiled))
    module, own = _name_of(path).rpartition(".")[0], path.stem
    for other in SOURCES.values():
        if other is tree:
            continue
        for node in ast.walk(other):
            if isinstance(node, ast.ImportFrom) and node.module == f"{module}.{own}":
                assert not parts & {alias.name for alias in node.names}
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == own:
                assert node.attr not in parts


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_bits_that_compiled_modules_repeat_are_those_of_the_table(path: Path) -> None:
    module = importlib.import_module(_name_of(path))
    if path.parent.name == "text" and path.name != "kernels.py":  # that one reads `characters`
        repeated = [name for name in BITS if hasattr(module, name)]
        assert [getattr(module, name) for name in repeated] == [bit(name) for name in repeated]
