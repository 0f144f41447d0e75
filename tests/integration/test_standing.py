"""Several crawls of the same sites: reservations that one of them saw hold in all, until they are seen taken back; and
copies that claim more than their origins give."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import plan
from data_platform.proof.audit import audit
from data_platform.proof.gate import prove
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from data_platform.spdx.expressions import OPT_OUT
from tests.ingest.archives import members, response, warc
from tests.integration.corpora import Corpus, prose

BY = '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
NC = '<link rel="license" href="https://creativecommons.org/licenses/by-nc/4.0/">'
NOAI = '<meta name="robots" content="noai">'
CLOSED = b"User-agent: GPTBot\nDisallow: /\n"
PART = b"User-agent: GPTBot\nDisallow: /closed/\n"
OPEN = b"User-agent: *\nAllow: /\n"
DATES = {"one": "2023-01-10T00:00:00Z", "two": "2023-09-10T00:00:00Z", "three": "2024-05-10T00:00:00Z"}
RECIPE = """
name: several
sources:
{sources}
extraction: {{engine: resiliparse}}
filters: {{rule_sets: {{}}}}
deduplication: {{guards: {{max_cluster_share: 1.0}}}}
{more}
mixtures:
  free: {{tokens: 1000000, tiers: [0, 1, 2], weights: {{web: 1}}{mixture}}}
