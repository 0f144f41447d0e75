# ruff: noqa: RUF001 - dashes and quotation marks of other languages are meant
"""Licence statements in running text: which licence a sentence names, what it says it for, and whether it grants.

'Der Inhalt dieser Seite ist unter einer Creative Commons Namensnennung 3.0 Deutschland Lizenz lizenziert' names
CC-BY-3.0-DE for the whole; 'Foto: A. Uthor, CC BY 2.0' names CC-BY-2.0 for a part. The name of a licence alone says
neither, and the place on the page has to tell (`place`).

Belongs here: text in, `Mention`s out; the words by which licences, their subjects and grants are named in the
languages of Creative Commons' ports (https://creativecommons.org/licenses/list.en). Does not: the DOM (`html`), names
as a whole statement (`expressions`), licence texts (`license_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from data_platform.licenses import grant
from data_platform.licenses.exceptions import without_exception
from data_platform.spdx.expressions import (
    ALL_RIGHTS,
    ALL_RIGHTS_RESERVED,
    CHOSEN,
    NAMED,
    NON_COMMERCIAL,
    OPT_OUT,
    PUBLIC_DOMAIN,
    UNKNOWN,
    UNREADABLE,
    US_GOVERNMENT,
    Reading,
    creative_commons,
    family,
    identifier,
)
from data_platform.spdx.tiers import UNKNOWN as UNKNOWN_TIER
from data_platform.spdx.tiers import tier

STEMS = (
    b"commons", b"cc by", b"cc-by", b"cc&nbsp;by", b"cc0", b"cc (by", b"datenlizenz", b"dl-de", b"open government",
    b"licence ouverte", b"free documentation", b"gfdl", b"public domain", b"gemeinfrei", b"domaine public",
    b"dominio p", b"states government", b"s. government",
    # What reserves rights.
    b"rights reserved", b"rights are reserved",
    b"vorbehalten", b"droits r", b"reservados", b"riservati", b"data mining", b"data-mining",
    b"44b", b"train ai", b"training a", b"ai training", b"ki-training", b"language model", b"machine learning",
    b"intelligence artificielle",
    b"fouille de textes", "minería de textos".encode(), b"estrazione di testo",
    *(words.encode() for words in (
        # Spaces and hyphens that do not break, and names in other scripts.
        "rights\xa0reserved", "cc\xa0by", "cc‑by", "コモンズ", "知识共享", "知識共享", "創用", "커먼즈",
        "droits\xa0r", "voorbehouden", "zastrzeżone", "права ", "版权所有", "版權所有", "有权利",
        "切权利", "有權利", "切權利", "無断転載", "förbehåll",
        "vyhrazena", "fenntartva", "hakları", "pidätetään", "forbehold", "reserver", "drets reservats", "rezervate",
        "권리", "무단",
        "الحقوق محفوظة", "حقوق محفوظ", "הזכויות שמורות", "επιφύλαξη παντός", "सर्वाधिकार सुरक्षित",
        "สงวนลิขสิทธิ์", "bảo lưu", "hak cipta dilindungi", "права запазени", "prava pridržana",
        "prava zadržana", "práva vyhradené", "pravice pridržane", "õigused kaitstud", "tiesības aizsargātas",
        "teisės saugomos",
    )),
)
"""Lower-case bytes, one of which is wherever a page names a licence or reserves rights in prose."""
HINT = (
    r"creative(?:\s|&nbsp;|&#160;|\xc2\xa0|-)+commons|cc(?:[ -]|&nbsp;|&#160;|\xc2\xa0|\xe2\x80\x91)by|cc \(by|\bcc0\b|"
    r"コモンズ|知识共享|知識共享|創用|커먼즈|datenlizenz|dl-de|"
    r"open government (?:data )?licen|licence ouverte|free documentation licen|gfdl|(?:the|in) public domain|"
    r"gemeinfrei|domaine public|dominio p|states government|u\.?s\. government|"
    r"rights(?:\s|&nbsp;|&#160;|\xc2\xa0)(?:are )?reserved|rechte(?:\s|&nbsp;|&#160;|\xc2\xa0)vorbehalten|"
    r"droits(?:\s|&nbsp;|&#160;|\xc2\xa0)r|(?:derechos|direitos) (?:est[^ ]+ )?reservados|"
    r"reservados todos|diritti riservati|rechten voorbehouden|zastrzeżone|права |版权所有|版權所有|"
    r"所有权利|一切权利|所有權利|一切權利|"
    r"無断転載|rättigheter förbehåll|rettighe[dt]er (?:forbehold|reserver)|práva vyhrazena|jog fenntartva|"
    r"hakları saklıdır|oikeudet pidätetään|drets reservats|drepturile rezervate|권리 ?보유|무단 ?전재|"
    r"الحقوق محفوظة|حقوق محفوظ|הזכויות שמורות|επιφύλαξη παντός|सर्वाधिकार सुरक्षित|สงวนลิขสิทธิ์|"
    r"bảo lưu|hak cipta dilindungi|права запазени|prava pridržana|prava zadržana|práva vyhradené|"
    r"pravice pridržane|õigused kaitstud|tiesības aizsargātas|teisės saugomos|"
    r"data[ -]mining|\b44b\s+urhg|train ai|"
    r"training (?:a|artificial|any) |ai training|ki-training|fouille de textes|minería de textos|estrazione di testo|"
    r"intelligence artificielle[^<]{0,80}interdi|interdi[^<]{0,80}intelligence artificielle|"
    r"(?:language model|machine learning)[^<]{0,80}(?:prohibit|not permitted|not allowed|forbidden)|"
    r"(?:prohibit|not permit|not allow|not use|forbid)[^<]{0,80}(?:language model|machine learning)"
)
"""RE2 pattern that every page with such a place matches; closer than the stems, since most pages have none."""


class Mention(NamedTuple):
    """A licence that is named in a text.

    `subject` is 'whole', 'part' (a picture, comments, software) or '' where the sentence does not say. `grants` is
    whether the sentence puts something under the licence rather than talking about it.
    """

    raw: str
    reading: Reading
    subject: str
    grants: bool
    sentence: str


_ELEMENTS = (
    ("by", r"by\b|attribution|namensnennung|paternit[ée]|reconocimiento|atribuci[oó]n|attribuzione|atribui[cç][aã]o|"
           r"naamsvermelding|uznanie autorstwa|erkännande|navngivelse|kreditering|nimeä\b|uveďte\s+(?:původ|autora)|"
           r"nevezd\s+meg!?|al[ıi]nt[ıi]\b|at[ıi]f\b|(?:с\s+)?указани\w+\s+авторства|атрибуция|"
           r"із\s+зазначенням\s+авторства|表示|署名|姓名標示|저작자\s?표시|reconeixement|atribució|atribuire"),
    ("nc", r"nc\b|utilisation\s+non\s+commerciale|"
           r"non[\s-]*commercial(?:e|\s+use)?\b|(?:keine|nicht)[\s-]*kommerzielle?n?(?:\s*nutzung)?|"
           r"pas\s+d[’']utilisation\s+commerciale|no[\s-]*comercial|(?:uso\s+)?n[ãa]o[\s-]*comercial|"
           r"non\s+commerciale|niet[\s-]*commercieel|u[żz]ycie niekomercyjne|i[ck]ke[\s-]*kommer[sc]\w+|necomercial|"
           r"ei[\s-]*kaupallinen|ne(?:vy)?užívejte(?:\s+dílo)?\s+komerčně|ne\s+add\s+el!?|gayri\s*ticar[iî]|"
           r"некоммерческ\w+(?:\s+использование)?|некомерційн\w+|非営利|非商[业業]性(?:使用)?|비영리"),
    ("nd", r"nd\b|no[\s-]*deriv(?:ative)?(?:s|\s*works)?\b|(?:keine|ohne)[\s-]*bearbeitung(?:en)?|"
           r"pas\s+de\s+modification|sin\s*(?:obras?\s*)?derivad\w+|sem\s*deriva\w+|non\s+opere\s+derivate|"
           r"geen\s*afgeleide\s*werken|bez utwor[óo]w zale[żz]nych|inga\s*bearbetningar|"
           r"ingen\s*bearbe(?:jdels|idels)\w*|sense\s*(?:obra\s*)?derivad\w+|fără\s*(?:opere\s*)?derivate|"
           r"ei\s*muutoksia|nezpracov[aá]vejte|ne\s+változtasd!?|türetilemez|без\s+производных(?:\s+произведений)?|"
           r"без\s+похідних(?:\s+творів)?|改変禁止|禁止演[绎繹]|禁止改作|변경\s?금지"),
    ("sa", r"sa\b|share[\s-]*alike|weitergabe\s+unter\s+gleichen\s+bedingungen|partage\s+dans\s+les\s+m[êe]mes\s+"
           r"conditions|partage\s+des\s+conditions\s+initiales\s+[àa]\s+l[’']identique|compartir[\s-]*igual|"
           r"compartilha\s*igual|partilha\s+nos\s+termos\s+da\s+mesma\s+licen[çc]a|condividi\s+allo\s+stesso\s+modo|"
           r"gelijk\s*delen|na tych samych warunkach|dela\s*lika|"
           r"del\s+på\s+samme\s+vilk[aå]r|jaa\s*samoin|zachovejte\s+licenci|így\s+add\s+tovább!?|"
           r"lisans\s*devam|aynı\s*lisansla\s*paylaş|с\s+сохранением\s+условий|(?:на\s+)?тех\s+же\s+условиях|"
           r"(?:поширення\s+)?на\s+тих\s+самих\s+умовах|distribuire\s*în\s*condiții\s*identice|継承|"
           r"相同方式(?:共享|分享)|동일\s?조건\s?변경\s?허락"),
)
"""Elements of Creative Commons licences as its translations call them."""
_PORTS = {
    "germany": "de", "deutschland": "de", "austria": "at", "österreich": "at", "switzerland": "ch", "schweiz": "ch",
    "france": "fr", "united states": "us", "netherlands": "nl", "nederland": "nl", "australia": "au", "igo": "igo",
    "united kingdom": "uk", "england and wales": "uk", "england & wales": "uk", "uk: england & wales": "uk",
    "italia": "it", "italy": "it", "españa": "es", "spain": "es", "japan": "jp", "canada": "ca", "brasil": "br",
    "brazil": "br", "portugal": "pt", "polska": "pl", "poland": "pl", "china mainland": "cn",
}
_START = re.compile(
    r"creative[\s-]*commons|(?<![0-9A-Za-z_])cc(?=[\s:_\-‐‑]*(?:by|nc|nd|sa|zero)(?![a-z])|[\s-]?0(?![0-9a-z]|\.\d)|"
    r"[\s:-]{0,3}\(?by(?![a-z]))|"
    r"クリエイティブ[・･]?\s?コモンズ|知[识識]共享|創用\s*cc|크리에이티브\s*커먼즈", re.I,
)
_SKIP = re.compile(
    r"[\s\-\xad‐‑‒−–—/,:_()\[\]„“”«»「」\"'®&+|·・]+|\.(?=\s*(?:version\b|v\b|\d))|"
    r"(?:public|licen[sc]e[ds]?|li[zc]en[zcsç][\wäöüéãç]*|licencji|lisen\w+|лицензи\w+|"
    r"under|unter|der|einer|the|a|an|und|and|og|och|et|y|e|"
    r"i(?=\s+compartir)|en|von|vom|v(?=\s*\.?\d)|ver(?:sion)?\.?|international\w*|unported|"
    r"generic|4\.0i|this|bedingungen|terms|of|(?:dieser|diese)(?=\s+(?:lizenz|namens)))(?![\wäöü])",
    re.I,
)
_ELEMENT = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _ELEMENTS), re.I)
_VERSION = re.compile(r"([1-4])(?:[.,]([015]))?(?![\d.]*\d)")
_PORT = re.compile(rf"(?i:{'|'.join(sorted(map(re.escape, _PORTS), key=len, reverse=True))})\b|[A-Z]{{2}}(?![A-Za-z])")
_HYPHENATED = re.compile(r"\w[\-‐‑]\w$")
_ZERO = re.compile(r"0(?![0-9a-z])|zero(?![a-z])|1\.0 universal", re.I)
_FREE_TEXT_SPAN = 220

_GFDL = r"(?:gnu\s+free\s+documentation\s+licen[sc]e|\bgnu\s+fdl\b|\bgfdl\b)"
_OTHERS: tuple[tuple[re.Pattern[str], str, float], ...] = (
    (re.compile(r"(?:daten(?:lizenz|licen[sc]e)|data\s+licen[sc]e)\s+(?:deutschland|germany)[\s–—-]+"
                r"(?:namensnennung|attribution)[\s–—-]+version\s+2(?:\.0)?|\bdl-de[/-]by-2[-.]0", re.I),
     "DL-DE-BY-2.0", NAMED),
    (re.compile(r"(?:daten(?:lizenz|licen[sc]e)|data\s+licen[sc]e)\s+(?:deutschland|germany)[\s–—-]+zero[\s–—-]+version"
                r"\s+2(?:\.0)?|\bdl-de[/-]zero-2[-.]0", re.I), "DL-DE-ZERO-2.0", NAMED),
    (re.compile(r"open\s+government\s+licen[sc]e\s*[–—-]?\s*canada", re.I), "OGL-Canada-2.0", NAMED),
    (re.compile(r"open\s+government\s+licen[sc]e,?\s*\(?(?:ogl\)?\s*)?(?:for public sector information\s*)?"
                r"(?:v(?:ersion)?\.?\s*)3(?:\.0)?", re.I), "OGL-UK-3.0", NAMED),
    (re.compile(r"open\s+government\s+licen[sc]e,?\s*(?:v(?:ersion)?\.?\s*)2(?:\.0)?", re.I), "OGL-UK-2.0", NAMED),
    (re.compile(r"open\s+government\s+licen[sc]e,?\s*(?:v(?:ersion)?\.?\s*)1(?:\.0)?", re.I), "OGL-UK-1.0", NAMED),
    (re.compile(r"\bopen\s+government\s+licen[sc]e\b(?!\s*(?:v(?:ersion)?\.?\s*)?\d)", re.I), "OGL-UK-3.0", CHOSEN),
    (re.compile(r"open\s+parliament\s+licen[sc]e,?\s*(?:v(?:ersion)?\.?\s*)3(?:\.0)?", re.I), "OPL-UK-3.0", NAMED),
    (re.compile(r"licence\s+ouverte(?:\s*/\s*open\s+licen[cs]e)?\s*(?:(?:\(?etalab\)?)?\s*[–—-]?\s*"
                r"(?:v(?:ersion)?\.?\s*))2(?:\.0)?", re.I), "etalab-2.0", NAMED),
    (re.compile(r"\betalab[\s-]2(?:\.0)?\b", re.I), "etalab-2.0", NAMED),
    (re.compile(r"licence\s+ouverte\b(?!.{0,30}\d\.\d)", re.I), "etalab-2.0", CHOSEN),
    (re.compile(r"(?:norwegian\s+licen[sc]e\s+for\s+open\s+government\s+data|norsk\s+lisens\s+for\s+offentlige\s+data)"
                r"[\s(]*(?:nlod)?\)?\s*(?:v(?:ersion)?\.?\s*)?2(?:\.0)?", re.I), "NLOD-2.0", NAMED),
    (re.compile(r"open\s+government\s+data\s+licen[sc]e,?\s+version\s+1(?:\.0)?", re.I), "OGDL-Taiwan-1.0", CHOSEN),
    (re.compile(rf"{_GFDL},?\s*\(?(?:v(?:ersion)?\.?\s*)?1\.3\s+only\b\)?", re.I), "GFDL-1.3-only", NAMED),
    (re.compile(rf"{_GFDL},?\s*\(?(?:v(?:ersion)?\.?\s*)?1\.3(?!\s+only)\)?"
                r"(?:\s*,?\s*or\s+(?:any\s+)?later(?:\s+versions?)?)?",
                re.I), "GFDL-1.3-or-later", NAMED),
    (re.compile(rf"{_GFDL}(?!,?\s*\(?(?:v(?:ersion)?\.?\s*)?1\.3)", re.I), "GFDL-1.1-or-later", CHOSEN),
    (re.compile(r"works?\s+of\s+the\s+(?:u\.?\s?s\.?|united\s+states)\s+(?:federal\s+)?government|"
                r"(?:u\.?\s?s\.?|united\s+states)\s+government\s+works?\b", re.I), US_GOVERNMENT, NAMED),
    (re.compile(r"(?:in|into|part of|to)\s+the\s+public\s+domain|\bgemeinfrei\b|dans\s+le\s+domaine\s+public|"
                r"(?:en|de)\s+(?:el\s+)?dominio\s+p[úu]blico", re.I), PUBLIC_DOMAIN, CHOSEN),
)
"""Licences that prose names, other than Creative Commons: pattern, SPDX, confidence."""

_MINING = re.compile(
    r"text[\s-]*(?:and|und|&|et)[\s-]*data[\s-]*mining|\btdm\b|§\s*44\s?b|fouille\s+de\s+textes|"
    r"minería\s+de\s+textos|estrazione\s+di\s+testo|machine\s+learning\s+(?:or|and)\s+(?:ai|artificial)|"
    r"(?:train\w*|entra[îi]n\w*|entren\w*)\W+(?:\w+\W+){0,6}?(?:artificial intelligence|"
    r"intelligence\s+artificielle|ai\b|llms?\b|language models?|"
    r"machine learning|künstliche\w* intelligenz|ki\b)|training\s+(?:data|sets?|material|corpus|corpora)\b|"
    r"trainingsdaten|trainingsdata|données\s+d[’']entra[îi]nement|"
    r"datos\s+de\s+entrenamiento|dados\s+de\s+treinamento|dati\s+di\s+addestramento|danych\s+treningowych|"
    r"(?:entren|trein|addestr|szkol|tren)\w*[^.]{0,40}(?:inteligencia\s+artificial|inteligência\s+artificial|"
    r"intelligenza\s+artificiale|sztucznej\s+inteligencji|kunstmatige\s+intelligentie|modelos?|modelli|\bia\b|"
    r"\bai\b)|"
    r"(?:ai|人工知能|機械学習|生成ai)[^。]{0,12}(?:学習|訓練|トレーニング)|(?:人工智能|ai|机器学习|機器學習|大模型|"
    r"大语言模型|语言模型|模型)[^。]{0,10}(?:训练|訓練|学习|學習)|(?:训练|訓練)[^。]{0,10}(?:人工智能|ai|模型)|"
    r"\b(?:ai|ki|machine[\s-]learning)[\s-]+train\w+", re.I,
)
_FORBIDS = re.compile(
    r"reserv\w+|réserv\w+|(?:do(?:es)?\s+not|don[’']t)\s+(?:permit|allow|authori[sz]e|consent)|forbid\w*|^no\b|"
    r"vorbehalt\w+|prohibit\w+|not\s+(?:be\s+)?(?:permitted|allowed|used?|authori[sz]ed)|may\s+not|untersagt|"
    r"nicht\s+(?:gestattet|erlaubt|zul[äa]ssig)|ausdr[üu]cklich\s+widersprochen|widersprechen|interdit\w*|prohibid\w*|"
    r"\bno part\b|opt(?:ed)?[\s-]out|beh[aä]lt\w*\b[^.]{0,140}\bvor\b|riserv\w+|zastrzeg\w+|voorbehoud\w*|exclu\w+|"
    r"ausgeschlossen|ausgenommen|oppos\w+|object(?:s|ed)?\s+to|widerspr\w+|se\s+opone|opponiamo|proib\w+|"
    r"vietat\w+|verboden|niet\s+toegestaan|bezwaar|"
    r"zabron\w+|zakaz\w*|sprzeciw\w*|not\s+(?:to\s+be|as)\b|禁止|禁じ|お断り|不得|请勿|請勿|許可|许可|同意", re.I,
)
_NOT_OTHERWISE = re.compile(
    r"(?:sofern|soweit|wenn|falls|wo)\s+(?:\w+\s+){0,2}?nichts?\s+(?:explizit\s+|"
    r"ausdr[üu]cklich\s+)?ander\w+(?:\s+\w+){0,2}|"
    r"(?:unless|except|excepting)\s+(?:where\s+|when\s+)?(?:is\s+)?(?:otherwise|noted|specified|stated|indicated|"
    r"explicitly)"
    r"[^,.;]{0,30}|sauf\s+(?:mention|indication)[^,.;]{0,20}|salvo\s+(?:que|donde|diversa|indica)[^,.;]{0,40}|"
    r"excepto\s+donde[^,.;]{0,40}|"
    r"\b(?:if\s+not|si\s+no|se\s+n[ãa]o|se\s+non|s[’']il\s+n[’']est|si\s+ce\s+n[’']est)\b[^,.;]{0,40}", re.I,
)
_NEGATED = re.compile(r"\b(?:not|nicht|kein\w*|never|isn[’']t|aren[’']t|ne\s+\w+\s+pas|no\s+est[áa])\b", re.I)
_DENIES = re.compile(
    r"\b(?:not|no\s+longer|never|isn[’']t|aren[’']t)\s+(?:\w+\s+){0,2}?(?:licen[sc]\w+|available|released|published|"
    r"covered|distributed|under|subject(?!\s+to\s+copyright)|in)\b|"
    r"\b(?:nicht|niet|inte|ikke|ikkje|nie)\s+(?:mehr\s+|meer\s+|längre\s+|længere\s+|lenger\s+|jest\s+|są\s+)?"
    r"(?:unter|lizen\w+|verf\w+|onder|beschikbaar|gelicen\w+|under|licens\w+|lisens\w+|tillgäng\w+|tilgj\w+|dostępn\w+|"
    r"objęt\w+|na\s+licencji)|\bsteht\s+nicht|\bstehen\s+nicht|"
    r"\bn(?:e|[’'])\s*\w+\s+(?:pas|plus)\b|\b(?:ya\s+no|no|já\s+não|não)\s+(?:está?n?|es|son|se|são|é|estão)\b|"
    r"\bnon\s+(?:è|sono)\b", re.I,
)
"""How a sentence says that something is not, or no longer, under a licence."""
_CONTRIBUTED = re.compile(
    r"\b(?:by|when|if|before|while)\s+(?:you\s+)?(?:\w+\s+){0,2}?(?:submit|post|upload|contribut|edit|sav|"
    r"send)\w*\b.{0,120}?"
    r"\byou\s+(?:\w+\s+){0,2}?(?:agree|grant|licen[sc]e|release|consent|accept)|"
    r"\byour\s+(?:\w+\s+){0,2}?(?:contributions?|submissions?|uploads?|edits?|posts?)\b|"
    r"\bmit\s+(?:dem|der)\s+(?:absenden|speichern|hochladen|einreichen|veröffentlichung)\b.{0,120}?"
    r"\b(?:stimm\w+|erklär\w+|willig\w+|lizenzier\w+)", re.I,
)
"""Terms for what visitors send in: they say nothing of what is there."""
_USERS = re.compile(
    r"\buser contributions\b|\bcontribuciones de los usuarios\b|\bcontribuições dos usuários\b|"
    r"\bматериалы, предоставленные пользователями,?|ユーザーの投稿内容|\bcontributions des utilisateurs\b", re.I
)
_BLOG = re.compile(r"\bblogs?\b", re.I)
_MADE_BY_USERS = re.compile(
    rf"(?:{_USERS.pattern}).*(?:\brev\s20\d\d\.|\bunder cc-wiki with attribution required)", re.I
)
_FOR_PROFIT = re.compile(
    r"non[\s-]?commercial\s+(?:use|purposes?|reproduction|reuse)\s+only|"
    r"only\s+(?:be\s+\w+\s+)?for\s+non[\s-]?commercial|"
    r"(?:not|no)\s+(?:be\s+used\s+)?(?:for\s+)?commercial\s+(?:use|purposes)|"
    r"nur\s+(?:für|zu)\s+(?:den\s+)?(?:nicht[\s-]?kommerziell|privat)\w*|"
    r"kommerzielle\w*\s+nutzung\s+(?:ist\s+)?(?:nicht|untersagt)",
    re.I,
)
"""Use for profit that is ruled out beside the name of a licence that permits it."""
_GRANT = re.compile(
    r"licen[sc]ed?\b|li[zs]en[zc]\w*|licen[cç]i?[aâ]\w*|licenza|\bunter\b|\bunder\b|\bsous\b|\bbajo\b|\bsotto\b|"
    r"\bsob\b|"
    r"available|verf[üu]gbar|ver[öo]ffentlicht|released|published|distribu\w+|zur\s+verf[üu]gung|steh(?:t|en)\b|"
    r"mis\w*\s+[àa]\s+disposition|nutzbar|covered by|subject to|dedicated|gelten|gilt|unterlieg\w+|"
    r"public\s+domain|gemeinfrei|domaine\s+public|dominio\s+p[úu]blico|works?\s+of\s+the", re.I,
)
_WHOLE_WORDS = (
    r"contents?|contenus?|contenidos?|contenut[oi]|conte[úu]dos?|\w*inhalte?n?|(?:\w*text(?:e[ns]?|s|os|i)?|artikeln?|"
    r"articles?|art[íi]culos?|articol[oi]|artigos?|\w*beitr(?:ags?|äge)n?|(?:web[\s-]?)?(?:sites?|seiten?|pages?)|"
    r"homepage|"
    r"website|(?:we)?blogs?|weblogs?|(?:web)?wiki(?!media|pedia|data|source)\w*|werke?s?|works?|obras?|opera|œuvres?|"
    r"oeuvres?|publications?|"
    r"publi(?:kation|caci[oó]n)\w*|documents?|dokumente?|posts?|materials?|materialien|podcasts?|folgen?|episodes?|"
    r"stories|story|everything|alles|informationen|information|diaries|tagebuch|essays?|writing|reports?|recipes?|"
    r"rezepte?|translations?|[üu]bersetzung)"
)
_WHOLE = re.compile(rf"\b(?:{_WHOLE_WORDS})\b", re.I)
_IN_WHOLE = re.compile(
    rf"\b(?:on|in|of|from|at|to|auf|aus|von|dans|sur|de|du|en|del|di|su|im|am|zu[rm]?|dieser|dieses|des)\s+"
    rf"(?:(?:this|these|the|our|my|diese[mnrs]?|der|dem|den|unsere[mnr]?|meine[mnr]?|ce|cette|este|esta|questo|questa|"
    rf"all|any)\s+)?(?:\w+\s+)?(?:{_WHOLE_WORDS})\b", re.I,
)
_HERE = re.compile(
    r"\b(?:this|these|our|my|all|any|everything|here(?:in)?|diese[mnrs]?|unsere?[mnrs]?|meine?[mnrs]?|alle[rns]?|alles|"
    r"s[äa]mtliche\w*|hier|ce|cet|cette|ces|notre|nos|tous|toutes?|est[ea]s?|nuestr[oa]s?|todos?|todas?|quest[oaie]|"
    r"nostr[oaie]|"
    r"tutt[oaie]|aqu[íi])\b|"
    r"\b(?:content|contents|inhalte?|contenus?|contenidos?|contenuti|conte[úu]dos?)\b|"
    r"\b(?:website|webseite|weblog|blog|wiki)\b|"
    r"\b(?:deze|onze|denna|denne|dette|den\s+här|tento|tato|tohoto|utwór|niniejsz\w+|ten\s+(?:tekst|artykuł|wpis)|nasz\w*|"
    r"этот|эта|это|этого|наш\w*|aquest\w*|nostres?|tämä|tämän)\b|この|本(?:作品|文|页|頁|站|書|书|サイト|記事)|当サイト|"
    r"이\s?(?:글|저작물|문서|사이트)", re.I,
)
_PART = re.compile(
    r"(?:ال)?صور(?:ة)?\b|(?:ال)?شعار\b|(?:ال)?موسيقى|写真|画像|イラスト|動画|ロゴ|图片|圖片|照片|插图|插圖|视频|影片|标志|사진|"
    r"\b(?:badges?|crests?|seals?|emblems?|woodcuts?|engravings?|cartoons?|drawings|sketches|paintings?|recordings?|jingles?|"
    r"zeichnung(?:en)?|holzschnitte?|wappens?|tonaufnahmen?|dessins?|gravures?|blason|enregistrements?|musiques?|"
    r"dibujos?|grabados?|escudo|grabaci[oó]n(?:es)?|m[úu]sicas?|disegn[oi]|stemma|registrazion[ei]|desenhos?|brasão|"
    r"grava[çc](?:ão|ões)|tekening(?:en)?|opnames?|rysun\w+|nagrani\w+|teckning\w*|bilder(?:na)?|"
    r"рисун\w+|фото\w*|картин\w+|иллюстрац\w+|музык\w+|логотип\w*|герб\w*|"
    r"zdjęci\w+|grafik\w*|obraz\w*|afbeelding\w*|foto[’']?s|photo(?!graph(?:ers?|es)\b)\w*|\w*fotos?|fotogra(?!f(?:en|os|i|as)?\b)\w+|\w*bild(?:er[ns]?|es|"
    r"nachweise?|quellen?|rechte|material)?|abbildung\w*|images?|"
    r"im[áa]genes|imagen|immagin[ei]|imagens?|pictures?|pics?|illustration\w*|grafik\w*|graphics?|gr[áa]ficos?|videos?|"
    r"icons?|logos?|thumbnail|header|banner|screenshots?|karten(?:daten|material)?|maps?|musi[ck](?!ian|er|ien)\w*|songs?|sounds?|"
    r"user[\s-](?:contribut|generat)\w*|comments?|kommentare?\w*|software|source\s+code|quellcode|quelltext|themes?|"
    r"templates?|fonts?|plugins?|data(?:sets?|base)?|daten(?:satz|bank|sätze)?|cover|via|wikimedia|flickr|pixabay|"
    r"unsplash|(?:web)?design(?:ed|t)?\s+(?:by|von|par)|webdesign|design(?=\s*:)|layout)\b", re.I,
)
_UPPER = "A-ZÀ-ÖØ-ÞĄĆČĎĘĚĞİŁŃŇŐŘŚŞŠŤŮŰŹŻŽΑ-ΩА-ЯЁІЇЄҐ"
"""Letters that sentences begin with."""
_SENTENCE_END = re.compile(
    rf"(?<=[^\W\d]\)[.!?])\s+(?=[{_UPPER}])|"
    rf"(?<=[^\W\d][^\W\d][^\W\d][.!?])\s+(?=[{_UPPER}„\"(©])|(?<=©\.)\s+|"
    rf"(?<=[”“»’\"][.!?])\s+(?=[{_UPPER}])|(?<=[.!?][”“»’\"])\s+(?=[{_UPPER}])|"
    rf"(?<=[\dA-Z][\dA-Z][.!?])\s+(?=[{_UPPER}][\w-])|(?<=\.\d[.!?])\s+(?=[{_UPPER}][\w-])|"
    r"(?<=[^\W\d][^\W\d][^\W\d][.!؟])\s+(?=[\u0621-\u064a])|(?<=\.\d[.!])\s+(?=[\u0621-\u064a])|"
    r"(?<=[。！？])(?=[^。！？）」』”\s])|[\n\r]{2,}|\s[|•·]\s"
)
_CLAUSE_END = re.compile(r"\s*[;|·•]\s*")
_GOES_ON = re.compile(
    r"^\W*(?:it|its|they|all\s+of\s+(?:it|them)|both|es|er|sie|seine|ihre|il|elle|ils|elles|está|están|è|sono|"
    r"é|são|het|hij|ze|jest|są|you\s+(?:may|can|are\s+(?:free|welcome)\s+to)\s+(?:\w+,?\s+){1,5}?(?:it|them))\b", re.I,
)
"""How a clause begins that speaks of what the one before spoke of: 'This site is old. Its texts are'."""
_PART_END = re.compile(r"[;()[\]]|\s[-–—]+\s")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.I)
_IN_PARENTHESES = re.compile(r"\([^()]{0,80}\)")
_PLURAL = re.compile(r"(?<=[^\W\d])\((?:s|n|e|en|es)\)")
"""'Author(s)', whose brackets part nothing."""
_JOINED = re.compile(r"(?:\w+\W+){4}|\b(?:and|und|et|y|e)\b|[,&]", re.I)
"""What stands before a part that is not what the sentence begins with: four words, or something it is joined to."""
_OF_PART = re.compile(
    r"\W*$|\s*[:：—–(,©-]|[はのがを的은는의]|\s+(?:is|are|was|were|may|must|can|cannot|do|does|remains?|stays?|belongs?|come|"
    r"comes|needs?|by|of|on|in|from|at|with|not|ist|sind|bleib\w+|gehör\w+|von|der|des|dem|aus|auf|darf|dürfen|nicht|est|"
    r"sont|reste\w*|appart\w+|de|du|par|sur|ne|es|son|está\w*|pertenec\w+|del|no|di|della|dei|sono|è|restano|non|é|são|"
    r"pertenc\w+|do|da|dos|não|zijn|blij\w+|van|op|niet|są|jest|należ\w+|z|nie|på|är|tillhör\w*|från|inte|и|не|на|"
    r"принадлеж\w+|\w*\s*—)(?!\w)|\s+[\u0600-\u06ff\u0400-\u04ff]", re.I,
)
"""What follows a part that a sentence is on."""
_APPLIES_NOT = re.compile(
    r"\b(?:this|that|it|the\s+licen[sc]e)\s+(?:does\s+not|doesn[’']t)\s+(?:apply\s+to|cover|include|extend\s+to)\b|\b(?:not|nor)\s+"
    r"(?:included|covered)(?:\s+are)?\b|\b(?:da[sv]on|dies)\s+(?:gilt\s+nicht\s+für|ausgenommen\s+sind)\b|\bgilt\s+nicht\s+für\b|"
    r"\bausgenommen\s+(?:ist|sind)\b|\b(?:geldt|gelden)\s+niet\s+voor\b|\bne\s+(?:concerne|s[’']applique)\s+(?:\w+\s+)?pas\b|"
    r"\bno\s+(?:se\s+aplica|incluye|afecta)\b|\bnon\s+(?:si\s+applica|riguarda|comprende)\b|\bnão\s+(?:se\s+aplica|inclui)\b|"
    r"\bnie\s+(?:dotyczy|obejmuje)\b|\bgäller\s+inte\b|не\s+(?:распространяется|касается)", re.I,
)
"""How parts are taken from what is granted: 'Dat geldt niet voor de foto's'."""
_THESE = re.compile(
    r"\W*(?:those|these|they|it|diese|sie|ceux-ci|celles-ci|estos|estas|deze|die|questi|queste)\b", re.I
)
_OR = re.compile(
    r"\W*(?:licen[sc]e\W+|licencji\W+)?(?:and/or|or|oder|ou|of|eller|lub|или|または|或)\W+(?:under\W+)?(?:the\W+|der\W+|"
    r"la\W+|de\W+)?|\W*(?:または|或)\W*", re.I,
)
"""What joins two licences of which one may be chosen."""
_MAX_SENTENCE = 600


