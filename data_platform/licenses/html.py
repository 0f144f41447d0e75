"""Licence statements in a page: what is marked up, what JSON-LD says, and what its sentences say.

| looked at | location | scope |
|---|---|---|
| meta elements, opt-outs among them | meta | page |
| link and anchor with rel=license | link, anchor | page: what HTML defines it to cover |
| other anchors to a licence | anchor | site in a footer or notice; page if their sentence says so; else element |
| badges of Creative Commons without a link | badge | as other anchors |
| microdata, RDFa | microdata, rdfa | by the item they are in |
| JSON-LD | jsonld | by the type of the node |
| embedded RSL | rsl | page |
| sentences that name a licence or reserve rights | statement | as other anchors |

What a statement covers (its scope) decides more than what it says, since most Creative Commons links on the web credit
a picture. rel=license is defined at https://html.spec.whatwg.org/multipage/links.html#link-type-license; inside a
caption or figure, or in a sentence on pictures or comments, it covers those alone.

Belongs here: which nodes of a page are looked at. Does not: places (`place`), words (`prose`, `reservations`), JSON-LD
(`jsonld`), HTTP headers (`headers`) and what follows for the document (`resolve`). The DOM is Resiliparse's (Lexbor):
compiled, and it makes a tree of any bytes. A page is parsed once, and not at all if it holds none of the words by which
any of this could be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.licenses import jsonld, prose
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.place import every, forget_nodes, item_scope, own_block, place, surroundings
from data_platform.licenses.reservations import robots_directives, tdm_reservation, usage_preference
from data_platform.licenses.rsl import RslFile
from data_platform.spdx.expressions import (
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    OPT_OUT,
    PUBLIC_DOMAIN,
    UNKNOWN,
    US_GOVERNMENT,
    read,
)

if TYPE_CHECKING:
    from resiliparse.parse.html import DOMNode, HTMLTree

DETECTOR = "html@3"

MAX_MARKS = 200
"""Places per page and name at which text is read for statements."""

WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16, in which no hint can be seen."""

CONFIDENCE_OF_SCOPE = {"page": 0.95, "site": 0.8, "element": 0.4}
"""Upper bound of confidence by what a link covers: our judgement, ordered as the agreement with the annotated pages."""
CONFIDENCE_OF_STATEMENT = {"page": 0.8, "site": 0.75, "element": 0.4}
"""The same for sentences, which are read less surely than links."""

_META_NAMES = frozenset({
    "license", "licence", "dc.license", "dcterms.license", "dc.rights", "dc.rights.license", "dcterms.rights",
    "dcterms.rights.license", "cc:license", "dc:license", "dcterms:license", "dc:rights", "dcterms:rights",
    "og:license", "rights",
})
_NOTICE_NAMES = frozenset({"copyright", "rights-standard"})
"""Meta names that hold a copyright notice more often than a licence: recorded only if a licence can be read there."""
_PREFERENCE_NAMES = frozenset({"content-usage", "content-signal"})
_METAS = "meta[name],meta[property],meta[http-equiv]"
_LICENSE_HOSTS = (
    "creativecommons.org/", "opensource.org/licen", "spdx.org/licenses/", "gnu.org/licenses/", "gnu.org/copyleft/",
    "apache.org/licenses/", "mozilla.org/mpl", "mozilla.org/en-us/mpl", "unlicense.org",
    "opendatacommons.org/licenses/", "cdla.dev/", "cdla.io/",
    "artlibre.org/licence", "nationalarchives.gov.uk/doc/open-government-licence",
    "govdata.de/dl-de/", "etalab.gouv.fr/", "wtfpl.net", "usa.gov/", "rightsstatements.org/",
    "open.canada.ca/en/open-government-licence", "open.canada.ca/fr/licence-du-gouvernement", "data.norge.no/nlod",
    "data.gov.tw/", "github.com/etalab/licence-ouverte",
)
_CANDIDATES = ",".join(
    ["[rel~=license i]", "[rel*=':license' i]", "[rel*='/license' i]", "[rel*='#license' i]", "[itemprop~=license i]",
     "[itemprop*='schema.org/license' i]", ":not(meta)[property*=':license' i]", ":not(meta)[property*='/license' i]",
     ":not(meta)[property*='#license' i]"]
    + [f"a[href*='{host}' i]" for host in _LICENSE_HOSTS]
)
_BADGES = "img[src*='creativecommons.org/l/' i],img[src*='creativecommons.org/p/' i],img[src*='licensebuttons.net/' i]"
_BADGE_IMAGES = f"{_BADGES},img[src*='88x31' i],img[src*='80x15' i]"
_BADGE = re.compile(
    r"(?:creativecommons\.org|licensebuttons\.net)/(?P<kind>[lp])/(?P<rest>[^?#]+?)(?:/\d+x\d+\.\w+)?$", re.I
)
_DECLARES = re.compile(r"(?:^|\s)(?:(?:[\w.-]+:|https?://\S+[/#]))?license(?:\s|$)", re.I)
"""The relation by name, by a prefix that a page may choose (RDFa 1.1, section 7.4), or by its full address."""
_MARK = "data-license-mark"
_NO_BREAK = re.compile(rb"&(?:nbsp|#160|#xa0);", re.I)
_HIDDEN = ((b"<script", b"<style", b"<!--"), (b"</script", b"</style", b"-->"))
"""What begins text that nobody sees, and what ends it."""


