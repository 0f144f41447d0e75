"""The logs that the platform keeps of its own work, and whether they are as it left them.

They hold no row of a mixture, but what was taken down stays out because the standing list says so, and what a commit
was can be known because `lineage` says it: whoever can change them can change what is let out. So a mixture is proven
only if they are in order, too. Not here: tables of the corpus (`way`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from data_platform.core.errors import many
from data_platform.core.tables import PLATFORM_LOGS
from data_platform.lake import chain
from data_platform.lake.custody import Breach, Custody, CustodyBroken
from data_platform.lake.faults import StoreUnanswered
from data_platform.lake.lake import Lake, TableMissing, VersionGone


def logs_of(lake: Lake) -> list[str]:
    """The logs of the platform that a lake has."""
    return [name for name in PLATFORM_LOGS if lake.exists(name)]


def rows_of_log(lake: Lake, name: str, columns: Sequence[str]) -> list[dict[str, Any]] | None:
    """Rows of a log; None if its files cannot be read, which custody has to explain."""
    try:
        return lake.read_table(name, columns).to_pylist() if lake.exists(name) else []
    except StoreUnanswered:
        raise
    except (pa.ArrowException, OSError, TableMissing, VersionGone):
        return None


def breaches_of_logs(lake: Lake, custody: Custody) -> list[Breach]:
    """Where the platform's logs are not what it wrote, as they themselves and each other tell."""
    there, known = logs_of(lake), set(chain.kept(lake))
    found = [
        Breach(name, "", "the table is gone, and the platform wrote it")
        for name in PLATFORM_LOGS if name not in there and name in known
    ]
    if "lineage" not in there and "lineage" not in known and lake.tables():
        found.append(Breach("lineage", "", "the table is gone, and every commit of the platform is noted in it"))
    for name in there:
        try:
            found += custody.breaches(name)
        except CustodyBroken as error:
            found.append(Breach(name, "", str(error)))
    return found + _list_without_entries(lake)


def _list_without_entries(lake: Lake) -> list[Breach]:
    """Takedowns of which the standing list lacks entries. A takedown that has begun says all of them."""
    entries = rows_of_log(lake, "takedown_list", ["takedown_id"])
    takedowns = rows_of_log(lake, "takedowns", ["takedown_id", "state", "plan"])
    unread = {"takedown_list": entries is None, "takedowns": takedowns is None}
    if any(unread.values()):
        return [Breach(name, "", "its rows cannot be read") for name, is_unread in unread.items() if is_unread]
    listed = Counter(row["takedown_id"] for row in entries)
    found = []
    done = {row["takedown_id"] for row in takedowns if row["state"] == "done"}
    for row in takedowns:
        wanted = len(json.loads(row["plan"])["entries"])
        has = listed[row["takedown_id"]]
        if row["state"] == "begun" and row["takedown_id"] in done and has < wanted:
            what = f"lacks {wanted - has:,} of {many(wanted, 'value')} that {row['takedown_id']} put on it"
            found.append(Breach("takedown_list", "", what))
    return found
