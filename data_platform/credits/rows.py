"""Title, author and source in the fields of a row, whatever they are called and however deep they lie.

Data sets call an author `author`, `authors`, `creator`, `byline`, `metadata.author.name` or `[{"given": ..., "family":
...}]`, and write lists as JSON in a string. Fields are searched from the row downwards, and the shallowest one counts;
objects about other works (references, comments, licences, pictures) are passed over.

Belongs here: objects of JSON. Does not: the manifests of packages (`manifests`), though their people are written alike.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from data_platform.credits.copyright import copyright_lines
from data_platform.credits.credit import CHANGES_BEFORE, Credit, line, names, notice

MAX_DEPTH = 6
MAX_NODES = 2_000
MAX_TITLE = 1_000
LEAST_WORDS = 20
"""Words of a notice; fewer are the name of a licence."""

_AUTHORS = (
    ("author", "authors", "authorname", "authornames", "authorfullname", "authorlist", "authorsparsed", "dccreator",
     "dctermscreator", "citationauthor", "citationauthors", "articleauthor", "dccontributorauthor", "autor", "autorin",
     "autoren", "autores", "auteur", "auteurs", "autore", "autori", "verfasser", "verfasserin", "författare",
     "forfatter", "автор", "авторы", "作者", "著者", "저자"),
    ("creator", "creators", "creatorname", "byline", "bylines", "writer", "writers", "writtenby", "by", "composer",
     "poet"),
    ("contributor", "contributors", "maintainer", "maintainers", "ownerdisplayname", "username", "screenname",
     "postedby", "owner", "user", "artist", "editor", "editors", "speaker", "speakers", "channel", "uploader",
     "channelname"),
    ("rightsholder", "copyrightholder", "copyrightowner", "publisher", "organization", "organisation", "institution"),
)
"""Names of fields in the order in which they are asked, without case and signs."""
_TITLES = (("title", "headline", "articletitle", "pagetitle", "booktitle", "papertitle", "dctitle", "citationtitle",
            "documenttitle", "titletext", "ogtitle", "posttitle", "questiontitle", "titel", "titre", "título", "titulo",
            "titolo", "tytuł", "rubrik", "название", "заголовок", "标题", "標題", "題名", "タイトル", "제목"),
           ("name", "subject"))
_ADDRESSES = ("url", "urls", "sourceurl", "link", "permalink", "canonicalurl", "canonical", "uri", "href", "webpage",
              "weburl", "pageurl", "articleurl", "htmlurl", "landingpage", "landingpageurl", "originalurl",
              "warctargeturi", "targeturi", "homepage", "repository", "repositoryurl", "repourl", "doi", "pdfurl",
              "identifier")
_SOURCES = ("source", "sources", "sourcename", "sourcedataset", "origin", "provenance", "publication", "journal",
            "journalref", "venue", "site", "sitename", "website", "domain", "publishername", "reponame",
            "repo", "repofullname", "maxstarsreponame", "dataset", "collection", "subset", "container",
            "containertitle")
_NOTICES = ("copyright", "copyrights", "copyrightnotice", "copyrightline", "copyrighttext", "copyrightstatement",
            "rights", "dcrights", "credit", "creditline", "attribution", "attributiontext", "attributions",
            "licenseattribution", "licenceattribution", "requiredattribution")
_TEXTS = ("licensetext", "licencetext", "licensecontent", "licensenotice", "licencenotice", "noticetext", "notice")
"""Fields that hold the text of a licence or a notice, which has to stay with the row."""
_CHANGES = ("changes", "changesmade", "changenotice", "changenote", "changestatement", "modifications",
            "modificationsmade", "modificationnotice", "indicationofchanges", "adaptation", "adaptationnote",
            "alterations")
"""Fields that say what others changed, which whoever passes a work on has to keep (CC BY 4.0, section 3(a)(1)(B))."""
_NO_CHANGES = re.compile(r"(?:no(?:ne|thing)?|no changes?|unchanged|unmodified|false|true|n/?a|null|[\W\d_]*)\.?", re.I)
_MOST_CHANGES = 5
_ELSEWHERE = frozenset({
    "references", "comments", "comment", "replies", "answers", "related", "relatedposts", "license", "licence",
    "licenses", "licences", "images", "image", "thumbnail", "videos", "video", "media", "links", "outlinks",
    "citations", "bibliography", "cites", "citedby", "parent", "children", "recommendations", "reviews", "quality",
    "scores", "annotations",
})
_NAME_KEYS = ("name", "displayname", "fullname", "literal", "authorname", "label", "title", "login", "username",
              "screenname", "value", "@value", "text", "#text", "en")
_GIVEN = ("given", "givenname", "givennames", "first", "firstname", "forename", "forenames")
_FAMILY = ("family", "familyname", "familynames", "last", "lastname", "surname")
_ADDRESS = re.compile(r"(?:https?://|www\.|10\.\d{4,}/|doi:)\S+", re.I)


def credit_of(row: Mapping[str, Any], url: str = "") -> Credit:
    """What the fields of a row credit. `url` is the address that the record has anyhow."""
    fields = _fields(row)
    authors = next((found for keys in _AUTHORS if (found := people(_first(fields, keys)))), ())
    title = next((found for keys in _TITLES if (found := _text(_first(fields, keys), MAX_TITLE))), "")
    address = _text(_first(fields, _ADDRESSES, _ADDRESS), MAX_TITLE)
    sources = [_text(_first(fields, _SOURCES), MAX_TITLE), "" if address == url else address]
    sources = [part for part in dict.fromkeys(sources) if part and part != url]
    stated = _first(fields, _NOTICES)
    lines = [said for value in _strings(stated) for said in (copyright_lines(value) or _credit_line(value))]
    text = next((value for value in _strings(_first(fields, _TEXTS)) if len(value.split()) >= LEAST_WORDS), "")
    kept = notice(text, "text of the row") if text else None
    lines += copyright_lines(text)
    lines += [f"{CHANGES_BEFORE}{said}" for said in _changes(_first(fields, _CHANGES))]
    return Credit(title, authors, ", ".join(sources), "", tuple(dict.fromkeys(lines)), (kept,) if kept else ())


def _changes(value: Any) -> list[str]:
    """What a row says that others changed, each on a line; nothing for records of edits, which are no such words."""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts) or len(parts) > _MOST_CHANGES:
        return []
    said = [line(part) for part in parts if len(part) <= MAX_TITLE and "\n" not in part.strip()]
    return [one for one in said if one and not _NO_CHANGES.fullmatch(one)]


def _credit_line(value: str) -> tuple[str, ...]:
    """A short statement of whom to credit, as it is."""
    return (said,) if len(value) <= 300 and (said := line(value)) and not _ADDRESS.fullmatch(said) else ()


def people(value: Any, depth: int = 0) -> tuple[str, ...]:
    """The names in a value that says who made something: text, object, or lists of either, as JSON or not."""
    if depth > MAX_DEPTH or value is None or isinstance(value, bool | int | float):
        return ()
    if isinstance(value, str):
        parsed = _parsed(value)
        return names([value]) if parsed is None else people(parsed, depth + 1)
    if isinstance(value, Mapping):
        return _person(value, depth)
    if isinstance(value, list | tuple):
        if _is_split_name(value):
            return names([" ".join(part for part in (value[1], value[0], value[2]) if part)])
        return tuple(dict.fromkeys(name for part in value for name in people(part, depth + 1)))
    return ()


def _is_split_name(value: list[Any] | tuple[Any, ...]) -> bool:
    """arXiv's `authors_parsed`: family name, given name, suffix, of which the last is empty or short."""
    return len(value) == 3 and all(isinstance(part, str) for part in value) and bool(value[0] and value[1]) and (
        value[2] == "" or bool(re.fullmatch(r"(?:jr|sr|i{1,3}|iv)\.?", value[2], re.I)))


