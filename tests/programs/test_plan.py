"""What programs are written: personal data by form and checksum, repairs as ftfy makes them, lines as C4 has them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_platform.core.kinds.editor import PERSONAL_TYPES, Editor, Replace
from data_platform.methods.edits.personal_data import find_personal_data, is_iban, luhn
from data_platform.methods.edits.settings import LineRules, Refinement
from data_platform.programs.interpreter import EDIT_KINDS, interpret
from data_platform.programs.plan import Limits, Planned, Use, plan
from data_platform.stages.refinement import editors

EVERYTHING = Refinement(personal_data=PERSONAL_TYPES, lines=LineRules(c4={}, culturax={}))


def _plan(texts: list[str] | pa.Array, settings: Refinement, domains: list[str] | None = None) -> Planned:
    texts = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
    return plan(texts, pa.array(domains or ["web"] * len(texts)), editors(settings), settings.min_words)


def _refine(texts: list[str], settings: Refinement) -> list[str]:
    return _plan(texts, settings).interpreted.text.to_pylist()


def _redacted(text: str, **settings) -> str:
    return _refine([text], Refinement(unicode=False, personal_data=PERSONAL_TYPES, **settings))[0]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Mail anna.muster+news@mail.example.co.uk.", "Mail <EMAIL>."),
        ("<müller@example.de>, (info@example.de);", "<<EMAIL>>, (<EMAIL>);"),
        ("info (at) example.de or anna [at] mail [dot] example [dot] org!", "<EMAIL> or <EMAIL>!"),
        ("büro@müller-söhne.de, info@a.bräu.at; иван@пример.рф. post@xn--mller-kva.xn--p1ai!",
         "<EMAIL>, <EMAIL>; <EMAIL>. <EMAIL>!"),
        ("请发邮件到wang@例子.中国谢谢。メールはtaro@例え.jpまで、ईमेल info@उदाहरण.भारत है। info@παράδειγμα.ελ",
         "请发邮件到<EMAIL>谢谢。メールは<EMAIL>まで、ईमेल <EMAIL> है। <EMAIL>"),
        ("W@ж, 猫@狗, нас@имя, icön@2x.png, git@müller.de", "W@ж, 猫@狗, нас@имя, icön@2x.png, git@müller.de"),
        ("john AT example DOT com, sales AT acme DOT co DOT uk; j.doe at example dot com",
         "<EMAIL>, <EMAIL>; <EMAIL>"),
        ("jane <at> cs <dot> example <dot> edu, max[@]firma.de, pierre (arobase) exemple (point) fr, x (ät) bräu.de",
         "<EMAIL>, <EMAIL>, <EMAIL>, <EMAIL>"),
        ("E-mail: office @ example.org, メール info＠example.jp", "E-mail: <EMAIL>, メール <EMAIL>"),  # noqa: RUF001
        *((text, text) for text in (
            "Find us at example dot com or AT example DOT com, in 2005 at example dot org", "LOOK AT EXAMPLE.COM",
            "the AT command DOT matrix", "10 AM @ example.com", "2 apples @ 3.50", "(a) example.com (all)",
        )),
        ("icon@2x.png, @handle, a@b, user@localhost", "icon@2x.png, @handle, a@b, user@localhost"),
        ("git clone git@github.com:a/b.git by digit@example.org", "git clone git@github.com:a/b.git by <EMAIL>"),
        ("from 81.2.69.160:80 and 2001:4860:4860::8888.", "from <IP>:80 and <IP>."),
        ("192.168.0.1, 127.0.0.1, 10.1.2.300, v81.2.69.160, version 81.2.69.160, 3.2.1.4, ::1",
         "192.168.0.1, 127.0.0.1, 10.1.2.300, v81.2.69.160, version 81.2.69.160, 3.2.1.4, ::1"),
        # The example of ISO 13616 in one piece, in groups and with a wrong digit; Norway has the shortest.
        ("GB82WEST12345698765432, GB82 WEST 1234 5698 7654 32. GB83WEST12345698765432", "<IBAN>, <IBAN>. "
         "GB83WEST12345698765432"),
        ("IBAN: NO93 8601 1117 947", "IBAN: <IBAN>"),
        # Examples of the SWIFT registry.
        ("DE89-3704-0044-0532-0130-00, FR14.2004.1010.0505.0001.3M02.606 AE07\xa00331\xa02345\xa06789\xa00123\xa0456。",
         "<IBAN>, <IBAN> <IBAN>。"),
        ("CR05 0152 0200 1026 2840 66 账户DE89370400440532013000谢谢", "<IBAN> 账户<IBAN>谢谢"),
        ("GB29-NWBK-6016-1331-9268-18, DE89--3704-0044-0532-0130-00",
         "GB29-NWBK-6016-1331-9268-18, DE89--3704-0044-0532-0130-00"),
        # Numbers that issuers publish for tests.
        ("4111111111111111 and 3782 822463 10005 and 5555-5555-5555-4444",
         "<CREDIT_CARD> and <CREDIT_CARD> and <CREDIT_CARD>"),
        ("4111111111111112, EAN 4006381333931, example.org/posts/4111111111111111",
         "4111111111111112, EAN 4006381333931, example.org/posts/4111111111111111"),
        ("my card 30569309025904", "my card <CREDIT_CARD>"),
        ("Call +49 (0)40 30030-1000 or 212-555-0123 ext 45.", "Call <PHONE> or <PHONE>."),
        ("Tel.: 030 / 78 95 47 78, Fax (030) 789547-79", "Tel.: <PHONE>, Fax <PHONE>"),
        ("+49 (0)171 / 123 45 67; Telefon 22 12 34 56, Tlf. 33123456, Τηλ. 210-1234567, Tel.: 01 588 58-0",
         "<PHONE>; Telefon <PHONE>, Tlf. <PHONE>, Τηλ. <PHONE>, Tel.: <PHONE>"),
        ("22 12 34 56; 33123456; 210-1234567; 17 / 123 45", "22 12 34 56; 33123456; 210-1234567; 17 / 123 45"),
        ("01.84.17.61.18 but 01.08.2017, 2019-2020, 12 345 678", "<PHONE> but 01.08.2017, 2019-2020, 12 345 678"),
        ("Tél. 06.12.34.56.78, 手机 13812345678, тел. 8 495 739 70 00", "Tél. <PHONE>, 手机 <PHONE>, тел. <PHONE>"),
        ("call 0800 138 5560 or 18001 0800 138 5560", "call <PHONE> or 18001 0800 138 5560"),
        ("05.-07.06.2021, 01.02.-03.04.2021, 05-07/06/2021, 02/2021-03/2022, +10 000 000, 10.1016/j.cell.2020.01.021",
         "05.-07.06.2021, 01.02.-03.04.2021, 05-07/06/2021, 02/2021-03/2022, +10 000 000, 10.1016/j.cell.2020.01.021"),
        ("server 81.2.69.160, IP version 4: 81.2.69.160-81.2.69.170 (driver 81.2.69.160)",
         "server <IP>, IP version 4: <IP>-<IP> (driver 81.2.69.160)"),
        *((text, text) for text in (
            "Versión 31.12.3.4", "v. 3.11.24.4 и версия 31.12.3.4", 'AssemblyVersion("4.12.3.4")', "版本 31.12.3.4",
            "versions 4.11.2.3, 4.11.2.4 and 4.11.2.5", "Opera/9.80.1.2", "Chrome 96.0.46.110", "Chrome/108.0.0.0",
            "§ 31.12.3.4", "EC 1.14.13.39",
        )),
        ("Firmware: 12.4.10.33, build 81.2.69.160", "Firmware: 12.4.10.33, build 81.2.69.160"),
        ("phone 467 3395; order 467 3395", "phone <PHONE>; order 467 3395"),
        ("ISBN 0-306-40615-2, 10,000,000, $1 234 567, 1.2.3.4.5",
         "ISBN 0-306-40615-2, 10,000,000, $1 234 567, 1.2.3.4.5"),
    ],
)  # fmt: skip
def test_personal_data_is_known_by_its_form(text: str, redacted: str) -> None:
    assert _redacted(text) == redacted


def test_types_and_private_addresses_are_switches() -> None:
    text = pa.array(["a@example.org 192.168.0.1 +49 30 1234567"])
    assert [span.type for span in find_personal_data(text, ("PHONE",))[0]] == ["PHONE"]
    assert [span.type for span in find_personal_data(text, ("IP", "EMAIL"), public_addresses_only=False)[0]] == [
        "EMAIL", "IP",
    ]


@settings(deadline=None)  # on a machine that is busy a call takes longer
@given(st.integers(0, 10**18 - 1))
def test_checksums_find_every_changed_digit(number: int) -> None:
    digits = f"{number:018d}"
    with_check = [digits + str(check) for check in range(10) if luhn(f"{digits}{check}".encode())]
    assert len(with_check) == 1
    account = next(f"DE{check:02d}{digits}" for check in range(100) if is_iban(f"DE{check:02d}{digits}".encode()))
    for place in range(4, len(account)):
        changed = account[:place] + str((int(account[place]) + 1) % 10) + account[place + 1 :]
        assert not is_iban(changed.encode())


def test_repairs_and_redactions_meet(tmp_path: Path) -> None:
    # The address is found although ftfy has to mend it, and the program holds none of it.
    text = "Frag mÃ¼ller@example.de &#97;nna@example.org â€“ 5 â‚¬"  # noqa: RUF001
    planned = _plan([text], Refinement())
    assert planned.interpreted.text[0].as_py() == "Frag <EMAIL> <EMAIL> – 5 €"  # noqa: RUF001
    assert "ller" not in planned.program[0].as_py() and "nna" not in planned.program[0].as_py()


C4_PAGE = """Home | About
This line is a sentence with a mark at its end.
This line is one without
Two words.
Please enable JavaScript in your browser to go on.
We USE Cookies to make this page better for everyone.

