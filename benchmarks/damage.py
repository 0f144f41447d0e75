"""Damage to a lake: what disks, power cuts, syncs and slips of the hand do to it, tried on copies one by one.

    python -m benchmarks.damage [--only WORD]

The lake is that of `benchmarks.tampering`: two snapshots, a takedown, an export, results of checks. Of every damage are
shown

- verify: what `data-platform verify` says, which must name what was damaged;
- run: what bringing the mixture up to date comes to without any repair: done, or the sentence that it stops with;
- repair: what `data-platform repair` did;
- clean: whether the next run ends, an audit proves the mixture with all else in order, and verify finds nothing.

What a run mends by itself needs no repair. Here belong the damages and the table. Not here: what people do on purpose
(`tampering`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.common import parser, show
from benchmarks.tampering import MIXTURE, NAME, Victim, bring_up_to_date, flip, make, said_by_audit, workspace_over
from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.lake import chain
from data_platform.lake.lake import Lake, recipe_number
from data_platform.pipeline.exports import repair_exports
from data_platform.pipeline.repair import repair
from data_platform.pipeline.verify import verify
from data_platform.run.workspace import Workspace

TABLE = "documents"
_HALF = 2
_UNNAMED = "files that no version names"


@dataclass(frozen=True)
class Damage:
    """One way to damage a lake.

    Attributes:
        named: what verify has to name.
        do: damages a copy.
        harmless: whether nothing that counts is damaged, so that verify may say nothing.
    """

    named: str
    do: Callable[[Victim], Any]
    harmless: bool = False


def cut(path: Path) -> None:
    """Cut a file in half, as a disk that is full or a machine that stops leaves it."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // _HALF])


def empty(path: Path) -> None:
    """Leave nothing of a file but its name, as file systems do that had written no more when power went."""
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    """Leave a file at its size, of zeros, as file systems do that had reserved it."""
    path.write_bytes(bytes(path.stat().st_size))


def _entry(name: str, number: int, what: Callable[[Path], Any]) -> Callable[[Victim], Any]:
    return lambda victim: what(victim.entries(name)[number])


def _data(name: str, what: Callable[[Path], Any]) -> Callable[[Victim], Any]:
    return lambda victim: what(victim.files(name)[0])


def _checkpoint(what: Callable[[Path], Any], of: str = "*.checkpoint.parquet") -> Callable[[Victim], Any]:
    """What is done to a checkpoint, or what points to it, once there is one."""
    def do(victim: Victim) -> None:
        victim.delta(TABLE).create_checkpoint()
        (path,) = (victim.folder(TABLE) / chain.LOG).glob(of)
        what(path)

    return do


def _kept(what: Callable[[Path], Any], file: str = f"{TABLE}.json") -> Callable[[Victim], Any]:
    return lambda victim: what(Path(victim.lake.uri) / chain.KEPT / file)


def _export(name: str, what: Callable[[Path], Any]) -> Callable[[Victim], Any]:
    return lambda victim: what(export_of(victim.lake) / name)


def export_of(lake: Lake) -> Path:
    """The folder of the export of a copy."""
    return Path(lake.uri).parent / "export"


def _killed_while_committing(victim: Victim) -> None:
    """The last entry cut off, and nothing kept of it: as after a power cut between the two."""
    entries = victim.entries(TABLE)
    cut(entries[-1])
    kept = Path(victim.lake.uri) / chain.KEPT
    last = len(entries) - 1
    (kept / TABLE / f"{last:020d}.json").unlink()
    shutil.rmtree(victim.folder("lineage"))
    chain.forget(victim.lake, "lineage")
    chain.keep(victim.lake, TABLE, last - 1)


