"""Reading the statement of an export that comes from anywhere: of whatever is wrong with it, in plain words.

Nothing in it is believed before it was looked at: sizes are bounded, keys stand once, names of files stay within the
folder and are named once, numbers are numbers. Belongs here: shape. Not here: whether what it says is so
(`check_export.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data_platform.core.errors import PlainError
from data_platform.publish import account
from data_platform.publish.attestation import PREDICATE_TYPE, STATEMENT_TYPE, UNCOVERED

LONGEST = 256 * 2**20
"""Bytes of a JSON file that are read."""
_DEEPEST = 64
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"shard-\d{5,}\.(?:parquet|jsonl\.zst)")


class Unreadable(PlainError, ValueError):
    """A file of an export that is not of the form that it has to be. The message names it and says why."""


class _Part(BaseModel):
    """Further fields are allowed, as in-toto asks, and values are of their types."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Digest(_Part):
    """Digests of a file."""

    sha256: str

    @field_validator("sha256")
    @classmethod
    def _hexadecimal(cls, value: str) -> str:
        if not _SHA256.fullmatch(value):
            raise ValueError("not 64 hexadecimal digits")
        return value


class Subject(_Part):
    """A file of the export."""

    name: str
    digest: Digest

    @field_validator("name")
    @classmethod
    def _within(cls, value: str) -> str:
        return file_name(value)


class Shard(_Part):
    """A shard as manifest and attestation have it."""

    file: str
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str

    @field_validator("file")
    @classmethod
    def _called(cls, value: str) -> str:
        if not _SHARD.fullmatch(value):
            raise ValueError("not the name of a shard")
        return value


class License(_Part):
    """Documents and tokens under one licence."""

    license_spdx: str
    license_tier: int
    documents: int = Field(ge=0)
    tokens: int = Field(ge=0)


class Signer(_Part):
    """Who signed, by the statement's own word."""

    keyid: str
    public_key: str


class Asked(_Part):
    """What the export was held to."""

    recipe: str
    digest: str
    differences: list[str]


class Predicate(_Part):
    """What is attested beside digests."""

    table: str
    table_id: str
    version: int
    format: str
    recipe: str
    run_id: str
    as_of: int | None
    asked_of: Asked | None
    rows: int
    tokens: int
    licenses: list[License]
    shards: list[Shard]
    signed_by: Signer | None
    taken_down: list[str] = Field(default_factory=list)

    @property
    def held_to(self) -> account.Asked | None:
        """What the export was held to, as accounts have it."""
        asked = self.asked_of
        return asked and account.Asked(asked.recipe, asked.digest, self.as_of, tuple(asked.differences))


class Statement(_Part):
    """The statement of an export."""

    type_: str = Field(alias="_type")
    subject: list[Subject] = Field(min_length=1)
    predicateType: str
    predicate: Predicate

    @field_validator("type_")
    @classmethod
    def _statement(cls, value: str) -> str:
        if value != STATEMENT_TYPE:
            raise ValueError(f"not {STATEMENT_TYPE}")
        return value

    @field_validator("predicateType")
    @classmethod
    def _ours(cls, value: str) -> str:
        if value != PREDICATE_TYPE:
            raise ValueError(f"not {PREDICATE_TYPE}")
        return value

    @field_validator("subject")
    @classmethod
    def _once(cls, value: list[Subject]) -> list[Subject]:
        names = [subject.name.casefold() for subject in value]
        if len(set(names)) < len(names):
            repeated = sorted({name for name in names if names.count(name) > 1}) if len(names) < 10_000 else ["several"]
            raise ValueError(f"names files more than once: {', '.join(repeated[:3])}")
        return value


def file_name(name: str) -> str:
    """A name that lies within the folder of an export, as it is.

    Raises:
        ValueError: if it is absolute, leads out of the folder, is not in its plain form, or is of a file that says what
            the others are.
    """
    path = PurePosixPath(name)
    if not name or name != str(path) or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise ValueError("not a plain name within the folder")
    if not name.isprintable() or len(name) > 1_000:
        raise ValueError("not a name that can be printed")
    if name in UNCOVERED:
        raise ValueError(f"{name} cannot vouch for itself")
    return name


def read_json(path: Path) -> tuple[bytes, Any]:
    """A file of JSON: its bytes and what they say.

    Raises:
        Unreadable: if it is not there, too long, not JSON, too deep, or says one thing twice.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LONGEST + 1)
    except OSError as error:
        raise Unreadable(f"{path.name}: cannot be read: {error.strerror}") from None
    if len(content) > LONGEST:
        raise Unreadable(f"{path.name}: more than {LONGEST:,} bytes")
    return content, parse_json(path.name, content)


def parse_json(name: str, content: bytes) -> Any:
    """What the bytes of a file of JSON say.

    Raises:
        Unreadable: as of `read_json`.
    """
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_constant)
        _shallow(value)
    except (ValueError, RecursionError):
        raise Unreadable(f"{name}: no JSON whose keys stand once each and that is not nested without end") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _shallow(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [part for one in level for part in (
            one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
        if not level:
            return
    raise ValueError("too deep")


def read_statement(name: str, content: Any) -> Statement:
    """The statement that a file's JSON is.

    Raises:
        Unreadable: if it is none, or names files that are none of an export.
    """
    try:
        return Statement.model_validate(content)
    except ValidationError as error:
        raise Unreadable(f"{name}: {_first(error.errors(include_input=False, include_url=False))}") from None


def _first(faults: Sequence[Mapping[str, Any]]) -> str:
    """The first of faults, and how many there are."""
    place = ".".join(str(step) for step in faults[0]["loc"]) or "the whole"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{place}: {str(faults[0]['msg']).removeprefix('Value error, ')}{more}"
