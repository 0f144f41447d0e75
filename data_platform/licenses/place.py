# ruff: noqa: RUF001 - letters of other languages are meant
"""Where on a page something stands, and hence what a statement there covers.

Belongs here: ancestors and what surrounds a node of the DOM. Does not: which nodes are looked at (`markup`, `html`),
words (`prose`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
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
MAX_ARTICLES = 20
"""Articles of a page that are asked for a heading; a page with more is a list of teasers."""
MIN_NAME = 3
"""Characters of a name that a page goes by; shorter ones stand in too many sentences."""
MAX_INTRODUCED = 3
"""Blocks that begin with a node before which its introduction or its picture is looked for."""
MAX_LINE_OF_MARKUP = 400
"""Characters, white space included, of a paragraph that is a line."""
MAX_BYLINE = 80
"""Characters of a line that names the author; longer ones are about one."""
MAX_HEADING = 6
"""Words of a heading of credits; longer ones are titles."""
MAX_BEFORE = 30
"""Blocks before a node in which a heading is looked for."""
MAX_END = 400
"""Characters of what stands under the last line across a page."""
MAX_BESIDE = 3
"""Blocks on each side of the one with a licence that are read with it in a notice."""
MIN_SURROUNDINGS = 40
"""A shorter block is read with the block around it: the cell of a table, the item of a list."""

PLACES_ASKED = frozenset({"content", "elsewhere", "site", "figure"})
"""Where lines may speak of the article (`speaks_of_article`)."""

_SITE_TAGS = frozenset({"footer", "aside"})
_SITE_NAMES = re.compile(r"foot|colophon|sidebar|(?<!elementor-)widget|imprint|impressum|site-?info|sub-?sidiary", re.I)
"""Elementor, a builder of pages, calls every paragraph of a page a widget."""
_NOTICE_PLACES = re.compile(r"copyright|licen[sc]e|lizenz|creative-?commons|credit", re.I)
"""Names of notices of a site and of credits under a picture alike: what stands around them tells which."""
_FIGURE_TAGS = frozenset({"figure", "figcaption", "picture", "svg", "map", "video", "audio", "object", "iframe"})
_FIGURE_NAMES = re.compile(
    r"caption|attachment|image|img|photo|foto|bild|thumb|gallery|media-?copyright|source|leaflet|map-?attribution|"
    r"(?:video|audio)(?:-?(?:player|embed|wrap\w*|container|credit\w*))?(?:\s|$)", re.I,
)
_CONTENT_TAGS = frozenset({"article", "main"})
_CONTENT_NAMES = re.compile(r"(?:entry|post|article|page|main)-?_?(?:content|body|text)", re.I)
_QUOTED = re.compile(
    r"(?:^|\s)(?:(?:li-?)?comments?(?:-?(?:list|body|content|text|area|section|thread|wrap\w*|container))?(?:-\d+)?|"
    r"responses|disqus_thread|(?:tweet|toot)-embed|twitter-tweet|embed(?:ded)?-post)(?=\s|$)", re.I,
)
"""Names of comments and of posts of others: what is declared there is not declared of the page."""
_SIGNED = re.compile(r"(?:^|\s)(?:(?:user|post|forum)?-?_?(?:signature|sig))(?=\s|$)", re.I)
"""Names of what users of a forum have put under each of their posts."""
_POST = re.compile(
    r"(?:^|\s)(?:forum-?|topic-?|thread-?)?(?:post|message|reply)(?:-?(?:wrap\w*|container|row|bit))?(?=\s|$)", re.I
)
"""Names of posts, of which a thread has more than one."""
_QUOTED_TAGS = frozenset({"blockquote", "q", "cite"})
_SHOWN_TAGS = frozenset({
    "code", "pre", "samp", "kbd", "var", "xmp", "plaintext", "textarea", "select", "option", "template", "listing",
    "del", "s", "strike", "dialog", "button",
})
_ASKS_FOR_TEXT = "textarea,[contenteditable=true],input[type=file]"
"""Of forms by which something is sent in: what stands in one speaks of that."""
_PLAIN_NAME = re.compile(r"[\w-]+")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_SHOWN_NAMES = re.compile(
    r"(?:^|[\s_-])(?:code|snippet|sample|example|beispiel|demo|preview|(?<!copyright__)highlight|listing|copy-?paste|embed-?code|"
    r"clipboard)"
    r"s?(?:[\s_-]|$)", re.I,
)
"""Text that is shown rather than said: code, samples, and what was struck out. `md-copyright__highlight` is how
Material for MkDocs calls its notice."""
_OTHER_TAGS = frozenset({"nav"})
_OTHER_NAMES = re.compile(
    r"comment|\bmenu|\bnav(?!-content)(?:igation|bar|list)?\b|breadcrumb|tag-?cloud|blogroll|linkcat|"
    r"(?:^|[\s_-])(?:related|recommended|recommendations|similar|teasers?|read-?(?:more|next)|more-?(?:from|stories|"
    r"posts)|"
    r"also-?like|latest-?posts|other-?posts|mehr-?zum-?thema)(?:[\s_-]|$)", re.I,
)
"""Menus, comments and teasers (`wy-nav-content` is how Read the Docs calls its main column): a licence that is
named there is that of another text."""
_CREDITED = re.compile(
    r"(?:image|photo|picture|figure|video|music|audio|sound|icon|font|media|graphic|art|cover|bild|foto|abbildung|"
    r"illustration|crédit|crédito|credito|"
    r"third|party|open|source|software|code|data|dataset|"
    r"librar|component|imagen|imágen|immagin|imagem|imagens|zdjęci|related|comment|commentaire|comentario|kommentar|"
    r"reactie|referenc|referência|literatur|"
    r"bibliograph|material|photographi|featured|header)\w*|credits?|crediti|attributions?|acknowledge?ments?|"
    r"\w*nachweise?|\w*quellen(?:angaben?)?|rechte|"
    r"sources?|further|reading|see|also|more|posts|articles|stories|and|und|et|y|e|de|des|du|der|of|as|das|los|las|"
    r"for|licen[sc]es?|licensing|źródła|"
    r"クレジット|画像|写真|参考文献|コメント|图片来源|圖片來源|参考资料|评论", re.I,
)
"""Words of which headings above credits, references and comments are made."""
_TEASES = re.compile(
    r"\W*(?:(?:you\s+(?:may|might)|also)\s+(?:also\s+)?(?:like|enjoy|read)|read\s+(?:next|more|also)|more\s+(?:from|like|stories)|"
    r"related|recommended|keep\s+reading|up\s+next|elsewhere|lesen\s+sie\s+auch|mehr\s+(?:zum|aus|von)|das\s+könnte|"
    r"auch\s+interessant|à\s+lire|lire\s+aussi|vous\s+aimerez|lea\s+también|también\s+te|te\s+puede|leggi\s+anche|"
    r"potrebbe|leia\s+também|veja\s+também|lees\s+ook|czytaj\s+(?:także|też)|zobacz|läs\s+(?:också|även)|læs\s+også|"
    r"les\s+også|lue\s+myös|čtěte\s+také|читайте\s+также|関連(?:記事|リンク)|おすすめ|相关(?:文章|阅读)|相關文章|推荐阅读|관련)",
    re.I,
)
"""How headings above other articles begin."""
_OF_RIGHTS = re.compile(
    r"\b(?:re-?us(?:e|ing)|us(?:e|ing)\s+(?:of\s+)?(?:our|my|this|these|the)|permissions?|rights|licen[sc]\w*|copyright|"
    r"terms|re-?print\w*|re-?publish\w*|syndication|nutzung\w*|rechte|urheberrecht|lizenz\w*|droits|réutilis\w+|"
    r"licencias?|derechos|diritti|licenz[ae]|direitos|licenças?|rechten|licenties?|prawa|licencj[ae])\b|"
    r"利用規約|著作権|ライセンス|版权|版權|许可|授权", re.I,
)
"""Words of headings above terms."""
_CREDITS_SAY = re.compile(
    r"and|und|et|y|e|de|des|du|der|of|as|das|los|las|for|licen[sc]es?|licensing|open|rechte|"
r"more|see|also|articles|posts",
    re.I,
)
"""Those among them that say nothing by themselves."""
_PRESENTS = re.compile(
    r"\b(?:copy|paste|insert|add|use|include|put|write|place)\b.{0,60}\b(?:this|these|following|code|badge|line|text|"
    r"notice|snippet|"
    r"statement|footer|html)\b|"
    r"\b(?:kopier\w*|einfügen|füg\w+|verwend\w+|schreib\w+|beispiel\w*|muster\w*)\b|"
    r"\b(?:copie[rz]|collez|ajoute[rz]|insére[rz]|exemple|modèle)\b|\b(?:copi[ae]r?|pega\w*|añad\w+|inserte|ejemplo|"
    r"ponga)\b|"
    r"\b(?:copia\w*|incoll\w+|aggiung\w+|inser\w+|esempio)\b|\b(?:cole|adicione|insira|exemplo)\b|"
    r"\b(?:kopieer|plak|voeg|voorbeeld)\b|\b(?:skopiuj|wklej|dodaj|przykład\w*)\b|例えば|例：|コピー|貼り付け|记入|"
    r"复制|粘贴|例如|示例", re.I,
)
"""How a notice is introduced that is a sample of one."""
_EXEMPLIFIES = re.compile(
    r"\b(?:for\s+example|for\s+instance|e\.g\.|such\s+as|look(?:s|ing)?\s+like|sample|example|template)\b", re.I
)
"""The same in words that a long sentence may have for anything."""
MAX_PRESENTING = 120
"""Characters of a sentence that presents what follows by such words."""
_LABEL = re.compile(
    r"\W*(?:the\s+|die\s+)?(?:copyright|licen[sc]\w*|li[zc]en[zcsç]\w*|rights?|rechte|droits|derechos|diritti|"
    r"direitos|terms?(?:\s+of\s+use)?|reuse|"
    r"nutzung\w*|urheber\w*|ライセンス|著作権|许可\w*|版权\w*|permissions?)(?:\W+\w+){0,3}\W*", re.I,
)
_RECORD = re.compile(
    r"\b(?:doi|issn|e-?isbn|isbn|keywords?|categor(?:y|ies)|subjects?|published|publication\s+date|first\s+published|received|"
    r"accepted|citation|cite|exports?|volume|schlagw[oö]rter|veröffentlicht|mots[- ]clés|publié|palabras\s+clave|"
    r"publicado|parole\s+chiave|pubblicato|palavras-chave|słowa\s+kluczowe|trefwoorden)\b|"
    r"キーワード|关键词|關鍵詞|키워드", re.I,
)
"""Fields of a record of an article or a book."""
_RECORD_OF_OTHER = re.compile(
    r"\b(?:version|developer|homepage|downloads?|repository|platforms?|software|code|data\w*|files?|images?|photos?\w*|"
    r"pictures?|camera|videos?|audio|tracks?|resolution|dimensions|model|project|package|daten\w*|bilde?r?|fotos?|"
    r"données|datos|dati|dados|imagen|image)\b|数据|データ|画像|写真|图片", re.I,
)
"""Fields of records of software, data and pictures."""
OTHER_WORKS = frozenset({
    "about", "citation", "isbasedon", "mentions", "haspart", "itemlistelement", "comment", "review", "image",
    "thumbnail", "video", "audio", "associatedmedia", "primaryimageofpage", "logo", "publisher", "author", "creator",
    "subjectof", "relatedlink", "distribution", "encoding", "workexample", "exampleofwork", "photo", "suggestedanswer",
    "acceptedanswer", "itemreviewed", "recordedin", "translationofwork", "worktranslation", "citationof", "ispartof",
    "mainentityofpage", "character", "offers", "item",
})
"""Properties of schema.org whose values are other works: their licence is not the page's."""
_PART_TYPES = re.compile(
    r"(?:Image|Video|Audio|Media|Music|3D)\w*(?:Object|Recording|Composition)|Photograph|Software\w+|Product|Comment|"
    r"WebApplication|Answer|Map\b|Data(?:Download|set|Feed|Catalog)|ListItem|Painting|Sculpture|Drawing|VisualArtwork|"
    r"PodcastEpisode|Movie|Clip\b|Chapter|Quotation|Claim\b|SoftwareSourceCode|Game|TVE", re.I,
)
"""Types of schema.org whose licence is not that of the page's text."""
_WHOLE_TYPES = re.compile(
    r"article|webpage|\bpage|posting|creativework|report|recipe|course|learningresource|book|howto|faq|review|"
    r"document|\bwork\b|sioc:item",
    re.I,
)
_SITE_TYPES = re.compile(r"website|periodical|blog$|organization", re.I)
_OTHER_FILE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|mp[34]|ogg|pdf|zip)\b", re.I)
_OWN_ADDRESS = "link[rel~=canonical i],link[rel~=shortlink i],meta[property='og:url' i]"
_SITE_NAME = "meta[property='og:site_name' i],meta[property='og:title' i],meta[name='application-name' i]"
_WORK_NAME = "[property='dct:title' i],[property='dc:title' i]"
"""What the notice that Creative Commons' chooser writes calls the work that it stands in."""
_AUTHOR_METAS = (
    "meta[name=author i],meta[property='article:author' i],meta[name=citation_author i],meta[name='dc.creator' i],"
    "meta[name='dc.publisher' i],meta[name=publisher i],meta[name=citation_publisher i],"
    "meta[name=citation_journal_title i]"
)
_AUTHOR_LINES = (
    "[rel~=author],[itemprop~=author],[class~=author],[class~=byline],[class*='author-name'],[class~=p-author]"
)
_BYLINE = re.compile(
    r"(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|[Dd]i|[Dd]oor|[Tt]ext:?|Author:?)\s+([A-ZÀ-ÞŠŽŁ][\w.’'-]*(?:\s+[\w.’'-]+){1,3})"
)
_LINES = "p,div,small,li,td,dd,dt,h2,h3,h4,h5,h6,address,aside,center,footer,header,section"
_BLOCKS = "p,div,li,ul,table,h1,h2,h3,h4,h5,h6,form,section"
_HOLDER = re.compile(
    r"(?:©|\([cC]\)|[Cc]opyright)(?:[\s:©()]|[cC](?=\)))*(?:(?:19|20)\d\d(?:\s*[-–—/,]\s*(?:(?:19|20)?\d\d))*)?[\s,:]*(?:by\s+)?"
    r"([A-ZÀ-ÞŠŽŁ][^.|;,©\n]{1,60})"
)
INLINE = frozenset({
    "a", "abbr", "b", "br", "cite", "code", "em", "font", "i", "img", "label", "q", "small", "span", "strong", "sub",
    "sup", "time", "u", "wbr",
})
_ITEMS = frozenset({"li", "tr", "dd", "dt"})
"""Items of a list: what introduces the list introduces each."""
_SILENT = frozenset({"script", "style", "br", "wbr", "hr"})
_BREAKING = "span+span,br,p,div,li,td,th,dt,dd,tr,h1,h2,h3,h4,h5,h6,section,article,script,style"
"""What makes the text of an element more than one line, or hides a part of it."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "legend", "summary", "caption"})
_PLAYERS = frozenset({"img", "picture", "video", "audio", "iframe", "object", "embed", "figure", "map", "canvas"})
_MEDIA = "img,video,audio,iframe,object,embed,canvas"
_BADGE_SOURCE = re.compile(
    r"creativecommons|licensebuttons|88x31|80x15|(?:^|[/_-])(?:cc|by|sa|nc|nd|zero|cc0)(?:[-_.]\w+)*\.(?:png|svg|"
    r"gif)|licen[sc]e|"
    r"[/_-]cc[/_.-]", re.I,
)
"""Addresses of the badges of licences: pictures that no credit is for."""
_SECTIONS = frozenset({"footer", "aside", "section"})
"""Elements whose neighbours speak of something else."""
_APART = INLINE | {"td", "th", "dt", "dd"}
"""Elements whose text goes on in the same line, or is a label of what comes next."""


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

    'figure' (pictures, players, maps), 'shown' (code, samples, dialogs and forms, what was struck out or is hidden),
    'quoted' (comments, quotations),
    'other' (menus, teasers), 'content', 'site' (footer, sidebar, notice) or 'elsewhere'.
    """
    notice, start = False, node
    for _ in range(MAX_ANCESTORS):
        if node is None:
            break
        tag = (node.tag or "").lower()
        if tag in ("body", "html", "") or tag.startswith("#"):
            break
        if tag in _FIGURE_TAGS or "ImageObject" in (node.getattr("itemtype") or ""):
            return "figure"
        if tag in _SHOWN_TAGS or _is_apart(node, tag):
            return "shown"
        if tag in _QUOTED_TAGS:
            return "quoted"
        if tag in _OTHER_TAGS:
            return "other"
        if tag in _SITE_TAGS:
            return "site"
        name = f"{node.getattr('id') or ''} {node.getattr('class') or ''}"
        if _SHOWN_NAMES.search(name):
            return "shown"
        if tag == "article" and _is_teaser(node):
            return "other"
        if tag in _CONTENT_TAGS or _CONTENT_NAMES.search(name):
            if _enclosed(node.parent):
                return "other"
            return "site" if notice else "content"
        if any(_QUOTED.search(node.getattr(attribute) or "") for attribute in ("id", "class")) or _is_of_thread(node):
            return "quoted"
        if _OTHER_NAMES.search(name):
            return "other"
        if _SITE_NAMES.search(name):
            return "site"
        if _FIGURE_NAMES.search(name):
            return "figure"
        notice = notice or bool(_NOTICE_PLACES.search(name))
        node = node.parent
    return "site" if notice or (start is not None and ends_page(start)) else "elsewhere"


