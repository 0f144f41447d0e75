"""What every HTML engine does before it begins: limits, decoding, and the guard.

Here belongs what is the same for all HTML engines. Not here: parsing, and what an engine takes for content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from data_platform.extract.decode import decode
from data_platform.extract.guard import too_much
from data_platform.extract.protocol import Rejected
from data_platform.recipe import Extraction

# XML allows no other characters below U+0020, and lxml raises where they are set as text.
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def open_markup(payload: bytes, charset: str | None, settings: Extraction) -> str | Rejected:
    """The page as characters that a parser may be given, or why it is not parsed."""
    if len(payload) > settings.max_html_bytes:
        return Rejected("too_large", f"{len(payload)} bytes, more than {settings.max_html_bytes}")
    text = decode(payload, charset, markup=True)
    if isinstance(text, Rejected):
        return text
    text = _NOT_XML.sub("", text)
    if not text.strip():
        return Rejected("empty_text")
    return too_much(text.encode("utf-8"), settings.max_tree_depth) or text


def engine_options(engine: str, defaults: Mapping[str, bool], settings: Extraction) -> dict[str, bool]:
    """The options of an engine: its defaults, and what the recipe sets instead.

    Raises:
        ValueError: if the recipe sets an option that the engine does not have, or not to true or false.
    """
    if unknown := sorted(settings.options.keys() - defaults.keys()):
        raise ValueError(
            f"extraction.options: {engine} has no option {', '.join(unknown)}; it has {', '.join(sorted(defaults))}"
        )
    if wrong := sorted(name for name, value in settings.options.items() if not isinstance(value, bool)):
        raise ValueError(f"extraction.options: {', '.join(wrong)} must be true or false")
    return {**defaults, **settings.options}
