# ruff: noqa: RUF001 - characters that look alike are what these tests are about
"""Signals: values worked out by hand, and agreement with a plain reading of the definitions."""

from __future__ import annotations

import itertools
import json
import math
import re
import string
import tarfile
import threading
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.filtering.settings import Signals
from data_platform.filtering.signals import quality_signals
from data_platform.text import bits, scan
from data_platform.text.english import GOPHER_STOP_WORDS, STOP_WORDS
from data_platform.text.kinds import kind_table
from data_platform.text.lines import LIMITS
from data_platform.text.scan import words_of


def _signals(text: str) -> dict[str, float]:
    return quality_signals(pa.array([text]))[0].as_py()


def test_columns_are_those_of_the_table() -> None:
    declared = [field for field in table("quality_signals").schema if field.name not in ("doc_id", "snapshot")]
    assert list(quality_signals(pa.array(["a"])).type) == declared
    assert len(quality_signals(pa.array([], pa.string()))) == 0


def test_a_text_worked_out_by_hand() -> None:
    text = (
        "The # sign — and 3 more…\n"  # tokens The # sign — and 3 more …
        "• Have a look...  \n"  # • Have a look ...
        "\n"
        "To be, or not to be: that is the question.\n"  # 10 words and 3 signs
        "• Have a look...  \n"
        '- "done"'  # - " done "
    )
    found = _signals(text)
    tokens, words = 8 + 5 + 13 + 5 + 4, 5 + 3 + 10 + 3 + 1
    letters = (3 + 4 + 3 + 1 + 4) + 2 * (4 + 1 + 4) + (2 + 2 + 2 + 3 + 2 + 2 + 4 + 2 + 3 + 8) + 4
    length, lines, split = len(text), 5, 6
    expected = {
        "character_count": length,
        "word_and_symbol_count": tokens,
        "word_count": words + 2,  # '•' is not in datatrove's punctuation
        "mean_word_length": (letters + 2) / (words + 2),
        "hash_to_word_ratio": 1 / tokens,
        "ellipsis_to_word_ratio": 3 / tokens,
        "bullet_line_fraction": 3 / split,
        "ellipsis_line_fraction": 3 / split,
        "alphabetic_word_fraction": (words - 1) / tokens,
        "stop_word_count": 5,  # and to be that the; not The, To, Have
        "duplicate_line_fraction": 1 / lines,
        "duplicate_line_character_fraction": 18 / length,
        "duplicate_paragraph_fraction": 0,
        "line_count": lines,
        "line_punctuation_fraction": 1 / lines,
        "short_line_fraction": 4 / lines,
        "fineweb_duplicate_line_character_fraction": 18 / (length - 5),
        "newline_to_word_ratio": 5 / tokens,
        "c4_line_count": split,
        "c4_kept_line_count": 1,
        "c4_sentence_count": 1,
        "c4_unpunctuated_kept_line_count": 4,
        "whitespace_word_count": 8 - 1 + 4 + 10 + 4 + 2,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \n\u3000", None])
def test_blank_texts_give_zeros(text: str | None) -> None:
    found = quality_signals(pa.array([text], pa.string()))[0].as_py()
    assert found.pop("character_count") == len(text or "")
    assert found.pop("newline_to_word_ratio") == (text or "").count("\n")
    # No n-gram at all is what Curator drops a text for.
    curator = {found.pop(name) for name in list(found) if re.match(r"gopher_curator_.*gram", name)}
    assert curator == {1.0}
    blank = {name: value for name, value in found.items() if value}
    assert set(blank) <= {
        "c4_line_count", "culturax_special_character_ratio", "duplicate_line_fraction",
        "gopher_dolma_duplicate_line_fraction", "gopher_curator_duplicate_paragraph_fraction",
    }  # fmt: skip


C4 = [
    ("One two three.", 1, 1),
    ("One two.", 0, 0),  # two words
    ("One two three", 0, 0),
    ("One two three...", 0, 0),
    ("Is it? Yes! It is.", 1, 3),
    ("He said \"so it is.\"", 1, 1),
    ("Mr. Smith went. Dr. Who came.", 1, 2),
    ("One [1] two [edit] three.[citation needed]", 1, 1),
    ("One two three. [12]", 0, 0),  # a blank is left at the end
    ("Turn on JavaScript to see this.", 0, 0),
    ("See our Privacy Policy for more.", 0, 0),
    ("This site uses cookies to track.", 0, 0),
    ("Use of cookie jars is fine.", 1, 1),
    ("a b " + "x" * 1000 + ".", 0, 0),
    ("a b " + "x" * 999 + ".", 1, 1),
    ("One two three.\r\nFour five six!\x0bSeven eight nine?", 3, 3),
]


@pytest.mark.parametrize(("text", "lines", "sentences"), C4, ids=range(len(C4)))
def test_c4s_line_rules(text: str, lines: int, sentences: int) -> None:
    found = _signals(text)
    assert (found["c4_kept_line_count"], found["c4_sentence_count"]) == (lines, sentences)


def test_c4s_document_rules_see_the_lines_that_reach_them() -> None:
    found = _signals("Lorem ipsum dolor.\nlorem ipsum\nif (a) { b } end.\n{ x }\nx { y z")
    assert (found["c4_lorem_ipsum_line_count"], found["c4_unpunctuated_lorem_ipsum_line_count"]) == (1, 1)
    assert (found["c4_curly_bracket_line_count"], found["c4_unpunctuated_curly_bracket_line_count"]) == (1, 3)


REFINEDWEB = [
    ("HELLO WORLD THIS is\nplain words here", 4 / 7),
    ("123 456\nplain words here", 0),  # the blank is no digit
    ("123456\nplain words here", 1 / 4),
    ("3.5K Likes\n12 views!\nplain words here", 4 / 7),
    ("3 likes this\nplain words here", 0),
    ("word\nplain words here", 1 / 4),
    ("sign-in to read\nplain words", 1 / 5),
    ("an item read more...\n3 items in cart now", 5 / 9),
    ("one two three four five six seven eight nine ten items in cart", 0),
]


@pytest.mark.parametrize(("text", "fraction"), REFINEDWEB, ids=range(len(REFINEDWEB)))
def test_words_that_refinedweb_removes(text: str, fraction: float) -> None:
    assert _signals(text)["refinedweb_removed_word_fraction"] == pytest.approx(fraction)


def test_normal_words_are_decomposed_and_lose_ascii_punctuation() -> None:
    found = _signals("Café cafe\u0301 CAFÉ! «x» -- 각")
    assert found["rps_doc_word_count"] == 5
    assert found["rps_doc_frac_unique_words"] == pytest.approx(3 / 5)
    assert found["rps_doc_mean_word_length"] == pytest.approx((5 + 5 + 5 + 3 + 3) / 5)


# A plain reading of the definitions. What a token is comes from `words_of`, which tests/text/test_tokens.py checks.


def _has(character: str, kind: str) -> bool:
    pages, kinds = kind_table()[:2]
    point = ord(character)
    return bool(kinds[(int(pages[point >> 8]) << 8) | (point & 255)] & getattr(bits, kind))


def _ngrams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _size(words: list[str] | tuple[str, ...]) -> int:
    return sum(map(len, words))


def _later(spans: list[str]) -> list[str]:
    return [span for place, span in enumerate(spans) if span in spans[:place]]


def _twins(spans: list[str]) -> list[str]:
    return [span for span in spans if spans.count(span) > 1]


def _over(part: float, whole: float) -> float:
    return part / max(whole, 1)


def _datatrove(text: str, tokens: list[str]) -> dict[str, float]:
    words = [token for token in tokens if not all(_has(character, "PUNCTUATION") for character in token)]
    lines = text.splitlines()
    paragraphs, pieces = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    full = [line for line in text.split("\n") if line.strip()]
    signals = {
        "character_count": len(text),
        "word_and_symbol_count": len(tokens),
        "word_count": len(words),
        "mean_word_length": _over(_size(words), len(words)),
        "hash_to_word_ratio": _over(text.count("#"), len(tokens)),
        "ellipsis_to_word_ratio": _over(text.count("...") + text.count("…"), len(tokens)),
        "bullet_line_fraction": _over(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_line_fraction": _over(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alphabetic_word_fraction": _over(sum(any(map(str.isalpha, token)) for token in tokens), len(tokens)),
        "stop_word_count": len(set(tokens) & set(GOPHER_STOP_WORDS)),
        "duplicate_paragraph_fraction": len(_later(paragraphs)) / len(paragraphs),
        "duplicate_paragraph_character_fraction": _over(_size(_later(paragraphs)), len(text)),
        "duplicate_line_fraction": len(_later(pieces)) / len(pieces),
        "duplicate_line_character_fraction": _over(_size(_later(pieces)), len(text)),
        "line_count": len(full),
        "line_punctuation_fraction": _over(sum(_has(line[-1], "TERMINAL") for line in full), len(full)),
        "short_line_fraction": _over(sum(len(line) <= 30 for line in full), len(full)),
        "fineweb_duplicate_line_character_fraction": _over(_size(_later(full)), len(text.replace("\n", ""))),
        "newline_to_word_ratio": _over(text.count("\n"), len(tokens)),
    }
    for n in (2, 3, 4):
        top = Counter(_ngrams(tokens, n)).most_common(1)
        signals[f"top_{n}gram_character_fraction"] = _over(
            sum(len(" ".join(ngram)) * count for ngram, count in top), len(text)
        )
    for n in range(5, 11):
        seen, characters, place = set(), 0, 0
        while place < len(tokens) - n + 1:
            ngram = tuple(tokens[place : place + n])
            characters += _size(ngram) if ngram in seen else 0
            place += n if ngram in seen else 1
            seen.add(ngram)
        signals[f"duplicate_{n}gram_character_fraction"] = _over(characters, len(text))
    return signals


def _sentences(line: str) -> int:
    count, ended = 1, False
    for token in words_of(line):
        ends = len(token) == 1 and _has(token, "SENTENCE_END")
        if ended and not ends and not all(unicodedata.category(character)[0] == "P" for character in token):
            count, ended = count + 1, False
        elif ends:
            ended = True
    return count + (ended and bool(re.search(r"\s\s$", line)))


def _c4(text: str) -> dict[str, float]:
    found = Counter()
    for line in map(str.strip, text.splitlines()):
        words = line.split()
        line = re.sub(r"\[\d*]|\[edit]|\[citation needed]", "", line)
        small = line.lower()
        if len(words) < 3 or max(map(len, words)) > 1000:
            continue
        if "lorem ipsum" in small:
            rule = "lorem_ipsum_line_count"
        elif "javascript" in small:
            continue
        elif "{" in line:
            rule = "curly_bracket_line_count"
        elif re.search("terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies", small):
            continue
        else:
            rule = "kept_line_count"
        ends = line.endswith((".", "?", "!", '"', "'")) and not line.endswith("...")
        for prefix in ("c4_unpunctuated_", *(("c4_",) if ends else ())):
            found[prefix + rule] += 1
            found[prefix + "sentence_count"] += _sentences(line) if rule == "kept_line_count" else 0
    names = ("kept_line_count", "sentence_count", "lorem_ipsum_line_count", "curly_bracket_line_count")
    return {prefix + name: found[prefix + name] for prefix in ("c4_", "c4_unpunctuated_") for name in names}


def _dialects(text: str) -> dict[str, float]:
    words = text.split()
    pieces = re.split(r"\n+", text)
    full = [line for line in text.split("\n") if line.strip()]
    parts = text.split("\n\n")
    stripped = [line.strip() for line in full]
    blocks = [part.strip() for part in parts if part.strip()]
    lengths = [len(word) for word in words]
    signals = {
        "whitespace_word_count": len(words),
        "whitespace_mean_word_length": _over(_size(words), len(words)),
        "whitespace_stop_word_occurrences": sum(word in GOPHER_STOP_WORDS for word in words),
        "gopher_dolma_median_word_length": float(np.median(lengths)) if words else 0,
        "gopher_dolma_symbol_word_fraction": _over(sum("#" in word or "…" in word for word in words), len(words)),
        "gopher_dolma_bullet_line_fraction": sum(piece.startswith(("*", "-")) for piece in pieces) / len(pieces),
        "gopher_dolma_ellipsis_line_fraction": sum(piece.endswith("…") for piece in pieces) / len(pieces),
        "gopher_dolma_duplicate_line_fraction": len(_twins(pieces)) / len(pieces),
        "gopher_dolma_duplicate_line_character_fraction": _over(_size(_twins(pieces)), _size(words)),
        "gopher_curator_duplicate_line_fraction": _over(len(_later(full)), len(full)),
        "gopher_curator_duplicate_line_character_fraction": _over(_size(_later(full)), _size(full)),
        "gopher_curator_duplicate_paragraph_fraction": len(_later(parts)) / len(parts),
        "gopher_curator_duplicate_paragraph_character_fraction": _over(_size(_later(parts)), _size(parts)),
        "gopher_dclm_duplicate_line_fraction": _over(len(_twins(stripped)), len(stripped)),
        "gopher_dclm_duplicate_line_character_fraction": _over(_size(_twins(stripped)), _size(stripped)),
        "gopher_dclm_duplicate_paragraph_fraction": _over(len(_twins(blocks)), len(blocks)),
        "gopher_dclm_duplicate_paragraph_character_fraction": _over(_size(_twins(blocks)), _size(blocks)),
        "gopher_dclm_stop_word_occurrences": sum(word.lower() in GOPHER_STOP_WORDS for word in words),
    }
    for n in (2, 3, 4):
        counts = Counter(_ngrams(words, n))
        top = counts.most_common(1)
        signals[f"gopher_dolma_top_{n}gram_character_fraction"] = _over(
            sum(_size(ngram) * count for ngram, count in top), _size(words)
        )
        joined = " ".join(top[0][0]) if top else ""
        signals[f"gopher_curator_top_{n}gram_character_fraction"] = (
            text.count(joined) * len(joined) / len(text) if top else 1.0
        )
    for n in range(5, 11):
        counts = Counter(_ngrams(words, n))
        repeated = sum(_size(ngram) * count for ngram, count in counts.items() if count > 1)
        every = sum(_size(ngram) * count for ngram, count in counts.items())
        signals[f"gopher_dolma_duplicate_{n}gram_character_fraction"] = _over(repeated, every)
    return signals


def _redpajama(text: str) -> dict[str, float]:
    normal = unicodedata.normalize("NFD", text.translate(str.maketrans("", "", string.punctuation)).lower()).split()
    raw = re.findall(r"\w+|[^\w\s]+", text)
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    counts = Counter(normal)
    signals = {
        "rps_doc_curly_bracket": _over(text.count("{") + text.count("}"), len(text)),
        "rps_doc_frac_all_caps_words": _over(sum(map(str.isupper, raw)), len(raw)),
        "rps_doc_frac_lines_end_with_ellipsis": _over(
            sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)
        ),
        "rps_doc_frac_no_alph_words": _over(sum(not re.search("[a-zA-Z]", word) for word in raw), len(raw)),
        "rps_doc_frac_unique_words": _over(len(counts), len(normal)),
        "rps_doc_mean_word_length": _over(_size(normal), len(normal)),
        "rps_doc_num_sentences": len(re.findall(r"\b[^.!?]+[.!?]*", text)),
        "rps_doc_stop_word_fraction": _over(sum(word in STOP_WORDS for word in raw), len(raw)),
        "rps_doc_unigram_entropy": -sum(n / len(normal) * math.log(n / len(normal)) for n in counts.values()),
        "rps_doc_word_count": len(normal),
        "rps_lines_ending_with_terminal_punctution_mark": _over(
            sum(line.rstrip().endswith((".", "!", "?", "”")) for line in lines), len(lines)
        ),
        "rps_lines_javascript_counts": _over(counts["javascript"], len(lines)),
        "rps_lines_uppercase_letter_fraction": _over(
            sum(sum(map(str.isupper, line)) / len(line) for line in lines), len(lines)
        ),
        "rps_lines_numerical_chars_fraction": _over(
            sum(sum(map(str.isnumeric, line)) / len(line) for line in lines), len(lines)
        ),
    }
    for n in (2, 3, 4):
        top = [(ngram, count) for ngram, count in Counter(_ngrams(normal, n)).most_common(1) if count > 1]
        signals[f"rps_doc_frac_chars_top_{n}gram"] = _over(sum(_size(ngram) * n for ngram, n in top), _size(normal))
    for n in range(5, 11):
        repeated = Counter(_ngrams(normal, n))
        covered = {
            place + k for place, ngram in enumerate(_ngrams(normal, n)) if repeated[ngram] > 1 for k in range(n)
        }
        signals[f"rps_doc_frac_chars_dupe_{n}grams"] = _over(sum(len(normal[k]) for k in covered), _size(normal))
    return signals


def _culturax(text: str) -> dict[str, float]:
    counts = sorted(Counter(text[i : i + 10] for i in range(len(text) - 9)).values(), reverse=True)
    kept = min(math.isqrt(len(counts)), sum(count > 1 for count in counts))
    return {"culturax_character_repetition_ratio": _over(sum(counts[:kept]), sum(counts))}


def _assert_agreement(texts: list[str]) -> None:
    for text, found in zip(texts, quality_signals(pa.array(texts, pa.large_string())).to_pylist(), strict=True):
        expected = {
            **_datatrove(text, words_of(text)), **_c4(text), **_dialects(text), **_redpajama(text), **_culturax(text),
        }  # fmt: skip
        assert all(math.isfinite(value) for value in found.values())
        for name, value in expected.items():
            assert math.isclose(found[name], value, abs_tol=1e-12), name


ALPHABET = "aäthe beOF#.…•-—|\"'!?,;12٣½ßЖ한中文かไทก็\u0301\u0903\u200b \t\r\u00a0\u3000\x85\n\n。？[{]}"
PIECES = st.sampled_from([
    "the ", "with ", "...", "…\n", "• ", "- ", "\n", "\n\n", "\n\n\n", " ", "a line\n", "A line. ", "中文。", "x" * 31,
    "javascript ", "Lorem ipsum ", "{ ", "[1] ", "[edit]", "use cookies ", "one two three.\n", "1 2 3\n", "the the ",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(ALPHABET, max_size=60), st.lists(PIECES, max_size=40).map("".join)), max_size=4))