def ends_page(node: DOMNode) -> bool:
    """Whether a node stands under the last line across a page that has no elements for its parts, in few words."""
    block: DOMNode = node
    size = 0
    for _ in range(MAX_ANCESTORS):
        if _outermost(block):
            # A document has no siblings, and the parser may not be asked for any.
            return False
        after = block.next_sibling
        while after is not None:
            size += len((after.value if after.tag == "#text" else after.text) or "")
            after = after.next_sibling
        before = block.previous_sibling
        while before is not None:
            if (before.tag or "").lower() == "hr":
                return size <= MAX_END and _last_text(block)
            size += len((before.value if before.tag == "#text" else before.text) or "")
            before = before.previous_sibling
        if block.parent is None or size > MAX_END or _outermost(block.parent):
            return False
        block = block.parent
    return False


def _last_text(block: DOMNode) -> bool:
    """Whether nothing but blanks follows the siblings of a block, up to the end of the page."""
    around = block.parent
    while around is not None and not _outermost(around):
        after = around.next_sibling
        while after is not None:
            if ((after.value if after.tag == "#text" else after.text) or "").strip():
                return False
            after = after.next_sibling
        around = around.parent
    return True


def _is_apart(node: DOMNode, tag: str) -> bool:
    """Whether a node is shown at times only, or is a form that asks for a text."""
    if node.hasattr("hidden") or (node.getattr("role") or "").lower() in ("dialog", "alertdialog", "tooltip"):
        return True
    if _HIDDEN_STYLE.search(node.getattr("style") or "") and not _is_opened_by_button(node):
        return True
    return (tag == "form" and node.query_selector(_ASKS_FOR_TEXT) is not None
            and node.query_selector("article,main") is None)


