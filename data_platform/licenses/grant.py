# ruff: noqa: RUF001 - letters, dashes and quotation marks of other languages are meant
"""What a sentence that names a licence puts under it: the page it stands on, nothing in particular, or something else.

A grant has a subject (this page, this site, its text), a tense (now) and a modality (is; not 'if', 'will be', 'we are
considering'). Sentences that lack one of them are many more than anybody can list, and those that have all are few.
So the words *before* the name of a licence are held against what a plain grant consists of: an article or pronoun, a
noun for the whole, where it is, a verb of granting, an exception ('unless otherwise noted'), a notice of copyright. A
word that is none of these ('icons', 'guest', 'considering', 'until', 'originally', the name of somebody else's work)
makes it no grant of this page: doubt is never free. Behind the name stand conditions of every kind, and most of them
are the licence's own; there, words of time, condition and question are looked for instead.

Belongs here: text in, one of `WHOLE`, `BARE`, `OTHER` out; the words of plain grants. Does not: names of licences
(`prose`), words that restrict (`restriction`), where the sentence stands (`place`).
"""

from __future__ import annotations

import re
from collections.abc import Set

WHOLE = "whole"
"""The page, the site, or the text of either is put under the licence."""
BARE = "bare"
"""The licence is named and nothing else is: the place has to tell for what."""
OTHER = "other"
"""Something else is put under it, or nothing is, or not now, or it cannot be told."""

_SENTENCE_END = re.compile(r"[.。!]\s|\s[|•·]\s")
_MAX_AFTER = 160
"""Characters behind the name of a licence in which conditions are looked for."""



def _each(words: str) -> frozenset[str]:
    return frozenset(words.split())


