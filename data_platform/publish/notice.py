"""A NOTICE file: what the licences of a publication ask to be said of every document, and the texts that they ask for.

| licences | ask for | here |
|---|---|---|
| Creative Commons BY, BY-SA (4.0, section 3(a)) | creator, title, source, licence, changes, disclaimer | line |
| MIT, BSD, ISC, Zlib and their like | copyright lines, text of the licence | heading of the group, texts at the end |
| Apache-2.0 (section 4) | these, what NOTICE files hold, changes | the same, and line |
| MPL, GPL and their like | these, and where the source is | the same, and line |
| any, of derived texts | what is asked for each parent, and how it was made | below the line |

Documents are grouped by licence, then by place (host, or source where there is no host) and by who holds the copyright.
Each is one line; every text stands once, at the end: those found in the sources as `[T1]`, `[T2]`, and the standard
text of each licence under its identifier. What is not known is said: 'author not stated'. Documents free of conditions
are counted. A NOTICE takes some 200 bytes per document, and is written line by line from a database on disk.

Belongs here: this format. Not here: what is said of the publication as a whole (`account.py`), gathering (`works.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from data_platform.credits.credit import names_holders
from data_platform.publish.account import Account
from data_platform.publish.addresses import without_credentials
from data_platform.publish.license_texts import address_of, meaning_of, name_of, text_of
from data_platform.publish.works import NO_AUTHOR, Work, Works
from data_platform.spdx.expressions import symbols_of
from data_platform.spdx.tiers import PUBLIC_DOMAIN

_RULE = "=" * 100
_THIN = "-" * 100
_CREATIVE_COMMONS = "The texts are offered as they are, without warranties: see section 5 of the licence."
_SHARE_ALIKE = "As changed here they are under the same licence."
_SOURCE_FORM = "The texts are source forms; as they were before they were changed they are found at their sources."
_PREFACE = """\
Of every document is said, as far as it is known, who made it and what it is called, where it is from, and
what was done to its text before {date}. Above the documents of a project or site stand its copyright
lines, and in brackets the texts that go with them: [T1] and the like are texts found in the sources, all
others the standard texts of licences. The texts are at the end of this file. Nobody named here endorses
this publication.
"""


def write_notice(account: Account, out: TextIO, works: Works | None = None) -> int:
    """Write the notice, and say how many documents are credited in it.

    `works` are those of the account, if they are gathered already.
    """
    if works is None:
        with Works(account) as works:
            return _write(account, works, out)
    return _write(account, works, out)


def _write(account: Account, works: Works, out: TextIO) -> int:
    credited = works.count(PUBLIC_DOMAIN + 1)
    out.write(
        f"NOTICE for {account.table}, version {account.version}\n"
        f"of {account.committed_at:%Y-%m-%d}, recipe {account.commit['recipe']}\n\n"
        f"{account.documents:,} documents, {account.tokens:,} tokens. {credited:,} of the documents are under licences "
        f"that ask for something\nin return, and are credited below; the others are free of conditions.\n"
    )
    if account.caveat:
        out.write(f"\n{account.caveat}\n")
    if credited:
        out.write("\n" + _PREFACE.format(date=f"{account.committed_at:%Y-%m-%d}"))
    _write_lineage(account, out)
    asking: dict[str, None] = {}
    for spdx, tier, documents, tokens in account.licenses:
        out.write(f"\n{_RULE}\n{spdx}\n{documents:,} documents, {tokens:,} tokens, tier {tier}\n")
        out.writelines(f"{line}\n" for line in _terms(spdx, tier))
        if tier > PUBLIC_DOMAIN:
            asking.update(dict.fromkeys(symbols_of(spdx)))
            _write_works(works, spdx, tier, out)
    _write_texts(works, sorted(asking), out)
    return credited


def _write_lineage(account: Account, out: TextIO) -> None:
    """What known sources are made from, with the licence of every dataset on the way."""
    for source, known in account.lineage.items():
        out.write(f"\n{_line(source)} is made from these datasets, and under {known['license_spdx']}:\n")
        for link in known["chain"]:
            place = ", ".join(filter(None, (link["name"], link["address"], link["license_spdx"])))
            out.write(f"{'  ' * (link['depth'] + 1)}{_line(place)}\n")


def _terms(spdx: str, tier: int) -> Iterator[str]:
    """What is to be said of a licence: name, address, where its text is."""
    names = sorted(symbols_of(spdx))
    for name in names:
        address = address_of(name)
        if not address:
            yield f"  {name}: {meaning_of(name).text}"
            continue
        full = name_of(name)
        yield f"  {name}: {full + ', ' if full != name else ''}{address}"
        if tier > PUBLIC_DOMAIN and text_of(name):
            yield f"    Text: [{name}]"
        if name.startswith("CC-BY"):
            yield f"    {_CREATIVE_COMMONS}" + (f" {_SHARE_ALIKE}" if "-SA-" in name else "")
        elif name.startswith(("GPL-", "LGPL-", "AGPL-", "MPL-", "EPL-", "CDDL-", "EUPL-", "OSL-", "CECILL-")):
            yield f"    {_SOURCE_FORM}"


def _write_works(works: Works, spdx: str, tier: int, out: TextIO) -> None:
    asks_for_lines = any(map(text_of, symbols_of(spdx)))
    current = None
    for work in works.of_license(spdx, tier):
        if (work.place, work.holder) != current:
            current = (work.place, work.holder)
            out.write(f"{_THIN}\n")
            out.writelines(f"{line}\n" for line in _heading(works, work, asks_for_lines))
            held = names_holders(works.holder(work.holder).copyright)
        out.write(f"  * {_credit(work, held)}. Document {work.doc_id}.\n")
        if work.derived:
            out.writelines(f"    {line}\n" for line in _parents(works, work))


def _heading(works: Works, work: Work, asks_for_lines: bool) -> Iterator[str]:
    """The project or site, its copyright lines, and the texts that go with it."""
    holder = works.holder(work.holder)
    yield f"{_line(holder.project)} ({_line(work.place)})" if holder.project else _line(work.place)
    yield from (f"  {_line(line)}" for line in holder.copyright)
    if asks_for_lines and not names_holders(holder.copyright) and not work.derived:
        yield "  No copyright line was found."
    if texts := _texts_of(works, holder.notices):
        yield f"  With it: {texts}"


def _texts_of(works: Works, notices: tuple[str, ...]) -> str:
    known = [found for found in map(works.number_of_text, notices) if found]
    return ", ".join(f"[T{number}] {_line(name)}" for number, name in known)


def _credit(work: Work, held: bool) -> str:
    """Title, author, source and changes of a work on one line."""
    if work.derived:
        return f"A derived text{', changes: ' + work.changes if work.changes else ''}"
    title, author = _line(work.title), _line(work.author)
    parts = [f'"{title}"' if title else ""]
    if author:
        parts.append(f"by {author}" if title else f"By {author}")
    elif not held:
        parts[0] = f"{parts[0]}, {NO_AUTHOR}" if title else NO_AUTHOR.capitalize()
    made = " ".join(part for part in parts if part)
    source = ", ".join(part for part in (_line(work.origin), _line(work.url)) if part) or _line(work.place)
    said = [made, f"Source: {source}", f"Changes: {work.changes}" if work.changes else ""]
    return ". ".join(part for part in said if part)


def _parents(works: Works, work: Work) -> Iterator[str]:
    """What a derived text is made of, with all that the licences of its parents ask for."""
    parents = works.parents_of(work.doc_id)
    if not parents:
        yield "Its parents are not at hand."
    for number, (parent, made) in enumerate(parents):
        if not number:
            yield f"made by {_line(made)}, of:"
        holder = works.holder(parent.holder)
        said = _credit(parent, names_holders(holder.copyright))
        yield f"- {said}. Licence: {_licence(parent.spdx)}. Document {parent.doc_id}."
        yield from (f"  {_line(line)}" for line in holder.copyright)
        if texts := _texts_of(works, holder.notices):
            yield f"  With it: {texts}"


def _licence(spdx: str) -> str:
    addresses = [address for address in map(address_of, sorted(symbols_of(spdx))) if address]
    return f"{spdx} ({', '.join(addresses)})" if addresses else spdx


def _write_texts(works: Works, asking: list[str], out: TextIO) -> None:
    """Every text once: those found in the sources, then the standard texts."""
    for number, name, text in works.texts():
        out.write(text_block(f"T{number}", _line(name), text))
    for name in asking:
        if text := text_of(name):
            out.write(text_block(name, name_of(name), text))


def text_block(mark: str, name: str, text: str) -> str:
    """A text as it stands at the end of a notice, under the mark by which it is referred to."""
    return f"\n{_RULE}\n[{mark}] {name}\n{_THIN}\n{text}\n"


def _line(text: str | None) -> str:
    """On one line, without characters that would draw on a terminal, and without credentials in addresses."""
    if not (text and text.isprintable() and "  " not in text):
        text = " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
    return without_credentials(text.strip())
