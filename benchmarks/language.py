"""Languages: accuracy by difficulty on labelled texts, agreement with what pages claim, and documents per second.

    python -m benchmarks.language [--data FOLDER] [--every N] [--model PATH]

The labelled texts are lingua's test data (langid/lingua-testdata.tar.xz): sentences, word pairs and single words of 79
languages, 1,000 lines each. Accuracy is the mean over languages of the share of right answers (each has as many texts).
A system is judged on the languages that all systems here know, so that nobody loses by a label that it lacks; the title
says on how many. Bokmål, `nb` in the labels, is `no`. With a cut-off, as `language.min_confidence` and
`language.cut_offs` set one, "kept" is the share of texts whose answer is confident enough, "right of kept" how many of
those are right.

Beside us, on the same texts: the fastText binding with the same model file, lingua 2.1 with all its languages (on every
twentieth page), and py3langid 0.4. Of a long page we read four excerpts, they read all of it. They run in the
environment of the peers on one processor, as we do. `--every` thins the labelled texts for all systems alike, since
lingua takes minutes for all.

The pages are trafilatura's evaluation set, extracted as a recipe does by default. Agreement is with the language that a
page claims in `html lang` or `Content-Language`, if any: a claim, not the truth.
"""

from __future__ import annotations

import json
import tarfile
import time
from pathlib import Path

import pyarrow as pa

from benchmarks.common import parser, peers_python, run_measured, show
from benchmarks.extraction_pages import read_pages
from data_platform.core.settings import home
from data_platform.extract.batch import extract_batch
from data_platform.extract.settings import Extraction
from data_platform.language.claimed import claimed_languages
from data_platform.language.identify import identify, known_languages, model_file

KINDS = ("sentences", "word-pairs", "single-words")
CUT_OFFS = (0.3, 0.5, 0.65, 0.8)
SAME = {"nb": "no"}
"""Codes of the labelled texts that systems name otherwise."""
HARD = 8
"""How many of the languages that are found worst are printed."""


def main() -> None:
    """Print all tables."""
    options = parser(__doc__)
    options.add_argument("--every", type=int, default=10, help="take every so manieth text (default: %(default)s)")
    options.add_argument("--model", help="a fastText model of your own, instead of lid.176.ftz")
    arguments = options.parse_args()
    labelled = _labelled(arguments.data, arguments.every)
    pages, claims = _pages(arguments.data)
    folder = home() / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    texts = folder / "language-texts.json"
    texts.write_text(json.dumps([*([text for *_, text in labelled]), *pages]), "utf-8")
    systems = {"data_platform": _ours([text for *_, text in labelled], pages, arguments.model)}
    for name, code in _PEERS.items():
        command = [peers_python(), "-c", code, str(texts), str(len(labelled)), str(model_file(arguments.model))]
        systems[name] = run_measured(command, 1).answer
    _show_accuracy(labelled, systems, known_languages(arguments.model))
    _show_cut_offs(labelled, systems["data_platform"])
    _show_pages(systems, len(labelled), pages, claims)


def _labelled(data: Path, every: int) -> list[tuple[str, str, str]]:
    """Kind, language and text of every so manieth line."""
    rows = []
    with tarfile.open(data / "langid" / "lingua-testdata.tar.xz") as archive:
        for member in archive:
            kind, _, name = member.name.partition("/")
            if kind not in KINDS or not member.isfile():
                continue
            code = name.removesuffix(".txt")
            lines = archive.extractfile(member).read().decode("utf-8").splitlines()
            rows += [(kind, SAME.get(code, code), line) for line in lines[::every]]
    return rows


def _pages(data: Path) -> tuple[list[str], list[str | None]]:
    """The texts of the real pages that have one, and the languages that they claim."""
    pages = read_pages(data)
    payload = pa.array([page.payload for page in pages], pa.large_binary())
    count = len(pages)
    html, kind, charset = pa.array(["text/html"] * count), pa.array(["response"] * count), pa.nulls(count, pa.string())
    texts = extract_batch(payload, html, charset, pa.array([page.url for page in pages]), kind, Extraction())
    both = zip(texts.field("text").to_pylist(), claimed_languages(payload).to_pylist(), strict=True)
    kept = [(text, claim) for text, claim in both if text]
    return [text for text, _ in kept], [claim for _, claim in kept]


def _ours(labelled: list[str], pages: list[str], model: str | None) -> dict:
    """Codes, confidences, seconds of processor time, all codes known, and which pages were read: what peers answer."""
    identify(pa.array(["The model is loaded and the kernels are compiled here."]), model)
    answers, seconds = [], []
    for texts in (labelled, pages):
        array = pa.array(texts, pa.large_string())
        started = time.process_time()
        answers.append(identify(array, model))
        seconds.append(time.process_time() - started)
    return {
        "codes": [code for answer in answers for code in answer.field("language").to_pylist()],
        "confidences": [value for answer in answers for value in answer.field("confidence").to_pylist()],
        "seconds": seconds,
        "known": sorted(known_languages(model)),
        "every": 1,
    }


