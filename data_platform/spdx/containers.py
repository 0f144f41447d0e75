"""Containers that hold fields, in the forms that data have them: objects, lists of pairs, objects that are one field
each, tags, and any of these written out as text.

`{"license": "MIT"}` is also `'{"license": "MIT"}'`, `[["license", "MIT"]]`, `[{"key": "license", "value": "MIT"}]`
(DSpace, PropertyValue of schema.org) and `["license:mit"]` (Hugging Face).

Belongs here: which fields a container holds. Does not: names of fields (`fields`), what their values say
(`licenses/values`).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from data_platform.spdx.fields import role_of, words_of

Container = Mapping[Any, Any] | list[Any] | tuple[Any, ...]

_HEADER_LINE = re.compile(r"(?P<name>[A-Za-z][\w-]{1,40}):[ \t]*(?P<value>\S.*)")
MAX_CHARACTERS = 400_000
"""Longer texts are not asked whether they are a container."""
_FIELD_NAMES = frozenset({"key", "name", "k", "field", "field name", "property", "label", "term", "element",
                          "attribute", "predicate", "header", "n", "date type"})
_FIELD_VALUES = frozenset({"value", "values", "v", "val", "content", "text", "object", "string value", "date"})
_TAG = re.compile(r"\s*(?P<name>[^\W\d][\w .-]{1,40}?)\s*(?::(?!:)|=)\s*(?P<value>\S.*)", re.S)
_LONG_NAME = 40


def container_of(value: Any) -> Container | None:
    """The container that a value is, also one that was written out as text; None if it is none."""
    if isinstance(value, str):
        value = written_out(value)
    return value if isinstance(value, Mapping | list | tuple) else None


def written_out(text: str) -> Any:
    """The object or list that a text is, written out by JSON or by Python; None if it is none."""
    text = text.strip()
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]") or len(text) > MAX_CHARACTERS:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def headers_in(text: str) -> list[tuple[str, str]]:
    """The headers of a response that was written out line by line, as pairs; empty if the text is none."""
    pairs = [(line["name"], line["value"].strip()) for line in map(_HEADER_LINE.match, text.splitlines()) if line]
    return pairs if pairs and len(text) <= MAX_CHARACTERS else []


def fields_in(container: Container) -> list[tuple[str, Any]]:
    """The fields of a container with their values: of an object all that it has, and one more if it is a field that was
    written as an object; of a list its pairs and tags whose names speak of licences."""
    if isinstance(container, Mapping):
        items = [(str(name), value) for name, value in container.items()]
        return items + [(name, value) for name in _names_in(items) for value in _values_in(items)]
    if container and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in container):
        return [(name, value) for name, value in container if _is_name(name)]
    tags = (_TAG.fullmatch(tag) for tag in container if isinstance(tag, str))
    return [(tag["name"], tag["value"]) for tag in tags if tag and _is_name(tag["name"])]


def is_field(value: Mapping[Any, Any]) -> bool:
    """Whether an object is a field that speaks of licences, as its name and value."""
    items = [(str(name), inner) for name, inner in value.items()]
    return bool(_names_in(items) and _values_in(items))


def _names_in(items: list[tuple[str, Any]]) -> list[str]:
    return [value for key, value in items if words_of(key) in _FIELD_NAMES and _is_name(value)]


def _values_in(items: list[tuple[str, Any]]) -> list[Any]:
    return [value for key, value in items if words_of(key) in _FIELD_VALUES]


def _is_name(value: Any) -> bool:
    """Whether a value is the name of a field that speaks of licences, and no sentence."""
    return isinstance(value, str) and len(value) <= _LONG_NAME and role_of(value) is not None