def mentions(text: str) -> Iterator[Mention]:
    """Every licence that `text` names, in its order; what reserves all rights or the right to mine included."""
    for sentence in sentences(text):
        yield from _in_sentence(sentence)


def reserves_mining(sentence: str) -> str | None:
    """The words by which a sentence reserves mining and training; None if it does not."""
    match = _FORBIDS.search(sentence) if _MINING.search(sentence) else None
    return match[0] if match else None


def subject(sentence: str) -> str:
    """What a sentence speaks of: 'whole', 'part', or '' if it does not say.

    'All photos on this site' is a part: where something is found is not what is spoken of.
    """
    if _CONTRIBUTED.search(sentence):
        return "part"
    sentence = _IN_PARENTHESES.sub(" ", sentence)
    if not _PART.search(sentence):
        return "whole" if _WHOLE.search(sentence) else ""
    return "whole" if _WHOLE.search(_IN_WHOLE.sub(" ", sentence)) else "part"


def speaks_of_part(sentence: str) -> bool:
    """Whether a sentence begins with a part: 'User contributions are licensed under'. Surer than `subject`.

    Where a link is declared to be the page's licence, pictures that are named among other things change nothing.
    """
    if _CONTRIBUTED.search(sentence):
        return True
    match = _PART.search(sentence)
    return bool(match and subject(sentence) == "part" and not _JOINED.search(sentence[:match.start()]))