def _show_accuracy(labelled: list[tuple[str, str, str]], systems: dict[str, dict], ours: frozenset[str]) -> None:
    languages = sorted({language for _, language, _ in labelled})
    common = [name for name in languages if all(name in system["known"] for system in systems.values())]
    rows, worst = [], []
    for name, system in systems.items():
        shares = {}
        for kind in KINDS:
            right = {language: [] for language in common}
            for (of_kind, language, _), code in zip(labelled, system["codes"], strict=False):
                if of_kind == kind and language in right:
                    right[language].append(code == language)
            shares[kind] = {language: sum(hits) / len(hits) for language, hits in right.items() if hits}
        rows.append([name, *(sum(share.values()) / len(share) for share in shares.values())])
        hard = sorted(shares["sentences"].items(), key=lambda item: item[1])[:HARD]
        worst.append([name, ", ".join(f"{language} {share:.2f}" for language, share in hard)])
    missing = [language for language in languages if language not in ours]
    show(f"Accuracy on the {len(common)} of {len(languages)} languages that all systems know", ["system", *KINDS], rows)
    show("Languages that are found worst, in sentences", ["system", "language and accuracy"], worst)
    print(f"\nLanguages of the labelled texts that our model has no label for: {', '.join(missing) or 'none'}.")


def _show_cut_offs(labelled: list[tuple[str, str, str]], ours: dict) -> None:
    rows = []
    for kind in KINDS:
        answers = [(code == language, confidence) for (of_kind, language, _), code, confidence in
                   zip(labelled, ours["codes"], ours["confidences"], strict=False)
                   if of_kind == kind and language in ours["known"]]
        for cut_off in CUT_OFFS:
            kept = [right for right, confidence in answers if confidence >= cut_off]
            rows.append([kind, cut_off, len(kept) / len(answers), sum(kept) / max(len(kept), 1)])
    show("Cut-offs, on the languages that our model knows", ["texts", "confidence from", "kept", "right of kept"], rows)


def _show_pages(systems: dict[str, dict], labelled: int, pages: list[str], claims: list[str | None]) -> None:
    size = sum(len(page.encode()) for page in pages) / 1e6
    rows = []
    for name, system in systems.items():
        codes = system["codes"][labelled:]
        agree = [code == claim for code, claim in zip(codes, claims[:: system["every"]], strict=True) if claim]
        rows.append([name, labelled / system["seconds"][0], len(codes), len(codes) / system["seconds"][1],
                     sum(agree) / len(agree)])
    show(f"One core, processor time: {labelled:,} labelled texts; {len(pages):,} pages, {size:.1f} MB",
         ["system", "labelled texts/s", "pages", "pages/s", "as the page claims"], rows)


_READ = """
import json, sys, time
texts = json.load(open(sys.argv[1])); labelled = int(sys.argv[2])
parts = texts[:labelled], texts[labelled:]
def run(name, known, every=1):
    name("The model is loaded here.")
    answers, seconds = [], []
    for part in (parts[0], parts[1][::every]):
        started = time.process_time()
        answers += map(name, part)
        seconds.append(time.process_time() - started)
    print(json.dumps({"codes": answers, "seconds": seconds, "known": sorted(known), "every": every}))
"""

_PEERS = {
    "fastText binding, same model": _READ + """
import fasttext
model = fasttext.load_model(sys.argv[3])
prefix = len("__label__")
def name(text):
    return model.predict(text.replace("\\n", " "))[0][0][prefix:]
run(name, [label[prefix:] for label in model.get_labels()])
""",
    "lingua 2.1": _READ + """
from lingua import Language, LanguageDetectorBuilder
detector = LanguageDetectorBuilder.from_all_languages().build()
codes = {language: language.iso_code_639_1.name.lower() for language in Language.all()}
codes = {language: {"nb": "no"}.get(code, code) for language, code in codes.items()}
def name(text):
    found = detector.detect_language_of(text)
    return codes[found] if found else "und"
run(name, codes.values(), every=20)
""",
    "py3langid 0.4": _READ + """
from py3langid.langid import MODEL_FILE, LanguageIdentifier
model = LanguageIdentifier.from_model_file(MODEL_FILE)
same = {"nb": "no"}
def name(text):
    code = model.classify(text)[0]
    return same.get(code, code)
run(name, [same.get(code, code) for code in model.labels])
""",
}

if __name__ == "__main__":
    main()
