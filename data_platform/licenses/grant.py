# ruff: noqa: RUF001 - letters and quotation marks of other languages are meant
"""What a sentence that names a licence puts under it: the page it stands on, nothing in particular, or something else.

A grant has a subject (this page, this site, its text), a tense (now) and a modality (is; not 'if', 'will be', 'we are
considering'). Nobody can list the sentences that have all three, nor those that lack one, so that a small model of
language reads them (`reader`): what stands before the licence, what behind it, and the sentence before where that is
spoken of ('It is available under'). It is given the sentence as `as_read` writes it, in training
(benchmarks/train_license_reader.py) as in use. What it takes for a grant and the votes of known words do not
(`taught`), is none: doubt is never free. Other weights make another detector (`html`).

Belongs here: the words around a licence in, one of `WHOLE`, `BARE`, `OTHER` out; notices of copyright. Does not:
names of licences (`prose`), words that restrict (`restriction`, `neighbours`), where the sentence stands (`place`).
"""

from __future__ import annotations

import re
from collections.abc import Set

from data_platform.licenses.exceptions import without_exception
from data_platform.licenses.reader import LICENSE, OWN, is_piece, read
from data_platform.licenses.taught import BARE, CLASSES, MAX_AFTER, OTHER, PART, SENTENCE_END, WHOLE, voted
from data_platform.licenses.votes import any_of

SURE, UNDECIDED = 3.0, 2.0
"""How much more than for `OTHER` is found for what is a grant whatever the votes of known words say; and how little
more or less for one to be decided by votes alone."""
SURE_OF_PAGE = 2.5
"""How much more is found for a grant that means the page or site it stands on, though it does not point at it."""
SURE_OF_CREDIT = 2.0
"""How much more than for all else is found for a line that credits a part."""

