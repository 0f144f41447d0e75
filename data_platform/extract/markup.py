"""What every HTML engine does before it begins: limits, decoding, and the guard.

Here belongs what is the same for all HTML engines. Not here: parsing, and what an engine takes for content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from data_platform.extract.decode import decode_to_utf8
from data_platform.extract.guard import too_much
from data_platform.extract.protocol import Rejected
from data_platform.extract.settings import Extraction

# XML allows no other characters below U+0020, and lxml raises where they are set as text.
_NOT_XML = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NOT_CHARACTERS = re.compile(b"\xed[\xa0-\xbf][\x80-\xbf]|\xef\xbf[\xbe\xbf]")  # surrogates, U+FFFE and U+FFFF


def open_markup(payload: bytes, charset: str | None, settings: Extraction) -> str | Rejected:
    """The page as characters that a parser may be given, or why it is not parsed."""
    markup = open_markup_utf8(payload, charset, settings)
    return markup if isinstance(markup, Rejected) else markup.decode("utf-8")


def open_markup_utf8(payload: bytes, charset: str | None, settings: Extraction) -> bytes | Rejected:
    """As `open_markup`, in UTF-8, for what reads bytes."""
    if len(payload) > settings.max_html_bytes:
        return Rejected("too_large", f"{len(payload)} bytes, more than {settings.max_html_bytes}")
    markup = decode_to_utf8(payload, charset, markup=True)
    if isinstance(markup, Rejected):
        return markup
    markup = markup.translate(None, _NOT_XML)
    if b"\xed" in markup or b"\xef\xbf" in markup:
        markup = _NOT_CHARACTERS.sub(b"", markup)
    if not markup.strip():
        return Rejected("empty_text")
    return too_much(markup, settings.max_tree_depth) or markup


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
