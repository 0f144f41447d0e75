"""Reservations over snapshots, by a plain account of the same dates, and what a file may say of paths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.ingest.records import host_of
from data_platform.licenses.site_files import Captured, Policies
from data_platform.licenses.standing import SiteFile, Sites, in_force, site_of, standing
from data_platform.methods.duplicates.url import canonical_urls
from data_platform.spdx.expressions import OPT_OUT

AGENTS = ("GPTBot", "CCBot")
DAY = datetime(2024, 1, 1, tzinfo=UTC)
CLOSED, OPEN = b"User-agent: GPTBot\nDisallow: /\n", b"User-agent: *\nAllow: /\n"


def dated(days: int | None) -> datetime | None:
    return None if days is None else DAY + timedelta(days=days)


def robots(number: int, payload: bytes, days: int | None, host: str = "a.example", **values: Any) -> SiteFile:
    return SiteFile(f"{number:032x}", f"https://{host}/robots.txt", "robots", payload, dated(days), **values)


def bound(
    records: list[dict[str, Any]], evidence: list[dict[str, Any]] = (), files: list[SiteFile] = (),
) -> dict[int, str]:
    """Through what each document is reserved. A record has an id, a URL and days; its text is its own unless named."""
    filled = [
        {"record_id": f"{row['id']:032x}", "url": row["url"], "host": host_of(row["url"]),
         "fetched_at": dated(row["days"]), "record_type": row.get("type", "response"),
         "mime": row.get("mime", "text/html")} for row in records
    ]
    kinds = pa.schema([(name, pa.timestamp("us", tz="UTC") if name == "fetched_at" else pa.string())
                       for name in ("record_id", "url", "host", "fetched_at", "record_type", "mime")])
    documents = pa.table({
        "doc_id": pa.array([row["record_id"] for row in filled], pa.string()),
        "snapshot": pa.array(["one"] * len(filled), pa.string()),
        "text_hash": pa.array([f"{row.get('text', 1000 + row['id']):032x}" for row in records], pa.string()),
    })
    seen = {name: pa.array([row.get(name, "") for row in evidence], pa.string()) for name in (
        "location", "scope", "record_id")}
    seen["doc_id"] = pa.array([f"{row['id']:032x}" for row in evidence], pa.string())
    found = standing(pa.Table.from_pylist(filled, schema=kinds), documents, pa.table(seen), list(files), AGENTS,
                     canonical_urls)
    return {int(row["doc_id"], 16): row["through"] for row in found.to_pylist()}


META = {"location": "meta", "scope": "page"}


def test_nothing_is_reserved_where_nobody_reserves() -> None:
    assert bound([]) == {}
    assert bound([{"id": 1, "url": "https://a.example/", "days": 0}], files=[robots(9, OPEN, 0)]) == {}


@pytest.mark.parametrize(("evidence", "later", "expected"), [
    (META, {}, {}),
    (META, {"type": "conversion"}, {1: "page", 2: "page"}),
    (META, {"mime": "application/pdf"}, {1: "page", 2: "page"}),
    (META, {"days": None}, {1: "page", 2: "page"}),
    (META, {"days": -5}, {1: "page", 2: "page"}),
    (META, {"days": 0}, {1: "page", 2: "page"}),
    (META, {"url": "http://www.a.example:80/x/?utm_source=me"}, {}),
    (META, {"url": "https://a.example/y"}, {1: "page"}),
    ({"location": "header", "scope": "page"}, {"type": "resource"}, {1: "page", 2: "page"}),
    ({"location": "header", "scope": "page"}, {"mime": "application/pdf"}, {}),
    ({"location": "meta", "scope": "element"}, {}, {}),
    ({"location": "manual", "scope": "page"}, {}, {}),
    ({"location": "manual", "scope": "site"}, {}, {1: "document"}),
    ({"location": "row", "scope": "file"}, {}, {1: "document"}),
    ({"location": "registry", "scope": "dataset"}, {}, {1: "document"}),
    ({"location": "robots", "scope": "site", "record_id": "f" * 32}, {}, {1: "document"}),
])
def test_what_takes_a_reservation_of_one_document_back(
    evidence: dict[str, Any], later: dict[str, Any], expected: dict[int, str]
) -> None:
    first = {"id": 1, "url": "https://a.example/x", "days": 0}
    assert bound([first, {**first, "id": 2, "days": 30, **later}], [{"id": 1, **evidence}]) == expected


def test_texts_bind_whatever_binds_the_first_of_them() -> None:
    records = [{"id": 1, "url": "https://a.example/x", "days": 0, "text": 7},
               {"id": 2, "url": "https://b.example/x", "days": 9, "text": 7},
               {"id": 3, "url": "https://c.example/x", "days": 9}]
    assert bound(records, files=[robots(9, CLOSED, 0)]) == {1: "site", 2: "text"}
    assert bound(records, files=[robots(9, CLOSED, 0), robots(8, OPEN, 1)]) == {}


@pytest.mark.parametrize(("payload", "values", "taken_back"), [
    (OPEN, {}, True), (b"# nothing to say\n", {}, True), (b"Sitemap: https://a.example/map\n", {}, True),
    (OPEN, {"truncated": True}, False), (b"<!doctype html><p>moved</p>", {}, False), (b"Not found\n", {}, False),
    (b"<script>\nhost: 'a',\n</script>", {}, False),
])
def test_only_a_file_that_was_read_takes_back(payload: bytes, values: dict[str, Any], taken_back: bool) -> None:
    page = [{"id": 1, "url": "https://a.example/", "days": 0}]
    files = [robots(9, CLOSED, 0), robots(8, payload, 5, **values)]
    assert bound(page, files=files) == ({} if taken_back else {1: "site"})


_RULES = st.sampled_from([
    CLOSED, OPEN, b"User-agent: GPTBot\nDisallow: /x\n", b"User-agent: *\nDisallow: /x*y\nAllow: /xy\n",
    b"User-agent: *\nContent-Signal: ai-train=no\n", b"User-agent: *\nContent-Usage: /x train-ai=n\n",
    b"User-agent: CCBot/2.0\nDisallow: *.html$\n", b" user-agent : gptbot \n disallow : /caf%C3%A9\n",
    b"User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow:\n", b"User-agent: GPTBot\nDisallow: /\nAllow: /y\n",
    b"User-agent: GPTBot\nAllow: /y\nDisallow: /\nContent-Signal: ai-train=yes\n", "Disallow: /é\n".encode(),
])
_PATHS = st.sampled_from(["", "/", "/x", "/x?y", "/x/y.html", "/y", "/caf%C3%A9", "/café", "/%78", "/z#x", "?x", "/é"])


@settings(max_examples=300, deadline=None)
@given(_RULES, _PATHS)
def test_files_say_of_paths_what_they_say_when_asked_in_full(rules: bytes, path: str) -> None:
    url = f"https://a.example{path}"
    policies = Policies([Captured("a.example", "robots", "9", rules)], AGENTS)
    said = any(OPT_OUT in seen.license_spdx for seen in policies.observations(url))
    assert bool(bound([{"id": 1, "url": url, "days": 0}], files=[robots(9, rules, 0)])) == said


_CAPTURES = st.lists(st.tuples(st.sampled_from([CLOSED, OPEN, b"?"]), st.sampled_from([None, 1, 2, 3, 4])), max_size=5)


@settings(max_examples=200, deadline=None)
@given(_CAPTURES, st.randoms())
def test_the_latest_that_was_read_decides(captures: list[tuple[bytes, int | None]], chance: Any) -> None:
    read = [days for payload, days in captures if days is not None and payload != b"?"]
    latest = max(read, default=-1)
    expected = any(payload == CLOSED and (days is None or days >= latest) for payload, days in captures)
    files = [robots(10 + number, *capture) for number, capture in enumerate(captures)]
    chance.shuffle(files)
    assert bool(bound([{"id": 1, "url": "https://a.example/p", "days": 2}], files=files)) == expected


def test_hosts_and_ports_are_asked_together_and_outdate_each_other_not() -> None:
    files = [robots(1, CLOSED, 0), robots(2, OPEN, 5, "a.example:8080"), robots(3, OPEN, 5, "www.a.example"),
             SiteFile("4" * 32, "https://A.example:443/robots.txt", "robots", CLOSED, dated(-1))]
    assert [int(file.record_id, 16) for file in in_force(files)] == [1, 2, 3]
    sites = Sites(files, AGENTS)
    assert sites.whole("a.example") == f"{1:032x}" and sites.speaking == ["a.example"]


@pytest.mark.parametrize(("closed", "opened"), [("https", "http"), ("http", "https")])
def test_a_file_of_one_scheme_takes_nothing_back_that_another_reserved(closed: str, opened: str) -> None:
    files = [SiteFile("1" * 32, f"{closed}://a.example/robots.txt", "robots", CLOSED, dated(0)),
             SiteFile("2" * 32, f"{opened}://a.example/robots.txt", "robots", OPEN, dated(5))]
    assert [file.record_id for file in in_force(files)] == ["1" * 32, "2" * 32]
    assert Sites(files, AGENTS).whole("a.example") == "1" * 32
    later = SiteFile("3" * 32, f"{closed}://a.example./robots.txt", "robots", OPEN, dated(6))
    assert Sites([*files, later], AGENTS).whole("a.example") is None


def test_a_host_has_one_site_in_unicode_and_ascii_and_with_the_dot_of_the_root() -> None:
    assert {site_of(host) for host in ("bücher.example", "xn--bcher-kva.example", "www.bücher.example.")} == {
        "xn--bcher-kva.example"}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["/", "/p", "/private/", "/private/x", "/é", "/a*b", "*.pdf", "/%70", "$"]), min_size=1,
             max_size=3),
    st.lists(st.text("/privatexé%70ab.df", max_size=12).map("/{}".format), min_size=1, max_size=8, unique=True),
)
def test_pages_are_asked_for_whatever_their_paths_begin_with(rules: list[str], paths: list[str]) -> None:
    payload = "User-agent: GPTBot\n" + "".join(f"Disallow: {rule}\n" for rule in rules)
    files = [robots(99, payload.encode(), 0)]
    records = [{"id": place, "url": f"https://a.example{path}", "days": 1} for place, path in enumerate(paths)]
    said = Sites(files, AGENTS)
    assert bound(records, files=files) == {
        place: "site" for place, path in enumerate(paths) if said.reserved_by("a.example", path)}