_EXCEPT = re.compile(
    r"with\s+the\s+exception\s+of\s+(?:[\w’'-]+,?\s+){0,6}?(?:arms|logos?|emblems?|crests?|trade\s?marks?|brand\w*|images?|"
    r"photo\w*|pictures?|illustrations?|quot\w+|third[\s-]party\s+\w+)\b(?:\s*(?:,|and|or)\s*(?:and\s+|or\s+)?"
    r"(?:(?:any\s+|the\s+|all\s+)?(?:logos?|images?|photo\w*|trade\s?marks?|material|content)|(?:where|unless|as)\s+otherwise"
    r"\s+\w+|where\s+noted))*|"
    r"(?:sofern|soweit|wenn|falls|wo)\s+(?:[\w-]+\s+){0,3}?(?:nichts?|keine)\s+(?:\w+\s+)?ander\w+(?:\s+\w+){0,3}|"
    r"(?:soweit|sofern|falls|wenn)\s+nicht\s+(?:\w+\s+){0,3}?(?:gekennzeichnet|angegeben|vermerkt|ausgewiesen|"
    r"erwähnt|genannt)|"
    r"(?:unless|except|excepting|excluding)\s+(?:as\s+|for\s+)?(?:where|when|if|as)?\s*(?:it\s+is\s+|"
    r"is\s+)?(?:not\s+)?(?:otherwise|noted|specified|stated|indicated|explicitly)"
    r"(?:\s+(?:noted|otherwise|specified|stated|indicated|marked|credited|mentioned|attributed|explicitly|below|"
    r"above|here|"
    r"expressly|on|in|the|this|page|site))*|"
    r"(?:if|where|when)\s+not\s+(?:otherwise|explicitly|expressly)\s+\w+(?:\s+otherwise)?|"
    r"sauf\s+(?:mention|indication|avis|exception)s?(?:\s+(?:contraires?|explicites?|particulières?))*|"
    r"salvo\s+(?:que\s+se\s+|donde\s+se\s+)?(?:indi\w+|especifi\w+|exprese|diversa|diverso|dove|altrimenti|menci\w+|"
    r"onde)(?:\s+(?:contrari[ao]|de\s+otra\s+\w+|lo\s+contrario|en\s+contrario|diversa\w*|diverso|altrimenti|indicato|indicazione|"
    r"outr\w+|contrári\w+|em\s+contrário))*|"
    r"exce(?:p)?to\s+(?:donde|onde|quando|cuando|se)\s+(?:se\s+)?(?:\w+\s+){0,3}?(?:indi\w+|especific\w+|contrario|"
    r"contrário|modo|noted)(?:\s+(?:lo\s+contrario|o\s+contrário|em\s+contrário|de\s+otro\s+modo|de\s+outr\w+\s+\w+|"
    r"outr\w+))?|"
    r"(?:si|se)\s+(?:no|non|não)\s+(?:se\s+|è\s+|é\s+)?(?:indica\w*|especifica\w*|indicado)(?:\s+(?:lo\s+contrario|"
    r"o\s+contrário|altrimenti|diversamente))?|"
    r"s[’'\s]?i[l]?\s+(?:ce\s+)?n[’']est\s+(?:pas\s+)?\w+(?:\s+autrement)?|où\s+(?:mention|indiqu)\w+|"
    r"tenzij\s+(?:\w+\s+)?anders\s+(?:\w+)?|behoudens\s+\w+|"
    r"(?:o\s+ile|jeśli|jeżeli|chyba\s+że|z\s+wyjątkiem)\s+(?:nie\s+)?(?:\w+\s+)?(?:zaznaczono|wskazano|podano|"
    r"określono|stwierdzono)(?:\s+inaczej)?|"
    r"特に(?:記載|断り|明記|表記)?の?(?:ない|無い)?(?:限り|場合を除き|場合は)?、?|特記(?:なき|のない)限り、?|"
    r"別途(?:記載|明記)?の?(?:ない|無い)?限り、?|"
    r"除(?:非)?(?:另|特别|特別)?有?(?:特别|特別|其他)?(?:声明|聲明|说明|說明|注明|註明|标注)(?:外|者外)?[，,]?|"
    r"如无特别(?:声明|说明)[，,]?|若无特别说明[，,]?", re.I,
)
_REUSE = re.compile(
    r"\b(?:may|can|dürfen|darf)\s+be\s+(?:freely\s+)?(?:re-?)?(?:used|shared|copied|adapted|distributed|published|remixed|"
    r"printed|translated|modified|sold)(?:\s*(?:,|and|or|/)\s*(?:and\s+|or\s+)?(?:re-?)?(?:used|shared|copied|adapted|"
    r"distributed|published|remixed|printed|translated|modified|sold))*\b|"
    r"\b(?:i|we)\s+(?:write|publish|post)\b|\bfor\s+any\s+purposes?\b|"
    r"\bpermission\s+is\s+(?:hereby\s+)?granted\s+to\s+(?:copy|use|distribute|share|modify|reproduce|adapt)"
    r"(?:\s*(?:,|and/or|and|or|/)\s*(?:copy|use|distribute|share|modify|reproduce|adapt|remix))*|"
    r"\byou\s+(?:are\s+(?:free|welcome)\s+to|may|can)\s+(?:freely\s+)?(?:re-?)?(?:use|share|copy|adapt|distribute|"
    r"publish|remix|print|post|translate|sell|change|modify)"
    r"(?:\s*(?:,|and|or|/)\s*(?:and\s+|or\s+)?(?:re-?)?(?:use|share|copy|adapt|distribute|publish|remix|print|post|"
    r"translate|sell|change|modify))*\b|"
    r"\b(?:in\s+print\s+(?:or|and)\s+online|online\s+(?:or|and)\s+in\s+print|in\s+any\s+medium(?:\s+or\s+format)?)"
    r"\b|"
    r"\b(?:if|as\s+long\s+as|so\s+long\s+as|provided(?:\s+that)?)\s+you\s+(?:name|credit|mention|cite|link\s+to)\s+"
    r"(?:us|me|the\s+(?:author|source|site)s?|this\s+(?:site|page))\b|"
    r"\b(?:also|even|including|and)\s+(?:even\s+)?(?:for\s+)?commercial(?:ly|\s+(?:use|purposes))|"
    r"\bcommercial\s+(?:re-?)?use\s+(?:is\s+)?(?:also\s+)?(?:allowed|permitted|welcome|included|fine|ok(?:ay)?)\b|"
    r"^(?:please\s+)?(?:feel\s+free\s+to\s+)?(?:re-?)?(?:use|share|copy|publish|print|adapt)"
    r"(?:\s*(?:,|and|or|/)\s*(?:re-?)?(?:use|share|copy|adapt|distribute|publish|remix|print|post|translate))*\b|"
    r"\b(?:dürfen|darf|können|kann)\s+(?=(?:\w+\s+){0,8}?(?:genutzt|verwendet|weiterverwendet|geteilt|verbreitet|"
    r"nachgenutzt)\b)", re.I,
)
_NOTICE = re.compile(
    r"(?:©|\([cC]\)|\b(?i:copyright|copyleft)\b|🄯|🅭)[\s:©()cC]*(?:\bby\b\s*)?(?:(?:19|"
    r"20)\d\d(?:\s*[-–—/,]\s*(?:(?:19|20)?\d\d|present|heute|now|today))*)?[\s,:]*"
    r"(?:(?:by|the|von|par|di|por|de|der|des|das|die|und|and|et|y|e|of|for|für|&|la|le|les|du|del|van|on|at|"
    r"(?=[\w.@'’&-]*[A-ZÀ-ÞŠŽŁ0-9.])[\w.@'’&-]+)(?:[\s,&]+|(?=[^\w\s])|$)){0,10}",
)
"""A notice of copyright with its holder: capitalised words and what joins them."""
_HERE_AS = re.compile(
    r"\b(?:this|diese[rs]?)\s+(?:online\s+|open\s+)?(?:chapter|kapitel|unit|module|guide|guideline|manual|handbook|textbook|"
    r"resource|toolkit|brochure|leaflet|glossary|syllabus|worksheet|review|interview|column|letter|memo|sermon|speech|talk)\b",
    re.I,
)
"""What pages are called where they speak of themselves: 'this chapter', not 'the chapter' or 'chapter 3'."""
_FIRST_PUBLICATION = re.compile(
    r"^authors?\s+(?:\w+\s+){0,2}?retains?\s+(?:the\s+)?copyrights?\b.{0,40}?\bright\s+of\s+first\s+publication,?\s+with\s+"
    r"(?=the\s+works?\b)", re.I,
)
"""How journals begin the sentence that puts their articles under a licence."""
_BEFORE_PLACE = re.compile(r"\b(?:on|of|at|in|from|auf|aus|von|bei|sur|de|en|di|su|em|no|na|op|van)\s+(?=\S)", re.I)
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ("「", "」"), ("『", "』"), ("»", "«"))
_SOME_RIGHTS = re.compile(
    r"\b(?:some|no|certain|einige|keine|certains|algunos|alguns|alcuni)\s+(?:rights?|rechte|droits|derechos|direitos|"
    r"diritti)(?:\s+\w+)?\s+(?:reserved|vorbehalten|réservés|reservados|riservati)\b", re.I,
)
_ARTICLE = re.compile(r"^(?:the|der|die|das|dieser|diese|dieses|le|la|les|el|los|las|il|lo|i|gli|o|os|het|de)\s+", re.I)
_APART = re.compile(r"[^\W_]+", re.U)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")

