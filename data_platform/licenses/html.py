# ruff: noqa: RUF001 - letters of other languages are meant

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
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.licenses import grant, jsonld, prose, reprint
from data_platform.licenses.exceptions import has_exception
from data_platform.licenses.neighbours import THIN, first_look, is_foreign, score
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.place import (
    beside,
    block_around,
    blocks_beside,
    credited,
    elements_beside,
    ends_page,
    every,
    forget_nodes,
    is_entry_of_menu,
    is_field_of_record,
    item_scope,
    language_of,
    lines,
    near_text,
    own_addresses,
    own_block,
    own_names,
    place,
    speaks_of_article,
    stands_under,
    stands_under_rights,
    surroundings,
)
from data_platform.licenses.reservations import robots_directives, tdm_reservation, usage_preference
from data_platform.licenses.restriction import restricting_words, restriction
from data_platform.licenses.rsl import RslFile
from data_platform.licenses.votes import CJK
from data_platform.spdx.expressions import (
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    NAMED,
    NON_COMMERCIAL,
    OPT_OUT,
    PUBLIC_DOMAIN,
    UNKNOWN,
    US_GOVERNMENT,
    Reading,
    family,
    read,
)
from data_platform.spdx.tiers import UNKNOWN as UNKNOWN_TIER
from data_platform.spdx.tiers import tier

if TYPE_CHECKING:
    from resiliparse.parse.html import DOMNode, HTMLTree

DETECTOR = "html@8"

DOUBTFUL_ADDITION = 0.5
"""Score (`neighbours`) from which on what the sentence of a grant itself adds is doubtful: few words, and close."""
DOUBTFUL_NEIGHBOUR = 2.5
"""The same of the sentences around, and of the blocks beside it in a footer."""
DOUBTFUL_PROSE = 2.8
"""The same of the paragraphs beside a licence in an article, which speak of anything."""
LIKE_PROSE, PARAGRAPH = 0.0, 300
"""What a first look at the sentence of such a paragraph has to find for it to be doubtful; characters of a block that
is one of an article."""
DOUBTFUL_REPRINT_IN_NOTICE = 1.5
"""Score (`reprint`) from which on a line of a footer or sidebar says that the article is somebody else's."""
MAX_NOTICE = 600
"""Characters of a block that a notice of copyright and the licence beside it may share."""
LIMIT_AT_ANY_DISTANCE = 3.2
"""Score from which on a sentence limits a licence wherever it stands."""
SURELY_HARMLESS = -1.5
"""Score below which a sentence restricts nothing, though it has words of restrictions: 'a non-commercial station'."""
WORTH_READING = 0.0
"""What a first look at a sentence has to find for it to be read, if it stands beside nothing."""
MIN_WORDS_OF_LIMIT = 3
"""Words of such a sentence; shorter ones are answers and captions."""
MIN_WORDS_OF_CREDIT = 5
"""Words of a heading that says where its article comes from; shorter ones are titles: 'Letters from Fernhill'."""
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_SPEAKING = ("site", "content", "elsewhere")
"""Places whose sentences are the page's own: no quotations, menus, captions or samples."""
MAX_MARKS = 200
"""Places per page and name at which text is read for statements."""

WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16, in which no hint can be seen."""

CONFIDENCE_OF_SCOPE = {"page": 0.95, "site": 0.8, "default": 0.8, "element": 0.4}
"""Upper bound of confidence by what a link covers: our judgement, ordered as the agreement with the annotated pages."""
CONFIDENCE_OF_STATEMENT = {"page": 0.8, "site": 0.75, "default": 0.75, "element": 0.4}
"""The same for sentences, which are read less surely than links."""

CONFIDENCE_OF_RESTRICTION = 0.6
"""Of a restriction in words: enough to hold."""

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
_ASKS_TO_CREDIT = re.compile(r"\W*(?:with\s+)?attribution(?:\s+(?:is\s+)?required)?\W*", re.I)
"""What a link says that stands beside a licence and declares nothing but what the licence asks for (Stack Exchange)."""
_OF_TERMS = re.compile(r"\W*(?:licen[sc]e|li[zc]en[zcç]\w*|terms|copyright|rights|rechte)\W", re.I)
"""How a label of terms begins."""
_LABEL_OF_TERMS = re.compile(
    rf"{_OF_TERMS.pattern}{{0,2}}[^\w\s]*[:：]|"
    r"\W*(?:许可|授权|版权|許可|授權|版權|ライセンス)\w{0,2}[:：]", re.I,
)
"""A label of terms, to which an answer follows."""
_BADGE = re.compile(
    r"(?:creativecommons\.org|licensebuttons\.net)/(?P<kind>[lp])/(?P<rest>[^?#]+?)(?:/\d+x\d+\.\w+)?$", re.I
)
_DECLARES = re.compile(r"(?:^|\s)(?:(?:[\w.-]+:|https?://\S+[/#]))?license(?:\s|$)", re.I)
"""The relation by name, by a prefix that a page may choose (RDFa 1.1, section 7.4), or by its full address."""
_VERSION = re.compile(r"(?<!\S)\d\.\d(?!\S)")
_BEFORE_SIGN = re.compile(r"^[^\W\d_]+(?: [^\W\d_]+){0,2} (?=©|\(c\))", re.I)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.I)
_THE_TEXT = re.compile(
    r"^\W*(?:text|texts|texte|texto|testo|tekst|article|artikel|beitrag|post|content|inhalt|inhalte)\b|"
    r"\b(?:the|der|das|le|el|il|lo|o|het|de)\s+(?:article|text|post|page|artikel|beitrag|billet|texte|artículo|texto|"
    r"articolo|testo|artigo|tekst)\b|"
    r"\bl[’'](?:article|articolo)\b|\b(?:artykuł|tekst)\b|本|当|この", re.I,
)
_ABOUT_OPENNESS = re.compile(r"^(?:https?:)?//(?:www\.)?opendefinition\.org/?(?:od/?|okd/?)?(?:[?#]|$)", re.I)
"""The Open Definition, whose badge data portals show beside a licence: it names none."""
_DATA = re.compile(r"@type[\"']\s*:\s*(?:\[[^\]]*)?[\"'][^\"']*Dataset[\"']", re.I)
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


def observations(
    payload: bytes, hinted: tuple[bool, ...] | None = None, url: str = "", *, claimed: bool = False
) -> list[Observation]:
    """Every licence statement of a page, in document order by kind. Never raises on a page, whatever it holds.

    Args:
        payload: the page.
        hinted: what `hints` says of it, if it was asked for a batch.
        url: the address that it was captured at, if known.
        claimed: whether something else than the page frees it, such as a header or the claim of its source.

    Restrictions in words are looked for only where something frees the page, or names a licence and restricts nothing.
    """
    if payload[:2] in WIDE:
        payload, hinted = payload.decode("utf-16", "replace").encode(), None
    if hinted is None:
        (hinted,) = hints(pa.array([payload], pa.large_binary()))
    kinds = [kind for kind, hint in zip(_HINTS, hinted, strict=True) if hint]
    found: list[Observation] = []
    try:
        if kinds:
            page = _Page(_marked(payload, prose.STEMS) if _sentences in kinds else payload, url)
            found = _without_notices([observation for kind in kinds for observation in kind(page)])
            found += page.contradicting if any(map(_frees, found)) else []
        if claimed or _may_be_freer(found):
            words = restricting_words(payload)
            restrictions = list(_restrictions(_Page(_marked(payload, words), url), words)) if words else []
            freed = claimed or any(map(_frees, found))
            found += restrictions
            if freed:
                # They make a page doubtful, which one that nothing frees is already.
                found += _lines(_Page(payload, url), [one.raw_value for one in restrictions])
        return found
    finally:
        forget_nodes()


class _Page:
    """A page as it is read: its tree, its address, and what it calls itself."""

    def __init__(self, payload: bytes, url: str) -> None:
        from resiliparse.parse.html import HTMLTree

        self.tree: HTMLTree = HTMLTree.parse_from_bytes(payload)
        self.url = url
        self.contradicting: list[Observation] = []
        """Licences that are not free and may be the article's: they count where something else frees the page."""

    @cached_property
    def document(self) -> DOMNode:
        return self.tree.document

    @cached_property
    def names(self) -> frozenset[str]:
        return own_names(self.document, self.url)

    @cached_property
    def owners(self) -> frozenset[str]:
        """What the page, its site and its authors are called, in lower case."""
        return self.names | credited(self.document)

    @cached_property
    def is_of_data(self) -> bool:
        """Whether the page says in its markup that it presents a data set."""
        if self.document.query_selector("[itemtype*='Dataset' i],[typeof*='Dataset' i]") is not None:
            return True
        return any(_DATA.search(script.text or "") for script in every(self.document, "script[type*='ld+json' i]"))

    @cached_property
    def addresses(self) -> frozenset[str]:
        return own_addresses(self.document, self.url)


def _without_notices(found: list[Observation]) -> list[Observation]:
    """What was found, less notices of copyright in elements for rights, if the page declares a licence in its body.

    Systems of journals print both, '(c) 2020 A. Uthor' and the licence. By itself such a notice grants nothing.
    """
    if not any(_frees(one) and one.location != "meta" for one in found):
        return found
    return [one for one in found if one.location != "meta" or not grant.is_notice(one.raw_value)]


def _may_be_freer(found: Sequence[Observation]) -> bool:
    """Whether restrictions in words would change what was found to hold for a page."""
    if any(map(_frees, found)):
        return True
    restricted = any(one.scope != "element" and tier(one.license_spdx) > UNKNOWN_TIER for one in found)
    return not restricted and any(tier(one.license_spdx) < UNKNOWN_TIER for one in found)


