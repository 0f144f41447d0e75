"""The audit of a mixture: its figures add up, its page is safe to open, and what nobody says of a model is named."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.audit_lake import MIXTURE, make_lake
from data_platform.lake.custody import CustodyBroken
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.proof.audit import COLUMNS, audit
from data_platform.proof.models import CARD_FIELDS
from data_platform.proof.page import audit_page
from data_platform.proof.trace import NotFound

NAME = f"mixture_{MIXTURE}"
EVIL = '"><script>alert(1)</script>&amp;<img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(str(tmp_path_factory.mktemp("lake")), 300, ("one", "two"))


@pytest.fixture(scope="module")
def report(lake: Lake) -> dict:
    return audit(lake, MIXTURE)


def test_tokens_and_documents_add_up_whatever_they_are_counted_by(lake: Lake, report: dict) -> None:
    rows = lake.read_table(NAME, ["token_count", "license_spdx"])
    tokens = pc.sum(rows["token_count"]).as_py()
    assert report["mixture"]["tokens"] == tokens and report["mixture"]["rows"] == rows.num_rows
    assert set(report["tokens_by"]) == set(COLUMNS)
    for items in report["tokens_by"].values():
        assert sum(item["tokens"] for item in items) == tokens
        assert sum(item["documents"] for item in items) == rows.num_rows
        assert len({item["value"] for item in items}) == len(items)
    mine = rows.filter(pc.equal(rows["license_spdx"], "MIT"))
    (said,) = [item for item in report["tokens_by"]["license"] if item["value"] == "MIT"]
    assert (said["documents"], said["tokens"]) == (mine.num_rows, pc.sum(mine["token_count"]).as_py())
    assert said["tier"] == 1
    assert json.loads(json.dumps(report)) == report


def test_contradictions_and_reservations_are_those_of_the_tables(lake: Lake, report: dict) -> None:
    decided = lake.read_table("document_licenses", ["doc_id", "contradicted", "opt_out"])
    mixed = lake.read_table(NAME, ["doc_id"])["doc_id"]
    contested = decided.filter(pc.and_(decided["contradicted"], pc.is_in(decided["doc_id"], mixed.combine_chunks())))
    named = [doc_id for group in report["contradictions"]["groups"] for doc_id in group["doc_ids"]]
    assert sorted(named) == sorted(contested["doc_id"].to_pylist()) and named
    by_both = next(group for group in report["contradictions"]["groups"] if group["where"] == [
        "link (page)", "registry (dataset)"])
    assert by_both["license"] == "CC-BY-4.0 AND CC-BY-SA-4.0" and by_both["stated"] == ["CC-BY-4.0", "CC-BY-SA-4.0"]
    stricter = lake.read_table(NAME, ["doc_id", "contested"])
    stricter = stricter.filter(stricter["contested"])["doc_id"].to_pylist()
    assert report["contested"]["doc_ids"] == sorted(stricter) and stricter
    assert set(stricter) < set(named) and report["contested"]["admitted_by"] == "strictest"
    opted = pc.sum(decided["opt_out"]).as_py()
    assert report["opt_outs"]["documents_met"] == opted > 0 == report["opt_outs"]["in_mixture"]
    assert sum(item["documents"] for item in report["opt_outs"]["by_location"]) == opted
    assert sum(item["documents"] for item in report["opt_outs"]["by_host"]) == opted


def test_an_old_version_is_audited_as_it_was(tmp_path: Path) -> None:
    lake = make_lake(str(tmp_path), 40, ("one",))
    before = audit(lake, MIXTURE, 1)
    made = lake.history(NAME)[0]
    emptied = Provenance(NAME, "2", json.loads(made["config"]))
    lake.write(NAME, Partition(), lake.read_table(NAME).slice(0, 0), emptied)
    assert audit(lake, MIXTURE)["mixture"]["rows"] == 0
    after = audit(lake, MIXTURE, 1)
    of_now = {"audited_at": "", "custody": {}, "records": {}}
    assert {**before, **of_now} == {**after, **of_now} and after["proven"]
    with pytest.raises(NotFound, match=f"{NAME} has no version 7; versions: 1, 2"):
        audit(lake, MIXTURE, 7)
    with pytest.raises(NotFound, match=r"no mixture 'nowhere' in .*; mixtures: audited"):
        audit(lake, "nowhere")


def test_what_cannot_be_read_any_more_is_told(tmp_path: Path) -> None:
    lake = make_lake(str(tmp_path), 20, ("one",))
    for file in Path(lake.table_uri("license_evidence")).rglob("*.parquet"):
        file.unlink()
    with pytest.raises(CustodyBroken, match="license_evidence/one: 1 file of the commit not there any more"):
        audit(lake, MIXTURE)


# -- the page ---------------------------------------------------------------------------------------------------------


class _Elements(HTMLParser):
    """Names of elements and attributes, checked for balance."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in ("meta", "br", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def read_page(page: str) -> _Elements:
    elements = _Elements()
    elements.feed(page)
    assert not elements.open
    return elements


