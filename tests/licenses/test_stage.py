"""Licences in the flow: evidence of sites and of people, and decisions that are restated, never rewritten."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_platform.core.settings import RecipeError
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from data_platform.spdx.expressions import OPT_OUT, TDM_PERMITTED, UNKNOWN
from tests.ingest.archives import members, response, warc

LINK = '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
TEXT = "<p>The committee met in the afternoon and agreed on the plan for the coming year.</p>"
RULINGS = "- {host: ruled.org, license: CC0-1.0, author: A. Uthor, date: 2024-05-01, reason: By letter.}\n"


def _page(url: str, head: str = "", *headers: str) -> bytes:
    return warc(response(f"<html><head>{head}</head><body>{TEXT}</body></html>".encode(), *headers), url=url)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A crawl of four sites with the files by which they speak of their pages, as far as the decisions."""
    folder = tmp_path_factory.mktemp("licenses")
    robots = response(b"User-agent: GPTBot\nDisallow: /closed/\n", "Content-Type: text/plain")
    tdmrep = response(b'[{"location": "/", "tdm-reservation": 0}]', "Content-Type: application/json")
    (folder / "crawl.warc.gz").write_bytes(members([
        warc(robots, url="https://example.org/robots.txt"), _page("https://example.org/open/1", LINK),
        _page("https://example.org/closed/1", LINK), _page("https://ruled.org/1", LINK), _page("https://silent.org/1"),
        warc(tdmrep, url="https://mined.org/.well-known/tdmrep.json"), _page("https://mined.org/1"),
    ]))
    (folder / "rulings.yaml").write_text(RULINGS)
    workspace = Workspace(_recipe(folder, "resolve@1"), Lake(str(folder / "lake")))
    for name in ("raw_crawls", "documents", "license_evidence", "document_credits", "document_licenses"):
        execute(stages(workspace.recipe)[name], workspace, "one")
    return workspace


def _recipe(folder: Path, resolver: str) -> Recipe:
    return Recipe.model_validate({
        "name": "licensed",
        "sources": [{"name": "web", "snapshot": "one", "paths": [str(folder / "crawl.warc.gz")]}],
        "extraction": {"engine": "resiliparse"},
        "licenses": {"resolver": resolver, "rulings": str(folder / "rulings.yaml")},
        "mixtures": {"all": {"tokens": 1000, "tiers": [0, 1], "weights": {"web": 1}}},
    })


def _decisions(lake: Lake, version: int | None = None) -> dict[str, tuple[str, str, str]]:
    rows = lake.read_table("document_licenses", version=version)
    rows = rows.join(lake.read_table("documents", ["doc_id", "url"]), "doc_id").to_pylist()
    return {row["url"].removeprefix("https://"): (row["license_spdx"], row["license_basis"], row["resolver"])
            for row in rows}


def test_files_of_sites_are_evidence_and_no_documents(workspace: Workspace) -> None:
    lake = workspace.lake
    records = {row["record_id"]: row["url"] for row in lake.read_table("raw_crawls", ["record_id", "url"]).to_pylist()}
    urls = lake.read_table("documents", ["url"])["url"].to_pylist()
    assert len(records) == 7 and len(urls) == 5
    rejected = lake.read_table("rejections").to_pylist()
    assert sorted(row["url"] for row in rejected if row["reason"] == "site_file") == [
        "https://example.org/robots.txt", "https://mined.org/.well-known/tdmrep.json",
    ]
    evidence = lake.read_table("license_evidence").to_pylist()
    seen = {(records[row["doc_id"]], row["location"], row["scope"], records.get(row["record_id"], ""), row["note"])
            for row in evidence}
    assert seen == {
        ("https://example.org/open/1", "link", "page", "https://example.org/open/1", None),
        ("https://example.org/closed/1", "link", "page", "https://example.org/closed/1", None),
        ("https://example.org/closed/1", "robots", "site", "https://example.org/robots.txt", None),
        ("https://ruled.org/1", "link", "page", "https://ruled.org/1", None),
        ("https://ruled.org/1", "manual", "site", "", "A. Uthor, 2024-05-01: By letter."),
        ("https://mined.org/1", "tdmrep", "site", "https://mined.org/.well-known/tdmrep.json", None),
    }
    assert len({row["evidence_id"] for row in evidence}) == len(evidence)


def test_another_resolver_restates_and_leaves_history_as_it_was(workspace: Workspace) -> None:
    lake = workspace.lake
    first = lake.pin("document_licenses", "one")
    before = lake.read_table("document_licenses", version=first.version).sort_by("doc_id")
    assert _decisions(lake)["mined.org/1"] == (UNKNOWN, "none", "resolve@1")

    folder = Path(workspace.recipe.licenses.rulings).parent
    later = Workspace(_recipe(folder, "resolve@2"), lake)
    execute(stages(later.recipe)["license_evidence"], later, "one")
    execute(stages(later.recipe)["document_licenses"], later, "one")
    second = lake.pin("document_licenses", "one")
    assert second.version > first.version
    assert _decisions(lake) == {
        "example.org/open/1": ("CC-BY-4.0", "link", "resolve@2"),
        "example.org/closed/1": (f"CC-BY-4.0 AND {OPT_OUT}", "robots", "resolve@2"),
        "ruled.org/1": ("CC0-1.0", "manual", "resolve@2"),
        "silent.org/1": (UNKNOWN, "none", "resolve@2"),
        "mined.org/1": (TDM_PERMITTED, "tdmrep", "resolve@2"),
    }
    # What was decided then is still what was decided then, and the log says which rules made which version.
    after: pa.Table = lake.read_table("document_licenses", version=first.version).sort_by("doc_id")
    assert after.equals(before)
    history = [json.loads(row["config"])["resolver"] for row in lake.history("document_licenses")]
    assert history == ["resolve@2", "resolve@1"]
    # The evidence is the same, so that it was not written again.
    assert len(lake.history("license_evidence")) == 1


