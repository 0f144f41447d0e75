"""One linear pass from markup to blocks: the text between block-level tags, each with the element that it stands in.

Here belongs what the HTML standard says of tags, text and character references, as far as it decides which characters
are text and which elements are open around them. Not here: which blocks are content (`features`, `forest`), and how the
chosen ones are put together (`render`). This module imports numba.

Tree construction follows "The rules for parsing tokens in HTML content" (HTML standard, section 13.2.6) where it moves
text between blocks: implied end tags, table scope, raw text elements. It does not reopen formatting elements and does
not foster-parent. Every step consumes input or pops what was pushed, so that the cost is linear in the page, times the
depth in the worst case, and depth is what `guard` bounds.

Whitespace collapses as CSS does for `white-space: normal`, and stays in <pre>. So the end of a line of markup between
two Chinese or Japanese characters is no space (CSS Text 3, section 4.1.3, "Segment Break Transformation Rules").
No-break and ideographic spaces count as spaces; soft hyphens and zero-width spaces, which are hints for line breaking,
are dropped.

Of what is no text of the line that it stands in, small numbers above it become superscript digits ("10<sup>6</sup>" is
not 106), readings of characters (<rt>) are left out, and so are links by which headings point at themselves.
"""

from __future__ import annotations

import html
from html.entities import html5
from typing import NamedTuple

import numpy as np

from data_platform.extract.keywords import CLASSES, automaton
from data_platform.extract.tags import RAW, VOID, after_comment, after_greater, attribute, end_tag, tag_name
from data_platform.kernels.ascii import is_space, lower
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import FNV_OFFSET, fnv1a, fnv1a_of
from data_platform.kernels.utf8 import write

_BLOCK = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu nav ol optgroup "
    "option p plaintext pre search section summary table tbody td tfoot th thead tr ul"
)
_DROPPED = "noscript template svg math select datalist object audio video canvas button mjx-math map applet rt rp rtc"
_OTHERS = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark mjx-container q s samp small span strike "
    "strong sub sup time tt u var"
)

TAGS = ("", *dict.fromkeys(f"{VOID} {RAW} {_BLOCK} {_DROPPED} {_OTHERS}".split()))
"""Names of elements by their number in `Page.tag`; 0 is any other element."""

TAG = {name: number for number, name in enumerate(TAGS)}
"""Number of an element by name."""

_IS_VOID, _IS_RAW, _IS_BLOCK, _IS_DROPPED, _IS_PRE, _IS_CELL, _IS_ROW_PART, _IS_ITEM, _IS_HEADING, _IS_CODE = (
    1 << bit for bit in range(10)
)

KEYWORDS = (
    "article artikel",
    "articlebody article_body article_content articlecontent article_text articletext storybody story_body "
    "story_content news_body newsbody article_main fulltext full_text",
    "_post_ blogpost postbody post_body post_content postcontent post_text post_entry _posts_ blog_post",
    "entry_content entrycontent entry_body entry_text entry hentry h_entry e_content",
    "content inhalt contenido contenu",
    "_main maincontent",
    "text body copy paragraph absatz prose rte richtext",
    "story page_content pagecontent",
    "comment kommentar disqus respond _reply coment discussion _forum opinions",
    "sidebar side_bar aside widget secondary rightcol right_col leftcol left_col marginal rail _right_ _left_ _side",
    "_nav menu breadcrumb pagination pager paging crumb navi sitemap",
    "_toc contents jump skip anchor",
    "footer _foot bottom fuss colophon",
    "header masthead _head_ topbar kopf branding",
    "related recommend similar verwandt mehr_zum related_posts crosslink readmore read_more read_next see_also",
    "teaser promo featured highlight_box",
    "share sharing social twitter facebook sharedaddy addthis whatsapp pinterest linkedin instagram follow",
    "_ad_ _ads_ advert sponsor anzeige werbung adslot taboola outbrain adsense _ad1 _dfp",
    "cookie consent gdpr privacy datenschutz",
    "newsletter subscribe signup sign_up subscription mailing _abo",
    "_tag _tags tagcloud categor topics keyword schlagw _cat_ _cats",
    "meta byline postinfo post_info entry_info infos dateline",
    "author autor writer contributor vcard",
    "date datum _time published timestamp",
    "caption figure credit legend bildunter",
    "image photo bild gallery slider carousel slideshow picture img thumb",
    "title headline heading _titel",
    "lead intro subtitle standfirst summary excerpt abstract description vorspann dek subhead",
    "login search register suche account signin",
    "_form field input captcha",
    "popup modal overlay lightbox dialog tooltip",
    "hidden _hide sr_only screen_reader invisible visually noprint no_print offscreen",
    "_bio about_author author_box authorbox profile _about",
    "copyright legal disclaimer impressum licen rights imprint",
    "list _items _item",
    "product price _cart _shop warenkorb",
    "rating review stars vote",
    "infobox factbox info_box _box _info",
    "tool action button _btn print",
    "archive recent latest popular trending _most news_list last_posts",
    "permalink editsection edit_link _edit",
    "wrapper container _page _site layout",
    "module section _row column _col",
    "quote zitat pullquote",
    "language locale translat _lang",
    "video player media embed audio podcast",
    "donat spende support paywall premium",
    "_rss feed",
    "footnote reference quellen source bibliogra citation",
    "step ingredient recipe zutaten zubereitung instruction",
    "faq question answer accordion",
    "event location address contact kontakt",
    "_prev _next previous navigation",
    "download attachment",
    "banner alert notice notification",
    "mainentity newsarticle blogposting",
)
"""Groups of keywords that are looked for in class, id, role and itemprop; bit k of `Page.bits` is group k. `_` is
anything but a letter, or an end of the value. They are the names that templates, content management systems and
schema.org give to parts of a page, in the languages of the web's common systems."""

