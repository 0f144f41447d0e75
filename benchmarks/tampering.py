"""Tampering with a lake: each way is tried on a copy, and has to be named by the audit, to stop the gate, and to have a
way out that works.

    python -m benchmarks.tampering [--only WORD]

The lake is built by the stages themselves, of a few texts in two snapshots, with a takedown, an export and results of
checks, so that every log of the platform has rows. A way changes files of the copy as anybody could who can write to
them: with Delta's own means, byte by byte, with sizes and times kept. Then

- audit: `data-platform audit` must not say proven, and must name the table;
- gate: what `data-platform export` asks must refuse;
- way out: what the audit says is done (`data-platform repair`, then the recipe again), and another audit says proven.

Here belong the ways and the table. Not here: single laws of custody (tests/proof/test_custody.py).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from benchmarks.common import parser, show
from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.lake import chain
from data_platform.lake.lake import Lake
from data_platform.lake.ledger import save
from data_platform.pipeline.flow import stages
from data_platform.pipeline.repair import repair
from data_platform.proof.audit import audit
from data_platform.proof.gate import refuse_unproven
from data_platform.proof.look import Look
from data_platform.publish.export import export_mixture
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places
from data_platform.takedown.execute import execute as take_down
from data_platform.takedown.plan import Selectors

MIXTURE = "all"
NAME = f"mixture_{MIXTURE}"
_SUBJECTS = ("harbour", "library", "orchard", "railway", "glacier", "theatre", "vineyard", "workshop")
_TEXTS = {"one": ("alpha", "beta", "gamma", "delta"), "two": ("epsilon", "zeta", "eta")}
_TAKEN_DOWN = "delta"
_UNNAMED = "files that no version names"
"""Of them nobody reads the rows: they are told, and are in nobody's way."""


# -- the lake ---------------------------------------------------------------------------------------------------------


def make(folder: Path) -> Workspace:
    """A lake in `folder` with a mixture, a takedown, an export and results of checks, built by the stages."""
    for snapshot, names in _TEXTS.items():
        for name in names:
            path = folder / "texts" / snapshot / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_essay(name), encoding="utf-8")
    (folder / "texts" / "one" / "NOTICE").write_text("Essays on places\nCopyright 2020 The Society of Places\n")
    workspace = workspace_over(folder, folder / "lake")
    bring_up_to_date(workspace)
    lake = workspace.lake
    rows = lake.read_table("raw_crawls", ["record_id", "url"]).to_pylist()
    unwanted = tuple(row["record_id"] for row in rows if _TAKEN_DOWN in row["url"])
    take_down(lake, Order(Selectors(documents=unwanted), "asked to", "its author"), Places())
    bring_up_to_date(workspace)
    checked = {"table": NAME, "partition": "", "recipe": lake.pin(NAME).recipe, "version": 1, "check": "custody",
               "passed": False, "blocking": True, "detail": "{}", "run_id": "", "checked_at": datetime.now(UTC)}
    lake.append("check_results", pa.Table.from_pylist([checked], table("check_results").schema))
    export_mixture(lake, MIXTURE, "parquet", folder / "export", folder)
    return workspace


def _essay(name: str) -> str:
    return "\n".join(
        f"In the {_SUBJECTS[i % 8]} of {name} number {i} people spoke about {_SUBJECTS[(i * 3 + 1) % 8]} and "
        f"{name}{i * 7}, and afterwards they wrote {name}{i * i} letters to the {_SUBJECTS[(i + 5) % 8]} keeper."
        for i in range(12)
    )


def workspace_over(folder: Path, lake: Path) -> Workspace:
    """A workspace over the texts in `folder`, with a lake elsewhere."""
    recipe = Recipe.model_validate({
        "name": "tampering", "filters": {"rule_sets": {}},
        "sources": [
            {"name": f"texts-{snapshot}", "kind": "files", "snapshot": snapshot,
             "paths": [str(folder / "texts" / snapshot)], "license": {"spdx": "MIT", "basis": "by letter"}}
            for snapshot in _TEXTS
        ],
        "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "mixtures": {MIXTURE: {"tokens": 1000, "tiers": [0, 1, 2], "weights": {"web": 1}}},
    })
    return Workspace(recipe, Lake(str(lake)))


