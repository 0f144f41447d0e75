"""Evaluation items are found where they stand, and nowhere else."""

from __future__ import annotations

import gzip
import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.kinds.pairer import Items
from data_platform.methods.decontaminate.items import EvaluationSetError, evaluation_state, read_items
from data_platform.methods.decontaminate.ngrams import EvaluationIndex, build_index, find_overlaps
from data_platform.methods.decontaminate.settings import Decontamination, EvaluationSet
from data_platform.text.spans import union

NOTHING = EvaluationSet(paths="unused", fields="text")


def _index(*fields: tuple[str, ...], **changes: object) -> EvaluationIndex:
    settings_ = Decontamination(sets={"set": NOTHING}, **{"fuzzy": None, **changes})
    return build_index([Items("set", [str(place) for place in range(len(fields))], list(fields))], settings_)


def _find(text: str, index: EvaluationIndex) -> list[dict]:
    return find_overlaps(pa.array([text]), index)[0].as_py()


def _covered(text: str, found: dict) -> list[str]:
    return [text.encode()[span["start"] : span["end"]].decode() for span in found["spans"]]


NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"


def test_a_run_of_13_words_is_enough_and_12_are_not() -> None:
    index = _index((NUMBERS,))
    words = NUMBERS.split()
    text = "They say: " + ", ".join(words[:13]).upper() + "! And then?"
    (found,) = _find(text, index)
    assert found["method"] == "exact" and not found["short"]
    assert found["overlap"] == pytest.approx(1 / 3)  # 15 words make 3 runs of 13
    assert _covered(text, found) == [", ".join(words[:13]).upper()]
    assert _find("They say: " + ", ".join(words[:12]) + "! And then?", index) == []


def test_spans_are_bytes_and_joined() -> None:
    index = _index((NUMBERS,))
    text = f"Größe “{NUMBERS}” — {NUMBERS}"
    (found,) = _find(text, index)
    assert found["overlap"] == 1.0 and _covered(text, found) == [NUMBERS, NUMBERS]


def test_a_short_field_is_found_as_a_whole() -> None:
    index = _index(("Is the sum of two odd numbers always even?", "Yes."))
    assert _find("is the sum of two odd numbers always odd", index) == []
    (found,) = _find("- Is the sum of two odd numbers\nALWAYS even", index)
    assert found["overlap"] == 1.0 and not found["short"]


def test_a_very_short_item_is_found_and_marked() -> None:
    index = _index(("What is 6 x 7?", "42"))
    assert _find("What is 6 x 8? 42", index) == []
    (found,) = _find("So: what is 6 x 7?\n42!", index)
    assert found["short"] and found["overlap"] == 1.0


def test_an_item_without_words_is_never_found() -> None:
    index = _index(("?!", "..."), (NUMBERS,))
    assert index.words.tolist() == [0, 15]
    assert _find("?! ...", index) == []


def test_digits_count() -> None:
    index = _index(("1 2 3 4 5 6 7 8 9 10 11 12 13",))
    assert _find("table: 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19", index) == []


def test_scripts_without_spaces_have_their_letters_as_words() -> None:
    item = "小明有三个苹果他给了小红一个"
    (found,) = _find(f"题目{item}请问", _index((item,)))
    assert found["overlap"] == 1.0 and _covered(f"题目{item}请问", found) == [item]


def test_edited_items_are_found_by_the_fuzzy_variant_alone() -> None:
    words = [f"w{number}" for number in range(38)]
    edited = list(words)
    edited[6::11] = ["x"] * len(edited[6::11])  # every 11th word: no run of 13 stays
    text = "before " * 30 + " ".join(edited) + " after" * 30
    exact, fuzzy = _index((" ".join(words),)), _index((" ".join(words),), fuzzy={"ngram": 3, "share": 0.5})
    assert _find(text, exact) == []
    (found,) = _find(text, fuzzy)
    assert found["method"] == "fuzzy"
    # 3 of the 38 words are new, each in 3 of the 36 runs.
    assert found["overlap"] == pytest.approx((36 - 3 * 3) / 36)
    assert _covered(text, found) == [" ".join(edited)]
    scattered = " filler ".join(" ".join(words[place : place + 3]) for place in range(0, 36, 3))
    assert _find(scattered.replace("filler", "filler " * 20), fuzzy) == [], "runs far apart are no item"


