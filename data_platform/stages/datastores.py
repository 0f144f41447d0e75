"""Datastores: texts that no mixture may hold, in tables of their own, removable on their own.

SILO (Min et al. 2023, https://arxiv.org/abs/2308.04430) trains on low-risk text and keeps high-risk text in a store
that is only asked when the model answers, so that whoever opts out is taken out of it at any time. Here a document goes
to a store if no mixture of the recipe admits its licence: by tier and class, whatever budgets and seeds say, so that a
text is never in both. No stage reads a store, and the gate of every mixture proves from the tables that none of its
rows is in one.

Belongs here: the stage, and the removal of a store. Not here: removing single documents (`takedown`), retrieval.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs

from data_platform.core.errors import PlainError
from data_platform.core.tables import datastore_table, table, table_name
from data_platform.lake import chain
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem
from data_platform.mixing.settings import Datastore, Mixture
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.rejected import rejection_rows

REASONS = ("for_mixtures", "license_tier", "license_class", "opt_out", "domain")
"""Why a document is not in a store, in the order in which it is asked: the first that holds is given."""


class NotRemovable(PlainError, LookupError):
    """A table that cannot be removed: there is none, it is no datastore, or something was made of it."""


# -- the stage --------------------------------------------------------------------------------------------------------


def datastore_stage(name: str) -> Stage:
    """The stage of the datastore called `name` in the recipe."""

    def config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
        recipe = workspace.recipe
        store = recipe.datastores[name].model_dump(mode="json")
        return {"recipe": recipe.name, "store": store, "mixtures": _admitted(recipe)}

    return Stage(
        name=datastore_table(name).name, group="datastores", inputs=("deduplicated_documents", "document_terms"),
        run=_write_datastore, config=config, sides=("rejections",), phase="annotate",
        checks=("license_classes", "apart_from_datastores", "taken_down", "current"),
    )


def _admitted(recipe: Recipe) -> dict[str, dict[str, list[Any]]]:
    """Tiers, classes and uses of every mixture: what they admit by licence."""
    return {
        name: {"tiers": sorted(mixture.tiers), "license_classes": sorted(mixture.license_classes),
               "contested": mixture.contested, "use": [sorted(mixture.use), mixture.attribution, mixture.share_alike]}
        for name, mixture in recipe.mixtures.items()
    }


def _write_datastore(work: Work) -> Files:
    from daft import col, from_arrow

    declared = work.stage.declared
    candidates = work.rows("deduplicated_documents", ["doc_id", "snapshot", "source", "domain", "url"])
    licenses = work.rows(
        "document_terms",
        ["doc_id", "license_spdx", "license_tier", "claimed_spdx", "claimed_tier", "license_basis", "opt_out"],
    )
    place = pc.index_in(candidates["doc_id"], licenses["doc_id"].combine_chunks())
    reasons = against(licenses.take(place), candidates["domain"], work.recipe.datastores[declared.entry], work.recipe)
    kept = candidates.filter(pc.is_null(reasons)).select(["doc_id"])
    rejected = candidates.select(["doc_id"]).append_column("reason", reasons).filter(pc.is_valid(reasons))

    terms = ["doc_id", *(column for column in declared.column_names if column in table("document_terms")
                         and column not in table("deduplicated_documents"))]
    frame = engine.read(work.lake, work.pin("deduplicated_documents"), table("deduplicated_documents").column_names)
    frame = frame.join(from_arrow(kept), on="doc_id")
    frame = frame.join(engine.read(work.lake, work.pin("document_terms"), terms), on="doc_id")
    frame = frame.select(*(col(column) for column in declared.column_names))
    written = engine.write(work.lake, frame, [engine.Output(work.stage.name)])
    return written | work.files(rejection_rows(work.stage.name, candidates, rejected), "rejections")


def against(licenses: pa.Table, domains: pa.ChunkedArray, store: Datastore, recipe: Recipe) -> pa.Array:
    """The first of `REASONS` that speaks against each document, null if none does."""
    from data_platform.spdx.schemes import mask_of
    from data_platform.spdx.uses import mask_of as uses_mask

    spdx, tier, basis = (licenses[name] for name in ("license_spdx", "license_tier", "license_basis"))

    def admitted(mixture: Mixture) -> pa.ChunkedArray:
        spdx, tier = (licenses[name] for name in mixture.terms)
        of_tier = pc.is_in(tier, pa.array(mixture.tiers, pa.int32()))
        classed = mask_of(mixture.license_classes, spdx, basis)
        return pc.and_(pc.and_(of_tier, classed), uses_mask(*mixture.for_use, spdx))

    for_mixtures = pa.chunked_array([pa.repeat(pa.scalar(False), len(licenses))])
    for mixture in recipe.mixtures.values():
        for_mixtures = pc.or_(for_mixtures, admitted(mixture))
    conditions = (
        for_mixtures,
        pc.invert(pc.is_in(tier, pa.array(store.tiers, pa.int32()))),
        pc.invert(mask_of(store.license_classes, spdx, basis)),
        pc.and_(licenses["opt_out"], pa.scalar(not store.opt_outs)),
        pc.invert(pc.is_in(domains, pa.array(store.domains, pa.string()))) if store.domains
        else pa.chunked_array([pa.repeat(pa.scalar(False), len(licenses))]),
    )
    found: Any = pa.chunked_array([pa.nulls(len(licenses), pa.string())])
    for condition, reason in reversed(list(zip(conditions, REASONS, strict=True))):
        found = pc.if_else(condition, pa.scalar(reason), found)
    return found


# -- removal ----------------------------------------------------------------------------------------------------------


def datastores(lake: Lake) -> list[str]:
    """Names of the datastores of a lake, without the prefix of their tables."""
    return [table(name).entry for name in lake.tables("datastore")]


def holdings(lake: Lake, store: str) -> dict[str, Any]:
    """What a datastore holds, by licence, and every version and file of it.

    Raises:
        NotRemovable: if there is no such datastore.
    """
    name = _table_of(lake, store)
    handle = lake.open(name)
    rows = lake.read_table(name, ["license_spdx", "license_tier", "token_count"])
    grouped = rows.group_by(["license_tier", "license_spdx"]).aggregate([("token_count", "count"),
                                                                         ("token_count", "sum")])
    found = grouped.sort_by([("license_tier", "ascending"), ("license_spdx", "ascending")]).to_pylist()
    return {
        "table": name, "table_id": str(handle.metadata().id), "version": handle.version(), "rows": rows.num_rows,
        "licenses": [{"spdx": row["license_spdx"], "tier": row["license_tier"], "rows": row["token_count_count"],
                      "tokens": row["token_count_sum"]} for row in found],
        "read_by": _readers(lake, name),
    }


def remove(lake: Lake, store: str) -> dict[str, Any]:
    """Delete a datastore with all of its versions, see that nothing of it is left, and note it in `removed_tables`.

    Nothing else is touched: no table is made of a store. May be killed at any moment and called again.

    Raises:
        NotRemovable: if there is no such datastore, or a commit of another table names it as an input.
    """
    name = table_name("datastore", store)
    if lake.exists(name) and not _is_noted(lake, name):
        found = holdings(lake, store)
        if found["read_by"]:
            raise NotRemovable(f"{name} was read by {', '.join(found['read_by'])}; take these down first")
        # Noted first: what is deleted cannot say any more what it was.
        _note(lake, found, _files(lake, name))
    elif not _files(lake, name):
        _table_of(lake, store)
    root = filesystem(lake.uri, lake.storage_options)
    # The log last: until it is gone, the table is known, and a second call finds all that is left.
    for path, _ in sorted(_files(lake, name), key=lambda file: ("/_delta_log/" in f"/{file[0]}", file[0])):
        root.delete_file(path)
    if isinstance(root, pa.fs.FileSystem) and "://" not in lake.uri:
        pa.fs.LocalFileSystem().delete_dir(lake.table_uri(name))
    chain.forget(lake, name)
    left = _files(lake, name)
    if left or lake.exists(name):
        raise RuntimeError(f"{name}: {len(left)} files are still there")
    rows = lake.read_table("removed_tables", where=pc.field("table") == name).sort_by("removed_at").to_pylist()
    return {**rows[-1], "rows_by_license": json.loads(rows[-1]["rows_by_license"]), "files_left": 0}


def _table_of(lake: Lake, store: str) -> str:
    name = table_name("datastore", store)
    if not lake.exists(name):
        known = ", ".join(datastores(lake)) or "none"
        raise NotRemovable(f"no datastore {store!r} in {lake.uri}; datastores: {known}")
    return name


def _readers(lake: Lake, name: str) -> list[str]:
    """Tables of which some commit names the store as an input."""
    return [
        other for other in lake.tables() if other not in (name, "lineage")
        and any(pin["table"] == name for row in lake.history(other) for pin in json.loads(row["inputs"]))
    ]


def _files(lake: Lake, name: str) -> list[tuple[str, int]]:
    """Path under the lake and size of everything in the folder of a table."""
    selector = pa.fs.FileSelector(name, recursive=True, allow_not_found=True)
    entries = filesystem(lake.uri, lake.storage_options).get_file_info(selector)
    return sorted((entry.path, entry.size) for entry in entries if entry.type == pa.fs.FileType.File)


def _is_noted(lake: Lake, name: str) -> bool:
    """Whether the removal of this very table has begun: an earlier call was killed."""
    if not lake.exists("removed_tables"):
        return False
    table_id = str(lake.open(name).metadata().id)
    return lake.read_table("removed_tables", where=pc.field("table_id") == table_id).num_rows > 0


def _note(lake: Lake, found: dict[str, Any], files: list[tuple[str, int]]) -> None:
    lines = "\n".join(f"{path} {size}" for path, size in files)
    row = {
        "table": found["table"], "table_id": found["table_id"], "version": found["version"], "rows": found["rows"],
        "rows_by_license": json.dumps({item["spdx"]: item["rows"] for item in found["licenses"]}, sort_keys=True),
        "files": len(files), "bytes": sum(size for _, size in files),
        "files_digest": hashlib.sha256(lines.encode()).hexdigest(), "removed_at": datetime.now(UTC),
    }
    lake.append("removed_tables", pa.Table.from_pylist([row], schema=table("removed_tables").schema))
