"""Stop words of any language, learned from reference text, and how many of them a document holds.

Penedo et al. 2025, "FineWeb2", arXiv:2506.20920, section 4.4.1: the stop words of a language are the words that make
up more than a share of its reference text. Words are those of `text/words.py`: normalised, without case and diacritics,
one per letter in scripts without spaces; numbers are none. Not here: the eight English words of Gopher, which are a
signal (`signals.py`), and the rule that asks for them (`methods/filters/fineweb2.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.text.words import word_ngram_hashes

_WORD = re.compile(r"\w+")


def learn_stop_words(
    language: str, texts: Callable[[], Iterable[pa.Array]], settings: Mapping[str, float]
) -> pa.Table:
    """The stop words of a language: rows of table `filter_stop_words`, the most frequent first.

    Args:
        texts: gives the reference texts, in batches, as often as it is called; what is learned does not depend on
            their order.
        settings: `stop_word_share`, the least share of a stop word; `fewest_stop_words`, and `rare_stop_word_share`,
            the least share where that many are not found.
    """
    hashes, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
    for batch in texts():
        hashes, place = np.unique(np.concatenate([hashes, _hashes(batch)[1]]), return_inverse=True)
        ones = np.ones(len(place) - len(counts), np.int64)
        counts = np.bincount(place, np.concatenate([counts, ones]), len(hashes)).astype(np.int64)
    total = max(int(counts.sum()), 1)
    frequent = counts / total > settings["rare_stop_word_share"]
    spelled = _spell(set(hashes[frequent].tolist()), texts)
    found = sorted(
        (-count, spelled[code]) for code, count in zip(hashes[frequent].tolist(), counts[frequent].tolist(),
                                                       strict=True) if code in spelled
    )
    common = [row for row in found if -row[0] / total > settings["stop_word_share"]]
    chosen = common if len(common) >= settings["fewest_stop_words"] else found
    return pa.Table.from_pylist(
        [{"language": language, "word": word, "share": -count / total} for count, word in chosen],
        table("filter_stop_words").schema,
    )


def count_stop_words(text: pa.Array, language: pa.Array, stop_words: pa.Table) -> pa.StructArray:
    """How many distinct stop words of its language each text holds; 0 for languages that have none.

    Returns:
        One struct per text with the signals of table `language_signals`.
    """
    documents, hashes = _hashes(text)
    languages = np.asarray(language.to_pylist(), object)
    counts = np.zeros(len(text), np.int64)
    for name in sorted(set(languages.tolist())):
        words = stop_words.filter(pc.field("language") == name)["word"].combine_chunks()
        if not len(words):
            continue
        known = np.unique(_hashes(words)[1])
        own = (languages == name)[documents]
        place = np.minimum(np.searchsorted(known, hashes[own]), len(known) - 1)
        hit = known[place] == hashes[own]
        pairs = np.unique(documents[own][hit] * len(known) + place[hit])
        counts += np.bincount(pairs // len(known), minlength=len(text))
    return pa.StructArray.from_arrays([pa.array(counts)], ["language_stop_word_count"])


def _hashes(text: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Row and hash of every word of every text."""
    words = word_ngram_hashes(text, 1)
    lengths = np.diff(words.offsets.to_numpy())
    return np.repeat(np.arange(len(lengths)), lengths), words.flatten().to_numpy()


def _spell(wanted: set[int], texts: Callable[[], Iterable[pa.Array]]) -> dict[int, str]:
    """The normalised words behind hashes, as far as they hold a letter. Reads no further than until all are found."""
    spelled: dict[int, str] = {}
    seen: set[int] = set()
    for batch in texts():
        if wanted <= seen:
            break
        for text in batch.to_pylist():
            pieces = set(_WORD.findall(text))
            candidates = pa.array(sorted(pieces | {letter for piece in pieces for letter in piece}), pa.large_string())
            rows, hashes = _hashes(candidates)
            single = np.bincount(rows, minlength=len(candidates)) == 1
            for row, code in zip(rows[single[rows]].tolist(), hashes[single[rows]].tolist(), strict=True):
                if code in wanted and code not in seen:
                    seen.add(code)
                    word = _normalised(candidates[row].as_py())
                    if any(letter.isalpha() for letter in word):
                        spelled[code] = word
    return spelled


def _normalised(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.lower())
    return unicodedata.normalize("NFC", "".join(one for one in decomposed if unicodedata.category(one) != "Mn"))
