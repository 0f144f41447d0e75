"""Canonical URLs: which addresses are one page."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.methods.duplicates.url import canonical_urls, url_hash


def _canonical(*urls: str | None) -> list[str | None]:
    return canonical_urls(pa.array(urls, pa.string())).to_pylist()


@pytest.mark.parametrize(
    ("canonical", "urls"),
    [
        ("example.com", ["http://example.com", "https://example.com/", "HTTP://WWW.Example.COM:80/", "//example.com",
                         "https://www.example.com:443/#top", "http://user:secret@example.com./",
                         " http://example.com "]),
        # RFC 3986, section 6.2.2: three spellings of one URI.
        ("example://a/b/c/%7Bfoo%7D", ["example://a/b/c/%7Bfoo%7D", "eXAMPLE://a/./b/../b/%63/%7bfoo%7d"]),
        ("example.com/a/c", ["http://example.com/a/b/../c/", "http://example.com//a//c", "http://example.com/a/./c"]),
        # RFC 3986, section 5.2.4.
        ("example.com/a/g", ["http://example.com/a/b/c/./../../g"]),
        ("example.com/Path?a=1&b=2", ["http://example.com/Path?b=2&a=1", "http://example.com/Path/?a=1&&b=2#x",
                                      "http://example.com/Path?utm_source=x&a=1&fbclid=9&b=2",
                                      "http://example.com/Path;jsessionid=AB12?a=1&b=2&PHPSESSID=77"]),
        ("example.com/path?b=%20x~", ["http://example.com/path?b=%20x%7e"]),
        ("example.com:8080", ["http://example.com:8080/"]),
        ("ftp://example.com:80/x", ["ftp://example.com:80/x"]),
        ("[::1]/x", ["http://[::1]:80/x"]),
        ("www.com/x", ["http://www.com/x"]),
        ("bücher.example/ü", ["http://BÜCHER.example/ü"]),
        (None, [None, "", "notes.txt", "file:/home/x", "mailto:a@b.c", "http:///x"]),
    ],
)
def test_spellings_of_one_address(canonical: str | None, urls: list[str | None]) -> None:
    assert _canonical(*urls) == [canonical] * len(urls)
    assert len(set(url_hash(pa.array(urls, pa.string())).to_pylist())) == 1


def test_what_names_another_page_counts() -> None:
    urls = ["http://e.com/a", "http://e.com/A", "http://e.com/a?x=1", "http://e.com/a?x=2", "http://e.com/a?sid=1",
            "http://e.com/a/b", "http://f.e.com/a", "http://e.org/a", "http://e.com/%2Fa", "http://e.com/a?x=1&x=2",
            "http://e.com:81/a", "ftp://e.com/a", "http://e.com/a%3Fx=1"]  # fmt: skip
    found = url_hash(pa.array(urls))
    assert len(set(found.to_pylist())) == len(urls) and all(len(value) == 32 for value in found.to_pylist())


def test_hashes_do_not_change_between_versions() -> None:
    # Stored hashes are compared with those of later runs: whoever changes these must say so there.
    assert url_hash(pa.array(["http://example.com/a?b=c"])).to_pylist() == ["759cc21a490696d903323069df817b8a"]
    assert url_hash(pa.array([], pa.string())).to_pylist() == []


URLS = st.lists(st.text("hps:/w.eE?#&=%2Ff~;@[]ü", max_size=24).map(lambda tail: f"http://e.com/{tail}"), max_size=5)


@settings(max_examples=80, deadline=None)
@given(URLS, st.data())
def test_a_canonical_url_is_its_own_and_depends_on_nothing_else(urls: list[str], data: st.DataObject) -> None:
    together = _canonical(*urls)
    assert together == [_canonical(url)[0] for url in urls]
    chunked = pa.chunked_array([pa.array(urls, pa.large_string()), pa.array([None], pa.large_string())])
    assert canonical_urls(chunked).to_pylist() == [*together, None]
    again = [url and f"https://{url}" for url in together]
    assert _canonical(*again) == together


@settings(max_examples=300, deadline=None)
@given(st.lists(st.from_regex(r"\Ahttps?://(www[0-9]?\.)?[ab.-]{1,5}(/[aB._-]{0,3}){0,3}\Z"), min_size=1, max_size=8))
def test_plain_urls_are_read_like_all_others(urls: list[str]) -> None:
    # With a fragment no URL is plain, and none changes by it.
    assert canonical_urls(pa.array(urls)).equals(canonical_urls(pa.array([f"{url}#" for url in urls])))
