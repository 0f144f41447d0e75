"""Personal data by form and checksum."""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field

from data_platform.core.kinds.editor import PERSONAL_TYPES, Editor, Redact
from data_platform.core.kinds.method import Example, Section
from data_platform.text.buffers import text_buffers

# The strictest check first.
_STRICTNESS = {"IBAN": 0, "CREDIT_CARD": 1, "EMAIL": 2, "IP": 3, "PHONE": 4}


class Span(NamedTuple):
    """Personal data in a text: bytes `start` to `end`, the last excluded, and one of `PERSONAL_TYPES`."""

    start: int
    end: int
    type: str


class PersonalData(Editor, name="personal_data"):
    r"""Personal data: e-mail addresses, telephone numbers, IP addresses, IBANs, card numbers, by form and checksum.

    Here belongs what has a form that can be checked without reading the sentence. Not here: names, street addresses and
    whatever else needs a model, and the placeholder that is put in (`programs/program.py`).

    A compiled scan finds where something could be (`kernels.find_candidates`), a rule per type decides:

    EMAIL
        local@domain.tld as people write addresses: letters, digits and ._%+'~- before the @, letters beyond ASCII and
        internationalised domains included (RFC 6531), but for Chinese, Japanese, Korean and Thai before the @. Also
        spelled `name (at) domain.tld`, `name [at] domain [dot] tld` and `name AT domain DOT tld`, as pages do against
        harvesters; but `find us at domain dot com` is no address.
        File names such as `icon@2x.png` are not addresses, nor is the `git@` of a repository.
    IP
        IPv4 and IPv6 in full, as `ipaddress` of the standard library reads them. By default only addresses that are
        globally reachable (`is_global`), as in FineWeb's pipeline (Penedo et al. 2024, arXiv:2406.17557; `PIIFormatter`
        of datatrove): 127.0.0.1 is nobody's. Of IPv4, four one-digit parts are taken for the number of a section or
        version (3.2.1.4): one random address in 430,000 looks like that, and .0.0 at the end is a version too. So is
        what follows a letter, "version" in several languages, or the name of a product (Opera/9.80.1.2, Chrome
        96.0.46.110).
    IBAN
        ISO 13616: the length of its country in the SWIFT registry and a remainder of 1 modulo 97; in one piece or in
        groups, between which a space, hyphen or full stop stands.
    CREDIT_CARD
        ISO/IEC 7812: 12 to 19 digits in one piece or in the groups that are embossed, with the Luhn checksum. One
        random number in ten has the checksum, and barcodes (GTIN-13 and -14) have the lengths and prefixes of rare
        cards. So 15, 16 and 19 digits must also have the prefix and length of an issuer, and the rest is taken if the
        words around it speak of a card.
    PHONE
        Written forms that little else has: international (+49 ..., 0049 ...), a bracketed area code, North American
        groups (212-555-0123), and national numbers that begin with a trunk 0 and are written in groups. Other numbers
        of 7 to 12 digits, if the words around speak of telephones. Dates, ranges of years and what is called an ISBN,
        an account or a tax number are none. `phonenumbers`, the port of Google's libphonenumber, was measured beside
        this (`benchmarks/pii.py`): it needs a country, and finds less, or calls most numbers telephones, at a fraction
        of the speed.

    Where two overlap, the one that can be checked more strictly wins: IBAN, CREDIT_CARD, EMAIL, IP, PHONE.
    """

    class Settings(Section):
        """Which personal data is redacted. The defaults are what FineWeb does to every text."""

        types: tuple[Literal["EMAIL", "PHONE", "IP", "IBAN", "CREDIT_CARD"], ...] = Field(
            default=("EMAIL", "IP"), description="Types of personal data that are redacted."
        )
        public_addresses_only: bool = Field(
            default=True, description="Leave IP addresses that only a local network uses."
        )

    examples = (
        Example("Mail anna.muster+news@mail.example.co.uk.", "Mail <EMAIL>.", {}, "the form of RFC 5322"),
        Example("from 81.2.69.160:80 and 127.0.0.1", "from <IP>:80 and 127.0.0.1", {}, "the registries of IANA"),
        Example("GB82 WEST 1234 5698 7654 32 and GB83WEST12345698765432", "<IBAN> and GB83WEST12345698765432",
                {"types": ["IBAN"]}, "the example of ISO 13616, and the same with another check digit"),
        Example("4111111111111111, 4111111111111112", "<CREDIT_CARD>, 4111111111111112", {"types": ["CREDIT_CARD"]},
                "a number that issuers publish for tests, and the same without its checksum"),
        Example("Call +49 (0)40 30030-1000.", "Call <PHONE>.", {"types": ["PHONE"]}, "by hand: ITU-T E.123"),
    )

    def edits(self, texts: pa.LargeStringArray) -> dict[int, list[Redact]]:
        """Redactions, in order."""
        found = find_personal_data(texts, self.settings.types, self.settings.public_addresses_only)
        return {row: [Redact(*span) for span in spans] for row, spans in found.items()}


