"""Rulings of people: the licence of a document, an address, a host or a source, with author, date and reason.

A ruling is evidence like any other, only closest to the text: `resolve` puts it before everything but a reservation
against mining. The file is named in the recipe (`licenses.rulings`) and holds a YAML list:

    - url: https://example.org/terms-of-use       # or host:, source:, doc_id:
      license: CC-BY-4.0
      author: A. Uthor
      date: 2024-05-01
      reason: Confirmed by the publisher by letter.

Belongs here: the file, and rulings as evidence. Does not: what outweighs what (`resolve`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator

from data_platform.core.reading import NotYaml, YamlText
from data_platform.core.settings import Part, RecipeError
from data_platform.ingest.records import host_of
from data_platform.licenses.observation import Observation, observe
from data_platform.spdx.expressions import EXACT, Reading, normalize, parse

DETECTOR = "manual@1"


class Ruling(Part):
    """One ruling on one thing."""

    doc_id: str | None = Field(default=None, description="Document it is on.")
    url: str | None = Field(default=None, description="Address it is on; every capture of it.")
    host: str | None = Field(default=None, description="Host it is on; without those below it.")
    source: str | None = Field(default=None, description="Source of the recipe that it is on.")
    license: str = Field(description="SPDX expression.")
    author: str = Field(min_length=1, description="Who ruled.")
    ruled_on: date = Field(alias="date", description="When.")
    reason: str = Field(min_length=1, description="Why.")

    @field_validator("license")
    @classmethod
    def _expression(cls, value: str) -> str:
        parse(value)
        return normalize(value)

    @model_validator(mode="after")
    def _on_one_thing(self) -> Ruling:
        if sum(value is not None for value in (self.doc_id, self.url, self.host, self.source)) != 1:
            raise ValueError("a ruling is on exactly one of doc_id, url, host and source")
        return self

    @property
    def observation(self) -> Observation:
        """The ruling as evidence."""
        scope = "site" if self.host else "dataset" if self.source else "page"
        return observe(
            "manual", scope, self.license, DETECTOR, Reading(self.license, EXACT),
            note=f"{self.author}, {self.ruled_on.isoformat()}: {self.reason}", record_id="",
        )


class Rulings:
    """All rulings of a recipe, to be asked per document."""

    def __init__(self, rulings: Sequence[Ruling] = ()) -> None:
        self._by: dict[tuple[str, str], list[Observation]] = {}
        for ruling in rulings:
            for field in ("doc_id", "url", "host", "source"):
                if (value := getattr(ruling, field)) is not None:
                    value = value.lower() if field == "host" else value
                    self._by.setdefault((field, value), []).append(ruling.observation)

    def __bool__(self) -> bool:
        return bool(self._by)

    def observations(self, doc_id: str, url: str, source: str) -> list[Observation]:
        """The rulings on a document."""
        if not self._by:
            return []
        keys = (("doc_id", doc_id), ("url", url), ("host", host_of(url)), ("source", source))
        return [one for key in keys for one in self._by.get(key, ())]


def load_rulings(path: str | None) -> list[Ruling]:
    """The rulings in the file at `path`; none without one.

    Raises:
        RecipeError: if it cannot be read, or holds something else; the message names the ruling and the fault.
    """
    if path is None:
        return []
    try:
        text = Path(path).read_text(encoding="utf-8")
        reading = YamlText(text)
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the rulings: {error.strerror}") from error
    except (UnicodeDecodeError, NotYaml) as error:
        raise RecipeError(f"{path}: {error}") from None
    if not text.strip():
        raise RecipeError(f"{path}: is empty, and rulings that were in it would be lost; no ruling at all is []")
    if reading.faults:
        raise RecipeError("\n".join(f"{path}:{fault.line}: {fault.message}" for fault in reading.faults))
    entries = reading.value
    if not isinstance(entries or [], list):
        raise RecipeError(f"{path}: rulings are a list, see data_platform/licenses/manual.py")
    rulings = []
    for number, entry in enumerate(entries or [], 1):
        try:
            rulings.append(Ruling.model_validate(entry))
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise RecipeError(f"{path}: ruling {number}: {faults}") from error
    return rulings