def test_a_source_that_others_know(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "A row."}\n')
    (tmp_path / "data_summaries").mkdir()
    entry = {"Unique Dataset Identifier": "ds-a", "Licenses": [{"License": "CC BY-NC 4.0", "License URL": "https://a"}]}
    (tmp_path / "data_summaries" / "a.json").write_text(json.dumps({"a": entry}))

    def written(known_as: str) -> list[dict]:
        recipe = Recipe.model_validate({
            "name": "known", "licenses": {"known_sources": str(tmp_path)},
            "sources": [{"kind": "files", "name": "rows", "snapshot": "one", "known_as": known_as,
                         "paths": [str(tmp_path / "rows.jsonl")]}],
            "mixtures": {"all": {"tokens": 1000, "weights": {"web": 1}}},
        })
        workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
        for name in ("raw_crawls", "source_lineage", "license_evidence"):
            execute(stages(recipe)[name], workspace, "one")
        return workspace.lake.read_table("license_evidence").to_pylist()

    (row,) = written("ds-a")
    assert (row["location"], row["license_spdx"], row["record_id"]) == ("manual", "CC-BY-NC-4.0", "")
    assert row["note"] == "Data Provenance Collection: https://a"
    with pytest.raises(RecipeError, match="knows no ds-b"):
        written("ds-b")
    (tmp_path / "data_summaries" / "a.json").unlink()
    (tmp_path / "data_summaries").rmdir()
    with pytest.raises(RecipeError, match="not the Data Provenance Collection"):
        written("ds-a")


def test_a_licence_file_speaks_for_the_files_below_it(tmp_path: Path) -> None:
    code = tmp_path / "code"
    (code / "lib").mkdir(parents=True)
    (code / "LICENSE").write_text("Apache 2.0\n")
    (code / "lib" / "package.json").write_text('{"name": "lib", "license": "MIT"}')
    (code / "main.py").write_text("def main():\n    return 1\n")
    (code / "lib" / "index.js").write_text("export const one = 1;\n")
    recipe = Recipe.model_validate({
        "name": "code", "sources": [{"kind": "files", "name": "code", "snapshot": "one", "paths": [str(code)]}],
        "mixtures": {"all": {"tokens": 1000, "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    for name in ("raw_crawls", "license_evidence"):
        execute(stages(recipe)[name], workspace, "one")
    records = workspace.lake.read_table("raw_crawls", ["record_id", "url"]).to_pylist()
    names = {row["record_id"]: re.split("[:/]", row["url"])[-1] for row in records}
    rows = workspace.lake.read_table("license_evidence").to_pylist()
    seen = {(names[row["doc_id"]], row["location"], row["license_spdx"], names[row["record_id"]]) for row in rows}
    assert {one for one in seen if one[0] in ("main.py", "index.js")} == {
        ("main.py", "license_file", "Apache-2.0", "LICENSE"), ("index.js", "package", "MIT", "package.json"),
    }


def test_a_row_is_under_what_it_says_of_itself_whatever_the_registry_claims(tmp_path: Path) -> None:
    rows = {
        "free": {}, "named": {"license": {"id": "CC-BY-NC-4.0"}}, "listed": {"license": [{"name": "house rules"}]},
        "number": {"license": 42}, "nested": {"meta": {"licence_url": "https://creativecommons.org/licenses/by-nc/4.0/"}},
        "twice": {"license": "CC-BY-4.0", "licenses": ["CC-BY-NC-4.0"]}, "said": {"license": "CC0-1.0"},
    }
    lines = [json.dumps({"text": f"A row called {name}.", "url": f"https://example.org/{name}", **row})
             for name, row in rows.items()]
    lines.append('{"text": "A row.", "url": "https://example.org/doubled", "license": "CC-BY-NC-4.0", '
                 '"license": "MIT"}')
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    typed = pa.table({
        "text": ["One.", "Two."], "url": ["https://example.org/map", "https://example.org/bytes"],
        "license": pa.array([[("id", "CC-BY-NC-4.0")], None], pa.map_(pa.string(), pa.string())),
        "rights": pa.array([None, b"CC-BY-NC-4.0"], pa.binary()), "waited": pa.array([1, 2], pa.duration("s")),
        "spdx": pa.array([None, {"ids": ["MIT", None]}], pa.struct([("ids", pa.list_(pa.string()))])),
    })
    pq.write_table(typed, tmp_path / "typed.parquet")
    recipe = Recipe.model_validate({
        "name": "rows", "sources": [{
            "kind": "files", "name": "rows", "snapshot": "one", "paths": [str(tmp_path / "*.*")],
            "license": {"spdx": "CC-BY-4.0", "basis": "A claim."},
        }], "mixtures": {"all": {"tokens": 1000, "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    for name in ("raw_crawls", "documents", "license_evidence", "document_credits", "document_licenses"):
        execute(stages(recipe)[name], workspace, "one")
    found = {url.removeprefix("example.org/"): spdx for url, (spdx, _, _) in _decisions(workspace.lake).items()}
    assert found == {
        "free": "CC-BY-4.0", "named": "CC-BY-NC-4.0", "listed": UNKNOWN, "number": UNKNOWN, "nested": "CC-BY-NC-4.0",
        "twice": "CC-BY-4.0 AND CC-BY-NC-4.0", "said": "CC0-1.0", "doubled": "CC-BY-NC-4.0 AND MIT",
        "map": "CC-BY-NC-4.0", "bytes": "CC-BY-NC-4.0 AND MIT",
    }