def _is_opened_by_button(node: DOMNode) -> bool:
    """Whether a button of the page shows what is hidden at first, as PubMed Central does with notices of copyright."""
    name = node.getattr("id") or ""
    if not _PLAIN_NAME.fullmatch(name):
        return False
    return _root(node).query_selector(f"[aria-controls='{name}'],a[href='#{name}']") is not None


def _root(node: DOMNode) -> DOMNode:
    while node.parent is not None and not (node.tag or "").startswith("#document"):
        node = node.parent
    return node


def _is_of_thread(node: DOMNode) -> bool:
    """Whether a node is a post of several, or what its author has put under each: others wrote the rest of the page."""
    name = node.getattr("class") or ""
    if _SIGNED.search(name):
        return True
    return bool(_POST.search(name)) and any((one.getattr("class") or "") == name for one in elements_beside(node))


def _is_teaser(article: DOMNode) -> bool:
    """Whether an article is not the one that the page is about: another has the heading of the first level."""
    if article.query_selector("h1") is not None:
        return False
    return _has_headed_article(_root(article))


@lru_cache(maxsize=4)
def _has_headed_article(root: DOMNode) -> bool:
    """Whether an article of a page has a heading of the first level; asked once, since a page may have many."""
    return any(article.query_selector("h1") is not None for article in every(root, "article", MAX_ARTICLES))


