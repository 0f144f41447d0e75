"""The house: arrows between rooms run one way, names say one thing, and signs point to what is there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import REPOSITORY

PACKAGES = ("data_platform", "assets", "resources")
MODULES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
OF_ONE_ROOM = ("stage", "kernels", "report")
"""Names that many rooms had once, each for something else."""
ELSEWHERE = frozenset({
    "apply_chunk_refining.py",  # of ProX
    "utils/text.py", "utils/word_tokenizers.py", "pipeline/dedup/minhash.py",  # of datatrove
    "lang/char_classes.py", "lang/punctuation.py", "lang/tokenizer_exceptions.py",  # of spaCy
    "lang/en/tokenizer_exceptions.py",
})
"""Files of other projects that docstrings name."""


def test_imports_keep_the_contracts() -> None:
    # In a process of its own: the linter keeps the output that it first wrote to, which pytest closes.
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_name_says_one_thing() -> None:
    rooms: dict[str, set[str]] = {name: set() for name in OF_ONE_ROOM}
    for path in (REPOSITORY / "data_platform").rglob("*.py"):
        place = path.relative_to(REPOSITORY / "data_platform")
        for name in {path.stem, *place.parent.parts[1:]} & rooms.keys():
            rooms[name].add(place.parts[0])
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}


def _signs(path: Path) -> Iterator[str]:
    """Files and folders in backticks in the strings of a module that stand for themselves."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from re.findall(r"`([\w./-]+(?:\.py|/))`", node.value.value)


def _is_there(sign: str, path: Path) -> bool:
    places = (REPOSITORY, REPOSITORY / "data_platform", *path.parents)
    return any((place / sign).exists() for place in places if place.is_relative_to(REPOSITORY))


def test_signs_point_to_what_is_there() -> None:
    lost = [
        (str(path.relative_to(REPOSITORY)), sign)
        for path in MODULES for sign in _signs(path) if sign not in ELSEWHERE and not _is_there(sign, path)
    ]
    assert lost == []