def _frees(observation: Observation) -> bool:
    return observation.scope != "element" and tier(observation.license_spdx) < UNKNOWN_TIER


def _marked(payload: bytes, stems: Sequence[bytes]) -> bytes:
    """The page with an empty element at every place where its text has one of `stems`, so that the DOM shows where."""
    payload = _NO_BREAK.sub(b" ", payload)
    lower = payload.lower()
    pieces, before = [], 0
    for start in _places(lower, stems):
        if lower.rfind(b"<", 0, start) > lower.rfind(b">", 0, start):
            # Within a tag.
            continue
        opened, closed = (max(lower.rfind(tag, 0, start) for tag in tags) for tags in _HIDDEN)
        if opened > closed:
            continue
        pieces += [payload[before:start], b"<wbr ", _MARK.encode(), b">"]
        before = start
    return b"".join([*pieces, payload[before:]])


def _places(lower: bytes, stems: Sequence[bytes]) -> list[int]:
    """Where a page, in lower case, has one of `stems`; the first `MAX_MARKS` places of each."""
    seen, starts, shifts = _without_scripts(lower)
    places: set[int] = set()
    for name in stems:
        start = seen.find(name)
        for _ in range(MAX_MARKS):
            if start < 0:
                break
            places.add(start + shifts[bisect_right(starts, start) - 1])
            start = seen.find(name, start + len(name))
    return sorted(places)


def _without_scripts(lower: bytes) -> tuple[bytes, list[int], list[int]]:
    """A page without its scripts, which are half of the bytes of most; where each piece of it starts, and by how much
    it stood farther on before."""
    pieces, starts, shifts = [], [0], [0]
    at = size = 0
    while (opened := lower.find(b"<script", at)) >= 0 and (closed := lower.find(b"</script", opened)) >= 0:
        pieces.append(lower[at:opened])
        size += opened - at
        starts.append(size)
        shifts.append(closed - size)
        at = closed
    return b"".join([*pieces, lower[at:]]), starts, shifts


def _metas(page: _Page) -> Iterator[Observation]:
    for meta in every(page.document, _METAS, None):
        name = (meta.getattr("name") or meta.getattr("property") or meta.getattr("http-equiv") or "").strip().lower()
        content = (meta.getattr("content") or "").strip()
        if not name or not content:
            continue
        stated = f"{name}: {content}"
        if name in ("robots", "x-robots-tag") or name.endswith("bot"):
            reading = robots_directives(content)
        elif name == "tdm-reservation":
            reading = tdm_reservation(content)
            policy = page.document.query_selector("meta[name='tdm-policy' i]")
            stated += f"; tdm-policy: {policy.getattr('content') or ''}" if policy is not None else ""
        elif name in _PREFERENCE_NAMES:
            reading = usage_preference(content)
        else:
            if name in _META_NAMES or (name in _NOTICE_NAMES and read(content).spdx != UNKNOWN):
                yield observe("meta", "page", content, DETECTOR, most=CONFIDENCE_OF_SCOPE["page"], context=stated)
            elif name in _NOTICE_NAMES:
                yield from _limits_in_notice(content, stated)
            continue
        if reading is not None:
            yield observe("meta", "page", stated, DETECTOR, reading)


def _limits_in_notice(notice: str, stated: str) -> Iterator[Observation]:
    """What a notice that is no element of the page restricts: '© 2025 J. Roe. For personal use only.'"""
    for sentence in prose.sentences(notice):
        if grant.is_notice(sentence):
            continue
        words, reading = restriction(sentence) or (sentence, Reading(UNKNOWN, CHOSEN))
        if reading.spdx != UNKNOWN or score(sentence) > DOUBTFUL_NEIGHBOUR:
            yield observe("meta", "page", words, DETECTOR, reading, CONFIDENCE_OF_RESTRICTION, context=stated)


