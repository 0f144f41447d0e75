"""A takedown on a real crawl, through the command line: planned, executed, proved, run again; then a new licence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.status import plan
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.integration.factory import Factory, factory

# The same crawl of 2008 as WARC and as ARC: every page is there twice.
RECIPE = """
name: real
sources:
  - {{name: as-warc, kind: crawl, snapshot: warc, paths: ["{data}/warc/aut-example-2008.warc.gz"],
     license: {{spdx: {license}, basis: for this test}}}}
  - {{name: as-arc, kind: crawl, snapshot: arc, paths: ["{data}/warc/aut-example-2008.arc.gz"],
     license: {{spdx: MIT, basis: for this test}}}}
extraction: {{engine: resiliparse}}
filters: {{rule_sets: {{}}}}
deduplication: {{guards: {{max_removal_rate: 1.0, max_cluster_share: 1.0}}}}
labels: {{kind: environment, limit: 60}}
models:
  language_model: {{steps: 3, width: 32, layers: 1, vocabulary: 300, context: 64, batch: 4}}
  quality_classifier: {{buckets: 4096}}
scores:
  perplexity: {{max_tokens: 64}}
  quality: {{}}
mixtures:
  open:
    tokens: 2000000
    tiers: [0, 1, 2, 3, 4]
    weights: {{web: 1}}
    scores: [quality_score, perplexity]
"""
HOST = "deadlists.com"


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Factory]:
    with factory(tmp_path / "logs", tmp_path / "home") as started:
        yield started


def _run(commands: Factory, *arguments: str, status: int = 0) -> str:
    command = commands.start(*arguments)
    code = command.wait(900)
    text = command.log.read_text()
    assert code == status, text[-3000:]
    return text


@pytest.mark.slow
def test_a_host_is_taken_down_and_stays_out(shared_data: Path, commands: Factory, tmp_path: Path) -> None:
    recipe = tmp_path / "real.yaml"
    recipe.write_text(RECIPE.format(data=shared_data, license="MIT"))
    _run(commands, "run", str(recipe))
    lake = Lake(str(tmp_path / "home" / "lakes" / "real"))
    workspace = Workspace(load_recipe(recipe), lake)
    _run(commands, "export", "open")
    (export,) = (tmp_path / "home" / "exports").iterdir()
    (gone,) = lake.read_table("mixture_open", ["doc_id", "host"]).filter(
        pc.field("host") == HOST
    )["doc_id"].to_pylist()[:1]

    (planned,) = json.loads(_run(commands, "takedown", "--host", HOST, "--json"))
    assert planned["exports"][0]["path"] == str(export) and planned["mixtures"][0]["version"] == 1
    assert sum(archive["records"] for archive in planned["archives_out_of_reach"]) == len(planned["documents"]) >= 2
    refused = _run(commands, "takedown", "--host", HOST, "--execute", "--yes", status=1)
    assert "--by and --reason" in refused

    done = _run(commands, "takedown", "--host", HOST, "--execute", "--yes", "--by", "A. Uthor", "--reason", "by letter",
                "--exports", "rewrite")
    assert "absent" in done and HOST not in pq.read_table(export / "shard-00000.parquet")["host"].to_pylist()
    (listed,) = json.loads(_run(commands, "takedown", "--list", "--json"))
    takedown_id = listed["takedown_id"]
    assert "was taken down" in (answer := _run(commands, "trace", "open", gone, status=1)) and "by letter" in answer
    assert "run the recipe real again" in _run(commands, "export", "open", status=1)

    _run(commands, "run", str(recipe))
    assert all(status.state == "fresh" for status in plan(workspace))
    assert HOST not in {host for host in lake.read_table("documents", ["host"])["host"].to_pylist()}
    reasons = lake.read_table("rejections", ["reason", "url"]).to_pylist()
    kept_out = [row for row in reasons if row["reason"] == f"takedown:{takedown_id}"]
    assert len(kept_out) == len(planned["documents"]) and not any(row["url"] for row in kept_out)
    (report,) = json.loads(_run(commands, "status", "--json"))
    assert [row["state"] for row in report["takedowns"]] == ["done"]
    (verified,) = json.loads(_run(commands, "takedown", "--verify", takedown_id, "--json"))
    assert verified["absent"] and verified["occasion"] == "verification"
    _run(commands, "export", "open")

    recipe.write_text(RECIPE.format(data=shared_data, license="GPL-3.0-only"))
    (report,) = json.loads(_run(commands, "status", "--json"))
    stale = {row["table"]: row["license_changes"] for row in report["tables"] if row["license_changes"]}
    assert {"license_evidence", "document_licenses", "duplicates", "mixture_open"} <= stale.keys()
    assert stale["mixture_open"] == ["source as-warc: licence MIT -> GPL-3.0-only"] and "documents" not in stale
    assert "licence MIT -> GPL-3.0-only" in _run(commands, "export", "open", status=1)
