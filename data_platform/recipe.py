"""The recipe: what a corpus is made of, as one validated YAML file.

A recipe names sources by snapshot, how they are read, extracted, filtered, deduplicated, licensed and scored, and the
mixtures that come out. Every threshold that a stage depends on is a field here, so that a changed threshold changes
exactly the stages that read it. Not here: how anything is done.

`${NAME}` and `${NAME:-default}` in the file are replaced from the environment before validation.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data_platform.errors import PlainError

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
IDENTIFIER = r"^[a-z][a-z0-9_]*$"
HOME_VARIABLE = "DATA_PLATFORM_HOME"


class RecipeError(PlainError, ValueError):
    """A recipe that cannot be used. The message names the file, the field and what would be right."""


class Part(BaseModel):
    """Base of every part of a recipe: immutable, and closed to misspelt fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LicenseClaim(Part):
    """What the source registry says of a source: the licence its texts came under, and on what basis."""

    spdx: str = Field(description="SPDX expression of the source's texts, e.g. 'CC-BY-SA-4.0'.")
    basis: str = Field(description="Why that is so: a URL or a sentence.")
    attribution: str | None = Field(default=None, description="Whom to credit.")


class _Source(Part):
    name: str = Field(pattern=NAME, description="Unique name of the source.")
    snapshot: str = Field(pattern=NAME, description="Crawl or snapshot it belongs to: the partition key.")
    domain: str = Field(default="web", pattern=NAME, description="Domain by which mixtures weight its documents.")
    license: LicenseClaim | None = Field(default=None, description="Licence of the whole source, if it has one.")
    known_as: str | None = Field(
        default=None, description="Identifier in `licenses.known_sources`: what is known there is evidence."
    )


SNAPSHOT_PLACEHOLDER = "{snapshot}"


class _PathSource(_Source):
    snapshot: str | None = Field(
        default=None, pattern=NAME, description="Crawl or snapshot it belongs to: the partition key. Without one, the "
        "paths hold {snapshot} where the names of snapshots stand, and new ones are found by listing."
    )
    paths: tuple[str, ...] = Field(min_length=1, description="Paths, globs, folders, https:// or s3:// URLs.")

    @field_validator("paths", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _snapshot_somewhere(self) -> _PathSource:
        marked = [SNAPSHOT_PLACEHOLDER in path for path in self.paths]
        if self.snapshot is None and not all(marked):
            raise ValueError("give a snapshot, or write {snapshot} in every path where the names of snapshots stand")
        if self.snapshot is not None and any(marked):
            raise ValueError("give a snapshot or write {snapshot} in the paths, not both")
        return self


class CrawlSource(_PathSource):
    """WARC, ARC or WET archives, gzip or plain."""

    kind: Literal["crawl"] = "crawl"


class FilesSource(_PathSource):
    """JSONL (plain, gz, zst), Parquet, or text and code files and folders of them."""

    kind: Literal["files"]
    text_field: str = Field(default="text", description="Field of a row that holds its text.")
    url_field: str | None = Field(default="url", description="Field of a row that holds its URL, if any.")
    license_field: str | None = Field(
        default="license", description="Field of a row that holds its licence; dots reach into objects."
    )
    include: tuple[str, ...] = Field(
        default=(), description="Glob patterns of file names to read in folders; empty: every text or code file. "
        "LICENSE files and manifests are evidence for the files below them only if they are read, too."
    )


class EnvironmentPages(_Source):
    """Long descriptions of the installed distributions, rendered to HTML and written as a gzip WARC."""

    kind: Literal["environment_pages"]
    limit: int = Field(default=200, ge=1, description="At most so many distributions.")


class EnvironmentFiles(_Source):
    """Source files of the installed distributions, with the licence that the distribution declares."""

    kind: Literal["environment_files"]
    limit: int = Field(default=1500, ge=1, description="At most so many files.")
    max_bytes: int = Field(default=200_000, ge=1, description="Larger files are left out.")


Source = Annotated[CrawlSource | FilesSource | EnvironmentPages | EnvironmentFiles, Field(discriminator="kind")]


class Ingest(Part):
    """Limits that guard the reading of archives."""

    max_payload_bytes: int = Field(
        default=32 * 2**20, ge=1, description="A record whose decoded payload is larger is rejected, not read."
    )
    max_expansion: float = Field(
        default=200.0, ge=1, description="Decoded over encoded bytes above which a record counts as a bomb, "
        "for payloads over 1 MiB."
    )
    http_statuses: tuple[int, ...] = Field(default=(200,), description="Statuses that are captured.")
    mime_types: tuple[str, ...] = Field(
        default=("text/html", "application/xhtml+xml", "text/plain"), description="MIME types captured from crawls."
    )


class Extraction(Part):
    """How HTML becomes text."""

    engine: Literal["auto", "trafilatura", "resiliparse"] = Field(default="auto", description="HTML engine.")
    options: dict[str, bool | int | str] = Field(default_factory=dict, description="Options of the engine.")
    max_html_bytes: int = Field(default=8 * 2**20, ge=1, description="Larger pages are rejected.")
    max_tree_depth: int = Field(default=2_000, ge=1, description="Deeper pages are rejected.")


class Language(Part):
    """Which languages go on, and at which confidence."""

    languages: tuple[str, ...] = Field(default=(), description="ISO 639 codes that are kept; empty: all.")
    as_claimed: bool = Field(
        default=False, description="Drop documents whose page claims another language than the one that is detected."
    )
    min_confidence: float = Field(default=0.0, ge=0, le=1, description="Less sure documents are dropped.")
    cut_offs: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="ISO 639 code to the least confidence in place of min_confidence."
    )
    model: str | None = Field(
        default=None, description="Path of a fastText model, such as GlotLID; default: lid.176 as shipped."
    )