def _links(page: _Page) -> Iterator[Observation]:
    for node in every(page.document, _CANDIDATES):
        tag = (node.tag or "").lower()
        item, property_ = node.hasattr("itemprop"), node.hasattr("property")
        declared = item or any(_DECLARES.search(node.getattr(name) or "") for name in ("rel", "property"))
        href = _target(node, declared)
        reading = read(href)
        if _ABOUT_OPENNESS.match(href) or (not declared and (not href or reading.spdx == UNKNOWN)):
            # A link to creativecommons.org that names no licence.
            continue
        if reading.spdx == UNKNOWN and _ASKS_TO_CREDIT.fullmatch(node.text):
            continue
        if reading.spdx == UNKNOWN:
            reading = _page_on_license(node, href) or reading
        as_rdf = property_ or re.search("[:/#]license", node.getattr("rel") or "", re.I)
        location = "microdata" if item else "rdfa" if as_rdf else "link" if tag == "link" else "anchor"
        context = href if tag in ("link", "meta") else surroundings(node)
        free = tier(reading.spdx) < UNKNOWN_TIER
        if declared:
            scope = _declared_scope(page, node, context, free, item or property_)
        else:
            scope = _linked_scope(page, node, context, free)
        yield observe(location, scope, href or context, DETECTOR, reading, CONFIDENCE_OF_SCOPE[scope], context=context)
        restricts = tier(reading.spdx) > UNKNOWN_TIER and not declared
        if restricts and scope == "element" and _may_restrict_page(node, context):
            page.contradicting.append(
                observe(location, "page", href, DETECTOR, reading, CONFIDENCE_OF_RESTRICTION, context=context)
            )
        if free and scope != "element" and tag not in ("link", "meta"):
            yield from _shown_otherwise(node, reading, scope)
            yield from _doubts(node, " ".join(node.text.split()), scope)


def _shown_otherwise(node: DOMNode, reading: Reading, scope: str) -> Iterator[Observation]:
    """Stricter licences that the badge in a link, or what the link is called, names: two cannot both be meant."""
    for shown in (node, *node.query_selector_all("img")):
        badge = _licence_of_badge(shown.getattr("src") or "")
        words = f"{shown.getattr('alt') or ''} {shown.getattr('title') or ''}"
        for other in (badge, *(mention.reading for mention in prose.mentions(words))):
            if other is None or other.spdx == UNKNOWN or family(other.spdx) == family(reading.spdx):
                continue
            if tier(other.spdx) > tier(reading.spdx):
                yield observe("badge", scope, words.strip() or "badge", DETECTOR, other, CONFIDENCE_OF_SCOPE[scope])


def _licence_of_badge(source: str) -> Reading | None:
    """The licence that a badge of Creative Commons stands for, by its address; None if it is none."""
    match = _BADGE.search(source.strip())
    if match is None:
        return None
    kind = "licenses" if match["kind"].lower() == "l" else "publicdomain"
    reading = read(f"https://creativecommons.org/{kind}/{match['rest']}")
    return None if reading.spdx == UNKNOWN else reading


def _doubts(node: DOMNode, phrase: str, scope: str) -> Iterator[Observation]:
    """What stands beside a licence that a page gives and is not known to leave it as it is: doubt is never free."""
    language = language_of(node)
    for sentence, doubtful in _beside_license(node, phrase):
        if language in THIN:
            doubtful = min(doubtful, DOUBTFUL_ADDITION)
        if score(sentence) > doubtful or is_foreign(sentence, language):
            reading = Reading(UNKNOWN, CHOSEN)
            yield observe("statement", scope, sentence, DETECTOR, reading, CONFIDENCE_OF_RESTRICTION, context=sentence)


def _beside_license(node: DOMNode, phrase: str) -> Iterator[tuple[str, float]]:
    """What the sentence with a licence adds to it, the sentences around, and those of the blocks beside.

    With each, the score above which it is doubtful.
    """
    before = ""
    for sentence in prose.sentences(near_text(node, phrase)):
        earlier, before = before, sentence
        of_license = phrase and phrase in sentence
        if not of_license and (prose.is_of_part(sentence) or prose.goes_on_with_part(sentence, earlier)):
            continue
        doubtful = DOUBTFUL_ADDITION if of_license else DOUBTFUL_NEIGHBOUR
        yield from ((addition, doubtful) for addition in prose.additions(sentence, phrase))
    doubtful = DOUBTFUL_NEIGHBOUR if place(node) == "site" else DOUBTFUL_PROSE
    if ends_page(node):
        # The end of the text and terms of the site are beside each other there.
        doubtful = DOUBTFUL_ADDITION
    for block in blocks_beside(node):
        of_article = len(block) > PARAGRAPH and place(node) != "site"
        for sentence in prose.sentences(block):
            if (of_article and first_look(sentence) <= LIKE_PROSE) or prose.is_of_part(sentence):
                continue
            yield from ((addition, doubtful) for addition in prose.additions(sentence))


def _target(node: DOMNode, declared: bool) -> str:
    """What a node gives as the licence: its address; else, where one is declared, the address or the text in it."""
    target = (node.getattr("href") or node.getattr("content") or node.getattr("resource") or node.getattr("src")
              or "").strip()
    if target or not declared:
        return target
    within = node.query_selector("[href],[content],[resource]")
    if within is not None:
        target = (within.getattr("href") or within.getattr("content") or within.getattr("resource") or "").strip()
    return target or " ".join(node.text.split())


