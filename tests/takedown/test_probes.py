"""Probes: what is found is what is there, wherever it stands, and nothing of a text can be read from them."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.kernels import probes as kernels
from data_platform.takedown.probes import PROBES_PER_TEXT, WIDTH, ProbeSet, make_probes, telling_probes
from tests.takedown.lakes import NEAR, essay

ALPHA, BETA = essay("alpha"), essay("beta")


def _set(**texts: str) -> ProbeSet:
    return ProbeSet({name: make_probes(text.encode()) for name, text in texts.items()})


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(min_size=0, max_size=400), starts=st.lists(st.integers(0, 400), max_size=4), cut=st.integers(0, 400)
)
def test_every_wanted_window_is_found_and_no_other(data: bytes, starts: list[int], cut: int) -> None:
    """Against bytes.find, with texts cut in two: windows never span two texts."""
    starts = [start for start in starts if start + WIDTH <= len(data)]
    pieces = {data[start : start + WIDTH] for start in starts}
    raw = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
    hashes = np.unique(kernels.hash_windows(raw, np.array(starts, np.int64)))
    offsets = np.array([0, min(cut, len(data)), len(data)], np.int64)
    found = kernels.find_windows(raw, offsets, hashes, kernels.bitmap_of(hashes)).tolist()
    expected = {
        (row, start) for row, (begin, end) in enumerate(pairwise(offsets))
        for start in range(begin, end - WIDTH + 1) if data[start : start + WIDTH] in pieces
    }
    assert {(row, start) for row, _, start in found} == expected


def test_a_text_is_found_whole_in_part_and_in_markup() -> None:
    probes = pickle.loads(pickle.dumps(_set(alpha=ALPHA, beta=BETA)))
    half = "\n".join(ALPHA.split("\n")[:7])
    page = "<html><p>" + "</p>\n<p>".join(ALPHA.split("\n")) + "</p></html>"
    rows = ["Nothing of it.", ALPHA, f"before {ALPHA} after", half, page, BETA + ALPHA, None, ""]
    counts = probes.counts(pa.array(rows, pa.string()))
    held = {row: sorted(name for name, count in names.items() if probes.holds(count, name))
            for row, names in counts.items()}
    assert held == {1: ["alpha"], 2: ["alpha"], 3: ["alpha"], 4: ["alpha"], 5: ["alpha", "beta"]}
    assert probes.in_payload(page.encode()) == "alpha" and probes.in_payload(b"x" * 1000) is None


def test_a_shared_sentence_is_no_copy_and_a_changed_word_still_is_one() -> None:
    probes = _set(alpha=ALPHA)
    shared = BETA + "\n" + ALPHA.split("\n")[0]
    counts = probes.counts(pa.chunked_array([[shared], [NEAR]]))
    assert not probes.holds(counts.get(0, {}).get("alpha", 0), "alpha") and probes.holds(counts[1]["alpha"], "alpha")


def test_probes_are_few_and_of_what_can_tell() -> None:
    assert len(make_probes(ALPHA.encode())) == PROBES_PER_TEXT == 8
    assert make_probes(b"short") == [] and make_probes(b"-" * 1000) == []
    assert len(make_probes(bytes(range(32, 32 + WIDTH)))) == 1
    assert all(len(probe.digest) == 32 for probe in make_probes(ALPHA.encode()))
    assert not _set() and _set().counts(pa.array(["text"])) == {}


def test_what_documents_hold_that_stay_is_no_probe_but_a_copy_nobody_knew_of_is_found() -> None:
    menu, own = "\n".join(essay("menu").split("\n")[:9]), "\n".join(essay("omega").split("\n")[:3])
    candidates = {"page": make_probes(f"{menu}\n{own}".encode(), 32), "alpha": make_probes(ALPHA.encode(), 32)}
    pages = [f"{menu}\n{essay(name)}" for name in ("beta", "gamma", "delta")]
    chosen = telling_probes(candidates, [pa.array(pages), pa.array([NEAR])])
    found = ProbeSet(chosen)
    assert all(name not in names for names in found.counts(pa.array(pages)).values() for name in ("page",))
    assert found.holds(found.counts(pa.array([own]))[0]["page"], "page")
    assert found.holds(found.counts(pa.array([NEAR]))[0]["alpha"], "alpha")
