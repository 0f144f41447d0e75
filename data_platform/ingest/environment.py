"""Texts of the environment with weak labels: what the standard library and installed distributions say.

They let classifiers of the demo be trained without a file from outside. Not here: pages and files of the environment as
sources (`installed_archives.py`).
"""

from __future__ import annotations

import ast
import hashlib
import heapq
import json
import platform
import sysconfig
import warnings
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

from data_platform.ingest.installed import files_of, installed, installed_state, metadata_of, name_of

MIN_REFERENCE_WORDS = 40
MAX_REFERENCE_BYTES = 500_000


def reference_texts(limit: int) -> list[tuple[str, str, int]]:
    """Weakly labelled texts as (origin, text, label), at most `limit` per label, in the order of their hash.

    Wanted (1) is edited English prose: docstrings of the standard library of at least 40 words. Not wanted (0) is what
    the same machine holds and nobody would train on: file lists and metadata of the installed distributions. These
    labels let the demo run; they are no judgement of people, and a classifier trained on them mainly tells sentences
    from listings. Give labelled files for anything else.
    """
    wanted = [("stdlib", text, 1) for text in _first_by_hash(_docstrings(), limit)]
    unwanted = [("listing", text, 0) for text in _first_by_hash(_listings(), limit)]
    return wanted + unwanted


def _first_by_hash(texts: Iterator[str], limit: int) -> list[str]:
    return sorted(set(texts), key=lambda text: hashlib.sha256(text.encode("utf-8", "replace")).digest())[:limit]


def _docstrings() -> Iterator[str]:
    """Docstrings of the standard library, without the indentation of the code."""
    import inspect

    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("**/*.py")):
        parts = path.parts
        if "site-packages" in parts or "test" in parts or "tests" in parts or "idlelib" in parts:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue  # the standard library ships files for other versions
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = inspect.cleandoc(ast.get_docstring(node) or "")
                if len(text.split()) >= MIN_REFERENCE_WORDS and text.isprintable() | ("\n" in text):
                    yield text


def docstrings_by_distribution(files: int = 40) -> Iterator[tuple[str, list[str]]]:
    """Name and docstrings of at least 40 words of every installed distribution that has some.

    Of each at most `files` files that hold a formula are read, and a quarter of that of others: those with the least
    hash.
    """
    import inspect

    for distribution in installed():
        ranked = heapq.nsmallest(files, _ranked_sources(distribution), key=lambda item: item[:2])
        ranked = [item for place, item in enumerate(ranked) if not item[0] or place < files // 4]
        texts = [
            text for *_, source in ranked for text in map(inspect.cleandoc, _docstrings_in(source))
            if len(text.split()) >= MIN_REFERENCE_WORDS
        ]
        if texts:
            yield name_of(distribution), texts


def _ranked_sources(distribution: Distribution) -> Iterator[tuple[bool, bytes, bytes]]:
    """Python sources with docstrings, each behind what it is ranked by."""
    for name in files_of(distribution):
        if name.endswith(".py") and "test" not in name:
            try:
                source = Path(str(distribution.locate_file(name))).read_bytes()
            except OSError:
                continue  # RECORD names files that somebody removed
            if b'"""' in source and len(source) < MAX_REFERENCE_BYTES:
                has_formula = b":math:`" in source or b".. math::" in source
                yield not has_formula, hashlib.sha256(name.encode()).digest(), source


def _docstrings_in(source: bytes) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # backslashes in other people's docstrings
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # files for other versions of Python
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def _listings() -> Iterator[str]:
    """Pieces of file lists and of metadata headers, of about the length of a docstring."""
    for distribution in installed():
        lines = files_of(distribution)
        yield from ("\n".join(lines[start : start + 20]) for start in range(0, len(lines), 20))
        headers = [f"{key}: {value}" for key, value in metadata_of(distribution).items() if key != "Description"]
        yield from ("\n".join(headers[start : start + 20]) for start in range(0, len(headers), 20))


def environment_state() -> str:
    """Digest of what these texts are read from."""
    text = json.dumps([platform.python_version(), installed_state()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
