r"""Formulas in markup, rewritten as TeX between delimiters, before anything else reads the page.

Here belongs how pages carry formulas and how they become characters. Not here: any other element, and whether a block
with a formula is content.

Delimiters are those of LaTeX and MathJax: `\(...\)` within a line, `\[...\]` for a display. What is already written
between delimiters in the text of a page stays as it is. Formulas are found in:

- <math>: its TeX annotation, else `alttext` (LaTeXML), else its presentation markup written as TeX;
- <script type="math/tex">, "math/asciimath" and "math/mml" (MathJax 2; what MathJax drew is dropped by `scan`);
- images whose alt is TeX: Wikipedia (`mwe-math-fallback-image`, the old `tex`), WordPress (`latex`), QuickLaTeX
  (`ql-img-`), Sphinx (`math`), Doxygen (`formulaInl`), CodeCogs and mimeTeX by their address.

A formula that a page has as MathML and again as an image (Wikipedia) or annotation is written once. This
module imports numba.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote, unquote_plus

import numpy as np

from data_platform.kernels.compiled import kernel

MAX_FORMULA = 50_000
"""Characters of one <math>; longer ones are left, and the scan drops them."""

MAX_NESTING = 100
"""Elements open at once in one <math>; what is deeper is put together as if it were not nested."""

_FORMULA = re.compile(
    r"<(?P<prefix>[a-z]{1,8}:)?math(?P<math>[\s>])|<script(?P<script>\s[^<>]{0,300}?math/(?:tex|asciimath|mml)[^<>]{0,100})>|"
    r"<img\s(?P<image>[^<>]{1,5000})>", re.IGNORECASE,
)  # fmt: skip
_END_OF_MATH = re.compile(r"</(?:[a-z]{1,8}:)?math\s*>", re.IGNORECASE)
_END_OF_SCRIPT = re.compile(r"</script\s*>", re.IGNORECASE)
_NEAR = 40  # characters between a <math> and the image that repeats it
_ATTRIBUTE = re.compile(r"""([a-zA-Z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_IMAGE_CLASS = re.compile(
    r"(?:^|\s)(?:mwe-math-fallback-image\S*|latex|tex|ql-img-\S+|mimetex|math|formula(?:Inl|Dsp))(?:\s|$)"
)
_IMAGE_ADDRESS = re.compile(
    r"(?:latex\.codecogs\.com/[\w.]+(?:\?|%3F)|mimetex(?:\.cgi)?\?|/latex\.php\?(?:.{0,200}?&)?latex=|chart\?cht=tx(?:&.{0,200}?)?&chl=)"
    r"(.{1,3000}?)(?:&(?:bg|fg|s)=|$)", re.IGNORECASE,
)  # fmt: skip
_CODECOGS_SETTING = re.compile(r"\\(?:inline|dpi\s?\{\d+\}|(?:bg|fn)_[a-z]+)\s?")
_ANNOTATION = re.compile(r"<(?:\w+:)?annotation\b([^<>]*)>(.*?)</(?:\w+:)?annotation", re.DOTALL | re.IGNORECASE)
_END_OF_ANNOTATION = re.compile(r"</(?:\w+:)?annotation", re.IGNORECASE)
_TEX_ENCODING = re.compile(r"""encoding\s*=\s*["']?(?:application/x-tex|tex|latex|TeX|LaTeX)\b""", re.IGNORECASE)
_STYLED = re.compile(r"^\{\\(displaystyle|textstyle)\s*(.*)\}$", re.DOTALL)
_TOKEN = re.compile(r"<(/?)(?:\w+:)?([a-zA-Z]+)([^<>]*)>|([^<]+)|<")
_SPACE = re.compile(r"\s+")
_COMMAND_AT_END = re.compile(r"\\[a-zA-Z]+$")


def write_formulas(page: bytes) -> bytes:
    """A page in UTF-8 with formulas as character data between delimiters. Linear in the page; a page without any costs
    one compiled look at its bytes."""
    if not _may_have_formulas(np.frombuffer(page, np.uint8)):
        return page
    markup = page.decode("utf-8", "replace")
    parts, at, last_math = [], 0, -_NEAR
    ends = {_END_OF_MATH: -1, _END_OF_SCRIPT: -1}  # where the next of them begins; looked for once

    def end(pattern: re.Pattern[str], start: int) -> int | None:
        """End of the first match from `start` on."""
        if ends[pattern] < start:
            found = pattern.search(markup, start)
            ends[pattern] = found.start() if found else len(markup)
        found = pattern.match(markup, ends[pattern])
        return found.end() if found else None

    while match := _FORMULA.search(markup, at):
        stop, formula = match.end(), None
        if match["math"]:
            after = end(_END_OF_MATH, match.end())
            if after and after - match.end() <= MAX_FORMULA:
                stop = last_math = after
                formula = _from_math(markup[match.start():stop])
        elif match["script"]:
            if after := end(_END_OF_SCRIPT, match.end()):
                stop = after
                formula = _from_script(match["script"], markup[match.end():ends[_END_OF_SCRIPT]])
        # Wikipedia gives the image as the fallback of the <math> right before it.
        elif match.start() - last_math >= _NEAR or "<p" in markup[last_math:match.start()]:
            formula = _from_image(match["image"])
        parts.append(markup[at:match.start()])
        parts.append(markup[match.start():stop] if formula is None else html.escape(formula, quote=False))
        at = stop
    parts.append(markup[at:])
    return "".join(parts).encode("utf-8")


_RARE = np.zeros(256, np.bool_)
_RARE[list(b"mMxXq")] = True


@kernel()
def _may_have_formulas(data):
    """Whether what every form of formula has stands somewhere: "<math", ":math" as a tag, "mwe-math", "math/", "math"
    where a value begins, "formulaI" or "formulaD", "ql-i", "=tx", or "tex" as a word or at the end of "latex" (not of
    "translateX") or "mimetex". One rare letter of each is looked for.
    """
    for at in range(1, data.size - 4):
        if not _RARE[data[at]]:
            continue
        byte, before = data[at] | 32, data[at - 1]
        if byte == 109:
            if (data[at + 1] | 32) == 97 and (data[at + 2] | 32) == 116 and (data[at + 3] | 32) == 104:
                after = data[at + 4]
                if before == 60 or after == 47 or (before == 58 and (after <= 32 or after == 62)):
                    return True
                if before == 45 and at >= 3 and data[at - 2] == 101 and data[at - 3] == 119:
                    return True
                if (before == 34 or before == 39) and (after == 34 or after == 39 or after == 32):
                    return True
            elif before == 114 and data[at + 1] == 117 and data[at + 2] == 108 and data[at + 4] in (68, 73):
                return True
        elif byte == 120:
            if at >= 5 and before == 116 and data[at - 2] == 61:
                return True
            if at < 5 or (before | 32) != 101 or (data[at - 2] | 32) != 116 or 97 <= (data[at + 1] | 32) <= 122:
                continue
            first, second = data[at - 3] | 32, data[at - 4] | 32
            if not 97 <= first <= 122 or (first == 101 and second == 109):
                return True
            if first == 97 and second == 108 and (data[at - 5] | 32) != 115:
                return True
        elif data[at + 1] == 108 and data[at + 2] == 45 and data[at + 3] == 105:
            return True
    return False


def _delimited(tex: str, display: bool) -> str:
    """`tex` between delimiters; nothing for an empty formula."""
    tex = _SPACE.sub(" ", tex).strip()
    if styled := _STYLED.match(tex):
        tex = styled[2].strip()
    for left, right in (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$")):
        if tex.startswith(left) and tex.endswith(right) and len(tex) >= len(left + right):
            tex = tex[len(left):-len(right)].strip()
            display = display or left in ("\\[", "$$")
            break
    if not tex:
        return ""
    return f" \\[{tex}\\] " if display else f"\\({tex}\\)"


def _attributes(tag: str) -> dict[str, str]:
    return {
        name.lower(): html.unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(tag)
    }


def _from_math(element: str) -> str:
    opening, _, inside = element.partition(">")
    attributes = _attributes(opening)
    display = attributes.get("display") == "block" or attributes.get("mode") == "display"
    # Up to the last end tag, so that every start tag finds one and the search is linear.
    last = max((end.end() for end in _END_OF_ANNOTATION.finditer(inside)), default=0)
    for found, content in _ANNOTATION.findall(inside[:last]):
        if _TEX_ENCODING.search(found):
            return _delimited(html.unescape(content), display)
    if attributes.get("alttext", "").strip():
        return _delimited(attributes["alttext"], display)
    return _delimited(mathml_to_tex(inside), display)


def _from_script(tag: str, content: str) -> str:
    display = "mode=display" in tag.replace(" ", "")
    if "math/mml" in tag:
        return _from_math(content[content.find("<"):])
    if "asciimath" in tag:
        return f"`{_SPACE.sub(' ', content).strip()}`"
    # MathJax wraps what might be misread in a CDATA section behind a comment sign of TeX.
    return _delimited(re.sub(r"%?\s*<!\[CDATA\[|%?\s*\]\]>", "", content), display)


def _from_image(tag: str) -> str | None:
    attributes = _attributes(tag)
    alt, address = attributes.get("alt", "").strip(), attributes.get("src", "")
    names = attributes.get("class", "")
    by_address = _IMAGE_ADDRESS.search(address[:3_000])
    if not (_IMAGE_CLASS.search(names) or by_address):
        return None
    if not alt or (by_address and "\\" not in alt and "\\" in unquote(by_address[1])):
        alt = _in_address(by_address) if by_address else ""
    display = "display" in names or "formulaDsp" in names or "mwe-math-fallback-image-display" in names
    return _delimited(alt, display) or None


def _in_address(found: re.Match[str]) -> str:
    """The formula in the address of its image. A plus is one for CodeCogs, which writes spaces in its own way, and a
    space wherever the formula is the value of a parameter."""
    if "codecogs" in found[0].lower():
        return _CODECOGS_SETTING.sub("", unquote(found[1]).replace("&space;", " "))
    return unquote_plus(found[1])


_ARITY = {"mfrac", "msub", "msup", "msubsup", "mover", "munder", "munderover", "mroot"}
_SYMBOLS = {
    "\u2211": "\\sum", "\u220f": "\\prod", "\u222b": "\\int", "\u221e": "\\infty", "\u2264": "\\le", "\u2265": "\\ge",
    "\u2260": "\\ne", "\u00d7": "\\times", "\u22c5": "\\cdot", "\u2212": "-", "\u2192": "\\to", "\u2208": "\\in",
    "\u2202": "\\partial", "\u2207": "\\nabla", "\u00b1": "\\pm", "\u2248": "\\approx", "\u221a": "\\sqrt",
    "\u2061": "", "\u2062": "", "\u2063": ",", "\u2032": "'", "\u2026": "\\dots", "\u22ef": "\\cdots",
    **{
        chr(code): "\\" + unicodedata.name(chr(code)).split()[-1].lower().replace("lamda", "lambda")
        for code in (*range(0x3B1, 0x3CA), *map(ord, "ΓΔΘΛΞΠΣΦΨΩ"))
        if chr(code) not in "ος"
    },
}
_SYMBOLS |= {letter: "\\" + _SYMBOLS[letter][1:].title() for letter in "ΓΔΘΛΞΠΣΦΨΩ"}
_FUNCTIONS = frozenset((
    "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "log", "ln", "exp", "lim", "max", "min", "sup",
    "inf", "det", "dim", "ker", "arg", "gcd",
))  # fmt: skip
_ACCENTS = {
    "^": "hat", "\u02c6": "hat", "\u00af": "bar", "\u203e": "overline", "\u2192": "vec", "~": "tilde", "\u02d9": "dot",
}  # fmt: skip


def mathml_to_tex(markup: str) -> str:
    """Presentation MathML as TeX. Elements that are not known give what is in them."""
    stack: list[tuple[str, list[str], str]] = [("", [], "")]
    for closing, name, attributes, text in _TOKEN.findall(markup):
        if text:
            if text.strip():
                stack[-1][1].append(_leaf(stack[-1][0], html.unescape(text).strip()))
        elif not name:
            continue
        elif not closing:
            if len(stack) <= MAX_NESTING:
                stack.append((name.lower(), [], attributes))
        elif any(open_ == name.lower() for open_, *_ in stack[1:]):
            while True:
                open_, children, tag = stack.pop()
                stack[-1][1].append(_composed(open_, children, tag))
                if open_ == name.lower():
                    break
    while len(stack) > 1:
        open_, children, tag = stack.pop()
        stack[-1][1].append(_composed(open_, children, tag))
    return _joined(stack[0][1])


def _leaf(element: str, text: str) -> str:
    if element in ("mtext", "ms"):
        return f"\\text{{{text}}}"
    if text in _FUNCTIONS:
        return f"\\{text}"
    if element == "mi" and len(text) > 1 and text.isalpha():
        return f"\\mathrm{{{text}}}"
    return "".join(_SYMBOLS.get(letter, "\\" + letter if letter in "{}%#&" else letter) for letter in text)


def _joined(parts: list[str]) -> str:
    """Parts one after the other, with a space where a command would swallow the next letter."""
    pieces: list[str] = []
    for part in filter(None, parts):
        if pieces and part[0].isalnum() and _COMMAND_AT_END.search(pieces[-1][-40:]):
            pieces.append(" ")
        pieces.append(part)
    return "".join(pieces)


def _composed(name: str, children: list[str], tag: str) -> str:
    if name in _ARITY and len(children) >= 2:
        a, b = children[0], children[1]
        base = a if len(a) == 1 or re.fullmatch(r"\\[a-zA-Z]+|\w", a) else f"{{{a}}}"
        if name == "mfrac":
            return f"\\frac{{{a}}}{{{b}}}"
        if name == "mroot":
            return f"\\sqrt[{b}]{{{a}}}"
        if name == "mover" and b in _ACCENTS:
            return f"\\{_ACCENTS[b]}{{{a}}}"
        if name in ("msub", "munder"):
            return f"{base}_{{{b}}}"
        if name in ("msup", "mover"):
            return f"{base}^{{{b}}}"
        if len(children) >= 3:
            return f"{base}_{{{b}}}^{{{children[2]}}}"
    if name == "msqrt":
        return f"\\sqrt{{{_joined(children)}}}"
    if name == "mtd":
        return _joined(children) + " & "
    if name in ("mtr", "mlabeledtr"):
        return _joined(children).removesuffix(" & ") + " \\\\ "
    if name == "mtable":
        return f"\\begin{{matrix}} {_joined(children).removesuffix(' ').removesuffix(chr(92) * 2)}\\end{{matrix}}"
    if name == "mfenced":
        given = _attributes(tag)
        left, right = (_leaf("mo", given.get(side, usual)) for side, usual in (("open", "("), ("close", ")")))
        return f"{left}{given.get('separators', ',')[:1].join(children)}{right}"
    if name in ("annotation", "annotation-xml"):
        return ""
    return _joined(children)
