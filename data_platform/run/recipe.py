"""The recipe: what a corpus is made of, as one validated YAML file.

A recipe names sources by snapshot, how they are read, extracted, filtered, deduplicated, licensed and scored, and the
mixtures that come out. Every threshold that a stage depends on is a field here, so that a changed threshold changes
exactly the stages that read it. Not here: how anything is done.

`${NAME}` and `${NAME:-default}` in the file are replaced from the environment before validation.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from data_platform.branches.settings import Branch
from data_platform.core.settings import IDENTIFIER, NAME, Part, RecipeError, home
from data_platform.duplicates.settings import (
    Deduplication,
    Repetition,
)
from data_platform.extract.settings import Extraction
from data_platform.filtering.settings import Filters, Signals
from data_platform.ingest.settings import (
    Ingest,
    Source,
)
from data_platform.language.settings import Language
from data_platform.licenses.settings import Licenses
from data_platform.methods.decontaminate.settings import Decontamination
from data_platform.mixing.settings import Datastore, Mixture
from data_platform.models.settings import Scoring
from data_platform.programs.settings import Refinement


class OpenLineage(Part):
    """Where events about runs go: to a server of OpenLineage, or to a file."""

    url: str | None = Field(default=None, description="Server, as http://localhost:5000.")
    endpoint: str = Field(default="api/v1/lineage", description="Path of the server that takes events.")
    api_key: str | None = Field(default=None, repr=False, description="Key of the server; better from the environment.")
    timeout_seconds: float = Field(default=5.0, gt=0, description="How long one event may take.")
    file: str | None = Field(default=None, description="File that events are appended to, one JSON object a line.")
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
    lake: str | None = Field(default=None, description="URI of the lake; default: lakes/<name> in the platform's home.")
    storage_options: dict[str, str] = Field(default_factory=dict, description="Options of the lake's object store.")
    engine: Literal["native"] | RayEngine = "native"
    tokenizer: str | None = Field(
        default=None, description="Path of a Hugging Face tokenizer.json to count tokens with; default: Tekken as "
        "shipped in mistral-common."
    )
    sources: tuple[Source, ...] = Field(min_length=1)
    ingest: Ingest = Field(default_factory=Ingest)
    extraction: Extraction = Field(default_factory=Extraction)
    language: Language = Field(default_factory=Language)
    signals: Signals = Field(default_factory=Signals, description="Limits that quality signals are counted with.")
    filters: Filters = Field(default_factory=Filters)
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
    scoring: Scoring = Field(default_factory=Scoring)
    openlineage: OpenLineage | None = Field(default=None, description="Where events about runs go, if anywhere.")
    mixtures: dict[Annotated[str, Field(pattern=IDENTIFIER)], Mixture] = Field(min_length=1)
    datastores: dict[Annotated[str, Field(pattern=IDENTIFIER)], Datastore] = Field(
        default_factory=dict, description="Tables for texts that are kept apart from all mixtures."
    )

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
    def _known_domains(self) -> Recipe:
        """A misspelt domain would leave documents unfiltered without a word."""
        of_sources = {source.domain for source in self.sources}
        named = {"filters.domains": self.filters.domains, "refinement.lines.domains": self.refinement.lines.domains}
        fields = [(field, domains, of_sources | set(self.branches)) for field, domains in named.items()]
        fields += [(f"branches.{name}.domains", branch.domains, of_sources) for name, branch in self.branches.items()]
        for field, domains, known in fields:
            if unknown := sorted(set(domains) - known):
                raise ValueError(f"{field}: there is no domain {', '.join(unknown)}, only {', '.join(sorted(known))}")
        return self

    @model_validator(mode="after")
    def _weights_to_follow(self) -> Recipe:
        wanting = [name for name, mixture in self.mixtures.items() if mixture.rehydrate]
        if wanting and not self.deduplication.rehydration:
            raise ValueError(f"mixture {wanting[0]}: rehydrate needs deduplication.rehydration, such as "
                             "{2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}: without it every document counts once")
        return self

    @property
    def lake_uri(self) -> str:
        """Where the tables of this recipe live."""
        return self.lake or str(home() / "lakes" / self.name)


def _interpolate(text: str, path: str) -> str:
    def value(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        found = os.environ.get(name) or default
        if found is None:
            raise RecipeError(f"{path}: environment variable {name} is not set; set it or write ${{{name}:-default}}")
        return found

    return re.sub(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}", value, text)


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read and validate the recipe at `path`.

    Raises:
        RecipeError: if the file is missing, not YAML or not a recipe; one line per fault, naming the field.
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"{name}: cannot read the recipe: {error.strerror}") from error
    try:
        data = yaml.safe_load(_interpolate(text, name))
    except yaml.YAMLError as error:
        raise RecipeError(f"{name}: not YAML: {error}") from error
    if not isinstance(data, dict):
        raise RecipeError(f"{name}: a recipe is a mapping of fields, see recipes/demo.yaml")
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        faults = "\n".join(
            f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise RecipeError(f"{name}: not a valid recipe\n{faults}") from error
