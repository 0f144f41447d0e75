"""Every heuristic signal of a text, measured in one scan.

Here belong the formulas of the columns of table `quality_signals`. Not here: thresholds (one module per rule set) and
the loops that count (`text/scan.py` and the modules that it names).

Characters are Unicode code points. A ratio over nothing is 0. Which words and lines a column counts:

words
    The words of datatrove 0.10 for English: spaCy's tokens, so that a comma is one too; `text/tokens.py` has the rule.
    Columns without a prefix count these. Words that are made of punctuation alone (datatrove's PUNCTUATION_SET) are
    called symbols; `word_count` and `mean_word_length` leave them out, everything else counts them.
whitespace words
    What `str.split` gives: whitespace_*, gopher_dolma_* and gopher_curator_*, but for the word_count of DCLM.
normal words
    Of RedPajama-V2: split at white space after lower-casing, canonical decomposition and without ASCII punctuation:
    rps_*, and culturax_word_repetition_ratio. Its raw words are runs of word characters or of other signs.
segments
    UAX #29 words that begin with a letter or number: n-grams of gopher_dclm_*.
lines
    Split at line feeds. Only bullet_line_fraction, ellipsis_line_fraction and c4_* split as `str.splitlines`.

In scripts without spaces, words and segments are ICU's; the other two keep to white space, as their sources do.

The formulas, with text as L characters and w words with symbols:

Gopher (Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 and table A1) as datatrove reads it: word_count,
mean_word_length (both without symbols), hash_to_word_ratio ('#' / w), ellipsis_to_word_ratio ('...' and '…' / w),
bullet_line_fraction ('•' or '-' first) and ellipsis_line_fraction of all lines, blank ones too;
alphabetic_word_fraction (with a letter / w); stop_word_count (different ones of "the be to of and that have with").
duplicate_line_fraction: copies after the first / pieces between runs of line feeds; duplicate_line_character_fraction:
their characters / L; paragraphs likewise, between two line feeds or more in the stripped text. top_Ngram: the most
frequent, of several the first; its count times its characters with blanks / L. duplicate_Ngram: left to right, an
n-gram seen before counts and is jumped over; characters / L.

FineWeb (Penedo et al. 2024, arXiv:2406.17557, section 3.6): line_count, line_punctuation_fraction (last character is
Sentence_Terminal), short_line_fraction (at most 30 characters), of lines that are not blank;
fineweb_duplicate_line_character_fraction: characters of copies after the first / L without line feeds;
newline_to_word_ratio: line feeds / w.

C4 (Raffel et al. 2020, JMLR 21, section 2.2) as datatrove reads it, line by line: stripped, no word over 1,000
characters, citation marks deleted, terminal punctuation, three words or more; then "lorem ipsum" and '{' (which drop
the document), "javascript" and six phrases of policies (which drop the line). c4_kept_line_count lines survive, with
c4_sentence_count sentences; c4_lorem_ipsum_line_count and c4_curly_bracket_line_count lines reach these rules and break
them. c4_unpunctuated_*: the same without the rule on terminal punctuation.

RefinedWeb (Penedo et al. 2023, arXiv:2306.01116, appendix G.2) as DCLM reads it: refinedweb_removed_word_fraction.

RedPajama-V2 (Weber et al. 2024, arXiv:2411.12372, appendix): rps_* under their published names. Per-line signals are
means over lines. rps_doc_stop_word_fraction knows English function words alone.

CulturaX (Nguyen et al. 2023, arXiv:2309.09400, section 3.2), after ROOTS: repetition of 10 characters and of 5 words,
special characters, stop words, lines of at most 100 characters in lines and characters.

gopher_dolma_*, gopher_curator_*, gopher_dclm_*: the same rules of Gopher as Dolma 1.2, NeMo Curator 1.4 and DCLM read
them; `methods/filters/gopher_quality.py` and `methods/filters/gopher_repetition.py` say how they differ.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from data_platform.core.tables import table
from data_platform.text.buffers import text_buffers


def signal_fields() -> list[pa.Field]:
    """The signals: the fields of table `quality_signals` but for the document's id and snapshot."""
    return [field for field in table("quality_signals").schema if field.name not in ("doc_id", "snapshot")]


def quality_signals(text: pa.Array | pa.ChunkedArray, limits: Mapping[str, int] | None = None) -> pa.StructArray:
    """All signals of every text, as the module describes them.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        limits: what some lines and words are counted by, `text.lines.LIMITS`; None for the published limits.

    Returns:
        One struct per text with `signal_fields()`; no nulls, no NaN.
    """
    from data_platform.text.lines import LIMITS
    from data_platform.text.scan import scan_texts

    fields = signal_fields()
    groups = [_signals(counts) for counts in scan_texts(text_buffers(text), limits or LIMITS)]
    columns = [
        pa.array(np.concatenate([group[field.name] for group in groups]) if groups else [], field.type)
        for field in fields
    ]
    return pa.StructArray.from_arrays(columns, fields=fields)