_FILLERS = _each(
    # Articles, pronouns and quantities that leave nothing out.
    """a an the this these our my all any everything community crown of and or as to s per also
    now currently hereby here
    herein is are be been has have
    der die das den dem des ein eine einer einem eines dieser diese dieses diesem diesen unser unsere unserer
    unseres unseren unserem mein meine
    meiner meines meinen alle alles aller allen sämtliche sämtlicher sämtlichen und oder sowie auch ist sind
    wird werden gemäß nach laut hier
    una uno un unos unas um uma le la les l un une des du de d ce cet cette ces notre nos mon mes tout tous
    toute toutes et ou est sont
    el los las lo al este esta estos estas nuestro nuestra nuestros nuestras todo toda todos todas y o es son
    está están esta se
    il i gli lo questo questa questi queste nostro nostri nostra nostre tutto tutti tutta tutte e è sono di da
    del della dei delle degli
    os as este esse neste nesta nosso nossa nossos nossas é são está estão seu sob
    het een deze dit onze ons alle en of is zijn wordt worden op van
    ten ta to te tej tego tych nasz nasze naszej naszych wszystkie wszelkie cała całość jest są i oraz na w z
    все всё этот эта это эти этого этой этих наш наши наших весь вся на и в
    denne dette disse alle alt er og om i på av av den det de här där vår våra våre vårt vores fria frie fri fritt frit
    tomto tohle tyto tato těmto tuto těch naši naše můj mé mých moje všech
    ovat tämän těchto této tohoto těchto našich нашего нашему sunt acestui aquest aquesta bu tüm az ez minden
    denna detta alla allt är och tämä nämä kaikki on ja toto tato tento tyto
    všechny je jsou a
    """
)
_GRANTING = _each(
    """licensed licenced license licence licenses licences licensing under available released publish publishes
    published republish distributed distribute
    provided provide offered shared share made make subject covered governed protected placed put terms term
    conditions condition 
    with by through via at in on for from into we i you public domain dedicated dedicate waive rights copyright
     is described type
    open access free freely reuse reused reusable re following accordance permitted international content's
    site's item's work's post's article's see details
    read more info information about link url attribution required international unported generic universal deed
    legal creative
    commons cc cco zero by sa sharealike share alike 
        share-alike wiki
    known restrictions presented produced us completely fully waived waives related neighboring neighbouring extent
    possible law etalab back droit droits auteur
    use usage reprint reprinted republishing
    simultaneously both each author authors creator creators owner owners licensee respective contributors
    credit view 
    erschien erscheint erschienen unter lizenz lizenzen lizenziert lizensiert lizenziertes einer steht stehen
    veröffentlicht verfügbar nutzbar
    verwendbar freigegeben bereitgestellt lizenzbedingungen
    grundsätzlich zur verfügung gestellt gelten gilt unterliegt unterliegen bedingungen im rahmen namensnennung
    weitergabe gleichen 
     urheberrecht urheber rechte nutzung nutzungsrechte nutzungsbedingungen freie frei dürfen darf
    werden wird genutzt verwendet weiterverwendet geteilt
    verbreitet von vom durch mit auf in zu zum am an bei international deutschland österreich schweiz
    veröffentlichen stellen wir ich
    sous licence licences disponible disponibles publié publiés publiée publiées diffusé diffusés diffusée
    distribué distribués mis mise à disposition selon
    termes conditions par dans sur au aux en avec placé placés proposé paternité partage
    bajo licencia licencias sujeto sujetos disponible disponibles publicado publicados publicada publica
    publican distribuye distribuyen distribuido distribuida
    licenciado licenciada licenciados licenciadas términos condiciones con por en sobre reconocimiento
    atribución compartir igual
    quest sotto licenza licenze disponibile disponibili pubblicato pubblicati pubblicata pubblicate rilasciato
    rilasciata rilasciati rilasciate distribuito distribuita distribuiti
    distribuite concesso concessi soggetto soggetti termini condizioni con nei nel nella secondo viene vengono
    attribuzione
    sob licença licenças disponível disponíveis publicado licenciado distribuído distribuídos disponibilizado
    disponibilizados termos condições com em na nas nos
    atribuição
    onder licentie licenties beschikbaar gepubliceerd gelicenseerd gelicentieerd vrijgegeven uitgebracht valt
    vallen de het voorwaarden met door naamsvermelding
    na licencji licencja licencje dostępny dostępne dostępna dostępna udostępniony udostępniona udostępnione
    udostępniane objęte opublikowane warunkach zgodnie uznanie autorstwa
    lisens lisensiert lisensieret licens licensierat licenseret lisenssi licence dostupný dostupné pod licencí
    tilgjengelig tilgængelig tillgänglig tillgängligt tillgängliga tilgængelige tilgjengelige
    licensen lisensen licensens erkännande dela lika navngivelse del på samme vilkår licensierade
    licensierad licensieras licenserade licenserede licenserte lisensierte publiceras publicerade publicerad
    publisert publiseres publicerte offentliggjort uvolněny zveřejněn zveřejněno opublikowano udostępniamy rilasciamo
    udgivet udgives utgitt utgis frigivet lisensoitu julkaistu saatavilla käytettävissä lisenssillä
    dostupné dostupný dostupná zveřejněny šířeny licencován licencovány uvedeno licencia licencii dostupné
    доступні ліцензією ліцензії за умовах disponibile disponibil licența disponibles llicència sota
    elérhető licenc alatt lisansı lisans altında altındadır
    udostępniany udostępnianych samych warunków internacional internazionale międzynarodowe
    compartilhaigual compartirigual condividi stesso modo
    доступен доступна доступно доступны опубликован опубликована опубликовано опубликованы распространяется
    распространяются лицензия лицензии лицензией лицензию условиях условия соответствии с по под атрибуция
    международная международной
    """
)
_LOCATING = re.compile(
    r"(?<![\w])(?:on|in|of|from|at|to|across|throughout|within|auf|aus|von|in|dans|sur|de|du|en|del|di|su|sul|nel|im|"
    r"am|zu|zur|zum|do|da|no|na|van|op|"
    r"dieser|dieses|des|der|deste|desta|neste|nesta|dos|das|nos|nas|dello|della|nello|nella|tej|tego|w|ze|z)\s+"
    r"(?:(?:this|these|the|our|my|all|any|entire|whole|diese[mnrs]?|der|dem|den|des|unsere[mnrs]?|meine[mnrs]?|ce|"
    r"cette|notre|la|le|les|este|esta|nuestr[oa]|"
    r"questo|questa|nostro|deste|desta|este|deze|dit|onze|tej|naszej|gesamten|ganzen)\s+)*"
    r"(?:(?:web|internet|home|blog|wiki)\s+)?(?:(?:{houses})(?:[’']s)?\s+(?:(?:online|digital|open|public)\s+)?)?"
    r"(?:{nouns}|{houses}|catalogue|catalog|katalogs?|collections?)\b", re.I,
)
_NOUNS = (
    # The page or the site.
    "site|sites|website|websites|webseite|webseiten|internetseite|internetseiten|homepage|page|pages|webpage|"
    "webpages|seite|seiten|blog|blogs|weblog|weblogs|"
    "wiki|wikis|webwiki|portal|portals|journal|magazin|magazine|angebot|angebots|onlineangebot|internetauftritt|"
    "webauftritt|sitio|sitios|página|páginas|web|pagina|"
    "pagine|sito|strona|strony|stronie|serwis|serwisu|witryna|witryny|domain|webside|webplats|webbplats|nettside|"
    "nettsted|hjemmeside|sivusto|"
    # Its text.
    "content|contents|contenu|contenus|contenido|contenidos|contenuto|contenuti|conteúdo|conteúdos|inhalt|inhalte|"
    "inhalten|inhalts|webseiteninhalte|inhoud|treść|treści|innhold|innholdet|"
    "innehåll|innehållet|indhold|indholdet|sisältö|obsah|contingut|continguts|conținut|контент|содержимое|материал|материалы|сайт|сайта|сайте|страница|страницы|странице|блог|блога|"
    "текст|тексты|статья|содержание|"
    "text|texts|texte|texten|textes|texto|textos|testo|testi|tekst|teksten|teksty|texter|"
    "article|articles|artikel|artikeln|artikels|articolo|articoli|artículo|artículos|artigo|artigos|artykuł|artykuły|"
    "post|posts|posting|postings|blogpost|blogposts|beitrag|beiträge|beiträgen|beitrags|blogbeitrag|blogbeiträge|"
    "entry|entries|eintrag|einträge|billet|billets|entrada|entradas|wpis|wpisy|bericht|berichten|"
    "work|works|werk|werke|werken|werks|werkes|textes|dokuments|œuvre|œuvres|oeuvre|oeuvres|obra|obras|opera|opere|utwór|dzieło|dílo|"
    "document|documents|dokument|dokumente|documento|documenti|documentos|documentation|dokumentation|publication|"
    "publications|publikation|publikationen|publicación|pubblicazione|"
    "material|materials|materialien|matériel|material|materiał|materiały|item|items|writing|writings|essay|essays|"
    "story|stories|report|paper|papers|preprint|"
    "information|informationen|informations|textbook|textbooks|recipe|recipes|rezept|rezepte|tutorial|tutorials|book|buch|course|kurs|"
    "lesson|lecture|lectures|notes|show|podcast|folge|folgen|episode|episodes|publikace|"
    "arbeit|arbeiten|trabajo|trabajos|trabalho|trabalhos|travail|lavoro|lavori|praca|prace|artículo|création|"
    "translation|translations|übersetzung|übersetzungen|traduction|traducción|traduzione|tradução|vertaling|"
    "creation|creations|poem|poems|gedicht|gedichte|lyrics|"
    "words|wording|reporting|coverage|journalism|docs|doc|prose|thoughts|musings|ramblings|writeups|worte|wörter|mots|palabras|parole|"
    "palavras|woorden|słowa|carnet|carnets|cahier|revue|"
    "notice|notices|fiche|fiches|ouvrage|ouvrages|récit|récits|chronique|chroniques|"
    # Languages whose notices are read, but not their restrictions.
    "texterna|webbplatsen|webbplats|sidan|sidor|sidorna|sajten|bloggen|blogg|artiklar|artiklarna|inlägg|inläggen|verket|"
    "teksterne|hjemmesiden|siden|sider|bloggens|artikler|artiklerne|indlæg|indlæggene|tekstene|nettsiden|nettstedet|"
    "artiklene|innlegg|innleggene|nettsidene|tekstit|teksti|sivuston|sivun|sisällöt|artikkelit|blogin|"
    "texty|stránky|stránek|stránkách|článek|článků|články|příspěvky|webu|blogu|obsahu|texty|stránka|článok|"
    "статьи|статей|материалов|записи|текстов|блога|страниц|тексти|сайту|вміст|матеріали|"
    "textul|textele|conținutul|articolele|site-ului|textos|lloc|llocs|articles|szöveg|szövegek|tartalom|oldal|cikkek|"
    "içerik|içeriği|metin|metinler|yazılar|sitenin"
)
_NOUN = frozenset(_NOUNS.split("|"))
_PLACES = _each(
    "site sites website websites webseite homepage page pages webpage seite seiten blog blogs weblog wiki portal web "
    "sito pagina sitio página"
)
"""Nouns of places: 'website by somebody' credits its maker."""
_HOUSES = (
    "museum|museums|archive|archives|library|libraries|university|institute|school|department|ministry|agency|council|"
    "gallery|foundation|project|bibliothek|archivs?|universität|instituts?|projekts?|musée|bibliothèque|museo"
)
"""Whose site it is; what it holds is found there."""
_IN_PLACE = re.compile(_LOCATING.pattern.replace("{nouns}", _NOUNS).replace("{houses}", _HOUSES), re.I)
_PARTS = re.compile(
    r"\b(?:photo\w*|\w*fotos?|fotogra\w+|foto|\w*bild(?:er[ns]?|es|nachweise?|quellen?|rechte|material)?|"
    r"abbildung\w*|images?|"
    r"im[áa]genes|imagen|immagin[ei]|imagens?|imagem|pictures?|pics?|illustration\w*|grafik\w*|graphics?|"
    r"gr[áa]ficos?|videos?|"
    r"icons?|ic[ôo]nes?|iconos?|logos?|figures?|tables?|diagrams?|drawings?|audio|media|medien|multimedia|zdjęci\w+|"
    r"afbeelding\w*|data|daten|code|"
    r"graphs|charts|visuali[sz]ations?|artwork|maps?|karten|music|musik|sounds?|slides?)\b", re.I,
)
"""What may be joined to the text ('text and images'), and alone is no text."""
_OTHER_THINGS = re.compile(
    r"\b(?:themes?|templates?|fonts?|typefaces?|sans|serif|mono|emojis?|librar(?:y|ies)|framework|plugins?|packages?|"
    r"software|apps?|covers?|abstracts?|append(?:ix|ices)|chapters?|comments?|guests?|some|most|many|older|newer|marked|selected|"
    r"dataset|database|stock|commons|bootstrap|openstreetmap|awesome)\b", re.I,
)
"""Words of names that are not a site's."""
_AUTHORED = re.compile(
    r"\b(?:by|von|par|por|di|da|door|av|af|przez)\s+((?:[A-ZÀ-ÞŠŽŁ][\w.'’-]*|and|und|et|y|e|en|&|,|de|von|van|der|"
    r"the)(?:[\s,/]+|$)){1,8}"
)
_THIS = re.compile(r"\s*(?:this|diese[rs]?|ce|cette|este|esta|questo|questa|deze|dit)\b", re.I)
_OWNED = re.compile(
    r"^(?:[A-ZÀ-ÞŠŽŁ][\w.-]*\s+){0,3}[A-ZÀ-ÞŠŽŁ][\w.-]*(?:['’]s|['’])\s+(?=(?:web\s?|home\s?)?(?:site|page|blog|log|wiki)\b)"
)
"""Whose site a notice speaks of: 'Jane Roe's blog', which need not be called so elsewhere on it."""
_TITLED = re.compile(
    r"^(?P<own>(?:this|the|diese[rs]?|ce|cet|cette|este|esta|questo|questa|deze|dit)\s+(?:web\s?)?[^\W\d]+)\s+(?:is\s+)?(?:titled|"
    r"entitled|called|named|with\s+the\s+title|mit\s+dem\s+titel|intitulée?|titulad[oa]|intitolat[oa]|getiteld)\s+.{1,160}?"
    r"(?=\s+(?:is|are|was|were|ist|sind|est|es|está|è|é|wordt)\s)", re.I,
)
"""A page that says its own title: what the title is made of is no part of the grant."""
_SITE_BY_NAME = re.compile(
    r"^\W*(?P<name>(?:(?:[A-ZÀ-ÞŠŽŁА-Я][\w’'&.-]*|of|the|and|de|du|des|der|von|für|di|del|la|le|&)\s+){1,6}?)"
    r"(?=(?:is|are|ist|sind|est|sont|es|está|è|é|jest|wordt|är|er)\s)"
)
"""A name that a sentence in a footer begins with: 'Harbour Letters is licensed under'."""
_PUBLICATIONS = re.compile(
    r"\b(?:blog|journal|magazine|review|letters?|notes|news|times|post|gazette|chronicle|bulletin|wiki|diary|herald|"
    r"quarterly|weekly|monthly|almanac|handbook|encyclop\w+|notebook|voices|stories|papers|courier|tribune|observer|"
    r"newsletter|online|zeitung|blatt|zeitschrift|heft|tagebuch|blätter|notizen|revue|cahiers?|carnets?|gazette|lettres?|"
    r"cuadernos?|revista|diario|cartas|quaderni|rivista|cadernos?|jornal|tijdschrift|krant|gazeta|zeszyty|"
    r"listy)\b", re.I,
)
"""What sites that publish are called, and fonts, themes and pictures are not."""
_CJK_WORDS = sorted(
    _each(
        "このサイト 当サイト 本サイト 当ブログ このブログ 本ブログ この記事 本記事 この作品 この文書 このページ "
        "本作品 すべて 全て 全ての の 内容 コンテンツ 文章 テキスト 記事 は を に 下 もと 基 で ライセンス 提供 "
        "されて 公開 います いる 利用 使用 可能 です が クリエイティブ コモンズ 表示 継承 許諾 条件 許諾条項 "
        "従って および と 国際 規定 本站 本网站 本網站 本文 本页 本頁 本博客 本作品 本著作 所有 全部 内容 內容 "
        "文章 文字 作品 采用 採用 依据 依據 根据 基于 按照 遵循 使用 许可 許可 协议 協議 授权 授權 声明 聲明 条款 "
        "條款 进行 "
        "進行 发布 發布 在 下 以 均 除非 共享 知识 知識 署名 国际 國際 之 的 为 為 和 与 版权 著作权 提供 释出 "
        "釋出 이 글은 글 사이트의 사이트 내용은 콘텐츠는 저작물은 블로그의 모든 전체 문서는 문서 글들은 텍스트는 "
        "텍스트 웹사이트의 웹사이트 페이지의 본문은 블로그 자료는 가 이 에 의 따라 하에서 제공됩니다 "
        "공개됩니다 사용할 으로 로 됩니다 은 는 라이선스 라이선스에 따라 "
        "이용할 수 있습니다 하에 배포됩니다"
    ),
    key=len, reverse=True,
)
_CJK_NOUNS = re.compile("サイト|ブログ|記事|作品|文書|ページ|コンテンツ|文章|テキスト|本站|网站|網站|本文|本页|本頁|"
"博客|著作|内容|內容|文章|文字|사이트|글|콘텐츠|저작물|블로그|문서|텍스트|본문")
_AFTER = re.compile(
    r"\?\s*$|^[^.]{0,80}\?|"
    r"\b(?:until|till|formerly|previously|soon|once|whenever|upon|pending|someday|eventually|later|afterwards|"
    r"expir\w+|planned|"
    r"bis\s+(?:ende|zum|mitte|(?:19|20)\d\d)|ab\s+(?:dem|(?:19|20)\d\d|januar)|sobald|künftig|demnächst|früher|"
    r"ehemals|geplant|jusqu\w*|dès\s+que|bientôt|prochainement|"
    r"hasta|próximamente|pronto|fino\s+a[l]?|presto|prossimamente|até|em\s+breve|futuramente|tot\s+(?:en|eind|(?:19|"
    r"20)\d\d)|vanaf|zodra|binnenkort|"
    r"wkrótce|do\s+(?:końca|roku))\b|"
    r"\b(?:from|since|after|before|as\s+of|starting|beginning|through|through\s+the\s+end\s+of|seit|vor|nach|"
    r"à\s+partir|depuis|avant|après|a\s+partir|desde|antes|a\s+partire|dal|prima|od|po|przed)\s+"
    r"(?:(?:january|february|march|april|may|june|july|august|september|october|november|december|the|end|of|next|de|"
    r"dem|le|el|il|\d+\.?)\s+)*(?:(?:19|20)\d\d\b|year|month|week)|"
    r"\bin\s+(?:the\s+)?future\b|\bnext\s+(?:year|month|week|spring|summer|autumn)\b|"
    r"\b(?:if|when|provided\s+that|unless)\s+(?:and\s+when\s+)?(?:we|they|the\s+(?:board|campaign|fund\w*|publisher|"
    r"editor\w*)|funded|approved|paid|it\s+is\s+(?:approved|funded)|you\s+(?:pay|subscribe|register|are|donate|have|"
    r"ask))\b|"
    r"\b(?:wenn|falls)\s+(?:wir|sie\s+(?:zahlen|spenden)|der\s+verein)\b|"
    r"\b(?:not|nicht|pas|no|non|não|niet|nie)\s+(?:applicable|applied|gültig|zutreffend|valable|válid\w+|geldig)|"
    r"(?:まで|予定|今後|将来)|(?:直到|截至|计划|計劃|将来|將來)",
    re.I,
)
"""Time, condition and question behind the name of a licence. 'If changes were made' is a condition of the licence."""


