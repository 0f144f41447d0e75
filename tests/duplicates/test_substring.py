"""Exact substrings are those of a naive search, whatever the order, batches and counters."""

from __future__ import annotations

import tarfile
import unicodedata
from collections import defaultdict
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.methods.duplicates import substrings as substring
from data_platform.methods.duplicates.substrings import fingerprints, repeated_substrings, sharing_documents


def _documents(texts: list[str], snapshots: list[str] | None = None) -> pa.Table:
    ids = [f"{number:032x}" for number in range(len(texts))]
    return pa.table({
        "doc_id": pa.array(ids, pa.string()),
        "snapshot": pa.array(snapshots or ["one"] * len(texts), pa.string()),
        "text": pa.array(texts, pa.large_string()),
    })


def _find(documents: pa.Table, min_tokens: int, rows: int = 1000) -> list[dict]:
    """What is found in all documents, which is what is found in those that share a fingerprint."""
    hashes = fingerprints(documents["text"], min_tokens).field("hashes")
    some = sharing_documents(documents["doc_id"], pa.chunked_array([hashes]))
    sharing = documents.filter(pc.is_in(documents["doc_id"], some))
    every, found = (
        repeated_substrings(partial(read.to_batches, rows), read["text"].nbytes, min_tokens).to_pylist()
        for read in (documents, sharing)
    )
    assert found == every
    return found


def _tokens(text: str) -> list[tuple[str, int, int]]:
    """Tokens of plain text, by the definition: written, first byte, byte behind the last."""
    tokens: list[tuple[str, int, int]] = []
    position, before = 0, ""
    for character in text:
        end = position + len(character.encode())
        if character.isalnum():
            kind = "unspaced" if "一" <= character <= "鿿" else "word"
        else:
            kind = "space" if character.isspace() else character
        if kind == before and kind not in ("space", "unspaced"):
            written, start, _ = tokens[-1]
            tokens[-1] = (written + character, start, end)
        elif kind != "space":
            tokens.append((character, position, end))
        position, before = end, kind
    return tokens


def _naive(documents: pa.Table, min_tokens: int) -> list[dict]:
    rows = sorted(documents.to_pylist(), key=lambda row: (row["snapshot"], row["doc_id"]))
    cut = [_tokens(row["text"]) for row in rows]
    places = defaultdict(list)
    for rank, tokens in enumerate(cut):
        for place in range(len(tokens) - min_tokens + 1):
            places[tuple(token for token, _, _ in tokens[place : place + min_tokens])].append((rank, place))
    first = {place: equal[0] for equal in places.values() for place in equal}
    number = {equal[0]: len(equal) for equal in places.values()}
    spans = []
    for rank, place in sorted(place for place in first if first[place] != place):
        matched, at = first[rank, place]
        following = spans and spans[-1]["last"] == (rank, place - 1) and spans[-1]["last_first"] == (matched, at - 1)
        if not following:
            spans.append({
                "doc_id": rows[rank]["doc_id"], "snapshot": rows[rank]["snapshot"], "kind": "substring",
                "start": cut[rank][place][1], "matched_doc_id": rows[matched]["doc_id"],
                "matched_start": cut[matched][at][1], "tokens": min_tokens - 1, "occurrences": number[matched, at],
            })
        span = spans[-1]
        span |= {"last": (rank, place), "last_first": (matched, at), "tokens": span["tokens"] + 1,
                 "end": cut[rank][place + min_tokens - 1][2]}
    return [{name: span[name] for name in table("duplicate_spans").column_names} for span in spans]


def test_a_passage_of_50_tokens_is_found_and_one_of_49_is_not() -> None:
    passage = " ".join(f"w{number}" for number in range(49)) + "."
    lines = passage.replace(" ", "\n")
    documents = _documents([f"Before it, {passage} and after.", f"Elsewhere:\n{lines} The end."])
    (found,) = _find(documents, 50)
    text = documents["text"][1].as_py()
    assert text[found["start"] : found["end"]] == lines
    assert found["tokens"] == 50 and found["occurrences"] == 2
    assert (found["doc_id"], found["matched_doc_id"], found["matched_start"]) == (f"{1:032x}", f"{0:032x}", 11)
    assert _find(documents, 51) == []


def test_runs_do_not_cross_documents() -> None:
    assert _find(_documents(["a b c d", "e f g h", "c d e f"]), 4) == []
    assert len(_find(_documents(["a b c d e f g h", "c d e f"]), 4)) == 1


def test_letters_of_scripts_without_spaces_are_tokens() -> None:
    passage = "今天天气很好我们去公园吧"
    found = _find(_documents([f"他说{passage}然后走了", f"她也说{passage}但是没去"]), len(passage) + 1)
    assert [span["tokens"] for span in found] == [len(passage) + 1], "the letter before is the same too"


