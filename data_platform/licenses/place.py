"""Where on a page something stands, and hence what a statement there covers.

Belongs here: ancestors and what surrounds a node of the DOM. Does not: which nodes are looked at (`markup`, `html`),
words (`prose`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resiliparse.parse.html import DOMNode

MAX_ELEMENTS = 1_000
"""Elements of a kind that are looked at per page; more are galleries, whose links credit pictures."""
MAX_ANCESTORS = 40
"""How far up the tree the place of a node is judged."""
MAX_SURROUNDINGS = 600
"""Characters of the block around a node that are read with it."""
MIN_SURROUNDINGS = 40
"""A shorter block is read with the block around it: the cell of a table, the item of a list."""

_SITE_TAGS = frozenset({"footer", "aside"})
_SITE_NAMES = re.compile(r"foot|colophon|sidebar|(?<!elementor-)widget|imprint|impressum|site-?info|sub-?sidiary", re.I)
"""Elementor, a builder of pages, calls every paragraph of a page a widget."""
_NOTICE_PLACES = re.compile(r"copyright|licen[sc]e|lizenz|creative-?commons|credit", re.I)
"""Names of notices of a site and of credits under a picture alike: what stands around them tells which."""
_FIGURE_TAGS = frozenset({"figure", "figcaption", "picture"})
_FIGURE_NAMES = re.compile(r"caption|attachment|image|img|photo|foto|bild|thumb|gallery|media-?copyright|source", re.I)
_CONTENT_TAGS = frozenset({"article", "main"})
_CONTENT_NAMES = re.compile(r"(?:entry|post|article|page|main)-?_?(?:content|body|text)", re.I)
_QUOTED = re.compile(
    r"(?:^|\s)(?:(?:li-?)?comments?(?:-?(?:list|body|content|text|area|section|thread|wrap\w*|container))?(?:-\d+)?|"
    r"responses|disqus_thread|(?:tweet|toot)-embed|twitter-tweet|embed(?:ded)?-post)(?=\s|$)", re.I,
)
"""Names of comments and of posts of others: what is declared there is not declared of the page."""
_OTHER_TAGS = frozenset({"nav"})
_OTHER_NAMES = re.compile(r"comment|\bmenu|\bnav(?:igation|bar|list)?\b|breadcrumb|tag-?cloud|blogroll|linkcat", re.I)
"""Menus and comments: a licence that is named there is that of another text."""
OTHER_WORKS = frozenset({
    "about", "citation", "isbasedon", "mentions", "haspart", "itemlistelement", "comment", "review", "image",
    "thumbnail", "video", "audio", "associatedmedia", "primaryimageofpage", "logo", "publisher", "author", "creator",
    "subjectof", "relatedlink", "distribution", "encoding", "workexample", "exampleofwork", "photo", "suggestedanswer",
    "acceptedanswer",
})
"""Properties of schema.org whose values are other works: their licence is not the page's."""
_PART_TYPES = re.compile(
    r"(?:Image|Video|Audio|Media|Music|3D)\w*(?:Object|Recording|Composition)|Photograph|Software\w+|Product|Comment|"
    r"WebApplication|Answer|Map\b|DataDownload", re.I,
)
"""Types of schema.org whose licence is not that of the page's text."""
_WHOLE_TYPES = re.compile(
    r"article|webpage|\bpage|posting|creativework|report|recipe|course|learningresource|dataset|book|howto|faq|review|"
    r"document|\bwork\b|sioc:item",
    re.I,
)
_SITE_TYPES = re.compile(r"website|periodical|blog$|organization", re.I)
_OTHER_FILE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|mp[34]|ogg|pdf|zip)\b", re.I)
_OWN_ADDRESS = "link[rel~=canonical i],link[rel~=shortlink i],meta[property='og:url' i]"
_INLINE = frozenset({
    "a", "abbr", "b", "br", "cite", "code", "em", "font", "i", "img", "label", "q", "small", "span", "strong", "sub",
    "sup", "time", "u", "wbr",
})


def every(node: DOMNode, selector: str, limit: int | None = MAX_ELEMENTS) -> list[DOMNode]:
    """The first elements below a node that a selector matches.

    As a list: Resiliparse wraps all that match for each one that is asked for, which is quadratic.
    """
    return list(node.query_selector_all(selector)[:limit])


def scope_of_type(types: str) -> str | None:
    """What a statement inside an item of these types covers: 'page', 'site', 'element'; None if no type tells."""
    if _PART_TYPES.search(types):
        return "element"
    if _SITE_TYPES.search(types.strip()):
        return "site"
    return "page" if _WHOLE_TYPES.search(types) else None


def place(node: DOMNode | None) -> str:
    """Where in the page a node stands; the nearest ancestor that tells decides.

    'figure', 'quoted' (comments, quotations), 'other' (menus), 'content', 'site' (footer, sidebar, notice) or
    'elsewhere'.
    """
    notice = False
    for _ in range(MAX_ANCESTORS):
        if node is None:
            break
        tag = (node.tag or "").lower()
        if tag in ("body", "html", "") or tag.startswith("#"):
            break
        if tag in _FIGURE_TAGS or "ImageObject" in (node.getattr("itemtype") or ""):
            return "figure"
        if tag == "blockquote":
            return "quoted"
        if tag in _OTHER_TAGS:
            return "other"
        if tag in _SITE_TAGS:
            return "site"
        name = f"{node.getattr('id') or ''} {node.getattr('class') or ''}"
        if tag in _CONTENT_TAGS or _CONTENT_NAMES.search(name):
            return "site" if notice else "content"
        if any(_QUOTED.search(node.getattr(attribute) or "") for attribute in ("id", "class")):
            return "quoted"
        if _OTHER_NAMES.search(name):
            return "other"
        if _SITE_NAMES.search(name):
            return "site"
        if _FIGURE_NAMES.search(name):
            return "figure"
        notice = notice or bool(_NOTICE_PLACES.search(name))
        node = node.parent
    return "site" if notice else "elsewhere"