def hints(payloads: pa.Array) -> list[tuple[bool, ...]]:
    """Per page, which kinds of statement it may hold: one pass of RE2 over the bytes for each, before any parsing.

    A page without a hint has no statement of that kind, unless it is UTF-16. Null has no hint.
    """
    found = [pc.match_substring_regex(payloads, pattern, ignore_case=True).to_pylist() for pattern in _HINTS.values()]
    return [tuple(bool(hint) for hint in hinted) for hinted in zip(*found, strict=True)]


def observations(payload: bytes, hinted: tuple[bool, ...] | None = None) -> list[Observation]:
    """Every licence statement of a page, in document order by kind. Never raises on a page, whatever it holds.

    `hinted` is what `hints` says of the page, if it was asked for a batch.
    """
    from resiliparse.parse.html import HTMLTree

    if payload[:2] in WIDE:
        payload, hinted = payload.decode("utf-16", "replace").encode(), None
    if hinted is None:
        (hinted,) = hints(pa.array([payload], pa.large_binary()))
    kinds = [kind for kind, hint in zip(_HINTS, hinted, strict=True) if hint]
    if not kinds:
        return []
    if _sentences in kinds:
        payload = _marked(payload)
    tree = HTMLTree.parse_from_bytes(payload)
    try:
        return [observation for kind in kinds for observation in kind(tree)]
    finally:
        forget_nodes()


def _marked(payload: bytes) -> bytes:
    """The page with an empty element at every place where its text may name a licence, so that the DOM shows where."""
    payload = _NO_BREAK.sub(b" ", payload)
    lower = payload.lower()
    pieces, before = [], 0
    for start in _places(lower):
        if lower.rfind(b"<", 0, start) > lower.rfind(b">", 0, start):
            # Within a tag.
            continue
        opened, closed = (max(lower.rfind(tag, 0, start) for tag in tags) for tags in _HIDDEN)
        if opened > closed:
            continue
        pieces += [payload[before:start], b"<wbr ", _MARK.encode(), b">"]
        before = start
    return b"".join([*pieces, payload[before:]])


def _places(lower: bytes) -> list[int]:
    """Where a page, in lower case, names a licence or reserves rights; the first `MAX_MARKS` places of each name."""
    places: set[int] = set()
    for name in prose.STEMS:
        start = lower.find(name)
        for _ in range(MAX_MARKS):
            if start < 0:
                break
            places.add(start)
            start = lower.find(name, start + len(name))
    return sorted(places)