_HIDDEN_BIT, _CODE_BIT, _GUTTER_BIT, _RENDERED_BIT, _MATHJAX_BIT, _LISTING_BIT = 58, 59, 60, 61, 62, 63
_SPECIAL = (
    (_CODE_BIT, "highlight _code prettyprint brush language_ _lang_ sourcecode source_code syntax hljs codehilite "
                "_example_ _smallexample_ _lisp_ programlisting _screen_ literal_block listingblock enlighter"),
    (_GUTTER_BIT, "_gutter line_number linenumber _lineno _linenos _linenodiv rouge_gutter blob_num _ln_ _lnt_ "
                  "crayon_nums"),
    (_RENDERED_BIT, "katex_html mathjax_preview mathjax_display mathjax_svg mathjax_chtml mjx_chtml"),
    (_MATHJAX_BIT, "_mathjax_"),
    # Highlighters that write lines as elements, without <pre>: Crayon, GitHub, Alex Gorbatchev's SyntaxHighlighter. For
    # Doxygen see `_FRAGMENT`.
    (_LISTING_BIT, "crayon_pre js_file_line_container syntaxhighlighter"),
)
HIDDEN = 1 << _HIDDEN_BIT
"""Bit of `Page.bits`: `hidden`, `aria-hidden="true"` or a style that does not display the element."""

PREFORMATTED, CODE, AFTER_BREAK = 1, 2, 4
"""Bits of `Page.flags`: whitespace was kept; it is program code; it follows two line breaks in the same element."""


NUMBER_GIVEN, REVERSED = 1, 2
"""Bits of the second row of `Page.given` for lists: there is a number in the first; the list counts down."""


class Page(NamedTuple):
    """Blocks in the order of the page, and the elements around them.

    Attributes:
        text: UTF-8 of all blocks, one after the other.
        start: where each block begins in `text`.
        stop: where each block ends.
        node: innermost block-level element of each block, as an index into `parent`; 0 is outside of all.
        link: bytes of each block inside links.
        links: links of each block.
        inline: keyword groups of the inline elements of each block.
        flags: see `PREFORMATTED`, `CODE` and `AFTER_BREAK`.
        parent: parent of each element; smaller than the element.
        tag: number in `TAGS` of each element.
        bits: keyword groups of each element, see `KEYWORDS` and `HIDDEN`.
        given: two numbers that the attributes of each element give: of a cell how many columns and rows it spans, 0 if
            it does not say; of <ol> its `start`, of <li> its `value`, and for both `NUMBER_GIVEN` and `REVERSED`.
        title: where the first <title> begins and ends in `markup`; empty if there is none.
        images: of each <img> that is displayed, four numbers: where its attributes begin in `markup`, how much of
            `text` stands before it, the block that this lies in or that comes next, and its innermost block-level
            element.
        base: where the attributes of the first <base> begin in `markup`; 0 if there is none.
        markup: what was read.
    """

    text: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    node: np.ndarray
    link: np.ndarray
    links: np.ndarray
    inline: np.ndarray
    flags: np.ndarray
    parent: np.ndarray
    tag: np.ndarray
    bits: np.ndarray
    given: np.ndarray
    title: tuple[int, int]
    images: np.ndarray
    base: int
    markup: bytes


