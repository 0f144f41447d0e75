"""What is known of every block of a page: the numbers that the classifier reads.

Here belongs measuring blocks, their elements, neighbours and place in the page. Not here: finding them (`scan`) and
what follows from the numbers (`forest`). This module imports numba.

The features are those of the literature on boilerplate: text and link density, position and the same of neighbours
(Kohlschuetter, Fankhauser and Nejdl, WSDM 2010), punctuation and the subtree that holds most of the prose (Readability,
Arc90 2009), names in class and id (Barbaresi, ACL 2021 demos), and the depth at which they stand. They are counts,
shares and distances without logarithms, as trees ask only for an order.
"""

from __future__ import annotations

import numpy as np

from data_platform.extract.keywords import CLASSES, automaton
from data_platform.extract.scan import KEYWORDS, TAG, TAGS, Page
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import FNV_OFFSET, fnv1a

WORDS = (
    "cookie consent datenschutz privacy",
    "copyright all_rights alle_rechte rights_reserved",
    "comment kommentar _antwort _reply coment schreiben_sie",
    "facebook twitter whatsapp pinterest teilen _share linkedin instagram telegram xing _flipboard",
    "_mail drucken _print_ download",
    "newsletter subscri abonn",
    "read_more weiterlesen _mehr_ _more_ lesen_sie interessieren related lire_ leer_ _auch_ zum_thema similar "
    "recommended",
    "_tags_ schlagw kategorie categor _themen_ abgelegt posted_in filed_under tagged",
    "_von_ _by_ autor author geschrieben redaktion editor written",
    "ffentlicht published posted_on updated aktualisiert _stand_ erstellt",
    "_foto _photo bild_ _image_ quelle _source_ _credit getty _dpa_ _afp_",
    "januar februar april august september oktober november dezember january february march october december enero "
    "febrero _juni_ _juli_ _june_ _july_",
    "_uhr_ _ago_ _am_ _pm_ stunden _hours minuten min_read _minutes",
    "login log_in anmeld registr sign_in sign_up passwor konto account einloggen",
    "impressum _agb_ kontakt contact about_us _terms _faq_ _jobs_ sitemap ber_uns",
    "warenkorb _cart_ _preis _price versand _mwst shipping _eur_ lieferzeit",
    "javascript browser aktivier _enable",
    "_suche search",
    "anzeige advertis werbung sponsor",
    "zur_ck vorherig n_chst _lter_ older newer _next_ previous _weiter_ _back_ _top_ nach_oben",
    "spende donat unterst_tz _support",
    "creative_commons lizenz licen wordpress powered",
)
"""Groups of words that say what a short block is for; `_` is anything but an ASCII letter or digit."""

KINDS = (
    "article", "main", "nav menu", "header", "footer", "aside", "section", "form fieldset", "ul", "ol", "li", "table",
    "td th", "blockquote", "figure", "figcaption caption", "address", "h1", "h2", "h3", "h4 h5 h6", "p", "dl dt dd",
    "pre", "label legend", "div", "details summary", "center", "body",
)
"""Kinds of elements whose distance from a block counts."""

_GROUPS = len(KEYWORDS)
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
_SELF = (
    "length", "words", "link_share", "links", "sentence_ends", "commas", "digits", "capitals", "ends_sentence",
    "begins_capital", "short_words", "separators", "copyright_sign", "ends_colon", "ends_ellipsis", "lines",
    "word_length", "capital_share", "digit_share", "repeated", "in_title", "kind", "preformatted", "after_break",
    "depth",
)
_PLACE = (
    "place", "text_place", "prose_before", "prose_after", "since_prose", "until_prose", "after_first_prose",
    "after_last_prose", "since_h1", "since_heading", "siblings", "item_place",
)
_PAGE = ("blocks", "text", "prose", "page_link_share", "h1s", "longest")
_LEVEL = ("blocks", "text", "link_share", "prose_share", "share_of_prose", "mean_length")
_MAIN = ("up_half", "down_half", "up_most", "down_most", "up_all", "up_richest", "down_richest", "side_of_half")
_NEAR = ("length", "link_share", "prose", "sentence_ends", "kind")

