# ruff: noqa: RUF001 - letters, dashes and quotation marks of other languages are meant
"""Restrictions in words: sentences that forbid, or ask leave for, what a free licence grants.

'Commercial use requires our permission', 'for personal use only', 'Texte dürfen nicht verändert werden' and
'無断転載を禁じます' hold beside any licence that a page declares, wherever on the page they stand: who says both has
not plainly granted. A restriction is a use (commercial, personal, changes, copies) with a limit on it (forbidden, with
leave alone, nothing else), close together in one sentence. What lifts a limit ('even commercially', 'no permission is
needed') is none.

Belongs here: one sentence in, a reading out; the words. Does not: rights that are all reserved and mining, which
`prose` reads with the names of licences; where the sentence stands (`place`).
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.licenses.exceptions import without_exception
from data_platform.licenses.prose import reserves_mining
from data_platform.spdx.expressions import (
    CHOSEN,
    NAMED,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    OPT_OUT,
    WITH_LEAVE,
    Reading,
)

_STEMS = (
    "commercial", "personal use", "private use", "permission", "modif", "alter", "derivative", "redistribut",
    "reproduc", "republi", "reprint", "reuse", "re-use", "resale", "resell", "sold", "consent", "purposes only",
    "use only", "unauthori", "to license this", "licensing enquir", "licensing inquir", "not copy", "copying",
    "verbatim", "copied", "scrap", "stay with", "stays with", "remain with", "remains with", "rests with",
    "not be used", "kommerziell", "kommersi", "komercyjn", "komerční",
    "commercie", "commerciaal", "privaten", "persönlichen gebrauch", "zustimmung", "genehmigung",
    "einwilligung", "erlaubnis", "veränder", "bearbeit", "vervielfält", "nachdruck", "verboten", "untersagt",
    "nicht gestattet", "weitergabe", "autorisation", "usage personnel", "usage privé", "usage strictement",
    "interdi", "comercia", "prohibid", "uso personal", "autorizaci", "permiso", "vietat", "riservata",
    "uso personale", "autorizzaz", "proibid", "vedad", "uso pessoal", "autoriza", "toestemming",
    "niet toegestaan", "persoonlijk gebruik", "zgod", "zabroni", "zakaz", "użytku", "training", "train ai",
    "train any", "train a ", "machine learning", "language model", "data mining", "data-mining",
    "fouille de textes", "minería", "mineração", "estrazione di", "inteligencia artificial",
    "inteligência artificial", "intelligenza artificiale", "intelligence artificielle", "künstliche",
    "ki-train", "sztucznej", "kunstmatige", "学習", "训练", "訓練", "商用", "商業", "営利", "商业", "营利",
    "私的", "個人利用", "転載", "改変", "無断", "轉載", "转载", "复制", "複製", "修改", "个人", "未经", "未經",
    "研究", "상업", "무단", "komerční", "osobní", "souhlas", "svolen", "tillstånd", "medgivande", "tilladelse",
    "tillatelse", "kommerciel", "коммерческ", "перепечат", "копирован", "воспроизвед", "использован",
)
"""Parts of words by which the narrower patterns are found."""

_PATTERNS = (
    # English
    (r"commercial\w*[^.!?]{0,90}?\b(?:require|need|permission|contact|please\s+ask|ask\s+(?:us|me)|prohibit|forbid|"
     r"not\s+(?:allow|permit|author)|not\s+be|without|prior|"
     r"consent|reserv|only|must|may\s+not|cannot|can.t|exclud|negotiat|separate|fee\b|pay|agreement|on\s+request|"
     r"upon\s+request|get\s+in\s+touch|write\s+to|e-?mail|disallow|by\s+arrangement|is\s+not\b|"
     r"are\s+not\b)", NON_COMMERCIAL),
    (r"\b(?:not?|never|without|except|exclud\w+|excepting|prohibit\w*|forbid\w*|unless|contact\s+\w+|ask\s+\w+|"
     r"permission|consent|licen[sc]e)\b[^.!?;]{0,60}?\b(?:for\s+)?(?:any\s+)?commercial(?:ly|\s+(?:use|usage|purpose|"
     r"exploit|reproduc|gain|re-?use|redistribut|activit|product|publication|profit))", NON_COMMERCIAL),
    (r"non[\s-]?commercial(?:ly)?\s*(?:,?\s*(?:and|or|private|personal|educational|academic|research)\s*){0,4}(?:use|"
     r"re-?use|usage|purpose|basis|reproduc|sharing|distribut|context|only)", NON_COMMERCIAL),
    (r"\b(?:strictly\s+)?(?:for\s+)?(?:your\s+)?(?:own\s+)?(?:personal|private|individual|internal|educational|"
     r"academic|scholarly|teaching|research|evaluation|classroom|study|household|in-house)(?:\s*(?:,|and|or|/|"
     r"&)?\s*(?:and\s+|or\s+)?(?:personal|private|internal|educational|academic|research|teaching|study|"
     r"non[\s-]?commercial|non[\s-]?profit|home)){0,3}\s*(?:use|usage|purpose|reading|study)s?\s*(?:only|alone|"
     r"exclusively)", NON_COMMERCIAL),
    (r"\b(?:only|solely|exclusively|strictly|limited\s+to|restricted\s+to|nothing\s+but)\b[^.!?]{0,40}?\b(?:personal|"
     r"private|educational|academic|research|teaching|internal|evaluation|non[\s-]?profit|household|"
     r"study)\b[^.!?]{0,30}?\b(?:use|usage|purpose|reading|basis|study|organi[sz]ation|entit)", NON_COMMERCIAL),
    (r"\b(?:may|must|can|could|should)\s*(?:not|never)\s+(?:\w+\s+){0,3}?(?:modif|alter|adapt|edit|chang|transform|"
     r"translat|abridg|remix|rework|rewrit|crop|build\s+upon)", NO_DERIVATIVES),
    (r"\b(?:do\s+not|don.t|never)\s+(?:modif|alter|adapt|edit|chang|transform|abridg|remix|rework|"
     r"rewrit)", NO_DERIVATIVES),
    (r"\b(?:no|without)\s+(?:any\s+|further\s+)?(?:modif\w+|alteration|changes?|adaptation|derivative|edits|editing|"
     r"abridg\w+|remix)\w*(?!\s+(?:date|time|since))\b(?<!with or without)", NO_DERIVATIVES),
    (r"\b(?:modif\w+|alter(?:ed|ation)\w*|adapt(?:ed|ation)\w*|derivative\w*|edit(?:ed|ing|s)|changes|remix\w*|"
     r"translations?|translated)\b[^.!?]{0,50}?\b(?:not\s+(?:be\s+)?(?:allow|permit|author|creat|mad|publish)|"
     r"prohibit|forbid|require\w*\s+(?:our|my|the|prior|written|permission|consent)|without\s+(?:our|my|the|prior|"
     r"written|permission|consent)|need\s+(?:our|permission))", NO_DERIVATIVES),
    (r"\b(?:only|solely)\s+(?:be\s+)?(?:\w+\s+){0,3}?(?:verbatim|unmodified|unaltered|unchanged|unedited|"
     r"complete\s+form|in\s+full|entirety|original\s+form)|\b(?:unmodified|unaltered|unchanged|"
     r"verbatim)(?:\s+\w+){0,2}\s+only|(?:remain|be\s+kept|left)\s+(?:unmodified|unaltered|unchanged)", NO_DERIVATIVES),
    (r"\b(?:re-?distribut\w+|re-?publi(?:sh|cation)\w*|reproduc\w+|re-?post\w*|re-?print\w*|copying|copies|"
     r"duplicat\w+|re-?us(?:e|ing)|re-?us(?:age)|scrap\w+|mirror\w+|download\w+|distribution|resale|resell\w*|"
     r"syndicat\w+|translation|extraction|crawling|sharing|dissemination)\b[^.!?]{0,70}?\b(?:prohibit|forbid|"
     r"disallow|not\s+(?:be\s+)?(?:allow|permit|author)|without\s+(?:\w+\s+){0,4}?(?:permission|consent|authori|"
     r"approval|agreement)|require\w*\s+(?:\w+\s+){0,4}?(?:permission|consent|authori|approval|licen)|"
     r"need\w*\s+(?:\w+\s+){0,3}?(?:permission|consent)|only\s+(?:with|by|after)|by\s+permission|"
     r"subject\s+to\s+(?:\w+\s+){0,2}(?:permission|consent|approval))", WITH_LEAVE),
    (r"\b(?:may|must|can|shall|should)\s*(?:not|never)\s+be\s+(?:\w+,?\s+(?:or\s+|and\s+)?){0,4}?(?:reproduc|"
     r"cop(?:ied|y)|republish|redistribut|repost|publish|broadcast|rewritten|used|sold|shared|distribut|stored|"
     r"reprint|transmit|resold|scrap|download|extract|mirror|translat|reus|re-us|exploit|hosted)", WITH_LEAVE),
    (r"\b(?:you\s+)?(?:may|must|can|shall|should)\s*(?:not|never)\s+(?:\w+,?\s+(?:or\s+|and\s+)?){0,3}?(?:reproduc|"
     r"copy|republish|redistribut|repost|publish|broadcast|sell|share|distribut|reprint|resell|scrap|download|mirror|"
     r"reus|re-us|exploit|use\s+(?:it|this|our|these|the|them))", WITH_LEAVE),
    (r"\b(?:please\s+)?(?:do\s+not|don.t|never)\s+(?:re-?produc|cop(?:y|ied)|re-?publish|re-?distribut|re-?post|"
     r"re-?us|scrap|reprint|sell|steal|mirror|download|share\s+(?:this|our))", WITH_LEAVE),
    (r"\b(?:ask|request|prefer|beg|wish|desire)\w*\s+(?:you\s+|readers\s+)?(?:that\s+)?(?:\w+\s+){0,4}?"
     r"not\s+(?:to\s+)?(?:be\s+)?(?:re-?produc|re-?publish|re-?post|re-?print|cop(?:y|ied)|"
     r"shar(?:e|ed)\b|circulat|distribut|quot|pass(?:ed)?\s+on)", WITH_LEAVE),
    (r"\bno\s+(?:part|portion|portions|parts|reuse|re-use|reproduction|redistribution|copying|republication|"
     r"reprint\w*|resale|re-?posting|download\w*|scraping|distribution|publication)\b[^.!?]{0,60}?(?:may|can|is|are|"
     r"without|allow|permit|be\b|$|\.)", WITH_LEAVE),
    (r"\bunauthori[sz]ed\s+(?:use|copying|reproduction|duplication|distribution|redistribution|publication|"
     r"reprint\w*|reuse|republication|scraping)", WITH_LEAVE),
    (r"\b(?:re-?print|re-?publish|re-?produc|re-?post|used|appears?|translat|publish)(?:ed|s)?\s+(?:here\s+|"
     r"on\s+this\s+site\s+)?(?:with|by)\s+(?:the\s+)?(?:kind\s+|express\s+|written\s+|"
     r"prior\s+)?permission", WITH_LEAVE),
    (r"\b(?:appear\w*|publish\w*|print\w*|shown|re-?produc\w*|re-?print\w*|re-?publish\w*|used|post\w*)\b[^.!?]{0,60}?\b"
     r"(?:by|with)\s+(?:the\s+)?(?:kind\s+|gracious\s+|express\s+)?(?:permission|leave|consent)\s+of\b|"
     r"\bmit\s+freundlicher\s+(?:genehmigung|erlaubnis)|\bavec\s+l[’']aimable\s+(?:autorisation|permission)|"
     r"\bper\s+gentile\s+concessione|\bcon\s+(?:el\s+)?(?:amable\s+)?permiso\s+de\b", WITH_LEAVE),
    (r"\b(?:written|prior|express(?:ed)?|explicit|advance)\s+(?:written\s+)?(?:permission|consent|authori[sz]ation|"
     r"approval|agreement)", WITH_LEAVE),
    (r"\b(?:permission|consent)\s+(?:(?:is|are)\s+(?:required|needed|necessary)|must\s+be|has\s+to\s+be|"
     r"needs\s+to\s+be|should\s+be\s+(?:sought|obtained|requested))|\b(?:ask|request|seek|obtain|get|"
     r"apply)\s+(?:\w+\s+){0,2}?(?:permission|consent)\b|\bwithout\s+(?:\w+\s+){0,3}?(?:permission|consent|"
     r"authori[sz]ation)\b|\bonly\s+(?:with|by)\s+(?:\w+\s+){0,2}?(?:permission|consent)|\bneeds?\s+(?:our|my|"
     r"the\s+\w+.s)\s+(?:permission|consent)", WITH_LEAVE),
    (r"\b(?:editions?|printing|reprints?|anthologies|translations?|adaptations?)\s+(?:rights\s+)?(?:stays?|remains?|rests?|"
     r"lies?)\s+with\s+(?:the|our|my|its)\b", WITH_LEAVE),
    (r"\bto\s+licen[sc]e\s+(?:this|our|these|the)\s+(?:article|content|text|story|work|piece|post|material)s?\b|"
     r"\blicensing\s+(?:enquir|inquir|request)|\b(?:may|must|can)(?:not|\s+not|\s+never)\s+be\s+(?:sold|resold)|"
     r"\bnot\s+for\s+(?:re-?sale|sale|redistribution|publication|distribution|circulation|commercial|reproduction|"
     r"onward)", WITH_LEAVE),
    # German
    (r"kommerziell\w*[^.!?]{0,90}?(?:zustimm|genehmig|erlaub|untersag|verboten|nicht\b|nur\b|ausgeschlossen|"
     r"rücksprache|anfrage|kontakt|bedarf|bedürf|absprache|ausgenommen|unzulässig|vereinbarung|lizenz\s+erforder|"
     r"vorbehalten|einwillig|fragen|anzufragen|melden)", NON_COMMERCIAL),
    (r"(?:keine?r?|nicht|ohne|außer|ausgenommen|untersagt\w*|verboten\w*)\s+(?:\w+\s+){0,3}?kommerziell\w*\s+(?:nutz|"
     r"verwend|zweck|verwert|gebrauch|weiter)", NON_COMMERCIAL),
    (r"(?:nur|ausschließlich|lediglich|allein)\s+(?:\w+\s+){0,4}?(?:privat|persönlich|nicht[\s-]?kommerziell|intern|"
     r"schulisch|wissenschaftlich|nichtkommerziell|eigen)\w*\s+(?:und\s+\w+\s+)?(?:\w+\s+)?(?:gebrauch|nutzung|zweck|"
     r"verwendung|unterricht|bereich|bedarf)", NON_COMMERCIAL),
    (r"(?:nicht[\s-]?kommerzielle\w*)\s+(?:nutzung|zweck|gebrauch|verwendung|weitergabe)", NON_COMMERCIAL),
    (r"(?:veränder|bearbeit|änder|verfremd|umgestalt|kürz|anpass)\w*[^.!?]{0,50}?(?:nicht\s+(?:gestatt|erlaub|zuläss|"
     r"zugelass|gewünscht)|untersag|verboten|unzulässig|bedarf|bedürf|zustimm|genehmig|keine\b)", NO_DERIVATIVES),
    (r"(?:nicht|ohne|keine?r?)\s+(?:\w+\s+){0,3}?(?:verändert|bearbeitet|geändert|gekürzt|umgestaltet|modifiziert|"
     r"veränderung|bearbeitungen?\b(?!\s*\d))", NO_DERIVATIVES),
    (r"(?:nachdruck|vervielfältig|verbreitung|weiterverbreit|weitergabe|veröffentlich|wiedergabe|übernahme|"
     r"verwertung|kopieren|kopien|nutzung|verwendung|abdruck|weiterverwend|reproduktion|"
     r"download)\w*[^.!?]{0,110}?(?:nur\s+(?:mit|nach|für)|verboten|untersag|nicht\s+(?:gestatt|erlaub|zuläss)|"
     r"genehmigung\b|zustimmung\b|einwilligung\b|erlaubnis\b|bedarf|bedürf|unzulässig|"
     r"auszugsweise,\s+nur)", WITH_LEAVE),
    (r"(?:dürfen|darf|sollen|soll|können|kann)\s+(?:\w+\s+){0,6}?nicht\s+(?:\w+\s+){0,4}?(?:kopiert|vervielfältigt|"
     r"veröffentlicht|weitergegeben|verkauft|verwendet|verbreitet|genutzt|übernommen|nachgedruckt|"
     r"reproduziert)", WITH_LEAVE),
    (r"ohne\s+(?:\w+\s+){0,4}?(?:zustimmung|genehmigung|erlaubnis|einwilligung)|(?:schriftlich|vorherig|"
     r"ausdrücklich)\w*\s+(?:\w+\s+)?(?:zustimmung|genehmigung|erlaubnis|einwilligung)", WITH_LEAVE),
    # French
    (r"(?:utilisations?|usages?|exploitations?|fins?|reproductions?|buts?|réutilisations?|"
     r"diffusions?)\s+(?:\w+\s+){0,2}?commercial\w*[^.!?]{0,80}?(?:interdi|autoris|accord|soumi|nécess|sans\b|prohib|"
     r"exclu|contact|\bpas\b|deman|préalable|permission|réserv|proscri|requi)", NON_COMMERCIAL),
    (r"(?:interdi\w*|aucune?|pas|sans|hors|sauf|exclu\w*|prohib\w*)\s+(?:\w+\s+){0,4}?(?:utilisation|usage|"
     r"exploitation|fin|réutilisation|but)s?\s+(?:\w+\s+){0,2}?commercial", NON_COMMERCIAL),
    (r"(?:usage|utilisation|cadre|fins?|but)\s+(?:strictement\s+|exclusivement\s+|uniquement\s+)?(?:personnel|privé|"
     r"pédagogique|non[\s-]commercial)\w*", NON_COMMERCIAL),
    (r"(?:modifi|adapt|transform|altér|traduct)\w*[^.!?]{0,50}?(?:interdi|prohib|(?:ne\s+\w+|n.\w+)\s+pas|"
     r"pas\s+autoris|sans\b|accord|autorisation)|\bsans\s+(?:aucune\s+)?(?:modif|altér|transform)|\bne\s+(?:peu\w+|"
     r"doi\w+)\s+(?:pas\s+)?être\s+(?:\w+\s+)?(?:modifié|adapté|transformé|altéré)", NO_DERIVATIVES),
    (r"(?:reproduction|diffusion|copie|rediffusion|republication|réutilisation|redistribution|publication|"
     r"distribution|utilisation|reprise)\w*[^.!?]{0,80}?(?:interdi|autorisation|accord\b|sans\b|soumis|prohib|"
     r"permission)|\bne\s+(?:peu\w+|doi\w+)\s+(?:pas\s+)?être\s+(?:\w+\s+)?(?:reproduit|copié|diffusé|utilisé|vendu|"
     r"publié)|autorisation\s+(?:écrite|préalable|expresse)|\bsans\s+(?:\w+\s+){0,3}?(?:autorisation|accord|"
     r"consentement)", WITH_LEAVE),
    # Spanish, Portuguese, Italian
    (r"(?:uso|usos|utilización|utilização|utilizzo|fines|fins|fini|scopi|scopo|explotación|exploração|sfruttamento|"
     r"propósitos)\s+(?:\w+\s+){0,2}?com(?:m)?ercia\w*[^.!?]{0,80}?(?:prohib|proib|viet|autori|permi|permes|\bno\b|"
     r"não|non\b|\bsin\b|sem\b|senza|contact|contatt|consent|vedad|requ|richie|previ|exclu|esclus|reserv|necesit|"
     r"preci)", NON_COMMERCIAL),
    (r"(?:prohib\w*|proib\w*|viet\w*|vedad\w*|\bno\b|não|\bnon\b|\bsin\b|sem\b|senza|salvo|excepto|exceto|"
     r"tranne)\s+(?:[\w’']+\s+){0,4}?(?:uso|usos|utilización|utilização|utilizzo|fines|fins|fini|scopi|scopo|"
     r"explotación|l.uso|l.utilizzo)\s*(?:\w+\s+){0,2}?com(?:m)?ercia", NON_COMMERCIAL),
    (r"(?:uso|utilizzo|utilização|fines|fins|fini|scopi)\s+(?:estrictamente\s+|exclusivamente\s+|esclusivamente\s+|"
     r"strettamente\s+|estritamente\s+|únicamente\s+)?(?:personal|personale|pessoal|privado|privato|educativ|"
     r"didattic|académic|acadêmic|no\s+comercial|não[\s-]comercial|non\s+commercial)\w*", NON_COMMERCIAL),
    (r"(?:modific|alter|adapt|transform|deriv)\w*[^.!?]{0,50}?(?:prohib|proib|viet|vedad|\bno\s+(?:se|est|pued)|"
     r"não\s+(?:é|s|pod)|non\s+(?:è|sono|poss)|autoriz|permiss|permis\b|consent)|\b(?:no|não|non)\s+(?:pued\w+|"
     r"pod\w+|poss\w+|se\s+permit\w*|dev\w+|deb\w+)\s+(?:\w+\s+){0,3}?(?:modific|alter|adapt|transform)|(?:prohib\w*|"
     r"proib\w*|viet\w*|vedad\w*)\s+(?:\w+\s+){0,3}?(?:modific|alter|adapt|transform|deriv)|\bs(?:in|em|"
     r"enza)\s+(?:modific|alter|cambi)", NO_DERIVATIVES),
    (r"(?:reproduc\w+|reprodu\w+|riproduz\w+|copia\w*|cópia\w*|distribu\w+|difus\w+|diffus\w+|publica\w+|pubblica\w+|"
     r"redistribu\w+|uso|utiliz\w+)\s[^.!?]{0,80}?(?:prohibid|proibid|vietat|vedad|\bsin\s+(?:\w+\s+){0,3}?(?:autori|"
     r"permiso|consent)|sem\s+(?:\w+\s+){0,3}?(?:autori|permiss|consent)|senza\s+(?:\w+\s+){0,3}?(?:autorizz|"
     r"permesso|consenso)|riservata|reservada|requiere|richiede|requer|previa\s+autor|prévia\s+autor|"
     r"no\s+(?:se\s+permite|está))|"
     r"(?:prohibid\w*|proibid\w*|vietat\w*|vedad\w*|prohíbe\w*)\s+(?:\w+\s+){0,4}?(?:reproduc|reprodu|riproduz|copia|"
     r"cópia|distribu|difus|diffus|publica|pubblica|uso|utiliz|redistrib|extrac)|"
     r"riproduzione\s+(?:\w+\s+)?(?:riservata|vietata)|\b(?:sin|sem|senza)\s+(?:\w+\s+){0,4}?(?:autorizaci|permiso|"
     r"consentimiento|autorização|permissão|consentimento|autorizzazione|permesso|consenso)", WITH_LEAVE),
    # Dutch, Polish
    (r"commerci(?:eel|ële|ele)\s+(?:gebruik|doeleinden|toepassing\w*|hergebruik)[^.!?]{0,60}?(?:niet|toestemming|"
     r"verboden|alleen|contact|uitgesloten|enkel|vraag)|(?:niet|geen|zonder|"
     r"verboden)\s+(?:\w+\s+){0,3}?commerci\w+\s+(?:gebruik|doeleinden)|niet[\s-]commerci\w+\s+(?:gebruik|"
     r"doeleinden)|(?:alleen|uitsluitend|enkel)\s+(?:\w+\s+){0,2}?(?:persoonlijk|privé|eigen)\w*", NON_COMMERCIAL),
    (r"\bniet\s+(?:worden\s+)?(?:\w+\s+){0,2}?(?:gewijzigd|aangepast|bewerkt)|(?:wijzig|aanpass|"
     r"bewerk)\w+[^.!?]{0,40}?(?:niet\s+toegestaan|verboden)", NO_DERIVATIVES),
    (r"\bniet\s+(?:worden\s+)?(?:\w+\s+){0,3}?(?:overgenomen|gekopieerd|verspreid|gereproduceerd|gepubliceerd|"
     r"verveelvoudigd|openbaar)|zonder\s+(?:\w+\s+){0,4}?toestemming|(?:overname|kopiëren|verspreid|reproductie|"
     r"verveelvoudig|hergebruik|gebruik)\w*[^.!?]{0,60}?(?:verboden|niet\s+toegestaan|toestemming)", WITH_LEAVE),
    (r"komercyjn\w*[^.!?]{0,60}?(?:zgod|wymag|zabron|zakaz|\bnie\b|niedozwol|kontakt|wyłącz|pozwol)|(?:zabron|zakaz|"
     r"bez|nie)\w*\s+(?:\w+\s+){0,4}?komercyjn|niekomercyjn\w+\s+(?:użytk|cel|wykorzyst|użyc)|(?:cel\w*|użytk\w*|"
     r"wykorzyst\w*|użyci\w*)\s+niekomercyjn|(?:tylko|wyłącznie)\s+(?:\w+\s+){0,2}?(?:użytku|prywatn|"
     r"osobist|własn)", NON_COMMERCIAL),
    (r"(?:kopiowani|powielani|rozpowszechniani|przedruk|publikowani|wykorzystywani|reprodukcj|modyfik|"
     r"zmien)\w*[^.!?]{0,70}?(?:zabron|zakaz|zgod|niedozwol|wzbronion|\bnie\s+(?:jest|są|można))|"
     r"\bbez\s+(?:\w+\s+){0,3}?zgody|(?:zabrania\s+się|zakaz)\s+(?:\w+\s+){0,2}?(?:kopiow|powiel|rozpowsz|modyf|"
     r"przedruk)", WITH_LEAVE),
    # Japanese, Chinese
    (r"(?:商用|商業|営利)(?:目的)?(?:で)?(?:の)?(?:ご)?(?:利用|使用|目的|二次利用)?[^。！]{0,25}(?:禁止|禁じ|不可|"
     r"許可|許諾|承諾|お断り|できません|ご遠慮|連絡|問い合わせ|除[くき]|認め)|(?:私的|個人)(?:的)?(?:な)?(?:利用|"
     r"使用|目的)[^。]{0,12}(?:限|のみ|だけ|範囲)|非営利(?:目的)?[^。]{0,10}(?:限|のみ|だけ)|(?:非商業|非商业|非营利|"
     r"非營利)(?:性)?(?:使用|用途|目的)", NON_COMMERCIAL),
    (r"(?:改変|加工|編集|翻案|改ざん)[^。]{0,15}(?:禁止|禁じ|不可|できません|お断り|ご遠慮|しないで)|(?:不得|禁止|"
     r"请勿|請勿|严禁|嚴禁|未经|未經)[^。]{0,15}(?:修改|改编|改編|演绎|演繹|篡改|改动)", NO_DERIVATIVES),
    (r"(?:転載|複製|再配布|転用|引用|無断\w{0,6})[^。]{0,15}(?:禁止|禁じ|不可|お断り|許可|許諾|承諾|できません|"
     r"ご遠慮|固く)|無断(?:転載|使用|複製|転用|引用)", WITH_LEAVE),
    (r"(?:禁止|不得|请勿|請勿|谢绝|謝絕|未经|未經|严禁|嚴禁|不允许|不允許)[^。]{0,30}(?:转载|轉載|复制|複製|使用|"
     r"传播|傳播|摘编|转发|轉發|引用|抄袭|抓取|镜像|鏡像)", WITH_LEAVE),
    (r"(?:禁止|不得|请勿|請勿|严禁|嚴禁|不可)[^。]{0,15}(?:商业|商業|商用|营利|營利|盈利)|(?:商业|商業|商用|营利|"
     r"營利)[^。]{0,20}(?:授权|授權|同意|联系|聯繫|禁止|不得|付费|付費|请|須|须)|(?:仅|僅|只)(?:供|限|能|可)?(?:用于|"
     r"用於)?[^。]{0,12}(?:个人|個人|学习|學習|非商业|非商業|研究|私人|参考|參考)", NON_COMMERCIAL),
    (r"(?:转载|轉載)[^。]{0,12}(?:授权|授權|联系|聯繫|同意|许可|許可|申请|申請)", WITH_LEAVE),
    # Korean, Czech, Swedish, Danish, Norwegian, Russian
    (r"상업적[^.]{0,25}(?:금지|금합|불가|허락|허가|문의|없습니다|않습니다|마세요)|(?:비상업적|비영리)[^.]{0,12}(?:만\s|한해|한하여|한정)|"
     r"komerční\w*[^.]{0,40}?(?:souhlas|svolen|zakáz|není|nelze|pouze|jen\b)|(?:nekomerční\w*|osobní\w*|soukrom\w+)\s+"
     r"(?:užití|použití|účel\w+)|kommersiell\w*[^.]{0,50}?(?:inte|ikke|endast|kun\b|bara|tillstånd|tillatelse|förbju|forbud|"
     r"överens|avtale)|(?:inte|ikke|ej)\s+(?:\w+\s+){0,4}?komm?er[sc]i\w+|kommerciel\w*[^.]{0,50}?(?:ikke|kun\b|tilladelse|"
     r"forbud|aftale)|коммерческ\w+[^.]{0,50}?(?:разрешени|согласи|запрещ|не\s+допуска|только|платн)", NON_COMMERCIAL),
    (r"무단\s*(?:전재|복제|배포|도용|사용)[^.]{0,25}(?:금|불)|(?:bez|se|s)\s+(?:\w+\s+){0,2}?(?:souhlas\w*|svolen\w*)\s+(?:autor|"
     r"redak|vydav|naš)\w*|utan\s+(?:\w+\s+){0,2}?(?:tillstånd|medgivande)|uden\s+(?:\w+\s+){0,2}?tilladelse|uten\s+"
     r"(?:\w+\s+){0,2}?tillatelse|(?:перепечатк|копировани|воспроизведени|использовани)\w*[^.]{0,60}?(?:разрешени|согласи|"
     r"запрещ)", WITH_LEAVE),
)
_RESTRICTIONS = tuple((re.compile(pattern, re.I), spdx) for pattern, spdx in _PATTERNS)
_ANY = re.compile("|".join(f"(?:{pattern})" for pattern, _ in _PATTERNS), re.I)
_LIFTED = re.compile(
    r"\b(?:not|never)\s+(?:be\s+)?(?:used?|reproduced)\s+(?:to|in\s+(?:a|any)\s+way\s+that(?:\s+\w+)?)\s+(?:imply|implies|suggests?|"
    r"convey)\w*\s+(?:\w+\s+){0,2}endorsement|"
    r"\bfree\s+(?:of|from)\s+(?:any\s+|all\s+)?(?:known\s+)?(?:copyright\s+)?restrictions?(?:\s+on\s+(?:use|re-?use))?\b|"
    r"\bfree\s+of\s+charge\b|\bkostenlos\b|\bkostenfrei\b|"
    r"\b(?:no\s+need|needn.t|need\s+not|(?:not|n.t)\s+have)\s+(?:to\s+)?ask\w*(?:\s+(?:me|us|for\s+permission))?|"
    r"\bwithout\s+(?:having\s+to\s+)?ask\w*(?:\s+(?:me|us|anyone|first))?(?!\s+\w)|"
    r"\bthis\s+(?:is\s+an?\s+(?:unofficial\s+)?)?(?:translation|adaptation)\s+(?:was|is)\s+not\s+(?:\w+\s+){0,2}?(?:created|"
    r"produced|made|official)\b|^\W*(?:reprints?\s+(?:and|&)\s+permissions?|rights\s+(?:and|&)\s+permissions?)\W*$|"
    r"\bsans\s+(?:aucune\s+)?restrictions?\b|\bsin\s+restricciones\b|\bsenza\s+(?:alcuna\s+)?restrizion[ei]\b|"
    r"\bsem\s+restrições\b|\bbez\s+ograniczeń\b|\bohne\s+einschränkung(?:en)?\b|\bzonder\s+beperking(?:en)?\b|"
    r"\b(?:must|need|only|have\s+to|has\s+to|required\s+to)\b[^.!?]{0,90}?\b(?:same|similar|identical|compatible|"
    r"like|equivalent|this|gleichen|mêmes?|misma|stessa|mesma|dezelfde)\s+(?:or\s+(?:an?\s+)?\w+\s+)?(?:licen\w+|"
    r"terms|conditions?|lizenz|bedingungen|licenza|licentie)|"
    r"\bpermission\s+(?:is|has\s+been)\s+(?:hereby\s+)?(?:granted|given)|\byou\s+have\s+(?:the\s+|our\s+|my\s+)?"
    r"permission\s+to|"
    r"\bmay\s+not\s+(?:apply|impose)\b[^.!?]{0,120}|"
    r"\b(?:excluding|except(?:ing|\s+for)?|other\s+than|apart\s+from|with\s+the\s+exception\s+of)\s+"
    r"(?:\w+\s+){0,3}?(?:logos?|images?|photo\w*|pictures?|trade\s?marks?|(?:coats?\s+of\s+)?arms|quotations?|crests?|"
    r"emblems?|illustrations?|videos?|brand\w*|third[\s-]party\s+\w+)|"
    r"\b(?:even|also|including)\s+(?:for\s+)?(?:\w+\s+)?commercial\w*(?!\s+(?:use|purposes?)\s+(?:is|are)\s+(?:not|"
    r"prohib))|\bcommercial(?:ly)?\s+(?:and|or|as\s+well\s+as)\s+non[\s-]?commercial\w*(?!\w*[^.]{0,40}\b(?:prohib|"
    r"forbid|not\s+allow))|"
    r"\bnon[\s-]?commercial\w*\s+(?:and|or|as\s+well\s+as)\s+commercial|"
    r"\bno\s+(?:further\s+|prior\s+|written\s+|special\s+)*permission\s+(?:is\s+)?(?:required|needed|necessary)|"
    r"\b(?:not|n.t|never|without)\s+(?:\w+\s+){0,3}?(?:need|needing|have|having|ask|asking|require|"
    r"requiring)\s+(?:\w+\s+){0,4}?permission|"
    r"\bwithout\s+(?:further|additional|special)\s+permission|\bwith\s+or\s+without\s+(?:modif|chang|alter)|"
    r"\bcommercial(?:ly)?(?:\s+use)?\s+is\s+(?:\w+\s+)?(?:allowed|permitted|fine|welcome)|"
    r"\bauch\s+(?:für\s+)?kommerziell|kommerziell\w*\s+und\s+nicht[\s-]?kommerziell|"
    r"\bcompris\s+(?:\w+\s+){0,3}commercial|incluso\s+(?:\w+\s+){0,3}comercial|anche\s+(?:\w+\s+){0,3}commercial|"
    r"\bavailable\s+for\s+(?:free\s+)?(?:re-?use|use|download|copying|sharing|everyone|everybody|anyone|all)\b"
    r"(?=[^.!?]{0,40}\bunder\b)|"
    r"\b(?:without|at\s+no)\s+(?:any\s+|extra\s+)?(?:charge|costs?|fees?|payment)\b(?!\s+(?:for|to|by))|"
    r"\bsans\s+frais\b|\bsin\s+coste?\b|\bsenza\s+costi\b|\bsem\s+custos?\b|\bzonder\s+kosten\b|\bohne\s+gebühr\w*|"
    r"\b(?:association|organisme|entité|asociación|entidad|associazione|ente|associação|vereniging|stichting)\s+"
    r"(?:\w+\s+){0,2}?(?:à\s+but\s+non\s+lucratif|sans\s+but\s+lucratif|sin\s+(?:ánimo|fines)\s+de\s+lucro|"
    r"senza\s+(?:scopo|fini)\s+di\s+lucro|sem\s+fins\s+lucrativos|zonder\s+winstoogmerk)|"
    r"商用利用(?:も)?(?:可|でき|OK)|可商用|允许商业", re.I,
)
"""What says that a limit is none, or that it is whoever speaks that seeks no profit."""
_DATE = re.compile(
    r"\b\d{1,2}\.?\s+(?:de\s+|di\s+)?mai\b|\bmai\s+(?:de\s+)?(?:19|20)\d\d\b|\b(?:im|seit|ab|bis|en|"
    r"depuis)\s+mai\b", re.I
)
"""May in German and French, and never in Italian."""
_USE = re.compile(
    r"\b(?:re-?|un)?(?:cop(?:y|ies|ied|ying)|produc(?:e|ed|ing|tion)|distribut\w+|print\w*|us(?:ed?|age|ing)|"
    r"sell(?:ing)?|"
    r"sold|sales?|harvest\w*|scrap(?:e|ed|ing)|crawl\w*|mirror\w*|mine|mining|translat\w+|modif\w+|alter(?:ed|ing|"
    r"ation\w*)?|adapt\w*|"
    r"remix\w*|quot(?:e|ed|ing)|borrow\w*|steal\w*|exploit\w*|monetis\w+|monetiz\w+|train\w*|shar(?:e|ed|ing)|"
    r"download\w*|embed\w*|reproduc\w+|redistribut\w+|republi\w+)\b|"
    r"\b(?:commercial\w*|business\w*|compan(?:y|ies)|corporat\w+|enterprises?|for[\s-]profit|profit|non[\s-]?profit|"
    r"personal|private|educational|academic|derivative\w*|"
    r"ai|llms?|language\s+models?|machine\s+learning|bots?|crawlers?)\b|"
    r"\b(?:nutz\w*|genutzt|nutzung\w*|verwend\w+|kopi\w+|vervielfält\w+|verbreit\w+|verkauf\w*|verkäuf\w*|"
    r"nachdruck\w*|abdruck\w*|übernehm\w+|übernahme\w*|"
    r"veränder\w+|bearbeit\w+|kommerziell\w*|gewerblich\w*|geschäftlich\w*|unternehmen|firmen|privat\w*|weitergabe|"
    r"weitergeb\w+|weiterverwend\w+|auslesen|trainier\w*|ki|verwert\w+)\b|"
    r"\b(?:utilis\w+|réutilis\w+|copi\w+|reprodu\w+|reprise|diffus\w+|vente|vendre|vendu\w*|modifi\w+|commercia\w+|"
    r"lucrati\w+|entreprises?|traduire|"
    r"uso|usos|usar|usarse|utiliz\w+|vend\w+|venta|venda|lucro|empresas?|modific\w+|comercia\w+|republicar|difundir|"
    r"traducir|"
    r"vendita|riprodu\w+|riproduz\w+|distribu\w+|copia\w*|aziende|imprese|impresas?|"
    r"gebruik\w*|verkoop\w*|verkop\w+|kopi\w+|overnem\w+|overgenomen|verspreid\w*|commercie\w+|bedrijven|"
    r"użyci\w+|wykorzyst\w+|kopiow\w+|przedruk\w*|sprzeda\w+|komercyjn\w+|firm\w*|modyfik\w+|rozpowszechni\w+)\b|"
    r"利用|使用|転載|複製|改変|販売|商用|営利|学習|引用|複写|转载|轉載|复制|複製|修改|销售|出售|商业|商業|商用|盈利|"
    r"训练|訓練|抓取|爬取|传播",
    re.I,
)
"""What a licence is about: uses of a text, and who uses it for what."""
_LIMIT = re.compile(
    r"\b(?:not|never|\w+n[’']t|cannot|no|none|nobody|prohibit\w*|forbid\w*|forbidden|"
    r"disallow\w*|refrain|ban(?:ned)?|illegal\w*|unlawful|theft|"
    r"only|solely|exclusively|strictly|except|excepting|excluded?|excluding|without|permission\w*|consent|"
    r"authori[sz]\w+|approv\w+|ask|asking|contact|"
    r"fees?|pay|paid|payment|buy|purchase|needs?|needed|requir\w+|must|reserved|limited|restricted|unchanged|"
    r"unaltered|unmodified|verbatim|unedited|by\s+request|on\s+request)\b|"
    r"\b(?:nicht|kein\w*|nie|verboten|untersagt|unzulässig|nur|ausschließlich|lediglich|außer|ausgenommen|"
    r"ausgeschlossen|ohne|genehmigung\w*|zustimmung\w*|erlaubnis|einwilligung|"
    r"absprache|rücksprache|anfrage\w*|fragen|kontakt\w*|gebühr\w*|kostenpflichtig\w*|bedarf|bedürf\w+|erforderlich|"
    r"muss|müssen|vorbehalten|unverändert\w*|ungekürzt|vorher|bitte)\b|"
    r"\b(?:pas|aucune?|jamais|interdit\w*|interdi\w+|prohib\w+|seulement|uniquement|exclusivement|sauf|sans|"
    r"autorisation\w*|accord|permission|demande[rz]?|contacte[rz]?|payant\w*|"
    r"inchangé\w*|no|nunca|prohibid\w+|solo|sólo|únicamente|exclusivamente|salvo|sin|autorizaci\w+|permiso|"
    r"consentimiento|solicit\w+|contact\w+|"
    r"non|mai|vietat\w+|soltanto|solamente|esclusivamente|tranne|senza|autorizzazion\w+|permesso|consenso|chied\w+|"
    r"richied\w+|contatt\w+|"
    r"não|nunca|proibid\w+|vedad\w+|apenas|somente|exceto|sem|autorizaç\w+|permiss\w+|"
    r"niet|geen|nooit|verboden|alleen|uitsluitend|behalve|zonder|toestemming|vraag|vereist|niets|"
    r"nie|nigdy|zabroni\w+|zakaz\w*|zabrania|tylko|wyłącznie|oprócz|bez|zgod\w+|pozwoleni\w+|wymaga\w*|wymagana)\b|"
    r"禁止|禁じ|不可|できません|しないで|ご遠慮|お断り|のみ|限り|限る|許可|許諾|承諾|必要|無断|不得|请勿|請勿|严禁|"
    r"嚴禁|谢绝|謝絕|仅|僅|只|未经|未經|须|須|授权|授權|同意|付费|付費|联系|聯繫",
    re.I,
)
"""How a use is ruled out, bound to leave or payment, or kept to some."""
_USE_IN_NOTICE = re.compile(
    r"\b(?:business(?:es)?|re-?(?:post|blog|host|upload|publish|issu|writ|work|sell|sale|packag|shar)\w*|hotlink\w*|"
    r"publish(?:ed|ing)?\s+(?:it|them|this|these|elsewhere|again)|circulat\w+|pass(?:ed|ing)?\s+(?:it\s+|them\s+)?on|"
    r"retail\w*|merchandis\w*|advertis\w*|money|profits?|profitable|earn\w*|revenue|charg(?:e|ed|ing)|gain|trade|"
    r"hobby\w*|amateurs?|classrooms?|schools?|teach\w*|pupils?|students?|research\w*|study|household|family|"
    r"scholar\w*|home|internal\w*|in-house|evaluation|start-?ups?|agenc(?:y|ies)|firms?|industry|"
    r"be\s+(?:changed|touched|cut)|chang(?:e|ing)\s+(?:it|them|anything|the\s+\w+|a\s+(?:word|thing|line))|"
    r"edit(?:ed|ing|s)?|rework\w*|abridg\w*|paraphras\w*|excerpt\w*|crop\w*|tamper\w*|build(?:ing)?\s+(?:up)?on|"
    r"chat-?bots?|chatgpt|gpt|neural|generative|artificial|algorithms?|scrapers?|spiders?|robots?|ingest\w*|"
    r"fed\s+(?:in)?to|feed(?:ing)?\s+(?:it|them|this|these|my|our|any|an|to)|language[\s-]models?|data-?sets?|corp(?:us|ora)|"
    r"audiences?|readers?|members?|subscribers?|access\w*|non-?profits?|charit\w+)\b|"
    r"\b(?:gewerb\w+|erwerb\w*|gewinn\w*|geld|vermarkt\w+|einspeis\w+|füttern|schul\w+|unterricht\w*|hobby\w*|"
    r"weiterverkauf\w*|weiterverarbeit\w+|posten|umschreib\w+|änder\w+|geändert|kürz\w+|gekürzt|übersetz\w+|"
    r"chatbots?|sprachmodell\w*|scrap\w+|crawl\w+|persönlich\w*|eigen\w*|wissenschaftlich\w*|forschung\w*|lehre|"
    r"nachgedruckt|weitergegeben|weiterverbreit\w+|wiederverwend\w+|verändert|entgelt\w*|mitglieder\w*)\b|"
    r"\b(?:reven\w+|marchand\w*|profit\w*|argent|scolaires?|pédagogiques?|enseign\w+|personnel\w*|privée?s?|altér\w+|"
    r"retouch\w+|remani\w+|traduct\w+|tradui\w+|adapt\w+|republi\w+|repren\w+|repris\w*|aspir\w+|entra[îi]n\w+|"
    r"exploit\w+|sociétés|usages?|recopi\w+|distribu\w+|professionnel\w*|adhérents?|abonnés|artificielle)\b|"
    r"\b(?:negocio|dinero|escolar\w*|docent\w*|educativ\w*|particular\w*|personal\w*|privad\w*|alter\w+|retoc\w+|"
    r"traduc\w+|republic\w+|publicar\w*|entren\w+|explota\w*|reproduc\w+|didáctic\w*|académic\w*|socios|"
    r"rivend\w+|guadagn\w+|scolastic\w+|didattic\w*|personale|privat[oaie]|adatt\w+|tradu\w+|tradott\w+|ripubblic\w+|"
    r"pubblicar\w*|addestra\w*|sfrutta\w*|utilizz\w+|profitto|ripres[oaie]|soci|alterat\w+|"
    r"pessoa(?:l|is)|explora\w+|treina\w*|treino|replic\w+|artificia(?:l|le))\b|"
    r"\b(?:doorverkop\w+|doorverkoop|verkocht|winst\w*|onderwijs\w*|school\w*|persoonlijk\w*|privé\w*|eigen|wijzig\w+|"
    r"gewijzigd|aangepast|aanpassen|bewerk\w*|vertal\w+|herplaats\w+|trainen|hergebruik\w*|zakelijk\w*|gekopieerd|"
    r"leden|particulier\w*|"
    r"odsprzeda\w+|zarobk\w+|zysk\w*|szkoln\w+|edukacyjn\w+|prywatn\w+|osobist\w+|zmieni\w+|zmian|przerabia\w+|"
    r"tłumacz\w+|udostępnia\w+|publikow\w+|trenow\w+|uczeni\w+|korzysta\w+|własn\w+|kopiowa\w+|zmienian\w+)\b|"
    r"再販|転売|ビジネス|企業|法人|教育|学校|個人|私的|編集|加工|翻訳|翻案|配布|掲載|収集|スクレイピング|ＡＩ|"
    r"转售|轉售|企业|公司|教学|教學|个人|私人|改编|改編|翻译|翻譯|发布|分发|刊登|采集|爬虫|机器学习|改动|改動",
    re.I,
)
"""Uses, users and ends that only a notice means by such words; an article has many of them."""
_LIMIT_IN_NOTICE = re.compile(
    r"\b(?:confined|kept\s+to|off[\s-]limits|hands\s+off|keep\s+(?:off|away|out|your)|stay\s+away|refus\w+|declin\w+|"
    r"den(?:y|ied)|object(?:s|ed|ion)?\s+to|oppos\w+|unwelcome|unwanted|discourag\w+|avoid|barred|blocked|opt\w*[\s-]out|"
    r"negotiat\w+|get\s+in\s+touch|write\s+to|drop\s+(?:me|us)|let\s+(?:me|us)\s+know|tell\s+(?:me|us)|talk\s+to|"
    r"check\s+with|e-?mail\s+(?:me|us|the)|unless\s+(?:you|we|i)|have\s+to|has\s+to|should|ought|"
    r"licen[sc]es?\s+(?:from|is|are)|separate\w*|royalt\w+|needs?|subscription\w*|prior|nor|neither|off\s+the\s+table|"
    r"intended\s+for|meant\s+for|aimed\s+at|provided\s+for|available\s+for|restricts?|limits?|just|alone|cease)\b|"
    r"\b(?:unerwünscht|unterlassen|verzichten|widersprech\w*|widersprochen|vorab|zuvor|zuerst|melden|schreib\w*|beschränkt|"
    r"begrenzt|reserviert|lizenzpflichtig|honorar\w*|vergütung\w*|kaufen|bezahl\w*|zahlen|allein|einzig|tabu|"
    r"abgelehnt|benötig\w+|brauchen|braucht|soll\w*|weder)\b|"
    r"\b(?:défens\w+|proscri\w+|réserv\w+|limit\w+|restrein\w*|restrict\w*|strictement|préalable\w*|d[’']abord|"
    r"écri(?:re|vez)|refus\w+|oppos\w+|exclu\w*|hors|ni|prière|veuillez|nécessit\w+|requi\w+|soumis\w*|redevance|payer|"
    r"achat|doi(?:t|vent)|faut|veda\w*|reserv\w+|restring\w+|previ[oa]\w*|antes|pedir|pid[ea]\w*|pregunt\w+|escrib\w+|"
    r"consult\w+|tampoco|nadie|ning[uú]n\w*|rechaz\w+|pago|pagar|requier\w+|necesit\w+|hay\s+que|deb\w+|"
    r"divieto|riserva\w+|prima|scriv\w+|nessun\w*|né|esclus\w+|pagament\w+|occorre|bisogna|dov\w+|"
    r"restrit\w*|prévi\w+|peça|pergunt\w+|ninguém|nenhum\w*|nem|excluíd\w+|só|contat\w+|requer\w*|exige|precis\w+|"
    r"enkel|slechts|beperkt|voorbehouden|vooraf|eerst|mits|vragen|uitgesloten|betal\w+|moet\w*|nodig|bestemd|"
    r"jedynie|zastrzeż\w*|ograniczon\w*|uprzedni\w*|najpierw|zapyta\w*|pyta\w*|prosz\w+|prosimy|kontakt\w*|"
    r"niedozwolon\w*|wzbronion\w*|opłat\w*|żadn\w*|nikt|wykluczon\w*|należy|trzeba|przeznaczon\w*)\b|"
    r"だけ|ご連絡|問い合わせ|事前|厳禁|禁ずる|断り|控え|有料|限定|範囲内|除く|認め|ないで|"
    r"不允许|不允許|不可|勿|拒绝|拒絕|限|需|申请|申請|购买|購買|另行|除外",
    re.I,
)
"""The same of limits."""
_PLAIN_IN_NOTICE = re.compile(
    r"(?i:us(?:ed?|age|ing)|nutz\w*|genutzt|nutzung\w*|verwend\w+|utilis\w+|uso|usos|usar|utiliz\w+|gebruik\w*|usages?|"
    r"利用|使用|personal|private?|privat\w*|access\w*|members?|mitglied\w*|subscribers?|readers?|audiences?|print(?:ed)?|"
    r"edit\w*|shar\w+|students?|schools?|research\w*|study|home|family|eigene?[rnms]?|korzysta\w+|feed\w*|money|"
    r"unternehmen|firmen)"
)
"""Those of them that other sentences in footers have."""
_USES = {False: (_USE,), True: (_USE, _USE_IN_NOTICE)}
_LIMITS = {False: (_LIMIT,), True: (_LIMIT, _LIMIT_IN_NOTICE)}
"""By whether the sentence stands in a notice."""
_ELSE = re.compile(
    r"\b(?:your|my|ihre?|votre|tu|sua)\s+(?:\w+\s+)?(?:address|data|details|information|accounts?|orders?|comments?|"
    r"daten|kommentar\w*|données|datos|dati|dados)\b|\bdo\s+not\s+sell\s+or\s+share\b|\b(?:comments?|kommentare?|"
    r"tickets?|orders?|shop|jobs?|logos?|donat\w+|spenden?|subscrib\w+|sign\s+up|gift|prices?|shipping|"
    r"(?:phone|telefon|tel|fax)|hours|(?:advertising|ad)\s+rates|mediadaten|p\.?\s?o\.?\s+box|powered|theme|design\w*|rss|search|menu|javascript)\b",
    re.I,
)
"""Subjects of sentences in footers and sidebars that are not its text."""
_TEXTS = re.compile(
    r"\b(?:content\w*|articles?|texts?|posts?|pieces?|columns?|interviews?|poems?|chapters?|lectures?|stor(?:y|ies)|materials?|works?|essays?|writings?|"
    r"tributes?|obituar(?:y|ies)|eulog(?:y|ies)|transcripts?|sermons?|lyrics|"
    r"publications?|copyright\w*|"
    r"inhalt\w*|\w*text(?:e|en|es|s)?|artikel\w*|beitr[äa]g\w*|werk\w*|urheber\w*|materialien|"
    r"contenus?|textes?|œuvres?|contenidos?|textos?|artículos?|obras?|contenut[oi]|test[oi]|articol[oi]|oper[ae]|"
    r"conteúdos?|artigos?|"
    r"inhoud|teksten|tekst|artikelen|werken|treści\w*|teksty|tekstów|artykuł\w*|utwor\w*)\b|"
    r"コンテンツ|文章|記事|テキスト|著作物|内容|內容|文章|作品|本文",
    re.I,
)
"""What a page's text is called."""
_PAGES = re.compile(
    r"\b(?:(?:this|our|my|the)\s+(?:web)?(?:site|page|blog|wiki)s?|pages?|(?:web)?sites?|(?:diese[rs]?|"
    r"unsere[rs]?)\s+(?:web)?seiten?|ce\s+site|este\s+sitio|questo\s+sito|este\s+site|"
    r"deze\s+(?:web)?site|tej\s+strony)\b|サイト|ブログ|本站|网站|網站",
    re.I,
)
_PLAIN_USE = re.compile(
    r"(?i:us(?:ed?|age|ing)|nutz\w*|genutzt|nutzung\w*|verwend\w+|utilis\w+|uso|usos|usar|utiliz\w+|gebruik\w*|利用|"
    r"使用|compan\w+|business\w*|corporat\w+|enterprises?|unternehmen|firm\w*|"
    r"entreprises?|empresas?|aziende|imprese|bedrijven|personal|private?|privat\w*|post(?:ed|ing)|publish\w*|"
    r"publication|shar\w+|edit\w*|profit|non[\s-]?profit|lucro|lucrati\w+|"
    r"ai|ki|bots?|crawlers?|educational|academic|printed|print)"
)
"""Uses that sentences on a site itself speak of, too ('to use this site, you must be 18')."""
_CREDIT = re.compile(
    r"\b(?:credit\w*|attribut\w+|cit(?:e|ed|ing|ation)\w*|acknowledg\w*|mention\w*|link\w*|source|named?|nennen|"
    r"genannt|nennung|namensnennung|quelle\w*|quellenangabe|verlink\w*|"
    r"cit[ée]\w*|mentionn\w+|auteurs?|attribu\w+|citar|citand\w+|fuente|fonte|attribuzione|bron|bronvermelding|"
    r"naamsvermelding|źród\w+|autor\w*)\b|出典|クレジット|表示|注明|註明|署名|出处|出處",
    re.I,
)
_HARD = re.compile(
    r"\b(?:not|never|n[’']t|cannot|prohibit\w*|forbid\w*|permission\w*|consent|fees?|paid|pay|purchase|without|ask|"
    r"contact|nicht|verboten|untersagt|genehmigung\w*|zustimmung\w*|erlaubnis|"
    r"einwilligung|interdit\w*|autorisation|sans|prohibid\w+|autorizaci\w+|permiso|sin|vietat\w+|autorizzazion\w+|"
    r"senza|proibid\w+|sem|niet|verboden|toestemming|zonder|zabroni\w+|zakaz\w*|"
    r"zgod\w+|bez)\b|禁止|不可|許可|許諾|無断|不得|请勿|授权|同意",
    re.I,
)
"""Limits that naming the author does not lift."""
_BESIDE = re.compile(
    r"\b(?:cookies?|privacy|datenschutz\w*|confidentialité|privacidad|newsletter|(?:your|an?|by|via)\s+e-?mails?|e-?mail\s+address\w*|account|password|browser|"
    r"javascript|personal\s+(?:data|information)|personenbezogen\w*|your\s+data|"
    r"liab\w+|responsib\w+|warrant\w+|haft\w+|gewähr\w*|verantwort\w+|responsab\w+|trademarks?|registered\s+(?:charity|office|trade|in|company|number|no|users?)|marken?|"
    r"markenzeichen|warenzeichen|(?<!by\s)(?<!to\s)third[\s-]part(?:y|ies)|(?<!durch\s)(?<!an\s)dritter|"
    r"tracking|analytics|registration|log\s?in|medical\s+advice|spam)\b|"
    r"(?:wiki|page)\s+source|not\s+included\s+in\s+the|exceeds\s+the\s+permitted|does\s+not\s+comply\s+with\s+these\s+terms|not\s+(?:comply|"
    r"in\s+accordance)\s+with|you\s+agree\s+to",
    re.I,
)
"""What other sentences of the same look speak of: data of visitors, liability, marks, material of others."""
_WORDS_OF_USE = re.compile(
    r"(?:a|an|the|any|all|and|or|of|for|to|is|are|be|it|this|these|our|my|us|me|we|you|your|please|may|can|do|by|"
    r"with|in|on|as|own|other|purposes?|use|usage|licen[sc]es?|form|prior|written|"
    r"free|here|first|strictly|allow\w*|permit\w*|granted|possible|publishers?|authors?|editors?|owners?|holders?|"
    r"rights?|copyright\w*|before|after|whole|every\w*|any\w*|some\w*|who\w*|non|societ(?:y|ies)|group|academi\w+|"
    r"welcome|make|makes|made|do|have|give|given|get|with|them|they|there|else|either|nothing|at|from|else|way|ways|more|than|granted|does|will|would|want|wants|"
    r"like|wish\w*|reason|circumstances?|kind|sort|type|whatsoever|part|parts|partial|full|"
    r"nach|gestattet|erlaubt|zulässig|möglich|schriftlich\w*|vorherig\w*|ausdrücklich\w*|autor\w*|auteurs?|verlag\w*|"
    r"redak\w*|rédaction|redazione|redacción|editor\w*|éditeur\w*|rechte\w*|auch|"
    r"auszugsweise|teilweise|total|parcial|parziale|partielle|même|anche|incluso|riservat\w+|réservé\w*|reservad\w+|"
    r"permess\w+|permitid\w+|permis\w*|autoris\w+|toegestaan|dozwolon\w+|pisemn\w+|"
    r"escrit\w+|scritt\w+|écrite?|previ\w+|préalable|prévia|expres\w+|strettamente|estrictamente|strictement|"
    r"der|die|das|den|dem|des|ein|eine|einer|für|zu|zum|zur|ist|sind|wird|werden|darf|dürfen|und|oder|mit|von|in|sie|"
    r"wir|uns|unserer|unser|zweck\w*|gebrauch|"
    r"le|la|les|l|un|une|des|du|de|d|est|sont|et|ou|pour|par|à|au|aux|en|toute?s?|usage|usages|fins?|buts?|el|los|"
    r"las|y|o|es|para|con|por|del|al|su|fines|il|lo|i|gli|è|e|per|con|di|da|"
    r"scop[oi]|fini|os|as|um|uma|é|do|da|para|com|het|een|is|voor|met|van|door|doeleinden|jest|i|lub|na|do|w|z|za|"
    r"celów|cele|ogni|jed\w+|tout|chaque|aucun\w*|cualquier|todo|toda|qualquer|elke|iedere|alle\w*|każd\w+|wszelk\w+|"
    r"seine?[nrms]?|im|am|an|auf|bei|als|sich|man|dies\w*|ce|cette|ces|ne|n|se|si|que|qui|che|nel|nella|delle?|dei|alla|"
    r"uma?|ao|na|nas|os|te|der|zijn|worden|wordt|mag|mogen|op|deze|dit|od|dla|o|może|mogą|są|być|się)",
    re.I,
)
_PLAIN = {False: _PLAIN_USE, True: _PLAIN_IN_NOTICE}
_NEAR = 80
"""Characters between a use and a limit on it."""
_MAX_SENTENCE = 700
_MAX_OF_USE = 240
"""A longer sentence speaks of more than use."""


