"""The audit of a mixture: time and peak memory for a million rows, with everything on the way behind them.

    python -m benchmarks.audit [--rows 1000000] [--lake FOLDER]

A lake is made (`audit_events`), of four snapshots, five sources and 20,000 hosts, with 1.9 million documents and 5
million pieces of evidence behind a million rows: 12 of 100 documents are copies that were dropped, 6 are reserved, by
pages, files of sites or what came with them, and 30 are refined. Making it takes minutes and is not measured. The audit
runs as a process of its own on two cores, as `data-platform audit MIXTURE --json --html` does, interpreter and imports
included: once with `--files none --records none`, which opens no file for its bytes, and once in full, with the digest
of every file on the way and some records made anew. The bars: 20 seconds and 60, and 2 GB. Whether every row was looked
at is seen from rows that are planted into the same mixture afterwards by another program, and that the last audit has
to name.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from benchmarks.audit_events import make_eventful_lake
from benchmarks.audit_lake import MIXTURE
from benchmarks.common import own_python, parser, run_measured, show
from data_platform.lake.lake import Lake

CORES = 2
SECONDS, SECONDS_IN_FULL = 20.0, 60.0
BYTES = 2 * 10**9
PLANTED = 1_000
NAME = f"mixture_{MIXTURE}"


def main() -> None:
    """Make the lake, audit it, plant rows, audit again."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000, help="rows of the mixture (default: %(default)s)")
    arguments.add_argument("--lake", type=Path, help="where to keep the lake, or a lake that was kept")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.lake or Path(folder, "lake")
        lake = Lake(str(place)) if (place / NAME).is_dir() else make_eventful_lake(str(place), given.rows)
        sound = lake.history(NAME)[0]["version"]
        counted = {name: lake.count(name) for name in (
            "raw_crawls", "documents", "license_evidence", "duplicates", "reservations", NAME)}
        show("The lake", ("table", "rows"), list(counted.items()))
        rows = [_audit(place, sound, False), _audit(place, sound, False), _audit(place, sound, True)]
        _plant(lake)
        rows += [_audit(place, None, True)]
        lake.open(NAME).restore(sound)
    titles = ("first, no file read", "again", "in full", f"in full, {PLANTED:,} planted")
    for name, row in zip(titles, rows, strict=True):
        row.insert(0, name)
    bars = f"bars: {SECONDS:g} s, {SECONDS_IN_FULL:g} s in full, {BYTES / 1e9:g} GB"
    show(f"data-platform audit on {CORES} cores ({bars})",
         ("audit", "rows", "not proven", "seconds", "cpu seconds", "peak GB", "HTML kB", "within both bars"), rows)


def _audit(place: Path, version: int | None, in_full: bool) -> list[object]:
    code = "from benchmarks.audit import audit_once; import sys; audit_once(*sys.argv[1:])"
    given = [str(place), "" if version is None else str(version), "full" if in_full else ""]
    found = run_measured([own_python(), "-c", code, *given], CORES)
    within = found.wall_seconds <= (SECONDS_IN_FULL if in_full else SECONDS) and found.peak_bytes <= BYTES
    return [found.answer["rows"], found.answer["broken"], found.wall_seconds, found.cpu_seconds,
            found.peak_bytes / 1e9, found.answer["page"] / 1e3, "yes" if within else "NO"]


def audit_once(place: str, version: str, in_full: str) -> None:
    """What the command does, with all of its output, in a process that is measured."""
    from data_platform.proof.audit import audit
    from data_platform.proof.look import CLOSELY, Look
    from data_platform.proof.page import audit_page

    look = CLOSELY if in_full else Look(files=0, records=0)
    report = audit(Lake(place), MIXTURE, int(version) if version else None, look=look)
    page, text = audit_page(report), json.dumps(report)
    chain = report["chain"]
    print(json.dumps({"rows": chain["rows"], "broken": chain["rows"] - chain["complete"], "page": len(page),
                      "json": len(text)}))


def _plant(lake: Lake) -> None:
    """Append rows of a free licence that nothing on the way knows, as another program would."""
    handle = lake.open(NAME)
    rows = pa.table(handle.to_pyarrow_dataset().head(PLANTED))
    ids = pa.array([f"{number:032x}" for number in range(PLANTED)])
    spdx = pa.repeat("CC0-1.0", PLANTED)
    for column, values in (("doc_id", ids), ("license_spdx", spdx)):
        place = rows.column_names.index(column)
        rows = rows.set_column(place, rows.schema.field(column), values)
    write_deltalake(handle, rows, mode="append")


if __name__ == "__main__":
    sys.exit(main())