class UrlRule(Part):
    """Which URLs one rule blocks: those that match one of each kind that is given."""

    hosts: tuple[str, ...] = Field(default=(), description="Hosts, with their subdomains.")
    paths: tuple[str, ...] = Field(
        default=(), description="Whole paths with their queries, as '/tag/*': * stands for anything."
    )
    patterns: tuple[str, ...] = Field(default=(), description="Regular expressions (RE2) found anywhere in the URL.")

    @model_validator(mode="after")
    def _says_something(self) -> UrlRule:
        if not (self.hosts or self.paths or self.patterns):
            raise ValueError("give hosts, paths or patterns")
        return self


class Urls(Part):
    """Which URLs are blocked, by category. Upper and lower case are the same."""

    lists: tuple[str, ...] = Field(
        default=(), description="Folders in the layout of UT1: one folder per category with files domains, urls and "
        "expressions, plain or .gz."
    )
    categories: tuple[Annotated[str, Field(pattern=NAME)], ...] = Field(
        default=(), description="Categories of the lists that are blocked. UT1 has harmless ones too, such as press."
    )
    rules: dict[Annotated[str, Field(pattern=NAME)], UrlRule] = Field(
        default_factory=dict, description="Own categories by name."
    )
    hard_words: tuple[str, ...] = Field(default=(), description="Words of a URL of which one blocks it.")
    soft_words: tuple[str, ...] = Field(default=(), description="Words of a URL of which several block it.")
    min_soft_words: int = Field(default=2, ge=1, description="So many different soft words block.")
    subwords: tuple[str, ...] = Field(
        default=(), description="Letters and digits that block a URL wherever they follow each other, whatever other "
        "signs stand between."
    )
    allow: tuple[str, ...] = Field(default=(), description="Hosts that nothing blocks, with their subdomains.")

    @model_validator(mode="after")
    def _whole(self) -> Urls:
        if bool(self.lists) != bool(self.categories):
            raise ValueError("lists and categories belong together: name the categories to block, and where they are")
        names = [*self.categories, *self.rules, "hard_words", "soft_words", "subwords"]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"categories must have names of their own; repeated: {', '.join(repeated)}")
        hosts = (*self.allow, *(host for rule in self.rules.values() for host in rule.hosts))
        if wrong := sorted(host for host in hosts if not host or set(host) & set(" \t\n,;|^\"'")):
            raise ValueError(f"one host an entry, unlike {', '.join(map(repr, wrong))}")
        words = (*self.hard_words, *self.soft_words, *self.subwords)
        if wrong := sorted({word for word in words if not (word.isascii() and word.isalnum())}):
            raise ValueError(f"words of URLs are made of the letters a to z and digits, unlike {', '.join(wrong)}")
        return self


class Filters(Part):
    """Rule sets in order, each with the thresholds to change. An empty mapping means the published thresholds."""

    rule_sets: dict[str, dict[str, float | int | str]] = Field(
        default_factory=lambda: {"gopher_quality": {}, "fineweb": {}},
        description="Rule set to thresholds by name.",
    )
    domains: tuple[str, ...] = Field(
        default=(), description="Domains that the rule sets apply to; empty: all. Others pass unfiltered."
    )
    unlearned: Literal["drop", "keep"] = Field(
        default="drop", description="What becomes of documents in a language that has too few texts to learn the "
        "thresholds of a rule set from, if the rule set learns its thresholds."
    )
    reference: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict, description="Language to paths of reference texts (JSONL, Parquet, or one text a file), "
        "for rule sets that learn their thresholds from such. A further language is a further entry."
    )
    urls: Urls = Field(default_factory=Urls, description="Block lists and rules for URLs, of all domains.")


