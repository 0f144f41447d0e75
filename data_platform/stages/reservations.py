"""The stage that asks, over all snapshots, which documents are reserved today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.ingest.site_files import PATTERN
from data_platform.licenses.standing import FILE_COLUMNS, SiteFile, site_files, standing
from data_platform.methods.duplicates.url import canonical_urls
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.spdx.expressions import OPT_OUT
from data_platform.takedown.held_sites import held_files, held_sites
from data_platform.takedown.removal_list import standing as removed

_RECORD = ["record_id", "url", "host", "fetched_at", "record_type", "mime"]


def _write(work: Work) -> Files:
    records = work.rows("raw_crawls", _RECORD)
    documents = work.rows("documents", ["doc_id", "snapshot", "text_hash"])
    files = [*_site_files(work), *held_files(held_sites(removed(work.lake)))]
    return work.files(standing(records, documents, _reserving(work), files, work.recipe.licenses.training_agents,
                               canonical_urls))


def _reserving(work: Work) -> pa.Table:
    """The evidence that reserves, of all snapshots."""
    columns = ["doc_id", "location", "scope", "record_id"]
    return pa.concat_tables(
        work.lake.read_table("license_evidence", columns, partition=pin.partition, version=pin.version,
                             where=pc.match_substring(pc.field("license_spdx"), OPT_OUT))
        for pin in work.pins_of("license_evidence")
    )


def _site_files(work: Work) -> list[SiteFile]:
    """Every capture of a file of a site, of all snapshots. Payloads are read only if there are any."""
    from daft import col

    pins, chosen = work.pins_of("raw_crawls"), col("url").regexp(f"(?i){PATTERN}")
    if not engine.read_all(work.lake, pins, ["url"]).where(chosen).count_rows():
        return []
    return site_files(engine.read_all(work.lake, pins, list(FILE_COLUMNS)).where(chosen).to_pylist())


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    held = held_sites(removed(workspace.lake))
    return {"training_agents": list(workspace.recipe.licenses.training_agents), **({"held": held} if held else {})}


RESERVATIONS = Stage(
    name="reservations", group="licenses", inputs=("documents", "raw_crawls", "license_evidence"), run=_write,
    config=_config, partitioned=False, phase="deduplicate", books=None, checks=("licenses_current",),
)
