"""Methods by kind and name: those of the platform, and those that installed distributions bring.

A distribution brings methods through entry points of the group `data_platform.methods`; each names a module, or a
package of which every module is looked through. A method is found where its class is defined; nothing is registered by
hand. Not here: any kind and any method.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, get_args

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import core_schema

from data_platform.core.errors import PlainError, no_such
from data_platform.core.kinds.method import Entry, Method, Section
from data_platform.core.reading import Fault
from data_platform.core.settings import IDENTIFIER, Part, refusal

GROUP = "data_platform.methods"
_OWN = "data_platform.methods"
_KINDS = "data_platform.core.kinds"
_OF_KINDS = ("doc_id", "snapshot", "model")
"""Columns that tables of methods have beside those that a method fills."""


class UnknownMethod(PlainError, LookupError):
    """A method that does not exist. The message says what is near and what there is."""


class MethodConflict(PlainError, ValueError):
    """Two classes of one kind and name. The message names both."""


class BrokenMethod(PlainError, TypeError):
    """A method that is declared as its kind does not allow. The message names it, and what is wrong."""


class BrokenDistribution(PlainError, ImportError):
    """Methods of an installed distribution that cannot be imported. The message names it, and why."""


def kinds() -> Mapping[str, type[Method]]:
    """The base class of every kind by the kind's name, sorted."""
    found = {
        value.kind.name: value
        for module in _walk(importlib.import_module(_KINDS)) for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Method) and value.__module__ == module.__name__
        and "kind" in vars(value)
    }
    return dict(sorted(found.items()))


def methods(kind: type[Method]) -> Mapping[str, type[Method]]:
    """All methods of a kind by name, sorted.

    Raises:
        MethodConflict: if two have one name.
        BrokenMethod: if one has other settings than its kind asks for, or columns that are the kind's own.
        BrokenDistribution: if one that is installed cannot be imported.
    """
    return _methods().get(kind.kind.name, {})


def method(kind: type[Method], name: str) -> type[Method]:
    """The method of a kind that is called `name`.

    Raises:
        UnknownMethod: if there is none.
    """
    known = methods(kind)
    if name not in known:
        raise UnknownMethod(no_such(kind.kind.name, name, known))
    return known[name]


def forget() -> None:
    """Look for methods again the next time one is asked for, such as after a distribution was installed."""
    _methods.cache_clear()


@cache
def _methods() -> dict[str, dict[str, type[Method]]]:
    found: dict[str, dict[str, type[Method]]] = {}
    for module in _modules():
        for value in vars(module).values():
            if not (isinstance(value, type) and issubclass(value, Method) and value.__module__ == module.__name__):
                continue
            if not value.name:
                continue
            _refuse_broken(value)
            known = found.setdefault(value.kind.name, {})
            if (other := known.setdefault(value.name, value)) is not value:
                raise MethodConflict(
                    f"two methods of kind {value.kind.name} are called {value.name!r}: {other.__module__} and "
                    f"{value.__module__}"
                )
    return {kind: dict(sorted(known.items())) for kind, known in found.items()}


def _refuse_broken(found: type[Method]) -> None:
    base = next(one for one in found.__mro__ if "kind" in vars(one))
    place = f"{found.kind.name} {found.name} of {found.__module__}"
    section = Part if base.Settings is Section else base.Settings
    if not issubclass(found.Settings, section):
        raise BrokenMethod(f"{place}: its Settings must be a subclass of {section.__name__}")
    names = [column.name for column in found.gives]
    if wrong := [name for name in names if not re.fullmatch(IDENTIFIER, name) or name in _OF_KINDS]:
        raise BrokenMethod(f"{place}: a column cannot be called {wrong[0]!r}")
    if len(set(names)) < len(names):
        raise BrokenMethod(f"{place}: two of its columns have one name")


def _modules() -> Iterator[ModuleType]:
    yield from _walk(importlib.import_module(_OWN))
    for entry_point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        try:
            yield from _walk(importlib.import_module(entry_point.module))
        except Exception as error:  # whatever a stranger's module raises, people have to know whose it is
            brings = entry_point.dist.name if entry_point.dist else "a distribution"
            raise BrokenDistribution(
                f"{brings} brings methods in {entry_point.value} that cannot be imported: {error}; mend or uninstall it"
            ) from error


