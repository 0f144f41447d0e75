"""The parts of a recipe that say what is read: sources, and limits of reading."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from data_platform.core.settings import NAME, SNAPSHOT, Part, Paths


class LicenseClaim(Part):
    """What the source registry says of a source: the licence its texts came under, and on what basis."""

    spdx: str = Field(description="SPDX expression of the source's texts, e.g. 'CC-BY-SA-4.0'.")
    basis: str = Field(description="Why that is so: a URL or a sentence.")
    attribution: str | None = Field(default=None, description="Whom to credit.")


class _Source(Part):
    name: str = Field(pattern=SNAPSHOT, description="Unique name of the source.")
    snapshot: str = Field(pattern=SNAPSHOT, description="Crawl or snapshot it belongs to: the partition key.")
    domain: str = Field(default="web", pattern=NAME, description="Domain by which mixtures weight its documents.")
    license: LicenseClaim | None = Field(default=None, description="Licence of the whole source, if it has one.")
    known_as: str | None = Field(
        default=None, description="Identifier in `licenses.known_sources`: what is known there is evidence."
    )


SNAPSHOT_PLACEHOLDER = "{snapshot}"


class _PathSource(_Source):
    snapshot: str | None = Field(
        default=None, pattern=SNAPSHOT,
        description="Crawl or snapshot it belongs to: the partition key. Without one, the paths hold {snapshot} where "
        "the names of snapshots stand, and new ones are found by listing."
    )
    paths: Paths = Field(description="Paths, globs, folders, https:// or s3:// URLs.")

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


EVIDENCE_DOCUMENTS = (
    "Whether files that speak of other files (LICENSE, NOTICE, COPYING, AUTHORS, README, manifests, indexes) are "
    "documents, too. They are evidence in any case."
)


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
    evidence_documents: bool = Field(default=False, description=EVIDENCE_DOCUMENTS)


class EnvironmentPages(_Source):
    """Long descriptions of the installed distributions, rendered to HTML and written as a gzip WARC."""

    kind: Literal["environment_pages"]
    limit: int = Field(default=200, ge=1, description="At most so many distributions.")


class EnvironmentFiles(_Source):
    """Source files of the installed distributions, with the licence that the distribution declares."""

    kind: Literal["environment_files"]
    limit: int = Field(default=1500, ge=1, description="At most so many files.")
    max_bytes: int = Field(default=200_000, ge=1, description="Larger files are left out.")
    evidence_documents: bool = Field(default=False, description=EVIDENCE_DOCUMENTS)


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