def find_personal_data(
    text: pa.Array | pa.ChunkedArray, types: Sequence[str] = PERSONAL_TYPES, public_addresses_only: bool = True
) -> dict[int, list[Span]]:
    """Personal data by row: spans in order, without overlap. Rows without any are left out.

    Args:
        text: strings of any Arrow layout.
        types: which types to look for.
        public_addresses_only: leave IP addresses that are not globally reachable.
    """
    from data_platform.kernels import personal_data as kernels
    from data_platform.kernels.arrays import collect

    wanted = np.zeros(6, bool)
    wanted[kernels.NUMBER] = not {"PHONE", "IP", "CREDIT_CARD"}.isdisjoint(types)
    wanted[[kernels.ADDRESS, kernels.SPELLED_ADDRESS, kernels.WORDED_ADDRESS]] = "EMAIL" in types
    wanted[kernels.COLONS] = "IP" in types
    wanted[kernels.ACCOUNT] = "IBAN" in types
    rules = {
        kernels.NUMBER: lambda *at: _in_number(*at, types, public_addresses_only),
        kernels.ADDRESS: _email,
        kernels.SPELLED_ADDRESS: _spelled_email,
        kernels.WORDED_ADDRESS: _worded_email,
        kernels.COLONS: lambda *at: _ipv6(*at, public_addresses_only),
        kernels.ACCOUNT: _iban,
    }
    offsets, data = text_buffers(text)
    candidates = collect(4, kernels.find_candidates, offsets, data, wanted, kernels.CLASSES)
    buffer = memoryview(data)
    found: dict[int, list[Span]] = {}
    for row, kind, start, end in candidates.tolist():
        begin = int(offsets[row])
        # A view of the text alone: what stands beside a match must not be the text before or after.
        for span in rules[kind](buffer[begin : int(offsets[row + 1])], start - begin, end - begin):
            found.setdefault(row, []).append(span)
    return {row: _without_overlap(spans) for row, spans in found.items()}


