"""Bytes to Unicode, nearly as a browser would, and without ever raising.

Here belongs the decision for an encoding. Not here: what is done to the characters afterwards (`clean`).

The order is that of the HTML standard (section 13.2.3.2, "Determining the character encoding"): byte order mark, then
the transport's label, then <meta> or the XML declaration, then detection from the bytes (uchardet, in resiliparse),
then windows-1252. Labels are read by the WHATWG Encoding standard: `iso-8859-1`, `latin1` and `us-ascii` mean
windows-1252, `gb2312` means gbk, and so on. Two departures, because a label is wrong more often than bytes fit another
encoding by accident: bytes that are valid UTF-8 are UTF-8 whatever a label says, and a label that leaves more than
`MAX_MISFIT` of the characters beyond ASCII undecoded is passed over. A third one: UTF-16 without a byte order mark is
known by its zero bytes, for which the standard has no rule and text of no other encoding has a use.
"""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from data_platform.extract.protocol import Rejected

META_BYTES = 16_384
"""Where a <meta> is looked for. The standard asks for 1,024 bytes at least; real pages put scripts before it."""

DETECTION_BYTES = 131_072
"""Half of them from the start and half from the end of the payload; the default of resiliparse."""

MAX_MISFIT = 0.25
"""Share of replacement characters among characters beyond ASCII above which an encoding does not fit. Windows-1252 read
as UTF-8 has nearly 1; UTF-8 with single damaged bytes little, but a short text has few characters to compare with."""

MAX_CONTROL_SHARE = 0.05
"""Share of control and replacement characters above which bytes are no text. Random bytes read as windows-1252 have 12
percent of them."""

ZERO_BYTES = 4_096
"""How much of the start is looked at for the zero bytes of UTF-16."""

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/][^>]*?charset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"'>]+)", re.IGNORECASE)
_ASCII = re.compile("[\0-\x7f]+")
_CONTROL = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n\v\f\r\x1b")


def decode(payload: bytes, charset: str | None, *, markup: bool) -> str | Rejected:
    """The characters of `payload`, without a byte order mark; single invalid bytes become U+FFFD.

    Args:
        payload: the bytes.
        charset: label of the transport, may be nonsense.
        markup: whether <meta> and <?xml encoding> are looked for.

    Returns:
        The text, or `Rejected("undecodable")` if more than `MAX_CONTROL_SHARE` of it is no text.
    """
    encoded = decode_to_utf8(payload, charset, markup=markup)
    return encoded if isinstance(encoded, Rejected) else encoded.decode("utf-8", "surrogatepass")


def decode_to_utf8(payload: bytes, charset: str | None, *, markup: bool) -> bytes | Rejected:
    """As `decode`, in UTF-8, for what reads bytes. Lone surrogates, which some encodings can give, stay."""
    text = _decoded(payload, charset, markup)
    # Most pages are UTF-8 without a mark, and are what they are encoded to again.
    encoded = payload if text is None else text.encode("utf-8", "surrogatepass")
    controls = len(encoded) - len(encoded.translate(None, _CONTROL)) + encoded.count(b"\xef\xbf\xbd")
    if not controls:
        return encoded
    characters = len(payload.decode("utf-8") if text is None else text)
    if controls > MAX_CONTROL_SHARE * characters:
        return Rejected("undecodable", f"{controls} of {characters} characters are no text")
    return encoded


def _decoded(payload: bytes, charset: str | None, markup: bool) -> str | None:
    """The characters, None if they are those of the payload in UTF-8."""
    for mark, name in _BYTE_ORDER_MARKS:
        if payload.startswith(mark):
            return payload[len(mark):].decode(name, "replace")
    # Bytes with NUL or ESC may be valid UTF-8 and mean UTF-16 or ISO-2022-JP.
    if b"\0" not in payload and b"\x1b" not in payload:
        try:
            payload.decode("utf-8")
            return None
        except UnicodeDecodeError:
            pass
    if name := _utf16(payload):
        return payload.decode(name, "replace")
    labels = [encoding_of(charset), _declared(payload) if markup else None]
    for name in (*labels, detect_encoding(payload, max_len=DETECTION_BYTES)):
        if name and _fits(text := payload.decode(name, "replace")):
            return text
    return payload.decode("cp1252", "replace")


def _utf16(payload: bytes) -> str | None:
    """The UTF-16 that `payload` is in if every tenth character at least is of Latin-1, such as those of markup, so that
    its upper byte is zero, and hardly any lower byte is."""
    head = payload[:ZERO_BYTES]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 20 < len(head) or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def encoding_of(label: str | None) -> str | None:
    """Python's name of the encoding that the WHATWG Encoding standard means by `label`; None if it means none."""
    if not label:
        return None
    label = label.strip(" \t\r\n\f\"';,")
    try:
        # Python knows spellings that the standard does not ("latin-1"); the standard decides what they mean.
        return map_encoding_to_html5(label, fallback_utf8=False) or map_encoding_to_html5(
            codecs.lookup(label).name, fallback_utf8=False
        )
    except (LookupError, ValueError):
        return None


def _declared(payload: bytes) -> str | None:
    head = _COMMENT.sub(b"", payload[:META_BYTES])
    match = _META.search(head) or _XML.match(head)
    name = encoding_of(match[1].decode("ascii", "replace")) if match else None
    # The bytes of the declaration could be read as ASCII, so they are not UTF-16 (same section of the standard).
    return "utf-8" if name and name.startswith("utf-16") else name


def _fits(text: str) -> bool:
    return text.count("\ufffd") <= MAX_MISFIT * len(_ASCII.sub("", text))