def _page_on_license(node: DOMNode, href: str) -> Reading | None:
    """The licence that a site's own page about it is named after, if the link's words do not name another.

    Wikipedia links to 'Wikipedia:Text of the Creative Commons Attribution-ShareAlike 4.0 International License' as its
    licence. What a page of the same site is called by the link alone counts as well ('<a href="/license">CC BY
    4.0</a>'); any other address may say anything.
    """
    words = [mention.reading for mention in prose.mentions(node.text)]
    title = unquote(re.split(r"[?#]", href)[0]).rstrip("/").rpartition("/")[2].replace("_", " ")
    titled = [mention.reading for mention in prose.mentions(title)]
    if len({reading.spdx for reading in titled}) == 1 and UNKNOWN not in (titled[0].spdx,):
        agree = all(family(reading.spdx) == family(titled[0].spdx) for reading in words)
        return Reading(titled[0].spdx, NAMED) if agree else None
    of_site = not re.match(r"[a-z][a-z0-9+.-]*:|//", href, re.I)
    if of_site and len({reading.spdx for reading in words}) == 1 and words[0].spdx != UNKNOWN:
        return Reading(words[0].spdx, min(NAMED, words[0].confidence))
    return None


def _covers_page(page: _Page, sentence: str) -> bool:
    """Whether a sentence in the content that puts some work under a licence means the one that it stands in."""
    if prose.points_here(sentence) or _THE_TEXT.search(sentence) or _LABEL_OF_TERMS.match(sentence):
        return True
    return grant.begins_with_name(sentence, page.names)


def _declared_scope(page: _Page, node: DOMNode, context: str, free: bool, of_item: bool) -> str:
    """What a link that is declared to be the licence covers: the page, if nothing says that it is something else.

    A relation is the page's whatever item it is in, a property (`of_item`) the item's. A licence that is not `free` is
    no grant that doubt could keep away: less has to be said for it to cover the page.
    """
    scope = item_scope(node, page.addresses)
    if scope == "element" or (scope == "site" and of_item):
        return scope
    if (node.tag or "").lower() in ("link", "meta"):
        return "page"
    where = place(node)
    if where in ("figure", "quoted", "shown", "other"):
        return "element"
    claimed, means_page = _claimed(page, node, context, free)
    if claimed == grant.OTHER:
        return "element"
    sentence = prose.sentence_around(context, node.text)
    if claimed == grant.WHOLE and free and where != "site" and not (
        means_page or _covers_page(page, sentence or context)
    ):
        return "element"
    if claimed == grant.BARE and _is_of_list(node):
        return "element"
    under = stands_under(node) if where != "site" and free else ""
    if under in ("credits", "sample") or (under == "media" and claimed == grant.BARE and not of_item):
        return "element"
    return "element" if prose.denies(sentence, node.text.strip()) else "page"


def _linked_scope(page: _Page, node: DOMNode, context: str, free: bool) -> str:
    """What an ordinary link to a licence covers, by its sentence and where that stands."""
    sentence = prose.sentence_around(context, node.text)
    where = place(node)
    if where == "elsewhere" and not sentence and node.query_selector(_BADGE_IMAGES):
        # A badge outside of the content and of every figure: nothing else is there that it could speak of.
        where = "site"
    if prose.denies(sentence, node.text.strip()) or (
        free and where != "site" and stands_under(node)
    ):
        return "element"
    claimed, means_page = _claimed(page, node, context, free)
    scope = _scope(where, claimed)
    if where == "content" and claimed == grant.BARE and is_field_of_record(node):
        return "page"
    if claimed == grant.BARE and _is_of_list(node):
        return "element"
    says_so = means_page or (prose.grants(sentence) and prose.points_here(sentence))
    return "element" if scope == "page" and not says_so else scope


def _claimed(page: _Page, node: DOMNode, context: str, free: bool) -> tuple[str, bool]:
    """What the sentence with a link puts under the licence, and whether it surely means the page; for a badge, what
    stands beside it does."""
    phrase = " ".join(node.text.split())
    if not free:
        near, far = prose.sentence_around(own_block(node), phrase), prose.sentence_around(context, phrase)
        if prose.subject(near) == "part" or prose.speaks_of_part(far):
            return grant.OTHER, False
        return _CLAIM_OF_SUBJECT[prose.subject(far)], False
    if not phrase:
        return _beside_badge(page, node), False
    segments = list(prose.sentences(prose.of_contributors(context, page.url)))
    at = next((number for number, segment in enumerate(segments) if phrase in segment), None)
    before = after = previous = earlier = ""
    if at is not None:
        before, _, after = prose.clause(segments[at], phrase).partition(phrase)
        before, after = prose.without_choice(before, after)
        earlier = segments[at - 1] if at else ""
        previous = prose.spoken_of(segments[at], phrase, earlier)
        if grant.reserves_some_rights(" ".join(segments[at + 1:at + 2])):
            after = f"{after} {segments[at + 1]}"
    named = _VERSION.sub(" ", prose.without_names(_URL.sub(" ", phrase)))
    # A link may hold an icon or a letter and say nothing.
    words = f"{prose.without_names(_URL.sub(' ', before))} {named if len(named.strip()) > 1 else ''}"
    in_footer = place(node) == "site"
    claimed = grant.claim(words, after, page.names, previous=previous, in_footer=in_footer)
    label = "" if before.strip() else earlier
    if claimed == grant.BARE and (grant.credits_another(label, page.names) or _is_of_data(page, node)):
        return grant.OTHER, False
    means_page = claimed == grant.WHOLE and grant.means_page(
        words, after, page.names, previous=previous, in_footer=in_footer
    )
    return claimed, means_page