def test_signals_agree_with_the_definitions(texts: list[str]) -> None:
    _assert_agreement(texts)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.data())
def test_a_texts_signals_depend_on_that_text_alone(texts: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(texts) - 1))
    together = quality_signals(pa.chunked_array([texts, texts[::-1]], pa.string()))
    alone = quality_signals(pa.array(texts).slice(place, 1))[0]
    assert together[place] == together[2 * len(texts) - 1 - place] == alone


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array([f"Text {n} [1] the the 中文 {'word ' * n}.\n" * (n % 7) for n in range(60)])
    whole = quality_signals(texts)
    monkeypatch.setattr(scan, "BLOCK_BYTES", 100)
    monkeypatch.setattr(scan, "GROUP_TEXTS", 7)
    assert quality_signals(texts) == whole


@pytest.mark.parametrize(
    ("limit", "value", "column", "published", "changed"),
    [
        ("fineweb_short_line", 5, "short_line_fraction", 1.0, 0.5),
        ("culturax_short_line", 5, "culturax_short_line_ratio", 1.0, 0.5),
        ("c4_line_words", 2, "c4_kept_line_count", 1, 2),
        ("c4_long_word", 4, "c4_kept_line_count", 1, 0),
        ("refinedweb_phrase_words", 3, "refinedweb_removed_word_fraction", 1 / 6, 0.0),
    ],
)
def test_limits_can_be_changed(limit: str, value: int, column: str, published: float, changed: float) -> None:
    # Of the six words RefinedWeb removes one, for the phrase in the first line.
    text = pa.array(["Sign-in words stand here.\nA b."])
    assert Signals().model_dump() == LIMITS
    assert quality_signals(text)[0][column].as_py() == pytest.approx(published)
    assert quality_signals(text, LIMITS | {limit: value})[0][column].as_py() == pytest.approx(changed)


