"""A law for every module with compiled code: numba's cache must not outlive the source it was made from."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import data_platform

COMPILED = sorted(
    path for path in Path(data_platform.__file__).parent.rglob("*.py") if "import njit" in path.read_text("utf-8")
)


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_compiled_modules_import_nothing_of_the_platform(path: Path) -> None:
    """numba renews a cached kernel when the file of the kernel changes, and does not see the files it imports from."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("data_platform") for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert not node.level and not (node.module or "").startswith("data_platform")