def is_of_part(sentence: str) -> bool:
    """Whether a sentence is on a part alone, and hence limits no text: 'Our crest is not included.'

    'Software companies pay' is on companies: what follows the part has to be its verb, its owner or a mark.
    """
    match = _PART.search(sentence)
    if match and speaks_of_part(sentence) and _OF_PART.match(sentence[match.end():]):
        return True
    excluded = _APPLIES_NOT.search(sentence)
    return excluded is not None and subject(sentence[excluded.end():]) == "part"


def goes_on_with_part(sentence: str, earlier: str) -> bool:
    """Whether a sentence goes on with the parts that the one before is on: 'They may not be used.'"""
    return bool(_THESE.match(sentence)) and is_of_part(earlier)


def denies(sentence: str, phrase: str = "") -> bool:
    """Whether a sentence says, before `phrase`, that something is not under a licence, or is no longer."""
    plain = _NOT_OTHERWISE.sub(lambda match: " " * len(match[0]), sentence)
    return bool(_DENIES.search(plain.partition(phrase)[0] if phrase else plain))


def points_here(sentence: str) -> bool:
    """Whether a sentence points at the page it stands on: 'this article', 'all content', 'unsere Texte'.

    'The novel is available under CC BY 4.0' does not, and says nothing of the page that says so.
    """
    return bool(_HERE.search(sentence))