def test_what_the_lexicon_has_seen_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    # A Hangul syllable is one character of a segment, but counts as its letters in a normal word.
    texts = ["한국어. 한국어", "한국어 word, word.word", "中文word Word 中文。", "word's 「한국어」 lorem ipsum"]
    monkeypatch.setattr(scan, "BLOCK_BYTES", 100)
    for order in itertools.permutations(range(len(texts))):
        for words in (0, 4, 1_000):
            monkeypatch.setattr(scan, "WORDS", words)
            monkeypatch.setattr(scan, "_local", threading.local())
            together = quality_signals(pa.array([texts[place] for place in order] * 2))
            for place, found in zip(order * 2, together, strict=True):
                monkeypatch.setattr(scan, "_local", threading.local())
                assert found == quality_signals(pa.array([texts[place]]))[0]


def test_chunks_of_few_words_do_not_outgrow_the_lexicon(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every chunk is cut into many pieces, hardly one of which is new.
    texts = [",".join(letters) + f",{number}" for number, letters in enumerate(itertools.permutations("abcdef"))]
    monkeypatch.setattr(scan, "BLOCK_BYTES", 100)
    monkeypatch.setattr(scan, "WORDS", 500)
    monkeypatch.setattr(scan, "_local", threading.local())
    together = quality_signals(pa.array(texts * 3))
    assert scan._local.scratch.lexicon.used <= len(scan._local.scratch.lexicon.pieces)
    assert together[: len(texts)] == together[len(texts) : 2 * len(texts)] == together[2 * len(texts) :]
    assert {row["word_and_symbol_count"] for row in together.to_pylist()} == {11}


def test_real_texts_agree_with_the_definitions(shared_data: Path) -> None:
    with tarfile.open(shared_data / "langid" / "lingua-testdata.tar.xz") as archive:
        sentences = {
            Path(member.name).stem: archive.extractfile(member).read().decode().split("\n", 40)[:40]
            for member in archive
            if member.isfile() and member.name.startswith("sentences/")
        }
    languages = ["\n".join(lines) for lines in sentences.values()]
    assert len(languages) == 79
    samples = [
        json.loads(line)["text"][:5_000]
        for name in ("redpajama-c4-refined", "redpajama-cc-2023-06-refined", "stack_exchange")
        for line in (shared_data / "domains" / "mixed-samples" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    _assert_agreement([*languages, *samples])