def _walk(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        yield importlib.import_module(found.name)


# -- entries of a recipe ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entries:
    """The type of a section of the recipe: names of entries to methods of a kind with their settings.

    For use in `Annotated[dict[str, Entry], Entries(Kind)]`. An entry is a mapping of settings, in which `method` names
    the method; without it, the entry is called as its method is.
    """

    kind: type[Method]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Check entries against the methods that there are when a recipe is read."""
        return core_schema.no_info_plain_validator_function(self._read, serialization=_DUMP_ALL)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """One schema per method that there is."""
        known = methods(self.kind)
        return {
            "type": "object",
            "properties": {
                name: {"anyOf": [_schema(one, False, handler), {"type": "null"}]} for name, one in known.items()
            },
            "additionalProperties": _any_of(known, handler) if known else False,
        }

    def _read(self, value: object) -> dict[str, Entry]:
        if not isinstance(value, Mapping):
            raise refusal([Fault((), "must be a mapping of names to settings")])
        read, faults = {}, []
        for name, given in value.items():
            if not isinstance(name, str) or not re.fullmatch(IDENTIFIER, name):
                faults.append(Fault((name,), "a name has at most 64 of a to z, 0 to 9 and _, and begins with a letter"))
                continue
            try:
                read[name] = entry_of(self.kind, given, name)
            except ValidationError as error:
                faults += [Fault((name, *line["loc"]), line["msg"]) for line in error.errors()]
        if faults:
            raise refusal(faults)
        return read


@dataclass(frozen=True)
class OneEntry:
    """The type of a field of the recipe that holds one method with its settings, or its name alone."""

    kind: type[Method]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Check the method against those that there are when a recipe is read; none where there may be none."""
        optional = type(None) in get_args(source)

        def read(value: object) -> Entry | None:
            return None if value is None and optional else entry_of(self.kind, value)

        return core_schema.no_info_plain_validator_function(read, serialization=_DUMP_ONE)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A name, or one schema per method that there is."""
        return _any_of(methods(self.kind), handler)


_DUMP_ALL = core_schema.plain_serializer_function_ser_schema(
    lambda entries: {name: entry.config() for name, entry in entries.items()}
)
_DUMP_ONE = core_schema.plain_serializer_function_ser_schema(lambda entry: entry.config() if entry else None)


def entry_of(kind: type[Method], given: object, name: str = "") -> Entry:
    """The entry that a recipe states: a mapping of settings with `method`, or the name of a method alone.

    Raises:
        ValidationError: with the faults of the settings, each at its place below the entry.
    """
    if isinstance(given, Entry):
        return given
    stated = {"method": given} if isinstance(given, str) else {} if given is None else given
    if not isinstance(stated, Mapping):
        raise refusal([Fault((), "must be a mapping of settings, or the name of a method")])
    wanted = stated.get("method", name)
    try:
        found = method(kind, wanted if isinstance(wanted, str) else repr(wanted))
    except UnknownMethod as error:
        raise refusal([Fault(("method",) if "method" in stated else (), str(error))]) from None
    settings = {key: value for key, value in stated.items() if key != "method"}
    return Entry(name or found.name, found, found.Settings.model_validate(settings))


def _any_of(known: Mapping[str, type[Method]], handler: GetJsonSchemaHandler) -> dict[str, Any]:
    return {"anyOf": [{"enum": list(known)}, *(_schema(one, True, handler) for one in known.values())]}


def _schema(found: type[Method], named: bool, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    settings = handler.resolve_ref_schema(handler(found.Settings.__pydantic_core_schema__))
    schema = {
        **settings, "title": found.name, "description": (found.__doc__ or "").strip().partition("\n\n")[0],
        "properties": {**settings.get("properties", {}), "method": {"const": found.name}},
    }
    if named:
        schema["required"] = [*settings.get("required", ()), "method"]
    return schema
