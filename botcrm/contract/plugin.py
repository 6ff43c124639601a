"""A plugin as it declares itself, and what the product gives it to work with."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from logging import LoggerAdapter
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from botcrm.core.services.work import Work

API_VERSION = "1.0"
"""The version of the contract: the second number grows with what is new, the first when something breaks."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
"""How a plugin is called; the name stands in front of its tables, routes, settings and buttons."""

TAKEN = frozenset(
    (
        *("activity", "company", "contact", "counters", "deal", "digest", "file", "lead", "maintenance"),
        *("message", "note", "overdue", "plugin", "report", "rule", "setting", "user"),
    )
)
"""No plugin's names: the product's own permissions and jobs begin with them."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a plugin says of itself, as `manifest` on its module or object.

    :ivar title: its name for people
    :ivar about: what it is good for, in a sentence
    :ivar api: which contract versions it works with, e.g. ">=1.0,<2" (as in a package's dependencies)
    :ivar needs: the permissions that its own work has ("deal.read", "activity.add" …), each over everybody's records; what a
        person does by its commands and buttons is held to that person's rights instead
    """

    title: str
    about: str = ""
    api: str = ">=1.0,<2"
    needs: tuple[str, ...] = ()


class Settings(BaseModel):
    """The base of a plugin's settings: each field has a type, a default and a description; the chat makes a form of it.

    A `SecretStr` is never stored: it comes from the environment, as BOTCRM_<PLUGIN>_<FIELD>.
    """

    model_config = ConfigDict(extra="ignore", validate_default=True, frozen=True)


class Plugin(Protocol):
    """What a plugin gets of the product: its hooks that name `plugin` as an argument are called with it.

    :ivar name: the name it is registered under
    :ivar settings: its settings as they are now, of the type it registered
    :ivar log: a logger whose lines name the plugin
    """

    name: str
    log: LoggerAdapter[Any]

    @property
    def settings(self) -> Any: ...

    @property
    def public_url(self) -> str:
        """Return where its web routes are reached from outside, without a slash at the end; empty where nothing is served."""
        ...

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...

    def work(self) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work with the permissions that the manifest needs; it is committed when the block ends.

        Inside it wait for nothing but the database: it is rolled back after a quarter of a second of waiting, because
        nobody else can write meanwhile.

        :raises TimeoutError: it was held too long
        :raises NotAllowed: (by services) the manifest does not name the permission
        """
        ...

    async def download(self, file_id: str, most_bytes: int = 20_000_000) -> bytes:
        """Return a file that somebody sent to the bot; not inside a unit of work.

        :raises ValueError: it is larger
        :raises OSError: it cannot be had now
        """
        ...


@dataclass(frozen=True, slots=True)
class Tables:
    """A plugin's own tables.

    :ivar models: the module with its tortoise models; their tables start with the plugin's name and an underscore
    :ivar migrations: the package with their migrations, made by `botcrm plugin migrations`
    """

    models: str
    migrations: str


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission of a plugin's own, asked by `services.demand_permission`.

    :ivar name: "visits.see"; starts with the plugin's name and a dot
    :ivar meaning: what it allows
    :ivar roles: which of the shipped roles have it: role → "own", "department" or "all"
    """

    name: str
    meaning: str
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """What happens later or again and again; a job's row is kept until it ran.

    :ivar kind: "visits.close"; starts with the plugin's name and a dot; `work.plan_job(kind, key, run_at, **payload)` plans one
    :ivar run: `async def run(plugin, payload: dict)`; it opens its own work. It may run twice after a crash.
    :ivar every: seconds between runs planned by the product itself; None: only when planned
    :ivar daily_at: "07:30", in the company's zone, instead of `every`
    :ivar deadline: seconds it may take
    """

    kind: str
    run: Callable[..., Any]
    every: float | None = None
    daily_at: str | None = None
    deadline: float = 30.0