def _person(value: Mapping[str, Any], depth: int) -> tuple[str, ...]:
    plain = {_plain(key): part for key, part in value.items() if isinstance(key, str)}
    given = next((plain[key] for key in _GIVEN if isinstance(plain.get(key), str)), "")
    family = next((plain[key] for key in _FAMILY if isinstance(plain.get(key), str)), "")
    if family:
        particle = plain.get("nameparticle") or plain.get("nondroppingparticle") or ""
        return names([" ".join(part for part in (given, particle, family) if part)])
    for key in _NAME_KEYS:
        if found := people(plain.get(key), depth + 1):
            return found
    for keys in _AUTHORS:
        for key in keys:
            if found := people(plain.get(key), depth + 1):
                return found
    if len(plain) == 1:
        return people(next(value for value in plain.values()), depth + 1) if _is_nested(plain) else ()
    return names([given]) if given else ()


def _is_nested(value: Mapping[str, Any]) -> bool:
    """Whether the one value of an object is an object or a list, of which the key is a mere wrapping."""
    return isinstance(next(iter(value.values())), Mapping | list)


def _plain(key: str) -> str:
    return re.sub(r"[^\w@#]|_", "", key.rpartition(":")[2].lower())


def _fields(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of all fields, the shallowest first."""
    found: list[tuple[str, Any]] = []
    level: list[Any] = [row]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            for key, value in node.items():
                if not isinstance(key, str) or len(found) >= MAX_NODES:
                    continue
                plain = _plain(key)
                if isinstance(value, str) and (parsed := _parsed(value)) is not None:
                    value = parsed
                found.append((plain, value))
                if plain in _ELSEWHERE or plain in _ALL_AUTHORS:
                    continue
                parts = _of_graph(value) if plain == "@graph" else value if isinstance(value, list) else [value]
                parts = _of_pairs(parts)
                # A list of many objects is about many things, and not about this text.
                below += [part for part in parts if isinstance(part, Mapping)] if len(parts) == 1 else []
        level = below
        if not level:
            break
    return found


def _of_graph(value: Any) -> list[Any]:
    """The one work that a graph of JSON-LD describes, with the people that it names by their ids; else all nodes."""
    nodes = [node for node in value if isinstance(node, Mapping)] if isinstance(value, list) else []
    known = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str)}
    works = [node for node in nodes if any(_plain(key) in _OF_WORKS for key in node if isinstance(key, str))]
    if len(works) != 1:
        return nodes

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(one) for one in part]
        return known.get(part.get("@id"), part) if isinstance(part, Mapping) and isinstance(
            part.get("@id"), str) else part

    return [{key: resolved(part) for key, part in works[0].items() if key != "@id"}]


def _of_pairs(parts: list[Any]) -> list[Any]:
    """Fields that are objects of a key and a value each (DSpace), as one object; anything else as it is."""
    if len(parts) < 1 or not all(isinstance(part, Mapping) and isinstance(part.get("key"), str) and "value" in part
                                 for part in parts):
        return parts
    found: dict[str, list[Any]] = {}
    for part in parts:
        found.setdefault(part["key"].replace(".", ""), []).append(part["value"])
    return [found]


_OF_WORKS = frozenset({"author", "authors", "creator", "headline"})
_ALL_AUTHORS = frozenset(key for keys in _AUTHORS for key in keys)


def _first(fields: list[tuple[str, Any]], keys: tuple[str, ...], like: re.Pattern[str] | None = None) -> Any:
    """The value of the first of `keys` that any field has, the shallowest of them; with `like`, one that looks so."""
    for key in keys:
        for name, value in fields:
            told = name == key and value not in (None, "", [], {})
            if told and (like is None or like.match(_text(value, MAX_TITLE))):
                return value
    return None


def _text(value: Any, most: int) -> str:
    """A value as one line: text, the name or address of an object, the first of a list."""
    return next((said for part in _strings(value) if (said := line(part, most))), "")


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < MAX_DEPTH:
        plain = {_plain(key): part for key, part in value.items() if isinstance(key, str)}
        for key in (*_NAME_KEYS, "url", "@id", "id"):
            if key in plain:
                yield from _strings(plain[key], depth + 1)
    elif isinstance(value, list | tuple) and depth < MAX_DEPTH:
        for part in value:
            yield from _strings(part, depth + 1)


def _parsed(value: str) -> Any:
    """A list or object that was written into a string as JSON, or as Python writes it; None for plain text."""
    stripped = value.strip()
    if len(stripped) < 2 or stripped[0] + stripped[-1] not in ("[]", "{}"):
        return None
    try:
        found = json.loads(stripped)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(stripped) if len(stripped) < 100_000 else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return found if isinstance(found, list | dict) else None
