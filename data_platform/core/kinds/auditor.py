"""Auditors: what can be said of a mixture once it is made, such as who is in it, or what a model knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Protocol

import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.method import Kind, ModelReader, Section

AUDITOR = Kind(
    name="auditor", section="audits", folder="audit", family="audit",
    rows="findings: a measure of a subject and its value", partitioned=False, phase="audit",
    licence="none: a finding holds no text", takedown="made anew when its mixture is",
)


class Mixture(Protocol):
    """The mixture that is audited, at the version that was read."""

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of its rows, batch by batch."""
        ...


class AuditSettings(Section):
    """What the settings of every auditor begin with."""

    mixture: str = Field(description="Mixture that is audited; one that is published.")


class Auditor(ModelReader):
    """Measures a mixture. The same mixture gives the same findings, in whatever batches and order it is read.

    Of an example, `given` has rows of a mixture by column, and `gives` lists findings as subject, measure and value,
    sorted.
    """

    kind: ClassVar[Kind] = AUDITOR
    Settings: ClassVar[type[AuditSettings]] = AuditSettings

    def audit(self, mixture: Mixture) -> pa.Table:
        """Findings with the columns `subject` (what was measured, such as a domain or a doc_id, never a text),
        `measure` (string) and `value` (float64); each pair of subject and measure once."""
        raise NotImplementedError
