"""The version of code: a digest over what a computation imports, kept to what decides rows.

A module reaches another if it imports it anywhere, inside functions included, by `import_module` with a name that is
written out included, and the packages that the other lies in, which Python runs first. Of what is reached counts

- the code of the platform and of the distribution that a method comes from, without comments, docstrings, layout,
  descriptions of settings and columns, known answers, and what is only for type checkers;
- the files beside a module that it names, such as weights;
- the version of every other distribution that is imported.

Three kinds of module are left out, as nothing in them decides a row: the lake and the execution of stages, which carry
rows; declarations of tables and settings, whose values are part of a commit of their own (a stage's own columns and its
configuration); and what only speaks (errors, extras). Nobody keeps a list of what a stage computes with: it is what its
modules import. What a module finds by a name that it computes (methods, by the registry; the engine of extraction) the
stage has to name. Python and its standard library count as the same for ever.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data_platform.core.memory import recall, remember, user_cache

PLATFORM = __name__.partition(".")[0]
CARRIERS = (
    "core.code", "core.columns", "core.errors", "core.extras", "core.reading", "core.registry", "core.settings",
    "core.stopping", "core.tables", "kernels.cache", "lake", "run.books", "run.recipe", "run.stage", "run.workspace",
)
"""Modules and packages of the platform that carry rows, declare or speak, and decide none; `settings` of any room."""
_CARRYING_LIBRARIES = frozenset({"daft", "pydantic", "fsspec", "s3fs", "click", "rich", "yaml", "deltalake", "ray"})
_PROSE_KEYWORDS = {
    "Field": {"description", "title", "examples"}, "Column": {"description"},
    "Kind": {"rows", "phase", "licence", "takedown"},
}
"""By the name of what declares: its arguments that are for people to read."""
_PROSE_PLACES = {"Column": 2}
_FILE_NAME = re.compile(r"[\w-]+(/[\w-]+)*(\.[\w-]+)*\.(?!py$)\w{1,12}")


class Code:
    """The code that lies somewhere, and what of it reaches what. It is read once: make another to see a change.

    Args:
        places: folders of packages at the top, by name, in place of those in which Python finds them.
    """

    def __init__(self, places: Mapping[str, Path] | None = None) -> None:
        self._places = dict(places or {})
        self._found: dict[str, dict[str, Path]] = {}
        self._read: dict[str, _Facts] = {}
        self._reaching: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._digests: dict[str, str] = {}

    def digest(self, *roots: str) -> str:
        """Digest of all code that modules `roots` reach, and of the versions of libraries that it imports.

        Raises:
            ModuleNotFoundError: if a root does not exist.
        """
        with _without_collecting():
            modules = self.reached(*roots)
            libraries = {name for module in modules for name in self._imports(module)[1]}
            parts = [f"{module}\0{self._code(module)}" for module in sorted(modules)]
        _REMEMBERED.save()
        parts += [version for library in sorted(libraries) for version in _versions(library)]
        return _short("\0".join(parts))

    def reached(self, *roots: str) -> set[str]:
        """The modules that `roots` import, directly or not, and the roots themselves, without those that carry.

        Raises:
            ModuleNotFoundError: if a root does not exist.
        """
        for root in roots:
            if self._source(root) is None:
                raise ModuleNotFoundError(f"{root} is named as code of a stage and does not exist")
        found: set[str] = set()
        queue = list(roots)
        while queue:
            module = queue.pop()
            if module not in found:
                found.add(module)
                queue += [name for name in self._imports(module)[0] if name not in found and not carries(name)]
        return found

    def _facts(self, module: str) -> _Facts:
        if module not in self._read:
            self._read[module] = _facts(self._source(module).read_text(encoding="utf-8"))
        return self._read[module]

    def _code(self, module: str) -> str:
        """Digest of one module's code, and of the files beside it that it names."""
        if module not in self._digests:
            facts, folder = self._facts(module), self._source(module).parent
            files = (folder / name for name in facts.files)
            beside = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()]
            self._digests[module] = "\0".join([facts.code, *beside])
        return self._digests[module]

    def _imports(self, module: str) -> tuple[frozenset[str], frozenset[str]]:
        """The modules followed that a module imports, and the top-level names of the libraries."""
        if module not in self._reaching:
            own = {PLATFORM, module.partition(".")[0]}
            modules: set[str] = set(_packages(module))
            libraries: set[str] = set()
            for name in self._imported_names(module):
                top = name.partition(".")[0]
                if top in own:
                    if top != PLATFORM and self._is_compiled(name):
                        libraries.add(top)
                    found = self._module_of(name)
                    modules |= {found, *_packages(found)} if found else set()
                elif top not in sys.stdlib_module_names and top not in _CARRYING_LIBRARIES:
                    libraries.add(top)
            self._reaching[module] = (
                frozenset(name for name in modules if self._source(name)), frozenset(libraries)
            )
        return self._reaching[module]

    def _imported_names(self, module: str) -> Iterator[str]:
        package = module if self._source(module).name == "__init__.py" else module.rpartition(".")[0]
        for level, name in self._facts(module).imports:
            if level:
                parents = package.split(".")
                yield ".".join([*parents[: len(parents) - level + 1], name])
            else:
                yield name

    def _module_of(self, name: str) -> str:
        """The module that an imported name is, or lies in."""
        while name and self._source(name) is None:
            name = name.rpartition(".")[0]
        return name

    def _source(self, module: str) -> Path | None:
        """The source file of a module or package, found without importing it; None if there is no such module."""
        path = self._files(module).get(module)
        return path if path and path.suffix == ".py" else None

    def _is_compiled(self, module: str) -> bool:
        path = self._files(module).get(module)
        return bool(path) and path.suffix != ".py"

    def _files(self, module: str) -> dict[str, Path]:
        """Where all modules of the package at the top that a module lies in are, by name."""
        top = module.partition(".")[0]
        if top not in self._found:
            places = [self._places[top]] if top in self._places else _installed_places(top)
            self._found[top] = {name: path for place in reversed(places) for name, path in _modules_at(place, top)}
        return self._found[top]


