"""Symbolic links in the place of what the platform wrote.

Whoever owns what a link leads to can put something else there once everybody has looked, without a change in the lake.
So no table is a link, nor its log, an entry of that, or what is kept of it beside the tables; of data files, `custody`
says the same. The folder of the lake itself may be one: that is its owner's affair.

Here belongs which there are, and putting what they lead to in their place. Not here: stores, which have none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data_platform.lake.chain import KEPT, LOG

if TYPE_CHECKING:
    from data_platform.lake.lake import Lake


def links_of(lake: Lake, name: str, closely: bool = True) -> list[str]:
    """Paths within a lake that are links and should be a table, its log, or what is kept of it, the outermost first.

    Args:
        closely: whether every entry of the log and every copy is asked, and not the folders and single files alone.
    """
    if "://" in lake.uri:
        return []
    return list(_links_of(lake.uri, name, closely))


def _links_of(root: str, name: str, closely: bool) -> Iterator[str]:
    folders = f"{name}/{LOG}", f"{KEPT}/{name}"
    for path in (name, folders[0], KEPT, folders[1], f"{KEPT}/{name}.json", f"{KEPT}/{name}.ledger"):
        if os.path.islink(os.path.join(root, path)):
            yield path
    for folder in folders if closely else ():
        for within, _, files in os.walk(os.path.join(root, folder)):
            place = os.path.relpath(within, root)
            yield from sorted(f"{place}/{file}" for file in files if os.path.islink(os.path.join(within, file)))


def take_in(lake: Lake, path: str, aside: str) -> None:
    """Put what a link leads to in its place; nothing, if that is not there. The link itself is set aside.

    Args:
        aside: folder within the lake for it.
    """
    link, kept = Path(lake.uri, path), Path(lake.uri, aside, path)
    kept.parent.mkdir(parents=True, exist_ok=True)
    target = link.resolve()
    link.rename(kept)
    if target.is_dir():
        shutil.copytree(target, link)
    elif target.is_file():
        shutil.copy2(target, link)
