"""Cards of mixtures: read by the libraries of the standards, without an error or a warning, and the same every time."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import mlcroissant
import pyarrow as pa
import pytest
from absl import logging as absl_logging
from click.testing import CliRunner
from license_expression import get_spdx_licensing
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from data_platform.cli.main import main
from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.proof.trace import NotFound
from data_platform.publish.account import account_of, all_of
from data_platform.publish.cards import FILES, write_cards
from data_platform.publish.export import export_mixture
from data_platform.publish.license_texts import OURS, address_of, meaning_of
from data_platform.publish.notice import write_notice
from data_platform.spdx.expressions import OUR_REFERENCES, conjunction, licensing
from tests.publish import lakes


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lakes.make(str(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def export(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of several shards."""
    folder = tmp_path_factory.mktemp("export") / "open"
    _, manifest = export_mixture(lake, "open", "parquet", folder, folder, shard_bytes=1)
    assert manifest["cards"] == list(FILES.values())
    return folder


def _read_croissant(path: Path, warnings: list[str]) -> mlcroissant.Dataset:
    dataset = mlcroissant.Dataset(jsonld=str(path))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings, issues.report()
    assert not warnings
    return dataset


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What mlcroissant warns of: it logs beside keeping issues."""
    said: list[str] = []
    monkeypatch.setattr(absl_logging, "warning", lambda message, *rest: said.append(message))
    return said


def _validated(path: Path):
    document = parse_file(str(path))
    faults = [message.validation_message for message in validate_full_spdx_document(document)]
    assert faults == []
    return document


def test_records_are_read_through_the_croissant_card(lake: Lake, export: Path, warnings: list[str]) -> None:
    dataset = _read_croissant(export / "croissant.json", warnings)
    assert str(dataset.metadata.ctx.conforms_to.value).endswith("/1.1")
    records = list(dataset.records("documents"))
    rows = lake.read_table("mixture_open").to_pylist()
    assert [record["documents/doc_id"].decode() for record in records] == [row["doc_id"] for row in rows]
    for record, row in zip(records, rows, strict=True):
        assert {name.removeprefix("documents/") for name in record} == set(table("mixture_open").column_names)
        assert record["documents/text"].decode() == row["text"]
        assert record["documents/token_count"] == row["token_count"]
        assert record["documents/license_spdx"].decode() == row["license_spdx"]
        assert record["documents/fetched_at"].to_pydatetime() == row["fetched_at"] if row["fetched_at"] else True
    licenses = {record["licenses/spdx"]: record["licenses/tokens"] for record in dataset.records("licenses")}
    assert licenses["CC-BY-4.0"] == 300 and len(licenses) == 6


def test_a_croissant_card_says_what_the_mixture_is_made_of(lake: Lake, export: Path) -> None:
    card = json.loads((export / "croissant.json").read_text())
    version = lake.history("mixture_open")[0]["version"]
    assert (card["name"], card["version"]) == ("mixture_open", f"{version}.0.0")
    assert "https://creativecommons.org/licenses/by-sa/3.0/de/" in card["license"]
    assert "https://spdx.org/licenses/MIT.html" in card["license"]
    (gov,) = [one for one in card["license"] if isinstance(one, dict) and one["name"] == "LicenseRef-us-gov-pd"]
    assert "17 U.S.C. 105" in gov["description"]
    assert [one["prov:label"] for one in card["prov:wasDerivedFrom"]] == [
        "books (2023)", "code (2024)", "pages (2024)"
    ]
    assert any(line.startswith("raw_crawls/2023 version") for line in card["rai:dataPreprocessingProtocol"])
    shards = [file for file in card["distribution"] if file["@type"] == "cr:FileObject"]
    assert len(shards) == len(list(export.glob("shard-*.parquet"))) and all(len(one["sha256"]) == 64 for one in shards)


def test_spdx_tools_finds_no_fault_in_the_document(lake: Lake, export: Path) -> None:
    document = _validated(export / "spdx.json")
    mixture, *sources = document.packages
    assert str(mixture.license_concluded) == (
        "(MIT OR Apache-2.0) AND CC-BY-4.0 AND CC-BY-SA-3.0-DE AND LicenseRef-public-domain AND "
        "LicenseRef-scancode-commercial-license AND LicenseRef-us-gov-pd AND MIT"
    )
    assert [(one.name, one.version, str(one.license_concluded)) for one in sources] == [
        ("books", "2023", "LicenseRef-public-domain"),
        ("code", "2024", "(MIT OR Apache-2.0) AND LicenseRef-us-gov-pd AND MIT"),
        ("pages", "2024", "CC-BY-4.0 AND CC-BY-SA-3.0-DE AND LicenseRef-scancode-commercial-license"),
    ]
    assert sources[0].download_location == "https://crawls.example/a.warc.gz"
    assert [checksum.value for checksum in sources[0].checksums] == ["ab" * 32]
    assert not sources[1].checksums and "code.warc.gz" in sources[1].source_info
    texts = {info.license_id: info.extracted_text for info in document.extracted_licensing_info}
    assert sorted(texts) == [
        "LicenseRef-public-domain", "LicenseRef-scancode-commercial-license", "LicenseRef-us-gov-pd"
    ]
    kinds = sorted(one.relationship_type.name for one in document.relationships)
    assert kinds == ["CONTAINS"] * len(document.files) + ["DESCRIBES"] + ["GENERATED_FROM"] * 3
    manifest = json.loads((export / "manifest.json").read_text())
    assert [{checksum.algorithm.name: checksum.value for checksum in file.checksums}["SHA256"]
            for file in document.files] == [shard["sha256"] for shard in manifest["shards"]]


def test_the_notice_credits_whoever_asks_for_it(export: Path) -> None:
    notice = (export / "NOTICE").read_text()
    assert notice.startswith("NOTICE for mixture_open, version ")
    assert "7 documents, 2,800 tokens. 6 of the documents are under licences" in notice
    rule = "=" * 100
    sections = {section.split("\n")[1]: section for section in notice.split(rule)[1:]}
    texts = [name for name in sections if name.startswith("[")]
    assert texts == ["[Apache-2.0] Apache License 2.0", "[MIT] MIT License"]
    assert [name for name in sections if name not in texts] == [
        "LicenseRef-public-domain", "CC-BY-4.0", "MIT OR Apache-2.0", "CC-BY-SA-3.0-DE", "LicenseRef-us-gov-pd AND MIT",
        "LicenseRef-scancode-commercial-license",
    ]
    address = "https://creativecommons.org/licenses/by/4.0/"
    assert sections["CC-BY-4.0"] == (
        f"\nCC-BY-4.0\n2 documents, 300 tokens, tier 1\n"
        f"  CC-BY-4.0: Creative Commons Attribution 4.0 International, {address}\n"
        f"    The texts are offered as they are, without warranties: see section 5 of the licence.\n{'-' * 100}\n"
        f'a.example\n  * "Of bees", author not stated. Source: https://a.example/1. Document {1:032x}.\n'
        f"  * By Ada [31mAuthor. Source: https://a.example/2. Document {2:032x}.\n\n"
    )
    assert "“Überall”" in sections["CC-BY-SA-3.0-DE"] and "/by-sa/3.0/de/" in sections["CC-BY-SA-3.0-DE"]
    assert "books/4.txt" not in notice
    assert "By A lab. Source: file:lib/b.py." in sections["LicenseRef-us-gov-pd AND MIT"]


def test_one_version_gives_the_same_bytes(lake: Lake, export: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    export_mixture(lake, "open", "parquet", again, again, shard_bytes=1)
    for name in (*FILES.values(), "manifest.json", *(path.name for path in export.glob("shard-*"))):
        assert (again / name).read_bytes() == (export / name).read_bytes(), name


def test_cards_of_a_lake_and_of_another_format_are_valid(lake: Lake, tmp_path: Path, warnings: list[str]) -> None:
    write_cards(account_of(lake, "open"), tmp_path / "lake")
    export_mixture(lake, "open", "jsonl.zst", tmp_path / "lines", tmp_path)
    for folder in ("lake", "lines"):
        _read_croissant(tmp_path / folder / "croissant.json", warnings)
        _validated(tmp_path / folder / "spdx.json")
    assert (tmp_path / "lake" / "NOTICE").read_bytes() == (tmp_path / "lines" / "NOTICE").read_bytes()


def test_an_empty_mixture_and_an_earlier_version(tmp_path: Path, warnings: list[str]) -> None:
    lake = lakes.make(str(tmp_path / "lake"), ())
    first = account_of(lake, "open")
    lakes.mix(lake, (1, 4))
    assert account_of(lake, "open").documents == 2 and account_of(lake, "mixture_open", first.version).documents == 0
    for name, account in (("empty", first), ("later", account_of(lake, "open"))):
        write_cards(account, tmp_path / name)
        _read_croissant(tmp_path / name / "croissant.json", warnings)
        _validated(tmp_path / name / "spdx.json")
    assert "0 documents, 0 tokens" in (tmp_path / "empty" / "NOTICE").read_text()
    export_mixture(lake, "open", "parquet", tmp_path / "export", tmp_path)
    _validated(tmp_path / "export" / "spdx.json")
    with pytest.raises(NotFound, match="no version 99; versions: "):
        account_of(lake, "open", 99)


@pytest.mark.parametrize("name", ["datastore_apart", "branch_math"])
def test_a_partitioned_table_has_cards_of_all_its_partitions(
    name: str, tmp_path: Path, warnings: list[str]
) -> None:
    lake = lakes.make(str(tmp_path / "lake"))
    for snapshot, number in (("2023", 4), ("2024", 1)):
        source, _, url, title, spdx, tier, credit = lakes.DOCUMENTS[number]
        row = {"doc_id": f"{number:032x}", "snapshot": snapshot, "source": source, "url": url, "title": title,
               "license_spdx": spdx, "license_tier": tier, "attribution": credit, "token_count": 5,
               "decided_by": "rest", "license_basis": "link"}
        lakes.write(lake, name, [row], snapshot, (lake.pin("deduplicated_documents", snapshot),))
    folder = tmp_path / "export"
    export_mixture(lake, name, "parquet", folder, tmp_path)
    assert len(list(_read_croissant(folder / "croissant.json", warnings).records("documents"))) == 2
    assert [package.name for package in _validated(folder / "spdx.json").packages[1:]] == ["books", "pages"]
    assert '"Of bees", author not stated. Source: https://a.example/1.' in (folder / "NOTICE").read_text()
    derived = json.loads((folder / "croissant.json").read_text())["rai:dataPreprocessingProtocol"]
    assert [line.partition(" version")[0] for line in derived] == [
        "deduplicated_documents/2023", "deduplicated_documents/2024", "raw_crawls/2023", "raw_crawls/2024"
    ]


def test_the_notice_does_not_grow_in_memory(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 60_000
    rows = lake.read_table("mixture_open").slice(0, 1)
    repeated = rows.take(pa.array([0] * count))
    ids = pa.array([f"{number:032x}" for number in range(count)])
    many = repeated.set_column(repeated.column_names.index("doc_id"), "doc_id", ids)
    account = account_of(lake, "open")
    monkeypatch.setattr(Lake, "read", lambda self, name, columns=None, **rest: (
        many.select(columns) if name == "mixture_open" else many.slice(0, 0).select(["doc_id"]).append_column(
            "title", pa.array([], pa.string()))).to_reader(16_384))
    tracemalloc.start()
    with (tmp_path / "NOTICE").open("w", encoding="utf-8") as out:
        assert write_notice(account, out) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * 2**20, f"{peak / 2**20:.0f} MiB of Python objects for {count} rows"


def test_every_reference_of_ours_has_a_meaning() -> None:
    assert OURS.keys() == set(OUR_REFERENCES)
    for name in licensing().known_symbols:
        assert address_of(name) or meaning_of(name).text, name
    assert meaning_of("LicenseRef-of-nobody").text.endswith("its text is not at hand.")


def test_all_of_holds_what_each_holds() -> None:
    expressions = ["MIT", "MIT OR Apache-2.0", "MIT AND (Zlib OR BSL-1.0)", "GPL-2.0-only WITH Classpath-exception-2.0"]
    combined = all_of(expressions)
    spdx = get_spdx_licensing()
    assert spdx.validate(combined).errors == [] and conjunction([combined]) == conjunction(expressions)
    assert all_of(["MIT OR (Zlib AND ISC)"]) == "MIT OR (Zlib AND ISC)" and all_of([]) == ""


def test_the_card_command(lake: Lake, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps({
        "name": "cards", "lake": lake.uri, "sources": [{"name": "a", "snapshot": "b", "paths": ["c"]}],
        "mixtures": {"open": {"tokens": 1, "weights": {"web": 1}}},
    }))

    def command(*arguments: str):
        return CliRunner().invoke(main, ["card", *arguments, "--recipe", str(recipe)])

    printed = command("open", "--format", "spdx")
    assert printed.exit_code == 0 and json.loads(printed.output)["spdxVersion"] == "SPDX-2.3"
    notice = io.StringIO()
    write_notice(account_of(lake, "open"), notice)
    assert command("open", "--format", "notice").output == notice.getvalue()
    folder = tmp_path / "cards"
    assert "croissant.json, spdx.json, NOTICE in" in command("open", "--output", str(folder)).output
    assert sorted(path.name for path in folder.iterdir()) == ["NOTICE", "croissant.json", "spdx.json"]
    for arguments, said in ((("open",), "give --format"), (("shut", "--format", "spdx"), "no mixture 'shut'"),
                            (("open", "--format", "spdx", "--version", "77"), "has no version 77")):
        result = command(*arguments)
        assert result.exit_code != 0 and said in result.output and "Traceback" not in result.output