class Signals(Part):
    """Limits that signals are counted with, as published (`text/lines.py`): before rules can be applied, they must be
    known. All other thresholds belong to the rule sets."""

    fineweb_short_line: int = Field(default=30, ge=0, description="Characters of a line that FineWeb calls short.")
    culturax_short_line: int = Field(default=100, ge=0, description="Characters of a line that CulturaX calls short.")
    c4_long_word: int = Field(default=1_000, ge=1, description="Characters beyond which a word drops its line (C4).")
    c4_line_words: int = Field(default=3, ge=0, description="Words that a line must have (C4).")
    refinedweb_phrase_words: int = Field(
        default=10, ge=0, description="Words of the longest line in which RefinedWeb looks for phrases."
    )


class C4Lines(Part):
    """C4's rules for lines (`refine/line_rules.py`). Without end marks, any end of a line will do."""

    end_marks: tuple[str, ...] = Field(default=(".", "?", "!", '"', "'"), description="What a line must end with.")
    min_words: int = Field(default=3, ge=0, description="Lines with fewer words go.")
    max_word_characters: int = Field(default=1_000, ge=1, description="Lines with a longer word go.")
    phrases: tuple[str, ...] = Field(
        default=("javascript", "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies",
                 "use cookies"),
        max_length=32, description="Lines in which one of these occurs go; ASCII letters match in either case.",
    )
    citations: bool = Field(default=True, description="Take out marks of citation such as [3] and [edit].")


class CulturaXLines(Part):
    """CulturaX's rules for lines (`refine/line_rules.py`)."""

    min_last_line_characters: int = Field(
        default=30, ge=0, description="Lines at the end of a document that are shorter go."
    )
    keywords: tuple[str, ...] = Field(
        default=("<script", "javascript", "jquery", "function(", "function (", "document.", "window.", "getelementbyid",
                 "addeventlistener", "onclick", "typeof ", "console.log", ".push(", "var ", "innerhtml"),
        max_length=32, description="Keywords of Javascript.",
    )
    min_keywords: int = Field(
        default=2, ge=1, description="The only line of a document with keywords goes if it has so many different ones."
    )


class LineRules(Part):
    """Rules that remove lines; none unless named. They are written for the prose of web pages."""

    c4: C4Lines | None = Field(default=None, description="The rules of C4.")
    culturax: CulturaXLines | None = Field(default=None, description="The rules of CulturaX.")
    domains: tuple[str, ...] = Field(default=(), description="Domains that the rules apply to; empty: all.")


class ProposedPrograms(Part):
    """Programs from outside, such as those of ProX's models: a Parquet file or folder with one row per document."""

    path: str = Field(description="Path, glob or folder of Parquet files with a column doc_id.")
    column: str = Field(default="program", description="Column that holds the programs.")


class Refinement(Part):
    """What is edited inside documents. The defaults are what FineWeb and FineWeb-2 do to every text: broken Unicode is
    repaired, e-mail and public IP addresses are redacted."""

    unicode: bool = Field(default=True, description="Repair broken Unicode by ftfy.")
    personal_data: tuple[Literal["EMAIL", "PHONE", "IP", "IBAN", "CREDIT_CARD"], ...] = Field(
        default=("EMAIL", "IP"), description="Types of personal data that are redacted."
    )
    public_addresses_only: bool = Field(default=True, description="Leave IP addresses that only a local network uses.")
    lines: LineRules = Field(default_factory=LineRules, description="Rules that remove lines.")
    min_words: int = Field(
        default=0, ge=0, description="A document that refinement leaves with fewer words is dropped; ProX uses 10."
    )
    programs: ProposedPrograms | None = Field(default=None, description="Programs from outside, applied as well.")


class Evidence(Part):
    """What a pattern finds in a document: enough of it speaks for the branch. Patterns are RE2's, of linear time."""

    pattern: str = Field(min_length=1, description="Regular expression in the syntax of RE2.")
    where: Literal["text", "page"] = Field(
        default="text", description="Searched: the extracted text, or the record as it was captured."
    )
    at_least: int | None = Field(
        default=1, ge=1, description="Matches from which on it speaks for the branch; null: it never does, and is only "
        "a feature of the branch's second classifier."
    )
    share: float = Field(
        default=0.0, ge=0, le=1, description="Share of the bytes that must lie in matches, besides their number."
    )
    unless: str | None = Field(
        default=None, min_length=1, description="Regular expression of what it must not be confused with, in RE2."
    )
    unless_at_least: int = Field(default=1, ge=1, description="Matches of `unless` from which on it does not speak.")

    @field_validator("pattern", "unless")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            pc.count_substring_regex(pa.array([""]), value or "")
        except pa.ArrowInvalid as error:
            raise ValueError(f"not a regular expression of RE2: {error}") from None
        return value