@lru_cache(maxsize=4_096)
def restriction(sentence: str, in_notice: bool = True) -> tuple[str, Reading] | None:
    """What a sentence restricts, in its own words and as a reading; None if it does not.

    `in_notice` is whether it stands where a site speaks of itself; an article also reports on uses and limits.

    A sentence restricts only what it speaks of: the text, or nothing else than use ('for personal use only'). Sentences
    of more than 700 characters are read as far as that.
    """
    sentence = without_exception(sentence[:_MAX_SENTENCE])
    if (words := reserves_mining(sentence)) is not None:
        return words, Reading(OPT_OUT, NAMED)
    sentence = _DATE.sub(" ", _LIFTED.sub(" ", sentence))
    if not _speaks_of_text(sentence, in_notice):
        return None
    if _ANY.search(sentence) and not _BESIDE.search(sentence):
        for pattern, spdx in _RESTRICTIONS:
            if match := pattern.search(sentence):
                return match[0], Reading(spdx, NAMED if spdx == WITH_LEAVE else CHOSEN)
    return _limited_use(sentence, in_notice)


def _limited_use(sentence: str, in_notice: bool) -> tuple[str, Reading] | None:
    """A use with a limit on it, in whatever order; a duty to name the author is none."""
    limits = [limit for pattern in _LIMITS[in_notice] for limit in pattern.finditer(sentence)]
    uses = [
        use for pattern in _USES[in_notice] for use in pattern.finditer(sentence)
        if any(_near(use, limit) for limit in limits)
    ]
    if not uses or _BESIDE.search(sentence):
        return None
    if _CREDIT.search(sentence) and not _HARD.search(sentence):
        return None
    if all(_PLAIN[in_notice].fullmatch(use[0]) for use in uses) and not _of_use_alone(sentence) and not (
        in_notice and _TEXTS.search(sentence)
    ):
        return None
    return next(limit for limit in limits if _near(uses[0], limit))[0], Reading(WITH_LEAVE, CHOSEN)


