"""A crawl of sites that reserve their texts in every way there is: what is seen, what is decided, and what gets in.

All pages state CC-BY-4.0 but for two: without the reservation each would enter the mixture.
"""

from __future__ import annotations

import pytest

from data_platform.assets.gates import pass_gates
from data_platform.pipeline.flow import stages
from data_platform.proof.trace import trace
from data_platform.spdx.expressions import OPT_OUT, TDM_PERMITTED
from tests.ingest.archives import members, response, warc
from tests.integration.corpora import Corpus, prose, run

LINK = '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
BY, RESERVED = "CC-BY-4.0", f"CC-BY-4.0 AND {OPT_OUT}"
RECIPE = """
name: reserving
sources: [{{name: crawl, snapshot: one, paths: ["{folder}/crawl.warc.gz"]}}]
extraction: {{engine: resiliparse}}
filters: {{rule_sets: {{}}}}
mixtures:
  free: {{tokens: 1000000, tiers: [0, 1, 2], weights: {{web: 1}}}}
  mined: {{tokens: 1000000, tiers: [3], weights: {{web: 1}}}}
datastores:
  unreserved: {{tiers: [3, 4, 5]}}
  asked: {{tiers: [3, 4, 5], opt_outs: true}}
"""
RSL = """<rsl xmlns="https://rslstandard.org/rsl">
  <content url="/kept/"><license><prohibits type="usage">ai-train</prohibits></license></content>
  <content url="/shared/"><license><permits type="usage">ai-train</permits><payment type="attribution">
    <standard>https://creativecommons.org/licenses/by/4.0/</standard></payment></license></content>
  <content url="/sold/"><license><permits type="usage">search</permits></license></content>
</rsl>"""
FILES = {
    "robots.example/robots.txt": ("text/plain", "User-agent: GPTBot\nDisallow: /closed/\n\nUser-agent: *\nAllow: /\n"),
    "usage.example/robots.txt": ("text/plain", "User-Agent: *\nContent-Usage: /private/ train-ai=n\nAllow: /\n"),
    "signal.example/robots.txt": ("text/plain", "User-Agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n"),
    "rsl.example/robots.txt": ("text/plain", "License: https://rsl.example/license.xml\nUser-agent: *\nAllow: /\n"),
    "rsl.example/license.xml": ("application/rsl+xml", RSL),
    "tdm.example/.well-known/tdmrep.json": ("application/json", '[{"location": "/kept/", "tdm-reservation": 1, '
                                            '"tdm-policy": "https://tdm.example/policy"}, '
                                            '{"location": "/mined/", "tdm-reservation": 0}]'),
    "ai.example/ai.txt": ("text/plain", "User-Agent: *\nDisallow: *.txt\nDisallow: *.html\n"),
    # An HTML page in the place of a file, as many servers send for what they do not have: it says nothing.
    "soft.example/ai.txt": ("text/html", "<html><body><p>User-Agent: * Disallow: /</p></body></html>"),
}
PAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "free.example/1": ((), LINK),
    "robots.example/closed/1": ((), LINK), "robots.example/open/1": ((), LINK),
    "usage.example/private/1": ((), LINK), "usage.example/public/1": ((), LINK),
    "signal.example/1": ((), LINK),
    "rsl.example/kept/1": ((), LINK), "rsl.example/shared/1": ((), LINK), "rsl.example/sold/1": ((), LINK),
    "tdm.example/kept/1": ((), LINK), "tdm.example/mined/1": ((), ""), "tdm.example/else/1": ((), LINK),
    "ai.example/1": ((), LINK), "soft.example/1": ((), LINK),
    "header.example/tdm": (("tdm-reservation: 1", "tdm-policy: https://header.example/policy"), LINK),
    "header.example/noai": (("X-Robots-Tag: noai, noindex",), LINK),
    "header.example/usage": (("Content-Usage: search=y, train-ai=n",), LINK),
    "header.example/allowed": (("Content-Usage: train-ai=y",), LINK),
    "header.example/mined": (("Content-Usage: train-ai=y",), ""),
    "header.example/noindex": (("X-Robots-Tag: noindex",), LINK),
    "meta.example/noai": ((), LINK + '<meta name="robots" content="noai">'),
    "meta.example/tdm": ((), LINK + '<meta name="tdm-reservation" content="1">'),
    "meta.example/unset": ((), LINK + '<meta name="tdm-reservation" content="perhaps">'),
}
RESERVATIONS = {
    # page: where the reservation is, its scope, and the file that holds it (none: the page itself)
    "robots.example/closed/1": ("robots", "site", "robots.example/robots.txt"),
    "usage.example/private/1": ("robots", "site", "usage.example/robots.txt"),
    "signal.example/1": ("robots", "site", "signal.example/robots.txt"),
    "rsl.example/kept/1": ("rsl", "site", "rsl.example/license.xml"),
    "rsl.example/sold/1": ("rsl", "site", "rsl.example/license.xml"),
    "tdm.example/kept/1": ("tdmrep", "site", "tdm.example/.well-known/tdmrep.json"),
    "ai.example/1": ("ai_txt", "site", "ai.example/ai.txt"),
    "header.example/tdm": ("header", "page", None), "header.example/noai": ("header", "page", None),
    "header.example/usage": ("header", "page", None),
    "meta.example/noai": ("meta", "page", None), "meta.example/tdm": ("meta", "page", None),
}
MINED = {"tdm.example/mined/1", "header.example/mined"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("reserving")
    records = [warc(response(text.encode(), f"Content-Type: {mime}"), url=f"https://{url}")
               for url, (mime, text) in FILES.items()]
    for number, (url, (headers, head)) in enumerate(PAGES.items()):
        body = f"<article><p>{prose(number)}</p></article>"
        page = f"<html><head><title>{url}</title>{head}</head><body>{body}</body></html>"
        records.append(warc(response(page.encode(), *headers), url=f"https://{url}"))
    (folder / "crawl.warc.gz").write_bytes(members(records))
    (folder / "recipe.yaml").write_text(RECIPE.format(folder=folder))
    return run(folder / "recipe.yaml", folder)


def _url(row: dict) -> str:
    return row["url"].removeprefix("https://")


@pytest.fixture(scope="module")
def names(corpus: Corpus) -> dict[str, str]:
    """The URL of every record."""
    rows = corpus.lake.read_table("raw_crawls", ["record_id", "url"]).to_pylist()
    return {row["record_id"]: _url(row) for row in rows}


def test_every_reservation_is_evidence_with_its_place(corpus: Corpus, names: dict[str, str]) -> None:
    seen = {names[row["doc_id"]]: (row["location"], row["scope"], names[row["record_id"]])
            for row in corpus.rows("license_evidence") if row["license_spdx"] == OPT_OUT}
    assert seen == {page: (place, scope, file or page) for page, (place, scope, file) in RESERVATIONS.items()}
    raw = {names[row["doc_id"]]: row["raw_value"] for row in corpus.rows("license_evidence")
           if row["license_spdx"] == OPT_OUT}
    assert raw["tdm.example/kept/1"] == "/kept/ tdm-reservation: 1 tdm-policy: https://tdm.example/policy"
    assert raw["header.example/tdm"] == "tdm-reservation: 1; tdm-policy: https://header.example/policy"
    assert raw["usage.example/private/1"] == "content-usage: train-ai=n"
    assert raw["robots.example/closed/1"] == "disallowed: GPTBot"
    rsl = {names[row["doc_id"]] for row in corpus.rows("license_evidence") if row["location"] == "rsl"}
    assert {page for page in PAGES if page.startswith("rsl.example")} == rsl, "robots.txt names terms for all pages"


def test_a_reservation_decides_whatever_licence_is_beside_it(corpus: Corpus, names: dict[str, str]) -> None:
    decided = {names[row["doc_id"]]: row for row in corpus.rows("document_licenses")}
    pages = {page: (row["license_spdx"], row["license_tier"], row["opt_out"]) for page, row in decided.items()
             if page in PAGES}
    assert pages == {
        page: (RESERVED, 5, True) if page in RESERVATIONS else (TDM_PERMITTED, 3, False) if page in MINED
        else (BY, 1, False)
        for page in PAGES
    }
    assert {page: decided[page]["license_basis"] for page in RESERVATIONS} == {
        page: place for page, (place, _, _) in RESERVATIONS.items()
    }
    assert all(row["license_tier"] == 4 for page, row in decided.items() if page not in PAGES)


def test_no_reserved_page_is_in_a_mixture(corpus: Corpus) -> None:
    free = {page for page in PAGES if page not in RESERVATIONS and page not in MINED}
    assert {_url(row) for row in corpus.rows("mixture_free")} == free
    assert {_url(row) for row in corpus.rows("mixture_mined")} == MINED
    rejected = {_url(row): row["reason"] for row in corpus.rows("rejections") if row["stage"] == "plan_free"}
    assert {page: rejected[page] for page in RESERVATIONS} == dict.fromkeys(RESERVATIONS, "license_tier")
    flow = stages(corpus.workspace.recipe)
    for name in ("mixture_free", "mixture_mined"):
        outcomes = pass_gates(corpus.workspace, flow[name], None)
        assert len(outcomes) == 10 and all(outcome.passed for outcome in outcomes)


def test_a_datastore_takes_reserved_pages_only_if_it_is_told_to(corpus: Corpus) -> None:
    assert {_url(row) for row in corpus.rows("datastore_asked")} >= set(RESERVATIONS)
    assert not {_url(row) for row in corpus.rows("datastore_unreserved")} & set(PAGES)
    why = {_url(row): row["reason"] for row in corpus.rows("rejections") if row["stage"] == "datastore_unreserved"}
    assert {why[page] for page in RESERVATIONS} == {"opt_out"} and why["free.example/1"] == "for_mixtures"


def test_a_trace_shows_why(corpus: Corpus) -> None:
    row = next(row for row in corpus.rows("datastore_asked") if _url(row) == "tdm.example/kept/1")
    answer = trace(corpus.lake, "datastore_asked", row["doc_id"])
    assert answer["license"]["opt_out"]
    assert {one["location"] for one in answer["license"]["evidence"]} == {"link", "tdmrep"}
