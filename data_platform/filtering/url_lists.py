"""Block lists and rules for URLs: which category blocks a document because of where it comes from.

Here belongs the way from lists on disk and rules in a recipe to columns, and the rule set `url` over these. Lists are
in the layout of the University of Toulouse's UT1 collection (https://dsi.ut-capitole.fr/blacklists, CC BY-SA 4.0, never
shipped here): one folder per category, which holds

    domains       hosts; each blocks its subdomains too, at every port
    urls          hosts with paths; each blocks what lies below it, up to a '/', '?', '&' or '#'
    expressions   regular expressions, found anywhere in the URL

Internationalised hosts match in Unicode and in ASCII (xn--). "*.host" and "host:port" are read as hosts, and what has a
path among the domains as a URL; lines that name no host after that are counted (`unreadable_lines`).

RefinedWeb (Penedo et al. 2023, arXiv:2306.01116, appendix G.1) blocks 4.6 million domains of UT1 and scores the words
of a URL: `hard_words` and `subwords` are its strict words, `soft_words` are counted. That two different soft words
block is the threshold of datatrove 0.10; the words themselves are the recipe's, none are built in.

Hosts, prefixes and words become 64-bit hashes in one sorted table, 14 bytes per entry. Regular expressions are Arrow's
(RE2), which takes time in proportion to the URL, whatever they are.
"""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import DAMAGED, PlainError
from data_platform.core.kinds.rule_set import Rule, Rules
from data_platform.filtering.settings import Urls
from data_platform.text.buffers import text_buffers

_FILES = ("domains", "urls", "expressions")
_ALLOW, _HARD, _SOFT = "allow", "hard_words", "soft_words"
_HOST_OF_LINE = re.compile(r"(\s*(?:[^/]*://|[*.]+)?)([^/?#:\s]*)(.*)", re.DOTALL)


class UrlListError(PlainError, ValueError):
    """A block list that is missing, or an expression that cannot be used. The message names the file."""


def column_of(category: str) -> str:
    """The column that says whether a category blocks a document."""
    return f"url_{category}"


def url_rules(urls: Urls) -> Rules:
    """One rule per category, in the order of the recipe: lists, own rules, words. They read `url_columns`."""
    named = [*urls.categories, *urls.rules]
    named += [name for name, words in (("hard_words", urls.hard_words), ("subwords", urls.subwords)) if words]
    rules = [_unblocked(name) for name in named]
    if urls.soft_words:
        rules.append(Rule(
            "soft_words", {"min_soft_words": urls.min_soft_words},
            lambda thresholds: pc.field(column_of("soft_words")) < thresholds["min_soft_words"],
        ))  # fmt: skip
    return Rules("url", tuple(rules))


def _unblocked(category: str) -> Rule:
    return Rule(category, {}, lambda _: ~pc.field(column_of(category)))


def list_digests(urls: Urls) -> dict[str, list[str]]:
    """SHA-256 of every list file that the recipe names, by "category/file", in the order of the folders.

    Raises:
        UrlListError: if a category is in none of the folders.
    """
    from data_platform.core.fingerprints import Fingerprints

    digests: dict[str, list[str]] = {}
    with Fingerprints() as fingerprints:
        for category, kind, path in _list_files(urls):
            digests.setdefault(f"{category}/{kind}", []).append(fingerprints.of(str(path)))
    return digests


def url_config(urls: Urls) -> dict[str, object]:
    """What decides verdicts of `urls`: everything but where the lists lie, and what is in them.

    Raises:
        UrlListError: if a category is in none of the folders.
    """
    settings = urls.model_dump(mode="json", exclude={"lists", "rules"})
    # A mapping has no order in JSON, and the order of the rules decides which reason comes first.
    rules = [[name, rule.model_dump(mode="json")] for name, rule in urls.rules.items()]
    return {**settings, "rules": rules, "digests": list_digests(urls)}


def url_columns(url: pa.Array, urls: Urls, digests: Mapping[str, Sequence[str]]) -> dict[str, pa.Array]:
    """What the rules of `url_rules` read.

    Args:
        url: URLs; what has no host, such as a file:, is never blocked.
        urls: the recipe's part.
        digests: `list_digests` of it: lists are loaded once per process and content.

    Returns:
        A boolean column per category, whether it blocks the document, and `url_soft_words`, the number of different
        soft words; none at all if the recipe blocks nothing. No host that the recipe allows is blocked.

    Raises:
        UrlListError: if a list is missing or holds an expression that cannot be used.
    """
    if not url_rules(urls).rules:
        return {}
    matcher = _matcher(urls.model_dump_json(), tuple((name, *values) for name, values in digests.items()))
    return matcher.columns(url)


