"""The account of one version of a mixture: its commit, what it was made of, how much of it is under which licence.

Here belongs what all cards have to say. Not here: how any of them says it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.licenses.lineage import by_source, summary
from data_platform.proof.lineage import TABLE as LINEAGE
from data_platform.proof.trace import mixture_table_name
from data_platform.publish.shards import read_shards
from data_platform.spdx.expressions import identifiers_of

_KEYS = ("source", "snapshot", "license_spdx", "license_tier")


class Share(NamedTuple):
    """Documents and tokens of one source in one snapshot under one licence."""

    source: str
    snapshot: str
    license_spdx: str
    license_tier: int
    documents: int
    tokens: int


class File(NamedTuple):
    """A file that holds rows of the mixture, by its name in the folder of the card."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Archive(NamedTuple):
    """An archive or file that a source was read from."""

    source: str
    snapshot: str
    name: str
    uri: str
    fingerprint: str


@dataclass(frozen=True)
class Asked:
    """What an export was held to before it left the house.

    Attributes:
        recipe: name of the recipe.
        digest: SHA-256 of what it said of the corpus then, as 64 hexadecimal digits.
        as_of: the version, if it was exported as what it was and not as what the recipe makes.
        differences: how it differed from what the recipe made then, in words.
    """

    recipe: str
    digest: str
    as_of: int | None = None
    differences: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As the manifest has it; `as_of` stands there beside it."""
        return {"recipe": self.recipe, "digest": self.digest, "differences": list(self.differences)}

    @property
    def caveat(self) -> str:
        """What whoever gets the export has to know; empty if it was what the recipe made."""
        if self.as_of is None:
            return ""
        differs = "; ".join(self.differences) or "nothing"
        return (f"Exported as of version {self.as_of}, not as what the recipe {self.recipe} makes today. "
                f"What differs today: {differs}.")


@dataclass(frozen=True)
class Account:
    """What is known of one version of a mixture.

    Attributes:
        lake: None where nothing but an export is at hand: then only what its rows and files tell is known.
        commit: the row of `lineage` of the commit that made the version.
        shares: the licences of its documents, by source and snapshot, in order.
        files: the files of an export, if the card is for one.
        folder: where these lie.
        media_type: of these files.
        asked: what the export was held to, if the card is for one.
    """

    lake: Lake | None
    table: str
    commit: dict[str, Any]
    shares: tuple[Share, ...]
    files: tuple[File, ...] = ()
    media_type: str = "application/x-parquet"
    asked: Asked | None = None
    folder: Path | None = None

    def rows(self, columns: Sequence[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Columns of the rows that the account is of, batch by batch: of the export if it is of one, else of the lake.
        """
        if self.folder is None:
            yield from self.lake.read(self.table, columns, version=self.version, batch_rows=batch_rows)
            return
        # Shards that older code wrote lack columns of today: what they would say is not known.
        schema = pa.schema([table(self.table).schema.field(name).with_nullable(True) for name in columns])
        yield from read_shards(self.folder, [file.name for file in self.files], schema, batch_rows)

    @property
    def caveat(self) -> str:
        """That this is an export of an old version as what it was, and what differs today; else empty."""
        return self.asked.caveat if self.asked else ""

    @property
    def version(self) -> int:
        """Version of the mixture's table."""
        return self.commit["version"]

    @property
    def committed_at(self) -> datetime:
        """When the version was made: the date of every card."""
        return self.commit["committed_at"]

    @property
    def documents(self) -> int:
        """Documents of the mixture."""
        return sum(share.documents for share in self.shares)

    @property
    def tokens(self) -> int:
        """Tokens of the mixture."""
        return sum(share.tokens for share in self.shares)

    @cached_property
    def licenses(self) -> list[tuple[str, int, int, int]]:
        """Expression, tier, documents and tokens, the freest first."""
        found: dict[tuple[int, str], list[int]] = {}
        for share in self.shares:
            sums = found.setdefault((share.license_tier, share.license_spdx), [0, 0])
            sums[0] += share.documents
            sums[1] += share.tokens
        return [(spdx, tier, *found[tier, spdx]) for tier, spdx in sorted(found)]

    @property
    def tokens_by_license(self) -> dict[str, int]:
        """Tokens by expression, in its order."""
        found: dict[str, int] = {}
        for spdx, _, _, tokens in self.licenses:
            found[spdx] = found.get(spdx, 0) + tokens
        return dict(sorted(found.items()))

    @cached_property
    def identifiers(self) -> list[str]:
        """Every single licence that is named."""
        return sorted({name for spdx, *_ in self.licenses for name in identifiers_of(spdx)})

    @cached_property
    def contested(self) -> int:
        """Documents of which copies, or farther evidence, state a stricter licence than they claim."""
        if not self._has("contested"):
            return 0
        return sum(pc.sum(batch.column(0)).as_py() or 0 for batch in self.rows(["contested"], 65_536))

    @cached_property
    def copies(self) -> list[tuple[str, int]]:
        """Licences under which copies of its documents were found and these were not, and of how many documents."""
        if not self._has("copy_licenses"):
            return []
        found: Counter[str] = Counter()
        for batch in self.rows(["copy_licenses"], 65_536):
            stated = pc.list_flatten(pc.split_pattern(batch.column("copy_licenses"), "; "))
            found.update({item["values"]: item["counts"] for item in pc.value_counts(stated).to_pylist()})
        return sorted((spdx, count) for spdx, count in found.items() if spdx)

    def _has(self, column: str) -> bool:
        """Whether its rows have a column: those of a version that older code wrote may lack it."""
        if self.folder is None:
            return column in self.lake.table(self.table, self.version)
        return column in table(self.table)

    @cached_property
    def doubts(self) -> str:
        """What copies say of the licences, in sentences; empty if there is nothing to say."""
        if not self.contested and not self.copies:
            return ""
        listed = "; ".join(f"{spdx} ({count:,})" for spdx, count in self.copies)
        return (f"Of {self.contested:,} documents others state a stricter licence than they claim (column contested). "
                + (f"Copies of documents were found under other licences, too: {listed}." if listed else "")).strip()

    @property
    def sources(self) -> list[tuple[str, str]]:
        """Sources with their snapshots."""
        return sorted({(share.source, share.snapshot) for share in self.shares})

    @cached_property
    def made(self) -> list[dict[str, Any]]:
        """The commits whose rows the version holds: one, or one per partition of a branch or datastore."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.lake.history(self.table):
            if row["version"] <= self.version:
                found.setdefault(row["partition"], row)
        return [found[partition] for partition in sorted(found)]

    @cached_property
    def commits(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every commit behind the version, by table and partition: those that its inputs name, and theirs in turn."""
        histories: dict[str, list[dict[str, Any]]] = {}
        found: dict[tuple[str, str], dict[str, Any]] = {}
        queue = list(self.made)
        while queue:
            for pin in json.loads(queue.pop()["inputs"]):
                key = (pin["table"], pin["partition"])
                if key in found:
                    continue
                if pin["table"] not in histories:
                    histories[pin["table"]] = self.lake.history(pin["table"])
                found[key] = next(
                    row for row in histories[pin["table"]]
                    if row["partition"] == pin["partition"] and row["version"] <= pin["version"]
                )
                queue.append(found[key])
        return dict(sorted(found.items()))

    @cached_property
    def lineage(self) -> dict[str, dict[str, Any]]:
        """What its known sources are made from, by source: as `licenses.lineage.summary` has it."""
        wanted = {source for source, _ in self.sources}
        rows = [
            row for (name, partition), commit in self.commits.items() if name == LINEAGE
            for row in self.lake.read_table(name, partition=partition, version=commit["version"]).to_pylist()
            if row["source"] in wanted
        ]
        return {source: summary(chain) for source, chain in sorted(by_source(rows).items())}

    @cached_property
    def archives(self) -> list[Archive]:
        """The archives that the sources of the mixture were read from, as they were then."""
        crawls = {snapshot: row["recipe"] for (name, snapshot), row in self.commits.items() if name == "raw_crawls"}
        wanted, found = set(self.sources), []
        for row in self.lake.history("archives") if self.lake.exists("archives") else []:
            if crawls.get(row["partition"]) == row["recipe"]:
                columns = ["source", "snapshot", "archive", "archive_uri", "fingerprint"]
                rows = self.lake.read_table("archives", columns, partition=row["partition"], version=row["version"])
                found += [Archive(*item.values()) for item in rows.to_pylist()]
                del crawls[row["partition"]]
        return sorted(archive for archive in found if (archive.source, archive.snapshot) in wanted)

    def archives_of(self, source: str, snapshot: str) -> list[Archive]:
        """The archives of one source."""
        return [one for one in self.archives if (one.source, one.snapshot) == (source, snapshot)]