NAMES = (
    *_SELF,
    *(f"word_{words.split()[0]}" for words in WORDS),
    *(f"heading_{words.split()[0]}" for words in WORDS),
    *(f"near_{words.split()[0]}" for words in KEYWORDS), "near_hidden",
    *(f"in_{kind.split()[0]}" for kind in KINDS),
    *_PLACE, *_PAGE,
    *(f"level{level}_{name}" for level in range(4) for name in _LEVEL),
    *_MAIN,
    *(f"{offset:+d}_{name}" for offset in _NEIGHBOURS for name in _NEAR),
)  # fmt: skip
"""Names of the features, in order."""

CONTEXT = (
    "score", *(f"score_{offset:+d}" for offset in (-4, -3, -2, -1, 1, 2, 3, 4)),
    *(f"level{level}_score" for level in range(4)), "page_score", "page_kept", "heading_score", "following_score",
    "score_before", "score_after", "run",
)  # fmt: skip
"""Names of what is known of a block when all blocks have a first score."""


def features(page: Page, title: str) -> np.ndarray:
    """One row per block, one column per name in `NAMES`, float32.

    Args:
        page: what `scan` found.
        title: the <title>, whose repetition in the page is not content.
    """
    return _features(
        page.text, page.start, page.stop, page.node, page.link, page.links, page.inline, page.flags, page.parent,
        page.tag, page.bits, np.frombuffer(title.encode("utf-8", "replace") or b" ", np.uint8), _KIND_OF, _DELTA,
        CLASSES, _OUTPUT, len(NAMES),
    )


def context(page: Page, score: np.ndarray) -> np.ndarray:
    """One row per block, one column per name in `CONTEXT`, float32: first scores of a block and around it.

    Args:
        page: what `scan` found.
        score: between 0 and 1, one per block.
    """
    return _context(page.start, page.stop, page.node, page.parent, page.tag, score, _KIND_OF, len(CONTEXT))


def _kind_of() -> np.ndarray:
    """1 + position in `KINDS` by number of the element, 0 for others."""
    kinds = np.zeros(len(TAGS), np.uint8)
    for position, names in enumerate(KINDS):
        for name in names.split():
            kinds[TAG[name]] = position + 1
    return kinds


_DELTA, _OUTPUT = automaton(enumerate(WORDS))
_KIND_OF = _kind_of()
_HIDDEN_MASK = np.uint64(1 << 58)
_WORDS, _KINDS = len(WORDS), len(KINDS)
_H1, _H4, _ARTICLE_KIND = 18, 21, 1
_BODY, _HTML = TAG["body"], TAG["html"]
_FAR = 99.0  # distance of what is not there
_PROSE_LENGTH, _PROSE_LINKS = 80, 0.35  # bytes of text, share in links
_SHORT = 400  # bytes up to which words are looked at