_MAX_BEFORE, _MAX_PREVIOUS = 300, 160
"""Characters before the name of a licence, and of the sentence before, that are read."""
_ADDRESS = re.compile(r"[^\s(（\[]*(?:://|www\.)[^\s)\]）]*")
_BRACKETED = re.compile(r"[(\[“\"„«‘「（]\s*@\s*[)\]”\"“»’」）]")
_EMPTY = re.compile(r"[(\[“\"„«‘「（]\s*[;,.:/–-]*\s*[)\]”\"“»’」）]")
_AGAIN = re.compile(
    r"(?:\b(?:licen[sc]e|lizenz|licencia|licenza|licença|licentie|licencji|licens|lisens)\s+)?@(?:\s*,?\s*@)+", re.I
)
_NAMED_LICENSE = re.compile(r"\blicen[sc]e\s+@", re.I)
_ANYWHERE = (
    r"Interna[ctsz][ij]\w+|Unported|Generic|IGO|Kansainvälinen|Międzynarodow\w+|Mezinárodní|Nicht[ -]portiert|"
    r"n[ãa]o[ -]adaptada|non[ -]transposé|Genérica|Generico|(?:Всемирная|Міжнародна|Международная)|国[際际]|國際|국제"
)
"""For which countries a licence is written: for all."""
_ELEMENTS = re.compile(
    r"(?:(?:\b(?:CC|BY|SA|Attribution|Share-?\s?Alike|Namensnennung|Naamsvermelding|Gelijk\s?Delen|Atribución|Reconocimiento|"
    r"Compartir\s?Igual|Atribuição|Compartilha\s?Igual|Attribuzione|Condividi allo stesso modo|Uznanie autorstwa|"
    r"Na tych samych warunkach|Erkännande|Dela\s?Lika|Navngivelse|Kreditering|Del på samme vilk[åa]r|Reconeixement|"
    rf"Public\s+Domain\s+Mark|Apache\s+Licen[sc]e,?\s+Version|{_ANYWHERE})\b|رخصة\s+المشاع\s+الإبداعي|المشاع\s+الإبداعي|"
    r"ن[\u064b-\u0652]?سب\s+الم[\u064b-\u0652]?صن[\u064b-\u0652]*ف|"
    r"الترخيص\s+بالمثل|دولي|署名|相同方式共享|表示|継承|저작자표시|동일조건변경허락|\d\.\d\)?|\(CC\s*(?=@))[\s,–-]*)+@|"
    rf"@(?:[\s,–-]*(?:\b(?:{_ANYWHERE})|\d\.\d(?!\d)))+|@\s*(?:4\.0\s*)?\)", re.I,
)
"""What is left of the name of a licence beside it, which says nothing about what is put under it."""
_OF_DATA = re.compile(
    r"\W*(?:(?:public\s+domain|dedication|waiver|licen[sc]e)\W+)*appl(?:y|ies)\s+(?:only\s+)?to\s+(?:the\s+|all\s+|any\s+)*"
    r"(?:meta)?(?:data|code|software|images?|figures?|photographs?|abstract)\b", re.I,
)
"""What follows a licence that journals give the data behind an article."""
_OF_PIECE = re.compile(
    r"\W*(?:this|the\s+following|diese[rs]?|cette?|est[ea]|quest[oa]|deze|dit)\s+(?:section|table|figure|box|snippet|example|"
    r"paragraph|quotation|quote|excerpt|passage|abschnitt|tabelle|absatz|encadré|paragraphe|sección|tabla|párrafo|sezione|"
    r"tabella|paragrafo|seção|tabela|parágrafo|sectie|tabel|alinea)\b", re.I,
)
"""Pieces of a page."""
_OF_SOMETHING = re.compile(r"\W*(?:its|their|ses|leurs)\s", re.I)
"""How a sentence begins that is on what another sentence spoke of."""
_TAKEN_FROM = re.compile(
    r"\W*(?:from|aus|source|quelle|extrait\s+de|tomado\s+de|tratto\s+da|uit)\b[^.]{0,80}?"
    r"[“\"„«‘][^”\"“»’]{1,100}[”\"“»’][^.]{0,30}$", re.I
)
"""How what is quoted is credited: 'From Wikipedia, “Bascule bridge”, text under'."""
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ("「", "」"), ("『", "』"), ("»", "«"))
_LETTER = re.compile(r"[^\W_]")
_OF_WORDS = re.compile(r"[^\W\d_]")
_SHOUTED = 20
"""Letters of a text all in capitals, from which on they are no abbreviations."""
_ARTICLE = re.compile(r"^(?:the|der|die|das|le|la|les|el|los|las|il|lo|i|gli|o|os|het|de)\s+", re.I)
_NOTICE = re.compile(
    r"(?:©|\([cC]\)|\b(?i:copyright|copyleft)\b|🄯|🅭)(?:[\s:©()]|[cC](?=\)))*(?:\bby\b\s*)?(?:(?:19|"
    r"20)\d\d(?:\s*[-–—/,]\s*(?:(?:19|20)?\d\d|present|heute|now|today))*)?[\s,:]*"
    r"(?:(?:by|the|von|par|di|por|de|der|des|das|die|und|and|et|y|e|of|for|für|&|la|le|les|du|del|van|on|at|"
    r"(?=[\w.@'’&-]*[A-ZÀ-ÞŠŽŁ0-9.])[\w.@'’&-]+)(?:[\s,&]+|(?=[^\w\s])|$)){0,10}(?:\s*\(?(?:19|20)\d\d\)?)?",
)
"""A notice of copyright with its holder: capitalised words and what joins them."""
_AUTHORS = re.compile(
    r"\b(?:(?:the|die|der|les?|l[’']|los|las|gli|el|il|os?|de)\s*)?(?:original\s+)?(?:authors?|"
    r"autor(?:en|es|i|zy)?|auteure?s?|autore|autores|contributors?|editors?)(?:\((?:s|n|en|es)\))?(?!\w)|"
    r"著者|作者", re.I,
)
"""Holders of copyright whose names stand above the text."""
_RIGHTS_OF_AUTHORS = re.compile(
    r"\b(?:derechos\s+de\s+autor|direitos\s+(?:autorais|de\s+autor)|droits\s+d[’']auteur)\b", re.I
)
"""What copyright is called in notices that journals print."""
_ROLE = re.compile(r"\([^()\W\d_][^()\d]{0,24}\)\W*$")
"""What a holder is, behind the name: '(Author)', as systems of journals print it."""
_OF_AUTHORS = re.compile(
    r"(?:©|\([cC]\)|[Cc]opyright)(?:[\s:©()]|[cC](?=\)))*(?:(?:19|20)\d\d)?[\s,:]*(?:by\s+)?Authors\b(?!\s+\w)"
)
_LEAVE = re.compile(
    r"re-?(?:print|publish|post|produc)|permission|excerpt|courtesy|originally|first\s+(?:appear|publish)|\bfrom\b|"
    r"nachdruck|genehmigung|autorisation|permiso|permesso|permissão|toestemming|zgod", re.I,
)
"""Words by which a notice speaks of a text that was somebody else's."""
_PRINTED = re.compile(
    r"\bthe\s+work\s+is\s+made\s+available\s+under\s+(?:the\s+)?(?:creative\s+commons\s+)?@\s+public\s+domain\s+dedication|"
    r"the\s+person\s+who\s+associated(?:\s+(?:CC0|@))?\s+with\s+this\s+(?:work|page|site|text)\s+has\s+waived\s+all|"
    r"^\W*(?:all\s+)?text\s+created\s+after\s+(?:september\s+25,\s+2005|25\s+september\s+2005)\s+(?:is\s+)?available\s+"
    r"under|^\W*licensed\s+under\s+@\s+(?:(?:19|20)\d\d\s*[-–—]\s*)?(?:19|20)\d\d\s+by\b", re.I,
)
"""What systems print under the pages they make, in words that elsewhere grant nothing: the waiver that Creative
Commons' chooser writes, PLOS, Wikinews, and the lessons of the Carpentries."""
_CREDIT_DUE = re.compile(
    r"^\W*(?i:(?:licen[sc]e\s+)?(?:and|but)\s+you\s+must\s+(?:attribute|credit|cite|acknowledge)\s+(?:the\s+)?)"
    r"(?:[A-ZÀ-Þ][\w’'.-]*\s*|(?:and|of|the|&)\s+){1,8}\W*$"
)
"""A duty that the licence has itself, as OpenStax prints it."""
_OF_ITSELF = re.compile(
    r"\W*no\s+use(?:,\s*distribution(?:,?\s*or\s+reproduction)?)?\s+is\s+permitted\s+(?:which|that)\s+does\s+not\s+comply\s+"
    r"with\s+these\s+terms\W*|"
    r"\W*the\s+copyright\s+holder\s+for\s+this\s+(?:preprint|article|work)\s+is\s+the\s+author(?:/funder|\(s\)|s)?"
    r"(?:,?\s+who\s+has\s+granted\s+\w+\s+a\s+licen[sc]e\s+to\s+display\s+the\s+preprint\s+in\s+perpetuity)?\W*|"
    r"\W*the\s+present\s+licen[sc]e\s+applies\s+exclusively\s+to\s+the\s+text(?:ual)?\s+(?:content\s+)?of\s+th(?:e|is)\s+publication\W*|"
    r"[^.]*\b(?:additional|adicionais|adicionales|independientes|supplémentaires)\b[^.]*\b(?:non-?\s?exclusive\s+distribution|"
    r"distribui(?:ção|ción)\s+n[ãa]o[\s-]exclusiva|distribución\s+no\s+exclusiva|distribution\s+non\s+exclusive)\b[^.]*\W*|"
    r"[\w\s]{1,40}:\s*some\s+rights\s+reserved\W*|"
    r"\W*(?:you|anyone|everyone|readers)\s+may\s+(?:[\w,]+\s+){1,8}?(?:if|as\s+long\s+as|provided(?:\s+that)?)\s+(?:you|they)\s+keep\s+"
    r"(?:the|this)\s+(?:same\s+)?licen[sc]e\W*", re.I,
)
"""What Frontiers, bioRxiv, UNESCO, journals on OJS, and Global Voices print beside the licence of an article; that the
licence has to be kept."""
_PERMITS = re.compile(
    r"\W*(?:(?:and|or|it|they|you|anyone|everyone|may|can|be|is|are|free(?:ly)?|to|welcome|copied|copy|used?|re-?used?|"
    r"shared?|adapted|adapt|changed?|translated?|printed?|print|redistributed?|republished|republish|passed|pass|on|"
    r"for\s+(?:any|every|all)\s+purposes?(?:\s+without\s+(?:asking|permission))?)\W+)+", re.I,
)
"""Permissions without a condition."""
_SOME_RIGHTS = re.compile(
    r"\b(?:some|no|certain|einige|keine|certains|algunos|alguns|alcuni)\s+(?:rights?|rechte|droits|derechos|direitos|"
    r"diritti)(?:\s+\w+)?\s+(?:reserved|vorbehalten|réservés|reservados|riservati)\b", re.I,
)