def account_of(lake: Lake, mixture: str, version: int | None = None) -> Account:
    """The account of a mixture, with or without the prefix of its table, at `version` or at the latest; or of a branch
    or datastore, by the name of its table.

    Raises:
        NotFound: if there is no such mixture or version.
    """
    from data_platform.proof.trace import NotFound

    name = mixture_table_name(lake, mixture)
    history = lake.history(name)
    commit = next((row for row in history if version in (None, row["version"])), None)
    if commit is None:
        known = ", ".join(str(row["version"]) for row in reversed(history))
        raise NotFound(f"{name} has no version {version}; versions: {known}")
    batches = lake.read(name, [*_KEYS, "token_count"], version=commit["version"], batch_rows=65_536)
    shares = shares_of([shares_by_key(batch) for batch in batches])
    return Account(lake, name, commit, shares)


def shares_by_key(batch: pa.RecordBatch) -> pa.Table:
    """Documents and tokens of a batch by source, snapshot and licence: what `shares_of` sums."""
    sums = [("token_count", "count"), ("token_count", "sum")]
    return pa.Table.from_batches([batch]).group_by(_KEYS).aggregate(sums)


def shares_of(parts: Sequence[pa.Table]) -> tuple[Share, ...]:
    """The sums of counts of batches, in order."""
    if not parts:
        return ()
    sums = [("token_count_count", "sum"), ("token_count_sum", "sum")]
    grouped = pa.concat_tables(parts).group_by(_KEYS).aggregate(sums)
    grouped = grouped.select([*_KEYS, "token_count_count_sum", "token_count_sum_sum"])
    order = pc.sort_indices(grouped, [(key, "ascending") for key in _KEYS])
    return tuple(Share(*row.values()) for row in grouped.take(order).to_pylist())


def all_of(expressions: Sequence[str]) -> str:
    """The AND of expressions as they are, each once: not simplified, which takes long for hundreds of them."""
    if len(expressions) == 1:
        return expressions[0]
    parts: set[str] = set()
    for expression in expressions:
        parts.update([f"({expression})"] if " OR " in expression else expression.split(" AND "))
    return " AND ".join(sorted(parts))
