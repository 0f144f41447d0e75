"""The ablation of tiers through its command, on a small lake of two tiers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.lab.cuts import cuts_of, draw
from data_platform.lab.ground import Ground
from data_platform.lab.tiers import Ablation, report
from data_platform.lake.custody import Custody
from data_platform.mixing.settings import Mixture
from data_platform.proxy.ladder import schedule
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Work, pin_inputs
from data_platform.run.workspace import Workspace
from data_platform.stages.plans import plan_stage
from tests.conftest import REPOSITORY
from tests.lab.lakes import run, write_recipe

COMMAND = ("lab", "tiers", "open", "--sizes", "300k", "--seeds", "2", "--tokens", "8192", "--json")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("tiers")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DATA_PLATFORM_HOME", str(folder / "home"))
        workspace = run(write_recipe(folder))
        shutil.copytree(workspace.lake.uri, folder / "before")
        yield workspace


def _asked(workspace: Workspace, *more: str) -> Any:
    path = Path(workspace.lake.uri).parent / "recipe.yaml"
    result = CliRunner().invoke(main, [*COMMAND, *more, "--recipe", str(path)])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_tier_that_brings_a_domain_is_found(workspace: Workspace) -> None:
    """Manuals are in tier 2 alone: the wider cut knows them, at as many tokens; runs are rows under custody, and are
    not made again."""
    found = _asked(workspace)
    assert found["tokens"] == [8192] and [cut["cut"] for cut in found["cuts"]] == ["tier<=0", "tier<=2"]
    assert [[row["tier"] for row in cut["available"]] for cut in found["cuts"]] == [[0], [0, 2]]
    assert {domain["domain"]: domain["documents"] for domain in found["held_out"]} == {"manuals": 2, "stories": 2}
    manuals = next(row for row in found["differences"] if row["domain"] == "manuals")
    assert manuals["mean"] < -0.2
    assert found["cuts"][0]["epochs"].keys() == {"stories"}
    assert any("stories was read" in line for line in found["warnings"])
    rows = workspace.lake.read_table("proxy_runs").to_pylist()
    assert len(rows) == 4 and {row["parameters"] for row in rows} == {found["sizes"]["300k"]}
    for row in rows:
        assert sum(domain["seen"] for domain in row["domains"]) == row["tokens"] + 1
        assert len(row["training"]) == row["steps"] and len(row["losses"]) == 8
    assert len({row["order_digest"] for row in rows}) == 4 and len({row["held_out_digest"] for row in rows}) == 1
    version = workspace.lake.open("proxy_runs").version()
    assert not Custody(workspace.lake).breaches("proxy_runs")
    lineage = workspace.lake.read_table("lineage", where=pc.field("table") == "proxy_runs")
    assert sorted(lineage["partition"].to_pylist()) == sorted(row["run"] for row in rows)
    assert _asked(workspace) == found
    assert workspace.lake.open("proxy_runs").version() == version
    # A file that is lost is made again, and says the same.
    lost = next(Path(workspace.lake.uri, "proxy_runs", f"run={rows[0]['run']}").glob("*.parquet"))
    lost.unlink()
    again = _asked(workspace)
    assert {key: again[key] for key in again.keys() - {"cost"}} == {key: found[key] for key in found.keys() - {"cost"}}
    assert workspace.lake.open("proxy_runs").version() == version + 1 and workspace.lake.count("proxy_runs") == 4
    # One seed more makes two runs more.
    assert len(_asked(workspace, "--seeds", "3")["runs"]) == 6
    assert workspace.lake.open("proxy_runs").version() == version + 3


@pytest.mark.slow
def test_what_is_killed_goes_on_and_says_the_same(workspace: Workspace, tmp_path: Path) -> None:
    """SIGKILL while the second of two seeds is trained: the same command makes what is missing, and what it says is to
    the bit what a lake says that was never stopped."""
    whole = _asked(workspace)
    path, lake = tmp_path / "recipe.yaml", tmp_path / "lake"
    shutil.copytree(Path(workspace.lake.uri).parent / "before", lake)
    written = (Path(workspace.lake.uri).parent / "recipe.yaml").read_text()
    path.write_text(written.replace(workspace.lake.uri, str(lake)))
    process = subprocess.Popen(
        [sys.executable, "-m", "data_platform.cli.main", *COMMAND, "--recipe", str(path)], cwd=REPOSITORY,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "DATA_PLATFORM_HOME": str(tmp_path / "home")},
    )
    with process:
        assert any(line.startswith("1 of 2") for line in process.stderr)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    other = Workspace(load_recipe(path))
    assert other.lake.count("proxy_runs") == 2
    found = _asked(other)
    assert other.lake.count("proxy_runs") == 4
    assert {key: found[key] for key in found.keys() - {"cost"}} == {key: whole[key] for key in whole.keys() - {"cost"}}


def _ground(workspace: Workspace) -> Ground:
    stage = plan_stage(workspace.recipe, "open")
    return Ground(Work(stage, workspace, None, pin_inputs(stage, workspace, None)), workspace.recipe.mixtures["open"])


def test_what_is_held_out_is_never_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody draws a held-out document, nor one too near to one; what is drawn in its place depends on no other run."""
    cut, planned = cuts_of(workspace.recipe.mixtures["open"])[-1], schedule(200_000, 8_000, 256)
    basis = _ground(workspace)
    drawn, reading = basis.reading(cut, 0, planned)
    assert set(basis.held_out["doc_id"].to_pylist()).isdisjoint(drawn["doc_id"].to_pylist())
    near = drawn["doc_id"][0].as_py()
    too_near = Ground._too_near
    monkeypatch.setattr(Ground, "_too_near", lambda self, rows: [
        *too_near(self, rows), *(doc_id for doc_id in rows["doc_id"].to_pylist() if doc_id == near)
    ])
    other, changed = basis.reading(cut, 0, planned)
    assert near not in other["doc_id"].to_pylist() and changed.digest != reading.digest
    fresh = _ground(workspace)
    fresh.reading(cut, 1, planned)
    assert fresh.reading(cut, 0, planned)[1].digest == changed.digest


