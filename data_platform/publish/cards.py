"""Writing the cards of a mixture to a folder or a stream. Not here: what any of them says (one module each)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from data_platform.publish.account import Account
from data_platform.publish.croissant import croissant
from data_platform.publish.notice import write_notice
from data_platform.publish.spdx_document import spdx_document
from data_platform.publish.works import Works

FILES = {"croissant": "croissant.json", "spdx": "spdx.json", "notice": "NOTICE"}
"""The formats, and what the file of each is called."""


def write_card(
    account: Account, format_: str, out: TextIO, folder: Path | None = None, works: Works | None = None
) -> None:
    """Write one card; `folder` holds the account's files, if it has any. `works` are gathered unless they are given.

    Raises:
        KeyError: if there is no such format.
    """
    writers: Mapping[str, Callable[[], object]] = {
        "croissant": lambda: out.write(croissant(account)),
        "spdx": lambda: out.write(spdx_document(account, folder, works)),
        "notice": lambda: write_notice(account, out, works),
    }
    writers[format_]()


def write_cards(account: Account, folder: Path, within: Path | None = None) -> list[Path]:
    """Write all cards to `folder`; the account's files are there, or in `within`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with Works(account) as works:
        for format_, name in FILES.items():
            path = folder / name
            with path.open("w", encoding="utf-8", newline="\n") as out:
                write_card(account, format_, out, within or folder, works)
            written.append(path)
    return written
