"""The commands that answer: status, trace, export, and what they say of mistakes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard
from click.testing import CliRunner, Result

from data_platform.cli.main import main
from tests.integration.factory import Undisturbed


@pytest.fixture(autouse=True)
def _home(undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(undisturbed.home))


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_run_tells_what_happened(undisturbed: Undisturbed) -> None:
    assert "raw_crawls never written" in undisturbed.output
    assert "gopher_quality" in undisturbed.output and "mixture open:" in undisturbed.output
    assert "MISSING" not in undisturbed.output
    assert "data-platform trace open " in undisturbed.output


def test_status_shows_every_table_with_version_rows_and_tokens() -> None:
    (report,) = json.loads(command("status", "--json").output)
    rows = {(row["table"], row["snapshot"]): row for row in report["tables"]}
    assert len(rows) == 15 * 2 + 8 and all(row["state"] == "fresh" for row in rows.values())
    assert rows["documents", "files"]["rows"] == 60
    assert rows["documents", "files"]["tokens"] > 1_000
    assert rows["mixture_open", None]["tokens"] <= 60_000


def test_status_says_what_is_stale_and_why(undisturbed: Undisturbed, tmp_path: Path) -> None:
    changed = tmp_path / "small.yaml"
    changed.write_text(undisturbed.recipe.read_text().replace("tokens: 60000", "tokens: 50000"))
    (report,) = json.loads(command("status", "--recipe", str(changed), "--json").output)
    stale = {row["table"]: row["why"] for row in report["tables"] if row["state"] != "fresh"}
    assert stale == {
        "plan_open": "configuration changed: tokens 60000 to 50000", "mixture_open": "plan_open is stale",
    }


def test_report_shows_how_the_rows_of_a_table_are_distributed(undisturbed: Undisturbed) -> None:
    (domain,) = [each for each in json.loads(command("report", "mixture_open", "--json").output)
                 if each["column"] == "domain"]
    mixture = undisturbed.lake.read_table("mixture_open", ["domain", "token_count"])
    expected = mixture.group_by("domain").aggregate([("domain", "count"), ("token_count", "sum")]).to_pylist()
    assert {item["label"]: (item["documents"], item["tokens"]) for item in domain["bins"]} == {
        row["domain"]: (row["domain_count"], row["token_count_sum"]) for row in expected
    }
    shown = command("report", "documents", "--snapshot", "pages").output
    assert "documents/pages version" in shown and "fetched_at" in shown and "█" in shown


def test_trace_leads_from_the_mixture_back_to_the_archive(undisturbed: Undisturbed) -> None:
    rows = undisturbed.lake.read_table("mixture_open", ["doc_id", "domain"]).to_pylist()
    page = next(row["doc_id"] for row in rows if row["domain"] == "documentation")
    answer = json.loads(command("trace", "open", page, "--json").output)
    assert answer["refinement"]["outcome"] in ("unchanged", "refined") and "program" in answer["refinement"]
    assert answer["record"]["archive"] == "package-pages.warc.gz" and answer["record"]["offset"] > 0
    assert answer["record"]["url"].startswith("https://pypi.org/project/")
    assert answer["license"]["license_spdx"] == answer["mixture"]["license_spdx"]
    assert answer["license"]["evidence"] and answer["verdicts"]["kept"]
    versions = {version["table"] for version in answer["versions"]}
    assert {"raw_crawls", "documents", "duplicates", "model_language_model", "mixture_open"} <= versions
    assert all(version["run_id"] and version["code_version"] for version in answer["versions"])
    assert "text" not in answer["document"] and "payload" not in answer["record"]


def test_the_record_that_a_trace_names_is_in_the_archive(undisturbed: Undisturbed) -> None:
    """The archive is read by warcio at the offset that the trace gives."""
    from warcio.archiveiterator import ArchiveIterator

    rows = undisturbed.lake.read_table("mixture_open", ["doc_id", "domain"]).to_pylist()
    page = next(row["doc_id"] for row in rows if row["domain"] == "documentation")
    record = json.loads(command("trace", "open", page, "--json").output)["record"]
    with open(record["archive_uri"], "rb") as stream:
        stream.seek(record["offset"])
        found = next(iter(ArchiveIterator(io.BytesIO(stream.read(record["length"])))))
        assert found.rec_headers["WARC-Target-URI"] == record["url"]


@pytest.mark.parametrize("format_", ["parquet", "jsonl.zst"])
def test_export_writes_shards_with_ids_and_licences(undisturbed: Undisturbed, tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "out"
    assert command("export", "open", "--format", format_, "--to", str(folder)).exit_code == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    (shard,) = manifest["shards"]
    if format_ == "parquet":
        rows = pq.read_table(folder / shard["file"]).to_pylist()
    else:
        stream = zstandard.ZstdDecompressor().stream_reader((folder / shard["file"]).open("rb"))
        rows = [json.loads(line) for line in io.TextIOWrapper(stream, "utf-8")]
    expected = undisturbed.lake.read_table("mixture_open", ["doc_id", "license_spdx", "text"]).to_pylist()
    assert sorted((row["doc_id"], row["license_spdx"], row["text"]) for row in rows) == sorted(
        (row["doc_id"], row["license_spdx"], row["text"]) for row in expected
    )
    assert manifest["tokens"] == sum(manifest["tokens_by_license"].values()) == sum(row["token_count"] for row in rows)
    again = command("export", "open", "--format", format_, "--to", str(folder))
    assert again.exit_code == 0 and json.loads((folder / "manifest.json").read_text()) == manifest


def test_export_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    result = command("export", "open", "--to", str(tmp_path))
    assert result.exit_code == 1 and "remove it or give another folder" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report", "nowhere"), "no table 'nowhere'; tables: archives, "),
        (("trace", "nowhere", "x"), "no mixture 'nowhere'; mixtures: open"),
        (("trace", "open", "x"), "no document 'x' in mixture_open version 1; it holds for example "),
        (("trace", "open", "x", "--version", "7"), "mixture_open has no version 7; versions: 1"),
        (("export", "nowhere"), "no mixture 'nowhere'; mixtures: open"),
        (("run", "nowhere.yaml"), "nowhere.yaml: cannot read the recipe"),
    ],
)
def test_unknown_names_are_told_what_exists(arguments: tuple[str, ...], message: str) -> None:
    result = command(*arguments)
    assert result.exit_code == 1 and message in result.output


def test_a_document_that_was_filtered_is_told_why(undisturbed: Undisturbed) -> None:
    dropped = [row for row in undisturbed.lake.read_table("filter_verdicts").to_pylist() if not row["kept"]]
    result = command("trace", "open", dropped[0]["doc_id"])
    assert result.exit_code == 1 and dropped[0]["reason"] in result.output


def test_a_missing_source_is_told_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(home))
    recipe = tmp_path / "missing.yaml"
    recipe.write_text(
        "name: missing\nsources: [{name: crawl, snapshot: one, paths: [nowhere/*.warc.gz]}]\n"
        "mixtures: {all: {tokens: 10, weights: {web: 1}}}\n"
    )
    result = command("run", str(recipe))
    assert result.exit_code == 1 and "crawl" in result.output and "nowhere/*.warc.gz" in result.output
    assert not (home / "lakes").exists()


def test_an_export_comes_with_cards_that_the_standards_read(undisturbed: Undisturbed, tmp_path: Path) -> None:
    import mlcroissant
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    folder = tmp_path / "export"
    assert command("export", "open", "--to", str(folder)).exit_code == 0
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings
    rows = undisturbed.lake.read_table("mixture_open").to_pylist()
    read = [(record["documents/doc_id"].decode(), record["documents/text"].decode())
            for record in dataset.records("documents")]
    assert read == [(row["doc_id"], row["text"]) for row in rows]
    document = parse_file(str(folder / "spdx.json"))
    assert validate_full_spdx_document(document) == []
    assert [package.name for package in document.packages] == ["mixture_open", "package-files", "package-pages"]
    notice = (folder / "NOTICE").read_text()
    assert all(row["url"] in notice for row in rows if row["license_tier"] > 0)
    assert command("card", "open", "--format", "notice").output == notice
