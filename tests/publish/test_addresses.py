"""Addresses as they may be published."""

from __future__ import annotations

import pytest

from data_platform.publish.addresses import without_credentials


@pytest.mark.parametrize(("captured", "published"), [
    ("https://ann:pw@h.example/x?token=abc&id=3", "https://h.example/x?token=REDACTED&id=3"),
    ("http://h.example/a;jsessionid=AA11?q=1", "http://h.example/a;jsessionid=REDACTED?q=1"),
    ("https://h.example/#access_token=z&page=1", "https://h.example/#access_token=REDACTED&page=1"),
    ("https://h.example/?X-Amz-Signature=ff&X-Amz-Date=1", "https://h.example/?X-Amz-Signature=REDACTED&X-Amz-Date=1"),
    ("?accessToken=1&access%5Ftoken=2&SESSIONID=3&amp;Api-Key=4",
     "?accessToken=REDACTED&access%5Ftoken=REDACTED&SESSIONID=REDACTED&amp;Api-Key=REDACTED"),
    ("by A. Uthor, https://h.example/?to=https%3A%2F%2Fx.example%2F%3Fsig%3Dabc",
     "by A. Uthor, https://h.example/?to=REDACTED"),
    ("?to=http://x.example/?auth=1", "?to=http://x.example/?auth=REDACTED"),
    ("?key=AIzaSyD3k29fkfk2934kd&key=de", "?key=REDACTED&key=de"),
    ("?x=eyJhbGciOiJIUzI1.eyJzdWIiOiIx.sig", "?x=REDACTED"),
])
def test_credentials_go_and_the_names_of_parameters_stay(captured: str, published: str) -> None:
    assert without_credentials(captured) == published
    assert without_credentials(published) == published


@pytest.mark.parametrize("plain", [
    "https://h.example/?tokens=3&design=4&assignment=5&passage=6&monkey=7&id=3f2a6b&author=ann",
    "Copyright 2020 A. Uthor <a@b.example>; x = y", "", "https://h.example/@ann/post?p=1",
])
def test_all_else_stays(plain: str) -> None:
    assert without_credentials(plain) == plain
