"""The column registry: every table and every column of the lake, declared once.

From one declaration come the Arrow and Delta schema, the Dagster table schema, the column lineage and the Great
Expectations suite. What a column means, what it may hold and which columns it is made from is said here and nowhere
else. Not here: how a column is computed (its stage) and how a table is written (`lake/lake.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pyarrow as pa

from data_platform.core.columns import ID_HEX, SHA256_HEX, TIMESTAMP, Column, Table


def _carried(table: str, *names: str) -> tuple[Column, ...]:
    """Columns passed on unchanged from `table`, lineage included."""
    return tuple(
        Column(**{**vars(TABLES[table][name]), "derived_from": (f"{table}.{name}",)}) for name in names
    )


def _doc_id(origin: str) -> Column:
    return Column(
        "doc_id", pa.string(), "128-bit hash of source and record, stable across runs.", pattern=ID_HEX,
        derived_from=(origin,),
    )


def _snapshot(origin: str) -> Column:
    return Column("snapshot", pa.string(), "Crawl or snapshot: the partition key.", derived_from=(origin,))


_SPANS = pa.list_(pa.struct([pa.field("start", pa.int64()), pa.field("end", pa.int64())]))
"""Spans of a text in bytes, end excluded."""

TABLES: dict[str, Table] = {}


def _declare(table: Table) -> None:
    TABLES[table.name] = table


_PLACE = (
    Column("source", pa.string(), "Name of the source in the recipe."),
    Column("archive", pa.string(), "Archive or file name, unique within its source."),
)

_declare(Table(
    "archives",
    "One row per archive or file read: what was in it and what became of it. The books of ingestion.",
    (
        Column("snapshot", pa.string(), "Crawl or snapshot: the partition key."),
        *_PLACE,
        Column("archive_uri", pa.string(), "Where the archive was read from."),
        Column("fingerprint", pa.string(), "Digest of the archive's bytes, or the object store's etag."),
        Column("bytes", pa.int64(), "Size of the archive in bytes.", minimum=0),
        Column("records", pa.int64(), "Records met while reading.", minimum=0),
        Column("captured", pa.int64(), "Records that became rows of raw_crawls.", minimum=0),
        Column("rejected", pa.int64(), "Records that became rows of rejections.", minimum=0),
        Column("complete", pa.bool_(), "Whether the archive could be read to its end."),
    ),
    key=("source", "archive"),
))

_declare(Table(
    "raw_crawls",
    "One row per captured record: a page, a file, a line of JSONL, as it was fetched.",
    (
        Column("record_id", pa.string(), "128-bit hash of source, archive, offset, URL and payload.", pattern=ID_HEX),
        Column("snapshot", pa.string(), "Crawl or snapshot: the partition key."),
        *_PLACE,
        Column("archive_uri", pa.string(), "Where the archive was read from."),
        Column("offset", pa.int64(), "Byte offset of the record, or of the compressed member it lies in; in JSONL, of "
                "the line after decompression; row number in Parquet.", minimum=0),
        Column("length", pa.int64(), "Bytes the record takes in the archive; 0 where the format has no such notion.",
                minimum=0),
        Column("record_type", pa.string(), "What kind of record it was.",
                one_of=("response", "resource", "revisit", "conversion", "file", "row")),
        Column("url", pa.string(), "URL of the record, or a file: or recipe-local URL for files."),
        Column("host", pa.string(), "Host of the URL, lower case, empty for files.", derived_from=("raw_crawls.url",)),
        Column("fetched_at", TIMESTAMP, "When the record was captured (UTC).", nullable=True),
        Column("http_status", pa.int32(), "HTTP status.", nullable=True, minimum=100, maximum=999),
        Column("content_type", pa.string(), "Content-Type as declared.", nullable=True),
        Column("mime", pa.string(), "MIME type used from here on: declared, else detected."),
        Column("charset", pa.string(), "Character set as declared by the transport.", nullable=True),
        Column("payload_digest", pa.string(), "SHA-256 of the decoded payload.", pattern=SHA256_HEX),
        Column("declared_digest", pa.string(), "Digest that the archive declares for the payload, by which revisits "
                "refer to it, in canonical form; empty if it declares none."),
        Column("payload_bytes", pa.int64(), "Size of the decoded payload.", minimum=0),
        Column("payload", pa.large_binary(), "Payload with transfer and content encodings undone.", long=True),
        Column("metadata", pa.string(), "What else the capture declared, as JSON: response headers, fields of a row, "
                "metadata of a distribution.", long=True),
    ),
    key=("record_id",),
))

_declare(Table(
    "rejections",
    "What was not carried on, and why: one row per record or document, by stage. Nothing disappears without one.",
    (
        Column("stage", pa.string(), "Table that the row did not enter."),
        Column("snapshot", pa.string(), "Crawl or snapshot."),
        Column("id", pa.string(), "record_id or doc_id; empty for archive records that have none."),
        *_PLACE,
        Column("offset", pa.int64(), "Byte offset of the record in the archive, -1 if unknown.", minimum=-1),
        Column("url", pa.string(), "URL, empty if the record has none."),
        Column("record_type", pa.string(), "What kind of record it was."),
        Column("reason", pa.string(), "Why, as a stable short code.", pattern=r"^[a-z0-9_.:/+-]+$"),
        Column("detail", pa.string(), "What a person needs to mend it; never text of the document.", long=True),
    ),
    key=("stage", "snapshot", "source", "archive", "offset", "id"),
    partition_by=("stage", "snapshot"),
))

_declare(Table(
    "documents",
    "One row per extracted text.",
    (
        _doc_id("raw_crawls.record_id"),
        Column("record_id", pa.string(), "The record it was extracted from.", pattern=ID_HEX,
                derived_from=("raw_crawls.record_id",)),
        *_carried("raw_crawls", "snapshot", "source"),
        Column("domain", pa.string(), "Domain of the source, by which mixtures are weighted."),
        *_carried("raw_crawls", "url", "host", "fetched_at", "mime"),
        Column("title", pa.string(), "Title, if the page has one.", nullable=True, long=True,
                derived_from=("raw_crawls.payload",)),
        Column("text", pa.large_string(), "Extracted text, UTF-8, NFC, \\n line ends.", long=True,
                derived_from=("raw_crawls.payload",)),
        Column("images", pa.list_(pa.struct([("url", pa.string()), ("alt", pa.string()), ("position", pa.int64())])),
                "Images among the content in the order of the page, with the characters of the text before each.",
                long=True, derived_from=("raw_crawls.payload", "raw_crawls.url")),
        Column("byte_count", pa.int64(), "UTF-8 bytes of the text.", minimum=1, derived_from=("raw_crawls.payload",)),
        Column("text_hash", pa.string(), "128-bit hash of the normalised text, by which a text that was taken down is "
                "known again.", pattern=ID_HEX, derived_from=("raw_crawls.payload",)),
        Column("token_count", pa.int64(), "Tokens of the text under the recipe's tokenizer.", minimum=0,
                derived_from=("raw_crawls.payload",)),
        Column("language", pa.string(), "ISO 639 code of the most likely language, 'und' if none.",
                derived_from=("raw_crawls.payload",)),
        Column("language_confidence", pa.float64(), "Confidence of the language.", minimum=0, maximum=1,
                derived_from=("raw_crawls.payload",)),
        Column("script", pa.string(), "ISO 15924 code of the script that the model's label names, else that most "
                "letters are in; Zyyy without letters.", pattern=r"^[A-Z][a-z]{3}$",
                derived_from=("raw_crawls.payload",)),
        Column("claimed_language", pa.string(), "Language that the page says it is in, ISO 639; null if it says none.",
                nullable=True, derived_from=("raw_crawls.payload",)),
        Column("extractor", pa.string(), "Engine and version that made the text."),
    ),
    key=("doc_id",),
))


def _signal(name: str, type_: pa.DataType, description: str, **rest) -> Column:
    return Column(name, type_, description, derived_from=("documents.text",), **rest)


def _count(name: str, description: str, maximum: int | None = None) -> Column:
    return _signal(name, pa.int64(), description, minimum=0, maximum=maximum)


def _fraction(name: str, description: str, bounded: bool = True) -> Column:
    return _signal(name, pa.float64(), description, minimum=0, maximum=1 if bounded else None)


def _by_length(name: str, lengths: Iterable[int], description: str, bounded: bool = True) -> tuple[Column, ...]:
    """One fraction for every length of n-gram, which stands for `{}`."""
    return tuple(_fraction(name.format(n), description.replace("{}", str(n)), bounded) for n in lengths)


_declare(Table(
    "quality_signals",
    "Every heuristic signal of every document as a column; no text. Rule sets are expressions over these.",
    (
        _doc_id("documents.doc_id"),
        _snapshot("documents.snapshot"),
        _count("character_count", "Unicode code points."),
        _count("word_and_symbol_count", "Words by the rule of datatrove's English tokenizer, punctuation included."),
        _count("word_count", "Those of them that are no symbols."),
        _signal("mean_word_length", pa.float64(), "Mean length of words without symbols in code points.", minimum=0),
        _signal("hash_to_word_ratio", pa.float64(), "'#' characters over words and symbols.", minimum=0),
        _signal("ellipsis_to_word_ratio", pa.float64(), "'...' and '…' over words and symbols.", minimum=0),
        _fraction("bullet_line_fraction", "Lines, blank ones too, that start with a bullet."),
        _fraction("ellipsis_line_fraction", "Lines, blank ones too, that end with an ellipsis."),
        _fraction("alphabetic_word_fraction", "Words that hold a letter, of all words and symbols."),
        _count("stop_word_count", "Distinct words among: the be to of and that have with.", maximum=8),
        _fraction("duplicate_paragraph_fraction", "Paragraphs that repeat an earlier one."),
        _fraction("duplicate_paragraph_character_fraction", "Code points in paragraphs that repeat an earlier one."),
        _fraction("duplicate_line_fraction", "Lines that repeat an earlier one."),
        _fraction("duplicate_line_character_fraction", "Code points in lines that repeat an earlier one."),
        *_by_length("top_{}gram_character_fraction", (2, 3, 4), "Code points of the top {}-gram, with blanks.",
                    bounded=False),
        *_by_length("duplicate_{}gram_character_fraction", range(5, 11), "Code points in {}-grams seen before."),
        _count("line_count", "Lines that are not blank."),
        _fraction("line_punctuation_fraction", "Lines that end with terminal punctuation."),
        _fraction("short_line_fraction", "Lines of at most 30 code points."),
        _fraction("fineweb_duplicate_line_character_fraction", "Code points in full lines that repeat an earlier one."),
        _signal("newline_to_word_ratio", pa.float64(), "Line breaks over words and symbols.", minimum=0),
        _count("c4_line_count", "Lines as str.splitlines cuts them."),
        _count("c4_kept_line_count", "Lines that C4's line rules keep."),
        _count("c4_sentence_count", "Sentences in lines that C4's line rules keep."),
        _count("c4_lorem_ipsum_line_count", "Lines with 'lorem ipsum' that the line rules before it let pass."),
        _count("c4_curly_bracket_line_count", "Lines with '{' that the line rules before it let pass."),
        _count("c4_unpunctuated_kept_line_count", "As c4_kept_line_count, without the rule on terminal punctuation."),
        _count("c4_unpunctuated_sentence_count", "As c4_sentence_count, without the rule on terminal punctuation."),
        _count("c4_unpunctuated_lorem_ipsum_line_count", "As c4_lorem_ipsum_line_count, without that rule."),
        _count("c4_unpunctuated_curly_bracket_line_count", "As c4_curly_bracket_line_count, without that rule."),
        _fraction("refinedweb_removed_word_fraction", "Words in lines that RefinedWeb's line rules remove."),
        _signal("rps_doc_curly_bracket", pa.float64(), "'{' and '}' over code points.", minimum=0, maximum=1),
        _fraction("rps_doc_frac_all_caps_words", "Raw words in capitals."),
        *_by_length("rps_doc_frac_chars_dupe_{}grams", range(5, 11), "Code points of words in repeated {}-grams."),
        *_by_length("rps_doc_frac_chars_top_{}gram", (2, 3, 4), "Code points of normal words in the top {}-gram.",
                    bounded=False),
        _fraction("rps_doc_frac_lines_end_with_ellipsis", "Lines that end with an ellipsis."),
        _fraction("rps_doc_frac_no_alph_words", "Raw words without a letter a to z."),
        _fraction("rps_doc_frac_unique_words", "Different normal words over normal words."),
        _fraction("rps_doc_lorem_ipsum", "'lorem ipsum' over code points of the normalised text."),
        _signal("rps_doc_mean_word_length", pa.float64(), "Mean length of normal words.", minimum=0),
        _count("rps_doc_num_sentences", "Sentences by RedPajama-V2's pattern."),
        _fraction("rps_doc_stop_word_fraction", "Raw words that are English function words."),
        _signal("rps_doc_symbol_to_word_ratio", pa.float64(), "'#', '...' and '…' over raw words.", minimum=0),
        _signal("rps_doc_unigram_entropy", pa.float64(), "Entropy of the normal words, in nats.", minimum=0),
        _count("rps_doc_word_count", "Normal words."),
        _fraction("rps_lines_ending_with_terminal_punctution_mark", "Lines that end with . ! ? or ”."),
        _signal("rps_lines_javascript_counts", pa.float64(), "Words 'javascript' per line.", minimum=0),
        _signal("rps_lines_num_words", pa.float64(), "Normal words per line.", minimum=0),
        _fraction("rps_lines_numerical_chars_fraction", "Numeric code points of a line, mean over lines."),
        _fraction("rps_lines_start_with_bulletpoint", "Lines that start with a bullet point."),
        _fraction("rps_lines_uppercase_letter_fraction", "Upper-case code points of a line, mean over lines."),
        _fraction("culturax_character_repetition_ratio", "Share of the most frequent character 10-grams."),
        _fraction("culturax_word_repetition_ratio", "Word 5-grams that have a twin."),
        _fraction("culturax_special_character_ratio", "Digits, punctuation, symbols and white space, of code points."),
        _fraction("culturax_stop_word_ratio", "English function words over whitespace words.", bounded=False),
        _fraction("culturax_short_line_ratio", "Lines of at most 100 code points."),
        _fraction("culturax_short_line_character_ratio", "Code points in lines of at most 100."),
        _count("whitespace_word_count", "Pieces between white space."),
        _signal("whitespace_mean_word_length", pa.float64(), "Their mean length in code points.", minimum=0),
        _fraction("whitespace_alphabetic_word_fraction", "Those with a letter."),
        _count("whitespace_stop_word_occurrences", "Those among: the be to of and that have with."),
        _signal("gopher_dolma_median_word_length", pa.float64(), "Median length of whitespace words.", minimum=0),
        _fraction("gopher_dolma_symbol_word_fraction", "Whitespace words with '#' or '…'."),
        _fraction("gopher_dolma_bullet_line_fraction", "Lines that start with '*' or '-'."),
        _fraction("gopher_dolma_ellipsis_line_fraction", "Lines that end with '…'."),
        _fraction("gopher_dolma_duplicate_line_fraction", "Lines that occur twice or more."),
        _fraction("gopher_dolma_duplicate_line_character_fraction", "Their code points over those of words.",
                  bounded=False),
        *_by_length("gopher_dolma_top_{}gram_character_fraction", (2, 3, 4), "Code points of words in the top {}-gram.",
                    bounded=False),
        *_by_length("gopher_dolma_duplicate_{}gram_character_fraction", range(5, 11),
                    "Code points of {}-grams that occur twice or more, of all {}-grams."),
        _fraction("gopher_curator_symbol_word_fraction", "Whitespace words that are '#' or an ellipsis."),
        _fraction("gopher_curator_bullet_line_fraction", "Lines that start with a bullet."),
        _fraction("gopher_curator_ellipsis_line_fraction", "Lines that end with an ellipsis or 'read more'."),
        _fraction("gopher_curator_duplicate_line_fraction", "Lines that repeat an earlier one."),
        _fraction("gopher_curator_duplicate_line_character_fraction", "Their code points."),
        _fraction("gopher_curator_duplicate_paragraph_fraction", "Paragraphs that repeat an earlier one."),
        _fraction("gopher_curator_duplicate_paragraph_character_fraction", "Their code points."),
        *_by_length("gopher_curator_top_{}gram_character_fraction", (2, 3, 4),
                    "Code points of the top {}-gram where it stands in the text; 1 without any."),
        *_by_length("gopher_curator_duplicate_{}gram_character_fraction", range(5, 11),
                    "Code points of {}-grams that were seen before; 1 without any."),
        _count("gopher_dclm_word_count", "Pieces between ASCII white space that begin with a letter or number."),
        _signal("gopher_dclm_symbol_to_word_ratio", pa.float64(), "'#' and ellipses over whitespace words.", minimum=0),
        _fraction("gopher_dclm_bullet_line_fraction", "Lines that start with a bullet."),
        _fraction("gopher_dclm_ellipsis_line_fraction", "Lines that end with an ellipsis."),
        _count("gopher_dclm_stop_word_occurrences", "Whitespace words in lower case among the eight stop words."),
        _fraction("gopher_dclm_duplicate_line_fraction", "Lines that occur twice or more."),
        _fraction("gopher_dclm_duplicate_line_character_fraction", "Their code points."),
        _fraction("gopher_dclm_duplicate_paragraph_fraction", "Paragraphs that occur twice or more."),
        _fraction("gopher_dclm_duplicate_paragraph_character_fraction", "Their code points."),
        *_by_length("gopher_dclm_top_{}gram_character_fraction", (2, 3, 4), "Code points of the top {}-gram.",
                    bounded=False),
        *_by_length("gopher_dclm_duplicate_{}gram_character_fraction", range(5, 11),
                    "Code points of segments in {}-grams that occur twice or more."),
    ),
    key=("doc_id",),
))

_declare(Table(
    "filter_thresholds",
    "The thresholds of rule sets that were learned per language: one row per rule set, language and threshold.",
    (
        Column("rule_set", pa.string(), "Rule set as the recipe calls it."),
        Column("language", pa.string(), "Language it holds for."),
        Column("threshold", pa.string(), "Threshold as the rule set calls it."),
        Column("signal", pa.string(), "Signal that it bounds."),
        Column("value", pa.float64(), "The threshold."),
        Column("documents", pa.int64(), "Texts that it was learned from.", minimum=1),
        Column("source", pa.string(), "Whose distribution it was learned from.", one_of=("documents", "reference")),
        Column("method", pa.string(), "How it was derived."),
    ),
    key=("rule_set", "language", "threshold"),
    partition_by=(),
))

_declare(Table(
    "filter_stop_words",
    "The stop words of languages, learned from reference text: one row per language and word.",
    (
        Column("language", pa.string(), "Language it is a stop word of."),
        Column("word", pa.string(), "The word, without case and diacritics."),
        Column("share", pa.float64(), "Its share of the words of the reference text.", minimum=0, maximum=1),
    ),
    key=("language", "word"),
    partition_by=(),
))

_declare(Table(
    "language_signals",
    "The signals of every document that are counted by what was learned of its language; no text.",
    (
        _doc_id("documents.doc_id"),
        _snapshot("documents.snapshot"),
        Column("language_stop_word_count", pa.int64(), "Distinct stop words of the document's language; 0 if none "
                "were learned.", minimum=0, derived_from=("documents.text", "filter_stop_words.word")),
    ),
    key=("doc_id",),
))

_declare(Table(
    "filter_verdicts",
    "One row per document: which rules of which published rule sets it breaks, and whether it is kept.",
    (
        _doc_id("documents.doc_id"),
        _snapshot("documents.snapshot"),
        Column("kept", pa.bool_(), "Whether no rule of the recipe is broken."),
        Column("reason", pa.string(), "The first broken rule as rule_set.rule, empty if kept."),
        Column("failed", pa.list_(pa.string()), "Every broken rule, in the order of the recipe."),
    ),
    key=("doc_id",),
))


def _edit_columns() -> tuple[Column, ...]:
    """Two columns per kind of edit: how often, and how many bytes."""
    kinds = {
        "lines": "Lines removed",
        "repairs": "Spans replaced, most of them repairs of Unicode",
        "normalizations": "Occurrences of strings replaced",
        "email": "E-mail addresses redacted",
        "phone": "Telephone numbers redacted",
        "ip": "IP addresses redacted",
        "iban": "IBANs redacted",
        "credit_card": "Card numbers redacted",
        "secret": "Keys, tokens and passwords redacted",
    }
    from_text = {"derived_from": ("documents.text",)}
    return tuple(
        column
        for kind, what in kinds.items()
        for column in (
            Column(f"{kind}_edited", pa.int64(), f"{what}.", minimum=0, **from_text),
            Column(f"{kind}_bytes_removed", pa.int64(), f"{what}: bytes taken away, net of what was put in.",
                    **from_text),
        )
    )


_declare(Table(
    "refinement_programs",
    "One row per document that the filters keep: the program that refines it, and what became of the document.",
    (
        _doc_id("documents.doc_id"),
        _snapshot("documents.snapshot"),
        Column("program", pa.string(), "The program, one call per line, in coordinates of the text as extracted; "
                "empty if there is nothing to mend. Holds no personal data that it redacts.", long=True,
                derived_from=("documents.text",)),
        Column("outcome", pa.string(), "What the program makes of the document.",
                one_of=("unchanged", "refined", "dropped", "malformed"), derived_from=("documents.text",)),
        Column("reason", pa.string(), "Why it is dropped or the program malformed, as a short code; else empty.",
                pattern=r"^[a-z0-9_.]*$", derived_from=("documents.text",)),
        Column("refused_proposal", pa.string(), "Why a program from outside or an editor's edits cannot be "
                "applied; empty if they can or there are none.", pattern=r"^[a-z0-9_.]*$",
                derived_from=("documents.text",)),
        Column("inserted_bytes", pa.int64(), "UTF-8 bytes that the program puts in beyond placeholders of personal "
                "data and the platform's own repairs of Unicode; at most what the recipe allows.", minimum=0,
                derived_from=("documents.text",)),
        Column("bytes_before", pa.int64(), "UTF-8 bytes of the text as extracted.", minimum=0,
                derived_from=("documents.text",)),
        Column("bytes_after", pa.int64(), "UTF-8 bytes of the refined text, 0 if it is dropped.", minimum=0,
                derived_from=("documents.text",)),
        Column("tokens_before", pa.int64(), "Tokens of the text as extracted.", minimum=0,
                derived_from=("documents.token_count",)),
        Column("tokens_after", pa.int64(), "Tokens of the refined text, 0 if it is dropped.", minimum=0,
                derived_from=("documents.text",)),
        *_edit_columns(),
    ),
    key=("doc_id",),
))

_declare(Table(
    "filtered_documents",
    "The documents that break no rule, refined by their programs.",
    (
        *_carried("documents", "doc_id", "snapshot", "source"),
        Column("domain", pa.string(), "Domain by which mixtures are weighted: that of the source, or the branch.",
                derived_from=("documents.domain", "document_branches.domain")),
        *_carried("documents", "url", "host", "fetched_at", "title"),
        Column("text", pa.large_string(), "Refined text, UTF-8, \\n line ends: that of `documents` after the program "
                "of `refinement_programs`.", long=True, derived_from=("documents.text", "refinement_programs.program")),
        Column("byte_count", pa.int64(), "UTF-8 bytes of the text.", minimum=1,
                derived_from=("refinement_programs.bytes_after",)),
        Column("token_count", pa.int64(), "Tokens of the text under the recipe's tokenizer.", minimum=0,
                derived_from=("refinement_programs.tokens_after",)),
        *_carried("documents", "language"),
    ),
    key=("doc_id",),
))

_declare(Table(
    "source_lineage",
    "One row per dataset on the chain of a source that `licenses.known_sources` knows: the source itself and all that "
    "it is made from. A source is under all of their licences.",
    (
        Column("source", pa.string(), "Name of the source in the recipe."),
        Column("snapshot", pa.string(), "Crawl or snapshot: the partition key."),
        Column("position", pa.int64(), "Place on the chain, 0 for the source itself, nearest first.", minimum=0),
        Column("depth", pa.int64(), "Steps from the source.", minimum=0),
        Column("identifier", pa.string(), "Identifier in the collection; empty if it knows no such dataset."),
        Column("name", pa.string(), "What it is called where it is named."),
        Column("made_into", pa.string(), "Identifier of the dataset that names it; empty for the source itself."),
        Column("known", pa.bool_(), "Whether the collection knows it; what it does not know is under unknown terms."),
        Column("address", pa.string(), "Where the dataset is."),
        Column("license_spdx", pa.string(), "Its licence by itself: traced, else stated by its repositories, and what "
                "these state that is stricter."),
        Column("license_tier", pa.int32(), "Tier of that.", minimum=0, maximum=5),
        Column("use", pa.string(), "Class of use of that.",
                one_of=("commercial", "unspecified", "non-commercial", "academic", "none")),
        Column("attribution", pa.bool_(), "Whether it asks for attribution."),
        Column("share_alike", pa.bool_(), "Whether it asks for share-alike."),
        Column("traced", pa.list_(pa.struct([("license", pa.string()), ("license_spdx", pa.string()),
                                             ("address", pa.string())])),
                "Licences that people traced, by name, and where.", long=True),
        Column("verified_by", pa.string(), "Who traced them, if the collection says so."),
        Column("hosts", pa.list_(pa.struct([("host", pa.string()), ("license", pa.string()),
                                            ("license_spdx", pa.string()), ("flag", pa.string())])),
                "What each host states, and how that compares with what was traced: agrees, missing, freer, stricter, "
                "differs, nothing traced.", long=True),
        Column("flags", pa.list_(pa.string()), "Hosts that state no licence, or a freer one than was traced.",
                long=True),
        Column("text_sources", pa.list_(pa.string()), "Where its texts come from, if the collection says so.",
                long=True),
        Column("model_generated", pa.list_(pa.string()), "Models that wrote texts of it.", long=True),
    ),
    key=("source", "position"),
))

_declare(Table(
    "license_evidence",
    "One row per observation that speaks of a document's licence. All of it, before any decision.",
    (
        Column("evidence_id", pa.string(), "128-bit hash of the observation.", pattern=ID_HEX),
        _doc_id("raw_crawls.record_id"),
        _snapshot("raw_crawls.snapshot"),
        Column("location", pa.string(), "Where it was seen.",
                one_of=("link", "anchor", "badge", "meta", "microdata", "rdfa", "jsonld", "statement", "header",
                        "robots", "tdmrep", "ai_txt", "rsl", "row", "distribution", "package", "classifier",
                        "license_file", "spdx_header", "registry", "manual")),
        Column("scope", pa.string(), "What the statement covers.",
                one_of=("element", "page", "file", "site", "default", "distribution", "dataset")),
        Column("raw_value", pa.string(), "The statement as found: a URL, an expression, a classifier, a file name. "
                "At most 1,000 characters.", derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("license_spdx", pa.string(), "SPDX expression it was read as; LicenseRef-unknown if none.",
                derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("confidence", pa.float64(), "How sure the reading is.", minimum=0, maximum=1),
        Column("detector", pa.string(), "Detector and version."),
        Column("context_hash", pa.string(), "128-bit hash of the statement and what stands around it.", pattern=ID_HEX,
                derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("note", pa.string(), "Why, in words: author, date and reason of a ruling; basis of a registry's claim.",
                nullable=True),
        Column("record_id", pa.string(), "Record it was seen in: the document's own, a robots.txt, a LICENSE file; "
                "empty for the registry and for rulings.", pattern=r"^(?:[0-9a-f]{32})?$",
                derived_from=("raw_crawls.record_id",)),
    ),
    key=("evidence_id",),
))

_declare(Table(
    "document_credits",
    "One row per record of which anything is known that licences ask to be kept: who made it, what it is called, where "
    "it is from, and the notices that go with it. Names are kept for credit alone.",
    (
        _doc_id("raw_crawls.record_id"),
        _snapshot("raw_crawls.snapshot"),
        Column("title", pa.string(), "Title that a row's field, a page's metadata or a manifest gives.", nullable=True,
                long=True, derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("authors", pa.list_(pa.string()), "Who made it, in the order given, without addresses of mail.",
                long=True, derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("origin", pa.string(), "Where it says that it is from, beside its URL: a journal, a repository, a "
                "canonical address.", nullable=True, long=True,
                derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("swhid", pa.string(), "Software Heritage's identifier of the bytes of a whole file (ISO/IEC 18670).",
                nullable=True, pattern=r"^swh:1:cnt:[0-9a-f]{40}$", derived_from=("raw_crawls.payload",)),
        Column("project", pa.string(), "Package that it belongs to, with its version.", nullable=True,
                derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("copyright", pa.list_(pa.string()), "Copyright lines as they were written: of the text itself, then of "
                "the nearest LICENSE and NOTICE above it.", long=True,
                derived_from=("raw_crawls.payload", "raw_crawls.metadata")),
        Column("notices", pa.list_(pa.string()), "The notice_id of every text that has to stay with it: its header, if "
                "that carries a licence, and the nearest LICENSE, NOTICE and AUTHORS.",
                derived_from=("license_notices.notice_id",)),
    ),
    key=("doc_id",),
))

_declare(Table(
    "license_notices",
    "The texts that have to stay with what they cover: one row per text and record that it was found in.",
    (
        Column("notice_id", pa.string(), "128-bit hash of the text.", pattern=ID_HEX,
                derived_from=("raw_crawls.payload",)),
        Column("record_id", pa.string(), "Record that it was found in: a LICENSE or NOTICE, or a file with a header.",
                pattern=ID_HEX, derived_from=("raw_crawls.record_id",)),
        _snapshot("raw_crawls.snapshot"),
        Column("name", pa.string(), "What the file is called, or 'header of the file'.",
                derived_from=("raw_crawls.url",)),
        Column("text", pa.large_string(), "The text, white space at the ends of lines removed.", long=True,
                derived_from=("raw_crawls.payload",)),
    ),
    key=("notice_id", "record_id"),
))

_declare(Table(
    "document_licenses",
    "One row per document: the licence that its evidence resolves to.",
    (
        _doc_id("license_evidence.doc_id"),
        _snapshot("documents.snapshot"),
        Column("license_spdx", pa.string(), "SPDX expression.", derived_from=("license_evidence.license_spdx",)),
        Column("license_tier", pa.int32(), "0 public domain, 1 permissive, 2 share-alike, 3 government or text-mining "
                "basis, 4 unknown, 5 non-commercial, no-derivatives or opted out.", minimum=0, maximum=5,
                derived_from=("license_evidence.license_spdx",)),
        Column("license_basis", pa.string(), "The location that decided, 'none' without evidence.",
                derived_from=("license_evidence.location",)),
        Column("license_confidence", pa.float64(), "Confidence of the deciding evidence.", minimum=0, maximum=1,
                derived_from=("license_evidence.confidence",)),
        Column("opt_out", pa.bool_(), "Whether the rights holder reserved use for training.",
                derived_from=("license_evidence.license_spdx",)),
        Column("contradicted", pa.bool_(), "Whether evidence names licences that do not agree; which places are "
                "compared, the resolver says.",
                derived_from=("license_evidence.license_spdx",)),
        Column("strictest_spdx", pa.string(), "The licence if every stricter one that is stated of the whole document "
                "holds too (AND), however far from the text.", derived_from=("license_evidence.license_spdx",)),
        Column("strictest_tier", pa.int32(), "The tier of that.", minimum=0, maximum=5,
                derived_from=("license_evidence.license_spdx",)),
        Column("attribution", pa.string(), "Whom to credit, on one line: title, authors or who else is to be credited, "
                "and where it is from. All else that licences ask for is in `document_credits`.", long=True,
                derived_from=("documents.url", "documents.title", "document_credits.title", "document_credits.authors",
                              "document_credits.origin")),
        Column("evidence_count", pa.int32(), "Observations considered.", minimum=0,
                derived_from=("license_evidence.evidence_id",)),
        Column("resolver", pa.string(), "Resolver and version."),
    ),
    key=("doc_id",),
))

_declare(Table(
    "document_signatures",
    "One row per filtered document: the hashes by which duplicates are found. Grows by snapshot: the bands of one are "
    "computed once, and all snapshots that come later are compared with them.",
    (
        _doc_id("filtered_documents.doc_id"),
        _snapshot("filtered_documents.snapshot"),
        Column("url_hash", pa.string(), "128-bit hash of the canonical URL; null without a host.", pattern=ID_HEX,
                nullable=True, derived_from=("filtered_documents.url",)),
        Column("exact_hash", pa.string(), "128-bit hash of the normalised text.", pattern=ID_HEX,
                derived_from=("filtered_documents.text",)),
        Column("shingle_count", pa.int64(), "Distinct word n-grams.", minimum=0,
                derived_from=("filtered_documents.text",)),
        Column("minhash_bands", pa.list_(pa.int64()), "One hash per band; empty for texts shorter than one n-gram.",
                derived_from=("filtered_documents.text",)),
        Column("minhash_sketch", pa.large_binary(), "One byte of every minimum, from which similarities are "
                "estimated; empty for texts shorter than one n-gram.", long=True,
                derived_from=("filtered_documents.text",)),
    ),
    key=("doc_id",),
))

_MATCHED_BY = ("document_signatures.url_hash", "document_signatures.exact_hash", "document_signatures.minhash_bands",
               "document_signatures.minhash_sketch")
_DUPLICATE_KINDS = ("url", "exact", "minhash")

_declare(Table(
    "copy_pairs",
    "Pairs that connect the copies of a snapshot with one another and with all snapshots before it: no more of them "
    "than clusters need to hold together.",
    (
        _doc_id("document_signatures.doc_id"),
        _snapshot("document_signatures.snapshot"),
        Column("matched_id", pa.string(), "doc_id of the document that it is a copy of, of its snapshot or of one "
                "before.", pattern=ID_HEX, derived_from=_MATCHED_BY),
        Column("kind", pa.string(), "What the two have in common.", one_of=_DUPLICATE_KINDS, derived_from=_MATCHED_BY),
        Column("similarity", pa.float64(), "Jaccard similarity of their word n-grams: measured if `verified`, else "
                "estimated from their sketches; null if one is shorter than an n-gram.", nullable=True, minimum=0,
                maximum=1, derived_from=(*_MATCHED_BY, "filtered_documents.text")),
        Column("verified", pa.bool_(), "Whether the similarity was measured on the texts.", derived_from=_MATCHED_BY),
    ),
    key=("doc_id", "matched_id"),
))

_FROM_PAIRS = ("copy_pairs.doc_id", "copy_pairs.matched_id")

_declare(Table(
    "duplicates",
    "One row per filtered document of all crawls: its cluster, which copy stays, and what it was matched with.",
    (
        _doc_id("document_signatures.doc_id"),
        _snapshot("document_signatures.snapshot"),
        Column("cluster_id", pa.string(), "doc_id of the copy that stays.", pattern=ID_HEX, derived_from=_FROM_PAIRS),
        Column("cluster_size", pa.int64(), "Documents in the cluster.", minimum=1, derived_from=_FROM_PAIRS),
        Column("kind", pa.string(), "What it has in common with `matched_id`; 'unique' for the copy that stays.",
                one_of=("unique", *_DUPLICATE_KINDS), derived_from=("copy_pairs.kind",)),
        Column("kept", pa.bool_(), "Whether this copy stays.", derived_from=("document_licenses.license_tier",)),
        Column("matched_id", pa.string(), "doc_id of the document it was matched with, the next on the way to the "
                "copy that stays; null for the copy that stays.", nullable=True, pattern=ID_HEX,
                derived_from=_FROM_PAIRS),
        Column("similarity", pa.float64(), "Jaccard similarity to `matched_id`, as in `copy_pairs`.",
                nullable=True, minimum=0, maximum=1, derived_from=("copy_pairs.similarity",)),
        Column("kept_similarity", pa.float64(), "Jaccard similarity to the copy that stays, estimated from sketches; "
                "null for that copy, and if one is shorter than an n-gram.", nullable=True, minimum=0, maximum=1,
                derived_from=("document_signatures.minhash_sketch",)),
        *_carried("filtered_documents", "source"),
        *_carried("document_licenses", "license_spdx", "license_tier"),
        Column("alternative_licenses", pa.list_(pa.string()), "Of the copy that stays: the licences under which its "
                "copies were found and it was not, each once; else empty.",
                derived_from=("document_licenses.license_spdx",)),
    ),
    key=("doc_id",),
    partition_by=(),
))

_declare(Table(
    "reservations",
    "One row per document that a reservation binds today, seen in whatever snapshot: of its site, of its page, of its "
    "text, or its own. What was withdrawn later binds nobody.",
    (
        _doc_id("documents.doc_id"),
        _snapshot("documents.snapshot"),
        Column("through", pa.string(), "What the reservation was made of. site: the latest file of its kind that the "
                "site has. page: a capture of the page that no later one takes back. document: what came with the "
                "document, which has no later state. text: another document with the same text.",
                one_of=("site", "page", "document", "text"),
                derived_from=("license_evidence.license_spdx", "raw_crawls.payload")),
        Column("record_id", pa.string(), "Where it was seen: the file of the site, the capture; for a text, the other "
                "document.", pattern=ID_HEX, derived_from=("raw_crawls.record_id", "documents.text_hash")),
    ),
    key=("doc_id",),
    partition_by=(),
))

_declare(Table(
    "document_terms",
    "One row per copy that stays: the terms that it is used on, after what reservations and its copies say.",
    (
        *_carried("document_licenses", "doc_id", "snapshot"),
        Column("license_spdx", pa.string(), "SPDX expression that holds: what is claimed AND the stricter licences "
                "that others state of the text, unless it is their origin; AND a reservation of any copy, or of what "
                "it holds, is held in or says again; AND what held before a takedown took away what stated it. Its own "
                "reservation only as long as nothing later takes it back.",
                derived_from=("document_licenses.strictest_spdx", "duplicates.cluster_id", "reservations.doc_id")),
        Column("license_tier", pa.int32(), "The tier of that.", minimum=0, maximum=5,
                derived_from=("document_licenses.strictest_spdx", "duplicates.cluster_id", "reservations.doc_id")),
        Column("claimed_spdx", pa.string(), "SPDX expression that the document states for itself, AND a reservation as "
                "above.", derived_from=("document_licenses.license_spdx", "reservations.doc_id")),
        Column("claimed_tier", pa.int32(), "The tier of that.", minimum=0, maximum=5,
                derived_from=("document_licenses.license_spdx", "reservations.doc_id")),
        Column("contested", pa.bool_(), "Whether what holds is stricter than what is claimed, because copies or "
                "farther evidence say so.",
                derived_from=("document_licenses.strictest_spdx", "duplicates.cluster_id")),
        Column("copy_licenses", pa.string(), "Licences under which copies of it were found and it was not, in order, "
                "joined by '; '.", derived_from=("duplicates.alternative_licenses",)),
        *_carried("document_licenses", "license_basis", "license_confidence"),
        Column("opt_out", pa.bool_(), "Whether a reservation against use for training binds it today: its own, or "
                "that of any copy.", derived_from=("reservations.doc_id",)),
        *_carried("document_licenses", "contradicted", "attribution"),
    ),
    key=("doc_id",),
    partition_by=(),
))

_declare(Table(
    "contamination",
    "One row per document and evaluation item found in it: where it was found, and what is done about it.",
    (
        _doc_id("filtered_documents.doc_id"),
        _snapshot("filtered_documents.snapshot"),
        Column("evaluation_set", pa.string(), "Evaluation set as the recipe calls it."),
        Column("item_id", pa.string(), "Id of the item in its set; file and row number if it has none."),
        Column("method", pa.string(), "exact: whole runs of words. fuzzy: a window of the document resembles it.",
                one_of=("exact", "fuzzy"), derived_from=("filtered_documents.text",)),
        Column("overlap", pa.float64(), "Share of the item's runs of words that are in the document.", minimum=0,
                maximum=1, derived_from=("filtered_documents.text",)),
        Column("spans", _SPANS, "Where it was found: bytes of the filtered text, end excluded.",
                derived_from=("filtered_documents.text",)),
        Column("decision", pa.string(), "What is done about the document.", one_of=("drop", "cut", "record")),
    ),
    key=("doc_id", "evaluation_set", "item_id"),
))

_declare(Table(
    "passage_hashes",
    "One row per filtered document and kind of passage: hashes of its lines or paragraphs, and where they stand. Grows "
    "by snapshot; duplicates are found in it without reading a text again.",
    (
        _doc_id("filtered_documents.doc_id"),
        _snapshot("filtered_documents.snapshot"),
        Column("kind", pa.string(), "Kind of passage.", one_of=("line", "paragraph")),
        *(
            Column(name, pa.list_(pa.int64()), description, derived_from=("filtered_documents.text",))
            for name, description in (
                ("hashes", "64-bit hash of the words of every passage, without case, accents and punctuation."),
                ("starts", "First byte of every passage."),
                ("ends", "Byte behind every passage, its line feed included."),
            )
        ),
    ),
    key=("doc_id", "kind"),
))

_declare(Table(
    "substring_fingerprints",
    "One row per filtered document: hashes that it has in common with every document that repeats a passage of it word "
    "for word. Grows by snapshot; only texts that share one are read to find what they repeat.",
    (
        _doc_id("filtered_documents.doc_id"),
        _snapshot("filtered_documents.snapshot"),
        Column("hashes", pa.list_(pa.int64()), "Hashes of some runs of words and signs, chosen by winnowing.",
                derived_from=("filtered_documents.text",)),
    ),
    key=("doc_id",),
))

_declare(Table(
    "document_sketches",
    "One row per filtered document: the smallest hashes of its word n-grams, which propose what contains it.",
    (
        _doc_id("filtered_documents.doc_id"),
        _snapshot("filtered_documents.snapshot"),
        Column("shingle_count", pa.int64(), "Distinct word n-grams.", minimum=0,
                derived_from=("filtered_documents.text",)),
        Column("sketch", pa.list_(pa.int64()), "Those of their hashes that are below a limit, ascending.",
                derived_from=("filtered_documents.text",)),
    ),
    key=("doc_id",),
))

_declare(Table(
    "document_embeddings",
    "One row per filtered document: what the language model makes of it, as a vector of length 1. Grows by snapshot.",
    (
        _doc_id("filtered_documents.doc_id"),
        _snapshot("filtered_documents.snapshot"),
        Column("embedding", pa.list_(pa.float32()), "Mean of the last hidden states over its first tokens, scaled to "
                "length 1.", derived_from=("filtered_documents.text", "model_language_model.sha256")),
        Column("embedding_model", pa.string(), "model_id of the language model.",
                derived_from=("model_language_model.model_id",)),
    ),
    key=("doc_id",),
))

_declare(Table(
    "duplicate_spans",
    "One row per passage of a document that stays after clusters and that occurs before: in an earlier crawl, in a "
    "document with a smaller id, or further up.",
    (
        _doc_id("duplicates.doc_id"),
        _snapshot("duplicates.snapshot"),
        Column("kind", pa.string(), "What repeats.", one_of=("line", "paragraph", "substring"),
                derived_from=("filtered_documents.text",)),
        Column("start", pa.int64(), "First byte of the passage in the filtered text.", minimum=0,
                derived_from=("filtered_documents.text",)),
        Column("end", pa.int64(), "Byte behind the passage.", minimum=1, derived_from=("filtered_documents.text",)),
        Column("matched_doc_id", pa.string(), "Document of the first occurrence.", pattern=ID_HEX,
                derived_from=("duplicates.doc_id",)),
        Column("matched_start", pa.int64(), "First byte of the first occurrence.", minimum=0,
                derived_from=("filtered_documents.text",)),
        Column("tokens", pa.int64(), "Words and signs of a substring; of other kinds 0.", minimum=0,
                derived_from=("filtered_documents.text",)),
        Column("occurrences", pa.int64(), "How often the passage occurs in all; of a substring, its beginning.",
                minimum=2, derived_from=("filtered_documents.text",)),
    ),
    key=("doc_id", "kind", "start", "matched_doc_id", "matched_start"),
    partition_by=(),
))

_declare(Table(
    "redundant_documents",
    "One row per document that stays after clusters and goes for another one, in which it is contained, or which says "
    "the same, and that other one: of a text within several, one for each.",
    (
        _doc_id("duplicates.doc_id"),
        _snapshot("duplicates.snapshot"),
        Column("kind", pa.string(), "containment: its n-grams are in the other. semantic: their embeddings are alike. "
                "Else the entry of the recipe that found it.", pattern=r"^[a-z][a-z0-9_]*$",
                derived_from=("filtered_documents.text",)),
        Column("matched_doc_id", pa.string(), "The other document, which would stay.", pattern=ID_HEX,
                derived_from=("duplicates.doc_id",)),
        Column("similarity", pa.float64(), "How alike they are: the share of its n-grams that are in the other, the "
                "cosine of the embeddings, or what else was measured.",
                minimum=-1, maximum=1,
                derived_from=("document_sketches.sketch", "document_embeddings.embedding")),
    ),
    key=("doc_id", "kind", "matched_doc_id"),
    partition_by=(),
))

_declare(Table(
    "cut_programs",
    "One row per document that stays after clusters and of which something repeats, or holds an evaluation item: the "
    "program that cuts it.",
    (
        _doc_id("duplicates.doc_id"),
        _snapshot("duplicates.snapshot"),
        Column("program", pa.string(), "Program in the language of refinement, in bytes of the filtered text; without "
                "any of the text.", long=True, derived_from=("duplicate_spans.start", "duplicate_spans.end",
                                                        "contamination.spans", "redundant_documents.matched_doc_id")),
        Column("outcome", pa.string(), "What the program makes of the document.",
                one_of=("unchanged", "refined", "dropped")),
        Column("reason", pa.string(), "Why it is dropped, as a short code; else empty.", pattern=r"^[a-z0-9_.]*$"),
        *(
            Column(f"{kind}_bytes", pa.int64(), f"Bytes that go because of {what}, whatever else cuts them too.",
                    minimum=0, derived_from=("duplicate_spans.start", "contamination.spans"))
            for kind, what in (
                ("line", "repeated lines"), ("paragraph", "repeated paragraphs"),
                ("substring", "repeated substrings"), ("contamination", "evaluation items"),
            )
        ),
        Column("bytes_before", pa.int64(), "UTF-8 bytes of the filtered text.", minimum=0,
                derived_from=("filtered_documents.byte_count",)),
        Column("bytes_after", pa.int64(), "UTF-8 bytes that are left, 0 if it is dropped.", minimum=0,
                derived_from=("filtered_documents.text",)),
        Column("tokens_after", pa.int64(), "Tokens that are left, 0 if it is dropped.", minimum=0,
                derived_from=("filtered_documents.text",)),
    ),
    key=("doc_id",),
))

_declare(Table(
    "deduplicated_documents",
    "The copies that stay.",
    (
        *_carried("filtered_documents", "doc_id", "snapshot", "source", "domain", "url", "host", "fetched_at", "title",
                  "text", "byte_count", "token_count", "language"),
        *_carried("duplicates", "cluster_size"),
        Column("rehydration_weight", pa.int64(), "How often the document is to be repeated for its copies that were "
                "dropped; 1 unless the recipe says otherwise.", minimum=1, derived_from=("duplicates.cluster_size",)),
    ),
    key=("doc_id",),
))

_declare(Table(
    "quality_labels",
    "Labelled texts from which the quality classifier is trained.",
    (
        Column("label_id", pa.string(), "128-bit hash of origin and text.", pattern=ID_HEX),
        Column("origin", pa.string(), "Where the text came from."),
        Column("text", pa.large_string(), "The text.", long=True),
        Column("label", pa.int32(), "1 wanted, 0 not.", minimum=0, maximum=1),
        Column("split", pa.string(), "Trained on or held out, by hash of the id.", one_of=("train", "held_out")),
    ),
    key=("label_id",),
    partition_by=(),
))


def model_table(name: str) -> Table:
    """The table of the model called `name` in the recipe."""
    return Table(
        f"model_{name}",
        f"Model {name}: one row that names its files.",
        (
            Column("model_id", pa.string(), "Name and first 12 digits of the digest of its files."),
            Column("uri", pa.string(), "Folder with the model's files."),
            Column("sha256", pa.string(), "Digest of the model's files.", pattern=SHA256_HEX),
            Column("license_spdx", pa.string(), "Licence of the model, as far as stated."),
            Column("parameters", pa.int64(), "Number of parameters.", minimum=1),
            Column("training_texts", pa.int64(), "Texts it was trained on here; 0 for a model from a path.",
                   minimum=0, derived_from=("quality_labels.text",)),
            Column("metrics", pa.string(), "Measured on held-out texts, as JSON."),
        ),
        key=("model_id",),
        partition_by=(),
        kind="trainer",
        entry=name,
    )


for _old in ("language_model", "quality_classifier"):
    _declare(replace(
        model_table(_old), name=_old, entry="",
        description="A model, as lakes have it that were written before models had entries in the recipe.",
    ))


def scores_table(name: str, gives: Iterable[Column] = (), models: Iterable[str] = ()) -> Table:
    """The table of the scorer that the recipe calls `name`.

    Args:
        gives: the columns that it fills.
        models: entries of `models` that it reads.
    """
    origins = ("deduplicated_documents.text", *(f"model_{model}.sha256" for model in models))
    return Table(
        f"scores_{name}",
        f"Scores {name}: what one scorer says of every deduplicated document; no text.",
        (
            _doc_id("deduplicated_documents.doc_id"),
            _snapshot("deduplicated_documents.snapshot"),
            *(replace(one, derived_from=origins) for one in gives),
            Column("model", pa.string(), "model_id of the models that it read, by blanks; empty if it reads none.",
                   derived_from=tuple(f"model_{model}.model_id" for model in models)),
        ),
        key=("doc_id",),
        kind="scorer",
        entry=name,
        open=True,
    )


_declare(Table(
    "quality_annotations",
    "One row per deduplicated document: what all scorers of the recipe said, and which model said it; no text.",
    (
        _doc_id("deduplicated_documents.doc_id"),
        _snapshot("deduplicated_documents.snapshot"),
    ),
    key=("doc_id",),
    open=True,
))


def sketches_table(name: str, gives: Iterable[Column] = (), models: Iterable[str] = ()) -> Table:
    """The table of the pairer of documents that the recipe calls `name`.

    Args:
        gives: what it makes of a text.
        models: entries of `models` that it reads.
    """
    models = tuple(models)
    origins = ("filtered_documents.text", *(f"model_{model}.sha256" for model in models))
    made_by = Column("model", pa.string(), "model_id of the models that it read, by blanks.",
                     derived_from=tuple(f"model_{model}.model_id" for model in models))
    return Table(
        f"sketches_{name}",
        f"Sketches {name}: what a pairer makes of every filtered document, by which it is compared; no text.",
        (
            _doc_id("filtered_documents.doc_id"),
            _snapshot("filtered_documents.snapshot"),
            *(replace(one, derived_from=origins) for one in gives),
            *([made_by] if models else []),
        ),
        key=("doc_id",),
        kind="pairer of documents",
        entry=name,
        open=True,
    )


def selection_table(name: str) -> Table:
    """The table of the selection called `name` in the recipe."""
    return Table(
        f"selection_{name}",
        f"Selection {name}: which deduplicated documents a selector chose, and how much it wants each.",
        (
            _doc_id("deduplicated_documents.doc_id"),
            _snapshot("deduplicated_documents.snapshot"),
            Column("utility", pa.float64(), "How much the selector wants it; the higher the more."),
            Column("selected", pa.bool_(), "Whether it chose it."),
        ),
        key=("doc_id",),
        partition_by=(),
        kind="selector",
        entry=name,
    )


def plan_table(name: str) -> Table:
    """The table of the plan of the mixture called `name` in the recipe."""
    return Table(
        f"plan_{name}",
        f"Plan of mixture {name}: which documents a model is trained on, how often and in which order; no text.",
        (
            *_carried("deduplicated_documents", "doc_id", "snapshot", "domain", "token_count"),
            Column("weight", pa.float64(), "Share of the mixture's tokens that its domain was given.", minimum=0,
                   maximum=1),
            Column("epochs", pa.float64(), "How often the document is seen: tokens drawn from its domain over tokens "
                   "there.", minimum=0),
            Column("position", pa.int64(), "Place in the order of training, from 0.", minimum=0),
            Column("phase", pa.string(), "Training phase the document belongs to."),
        ),
        key=("doc_id",),
        partition_by=(),
        kind="plan",
        entry=name,
    )


def audit_table(name: str) -> Table:
    """The table of the audit called `name` in the recipe."""
    return Table(
        f"audit_{name}",
        f"Audit {name}: what an auditor found in a mixture; no text.",
        (
            Column("subject", pa.string(), "What was measured, such as a domain or a document."),
            Column("measure", pa.string(), "What of it was measured."),
            Column("value", pa.float64(), "The value."),
        ),
        key=("subject", "measure"),
        partition_by=(),
        kind="auditor",
        entry=name,
    )


_MIXTURE_TEXTS = _carried(
    "deduplicated_documents", "doc_id", "snapshot", "source", "domain", "url", "host", "fetched_at", "text",
    "byte_count", "token_count", "language", "cluster_size",
)
_MIXTURE_TERMS = _carried(
    "document_terms", "license_spdx", "license_tier", "license_basis", "contested", "copy_licenses", "attribution",
)


def mixture_table(name: str, scores: Iterable[Column] = ()) -> Table:
    """The table of the mixture called `name` in the recipe.

    Args:
        scores: columns of scores that it holds.
    """
    planned = tuple(
        replace(column, derived_from=(f"plan_{name}.{column.name}",)) for column in plan_table(name).columns
        if column.name in ("weight", "epochs", "phase")
    )
    return Table(
        f"mixture_{name}",
        f"Mixture {name}: the documents that a model is trained on, with their licences.",
        (*_MIXTURE_TEXTS, *scores, *_MIXTURE_TERMS, *planned),
        key=("doc_id",),
        partition_by=(),
        kind="mixture",
        entry=name,
        open=True,
    )


_declare(Table(
    "domain_labels",
    "Labelled texts from which the classifiers of branches are trained.",
    (
        Column("label_id", pa.string(), "128-bit hash of branch and text.", pattern=ID_HEX),
        Column("branch", pa.string(), "Branch of the recipe that the label speaks of."),
        Column("origin", pa.string(), "Host, row or distribution that the text came from: held out as a whole."),
        Column("url", pa.string(), "URL of the text, empty if it has none."),
        Column("text", pa.large_string(), "The text.", long=True),
        Column("label", pa.int32(), "1 of the branch, 0 not.", minimum=0, maximum=1),
        Column("split", pa.string(), "Trained on or held out, by hash of the origin.", one_of=("train", "held_out")),
    ),
    key=("label_id",),
    partition_by=(),
))

_declare(Table(
    "domain_classifiers",
    "The two classifiers of every branch that has some, in one model: the first for recall, the second for precision.",
    (
        Column("branch", pa.string(), "Branch of the recipe.", derived_from=("domain_labels.branch",)),
        *(
            Column(**{**vars(column), "derived_from": tuple(
                origin.replace("quality_labels", "domain_labels") for origin in column.derived_from)})
            for column in model_table("").columns
        ),
    ),
    key=("branch",),
    partition_by=(),
    kind="trainer",
))

_declare(Table(
    "document_branches",
    "One row per document: the domain that it was sorted into, and what decided.",
    (
        _doc_id("documents.doc_id"),
        _snapshot("documents.snapshot"),
        Column("branch", pa.string(), "Branch of the recipe that took it, empty if none did.",
                derived_from=("documents.text", "raw_crawls.payload", "domain_classifiers.sha256")),
        Column("domain", pa.string(), "The branch, or the domain of the source if none took it.",
                derived_from=("documents.text", "raw_crawls.payload", "domain_classifiers.sha256",
                              "documents.domain")),
        Column("decided_by", pa.string(), "Patterns, the second classifier, that it was left over, or no branch.",
                one_of=("evidence", "classifier", "rest", "source"), derived_from=("documents.text",)),
        Column("evidence", pa.list_(pa.string()), "All evidence that speaks for any branch, as branch.name.",
                derived_from=("documents.text", "raw_crawls.payload")),
        Column("scores", pa.list_(pa.struct([("branch", pa.string()), ("first", pa.float64()),
                                              ("second", pa.float64())])),
                "Probabilities under the two classifiers of every branch that has some; the second is null where "
                "neither the first nor evidence proposed the document.",
                derived_from=("documents.text", "domain_classifiers.sha256")),
    ),
    key=("doc_id",),
))

def branch_table(name: str) -> Table:
    """The table of the branch called `name` in the recipe: a domain of the corpus, without duplicates."""
    return Table(
        f"branch_{name}",
        f"Domain {name}: the deduplicated documents that were sorted into it, with licence and what decided.",
        (
            *_carried("deduplicated_documents", *TABLES["deduplicated_documents"].column_names),
            *_carried("document_branches", "decided_by", "evidence", "scores"),
            *_carried("document_terms", "license_spdx", "license_tier"),
        ),
        key=("doc_id",),
        kind="branch",
        entry=name,
    )


def derived_table(name: str) -> Table:
    """The table of the entry called `name` in the recipe's `synthesis`.

    It has the columns of `deduplicated_documents`, so that a mixture draws from both alike, and terms of its own.
    """
    documents, licenses = TABLES["deduplicated_documents"], TABLES["document_terms"]
    parents, made = ("parents.parent_id",), ("deduplicated_documents.text",)

    def like(column: Column, description: str = "", origin: tuple[str, ...] = ()) -> Column:
        return replace(column, description=description or column.description, derived_from=origin)

    return Table(
        f"derived_{name}",
        f"Texts that {name} made of deduplicated documents, each with the licences of all its parents.",
        (
            like(documents["doc_id"], "128-bit hash of entry, method, the ids of the parents in order, and the number "
                 "of the text among those of its family.", parents),
            like(documents["snapshot"], "Snapshot of the parents: the partition key.",
                 ("deduplicated_documents.snapshot",)),
            like(documents["source"], "Entry of the recipe that made it."),
            like(documents["domain"], "Domain that the entry's texts count as, by which mixtures are weighted."),
            like(documents["url"], "Empty: it was found nowhere."),
            like(documents["host"], "Empty."),
            like(documents["fetched_at"], "Null: it was never fetched."),
            like(documents["title"], "Null: it has none."),
            like(documents["text"], "The text, UTF-8, NFC.", made),
            *(like(documents[column], origin=made) for column in ("byte_count", "token_count", "language")),
            like(documents["cluster_size"], "1: of equal texts of an entry the first stays."),
            like(documents["rehydration_weight"], "1: it is not repeated."),
            like(licenses["license_spdx"], "SPDX expression: those of all parents hold (AND).",
                 ("document_terms.license_spdx",)),
            like(licenses["license_tier"], "The most restrictive tier of the parents.",
                 ("document_terms.license_spdx",)),
            like(licenses["claimed_spdx"], "SPDX expression: what all parents claim holds (AND).",
                 ("document_terms.claimed_spdx",)),
            like(licenses["claimed_tier"], "The tier of that.", ("document_terms.claimed_spdx",)),
            like(licenses["contested"], "Whether what holds is stricter than what the parents claim.",
                 ("document_terms.license_spdx",)),
            like(licenses["copy_licenses"], "Empty: of equal texts of an entry the first stays."),
            like(licenses["license_basis"], "'parents': theirs decide."),
            like(licenses["opt_out"], "Whether the rights holder of any parent reserved use for training.",
                 ("document_terms.opt_out",)),
            like(licenses["contradicted"], "Whether the evidence of any parent names licences that do not agree.",
                 ("document_terms.contradicted",)),
            like(licenses["attribution"], "Whom to credit, for each parent, joined by '; '.",
                 ("document_terms.attribution",)),
            like(TABLES["documents"]["text_hash"], origin=made),
        ),
        key=("doc_id",),
        kind="synthesiser",
        entry=name,
    )


_declare(Table(
    "parents",
    "What derived texts are made of: one row per text and parent.",
    (
        Column("stage", pa.string(), "Table that the derived text is in."),
        Column("snapshot", pa.string(), "Crawl or snapshot of both."),
        Column("derived_id", pa.string(), "The derived text.", pattern=ID_HEX),
        Column("parent_id", pa.string(), "The document that it is made of.", pattern=ID_HEX,
               derived_from=("deduplicated_documents.doc_id",)),
        Column("position", pa.int32(), "Place of the parent in its family, from 0.", minimum=0),
        Column("ordinal", pa.int32(), "Number of the text among those that were made of the family, from 0.",
               minimum=0),
        Column("method", pa.string(), "Synthesiser that made it."),
        Column("method_version", pa.int32(), "Its version.", minimum=1),
        Column("model", pa.string(), "model_id of the models that it read, joined by spaces; empty if none."),
        Column("model_license", pa.string(), "SPDX expression of these models, all of them; empty if none.",
               nullable=True),
        Column("prompt", pa.string(), "What a model was asked, empty if none was.", long=True),
    ),
    key=("derived_id", "position"),
    partition_by=("stage", "snapshot"),
))


_declare(Table(
    "proxy_runs",
    "One row per proxy model that was trained: on what, how long, at which cost, and what it lost where. No text.",
    (
        Column("run", pa.string(), "Digest of code, settings and inputs: the partition key.", pattern=ID_HEX),
        Column("experiment", pa.string(), "What it was trained for.", one_of=("tiers",)),
        Column("corpus", pa.string(), "Recipe that the mixture is of."),
        Column("mixture", pa.string(), "Mixture that its documents were drawn for, as the recipe calls it."),
        Column("cut", pa.string(), "Which part of the mixture."),
        Column("tiers", pa.list_(pa.int32()), "Licence tiers that the cut admits."),
        Column("seed", pa.int64(), "Seed of weights, order, and draw.", minimum=0),
        Column("size", pa.string(), "Rung of the ladder."),
        Column("parameters", pa.int64(), "Parameters of the model.", minimum=1),
        Column("tokens", pa.int64(), "Tokens that it was trained on, by its own tokenizer.", minimum=1),
        Column("steps", pa.int64(), "Steps of training.", minimum=1),
        Column("schedule", pa.string(), "Batch, context, rate, warm-up and betas, as JSON."),
        Column("domains", pa.list_(pa.struct([
            ("domain", pa.string()), ("documents", pa.int64()), ("tokens", pa.int64()), ("seen", pa.int64()),
            ("epochs", pa.float64()),
        ])), "By domain: documents that were read, their tokens, tokens that were read, and how often that is."),
        Column("tokens_by_tier", pa.list_(pa.struct([
            ("tier", pa.int32()), ("documents", pa.int64()), ("tokens", pa.int64()), ("seen", pa.int64()),
        ])), "The same by licence tier."),
        Column("losses", pa.list_(pa.struct([
            ("step", pa.int64()), ("domain", pa.string()), ("bits_per_byte", pa.float64()),
        ])), "Loss on held-out texts by domain, at every measurement."),
        Column("training", pa.list_(pa.float32()), "Loss of every step in nats per token.", long=True),
        Column("held_out", pa.list_(pa.struct([
            ("domain", pa.string()), ("documents", pa.int64()), ("tokens", pa.int64()), ("bytes", pa.int64()),
        ])), "What it was measured on."),
        Column("held_out_digest", pa.string(), "SHA-256 of the ids of the held-out documents.", pattern=SHA256_HEX),
        Column("order_digest", pa.string(), "SHA-256 of the documents in the order in which they were read.",
               pattern=SHA256_HEX),
        Column("tokenizer_digest", pa.string(), "SHA-256 of the tokenizer.", pattern=SHA256_HEX),
        Column("stacked", pa.int64(), "Proxies that were trained side by side.", minimum=1),
        Column("seconds", pa.float64(), "Time of training on the clock, over proxies side by side.", minimum=0),
        Column("processor_seconds", pa.float64(), "Time of all cores, over proxies side by side.", minimum=0),
        Column("place", pa.string(), "Where it was trained.", one_of=("cpu", "cuda")),
        Column("code_version", pa.string(), "Digest of the code."),
        Column("inputs", pa.string(), "Tables read, with id, version and recipe, as JSON.", long=True),
        Column("finished_at", TIMESTAMP, "When it was done (UTC)."),
    ),
    key=("run",),
    partition_by=("run",),
))


def datastore_table(name: str) -> Table:
    """The table of the datastore called `name` in the recipe."""
    return Table(
        f"datastore_{name}",
        f"Datastore {name}: documents whose licence no mixture admits, kept apart so that they can be removed at once.",
        (
            *_carried("deduplicated_documents", *TABLES["deduplicated_documents"].column_names),
            *_carried("document_terms", "license_spdx", "license_tier", "license_basis", "opt_out", "attribution"),
        ),
        key=("doc_id",),
        kind="datastore",
        entry=name,
    )


_declare(Table(
    "removed_tables",
    "One row per table that was removed as a whole, or set aside because it was not what the platform wrote: what it "
    "was, and what was seen to be gone. Append-only.",
    (
        Column("table", pa.string(), "Table that was removed."),
        Column("table_id", pa.string(), "Delta table id."),
        Column("version", pa.int64(), "Its last version.", minimum=0),
        Column("rows", pa.int64(), "Rows it had at that version.", minimum=0),
        Column("rows_by_license", pa.string(), "Rows by SPDX expression, as JSON."),
        Column("files", pa.int64(), "Files that were deleted, those of old versions included.", minimum=0),
        Column("bytes", pa.int64(), "Their size.", minimum=0),
        Column("files_digest", pa.string(), "SHA-256 of the sorted lines of name and size.", pattern=SHA256_HEX),
        Column("removed_at", TIMESTAMP, "When it was gone (UTC)."),
    ),
    key=("table", "table_id"),
    partition_by=(),
))

_declare(Table(
    "vacuums",
    "One row per table and vacuum: files that nothing needed any more, as they were about to be deleted. Append-only.",
    (
        Column("table", pa.string(), "Table that they were of."),
        Column("table_id", pa.string(), "Delta table id."),
        Column("version", pa.int64(), "Its last version.", minimum=0),
        Column("kept_since", TIMESTAMP, "What was replaced or written since then was kept (UTC)."),
        Column("files", pa.list_(pa.struct([("path", pa.string()), ("bytes", pa.int64()), ("added", pa.int64())])),
               "Path within the table, size, and version that added it; without one, no version ever named it.",
               long=True),
        Column("bytes", pa.int64(), "Their size.", minimum=0),
        Column("vacuumed_at", TIMESTAMP, "When it was decided (UTC)."),
    ),
    key=("table", "table_id", "vacuumed_at"),
    partition_by=(),
))

_declare(Table(
    "check_results",
    "One row per check of a partition: what was checked at which version, and whether it held. Append-only.",
    (
        Column("table", pa.string(), "Table that was checked."),
        Column("partition", pa.string(), "Partition that was checked; empty for the whole table."),
        Column("recipe", pa.string(), "Recipe that the partition carried."),
        Column("version", pa.int64(), "Delta version that was read.", minimum=0),
        Column("check", pa.string(), "Name of the check."),
        Column("passed", pa.bool_(), "Whether it held."),
        Column("blocking", pa.bool_(), "Whether a breach stops the line."),
        Column("detail", pa.string(), "Counts that explain the outcome, as JSON; never values of long columns."),
        Column("run_id", pa.string(), "Dagster run that checked."),
        Column("checked_at", TIMESTAMP, "When it was checked (UTC)."),
    ),
    key=("table", "partition", "recipe", "check", "checked_at"),
    partition_by=(),
))

_declare(Table(
    "lineage",
    "One row per commit of any table: which code, recipe, inputs and run made it. Append-only.",
    (
        Column("table", pa.string(), "Table that was written."),
        Column("table_id", pa.string(), "Delta table id."),
        Column("version", pa.int64(), "Delta version that the commit made.", minimum=0),
        Column("partition", pa.string(), "Partition that was replaced; empty for the whole table."),
        Column("asset_key", pa.string(), "Dagster asset that wrote it."),
        Column("run_id", pa.string(), "Dagster run that wrote it."),
        Column("code_version", pa.string(), "Digest of the code that the stage runs."),
        Column("git_commit", pa.string(), "Commit of the platform's code, '+' if modified; empty if unknown."),
        Column("recipe", pa.string(), "Digest of code version, configuration and inputs.", pattern=SHA256_HEX),
        Column("config", pa.string(), "The part of the recipe that the stage depends on, as JSON.", long=True),
        Column("inputs", pa.string(), "Tables read, with id, version and recipe, as JSON.", long=True),
        Column("rows", pa.int64(), "Rows in the partition after the commit.", minimum=0),
        Column("committed_at", TIMESTAMP, "When it was committed (UTC)."),
    ),
    key=("table", "version"),
    partition_by=(),
))


_TAKEDOWN_ID = Column("takedown_id", pa.string(), "Takedown it belongs to.", pattern=r"^td-[0-9a-f]{12}(-[0-9]+)?$")

_declare(Table(
    "takedowns",
    "Two rows per takedown, when it begins and when it is done: who asked, why, and what was planned. No text, and no "
    "URL but as a hash. Append-only.",
    (
        _TAKEDOWN_ID,
        Column("state", pa.string(), "What the row reports.", one_of=("begun", "done")),
        Column("reason", pa.string(), "Why, in the words of who ordered it."),
        Column("requested_by", pa.string(), "Who asked."),
        Column("reported_at", TIMESTAMP, "When it was reported (UTC)."),
        Column("documents", pa.int64(), "Documents and records that are removed.", minimum=0),
        Column("plan", pa.string(), "The plan as JSON, as it was when the takedown began.", long=True),
        Column("plan_sha256", pa.string(), "Digest of the plan.", pattern=SHA256_HEX),
    ),
    key=("takedown_id", "state"),
    partition_by=(),
))

_declare(Table(
    "takedown_list",
    "The standing list: what was taken down and stays out, as hashes and names, without any text. Append-only.",
    (
        _TAKEDOWN_ID,
        Column("kind", pa.string(), "What the value is.",
                one_of=("url", "host", "source", "record", "payload", "text", "copy", "derived", "terms", "claim",
                        "notice")),
        Column("value", pa.string(), "Hash of the canonical URL, host, source, record_id, SHA-256 of a payload, hash "
                "of a normalised text, for kind copy of one whose near-copies stay out, for kind derived of one that "
                "went with its parents, which keeps nothing out and is searched for alone. For kinds terms and claim: "
                "the doc_id of a document that stays, and the licence that it was used on, and claimed, before what "
                "stated that went. For kind notice: the notice_id of a text that went with its file, alone or with the "
                "hash of a copyright line of it."),
        Column("minhash_bands", pa.list_(pa.int64()), "Of kind copy: the keys of its bands."),
        Column("minhash_sketch", pa.large_binary(), "Of kind copy: one byte of every minimum.", long=True),
        Column("probes", pa.list_(pa.struct([("window", pa.int64()), ("digest", pa.string())])),
                "Of kinds text and derived: rolling hash and digest of pieces of 64 bytes, by which it is found."),
        Column("clear", pa.list_(pa.string()), "Snapshots that were written and in which nothing was found: what is "
                "listed is no reason to make them again."),
    ),
    key=("takedown_id", "kind", "value"),
    partition_by=(),
))

_declare(Table(
    "takedown_receipts",
    "One row per proof that what was taken down is gone: what was searched for, where, what was found. Append-only.",
    (
        _TAKEDOWN_ID,
        Column("made_at", TIMESTAMP, "When the search ended (UTC)."),
        Column("occasion", pa.string(), "Why it was searched.", one_of=("takedown", "verification")),
        Column("absent", pa.bool_(), "Whether nothing of it was found."),
        Column("receipt", pa.string(), "The receipt as JSON.", long=True),
        Column("sha256", pa.string(), "Digest of the receipt.", pattern=SHA256_HEX),
    ),
    key=("takedown_id", "made_at"),
    partition_by=(),
))

_declare(Table(
    "exports",
    "One row per export of a mixture: which version went where. Append-only.",
    (
        Column("mixture", pa.string(), "Table that was exported."),
        Column("table_id", pa.string(), "Delta table id."),
        Column("version", pa.int64(), "Version that was exported.", minimum=0),
        Column("format", pa.string(), "Format of the shards."),
        Column("path", pa.string(), "Folder that it was written to."),
        Column("rows", pa.int64(), "Documents in it.", minimum=0),
        Column("manifest_sha256", pa.string(), "Digest of its manifest, which has the digests of the shards.",
                pattern=SHA256_HEX),
        Column("exported_at", TIMESTAMP, "When it was written (UTC)."),
    ),
    key=("mixture", "version", "path", "exported_at"),
    partition_by=(),
))

PLATFORM_LOGS = (
    "check_results", "lineage", "takedowns", "takedown_list", "takedown_receipts", "exports", "removed_tables",
    "vacuums",
)
"""Tables that the platform keeps about its own work: no rows of the corpus."""
COMPACTED = ("lineage", "check_results")
"""Those that grow with every commit of others: their rows are written again as fewer files, and what their logs said
first is kept apart from them."""


FAMILIES: dict[str, Callable[[str], Table]] = {
    "model": model_table,
    "sketches": sketches_table,
    "scores": scores_table,
    "selection": selection_table,
    "plan": plan_table,
    "mixture": mixture_table,
    "audit": audit_table,
    "branch": branch_table,
    "datastore": datastore_table,
    "derived": derived_table,
}
"""Tables that a recipe has one of per entry, named `<family>_<entry>`: how the table of an entry is declared. Nothing
but `table` reads a table's name; what a table is, its kind says."""


