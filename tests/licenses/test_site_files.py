"""Files by which a site speaks of its pages: robots.txt, ai.txt, tdmrep.json, RSL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.ingest.site_files import kind_of
from data_platform.licenses.robots_txt import path_matches, relevant
from data_platform.licenses.site_files import Captured, Policies
from data_platform.spdx.expressions import OPT_OUT, TDM_PERMITTED, UNKNOWN

PAGE = "https://example.org/blog/post.html?id=1"
AGENTS = ("GPTBot", "CCBot")


def said(kind: str, text: str, url: str = PAGE) -> list[tuple[str, str, str]]:
    policies = Policies([Captured("example.org", kind, "f" * 32, text.encode())], AGENTS)
    found = policies.observations(url)
    assert {one.scope for one in found} <= {"site"} and {one.record_id for one in found} <= {"f" * 32}
    return [(one.location, one.raw_value, one.license_spdx) for one in found]


@pytest.mark.parametrize(("url", "kind"), [
    ("https://example.org/robots.txt", "robots"), ("http://example.org:8080/ai.txt", "ai_txt"),
    ("https://example.org/.well-known/tdmrep.json", "tdmrep"), ("https://example.org/license.xml", "rsl"),
    ("https://example.org/blog/robots.txt", None), ("https://example.org/robots.txt?x=1", None),
    ("https://example.org/", None), ("file:robots.txt", None),
])
def test_files_of_a_site_by_their_address(url: str, kind: str | None) -> None:
    assert kind_of(url, "text/plain") == kind
    assert kind_of(url, "text/html") == (None if kind == "rsl" else kind)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_in_the_encoding_of_their_byte_order_mark(encoding: str) -> None:
    rules = "User-agent: GPTBot\nDisallow: /\n".encode(encoding)
    policies = Policies([Captured("example.org", "robots", "f" * 32, rules)], AGENTS)
    assert [one.license_spdx for one in policies.observations(PAGE)] == [OPT_OUT]


def test_crawlers_are_known_by_their_product_token() -> None:
    for name in ("GPTBot/1.0", "gptbot (+https://example.com/bot)", "GPTBot # all of them", "\tGPTBot"):
        assert said("robots", f"User-agent: {name}\nDisallow: /\n") == [("robots", "disallowed: GPTBot", OPT_OUT)], name
    assert said("robots", "User-agent: OtherBot/1.0\nDisallow: /\n") == []


def test_every_group_of_an_ai_txt_speaks_of_training() -> None:
    assert said("ai_txt", "User-Agent: SomeBot\nDisallow: /\n") == [("ai_txt", "disallowed: somebot", OPT_OUT)]
    assert said("ai_txt", "User-Agent: SomeBot\nDisallow: *.txt\n") == [("ai_txt", "disallowed: somebot", OPT_OUT)]
    assert said("ai_txt", "User-Agent: SomeBot\nDisallow: *.jpg\n") == []


@pytest.mark.parametrize("limit", [
    '<prohibits type="user">commercial</prohibits>', '<permits type="user">education</permits>',
    '<permits type="geo">US</permits>',
])
def test_rsl_that_permits_training_to_some_permits_it_to_nobody_here(limit: str) -> None:
    rsl = f'<rsl><content url="/"><license><permits type="usage">ai-train</permits>{limit}</license></content></rsl>'
    ((_, raw, spdx),) = said("rsl", rsl)
    assert spdx == UNKNOWN and raw.startswith("permits ai-train; ")


def test_crawlers_that_gather_for_training() -> None:
    both = "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /blog/\n\nUser-agent: *\nDisallow: /private/\n"
    assert said("robots", both) == [("robots", "disallowed: GPTBot, CCBot", OPT_OUT)]
    assert said("robots", both, "https://example.org/about") == []
    assert said("robots", both, "https://example.org/private/x") == [("robots", "disallowed: *", OPT_OUT)]
    assert said("robots", "User-agent: Googlebot\nDisallow: /\n") == []
    assert said("robots", "User-agent: GPTBot\nDisallow: /\nAllow: /blog/\n") == []


def test_comments_and_sitemaps_change_nothing() -> None:
    text = "User-agent: GPTBot # the crawler\nSitemap: https://example.org/s.xml\n\n# all of it\nDisallow: /\n"
    assert relevant(text) == "User-agent: GPTBot\nDisallow: /"
    assert said("robots", text) == said("robots", relevant(text)) == [("robots", "disallowed: GPTBot", OPT_OUT)]
    assert said("robots", "# nothing\nSitemap: https://example.org/s.xml\n") == []


def test_preferences_by_path() -> None:
    text = "User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /blog/ train-ai=y\nContent-Signal: search=yes\n"
    assert said("robots", text) == [("robots", "content-usage: train-ai=y", TDM_PERMITTED)]
    assert said("robots", text, "https://example.org/") == [("robots", "content-usage: train-ai=n", OPT_OUT)]
    signal = "User-Agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n"
    assert said("robots", signal) == [("robots", "content-signal: search=yes, ai-train=no", OPT_OUT)]
    assert said("robots", "User-agent: Googlebot\nContent-Usage: train-ai=n\n") == []


def test_a_licence_that_robots_txt_points_to_is_a_term_nobody_read() -> None:
    assert said("robots", "License: https://example.org/license.xml\n") == [
        ("rsl", "https://example.org/license.xml", UNKNOWN)
    ]


def test_ai_txt_reserves_kinds_of_media() -> None:
    assert said("ai_txt", "User-Agent: *\nDisallow: *.txt\nAllow: *.jpg\n") == [("ai_txt", "disallowed: *", OPT_OUT)]
    assert said("ai_txt", "User-Agent: *\nDisallow: *.jpg\n") == []


def test_tdmrep_rules() -> None:
    rules = (
        '[{"location": "/blog/*", "tdm-reservation": 1, "tdm-policy": "https://example.org/policy"},'
        ' {"location": "/", "tdm-reservation": 0}, {"location": "/x", "tdm-reservation": "?"}, 7]'
    )
    assert said("tdmrep", rules) == [
        ("tdmrep", "/blog/* tdm-reservation: 1 tdm-policy: https://example.org/policy", OPT_OUT),
        ("tdmrep", "/ tdm-reservation: 0", TDM_PERMITTED),
    ]
    assert said("tdmrep", rules, "https://example.org/x") == [("tdmrep", "/ tdm-reservation: 0", TDM_PERMITTED)]
    assert said("tdmrep", "{broken") == []


def rsl(license_: str, url: str = "/") -> str:
    return (
        f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"><license>{license_}</license></content></rsl>'
    )


@pytest.mark.parametrize(("license_", "spdx"), [
    ('<prohibits type="usage">ai-train</prohibits>', OPT_OUT),
    ('<permits type="usage">search</permits>', OPT_OUT),
    ('<permits type="usage">all</permits>', TDM_PERMITTED),
    ('<permits type="usage">ai-train</permits><payment type="subscription"/>', UNKNOWN),
    ('<permits type="usage">all</permits><payment type="attribution"><standard>'
     'https://creativecommons.org/licenses/by/4.0/</standard></payment>', "CC-BY-4.0"),
    ("", UNKNOWN),
])
def test_rsl_licences(license_: str, spdx: str) -> None:
    assert [one[2] for one in said("rsl", rsl(license_))] == [spdx]


def test_rsl_covers_the_addresses_it_names_and_broken_xml_says_nothing() -> None:
    text = rsl('<prohibits type="usage">all</prohibits>', "/news/*")
    assert said("rsl", text) == []
    assert len(said("rsl", text, "https://example.org/news/1")) == 1
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + text
    assert said("rsl", bomb, "https://example.org/news/1") == said("rsl", "<rsl", PAGE) == []


def test_a_file_speaks_for_its_host_alone_and_every_capture_counts() -> None:
    text = b"User-agent: GPTBot\nDisallow: /"
    files = [Captured("example.org", "robots", name * 32, text) for name in "ba"]
    other = Captured("example.org", "robots", "c" * 32, b"User-agent: CCBot\nDisallow: /")
    policies = Policies([*files, other], AGENTS)
    assert [one.record_id[0] for one in policies.observations(PAGE)] == ["a", "c"]
    assert policies.observations("https://www.example.org/") == []


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_text_is_a_robots_txt_and_any_pattern_a_pattern(text: str, path: str) -> None:
    said("robots", text)
    said("robots", f"User-agent: *\nContent-Usage: {text}\nDisallow: {text}")
    said("tdmrep", text)
    said("rsl", text)
    path_matches(text, path)
    assert path_matches(f"/{path.replace('*', '').replace('$', '')}", f"/{path.replace('*', '').replace('$', '')}more")