def _enclosed(node: DOMNode | None) -> bool:
    """Whether code, a quotation, a comment or a teaser is somewhere around, farther out than what looks like "
    "content."""
    for _ in range(MAX_ANCESTORS):
        tag = (node.tag or "").lower() if node is not None else ""
        if node is None or tag in ("body", "html", "") or tag.startswith("#"):
            return False
        name = f"{node.getattr('id') or ''} {node.getattr('class') or ''}"
        if tag in _SHOWN_TAGS or tag in _QUOTED_TAGS or _QUOTED.search(name) or (
            _OTHER_NAMES.search(name) and "comment" not in name.lower()
        ):
            return True
        node = node.parent
    return False


def stands_under(node: DOMNode) -> str:
    """What a node stands under that says of what it is said: 'credits', 'sample', 'media', or '' for none of these.

    A heading of credits or references; a sentence that presents what follows ('Add this line to your page:'); a
    picture, a player or a map without text of its own. Looked for before the node's block and before the blocks that
    begin with it.
    """
    block: DOMNode | None = node
    while block is not None and (block.tag or "").lower() in INLINE:
        block = block.parent
    if block is None or _outermost(block):
        return ""
    if _shows_media(block):
        return "media"
    nearest = True
    for level in range(MAX_ANCESTORS):
        if block is None or _outermost(block):
            return ""
        nearest = nearest and level < MAX_INTRODUCED
        before, passed = block.previous_sibling, 0
        while before is not None and passed < MAX_BEFORE:
            tag = (before.tag or "").lower()
            if tag in _HEADINGS:
                return "credits" if _is_of_credits(before.text) or _TEASES.match(before.text) else ""
            beside_it = tag in _ITEMS and tag == (block.tag or "").lower()
            if tag and not beside_it and not tag.startswith("#") and tag not in _SILENT:
                text = " ".join(before.text.split())
                if nearest and (text or _shows_media(before)):
                    if not text:
                        return "media"
                    if _presents(text):
                        return "sample"
                    nearest = False
                passed += 1
            before = before.previous_sibling
        if (block.tag or "").lower() in ("footer", "aside", "article", "main", "section"):
            nearest = False
        block = block.parent
    return ""