@cache
def carries(module: str) -> bool:
    """Whether nothing in a module of the platform decides a row."""
    package, _, rest = module.partition(".")
    if package != PLATFORM:
        return False
    return rest.rpartition(".")[2] == "settings" or any(
        rest == name or rest.startswith(f"{name}.") for name in CARRIERS
    )


_INSTALLED = Code()


@cache
def code_digest(*roots: str) -> str:
    """`Code.digest` of what this process runs.

    Raises:
        ModuleNotFoundError: if a root does not exist.
    """
    return _INSTALLED.digest(*roots)


def reached(*roots: str) -> set[str]:
    """`Code.reached` of what this process runs.

    Raises:
        ModuleNotFoundError: if a root does not exist.
    """
    return _INSTALLED.reached(*roots)


# -- one text of code -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Facts:
    """What counts of one module's text.

    Attributes:
        code: digest of it without what decides no rows.
        imports: names imported, of modules or in them, each with the level of its relative import.
        files: names in it that a file beside it could have.
    """

    code: str
    imports: tuple[tuple[int, str], ...]
    files: tuple[str, ...]


def _facts(text: str) -> _Facts:
    key = hashlib.sha256(text.encode()).hexdigest()
    if key not in _REMEMBERED:
        _REMEMBERED[key] = _found_in(text)
    return _REMEMBERED[key]