It says so in the book.[12]
And another one follows here [edit]
She said "yes, of course!"
This goes on and on...
"""


def test_lines_go_as_c4_says() -> None:
    refined = _refine([C4_PAGE], Refinement(lines=LineRules(c4={})))[0]
    assert refined == (
        'This line is a sentence with a mark at its end.\nIt says so in the book.\nShe said "yes, of course!"'
    )


def test_lines_go_as_culturax_says() -> None:
    page = "Short\nThis is a line of a length that nobody calls short.\n\nvar x = document.title;\n{}\nImprint\nTop"
    rules = Refinement(lines=LineRules(culturax={}))
    line = "Another line which is long enough to stay at the end."
    code = line + "\nfunction() is what window.x has"
    assert _refine([page.format(line)], rules)[0] == (
        f"Short\nThis is a line of a length that nobody calls short.\n\n{line}"
    )
    assert _refine([page.format(code)], rules)[0] == page.format(code).removesuffix("\nImprint\nTop")
    assert _refine(["Only\nshort\nlines"], rules)[0] == "Only\nshort\nlines"


def test_rules_apply_where_they_should() -> None:
    rules = LineRules(c4={}, domains=("web",))
    planned = _plan([C4_PAGE, C4_PAGE], Refinement(lines=rules, min_words=30), ["code", "web"])
    assert planned.interpreted.outcome.to_pylist() == ["unchanged", "dropped"]
    assert planned.interpreted.reason.to_pylist() == ["", "too_short"]


_PIECES = st.lists(
    st.sampled_from([
        "Ã¼", "â€™", "&amp;", "<", "é", " ", "\n", "a@b.org", "x", "+49 30 1234567", "[1]", "\x9d", "words and more.",
        "4111111111111111", "â€", "œ", "Use cookies", "function( window.x", "Â£", "81.2.69.160",
        "GB82WEST12345698765432", "info (at) example.org", "DE89-3704-0044-0532-0130-00", "j AT x DOT org", "\uff20",
        "中", "ü@ö.中国", " @ ", "[2]", "81.2.69.160-81.2.69.170",
    ]),
    max_size=14,
).map("".join)  # fmt: skip


@settings(deadline=None)  # the first call compiles
@given(st.lists(_PIECES, min_size=1, max_size=5))
@example(["Ã¼[1]Ã¼words and more."])
def test_what_is_planned_can_always_be_applied(texts: list[str]) -> None:
    array = pa.array(texts, pa.large_string())
    planned = _plan(array, EVERYTHING)
    assert "malformed" not in planned.interpreted.outcome.to_pylist()
    assert planned.interpreted.text.equals(interpret(array, planned.program).text)
    # One text at a time gives the same programs.
    assert [_plan(array[row : row + 1], EVERYTHING).program[0] for row in range(len(texts))] == list(planned.program)


def test_a_mark_within_a_repair_does_not_undo_the_other_edits() -> None:
    assert _refine(["Ã¼[1]Ã¼ by a@b.org [2]."], EVERYTHING) == ["ü[1]ü by <EMAIL> ."]
    assert _refine(["[1] Ã¼[1]Ã¼[12] by a@b.org [2][1] or[edit] here[1]Ã¼."], EVERYTHING) == [
        " ü[1]ü by <EMAIL>  or hereü."
    ]
    assert _refine(["Ã¼ [1] by a@b.org [2]."], EVERYTHING) == ["ü  by <EMAIL> ."]


class Shouting(Editor):
    """Puts words in capitals into small letters, with "e" for "é"; a test."""

    def edits(self, texts: pa.LargeStringArray) -> dict[int, list[Replace]]:
        found = {}
        for row, text in enumerate(texts.to_pylist()):
            for match in re.finditer(r"[A-ZÉ]{2,}", text):
                start = len(text[: match.start()].encode())
                lower = match[0].lower().replace("é", "e")
                found.setdefault(row, []).append(Replace(start, start + len(match[0].encode()), lower))
        return found


class Careless(Editor):
    """Replaces what is not there."""

    def edits(self, texts: pa.LargeStringArray) -> dict[int, list[Replace]]:
        return {row: [Replace(5_000, 10_000, "")] for row in range(len(texts))}


def _with(*editors_: Editor, settings: Refinement) -> list[Use]:
    return [*editors(settings), *(Use(type(one).__name__.lower(), one) for one in editors_)]


@pytest.mark.parametrize(
    ("text", "refined"),
    [
        ("PLEASE write to OFFICE@EXAMPLE.ORG NOW", "please write to <EMAIL> now"),
        # The repaired word is one span, and an edit of a part of it keeps the rest.
        ("The CAFÃ‰ is CLOSED", "The cafe is closed"),
        ("a CAFÃ‰s and mÃ¼ller@EXAMPLE.org", "a cafes and <EMAIL>"),
    ],
)
def test_edits_of_any_editor_meet_repairs_and_redactions(text: str, refined: str) -> None:
    wanted = _with(Shouting(Shouting.Settings()), settings=Refinement())
    planned = plan(pa.array([text]), pa.array(["web"]), wanted, limits=Limits(64))
    assert planned.interpreted.text.to_pylist() == [refined] and planned.refused.to_pylist() == [""]
    assert planned.interpreted.counts[0, EDIT_KINDS.index("repairs")] >= 2 - ("@" in text)


def test_an_editor_whose_edits_cannot_be_applied_is_left_out_and_told() -> None:
    settings = Refinement(lines={"c4": {}})
    texts = pa.array([C4_PAGE, "Write to a@b.org now, and do it well."])
    alone = plan(texts, pa.array(["web", "web"]), editors(settings))
    planned = plan(texts, pa.array(["web", "web"]), _with(Careless(Careless.Settings()), settings=settings))
    assert planned.program.equals(alone.program)
    assert planned.refused.to_pylist() == ["careless.span_out_of_range"] * 2


def test_further_editors_are_named_in_the_recipe() -> None:
    settings = Refinement(editors={"telephones": {"method": "personal_data", "types": ["PHONE"]}})
    assert [use.name for use in editors(settings)] == ["unicode", "personal_data", "telephones"]
    assert _refine(["a@b.org +49 30 1234567"], settings) == ["<EMAIL> <PHONE>"]
    with pytest.raises(ValidationError, match="there is no editor personal_dat; personal_data is near"):
        Refinement(editors={"personal_dat": {}})


def _fixed(text: str) -> str:
    import ftfy

    settings = {"fix_latin_ligatures": False, "fix_character_width": False, "uncurl_quotes": False}
    fixed = ftfy.fix_text(text, fix_line_breaks=False, normalization="NFC", **settings)
    return fixed if fixed.count("\n") == text.count("\n") else text


@settings(deadline=None)  # the first call compiles
@given(_PIECES)
def test_repairs_are_those_of_ftfy(text: str) -> None:
    refined = _refine([text], Refinement(personal_data=()))[0]
    assert refined == _fixed(text) or not refined.strip() or not _fixed(text).strip()


def test_real_pages_are_refined_and_rebuilt(shared_data: Path) -> None:
    samples = shared_data / "domains" / "mixed-samples"
    lines = [line for name in sorted(samples.glob("*.jsonl")) for line in name.read_text("utf-8").splitlines()]
    texts = [json.loads(line).get("text") or "" for line in lines]
    array = pa.array(texts, pa.large_string())
    planned = _plan(array, EVERYTHING)
    outcomes = set(planned.interpreted.outcome.to_pylist())
    assert "refined" in outcomes and "malformed" not in outcomes and not planned.inserted.any()
    assert planned.interpreted.text.equals(interpret(array, planned.program).text)
    assert [_fixed(text) for text in texts] == _refine(texts, Refinement(personal_data=()))


def test_labelled_sentences(shared_data: Path) -> None:
    """1,500 sentences of the Presidio project: what has a checksum is found, each and nothing else."""
    rows = json.loads((shared_data / "labels" / "pii" / "presidio-synth_dataset_v2.json").read_text("utf-8"))
    found = find_personal_data(pa.array([row["full_text"] for row in rows], pa.large_string()))
    names = {"EMAIL_ADDRESS": "EMAIL", "IP_ADDRESS": "IP", "IBAN_CODE": "IBAN", "CREDIT_CARD": "CREDIT_CARD"}
    for number, row in enumerate(rows):
        labelled = {
            (names[span["entity_type"]], span["entity_value"]) for span in row["spans"] if span["entity_type"] in names
        }
        text = row["full_text"].encode()
        mine = {(span.type, text[span.start : span.end].decode()) for span in found.get(number, ())}
        assert {entry for entry in mine if entry[0] != "PHONE"} == labelled