def unreadable_lines(urls: Urls) -> dict[str, int]:
    """How many lines of each category, rule and `allow` name no host and match nothing, where there are any.

    Raises:
        UrlListError: as `url_columns`.
    """
    return UrlMatcher(urls).unreadable if url_rules(urls).rules else {}


@dataclass(frozen=True)
class _Table:
    """Hashes of entries, sorted, with the group of each, and an index by their first bits."""

    hashes: np.ndarray
    groups: np.ndarray
    index: np.ndarray
    shift: np.uint64

    @classmethod
    def of(cls, entries: Sequence[tuple[int, np.ndarray]]) -> _Table:
        """The table of hashes by group."""
        hashes = np.concatenate([np.empty(0, np.uint64), *(some for _, some in entries)])
        groups = np.repeat(
            np.array([group for group, _ in entries], np.uint16), [len(some) for _, some in entries]
        )
        order = np.argsort(hashes)
        hashes, groups = hashes[order], groups[order]
        bits = max(1, len(hashes).bit_length() - 1)
        shift = np.uint64(64 - bits)
        counts = np.bincount((hashes >> shift).astype(np.int64), minlength=2**bits)
        return cls(hashes, groups, np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), shift)

    @property
    def nbytes(self) -> int:
        return self.hashes.nbytes + self.groups.nbytes + self.index.nbytes


class UrlMatcher:
    """The lists and rules of a recipe, loaded."""

    def __init__(self, urls: Urls) -> None:
        from data_platform.kernels.urls import HOST, PREFIX, WORD, hash_entries

        self._urls = urls
        self._expressions: dict[str, list[str]] = {}
        self.unreadable: dict[str, int] = {}
        """Lines of each category, rule and `allow` that name no host and match nothing, where there are any."""
        groups = [_ALLOW, _HARD, _SOFT, *urls.categories, *urls.rules]
        self._group = {name: number for number, name in enumerate(groups)}

        def entries(name: str, kind: int, content: bytes) -> tuple[int, np.ndarray]:
            spelled = content if kind == WORD else content + _other_spellings(content)
            hashes, unreadable = hash_entries(np.frombuffer(spelled, np.uint8), kind)
            if unreadable:
                self.unreadable[name] = self.unreadable.get(name, 0) + unreadable
            return self._group[name], hashes

        found = [
            entries(_ALLOW, HOST, _lines(urls.allow)),
            entries(_HARD, WORD, _lines(urls.hard_words)),
            entries(_SOFT, WORD, _lines(sorted({word.lower() for word in urls.soft_words}))),
            *(entries(name, HOST, _lines(rule.hosts)) for name, rule in urls.rules.items()),
        ]
        for category, kind, path in _list_files(urls):
            content = _content(path)
            if kind == "expressions":
                self._expressions.setdefault(category, []).extend(_expressions(path, content))
            else:
                found.append(entries(category, HOST if kind == "domains" else PREFIX, content))
        self._table = _Table.of(found)
        for name, rule in urls.rules.items():
            for pattern in rule.patterns:
                _check(pattern, f"the rule {name}")

    @property
    def nbytes(self) -> int:
        """Bytes of the table of hashes."""
        return self._table.nbytes

    @cached_property
    def _subwords(self) -> str:
        return _one_of(map(re.escape, self._urls.subwords))

    def columns(self, url: pa.Array) -> dict[str, pa.Array]:
        """As `url_columns`."""
        from data_platform.kernels.urls import match

        table = self._table
        counts = match(
            *text_buffers(url), table.hashes, table.groups, table.index, table.shift, len(self._group)
        )
        blockable = pc.match_substring_regex(url, "://[^/?#]").to_numpy(zero_copy_only=False)
        blockable &= counts[:, self._group[_ALLOW]] == 0
        blocked: dict[str, np.ndarray] = {}
        for category in self._urls.categories:
            blocked[category] = counts[:, self._group[category]] > 0
            if found := self._expressions.get(category):
                blocked[category] |= _matches(url, _one_of(found))
        for name, rule in self._urls.rules.items():
            blocked[name] = counts[:, self._group[name]] > 0 if rule.hosts else np.ones(len(url), bool)
            if rule.paths:
                path = pc.replace_substring_regex(url, "^[^:]*://[^/?#]*", "")
                blocked[name] &= _matches(path, f"(?s)^{_one_of(map(_glob, rule.paths))}$")
            if rule.patterns:
                blocked[name] &= _matches(url, _one_of(rule.patterns))
        blocked["hard_words"] = counts[:, self._group[_HARD]] > 0
        if self._urls.subwords:
            squeezed = pc.replace_substring_regex(url, "[^A-Za-z0-9]+", "")
            blocked["subwords"] = _matches(squeezed, self._subwords)
        columns = {column_of(name): pa.array(some & blockable) for name, some in blocked.items()}
        soft = np.where(blockable, counts[:, self._group[_SOFT]], 0)
        return {**columns, column_of("soft_words"): pa.array(soft.astype(np.int32))}