def _near(use: re.Match[str], limit: re.Match[str]) -> bool:
    """Whether a limit stands close enough to a use to be one on it, and is another word."""
    apart = max(use.start() - limit.end(), limit.start() - use.end())
    return 0 <= apart <= _NEAR


def _speaks_of_text(sentence: str, in_notice: bool) -> bool:
    """Whether a sentence speaks of the text; where a site speaks of itself, it does if it speaks of nothing else."""
    if _TEXTS.search(sentence) or _PAGES.search(sentence) or _of_use_alone(sentence):
        return True
    return in_notice and not _ELSE.search(sentence)


def _of_use_alone(sentence: str) -> bool:
    """Whether every word of a sentence is of use, of limits, or joins such words: it speaks of nothing else."""
    plain = sentence
    if len(sentence) > _MAX_OF_USE:
        return False
    for pattern in (*_USES[True], *_LIMITS[True]):
        plain = pattern.sub(" ", plain)
    return all(map(_WORDS_OF_USE.fullmatch, re.findall(r"[^\W\d_]+", plain)))


_UNSEEN = re.compile(r"<(script|style|textarea|template)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_INLINE = re.compile(r"</?(?:a|abbr|b|cite|em|font|i|mark|small|span|strong|u|wbr)\b[^<>]*>", re.I)
_TAG = re.compile(r"<[^<>]*>")
_STEM = "|".join(map(re.escape, _STEMS))
_ENDS = re.compile(r"(?<=[.!?。！？])\s+|\s\|\s")


def _in_re2(*patterns: str) -> str:
    """Patterns of Python as one of RE2, to whose classes letters outside of ASCII are none; it may find more."""
    joined = "|".join(patterns).replace(r"\b(?:", r"(?:\b|[ (])(?:").replace(r")\b", r")(?:\b|[ .,;:!?)]|$)")
    return joined.replace(r"\w*", "[^ ]*").replace(r"\w+", "[^ ]+")


_EITHER = (
    _in_re2(_LIMIT.pattern, _STEM, _LIMIT_IN_NOTICE.pattern), _in_re2(_USE.pattern, _STEM, _USE_IN_NOTICE.pattern)
)


def restricting_words(payload: bytes) -> list[bytes]:
    """Words, in the lower case of ASCII, at which sentences of a page that restrict are found.

    A first look, without a tree: it may join or cut sentences, and does not see where they stand.
    """
    text = _INLINE.sub("", _UNSEEN.sub(" | ", payload.decode("utf-8", "replace")))
    text = html.unescape(_TAG.sub(" | ", text)).replace("\xa0", " ")
    sentences = pa.array(_ENDS.split(text), pa.large_string()).unique()
    for pattern in _EITHER:
        sentences = sentences.filter(pc.match_substring_regex(sentences, pattern, ignore_case=True))
    likely = sentences.to_pylist()
    found = (restriction(" ".join(sentence.split())) for sentence in likely)
    return sorted({raw.split()[0].encode().lower() for raw, _ in filter(None, found)})