def grants(sentence: str, start: int | None = None) -> bool:
    """Whether a sentence puts something under what it names at `start`: a word of granting, and none that negates."""
    plain = _NOT_OTHERWISE.sub(lambda match: " " * len(match[0]), sentence)
    before = plain if start is None else plain[max(0, start - 60):start]
    return bool(_GRANT.search(plain)) and not _NEGATED.search(before)


def of_contributors(text: str, url: str) -> str:
    """A text in which the contributions of users are the content, where the software of a site says so.

    Stack Exchange prints 'user contributions licensed under CC BY-SA. rev 2024.3.8' under pages that consist of them;
    elsewhere, and on the same company's blogs, they are the comments.
    """
    consists = _MADE_BY_USERS.search(text) and not _BLOG.search(url)
    return _USERS.sub("content", text) if consists else text


def sentence_around(text: str, phrase: str) -> str:
    """The sentence of `text`, or clause of it, that holds `phrase`; empty if none does."""
    text = " ".join(text.split())
    phrase = " ".join(phrase.split())
    for sentence in sentences(text) if phrase else ():
        if phrase in sentence:
            return clause(sentence, phrase)
    return ""


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, and what stands apart from them as lines, cells and items do; white space squeezed."""
    for part in _SENTENCE_END.split(text):
        if squeezed := " ".join(part.split()):
            yield squeezed


def _in_sentence(sentence: str) -> Iterator[Mention]:
    found: set[str] = set()
    for start, end, reading in _named(sentence):
        window = sentence
        if len(sentence) > _MAX_SENTENCE:
            window = sentence[max(0, start - 250):end + 150]
        if reading.spdx in found:
            continue
        found.add(reading.spdx)
        granted = grants(sentence, start) and reading.spdx != UNKNOWN
        part = clause(window, sentence[start:end])
        yield Mention(sentence[start:end], reading, subject(part) or subject(window), granted, window)
        freely = {"nc"}.isdisjoint(family(reading.spdx).lower().split("-")) and reading.spdx != UNKNOWN
        if freely and (match := _FOR_PROFIT.search(part)):
            restricted = Reading(NON_COMMERCIAL, CHOSEN)
            yield Mention(match[0], restricted, subject(part) or subject(window), granted, window)
    if (words := reserves_mining(sentence)) is not None:
        yield Mention(words, Reading(OPT_OUT, NAMED), "whole", True, sentence[:_MAX_SENTENCE])
    if match := ALL_RIGHTS.search(sentence):
        part = clause(sentence, match[0])
        yield Mention(match[0], Reading(ALL_RIGHTS_RESERVED, CHOSEN), subject(part), True, sentence[:_MAX_SENTENCE])


def around(mention: Mention) -> tuple[str, str]:
    """What stands before and behind the name of a licence in its clause."""
    before, _, after = clause(mention.sentence, mention.raw).partition(mention.raw)
    return before, after


def without_names(text: str) -> str:
    """A text without the licences that it names."""
    for start, end, _ in sorted(_named(text), reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


def without_choice(before: str, after: str) -> tuple[str, str]:
    """What stands before and behind the name of a licence, less a free one that may be chosen in its place: 'or the GNU
    FDL'."""
    for start, end, reading in _named(after):
        if _OR.fullmatch(after[:start]) and tier(reading.spdx) < UNKNOWN_TIER:
            after = f" {after[end:]}"
            break
    for start, end, reading in _named(before):
        if _OR.fullmatch(before[end:]) and tier(reading.spdx) < UNKNOWN_TIER:
            before = f"{before[:start]} "
            break
    return before, after


