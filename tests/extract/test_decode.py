"""Bytes to characters: labels as WHATWG reads them, marks before labels before detection, and never an exception."""

from __future__ import annotations

import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.extract.decode import decode, encoding_of
from data_platform.extract.protocol import Rejected

GERMAN = "Grüße aus München, schöne Straße, 5 €"
JAPANESE = "日本語のテキストです。これは長い文章です。"


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("ISO-8859-1", "cp1252"), ("latin1", "cp1252"), ("latin-1", "cp1252"), ("us-ascii", "cp1252"),
        (' "UTF-8"; ', "utf-8"), ("gb2312", "gbk"), ("x-sjis", "shift_jis"), ("ISO-8859-2", "iso8859-2"),
    ],
)
def test_labels_mean_what_the_encoding_standard_says(label: str, encoding: str) -> None:
    assert codecs.lookup(encoding_of(label)) == codecs.lookup(encoding)


@pytest.mark.parametrize("label", ["", None, "foo", "base64", "idna", "unicode_escape", "utf-7", "a\0b", "ü" * 9999])
def test_labels_that_mean_no_encoding(label: str | None) -> None:
    assert encoding_of(label) is None


@pytest.mark.parametrize(
    ("payload", "charset"),
    [
        (GERMAN.encode("cp1252"), "iso-8859-1"),
        (GERMAN.encode("cp1252"), "utf-8"),  # a wrong label does not fit the bytes
        (GERMAN.encode("cp1252"), None),
        (GERMAN.encode("utf-8"), "iso-8859-1"),  # valid UTF-8 is UTF-8
        (GERMAN.encode("utf-16-le"), "utf-16"),
        (GERMAN.encode("utf-16-be"), "utf-16be"),
        (codecs.BOM_UTF8 + GERMAN.encode("utf-8"), "shift_jis"),  # the mark comes before the label
        (codecs.BOM_UTF16_LE + GERMAN.encode("utf-16-le"), "utf-8"),
        (codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"), None),
    ],
)
def test_marks_labels_and_bytes(payload: bytes, charset: str | None) -> None:
    assert decode(payload, charset, markup=False) == GERMAN


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "iso2022_jp", "utf-8"])
@pytest.mark.parametrize("labelled", [True, False])
def test_japanese_with_and_without_label(encoding: str, labelled: bool) -> None:
    assert decode(JAPANESE.encode(encoding), encoding if labelled else None, markup=False) == JAPANESE


def test_meta_is_read_where_the_transport_is_silent() -> None:
    page = "<!-- <meta charset=utf-8> --><META http-equiv=content-type content='text/html; charset=koi8-r'>привет"
    assert decode(page.encode("koi8-r"), None, markup=True) == page
    assert decode(page.encode("koi8-r"), "koi8-r", markup=True) == page


def test_meta_cannot_say_utf_16() -> None:
    page = f'<meta charset="utf-16">{GERMAN}'
    assert decode(page.encode("utf-8"), None, markup=True) == page


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("charset", [None, "utf-8", "utf-16", "windows-1252"])
@pytest.mark.parametrize("text", [
    f"<p>{GERMAN}", f"<html><head><title>x</title></head><body class=a><p>{JAPANESE}</p></body></html>",
])  # fmt: skip
def test_utf_16_without_a_mark_is_known_by_its_zero_bytes(text: str, charset: str | None, encoding: str) -> None:
    """The label "utf-16" means little endian, and yet pages in the other order carry it."""
    assert decode(text.encode(encoding), charset, markup=True) == text


@pytest.mark.parametrize(
    "payload", [b"<p>text\0\0\0\0\0\0\0\0", bytes(1_000), bytes(range(256)) * 20, b"\0a\0\0b\0" * 99]
)
def test_other_zero_bytes_are_not_utf_16(payload: bytes) -> None:
    assert isinstance(decode(payload, None, markup=True), Rejected)


def test_one_invalid_byte_costs_one_character() -> None:
    damaged = GERMAN.encode("utf-8") * 3 + b"\xff end"
    assert decode(damaged, "utf-8", markup=False) == GERMAN * 3 + "\ufffd end"


@pytest.mark.parametrize("size", [64, 1_000, 100_000])
def test_random_bytes_are_no_text(size: int) -> None:
    result = decode(random.Random(size).randbytes(size), None, markup=False)
    assert isinstance(result, Rejected)
    assert result.reason == "undecodable"


@given(st.binary(max_size=300), st.none() | st.text(max_size=20), st.booleans())
def test_never_raises_and_never_gives_lone_surrogates(payload: bytes, charset: str | None, markup: bool) -> None:
    result = decode(payload, charset, markup=markup)
    if isinstance(result, str):
        result.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=100))
def test_utf_8_survives_any_label(text: str) -> None:
    assert decode(text.encode("utf-8"), "windows-1252", markup=False) == text.removeprefix("\ufeff") or "\ufffd" in text