def table(name: str) -> Table:
    """The declaration of table `name`, those that a recipe makes per entry included.

    Raises:
        KeyError: if no such table is declared; the message lists those that are.
    """
    if name in TABLES:
        return TABLES[name]
    family, _, entry = name.partition("_")
    if entry and family in FAMILIES:
        return FAMILIES[family](entry)
    known = ", ".join([*sorted(TABLES), *(f"{family}_<name>" for family in FAMILIES)])
    raise KeyError(f"no table {name!r}; declared are {known}")


def kind_of(name: str) -> str:
    """The kind of the table called `name`; empty for a table that is not declared, which others have put there."""
    try:
        return table(name).kind
    except KeyError:
        return ""


PUBLISHED = ("mixture", "branch", "datastore")
"""The kinds of table whose texts may leave the house, each with a licence."""


def table_name(kind: str, given: str) -> str:
    """The table of one entry of a kind, which people name with the kind before it or without."""
    return given if kind_of(given) == kind else f"{kind}_{given}"


def short_name(name: str) -> str:
    """What people call a table: a mixture by its entry in the recipe, any other by its whole name."""
    return table(name).entry if kind_of(name) == "mixture" else name


def declaration(given: Table | str) -> Table:
    """The declaration that is given, or that of the table whose name is.

    Raises:
        KeyError: as `table`.
    """
    return given if isinstance(given, Table) else table(given)