def additions(sentence: str, phrase: str = "") -> Iterator[str]:
    """What a sentence says beside the names of licences; of the one that puts something under `phrase`, what follows.

    What stands before it is the grant itself (`grant.claim`).
    """
    plain = without_exception(_ADDRESS.sub(" ", _PLURAL.sub("s", sentence)))
    if phrase and phrase in plain:
        before, _, plain = plain.partition(phrase)
        plain = f"{_behind_grant(plain)} ; {' ; '.join(_IN_PARENTHESES.findall(before))}"
    for part in _PART_END.split(ALL_RIGHTS.sub(" ", without_names(plain))):
        if part.strip() and not grant.adds_nothing(part):
            yield part.strip()


def _behind_grant(text: str) -> str:
    """A text less the grant that it begins with: 'Some rights reserved' as a link, and ': articles are CC BY'."""
    for start, end, reading in _named(text):
        granted = tier(reading.spdx) < UNKNOWN_TIER and grant.claim(text[:start]) == grant.WHOLE
        return text[end:] if granted and grant.means_page(text[:start]) else text
    return text


def spoken_of(sentence: str, phrase: str, earlier: str = "") -> str:
    """What the clause of a sentence that holds `phrase` goes on with: the clause before, or the `earlier` sentence."""
    parts = _CLAUSE_END.split(sentence)
    at = next((number for number, part in enumerate(parts) if phrase in part), 0)
    if not _GOES_ON.match(parts[at]):
        return ""
    return parts[at - 1] if at else earlier