def item_scope(node: DOMNode | None) -> str | None:
    """The scope that microdata or RDFa around a node say: of the nearest item, or of another resource ('element').

    An `about` with an address speaks of something else than the page (RDFa 1.1, section 7.5), unless the page says that
    the address is its own. So does an item that is the value of one of `OTHER_WORKS`.
    """
    names: list[str] = []
    for _ in range(MAX_ANCESTORS):
        if node is None:
            return None
        if (node.tag or "").lower() in ("body", "html"):
            return _scope_of_reference(node, names)
        about = (node.getattr("about") or node.getattr("itemid") or "").strip()
        if not about.startswith("#") and (_OTHER_FILE.search(about) or _is_elsewhere(node, about)):
            return "element"
        names.append(node.getattr("id") or "")
        if node.hasattr("itemscope") or node.hasattr("typeof"):
            scope = _scope_of_item(node)
            if scope:
                return scope
        node = node.parent
    return None


def _scope_of_item(item: DOMNode) -> str | None:
    properties = f"{item.getattr('itemprop') or ''} {item.getattr('property') or ''} {item.getattr('rel') or ''}"
    if OTHER_WORKS & {re.split(r"[:/#]", name)[-1] for name in properties.lower().split()}:
        return "element"
    return scope_of_type(item.getattr("itemtype") or item.getattr("typeof") or "")


def _scope_of_reference(body: DOMNode, names: list[str]) -> str | None:
    """The scope of the item that takes its properties from one of the elements with these ids (microdata, itemref)."""
    for item in every(body, "[itemscope][itemref]") if any(names) else ():
        if set((item.getattr("itemref") or "").split()) & set(filter(None, names)):
            return _scope_of_item(item)
    return None


def _is_elsewhere(node: DOMNode, about: str) -> bool:
    """Whether an absolute address is not the one that the page gives for itself."""
    if not re.match(r"(?:https?:)?//", about, re.I):
        return False
    while node.parent is not None and not (node.tag or "").startswith("#document"):
        node = node.parent
    own = every(node, _OWN_ADDRESS)
    return _address(about) not in {_address(one.getattr("href") or one.getattr("content") or "") for one in own}


def _address(url: str) -> str:
    return re.sub(r"^(?:https?:)?//(?:www\.)?|[?#].*$", "", url.strip(), flags=re.I).rstrip("/")


@lru_cache(maxsize=4)
def _squeezed(node: DOMNode) -> str:
    """Text of a node, white space squeezed: made once for all links in a block. It keeps its tree alive."""
    return " ".join(node.text.split())


def forget_nodes() -> None:
    """Let go of the nodes of a page once it is read: a tree must end in the thread that made it."""
    _squeezed.cache_clear()


def own_block(node: DOMNode) -> str:
    """Text of the nearest block around a node, white space squeezed; empty if it is longer than `MAX_SURROUNDINGS`."""
    block: DOMNode | None = node
    while block is not None and (block.tag or "").lower() in _INLINE:
        block = block.parent
    if block is None or (block.tag or "").lower() in ("body", "html"):
        return ""
    text = _squeezed(block)
    return text if len(text) <= MAX_SURROUNDINGS else ""


def surroundings(node: DOMNode) -> str:
    """Text around a node, white space squeezed: of the block it stands in, or of its neighbours if that is long."""
    text = " ".join(node.text.split())
    for _ in range(MAX_ANCESTORS):
        parent = node.parent
        if parent is None or (parent.tag or "").lower() in ("body", "html"):
            break
        if (node.tag or "").lower() not in _INLINE and len(text) > MIN_SURROUNDINGS:
            return text
        around = _squeezed(parent)
        if len(around) > MAX_SURROUNDINGS:
            break
        node, text = parent, around
    if len(text) > MIN_SURROUNDINGS and (node.tag or "").lower() not in _INLINE:
        return text
    return " ".join(f"{_beside(node, 'previous_sibling')} {text} {_beside(node, 'next_sibling')}".split())


def _beside(node: DOMNode, direction: str) -> str:
    """Text of the siblings before or after a node, up to half of `MAX_SURROUNDINGS` and to the next block of text."""
    found: list[str] = []
    size = 0
    half = MAX_SURROUNDINGS // 2
    sibling = getattr(node, direction)
    while sibling is not None and size < half:
        tag = (sibling.tag or "").lower()
        if tag not in ("script", "style", "#comment"):
            if found and tag and not tag.startswith("#") and tag not in _INLINE:
                break
            text = sibling.text
            found.append(text[-half:] if direction == "previous_sibling" else text[:half])
            size += len(text)
        sibling = getattr(sibling, direction)
    return " ".join(reversed(found) if direction == "previous_sibling" else found)
