"""The parts of a recipe that say what is filtered: URLs, signals, rule sets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from data_platform.core.settings import NAME, LocalPath, Part, Threshold


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

    lists: tuple[LocalPath, ...] = Field(
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

    rule_sets: dict[str, dict[str, Threshold]] = Field(
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


class OwnRule(Part):
    """A rule of the recipe's own: documents are kept whose signal or score lies within its bounds, both included."""

    signal: str = Field(
        description="What is bounded: a number of `documents`, `quality_signals` or `language_signals`, or a column of "
        "scores, alone or as entry.column. Rules over scores are asked when mixtures admit documents."
    )
    min: Threshold | None = Field(default=None, description="Least value that is kept.")
    max: Threshold | None = Field(default=None, description="Greatest value that is kept.")
    domains: tuple[str, ...] = Field(default=(), description="Domains that the rule applies to; empty: all.")
    why: str = Field(default="", description="What the rule is for, as reports show it.")

    @model_validator(mode="after")
    def _bounded(self) -> OwnRule:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min must not be more than max, but {self.min:g} is more than {self.max:g}")
        return self


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
