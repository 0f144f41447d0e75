"""Rows in layouts that few have: graphs of JSON-LD, pairs, names of fields in other languages."""

from __future__ import annotations

import pytest

from data_platform.credits.rows import credit_of


@pytest.mark.parametrize("row", [
    {"jsonld": {"@graph": [{"@type": "Article", "headline": "Tides", "author": {"@id": "#p"}},
                           {"@type": "Person", "@id": "#p", "name": "Ada Author"}, {"@type": "WebSite", "name": "x"}]}},
    {"metadata": [{"key": "dc.contributor.author", "value": "Ada Author"}, {"key": "dc.title", "value": "Tides"}]},
    {"Autor": "Ada Author", "Titel": "Tides"}, {"作者": "Ada Author", "标题": "Tides"},
])
def test_graphs_pairs_and_names_of_other_languages_are_read(row: dict) -> None:
    credit = credit_of(row)
    assert (credit.title, credit.authors) == ("Tides", ("Ada Author",))


def test_an_attribution_that_a_licence_asks_for_is_kept() -> None:
    assert credit_of({"license_attribution": "Ada Author, Tides"}).copyright == ("Ada Author, Tides",)


@pytest.mark.parametrize(("row", "said"), [
    ({"changes": "Abridged and translated from the French."}, ["Abridged and translated from the French."]),
    ({"metadata": {"modifications_made": ["Spelling modernised", "Notes left out"]}}, [
        "Spelling modernised", "Notes left out"]),
    ({"changes": "none"}, []), ({"changes": 12}, []), ({"changes": [{"line": 3}]}, []),
    ({"modifications": "2021-03-04"}, []),
    ({"changes": "- a\n+ b"}, []),
])
def test_what_others_changed_stays_with_a_row(row: dict, said: list[str]) -> None:
    lines = credit_of({"author": "Ada Author", **row}).copyright
    assert list(lines) == [f"Changes before: {one}" for one in said]