class DomainLabels(Part):
    """Labelled texts from which the classifiers of a branch are trained; texts of one host stay together."""

    kind: Literal["files", "pages", "environment"] = Field(
        description="files: JSONL rows with text, label and URL. pages: records of archives, labelled by URL in a TSV "
        "file, extracted as the recipe says. environment: docstrings of installed distributions as pages, weakly "
        "labelled by their formulas."
    )
    paths: tuple[str, ...] = Field(default=(), description="JSONL files, or archives, globs and folders of them.")
    urls: str | None = Field(default=None, description="TSV with the columns url and label, for kind 'pages'.")
    positive: tuple[str | int | bool, ...] = Field(default=(1, True), description="Labels that mean the branch.")
    text_field: str = Field(default="text", description="Field of a JSONL row that holds the text.")
    label_field: str = Field(default="label", description="Field of a JSONL row that holds the label.")
    url_field: str = Field(default="url", description="Field of a JSONL row that holds the URL, if any.")
    limit: int = Field(default=2_000, ge=2, description="At most so many texts per label.")

    @model_validator(mode="after")
    def _complete(self) -> DomainLabels:
        if self.kind != "environment" and not self.paths:
            raise ValueError(f"labels of kind {self.kind!r} need paths")
        if (self.kind == "pages") != (self.urls is not None):
            raise ValueError("urls belongs to labels of kind 'pages', and they need it")
        return self


class Cascade(Part):
    """Two classifiers of a branch: a cheap one that misses little, and a precise one that judges what the first or the
    evidence let through. Their thresholds are learned from the labels; what they reach on held-out hosts is reported.
    """

    labels: tuple[DomainLabels, ...] = Field(min_length=1)
    recall: float = Field(default=0.98, gt=0, le=1, description="Recall that the first classifier is set to.")
    precision: float = Field(default=0.95, gt=0, le=1, description="Precision that the second one is set to.")
    first_ngram: int = Field(default=1, ge=1, le=5, description="Longest word n-gram of the first classifier.")
    second_ngram: int = Field(default=2, ge=1, le=5, description="Longest word n-gram of the second classifier.")
    first_buckets: int = Field(default=2**16, ge=2, description="Hash buckets of the first classifier.")
    second_buckets: int = Field(default=2**18, ge=2, description="Hash buckets of the second classifier.")
    regularization: float = Field(default=100.0, gt=0, description="Inverse strength of the L2 penalty.")
    held_out: float = Field(default=0.3, gt=0, lt=1, description="Share of the hosts that is not trained on.")


class Branch(Part):
    """One domain of the corpus: which documents belong to it, and the rules that they must satisfy.

    Without evidence and cascade it takes every document that no branch before it took.
    """

    domains: tuple[str, ...] = Field(default=(), description="Domains of sources it takes from; empty: all.")
    evidence: dict[Annotated[str, Field(pattern=IDENTIFIER)], Evidence] = Field(
        default_factory=dict, description="What speaks for the branch, by name; one is enough."
    )
    cascade: Cascade | None = Field(
        default=None, description="Classifiers: the first or the evidence proposes, the second decides."
    )
    rule_sets: dict[str, dict[str, float | int | str]] | None = Field(
        default=None, description="Rule sets of the branch, as under `filters`; null: those under `filters`."
    )


class DuplicateGuards(Part):
    """What stops the line: a wrong setting must not wipe out a source."""

    max_removal_rate: float = Field(
        default=0.95, gt=0, le=1, description="Largest share of a source's documents that may be dropped as copies, "
        "and of those of a crawl that stay, that may go for repetition and evaluation items."
    )
    max_cluster_share: float = Field(
        default=0.25, gt=0, le=1, description="Largest share of all documents that one cluster may hold."
    )
    min_documents: int = Field(
        default=100, ge=1, description="Sources and tables with fewer documents are too small for these two rates."
    )
    min_alike: float = Field(
        default=0.4, ge=0, le=1, description="Least mean similarity of the members of a cluster to the copy that stays."
    )
    min_alike_members: int = Field(
        default=10, ge=2, description="Clusters with fewer members are too small for that mean."
    )


