# ruff: noqa: RUF001 - letters of other languages are meant
"""Where a sentence makes way for what is said elsewhere: 'unless otherwise noted', 'except for our logo'.

Such words take nothing from a grant of the text. They are few and alike: a word that opens an exception, small words,
and one that says that something else is said, or names a part that is no text. 'Except for commercial use' is none.

Belongs here: exceptions found and taken out. Does not: what is granted (`grant`) or limited (`neighbours`).
"""

from __future__ import annotations

import re

_OPENS = (
    r"unless|except(?:ing|ed)?(?:\s+for)?|excluding|apart\s+from|save|with\s+the\s+exception\s+of|(?:if|where|when)\s+not|"
    r"(?:sofern|soweit|wenn|falls|wo)\s+(?:[\w-]+\s+){0,4}?(?:nichts?|keine)|sauf|à\s+l[’']exception|salvo|a\s+menos\s+que|"
    r"exce(?:p)?to|a\s+meno\s+che|tranne|(?:si|se|où)\s+(?:no|non|não)|s[’']?i?l?\s+(?:ce\s+)?n[’']est(?:\s+pas)?|où|tenzij|"
    r"behoudens|(?:o\s+ile|jeśli|jeżeli|chyba\s+że)(?:\s+nie)?|z\s+wyjątkiem|om\s+(?:inte|inget|ikke|intet|ikkje)|hvis\s+(?:ikke|"
    r"intet)|med\s+mindre|(?:medmindre|ellei|jollei|pokud|není-li|если\s+не|кроме)(?:\s+(?:toisin|není))?|llevat|tret"
)
_BETWEEN = (
    r"as|for|where|when|if|is|it|they|the|our|my|this|that|these|are|any|has|have|been|by|on|to|in|of|at|its|their|not|and|"
    r"or|a|an|be|bij|een|onderdeel|bijdrage|post|page|item|article|text|author|says?|saying|states?|stating|said|das|die|der|den|dem|im|am|zum|beim|es|ist|sind|"
    r"etwas|explizit|ausdrücklich|jeweils|la|le|les|de|des|del|que|se|lo|en|el|ce|sur|donde|dove|onde|quando|cuando|esté|"
    r"esté|è|é|está|o|a|di|su|na|w|jest|expressly|clearly|coat|to|er|het|op|sig|är|det|annat|andet|annet"
)
_CLOSES = (
    r"otherwise|additionally|expressly|précis\w+|noted|specified|stated|indicated|marked|credited|mentioned|attributed|explicit(?:ly)?|different(?:ly)?|"
    r"elsewhere|ander\w*|angegeben|gekennzeichnet|vermerkt|ausgewiesen|erwähnt|genannt|contraires?|mentions?|mentionn\w+|"
    r"indications?|indiqu\w+|avis|explicites?|particulières?|autrement|indi[cq]\w+|especific\w+|expres\w+|menci\w+|contrári\w+|"
    r"contrario|identificado|modo|otr[ao]|outr\w+|manera|forma|divers\w+|altrimenti|vermeld|aangegeven|andersluidend\w*|"
    r"inaczej|zaznaczono|wskazano|podano|określono|stwierdzon[oe]|anges|angetts?|angivet|angitt|fremgår|framgår|mainita|"
    r"mainittu|uvedeno|jinak|указано|иное|contrari|contrària|"
    # Parts that are no text.
    r"logos?|arms|emblems?|crests?|trade\s?marks?|brand\w*|images?|photo\w*|pictures?|illustrations?|quot\w+|videos?|"
    r"third[\s-]party\s+\w+|logotypes?|marken|bilder?|fotos?|imágenes|immagini|imagens|afbeeldingen|zdjęć"
)
_EXCEPTION = re.compile(
    rf"(?<!\w)(?:{_OPENS})(?!\w)(?:[\s,]+(?:{_BETWEEN})(?!\w)){{0,7}}?[\s,]+(?:{_CLOSES})(?!\w)"
    rf"(?:(?:[\s,]+(?:{_BETWEEN}|{_OPENS}|lizenz|beitrag|artikel|seite|licen[sc]e|licentie|licencia|licenza|licença)(?!\w)){{0,4}}[\s,]+(?:{_CLOSES}|below|"
    rf"above|here)(?!\w))*(?:[\s,]+(?:ist|sind)(?!\w))?|"
    r"(?:特に(?:記載|断り|明記|表記)?(?:の?(?:ない|無い)|されていない)?(?:限り|場合を除き|場合は)?|特記(?:なき|のない)限り|別途(?:記載|明記)?の?"
    r"(?:ない|無い)?限り|除(?:非)?(?:另|特别|特別)?有?(?:特别|特別|其他)?(?:声明|聲明|说明|說明|注明|註明|标注)(?:外|者外)?|[如若]无特别(?:"
    r"声明|说明)|ما\s+لم\s+(?:يُ?ذكر|يُ?نص|يرد)\s+(?:على\s+)?(?:خلاف|غير)\s+ذلك|"
    r"별도의?\s*(?:표시|언급|명시)가\s*없는\s*한)[、，,]?", re.I,
)


def without_exception(sentence: str) -> str:
    """A sentence without what makes way for others in it: 'unless otherwise noted'."""
    return _EXCEPTION.sub(" ", sentence)


def has_exception(sentence: str) -> bool:
    """Whether a sentence makes way for what is said elsewhere: 'unless otherwise indicated'."""
    return bool(_EXCEPTION.search(sentence))
