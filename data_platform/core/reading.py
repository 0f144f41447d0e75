"""YAML as people write it, read strictly: what has two meanings is refused, and what the environment holds comes in
afterwards, as text.

YAML 1.1 takes `no` for false, `0100000` for 32,768, `1:30` for 90, and the last of two equal keys for both. Here `no`
and `1:30` are texts (a field that wants a truth value takes `no`), keys are always texts, and the rest is a fault with
its line and its place. `${NAME}` and `${NAME:-default}` are replaced in texts alone, once the file is parsed: no value
of the environment can change what the file says elsewhere, and no key and no comment is touched. `$${` stands for `${`.

Not here: what a field may hold (`settings.py` of the rooms).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from data_platform.core.errors import PlainError

MOST_VALUES = 200_000
DEEPEST = 64
"""Limits of a file: aliases of aliases are short to write and endless to read."""

_ANY = 1
"""What stands for a number that is refused, so that the rest is judged as if it were a good one."""

_PLAIN = "plain"
_TEXT = "tag:yaml.org,2002:str"
_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OCTAL = re.compile(r"[-+]?0o?_*[0-9][0-9_]*")
_WHOLE = re.compile(r"[-+]?(?:[1-9][0-9_]*|0|0x[0-9a-fA-F]+)")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NO_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)\{|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|\{)")

Place = tuple[str | int, ...]
"""Where a value stands: keys and numbers of items, from the top of the file."""


class NotYaml(PlainError, ValueError):
    """A text that is no YAML, or more of it than anybody writes. The message says where, and quotes nothing."""


class Fault(NamedTuple):
    """What is wrong, and where; with the line, if it is not that of the place."""

    place: Place
    message: str
    line: int = 0


class YamlText:
    """A text in YAML, as it was read.

    Attributes:
        value: mappings, lists, texts, numbers, truth values and None.
        faults: what has two meanings, or names a variable that is not set.
        lines: the line of every value, by its place.
        variables: the values that the environment gave, each with how the file calls it. They are to be kept out of
            every message.
    """

    def __init__(self, text: str, environment: Mapping[str, str] | None = None) -> None:
        """Read `text`; with an environment, replace variables.

        Raises:
            NotYaml: if it cannot be read.
        """
        self.faults: list[Fault] = []
        self.lines: dict[Place, int] = {}
        self.variables: dict[str, str] = {}
        self._environment = environment
        self._left = MOST_VALUES
        node = _compose(text)
        self.value = None if node is None else self._read(node, ())

    def line(self, place: Place) -> int:
        """The line of a value, or of what it is in, if it is missing."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def without_variables(self, message: str) -> str:
        """A message in which the values of the environment are called as the file calls them."""
        for value, name in sorted(self.variables.items(), key=lambda item: -len(item[0])):
            for shown in filter(None, dict.fromkeys((value, repr(value)[1:-1], value.strip()))):
                # A short value is found by itself alone: "1" is no secret within "10".
                pattern = re.escape(shown) if len(shown) > 4 else rf"(?<!\w){re.escape(shown)}(?!\w)"
                message = re.sub(pattern, lambda _, name=name: name, message, flags=re.IGNORECASE)
        return message

    def _fault(self, place: Place, message: str) -> None:
        self.faults.append(Fault(place, message, self.line(place)))

    def _read(self, node: yaml.Node, place: Place) -> Any:
        self._left -= 1
        if self._left < 0:
            raise NotYaml(f"more than {MOST_VALUES:,} values, aliases written out")
        if len(place) > DEEPEST:
            raise NotYaml(f"line {node.start_mark.line + 1}: more than {DEEPEST} levels deep")
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if node.tag not in _TAGS:
            self._fault(place, f"tags such as {node.tag} are not read")
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*place, number)) for number, item in enumerate(node.value)]
        return self._mapping(node, place)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(place, "a key must be a text, not a mapping or a list")
                continue
            key, line = key_node.value, key_node.start_mark.line + 1
            here = (*place, key)
            self.lines[here] = line
            if key in first:
                self._fault(here, f"{key} is written twice, in lines {first[key]} and {line}")
            first.setdefault(key, line)
            self._check_key(key_node, here)
            if key == "<<" and key_node.tag == _PLAIN:
                merged = self._merged(value_node, here)
            else:
                own[key] = self._read(value_node, here)
                self.lines[here] = line
        return {**merged, **own}

    def _check_key(self, node: yaml.ScalarNode, place: Place) -> None:
        if node.tag not in (_PLAIN, _TEXT):
            self._fault(place, f"tags such as {node.tag} are not read")
        elif node.tag == _PLAIN and _OCTAL.fullmatch(node.value):
            self._fault(place, _octal(node.value))
        elif _SURROGATE.search(node.value):
            self._fault(place[:-1], "a key is no Unicode text")

    def _merged(self, node: yaml.Node, place: Place) -> dict[str, Any]:
        """What `<<` brings in: of several mappings the first that has a key decides."""
        value = self._read(node, place)
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            self._fault(place, "<< takes a mapping or a list of mappings")
            return {}
        return {key: some for part in reversed(parts) for key, some in part.items()}

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text = node.value
        if node.tag not in (_PLAIN, _TEXT):
            self._fault(place, f"tags such as {node.tag} are not read")
        elif _SURROGATE.search(text):
            self._fault(place, "is no Unicode text")
            return ""
        elif self._environment is not None and "${" in text:
            found = _VARIABLE.fullmatch(text)
            text = _VARIABLE.sub(lambda match: self._value(match, place), text)
            if node.tag == _PLAIN and found and found["name"]:
                return None if _NULL.fullmatch(text) else _infinity(text) if _INFINITY.fullmatch(text) else text
        elif node.tag == _PLAIN:
            return self._plain(text, place)
        return text

    def _value(self, match: re.Match[str], place: Place) -> str:
        """What a variable stands for."""
        if match["escaped"]:
            return "${"
        if not (name := match["name"]):
            self._fault(place, "a variable is written ${NAME} or ${NAME:-default}, and ${ itself $${")
            return ""
        if value := self._environment.get(name):
            if _SURROGATE.search(value):
                self._fault(place, f"what ${{{name}}} holds is no Unicode text")
                return ""
            self.variables[value] = f"${{{name}}}"
            return value
        if match["default"] is None:
            self._fault(place, f"environment variable {name} is not set; set it or write ${{{name}:-default}}")
        return match["default"] or ""

    def _plain(self, text: str, place: Place) -> Any:
        """A scalar without quotes."""
        if _NULL.fullmatch(text):
            return None
        if text in _TRUTH:
            return _TRUTH[text]
        if _OCTAL.fullmatch(text):
            self._fault(place, _octal(text))
            return _ANY
        if _WHOLE.fullmatch(text):
            # Conversion takes time in proportion to the square of the digits.
            if len(text) < 80 and -(2**63) <= (number := int(text.replace("_", ""), 0)) < 2**63:
                return number
            self._fault(place, f"a whole number of {len(text):,} signs is beyond 64 bits")
            return _ANY
        if _REAL.fullmatch(text):
            number = float(text.replace("_", ""))
            if math.isinf(number):
                self._fault(place, "a number so large is infinite; write .inf if that is meant")
            return number
        if _INFINITY.fullmatch(text):
            return _infinity(text)
        if _NO_NUMBER.fullmatch(text):
            self._fault(place, f"{text} is no number that anything can be set to")
            return _ANY
        return text


class _Loader(yaml.SafeLoader):
    """Tells scalars without quotes from those with, and gives neither a meaning."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return super().resolve(kind, value, implicit)


def _compose(text: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotYaml(f"{where}not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        raise NotYaml(f"not YAML: sign {error.position + 1:,} may not stand in a file of text") from None
    except RecursionError:
        raise NotYaml(f"more than {DEEPEST} levels deep") from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise NotYaml("not YAML: a number or an escaped sign in it does not exist") from None


def _octal(text: str) -> str:
    if len(text) > 40:
        return f"a whole number of {len(text):,} signs begins with 0, as octal numbers do"
    return f"{text} is an octal number to some readers: write it without 0 in front, or a text in quotes"


def _infinity(text: str) -> float:
    return -math.inf if text.startswith("-") else math.inf

