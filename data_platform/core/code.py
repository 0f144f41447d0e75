"""The version of code: a digest over what a computation imports, kept to what decides rows.

A module reaches another if it imports it anywhere, inside functions included. Of what is reached counts

- the code of the platform and of the distribution that a method comes from, without comments, docstrings, layout and
  what is only for type checkers;
- the version of every other distribution that is imported.

Three kinds of module are left out, as nothing in them decides a row: the lake and the execution of stages, which carry
rows; declarations of tables and settings, whose values are part of a commit of their own (a stage's own columns and its
configuration); and what only speaks (errors). Nobody keeps a list: what a stage computes with is what it imports.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PLATFORM = __name__.partition(".")[0]
CARRIERS = (
    "core.code", "core.columns", "core.errors", "core.reading", "core.registry", "core.settings", "core.tables", "lake",
    "run.books", "run.recipe", "run.stage", "run.workspace",
)
"""Modules and packages of the platform that carry rows, declare or speak, and decide none; `settings` of any room."""
_CARRYING_LIBRARIES = frozenset({"daft", "pydantic", "fsspec", "s3fs", "click", "rich", "yaml", "deltalake", "ray"})


def code_digest(*roots: str) -> str:
    """Digest of all code that modules `roots` reach, and of the versions of libraries that it imports.

    Raises:
        ModuleNotFoundError: if a root does not exist.
    """
    return _digest(tuple(sorted(set(roots))))


@cache
def _digest(roots: tuple[str, ...]) -> str:
    modules = reached(*roots)
    libraries = sorted({name for module in modules for name in _imports(module)[1]})
    parts = [f"{module}\0{_code(module)}" for module in sorted(modules)]
    parts += [version for library in libraries for version in _versions(library)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def reached(*roots: str) -> set[str]:
    """The modules that `roots` import, directly or not, and the roots themselves, without those that carry.

    Raises:
        ModuleNotFoundError: if a root does not exist.
    """
    for root in roots:
        if _source(root) is None:
            raise ModuleNotFoundError(f"{root} is named as code of a stage and does not exist")
    found: set[str] = set()
    queue = list(roots)
    while queue:
        module = queue.pop()
        if module not in found:
            found.add(module)
            queue += [name for name in _imports(module)[0] if name not in found and not carries(name)]
    return found


def carries(module: str) -> bool:
    """Whether nothing in a module of the platform decides a row."""
    package, _, rest = module.partition(".")
    if package != PLATFORM:
        return False
    return rest.rpartition(".")[2] == "settings" or any(
        rest == name or rest.startswith(f"{name}.") for name in CARRIERS
    )


def module_digest(*modules: str) -> str:
    """Digest of the code of these modules alone, without comments, docstrings and layout."""
    return hashlib.sha256("\0".join(_code(module) for module in modules).encode()).hexdigest()[:12]


@cache
def _tree(module: str) -> ast.Module:
    """The module's code without docstrings and without what only type checkers read."""
    tree = ast.parse(_source(module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        kept = [statement for statement in body if not _is_prose(statement) and not _is_for_types(statement)]
        node.body = kept or [ast.Pass()]
    return tree


def _is_prose(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, of a module, class, function, or what stands before it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@cache
def _code(module: str) -> str:
    return ast.unparse(_tree(module))


@cache
def _imports(module: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The modules followed that a module imports, and the top-level names of the libraries."""
    own = {PLATFORM, module.partition(".")[0]}
    modules: dict[str, None] = {}
    libraries: dict[str, None] = {}
    for name in _imported_names(module):
        top = name.partition(".")[0]
        if top in own:
            while name and _source(name) is None:  # a name in a module, not a module
                name = name.rpartition(".")[0]
            if name:
                modules[name] = None
        elif top not in sys.stdlib_module_names and top not in _CARRYING_LIBRARIES:
            libraries[top] = None
    return tuple(modules), tuple(libraries)


def _imported_names(module: str) -> Iterator[str]:
    package = module if _source(module).name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def _source(module: str) -> Path | None:
    """The source file of a module or package, found without importing it; None if there is no such module."""
    top, *rest = module.split(".")
    for folder in _folders(top):
        place = folder.joinpath(*rest)
        if (place / "__init__.py").is_file():
            return place / "__init__.py"
        if rest and place.with_name(f"{place.name}.py").is_file():
            return place.with_name(f"{place.name}.py")
    if not rest:
        spec = importlib.util.find_spec(top)
        if spec and spec.origin and spec.origin.endswith(".py"):
            return Path(spec.origin)
    return None


@cache
def _folders(top: str) -> tuple[Path, ...]:
    spec = importlib.util.find_spec(top)
    return tuple(Path(place) for place in spec.submodule_search_locations or ()) if spec else ()


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@cache
def _versions(library: str) -> tuple[str, ...]:
    names: Iterable[str] = _distributions().get(library, ())
    return tuple(sorted({f"{name.lower()}=={importlib.metadata.version(name)}" for name in names}))
