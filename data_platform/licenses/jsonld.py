"""Licences in JSON-LD: the `license` of every node, nodes of @graph and nested ones included.

Belongs here: parsed or unparsed JSON-LD in, statements with their scope out. Does not: finding scripts in a page
(`html`). schema.org: https://schema.org/license; JSON-LD 1.1: https://www.w3.org/TR/json-ld11/. Contexts are not
expanded: that needs the network, and on the web the terms are schema.org's, with or without a prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from typing import Any

from data_platform.licenses.place import OTHER_WORKS, scope_of_type

MAX_NODES = 10_000
MAX_DEPTH = 64

_LICENSE_KEYS = frozenset({
    "license", "schema:license", "http://schema.org/license", "https://schema.org/license", "dct:license",
    "dcterms:license", "http://purl.org/dc/terms/license", "cc:license", "http://creativecommons.org/ns#license",
})
_VALUE_KEYS = ("url", "@id", "name", "@value", "@list", "@set")
_REFERRED = OTHER_WORKS - {"haspart", "subjectof", "author", "creator", "publisher"}
"""Those among `OTHER_WORKS` that are other works, too, where a node is only referred to by its @id."""


def statements(text: str) -> Iterator[tuple[str, str]]:
    """Scope and raw value of every licence in a JSON-LD script; nothing if it is not JSON."""
    text = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$", "", text)
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    yield from _walk(data, {name for name, _ in _walk(data, frozenset(), referred=True)})


def _walk(data: Any, others: Set[str], referred: bool = False) -> Iterator[tuple[str, str]]:
    """Scope and value of every licence, those of the nodes whose @id is among `others` as of other works.

    With `referred`: the @id of every other work that a node refers to, instead.
    """
    pending = [(data, 0, "")]
    for _ in range(MAX_NODES):
        if not pending:
            return
        node, depth, within = pending.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(node, list):
            pending.extend((part, depth + 1, within) for part in reversed(node))
        elif isinstance(node, dict):
            kinds = node.get("@type")
            kinds = " ".join(kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str))
            other = isinstance(node.get("@id"), str) and node["@id"] in others
            scope = "element" if other else within or scope_of_type(kinds) or "element"
            for key, value in node.items():
                if referred and _name(key) in _REFERRED:
                    yield from ((part["@id"], "") for part in (value if isinstance(value, list) else [value])
                                if isinstance(part, dict) and len(part) == 1 and isinstance(part.get("@id"), str))
                elif not referred and key.lower() in _LICENSE_KEYS:
                    yield from ((scope, stated) for stated in _values(value))
            pending.extend(
                (part, depth + 1, "element" if _name(key) in OTHER_WORKS else within)
                for key, part in reversed(node.items()) if key.lower() not in _LICENSE_KEYS
            )


def _name(key: str) -> str:
    return re.split(r"[:/#]", key.lower())[-1]


def _values(stated: Any, depth: int = 0) -> Iterator[str]:
    """A licence is a URL, a CreativeWork with url, @id or name, or a list of them."""
    for value in stated if isinstance(stated, list) else [stated]:
        if isinstance(value, dict) and depth < MAX_DEPTH:
            key = next((key for key in _VALUE_KEYS if isinstance(value.get(key), str | list)), None)
            yield from _values(value.get(key), depth + 1)
        elif isinstance(value, str) and value.strip():
            yield value.strip()