def _ratio(part: np.ndarray, whole: np.ndarray | int) -> np.ndarray:
    return part / np.maximum(whole, 1)


def _signals(counts) -> dict[str, np.ndarray]:
    return {
        **_gopher(counts), **_repetition(counts), **_fineweb(counts), **_c4(counts), **_redpajama(counts),
        **_culturax(counts), **_whitespace(counts), **_dolma(counts), **_curator(counts), **_dclm(counts),
    }  # fmt: skip


def _named(array: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return dict(zip(names, np.moveaxis(array, -1, 0), strict=True))


def _gopher(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import CHARACTER_COUNTS, LINE_COUNTS
    from data_platform.text.word_counts import CHUNK_COUNTS

    characters = _named(counts.characters, CHARACTER_COUNTS)
    lines = _named(counts.lines, LINE_COUNTS)
    chunks = _named(counts.chunks, CHUNK_COUNTS)
    return {
        "character_count": characters["characters"],
        "word_and_symbol_count": chunks["tokens"],
        "word_count": chunks["token_words"],
        "mean_word_length": _ratio(chunks["token_characters"], chunks["token_words"]),
        "hash_to_word_ratio": _ratio(characters["hashes"], chunks["tokens"]),
        "ellipsis_to_word_ratio": _ratio(characters["ellipses"], chunks["tokens"]),
        "bullet_line_fraction": _ratio(lines["bullet_split_lines"], lines["split_lines"]),
        "ellipsis_line_fraction": _ratio(lines["ellipsis_split_lines"], lines["split_lines"]),
        "alphabetic_word_fraction": _ratio(chunks["alphabetic_tokens"], chunks["tokens"]),
        "stop_word_count": chunks["stop_tokens"],
    }


def _repetition(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import LINE_COUNTS
    from data_platform.text.repetition import MEASURES
    from data_platform.text.word_counts import CHUNK_COUNTS

    lines = _named(counts.lines, LINE_COUNTS)
    ngrams = _named(counts.token_ngrams, MEASURES)
    length = counts.characters[:, 0]
    words = _named(counts.chunks, CHUNK_COUNTS)["tokens"]
    signals = {
        "duplicate_paragraph_fraction": _ratio(lines["later_paragraphs"], lines["paragraphs"]),
        "duplicate_paragraph_character_fraction": _ratio(lines["later_paragraph_characters"], length),
        "duplicate_line_fraction": _ratio(lines["later_pieces"], lines["pieces"]),
        "duplicate_line_character_fraction": _ratio(lines["later_characters"], length),
    }
    for n in range(2, 5):
        top = ngrams["top_count"][:, n] * (ngrams["top_characters"][:, n] + n - 1)
        signals[f"top_{n}gram_character_fraction"] = _ratio(np.where(words >= n, top, 0), length)
    for n in range(5, 11):
        signals[f"duplicate_{n}gram_character_fraction"] = _ratio(ngrams["later_characters"][:, n], length)
    return signals


def _fineweb(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import LINE_COUNTS
    from data_platform.text.word_counts import CHUNK_COUNTS

    lines = _named(counts.lines, LINE_COUNTS)
    newlines = counts.characters[:, 1]
    return {
        "line_count": lines["lines"],
        "line_punctuation_fraction": _ratio(lines["punctuated"], lines["lines"]),
        "short_line_fraction": _ratio(lines["short"], lines["lines"]),
        "fineweb_duplicate_line_character_fraction": _ratio(
            lines["repeated_characters"], counts.characters[:, 0] - newlines
        ),
        "newline_to_word_ratio": _ratio(newlines, _named(counts.chunks, CHUNK_COUNTS)["tokens"]),
    }


def _c4(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import LINE_COUNTS

    lines = _named(counts.lines, LINE_COUNTS)
    return {
        "c4_line_count": lines["split_lines"],
        "c4_kept_line_count": lines["c4_kept"],
        "c4_sentence_count": lines["c4_sentences"],
        "c4_lorem_ipsum_line_count": lines["c4_lorem"],
        "c4_curly_bracket_line_count": lines["c4_curly"],
        "c4_unpunctuated_kept_line_count": lines["c4_any_kept"],
        "c4_unpunctuated_sentence_count": lines["c4_any_sentences"],
        "c4_unpunctuated_lorem_ipsum_line_count": lines["c4_any_lorem"],
        "c4_unpunctuated_curly_bracket_line_count": lines["c4_any_curly"],
        "refinedweb_removed_word_fraction": _ratio(lines["removed_words"], lines["refined_words"]),
    }


def _redpajama(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import CHARACTER_COUNTS, LINE_COUNTS
    from data_platform.text.repetition import MEASURES
    from data_platform.text.word_counts import CHUNK_COUNTS

    characters = _named(counts.characters, CHARACTER_COUNTS)
    lines = _named(counts.lines, LINE_COUNTS)
    chunks = _named(counts.chunks, CHUNK_COUNTS)
    ngrams = _named(counts.normal_ngrams, MEASURES)
    words = counts.normal_words
    letters = ngrams["total_characters"][:, 1]
    raw, raw_lines = chunks["raw_words"], lines["raw_lines"]
    symbols = characters["hashes"] + characters["ellipses"]
    signals = {
        "rps_doc_curly_bracket": _ratio(characters["brackets"], characters["characters"]),
        "rps_doc_frac_all_caps_words": _ratio(chunks["raw_capitals"], raw),
        "rps_doc_frac_lines_end_with_ellipsis": _ratio(lines["raw_ellipses"], raw_lines),
        "rps_doc_frac_no_alph_words": _ratio(raw - chunks["raw_alphabetic"], raw),
        "rps_doc_frac_unique_words": _ratio(counts.different_normal_words, words),
        "rps_doc_lorem_ipsum": _ratio(counts.lorem_ipsum, letters + np.maximum(words - 1, 0)),
        "rps_doc_mean_word_length": _ratio(letters, words),
        "rps_doc_num_sentences": characters["sentences"],
        "rps_doc_stop_word_fraction": _ratio(chunks["raw_stop_words"], raw),
        "rps_doc_symbol_to_word_ratio": _ratio(symbols, raw),
        "rps_doc_unigram_entropy": np.maximum(counts.entropies, 0),
        "rps_doc_word_count": words,
        "rps_lines_ending_with_terminal_punctution_mark": _ratio(lines["raw_terminals"], raw_lines),
        "rps_lines_javascript_counts": _ratio(chunks["javascript"], raw_lines),
        "rps_lines_num_words": _ratio(words, raw_lines),
        "rps_lines_numerical_chars_fraction": _ratio(counts.line_fractions[:, 1], raw_lines),
        "rps_lines_start_with_bulletpoint": _ratio(lines["raw_bullets"], raw_lines),
        "rps_lines_uppercase_letter_fraction": _ratio(counts.line_fractions[:, 0], raw_lines),
    }
    for n in range(2, 5):
        count = ngrams["top_count"][:, n]
        top = np.where(count > 1, count * ngrams["top_characters"][:, n], 0)
        signals[f"rps_doc_frac_chars_top_{n}gram"] = _ratio(top, letters)
    for n in range(5, 11):
        signals[f"rps_doc_frac_chars_dupe_{n}grams"] = _ratio(ngrams["covered_characters"][:, n], letters)
    return signals


def _culturax(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import CHARACTER_COUNTS, LINE_COUNTS
    from data_platform.text.repetition import MEASURES
    from data_platform.text.word_counts import CHUNK_COUNTS

    characters = _named(counts.characters, CHARACTER_COUNTS)
    lines = _named(counts.lines, LINE_COUNTS)
    chunks = _named(counts.chunks, CHUNK_COUNTS)
    repeated = counts.normal_ngrams[:, 5, MEASURES.index("repeated")]
    return {
        "culturax_character_repetition_ratio": counts.character_repetition,
        "culturax_word_repetition_ratio": _ratio(repeated, counts.normal_words - 4),
        "culturax_special_character_ratio": _ratio(
            chunks["special"] + characters["characters"] - chunks["characters"], characters["characters"]
        ),
        "culturax_stop_word_ratio": _ratio(chunks["raw_stop_words"], chunks["words"]),
        "culturax_short_line_ratio": _ratio(lines["culturax_short"], lines["lines"]),
        "culturax_short_line_character_ratio": _ratio(lines["culturax_short_characters"], lines["line_characters"]),
    }


def _whitespace(counts) -> dict[str, np.ndarray]:
    from data_platform.text.word_counts import CHUNK_COUNTS

    chunks = _named(counts.chunks, CHUNK_COUNTS)
    return {
        "whitespace_word_count": chunks["words"],
        "whitespace_mean_word_length": _ratio(chunks["characters"], chunks["words"]),
        "whitespace_alphabetic_word_fraction": _ratio(chunks["alphabetic"], chunks["words"]),
        "whitespace_stop_word_occurrences": chunks["stop_words"],
    }


def _dolma(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import LINE_COUNTS
    from data_platform.text.repetition import MEASURES
    from data_platform.text.word_counts import CHUNK_COUNTS

    lines = _named(counts.lines, LINE_COUNTS)
    chunks = _named(counts.chunks, CHUNK_COUNTS)
    ngrams = _named(counts.chunk_ngrams, MEASURES)
    letters = chunks["characters"]
    signals = {
        "median_word_length": chunks["median_twice"] / 2,
        "symbol_word_fraction": _ratio(chunks["dolma_symbols"], chunks["words"]),
        "bullet_line_fraction": _ratio(lines["dolma_bullets"], lines["pieces"]),
        "ellipsis_line_fraction": _ratio(lines["dolma_ellipses"], lines["pieces"]),
        "duplicate_line_fraction": _ratio(lines["twin_pieces"], lines["pieces"]),
        "duplicate_line_character_fraction": _ratio(lines["twin_characters"], letters),
    }
    for n in range(2, 5):
        top = ngrams["top_count"][:, n] * ngrams["top_characters"][:, n]
        signals[f"top_{n}gram_character_fraction"] = _ratio(np.where(chunks["words"] >= n, top, 0), letters)
    for n in range(5, 11):
        signals[f"duplicate_{n}gram_character_fraction"] = _ratio(
            ngrams["repeated_characters"][:, n], ngrams["total_characters"][:, n]
        )
    return {f"gopher_dolma_{name}": values for name, values in signals.items()}


def _curator(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import LINE_COUNTS
    from data_platform.text.repetition import MEASURES
    from data_platform.text.word_counts import CHUNK_COUNTS

    lines = _named(counts.lines, LINE_COUNTS)
    chunks = _named(counts.chunks, CHUNK_COUNTS)
    ngrams = _named(counts.chunk_ngrams, MEASURES)
    words, length = chunks["words"], counts.characters[:, 0]
    signals = {
        "symbol_word_fraction": _ratio(chunks["curator_symbols"], words),
        "bullet_line_fraction": _ratio(lines["curator_bullets"], lines["lines"]),
        "ellipsis_line_fraction": _ratio(lines["curator_ellipses"], lines["lines"]),
        "duplicate_line_fraction": _ratio(lines["lines"] - lines["distinct_lines"], lines["lines"]),
        "duplicate_line_character_fraction": _ratio(lines["repeated_characters"], lines["line_characters"]),
        "duplicate_paragraph_fraction": _ratio(lines["later_parts"], lines["parts"]),
        "duplicate_paragraph_character_fraction": _ratio(lines["later_part_characters"], lines["part_characters"]),
    }
    for n in range(2, 5):
        top = counts.curator_tops[:, n - 2, 0] * counts.curator_tops[:, n - 2, 1]
        signals[f"top_{n}gram_character_fraction"] = np.where(words < n, 1.0, _ratio(top, length))
    for n in range(5, 11):
        fresh = _ratio(ngrams["fresh_characters"][:, n], length)
        signals[f"duplicate_{n}gram_character_fraction"] = np.where(words < n, 1.0, fresh)
    return {f"gopher_curator_{name}": values for name, values in signals.items()}


def _dclm(counts) -> dict[str, np.ndarray]:
    from data_platform.text.lines import CHARACTER_COUNTS, LINE_COUNTS
    from data_platform.text.repetition import MEASURES
    from data_platform.text.word_counts import CHUNK_COUNTS

    characters = _named(counts.characters, CHARACTER_COUNTS)
    lines = _named(counts.lines, LINE_COUNTS)
    chunks = _named(counts.chunks, CHUNK_COUNTS)
    ngrams = _named(counts.segment_ngrams, MEASURES)
    letters = ngrams["total_characters"][:, 1]
    symbols = characters["hashes"] + characters["ellipses"] + characters["spaced_ellipses"]
    several = lines["lines"] > 1
    parted = lines["dclm_parts"] > 1
    signals = {
        "word_count": lines["refined_words"],
        "symbol_to_word_ratio": _ratio(symbols, chunks["words"]),
        "bullet_line_fraction": _ratio(lines["dclm_bullets"], lines["lines"]),
        "ellipsis_line_fraction": _ratio(lines["dclm_ellipses"], lines["lines"]),
        "stop_word_occurrences": chunks["lower_stop_words"],
        "duplicate_line_fraction": several * _ratio(lines["dclm_twins"], lines["lines"]),
        "duplicate_line_character_fraction": several
        * _ratio(lines["dclm_twin_characters"], lines["dclm_characters"]),
        "duplicate_paragraph_fraction": parted * _ratio(lines["twin_parts"], lines["dclm_parts"]),
        "duplicate_paragraph_character_fraction": parted
        * _ratio(lines["twin_part_characters"], lines["dclm_part_characters"]),
    }
    for n in range(2, 5):
        count = ngrams["top_count"][:, n]
        top = np.where(count > 1, count * ngrams["top_most_characters"][:, n], 0)
        signals[f"top_{n}gram_character_fraction"] = _ratio(top, letters)
    for n in range(5, 11):
        signals[f"duplicate_{n}gram_character_fraction"] = _ratio(ngrams["covered_characters"][:, n], letters)
    return {f"gopher_dclm_{name}": values for name, values in signals.items()}
