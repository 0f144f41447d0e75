"""What every part of a recipe is built from, and where the platform keeps its things.

Not here: any particular part (the `settings.py` of each room).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from data_platform.core.errors import PlainError, no_such
from data_platform.core.reading import Fault, Place

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
SNAPSHOT = r"^[^\W_](?:[\w .+=@()&'-]*[\w.+=@)-])?$"
"""Names of snapshots and sources: letters of any script, digits, blanks within, signs that mean nothing in paths."""
IDENTIFIER = r"^[a-z][a-z0-9_]{0,63}$"
"""What names of tables are made of; a folder of a lake is called by one."""
HOME_VARIABLE = "DATA_PLATFORM_HOME"
MISSING = "Field required"
"""What pydantic says of a field that must be there."""


def as_many(value: Any) -> Any:
    """A text as the only one of a list."""
    return (value,) if isinstance(value, str) else value


def from_home(path: str) -> str:
    """A path as people write it: ~ and ~name stand for homes of users, as in a shell."""
    return os.path.expanduser(path)


LocalPath = Annotated[str, AfterValidator(from_home)]
"""The type of a field for a path or a URL."""

OneOrMany = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    BeforeValidator(
        as_many,
        json_schema_input_type=str | Annotated[tuple[str, ...], Field(min_length=1)],
    ),
]
"""The type of a field for texts, of which one may stand alone."""

Paths = Annotated[OneOrMany, AfterValidator(lambda paths: tuple(map(from_home, paths)))]
"""The type of a field for paths and URLs, of which one may stand alone."""


class RecipeError(PlainError, ValueError):
    """A recipe that cannot be used. The message names the file, the field and what would be right."""


class Part(BaseModel):
    """Base of every part of a recipe: immutable, and closed to misspelt fields. Its faults name what is near and never
    hold the value that is refused; numbers are finite, and a truth value is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    @model_validator(mode="wrap")
    @classmethod
    def _told_by_field(cls, value: Any, read: ModelWrapValidatorHandler[Part]) -> Part:
        try:
            part = read(value)
        except ValidationError as error:
            raise refusal(list(_faults(error, cls)), cls.__name__) from None
        if faults := list(_disguised(value, part)):
            raise refusal(faults, cls.__name__)
        return part


def _threshold(value: Any, read: ValidatorFunctionWrapHandler) -> float:
    number = read(value)
    if number != number:
        raise ValueError("NaN is no threshold")
    return value if type(value) is int else number


Threshold = Annotated[float, Field(allow_inf_nan=True), WrapValidator(_threshold)]
"""A number that something is compared with; infinity switches it off. Whole numbers stay whole."""


def refusal(faults: Iterable[Fault], title: str = "") -> ValidationError:
    """What a validator raises that has several things to say, each about a place below its own."""
    return ValidationError.from_exception_data(title, [
        InitErrorDetails(type=PydanticCustomError("fault", fault.message), loc=fault.place, input=None)
        for fault in faults
    ])  # fmt: skip


def _faults(error: ValidationError, part: type[Part]) -> Iterator[Fault]:
    """The faults of one part, in its own words where pydantic says less."""
    fields = [field.alias or name for name, field in part.model_fields.items()]
    for line in error.errors(include_url=False):
        place, message = line["loc"], line["msg"]
        context = line.get("ctx", {})
        match line["type"]:
            case "extra_forbidden" if len(place) == 1:
                message = no_such("field", str(place[0]), fields)
            case "literal_error" if isinstance(line["input"], str):
                message = no_such("choice", line["input"], re.findall(r"'([^']*)'", context["expected"]))
            case "union_tag_invalid":
                place = (*place, context["discriminator"].strip("'"))
                message = no_such("choice", context["tag"], re.findall(r"'([^']*)'", context["expected_tags"]))
            case "string_type":
                message = "must be a text; put it in quotes"
            case "value_error":
                message = str(context["error"])
        yield Fault(place, message)


def _disguised(given: Any, read: Any, place: Place = ()) -> Iterator[Fault]:
    """Truth values that were read as numbers: `tokens: true` is not one token."""
    if isinstance(given, bool):
        if isinstance(read, int | float) and not isinstance(read, bool):
            yield Fault(place, f"must be a number, not {str(given).lower()}")
    elif isinstance(read, Part) and place:
        return  # it has looked for itself
    elif isinstance(given, Mapping) and isinstance(read, Part):
        for key, value in given.items():
            yield from _disguised(value, getattr(read, str(key), None), (*place, key))
    elif isinstance(given, Mapping) and isinstance(read, Mapping):
        for (key, value), inner in zip(given.items(), read.values(), strict=False):
            yield from _disguised(value, inner, (*place, key))
    elif isinstance(given, Sequence) and isinstance(read, Sequence) and not isinstance(given, str):
        for number, (value, inner) in enumerate(zip(given, read, strict=False)):
            yield from _disguised(value, inner, (*place, number))


def home() -> Path:
    """The folder for everything that the platform writes by default: $DATA_PLATFORM_HOME or ./.data-platform."""
    return Path(os.environ.get(HOME_VARIABLE, ".data-platform")).absolute()
