"""What a page claims its language to be."""

from __future__ import annotations

import pyarrow as pa
import pytest

from data_platform.filtering.languages import language_rules
from data_platform.filtering.rules import judge
from data_platform.language.claimed import HEAD_BYTES, claimed_languages
from data_platform.language.settings import Language


@pytest.mark.parametrize(
    ("page", "claimed"),
    [
        (b"<!DOCTYPE html><html lang=en><p>Wort", "en"),
        (b"<HTML class='x' LANG = 'de-AT'>", "de"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="zh-Hant-TW">', "zh"),
        (b'<html lang="deu">', "de"),
        (b'<html lang="nb-NO">', "no"),
        (b'<html lang="iw">', "he"),
        (b'<html><head><meta http-equiv="Content-Language" content="fr, en">', None),
        (b'<html><head><meta http-equiv="Content-Language" content="fr">', "fr"),
        (b'<html hreflang="en">', None),
        (b'<html data-lang-switch="en">', None),
        (b'<html lang="">', None),
        (b'<html lang="english">', None),
        (b"<html>" + b" " * HEAD_BYTES + b'<html lang="en">', None),
        (b"\xff\xfe<\x00h\x00t\x00m\x00l", None),
        (b"", None),
        (None, None),
    ],
)
def test_the_claim_of_a_page(page: bytes | None, claimed: str | None) -> None:
    assert claimed_languages(pa.array([page], pa.large_binary())).to_pylist() == [claimed]


def test_pages_in_another_language_than_they_claim_are_dropped_where_the_recipe_says_so() -> None:
    rows = pa.table({
        "language": ["en", "en", "de"], "language_confidence": [1.0, 1.0, 1.0],
        "claimed_language": pa.array(["en", None, "en"], pa.string()),
    })  # fmt: skip
    strict = judge(rows, [language_rules(Language(as_claimed=True))])
    assert strict.field("reason").to_pylist() == ["", "", "language.not_as_claimed"]
    assert judge(rows, [language_rules(Language())]).field("kept").to_pylist() == [True] * 3