def speaks_of_article(node: DOMNode) -> bool:
    """Whether a line may speak of the article: not in a menu, a comment or code, not under a picture or 'References'.

    What it is called says nothing: articles have their sources in elements named 'source' or 'credit'.
    """
    return place(node) in PLACES_ASKED and not _captions(node) and not stands_under(node)


def _captions(node: DOMNode) -> bool:
    """Whether a node stands in a figure, or in a small block with a picture or next to one, whose caption it may be."""
    block: DOMNode | None = node
    for _ in range(MAX_ANCESTORS):
        if block is None or _outermost(block) or (block.tag or "").lower() in _CONTENT_TAGS:
            return False
        if (block.tag or "").lower() in _FIGURE_TAGS:
            return True
        if len(block.text) > MAX_LINE_OF_MARKUP:
            return False
        if _shows_media(block) or any(_shows_media(one) for one in elements_beside(block)):
            return True
        block = block.parent
    return False


def elements_beside(block: DOMNode) -> Iterator[DOMNode]:
    """The elements next to a block, before it and behind it."""
    for direction in ("previous_sibling", "next_sibling"):
        one = getattr(block, direction)
        while one is not None and not hasattr(one, "query_selector_all"):
            one = getattr(one, direction)
        if one is not None:
            yield one


def is_field_of_record(node: DOMNode) -> bool:
    """Whether a node is what a record of the article, of fields with labels, gives as its licence."""
    block = block_around(node)
    name = " ".join(node.text.split())
    if not name or _outermost(block):
        return False
    own, _, behind = " ".join(block.text.split()).partition(name)
    if len(behind.strip(" .)")) > 0:
        return False
    labels = [own] if own.strip() else [" ".join(one.text.split()) for one in _before(block)]
    if not any(_LABEL.fullmatch(label) for label in labels):
        return False
    record = block
    for _ in range(MAX_INTRODUCED):
        record = record.parent
        if record is None or _outermost(record) or len(record.text) > MAX_SURROUNDINGS:
            return False
        text = _squeezed(record)
        if _RECORD.search(text):
            return not _RECORD_OF_OTHER.search(text)
    return False