@part()
def _measure(text, start, stop, row, delta, classes, output):
    """Fill the features of the text of one block; returns its word groups and a hash that ignores case and space."""
    words = ends = commas = digits = capitals = short = separators = sign = lines = letters = characters = 0
    in_word = 0
    lower_word = False
    found = np.uint64(0)
    digest = FNV_OFFSET
    state = delta[0, 0]
    for position in range(start, stop + 1):
        byte = text[position] if position < stop else np.uint8(32)
        if stop - start <= _SHORT:
            state = delta[state, classes[byte]]
            found |= output[state]
        if byte == 32 or byte == 10 or byte == 9:
            if in_word:
                words += 1
                short += lower_word and in_word <= 3
            in_word = 0
            lines += byte == 10
            continue
        characters += byte & 0xC0 != 0x80
        if in_word == 0:
            lower_word = 97 <= byte <= 122
        in_word += 1
        if 65 <= byte <= 90:
            capitals += 1
            letters += 1
            byte += 32
        elif 97 <= byte <= 122 or byte >= 0xC3:
            letters += 1
        elif 48 <= byte <= 57:
            digits += 1
        elif byte == 44 or byte == 59:
            commas += 1
        elif byte == 46 or byte == 33 or byte == 63:
            ends += 1
        elif byte == 124 or byte == 47 or byte == 62:
            separators += 1
        elif byte == 0xC2 and position + 1 < stop:
            sign += text[position + 1] == 0xA9
            separators += text[position + 1] == 0xBB or text[position + 1] == 0xB7 or text[position + 1] == 0xAB
        digest = fnv1a(digest, byte)
    last = text[stop - 1]
    if (last == 34 or last == 41 or last == 0x9C or last == 0x9D or last == 39) and stop - start > 1:
        last = text[stop - 2] if text[stop - 2] != 0x80 or stop - start < 5 else text[stop - 4]
    row[0], row[1] = characters, words
    row[4], row[5], row[6], row[7] = ends, commas, digits, capitals
    row[8] = last == 46 or last == 33 or last == 63 or last == 0x82
    row[9] = 65 <= text[start] <= 90
    row[10], row[11], row[12], row[13] = short, separators, sign, text[stop - 1] == 58
    row[14] = (text[stop - 1] == 0xA6 and stop - start > 2 and text[stop - 2] == 0x80) or (
        text[stop - 1] == 46 and stop - start > 2 and text[stop - 2] == 46
    )
    row[15], row[16] = lines, characters / max(words, 1)
    row[17], row[18] = capitals / max(letters, 1), digits / max(characters, 1)
    return found, digest


@part()
def _contains(text, start, stop, title):
    """Whether `title` holds the block, as it stands."""
    length = stop - start
    for offset in range(title.size - length + 1):
        same = 0
        while same < length and text[start + same] == title[offset + same]:
            same += 1
        if same == length:
            return True
    return False


@part()
def _relation(node, level, parent):
    """Steps from the element with `level` 0 up to the common ancestor with `node`, and from there down to it; `level`
    holds the distance of the ancestors of that element, -1 for others."""
    down = 0
    while level[node] < 0:
        node = parent[node]
        down += 1
    return level[node], down


@part(allocates=True)
def _levels(node, parent, level):
    """Write the distance of the ancestors of `node` into `level`, -1 for all others."""
    level[:] = -1
    distance = 0
    while node > 0:
        level[node] = distance
        distance += 1
        node = parent[node]
    level[0] = distance
    return level


