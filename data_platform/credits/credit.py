"""What there is to credit for one record, and how names and lines are made fit for it.

Belongs here: the record, and cleaning. Does not: where anything is found.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from data_platform.ingest.records import valid_text

MAX_AUTHORS = 500
MAX_NAME = 300
MAX_LINE = 500
MAX_LINES = 200
"""Copyright lines of one record; more are the index of a bundle, whose text is kept as a whole."""

CHANGES_BEFORE = "Changes before: "
"""What a line begins with that stands among the copyright lines and says what others changed."""

_MAIL = re.compile(r"<[^<>@\s]*@[^<>\s]*>|[<(\[]?\s*(?:mailto:)?[\w.+%-]+@[\w-]+(?:\.[\w-]+)+\s*[>)\]]?")
_PAGE = re.compile(r"\s*[(<]https?://[^)>]*[)>]")
_NOBODY = re.compile(
    r"(?:un(?:known|defined|specified|named)|none|nil|null|nan|n/?a|not (?:stated|specified|available|known)|tba|tbd|"
    r"admin(?:istrator)?|root|user|guest|anonym(?:e|us|ous)|author|by|\[?(?:deleted|removed)\]?|[\W\d_]*)", re.I,
)
_BY = re.compile(r"^(?:(?:written |posted |created |edited )?by:?|von|par|por|di|door|af|av)\s+(?=\S)", re.I)


def names_holders(lines: Iterable[str]) -> bool:
    """Whether any of the lines that stand with a work says whose it is."""
    return any(not line.startswith(CHANGES_BEFORE) for line in lines)


class Notice(NamedTuple):
    """A text that has to stay with what it covers.

    Attributes:
        notice_id: 128-bit hash of the text.
        name: of the file that it was found in.
        record_id: the record that it was found in.
        text: the whole text; empty where it is kept elsewhere.
    """

    notice_id: str
    name: str
    record_id: str = ""
    text: str = ""


class Credit(NamedTuple):
    """What there is to credit; empty where nothing is known."""

    title: str = ""
    authors: tuple[str, ...] = ()
    source: str = ""
    project: str = ""
    copyright: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    swhid: str = ""

    def over(self, other: Credit) -> Credit:
        """This one, and of another what this one does not know; copyright lines and notices of both hold."""
        return Credit(
            self.title or other.title, self.authors or other.authors, self.source or other.source,
            self.project or other.project, tuple(dict.fromkeys((*self.copyright, *other.copyright)))[:MAX_LINES],
            tuple(dict.fromkeys((*self.notices, *other.notices))), self.swhid or other.swhid,
        )


NOTHING = Credit()


def line(text: str, most: int = MAX_LINE) -> str:
    """A text on one line, of printable characters, without white space around it, at most so long."""
    plain = text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain[: most * 4].split())[:most].rstrip()


def name(text: str) -> str:
    """A name to credit, without an address of mail, which nobody asks for; empty if it is the name of nobody."""
    plain = line(_PAGE.sub("", _MAIL.sub(" ", text[: MAX_NAME * 4])), MAX_NAME)
    plain = _BY.sub("", plain).strip(" \t,;:|·•<>\u2013\u2014-()\"'")
    return "" if not plain or _NOBODY.fullmatch(plain) else plain


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Names in order, each once. What ';' or a line break separates is several."""
    found: dict[str, None] = {}
    for value in values:
        for part in re.split(r"[;\n]", value[: MAX_NAME * MAX_AUTHORS]):
            if cleaned := name(part):
                found[cleaned] = None
            if len(found) >= MAX_AUTHORS:
                return tuple(found)
    return tuple(found)


def notice(text: str, name: str, record_id: str = "") -> Notice | None:
    """A notice with its lines as they are, without blank ends and characters that draw on terminals; None if blank."""
    lines = ("".join(sign if sign.isprintable() or sign == "\t" else "" for sign in part).rstrip()
             for part in text.removeprefix("\ufeff").splitlines())
    plain = valid_text("\n".join(lines).strip("\n"))
    if not plain.strip():
        return None
    digest = hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return Notice(digest, line(name, MAX_NAME), record_id, plain)