def _before(block: DOMNode) -> Iterator[DOMNode]:
    """The element before a block; where the block is the first one in another, the one before that as well."""
    for _ in range(MAX_INTRODUCED):
        before = block.previous_sibling
        while before is not None and not hasattr(before, "query_selector_all"):
            before = before.previous_sibling
        if before is not None:
            yield before
            return
        if block.parent is None or _outermost(block.parent):
            return
        block = block.parent


def is_entry_of_menu(node: DOMNode) -> bool:
    """Whether a node is an item of a list outside of the content and nothing but a link: what it leads to is another
    text."""
    if (node.tag or "").lower() != "li" or place(node) == "content":
        return False
    link = node.query_selector("a")
    return link is not None and link.text.strip() == node.text.strip()


def stands_under_rights(node: DOMNode) -> bool:
    """Whether the nearest heading before a node, in its block or in those around, is one of terms: 'Using our work'."""
    block: DOMNode | None = node
    for _ in range(MAX_ANCESTORS):
        if block is None or _outermost(block):
            return False
        before, passed = block.previous_sibling, 0
        while before is not None and passed < MAX_BEFORE:
            if (before.tag or "").lower() in _HEADINGS:
                return bool(_OF_RIGHTS.search(before.text[:MAX_SURROUNDINGS]))
            passed += 1
            before = before.previous_sibling
        block = block.parent
    return False


def _is_of_credits(heading: str) -> bool:
    words = re.findall(r"[^\W_]+", heading[:200])
    return len(words) <= MAX_HEADING and all(map(_CREDITED.fullmatch, words)) and not all(
        map(_CREDITS_SAY.fullmatch, words)
    )


def _outermost(node: DOMNode) -> bool:
    tag = (node.tag or "").lower()
    return tag in ("body", "html", "") or tag.startswith("#")


def _shows_media(block: DOMNode) -> bool:
    """Whether a block shows a picture that is no badge, a player or a frame."""
    if not hasattr(block, "query_selector_all"):
        # No element, such as an instruction of PHP that was sent as it is.
        return False
    if (block.tag or "").lower() in _PLAYERS:
        return True
    return any(not _BADGE_SOURCE.search(one.getattr("src") or "") for one in every(block, _MEDIA, 20))


def _presents(text: str) -> bool:
    """Whether the last sentence of what stands before a notice presents it as a sample."""
    last = re.split(r"(?<=[.!?。！？])\s+", text[-300:])[-1]
    if _LABEL.fullmatch(last):
        return False
    if text.endswith((":", "：")) or _PRESENTS.search(last):
        return True
    return len(last) <= MAX_PRESENTING and bool(_EXEMPLIFIES.search(last))


def item_scope(node: DOMNode | None, own: Set[str] = frozenset()) -> str | None:
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
        if not about.startswith("#") and (_OTHER_FILE.search(about) or _is_elsewhere(own, about)):
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


def _is_elsewhere(own: Set[str], about: str) -> bool:
    """Whether an absolute address is not one of those that the page gives for itself."""
    return bool(re.match(r"(?:https?:)?//", about, re.I)) and address(about) not in own


