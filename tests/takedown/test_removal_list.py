"""The standing list: what it keeps out, what it lets through, and when a snapshot is made again for it."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.lake.lake import Lake, LogDamaged
from data_platform.methods.duplicates.minhash import signatures
from data_platform.takedown.probes import make_probes
from data_platform.takedown.removal_list import (
    EXTRACTION,
    INGESTION,
    SIGNATURE,
    Entry,
    RemovalList,
    hash_of_url,
    standing,
)
from data_platform.text.identity import exact_hash
from tests.takedown.lakes import NEAR, essay

ID = "td-0123456789ab"
ALPHA = essay("alpha")


def _of_text(text: str) -> list[Entry]:
    (made,) = signatures(pa.array([text]), **SIGNATURE).to_pylist()
    value = made["exact_hash"]
    return [
        Entry(ID, "text", value, probes=tuple(make_probes(text.encode())), clear=("seen",)),
        Entry(ID, "copy", value, tuple(made["minhash_bands"]), made["minhash_sketch"], clear=("seen",)),
    ]


LIST = RemovalList([
    Entry(ID, "url", hash_of_url("https://www.example.org/a?utm_source=x"), clear=("seen",)),
    Entry(ID, "host", "gone.org", clear=("seen",)), Entry(ID, "source", "withdrawn", clear=("seen",)),
    Entry(ID, "record", "0" * 32, clear=("seen",)), Entry(ID, "payload", "f" * 64, clear=("seen",)),
    *_of_text(ALPHA),
])


@pytest.mark.parametrize(("change", "removed"), [
    ({}, False),
    ({"url": "http://EXAMPLE.org/a/"}, True), ({"url": "https://example.org/b"}, False),
    ({"host": "gone.org"}, True), ({"host": "www.gone.org"}, True), ({"host": "notgone.org"}, False),
    ({"source": "withdrawn"}, True), ({"record_id": "0" * 32}, True), ({"payload_digest": "f" * 64}, True),
    ({"payload": f"<p>{ALPHA}</p>".encode()}, True), ({"payload": essay("beta").encode()}, False),
])
def test_records_are_kept_out_by_what_is_listed(change: dict, removed: bool) -> None:
    record = {"source": "web", "record_id": "1" * 32, "url": "https://else.org/", "host": "else.org",
              "payload_digest": "e" * 64, "payload": b"Something else."}
    listed = pickle.loads(pickle.dumps(LIST))
    assert listed.of_record(**{**record, **change}) == (ID if removed else None)


def test_texts_are_kept_out_as_they_were_and_nearly_so() -> None:
    texts = pa.array([ALPHA, ALPHA.upper().replace("\n", "  "), NEAR, essay("beta"), ""], pa.large_string())
    assert LIST.of_texts(texts, exact_hash(texts)).to_pylist() == [ID, ID, ID, None, None]
    labels = pa.table({"text": texts, "url": ["", "", "", "https://a.gone.org/x", ""]})
    assert LIST.of_labels(labels) == [True, True, True, True, False]


def test_rows_of_a_mixture_are_counted_by_what_they_say_of_themselves() -> None:
    rows = pa.table({
        "doc_id": ["0" * 32, "1" * 32, "2" * 32, "3" * 32, "4" * 32], "source": ["a", "withdrawn", "a", "a", "a"],
        "url": ["", "", "http://example.org/a/", "https://x.gone.org/1", "https://else.org/"],
        "host": ["", "", "example.org", "x.gone.org", "else.org"],
    })
    assert LIST.of_documents(rows) == 4 and LIST.of_documents(rows.slice(4)) == 0 == RemovalList().of_documents(rows)


def test_only_what_is_not_known_to_be_clear_is_made_again() -> None:
    assert LIST.config(INGESTION, "seen") == {} == LIST.config(EXTRACTION, "seen")
    assert LIST.config(INGESTION, "new") and LIST.config(INGESTION, "new") != LIST.config(EXTRACTION, "new")
    assert RemovalList().config(INGESTION, "new") == {} and not RemovalList()


def test_the_list_is_read_at_its_latest_version(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert not standing(lake)
    for number in range(2):
        rows = [Entry(f"td-{number:012x}", "host", f"host{number}.org").row()]
        for _ in range(2):  # what is appended under a key is appended once
            lake.append_once("takedown_list", pa.Table.from_pylist(rows, table("takedown_list").schema), str(number))
        assert [entry.value for entry in standing(lake).entries] == [f"host{n}.org" for n in range(number + 1)]


@pytest.mark.parametrize("lost", ["", "_delta_log"])
def test_a_list_that_is_gone_is_not_taken_for_none(lost: str, tmp_path: Path) -> None:
    """With the next crawl, all that was taken down would come back."""
    lake = Lake(str(tmp_path))
    rows = [Entry("td-000000000000", "host", "host.org").row()]
    lake.append_once("takedown_list", pa.Table.from_pylist(rows, table("takedown_list").schema), "0")
    shutil.rmtree(tmp_path / "takedown_list" / lost)
    with pytest.raises(LogDamaged, match=r"takedown_list .* is gone; what to do: data-platform repair takedown_list"):
        standing(Lake(str(tmp_path)))
