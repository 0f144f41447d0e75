"""Contained documents: the definition, the direction, and the two editions of a book."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.methods.duplicates.containment import contained_documents, sketches


def _documents(texts: dict[str, str]) -> pa.Table:
    return pa.table({
        "doc_id": pa.array(list(texts), pa.string()), "snapshot": pa.array(["one"] * len(texts), pa.string()),
        "text": pa.array(list(texts.values()), pa.large_string()),
    })


def _find(documents: pa.Table, ngram: int = 2, scale: int = 1, **rest: float) -> list[tuple[str, str, float]]:
    made = sketches(documents["text"], ngram, scale)
    sketched = pa.table({
        "doc_id": documents["doc_id"], "snapshot": documents["snapshot"], "shingle_count": made.field("shingle_count"),
        "sketch": made.field("sketch"),
    })
    found = contained_documents(
        sketched, lambda ids: documents.filter(pc.is_in(documents["doc_id"], ids)).to_batches(max_chunksize=2),
        ngram=ngram, **rest,
    )
    return [(row["doc_id"], row["matched_doc_id"], row["similarity"]) for row in found.to_pylist()]


def test_the_smaller_one_is_contained_in_the_larger_one() -> None:
    documents = _documents({"part": "a b c d e", "whole": "x y a b c d e z", "other": "q r s t u v"})
    assert _find(documents) == [("part", "whole", 1.0)]
    changed = _documents({"part": "a b c d e f", "whole": "x y a b c d e z"})  # 4 of 5 pairs of words
    assert _find(changed, share=0.8) == [("part", "whole", 0.8)]
    assert _find(changed, share=0.81) == []


def test_of_two_equal_ones_the_first_id_stays_and_of_a_chain_all_that_are_larger() -> None:
    assert _find(_documents({"2": "a b c d", "1": "A, b c d!"})) == [("2", "1", 1.0)]
    chain = _documents({"1": "a b c", "2": "a b c d", "3": "a b c d e"})
    assert _find(chain) == [("1", "3", 1.0), ("1", "2", 1.0), ("2", "3", 1.0)]


def test_what_is_in_too_many_documents_proposes_nothing() -> None:
    texts = {str(number): f"imprint of this page {number * 'x'} and w{number} v{number}" for number in range(1, 6)}
    documents = _documents({**texts, "9": "imprint of this page"})
    assert [row[:2] for row in _find(documents)] == [("9", other) for other in "12345"]
    assert _find(documents, max_documents=3) == []


WORDS = st.lists(st.sampled_from("abcdef"), max_size=12).map(" ".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, max_size=6), st.data(), st.sampled_from([0.5, 0.8, 1.0]))
def test_all_pairs_by_definition(texts: list[str], data: st.DataObject, share: float) -> None:
    """With every n-gram in the sketches, what is told is what the definition says, in any order of rows."""
    documents = _documents({str(number): text for number, text in enumerate(texts)})
    grams = [set(zip(text.split(), text.split()[1:], strict=False)) for text in texts]
    expected = []
    for number, own in enumerate(grams):
        larger = [
            other for other in range(len(grams))
            if own and (len(grams[other]), -other) > (len(own), -number) and len(own & grams[other]) / len(own) >= share
        ]
        larger.sort(key=lambda other, own=own: (-len(own & grams[other]), -len(grams[other]), other))
        expected += [(str(number), str(other), len(own & grams[other]) / len(own)) for other in larger]
    order = data.draw(st.permutations(range(len(texts))))
    assert _find(documents.take(pa.array(order, pa.int64())), share=share) == expected


def test_two_editions_of_a_book(shared_data: Path) -> None:
    """Sections of the web edition are found in the chapters of the print edition, and sketches miss none of them."""
    texts = {}
    with tarfile.open(shared_data / "domains" / "mit-or-apache-2.0" / "rust-book.tar.xz") as archive:
        for member in archive:
            if re.match(r"(src/ch\d\d-0[1-9]|nostarch/chapter)", member.name):
                texts[member.name] = archive.extractfile(member).read().decode()
    documents = _documents(texts)
    sampled, whole = (
        {row[0]: row for row in _find(documents, ngram=5, scale=scale, share=0.75)} for scale in (8, 1)
    )
    assert sampled == whole
    sections = [name for name in texts if name.startswith("src/")]
    right = [name for name in sections if name in sampled and sampled[name][1][16:18] == name[6:8]]
    assert len(right) >= 0.9 * len(sections)
    assert 0.85 < np.median([sampled[name][2] for name in right]) < 0.97
