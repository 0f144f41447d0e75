"""Awkward pages: what must not come out free, what must not be lost, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.license_pages import (
    OWN_PAGES,
    SITE_FILES,
    UNSEEN_PAGES,
    Judged,
    decide_pages,
    judge,
    read_pages,
    verdict,
)
from data_platform.licenses.resolve import NOTHING_STATED
from data_platform.spdx.expressions import UNKNOWN

BY = "https://creativecommons.org/licenses/by/4.0/"


def _in_error(judged: list[Judged]) -> list[tuple[str, str, str, str]]:
    return [(page.name, page.want, page.got.license_spdx, page.verdict) for page in judged if page.verdict != "right"]


def _page(head: str = "", body: str = "", headers: tuple[tuple[str, str], ...] = ()) -> dict:
    return {"name": "p", "url": "https://own.example/p", "html": f"<html><head>{head}</head><body>{body}</body></html>",
            "headers": headers, "site_files": {}}


def test_pages_that_came_out_free_and_must_not(shared_data: Path) -> None:
    file = shared_data / "faults" / "licence-pages.jsonl"
    if not file.is_file():
        pytest.skip(f"REAL DATA ABSENT: no {file}")
    judged = judge(read_pages(file, json.loads(SITE_FILES.read_text("utf-8"))))
    assert len(judged) == 49
    assert _in_error(judged) == []


def test_pages_of_many_systems_and_languages() -> None:
    """None is freer than true, and none is lost: by now rules know all of them, so that this holds what was reached."""
    judged = judge(read_pages(OWN_PAGES))
    assert len(judged) > 350
    assert _in_error(judged) == []


def test_pages_of_writers_who_knew_no_rule() -> None:
    """None is freer than true, and at most eight in a hundred are lost."""
    judged = judge(read_pages(UNSEEN_PAGES))
    assert len(judged) == 790
    assert [page.name for page in judged if page.verdict == "freer"] == []
    assert sum(page.verdict == "lost" for page in judged) <= 0.08 * len(judged)


@pytest.mark.parametrize("value", ["42", "true", '{"identifier": "CC-BY-NC-4.0"}', '{"name": ["x"]}', '["x", 1]', "{}"])
def test_a_value_of_json_ld_that_cannot_be_read_is_unknown(value: str) -> None:
    script = f'<script type="application/ld+json">{{"@type": "Article", "license": {value}}}</script>'
    (decision,) = decide_pages([_page(f'<link rel="license" href="{BY}">{script}')])
    assert decision.license_spdx == f"CC-BY-4.0 AND {UNKNOWN}"


@pytest.mark.parametrize("value", ["null", '""', "[]"])
def test_no_value_is_no_statement(value: str) -> None:
    script = f'<script type="application/ld+json">{{"@type": "Article", "license": {value}}}</script>'
    assert decide_pages([_page(script)]) == [NOTHING_STATED]


@pytest.mark.parametrize("markup", [
    '<span property="dct:license">house terms</span>', '<span rel="cc:license" resource="/terms"></span>',
    '<div itemscope itemtype="https://schema.org/Article"><span itemprop="license">house terms</span></div>',
    '<div itemscope itemtype="https://schema.org/Article"><meta itemprop="license" content="see below"></div>',
    '<a rel="license" href="/terms">terms</a>',
])
def test_markup_that_cannot_be_read_is_unknown(markup: str) -> None:
    (decision,) = decide_pages([_page(f'<link rel="license" href="{BY}">', markup)])
    assert decision.license_spdx == f"CC-BY-4.0 AND {UNKNOWN}", markup


@pytest.mark.parametrize("header", [
    "</terms>; rel=license", "https://own.example/terms; rel=license", "<x>; rel='license'",
])
def test_a_link_header_that_cannot_be_read_is_unknown(header: str) -> None:
    (decision,) = decide_pages([_page(f'<link rel="license" href="{BY}">', headers=(("Link", header),))])
    assert decision.license_tier == 4, header


def test_a_restriction_in_words_holds_beside_the_licence_of_a_header() -> None:
    page = _page(body="<p>For personal use only.</p>", headers=(("Link", f"<{BY}>; rel=license"),))
    (decision,) = decide_pages([page])
    assert (decision.license_spdx, decision.contradicted) == ("CC-BY-4.0 AND LicenseRef-non-commercial", True)


def test_verdicts() -> None:
    unknown, by = NOTHING_STATED, NOTHING_STATED._replace(license_spdx="CC-BY-4.0", license_tier=1)
    assert [verdict(want, by) for want in ("CC-BY-4.0", "UNKNOWN", "OPTOUT", "TIER5", "BYorNF", "CC0-1.0")] == [
        "right", "freer", "freer", "freer", "right", "lost"
    ]
    assert [verdict(want, unknown) for want in ("CC-BY-4.0", "NOTFREE", "BYorNF", "TIER3orNF")] == [
        "lost", "right", "right", "right"
    ]