@kernel(allocates=True)
def _features(
    text, start, stop, node, link, links, inline, flags, parent, tag, bits, title, kind_of, delta, classes, output,
    width,
):
    """See `features`."""
    count, nodes = start.size, parent.size
    table = np.zeros((count, width), np.float32)
    # In few arrays of few types, as numba takes long to compile the making of each.
    groups = np.zeros(count, np.uint64)
    seen_key = np.zeros(4096, np.uint64)
    by_block, by_node = np.zeros((3, count + 1), np.int64), np.zeros((13, nodes), np.int64)
    prose, slots, next_prose = by_block[0], by_block[1], by_block[2]
    node_blocks, node_text, node_link, node_prose = by_node[0], by_node[1], by_node[2], by_node[3]
    rich, children, place = by_node[4], by_node[5], by_node[6]
    first_block, last_block = by_node[7], by_node[8]
    level_half, level_most, level_whole, level_richest = by_node[9], by_node[10], by_node[11], by_node[12]
    first_block[:] = count
    last_block[:] = -1
    seen_count = np.zeros((1, 4096), np.int64)[0]
    for element in range(1, nodes):
        place[element] = children[parent[element]]
        children[parent[element]] += 1
    h1s = longest = 0
    for block in range(count):
        row = table[block]
        size = stop[block] - start[block]
        groups[block], digest = _measure(text, start[block], stop[block], row, delta, classes, output)
        share = link[block] / size
        row[2], row[3] = share, links[block]
        slot = digest & np.uint64(4095)
        if seen_count[slot] == 0:
            seen_key[slot] = digest
        slots[block] = slot
        seen_count[slot] += seen_key[slot] == digest
        row[20] = size >= 4 and size <= 300 and _contains(text, start[block], stop[block], title)
        element = node[block]
        row[21] = kind_of[tag[element]]
        row[22], row[23] = flags[block] & 3, flags[block] & 4
        if size >= _PROSE_LENGTH and share < _PROSE_LINKS and row[4] > 0:
            prose[block] = size
        h1s += kind_of[tag[element]] == _H1
        longest = max(longest, size)
        node_blocks[element] += 1
        node_text[element] += size
        node_link[element] += link[block]
        node_prose[element] += prose[block]
        rich[parent[element]] += prose[block]
        first_block[element] = min(first_block[element], block)
        last_block[element] = block
    for element in range(nodes - 1, 0, -1):
        above = parent[element]
        node_blocks[above] += node_blocks[element]
        node_text[above] += node_text[element]
        node_link[above] += node_link[element]
        node_prose[above] += node_prose[element]
        first_block[above] = min(first_block[above], first_block[element])
        last_block[above] = max(last_block[above], last_block[element])
    total_prose, total_text = node_prose[0], node_text[0]
    half = most = whole = richest = 0
    for element in range(1, nodes):
        if 2 * node_prose[element] > total_prose:
            half = element
            if 4 * node_prose[element] > 3 * total_prose:
                most = element
                if 20 * node_prose[element] > 19 * total_prose:
                    whole = element
        if rich[element] > rich[richest]:
            richest = element
    _levels(half, parent, level_half)
    _levels(most, parent, level_most)
    _levels(whole, parent, level_whole)
    _levels(richest, parent, level_richest)
    first_prose, last_prose = count, -1
    for block in range(count):
        if prose[block]:
            first_prose = min(first_prose, block)
            last_prose = block

    next_prose[count] = count + 50
    for block in range(count - 1, -1, -1):
        next_prose[block] = block if prose[block] else next_prose[block + 1]
    previous_prose = h1 = heading = -50
    text_before = prose_before = 0
    for block in range(count):
        row = table[block]
        element = node[block]
        slot = slots[block]
        row[19] = seen_count[slot]
        at = len(_SELF)
        for group in range(_WORDS):
            row[at + group] = (groups[block] >> np.uint64(group)) & np.uint64(1)
            if heading >= 0:
                row[at + _WORDS + group] = (groups[heading] >> np.uint64(group)) & np.uint64(1)
        at += 2 * _WORDS
        for position in range(at, at + _GROUPS + 1 + _KINDS):
            row[position] = _FAR
        found = inline[block]
        distance = 0
        above = element
        depth = 0
        while True:
            if found:
                for group in range(_GROUPS):
                    if (found >> np.uint64(group)) & np.uint64(1) and row[at + group] == _FAR:
                        row[at + group] = distance
                if found & _HIDDEN_MASK and row[at + _GROUPS] == _FAR:
                    row[at + _GROUPS] = distance
            if above == 0:
                break
            kind = kind_of[tag[above]]
            if kind and row[at + _GROUPS + kind] == _FAR:
                row[at + _GROUPS + kind] = distance
            # Names on <body> and <html> speak of the whole page.
            found = np.uint64(0) if tag[above] == _BODY or tag[above] == _HTML else bits[above]
            above = parent[above]
            distance += 1
            depth += 1
        row[24] = depth
        at += _GROUPS + 1 + _KINDS

        size = stop[block] - start[block]
        row[at] = block / count
        row[at + 1] = text_before / total_text
        row[at + 2] = prose_before / max(total_prose, 1)
        row[at + 3] = (total_prose - prose_before - prose[block]) / max(total_prose, 1)
        row[at + 4] = min(block - previous_prose, 50)
        row[at + 5] = min(next_prose[block + 1] - block, 50)
        row[at + 6] = max(min(block - first_prose, 50), -50)
        row[at + 7] = max(min(block - last_prose, 50), -50)
        kind = kind_of[tag[element]]
        row[at + 8] = min(block - h1, 200) if h1 >= 0 else -1
        row[at + 9] = min(block - heading, 50)
        row[at + 10] = children[parent[element]]
        row[at + 11] = place[element]
        if kind == _H1:
            h1 = block
        if _H1 <= kind <= _H4:
            heading = block
        if prose[block]:
            previous_prose = block
        text_before += size
        prose_before += prose[block]
        at += len(_PLACE)

        row[at], row[at + 1], row[at + 2] = count, total_text, total_prose
        row[at + 3], row[at + 4], row[at + 5] = node_link[0] / total_text, h1s, longest
        at += len(_PAGE)

        above = element
        for _ in range(4):
            row[at], row[at + 1] = node_blocks[above], node_text[above]
            row[at + 2], row[at + 3] = node_link[above] / node_text[above], node_prose[above] / node_text[above]
            row[at + 4] = node_prose[above] / max(total_prose, 1)
            row[at + 5] = node_text[above] / node_blocks[above]
            at += len(_LEVEL)
            blocks = node_blocks[above]
            while above > 0 and node_blocks[above] == blocks:
                above = parent[above]

        row[at], row[at + 1] = _relation(element, level_half, parent)
        row[at + 2], row[at + 3] = _relation(element, level_most, parent)
        row[at + 4], _ = _relation(element, level_whole, parent)
        row[at + 5], row[at + 6] = _relation(element, level_richest, parent)
        row[at + 7] = (block > last_block[half]) * 1 - (block < first_block[half]) * 1
        at += len(_MAIN)

        for offset in _NEIGHBOURS:
            other = block + offset
            if 0 <= other < count:
                row[at], row[at + 1] = table[other, 0], table[other, 2]
                row[at + 2], row[at + 3] = prose[other] > 0, table[other, 4]
                row[at + 4] = kind_of[tag[node[other]]]
            else:
                for position in range(5):
                    row[at + position] = -1
            at += len(_NEAR)
    return table