def own_addresses(document: DOMNode, url: str = "") -> frozenset[str]:
    """The addresses of a page: where it was captured, and what it gives for itself; as `address` writes them."""
    given = (one.getattr("href") or one.getattr("content") or "" for one in every(document, _OWN_ADDRESS))
    return frozenset(filter(None, map(address, [url, *given])))


def own_names(document: DOMNode, url: str = "") -> frozenset[str]:
    """What a page and its site call themselves, in lower case: titles and their parts, the first heading, the host."""
    names = [one.text for one in every(document, "title,h1", 10)]
    names += [one.getattr("content") or "" for one in every(document, _SITE_NAME, 10)]
    names += [
        one.text for one in every(document, _WORK_NAME, 10)
        if item_scope(one, own_addresses(document, url)) != "element" and place(one) in ("site", "content", "elsewhere")
    ]
    parts = [part for name in names for part in (name, *re.split(r"\s[|–—·:»«-]+\s|[|»«]", name))]
    hosts = [re.split("[/:]", own)[0] for own in own_addresses(document, url)]
    hosts += [host.rpartition(".")[0] for host in hosts]
    squeezed = (" ".join(part.split()).lower() for part in (*parts, *hosts))
    return frozenset(name for name in squeezed if len(name) >= MIN_NAME)


def lines(document: DOMNode) -> Iterator[tuple[DOMNode, str]]:
    """Short paragraphs of a page, which hold no other, and their text."""
    for node in every(document, _LINES):
        if len(node.text) <= MAX_LINE_OF_MARKUP and node.query_selector(_BLOCKS) is None and (text := _squeezed(node)):
            yield node, text


def language_of(node: DOMNode) -> str:
    """The code of the language that a node is said to be in, without its country; '' if the page does not say."""
    said = node.closest("[lang]")
    return re.split("[-_]", (said.getattr("lang") or "").strip().lower())[0] if said is not None else ""


def credited(document: DOMNode) -> frozenset[str]:
    """Who the page says that it is by, in lower case: its authors, and who holds the copyright of its site."""
    names = [one.getattr("content") or "" for one in every(document, _AUTHOR_METAS, 100)]
    names += [one.text for one in every(document, _AUTHOR_LINES, 100) if len(one.text) <= MAX_BYLINE]
    names += [match[1] for _, line in lines(document) if len(line) <= MAX_BYLINE and (match := _BYLINE.match(line))]
    for one in every(document, "footer", 10):
        names += [match[1] for match in _HOLDER.finditer(_squeezed(one))]
    lower = (" ".join(name.split()).strip(" ,.").lower() for name in names)
    squeezed = (re.sub(r"^(?:by|von|par|por|di|door)\s+", "", name) for name in lower)
    return frozenset(name for name in squeezed if len(name) >= MIN_NAME)


def address(url: str) -> str:
    """An address without scheme, 'www.', query, fragment and final slash, to be compared with others."""
    return re.sub(r"^(?:https?:)?//(?:www\.)?|[?#].*$", "", url.strip(), flags=re.I).rstrip("/")


@lru_cache(maxsize=4)
def _squeezed(node: DOMNode) -> str:
    """Text of a node, white space squeezed, its blocks and lines apart by ' | ': made once for all links in a block.

    It keeps its tree alive. Longer text than anybody asks for is left as it is.
    """
    plain = " ".join(node.text.split())
    if len(plain) > MAX_SURROUNDINGS or node.query_selector(_BREAKING) is None:
        return plain
    pieces: list[str] = []
    _flow(node, pieces)
    return re.sub(r"^(?: \|)+ | \|(?= \|)|(?: \|)+ ?$", "", " " + " ".join("".join(pieces).split())).strip()


def _flow(node: DOMNode, pieces: list[str]) -> None:
    for child in node.child_nodes:
        tag = (child.tag or "").lower()
        if tag == "#text":
            pieces.append(child.value or "")
        elif tag == "br":
            pieces.append(" | ")
        elif tag and not tag.startswith("#") and tag not in ("script", "style"):
            around = "" if tag in INLINE else " " if tag in _APART else " | "
            if tag == "span" and _follows_span(child):
                pieces.append(" | ")
            pieces.append(" | " if tag == "dt" else around)
            _flow(child, pieces)
            pieces.append(around)


def _follows_span(span: DOMNode) -> bool:
    """Whether an element stands right behind one of its kind, both of several words: a style puts them apart."""
    before = span.previous_sibling
    return before is not None and (before.tag or "").lower() == "span" and all(
        len(one.text.split()) > 1 for one in (before, span)
    )