def test_cuts_are_drawn_at_one_budget(workspace: Workspace) -> None:
    """A cut that has less than the budget is repeated as a whole; one that has more is not."""
    basis = _ground(workspace)
    candidates = basis.admitted(basis.whole).drop_columns(["share", "repeats"])
    narrow, wide = cuts_of(workspace.recipe.mixtures["open"])
    drawn = draw(candidates, narrow, 6000, 0)
    assert set(drawn["license_tier"].to_pylist()) == {0}
    assert drawn.num_rows == basis.admitted(narrow).num_rows and set(drawn["repeats"].to_pylist()) == {1}
    some = draw(candidates, wide, 3000, 0)
    assert 2500 < pc.sum(some["token_count"]).as_py() <= 3000
    assert draw(candidates, wide, 3000, 1)["doc_id"].to_pylist() != some["doc_id"].to_pylist()


def test_what_cannot_be_compared_is_told(workspace: Workspace) -> None:
    path = str(Path(workspace.lake.uri).parent / "recipe.yaml")
    for more, told in (
        (["open", "--sizes", "2M"], "no size 2M"), (["opne"], "no mixture 'opne'"),
        (["open", "--tokens", "100"], "not one sequence"),
    ):
        result = CliRunner().invoke(main, ["lab", "tiers", *more, "--recipe", path])
        assert result.exit_code == 1 and told in result.output and "Traceback" not in result.output


def test_a_difference_is_told_from_noise() -> None:
    """Three seeds: on a the wider cut is better by .1 each time; on b by what seeds differ by."""
    def row(cut: str, seed: int, losses: dict[str, float]) -> dict[str, Any]:
        return {"run": f"{cut}{seed}", "size": "1M", "seed": seed, "cut": cut, "parameters": 10, "tokens": 100,
                "steps": 2, "seconds": 1.0, "processor_seconds": 1.0, "held_out": [], "tokens_by_tier": [],
                "domains": [],
                "losses": [{"step": 2, "domain": name, "bits_per_byte": loss} for name, loss in losses.items()]}

    cuts = tuple(cuts_of(Mixture(tokens=1, tiers=(0, 1), weights={"a": 1})))
    rows = [row("tier<=0", seed, {"a": 2.0 + seed / 10, "b": 2.0}) for seed in range(3)]
    rows += [
        row("tier<=1", seed, {"a": 1.9 + seed / 10 + seed / 1000, "b": 2.0 + (seed - 1) / 10}) for seed in range(3)
    ]
    found = report("m", Ablation(cuts, 100, {cut.name: [] for cut in cuts}, ()), rows, 1.0)
    by_domain = {row["domain"]: row for row in found["differences"]}
    # Mean -.099, deviation .001, and 4.303 of it over the root of 3.
    assert by_domain["a"]["low"] == pytest.approx(-0.099 - 4.30265 * 0.001 / 3**0.5, abs=1e-6)
    assert by_domain["a"]["exceeds_noise"] and not by_domain["b"]["exceeds_noise"]
    assert found["verdicts"][0].startswith("1M, tier<=1 against tier<=0: differences exceed noise: better on a (-0.099")
    alone = report("m", Ablation(cuts, 100, {cut.name: [] for cut in cuts}, ()), [rows[0], rows[3]], 1.0)
    assert alone["verdicts"] == ["noise is not known with one seed: no difference can be told from it"]