def claim(
    before: str, after: str = "", own_names: Set[str] = frozenset(), *, previous: str = "", in_footer: bool = False
) -> str:
    """What is put under the licence that stands between `before` and `after`, in one sentence or clause.

    `own_names` are what the page and its site call themselves, in lower case: 'Quayside by J. Roe is licensed under' is
    a grant on Quayside, and the credit of another's work elsewhere. `previous` is the sentence that this one goes on
    with ('It is'). In a footer (`in_footer`) a name of a publication ('Harbour Letters') is the site's as well.
    """
    if _is_quoted(before, after) or _OF_DATA.match(after) or _TAKEN_FROM.match(before):
        return OTHER
    if _OF_PIECE.match(before) or (_OF_SOMETHING.match(before) and not previous):
        return OTHER
    if _is_printed(before, after):
        return WHOLE
    found = _class_of(before, after, frozenset(own_names), previous, in_footer)
    return OTHER if found == PART else found


def means_page(
    before: str, after: str = "", own_names: Set[str] = frozenset(), *, previous: str = "", in_footer: bool = False
) -> bool:
    """Whether what `claim` takes for a grant is so surely one of the page or its site that it need not point at it."""
    if _is_printed(before, after):
        return True
    scores = _scores(before, after, frozenset(own_names), previous, in_footer)
    return scores[WHOLE] - max(scores[other] for other in CLASSES if other != WHOLE) >= SURE_OF_PAGE


