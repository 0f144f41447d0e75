"""The language of refinement programs: what a program may say, and how it is read and written.

A program is text, one call per line, about one document. The empty program leaves the document as it is. All
coordinates refer to the document before any edit, so the order of calls does not matter and programs by several writers
can be put one below the other.

    drop_doc()                                  the document goes; reason="..." says why, as a short code
    remove_lines(start=3, end=5)                lines 3 to 5 go, counted from 0, with their line feeds
    normalize(source="Â£", target="£")          every occurrence of a string is replaced; without target it goes
    replace(start=17, end=22, text="é")         bytes 17 to 21 are replaced
    redact(start=40, end=57, type="EMAIL")      bytes 40 to 56 are replaced by the placeholder <EMAIL>
    keep_doc()                                  nothing: says that someone looked and found nothing to mend

Lines are what stands between line feeds, blank lines included. Offsets are UTF-8 bytes, because a code point, a UTF-16
unit and a byte count differently in every language that may replay a program, and only bytes need no decoding; an
offset inside a character is refused. Strings are JSON strings.

What ProX writes is read as well: its calls `drop_doc`, `keep_doc`, `untouch_doc`, `keep_all`, its argument names
`line_start`, `line_end`, `source_str`, `target_str`, and `remove_lines(all=True)`. In the authors' code
(GAIR-NLP/ProX, `apply_chunk_refining.py`) lines are numbered over the whole document before it is cut into chunks, so
that the programs of the chunks joined by line feeds are the program of the document.

Reading is strict: one call that is not understood spoils the whole program, since half a program is not what its
writer meant. The authors' interpreter is lenient: it counts faults, clips ranges and gives up at the second fault.

Not here: the calls themselves (`core/kinds/editor.py`), and what a program does to a text (`interpreter.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from data_platform.core.kinds.editor import (
    REDACTED_TYPES,
    Call,
    DropDocument,
    Normalize,
    Redact,
    RemoveLines,
    Replace,
)


class Malformed(ValueError):
    """A program that cannot be applied. `reason` is a short stable code; it holds no text of any document."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def placeholder(type_: str) -> str:
    """What personal data of a type is replaced by, e.g. `<EMAIL>`."""
    return f"<{type_}>"


def write(calls: Iterable[Call]) -> str:
    """The program that makes `calls`. `read` gives them again."""
    return "\n".join(map(str, calls))


_CALL = re.compile(r"[ \t]*([a-z_]+)\((.*)\)[ \t\r]*")
_ARGUMENT = re.compile(r'[ \t]*([a-z_]+)[ \t]*=[ \t]*([0-9]{1,15}|True|"(?:[^"\\]|\\.)*")[ \t]*(,|$)')
_REASON = re.compile(r"[a-z0-9_.]{1,64}")
# Of each call, the names under which an argument is known, with its type and whether it may be left out.
_START, _END = ("start", "line_start"), ("end", "line_end")
_NOTHING = frozenset({"keep_doc", "keep_all", "keep_chunk", "untouch_doc"})


def read(program: str) -> list[Call]:
    """The calls of `program`, in its order.

    Raises:
        Malformed: `bad_syntax` if a line is no call, `unknown_call`, or `bad_arguments`.
    """
    calls: list[Call] = []
    # Not splitlines: a string may hold other line separators.
    for line in program.split("\n"):
        if line and not line.isspace() and (call := _read_call(line)):
            calls.append(call)
    return calls


# What the platform writes for the most part, read at once.
_USUAL = re.compile(
    r'remove_lines\(start=([0-9]{1,15}), end=([0-9]{1,15})\)'
    rf'|redact\(start=([0-9]{{1,15}}), end=([0-9]{{1,15}}), type="({"|".join(REDACTED_TYPES)})"\)'
)


def _read_call(line: str) -> Call | None:
    if usual := _USUAL.fullmatch(line):
        first, last, start, end, type_ = usual.groups()
        return RemoveLines(int(first), int(last)) if first else Redact(int(start), int(end), type_)
    match = _CALL.fullmatch(line)
    if match is None:
        raise Malformed("bad_syntax")
    name, arguments = match[1], _read_arguments(match[2])
    if name in _NOTHING:
        call = None
    elif name == "redact":
        call = Redact(_integer(arguments, "start"), _integer(arguments, "end"), _string(arguments, "type"))
        if call.type not in REDACTED_TYPES:
            raise Malformed("bad_arguments")
    elif name == "replace":
        call = Replace(_integer(arguments, "start"), _integer(arguments, "end"), _string(arguments, "text"))
    elif name == "remove_lines":
        if arguments.pop("all", None) is True:
            call = RemoveLines(0, None)
        else:
            call = RemoveLines(_integer(arguments, *_START), _integer(arguments, *_END))
    elif name == "normalize":
        call = Normalize(
            _string(arguments, "source", "source_str"), _string(arguments, "target", "target_str", default="")
        )
        if not call.source:
            raise Malformed("bad_arguments")
    elif name == "drop_doc":
        call = DropDocument(_string(arguments, "reason", default=""))
        if call.reason and not _REASON.fullmatch(call.reason):
            raise Malformed("bad_arguments")
    else:
        raise Malformed("unknown_call")
    if arguments:
        raise Malformed("bad_arguments")
    return call


def _read_arguments(text: str) -> dict[str, int | str | bool]:
    arguments: dict[str, int | str | bool] = {}
    position = 0
    while position < len(text):
        match = _ARGUMENT.match(text, position)
        if match is None or match[1] in arguments or (match[3] and match.end() == len(text)):
            if text.isspace():
                break
            raise Malformed("bad_syntax")
        arguments[match[1]] = _value(match[2])
        position = match.end()
    return arguments


def _value(token: str) -> int | str | bool:
    if token == "True":
        return True
    if token[0] != '"':
        return int(token)
    try:
        value = json.loads(token)
        value.encode()  # JSON can say half of a surrogate pair, which is no text
    except ValueError:
        raise Malformed("bad_syntax") from None
    return value


def _integer(arguments: dict[str, int | str | bool], *names: str) -> int:
    return _take(arguments, names, int)


def _string(arguments: dict[str, int | str | bool], *names: str, default: str | None = None) -> str:
    return _take(arguments, names, str, default)


def _take(arguments: dict[str, int | str | bool], names: tuple[str, ...], type_: type, default=None):
    """Remove the one argument that has one of `names` and return its value."""
    found = [name for name in names if name in arguments]
    if not found and default is not None:
        return default
    if len(found) != 1 or type(value := arguments.pop(found[0])) is not type_:
        raise Malformed("bad_arguments")
    return value