class Deduplication(Part):
    """Deduplication of whole documents across all snapshots. Defaults are FineWeb's (14 bands of 8, word 5-grams)."""

    kinds: tuple[Literal["url", "exact", "minhash"], ...] = Field(
        default=("exact", "minhash"), min_length=1, description="What makes two documents copies of each other: the "
        "canonical URL, the normalised text, a common band."
    )
    ngram: int = Field(default=5, ge=1, description="Words per shingle.")
    bands: int = Field(default=14, ge=1, description="Number of bands.")
    rows: int = Field(default=8, ge=1, description="Hashes per band.")
    seed: int = Field(default=1, ge=0, lt=2**32, description="Seed of the hash permutations.")
    hashes: Literal["own", "datatrove-0.10"] = Field(
        default="own", description="Words, hashes and permutations: our own, or those of datatrove 0.10 for English, "
        "hash by hash, so that the pairs are the same ones; they take longer."
    )
    verify: float | None = Field(
        default=None, gt=0, le=1, description="Documents with a common band are copies only if their Jaccard "
        "similarity, measured on the texts, is at least this; null: the band is enough, as in FineWeb."
    )
    keep: tuple[
        Annotated[str, Field(pattern=r"^(license_tier|longest|shortest|earliest|latest|(highest|lowest):[a-z0-9_]+)$")],
        ...,
    ] = Field(
        default=("license_tier", "longest"), description="Which copy stays: license_tier, longest, shortest, earliest, "
        "latest, and highest:x or lowest:x of a quality signal x. The first difference decides, then doc_id."
    )
    rehydration: dict[int, int] = Field(
        default_factory=dict, description="How often the copy that stays is to be repeated, by the least cluster size "
        "that it holds for, such as {2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}; once if nothing is said."
    )
    guards: DuplicateGuards = Field(default_factory=DuplicateGuards)

    @field_validator("rehydration")
    @classmethod
    def _counts(cls, value: dict[int, int]) -> dict[int, int]:
        if any(size < 1 or times < 1 for size, times in value.items()):
            raise ValueError("cluster sizes and repetitions are at least 1")
        return value


class Licenses(Part):
    """How licences are decided, and what is heard on the way."""

    resolver: Literal["resolve@1", "resolve@2"] = Field(
        default="resolve@2", description="Version of the rules by which evidence is decided."
    )
    rulings: str | None = Field(
        default=None, description="YAML file of rulings by people, with author, date and reason each."
    )
    known_sources: str | None = Field(
        default=None, description="Data Provenance Collection, its folder or a tar archive of it, for `known_as`."
    )
    training_agents: tuple[str, ...] = Field(
        default=(
            "GPTBot", "ClaudeBot", "anthropic-ai", "Claude-Web", "CCBot", "Google-Extended", "Applebot-Extended",
            "Bytespider", "meta-externalagent", "FacebookBot", "cohere-ai", "cohere-training-data-crawler", "Amazonbot",
            "Diffbot", "omgili", "omgilibot", "Webzio-Extended", "AI2Bot", "PanguBot", "Timpibot", "DeepSeekBot",
            "Google-CloudVertexBot", "Kangaroo Bot", "ICC-Crawler", "img2dataset", "SBIntuitionsBot",
            "VelenPublicWebCrawler",
        ),
        description="Crawlers that gather texts to train models: a page that robots.txt closes to one of them is "
        "reserved. After Longpre et al. 2024 (Consent in Crisis) and https://github.com/ai-robots-txt/ai.robots.txt.",
    )


