"""The parts of a recipe that say who its tables belong to, how fresh they are to be, and who is told what goes wrong.

Nothing here decides a row. Not here: what is done with it (`assets/`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from data_platform.core.errors import no_such
from data_platform.core.settings import Part

_OWNER = re.compile(r"team:[\w. -]+|[^@\s:]+@[^@\s]+\.[^@\s]+")
_TAG_NAME = re.compile(r"[A-Za-z0-9._-]{1,63}(/[A-Za-z0-9._-]{1,63})?")
_TAG_VALUE = re.compile(r"[A-Za-z0-9._-]{0,63}")
_KIND = r"^[A-Za-z0-9_-]{1,30}$"


class Shown(Part):
    """What assets are found by: whose they are, what they are made with, and tags."""

    owners: tuple[str, ...] = Field(default=(), description="team:NAME, or addresses of e-mail.")
    kinds: tuple[Annotated[str, Field(pattern=_KIND)], ...] = Field(
        default=(), description="Kinds beside deltalake and python; Dagster shows three in all."
    )
    tags: dict[str, str] = Field(default_factory=dict, description="Tags by name.")

    @field_validator("owners")
    @classmethod
    def _somebody(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [owner for owner in value if not _OWNER.fullmatch(owner)]:
            raise ValueError(f"owner {wrong[0]!r} is neither team:NAME nor an address")
        return value

    @field_validator("tags")
    @classmethod
    def _as_dagster_has_them(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not (_TAG_NAME.fullmatch(name) and _TAG_VALUE.fullmatch(text)):
                raise ValueError(f"tag {name}: names and values are up to 63 letters, digits, '.', '_' and '-'")
        return value


class Catalogue(Shown):
    """What assets are found by, of all tables, and of groups or tables that differ in it."""

    owners: tuple[str, ...] = Field(default=("team:data-platform",), description="team:NAME, or addresses of e-mail.")
    of: dict[str, Shown] = Field(
        default_factory=dict, description="For a group or a table: owners instead of those of all, further kinds and "
        "tags. A table's go before its group's."
    )


class Fresh(Part):
    """How old a table may be: since its last materialisation, or at a time of day."""

    fail_hours: float = Field(ge=1 / 60, description="Older than this, it has failed. With `deadline`, how long before "
                              "it the table may have been made.")
    warn_hours: float | None = Field(default=None, ge=1 / 60, description="Older than this, it is warned of.")
    deadline: str | None = Field(default=None, description="Cron expression of the times at which it is asked.")
    timezone: str = Field(default="UTC", description="Time zone of the deadline.")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(no_such("time zone", value, available_timezones()))
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Fresh:
        if self.warn_hours is not None and self.deadline is not None:
            raise ValueError("warn_hours goes without a deadline")
        if self.warn_hours is not None and self.warn_hours >= self.fail_hours:
            raise ValueError("warn_hours is less than fail_hours")
        return self


class Volume(Part):
    """How many rows a snapshot is expected to have, by those before it of the same sources.

    The modified z-score of Iglewicz and Hoaglin (1993), "How to Detect and Handle Outliers", on the logarithm of the
    number of rows: 0.6745 (x - median) / MAD, which half of the history may be wrong without misleading.
    """

    deviations: float = Field(default=3.5, gt=0, description="Modified z-score beyond which a number is odd; 3.5 is "
                              "theirs.")
    min_change: float = Field(default=0.2, ge=0, description="A change smaller than this share of the median is never "
                              "odd, however regular the history.")
    min_history: int = Field(default=3, ge=2, description="Snapshots that a history needs before anything is odd.")
    blocking: bool = Field(default=False, description="Whether an odd number stops what is downstream.")


class Email(Part):
    """A server that takes mail by SMTP, and who is written to."""

    to: tuple[str, ...] = Field(min_length=1, repr=False, description="Addresses that are told.")
    sender: str = Field(repr=False, description="Address that it comes from.")
    host: str = Field(description="Server.")
    port: int = Field(default=587, ge=1, le=65535, description="Port of the server.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way to the server is encrypted; none is for a server of this machine."
    )
    user: str | None = Field(default=None, repr=False, description="User, if the server asks for one.")
    password: str | None = Field(default=None, repr=False, description="Password; from the environment.")

    @field_validator("to", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """Several addresses may stand in one text, as they do in a variable."""
        return tuple(filter(None, re.split(r"[\s,;]+", value))) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Email:
        if self.password and self.security == "none":
            raise ValueError("a password is not sent unencrypted: security is starttls or tls")
        return self


class Alerts(Part):
    """Who is told of runs that fail. Addresses and passwords belong into the environment: `${NAME}`."""

    webhook: str | None = Field(default=None, repr=False, description="Address that takes {\"text\": ...} by POST, as "
                                "Slack, Mattermost, Rocket.Chat and others do.")
    email: Email | None = Field(default=None, description="Mail.")
    ui: str | None = Field(default=None, description="Address of the UI, for links, such as https://dagster.example.")
    warnings: bool = Field(default=True, description="Tell, too, of checks that failed and stop nothing.")
    timeout_seconds: float = Field(default=10.0, gt=0, description="How long one message may take.")

    @field_validator("webhook", "ui")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value and not re.match(r"https?://[^/\s]+", value):
            raise ValueError("begins with http:// or https:// and names a host")
        return value or None

    @property
    def anybody(self) -> bool:
        """Whether anybody is told."""
        return bool(self.webhook or self.email)


class Vacuum(Part):
    """What becomes of files that nothing needs any more."""

    retain_days: float = Field(default=7.0, ge=0, allow_inf_nan=False, description="For so long, what was replaced, "
                               "written and not committed, or set aside is kept.")


class Watch(Part):
    """What is watched."""

    freshness: dict[str, Fresh] = Field(default_factory=dict, description="For a group or a table.")
    volume: Volume | None = Field(default_factory=Volume, description="null: the number of rows is never odd.")
    alerts: Alerts = Field(default_factory=Alerts)
    vanished: Literal["remove", "keep"] = Field(
        default="remove", description="A snapshot that no source has any more. remove: it is no partition any more. "
        "keep: it stays one, and is marked. What was made of it stays in the lake, and is not read, in either case."
    )