def claim(before: str, after: str = "", own_names: Set[str] = frozenset(), *, in_footer: bool = False) -> str:
    """What is put under the licence that stands between `before` and `after`, in one sentence or clause.

    `own_names` are what the page and its site call themselves, in lower case: 'Quayside by J. Roe is licensed under' is
    a grant on Quayside, and the credit of another's work elsewhere. In a footer (`in_footer`) a name of a publication
    ('Harbour Letters'), and one whose rights are 'some reserved' behind the licence, is the site's as well.
    """
    if _is_quoted(before, after):
        return OTHER
    if _AFTER.search(_EXCEPT.sub(" ", after)[:_MAX_AFTER]):
        return OTHER
    if in_footer:
        before = _with_site_named(before, after)
    subject = _subject(before, own_names)
    if subject != BARE or not after.strip():
        return subject
    after = _SENTENCE_END.split(after, maxsplit=1)[0]
    named = _named(after, own_names)
    if named is not None and not named[:1].isalnum():
        return BARE
    # 'CC BY 4.0 applies to all content of this site' as well as 'CC BY 4.0, photograph by J. Roe'.
    return _subject(after, own_names)


def _with_site_named(before: str, after: str) -> str:
    """The words before a licence in a footer, with 'this site' for the name that they begin with, if it is one."""
    plain = _EXCEPT.sub(" ", before).lstrip(" ,")
    named = _SITE_BY_NAME.match(plain)
    if named is None or _PARTS.search(named["name"]) or _OTHER_THINGS.search(named["name"]):
        return before
    published = _PUBLICATIONS.search(named["name"]) and len(named["name"].split()) > 1
    if not published and not _SOME_RIGHTS.search(after):
        return before
    return f"this site {plain[named.end():]}"


