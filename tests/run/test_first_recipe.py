"""First recipes: what lies somewhere is known by looking, and what is written is a recipe that runs on it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.core import registry
from data_platform.core.kinds.rule_set import RuleSet
from data_platform.run.first_recipe import LICENCES, Data, DataUnclear, look_at, recipe_text
from data_platform.run.recipe import load_recipe

LONG = "A sentence that is long enough to be taken for a text, and another one behind it."


def rows_in(path: Path, *rows: Any) -> str:
    lines = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    data = lines.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


@pytest.mark.parametrize(("row", "text", "url", "license_"), [
    ({"text": LONG, "url": "https://a.example"}, "text", "url", None),
    ({"id": "1", "content": LONG, "title": "t", "license": "MIT"}, "content", None, "license"),
    ({"a": "short", "abstract": LONG, "meta": {"url": "https://a.example", "license": "CC0"}}, "abstract", "meta.url",
     "meta.license"),
    ({"text": 5, "prose": LONG}, "prose", None, None),
])
def test_fields_of_rows_are_found(
    tmp_path: Path, row: dict[str, Any], text: str, url: str | None, license_: str | None
) -> None:
    for name in ("rows.jsonl", "rows.jsonl.gz"):
        found = look_at([rows_in(tmp_path / name, row, "{broken", "[1]", row)])
        assert (found.kind, found.text_field, found.url_field, found.license_field) == ("files", text, url, license_)
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "rows.parquet")
    assert look_at([str(tmp_path / "rows.parquet")]).text_field == text


def test_what_is_unclear_is_asked_for(tmp_path: Path) -> None:
    short = rows_in(tmp_path / "rows.jsonl", {"a": "b", "n": 1})
    with pytest.raises(DataUnclear, match="they have a, n; name it with --text-field"):
        look_at([short])
    assert look_at([short], "a").text_field == "a"
    with pytest.raises(DataUnclear, match="there is no field aa; a is near"):
        look_at([short], "aa")
    (tmp_path / "crawl.warc.gz").write_bytes(b"")
    with pytest.raises(DataUnclear, match="side by side"):
        look_at([str(tmp_path)])
    assert look_at([str(tmp_path / "*.warc.gz")]).kind == "crawl"


@pytest.mark.parametrize("data", [
    Data("crawl", ("s3://bucket/a b/{snapshot}/*.warc.gz",), 1, 1),
    Data("files", ("/data/${HOME}: #x", "/data/'\"\\n"), 2, 2, {"a.b": 1}, "a.b", None, "no"),
])
def test_what_is_written_is_a_recipe(tmp_path: Path, data: Data) -> None:
    path = tmp_path / "made.yaml"
    every = [name for name, method in registry.methods(RuleSet).items() if method.learns_from != "reference"]
    for licences in LICENCES:
        path.write_text(recipe_text("123", data, every, licences, claim=("CC-BY-4.0", "it says: so # there")))
        recipe = load_recipe(str(path))
        assert recipe.name == "123" and list(recipe.filters.rule_sets) == every
        (source,) = recipe.sources
        assert source.paths == data.paths and source.license.basis == "it says: so # there"
        assert recipe.mixtures["open"].tiers == LICENCES[licences][0]
    assert all(len(line) <= 120 for line in path.read_text().splitlines() if "paths" not in line)


def test_the_command_asks_for_nothing_without_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows_in(tmp_path / "rows.jsonl", {"content": LONG})

    def init(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["init", *arguments])
        return result.exit_code, result.output

    assert init()[0] == 2
    code, said = init("--data", "rows.jsonl", "--rules", "none")
    assert code == 0 and "admit none of them" in said and "data-platform run recipe.yaml" in said
    recipe = load_recipe("recipe.yaml")
    assert recipe.sources[0].text_field == "content" and not recipe.filters.rule_sets
    assert recipe.sources[0].paths == (str(tmp_path / "rows.jsonl"),)
    code, said = init("--data", "rows.jsonl")
    assert code == 1 and "is there already" in said
    code, said = init("--data", "rows.jsonl", "--force", "--rules", "gopher")
    assert code == 1 and "gopher_quality is near" in said
    code, said = init("other.yaml", "--data", "rows.jsonl", "--license", "no such licence", "--basis", "so")
    assert (code == 0) == (tmp_path / "other.yaml").exists()