@lru_cache(maxsize=2)
def _matcher(urls: str, _digests: tuple[tuple[str, ...], ...]) -> UrlMatcher:
    return UrlMatcher(Urls.model_validate_json(urls))


def _list_files(urls: Urls) -> Iterator[tuple[str, str, Path]]:
    """Category, kind and path of every list file, in the order of categories and folders."""
    for category in urls.categories:
        found = [
            (category, kind, path)
            for folder in urls.lists
            for kind in _FILES
            for path in (Path(folder, category, kind), Path(folder, category, f"{kind}.gz"))
            if path.is_file()
        ]
        if not found:
            raise UrlListError(
                f"no list {category!r} in {', '.join(urls.lists)}: a category is a folder with {', '.join(_FILES)}, "
                "plain or .gz"
            )
        if not any(path.stat().st_size for _, _, path in found):
            places = ", ".join(str(path) for _, _, path in found)
            raise UrlListError(f"list {category!r} is empty: there is no byte in {places}")
        yield from found


def _content(path: Path) -> bytes:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, *DAMAGED) as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else f"it is damaged or cut: {error}"
        raise UrlListError(f"{path}: cannot read the list: {cause}") from error
    return content.removeprefix(codecs.BOM_UTF8)


def _other_spellings(content: bytes) -> bytes:
    """Lines of a list with internationalised hosts (RFC 3490) as they are also written: in Unicode and in ASCII."""
    others = []
    beyond_ascii = re.compile(rb"xn--") if content.isascii() else re.compile(rb"xn--|[\x80-\xff]")
    end = 0
    while found := beyond_ascii.search(content, end):
        start = content.rfind(b"\n", 0, found.start()) + 1
        end = content.find(b"\n", found.start())
        end = end if end >= 0 else len(content)
        before, host, after = _HOST_OF_LINE.match(content[start:end].decode("utf-8", "replace")).groups()
        others.append(f"{before}{'.'.join(map(_other_spelling, host.lower().split('.')))}{after}")
    return _lines(["", *others])


def _other_spelling(label: str) -> str:
    """A label of a domain in Unicode for one in ASCII, and the other way round."""
    if not label.isascii():
        return "xn--" + label.encode("punycode").decode("ascii")
    try:
        return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _lines(values: Sequence[str]) -> bytes:
    return "\n".join(values).encode()


def _expressions(path: Path, content: bytes) -> list[str]:
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    for expression in found:
        _check(expression, str(path))
    return found


def _check(expression: str, place: str) -> None:
    try:
        _matches(pa.array([""]), expression)
    except pa.ArrowInvalid as error:
        raise UrlListError(f"{place}: {expression[:80]!r} is no regular expression that RE2 takes: {error}") from None


def _matches(url: pa.Array, expression: str) -> np.ndarray:
    return pc.match_substring_regex(url, expression, ignore_case=True).to_numpy(zero_copy_only=False)


def _one_of(expressions: Iterator[str] | Sequence[str]) -> str:
    return "(?:" + "|".join(f"(?:{expression})" for expression in expressions) + ")"


def _glob(pattern: str) -> str:
    return ".*".join(re.escape(part) for part in pattern.split("*"))