def test_the_page_holds_charts_and_loads_nothing(report: dict) -> None:
    page = audit_page(report)
    elements = read_page(page)
    assert {"svg", "rect", "table"} <= elements.names and not {"script", "link", "img", "iframe"} & elements.names
    assert not {"src", "href", "onclick"} & elements.attributes
    assert "url(" not in page and "@import" not in page and "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    assert "Proven." in page and f"data-platform trace {MIXTURE} " in page


def test_whatever_the_data_say_is_escaped(tmp_path: Path) -> None:
    def poison(rows: pa.Table) -> pa.Table:
        for column in ("host", "source", "domain", "license_spdx", "license_basis"):
            place = rows.column_names.index(column)
            rows = rows.set_column(place, rows.schema.field(column), pa.repeat(EVIL, rows.num_rows))
        return rows

    report = audit(make_lake(str(tmp_path), 20, ("one",), plants={NAME: poison}), MIXTURE)
    assert not report["proven"] and report["tokens_by"]["host"][0]["value"] == EVIL
    page = audit_page(report)
    elements = read_page(page)
    assert not {"script", "img"} & elements.names and "onerror" not in elements.attributes and EVIL not in page
    assert "Not proven." in page


def test_every_row_of_a_finding_is_named(tmp_path: Path) -> None:
    report = audit(make_lake(str(tmp_path), 60, ("one",), plants={"documents": lambda rows: rows.slice(0, 0)}), MIXTURE)
    (missing,) = [finding for finding in report["chain"]["findings"] if finding["table"] == "documents"]
    assert missing["rows"] == 60 == len(set(missing["doc_ids"])) and report["chain"]["complete"] == 0
    page = audit_page(report)
    assert len(re.findall(missing["doc_ids"][0], page)) >= 1 and "and 20 more, in the JSON report" in page


# -- models -----------------------------------------------------------------------------------------------------------


def test_models_are_told_with_what_their_cards_leave_out(report: dict) -> None:
    models = {model["role"]: model for model in report["models"]}
    perplexity, quality = models["scores: perplexity"], models["scores: quality"]
    assert perplexity["rows"] == quality["rows"] == report["mixture"]["rows"]
    assert perplexity["license"] == "LicenseRef-unknown" and "license" in perplexity["missing"]
    for model in report["models"]:
        assert set(model["stated"]) | set(model["missing"]) == set(CARD_FIELDS)
        assert not {field for field in model["missing"] if model["stated"].get(field)}


def test_a_card_in_the_models_folder_is_heard(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "README.md").write_text(
        "---\nlicense: mit\ndatasets: web\n---\n# Model\n## Intended use\nScoring.\n## Limitations and biases\nMany.\n"
        "## Evaluation data\nHeld out.\n"
    )

    def given(rows: pa.Table) -> pa.Table:
        place = rows.column_names.index("uri")
        rows = rows.set_column(place, rows.schema.field("uri"), pa.array([str(folder)]))
        place = rows.column_names.index("training_texts")
        return rows.set_column(place, rows.schema.field("training_texts"), pa.array([0], pa.int64()))

    report = audit(make_lake(str(tmp_path / "lake"), 20, ("one",), plants={"model_language_model": given}), MIXTURE)
    (model,) = [model for model in report["models"] if model["role"] == "scores: perplexity"]
    assert {"intended use", "caveats", "evaluation data", "training data"} <= set(model["stated"])
    assert {"developer", "contact", "license"} <= set(model["missing"]), "the licence is what the recipe states"