@kernel(allocates=True)
def _context(start, stop, node, parent, tag, score, kind_of, width):
    """See `context`."""
    count, nodes = start.size, parent.size
    table = np.zeros((count, width), np.float32)
    sums = np.zeros((3, nodes), np.float64)
    weight, mass, blocks = sums[0], sums[1], sums[2]
    kept = 0
    for block in range(count):
        size = stop[block] - start[block]
        weight[node[block]] += size
        mass[node[block]] += size * score[block]
        blocks[node[block]] += 1
        kept += score[block] > 0.5
    for element in range(nodes - 1, 0, -1):
        weight[parent[element]] += weight[element]
        mass[parent[element]] += mass[element]
        blocks[parent[element]] += blocks[element]
    following = np.zeros(count, np.float32)  # mean score of the section that begins after a block
    total, length = 0.0, 0
    for block in range(count - 1, -1, -1):
        following[block] = total / length if length else 0.0
        size = stop[block] - start[block]
        total += size * score[block]
        length += size
        if _H1 <= kind_of[tag[node[block]]] <= _H4:
            total, length = 0.0, 0
    heading = -1
    before, run = 0.0, 0
    for block in range(count):
        row = table[block]
        row[0] = score[block]
        at = 1
        for offset in (-4, -3, -2, -1, 1, 2, 3, 4):
            other = block + offset
            row[at] = score[other] if 0 <= other < count else -1
            at += 1
        above = node[block]
        for _ in range(4):
            row[at] = mass[above] / weight[above]
            at += 1
            inside = blocks[above]
            while above > 0 and blocks[above] == inside:
                above = parent[above]
        row[at], row[at + 1] = mass[0] / weight[0], kept
        row[at + 2] = score[heading] if heading >= 0 else -1
        row[at + 3] = following[block]
        size = stop[block] - start[block]
        row[at + 4] = before / mass[0] if mass[0] > 0 else 0
        before += size * score[block]
        row[at + 5] = 1 - before / mass[0] if mass[0] > 0 else 0
        row[at + 6] = run
        run = run + 1 if score[block] > 0.5 else 0
        if _H1 <= kind_of[tag[node[block]]] <= _H4:
            heading = block
    return table