def scan(markup: bytes) -> Page:
    """Blocks and elements of a page in UTF-8. Never raises for bad markup; let `guard` bound its depth first."""
    tags = markup.count(b"<") + 2
    text = np.empty(len(markup) + len(markup) // 4 + 64, np.uint8)
    whole = np.zeros((9, tags), np.int32)
    images = np.empty((tags, 4), np.int32)
    bits = np.zeros((3, tags), np.uint64)
    small = np.zeros((2, tags), np.uint8)
    blocks, nodes, out, shown, base, title_start, title_stop = _scan(
        np.frombuffer(markup, np.uint8), _NUMBERS, _PROPERTIES, _DELTA, CLASSES, _OUTPUT, _ENTITY_KEYS, _ENTITY_SPANS,
        _ENTITY_BYTES, text, whole, bits, small, images, np.zeros(4096, np.int32), np.zeros(256, np.bool_),
    )
    start, stop, node, link, links = whole[:5, :blocks]
    return Page(
        text[:out], start, stop, node, link, links, bits[0, :blocks], small[0, :blocks], whole[5, :nodes],
        small[1, :nodes], bits[1, :nodes], whole[7:, :nodes], (title_start, title_stop), images[:shown], base, markup,
    )


_NUMBER_BITS, _ENTITY_BITS = 13, 14


def _numbers() -> np.ndarray:
    """(hash, number of the element) by the low bits of the hash of its name, with linear probing."""
    table = np.zeros((1 << _NUMBER_BITS, 2), np.uint64)
    for name, number in TAG.items():
        if number:
            slot = fnv1a_of(name) % len(table)
            while table[slot, 1]:
                slot = (slot + 1) % len(table)
            table[slot] = fnv1a_of(name), number
    return table


def _properties() -> np.ndarray:
    properties = np.zeros(len(TAGS), np.uint16)
    for bit, names in (
        (_IS_VOID, VOID), (_IS_RAW, RAW), (_IS_BLOCK, _BLOCK), (_IS_DROPPED, _DROPPED),
        (_IS_PRE, "pre listing plaintext"), (_IS_CELL, "td th caption"),
        (_IS_ROW_PART, "td th tr tbody thead tfoot caption"), (_IS_ITEM, "li dd dt option optgroup"),
        (_IS_HEADING, "h1 h2 h3 h4 h5 h6"), (_IS_CODE, "code samp kbd"),
    ):  # fmt: skip
        for name in names.split():
            properties[TAG[name]] |= bit
    return properties


def _entities() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Named character references (keys by hash, spans of their UTF-8) and, in the first 256 spans, what numeric
    references below 256 mean."""
    keys = np.zeros((1 << _ENTITY_BITS, 2), np.uint64)
    pieces = [html.unescape(f"&#{code};").encode() for code in range(256)]
    for name, value in html5.items():
        slot = fnv1a_of(name) % len(keys)
        while keys[slot, 1]:
            slot = (slot + 1) % len(keys)
        keys[slot] = fnv1a_of(name), len(pieces)
        pieces.append(value.encode())
    ends = np.cumsum([len(piece) for piece in pieces])
    spans = np.stack([ends - [len(piece) for piece in pieces], ends], 1).astype(np.int32)
    return keys, spans, np.frombuffer(b"".join(pieces), np.uint8)


_NUMBERS, _PROPERTIES = _numbers(), _properties()
_DELTA, _OUTPUT = automaton((*enumerate(KEYWORDS), *_SPECIAL))
_ENTITY_KEYS, _ENTITY_SPANS, _ENTITY_BYTES = _entities()
(_CLASS, _ID, _ROLE, _ITEMPROP, _STYLE, _ARIA_HIDDEN, _HIDDEN_NAME, _COLSPAN, _ROWSPAN, _START, _VALUE,
 _REVERSED, _HREF, _SHADOW) = (
    np.uint64(fnv1a_of(name))
    for name in ("class", "id", "role", "itemprop", "style", "aria-hidden", "hidden", "colspan", "rowspan", "start",
                 "value", "reversed", "href", "shadowrootmode")
)  # fmt: skip
(_A, _BR, _P, _LI, _TABLE, _TITLE, _BODY, _HTML, _UL, _OL, _DL, _SELECT, _TR, _MENU, _DIR, _MJX, _IMG, _BASE, _BUTTON,
 _SCRIPT, _STYLES, _CODE, _SUP, _DT, _TEMPLATE, _DIV) = (
    TAG[name]
    for name in ("a", "br", "p", "li", "table", "title", "body", "html", "ul", "ol", "dl", "select", "tr", "menu",
                 "dir", "mjx-container", "img", "base", "button", "script", "style", "code", "sup",
                 "dt", "template", "div")
)  # fmt: skip
_HIDDEN_MASK, _CODE_MASK, _GUTTER_MASK, _RENDERED_MASK, _MATHJAX_MASK, _LISTING_MASK = (
    np.uint64(1 << bit) for bit in (_HIDDEN_BIT, _CODE_BIT, _GUTTER_BIT, _RENDERED_BIT, _MATHJAX_BIT, _LISTING_BIT)
)
# What is to be written before the next character, unless a block begins; of several, the last of this order. A space
# beside the end of a line is a part of it, but for a no-break or ideographic one.
_SPACE, _LINE_END, _HARD_SPACE, _BREAK = range(1, 5)
# How Doxygen writes code and, behind its lines, what it shows where a name is pointed at. "fragment" alone is also the
# name of what appears later on slides.
_FRAGMENT = np.frombuffer(b'<div class="fragment"><div class="line">', np.uint8)
_TOOLTIP = np.frombuffer(b'<div class="ttc"', np.uint8)
_BR_NAME, _DIV_NAME = np.uint64(fnv1a_of("br")), np.uint64(fnv1a_of("div"))
_MAX_GUTTER = 1_000  # bytes of tags before the first number of a gutter
_MAX_RAISED = 5  # characters above the line that become superscripts; with its tags, each has room for three bytes
_MAX_NUMBER = 1_000_000_000  # of an item
_MAX_SEARCH = 256  # elements up to which an end tag looks for its start; real pages are less than 100 deep
_MAX_REFERENCE = 33  # longest name of a character reference with its semicolon


@part()
def _find(keys, value):
    """Second column of the row whose first is `value`, 0 if there is none."""
    slot = value & np.uint64(keys.shape[0] - 1)
    while keys[slot, 1] != 0:
        if keys[slot, 0] == value:
            return np.int64(keys[slot, 1])
        slot = (slot + np.uint64(1)) & np.uint64(keys.shape[0] - 1)
    return np.int64(0)


@part()
def _reference(data, at, text, out, keys, spans, pieces):
    """Write the character reference whose "&" stands at `at`, by the rules of `html.unescape`; returns the positions
    after it in `data` and `text`. What is no reference is written as it is.
    """
    after = at + 1
    if after < data.size and data[after] == 35:
        after += 1
        base = 10
        if after < data.size and (data[after] == 120 or data[after] == 88):
            base = 16
            after += 1
        first = after
        code = np.int64(0)
        while after < data.size:
            digit = np.int64(lower(data[after]))
            if 48 <= digit <= 57:
                digit -= 48
            elif base == 16 and 97 <= digit <= 102:
                digit -= 87
            else:
                break
            code = min(code * base + digit, np.int64(0x110000))
            after += 1
        if after > first:
            if after < data.size and data[after] == 59:
                after += 1
            if code < 256:
                for position in range(spans[code, 0], spans[code, 1]):
                    text[out] = pieces[position]
                    out += 1
                return after, out
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                code = np.int64(0xFFFD)
            if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
                return after, out
            return after, write(text, out, code)
    elif after < data.size:
        value = FNV_OFFSET
        best = 0
        best_after = after
        while after < data.size and after - at < _MAX_REFERENCE:
            byte = data[after]
            if not (48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 59):
                break
            value = fnv1a(value, byte)
            after += 1
            number = _find(keys, value)
            if number:
                best, best_after = number, after
            if byte == 59:
                break
        if best:
            for position in range(spans[best, 0], spans[best, 1]):
                text[out] = pieces[position]
                out += 1
            return best_after, out
    text[out] = 38
    return at + 1, out + 1


@part()
def _blank(text, start, stop):
    """Length of the space character at `start` that is no ASCII space: no-break or ideographic; 0 if it is none.
    Negative: length of a hint for line breaking, which is no text."""
    if text[start] == 0xC2 and start + 1 < stop:
        if text[start + 1] == 0xA0:
            return 2
        if text[start + 1] == 0xAD:
            return -2
    elif text[start] == 0xE2 and start + 2 < stop and text[start + 1] == 0x80 and text[start + 2] == 0x8B:
        return -3
    elif text[start] == 0xE3 and start + 2 < stop and text[start + 1] == 0x80 and text[start + 2] == 0x80:
        return 3
    return 0


@part()
def _width(text, start, stop):
    """2 for a character that is East Asian and wide (Unicode Standard Annex 11), but for Hangul, which is written with
    spaces, and emoji; 1 for punctuation that such text shares with others (dashes, quotation marks, dots); else 0."""
    first = text[start]
    if first < 0xE2 or start + 2 >= stop:
        return 0
    code = (np.int64(first) & 15) << 12 | (np.int64(text[start + 1]) & 63) << 6 | np.int64(text[start + 2]) & 63
    if first >= 0xF0:
        return 2 * (first == 0xF0 and 0xA0 <= text[start + 1] <= 0xBF)
    if code < 0x2E80:
        return int(code in (0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026, 0x2027))
    wide = code < 0xA4D0 or 0xF900 <= code < 0xFB00 or 0xFE30 <= code < 0xFE70 or 0xFF01 <= code < 0xFFA0
    return 2 * (wide and not 0x3131 <= code < 0x3190 and not 0x3200 <= code < 0x3220 and not 0x3260 <= code < 0x3280)


@part()
def _joined(text, out, following, start, stop):
    """Whether the end of a line between `text[:out]` and `following[start:stop]` is no space."""
    if following[start] < 0xE2 or out < 3:
        return False
    before = out - 1
    while before > 0 and text[before] & 0xC0 == 0x80:
        before -= 1
    one, other = _width(text, before, out), _width(following, start, stop)
    return one + other > 2 and one * other > 0


@part()
def _characters(data, at, text, out, begin, pending, preformatted, keys, spans, pieces):
    """Write character data up to the next "<". `pending` is 0 or what is to be written before the next character,
    unless a block begins (`out == begin`). Returns the positions and what is pending then.
    """
    while at < data.size and data[at] != 60:
        byte = data[at]
        if preformatted:
            if byte == 38:
                mark = out
                at, out = _reference(data, at, text, out, keys, spans, pieces)
                size = _blank(text, mark, out)
            else:
                text[out] = byte
                size = _blank(data, at, data.size)
                if size:
                    at += abs(size)
                    mark = out
                    out += abs(size)
                else:
                    at += 1
                    out += 1
            if size:
                out = mark
                if size > 0:
                    text[out] = 32
                    out += 1
            continue
        if byte == 32 or 9 <= byte <= 13:
            pending = max(pending, _LINE_END if byte == 10 or byte == 13 else _SPACE)
            at += 1
            continue
        mark = out
        if pending and out > begin and not (pending == _LINE_END and _joined(text, out, data, at, data.size)):
            text[out] = 10 if pending == _BREAK else 32
            out += 1
        first = out
        if byte == 38:
            at, out = _reference(data, at, text, out, keys, spans, pieces)
            if out == first:
                out = mark
                continue
            size = _blank(text, first, out)
            if size == 0 and (text[first] == 32 or 9 <= text[first] <= 13):
                size = 1
            if size == 0 and first > mark and pending == _LINE_END and _joined(text, mark, text, first, out):
                for position in range(first, out):
                    text[position - 1] = text[position]
                out -= 1
        else:
            size = _blank(data, at, data.size) if byte >= 0xC2 else 0
            if size:
                at += abs(size)
            else:
                text[out] = byte
                out += 1
                at += 1
        if size:
            out = mark
            if size > 0:
                pending = max(pending, _HARD_SPACE)
        else:
            pending = 0
    return at, out, pending


@part()
def _groups(data, start, stop, delta, classes, output):
    """Keyword groups in `data[start:stop]`, whose ends count as separators."""
    state = delta[0, 0]
    last = 0
    found = np.uint64(0)
    for position in range(start, stop + 1):
        step = classes[data[position]] if position < stop else 0
        if step == 0 and last == 0 and position > start:
            continue
        last = step
        state = delta[state, step]
        found |= output[state]
    return found


@part()
def _follow(letters, byte, word):
    """How many letters of `word` stand before and with `byte` if `letters` did before it; for words whose first letter
    comes again in them nowhere that matters."""
    return letters + 1 if byte == word[letters] else int(byte == word[0])


@part()
def _style(data, start, stop):
    """What a style says: `_HIDDEN_MASK` for `display: none` or `visibility: hidden`, `_LISTING_MASK` for monospace with
    `white-space: pre` (or `pre-wrap`), which is how editors copy code."""
    display = (100, 105, 115, 112, 108, 97, 121, 58, 110, 111, 110, 101)
    hidden = (118, 105, 115, 105, 98, 105, 108, 105, 116, 121, 58, 104, 105, 100, 100, 101, 110)
    white = (119, 104, 105, 116, 101, 45, 115, 112, 97, 99, 101, 58, 112, 114, 101)
    mono = (109, 111, 110, 111, 115, 112, 97, 99, 101)
    one = two = three = four = 0
    lines = fixed = False
    for position in range(start, stop):
        byte = lower(data[position])
        if is_space(byte):
            continue
        one, two = _follow(one, byte, display), _follow(two, byte, hidden)
        if one == 12 or two == 17:
            return _HIDDEN_MASK
        three, four = _follow(three, byte, white), _follow(four, byte, mono)
        if three == 15:
            lines, three = True, 0
        if four == 9:
            fixed, four = True, 0
    return _LISTING_MASK if lines and fixed else np.uint64(0)


@part()
def _attributes(data, at, delta, classes, output):
    """Keyword groups of a tag's attributes from `at` on, and the position of the `>` that ends the tag."""
    found = np.uint64(0)
    while True:
        name, first, last, at = attribute(data, at)
        if at < 0:
            return found, ~at
        if name == _HIDDEN_NAME:
            found |= _HIDDEN_MASK
        elif name in (_CLASS, _ID, _ROLE, _ITEMPROP):
            found |= _groups(data, first, last, delta, classes, output)
        elif name == _STYLE:
            found |= _style(data, first, last)
        elif name == _ARIA_HIDDEN and last - first == 4 and lower(data[first]) == 116:
            found |= _HIDDEN_MASK


@part()
def _integer(data, start, stop):
    """The integer that an attribute's value begins with, and whether there is one ("rules for parsing integers")."""
    while start < stop and is_space(data[start]):
        start += 1
    sign = 1
    if start < stop and (data[start] == 45 or data[start] == 43):
        sign = 44 - np.int64(data[start])
        start += 1
    value = np.int64(0)
    first = start
    while start < stop and 48 <= data[start] <= 57:
        value = min(value * 10 + data[start] - 48, np.int64(_MAX_NUMBER))
        start += 1
    return sign * value, start > first


@part()
def _numbers_given(data, at, number, element, given):
    """Fill `Page.given` of an element from its attributes, which begin at `at`."""
    while True:
        name, first, last, at = attribute(data, at)
        if at < 0:
            return
        value, found = _integer(data, first, last)
        if number in (_OL, _LI):
            if found and name == (_START if number == _OL else _VALUE):
                given[0, element] = value
                given[1, element] |= NUMBER_GIVEN
            elif name == _REVERSED:
                given[1, element] |= REVERSED
        elif found and value > 0:
            if name == _COLSPAN:
                given[0, element] = value
            elif name == _ROWSPAN:
                given[1, element] = value


@part()
def _value_of(data, at, wanted):
    """Where the value of an attribute begins and ends; two times -1 if the attributes at `at` are without it."""
    while True:
        name, first, last, at = attribute(data, at)
        if at < 0:
            return -1, -1
        if name == wanted:
            return first, last


@part()
def _points_at_itself(data, at, text, mark, out, heading):
    """Whether `text[mark:out]` is all of a link, whose attributes begin at `at`, by which a paragraph, a definition or
    a heading can be linked to: a pilcrow, in headings also a section sign, a hash or a chain, to a place of the page.
    """
    if mark < out and text[mark] == 32:
        mark += 1
    size = out - mark
    first = text[mark] if size else 0
    if size == 2 and first == 0xC2:
        sign = text[mark + 1] == 0xB6 or (heading and text[mark + 1] == 0xA7)
    else:
        sign = heading and ((size == 1 and first == 35) or (
            size == 4 and first == 0xF0 and text[mark + 1] == 0x9F and text[mark + 2] == 0x94 and text[mark + 3] == 0x97
        ))
    if not sign:
        return False
    first, last = _value_of(data, at, _HREF)
    return first < last and data[first] == 35


@part()
def _raise(text, begin, mark, out):
    """Turn `text[mark:out]`, which stands above the line, into superscript characters if it follows a word, a number or
    what ends a sentence, and is a number, a sign or `n`, or some of them. Returns where it ends then."""
    if mark <= begin or out - mark > 3 * _MAX_RAISED or text[mark - 1] <= 32 or text[mark - 1] in (40, 91, 123):
        return out
    count = grown = 0
    position = mark
    while position < out:
        byte = text[position]
        if byte == 0xE2 and position + 2 < out and text[position + 1] == 0x88 and text[position + 2] == 0x92:
            position += 2
        elif 49 <= byte <= 51:
            grown += 1
        elif 48 <= byte <= 57 or byte in (40, 41, 43, 45, 110):
            grown += 2
        elif byte != 44:
            return out
        position += 1
        count += 1
    if count > _MAX_RAISED:
        return out
    # From the back, as what comes of a character is never shorter than the character.
    position = out
    end = raised = out + grown
    while position > mark:
        position -= 1
        byte = text[position]
        if byte == 44:
            raised -= 1
            text[raised] = byte
        elif 49 <= byte <= 51:
            raised -= 2
            text[raised], text[raised + 1] = 0xC2, 0xB9 if byte == 49 else byte + 0x80
        else:
            last = byte + 0x80  # U+2070 and U+2074 to U+2079
            if byte == 0x92 or byte == 45:
                last = 0xBB
                position -= 2 * (byte == 0x92)
            elif byte == 110:
                last = 0xBF
            elif byte == 43:
                last = 0xBA
            elif byte < 43:
                last = byte + 0x95
            raised -= 3
            text[raised], text[raised + 1], text[raised + 2] = 0xE2, 0x81, last
    return end


@part()
def _numbered(data, at):
    """Whether the first line of text from `at` on, tags left out, is a number: names such as "no-gutters" are those of
    layouts, and "line-numbers" names what holds code as well."""
    stop = min(data.size, at + _MAX_GUTTER)
    digits = space = False
    while at < stop:
        byte = data[at]
        if byte == 60:
            if digits:
                return True
            while at < stop and data[at] != 62:
                at += 1
        elif digits and (byte == 10 or byte == 13):
            return True
        elif 48 <= byte <= 57 and not space:
            digits = True
        elif not is_space(byte):
            return False
        else:
            space = digits
        at += 1
    return digits and at >= data.size


@part()
def _stands(data, at, piece):
    """Whether `piece` stands at `at`."""
    same = 0
    while same < piece.size and at + same < data.size and data[at + same] == piece[same]:
        same += 1
    return same == piece.size


@part()
def _after_line_end(data, at):
    """Position after the end of the line if only spaces stand before it, else `at`."""
    position = at
    while position < data.size and is_space(data[position]) and data[position] != 10:
        position += 1
    return position + 1 if position < data.size and data[position] == 10 else at


@part()
def _listed(data, at, end, fewest, numbers, properties):
    """Whether <code> that stands at the beginning of a line, from `at` to its end tag at `end`, has the line to itself
    and lines in it, `fewest` at least if no <br> parts them.

    Browsers show the lines of <code> where a style sheet says so, which is not read here.
    """
    lines = 0
    ended = False
    position = at
    while position < end:
        byte = data[position]
        if byte == 60:
            name = FNV_OFFSET
            for place in range(position + 1, min(position + 4, end)):
                name = fnv1a(name, lower(data[place]))
                if place == position + 2 and name == _BR_NAME:
                    return _alone(data, end, numbers, properties)
            ended = ended or name == _DIV_NAME
            while position < end and data[position] != 62:
                position += 1
        elif byte == 10 or byte == 13:
            ended = True
        elif not is_space(byte):
            lines += ended or lines == 0
            ended = False
        position += 1
    return lines >= fewest and _alone(data, end, numbers, properties)


@part()
def _alone(data, at, numbers, properties):
    """Whether nothing of its line follows the end tag at `at`."""
    at = _after_declaration(data, at + 1)
    while at < data.size and is_space(data[at]):
        at += 1
    if at + 1 >= data.size or data[at] != 60:
        return at >= data.size
    at += 1 + (data[at + 1] == 47)
    name, at = tag_name(data, at)
    number = _find(numbers, name)
    return number == _BR or properties[number] & _IS_BLOCK != 0


@part()
def _drawn(data, start, stop, number, found):
    """Whether a tag is of what a script has drawn beside the formula that it was made from. MathJax writes its name
    so; written small, it is the name of what holds formulas still to be drawn (arXiv's abstracts)."""
    if number == _MJX:  # MathJax 3 calls its container what MathJax 2 calls the picture; the container holds the MathML
        return False
    if found & _RENDERED_MASK:
        return True
    if found & _MATHJAX_MASK:
        for at in range(start, stop - 6):
            if data[at] == 77 and data[at + 4] == 74:
                return True
    return False


@part()
def _after_declaration(data, at):
    """Position after the comment, declaration or instruction whose "!", "?" or "/" stands at `at`."""
    if data[at] == 33 and at + 2 < data.size and data[at + 1] == 45 and data[at + 2] == 45:
        return after_comment(data, at + 1)
    return after_greater(data, at)


@part()
def _implied_end(number, open_, top, tag, properties):
    """Position of the open element that this start tag closes, or -1. `open_` holds elements."""
    own = properties[number]
    for position in range(top - 1, 0, -1):
        other = tag[open_[position]]
        theirs = properties[other]
        if own & _IS_ROW_PART:
            if other == _TABLE:
                return -1
            # A cell closes a cell, a row a row or cell, a section all of them.
            if theirs & _IS_ROW_PART:
                if own & _IS_CELL:
                    return position if theirs & _IS_CELL else -1
                below = tag[open_[position - 1]]
                if number == _TR:
                    if other == _TR:
                        return position
                    if theirs & _IS_CELL == 0:
                        return -1
                elif properties[below] & _IS_ROW_PART == 0 or below == 0:
                    return position
            continue
        if own & _IS_ITEM:
            if theirs & _IS_ITEM and (other == number or (number != _LI and other != _LI)):
                return position
            if other in (_UL, _OL, _DL, _TABLE, _SELECT, _MENU, _DIR) or theirs & _IS_CELL:
                break
            continue
        if theirs & _IS_BLOCK and other != _P:
            return position if own & _IS_HEADING and theirs & _IS_HEADING else -1
        if other == _P:
            return position
    if own & _IS_ITEM:  # an item does not close another, and yet a paragraph
        for position in range(top - 1, 0, -1):
            other = tag[open_[position]]
            if other == _P:
                return position
            if properties[other] & _IS_BLOCK:
                return -1
    return -1


@part()
def _matching(number, name, open_, names, top, tag, properties):
    """Position of the open element that this end tag closes, or -1."""
    own = properties[number]
    for position in range(top - 1, max(0, top - 1 - _MAX_SEARCH), -1):
        element = open_[position]
        other = tag[element]
        if names[element] == name:
            return position
        theirs = properties[other]
        if own & _IS_ROW_PART:
            if other == _TABLE:
                return -1
        elif number != _TABLE and theirs & _IS_CELL:
            return -1
        elif theirs & _IS_BLOCK and own & (_IS_BLOCK | _IS_DROPPED) == 0:
            return -1  # an inline end tag closes no block
        elif (number == _LI and other in (_UL, _OL, _MENU, _DIR)) or (number == _P and theirs & _IS_BLOCK):
            return -1
    return -1


@part()
def _trimmed(text, begin, out):
    """Range of `text[begin:out]` without line breaks before and space after; empty if there is only space."""
    first = begin
    for position in range(begin, out):
        if text[position] == 10 or text[position] == 13:
            first = position + 1
        elif not is_space(text[position]):
            break
    while out > begin and is_space(text[out - 1]):
        out -= 1
    return min(first, out), out


@kernel()
def _scan(
    data, numbers, properties, delta, classes, output, keys, spans, pieces, text, whole, masks, small, images,
    open_by_name, no_end_tag,
):
    """See `scan` and `Page`: fills the arrays from `text` on and returns how far.

    They come from outside, as numba takes long to compile their making. None is too short: an element or a block takes
    a "<", and a reference never gives more than 6/5 of its own bytes.
    """
    start, stop, block_node, link, links, parent, open_ = (
        whole[0], whole[1], whole[2], whole[3], whole[4], whole[5], whole[6]
    )
    given = whole[7:]
    inline, bits, names = masks[0], masks[1], masks[2]
    flags, tag = small[0], small[1]
    # Typed, as numba would compile what they are given to once more for the constants.
    nodes = top = np.int64(1)  # element 0 is the document
    blocks = out = begin = pending = at = shown = base = np.int64(0)
    container = listing = 0  # innermost open block-level element, and that of the open <pre>
    dropped = anchor = pre = -1  # where in `open_` such an element stands
    code_end = looked = np.int64(-1)  # where the next </code> begins, and up to where lines were looked for
    anchor_mark = anchor_tag = raised = np.int64(0)  # where a link's text and tag begin, and what is above the line
    new_anchor = code = after_break = by_elements = False
    block_link = block_links = 0
    block_inline = np.uint64(0)
    title_start = title_stop = 0
    while True:
        # Character data.
        if at < data.size and data[at] != 60:
            if dropped >= 0:
                while at < data.size and data[at] != 60:
                    at += 1
            else:
                mark = out
                # Between the rows of a table within code stands no code.
                around = tag[container]
                rows = around == _TABLE or properties[around] & (_IS_ROW_PART | _IS_CELL) == _IS_ROW_PART
                at, out, pending = _characters(
                    data, at, text, out, begin, pending, pre >= 0 and not rows, keys, spans, pieces
                )
                if out > mark and anchor >= 0:
                    block_link += out - mark
                    block_links += new_anchor
                    new_anchor = False
        ended = at >= data.size
        closing = False
        number = kind = 0
        name = FNV_OFFSET
        found = np.uint64(0)
        self_closing = False
        first = last = at
        if not ended:
            # A tag, or a "<" that is text.
            at += 1
            closing = at < data.size and data[at] == 47
            at += closing
            if at >= data.size or not 97 <= lower(data[at]) <= 122:
                if at < data.size and (closing or data[at] == 33 or data[at] == 63):
                    at = _after_declaration(data, at)
                elif dropped < 0:
                    if pending and out > begin and pre < 0:
                        text[out] = 10 if pending == _BREAK else 32
                        out += 1
                    pending = 0
                    text[out] = 60
                    out += 1
                    if closing and at >= data.size:
                        text[out] = 47
                        out += 1
                continue
            first = at
            name, at = tag_name(data, at)
            last = at
            found, at = _attributes(data, at, delta, classes, output)
            if at >= data.size:
                ended = True  # a tag that never ends is no tag
            else:
                self_closing = data[at - 1] == 47
                at += 1
                number = _find(numbers, name)
                kind = np.int64(properties[number])

        # Code whose lines are to be kept, without <pre>.
        lines = False
        if not (ended or closing or self_closing) and dropped < 0 and pre < 0:
            if found & _LISTING_MASK or (number == _DIV and _stands(data, first - 1, _FRAGMENT)):
                lines = True
            elif number == _CODE and (out == begin or pending == _BREAK) and at > looked:
                if code_end < at:
                    code_end = end_tag(data, at, first, last)
                    code_end = data.size if code_end < 0 else code_end
                if code_end < data.size:
                    # Authors wrap a long command; who names it as code, or writes more lines, means them.
                    named = (found | bits[container]) & _CODE_MASK != 0
                    if named or properties[tag[container]] & _IS_CELL == 0:
                        lines = _listed(data, at, code_end, 2 if named else 3, numbers, properties)
                        looked = code_end

        # What ends a block.
        breaks = ended or lines
        split = False
        if not ended and dropped < 0:
            if number == _BR:
                if pre >= 0:
                    text[out] = 10
                    out += 1
                elif out > begin:
                    split = breaks = pending == _BREAK
                    pending = _BREAK
            elif kind & _IS_BLOCK:
                if pre < 0 or (kind & _IS_PRE and closing):
                    breaks = True
                elif out > begin and text[out - 1] != 10:
                    text[out] = 10
                    out += 1
            if by_elements and pre >= 0 and (number == _BR or (kind & _IS_BLOCK and closing)):
                at = _after_line_end(data, at)  # the markup's is no second one
        if breaks:
            if pre >= 0:
                begin, out = _trimmed(text, begin, out)
            if out > begin:
                start[blocks], stop[blocks] = begin, out
                block_node[blocks] = container if pre < 0 else listing
                link[blocks], links[blocks], inline[blocks] = block_link, block_links, block_inline
                flags[blocks] = (pre >= 0) * 1 + (pre >= 0 and code) * 2 + after_break * 4
                blocks += 1
            begin = out
            pending = block_link = block_links = 0
            block_inline = np.uint64(0)
            after_break = split
        if ended:
            break
        if kind & _IS_VOID:
            if number == _IMG and dropped < 0 and not closing:
                images[shown, 0], images[shown, 1], images[shown, 2], images[shown, 3] = last, out, blocks, container
                shown += 1
            elif number == _BASE and base == 0:
                base = last
            continue

        # Which elements are open.
        if closing:
            if number in (_BODY, _HTML) or open_by_name[name & np.uint64(4095)] == 0:
                if number == _A:
                    anchor = -1
                continue
            target = _matching(number, name, open_, names, top, tag, properties)
            if target < 0:
                if number == _A:
                    anchor = -1
                continue
        else:
            target = top
            if kind & _IS_BLOCK and pre < 0:
                implied = _implied_end(number, open_, top, tag, properties)
                if implied > 0:
                    target = implied
        if target < top:
            for position in range(target, top):
                open_by_name[names[open_[position]] & np.uint64(4095)] -= 1
            if closing and dropped < 0 and pre < 0:
                if number == _SUP and tag[open_[target]] == _SUP and raised >= begin:
                    out = _raise(text, begin, raised, out)
                elif number == _A and anchor == target and anchor_mark >= begin and _points_at_itself(
                    data, anchor_tag, text, anchor_mark, out,
                    tag[container] == _DT or properties[tag[container]] & _IS_HEADING != 0,
                ):
                    block_link -= out - anchor_mark
                    block_links -= 1
                    pending = max(pending, _SPACE * (text[anchor_mark] == 32))
                    out = anchor_mark
            top = target
            if dropped >= top:
                dropped = -1
            if anchor >= top:
                anchor = -1
            if pre >= top:
                if out > begin:
                    begin, out = _trimmed(text, begin, out)
                    if out > begin:
                        start[blocks], stop[blocks], block_node[blocks] = begin, out, listing
                        link[blocks], links[blocks], inline[blocks] = block_link, block_links, block_inline
                        flags[blocks] = 1 + code * 2
                        blocks += 1
                    begin = out
                    block_link = block_links = 0
                    block_inline = np.uint64(0)
                pre = -1
            position = top - 1
            while position > 0 and properties[tag[open_[position]]] & _IS_BLOCK == 0:
                position -= 1
            container = open_[position]
        if closing:
            continue
        if kind & _IS_RAW:
            if not no_end_tag[number]:
                end = end_tag(data, at, first, last)
                if end >= 0:
                    if number == _TITLE and title_stop == 0 and dropped < 0:
                        title_start, title_stop = at, end
                    at = end
                elif number in (_SCRIPT, _STYLES):
                    at = data.size  # a page that was cut off
                else:
                    no_end_tag[number] = True
            continue
        if self_closing and dropped >= 0:
            continue
        element = nodes
        nodes += 1
        parent[element], tag[element], bits[element], names[element] = open_[top - 1], number, found, name
        if at - 1 > last and (number in (_OL, _LI) or kind & _IS_CELL):
            _numbers_given(data, last, number, element, given)
        open_[top] = element
        open_by_name[name & np.uint64(4095)] += 1
        if kind & _IS_BLOCK:
            container = element
        elif dropped < 0:
            block_inline |= found
        # In a heading, a button unfolds what follows, and its text is the heading. A template may be a tree of its own
        # that is shown ("declarative shadow root").
        if dropped < 0 and (
            (kind & _IS_DROPPED and not (number == _BUTTON and properties[tag[container]] & _IS_HEADING)
             and not (number == _TEMPLATE and _value_of(data, last, _SHADOW)[0] >= 0))
            or _drawn(data, last, at, number, found)
            or (found & _GUTTER_MASK and _numbered(data, at))
            or (pre >= 0 and _stands(data, first - 1, _TOOLTIP))
        ):
            dropped = top
        if number == _A:
            anchor = top
            anchor_mark, anchor_tag = out, last
            new_anchor = True
        elif number == _SUP:
            raised = out
        if (kind & _IS_PRE or lines) and pre < 0:
            pre = top
            listing = container
            by_elements = lines
            code = lines or found & _CODE_MASK != 0
            for position in range(max(1, top - 3), top):
                code = code or bits[open_[position]] & _CODE_MASK != 0
        elif pre >= 0 and (kind & _IS_CODE or found & _CODE_MASK):
            code = True
        top += 1
    return blocks, nodes, out, shown, base, title_start, title_stop
