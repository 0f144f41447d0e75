"""What the labels of language models mean: a language code that is the same for all of them, and a script.

Here belongs the naming of languages. Models label in two ways: `en`, as the Wikipedias do and lid.176 after them, and
`eng_Latn`, ISO 639-3 and ISO 15924, as GlotLID (Kargaran et al. 2023, arXiv:2310.16248), OpenLID and NLLB do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LABEL = re.compile(r"([A-Za-z]+)(?:[_-]([A-Z][a-z]{3}))?(?:[_-].*)?")

_ISO_639_1 = {"tgl": "tl", "twi": "tw", "hbs": "sh", "nob": "no", "nb": "no", "no": "no"}
"""ISO 639-1 codes that CLDR replaces by another language or by one with a script. Bokmål is `no`, as in lid.176."""


def read_labels(labels: Sequence[str]) -> list[tuple[str, str | None]]:
    """Language and, if the label says it, script of each label of one model.

    If a model has codes of two letters, all of its codes are kept: the Wikipedias' `als` is Alemannic, in ISO 639-3 it
    is Tosk Albanian. Otherwise they are ISO 639-3, and the shortest code takes their place: ISO 639-1 where there is
    one, that of the macrolanguage for the member that CLDR equates with it (cmn: zh, arb: ar, swh: sw), so that a
    recipe's `languages` and cut-offs mean the same under every model. A label that is neither is kept as it is.
    """
    parts = [_LABEL.fullmatch(label) for label in labels]
    three_letters = not any(part and len(part[1]) == 2 for part in parts)
    return [
        (shortest_code(part[1].lower()) if three_letters else part[1].lower(), part[2]) if part else (label, None)
        for label, part in zip(labels, parts, strict=True)
    ]


def are_languages(labels: Sequence[str]) -> bool:
    """Whether at least half of the labels of a model are codes of languages: of three letters, or of two that CLDR has
    a name for. Classifiers of quality, topics or opinions are files of the same kind."""
    from babel import Locale

    named = Locale("en").languages
    codes = [part[1].lower() for label in labels if (part := _LABEL.fullmatch(label))]
    return 2 * sum(len(code) == 3 or (len(code) == 2 and code in named) for code in codes) >= len(labels)


def shortest_code(code: str) -> str:
    """The ISO 639-1 code of a language given by any code of two or three letters in lower case, if it has one."""
    from babel.core import get_global

    short = _ISO_639_1.get(code) or get_global("language_aliases").get(code, code)
    return short if len(short) == 2 else code
