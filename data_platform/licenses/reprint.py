# ruff: noqa: RUF001 - letters and quotation marks of other languages are meant
"""Reprints: lines in an article that say that its text is somebody else's, and not the site's to license.

'Used with permission of the estate', '© The Evening Wheel', 'an excerpt from a book published by Harbour Press' and
'Mit freundlicher Genehmigung des Verlags' take the article out of the licence in the site's footer, whatever that
says: nobody can grant what is not theirs. Such lines stand apart, as short paragraphs; an article that tells of
permissions and reprints has sentences of the same words within longer ones.

Belongs here: a short paragraph in, the words by which it is a reprint out. Does not: where the paragraph stands
(`place`), whose names the page goes by (`html`), restrictions (`restriction`).
"""

from __future__ import annotations

import re
from collections.abc import Set

from data_platform.licenses import prose

MAX_LINE = 320
"""Characters of a paragraph that says where its article comes from; longer ones tell of something."""
MAX_WORDS = 18
"""Words of a sentence in which leave is given anywhere; longer ones tell of it."""

_LEAVE = (
    r"(?:permission|leave|consent|courtesy|arrangement|approval|genehmigung|erlaubnis|einwilligung|zustimmung|autorisation|"
    r"accord|permiso|autorización|consentimiento|concessione|permesso|autorizzazione|consenso|permissão|autorização|"
    r"toestemming|zgodą|zezwoleniem|tillstånd|medgivande|tilladelse|tillatelse|luvalla|svolením|souhlasem|разрешения|"
    r"разрешению|согласия)"
)
_WITH = r"(?:with|by|under|through|after|mit|nach|avec|sous|con|per|com|met|za|med|s|se|с)"
_PUBLISHED = (
    r"(?:(?:re-?|ab|nach)?(?:printed|published|produced|posted|used|issued|gedruckt)|appears|excerpted|translated|shared|shown|presented|included|veröffentlicht|"
    r"verwendet|wiedergegeben|übersetzt|erscheint|publiée?s?|reproduite?s?|reprise?s?|traduite?s?|parue?s?|publicad[oa]s?|"
    r"reproducid[oa]s?|traducid[oa]s?|pubblicat[oaie]|riprodott[oaie]|tradott[oaie]|reproduzid[oa]s?|traduzid[oa]s?|"
    r"overgenomen|gepubliceerd|gebruikt|vertaald|opublikowan\w+|przedruk\w*|tłumaczenie|publicera[ds]\w*|återgive[nt]|trykt|"
    r"gengivet|gjengitt|publisert|julkaistu|převzato|publikováno|otištěno|опубликован\w+|печатается|публикуется|перепечатано)"
)
_DID = (
    r"(?:re-?)?(?:printed|published|produced|posted|used|issued)|excerpted|extracted|adapted|translated|abridged|"
    r"appears|appearing|shared|shown|presented|included|taken|syndicated"
)
_TEXT = (
    r"(?:article|text|chapter|story|essay|poem|piece|post|page|column|interview|review|letter|speech|lecture|passage|"
    r"section|recipe|report|paper|work|material|extract|excerpt|obituary|tale|translation)"
)
_THIS = rf"(?:(?:this|the|our|today[’']s)\s+(?:\w+\s+){{0,2}}?{_TEXT}s?|it|text|words|story)"
_NAMED = r"(?:[“\"„«‘'_*]|(?:the|a|an|der|die|das|den|dem|des|le|la|les|el|il|lo|o|os|as)?\s*[A-ZÀ-ÞŠŽŁÉÅÄÖ])"
_NO_DATE = (
    r"(?!(?:on\s+|in\s+)?(?:\d|january|february|march|april|may\b|june|july|august|september|october|november|december|"
    r"german|english|french|spanish|italian|dutch|polish|portuguese|japanese|chinese|danish|swedish|welsh)\b)"
)
_WITH_LEAVE = tuple(re.compile(pattern, re.I) for pattern in (
    rf"^(?:\W*|{_THIS}\s+(?:is|was|has\s+been|are|were)\s+|.{{0,60}}?\b)(?:{_DID})\b[^.!?]{{0,80}}?\b(?:by|with|under|through|"
     r"after)\s+(?:(?:the|their|his|her|its|kind|gracious|express|written|generous)\s+){0,3}(?:permission|leave|consent|"
     r"courtesy|arrangement|licen[sc]e\s+from|agreement)\b",
    rf"\b{_PUBLISHED}\s+(?:\w+\s+){{0,3}}?{_WITH}\s+(?:[\w’']+\s+){{0,3}}?(?:l[’'](?:aimable\s+)?)?{_LEAVE}\b",
))
"""Leave that somebody gave, anywhere in a short sentence."""
_PATTERNS = tuple(re.compile(pattern, flags) for pattern, flags in (
    # Leave that somebody gave.
    (r"^\W*(?:with|by)\s+(?:(?:the|kind|gracious|special|express)\s+){0,2}(?:permission|leave|consent|courtesy|"
     r"arrangement)\b", re.I),
    (rf"^\W*(?:{_THIS}\s+(?:is\s+|appears\s+)?)?(?:by\s+)?courtesy\s+(?:of\s+)?{_NAMED}", re.I),
    (r"^\W*(?:re-?prints?|re-?printed|re-?published|reproduced|excerpted|syndicated|adapted|taken|extracted|condensed|abridged|licensed)\b[^.!?]{0,60}?\b(?:from|"
     r"here|in\s+full|courtesy|by)\b", re.I),
    # What it is a part of, and where it was before.
    (rf"^\W*{_THIS}\s+(?:is|was|comes|has\s+been|are|were)\s+(?:\w+\s+){{0,3}}?(?:excerpt\w*|extract\w*|taken|adapted|"
     r"re-?printed|re-?published|reproduced|condensed|abridged|syndicated|from)\b[^.!?]{0,60}?\b(?:from|of|in|by|book|"
     r"novel|collection)\b", re.I),
    (r"^\W*(?:an?\s+)?(?:edited\s+)?(?:excerpt|extract|chapter)\s+(?:\w+\s+)?(?:from|of)\b[^.!?]{0,100}?(?:\bbook\b|press|"
     r"books|verlag|publish\w+|[“\"‘«]|novel|edition|\b(?:19|20)\d\d\b)", re.I),
    (rf"^\W*(?:{_THIS}\s+)?(?:(?:was|is|were)\s+)?(?:first|originally|previously)\s+(?:appeared|published|printed|posted|"
     rf"ran|issued)\s+(?:in|on|by|at|with)\s+{_NO_DATE}", re.I),
    (rf"^\W*{_THIS}\s+(?:was\s+|has\s+)?(?:ran|appeared|came\s+out|published|printed|posted|been\s+\w+)\s+(?:\w+\s+)?(?:first|originally|"
     rf"previously|earlier|before)\s+(?:in|on|by|at|with)\s+{_NO_DATE}", re.I),
    (r"^\W*(?:tirée?|extraite?|issue?|adaptée?)\s+(?:du|de\s+l[’']|de\s+la|des|d[’'])\s*(?:livre|roman|ouvrage|recueil|revue|"
     r"journal|essai)\b", re.I),
    # Whose it is.
    (r"\ball\s+(?:other\s+)?rights\s+(?:are\s+)?(?:theirs|his|hers)\b|\ball\s+(?:other\s+)?rights\s+(?:(?:are|is|remain|stay|lie|rest|belong|held|owned|reserved)\s+)*(?:with|to|by)\b",
     re.I),
    (r"\b(?:copyright|rights?)\b[^.!?]{0,50}?\b(?:belongs?|remains?|stays?|lies?|rests?|(?:is|are)\s+(?:held|owned|"
     r"retained))\s+(?:to|with|by)\s+(?!(?:the|its|their|our|each)\s+(?:respective\s+)?(?:authors?|contributors?|us)\b)",
     re.I),
    (rf"^\W*{_THIS}\s+(?:is|remains|belongs)\s+(?:the\s+|to\s+)?(?:(?:sole\s+|intellectual\s+)*property\s+of|"
     r"copyright\b|©)", re.I),
    (rf"^\W*{_THIS}\s+(?:belongs\s+to|is\s+(?:owned|held)\s+by)\s+(?!(?:a|the|our|everyone|everybody|all|us)\s+(?:\w+\s+)?"
     r"(?:series|collection|category|site|blog|public|commons)\b)", re.I),
    (r"^\W*(?i:(?:all\s+|text\s+)?(?:rights?|copyright|rechte|droits|derechos|diritti|direitos|rechten|prawa|rättigheter|rettigheter|"
     r"rettigheter|práva|права)(?:\s+holders?)?)\s*[:–—-]\s*[A-ZÀ-ÞŠŽŁА-Я]", 0),
    (rf"^\W*{_WITH}\s+(?:[\w’']+\s+){{0,3}}?(?:l[’'])?(?:aimable\s+)?{_LEAVE}\b", re.I),
    # German
    (r"\bmit\s+(?:freundlicher|ausdrücklicher|besonderer)?\s*(?:genehmigung|erlaubnis|einwilligung|zustimmung)\s+"
     r"(?:von|der|des|durch)\b", re.I),
    (r"^\W*(?:ab|nach)(?:druck|gedruckt)\b[^.!?]{0,60}?\b(?:mit|aus|von|bei)\b", re.I),
    (r"^\W*(?:(?:dieser|der)\s+text\s+(?:ist|stammt)\s+)?(?:(?:ein|"
     r"als)\s+)?(?:leicht\s+gekürzter\s+)?auszug\s+aus\b", re.I),
    (r"^\W*(?:(?:dieser|der)\s+(?:text|artikel|beitrag)\s+)?(?:ist\s+)?(?:zuerst|erstmals|ursprünglich)\s+(?:\w+\s+)?"
     rf"(?:erschienen|veröffentlicht)?\s*(?:in|im|bei|auf)\s+{_NO_DATE}", re.I),
    (r"^\W*(?:alle\s+|die\s+|sämtliche\s+)?rechte\b[^.!?]{0,40}?\b(?:beim?|liegen|liegt|gehören)\b", re.I),
    # French, Spanish, Italian, Portuguese, Dutch, Polish
    (r"\bavec\s+(?:l[’'](?:aimable|accord)\s*)?(?:la\s+)?(?:aimable\s+)?(?:autorisation|permission|accord)?\s*(?:de|du|des)\b"
     r"(?<=.{14})(?:.{0,60})$(?<!\bavec du)|^\W*(?:reproduit|repris|publié|extrait)\b[^.!?]{0,60}?\b(?:autorisation|"
     r"permission|accord|ouvrage|livre|de|du|roman)\b", re.I),
    (r"^\W*(?:(?:cet|ce)\s+(?:article|texte)\s+(?:est|a\s+été)\s+)?(?:d[’']abord\s+|initialement\s+)?(?:paru|publié)\s+"
     r"(?:initialement\s+|d[’']abord\s+)?(?:dans|chez|sur)\b", re.I),
    (r"\b(?:tous\s+)?(?:les\s+)?droits\b[^.!?]{0,40}?\b(?:appartien\w+|reviennent|restent|chez|détenus)\b", re.I),
    (r"\bcon\s+(?:el\s+)?(?:amable\s+|expreso\s+)?(?:permiso|autorización)\s+de(?:l)?\b|^\W*(?:extracto|fragmento)\s+(?:\w+\s+)?"
     r"del?\b|^\W*(?:este\s+(?:artículo|texto)\s+(?:fue\s+|se\s+)?)?(?:publicad\w+|publicó)\s+originalmente\b|"
     r"^\W*(?:reproducid|reimpres)\w+\s+(?:con|de|por)\b", re.I),
    (r"\bper\s+(?:gentile\s+)?concessione\b|\bcon\s+(?:il\s+)?(?:gentile\s+)?(?:permesso|autorizzazione)\s+d\w+\b|"
     r"^\W*(?:estratto|tratto|brano\s+tratto)\s+da\w*\b|^\W*(?:ri)?pubblicato\s+(?:originariamente|con|su)\b", re.I),
    (r"\bcom\s+(?:a\s+)?(?:gentil\s+)?(?:permissão|autorização)\s+d\w\b|^\W*(?:trecho|excerto|extraído|reproduzido)\b"
     r"[^.!?]{0,40}?\b(?:d\w|com)\b|^\W*publicado\s+originalmente\b", re.I),
    (r"\bmet\s+(?:vriendelijke\s+)?toestemming\s+van\b|^\W*(?:overgenomen|fragment|uittreksel)\s+(?:uit|van|met)\b|"
     r"^\W*uit\s+het\s+boek\b|^\W*eerder\s+(?:verschenen|gepubliceerd)\b", re.I),
    (r"\bza\s+(?:uprzejmą\s+)?zgodą\b|^\W*(?:przedruk|fragment)\b|^\W*(?:pierwotnie|pierwodruk)\b|\bprawa\b[^.]{0,20}\b"
     r"(?:należą|posiada)\b", re.I),
    # Swedish, Danish, Norwegian, Finnish, Czech, Russian
    (r"\bmed\s+(?:\w+\s+)?(?:tillstånd|tilladelse|tillatelse|medgivande)\s+(?:av|fra|från)\b|^\W*(?:utdrag|uddrag)\s+"
     r"(?:ur|fra|av)\b|\bluvalla\W*$|\bs\s+(?:laskavým\s+)?(?:svolením|souhlasem)\b|^\W*(?:převzato|úryvek)\b|"
     r"\bс\s+(?:\w+\s+)?(?:разрешения|согласия)\b|^\W*(?:перепечат\w+|отрывок)\b", re.I),
    # Japanese, Chinese, Korean
    (r"許可を得て|許諾を得て|より(?:転載|抜粋)|から(?:の)?(?:転載|抜粋)|転載(?:元|記事|しました|です)|本文?(?:转载|轉載|摘)自|^\W*(?:转载|轉載|摘)自|"
     r"(?:授权|授權)(?:转载|轉載)|原(?:载|載)(?:于|於)|版[权權](?:归|歸)(?:原|作)?|허락을?\s*(?:받아|얻어)|에서\s*(?:발췌|전재)|저작권은[^.]{0,20}(?:에게|에)\s*있",
     re.I),
))
_SPEAKS_OF_ITSELF = re.compile(
    rf"^\W*(?:(?:this|the\s+following|the\s+above|today[’']s)\s+(?:\w+\s+){{0,2}}?{_TEXT}\b|(?:the\s+following|{_TEXT})\b(?!\s+of\b)|"
    r"(?:(?:dieser?|dieses|der\s+folgende|der\s+obige)\s+)?(?:text|artikel|beitrag|auszug|aufsatz|gedicht|kapitel|essay|erzählung)\b|"
    r"(?:(?:ce|cet|cette|le\s+présent)\s+)?(?:texte|article|extrait|chapitre|poème|récit|billet|nouvelle)\b|"
    r"(?:(?:este|el\s+presente|o\s+presente)\s+)?(?:artículo|texto|cuento|capítulo|poema|ensayo|fragmento|artigo|conto|ensaio|"
    r"trecho)\b|(?:(?:questo|il\s+presente)\s+)?(?:articolo|testo|racconto|capitolo|brano|saggio|poesia)\b|"
    r"(?:(?:dit|deze)\s+)?(?:artikel|tekst|verhaal|hoofdstuk|gedicht|fragment|stuk)\b|"
    r"(?:(?:ten|niniejszy)\s+)?(?:tekst|artykuł|rozdział|wiersz|fragment)\b|(?:(?:den\s+här|denna|denne|dette)\s+)?"
    r"(?:texten|artikeln|artikkelen|artiklen|teksten)\b)", re.I,
)
"""How a line begins that speaks of the text it stands in."""
_FROM = re.compile(
    r"\b(?:excerpt\w*|extract\w*|comes\s+from|taken|adapted|appear\w*|ran|printed|re-?print\w*|re-?publish\w*|published|"
    r"syndicated|distributed|licensed|cross-?posted|permission|courtesy|property|belongs|rights|erschien\w*|veröffentlicht|abgedruckt|entnommen|"
    r"stammt|genehmigung|rechte|paru\w*|publiée?|extraite?|tirée?|reprise?|reproduite?|issue?|droits|publicad\w+|apareció|"
    r"extraíd\w+|tomad\w+|reproducid\w+|derechos|pertenece|retirad\w+|reproduzid\w+|direitos|appars\w+|pubblicat\w+|"
    r"tratt\w+|ripres\w+|riprodott\w+|diritti|verscheen|verschenen|gepubliceerd|overgenomen|ontleend|afkomstig|rechten|"
    r"ukazał\w*|opublikowan\w+|pochodzi|przedruk\w*|zaczerpnięt\w+|publicera\w+|publisert|udgivet|hämtad|"
    r"hentet)\b|©", re.I,
)
"""What it then says of where the text is from, or whose it is."""
_CAPITALISED = re.compile(r"(?<=\s)[“„«\"'‘]?[A-ZÀ-ÞŠŽŁ][\w’'-]+")
_CALENDAR = re.compile(
    r"(?:jan|feb|febr|mar|mär|apr|may|mai|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez)\w{0,8}|german|english|french|spanish|"
    r"italian|dutch|polish|portuguese|japanese|chinese|danish|swedish|welsh|deutsch|englisch|creative|commons|cc", re.I,
)
_ELSEWHERE = re.compile(
    r"^\W*(?:cross-?posted|syndicated|mirrored|re-?blogged)\b|\bintellectual\s+property\s+of\b|"
    r"^\W*(?:this\s+is\s+|the\s+following\s+is\s+)?(?:an?\s+)?(?:\w+\s+)?(?:excerpt|extract)\b|"
    r"^\W*(?:from|aus|uit|du|extrait\s+du|del|dal|do|z|ur|fra)\s+(?:(?:the|dem|het)\s+)?(?:book|novel|cookbook|collection|anthology|memoir|"
    r"buch|roman|band|boek|livre|libro|livro|książki|boken|bogen)\b|^\W*(?:Aus|Uit|From|Z)\s*:\s*[A-ZÀ-ÞŠŽŁ]|"
    r"\b(?:thank|thanks|grateful|danken|dank|remerci\w+|agradec\w+|ringrazi\w+|bedanken|dziękujemy)\b[^.!?]{0,60}?\b(?:permission|"
    r"leave\s+to|consent|\w*genehmigung|abdruck\w*|autorisation|permiso|autorización|permesso|concessione|permissão|"
    r"toestemming|zgodę)\b|\bby\s+permission\s+of\b|原文刊|首发于|首發於|初出", re.I,
)
_NOTICE = re.compile(
    r"(?:^|[.;|]\s*)\W*(?:(?:text|poem|story|essay|words|gedicht|texte|texto|testo)\s*:?\s*)?(?:©|copyright\b|\(c\))[\s:©()cC]*(?:(?:19|20)\d\d(?:\s*[-–—/,]\s*(?:(?:19|20)?\d\d))*)?[\s,:]*(?:by\s+)?"
    r"(?P<holder>(?:the\s+|die\s+|der\s+)?[A-ZÀ-ÞŠŽŁ][^.|;©\n]{1,80})", re.I,
)
"""A notice of copyright that a line begins with, and its holder."""
_AUTHORS = re.compile(
    r"^(?:the\s+|die\s+|les\s+|los\s+|gli\s+|os\s+|de\s+)?(?:authors?|autor\w*|auteurs?|autor[ei]\w*|owners?|holders?|"
    r"contributors?|copyright|notice|licen[sc]\w*|all\s+rights|by\b|is\b|and\b|page\b|this\b|of\b|for\b|law\b|"
    r"act\b)", re.I,
)
_PART = re.compile(
    r"\b(?:photo\w*|foto\w*|\w*bild(?:er)?|images?|pictures?|illustrations?|drawings?|figures?|fig\.|tables?|maps?|cover|"
    r"videos?|music|audio|logo|icon|graphics?|grafik|abbildung\w*|artwork|painting|poster|map|data|diagram|screenshot)\b|"
    r"写真|画像|图片|圖片|照片|사진", re.I,
)