SPOKEN = st.text(st.sampled_from("abcdefghijklmnop äß字 .,!?-42\n"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(items=st.lists(st.lists(SPOKEN, min_size=1, max_size=3), min_size=1, max_size=4), before=SPOKEN, after=SPOKEN,
       which=st.integers(0, 3), fuzzy=st.booleans(), upper=st.booleans())
def test_a_planted_item_is_always_found(
    items: list[list[str]], before: str, after: str, which: int, fuzzy: bool, upper: bool
) -> None:
    """Whatever its length, if it has a word at all; in any surroundings, in capitals, with other signs between."""
    which %= len(items)
    changes = {"ngram": 5, "min_words": 3, "fuzzy": {"min_words": 6} if fuzzy else None}
    index = _index(*(tuple(parts) for parts in items), **changes)
    planted = "\n".join(items[which])
    if upper:
        planted = planted.upper().replace("SS", "ß").replace(".", " ; ")
    found = {hit["item_id"]: hit for hit in _find(f"{before}\n{planted}\n{after}", index)}
    if index.words[which]:
        assert found[str(which)]["overlap"] == 1.0
        assert found[str(which)]["short"] == (index.words[which] < 3)
    else:
        assert str(which) not in found


@settings(max_examples=50, deadline=None)
@given(st.lists(SPOKEN, max_size=8), st.data())
def test_what_is_found_in_a_text_does_not_depend_on_the_others(texts: list[str], data: st.DataObject) -> None:
    index = _index((NUMBERS,), ("a b c",), ("42",), min_words=2, ngram=3, fuzzy={"min_words": 4})
    alone = [find_overlaps(pa.array([text]), index)[0].as_py() for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    together = find_overlaps(pa.array([texts[place] for place in order], pa.string()), index).to_pylist()
    assert together == [alone[place] for place in order]


def test_items_come_from_jsonl_and_parquet(tmp_path: Path) -> None:
    rows = [
        {"q": "How many?", "choices": ["one", "two"], "n": 1, "id": "x"},
        {"q": "Who?", "choices": [], "n": 2, "id": "y"},
    ]
    expected = Items("set", ["x", "y"], [("How many?", "one\ntwo", "1"), ("Who?", "", "2")])
    plain, zipped, parquet = (tmp_path / name for name in ("a.jsonl", "b.jsonl.gz", "c.parquet"))
    text = "\n".join(map(json.dumps, rows)) + "\n\n"
    plain.write_text(text)
    zipped.write_bytes(gzip.compress(text.encode()))
    pq.write_table(pa.Table.from_pylist(rows), parquet)
    for path in (plain, zipped, parquet):
        settings_ = EvaluationSet(paths=str(path), fields=("q", "choices", "n"), id_field="id")
        assert read_items("set", settings_) == expected
    numbered = read_items("set", EvaluationSet(paths=str(zipped), fields="q"))
    assert numbered.ids == ["b.jsonl.gz:0", "b.jsonl.gz:1"]
    before = evaluation_state({"set": settings_})
    assert before == evaluation_state({"set": settings_})
    pq.write_table(pa.Table.from_pylist(rows[:1]), parquet)
    assert before != evaluation_state({"set": settings_})


@pytest.mark.parametrize(("line", "what"), [
    ("{", "rows.jsonl:1 is not JSON"), ("[1]", "rows.jsonl:1 is not an object"),
    ('{"a": "x"}', "rows.jsonl:1 is missing"),
    ('{"q": {"secret": 1}}', "rows.jsonl:1 is a dict"), ('{"q": "one", "id": "1"}', "1 ids are repeated"),
])
def test_what_cannot_be_read_is_named_without_its_text(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"q": "secret", "id": "1"}\n' + line)
    with pytest.raises(EvaluationSetError, match=what) as raised:
        read_items("trivia", EvaluationSet(paths=str(path), fields="q", id_field="id"))
    assert "trivia" in str(raised.value) and "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "\\u2028", "?! ..."])
def test_a_set_that_protects_nothing_is_no_evaluation_set(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'\n{{"q": "{text}"}}\n' if text else "\n\n")
    with pytest.raises(EvaluationSetError, match=r"trivia: its \d items hold no word in q"):
        read_items("trivia", EvaluationSet(paths=str(path), fields="q"))


def test_items_are_as_clean_as_documents(tmp_path: Path) -> None:
    """Documents are in NFC and have no lone surrogates; items may come in any form."""
    path = tmp_path / "rows.jsonl"
    item = "Où l'été s'est-il égaré, à côté de l'école où René a mangé une pêche ?"
    path.write_text(json.dumps({"q": unicodedata.normalize("NFD", item) + "\ud800"}))
    index = _index(*read_items("set", EvaluationSet(paths=str(path), fields="q")).fields)
    (found,) = _find(f"On demande : {item.upper()}", index)
    assert found["overlap"] == 1.0


def test_dots_reach_into_objects(tmp_path: Path) -> None:
    rows = [{"question": {"stem": "Why?"}, "choices": {"text": ["one", "two"], "label": ["A", "B"]}}]
    (tmp_path / "a.jsonl").write_text(json.dumps(rows[0]))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        fields = ("question.stem", "choices.text")
        items = read_items("arc", EvaluationSet(paths=str(tmp_path / name), fields=fields))
        assert items.fields == [("Why?", "one\ntwo")]


def test_union_joins_what_touches() -> None:
    assert union([(5, 7), (0, 2), (2, 3), (6, 9), (6, 7)]) == [(0, 3), (5, 9)]
    assert union([]) == []


def test_real_evaluation_sets(shared_data: Path) -> None:
    """GSM8K and HumanEval: every item is found in itself, few training questions are found, and no other text is."""
    folder = shared_data / "eval-sets"
    settings_ = Decontamination(sets={
        "gsm8k": {"paths": str(folder / "gsm8k-test.jsonl"), "fields": ["question", "answer"]},
        "humaneval": {"paths": str(folder / "HumanEval.jsonl.gz"), "fields": ["prompt", "canonical_solution"],
                      "id_field": "task_id"},
    })
    sets = [read_items(name, one) for name, one in settings_.sets.items()]
    assert [len(one.ids) for one in sets] == [1319, 164]
    index = build_index(sets, settings_)
    planted = find_overlaps(pa.array(["\n".join(parts) for one in sets for parts in one.fields]), index).to_pylist()
    for place, found in enumerate(planted):
        wanted = index.sets[place], index.ids[place]
        mine = [hit for hit in found if (hit["evaluation_set"], hit["item_id"]) == wanted]
        assert len(mine) == 1 and mine[0]["overlap"] == 1.0
    training = [json.loads(line) for line in (folder / "gsm8k-train.jsonl").read_text().splitlines()]
    found = find_overlaps(pa.array([f"{row['question']}\n{row['answer']}" for row in training]), index).to_pylist()
    assert 0 < sum(map(bool, found)) < 0.005 * len(training)
    wikipedia = (shared_data / "domains" / "cc-by-sa-3.0" / "wikitext-2-test.txt").read_text()
    assert find_overlaps(pa.array([wikipedia]), index).to_pylist() == [[]]
