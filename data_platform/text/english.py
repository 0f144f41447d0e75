# ruff: noqa: RUF001 - characters that look alike are what this list is about
"""Lists of words that the quality signals know: stop words, and what the rules for cutting English text name.

Here belong the lists. Not here: the rules (`tokens.py`). `exceptions` are chunks that are cut otherwise than the rules
for affixes say: contractions, abbreviations, emoticons. They and `UNITS` hold what the English tokenizer of spaCy 3.8
holds (`lang/en/tokenizer_exceptions.py`, `lang/tokenizer_exceptions.py`, `lang/char_classes.py`, MIT licence).
"""

from __future__ import annotations

import functools

GOPHER_STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""The English words of Gopher's stop word rule (arXiv:2112.11446, appendix A.1.1)."""

_STOP_WORDS = (
    "a about above after again against all am an and any are as at be because been before being below between both "
    "but by can could did do does doing don down during each few for from further had has have having he her here "
    "hers herself him himself his how i if in into is it its itself just me more most my myself no nor not now of "
    "off on once only or other our ours ourselves out over own s same she should so some such t than that the their "
    "theirs them themselves then there these they this those through to too under until up very was we were what "
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English function words, after the list of the Snowball project (snowballstem.org, BSD licence)."""

_UNITS = (
    "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa "
    "Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с "
    "км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ "
    "كوب اكواب US$ C$ A$ $ £ ¥ ฿ ﷼ +"
)
UNITS = (*_UNITS.split(), *map(chr, range(0x20A0, 0x20C0)))
"""What is cut off behind a digit: units, currencies, '+'."""

# Hosts, in lower case and capitalised, and the endings that are cut off them; an ending after a blank is cut again.
_ENDINGS = (
    ("i", "'m|m|'m a|m a"),
    ("i you he she it we they", "'ll|ll|'ll 've|ll ve|'d|d|'d 've|d ve"),
    ("i you we they", "'ve|ve"),
    ("you we they", "'re|re"),
    ("he she it", "'s|s"),
    ("who what when where why how there that this", "'s|s"),
    ("who what when where why how there that this these those", "'ll|ll|'ll 've|ll ve|'d|d|'d 've|d ve"),
    ("who what when where why how there these those", "'re|re|'ve|ve"),
    ("ca could do does did had may might must need ought sha should wo would", "n't|nt|n't 've|nt ve"),
    ("could might must should would", "'ve|ve"),
    ("ai are is was were have has dare", "n't|nt"),
    ("not", "'ve|ve"),
    ("can", "not"),
    ("gon", "na"),
    ("got", "ta"),
    ("let", "'s"),
    ("c'm", "on"),
    ("how", "'d 'y"),
)
_LOWER_ENDINGS = (("y'", "all"), ("y", "all"))
_ORDINARY = "Ill ill Its its Hell hell Shell shell Shed shed were Were Well well Whore whore"
"""Words that only look like contractions without their apostrophe."""

_WHOLE = (
    # Contractions and slang
    "doin Doin doin' Doin' goin Goin goin' Goin' nothin Nothin nothin' Nothin' nuthin Nuthin nuthin' Nuthin' "
    "ol Ol ol' Ol' somethin Somethin somethin' Somethin' lovin lovin' Lovin Lovin' havin havin' Havin Havin' "
    "em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s and/or w/o 're 'd 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout "
    "ma'am Ma'am o'clock O'clock "
    # Abbreviations
    "Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. "
    "Jun. Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. "
    "Oct. Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. "
    "E.g. E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. "
    "Rep. Rev. Sen. St. vs. v.s. a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. "
    "z. ä. ö. ü. "
    # Signs
    "\\t \\n — ' \\\") <space> '' C++ "
    # Emoticons
    ":) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( "
    ":-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[ :1 :P :-P :p :-p :O "
    ":-O :o :-o :0 :-0 :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D "
    "^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o "
    "0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ "
    "><(((*> "
)


@functools.cache
def exceptions() -> dict[str, tuple[str, ...]]:
    """Chunk to the tokens that it is cut into."""
    found: dict[str, tuple[str, ...]] = {}
    for hosts, endings in _ENDINGS:
        for host in hosts.split():
            for written in (host, host.capitalize()):
                for ending in endings.split("|"):
                    found[written + ending.replace(" ", "")] = (written, *ending.split())
    for host, ending in _LOWER_ENDINGS:
        found[host + ending] = (host, ending)
    for hour in range(1, 13):
        for half in ("a.m.", "am", "p.m.", "pm"):
            found[f"{hour}{half}"] = (str(hour), half)
    for unit in "cfkCFK":
        found[f"°{unit}."] = ("°", unit, ".")
    for word in _ORDINARY.split():
        found.pop(word, None)
    for whole in _WHOLE.split():
        found[whole] = (whole,)
    typographic = {chunk.replace("'", "’"): tuple(part.replace("'", "’") for part in found[chunk]) for chunk in found}
    return found | typographic
