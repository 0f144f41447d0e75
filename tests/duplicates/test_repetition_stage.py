"""Repetition in a lake: a new crawl is compared with what is stored of old ones, as if all had come at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data_platform.core import registry
from data_platform.core.kinds.pairer import PAIRS, DocumentPairer, Texts
from data_platform.core.tables import declaration
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.workspace import Workspace
from tests.duplicates.corpora import fill, numbered, rows_of, run, workspace

REPETITION = {
    "lines": {}, "paragraphs": {"cut": False}, "substrings": {"min_tokens": 12},
    "containment": {"share": 0.8, "scale": 1},
}
HASHED = ("passage_hashes", "substring_fingerprints", "document_sketches")
FOUND = ("redundant_documents", "duplicate_spans")
TABLES = (*HASHED, "document_signatures", "copy_pairs", "duplicates", *FOUND, "cut_programs", "deduplicated_documents")


def prose(chance: random.Random, words: int) -> str:
    """Text that repeats nothing."""
    return " ".join("".join(chance.choices("abcdefghijklmnoprstuvw", k=6)) for _ in range(words))


def corpus(documents: int = 42) -> list[dict[str, Any]]:
    """Texts of their own with borrowed passages: lines, runs in the midst of lines, and whole other texts."""
    chance = random.Random(11)
    lines, runs, essays = ([prose(chance, words) for _ in range(4)] for words in (6, 14, 40))
    rows = []
    for place, doc_id in enumerate(numbered(documents)):
        parts = [prose(chance, 25)]
        if place % 3 == 0:
            parts.append(chance.choice(lines))
        if place % 4 == 0:
            parts.append(f"{prose(chance, 3)} {chance.choice(runs)} {prose(chance, 3)}")
        if place % 7 == 0:
            parts.append(chance.choice(essays))
        text = chance.choice(essays) if place % 13 == 5 else "\n\n".join(parts)
        rows.append({"doc_id": doc_id, "text": text, "license_tier": place % 3, "url": f"https://e.com/{place}"})
    return rows


def split(rows: Sequence[dict[str, Any]], crawls: int, seed: int) -> list[dict[str, Any]]:
    """The rows, each in a crawl of its own choice; no crawl is empty."""
    chance = random.Random(seed)
    names = [f"crawl-{number}" for number in range(crawls)]
    chosen = names + chance.choices(names, k=len(rows) - crawls)
    chance.shuffle(chosen)
    return [{**row, "snapshot": name} for row, name in zip(rows, chosen, strict=True)]


def _crawls(rows: Sequence[dict[str, Any]]) -> list[str]:
    return sorted({row["snapshot"] for row in rows})


def _at_once(folder: Path, rows: Sequence[dict[str, Any]]) -> Workspace:
    work = workspace(folder, _crawls(rows), repetition=REPETITION)
    fill(work.lake, rows)
    run(work, TABLES)
    return work


def _same(one: Lake, other: Lake) -> None:
    for name in TABLES:
        assert rows_of(one, name).equals(rows_of(other, name)), name


@pytest.mark.parametrize(("crawls", "seed"), [(1, 0), (2, 1), (7, 2)])
def test_crawl_after_crawl_gives_what_all_at_once_give(tmp_path: Path, crawls: int, seed: int) -> None:
    rows = split(corpus(), crawls, seed)
    names = _crawls(rows)
    shuffled = random.Random(seed).sample(rows, len(rows))
    for count in dict.fromkeys((1, crawls // 2 or 1, crawls)):
        work = workspace(tmp_path / "grown", names[:count], repetition=REPETITION)
        if count == 1:
            fill(work.lake, shuffled, files=2)
        pins = {(name, crawl): work.lake.pin(name, crawl) for name in HASHED for crawl in names}
        before = {place: pin.recipe for place, pin in pins.items() if pin}
        run(work, TABLES)
        for (name, crawl), recipe in before.items():
            assert work.lake.pin(name, crawl).recipe == recipe, "what was made of an old crawl is left alone"
    _same(work.lake, _at_once(tmp_path / "once", rows).lake)
    kinds = set(rows_of(work.lake, "duplicate_spans")["kind"].to_pylist())
    assert kinds == {"line", "paragraph", "substring"} and rows_of(work.lake, "redundant_documents").num_rows > 0
    assert not any(commit.written for some in run(work, TABLES).values() for commit in some), "run again"


def test_only_texts_that_share_something_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    plain = [{"doc_id": f"{number:032x}", "snapshot": "old", "text": prose(chance, 60)} for number in range(50)]
    borrowed = " ".join(plain[7]["text"].split()[10:30])
    new = [{"doc_id": f"{99:032x}", "snapshot": "young", "text": f"before {borrowed} behind"}]
    work = workspace(tmp_path, ["old", "young"], repetition={"substrings": {"min_tokens": 12}})
    fill(work.lake, plain + new)
    tables = ("document_signatures", "copy_pairs", "duplicates", "substring_fingerprints", "duplicate_spans")
    read: list[str] = []
    texts = Lake.read_documents

    def recorded(self: Lake, *arguments: Any) -> Any:
        for rows in texts(self, *arguments):
            read.extend(rows["doc_id"].to_pylist())
            yield rows

    monkeypatch.setattr(Lake, "read_documents", recorded)
    run(work, tables)
    assert set(read) == {plain[7]["doc_id"], new[0]["doc_id"]}
    (span,) = rows_of(work.lake, "duplicate_spans").to_pylist()
    assert (span["doc_id"], span["matched_doc_id"], span["tokens"]) == (new[0]["doc_id"], plain[7]["doc_id"], 20)


def test_a_document_that_goes_takes_its_passages_with_it(tmp_path: Path) -> None:
    rows = split(corpus(), 2, 5)
    work = _at_once(tmp_path / "lake", rows)
    spans = rows_of(work.lake, "duplicate_spans").to_pylist()
    gone = {spans[0]["matched_doc_id"], spans[-1]["doc_id"]}
    left = [row for row in rows if row["doc_id"] not in gone]
    fill(work.lake, left)
    run(work, TABLES)
    _same(work.lake, _at_once(tmp_path / "other", left).lake)
    assert not any(gone & {row["doc_id"], row["matched_doc_id"]} for row in rows_of(
        work.lake, "duplicate_spans").to_pylist())


@pytest.mark.parametrize("stage", ["substring_fingerprints", "duplicate_spans", "cut_programs"])
def test_a_run_killed_before_it_commits_is_taken_up(
    tmp_path: Path, once: Workspace, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = workspace(tmp_path, _crawls(split(corpus(), 2, 1)), repetition=REPETITION)
    fill(work.lake, split(corpus(), 2, 1))
    replace = Lake.replace

    def killed(self: Lake, name: Any, *arguments: Any) -> Any:
        if declaration(name).name == stage:
            raise KeyboardInterrupt
        return replace(self, name, *arguments)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Lake, "replace", killed)
        run(work, TABLES)
    run(work, TABLES)
    _same(work.lake, once.lake)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return _at_once(tmp_path_factory.mktemp("once"), split(corpus(), 2, 1))


class SameStart(DocumentPairer, name="same_start"):
    """A document goes for the first by id that begins with the same word; reads texts again and stores nothing."""

    def pairs(self, sketched: pa.Table, texts: Texts) -> pa.Table:
        """The pairs, by doc_id."""
        first: dict[str, str] = {}
        found = []
        words = {
            row["doc_id"]: row["text"].partition(" ")[0]
            for rows in texts(sketched["doc_id"].combine_chunks()) for row in rows.to_pylist()
        }
        for doc_id, word in sorted(words.items()):
            if (other := first.setdefault(word, doc_id)) != doc_id:
                found.append({"doc_id": doc_id, "matched_doc_id": other, "similarity": 0.5})
        return pa.Table.from_pylist(found, PAIRS)


def test_further_pairers_are_named_in_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, kind = registry.methods(DocumentPairer), DocumentPairer.kind.name
    every = {**registry._methods(), kind: {**known, "same_start": SameStart}}
    monkeypatch.setattr(registry, "_methods", lambda: every)
    texts = {1: "a b c d e", 2: "x y a b c d e z", 3: "x is all that these share", 4: "y stands alone here"}
    rows = [{"doc_id": f"{place:032x}", "snapshot": "one", "text": text} for place, text in texts.items()]
    pairs = {
        "part": {"method": "containment", "ngram": 2, "scale": 1}, "same_start": {}, "again": {
            "method": "same_start", "drop": False},
    }
    work = workspace(tmp_path, ["one"], repetition={"pairs": pairs})
    fill(work.lake, rows)
    flow = stages(work.recipe)
    assert flow["sketches_part"].methods == (known["containment"],) and "sketches_same_start" not in flow
    assert flow["redundant_documents"].methods == (known["containment"], SameStart)
    run(work, ("sketches_part", "document_signatures", "copy_pairs", "duplicates", "redundant_documents",
               "cut_programs", "deduplicated_documents"))
    assert work.lake.read_table("sketches_part").column_names == ["doc_id", "snapshot", "shingle_count", "sketch"]
    found = [
        (row["kind"], int(row["doc_id"], 16), int(row["matched_doc_id"], 16), row["similarity"])
        for row in rows_of(work.lake, "redundant_documents").to_pylist()
    ]
    assert found == [("part", 1, 2, 1.0), ("same_start", 3, 2, 0.5)]
    reasons = rows_of(work.lake, "cut_programs")
    assert dict(zip(reasons["doc_id"].to_pylist(), reasons["reason"].to_pylist(), strict=True)) == {
        f"{1:032x}": "part", f"{3:032x}": "same_start",
    }
    assert [int(name, 16) for name in rows_of(work.lake, "deduplicated_documents")["doc_id"].to_pylist()] == [2, 4]


def test_nothing_repeats_in_nothing(tmp_path: Path) -> None:
    texts = ["", "word", "?!", "今天", "\n\n"]  # the first and the last are one text
    work = _at_once(tmp_path, [{"doc_id": f"{place:032x}", "snapshot": "one", "text": text, "license_tier": 1}
                               for place, text in enumerate(texts)])
    assert {name: rows_of(work.lake, name).num_rows for name in (*FOUND, "cut_programs", "deduplicated_documents")} == {
        "redundant_documents": 0, "duplicate_spans": 0, "cut_programs": 0, "deduplicated_documents": 4,
    }