def _is_of_data(page: _Page, node: DOMNode) -> bool:
    """Whether a licence that is named alone is the one of a data set that the page is about, and not in its footer."""
    return page.is_of_data and node.closest("footer") is None


def _is_of_list(node: DOMNode) -> bool:
    """Whether a licence stands in a list of several, which recommends them or tells of them."""
    around = node.closest("ul,ol,dl")
    if around is None or len(around.text) > MAX_NOTICE:
        return False
    named = {family(mention.reading.spdx) for mention in prose.mentions(" | ".join(
        one.text for one in every(around, "li,dt,dd")
    )) if mention.reading.spdx not in _NO_LICENSES}
    return len(named) > 1


_CLAIM_OF_SUBJECT = {"whole": grant.WHOLE, "part": grant.OTHER, "": grant.BARE}


def _beside_badge(page: _Page, node: DOMNode) -> str:
    """What the words around a badge put under its licence; nothing in particular if they credit nobody."""
    text = own_block(node)
    for mention in prose.mentions(text):
        claimed = grant.claim(*prose.around(mention), page.names)
        if claimed != grant.BARE:
            return claimed
    before = list(prose.sentences(beside(node, "previous_sibling")))
    return grant.OTHER if before and grant.credits_another(before[-1], page.names) else grant.BARE


def _scope(where: str, claimed: str) -> str:
    if where in ("figure", "other", "quoted", "shown") or claimed == grant.OTHER:
        return "element"
    if where == "site":
        return "site"
    return "page" if claimed == grant.WHOLE else "element"


def _may_restrict_page(node: DOMNode, context: str) -> bool:
    """Whether a licence that is not free is named for nothing in particular, in the text and beside no picture."""
    phrase = " ".join(node.text.split())
    sentence = prose.sentence_around(context, phrase)
    if not sentence or place(node) not in ("content", "elsewhere") or stands_under(node):
        return False
    if prose.subject(sentence) or prose.denies(sentence) or grant.credits_another(sentence.partition(phrase)[0]):
        return False
    return prose.grants(sentence) or bool(_OF_TERMS.match(sentence))


def _badges(page: _Page) -> Iterator[Observation]:
    """Badges that no link to a licence surrounds."""
    for node in every(page.document, _BADGES):
        source = (node.getattr("src") or "").strip()
        reading = _licence_of_badge(source)
        parent = node.parent
        href = (parent.getattr("href") or "") if parent is not None and (parent.tag or "").lower() == "a" else ""
        if reading is None or read(href).confidence:
            continue
        scope = _scope(place(node), _beside_badge(page, node))
        yield observe("badge", scope, source, DETECTOR, reading, CONFIDENCE_OF_SCOPE[scope], context=surroundings(node))
        if scope != "element" and tier(reading.spdx) < UNKNOWN_TIER:
            yield from _doubts(node, "", scope)


def _jsonld(page: _Page) -> Iterator[Observation]:
    for script in every(page.document, "script[type*='ld+json' i]"):
        for scope, stated in jsonld.statements(script.text or "", page.addresses):
            yield observe("jsonld", scope, stated, DETECTOR, most=CONFIDENCE_OF_SCOPE[scope])


def _rsl(page: _Page) -> Iterator[Observation]:
    """RSL that is embedded in the page and speaks of it (RSL 1.0, section on HTML)."""
    for script in every(page.document, "script[type*='rsl+xml' i]"):
        for _, raw, reading in RslFile((script.text or "").strip().encode()).contents:
            yield observe("rsl", "page", raw, DETECTOR, reading)


def _sentences(page: _Page) -> Iterator[Observation]:
    """What the text of the page says in words, at the places that `_marked` found."""
    for mark, where, text in _marks(page):
        text, block = (prose.of_contributors(one, page.url) for one in (text, own_block(mark)))
        segments = list(prose.sentences(text))
        for mention in prose.mentions(text):
            if block and mention.raw not in block:
                # Of the next block, where another mark is.
                continue
            at = next((number for number, segment in enumerate(segments) if mention.sentence in segment), 0)
            scope = _scope_of_mention(page, mark, mention, where, segments[at - 1] if at else "")
            free = tier(mention.reading.spdx) < UNKNOWN_TIER
            if free and not mention.grants and _is_of_data(page, mark):
                scope = "element"
            if free and scope != "element" and where != "site" and stands_under(mark):
                scope = "element"
            yield observe("statement", scope, mention.raw, DETECTOR, mention.reading, CONFIDENCE_OF_STATEMENT[scope],
                          context=mention.sentence)
            if free and scope != "element":
                yield from _doubts(mark, mention.raw, scope)


