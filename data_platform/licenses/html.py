"""Licence statements in HTML: links, anchors, meta elements, microdata, JSON-LD, and opt-outs in meta elements.

Belongs here: finding statements in a page and saying what each covers. Does not: HTTP headers (`headers`) and what
follows for the document (`resolve`). The DOM is Resiliparse's (Lexbor): compiled, and it makes a tree of any bytes.

What a statement covers (its scope) decides more than what it says, since most Creative Commons links on the web credit
a picture:

- `page`: link and anchor with rel=license, which HTML defines as "the main content of the current document is covered
  by the license" (https://html.spec.whatwg.org/multipage/links.html#link-type-license); meta; JSON-LD of the page;
- `site`: an anchor to a licence in the footer, a sidebar or a copyright notice;
- `element`: everything else: an anchor in the content, a caption, JSON-LD or microdata of an image.

A rel=license inside a caption or figure covers the figure alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from data_platform.licenses.expressions import EXACT, OPT_OUT, UNKNOWN, Reading, read
from data_platform.licenses.observation import Observation, observe

if TYPE_CHECKING:
    from resiliparse.parse.html import DOMNode

DETECTOR = "html@1"

MAX_ANCHORS = 1_000
"""Anchors that are looked at per page; more are galleries, whose links credit pictures."""
MAX_JSONLD_NODES = 10_000
MAX_JSONLD_DEPTH = 64
MAX_ANCESTORS = 40
"""How far up the tree the place of an anchor is judged."""

CONFIDENCE_OF_SCOPE = {"page": 0.95, "site": 0.8, "element": 0.4}
"""Upper bound of confidence by what a link covers: our judgement, ordered as the agreement with the annotated pages."""

_META_NAMES = frozenset({
    "license", "licence", "dc.license", "dcterms.license", "dc.rights", "dc.rights.license", "dcterms.rights",
    "dcterms.rights.license", "cc:license", "dc:license", "dcterms:license", "dc:rights", "dcterms:rights",
    "og:license", "rights",
})
_NOTICE_NAMES = frozenset({"copyright", "rights-standard"})
"""Meta names that hold a copyright notice more often than a licence: recorded only if a licence can be read there."""
_METAS = ",".join(
    f"meta[{attribute}='{name}' i]" for attribute in ("name", "property")
    for name in ("tdm-reservation", *sorted(_META_NAMES | _NOTICE_NAMES))
) + ",meta[content*='noai' i],meta[content*='noimageai' i]"
_OPT_OUTS = frozenset({"noai", "noimageai"})
_LICENSE_HOSTS = (
    "creativecommons.org/", "opensource.org/licen", "spdx.org/licenses/", "gnu.org/licenses/", "gnu.org/copyleft/",
    "apache.org/licenses/", "mozilla.org/mpl", "mozilla.org/en-us/mpl", "unlicense.org",
    "opendatacommons.org/licenses/", "cdla.dev/", "cdla.io/",
    "artlibre.org/licence", "nationalarchives.gov.uk/doc/open-government-licence",
    "govdata.de/dl-de/", "etalab.gouv.fr/licence", "wtfpl.net", "usa.gov/", "rightsstatements.org/",
)
_CANDIDATES = ",".join(
    ["[rel~=license i]", "[itemprop~=license i]"]
    + [f":not(meta)[property~='{vocabulary}:license' i]" for vocabulary in ("cc", "dct", "dcterms")]
    + [f"a[href*='{host}' i]" for host in _LICENSE_HOSTS]
)
_SITE_TAGS = frozenset({"footer", "aside"})
_SITE_NAMES = re.compile(r"foot|colophon|sidebar|widget|imprint|impressum|site-?info", re.I)
_NOTICE_PLACES = re.compile(r"copyright|licen[sc]e|creative-?commons|credit", re.I)
"""Names of notices of a site and of credits under a picture alike: what stands around them tells which."""
_FIGURE_TAGS = frozenset({"figure", "figcaption", "picture"})
_FIGURE_NAMES = re.compile(r"caption|attachment|image|img|photo|foto|bild|thumb|gallery|media-?copyright|source", re.I)
_CONTENT_TAGS = frozenset({"article", "main"})
_CONTENT_NAMES = re.compile(r"(?:entry|post|article|page|main)-?_?(?:content|body|text)|comment", re.I)


def observations(payload: bytes) -> list[Observation]:
    """Every licence statement of a page, in document order by kind. Never raises on a page, whatever it holds."""
    from resiliparse.parse.html import HTMLTree

    if payload[:2] in (b"\xff\xfe", b"\xfe\xff"):
        payload = payload.decode("utf-16", "replace").encode()
    tree = HTMLTree.parse_from_bytes(payload)
    document = tree.document
    return [*_metas(document), *_links(document), *_jsonld(document)]


def _metas(document: DOMNode) -> Iterator[Observation]:
    for meta in document.query_selector_all(_METAS):
        name = (meta.getattr("name") or meta.getattr("property") or "").strip().lower()
        content = (meta.getattr("content") or "").strip()
        if not name or not content:
            continue
        if name == "robots" or name.endswith("bot"):
            if _OPT_OUTS & set(re.split(r"[\s,:;]+", content.lower())):
                yield observe("meta", "page", f"{name}: {content}", DETECTOR, Reading(OPT_OUT, EXACT))
        elif name == "tdm-reservation":
            if content == "1":
                yield observe("meta", "page", f"{name}: {content}", DETECTOR, Reading(OPT_OUT, EXACT))
        elif name in _META_NAMES or (name in _NOTICE_NAMES and read(content).spdx != UNKNOWN):
            yield observe("meta", "page", content, DETECTOR, most=CONFIDENCE_OF_SCOPE["page"])


def _links(document: DOMNode) -> Iterator[Observation]:
    for count, node in enumerate(document.query_selector_all(_CANDIDATES)):
        if count == MAX_ANCHORS:
            return
        href = (node.getattr("href") or node.getattr("content") or node.getattr("src") or "").strip()
        declared = "license" in (node.getattr("rel") or "").lower().split()
        reading = read(href)
        if not href or (reading.spdx == UNKNOWN and not declared):
            # A link to creativecommons.org that names no licence, or microdata with a text in place of an address.
            continue
        place = _place(node)
        if declared or not node.hasattr("href") or node.hasattr("itemprop") or node.hasattr("property"):
            scope = "element" if place == "figure" else "page"
        else:
            scope = "site" if place == "site" else "element"
        location = {"link": "link", "meta": "meta"}.get(node.tag, "anchor")
        yield observe(location, scope, href, DETECTOR, reading, CONFIDENCE_OF_SCOPE[scope])


def _place(node: DOMNode) -> str:
    """Where in the page a node stands: 'figure', 'content', 'site' or 'elsewhere'; the nearest ancestor decides."""
    notice = False
    for _ in range(MAX_ANCESTORS):
        if node is None:
            break
        tag = (node.tag or "").lower()
        if tag in ("body", "html", "") or tag.startswith("#"):
            break
        name = f"{node.getattr('id') or ''} {node.getattr('class') or ''}"
        if tag in _FIGURE_TAGS or "ImageObject" in (node.getattr("itemtype") or ""):
            return "figure"
        if tag in _SITE_TAGS:
            return "site"
        if tag in _CONTENT_TAGS or _CONTENT_NAMES.search(name):
            return "site" if notice else "content"
        if _SITE_NAMES.search(name):
            return "site"
        if _FIGURE_NAMES.search(name):
            return "figure"
        notice = notice or bool(_NOTICE_PLACES.search(name))
        node = node.parent
    return "site" if notice else "elsewhere"


_PAGE_TYPES = re.compile(
    r"article|page|posting|creativework|report|recipe|course|learningresource|dataset|book|website|howto|faq", re.I
)


def _jsonld(document: DOMNode) -> Iterator[Observation]:
    for script in document.query_selector_all("script[type*='ld+json' i]"):
        text = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$", "", script.text or "")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        yield from _statements(data)


def _statements(data: Any) -> Iterator[Observation]:
    """The `license` of every node of a JSON-LD document, the nodes of @graph included."""
    pending = [(data, 0)]
    for _ in range(MAX_JSONLD_NODES):
        if not pending:
            return
        node, depth = pending.pop()
        if depth > MAX_JSONLD_DEPTH:
            continue
        if isinstance(node, list):
            pending.extend((part, depth + 1) for part in reversed(node))
        elif isinstance(node, dict):
            kinds = node.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            whole = any(isinstance(kind, str) and _PAGE_TYPES.search(kind) for kind in kinds)
            scope = "page" if whole else "element"
            for stated in _values(node.get("license")):
                yield observe("jsonld", scope, stated, DETECTOR, most=CONFIDENCE_OF_SCOPE[scope])
            pending.extend((part, depth + 1) for key, part in reversed(node.items()) if key != "license")


def _values(license_: Any) -> Iterator[str]:
    """A schema.org license is a URL, a CreativeWork with url, @id or name, or a list of them."""
    for value in license_ if isinstance(license_, list) else [license_]:
        if isinstance(value, dict):
            value = next((value[key] for key in ("url", "@id", "name") if isinstance(value.get(key), str)), None)
        if isinstance(value, str) and value.strip():
            yield value.strip()