def _is_quoted(before: str, after: str) -> bool:
    """Whether a quotation that begins before the name of a licence ends behind it, with words of the page's around."""
    if before.count('"') % 2 and '"' in after:
        return True
    return any(
        opened in before and before.rfind(opened) > before.rfind(closed) and closed in after
        for opened, closed in _QUOTES
    )


def _subject(text: str, own_names: Set[str]) -> str:
    text = " ".join(text.split())
    plain = _HERE_AS.sub("this page", _EXCEPT.sub(" ", text)).lstrip(" ,")
    plain = _TITLED.sub(lambda match: match["own"], plain)
    named = _named(plain, own_names)
    if named is not None:
        plain = named
    plain = _FIRST_PUBLICATION.sub("", _OWNED.sub(" ", plain.lstrip()))
    plain = _NOTICE.sub(lambda match: " " if not _PARTS.search(match[0]) else match[0], plain)
    plain = _SOME_RIGHTS.sub(" ", _REUSE.sub(" ", plain))
    whole = named is not None
    authored = _AUTHORED.search(plain)
    makers = frozenset() if _THIS.match(plain) else _PLACES
    if authored and (whole or _NOUN & (set(_words(plain[:authored.start()])) - makers)):
        plain = f"{plain[:authored.start()]} {plain[authored.end():]}"
    for run in _CJK.findall(plain):
        whole = whole or bool(_CJK_NOUNS.search(run))
        for word in _CJK_WORDS:
            run = run.replace(word, "")
        if run:
            return OTHER
    located = _IN_PLACE.sub(" ", _without_own_place(plain, own_names))
    words = _words(_CJK.sub(" ", located))
    nouns = [word for word in words if word in _NOUN]
    whole = whole or bool(nouns)
    joined = whole and re.search(r"[,&/]|\b(?:and|und|et|y|e|en|i|oraz|sowie|or|oder)\b", located)
    for word in words:
        if word in _FILLERS or word in _GRANTING or word in _NOUN:
            continue
        if (joined and _PARTS.fullmatch(word)) or (whole and word == "it"):
            continue
        return OTHER
    if not whole and located != plain:
        # 'Licence of this page: CC BY': where it is found is all that is said.
        return WHOLE
    return WHOLE if whole else BARE