def test_an_old_crawl_keeps_its_text_and_its_findings() -> None:
    passage = " ".join(f"w{number}" for number in range(60))
    old, new = [passage, f"{passage} x"], [f"y {passage}"]
    both = _documents(new + old, ["2025"] + ["2024"] * 2)
    found = _find(both, 50)
    assert [(span["doc_id"], span["matched_doc_id"]) for span in found] == [
        (f"{2:032x}", f"{1:032x}"), (f"{0:032x}", f"{1:032x}")
    ]
    assert _find(both.slice(1), 50)[0]["start"] == found[0]["start"]


TEXT = st.lists(st.sampled_from(["a", "b", "c", "ä", "-", "--", " ", "字", "\n"]), max_size=30).map("".join)


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXT, max_size=6), crawls=st.lists(st.sampled_from(["one", "two"]), min_size=6, max_size=6),
       min_tokens=st.integers(2, 5), rows=st.integers(1, 6), data=st.data())
def test_spans_are_those_of_a_naive_search(
    texts: list[str], crawls: list[str], min_tokens: int, rows: int, data: st.DataObject
) -> None:
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    documents = _documents(texts, crawls[: len(texts)])
    expected = _naive(documents, min_tokens)
    shuffled = documents.take(pa.array(data.draw(st.permutations(range(len(texts)))), pa.int64()))
    assert _find(shuffled, min_tokens, rows) == expected
    for span in expected:
        said = {row["doc_id"]: row["text"].encode() for row in documents.to_pylist()}
        passage = b"".join(said[span["doc_id"]][span["start"] : span["end"]].split())
        rest = b"".join(said[span["matched_doc_id"]][span["matched_start"] :].split())
        assert rest.startswith(passage)


def test_documents_that_share_nothing_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [[f"w{number}x{document}" for number in range(400)] for document in range(40)]
    for document in range(0, 40, 8):  # 50 words of each eighth are in the document behind it
        words[document + 1][100:150] = words[document][300:350]
    texts = pa.array([" ".join(some) for some in words], pa.large_string())
    hashes = pa.chunked_array([fingerprints(texts).field("hashes")])
    ids = pa.chunked_array([pa.array([f"{number:032x}" for number in range(40)])])
    expected = [document + place for document in range(0, 40, 8) for place in (0, 1)]
    for at_once in (2**24, 500, 1):
        monkeypatch.setattr(substring, "AT_ONCE", at_once)
        assert [int(name, 16) for name in sharing_documents(ids, hashes).to_pylist()] == expected
    # One of every 27 / 2 runs, as winnowing has it; none of texts that are too short.
    assert hashes.combine_chunks().flatten().to_numpy().size == pytest.approx(40 * 376 * 2 / 27, rel=0.15)
    short = pa.array([" ".join(some[:49]) for some in words] + [None])
    assert fingerprints(short).field("hashes").flatten().to_pylist() == []


def test_a_repeated_id_is_refused() -> None:
    documents = _documents(["a", "b"])
    twice = pa.concat_tables([documents, documents])
    with pytest.raises(ValueError, match="2 rows repeat one"):
        repeated_substrings(twice.to_batches, twice["text"].nbytes, 2)


def test_real_editions_of_a_book(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every passage that is told of two editions of the Rust book is word for word where it is said to be."""
    with tarfile.open(shared_data / "domains" / "mit-or-apache-2.0" / "rust-book.tar.xz") as archive:
        files = sorted((member for member in archive if member.name.endswith(".md")), key=lambda member: member.name)
        texts = [archive.extractfile(member).read().decode() for member in files]
    documents = _documents(texts, ["nostarch" if "nostarch" in member.name else "src" for member in files])
    spans = repeated_substrings(lambda: documents.to_batches(max_chunksize=7), documents["text"].nbytes)
    said = dict(zip(documents["doc_id"].to_pylist(), (text.encode() for text in texts), strict=True))
    for span in spans.to_pylist():
        passage = b"".join(said[span["doc_id"]][span["start"] : span["end"]].split())
        first, size = span["matched_start"], 2 * (span["end"] - span["start"])
        rest = said[span["matched_doc_id"]][first : first + size]
        assert b"".join(rest.split()).startswith(passage) and span["tokens"] >= 50
    monkeypatch.setattr(substring, "AT_ONCE", 5_000)  # many parts instead of one
    assert repeated_substrings(lambda: documents.to_batches(max_chunksize=7), documents["text"].nbytes).equals(spans)
    across = spans.filter(pc.equal(spans["snapshot"], "src"))
    share = pc.sum(pc.subtract(across["end"], across["start"])).as_py() / sum(map(len, said.values()))
    assert share > 0.2
