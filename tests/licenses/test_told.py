"""Fields that state no licence and say something of use all the same: answers, dates, users, links, headers, riders."""

from __future__ import annotations

from datetime import date

import pytest

from data_platform.licenses import told
from data_platform.spdx.fields import role_of
from data_platform.spdx.questions import asked_by
from data_platform.spdx.tiers import tier
from tests.licenses.test_values import decided

TERMS = "https://house.example/terms"
LINK = f'<{TERMS}>; rel="license"'


@pytest.mark.parametrize(("words", "asked"), [
    ("is open", "permits"), ("open access", "permits"), ("is not free", "limits"), ("requires payment", "limits"),
    ("can be used for training", "allows"), ("not for training", "reserves"), ("excluded from training", "reserves"),
    ("license verified", "permits"), ("license disputed", "limits"), ("removal requested", "limits"),
    ("open price", None), ("public repos", None), ("is train", None), ("train", None), ("is ai", None),
    ("shares", None), ("verified", None), ("training loss", None), ("free text", None), ("", None),
])
def test_names_that_ask_about_use(words: str, asked: str | None) -> None:
    assert asked_by(words) == asked


@pytest.mark.parametrize("row", [
    {"is_open": False}, {"is_free": "n"}, {"open_access": 0}, {"access": {"open": False}}, {"flags": ["is_open:no"]},
    {"isAccessibleForFree": False}, {"requires_payment": True}, {"is_nc": 1}, {"cc_by_nc": True}, {"consent": False},
    {"ok_to_train": False}, {"llm_training_allowed": 0}, {"excluded_from_training": True}, {"author_opt_out": 1},
    {"access_status": "metadata-only"}, {"access_right": "http://purl.org/coar/access_right/c_16ec"},
    {"availability": "on request"}, {"copyright_free": False}, {"removal_requested": True}, {"gated": True},
    {"terms": TERMS}, {"terms_url": TERMS}, {"tos_url": TERMS}, {"eula": TERMS}, {"dua_required": True},
    {"terms": {"url": TERMS}}, {"conditions": [TERMS]}, {"terms": "Terms of Use apply"}, {"T&C": TERMS},
    {"copyrightNotice": "© House. See terms"}, {"data_use_agreement": True},
    {"cc": "by-nc"}, {"cc": ["by", "nc"]}, {"cc": {"by": True, "nc": True}}, {"cc_type": "nc-nd"}, {"lic": "custom"},
    {"whatever": "CC BY-NC 4.0"}, {"license": "CC BY", "license_elements": "nc"},
    {"embargo_until": "2999-01-01"}, {"embargo": {"until": "2999"}}, {"embargo": True}, {"embargo_months": 12},
    {"embargo_end": 32_472_144_000}, {"available_from": "1 March 2999"}, {"embargo_until": "until further notice"},
    {"dates": [{"date": "2999-01-01", "dateType": "Available"}]},
    {"license": [{"URL": "https://creativecommons.org/licenses/by/4.0/", "start": {"date-parts": [[2999, 1, 1]]}}]},
    {"headers": [["Content-Type", "text/html"], ["Link", LINK]]}, {"http_headers": {"link": [LINK]}},
    {"http_headers": [{"name": "Link", "value": LINK}]}, {"headers": ["Link", LINK]}, {"headers": [f"Link: {LINK}"]},
    {"response": f"HTTP/1.1 200 OK\r\nLink: {LINK}\r\n"}, {"raw_headers": f"Link: {LINK}"}, {"header_link": LINK},
    {"headers": "Server: x\nTDM-Reservation: 1"}, {"links": [{"rel": "license", "href": TERMS}]},
    {"_links": {"license": {"href": TERMS}}}, {"links": [["license", TERMS]]},
    {"usage": "research"}, {"allowed_uses": ["personal"]}, {"purpose": "only for research"}, {"prohibitions": ["ai"]},
    {"license": "MIT", "rider": "no adverts"}, {"license": "MIT", "note": "Not for commercial use"},
    {"license": "MIT", "license_status": "revoked"}, {"license": "MIT", "license_confidence": 0.1},
    {"license": "MIT", "license_scope": "code only"}, {"license": "MIT", "license_until": "2020-01-01"},
    {"license": {"id": "MIT", "is_open": False}}, {"license": {"id": "MIT", "for": "research"}},
    {"license": {"id": "MIT", "modified": True}}, {"license": {"id": "MIT", "territory": ["DE"]}},
])
def test_what_restricts_or_cannot_be_read_binds(row: dict) -> None:
    assert tier(decided(row)) >= 4