def _without_own_place(text: str, own_names: Set[str]) -> str:
    """A text without 'on Quayside', where that is what the page or its site calls itself."""
    for match in reversed(list(_BEFORE_PLACE.finditer(text))):
        rest = _named(text[match.end():], own_names)
        if rest is not None:
            text = f"{text[:match.start()]} {rest}"
    return text


def _words(text: str) -> list[str]:
    return [word.lower() for word in _APART.findall(text)]


def _named(text: str, own_names: Set[str]) -> str | None:
    """`text` without the name of the page or its site, if it begins with that; None if not."""
    text = _ARTICLE.sub("", text.lstrip(" \"'“”„«»‘’|–—-:"))
    lower = text.lower()
    sizes = [
        len(variant) for name in own_names for variant in (name, _ARTICLE.sub("", name))
        if len(variant) > 2 and lower.startswith(variant) and not text[len(variant):len(variant) + 1].isalnum()
    ] + [
        # Of Wikipedia's text, in languages whose genitive has no apostrophe.
        len(name) + 1 for name in own_names if len(name) > 2 and lower.startswith(f"{name}s ")
    ]
    return text[max(sizes):].lstrip(" \"'“”„«»‘’") if sizes else None


def reserves_some_rights(text: str) -> bool:
    """Whether a text says that some rights are reserved and nothing else."""
    return bool(_SOME_RIGHTS.search(text)) and not _words(_SOME_RIGHTS.sub(" ", text))


