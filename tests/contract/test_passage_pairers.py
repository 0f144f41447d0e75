"""Pairers of passages: what repeats is found in whatever order documents come, and is where it is said to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import PassagePairer
from data_platform.core.tables import table
from tests.contract.every import TEXTS, doc_ids, each, each_example, settings_of

LONG = " ".join(f"word{at}" for at in range(60))
REPEATING = (*TEXTS, f"Before.\n{LONG}", f"{LONG}\n\nAfter.", f"{TEXTS[0]}\nAnd a line.")


def signed(pairer: PassagePairer, texts: Sequence[str]) -> pa.Table:
    """What is stored of texts."""
    return pa.Table.from_struct_array(pairer.sign(pa.array(texts, pa.large_string())))


def documents(pairer: PassagePairer, ids: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """What a pairer is handed to compare."""
    rows = signed(pairer, texts).append_column("doc_id", pa.array(ids, pa.string()))
    rows = rows.append_column("snapshot", pa.repeat("a", len(ids)))
    assert set(pairer.columns(pairer.settings)) <= {"byte_count"}
    return rows.append_column("byte_count", pa.array([len(text.encode()) for text in texts], pa.int64()))


def spans(pairer: PassagePairer, rows: pa.Table, texts: dict[str, str]) -> list[dict]:
    """The passages that repeat."""
    def read(wanted: pa.Array) -> Iterator[pa.Table]:
        for doc_id in reversed(wanted.to_pylist()):
            text = pa.array([texts[doc_id]], pa.large_string())
            yield pa.table({"doc_id": [doc_id], "snapshot": ["a"], "text": text})

    declared = table("duplicate_spans")
    found = pairer.spans(rows, read).select(declared.column_names).cast(declared.schema).to_pylist()
    for row in found:
        assert row["kind"] == pairer.passage
        assert 0 <= row["start"] < row["end"] <= len(texts[row["doc_id"]].encode())
        assert (row["matched_doc_id"], row["matched_start"]) < (row["doc_id"], row["start"]), "the first stays"
    return sorted(found, key=lambda row: tuple(row[name] for name in declared.key))


@each_example(PassagePairer)
def test_examples_hold(method: type[PassagePairer], example: Example) -> None:
    pairer, ids = method(settings_of(method, example)), [f"{at:032x}" for at in range(len(example.given))]
    texts = dict(zip(ids, example.given, strict=True))
    found = spans(pairer, documents(pairer, ids, example.given), texts)
    told = [
        (ids.index(row["doc_id"]), texts[row["doc_id"]].encode()[row["start"]:row["end"]].decode().strip(" "))
        for row in found
    ]
    assert told == list(example.gives)


@each(PassagePairer)
@settings(max_examples=10, deadline=None)
@given(texts=st.lists(st.sampled_from(REPEATING), min_size=1, max_size=6), data=st.data())
def test_passages_do_not_depend_on_order(
    method: type[PassagePairer], texts: list[str], data: st.DataObject
) -> None:
    pairer, ids = method(settings_of(method)), doc_ids(len(texts))
    alone = pa.concat_tables(signed(pairer, [text]) for text in texts).combine_chunks()
    assert signed(pairer, texts).combine_chunks().to_pylist() == alone.to_pylist()
    rows, by_id = documents(pairer, ids, texts), dict(zip(ids, texts, strict=True))
    found = spans(pairer, rows, by_id)
    order = data.draw(st.permutations(range(len(texts))))
    assert spans(pairer, rows.take(pa.array(order, pa.int64())), by_id) == found