def clause(sentence: str, phrase: str) -> str:
    """The clause of a sentence that holds `phrase`; the sentence if none does."""
    return next((part for part in _CLAUSE_END.split(sentence) if phrase in part), sentence)


def _named(sentence: str) -> Iterator[tuple[int, int, Reading]]:
    """Start, end and reading of every licence that a sentence names."""
    reached = 0
    for match in _START.finditer(sentence):
        if match.start() < reached:
            continue
        reading, reached = _creative_commons_at(sentence, match.end())
        if reading is not None:
            yield match.start(), reached, reading
    for pattern, spdx, confidence in _OTHERS:
        for match in pattern.finditer(sentence):
            yield match.start(), match.end(), Reading(identifier(spdx) or spdx, confidence)
            break


def _creative_commons_at(sentence: str, position: int) -> tuple[Reading | None, int]:
    """The Creative Commons licence whose elements, version and jurisdiction follow `position`, and where it ends."""
    elements: list[str] = []
    version = port = None
    end = position
    limit = position + _FREE_TEXT_SPAN
    while position < limit:
        if skipped := _SKIP.match(sentence, position):
            position = skipped.end()
        elif not elements and (zero := _ZERO.match(sentence, position)):
            return Reading("CC0-1.0", NAMED), zero.end()
        elif found := _ELEMENT.match(sentence, position):
            elements.append(found.lastgroup or "by")
            position = end = found.end()
        elif version is None and (found := _VERSION.match(sentence, position)):
            version = f"{found[1]}.{found[2] or '0'}"
            position = end = found.end()
        elif version and port is None and (found := _PORT.match(sentence, position)):
            port = _PORTS.get(found[0].lower(), found[0].lower() if found[0].isupper() else "")
            position = end = found.end()
        else:
            break
    if not elements:
        return None, end
    if version is None and _HYPHENATED.search(sentence, max(0, position - 2), position + 1):
        # 'Attribution-' and a word that is no element in any language known here: it may forbid anything.
        return UNREADABLE, end
    return creative_commons(elements, version, port or None), end