def _is_printed(before: str, after: str) -> bool:
    return bool(_PRINTED.search(" ".join(f"{before} {LICENSE} {after}".split())))


def _scores(before: str, after: str, own_names: frozenset[str], previous: str, in_footer: bool) -> dict[str, float]:
    after = SENTENCE_END.split(after[:_MAX_BEFORE], maxsplit=1)[0]
    texts = (_with_own(text.replace(LICENSE, " "), own_names) for text in (before, after, previous))
    return dict(zip(CLASSES, read(as_read(*texts, in_footer=in_footer)).claim, strict=True))


def _class_of(before: str, after: str, own_names: frozenset[str], previous: str, in_footer: bool) -> str:
    scores = _scores(before, after, own_names, previous, in_footer)
    after = SENTENCE_END.split(after[:_MAX_BEFORE], maxsplit=1)[0]
    found = max(scores, key=scores.__getitem__)
    margin = scores[WHOLE] - scores[OTHER]
    if found == PART or (found != BARE and abs(margin) >= SURE) or not _OF_WORDS.search(before + after):
        return found
    by_votes, all_taught = voted(before, after, own_names, previous, in_footer=in_footer)
    if found != BARE and abs(margin) < UNDECIDED:
        return by_votes
    return OTHER if found != OTHER and all_taught and by_votes in (OTHER, PART) else found