@pytest.mark.parametrize("row", [
    {"open": 101.2, "close": 100.1}, {"is_train": False, "train": False}, {"ai": 0, "shares": 0, "verified": False},
    {"usage": {"prompt_tokens": 5, "completion_tokens": None}}, {"use": "noun", "purpose": "research", "uses": 3},
    {"audience": "students"}, {"terms": ["fall", "spring"]}, {"policy": "monetary"}, {"cc": "John Smith"},
    {"embargo_until": "2019-01-01"}, {"embargo": "none"}, {"embargo": False}, {"release_date": "1999"},
    {"publication_date": "2999-01-01"}, {"headers": [["Link", "</a.css>; rel=preload"], ["Server", "x"]]},
    {"links": ["https://a.example/x"], "link": "https://a.example"}, {"availability": "InStock", "price": 12.5},
    {"comment": "I could not use this, but only mine."}, {"notes": "First printed 1890."}, {"dua": "none"},
    {"obligations": ["attribution"]}, {"until": "2020", "status": "pending", "confidence": 0.1},
    {"rights": ["CC BY 4.0", "info:eu-repo/semantics/openAccess"]}, {"links": [{"rel": "next", "href": "/2"}]},
    {"license": {"spdx_id": "CC-BY-4.0", "permissions": ["commercial-use"], "conditions": ["include-copyright"]}},
    {"license": {"id": "CC-BY-4.0", "scope": "full text", "from": "2015-01-01", "status": "active"}},
    {"license": [{"URL": "https://creativecommons.org/licenses/by/4.0/", "content-version": "vor", "delay-in-days": 0,
                  "start": {"date-parts": [[2019, 1, 1]], "timestamp": 1_546_300_800_000}}]},
])
def test_what_says_nothing_of_use_leaves_the_licence_as_it_is(row: dict) -> None:
    assert tier(decided(row)) <= 1


@pytest.mark.parametrize(("value", "day"), [
    ("2031-05-06", date(2031, 5, 6)), ("2031", date(2031, 12, 31)), ("03/04/2031", date(2031, 4, 3)),
    ("1 March 2031", date(2031, 3, 1)), ("2031年1月2日", date(2031, 1, 2)), (20_310_506, date(2031, 5, 6)),
    (2035, date(2035, 12, 31)), ({"date-parts": [[2031, 5, 6]]}, date(2031, 5, 6)), ("later", None), (True, None),
    (1_546_300_800, date(2019, 1, 1)), (1_546_300_800_000, date(2019, 1, 1)), (float("inf"), None), ("", None),
])
def test_dates(value: object, day: date | None) -> None:
    assert told.date_of(value) == day


@pytest.mark.parametrize(("text", "free"), [
    ("MIT", True), ("MIT License®", True), ("CC BY 4.0 ✔", True), ("MIT 许可证", True), ("MIT*", False),
    ("MIT †", False), ("MIT¹", False), ("MIT?", False), ("!MIT", False), ("~MIT", False), ("MIT 🔒", False),
    ("MIT 仅限研究", False), ("MIT — для исследований", False), ("BSD-like", False), ("MIT-style", False),
    ("CC BY 4.0 RL", False), ("CC BY 3.0 DE", True), ("MIT...", False), ("MIT…", False), ("MIT.", True),
])
def test_a_name_counts_for_all_that_stands_beside_it(text: str, free: bool) -> None:
    assert (tier(decided({"license": text})) <= 1) is free


def test_links_to_other_pages_speak_of_those() -> None:
    assert decided({"links": [{"url": "https://a.example", "license": "CC-BY-NC-4.0"}]}) == "CC-BY-4.0"
    assert role_of("links") == "links"
