"""How rules are printed beside what was measured: by `show` and `rejected`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

from data_platform.cli.common import WIDTH, pairs
from data_platform.core.printing import on_one_line

_VALUE = 10
_LEAST_ASKED = 24
_FURTHER = " " * 6


def number(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def broken(rules: Sequence[Mapping[str, Any]]) -> int:
    """How many of them do not hold."""
    return sum(rule["holds"] is False for rule in rules)


def rule_lines(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rules below the names of their sets: whether they hold, what was measured, what is asked for.

    A threshold is named where its name is not `min_` or `max_` and that of the rule, and a signal where it is not the
    rule's own.
    """
    lines: list[str] = []
    longest = max((len(_split(rule["rule"])[1]) for rule in rules), default=0)
    left = min(longest, WIDTH - _VALUE - _LEAST_ASKED - 6)
    last = None
    for rule in rules:
        of, name = _split(rule["rule"])
        if of != last:
            lines.append(f"  {of}")
            last = of
        mark = {True: "  ", False: "x ", None: "- "}[rule["holds"]]
        value, also = _value(name, rule["values"])
        asks = on_one_line("; ".join(filter(None, (_asks(name, rule["asks"]), also))))
        if rule["holds"] is None:
            asks = "not asked of this domain"
        first, *further = _in_two(asks, WIDTH - left - _VALUE - 7)
        own = [f"  {mark}{name:<{left}} {value:>{_VALUE}}  {first}"]
        own += [line for part in further for line in textwrap.wrap(
            part, WIDTH, initial_indent=_FURTHER, subsequent_indent=_FURTHER, break_on_hyphens=False)]
        lines += [click.style(line.rstrip(), fg="red") if rule["holds"] is False else line.rstrip() for line in own]
    return lines


def drop_lines(drop: Mapping[str, Any]) -> list[str]:
    """Where something was dropped and why, then each value that decided; of rules, those that are not shown above."""
    lines = pairs([(drop["stage"], f"{drop['reason']}{': ' if drop['detail'] else ''}{drop['detail']}")])
    if drop["decided_by"] != "filter_verdicts":
        lines += because_lines(drop["because"], drop["reason"])
    return lines


def because_lines(because: Sequence[Mapping[str, Any]], reason: str) -> list[str]:
    """Each broken rule as one line: the signal, what was measured, what is asked for."""
    lines = []
    for rule in because:
        name, title = _split(rule["rule"])[1], "" if rule["rule"] == reason else rule["rule"]
        asked = f"asked: {_asks(name, rule['asks'])}" if rule["asks"] else ""
        measured = ", ".join(number(value) if title and signal == name else f"{signal} {number(value)}"
                             for signal, value in rule["values"].items())
        lines += pairs([(title, "; ".join(filter(None, (measured, asked))))], "    " if title else "  ")
    return lines


def _split(rule: str) -> tuple[str, str]:
    """The set of a rule, which may be called with a version, and its name in the set."""
    own = rule.partition(".")
    of, _, name = own if own[0] in ("url", "rules") else rule.rpartition(".")
    return of, name or of


def _value(name: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """The value that a rule compares, and what else there is to say of what it reads."""
    numbers = {key: value for key, value in values.items() if isinstance(value, int | float)}
    if len(numbers) == 1:
        ((key, value),) = numbers.items()
        others = [f"{other} {number(held)}" for other, held in values.items() if other != key]
        return number(value), ", ".join([*([] if key == name else [f"of {key}"]), *others])
    return "", ", ".join(f"{key} {number(value)}" for key, value in values.items())


def _in_two(asks: str, room: int) -> list[str]:
    """What is asked for, cut after the last of its parts that ends within `room`."""
    places = [found.end() for found in re.finditer(r"[,;] |$", asks) if len(asks[:found.end()].rstrip(" ,;")) <= room]
    cut = max(places, default=0)
    return [asks[:cut].rstrip(" ,;"), *filter(None, [asks[cut:]])]


def _asks(name: str, asks: str) -> str:
    return re.sub(rf" (?:min|max)_{re.escape(name)}\b", "", asks)

