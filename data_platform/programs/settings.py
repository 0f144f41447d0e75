"""The part of a recipe that says what is edited inside documents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from data_platform.core.settings import Part


class C4Lines(Part):
    """C4's rules for lines (`methods/edits/line_rules.py`). Without end marks, any end of a line will do."""

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
    """CulturaX's rules for lines (`methods/edits/line_rules.py`)."""

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