def as_read(before: str, after: str, previous: str = "", *, in_footer: bool = False) -> str:
    """The sentence as the model reads it: where it stands, what it goes on with, and `reader.LICENSE` for the licence.

    Addresses, empty brackets and further names of the same licence, which nothing but marks are left of, are out.
    """
    text = f"{before[-_MAX_BEFORE:]} {LICENSE} {after[:MAX_AFTER]}"
    if text.isupper() and len(_LETTER.findall(text)) > _SHOUTED:
        # Words in capitals are other words to the model.
        text, previous = text.lower(), previous.lower()
    text, squeezed = "", " ".join(_ADDRESS.sub(" ", text).split())
    while text != squeezed:
        text = squeezed
        for pattern in (_BRACKETED, _ELEMENTS, _AGAIN, _NAMED_LICENSE):
            squeezed = pattern.sub(f" {LICENSE} ", squeezed)
        squeezed = " ".join(_EMPTY.sub(" ", squeezed).split())
    previous = " ".join(previous.split())[-_MAX_PREVIOUS:]
    return f"{'footer' if in_footer else 'body'}: {f'{previous} ; ' if previous else ''}{text}"


def _with_own(text: str, own_names: frozenset[str]) -> str:
    """A text with `OWN` for what the page and its site are called: 'Photos' as a title makes no name of the word."""
    if not own_names or (own := any_of(own_names)) is None:
        return text
    return own.sub(lambda match: OWN if " " in match[0].strip() or not is_piece(match[0]) else match[0], text)


def _is_quoted(before: str, after: str) -> bool:
    """Whether a quotation that begins before the name of a licence ends behind it, with words of the page's around."""
    if before.count('"') % 2 and '"' in after:
        return True
    return any(
        opened in before and before.rfind(opened) > before.rfind(closed) and closed in after
        and _LETTER.search(before[before.rfind(opened):])
        for opened, closed in _QUOTES
    )


def credits_another(label: str, own_names: Set[str] = frozenset()) -> bool:
    """Whether the line or sentence before a bare licence is the credit of something else: 'Photo: J. Roe.'."""
    if not label.strip():
        return False
    scores = read(as_read(_with_own(label, frozenset(own_names)), "")).claim
    *_, next_best, best = sorted(scores)
    return best == scores[CLASSES.index(PART)] and best - next_best >= SURE_OF_CREDIT


def reserves_some_rights(text: str) -> bool:
    """Whether a text says that some rights are reserved and nothing else."""
    return bool(_SOME_RIGHTS.search(text)) and not _LETTER.search(_SOME_RIGHTS.sub(" ", text))


def is_notice(text: str) -> bool:
    """Whether a text is a notice of copyright and nothing else: whose the work is, not what may be done with it."""
    text = _AUTHORS.sub("Authors", _RIGHTS_OF_AUTHORS.sub("Copyright", " ".join(text.split())))
    rest = _ROLE.sub(" ", _NOTICE.sub(" ", text, count=1))
    return bool(_NOTICE.match(text)) and not _LETTER.search(rest)


def is_of_authors(text: str) -> bool:
    """Whether a text begins with a notice by which who wrote the page holds its copyright: '© 2024 The Authors.'"""
    match = _OF_AUTHORS.match(_AUTHORS.sub("Authors", " ".join(text.split())))
    return match is not None and not _LEAVE.search(text)


def adds_nothing(text: str) -> bool:
    """Whether a text adds nothing to a grant: a notice of copyright, some rights that are reserved, the credit that
    every licence with attribution demands, or a permission."""
    text = _SOME_RIGHTS.sub(" ", text)
    return is_notice(text) or not _LETTER.search(text) or bool(
        _CREDIT_DUE.match(text) or _PERMITS.fullmatch(f"{text} ") or _OF_ITSELF.fullmatch(text)
    )


def begins_with_name(sentence: str, own_names: Set[str]) -> bool:
    """Whether a sentence speaks of the page or its site by name: 'Quayside by J. Roe is licensed under'."""
    plain = _ARTICLE.sub("", without_exception(sentence).lstrip(" ,\"'“”„«»‘’|–—-:"))
    return _with_own(plain, frozenset(own_names)).startswith(OWN)