def _without_overlap(spans: Iterable[Span]) -> list[Span]:
    """The strictest of those that overlap, in order of position."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (_STRICTNESS[span.type], span.start, -span.end)):
        place = bisect_right(kept, span)  # those kept do not overlap: only the neighbours can be in the way
        if (place == 0 or kept[place - 1].end <= span.start) and (place == len(kept) or span.end <= kept[place].start):
            kept.insert(place, span)
    return kept


# -- addresses --------------------------------------------------------------------------------------------------------

_FILE_ENDINGS = rb"(?i:png|jpe?g|gif|svg|webp|ico|css|js|html?|php)\b"
_EMAIL = re.compile(
    rb"[A-Za-z0-9_][A-Za-z0-9._%+'~-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    rb"(?:xn--[A-Za-z0-9-]{2,59}|(?!" + _FILE_ENDINGS + rb")[A-Za-z]{2,24})(?![A-Za-z0-9-])"
)
# Addresses beyond ASCII (RFC 6531). Scripts without spaces have no local parts here: where one begins cannot be seen.
_MARKS = "\u0300-\u036f\u064b-\u0655\u0900-\u0963\u0966-\u0df2\u1000-\u109f"
_SCRIPTS = ("A-Za-zÀ-\u024f", "\u0370-\u03ff", "\u0400-\u052f", "\u0531-\u0587", "\u05d0-\u05ea", "\u0620-\u06ff",
            "\u0900-\u0963\u0966-\u0df2", "\u10a0-\u10ff")
_LOCAL_NAME = "|".join(f"[{script}0-9_][{script}\u0300-\u036f0-9._%+'~-]{{0,63}}" for script in _SCRIPTS)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_UNSPACED_TOP_LEVELS = (  # the list of IANA, as of 2024: where such a domain ends cannot be seen otherwise
    "中国|中國|香港|台湾|台灣|澳門|新加坡|公司|网络|網絡|在线|中文网|网址|网站|網站|商城|商店|商标|手机|政务|政府|公益|机构|组织机构"
    "|移动|世界|信息|娱乐|游戏|时尚|集团|企业|健康|慈善|我爱你|みんな|コム|ストア|セール|クラウド|ファッション|ポイント"
    "|한국|닷컴|닷넷|ไทย|คอม|ລາວ"
)
_EMAIL_BEYOND_ASCII = re.compile(
    rf"(?:{_LOCAL_NAME})[@\uff20](?:[^\W_](?:[\w{_MARKS}-]{{0,61}}[\w{_MARKS}])?\.)+"
    rf"(?:(?!{_FILE_ENDINGS.decode()})[A-Za-z]{{2,24}}(?![A-Za-z0-9À-\u024f-])"
    rf"|xn--[A-Za-z0-9-]{{2,59}}|{_UNSPACED_TOP_LEVELS}|(?:(?![{_UNSPACED}A-Za-z0-9_])[\w{_MARKS}]){{2,24}}(?![\w{_MARKS}]))"
)
_BRACKETED_AT = rb" ?[(\[{<] ?(?:(?i:at|arobase|arroba|chiocciola)|\xc3\xa4t|@) ?[)\]}>] ?"
_BRACKETED_DOT = rb" ?[(\[{<] ?(?:(?i:dot|punkt|point|punto|ponto)|\.) ?[)\]}>] ?"
_SPELLED_EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}" + _BRACKETED_AT
    + rb"(?:(?:[A-Za-z0-9-]|[\xc3-\xc5][\x80-\xbf]){1,63}(?:\.|" + _BRACKETED_DOT + rb")){1,4}"
    rb"[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
# In words without brackets: capitals are meant to be read so. In "listen at npr dot org" nobody is addressed, so that
# a name before a small "at" must look like none of a sentence.
_WORDED_EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+@-])(?:(?!(?i:us|me|it|or|and|them|online|available|here|now)\b)"
    rb"[A-Za-z0-9_][A-Za-z0-9._+-]{0,63} AT "
    rb"|(?=[A-Za-z0-9]{1,63}[._+-]|[A-Za-z]{1,63}[0-9])[A-Za-z][A-Za-z0-9._+-]{0,63}(?<![._-]) at )"
    rb"(?:[A-Za-z0-9-]{1,63}(?:\.| DOT | dot )){1,4}(?:(?i:com|org|net|edu|gov|mil|info|biz)|[a-z]{2})(?![A-Za-z0-9-])"
)
# With spaces around the @ it may be a price or a place, unless the words before speak of mail.
_SPACED_EMAIL = re.compile(_EMAIL.pattern.replace(b"@", b" @ ", 1))
_MAIL_WORD = re.compile(rb"(?i:mail|contact|kontakt|correo|courriel|posta\b|e-post)|" + "почт|邮|郵|メール".encode())


def _email(data: memoryview, start: int, end: int) -> Iterator[Span]:
    while data[start] & 0xC0 == 0x80:  # the window begins within a character
        start += 1
    value = bytes(data[start:end])
    if value.isascii():
        first, last = match.span() if (match := _EMAIL.search(value)) else (0, 0)
    else:
        text = value.decode(errors="ignore")
        match = _EMAIL_BEYOND_ASCII.search(text)
        first, last = (len(text[:place].encode()) for place in match.span()) if match else (0, 0)
    if first < last and not value.startswith(b"git@", first):
        yield Span(start + first, start + last, "EMAIL")
    elif (match := _SPACED_EMAIL.search(value)) and _MAIL_WORD.search(data, max(0, start - _BEFORE), end):
        yield Span(start + match.start(), start + match.end(), "EMAIL")


def _spelled_email(data: memoryview, start: int, end: int) -> Iterator[Span]:
    for match in _SPELLED_EMAIL.finditer(data, start, end):
        yield Span(*match.span(), "EMAIL")


def _worded_email(data: memoryview, start: int, end: int) -> Iterator[Span]:
    # The words are looked for first: the pattern would take 9 s over a megabyte of " dot dot dot".
    for match in _WORDED_EMAIL.finditer(data, start, end) if b" at " in bytes(data[start:end]).lower() else ():
        yield Span(*match.span(), "EMAIL")


def _ipv6(data: memoryview, start: int, end: int, public_only: bool) -> Iterator[Span]:
    # A colon or full stop after an address belongs to the sentence, unless it is the :: of the address.
    while data[end - 1] == 0x2E or (data[end - 1] == 0x3A and data[end - 2] != 0x3A):
        end -= 1
    if (start and _is_word(data[start - 1])) or (end < len(data) and _is_word(data[end])):
        return
    value = bytes(data[start:end])
    # a::b is an address, and code of three languages as well.
    if len([part for part in value.split(b":") if part]) >= 4 and _is_address(value, public_only):
        yield Span(start, end, "IP")


def _is_address(value: bytes, public_only: bool) -> bool:
    if public_only and value.endswith(b".0.0"):  # a network, or Chrome's version without its last numbers
        return False
    try:
        address = ipaddress.ip_address(value.decode("ascii"))
    except ValueError:
        return False
    return address.is_global or not public_only


def _is_word(byte: int) -> bool:
    return byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F


# -- numbers ----------------------------------------------------------------------------------------------------------

_IPV4_FORM = rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
_IPV4 = re.compile(  # one or, as ranges are written, two
    rb"(?<![0-9A-Za-z_.-])(" + _IPV4_FORM + rb")(?:-(" + _IPV4_FORM + rb"))?(?![0-9A-Za-z_-]|\.[0-9])"
)
_VERSION = re.compile(  # what numbers of versions, sections and registers follow
    rb"(?:(?i:version|wersj[aie]|verze|versie|versjon|vers\xc3\xa3o|versi\xc3\xb3n|release|build|firmware|driver"
    rb"|kernel|section|abschnitt|kapitel|chapter|\b(?:v|ver|rev|revision|update|patch|fig|figure|table|oid|ec))"
    rb"|\b(?:Chrome|Firefox|Opera|Safari|Edge|Explorer|Android|i?OS(?: X)?|Player|Python|Java|UI)|\xc2\xa7"
    + "|верси(?:я|и|ю)|版本|バージョン|버전".encode() + rb")(?:e[nrs]?|s|\.)?[:=]?(?: ?(?:n\xc2\xb0|n[or]\.|number))?"
    rb" ?[\"'(]{0,2}(?:" + _IPV4_FORM + rb"(?:,| ?[-/&] ?| and| or| to| through| und| bis) ?){0,3}$"
    rb"|(?<![^ \t\n;,(\"'])(?!(?i:local)?host/)[A-Za-z][A-Za-z0-9_-]*/$"  # a product (RFC 9110, section 10.1.5)
)
_CARD = re.compile(
    rb"(?<![0-9A-Za-z_.,+/=&?%-])(?:[0-9]{12,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"
    rb"|3[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5})(?![0-9A-Za-z_-]|[.,][0-9])"
)
_CARD_WORD = re.compile(rb"(?i:card|kart|visa|maestro|amex|diners|tarjeta|carte|carta|\bcc\b)")
_CERTAIN_CARD_LENGTHS = (15, 16, 19)

# Issuers: prefix as a range of its first digits, and the lengths in use (ISO/IEC 7812, as published by issuers).
_ISSUERS = (
    (4, 4, (13, 16, 19)),  # Visa
    (51, 55, (16,)), (2221, 2720, (16,)),  # Mastercard
    (34, 34, (15,)), (37, 37, (15,)),  # American Express
    (300, 305, (14, 16)), (309, 309, (14, 16)), (36, 36, (14, 15, 16, 17, 18, 19)), (38, 39, (14, 16)),  # Diners Club
    (6011, 6011, (16, 19)), (644, 649, (16, 19)), (65, 65, (16, 19)),  # Discover
    (3528, 3589, (16, 17, 18, 19)), (1800, 1800, (15,)), (2131, 2131, (15,)),  # JCB
    (62, 62, (16, 17, 18, 19)), (81, 81, (16, 17, 18, 19)),  # UnionPay
    (50, 50, tuple(range(12, 20))), (56, 58, tuple(range(12, 20))), (60, 61, tuple(range(12, 20))),
    (63, 64, tuple(range(12, 20))), (66, 69, tuple(range(12, 20))),  # Maestro
    (2200, 2204, (16,)),  # Mir
)  # fmt: skip

_JOINT = rb"(?:[ ./-]|\xc2\xa0|\xe2\x80[\x90-\x94\xaf])"
_PHONE = re.compile(
    rb"(?<![0-9A-Za-z_/#=@$%&*<>-])(?<![0-9][.,:])(?<!\xc2[\xa3\xa5])(?<!\xe2\x82\xac)"
    rb"(?:(?:\+[0-9]{2,3} ?(?:\(0\) ?)?|\(?0)[1-9][0-9]{1,4}\)? [/-] (?=[0-9]))?"
    rb"\+?\(?\+?[0-9](?:[0-9()]|" + _JOINT + rb"{1,2}(?=[0-9(])){5,26}(?<=[0-9])"
    rb"(?: ?(?:x|ext\.?) ?[0-9]{1,5})?(?![0-9A-Za-z_%@]|[.,:/-][0-9]|\xe2\x82\xac)"
)
_GROUP = re.compile(rb"[0-9]+")
_BRACKETED_AREA = re.compile(rb"\(0?[1-9][0-9]{0,4}\)")
_YEAR = re.compile(rb"(?:1[5-9]|20)[0-9]{2}")
_DAY, _MONTH = rb"(?:0?[1-9]|[12][0-9]|3[01])", rb"(?:0?[1-9]|1[0-2])"
_DATE = re.compile(
    rb"(?:" + _DAY + rb"([./ -])" + _MONTH + rb"\1(?:19|20)?[0-9]{2}|" + _MONTH + rb"([/-])" + _DAY
    + rb"\2(?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}([./ -])" + _MONTH + rb"\3" + _DAY + rb")(?![0-9])"
)
_DATES = re.compile(  # "05.-07.06.2021", "01.02.-03.04.2021", "02/2021-03/2022"
    _DAY + rb"(?:[./]" + _MONTH + rb")?[./]?(?:(?:19|20)[0-9]{2})? ?(?:[/-]|\xe2\x80[\x90-\x94]) ?" + _DAY + rb"[./]"
    + _MONTH + rb"[./](?:19|20)?[0-9]{2}|" + _MONTH + rb"[./](?:19|20)[0-9]{2} ?(?:-|\xe2\x80[\x90-\x94]) ?" + _MONTH
    + rb"[./](?:19|20)[0-9]{2}"
)
_TELEPHONE_BEFORE = re.compile(
    rb"(?i:phone|\btele?f|\btel\b|t\xc3\xa9l|\bfax|\bmobile?|\bhandy|(?<!\.)\bcell|\bcall|\bring\b|\bdial|hotline"
    rb"|whatsapp|\bsms\b"
    rb"|\bfon\b|\btlf\b|\bpuh\b|puhelin|telep|rufnummer|durchwahl|\breach|telefoon|telefone|m\xc3\xb3vil|celular|komorka|kom\.)"
    + "|☎|📞|ел(?:ефон|\\.)|ηλ(?:έφωνο|\\.)|電話|电话|手机|전화|هاتف|טלפון|फोन|โทร".encode()
)
_TELEPHONE_AFTER = re.compile(rb"[^0-9A-Za-z]{0,4}(?i:fax|mobile|mobil|office|cell|phone|tel\b)")
_OTHER_NUMBER = re.compile(
    rb"(?i:isbn|issn|ean\b|iban|bic\b|konto|account|ssn|social security|licen[cs]e|doi\b|hrb|ust|\bvat\b|steuer|tax|sku"
    rb"|patent|\baz\b|aktenzeichen|order|invoice|rechnung|bestell|artikel|card|serial|zip\b|plz)"
)
_BEFORE, _AFTER = 40, 16


def _in_number(data: memoryview, start: int, end: int, types: Sequence[str], public_only: bool) -> Iterator[Span]:
    """What a run of digits and joints holds; it may hold several."""
    if "IP" in types:
        for match in _IPV4.finditer(data, start, end + 2):
            before = bytes(data[max(0, match.start() - _BEFORE) : match.start()])
            for group in (1, 2) if not _VERSION.search(before) else ():
                if match[group] and len(match[group]) > 7 and _is_address(match[group], public_only):
                    yield Span(*match.span(group), "IP")
    if "CREDIT_CARD" in types:
        for match in _CARD.finditer(data, start, end + 2):
            digits = match[0].translate(None, b" -")
            if luhn(digits) and (
                (has_issuer(digits) and len(digits) in _CERTAIN_CARD_LENGTHS)
                or _CARD_WORD.search(data, max(0, match.start() - _BEFORE), match.end() + _AFTER)
            ):
                yield Span(*match.span(), "CREDIT_CARD")
    if "PHONE" in types:
        for match in _PHONE.finditer(data, start, end + 12):
            if match.start() >= end:  # the beginning of the next number, cut off
                break
            before = bytes(data[max(0, match.start() - _BEFORE) : match.start()])
            after = bytes(data[match.end() : match.end() + _AFTER])
            if _is_phone(match[0], before, after):
                yield Span(*match.span(), "PHONE")


def has_issuer(digits: bytes) -> bool:
    """Whether a card number has the prefix and length of an issuer of cards."""
    return any(
        low <= int(digits[: len(str(low))]) <= high for low, high, lengths in _ISSUERS if len(digits) in lengths
    )


def luhn(digits: bytes) -> bool:
    """Whether the last of `digits` is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    values = [byte - 0x30 for byte in reversed(digits)]
    doubled = sum(sum(divmod(2 * value, 10)) for value in values[1::2])
    return (sum(values[::2]) + doubled) % 10 == 0


