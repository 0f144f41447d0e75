"""The wheel works where nothing else of the repository is: in an environment of what it requires and no more, with an
empty home, from any folder."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow
SOURCES = (
    "pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE", "dagster.yaml", "data_platform", "assets",
    "resources", "recipes",
)
RECIPE = """name: mine
sources: [{name: mine, kind: files, snapshot: one, domain: web, paths: [rows.jsonl]}]
mixtures: {all: {tokens: 1000, tiers: [0, 1, 2, 3, 4], weights: {web: 1}}}
"""
ENGLISH = (
    "The library of the town has been open to all who want to read since the year in which it was built, and it has "
    "more books than the people who live there can count. Of these the oldest were written by hand, and they are kept "
    "in a room that only those may enter who have asked for it before. "
)


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The wheel of a fresh checkout, and the commit of that."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in SOURCES:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, checkout / name, symlinks=True,
                            ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / name, checkout / name)
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", "--all")
    _git(checkout, "commit", "--quiet", "--message", "first")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--disable-pip-version-check", "--wheel-dir", str(folder), str(checkout)], check=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel, _git(checkout, "rev-parse", "HEAD")


def _required(wheel: Path) -> Iterator[importlib.metadata.Distribution]:
    """The distributions that a wheel requires, without extras, and those that they require, as they are here."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        queue = [(text, "") for text in Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist")]
    seen = set()
    while queue:
        text, extra = queue.pop()
        wanted = Requirement(text)
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        for one in ("", *wanted.extras):
            if (key := (wanted.name.lower().replace("_", "-"), one)) in seen:
                continue
            seen.add(key)
            distribution = importlib.metadata.distribution(wanted.name)
            queue += [(needed, one) for needed in distribution.requires or ()]
            if not one:
                yield distribution


@pytest.fixture(scope="module")
def installed(built: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it requires, inside somebody else's repository."""
    wheel, _ = built
    neighbour = tmp_path_factory.mktemp("neighbour")
    (neighbour / "README").write_text("A project that uses the platform.\n")
    _git(neighbour, "init", "--quiet")
    _git(neighbour, "add", "README")
    _git(neighbour, "commit", "--quiet", "--message", "other")
    environment = neighbour / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip())
    here = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")]
    for distribution in _required(wheel):
        for file in distribution.files or ():
            top = Path(file.parts[0])
            source = next((place / top for place in here if (place / top).exists()), None)
            if top.name not in ("..", "__pycache__") and source and not (site / top).exists():
                (site / top).symlink_to(source)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index",
         "--disable-pip-version-check", str(wheel)], check=True,
    )
    return python


def _do(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in an environment with an empty home and no variables of whoever runs the tests."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    variables = {"PATH": f"{python.parent}{os.pathsep}{os.defpath}", "HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(python), *arguments], cwd=folder, env=variables, capture_output=True, text=True, timeout=600
    )


def test_it_claims_one_name_and_has_all_that_the_checkout_has(built: tuple[Path, str]) -> None:
    wheel, commit = built
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert archive.read("data_platform/commit.txt").decode().strip() == commit
    assert {name.partition("/")[0] for name in names} == {"data_platform"}
    package = REPOSITORY / "data_platform"
    there = {
        f"data_platform/{path.relative_to(package).as_posix()}" for root in ("", "assets", "resources", "recipes")
        for path in (package / root).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(there) > 500 and there | {"data_platform/commit.txt"} == set(names)


def test_rows_of_ones_own_become_a_mixture_in_any_folder(
    built: tuple[Path, str], installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(RECIPE)
    rows = [{"text": f"{ENGLISH}{number} years ago a traveller left it a chest of maps."} for number in (7, 30)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = _do(installed, tmp_path, "-m", "data_platform.cli.main", "run", "mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mixture all:" in done.stdout
    code = (
        "import json; from data_platform.lake.lake import Lake;"
        "rows = Lake('.data-platform/lakes/mine').read_table('lineage', ['git_commit']).to_pylist();"
        "print(json.dumps(sorted({row['git_commit'] for row in rows})))"
    )
    said = _do(installed, tmp_path, "-c", code)
    assert json.loads(said.stdout) == [built[1]], said.stderr


def test_dagster_loads_the_demo_in_any_folder(installed: Path, tmp_path: Path) -> None:
    done = _do(installed, tmp_path, "-m", "dagster", "definitions", "validate", "-m", "data_platform.definitions")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_can_be_imported_but_that_of_another_engine(installed: Path, tmp_path: Path) -> None:
    code = """
import importlib, json, pkgutil, sys
import data_platform
names = [found.name for found in pkgutil.walk_packages(data_platform.__path__, "data_platform.")]
absent = {}
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        absent[name] = error.name
print(json.dumps([len(names), absent]))
"""
    done = _do(installed, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    count, absent = json.loads(done.stdout.splitlines()[-1])
    assert count > 500 and absent == {"data_platform.extract.trafilatura": "trafilatura"}


def test_what_the_base_lacks_is_named_before_any_work(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n')
    (tmp_path / "far.yaml").write_text(f"{RECIPE}engine: {{ray: auto}}\n")
    for recipe, extra in (("demo", "demo"), ("far.yaml", "ray")):
        done = _do(installed, tmp_path, "-m", "data_platform.cli.main", "run", recipe)
        assert done.returncode == 1
        assert done.stderr.strip().endswith(f"pip install 'data-platform[{extra}]'"), done.stdout + done.stderr
    assert not (tmp_path / ".data-platform").exists()