def _restrictions(page: _Page, words: Sequence[bytes]) -> Iterator[Observation]:
    """What the text of the page forbids or asks leave for, whatever it declares, beginning with one of the words."""
    for mark, where, text in _marks(page):
        block = own_block(mark)
        in_notice = where == "site" or (where != "shown" and (
            any(_names_license(block)) or stands_under_rights(mark) or _near_license(block_around(mark))
        ))
        before = ""
        for sentence in prose.sentences(text):
            earlier, before = before, sentence
            if prose.goes_on_with_part(sentence, earlier):
                continue
            lower = sentence.encode().lower()
            if any(word in lower for word in words) and (found := restriction(sentence, in_notice)) is not None:
                raw, reading = found
                if (block and raw not in block) or (reading.confidence < NAMED and score(sentence) < SURELY_HARMLESS):
                    continue
                scope = _scope_of_restriction(sentence, raw, where)
                yield observe("statement", scope, raw, DETECTOR, reading, CONFIDENCE_OF_RESTRICTION, context=sentence)


def _lines(page: _Page, read: Sequence[str]) -> Iterator[Observation]:
    """Lines that say that the article is somebody else's, and not the site's to license, or that limit its use.

    Args:
        read: words of restrictions that were found: their sentences are not doubted as well.
    """
    for node, line in lines(page.document):
        words = _reprint(page, node, line) or _limit(node, line, read)
        if words:
            reading = Reading(UNKNOWN, CHOSEN)
            yield observe("statement", "page", words, DETECTOR, reading, CONFIDENCE_OF_RESTRICTION, context=line)


def _reprint(page: _Page, node: DOMNode, line: str) -> str | None:
    if is_entry_of_menu(node) or ((node.tag or "").lower() in _HEADINGS and len(line.split()) < MIN_WORDS_OF_CREDIT):
        return None
    words = reprint.reprinted(line, page.owners)
    if words is None or not speaks_of_article(node):
        return None
    if place(node) == "site" and reprint.reprinted(line, page.owners, DOUBTFUL_REPRINT_IN_NOTICE) is None:
        return None
    # '© 2024 Prado and Ek', and the licence of the article in the next line; or the notice of the site.
    is_notice = _ends_in_notice(line) or _ends_in_notice(words) or grant.is_of_authors(line)
    return None if is_notice and (_in_footer(node) or _near_license(node)) else words


def _limit(node: DOMNode, line: str, read: Sequence[str]) -> str | None:
    """A sentence that would be a limit on any licence beside it, so surely that it is one from any distance."""
    if reprint.begins_with_part(line) or prose.speaks_of_part(line):
        return None
    for sentence in prose.sentences(line):
        long = len(sentence.split()) >= MIN_WORDS_OF_LIMIT or CJK.search(sentence)
        if not long or first_look(sentence) <= WORTH_READING or place(node) not in _SPEAKING:
            continue
        if prose.is_of_part(sentence) or grant.adds_nothing(sentence):
            continue
        if score(sentence) <= LIMIT_AT_ANY_DISTANCE or _is_grant(sentence):
            continue
        if not any(words in sentence for words in read):
            return sentence
    return None


def _is_grant(sentence: str) -> bool:
    """Whether a sentence puts something under a free licence: what it adds to that is read beside the licence."""
    return any(
        tier(mention.reading.spdx) < UNKNOWN_TIER and grant.claim(*prose.around(mention)) == grant.WHOLE
        for mention in prose.mentions(sentence)
    )


def _ends_in_notice(line: str) -> bool:
    """Whether a line is a notice of copyright, if in a language that has a word of its own before '(c)'."""
    return grant.is_notice(_BEFORE_SIGN.sub("", line))


def _in_footer(node: DOMNode) -> bool:
    return place(node) == "site" and node.closest("article,main") is None


def _near_license(node: DOMNode) -> bool:
    """Whether a block beside a node, or a small one around it, names a licence."""
    around = node.parent
    if around is not None and len(around.text) <= MAX_NOTICE and around.query_selector(_CANDIDATES) is not None:
        return True
    if any(map(_names_by_link, elements_beside(node))):
        return True
    return any(True for block in blocks_beside(node) for _ in prose.mentions(block))


def _names_by_link(node: DOMNode) -> bool:
    """Whether a short element is or has a link to a licence."""
    return len(node.text) <= MAX_NOTICE and (
        read(node.getattr("href") or "").spdx != UNKNOWN or node.query_selector(_CANDIDATES) is not None
    )