class EvaluationSet(Part):
    """One evaluation set: where its items are, and which of their fields a document may hold."""

    paths: tuple[str, ...] = Field(min_length=1, description="JSONL (plain, gz, zst) or Parquet files, a row per item.")
    fields: tuple[str, ...] = Field(
        min_length=1, description="Fields of an item that are looked for, in their order; dots reach into objects."
    )
    id_field: str | None = Field(default=None, description="Field that names an item; default: file and row number.")
    action: Literal["drop", "cut", "record"] | None = Field(
        default=None, description="What is done for this set, in place of the action for all."
    )

    @field_validator("paths", "fields", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class FuzzyOverlap(Part):
    """Items that were edited: a window of a document that holds a share of an item's runs of words."""

    ngram: int = Field(default=3, ge=1, description="Words per run.")
    share: float = Field(default=0.4, gt=0, le=1, description="Least share of the item's distinct runs.")
    slack: float = Field(default=0.25, ge=0, description="By which share the window is longer than the item.")
    min_words: int = Field(default=20, ge=1, description="Shorter items are looked for as they are only.")


class Decontamination(Part):
    """Evaluation sets that no model may have seen. What is found is recorded; the action says what is done about it."""

    sets: dict[Annotated[str, Field(pattern=IDENTIFIER, max_length=40)], EvaluationSet] = Field(min_length=1)
    ngram: int = Field(default=13, ge=1, description="Words per run; GPT-3 takes 13.")
    min_words: int = Field(
        default=8, ge=1, description="Least words of a field that is looked for by itself, and of an item that is "
        "acted upon; GPT-3 takes runs of 8 words and more."
    )
    fuzzy: FuzzyOverlap | None = Field(default_factory=FuzzyOverlap, description="Edited items; null: none.")
    action: Literal["drop", "cut", "record"] = Field(
        default="drop", description="drop: the document goes. cut: what was found goes, with a margin. record: nothing."
    )
    margin: int = Field(default=200, ge=0, description="Characters cut before and after what was found; as in GPT-3.")
    max_cuts: int = Field(
        default=10, ge=1, description="A document that would be cut in more places is dropped; as in GPT-3."
    )

    @model_validator(mode="after")
    def _short_is_short(self) -> Decontamination:
        if self.min_words > self.ngram:
            raise ValueError(f"min_words must not be more than ngram, but {self.min_words} is more than {self.ngram}")
        return self


class RepeatedPassages(Part):
    """Lines or paragraphs that were seen before, in an earlier crawl, another document, or further up."""

    min_words: int = Field(default=1, ge=1, description="Shorter passages are never repeated ones.")
    min_occurrences: int = Field(default=2, ge=2, description="Passages that occur less often are not repeated.")
    cut: bool = Field(default=True, description="Cut all but the first occurrence; false: record them.")


class RepeatedSubstrings(Part):
    """Runs of words and signs that occur word for word elsewhere, found by a suffix array."""

    min_tokens: int = Field(default=50, ge=2, description="Words and signs of the shortest run.")
    cut: bool = Field(default=True, description="Cut all but the first occurrence; false: record them.")


class Containment(Part):
    """Documents most of whose word n-grams are in a larger document."""

    share: float = Field(default=0.8, gt=0, le=1, description="Share of the n-grams that are in the other document.")
    ngram: int = Field(default=5, ge=1, description="Words per n-gram.")
    scale: int = Field(
        default=8, ge=1, description="One of so many n-grams proposes pairs, which are then compared by all; 1: each."
    )
    max_documents: int = Field(
        default=1_000, ge=2, description="n-grams in more documents than this are boilerplate: they propose no pairs."
    )
    drop: bool = Field(default=True, description="Drop the contained document; false: record it.")


class SemanticDuplicates(Part):
    """Documents whose embeddings are alike: SemDeDup."""

    max_tokens: int = Field(default=512, ge=2, description="Tokens of a document that the language model reads.")
    documents_per_cluster: int = Field(default=1_000, ge=1, description="Documents per cluster of k-means, on average.")
    iterations: int = Field(default=20, ge=1, description="Most iterations of k-means.")
    threshold: float = Field(
        default=0.95, gt=0, le=1, description="Cosine from which two documents are alike, 1 - epsilon of the paper. It "
        "belongs to a model: of a small language model's embeddings nearly all have a cosine above 0.95."
    )
    keep: Literal["hard", "easy"] = Field(
        default="hard", description="Which of two stays: the one farther from its centroid, or the one nearer to it."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the first centroids.")
    drop: bool = Field(default=True, description="Drop the other document; false: record it.")


class Repetition(Part):
    """What repeats among the documents that stay after clusters. None is looked for unless named."""

    lines: RepeatedPassages | None = Field(default=None, description="Lines, as in CCNet.")
    paragraphs: RepeatedPassages | None = Field(default=None, description="What stands between blank lines.")
    substrings: RepeatedSubstrings | None = Field(default=None, description="Exact substrings.")
    containment: Containment | None = Field(default=None, description="Documents that are part of others.")
    semantic: SemanticDuplicates | None = Field(default=None, description="Documents that say the same.")
    min_words: int = Field(
        default=0, ge=0, description="A document that is cut and left with fewer words is dropped."
    )


class Labels(Part):
    """A labelled table for the quality classifier: JSONL paths, or texts of the environment."""

    kind: Literal["files", "environment"] = "environment"
    paths: tuple[str, ...] = Field(default=(), description="JSONL files, for kind 'files'.")
    text_field: str = Field(default="text", description="Field that holds the text.")
    label_field: str = Field(default="label", description="Field that holds the label.")
    positive: tuple[str | int | bool, ...] = Field(default=(1, True, "keep"), description="Values that mean 'wanted'.")
    limit: int = Field(default=2_000, ge=2, description="At most so many texts per label.")
    held_out: float = Field(default=0.2, gt=0, lt=1, description="Share that is not trained on.")


class QualityClassifier(Part):
    """A linear classifier over hashed word n-grams."""

    ngram: int = Field(default=2, ge=1, le=5, description="Longest word n-gram.")
    buckets: int = Field(default=2**18, ge=2, description="Number of hash buckets.")
    regularization: float = Field(default=1.0, gt=0, description="Inverse strength of the L2 penalty.")
    labels: Labels = Field(default_factory=Labels)


class LanguageModel(Part):
    """A causal language model from a local directory, or a small one trained here on the wanted labelled texts."""

    path: str | None = Field(default=None, description="Directory as written by save_pretrained.")
    license: str = Field(default="LicenseRef-unknown", description="Licence of the model at `path`.")
    layers: int = Field(default=2, ge=1)
    width: int = Field(default=96, ge=8, description="Hidden size.")
    vocabulary: int = Field(default=2048, ge=300, description="Byte-level BPE tokens.")
    context: int = Field(default=256, ge=16, description="Tokens per sequence.")
    steps: int = Field(default=250, ge=1, description="Training steps.")
    batch: int = Field(default=4, ge=1, description="Sequences per step.")


class Scoring(Part):
    """The models that annotate documents."""

    language_model: LanguageModel = Field(default_factory=LanguageModel)
    quality_classifier: QualityClassifier = Field(default_factory=QualityClassifier)
    max_tokens: int = Field(default=512, ge=2, description="Tokens of a document that the language model reads.")
    batch_tokens: int = Field(
        default=2_048, ge=2, description="Tokens per forward pass: 2,048 fit a CPU's cache, a GPU wants many more."
    )


LicenseClass = Literal[
    "open_license_corpus/public_domain", "open_license_corpus/permissive_software", "open_license_corpus/attribution",
    "mixture_vitae/tier_1", "mixture_vitae/tier_2", "mixture_vitae/tier_3", "the_stack/permissive",
]
"""Classes of licences as published corpora drew them; `licenses/schemes.py` says what each holds."""


class Datastore(Part):
    """A table of its own for texts that no mixture of the recipe may hold, whatever its budget: asked when a model
    answers, never trained on, and removed whenever somebody wishes. After SILO (Min et al. 2023), arXiv:2308.04430."""

    tiers: tuple[int, ...] = Field(default=(2, 3, 4, 5), description="Licence tiers that are taken, 0 to 5.")
    license_classes: tuple[LicenseClass, ...] = Field(
        default=(), description="Published classes of licences that are taken; empty: all."
    )
    domains: tuple[str, ...] = Field(default=(), description="Domains that are taken; empty: all.")
    opt_outs: bool = Field(default=False, description="Take texts, too, whose rights holders reserved them.")

    @field_validator("tiers")
    @classmethod
    def _known(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(tier not in range(6) for tier in value):
            raise ValueError(f"tiers are 0 to 5, not {sorted(value)}")
        return value


class Mixture(Part):
    """One mixture: weights per domain, admitted licence tiers, a token budget."""

    tokens: int = Field(ge=1, description="Token budget.")
    tiers: tuple[int, ...] = Field(default=(0, 1), description="Admitted licence tiers, 0 to 5.")
    license_classes: tuple[LicenseClass, ...] = Field(
        default=(), description="Published classes of licences: every row is of one of them, and of an admitted tier. "
        "Empty: the tiers alone decide."
    )
    weights: dict[str, float] = Field(min_length=1, description="Domain to weight; they are normalised.")
    min_quality: float = Field(default=0.0, ge=0, le=1, description="Least quality score.")
    max_epochs: float = Field(default=1.0, gt=0, description="How often a document may be seen at the most.")
    rehydrate: bool = Field(
        default=False, description="See a document so many times as often as its rehydration_weight says, which "
        "follows from the size of its cluster and deduplication.rehydration; max_epochs counts on top."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the sample.")
    phase: str = Field(default="pretrain", pattern=NAME, description="Training phase.")

    @model_validator(mode="after")
    def _sane(self) -> Mixture:
        if any(tier not in range(6) for tier in self.tiers):
            raise ValueError(f"tiers are 0 to 5, not {sorted(self.tiers)}")
        if any(weight < 0 for weight in self.weights.values()) or not sum(self.weights.values()):
            raise ValueError("weights must not be negative, and not all zero")
        return self


class OpenLineage(Part):
    """Where events about runs go: to a server of OpenLineage, or to a file."""

    url: str | None = Field(default=None, description="Server, as http://localhost:5000.")
    endpoint: str = Field(default="api/v1/lineage", description="Path of the server that takes events.")
    api_key: str | None = Field(default=None, repr=False, description="Key of the server; better from the environment.")
    timeout_seconds: float = Field(default=5.0, gt=0, description="How long one event may take.")
    file: str | None = Field(default=None, description="File that events are appended to, one JSON object a line.")
    namespace: str = Field(default="data-platform", min_length=1, description="Namespace of the jobs.")

    @model_validator(mode="after")
    def _one_place(self) -> OpenLineage:
        if (self.url is None) == (self.file is None):
            raise ValueError("give a url or a file")
        if self.url is not None and not re.match(r"https?://[^/]", self.url):
            raise ValueError("url begins with http:// or https:// and names a host")
        return self


class RayEngine(Part):
    """Run on Ray: 'auto' starts a local cluster, anything else is the address of one."""

    ray: str = "auto"


class Recipe(Part):
    """A corpus."""

    name: str = Field(pattern=NAME)
    lake: str | None = Field(default=None, description="URI of the lake; default: lakes/<name> in the platform's home.")
    storage_options: dict[str, str] = Field(default_factory=dict, description="Options of the lake's object store.")
    engine: Literal["native"] | RayEngine = "native"
    tokenizer: str | None = Field(
        default=None, description="Path of a Hugging Face tokenizer.json to count tokens with; default: Tekken as "
        "shipped in mistral-common."
    )
    sources: tuple[Source, ...] = Field(min_length=1)
    ingest: Ingest = Field(default_factory=Ingest)
    extraction: Extraction = Field(default_factory=Extraction)
    language: Language = Field(default_factory=Language)
    signals: Signals = Field(default_factory=Signals, description="Limits that quality signals are counted with.")
    filters: Filters = Field(default_factory=Filters)
    refinement: Refinement = Field(default_factory=Refinement)
    branches: dict[Annotated[str, Field(pattern=IDENTIFIER)], Branch] = Field(
        default_factory=dict, description="Domains into which documents are sorted, in order: the first that takes a "
        "document has it. What none takes keeps its source's domain."
    )
    licenses: Licenses = Field(default_factory=Licenses)
    deduplication: Deduplication = Field(default_factory=Deduplication)
    decontamination: Decontamination | None = Field(
        default=None, description="Evaluation sets that are looked for in filtered documents."
    )
    repetition: Repetition = Field(
        default_factory=Repetition, description="Duplicates beyond clusters: passages and whole documents."
    )
    scoring: Scoring = Field(default_factory=Scoring)
    openlineage: OpenLineage | None = Field(default=None, description="Where events about runs go, if anywhere.")
    mixtures: dict[Annotated[str, Field(pattern=IDENTIFIER)], Mixture] = Field(min_length=1)
    datastores: dict[Annotated[str, Field(pattern=IDENTIFIER)], Datastore] = Field(
        default_factory=dict, description="Tables for texts that are kept apart from all mixtures."
    )

    @field_validator("sources", mode="before")
    @classmethod
    def _crawls_by_default(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [{"kind": "crawl", **item} if isinstance(item, dict) else item for item in value]

    @model_validator(mode="after")
    def _unique_sources(self) -> Recipe:
        names = [source.name for source in self.sources]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"source names must be unique; repeated: {', '.join(repeated)}")
        if self.licenses.known_sources is None and any(source.known_as for source in self.sources):
            raise ValueError("known_as needs licenses.known_sources, the collection that knows the source")
        return self

    @model_validator(mode="after")
    def _known_domains(self) -> Recipe:
        """A misspelt domain would leave documents unfiltered without a word."""
        of_sources = {source.domain for source in self.sources}
        named = {"filters.domains": self.filters.domains, "refinement.lines.domains": self.refinement.lines.domains}
        fields = [(field, domains, of_sources | set(self.branches)) for field, domains in named.items()]
        fields += [(f"branches.{name}.domains", branch.domains, of_sources) for name, branch in self.branches.items()]
        for field, domains, known in fields:
            if unknown := sorted(set(domains) - known):
                raise ValueError(f"{field}: there is no domain {', '.join(unknown)}, only {', '.join(sorted(known))}")
        return self

    @model_validator(mode="after")
    def _weights_to_follow(self) -> Recipe:
        wanting = [name for name, mixture in self.mixtures.items() if mixture.rehydrate]
        if wanting and not self.deduplication.rehydration:
            raise ValueError(f"mixture {wanting[0]}: rehydrate needs deduplication.rehydration, such as "
                             "{2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}: without it every document counts once")
        return self

    @property
    def lake_uri(self) -> str:
        """Where the tables of this recipe live."""
        return self.lake or str(home() / "lakes" / self.name)


def home() -> Path:
    """The folder for everything that the platform writes by default: $DATA_PLATFORM_HOME or ./.data-platform."""
    return Path(os.environ.get(HOME_VARIABLE, ".data-platform")).absolute()


def _interpolate(text: str, path: str) -> str:
    def value(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        found = os.environ.get(name) or default
        if found is None:
            raise RecipeError(f"{path}: environment variable {name} is not set; set it or write ${{{name}:-default}}")
        return found

    return re.sub(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}", value, text)


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read and validate the recipe at `path`.

    Raises:
        RecipeError: if the file is missing, not YAML or not a recipe; one line per fault, naming the field.
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"{name}: cannot read the recipe: {error.strerror}") from error
    try:
        data = yaml.safe_load(_interpolate(text, name))
    except yaml.YAMLError as error:
        raise RecipeError(f"{name}: not YAML: {error}") from error
    if not isinstance(data, dict):
        raise RecipeError(f"{name}: a recipe is a mapping of fields, see recipes/demo.yaml")
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        faults = "\n".join(
            f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise RecipeError(f"{name}: not a valid recipe\n{faults}") from error