def bring_up_to_date(workspace: Workspace) -> None:
    """Run what the mixture needs and is not up to date."""
    flow, needed = stages(workspace.recipe), {NAME}
    for name, stage in reversed(flow.items()):
        if name in needed:
            needed.update(stage.inputs)
    for name in (name for name in flow if name in needed):
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            execute(flow[name], workspace, snapshot)


# -- means ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Victim:
    """A copy of the lake, to be tampered with."""

    lake: Lake

    def folder(self, name: str) -> Path:
        """The folder of a table."""
        return Path(self.lake.table_uri(name))

    def delta(self, name: str) -> DeltaTable:
        """A table, as any program opens it."""
        return DeltaTable(self.lake.table_uri(name))

    def files(self, name: str) -> list[Path]:
        """The data files that the table has now, the largest first."""
        paths = pa.table(self.delta(name).get_add_actions())["path"].to_pylist()
        return sorted((self.folder(name) / path for path in paths), key=lambda path: -path.stat().st_size)

    def copies(self, name: str) -> list[Path]:
        """The copies that are kept of these entries, oldest first."""
        return sorted((Path(self.lake.uri) / chain.KEPT / name).iterdir())

    def entries(self, name: str) -> list[Path]:
        """The entries of its log, oldest first."""
        return sorted((self.folder(name) / "_delta_log").glob("*.json"))

    def edit(self, name: str, entry: int, change: Callable[[str, Any], Any]) -> None:
        """Change the actions of an entry of the log; what becomes None goes."""
        path = self.entries(name)[entry]
        lines = []
        for line in path.read_text().splitlines():
            ((kind, value),) = json.loads(line).items()
            if (changed := change(kind, value)) is not None:
                lines.append(json.dumps({kind: changed}))
        _write(path, "\n".join(lines).encode())

    def add_entry(self, name: str, *actions: Mapping[str, Any]) -> None:
        """Put another entry at the end of the log."""
        log = self.entries(name)
        info = {"commitInfo": {"timestamp": 1_800_000_000_000, "operation": "WRITE"}}
        path = log[-1].with_name(f"{len(log):020d}.json")
        path.write_text("\n".join(json.dumps(action) for action in (info, *actions)))


def _write(path: Path, content: bytes) -> None:
    """Write over a file, with the times that it had."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a Parquet file again with other rows, of the very size and times that it had."""
    before, size = path.stat(), path.stat().st_size
    rows = change(pq.ParquetFile(path).read())

    def write(padding: int) -> int:
        with pq.ParquetWriter(path, rows.schema, compression="zstd", compression_level=22, store_schema=False,
                              write_statistics=False) as writer:
            writer.write_table(rows)
            writer.add_key_value_metadata({"padding": "x" * padding})
        return path.stat().st_size

    padding = max(0, size - write(0))
    for _ in range(8):
        if (made := write(padding)) == size:
            break
        padding = max(0, padding + size - made)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def with_value(column: str, value: Any) -> Callable[[pa.Table], pa.Table]:
    """A change of all values of a column."""
    def change(rows: pa.Table) -> pa.Table:
        field = rows.schema.field(column)
        values = pa.repeat(pa.scalar(value, field.type), rows.num_rows)
        return rows.set_column(rows.schema.get_field_index(column), field, values)

    return change