def _metas(tree: HTMLTree) -> Iterator[Observation]:
    for meta in every(tree.document, _METAS, None):
        name = (meta.getattr("name") or meta.getattr("property") or meta.getattr("http-equiv") or "").strip().lower()
        content = (meta.getattr("content") or "").strip()
        if not name or not content:
            continue
        stated = f"{name}: {content}"
        if name in ("robots", "x-robots-tag") or name.endswith("bot"):
            reading = robots_directives(content)
        elif name == "tdm-reservation":
            reading = tdm_reservation(content)
            policy = tree.document.query_selector("meta[name='tdm-policy' i]")
            stated += f"; tdm-policy: {policy.getattr('content') or ''}" if policy is not None else ""
        elif name in _PREFERENCE_NAMES:
            reading = usage_preference(content)
        else:
            if name in _META_NAMES or (name in _NOTICE_NAMES and read(content).spdx != UNKNOWN):
                yield observe("meta", "page", content, DETECTOR, most=CONFIDENCE_OF_SCOPE["page"], context=stated)
            continue
        if reading is not None:
            yield observe("meta", "page", stated, DETECTOR, reading)


def _links(tree: HTMLTree) -> Iterator[Observation]:
    for node in every(tree.document, _CANDIDATES):
        tag = (node.tag or "").lower()
        href = (node.getattr("href") or node.getattr("content") or node.getattr("resource") or node.getattr("src")
                or "").strip()
        item, property_ = node.hasattr("itemprop"), node.hasattr("property")
        if not href and (item or property_):
            href = " ".join(node.text.split())
        declared = item or any(_DECLARES.search(node.getattr(name) or "") for name in ("rel", "property"))
        reading = read(href)
        if not href or (reading.spdx == UNKNOWN and not declared):
            # A link to creativecommons.org that names no licence.
            continue
        as_rdf = property_ or re.search("[:/#]license", node.getattr("rel") or "", re.I)
        location = "microdata" if item else "rdfa" if as_rdf else "link" if tag == "link" else "anchor"
        context = href if tag in ("link", "meta") else surroundings(node)
        scope = _declared_scope(node, context) if declared else _linked_scope(node, context)
        yield observe(location, scope, href, DETECTOR, reading, CONFIDENCE_OF_SCOPE[scope], context=context)


def _declared_scope(node: DOMNode, context: str) -> str:
    """What a link that is declared to be the licence covers: the page, if nothing says that it is something else."""
    if scope := item_scope(node):
        return scope
    if place(node) in ("figure", "quoted"):
        return "element"
    sentence = prose.sentence_around(context, node.text)
    if prose.speaks_of_part(prose.sentence_around(own_block(node), node.text)):
        # 'Icons by A. Uthor, CC BY', whatever the block before it speaks of.
        return "element"
    return "element" if prose.speaks_of_part(sentence) or prose.denies(sentence, node.text.strip()) else "page"


def _linked_scope(node: DOMNode, context: str) -> str:
    """What an ordinary link to a licence covers, by its sentence and where that stands."""
    sentence = prose.sentence_around(context, node.text)
    where = place(node)
    if where == "elsewhere" and not sentence and node.query_selector(_BADGE_IMAGES):
        # A badge outside of the content and of every figure: nothing else is there that it could speak of.
        where = "site"
    if _block_speaks_of_part(node, node.text) or prose.denies(sentence, node.text.strip()):
        return "element"
    return _scope(where, prose.subject(sentence), prose.grants(sentence) and prose.points_here(sentence))


def _block_speaks_of_part(node: DOMNode, phrase: str) -> bool:
    """Whether the sentence with `phrase` speaks of a part in the nearest block, whatever the block before it says."""
    return prose.subject(prose.sentence_around(own_block(node), phrase)) == "part"


def _scope(where: str, subject: str, grants_here: bool) -> str:
    if where in ("figure", "other", "quoted") or subject == "part":
        return "element"
    if where == "site":
        return "site"
    return "page" if subject == "whole" and grants_here else "element"


