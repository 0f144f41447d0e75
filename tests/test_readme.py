"""What README and CONTRIBUTING tell people to run, copy and look for is there."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pyarrow as pa
import yaml
from importlinter.api import read_configuration

from data_platform.cli.main import COMMANDS
from data_platform.core.registry import kinds
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text("utf-8")
GUIDE = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
TEMPLATE = REPOSITORY / "docs" / "method"


def test_every_benchmark_that_is_named_can_be_run() -> None:
    table = TEXT[TEXT.index("| `python -m benchmarks.`") : TEXT.index("## Settings")]
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", table, re.MULTILINE)
    named = {*re.findall(r"[a-z_]+", " ".join(rows)), *re.findall(r"python -m benchmarks\.([a-z_]+)", TEXT)}
    assert len(named) > 15
    for name in named:
        source = (REPOSITORY / "benchmarks" / f"{name}.py").read_text("utf-8")
        assert 'if __name__ == "__main__":' in source, name


def test_every_command_and_recipe_that_is_named_exists() -> None:
    commands = set(re.findall(r"data-platform ([a-z]+(?:-[a-z]+)*)", TEXT + GUIDE))
    assert {"run", "audit", "takedown"} <= commands <= set(COMMANDS)
    for recipe in set(re.findall(r"recipes/[a-z_]+\.yaml", TEXT)):
        assert (REPOSITORY / recipe).is_file(), recipe


def test_the_map_shows_every_room_in_the_order_that_is_checked() -> None:
    lines = re.findall(r"^      ((?:[a-z]+/ +)+)", GUIDE[GUIDE.index("## The map of the house") :], re.MULTILINE)
    shown = re.findall(r"([a-z]+)/", " ".join(lines))
    contracts = read_configuration(str(REPOSITORY / "pyproject.toml"))["contracts_options"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers"))
    assert shown == [room for room in layers if room not in ("definitions", "assets", "resources")]


def _shown() -> type:
    start = GUIDE.index("    import pyarrow as pa")
    names: dict = {"__name__": "shown"}
    exec(textwrap.dedent(GUIDE[start : GUIDE.index("\n\nIt lies in", start)]), names)
    return names["DistinctWords"]


def _template() -> type:
    names: dict = {"__name__": "my_methods.distinct_words"}
    exec((TEMPLATE / "my_methods" / "distinct_words.py").read_text("utf-8"), names)
    return names["DistinctWords"]


def test_the_method_that_is_shown_is_one_and_that_of_the_template() -> None:
    for method in (_shown(), _template()):
        scores = method(method.Settings()).score(pa.array(["a b a b", ""]))
        assert scores == {column.name: [0.5, 1.0] for column in method.gives}


def test_the_template_gives_the_answers_that_it_states() -> None:
    method = _template()
    for example in method.examples:
        made = method(method.Settings(**example.settings)).score(pa.array(example.given))
        assert made == example.gives


def test_the_template_is_found_as_an_installed_distribution(tmp_path: Path) -> None:
    project = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]
    (group, points), = project["entry-points"].items()
    described = tmp_path / "my_methods-1.0.dist-info"
    described.mkdir()
    described.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    described.joinpath("entry_points.txt").write_text(
        "\n".join([f"[{group}]", *(f"{name} = {module}" for name, module in points.items()), ""])
    )
    path = os.pathsep.join([str(TEMPLATE), str(tmp_path), str(REPOSITORY)])
    done = subprocess.run(
        [sys.executable, "-m", "data_platform.cli.main", "methods", "scorer", "distinct_words"], capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "1510.03055" in done.stdout and "fold" in done.stdout


def test_every_kind_of_method_is_in_the_guide_with_its_folder() -> None:
    rows = re.findall(r"^\| (`[a-z_]+\.\w+`.*?) \| (`[a-z_]+`.*?) \|", GUIDE, re.MULTILINE)
    named = {name for kinds, _ in rows for name in re.findall(r"\.(\w+)`", kinds)}
    assert {kind.__name__ for kind in kinds().values()} <= named
    folders = {name for _, folders in rows for name in re.findall(r"`([a-z_]+)`", folders)}
    assert folders == {kind.kind.folder for kind in kinds().values()}


def test_the_papers_of_the_project_agree() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    cited = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == project["version"] and cited["license"] == "Apache-2.0"
    assert set(project["license"].split(" AND ")) >= {cited["license"], "MIT", "CC-BY-4.0", "BSD-3-Clause"}
    assert hashlib.sha256((REPOSITORY / "LICENSE").read_bytes()).hexdigest().startswith("cfc7749b96f63bd3")
    notice = (REPOSITORY / "NOTICE").read_text("utf-8")
    named = re.findall(r"data_platform/[\w./]+\w", notice)
    assert len(named) > 5 and all((REPOSITORY / path).exists() for path in named)


def test_links_lead_to_files() -> None:
    for page in (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
