"""Places of captures as the audit tells them apart, against a plain account; and a lake with all that it asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.audit_events import make_eventful_lake
from benchmarks.audit_lake import MIXTURE
from data_platform.proof.audit import audit
from data_platform.proof.gate import prove
from data_platform.proof.reserved import may_be, spots_of

PARTS = ["http", "https", "://", ":", "/", "//", "www.", "WWW.", "a", "b.example", ".", ":80", ":443", ":8080", "#",
         "?x=1", "%41", "é", "\u212a", "\u0130", "\n", "@", "index.html"]
URLS = st.lists(st.lists(st.sampled_from(PARTS), max_size=9).map("".join), min_size=1, max_size=12)


def spot(url: str) -> str:
    rest = url.partition("://")[2].partition("#")[0].lower()
    host, slash, path = rest.partition("/")
    host = host.removeprefix("www.").removesuffix(":80").removesuffix(":443")
    return f"{host}{slash}{path}".rstrip("/")


@settings(max_examples=300, deadline=None)
@given(URLS)
def test_a_place_is_a_url_without_what_does_not_name_it(urls: list[str]) -> None:
    ascii_only = [url for url in urls if url.isascii()]
    assert spots_of(pa.array(ascii_only, pa.string())).to_pylist() == [spot(url) for url in ascii_only]


@settings(max_examples=300, deadline=None)
@given(URLS, st.data())
def test_no_url_of_a_place_is_left_out(urls: list[str], data: st.DataObject) -> None:
    there = spots_of(pa.array(urls))
    some = there.take(pa.array(data.draw(st.lists(st.integers(0, len(urls) - 1), min_size=1, max_size=3))))
    assert not (np.asarray(pc.is_in(there, some)) & ~may_be(pa.array(urls), some)).any()


def test_a_lake_with_copies_reservations_and_programs_is_proven(tmp_path: Path) -> None:
    lake = make_eventful_lake(str(tmp_path), 400)
    report = audit(lake, MIXTURE)
    assert report["proven"], report["reasons"]
    assert report["contested"]["documents"] and report["contested"]["copies"] and report["opt_outs"]["documents_met"]
    assert prove(lake, f"mixture_{MIXTURE}", texts=True).complete