"""


def page(number: int | str, head: str = BY, url: str = "https://site.example/1", date: str = "", *headers: str,
         text: str = "") -> bytes:
    """A page with a text of its number."""
    body = text or prose(number)
    html = f"<html><head><title>t</title>{head}</head><body><article><p>{body}</p></article></body></html>"
    return warc(response(html.encode(), *headers), url=url, date=date)


def file(payload: bytes, date: str = "", url: str = "https://site.example/robots.txt", *fields: str,
         mime: str = "text/plain", status: str = "200 OK") -> bytes:
    """A file of a site, with the digest that revisits refer to."""
    digest = "WARC-Payload-Digest: sha1:" + hashlib.sha1(payload).hexdigest()
    return warc(response(payload, f"Content-Type: {mime}", status=status), digest, *fields, url=url, date=date)


def again(payload: bytes, date: str = "", url: str = "https://site.example/robots.txt") -> bytes:
    """A revisit of a file with that payload."""
    digest = "WARC-Payload-Digest: sha1:" + hashlib.sha1(payload).hexdigest()
    return warc(b"", digest, kind="revisit", url=url, date=date)


def ran(folder: Path, crawls: Mapping[str, Sequence[bytes]], more: str = "", mixture: str = "") -> Corpus:
    """A lake of the recipe whose snapshots are these crawls, in that order."""
    for name, records in crawls.items():
        (folder / f"{name}.warc.gz").write_bytes(members(records))
    sources = "\n".join(f'- {{name: crawl-{name}, snapshot: {name}, paths: ["{folder}/{name}.warc.gz"]}}'
                        for name in crawls)
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(sources=sources, more=more, mixture=mixture))
    recipe = load_recipe(path)
    workspace = Workspace(recipe, Lake(str(folder / "lake")))
    for stage in stages(recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            execute(stage, workspace, snapshot)
    return Corpus(path, workspace)


def admitted(corpus: Corpus) -> set[str]:
    """The URLs in the mixture, which must be proven."""
    proof = prove(corpus.lake, "mixture_free", texts=True)
    assert proof.complete, proof.reasons()
    return {row["url"].removeprefix("https://") for row in corpus.rows("mixture_free")}


ONE, TWO, THREE = DATES.values()
TDM = ".well-known/tdmrep.json"


class Case:
    """A site of its own and what the three crawls hold of it. Its texts and its files are like no others."""

    def __init__(self, number: int) -> None:
        self.number, self.host = number, f"case-{number}.example"

    def page(self, date: str, head: str = BY, path: str = "1", *headers: str, host: str = "", text: str = "") -> bytes:
        return page(0, head, f"https://{host or self.host}/{path}", date, *headers,
                    text=text or prose(f"{self.number} {path}"))

    def robots(self, rules: bytes, date: str, *fields: str, host: str = "", status: str = "200 OK") -> bytes:
        return file(rules + b"# %d" % self.number, date, f"{host or 'https://' + self.host}/robots.txt", *fields,
                    status=status)

    def same(self, rules: bytes, date: str) -> bytes:
        return again(rules + b"# %d" % self.number, date, f"https://{self.host}/robots.txt")

    def tdm(self, rules: bytes, date: str) -> bytes:
        return file(rules, date, f"https://{self.host}/{TDM}", mime="application/json")


Crawls = dict[str, list[bytes]]
CASES: dict[str, tuple[Callable[[Case], Crawls], set[str]]] = {
    # what is crawled, and which paths of the site may be in the mixture
    "robots.txt is a revisit of the crawl before": (lambda it: {
        "one": [it.robots(CLOSED, ONE), it.page(ONE)], "two": [it.same(CLOSED, TWO), it.page(TWO)]}, set()),
    "the crawl has no robots.txt": (lambda it: {
        "one": [it.robots(CLOSED, ONE), it.page(ONE)], "two": [it.page(TWO)]}, set()),
    "a page that the first crawl did not have": (lambda it: {
        "one": [it.robots(PART, ONE), it.page(ONE)], "two": [it.page(TWO), it.page(TWO, path="closed/2")]}, {"1"}),
    "robots.txt was gone": (lambda it: {
        "one": [it.robots(CLOSED, ONE)], "two": [it.robots(b"no", TWO, status="404 Not Found"), it.page(TWO)]}, set()),
    "robots.txt was an error page": (lambda it: {
        "one": [it.robots(CLOSED, ONE)], "two": [it.robots(b"Come back later. ", TWO), it.page(TWO)]}, set()),
    "robots.txt was cut off": (lambda it: {
        "one": [it.robots(CLOSED, ONE)],
        "two": [it.robots(OPEN, TWO, "WARC-Truncated: length"), it.page(TWO)]}, set()),
    "robots.txt has changed": (lambda it: {
        "one": [it.robots(CLOSED, ONE), it.page(ONE)], "two": [it.robots(OPEN, TWO), it.page(TWO)]}, {"1"}),
    "robots.txt has changed since the page was captured": (lambda it: {
        "one": [it.robots(CLOSED, ONE), it.page(ONE)], "two": [it.robots(OPEN, TWO)]}, {"1"}),
    "robots.txt has changed, and back": (lambda it: {
        "one": [it.robots(CLOSED, ONE)], "two": [it.robots(OPEN, TWO), it.page(TWO)],
        "three": [it.same(CLOSED, THREE)]}, set()),
    "the later crawl reserves": (lambda it: {
        "one": [it.robots(OPEN, ONE), it.page(ONE)], "two": [it.robots(CLOSED, TWO)]}, set()),
    "the crawl that is named first was later": (lambda it: {
        "one": [it.robots(OPEN, THREE), it.page(THREE)], "two": [it.robots(CLOSED, ONE)]}, {"1"}),
    "robots.txt of the host with www., without https": (lambda it: {
        "one": [it.robots(CLOSED, ONE, host=f"http://www.{it.host}")], "two": [it.page(TWO)]}, set()),
    "another port takes nothing back": (lambda it: {
        "one": [it.robots(CLOSED, ONE)],
        "two": [it.robots(OPEN, TWO, host=f"https://{it.host}:8443"), it.page(TWO)]}, set()),
    "tdmrep.json of the crawl before, whatever robots.txt says": (lambda it: {
        "one": [it.tdm(b'[{"location": "/1", "tdm-reservation": 1}]', ONE)],
        "two": [it.robots(OPEN, TWO), it.page(TWO), it.page(TWO, path="3")]}, {"3"}),
    "tdmrep.json that is broken takes nothing back": (lambda it: {
        "one": [it.tdm(b'[{"location": "/", "tdm-reservation": 1}]', ONE)],
        "two": [it.tdm(b'[{"location": ', TWO), it.page(TWO)]}, set()),
    "tdmrep.json that reserves no more": (lambda it: {
        "one": [it.tdm(b'[{"location": "/", "tdm-reservation": 1}]', ONE)],
        "two": [it.tdm(b'[{"location": "/", "tdm-reservation": 0}]', TWO), it.page(TWO)]}, {"1"}),
    "the page said noai later, under another spelling of its URL": (lambda it: {
        "one": [page(f"{it.number} other", BY + NOAI, f"http://www.{it.host}:80/1/?utm_source=x#top", TWO)],
        "two": [it.page(ONE)]}, set()),
    "the page says noai no more": (lambda it: {
        "one": [it.page(ONE, BY + NOAI)], "two": [it.page(TWO)]}, {"1"}),
    "the header said noai, and the later record has no headers": (lambda it: {
        "one": [it.page(ONE, BY, "1", "X-Robots-Tag: noai")],
        "two": [warc(f"<html><head>{BY}</head><body><p>{prose(it.host)}</p></body></html>".encode(),
                     "Content-Type: text/html", kind="resource", url=f"https://{it.host}/1", date=TWO)]}, set()),
    "the text stands elsewhere": (lambda it: {
        "one": [it.page(ONE, BY + NOAI, host=f"origin.{it.host}")], "two": [it.page(TWO)]}, set()),
    "the text stands elsewhere, nearly": (lambda it: {
        "one": [it.page(ONE, BY + NOAI, host=f"origin.{it.host}", text=prose(it.host, 300))],
        "two": [it.page(TWO, text=prose(it.host, 300) + " One word more.")]}, set()),
    "a mirror of a non-commercial text": (lambda it: {
        "one": [it.page(ONE, NC, host=f"origin.{it.host}"), it.page(ONE)]}, set()),
    "a mirror that was met first": (lambda it: {
        "one": [it.page(ONE), it.page(ONE, NC, host=f"origin.{it.host}")]}, set()),
    "a mirror that is nearly the same": (lambda it: {
        "one": [it.page(ONE, NC, host=f"origin.{it.host}", text=prose(it.host, 300)),
                it.page(ONE, text=prose(it.host, 300) + " And a line of its own.")]}, set()),
    "a mirror of a text without a licence": (lambda it: {
        "one": [it.page(ONE, "", host=f"origin.{it.host}"), it.page(ONE)]}, set()),
    "a mirror of a text with all rights reserved": (lambda it: {
        "one": [it.page(ONE, '<meta name="copyright" content="All rights reserved">', host=f"origin.{it.host}"),
                it.page(ONE)]}, set()),
    "a second page of the same site that says nothing": (lambda it: {
        "one": [it.page(ONE, ""), it.page(ONE, path="2", text=prose(f"{it.number} 1"))]}, {"2"}),
    "a copy that a later crawl met elsewhere": (lambda it: {
        "one": [it.page(ONE)], "two": [it.page(TWO, NC, host=f"copy.{it.host}")]}, {"1"}),
    "two mirrors of one licence": (lambda it: {
        "one": [it.page(ONE)], "two": [it.page(TWO, path="2", text=prose(f"{it.number} 1"))]}, {"1"}),
}
LICENSES = [name for name in CASES if "mirror" in name and name != "two mirrors of one licence"]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, dict[str, Case], set[str]]:
    """All cases in one lake, each on a site of its own, and the URLs in its mixture."""
    cases = {name: Case(number) for number, name in enumerate(CASES)}
    crawls: Crawls = {name: [] for name in DATES}
    for name, (make, _) in CASES.items():
        for crawl, records in make(cases[name]).items():
            crawls[crawl] += records
    corpus = ran(tmp_path_factory.mktemp("several"), crawls)
    return corpus, cases, admitted(corpus)


@pytest.mark.parametrize("name", CASES)
def test_what_holds_over_crawls_and_copies(several: tuple[Corpus, dict[str, Case], set[str]], name: str) -> None:
    _, cases, urls = several
    found = {url.partition("/")[2] for url in urls if url.partition("/")[0].endswith(cases[name].host)}
    assert found == CASES[name][1]


def test_nothing_is_left_to_do_and_everything_is_counted(several: tuple[Corpus, dict[str, Case], set[str]]) -> None:
    corpus, cases, urls = several
    assert all(status.state in ("fresh", "unchecked") for status in plan(corpus.workspace))
    report = audit(corpus.lake, "free")
    assert report["proven"] and report["contested"]["rejected"] == len(LICENSES)
    rejected = [row for row in corpus.rows("rejections") if row["stage"] == "plan_free"]
    contested = {row["url"] for row in rejected if row["reason"] == "contested_license"}
    assert contested == {f"https://{cases[name].host}/1" for name in LICENSES}
    assert {row["reason"] for row in rejected} == {"contested_license", "license_tier"}
    assert report["contested"]["copies"] == [{"license": "CC-BY-NC-4.0", "documents": 1}] or urls


def test_a_revisit_has_the_payload_of_the_crawl_before(several: tuple[Corpus, dict[str, Case], set[str]]) -> None:
    corpus, cases, _ = several
    url = f"https://{cases['robots.txt is a revisit of the crawl before'].host}/robots.txt"
    rows = {row["snapshot"]: row for row in corpus.rows("raw_crawls") if row["url"] == url}
    assert rows["two"]["record_type"] == "revisit" and rows["two"]["payload"] == rows["one"]["payload"]
    assert rows["one"]["record_id"] in rows["two"]["metadata"]
    assert not [row for row in corpus.rows("rejections") if row["reason"] == "revisit_unresolved"]


def test_a_new_crawl_leaves_what_was_gathered_before(tmp_path: Path) -> None:
    it = Case(0)
    crawls = {"one": [it.robots(CLOSED, ONE), it.page(ONE)], "two": [it.robots(OPEN, TWO), it.page(TWO)]}
    assert admitted(ran(tmp_path, crawls)) == {f"{it.host}/1"}
    more = ran(tmp_path, {**crawls, "three": [it.same(CLOSED, THREE), again(b"seen by nobody", THREE)]})
    assert admitted(more) == set()
    for name in ("raw_crawls", "license_evidence", "document_licenses"):
        assert [row["partition"] for row in more.lake.history(name)] == ["three", "two", "one"]
    unresolved = [row["reason"] for row in more.rows("rejections") if row["stage"] == "raw_crawls"]
    assert unresolved == ["revisit_unresolved"]


def test_a_reservation_binds_what_holds_the_text_and_what_it_holds(tmp_path: Path) -> None:
    """Every document that a text is held in is named, and what the same collection holds is bound, too."""
    parts = {name: prose(f"part {name}") for name in ("reserved", "other", "inner", "alone")}
    crawl = [
        page("", BY + NOAI, "https://a.example/reserved", ONE, text=f"{parts['reserved']} {parts['inner']}"),
        page("", BY, "https://b.example/inner", ONE, text=parts["inner"]),
        page("", BY, "https://c.example/collection", ONE, text=" ".join([*parts.values()][:3])),
        page("", BY, "https://d.example/other", ONE, text=parts["other"]),
        page("", BY, "https://e.example/alone", ONE, text=parts["alone"]),
    ]
    for drop in ("true", "false"):
        folder = tmp_path / drop
        folder.mkdir()
        corpus = ran(folder, {"one": crawl}, f"repetition: {{containment: {{drop: {drop}, share: 0.7, scale: 1}}}}")
        found = {row["doc_id"]: row["url"].partition("//")[2][0] for row in corpus.rows("documents")}
        bound = {found[row["doc_id"]] for row in corpus.rows("document_terms") if row["opt_out"]}
        assert bound == {"a", "b", "c", "d"} and len(corpus.rows("redundant_documents")) == 4
        assert {url[0] for url in admitted(corpus)} == {"e"}


ORIGIN, MIRROR = "https://origin.example/a", "https://mirror.example/a"


def test_a_mixture_may_ask_for_claims(tmp_path: Path) -> None:
    corpus = ran(tmp_path, {"one": [page(5, NC, ORIGIN, DATES["one"]), page(5, BY, MIRROR, DATES["one"])]},
                 mixture=", contested: admit")
    assert admitted(corpus) == {"mirror.example/a"}
    (row,) = corpus.rows("mixture_free")
    assert row["license_spdx"] == "CC-BY-4.0" and row["contested"] and row["copy_licenses"] == "CC-BY-NC-4.0"
    found = audit(corpus.lake, "free")["contested"]
    assert (found["documents"], found["admitted_by"]) == (1, "claim")
    assert found["copies"] == [{"license": "CC-BY-NC-4.0", "documents": 1}]


def test_claims_do_not_pass_over_a_reservation(tmp_path: Path) -> None:
    corpus = ran(tmp_path, {"one": [page(5, BY + NOAI, ORIGIN, DATES["one"]), page(5, BY, MIRROR, DATES["one"])]},
                 mixture=", contested: admit")
    assert admitted(corpus) == set()
    (terms,) = corpus.rows("document_terms")
    assert terms["claimed_spdx"] == f"CC-BY-4.0 AND {OPT_OUT}" and terms["opt_out"]


def test_crawls_and_records_may_come_in_any_order(tmp_path: Path) -> None:
    it, launder = Case(1), Case(2)
    records = {"one": [it.robots(CLOSED, ONE), it.page(ONE), launder.page(ONE, NC, host="nc.example")],
               "two": [it.page(TWO), launder.page(ONE), page("free", url="https://o.example/", date=ONE)],
               "three": [it.robots(OPEN, TWO), it.page(THREE, NOAI, host="other.example")]}
    for number, order in enumerate([("one", "two", "three"), ("three", "two", "one"), ("two", "one", "three")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        corpus = ran(folder, {name: records[name][::-1] if number % 2 else records[name] for name in order})
        assert admitted(corpus) == {"o.example/"}