def flip(path: Path, place: int) -> None:
    """Flip one bit of a file, and keep its times."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    _write(path, bytes(content))


def _flip_in_text(victim: Victim) -> None:
    """A bit within the column of texts: the first page of the mixture's largest column."""
    path = victim.files(NAME)[0]
    group = pq.ParquetFile(path).metadata.row_group(0)
    (text,) = [group.column(i) for i in range(group.num_columns) if group.column(i).path_in_schema == "text"]
    flip(path, text.data_page_offset + text.total_compressed_size // 2)


def _forge_checkpoint(victim: Victim, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """A checkpoint of the latest version that says other things than the log."""
    victim.delta(name).create_checkpoint()
    (path,) = (victim.folder(name) / "_delta_log").glob("*.checkpoint.parquet")
    pq.write_table(change(pq.read_table(path)), path)


def _other_file(victim: Victim) -> Callable[[pa.Table], pa.Table]:
    """The mixture's file under another name, with a licence of the forger's choice in it."""
    own = victim.files(NAME)[0]
    forged = own.with_name("part-00000.parquet")
    shutil.copy(own, forged)
    rewrite(forged, with_value("license_spdx", "CC0-1.0"))

    def change(rows: pa.Table) -> pa.Table:
        actions = rows.to_pylist()
        for action in actions:
            if action["add"] and action["add"]["path"] == own.name:
                action["add"]["path"] = forged.name
        return pa.Table.from_pylist(actions, rows.schema)

    return change


def _parsed_stats(rows: pa.Table) -> pa.Table:
    """Values by which readers of a checkpoint skip all files, beside the statistics that the log has."""
    extremes = pa.struct([("license_tier", pa.int32())])
    parsed = pa.struct([("numRecords", pa.int64()), ("minValues", extremes), ("maxValues", extremes)])
    highest = {"license_tier": 5}
    actions = [add and {**add, "stats_parsed": {"numRecords": 1, "minValues": highest, "maxValues": highest}}
               for add in rows["add"].to_pylist()]
    place = rows.schema.get_field_index("add")
    fields = pa.struct([*rows.schema.field("add").type, pa.field("stats_parsed", parsed)])
    return rows.set_column(place, "add", pa.array(actions, fields))


def _without_digests(victim: Victim, name: str) -> None:
    """All that commits of a table say of custody, stripped, as if older code had written them."""
    for entry in range(len(victim.entries(name))):
        victim.edit(name, entry, lambda kind, value: {
            key: one for key, one in value.items() if key != chain.CUSTODY_KEY
        } if kind == "commitInfo" else value)
    (Path(victim.lake.uri) / chain.KEPT / f"{name}.json").unlink()


def _with_digest(victim: Victim, name: str, entry: int) -> None:
    """Rows rewritten, and the digest of the file rewritten in the commit that added it."""
    path = victim.files(name)[0]
    rewrite(path, with_value("license_spdx", "CC0-1.0"))
    import hashlib

    digest, own = hashlib.sha256(path.read_bytes()).hexdigest(), str(path.relative_to(victim.folder(name)))
    victim.edit(name, entry, lambda kind, value: {**value, chain.CUSTODY_KEY: {
        **value[chain.CUSTODY_KEY], "files": {**value[chain.CUSTODY_KEY]["files"], own: digest},
    }} if kind == "commitInfo" else value)


def _deletion_vector(victim: Victim) -> None:
    """As Spark writes it: the same file again, with a vector of rows that no longer count."""
    entries = [json.loads(line) for path in victim.entries(NAME) for line in path.read_text().splitlines()]
    add = [entry["add"] for entry in entries if "add" in entry][-1]
    vector = {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "offset": 1, "sizeInBytes": 36,
              "cardinality": 1}
    victim.add_entry(NAME, {"remove": {"path": add["path"], "dataChange": True, "deletionTimestamp": 0}},
                     {"add": {**add, "deletionVector": vector}})


def _link(path: Path) -> None:
    """A file or folder that lies elsewhere, with a link in its place."""
    elsewhere = Path(tempfile.mkdtemp(dir=path.parents[2])) / path.name
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def _swap(one: Path, two: Path) -> None:
    first, second = one.read_bytes(), two.read_bytes()
    _write(one, second)
    _write(two, first)


def _link_log(victim: Victim, name: str, change: Callable[[Path], Any]) -> None:
    """A log that lies elsewhere, and is another there, with a link in its place."""
    log = victim.folder(name) / "_delta_log"
    _link(log)
    change(sorted(log.resolve().glob("*.json"))[-1])


def _other_time(path: Path) -> None:
    """An entry that says that it was made a day before."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if "commitInfo" in line:
            line["commitInfo"]["timestamp"] -= 86_400_000
    _write(path, "\n".join(map(json.dumps, lines)).encode())


def _kept_anew(victim: Victim, name: str, change: Callable[[Path], Any]) -> None:
    """The last entry of a log made another, or taken out, and the link that is kept made to fit."""
    change(victim.entries(name)[-1])
    chain.keep(victim.lake, name, len(victim.entries(name)) - 1)


def _files_twice(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.filter(pc.is_valid(rows["add"]))])


def _sidecar(rows: pa.Table) -> pa.Table:
    """As the second version of checkpoints has them: a file beside, with more files of the table."""
    kind = pa.struct([("path", pa.string()), ("sizeInBytes", pa.int64()), ("modificationTime", pa.int64())])
    sidecars = [{"path": "more.parquet", "sizeInBytes": 1, "modificationTime": 1}, *[None] * (rows.num_rows - 1)]
    return rows.append_column("sidecar", pa.array(sidecars, kind))


def _forge_ledger(victim: Victim, name: str) -> None:
    """The ledger that runs believe for entries that look as they did, with the digest of another file in it."""
    known = victim.lake.known(name)
    save(victim.lake, replace(known, digests=dict.fromkeys(known.digests, "0" * 64)))


def _restore(victim: Victim, name: str) -> None:
    victim.delta(name).restore(victim.delta(name).version() - 1)


def _copy_mixture(victim: Victim) -> None:
    shutil.copytree(victim.folder(NAME), victim.folder("mixture_copy"))


def _stats(kind: str, value: Any) -> Any:
    if kind != "add":
        return value
    stats = {**json.loads(value["stats"]), "minValues": {"license_tier": 5}, "maxValues": {"license_tier": 5}}
    return {**value, "stats": json.dumps(stats)}


def _other_run(kind: str, value: Any) -> Any:
    if kind != "commitInfo":
        return value
    return {**value, "data_platform": {**value["data_platform"], "run_id": "somebody"}}


def _compact(victim: Victim) -> None:
    """Other files with the same rows, as an OPTIMIZE of another program makes them."""
    rows = pa.table(victim.delta(NAME).to_pyarrow_table())
    write_deltalake(victim.delta(NAME), rows, mode="overwrite")


def _raised(victim: Victim) -> None:
    victim.add_entry(NAME, {"protocol": {"minReaderVersion": 1, "minWriterVersion": 4}})


def _unlink(path: Path) -> None:
    path.unlink()


def _append(victim: Victim, name: str) -> None:
    write_deltalake(victim.delta(name), pa.table(victim.delta(name).to_pyarrow_table()).slice(0, 1), mode="append")


def _all_anew(victim: Victim) -> None:
    """A history written anew: an entry edited, and every link after it, wherever one stands, made to fit."""
    victim.edit(NAME, 0, lambda kind, value: {**value, "timestamp": value["timestamp"] - 1}
                if kind == "commitInfo" else value)
    link = ""
    for entry in range(len(victim.entries(NAME))):
        def linked(kind: str, value: Any, link: str = link) -> Any:
            if kind != "commitInfo":
                return value
            return {**value, chain.CUSTODY_KEY: {**value[chain.CUSTODY_KEY], "previous": link}}

        victim.edit(NAME, entry, linked)
        link = chain.link_of(victim.lake, NAME, entry)
        for seen in range(len(victim.entries("lineage"))):
            def told(kind: str, value: Any, link: str = link, entry: int = entry) -> Any:
                custody = value.get(chain.CUSTODY_KEY, {}) if kind == "commitInfo" else {}
                if custody.get("seen", {}).get("table") != NAME or custody["seen"]["version"] != entry:
                    return value
                return {**value, chain.CUSTODY_KEY: {**custody, "seen": {**custody["seen"], "link": link}}}

            victim.edit("lineage", seen, told)
    link = ""
    for entry in range(len(victim.entries("lineage"))):
        def relinked(kind: str, value: Any, link: str = link) -> Any:
            if kind != "commitInfo":
                return value
            return {**value, chain.CUSTODY_KEY: {**value[chain.CUSTODY_KEY], "previous": link}}

        victim.edit("lineage", entry, relinked)
        link = chain.link_of(victim.lake, "lineage", entry)
    for name in (NAME, "lineage"):
        chain.keep(victim.lake, name, len(victim.entries(name)) - 1)


@dataclass(frozen=True)
class Way:
    """A way of tampering.

    Attributes:
        table: the table that the audit has to name.
        do: tampers with a copy.
        mixture: the mixture that is audited and exported.
        elsewhere: whether a head that was kept elsewhere is needed to see it.
        stops: whether it must stop the gate; what nobody reads is named and stops nothing.
    """

    table: str
    do: Callable[[Victim], Any]
    mixture: str = MIXTURE
    elsewhere: bool = False
    stops: bool = True


def _last(name: str) -> Callable[[Victim], Any]:
    return lambda victim: victim.entries(name)[-1].unlink()


WAYS: dict[str, Way] = {
    "rows rewritten at the same size": Way(
        NAME, lambda v: rewrite(v.files(NAME)[0], with_value("license_spdx", "CC0-1.0"))),
    "decisions rewritten at the same size": Way(
        "document_licenses", lambda v: rewrite(v.files("document_licenses")[0], with_value("resolver", "resolve@0"))),
    "payloads replaced": Way(
        "raw_crawls", lambda v: rewrite(v.files("raw_crawls")[0], with_value("payload", b"another text"))),
    "raw_value of evidence rewritten": Way(
        "license_evidence", lambda v: rewrite(v.files("license_evidence")[0], with_value("raw_value", "CC0"))),
    "fingerprints of archives rewritten": Way(
        "archives", lambda v: rewrite(v.files("archives")[0], with_value("fingerprint", "sha256:" + "0" * 64))),
    "a notice rewritten": Way(
        "license_notices", lambda v: rewrite(v.files("license_notices")[0], with_value("text", "Nothing to say."))),
    "a bit flipped in a text of the mixture": Way(NAME, _flip_in_text),
    "a bit flipped in the footer of a file": Way(
        "documents", lambda v: flip(v.files("documents")[0], v.files("documents")[0].stat().st_size - 20)),
    "a file of the mixture deleted": Way(NAME, lambda v: _unlink(v.files(NAME)[0])),
    "a file of another table deleted": Way("duplicates", lambda v: _unlink(v.files("duplicates")[0])),
    "files swapped between snapshots": Way(
        "documents", lambda v: _swap(v.files("documents")[0], v.files("documents")[-1])),
    "files swapped between tables": Way(
        "duplicates", lambda v: _swap(v.files("documents")[0], v.files("duplicates")[0])),
    "a file replaced by a link to elsewhere": Way(NAME, lambda v: _link(v.files(NAME)[0])),
    "a folder replaced by a link to elsewhere": Way("documents", lambda v: _link(v.files("documents")[0].parent)),
    "a forged checkpoint, other file": Way(NAME, lambda v: _forge_checkpoint(v, NAME, _other_file(v))),
    "a forged checkpoint, no rows": Way(
        "takedown_list", lambda v: _forge_checkpoint(
            v, "takedown_list", lambda rows: rows.filter(pc.is_null(rows["add"])))),
    "a forged checkpoint, statistics beside": Way(NAME, lambda v: _forge_checkpoint(v, NAME, _parsed_stats)),
    "_last_checkpoint that points nowhere": Way(
        NAME, lambda v: (v.folder(NAME) / "_delta_log/_last_checkpoint").write_text('{"version": 77, "size": 1}')),
    "a compacted log beside the log": Way(
        NAME, lambda v: shutil.copy(v.entries(NAME)[0], v.folder(NAME) / "_delta_log" /
                                    f"{0:020d}.{1:020d}.compacted.json")),
    "a mixture's folder copied": Way("mixture_copy", _copy_mixture, mixture="copy"),
    "the table lineage removed": Way("lineage", lambda v: shutil.rmtree(v.folder("lineage"))),
    "rows deleted from lineage": Way("lineage", lambda v: v.delta("lineage").delete("version = 1")),
    "rows of lineage rewritten": Way(
        "lineage", lambda v: rewrite(v.files("lineage")[0], with_value("run_id", "somebody"))),
    "rows deleted from takedown_list": Way("takedown_list", lambda v: v.delta("takedown_list").delete("kind = 'text'")),
    "takedown_list rewritten": Way(
        "takedown_list", lambda v: rewrite(v.files("takedown_list")[0], with_value("value", "0" * 32))),
    "takedown_list removed": Way("takedown_list", lambda v: shutil.rmtree(v.folder("takedown_list"))),
    "the last commit of takedown_list taken back": Way("takedown_list", _last("takedown_list")),
    "the last commit of takedowns taken back": Way("takedowns", _last("takedowns")),
    "a receipt rewritten": Way(
        "takedown_receipts", lambda v: rewrite(v.files("takedown_receipts")[0], with_value("absent", False))),
    "a failed check rewritten to passed": Way(
        "check_results", lambda v: rewrite(v.files("check_results")[0], with_value("passed", True))),
    "a result of a check appended": Way("check_results", lambda v: _append(v, "check_results")),
    "rows appended to the mixture": Way(NAME, lambda v: _append(v, NAME)),
    "rows of the mixture updated": Way(NAME, lambda v: v.delta(NAME).update({"license_spdx": "'CC0-1.0'"})),
    "rows deleted by a vector": Way(NAME, _deletion_vector),
    "a later version of a table on the way": Way(
        "documents", lambda v: v.delta("documents").delete("snapshot = 'one'")),
    "rejections updated": Way("rejections", lambda v: v.delta("rejections").update({"reason": "'language'"})),
    "rejections rewritten at the same size": Way(
        "rejections", lambda v: rewrite(v.files("rejections")[0], with_value("reason", "language"))),
    "rejections removed": Way("rejections", lambda v: shutil.rmtree(v.folder("rejections"))),
    "the table archives removed": Way("archives", lambda v: shutil.rmtree(v.folder("archives"))),
    "the mixture restored to an older version": Way(NAME, lambda v: _restore(v, NAME)),
    "terms restored to an older version": Way("document_terms", lambda v: _restore(v, "document_terms")),
    "takedown_list restored to an older version": Way("takedown_list", lambda v: _restore(v, "takedown_list")),
    "a log replaced by a link to the same": Way(NAME, lambda v: _link_log(v, NAME, lambda path: None)),
    "a log replaced by a link to another history": Way(NAME, lambda v: _link_log(v, NAME, _other_time)),
    "a log replaced by a link to a shorter one": Way("documents", lambda v: _link_log(v, "documents", _unlink)),
    "a table replaced by a link to elsewhere": Way("documents", lambda v: _link(v.folder("documents"))),
    "an entry replaced by a link to elsewhere": Way("lineage", lambda v: _link(v.entries("lineage")[-1])),
    "what is kept beside replaced by a link": Way(chain.KEPT, lambda v: _link(Path(v.lake.uri) / chain.KEPT)),
    "a bit flipped in a copy of an entry": Way("documents", lambda v: flip(v.copies("documents")[0], 100)),
    "a copy of an entry removed": Way("takedown_list", lambda v: _unlink(v.copies("takedown_list")[0])),
    "all copies of a log removed": Way("documents", lambda v: shutil.rmtree(v.copies("documents")[0].parent)),
    "a bit flipped in a kept link": Way(
        "documents", lambda v: flip(Path(v.lake.uri) / chain.KEPT / "documents.json", 25)),
    "a forged ledger": Way("documents", lambda v: _forge_ledger(v, "documents")),
    "a checkpoint with files twice": Way(NAME, lambda v: _forge_checkpoint(v, NAME, _files_twice)),
    "a checkpoint with a file beside": Way(NAME, lambda v: _forge_checkpoint(v, NAME, _sidecar)),
    "entries of a log reordered": Way(
        "documents", lambda v: _swap(v.entries("documents")[1], v.entries("documents")[2])),
    "another time in an entry, and its link": Way("takedowns", lambda v: _kept_anew(v, "takedowns", _other_time)),
    "a receipt taken back, and its link": Way(
        "takedown_receipts", lambda v: _kept_anew(v, "takedown_receipts", _unlink)),
    "an export forgotten, and its link": Way("exports", lambda v: _kept_anew(v, "exports", _unlink)),
    "the end of lineage taken back, and its link": Way("lineage", lambda v: _kept_anew(v, "lineage", _unlink)),
    "the mixture compacted": Way(NAME, _compact),
    "the last commit of the mixture taken back": Way(NAME, _last(NAME)),
    "the last commit of evidence taken back": Way("license_evidence", _last("license_evidence")),
    "a commit taken out of the middle": Way("documents", lambda v: v.entries("documents")[1].unlink()),
    "an empty entry at the end of a log": Way(NAME, lambda v: v.entries(NAME)[-1].write_bytes(b"")),
    "an entry edited": Way(NAME, lambda v: v.edit(NAME, -1, _other_run)),
    "an old entry edited": Way("documents", lambda v: v.edit("documents", 1, _other_run)),
    "statistics that lie": Way(NAME, lambda v: v.edit(NAME, -1, _stats)),
    "rows and their digest rewritten": Way(NAME, lambda v: _with_digest(v, NAME, -1)),
    "digests stripped from all commits of a table": Way(NAME, lambda v: _without_digests(v, NAME)),
    "a property of the table changed": Way(
        NAME, lambda v: v.delta(NAME).alter.set_table_properties({"delta.appendOnly": "true"})),
    "a column added": Way(NAME, lambda v: v.delta(NAME).alter.add_constraint({"tier": "license_tier < 9"})),
    "the protocol raised": Way(NAME, _raised),
    "the links kept beside the tables removed": Way(
        NAME, lambda v: shutil.rmtree(Path(v.lake.uri) / chain.KEPT)),
    "a history written anew with all links": Way("the head kept elsewhere", _all_anew, elsewhere=True),
    "a file that no version names": Way(
        NAME, lambda v: shutil.copy(v.files(NAME)[0], v.folder(NAME) / "part-1.parquet"), stops=False),
}


# -- what comes of it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What became of a way: whether the audit named it, whether the gate stopped, whether the way out works, and what
    was said."""

    named: bool
    stopped: bool
    mended: bool
    said: str
    done: str


def attempt(sound: Workspace, folder: Path, way: Way, head: str, mend: bool = True) -> Outcome:
    """Try a way on a copy of the lake in `folder`."""
    lake = Lake(str(folder / "lake"))
    shutil.copytree(sound.lake.uri, lake.uri)
    way.do(Victim(lake))
    said = said_by_audit(lake, way.mixture, head if way.elsewhere else None)
    named = any(way.table in one for one in said)
    stopped = _stopped(lake, f"mixture_{way.mixture}")
    done, mended = "", False
    if mend and way.stops and not way.elsewhere:
        workspace = workspace_over(Path(sound.lake.uri).parent, Path(lake.uri))
        done = "; ".join(f"{one.table}: {one.done}" for one in repair(lake))
        bring_up_to_date(workspace)
        mended = not [one for one in said_by_audit(lake, MIXTURE, None) if _UNNAMED not in one]
    return Outcome(named, stopped, mended, said[0] if said else "", done)


def said_by_audit(lake: Lake, mixture: str, head: str | None) -> list[str]:
    """What an audit has against a lake; nothing if the mixture is proven and all else is in order."""
    try:
        report = audit(lake, mixture, look=Look(head=head))
    except PlainError as error:
        return [str(error)]
    strays = [f"{stray['table']}: {len(stray['files'])} {_UNNAMED}" for stray in report["custody"]["strays"]]
    return [*report["reasons"], *report["custody"]["elsewhere"], *strays]


def _stopped(lake: Lake, name: str) -> bool:
    try:
        refuse_unproven(lake, name)
    except PlainError:
        return True
    return False


def main() -> None:
    """Make the lake, try every way, show the table."""
    arguments = parser(__doc__)
    arguments.add_argument("--only", default="", help="ways whose name has this word")
    given = arguments.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = make(folder / "sound")
        if said := said_by_audit(sound.lake, MIXTURE, None):
            sys.exit(f"the lake is not in order before anything was done to it: {said}")
        head = chain.head(sound.lake)
        for number, (title, way) in enumerate(WAYS.items()):
            if given.only in title:
                place = folder / f"{number:02d}"
                place.mkdir()
                found = attempt(sound, place, way, head)
                way_out = "a copy kept elsewhere" if way.elsewhere else _yes(found.mended)
                rows.append([
                    title, _yes(found.named), _yes(found.stopped) if way.stops else "nobody reads it",
                    way_out if way.stops else "not needed", found.said[:110], found.done[:90],
                ])
                shutil.rmtree(place)
    show("Tampering", ("way", "named by audit", "stops the gate", "way out works", "first said", "done"), rows)


def _yes(value: bool) -> str:
    return "yes" if value else "NO"


if __name__ == "__main__":
    main()
