"""What the README tells people to run is there."""

from __future__ import annotations

import re
import textwrap

import pyarrow as pa
from importlinter.api import read_configuration

from data_platform.cli.main import COMMANDS
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text("utf-8")


def test_every_benchmark_that_is_named_can_be_run() -> None:
    table = TEXT[TEXT.index("| `python -m benchmarks.`") : TEXT.index("## Settings")]
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", table, re.MULTILINE)
    named = {*re.findall(r"[a-z_]+", " ".join(rows)), *re.findall(r"python -m benchmarks\.([a-z_]+)", TEXT)}
    assert len(named) > 15
    for name in named:
        source = (REPOSITORY / "benchmarks" / f"{name}.py").read_text("utf-8")
        assert 'if __name__ == "__main__":' in source, name


def test_every_command_and_recipe_that_is_named_exists() -> None:
    commands = set(re.findall(r"data-platform ([a-z]+(?:-[a-z]+)*)", TEXT))
    assert {"run", "audit", "takedown"} <= commands <= set(COMMANDS)
    for recipe in set(re.findall(r"recipes/[a-z_]+\.yaml", TEXT)):
        assert (REPOSITORY / recipe).is_file(), recipe


def test_the_map_shows_every_room_in_the_order_that_is_checked() -> None:
    lines = re.findall(r"^      ((?:[a-z]+/ +)+)", TEXT[TEXT.index("## The map of the house") :], re.MULTILINE)
    shown = re.findall(r"([a-z]+)/", " ".join(lines))
    contracts = read_configuration(str(REPOSITORY / "pyproject.toml"))["contracts_options"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers"))
    assert shown == [room for room in layers if room not in ("definitions", "assets", "resources")]


def test_the_method_that_is_shown_is_one() -> None:
    start = TEXT.index("    import pyarrow as pa")
    names: dict = {"__name__": "shown"}
    exec(textwrap.dedent(TEXT[start : TEXT.index("\n\nIt lies in", start)]), names)
    method = names["DistinctWords"]
    scores = method(method.Settings()).score(pa.array(["a b a b", ""]))
    assert scores == {column.name: [0.5, 1.0] for column in method.gives}
