"""Stop words learned from reference text: known answers, scripts, and independence of order."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.filtering.rules import rule_set
from data_platform.filtering.stop_words import count_stop_words, learn_stop_words

SETTINGS = {"stop_word_share": 0.1, "rare_stop_word_share": 0.05, "fewest_stop_words": 2}


def _learn(*batches: list[str], language: str = "fr", **settings: float) -> pa.Table:
    arrays = [pa.array(batch, pa.large_string()) for batch in batches]
    return learn_stop_words(language, lambda: iter(arrays), {**SETTINGS, **settings})


def test_words_above_the_share_are_stop_words_without_case_diacritics_and_numbers() -> None:
    text = "À la a la une 12 13 14 " + " ".join(f"mot{letter}" for letter in "bcdfghjklmnp")
    found = _learn([text])
    assert found.schema == table("filter_stop_words").schema
    # 20 words: à and a are one, twice; la twice; the numbers are one word, three times, and no stop word.
    assert [(row["word"], row["share"]) for row in found.to_pylist()] == [("a", 0.1), ("la", 0.1)]
    assert _learn([text], stop_word_share=0.09)["word"].to_pylist() == ["a", "la"]


def test_rarer_words_are_taken_where_frequent_ones_are_few() -> None:
    text = " ".join(["der"] * 20 + ["die", "das", "ein"] * 4 + [f"x{number:c}" for number in range(97, 123)] * 2)
    assert _learn([text])["word"].to_pylist() == ["der"]
    assert _learn([text], rare_stop_word_share=0.04)["word"].to_pylist() == ["der", "das", "die", "ein"]


def test_order_and_batches_do_not_matter() -> None:
    texts = ["le chat et le chien", "le jour et la nuit", "la vie est un long fleuve"]
    first = _learn(texts)
    assert first.num_rows
    assert first.equals(_learn(texts[::-1])) and first.equals(_learn(texts[2:], texts[:2]))


def test_every_letter_is_a_word_where_words_are_not_spaced() -> None:
    assert _learn(["日本の首都は東京です。東京の人口。"], language="ja")["word"].to_pylist()[:3] == ["の", "京", "東"]


def test_distinct_stop_words_of_the_documents_own_language_are_counted() -> None:
    stop_words = pa.Table.from_pylist(
        [{"language": language, "word": word, "share": 0.1}
         for language, word in (("fr", "la"), ("fr", "le"), ("fr", "à"), ("de", "der"))],
        table("filter_stop_words").schema,
    )
    text = pa.array(["La la le A", "der la", "DER der", "la le", ""], pa.large_string())
    language = pa.array(["fr", "fr", "de", "xx", "fr"])
    found = count_stop_words(text, language, stop_words)
    assert found.field("language_stop_word_count").to_pylist() == [3, 1, 1, 0, 0]


def test_german_stop_words_come_out_of_german_text(shared_data: Path) -> None:
    """Most of what a thousand sentences of news give is in FineWeb2's list for deu_Latn, which is of Wikipedia."""
    with tarfile.open(shared_data / "langid" / "lingua-testdata.tar.xz") as archive:
        sentences = archive.extractfile("sentences/de.txt").read().decode().splitlines()
    found = _learn(sentences, language="de", **{
        name: value for name, value in rule_set("fineweb2").settings.items() if name in SETTINGS})
    published = {"der", "und", "die", "in", "von", "im", "den", "des", "mit", "das", "er", "dem", "als", "wurde", "fur"}
    words = found["word"].to_pylist()
    assert words[:3] == ["die", "der", "und"] and len(words) >= 8
    assert len(published & set(words)) > len(words) / 2
