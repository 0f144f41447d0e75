"""What a method declares: its paper, its name and place, settings and columns that say what they are, and no weight."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.kinds.method import Kind, Method
from data_platform.core.registry import kinds
from data_platform.core.settings import IDENTIFIER, Part
from data_platform.core.tables import table
from tests.conftest import REPOSITORY
from tests.contract.every import DISTRIBUTION, EVERY, each, of, settings_of

PAPER = re.compile(
    r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,9}/\S+|https?://\S+|\b(?:RFC|ISO|ISO/IEC) \d+"
    r"|\b[A-Z][\w'-]+(?: et al\.| and [A-Z][\w'-]+)?,? (?:19|20)\d\d\b.*(?:\"|JMLR|ACL|WWW|NeurIPS|SDAIR)"
    r"|^ *none: \S.{15,}", re.MULTILINE | re.DOTALL,
)
"""Where a method is published: an address, a standard, or author, year and venue; or why it is not."""
HEAVY = ("torch", "transformers", "sklearn", "numba", "daft", "great_expectations", "dagster", "scipy")


@each()
def test_a_paper_is_named(method: type[Method]) -> None:
    assert PAPER.search(method.__doc__ or ""), f"{method.name} names no paper, and no reason why not"


@each()
def test_name_and_place_are_those_of_its_kind(method: type[Method]) -> None:
    assert re.match(IDENTIFIER, method.name) and method.version >= 1
    if method.__module__.startswith("data_platform."):
        assert method.__module__.startswith(f"data_platform.methods.{method.kind.folder}.")


def test_every_kind_has_methods_and_every_method_is_of_one() -> None:
    asked = {method for kind in kinds().values() for method in of(kind)}
    assert asked == set(EVERY) and all(of(kind) for kind in kinds().values())


def test_declaring_them_loads_nothing_heavy() -> None:
    # Typing is at hand for whoever reads declarations alone, such as the schema of a recipe.
    program = (
        "import sys; from data_platform.core import registry\n"
        "print(sum(len(registry.methods(kind)) for kind in registry.kinds().values()))\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    path = os.pathsep.join([str(REPOSITORY), str(DISTRIBUTION)])
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        timeout=120,
    )
    assert done.stdout.split("\n")[:2] == [str(len(EVERY)), "[]"], done.stderr[-2000:]


@each()
def test_settings_have_descriptions_and_defaults_that_hold(method: type[Method]) -> None:
    assert issubclass(method.Settings, Part)
    for name, field in method.Settings.model_fields.items():
        assert field.description, f"{method.name}.{name} has no description"
    settings = settings_of(method)
    assert method.Settings.model_validate(json.loads(settings.model_dump_json())) == settings
    assert json.dumps(method.Settings.model_json_schema())


@each()
def test_columns_say_what_they_hold(method: type[Method]) -> None:
    for column in method.gives:
        assert column.description.endswith("."), f"{method.name}.{column.name} is not described"
        assert re.match(IDENTIFIER, column.name)
        assert not column.nullable or "null" in column.description, f"{method.name}.{column.name} may be null"
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            bounded = column.minimum is not None or column.maximum is not None
            assert bounded, f"{method.name}.{column.name} has no bound"
    names = [column.name for column in method.gives]
    assert len(names) == len(set(names))


@each()
def test_examples_say_where_they_are_from(method: type[Method]) -> None:
    assert all(example.source for example in method.examples)


@pytest.mark.parametrize("name", list(kinds()))
def test_every_kind_is_asked_for_its_answers(name: str) -> None:
    asked = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert f"@each({kinds()[name].__name__})" in asked, f"no test of tests/contract asks methods of kind {name}"


@pytest.mark.parametrize("name", list(kinds()))
def test_a_kind_says_what_it_fixes(name: str) -> None:
    kind = kinds()[name].kind
    words = (kind.name, kind.section, kind.folder, kind.rows, kind.phase, kind.licence, kind.takedown)
    assert all(words) and kinds()[name].__doc__


@pytest.mark.parametrize("kind", [one.kind for one in kinds().values() if one.kind.family], ids=lambda kind: kind.name)
def test_tables_of_entries_are_what_their_kind_says(kind: Kind) -> None:
    declared = table(kind.table("any"))
    assert (declared.kind, declared.entry) == (kind.name, "any")
    assert bool(declared.partition_by) == kind.partitioned
