"""The recipe: what a corpus is made of, as one validated YAML file.

A recipe names sources by snapshot, how they are read, extracted, filtered, deduplicated, licensed and scored, and the
mixtures that come out. Every threshold that a stage depends on is a field here, so that a changed threshold changes
exactly the stages that read it. Not here: how anything is done.

`${NAME}` and `${NAME:-default}` in texts of the file are replaced from the environment once it is parsed. A recipe is
read whole: all its faults are told at once, one a line (`core/reading.py` those of YAML, the parts those of shape,
`names.py` names of what does not exist).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from data_platform.branches.settings import Branch
from data_platform.core.kinds.auditor import Auditor
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.scorer import Scorer
from data_platform.core.kinds.selector import Selector
from data_platform.core.kinds.synthesiser import Synthesiser
from data_platform.core.kinds.trainer import Trainer
from data_platform.core.reading import Fault, NotYaml, Place, YamlText
from data_platform.core.registry import Entries, entry_of
from data_platform.core.settings import (
    IDENTIFIER,
    MISSING,
    NAME,
    LocalPath,
    Part,
    RecipeError,
    home,
    refusal,
)
from data_platform.duplicates.settings import (
    Deduplication,
    Repetition,
)
from data_platform.extract.settings import Extraction
from data_platform.filtering.settings import Filters, OwnRule, Signals
from data_platform.ingest.settings import (
    Ingest,
    Source,
)
from data_platform.lake.place import shown
from data_platform.language.settings import Language
from data_platform.licenses.settings import Licenses
from data_platform.methods.decontaminate.settings import Decontamination
from data_platform.methods.edits.settings import Refinement
from data_platform.mixing.settings import Datastore, Mixture
from data_platform.models.settings import Labels
from data_platform.run.names import entry_faults, name_faults
from data_platform.run.settings import Catalogue, Vacuum, Watch


class OpenLineage(Part):
    """Where events about runs go: to a server of OpenLineage, or to a file."""

    url: str | None = Field(default=None, description="Server, as http://localhost:5000.")
    endpoint: str = Field(default="api/v1/lineage", description="Path of the server that takes events.")
    api_key: str | None = Field(default=None, repr=False, description="Key of the server; better from the environment.")
    timeout_seconds: float = Field(default=5.0, gt=0, description="How long one event may take.")
    file: LocalPath | None = Field(
        default=None, description="File that events are appended to, one JSON object a line."
    )
    namespace: str = Field(default="data-platform", min_length=1, description="Namespace of the jobs.")

    @model_validator(mode="after")
    def _one_place(self) -> OpenLineage:
        if (self.url is None) == (self.file is None):
            raise ValueError("give a url or a file")
        if self.url is not None and not re.match(r"https?://[^/]", self.url):
            raise ValueError("url begins with http:// or https:// and names a host")
        return self


class RayEngine(Part):
    """Run on Ray: 'auto' starts a local cluster, anything else is the address of one."""

    ray: str = "auto"


class Recipe(Part):
    """A corpus."""

    name: str = Field(pattern=NAME)
    version: Literal[1] = Field(default=1, description="Of the form of recipes (docs/compatibility.md).")
    lake: LocalPath | None = Field(
        default=None, description="URI of the lake; default: lakes/<name> in the platform's home."
    )
    storage_options: dict[str, str] = Field(default_factory=dict, description="Options of the lake's object store.")
    engine: Literal["native"] | RayEngine = "native"
    tokenizer: LocalPath | None = Field(
        default=None, description="Path of a Hugging Face tokenizer.json to count tokens with; default: Tekken as "
        "shipped in mistral-common."
    )
    sources: tuple[Source, ...] = Field(min_length=1)
    ingest: Ingest = Field(default_factory=Ingest)
    extraction: Extraction = Field(default_factory=Extraction)
    language: Language = Field(default_factory=Language)
    signals: Signals = Field(default_factory=Signals, description="Limits that quality signals are counted with.")
    filters: Filters = Field(default_factory=Filters)
    rules: dict[Annotated[str, Field(pattern=IDENTIFIER)], OwnRule] = Field(
        default_factory=dict, description="Rules of the recipe's own, after those of the rule sets, in order."
    )
    refinement: Refinement = Field(default_factory=Refinement)
    branches: dict[Annotated[str, Field(pattern=IDENTIFIER)], Branch] = Field(
        default_factory=dict, description="Domains into which documents are sorted, in order: the first that takes a "
        "document has it. What none takes keeps its source's domain."
    )
    licenses: Licenses = Field(default_factory=Licenses)
    deduplication: Deduplication = Field(default_factory=Deduplication)
    decontamination: Decontamination | None = Field(
        default=None, description="Evaluation sets that are looked for in filtered documents."
    )
    repetition: Repetition = Field(
        default_factory=Repetition, description="Duplicates beyond clusters: passages and whole documents."
    )
    labels: Labels = Field(default_factory=Labels, description="Labelled texts that models are trained on.")
    models: Annotated[dict[str, Entry], Entries(Trainer)] = Field(
        default_factory=dict, description="Models by name. One that is read and not named here has the defaults of the "
        "trainer that it is called after."
    )
    scores: Annotated[dict[str, Entry], Entries(Scorer)] = Field(
        default_factory=dict, description="Scores of every deduplicated document. None is made unless it is named."
    )
    selections: Annotated[dict[str, Entry], Entries(Selector)] = Field(
        default_factory=dict, description="Choices among the deduplicated documents, for mixtures that name one."
    )
    synthesis: Annotated[dict[str, Entry], Entries(Synthesiser)] = Field(
        default_factory=dict, description="Texts that are made of deduplicated documents."
    )
    openlineage: OpenLineage | None = Field(default=None, description="Where events about runs go, if anywhere.")
    catalogue: Catalogue = Field(default_factory=Catalogue, description="What assets are found by in Dagster.")
    watch: Watch = Field(default_factory=Watch, description="What is watched, and who is told.")
    vacuum: Vacuum = Field(default_factory=Vacuum, description="How long files stay that nothing needs.")
    mixtures: dict[Annotated[str, Field(pattern=IDENTIFIER)], Mixture] = Field(min_length=1)
    datastores: dict[Annotated[str, Field(pattern=IDENTIFIER)], Datastore] = Field(
        default_factory=dict, description="Tables for texts that are kept apart from all mixtures."
    )
    audits: Annotated[dict[str, Entry], Entries(Auditor)] = Field(
        default_factory=dict, description="What is measured of mixtures once they are made."
    )

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: object) -> object:
        if isinstance(value, dict) and "scoring" in value:
            raise ValueError(
                "scoring is three sections now: `scores` names what documents are scored by (perplexity, quality), "
                "`models` has the settings of language_model and quality_classifier, `labels` the labelled texts"
            )
        return value

    @field_validator("version", mode="before")
    @classmethod
    def _known_form(cls, value: object) -> object:
        if value != 1 or isinstance(value, bool):
            raise ValueError("this release reads recipes of version 1; CHANGELOG.md says which release reads others")
        return value

    @field_validator("sources", mode="before")
    @classmethod
    def _crawls_by_default(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [{"kind": "crawl", **item} if isinstance(item, dict) else item for item in value]

    @model_validator(mode="after")
    def _unique_sources(self) -> Recipe:
        names = [source.name for source in self.sources]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"source names must be unique; repeated: {', '.join(repeated)}")
        if self.licenses.known_sources is None and any(source.known_as for source in self.sources):
            raise ValueError("known_as needs licenses.known_sources, the collection that knows the source")
        return self

    @model_validator(mode="after")
    def _weights_to_follow(self) -> Recipe:
        wanting = [name for name, mixture in self.mixtures.items() if mixture.rehydrate]
        if wanting and not self.deduplication.rehydration:
            raise ValueError(f"mixture {wanting[0]}: rehydrate needs deduplication.rehydration, such as "
                             "{2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}: without it every document counts once")
        return self

    @model_validator(mode="after")
    def _entries_there(self) -> Recipe:
        """What one entry reads of another has to be there."""
        if faults := list(entry_faults(self)):
            raise refusal(faults)
        return self

    def model(self, name: str) -> Entry:
        """The entry of `models` called `name`: as stated, or with the defaults of the trainer of that name."""
        return self.models.get(name) or entry_of(Trainer, None, name)

    @property
    def digest(self) -> str:
        """SHA-256 of all that the recipe says of the corpus: not of where it is kept, made and reported."""
        elsewhere = {"version", "lake", "storage_options", "engine", "openlineage", "catalogue", "watch", "vacuum"}
        stated = self.model_dump(mode="json", exclude=elsewhere)
        return hashlib.sha256(json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def lake_uri(self) -> str:
        """Where the tables of this recipe live."""
        return self.lake or str(home() / "lakes" / self.name)


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read and validate the recipe at `path`.

    Raises:
        RecipeError: if the file is missing, not YAML or not a recipe; one line per fault, naming the file with the
            line, the field, what is wrong and what is near. No value of the environment is among what it says.
    """
    name = shown(path := os.path.expanduser(path))
    try:
        reading = YamlText(Path(path).read_text(encoding="utf-8"), os.environ)
    except OSError as error:
        raise RecipeError(f"{name}: cannot read the recipe: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise RecipeError(f"{name}: not UTF-8: byte {error.start + 1:,} is not part of a sign") from None
    except NotYaml as error:
        raise RecipeError(f"{name}: {error}") from None
    if not isinstance(reading.value, dict):
        raise RecipeError(f"{name}: a recipe is a mapping of fields, see recipes/demo.yaml")
    recipe, shape = None, []
    try:
        recipe = Recipe.model_validate(reading.value)
    except ValidationError as error:
        shape = [Fault(_as_written(line["loc"], line["msg"], reading.value), line["msg"]) for line in error.errors()]
    names = name_faults(recipe.model_dump() if recipe else reading.value)
    if faults := _one_a_place(reading.faults, names, shape):
        lines = sorted(((fault.line or reading.line(fault.place), fault) for fault in faults), key=itemgetter(0))
        raise RecipeError("\n".join(_told(name, fault, line, reading) for line, fault in lines))
    return recipe


def recipe_schema() -> dict[str, Any]:
    """JSON schema of a recipe, by which editors complete and check."""
    schema = Recipe.model_json_schema(schema_generator=_SchemaOfFiles)
    return {"$schema": _SchemaOfFiles.schema_dialect, **schema}


class _SchemaOfFiles(GenerateJsonSchema):
    """What a file may hold: variables of the environment, too, wherever a field does not take any text."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or_variable(super().int_schema(schema))

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or_variable(super().float_schema(schema))

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return _or_variable(super().bool_schema(schema))

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        made = super().str_schema(schema)
        return _or_variable(made) if len(made) > 1 else made

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        made = super().literal_schema(schema)
        return made if "const" in made else _or_variable(made)


def _or_variable(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {"anyOf": [schema, {"type": "string", "pattern": r"\$\{"}]}


def _as_written(place: Place, message: str, value: Any) -> Place:
    """The place of a fault as the file has it: without the names by which pydantic tells the cases of a union apart."""
    written: list[str | int] = []
    for number, step in enumerate(place, 1):
        keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        if step in keys:
            written.append(step)
            value = value[step]
        elif number == len(place) and message == MISSING:
            written.append(step)
    return tuple(written)


def _one_a_place(read: Iterable[Fault], names: Iterable[Fault], shape: Iterable[Fault]) -> list[Fault]:
    """One fault for every place: what was read wrongly is not judged, and the cases of a union have one message, which
    falls away where the case that was meant has a fault further in."""
    told: dict[Place, Fault] = {}
    for faults, also in ((read, "; "), (names, "; "), (shape, " or ")):
        own: dict[Place, list[Fault]] = {}
        for fault in faults:
            if fault.place not in told:
                own.setdefault(fault.place, []).append(fault)
        outer = {place[:length] for place in own for length in range(len(place))} if faults is shape else ()
        told |= {
            place: Fault(place, also.join(dict.fromkeys(one.message for one in some)), some[0].line)
            for place, some in own.items() if place not in outer
        }
    return list(told.values())


def _told(name: str, fault: Fault, line: int, reading: YamlText) -> str:
    place = ".".join(map(str, fault.place))
    said = ": ".join(filter(None, (f"{name}:{line}", place, reading.without_variables(fault.message))))
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in said)