def _names_license(text: str) -> Iterator[bool]:
    """Per mention of a text, whether it is a licence: it makes a notice of what it stands in."""
    return (mention.reading.spdx not in _NO_LICENSES for mention in prose.mentions(text))


def _marks(page: _Page) -> Iterator[tuple[DOMNode, str, str]]:
    """Every marked node, its place, and the text around it; each text once."""
    seen: set[tuple[str, str]] = set()
    for mark in every(page.document, f"wbr[{_MARK}]", None):
        text = surroundings(mark)
        stands = (text, own_block(mark))
        if stands not in seen:
            seen.add(stands)
            yield mark, place(mark), text


def _scope_of_restriction(sentence: str, phrase: str, where: str) -> str:
    """What is restricted: a picture alone if it stands there or is spoken of, else the page, wherever that is said."""
    if where in ("figure", "shown") or (_LABELLED.match(sentence) and reprint.begins_with_part(sentence)):
        return "element"
    named = _BEHIND.match(sentence.partition(phrase)[2])
    if "part" in (prose.subject(prose.clause(sentence, phrase)), prose.subject(named[1]) if named else ""):
        return "element"
    return "site" if where == "site" else "page"


def _scope_of_mention(page: _Page, mark: DOMNode, mention: prose.Mention, where: str, earlier: str) -> str:
    if mention.reading.spdx == ALL_RIGHTS_RESERVED:
        if _is_of_notice(mention) and prose.speaks_of_part(earlier):
            return "element"
        scope = _scope_of_restriction(mention.sentence, mention.raw, where)
        return "default" if scope == "site" and has_exception(mention.sentence) else scope
    if mention.reading.spdx in (OPT_OUT, NON_COMMERCIAL):
        return "site" if where == "site" else "element" if where == "shown" else "page"
    if prose.denies(mention.sentence, mention.raw):
        return "element"
    here = prose.points_here(mention.sentence)
    means_page = False
    if tier(mention.reading.spdx) > UNKNOWN_TIER:
        claimed = _CLAIM_OF_SUBJECT[mention.subject]
    else:
        before, after = prose.without_choice(*prose.around(mention))
        before, after = prose.without_names(before), prose.without_names(after)
        previous = prose.spoken_of(mention.sentence, mention.raw, earlier)
        claimed = grant.claim(before, after, page.names, previous=previous, in_footer=where == "site")
        if claimed == grant.BARE and (
            (not before.strip() and grant.credits_another(earlier, page.names)) or _is_of_list(mark)
        ):
            claimed = grant.OTHER
        means_page = claimed == grant.WHOLE and grant.means_page(
            before, after, page.names, previous=previous, in_footer=where == "site"
        )
    scope = _scope(where, claimed)
    if scope == "page" and not (means_page or (mention.grants and here)):
        scope = "element"
    if mention.reading.spdx in _FREE_BY_LAW and (scope == "page" or not here or _DEDICATES.search(mention.sentence)):
        # Prose speaks of works in the public domain far more often than it dedicates itself to it; the tool by which
        # it does is named.
        return "element"
    talked_about = not mention.grants and (mention.reading.confidence <= CHOSEN or len(mention.sentence) > 200)
    return "element" if scope == "site" and talked_about else scope


def _is_of_notice(mention: prose.Mention) -> bool:
    """Whether a sentence says that all rights are reserved and nothing else: those of the notice before it."""
    return mention.sentence.strip(" .,|") == mention.raw.strip(" .,|")


_LABELLED = re.compile(r"\W*[^\W\d_]+(?:\s+[^\W\d_]+)?\s*[:：]")
"""How a sentence begins that answers a label: 'Logo: © Rope Work, do not reuse.'"""
_BEHIND = re.compile(r"\s*\(([^()]{1,80})\)\W*$")
"""What is reserved, in brackets behind it: 'All rights reserved (platform and logo).'"""
_DEDICATES = re.compile(r"\bcc[\s-]?0\b|\bcc[\s-]zero\b", re.I)
_NO_LICENSES = (ALL_RIGHTS_RESERVED, OPT_OUT, PUBLIC_DOMAIN, US_GOVERNMENT)
_FREE_BY_LAW = (PUBLIC_DOMAIN, US_GOVERNMENT)
_HINTS = {
    _metas: r"<meta\b[^>]*(?:licen[sc]e|rights|copyright|noai|noimageai|noml|tdm-reservation|content-(?:usage|signal))",
    _links: r"(?:rel|itemprop|property)\s*=\s*[\"']?[^\"'>]*license|" + "|".join(map(re.escape, _LICENSE_HOSTS)),
    _badges: r"creativecommons\.org/[lp]/|licensebuttons\.net/",
    _jsonld: r"(?s)ld\+json.*license",
    _rsl: r"rsl\+xml",
    _sentences: prose.HINT,
}
"""Kind of statement -> RE2 pattern that every page with one matches."""
