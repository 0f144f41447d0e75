"""The part of a recipe that says what is edited inside documents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from data_platform.core.kinds.editor import Editor
from data_platform.core.kinds.method import Entry
from data_platform.core.registry import Entries
from data_platform.core.settings import LocalPath, Part
from data_platform.methods.edits.c4_lines import C4Lines
from data_platform.methods.edits.culturax_lines import CulturaXLines
from data_platform.programs.inserted import MOST_INSERTED


class LineRules(Part):
    """Rules that remove lines; none unless named. They are written for the prose of web pages."""

    c4: C4Lines.Settings | None = Field(default=None, description="The rules of C4.")
    culturax: CulturaXLines.Settings | None = Field(default=None, description="The rules of CulturaX.")
    domains: tuple[str, ...] = Field(default=(), description="Domains that the rules apply to; empty: all.")


class ProposedPrograms(Part):
    """Programs from outside, such as those of ProX's models: a Parquet file or folder with one row per document."""

    path: LocalPath = Field(description="Path, glob or folder of Parquet files with a column doc_id.")
    column: str = Field(default="program", description="Column that holds the programs.")
    max_joins: int = Field(
        default=32, ge=0, description="A program that cuts out more different strings within lines is refused: a text "
        "can be spelt by cutting up another. Removed lines and redactions do not count."
    )


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
    max_inserted_bytes: int = Field(
        default=0, ge=0, le=MOST_INSERTED, description="Bytes that programs from outside and further editors may put "
        "into a document, together; what would put in more is refused. Placeholders of personal data and repairs of "
        "Unicode do not count. A text with more of another in it is a derived text, with its parents."
    )
    programs: ProposedPrograms | None = Field(default=None, description="Programs from outside, applied as well.")
    editors: Annotated[dict[str, Entry], Entries(Editor)] = Field(
        default_factory=dict, description="Further editors by name, with their settings, in order."
    )