def _found_in(text: str) -> _Facts:
    tree = ast.parse(text)
    imports: dict[tuple[int, str], None] = {}
    files: set[str] = set()
    queue: list[ast.AST] = [tree]
    while queue:
        node = queue.pop()
        _remove_prose(node)
        imports |= dict.fromkeys(_names(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _FILE_NAME.fullmatch(node.value):
            files.add(node.value)
        queue += ast.iter_child_nodes(node)
    return _Facts(_short(ast.unparse(tree)), tuple(imports), tuple(sorted(files)))


class _Memory(dict[str, _Facts]):
    """The facts of texts by the digest of each, kept in a file from process to process: to parse the platform takes
    longer than to make a small table. The file's name holds the code that finds facts, and the version of Python."""

    _KEPT = 2_000

    def __init__(self) -> None:
        super().__init__()
        finder = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
        self._file = user_cache("code") / f"{sys.implementation.cache_tag}-{finder}.json"
        with suppress(ValueError, TypeError):
            for key, (code, imports, files) in recall(self._file).items():
                self[key] = _Facts(code, tuple((level, name) for level, name in imports), tuple(files))
        self._saved = len(self)

    def save(self) -> None:
        """Leave what is new to other processes; where nothing can be written, each finds it anew."""
        if len(self) == self._saved:
            return
        latest = list(self.items())[-self._KEPT :]
        with suppress(OSError):
            remember(self._file, {key: [facts.code, facts.imports, facts.files] for key, facts in latest})
        self._saved = len(self)


_REMEMBERED = _Memory()


def _names(node: ast.AST) -> Iterator[tuple[int, str]]:
    """What a statement or call imports: names as written, with the level."""
    if isinstance(node, ast.Import):
        yield from ((0, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = f"{node.module}." if node.module else ""
        yield from ((node.level, f"{base}{alias.name}") for alias in node.names)
    elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            name = first.value.lstrip(".")
            yield len(first.value) - len(name), name


def _remove_prose(node: ast.AST) -> None:
    """Take out of a node what decides no row: docstrings, descriptions, known answers, what is for type checkers."""
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        if isinstance(statements, list):
            kept = [kept for statement in statements for kept in _kept(statement)]
            setattr(node, field, kept or ([ast.Pass()] if field == "body" else []))
    if isinstance(node, ast.Call) and (name := _called(node)) in _PROSE_KEYWORDS:
        node.keywords = [keyword for keyword in node.keywords if keyword.arg not in _PROSE_KEYWORDS[name]]
        place = _PROSE_PLACES.get(name, len(node.args))
        node.args = node.args[:place] + node.args[place + 1 :]
    elif isinstance(node, ast.ClassDef):
        node.body = [statement for statement in node.body if not _is_examples(statement)] or [ast.Pass()]


def _kept(statement: ast.stmt) -> list[ast.stmt]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return []  # a docstring, of a module, class, function, or of what stands before it
    if isinstance(statement, ast.If) and _name(statement.test) == "TYPE_CHECKING":
        return [kept for other in statement.orelse for kept in _kept(other)]
    return [statement]


def _is_examples(statement: ast.stmt) -> bool:
    """Whether a statement in a class states the known answers of a method."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "examples" for target in targets)


def _called(node: ast.Call) -> str:
    return _name(node.func)


def _name(node: ast.expr) -> str:
    """The last part of a dotted name; empty if it is none."""
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _packages(module: str) -> Iterator[str]:
    """The packages that a module lies in."""
    while module := module.rpartition(".")[0]:
        yield module


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No garbage collection: over trees of code, which hold no cycles, it takes three times as long as reading them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def _installed_places(top: str) -> list[Path]:
    """The folders of an installed package, or the file of a module."""
    spec = importlib.util.find_spec(top)
    if spec is None:
        return []
    return [Path(place) for place in spec.submodule_search_locations or [spec.origin or ""] if place]


def _modules_at(place: Path, top: str) -> Iterator[tuple[str, Path]]:
    """Names and files of all modules in the folder of a package; a package comes after a module of its name."""
    if place.suffix == ".py":
        yield top, place
    for folder, inner, names in os.walk(place):
        inner[:] = sorted(name for name in inner if name.isidentifier())
        package = ".".join((top, *Path(folder).relative_to(place).parts))
        for name in sorted(names):
            stem, _, rest = name.partition(".")
            if name == "__init__.py":
                yield package, Path(folder, name)
            elif rest == "py" or f".{rest}" in importlib.machinery.EXTENSION_SUFFIXES:
                yield f"{package}.{stem}", Path(folder, name)


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@cache
def _versions(library: str) -> tuple[str, ...]:
    names: Iterable[str] = _distributions().get(library, ())
    return tuple(sorted({f"{name.lower()}=={importlib.metadata.version(name)}" for name in names}))
