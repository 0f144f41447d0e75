"""Title, author, source and copyright line of a page, where its markup and its text name them.

| looked at | names |
|---|---|
| meta elements | author, article:author, dc.creator, dcterms.creator, citation_author and the like; titles; rights |
| JSON-LD | author, creator, headline, copyrightHolder and copyrightNotice of the nodes that are the page |
| microdata, microformats, rel | itemprop=author, rel=author, p-author, elements of the classes byline and author |
| links | rel=canonical, og:url |
| lines of text | those that begin with ©, (c) or Copyright, if they speak of no picture |

What is asked first counts, in this order. Belongs here: HTML. Does not: which licence a page states (`licenses/html`).
The DOM is Resiliparse's, and a page is not parsed if it has none of the words by which anything of this is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.credits import rows
from data_platform.credits.copyright import copyright_lines
from data_platform.credits.credit import NOTHING, Credit, line, names
from data_platform.licenses.place import every, forget_nodes, place

if TYPE_CHECKING:
    from resiliparse.parse.html import DOMNode, HTMLTree

HINT = (
    r"author|creator|byline|©|&copy;|&#169;|&#xa9;|copyright|\(c\) ?[12]|canonical|og:|citation_|dc\.|dcterms|ld\+json|"
    r"headline"
)
"""RE2 pattern that every page matches in which anything is found but its title, without regard to case."""
WIDE = (b"\xff\xfe", b"\xfe\xff")
MAX_LINES = 5
"""Copyright lines of one page: more are those of pictures."""
MAX_BYLINE = 200

_AUTHOR_METAS = (
    ("citation_author", "citation_authors", "dc.creator", "dc.creator.personalname", "dcterms.creator", "dc:creator",
     "dcterms:creator", "eprints.creators_name", "bepress_citation_author", "prism.author"),
    ("author", "article:author", "article:author_name", "og:article:author", "book:author", "parsely-author",
     "sailthru.author", "authors", "byl", "byline", "shareaholic:article_author_name", "cxenseparse:author", "creator"),
    ("twitter:creator", "dc.contributor", "dcterms.contributor", "dcterms.rightsholder", "dcterms:rightsholder",
     "dc.publisher", "dcterms.publisher", "citation_publisher"),
)
_TITLE_METAS = ("citation_title", "dc.title", "dcterms.title", "og:title", "twitter:title", "parsely-title")
_RIGHTS_METAS = ("copyright", "dc.rights", "dcterms.rights", "dcterms.rightsholder", "rights", "citation_copyright")
_JOURNAL_METAS = ("citation_journal_title", "prism.publicationname", "citation_conference_title")
_BYLINES = (
    "[itemprop~=author i]", "[rel~=author i]", ".p-author,.h-card.author",
    "[property='dc:creator' i],[property$='/creator' i]",
    ".byline__name,.author-name,.author__name,.post-author,.entry-author,.article-author,.vcard.author",
    ".byline,.byline-author,.c-byline,.article__byline,p.author,span.author,div.author,a.author",
)
_PAGE_TYPES = re.compile(
    r"article|posting|webpage|report|book|chapter|creativework|dataset|learningresource|recipe|review|howto|qapage|thesis|"
    r"question|answer|softwaresourcecode|document|essay|story|course|faqpage|medicalwebpage", re.I,
)
_OF_PICTURE = re.compile(
    r"photo|image|picture|illustration|getty|shutterstock|istock|alamy|video|screenshot|theme\b", re.I
)
_ENDS_BYLINE = re.compile(
    r"\s(?:\||•|·|\u2014|\u2013|on|updated|published|posted|last)\s.*|"
    r"[,|•·]?\s*(?:\d{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d.*|\s*\d{4}-\d\d.*", re.I,
)


def hints(payloads: pa.Array) -> list[bool]:
    """Per page, whether anything may be found in it: one pass of RE2 over the bytes. Null has nothing."""
    return pc.fill_null(pc.match_substring_regex(payloads, HINT, ignore_case=True), False).to_pylist()


def credit_of(payload: bytes, url: str = "") -> Credit:
    """What a page credits. Never raises on a page, whatever it holds. `url` is the address it was fetched from."""
    from resiliparse.parse.html import HTMLTree

    if payload[:2] in WIDE:
        payload = payload.decode("utf-16", "replace").encode()
    tree = HTMLTree.parse_from_bytes(payload)
    try:
        metas = _metas(tree)
        stated = [_of_metas(metas), _of_jsonld(tree, url), _of_bylines(tree)]
        credit = NOTHING
        for one in stated:
            credit = credit.over(one)
        return credit._replace(
            source=_source(tree, metas, url),
            copyright=tuple(dict.fromkeys((*credit.copyright, *_lines(tree, payload))))[:MAX_LINES],
        )
    finally:
        forget_nodes()


def _metas(tree: HTMLTree) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in every(tree.document, "meta[name],meta[property],meta[itemprop]", None):
        key = (meta.getattr("name") or meta.getattr("property") or meta.getattr("itemprop") or "").strip().lower()
        content = (meta.getattr("content") or "").strip()
        if key and content:
            found.setdefault(key, []).append(content)
    return found


def _of_metas(metas: Mapping[str, list[str]]) -> Credit:
    authors: tuple[str, ...] = ()
    for keys in _AUTHOR_METAS:
        stated = [value for key in keys for value in metas.get(key, ())]
        named = [value for value in stated if not re.match(r"https?://", value)]
        if authors := names(_turned(value) for value in named or stated):
            break
    title = next((line(value, rows.MAX_TITLE) for key in _TITLE_METAS for value in metas.get(key, ())), "")
    rights = tuple(dict.fromkeys(
        said for key in _RIGHTS_METAS for value in metas.get(key, ()) for said in copyright_lines(value)
        or ((line(value),) if key == "copyright" and len(value) <= MAX_BYLINE else ())
    ))
    return Credit(title, authors, copyright=rights)


def _turned(value: str) -> str:
    """'Family, Given', as citation metadata write it, in the order in which it is spoken."""
    match = re.fullmatch(r"\s*([^\W\d][^,;\d]{0,60}),\s*([^\W\d][^,;\d]{0,60}?)\s*", value)
    return f"{match[2]} {match[1]}" if match and len(match[1].split()) <= 2 and len(match[2].split()) <= 3 else value


def _of_jsonld(tree: HTMLTree, url: str) -> Credit:
    nodes: list[dict[str, Any]] = []
    for script in every(tree.document, "script[type*='ld+json' i]"):
        text = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$", "", script.text or "")
        try:
            nodes += _nodes(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            continue
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    found = NOTHING
    # What says that it is about this address comes before what does not say.
    for node in sorted(nodes, key=lambda one: url.rstrip("/") not in _addresses(one)):
        kinds = node.get("@type")
        kinds = " ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds)
        if not _PAGE_TYPES.search(kinds):
            continue
        here = _addresses(node)
        if here and url and not any(_same_page(address, url) for address in here):
            continue
        found = found.over(_of_node(node, by_id))
        if found.authors:
            break
    return found


def _same_page(address: str, url: str) -> bool:
    """Whether two addresses are of one host, or one of them names none."""
    host = re.match(r"https?://(?:www\.)?([^/?#:]+)", address)
    other = re.match(r"https?://(?:www\.)?([^/?#:]+)", url)
    return host is None or other is None or host[1].lower() == other[1].lower()


def _addresses(node: Mapping[str, Any]) -> list[str]:
    main = node.get("mainEntityOfPage")
    stated = (node.get("url"), main.get("@id") if isinstance(main, dict) else main)
    return [value.rstrip("/") for value in stated if isinstance(value, str)]


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    """The nodes at the top of a script, those of @graph and main entities; what they refer to is of other works."""
    pending = [data]
    for _ in range(rows.MAX_NODES):
        if not pending:
            return
        node = pending.pop(0)
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            yield node
            pending += [node[key] for key in ("@graph", "mainEntity") if isinstance(node.get(key), list | dict)]


def _of_node(node: Mapping[str, Any], by_id: Mapping[str, dict[str, Any]]) -> Credit:
    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(part) for part in value]
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and not value.get("name"):
            return by_id.get(value["@id"], value)
        return value

    authors = next((found for key in ("author", "creator", "copyrightHolder")
                    if (found := rows.people(resolved(node.get(key))))), ())
    named = (node[key] for key in ("headline", "name") if isinstance(node.get(key), str))
    title = line(next(named, ""), rows.MAX_TITLE)
    notice = node.get("copyrightNotice")
    holders = rows.people(resolved(node.get("copyrightHolder")))
    lines: tuple[str, ...] = ()
    if isinstance(notice, str) and line(notice):
        lines = (line(notice),)
    elif holders:
        year = node.get("copyrightYear")
        lines = (line(f"© {year} {', '.join(holders)}" if year else f"© {', '.join(holders)}"),)
    return Credit(title, tuple(name for name in authors if not re.match(r"(?:https?:/|#|_:)", name)), copyright=lines)


def _of_bylines(tree: HTMLTree) -> Credit:
    for selector in _BYLINES:
        stated = []
        for node in every(tree.document, selector, 20):
            if place(node) in ("other", "quoted", "figure"):
                continue
            named = node.query_selector("[itemprop~=name i]")
            if (node.tag or "").lower() in ("meta", "link"):
                said = node.getattr("content") or node.getattr("title") or ""
            else:
                said = _spoken(named if named is not None else node)
            if 0 < len(said) <= MAX_BYLINE and not re.match(r"https?://", said):
                stated.append(_ENDS_BYLINE.sub("", said))
        if authors := names(stated):
            return Credit(authors=authors)
    return NOTHING


def _spoken(node: DOMNode) -> str:
    return " ".join((node.text or "").split())


def _source(tree: HTMLTree, metas: Mapping[str, list[str]], url: str) -> str:
    """Where the page says that it stands, if that is not where it was fetched; and the journal it appeared in."""
    link = tree.document.query_selector("link[rel~=canonical i]")
    address = line((link.getattr("href") or "") if link is not None else next(iter(metas.get("og:url", ())), ""))
    there = address if re.match(r"https?://", address) and address.rstrip("/") != url.rstrip("/") else ""
    journal = next((line(value) for key in _JOURNAL_METAS for value in metas.get(key, ())), "")
    return ", ".join(part for part in (journal, there) if part)


def _lines(tree: HTMLTree, payload: bytes) -> Iterator[str]:
    if not re.search(rb"copyright|\xc2\xa9|\xa9|&copy;|&#169;|&#xa9;|\(c\) ?[12]", payload, re.I) or tree.body is None:
        return
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(tree, main_content=False, alt_texts=False, links=False, form_fields=False, noscript=False)
    for stated in copyright_lines(text, MAX_LINES * 4):
        if len(stated) <= MAX_BYLINE * 2 and not _OF_PICTURE.search(stated):
            yield stated