def _badges(tree: HTMLTree) -> Iterator[Observation]:
    """Badges that no link to a licence surrounds."""
    for node in every(tree.document, _BADGES):
        source = (node.getattr("src") or "").strip()
        match = _BADGE.search(source)
        parent = node.parent
        href = (parent.getattr("href") or "") if parent is not None and (parent.tag or "").lower() == "a" else ""
        if match is None or read(href).confidence:
            continue
        kind = "licenses" if match["kind"].lower() == "l" else "publicdomain"
        reading = read(f"https://creativecommons.org/{kind}/{match['rest']}")
        if reading.spdx != UNKNOWN:
            context = surroundings(node)
            scope = _scope(place(node), prose.subject(context), True)
            yield observe("badge", scope, source, DETECTOR, reading, CONFIDENCE_OF_SCOPE[scope], context=context)


def _jsonld(tree: HTMLTree) -> Iterator[Observation]:
    for script in every(tree.document, "script[type*='ld+json' i]"):
        for scope, stated in jsonld.statements(script.text or ""):
            yield observe("jsonld", scope, stated, DETECTOR, most=CONFIDENCE_OF_SCOPE[scope])


def _rsl(tree: HTMLTree) -> Iterator[Observation]:
    """RSL that is embedded in the page and speaks of it (RSL 1.0, section on HTML)."""
    for script in every(tree.document, "script[type*='rsl+xml' i]"):
        for _, raw, reading in RslFile((script.text or "").strip().encode()).contents:
            yield observe("rsl", "page", raw, DETECTOR, reading)


def _sentences(tree: HTMLTree) -> Iterator[Observation]:
    """What the text of the page says in words, at the places that `_marked` found."""
    seen: set[str] = set()
    for mark in every(tree.document, f"wbr[{_MARK}]", None):
        text = surroundings(mark)
        if text in seen:
            continue
        seen.add(text)
        where = place(mark)
        for mention in prose.mentions(text):
            reserved = mention.reading.spdx == OPT_OUT
            of_part = not reserved and _block_speaks_of_part(mark, mention.raw)
            scope = "element" if of_part else _scope_of_mention(mention, where)
            yield observe("statement", scope, mention.raw, DETECTOR, mention.reading, CONFIDENCE_OF_STATEMENT[scope],
                          context=mention.sentence)


def _scope_of_mention(mention: prose.Mention, where: str) -> str:
    if mention.reading.spdx == ALL_RIGHTS_RESERVED:
        # The notice of a site; elsewhere it is talked about, or speaks of a picture.
        return "site" if where == "site" and mention.subject != "part" else "element"
    if mention.reading.spdx == OPT_OUT:
        return "site" if where == "site" else "page"
    if prose.denies(mention.sentence, mention.raw):
        return "element"
    here = prose.points_here(mention.sentence)
    scope = _scope(where, mention.subject, mention.grants and here)
    if mention.reading.spdx in _FREE_BY_LAW and (scope == "page" or not here):
        # Prose speaks of works in the public domain far more often than it dedicates itself to it.
        return "element"
    talked_about = not mention.grants and (mention.reading.confidence <= CHOSEN or len(mention.sentence) > 200)
    return "element" if scope == "site" and talked_about else scope


_FREE_BY_LAW = (PUBLIC_DOMAIN, US_GOVERNMENT)
_HINTS = {
    _metas: r"<meta\b[^>]*(?:licen[sc]e|rights|noai|noimageai|noml|tdm-reservation|content-usage|content-signal)",
    _links: r"(?:rel|itemprop|property)\s*=\s*[\"']?[^\"'>]*license|" + "|".join(map(re.escape, _LICENSE_HOSTS)),
    _badges: r"creativecommons\.org/[lp]/|licensebuttons\.net/",
    _jsonld: r"(?s)ld\+json.*license",
    _rsl: r"rsl\+xml",
    _sentences: prose.HINT,
}
"""Kind of statement -> RE2 pattern that every page with one matches."""