DAMAGES: dict[str, Damage] = {
    "last entry empty": Damage(NAME, _entry(NAME, -1, empty)),
    "last entry cut": Damage(TABLE, _entry(TABLE, -1, cut)),
    "last entry of zeros": Damage(TABLE, _entry(TABLE, -1, zeroed)),
    "last entry deleted": Damage(TABLE, _entry(TABLE, -1, Path.unlink)),
    "last entry cut, and nothing kept of it": Damage(TABLE, _killed_while_committing),
    "middle entry deleted": Damage(TABLE, _entry(TABLE, 2, Path.unlink)),
    "middle entry cut": Damage(TABLE, _entry(TABLE, 2, cut)),
    "first entry empty": Damage(TABLE, _entry(TABLE, 0, empty)),
    "two entries deleted": Damage(TABLE, lambda v: [path.unlink() for path in v.entries(TABLE)[1:3]]),
    "all of the log deleted": Damage(TABLE, lambda v: shutil.rmtree(v.folder(TABLE) / chain.LOG)),
    "all of a table deleted": Damage(TABLE, lambda v: shutil.rmtree(v.folder(TABLE))),
    "checkpoint empty": Damage(TABLE, _checkpoint(empty)),
    "checkpoint cut": Damage(TABLE, _checkpoint(cut)),
    "checkpoint of zeros": Damage(TABLE, _checkpoint(zeroed)),
    "checkpoint deleted": Damage(TABLE, _checkpoint(Path.unlink)),
    "_last_checkpoint deleted": Damage(TABLE, _checkpoint(Path.unlink, "_last_checkpoint"), harmless=True),
    "_last_checkpoint empty": Damage(TABLE, _checkpoint(empty, "_last_checkpoint")),
    "_last_checkpoint cut": Damage(TABLE, _checkpoint(cut, "_last_checkpoint")),
    "_last_checkpoint of another version": Damage(
        TABLE, _checkpoint(lambda path: path.write_text('{"version": 77, "size": 1}'), "_last_checkpoint")),
    "data file deleted": Damage(TABLE, _data(TABLE, Path.unlink)),
    "data file cut": Damage(TABLE, _data(TABLE, cut)),
    "data file empty": Damage(TABLE, _data(TABLE, empty)),
    "data file of zeros": Damage(TABLE, _data(TABLE, zeroed)),
    "a bit of a data file flipped": Damage(TABLE, _data(TABLE, lambda path: flip(path, 40))),
    "raw crawl deleted": Damage("raw_crawls", _data("raw_crawls", Path.unlink)),
    "folder of a snapshot deleted": Damage(TABLE, lambda v: shutil.rmtree(v.files(TABLE)[0].parent)),
    "file beside a table deleted": Damage("rejections", _data("rejections", Path.unlink)),
    "file of the mixture cut": Damage(NAME, _data(NAME, cut)),
    "lineage deleted": Damage("lineage", lambda v: shutil.rmtree(v.folder("lineage"))),
    "file of lineage cut": Damage("lineage", _data("lineage", cut)),
    "last entry of lineage cut": Damage("lineage", _entry("lineage", -1, cut)),
    "file of check_results deleted": Damage("check_results", _data("check_results", Path.unlink)),
    "takedown_list deleted": Damage("takedown_list", lambda v: shutil.rmtree(v.folder("takedown_list"))),
    "kept links deleted": Damage(TABLE, lambda v: shutil.rmtree(Path(v.lake.uri) / chain.KEPT)),
    "kept link cut": Damage(TABLE, _kept(cut)),
    "kept link empty": Damage(TABLE, _kept(empty)),
    "ledger of nonsense": Damage(
        TABLE, _kept(lambda path: path.write_text('{"format": 1, "name": "documents"}'), f"{TABLE}.ledger"),
        harmless=True),
    "copies of entries deleted": Damage(TABLE, _kept(shutil.rmtree, TABLE), harmless=True),
    "shard deleted": Damage("export", _export("shard-00000.parquet", Path.unlink)),
    "shard cut": Damage("export", _export("shard-00000.parquet", cut)),
    "shard of zeros": Damage("export", _export("shard-00000.parquet", zeroed)),
    "manifest cut": Damage("export", _export("manifest.json", cut)),
    "manifest empty": Damage("export", _export("manifest.json", empty)),
    "attestation deleted": Damage("export", _export("attestation.json", Path.unlink)),
    "NOTICE empty": Damage("export", _export("NOTICE", empty)),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a damage."""

    verified: str
    named: bool
    run: str
    repaired: str
    clean: str


def attempt(sound: Workspace, folder: Path, damage: Damage) -> Outcome:
    """Damage a copy of the lake in `folder`, and see what is said and done.

    What a run does without repair is tried on a second copy, where nothing but the run has changed it.
    """
    first, second = _copy(sound, folder / "first"), _copy(sound, folder / "second")
    for workspace in (first, second):
        damage.do(Victim(workspace.lake))
    found = [str(one) for one in verify(first.lake).damaged]
    ran = _run(second)
    done = [f"{one.table}: {one.done}" for one in (*repair(first.lake), *repair_exports(first))]
    _run(first)
    done += [f"then {one.table}: {one.done}" for one in repair_exports(first)]
    left = [one for one in said_by_audit(first.lake, MIXTURE, None) if _UNNAMED not in one]
    left += [str(one) for one in verify(first.lake).damaged]
    return Outcome("; ".join(found), any(damage.named in one for one in found), ran, "; ".join(done), "; ".join(left))


def _copy(sound: Workspace, folder: Path) -> Workspace:
    """A copy of the lake and of its export, which is told where it is now."""
    source = Path(sound.lake.uri).parent
    shutil.copytree(source / "lake", folder / "lake")
    shutil.copytree(source / "export", folder / "export")
    workspace = workspace_over(source, folder / "lake")
    told = workspace.lake.read_table("exports")
    place = told.schema.get_field_index("path")
    moved = told.set_column(place, "path", [[str(folder / "export")] * told.num_rows])
    workspace.lake.append("exports", moved.cast(told.schema))
    _pass_checks(workspace)
    return workspace


def _pass_checks(workspace: Workspace) -> None:
    """Note of every partition that it passed a check, without which nothing is exported."""
    lake, now = workspace.lake, datetime.now(UTC)
    rows = [
        {"table": name, "partition": partition, "recipe": f"{recipe_number(last.recipe):015x}", "version": last.version,
         "check": "custody", "passed": True, "blocking": True, "detail": "{}", "run_id": "", "checked_at": now}
        for name in lake.tables() for partition, last in lake.ledger(name).last.items()
    ]
    lake.append("check_results", pa.Table.from_pylist(rows, table("check_results").schema))


def _run(workspace: Workspace) -> str:
    try:
        bring_up_to_date(workspace)
    except PlainError as error:
        return str(error)
    return "done"


def main() -> None:
    """Make the lake, try every damage, show the table."""
    arguments = parser(__doc__)
    arguments.add_argument("--only", default="", help="damages whose name has this word")
    given = arguments.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = make(folder / "sound")
        for number, (title, damage) in enumerate(DAMAGES.items()):
            if given.only in title:
                place = folder / f"{number:02d}"
                found = attempt(sound, place, damage)
                verified = found.verified.replace(str(place), "") or ("nothing" if damage.harmless else "NOTHING")
                rows.append([title, verified[:110], found.run.replace(str(place), "")[:110],
                             found.repaired.replace(str(place), "")[:150] or "nothing", found.clean[:90] or "yes"])
                print(*rows[-1], sep=" | ", flush=True)
                shutil.rmtree(place)
    show("Damage", ("damage", "verify says", "run alone", "repair did", "clean after"), rows)


if __name__ == "__main__":
    main()