def is_notice(text: str) -> bool:
    """Whether a text is a notice of copyright and nothing else: whose the work is, not what may be done with it."""
    text = " ".join(text.split())
    return bool(_NOTICE.match(text)) and not _words(_NOTICE.sub(" ", text, count=1))


def adds_nothing(text: str) -> bool:
    """Whether every word of a text is one of plain grants, or it is a notice of copyright: it adds nothing to one."""
    text = _SOME_RIGHTS.sub(" ", text)
    return is_notice(text) or all(word in _FILLERS or word in _GRANTING or word in _NOUN for word in _words(text))


def begins_with_name(sentence: str, own_names: Set[str]) -> bool:
    """Whether a sentence speaks of the page or its site by name: 'Quayside by J. Roe is licensed under'."""
    return _named(_EXCEPT.sub(" ", sentence), own_names) is not None


def without_exception(sentence: str) -> str:
    """A sentence without what makes way for others in it: 'unless otherwise noted'."""
    return _EXCEPT.sub(" ", sentence)


def has_exception(sentence: str) -> bool:
    """Whether a sentence makes way for what is said elsewhere: 'unless otherwise indicated'."""
    return bool(_EXCEPT.search(sentence))


def credits_another(label: str, own_names: Set[str] = frozenset()) -> bool:
    """Whether the line or sentence before a bare licence is the credit of something else: 'Photo: J. Roe.', "
    "'Icons:'."""
    label = label.strip()
    if not label or claim(label, "", own_names) != OTHER:
        return False
    return bool(_PARTS.search(label) or _AUTHORED.search(label) or label.endswith((":", "：")))