def _is_phone(number: bytes, before: bytes, after: bytes) -> bool:
    main = re.split(rb"x|ext", number)[0].strip()
    groups = _GROUP.findall(main)
    digits = sum(map(len, groups))
    if not 7 <= digits <= 15 or main.count(b"(") != main.count(b")"):
        return False
    if main[:1] == b"+" or main[:2] == b"(+":
        return digits >= 8 and groups[0][:1] != b"0" and set(groups[1:]) != {b"000"}  # millions
    lengths = [len(group) for group in groups]
    if _DATES.fullmatch(main) or all(_YEAR.fullmatch(group) for group in groups):
        return False
    said, other = _last(_TELEPHONE_BEFORE, before), _last(_OTHER_NUMBER, before)
    telephone = said > other or bool(_TELEPHONE_AFTER.match(after))
    # Four or five groups of two digits are a Scandinavian or French number, whatever date they begin with.
    if not (telephone and lengths in ([2] * 4, [2] * 5)) and _DATE.match(main):
        return False
    if not telephone and other >= 0:
        return False
    if main[:2] == b"00" and main[2:3] != b"0" and len(groups) > 1 and digits >= 10:
        return True
    if (area := _BRACKETED_AREA.match(main)) and not _YEAR.fullmatch(area[0][1:-1]) and digits >= 8:
        return True
    if lengths[-3:] == [3, 3, 4] and groups[-3][0] >= 0x32 and b" " not in main and len(groups) <= 4:
        return len(groups) == 3 or groups[0] == b"1"
    if groups[0][0] == 0x30 and lengths[0] >= 2 and groups[0][1] > 0x30 and len(groups) > 1 and 9 <= digits <= 12:
        return True
    if main.endswith(b"-0"):  # the exchange of an Austrian or German office
        lengths.pop()
    return telephone and digits <= 12 and min(lengths[1:], default=digits) >= 2


