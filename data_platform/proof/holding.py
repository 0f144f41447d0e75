"""What the audit says of custody: what others did to the tables of a lake, what was read to see that, and the head that
stands for the whole history.

A head that was kept elsewhere, with an export or on paper, is held against today's logs: either it stood for the
beginning of today's history, or the history was written anew. Not here: what custody is (`lake/custody.py`,
`lake/chain.py`), which tables a mixture is made of (`way`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_platform.core.errors import PlainError, many
from data_platform.core.tables import PLATFORM_LOGS
from data_platform.lake import chain
from data_platform.lake.chain import Link
from data_platform.lake.custody import Breach, Custody, CustodyBroken
from data_platform.lake.lake import Lake
from data_platform.proof.gate import Proof, ways_out
from data_platform.proof.logs import rows_of_log

_HEAD = re.compile(r"[0-9a-f]{64}")


class NoHead(PlainError, ValueError):
    """What was given as a head of the chain is none, and no file that holds one."""


def holding(lake: Lake, proof: Proof, wanted: str | None = None) -> dict[str, Any]:
    """Everything that is said of custody, as plain values.

    Args:
        wanted: a head that was kept elsewhere, or the file of an audit in JSON.

    Raises:
        NoHead: if `wanted` is neither.
    """
    custody, on_the_way = proof.way.custody, {*proof.way.tables, *PLATFORM_LOGS}
    readable = [name for name in lake.tables() if custody.readable(name)]
    ends = {name: _end(custody, name) for name in readable}
    return {
        "breaches": [str(breach) for breach in proof.way.breaches],
        "ways_out": ways_out(proof.way),
        "elsewhere": [
            str(breach) for breach in dict.fromkeys(_elsewhere(lake, custody, on_the_way))
            if breach not in proof.way.breaches
        ],
        "foreign_commits": [
            {"table": name, "version": commit.version, "operation": commit.operation,
             "committed_at": commit.committed_at.isoformat()}
            for name in readable if name in on_the_way for commit in custody.foreign_commits(name)
        ],
        "files": proof.way.files.to_dict(),
        "undigested": [
            {"table": name, "commits": len(found)} for name in readable if (found := custody.undigested(name))
        ],
        "strays": [{"table": name, "files": found} for name in readable if (found := custody.strays(name))],
        "set_aside": _removed(lake),
        "head": chain.head_of(ends),
        "ends": {name: vars(link) for name, link in ends.items()},
        "kept_elsewhere": None if wanted is None else _compare(custody, readable, wanted),
    }


def _end(custody: Custody, name: str) -> Link:
    last = custody.log(name)[-1]
    return Link(last.version, last.link)


def _elsewhere(lake: Lake, custody: Custody, on_the_way: set[str]) -> list[Breach]:
    """What is wrong with tables as they are now: with those that have no part in the mixture, and with later versions
    of those that have."""
    found: list[Breach] = []
    tables = lake.tables()
    for name in tables:
        try:
            found += [*custody.breaches(name), *custody.unwitnessed(name), *custody.altered_files(name),
                      *custody.kept_otherwise(name)]
        except CustodyBroken as error:
            found.append(Breach(name, "", str(error)))
    gone = set(chain.kept(lake)) - set(tables) - on_the_way
    return found + [Breach(name, "", "the table is gone, and the platform wrote it") for name in sorted(gone)]


def _removed(lake: Lake) -> list[dict[str, Any]]:
    rows = rows_of_log(lake, "removed_tables", ["table", "removed_at"]) or []
    rows.sort(key=lambda row: row["removed_at"])
    return [{"table": row["table"], "removed_at": row["removed_at"].isoformat()} for row in rows]


def _compare(custody: Custody, names: list[str], wanted: str) -> dict[str, Any]:
    """Whether a history that was kept elsewhere is the beginning of today's, and where it is not."""
    if _HEAD.fullmatch(wanted):
        chains = {
            name: [(int(commit.committed_at.timestamp() * 1000), commit.link) for commit in custody.log(name)]
            for name in names
        }
        moment = chain.find_head(chains, wanted)
        return {
            "head": wanted, "beginning": moment is not None, "at": moment.at.isoformat() if moment else None,
            "differs": [] if moment else ["no moment of the history has this head"],
        }
    head, ends = _told(Path(wanted))
    differs = []
    for name, link in sorted(ends.items()):
        if name not in names:
            differs.append(f"{name}: not there any more")
        elif what := custody.misses(name, link):
            differs.append(f"{name}: {what}")
    return {"head": head, "beginning": not differs, "at": None, "differs": differs}


def _told(path: Path) -> tuple[str, dict[str, Link]]:
    """The head and the links in a file that an audit wrote, or of anything that has both."""
    try:
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = told.get("custody", told)
        ends = {name: Link(int(link["version"]), str(link["digest"])) for name, link in told["ends"].items()}
        head = str(told["head"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NoHead(f"{path} is no head of 64 hexadecimal digits, and no audit in JSON that holds one") from None
    if chain.head_of(ends) != head:
        raise NoHead(f"the head in {path} is not that of its {many(len(ends), 'link')}")
    return head, ends