_OF_PART = re.compile(rf"\W*(?:\w+\s+)?{_PART.pattern}[^.:]{{0,12}}[.:]", re.I)
"""How the caption of a picture begins."""


def reprinted(line: str, own_names: Set[str] = frozenset()) -> str | None:
    """The words by which a paragraph says that the text is somebody else's; None if it does not.

    `own_names` are what the page, its site and its authors are called, in lower case: their notices are the page's own.
    One that names a licence is a grant, and read as such.
    """
    line = " ".join(line.split())
    if not line or len(line) > MAX_LINE or any(True for _ in prose.mentions(line)):
        return None
    if _OF_PART.match(line):
        return None
    for sentence in prose.sentences(line):
        if _PART.search(sentence):
            continue
        for pattern in (*_PATTERNS, *(_WITH_LEAVE if len(sentence.split()) <= MAX_WORDS else ())):
            if match := pattern.search(sentence):
                return match[0].strip() or None
        if (match := _ELSEWHERE.search(sentence)) or (match := _names_its_source(sentence, own_names)):
            return match[0].strip()
        notice = _NOTICE.search(sentence)
        if notice is not None and not _is_own(notice["holder"], own_names):
            return notice[0].strip()
    return None


def _names_its_source(sentence: str, own_names: Set[str]) -> re.Match[str] | None:
    """Where a sentence on the text that it stands in says where that is from: by a name that is not the page's own."""
    spoken = _SPEAKS_OF_ITSELF.match(sentence)
    said = _FROM.search(sentence, spoken.end()) if spoken and len(sentence.split()) <= MAX_WORDS else None
    if said is None:
        return None
    names = [name.strip("“„«\"'‘") for name in _CAPITALISED.findall(sentence[said.end():])]
    others = [name for name in names if not _CALENDAR.fullmatch(name) and not _is_own(name, own_names)]
    return said if others else None


def _is_own(holder: str, own_names: Set[str]) -> bool:
    holder = " ".join(holder.split()).strip(" ,:()").lower()
    if _AUTHORS.match(holder):
        return True
    return any(name in holder or holder in name for name in own_names)
