"""Reprints: lines in an article that say that its text is somebody else's, and not the site's to license.

'Used with permission of the estate', '© The Evening Wheel', 'an excerpt from a book published by Harbour Press' and
'Mit freundlicher Genehmigung des Verlags' take the article out of the licence in the site's footer, whatever that
says: nobody can grant what is not theirs. Nobody can list how that is said, so that words vote (`votes`): each has a
weight, learned by logistic regression from lines that are known to be of one kind, and from the paragraphs of a crawl
(benchmarks/train_license_reprints.py). Names of the page's own, other names, years and numbers are placeholders, so
that '© of somebody else' can be learned. Other weights make another detector (`html`).

Such lines stand apart, as short paragraphs; an article that tells of permissions and reprints has sentences of the
same words within longer ones.

Belongs here: lines in, those that speak of a reprint out. Does not: where a line stands (`place`), whose names the
page goes by (`html`), restrictions (`restriction`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Set
from pathlib import Path

from data_platform.licenses import prose
from data_platform.licenses.votes import CJK, WORDS, features, load, pieces, plain_words, read_words, slots_of, totals

MODEL = Path(__file__).with_name("reprint.npz")
"""`weights` by slot in steps of `votes.STEP`, the bias last; `known`, hashes of the words that are no names."""
PART = "ǁpart"
"""Placeholder for what `_PART` names, with a letter that no notice has."""
MAX_LINE = 320
"""Characters of a paragraph that says where its article comes from; longer ones tell of something."""
_PART = re.compile(
    r"photo|foto|fotki|zdjęci|bild|beeld|afbeelding|image|imagen|imagem|immagin|obráz|ilustra|illustra|abbild|kuva|"
    r"picture|drawing|zeichnung|dessin|dibujo|disegno|desenho|tekening|rysun|teckning|tegning|piirros|"
    r"figure?s?$|figura|figur|fig$|abb$|fot$|rys$|ryc$|tables?$|tab(?:elle|la|ela|el|ell)?$|"
    r"maps?$|karten?$|cartes?$|mapas?$|mapy$|kort$|covers?$|coverfoto|titelbild|portada|copertina|okładk|omslag|capa$|"
    r"obálk|video|vídeo|wideo|audio|musi[ck]|musique|música|logo|icon|graphi|grafi|gráfi|diagram|chart|artwork|"
    r"painting|gemälde|peinture|poster|plakat|screenshot|portrait|porträt|screens?$|data$|daten$|données$|datos$|"
    r"dati$|dados$|dane$|"
    r"фото|рисун|карт|изображ|иллюстр"
)
"""Beginnings of words for pictures and other parts of an article, whose credits do not speak of its text."""
_CJK_PART = re.compile(
    "写真|画像|図|イラスト|地図|表紙|動画|图片|圖片|照片|摄影|插图|配图|题图|图源|封面|视频|사진|그림|이미지|삽화"
)
_CJK_RUN = re.compile(rf"{CJK.pattern}+")
_RIGHTS = re.compile(
    r"\W*(?:copyright|licen[sc]e|rights|rechte|urheberrecht|droits(?: d[’']auteur)?|derechos(?: de autor)?|diritti|"  # noqa: RUF001
    r"direitos|auteursrecht(?:en)?|prawa(?: autorskie)?|著作権(?:について|表示)?|ライセンス|"
    r"版[权權](?:声明|聲明|信息|說明)?|저작권(?: 정책| 안내)?|라이선스)\W*", re.I,
)
"""Headings of what is said about rights."""
_LETTERS_OF_A_WORD = 2
"""Of Chinese and Japanese, about."""
_BEGINNING = 60
"""Characters of a line that its first words are looked for in."""
_LETTERS = re.compile(rf"{CJK.pattern}|[^\W\d_]+|[©(:]")
"""Words and marks of which a sentence has two at least."""


_OF_OFFICE = re.compile(r"From:\s[^.]{1,120}\bPublished\s+\d", re.I)
"""How GOV.UK says whose page it is."""


def reprinted(line: str, own_names: Set[str] = frozenset(), doubtful: float = 0.0) -> str | None:
    """The sentence by which a paragraph says that the text is somebody else's; None if it does not.

    Args:
        line: the text of the paragraph.
        own_names: what the page, its site and its authors are called, in lower case: their notices are the page's own.
        doubtful: the score (`score`) from which on a sentence counts.

    A line that names a licence is a grant, and read as such; one that begins with a part credits that.
    """
    if len(line) > MAX_LINE or begins_with_part(line) or _OF_OFFICE.match(line):
        return None
    if any(True for _ in prose.mentions(line)):
        return None
    for sentence in prose.sentences(line):
        if score(sentence, own_names) > doubtful and not _is_label(sentence, own_names):
            return sentence
    return None


def _is_label(sentence: str, own_names: Set[str]) -> bool:
    """Whether a sentence is a heading of rights, or nothing but what the page, its site or its authors are called."""
    return bool(_RIGHTS.fullmatch(sentence)) or sentence.strip(" .").lower() in own_names


def begins_with_part(line: str) -> bool:
    """Whether a line begins with a picture or another part: 'Cover photo: ...', but not 'Text and photos: ...'."""
    begun = plain_words(line[:_BEGINNING])[:2]
    return bool(_CJK_PART.match(line)) or any(map(_PART.match, begun))


def score(sentence: str, own_names: Set[str] = frozenset()) -> float:
    """How much a sentence looks like one on a text of somebody else: above 0 if more than not."""
    weights, known = load(MODEL)
    slots = sentence_slots(sentence, own_names, known)
    return float(totals(slots, weights)) if slots else float("-inf")


def sentence_slots(sentence: str, own_names: Set[str], known: Container[str]) -> list[int]:
    """The slots of the features of a sentence, each once; none if it has no words."""
    return slots_of(_features(sentence, own_names, known)) if len(_LETTERS.findall(sentence)) > 1 else []


def _features(sentence: str, own_names: Set[str], known: Container[str]) -> Iterator[str]:
    length = 0
    for run in WORDS.findall(sentence):
        if CJK.match(run):
            yield from pieces(run)
            yield from (f"^{run[:2]}", f"{run[-2:]}$")
            length += len(run) // _LETTERS_OF_A_WORD
    words = [PART if _PART.match(word) else word for word in read_words(_CJK_RUN.sub(" ", sentence), own_names, known)]
    if _CJK_PART.search(sentence):
        words.append(PART)
    yield from features(words)
    length += len(words)
    yield f"length {length if length < 8 else 8 + min(length // 8, 6)}"