def _last(pattern: re.Pattern[bytes], text: bytes) -> int:
    """Where `pattern` begins for the last time, -1 if it does not occur."""
    return max((match.start() for match in pattern.finditer(text)), default=-1)


# -- accounts ---------------------------------------------------------------------------------------------------------

# Characters of an IBAN by country: SWIFT IBAN registry, release 99.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


_ACCOUNT_GROUP = re.compile(rb"(?:[ .-]|\xc2\xa0|\xe2\x80[\x90\x91\xaf])?([0-9A-Za-z]+)")


def _iban(data: memoryview, start: int, end: int) -> Iterator[Span]:
    length = _IBAN_LENGTHS.get(bytes(data[start : start + 2]).upper().decode("ascii"))
    if length is None:
        return
    characters = bytearray()
    position = start
    for group in _ACCOUNT_GROUP.finditer(data, start, end):
        if group.start() != position:
            break
        position = group.end()
        missing = length - len(characters)
        characters += group[1][:missing]
        if len(group[1]) >= missing:
            position = group.start(1) + missing
            break
    # What follows must not go on with it. Checksum and length are sure enough for scripts without spaces.
    goes_on = position < len(data) and (_is_word(data[position]) and data[position] < 0x80)
    if len(characters) == length and not goes_on and is_iban(bytes(characters)):
        yield Span(start, position, "IBAN")


def is_iban(characters: bytes) -> bool:
    """Whether an IBAN without spaces has the right checksum (ISO 13616, by ISO/IEC 7064 MOD 97-10)."""
    rotated = characters[4:] + characters[:4]
    return int("".join(str(int(chr(byte), 36)) for byte in rotated)) % 97 == 1