def forget_nodes() -> None:
    """Let go of the nodes of a page once it is read: a tree must end in the thread that made it."""
    _squeezed.cache_clear()
    _has_headed_article.cache_clear()


def own_block(node: DOMNode) -> str:
    """Text of the nearest block around a node, white space squeezed; empty if it is longer than `MAX_SURROUNDINGS`."""
    block: DOMNode | None = node
    while block is not None and (block.tag or "").lower() in INLINE:
        block = block.parent
    if block is None or (block.tag or "").lower() in ("body", "html"):
        return ""
    text = _squeezed(block)
    return text if len(text) <= MAX_SURROUNDINGS else ""


def near_text(node: DOMNode, phrase: str) -> str:
    """Text of the nearest block around a node; of a longer one, `MAX_SURROUNDINGS` characters on each side of a phrase
    in it."""
    block = block_around(node)
    if _outermost(block):
        return f"{beside(node, 'previous_sibling')} {node.text} {beside(node, 'next_sibling')}"
    text = _squeezed(block)
    if len(text) <= MAX_SURROUNDINGS:
        return text
    at = max(0, text.find(phrase))
    return text[max(0, at - MAX_SURROUNDINGS):at + len(phrase) + MAX_SURROUNDINGS]


def block_around(node: DOMNode) -> DOMNode:
    """The nearest element around a node, or itself, that is a block."""
    while (node.tag or "").lower() in INLINE and node.parent is not None:
        node = node.parent
    return node


def blocks_beside(node: DOMNode) -> Iterator[str]:
    """Text of the blocks before and behind the one with a node, of those of one notice, footer, sidebar or section.

    Lists of links say nothing of it. Where the block stands alone in another one, the other one's neighbours count. In
    an article it is the next one on each side.
    """
    block, where = block_around(node), place(node)
    most = MAX_BESIDE if where == "site" else 1
    if _outermost(block):
        while node.parent is not None and not _outermost(node.parent):
            node = node.parent
        yield from _next_blocks(node, "previous_sibling", 1)
        yield from _next_blocks(node, "next_sibling", 1)
        return
    while (block.tag or "").lower() not in _SECTIONS and place(block.parent) == where and not _outermost(block):
        found = [
            text for direction in ("previous_sibling", "next_sibling") for text in _next_blocks(block, direction, most)
        ]
        if found:
            yield from found
            return
        block = block.parent


def _next_blocks(block: DOMNode, direction: str, most: int) -> Iterator[str]:
    passed = 0
    block = getattr(block, direction)
    while block is not None and passed < most:
        tag = (block.tag or "").lower()
        if tag and not tag.startswith("#") and tag not in _SILENT and tag not in _HEADINGS:
            text = _squeezed(block)
            linked = sum(len(link.text) for link in every(block, "a", 100))
            if text and len(text) <= MAX_SURROUNDINGS and linked <= len(text) / 2:
                yield text
            passed += bool(text)
        elif tag == "#text" and (text := " ".join((block.value or "").split())):
            yield text
        block = getattr(block, direction)


def surroundings(node: DOMNode) -> str:
    """Text around a node, white space squeezed: of the block it stands in, or of its neighbours if that is long."""
    text = " ".join(node.text.split())
    for _ in range(MAX_ANCESTORS):
        parent = node.parent
        if parent is None or (parent.tag or "").lower() in ("body", "html"):
            break
        if (node.tag or "").lower() not in INLINE and len(text) > MIN_SURROUNDINGS:
            return text
        around = _squeezed(parent)
        if len(around) > MAX_SURROUNDINGS:
            break
        node, text = parent, around
    if len(text) > MIN_SURROUNDINGS and (node.tag or "").lower() not in INLINE:
        return text
    apart = " " if (node.tag or "").lower() in INLINE else " | "
    text = f"{beside(node, 'previous_sibling')}{apart}{text}{apart}{beside(node, 'next_sibling')}"
    return re.sub(r"\|(?: \|)+", "|", " ".join(text.split())).strip(" |")


def beside(node: DOMNode, direction: str) -> str:
    """Text of the siblings before or after a node, up to half of `MAX_SURROUNDINGS` and to the next block of text."""
    found: list[str] = []
    size = 0
    half = MAX_SURROUNDINGS // 2
    sibling = getattr(node, direction)
    while sibling is not None and size < half:
        tag = (sibling.tag or "").lower()
        if tag not in ("script", "style", "#comment"):
            if found and tag and not tag.startswith("#") and tag not in INLINE:
                break
            text = sibling.text
            part = text[-half:] if direction == "previous_sibling" else text[:half]
            found.append(part if not tag or tag.startswith("#") or tag in INLINE else f" | {part} | ")
            size += len(text)
        sibling = getattr(sibling, direction)
    return " ".join(reversed(found) if direction == "previous_sibling" else found)
