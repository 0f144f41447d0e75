"""Licences in JSON-LD: the `license` of every node, nodes of @graph and nested ones included.

Belongs here: parsed or unparsed JSON-LD in, statements with their scope out. Does not: finding scripts in a page
(`html`). schema.org: https://schema.org/license; JSON-LD 1.1: https://www.w3.org/TR/json-ld11/. Contexts are not
expanded: that needs the network, and on the web the terms are schema.org's, with or without a prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence, Set
from typing import Any

from data_platform.licenses.place import OTHER_WORKS, address, scope_of_type
from data_platform.spdx.expressions import ALL_RIGHTS

MAX_NODES = 10_000
MAX_DEPTH = 64
MAX_QUOTED = 200
"""Characters of a value that is no licence which are kept."""

_LICENSE_KEYS = frozenset({
    "license", "schema:license", "http://schema.org/license", "https://schema.org/license", "dct:license",
    "dcterms:license", "http://purl.org/dc/terms/license", "cc:license", "http://creativecommons.org/ns#license",
})
_NOTICE_KEYS = frozenset({"copyrightnotice", "usageinfo", "conditionsofaccess", "rights", "accessrights"})
_STATED = re.compile(r"[\"'](?:\w+:)?license[\"']\s*:\s*[^\s,}]{1,200}", re.I)
_WORK = re.compile(r"article|posting|creativework|report|recipe|book|\bwork\b", re.I)
_IDENTIFIER = re.compile(r"//(?:dx\.)?doi\.org/|//hdl\.handle\.net/|//orcid\.org/|//n2t\.net/", re.I)
"""Addresses that identify a work and are nobody's page."""
_VALUE_KEYS = ("url", "@id", "name", "@value", "@list", "@set")
_REFERRED = OTHER_WORKS - {"haspart", "subjectof", "author", "creator", "publisher"}
"""Those among `OTHER_WORKS` that are other works, too, where a node is only referred to by its @id."""


def statements(text: str, own: Set[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Scope and raw value of every licence in a JSON-LD script.

    What is no JSON and has a licence all the same is one statement of the page that nobody can read.

    Args:
        text: the script.
        own: addresses of the page, as `place.address` writes them. A node that gives another as its own is another
            work; so is each of several works of a kind, unless it gives the page's.
    """
    text = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$", "", text)
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        if match := _STATED.search(text):
            yield "page", f"not JSON: {match[0]}"
        return
    referred = {name for name, _ in _walk(data, frozenset(), own, referred=True)}
    yield from _walk(data, referred, own)


def _walk(data: Any, others: Set[str], own: Set[str], referred: bool = False) -> Iterator[tuple[str, str]]:
    """Scope and value of every licence, those of the nodes whose @id is among `others` as of other works.

    With `referred`: the @id of every other work that a node refers to, instead.
    """
    pending = [(data, 0, "")]
    several = _works(data) > 1
    for _ in range(MAX_NODES):
        if not pending:
            return
        node, depth, within = pending.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(node, list):
            pending.extend((part, depth + 1, within) for part in reversed(node))
        elif isinstance(node, dict):
            kinds = _kinds(node)
            other = isinstance(node.get("@id"), str) and node["@id"] in others
            scope = "element" if other else within or scope_of_type(kinds) or "element"
            if scope == "page" and not _is_of_page(node, own, several and bool(_WORK.search(kinds))):
                scope = "element"
            if scope == "site" and not _is_of_site(node, own):
                scope = "element"
            for key, value in node.items():
                if referred and _name(key) in _REFERRED:
                    yield from ((part["@id"], "") for part in (value if isinstance(value, list) else [value])
                                if isinstance(part, dict) and len(part) == 1 and isinstance(part.get("@id"), str))
                elif not referred and key.lower() in _LICENSE_KEYS:
                    yield from ((scope, stated) for stated in _values(value))
                elif not referred and _name(key) in _NOTICE_KEYS and isinstance(value, str):
                    yield from [(scope, value)] if ALL_RIGHTS.search(value) else ()
            pending.extend(
                (part, depth + 1, "element" if _name(key) in OTHER_WORKS else within)
                for key, part in reversed(node.items()) if key.lower() not in _LICENSE_KEYS
            )


def _kinds(node: dict) -> str:
    kinds = node.get("@type")
    return " ".join(kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str))


def _works(data: Any) -> int:
    """How many works there are beside each other: nodes of a list or @graph that are articles and the like."""
    if isinstance(data, dict):
        graph = data.get("@graph")
        data = graph if isinstance(graph, list) else [data]
    nodes = data if isinstance(data, list) else []
    return sum(isinstance(node, dict) and bool(_WORK.search(_kinds(node))) for node in nodes)


def _addresses(node: dict, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        for value in (found if isinstance(found := node.get(key), list) else [found]):
            value = value.get("@id", value.get("url")) if isinstance(value, dict) else value
            if isinstance(value, str) and re.match(r"(?:https?:)?//", value, re.I) and not _IDENTIFIER.search(value):
                yield address(value)


def _is_of_page(node: dict, own: Set[str], ambiguous: bool) -> bool:
    """Whether a node may be the page: it gives the page's address, or none while there is no other such work."""
    given = set(_addresses(node, ("url", "schema:url", "mainEntityOfPage", "schema:mainEntityOfPage", "@id")))
    if not given or not own:
        return not ambiguous
    return bool(given & own)


def _is_of_site(node: dict, own: Set[str]) -> bool:
    hosts = {given.partition("/")[0] for given in _addresses(node, ("url", "schema:url"))}
    return not hosts or not own or bool(hosts & {one.partition("/")[0] for one in own})


def _name(key: str) -> str:
    return re.split(r"[:/#]", key.lower())[-1]


def _values(stated: Any, depth: int = 0) -> Iterator[str]:
    """A licence is a URL, a CreativeWork with url, @id or name, or a list of them; anything else is given as JSON,
    which nobody can read. Nothing at all (null, '', []) is no statement."""
    for value in stated if isinstance(stated, list) else [stated]:
        if isinstance(value, dict) and depth < MAX_DEPTH:
            held = (key for key in _VALUE_KEYS if isinstance(value.get(key), str | list | dict) and value[key])
            key = next(held, None)
            if key is not None:
                yield from _values(value[key], depth + 1)
            else:
                yield f"not a licence: {json.dumps(value)[:MAX_QUOTED]}"
        elif isinstance(value, str):
            if value.strip():
                yield value.strip()
        elif value is not None and value != []:
            yield f"not a licence: {json.dumps(value)[:MAX_QUOTED]}"
