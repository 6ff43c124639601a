"""The thin layer over tortoise: open, one transaction, and plain SQL that reads the same on both databases."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tortoise import Tortoise, connections
from tortoise.backends.base import executor
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connections
from tortoise.transactions import in_transaction

from botcrm.core import sqlite
from botcrm.core.domain.errors import DatabaseUnusable

# Mapped, a page that was not read lately costs a fraction of a read call: lists and searches in a large file touch many.
_PRAGMAS = {
    "busy_timeout": "10000",
    # The log is brought to the disk apart (see sqlite).
    "synchronous": "NORMAL",
    "cache_size": "-65536",
    "temp_store": "MEMORY",
    # The most that the library takes as it is commonly built.
    "mmap_size": str(2**31 - 2**16),
    # The log keeps its length when it starts over: writing what is there costs half of what writing behind the end does.
    "journal_size_limit": str(2**28),
}


def sqlite_path(url: str) -> Path | None:
    """Return the file behind an sqlite:// URL, None for another database."""
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        return None
    return Path(url.removeprefix("sqlite://").split("?")[0])


def config(url: str, *, foreign_keys: bool = True) -> dict[str, Any]:
    """Return tortoise's configuration for a database URL.

    :raises DatabaseUnusable: the URL is of no kind that botcrm knows
    """
    scheme = urlsplit(url).scheme
    connection: dict[str, Any]
    if scheme == "sqlite":
        pragmas = dict(_PRAGMAS) | dict(parse_qsl(urlsplit(url).query))
        pragmas["foreign_keys"] = "ON" if foreign_keys else "OFF"
        connection = {"engine": "botcrm.core.sqlite", "credentials": {"file_path": str(sqlite_path(url)), **pragmas}}
    elif scheme in ("postgres", "postgresql", "asyncpg"):
        connection = expand_db_url(url.replace("postgresql://", "postgres://", 1))
        connection["engine"] = "botcrm.core.asyncpg_client"
    else:
        raise DatabaseUnusable(reason=f"unknown kind of database {scheme or url!r}: use sqlite:// or postgres://")
    return {
        "connections": {"default": connection},
        "apps": {
            "core": {
                "models": ["botcrm.core.models"],
                "default_connection": "default",
                "migrations": "botcrm.core.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def open_database(url: str) -> None:
    """Connect the models of this process to a migrated database."""
    executor.EXECUTOR_CACHE.clear()
    _opened["url"] = url
    await Tortoise.init(config=config(url), _enable_global_fallback=True)


_opened: dict[str, str] = {}


def opened_url() -> str:
    """Return the URL of the database that is open, for a process that reads it beside this one."""
    return _opened["url"]


async def close() -> None:
    """Close every connection; a no-op when none is open."""
    with contextlib.suppress(RuntimeError):
        await Tortoise.close_connections()
    executor.EXECUTOR_CACHE.clear()
    _search_mode.clear()


# The connection of the transaction in force here; the library's own way to it is ten times as long.
_held: ContextVar[BaseDBAsyncClient | None] = ContextVar("held", default=None)


def connection() -> BaseDBAsyncClient:
    """Return the connection in force here: the transaction's own inside one."""
    held = _held.get()
    if held is not None:
        return held
    current: BaseDBAsyncClient = connections.get("default")
    return current


def dialect() -> str:
    """Return "sqlite" or "postgres"."""
    return str(connection().capabilities.dialect)


def in_work() -> bool:
    """Tell whether a transaction is in force here."""
    return _held.get() is not None


class Borrowed:
    """Use, from making it until `end`, a transaction that another task holds."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self._handler = get_connections()
        self._token = _held.set(client)
        self._storage = self._handler.set("default", client)

    def end(self) -> None:
        """Go on without it, in the task that made this."""
        self._handler.reset(self._storage)
        _held.reset(self._token)


class transaction:  # noqa: N801 - used like the function that it would be, were generators as quick
    """Hold one transaction for the length of an `async with`; nested, a savepoint.

    :param committed: called once it is committed, before the next one begins: for what this process has in memory of it.
        What is told to anybody waits for the end of the block, when it is kept
    :raises LeaseOver: the transaction at hand was taken back
    """

    __slots__ = ("_committed", "_part", "_token", "_whole")

    def __init__(self, committed: Callable[[], None] | None = None) -> None:
        self._committed = committed

    async def __aenter__(self) -> None:
        """Begin."""
        held = _held.get()
        self._part = held.part() if isinstance(held, sqlite.Transaction) else None
        if self._part is not None:
            self._part.begin()
            return
        self._whole = in_transaction("default")
        self._token = _held.set(await self._whole.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was done, or take it back where the block raised."""
        if self._part is not None:
            self._part.end(taken_back=error is not None)
            told = self._committed
        else:
            _held.reset(self._token)
            told = self._committed
            if isinstance(self._whole, sqlite.Context):
                self._whole.committed, told = told, None
            await self._whole.__aexit__(kind, error, trace)
        if told and error is None:
            told()


async def alone(name: str) -> None:
    """Let one process at a time go on from here to the end of its transaction; SQLite has one writer anyway."""
    if dialect() == "postgres":
        await fetch("SELECT pg_advisory_xact_lock(hashtext(?)) IS NULL AS y", name)


@functools.lru_cache(maxsize=2048)
def _numbered(sql: str) -> str:
    parts = sql.split("?")
    return "".join(part + (f"${i + 1}" if i < len(parts) - 1 else "") for i, part in enumerate(parts))


_AS_IS = frozenset({int, str, float, bytes, type(None)})


def _adapted(values: Iterable[Any]) -> list[Any]:
    """Return values as SQLite takes them."""
    return [value if type(value) in _AS_IS else _adapt(value) for value in values]


def _adapt(value: Any) -> Any:
    if isinstance(value, datetime):
        return _utc_text(value if value.tzinfo is UTC else value.astimezone(UTC))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


# Most of what a transaction writes down happened at one and the same moment.
@functools.lru_cache(maxsize=256)
def _utc_text(moment: datetime) -> str:
    return moment.isoformat(" ")


def _is_postgres(client: BaseDBAsyncClient) -> bool:
    return client.capabilities.dialect == "postgres"


async def fetch(sql: str, *args: Any) -> list[dict[str, Any]]:
    """Run a query with ? placeholders and return its rows.

    Datetimes come back as the driver gives them: pass them through `moment`.
    """
    client = connection()
    if isinstance(client, sqlite.Transaction):
        return client.rows(sql, _adapted(args))
    if _is_postgres(client):
        return await client.execute_query_dict(_numbered(sql), list(args))
    return await client.execute_query_dict(sql, _adapted(args))


async def fetch_one(sql: str, *args: Any) -> dict[str, Any] | None:
    """Run a query and return its first row."""
    rows = await fetch(sql, *args)
    return rows[0] if rows else None


async def column(sql: str, *args: Any) -> list[Any]:
    """Run a query of one column and return its values."""
    client = connection()
    if isinstance(client, sqlite.Transaction):
        return client.column(sql, _adapted(args))
    return [value for row in await fetch(sql, *args) for value in row.values()]


async def execute(sql: str, *args: Any) -> int:
    """Run a statement and return how many rows it changed."""
    client = connection()
    if isinstance(client, sqlite.Transaction):
        return client.change(sql, _adapted(args))
    if _is_postgres(client):
        return (await client.execute_query(_numbered(sql), list(args)))[0]
    return (await client.execute_query(sql, _adapted(args)))[0]


async def execute_many(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run one statement for many rows of values."""
    client = connection()
    if isinstance(client, sqlite.Transaction):
        client.change_many(sql, map(_adapted, rows))
    elif _is_postgres(client):
        await client.execute_many(_numbered(sql), [list(row) for row in rows])
    else:
        await client.execute_many(sql, [_adapted(row) for row in rows])


async def insert(table: str, **values: Any) -> int:
    """Insert one row and return its id."""
    sql = f'INSERT INTO "{table}" ({", ".join(values)}) VALUES ({", ".join("?" * len(values))}) RETURNING id'
    rows = await fetch(sql, *values.values())
    return int(rows[0]["id"])


def to_json(value: Any) -> str:
    """Encode what an event, job or outbox row carries; moments, dates and amounts become text."""
    return _encode(value) if value else _EMPTY.get(type(value)) or _encode(value)


def from_json(value: Any) -> Any:
    """Decode a JSON column as the driver returned it."""
    if value == "{}":
        return {}
    if isinstance(value, bytes):
        value = value.decode()
    return _decode(value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # a moment is one as well
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"not storable: {value!r}")


_EMPTY: dict[type, str] = {dict: "{}", list: "[]"}
# Made once: `json.dumps` makes an encoder for each call that is not plain, and `json.loads` looks for what no column holds.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
_decode = json.JSONDecoder().decode


def moment(value: Any) -> datetime | None:
    """Turn a driver's datetime into aware UTC."""
    if value is None:
        return None
    at: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    if at.tzinfo is UTC:
        return at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def moment_needed(value: Any) -> datetime:
    """Turn a driver's datetime of a NOT NULL column into aware UTC."""
    found = moment(value)
    assert found is not None
    return found


# --- search: what SQL has no common words for ---------------------------------------------------------------------------

_search_mode: dict[str, bool] = {}


async def has_trigrams() -> bool:
    """Tell whether inexact words can be searched by trigram here."""
    if "trigrams" not in _search_mode:
        sqlite = dialect() == "sqlite"
        _search_mode["trigrams"] = sqlite or bool(
            await fetch("SELECT 1 AS y FROM pg_extension WHERE extname = 'pg_trgm'")
        )
    return _search_mode["trigrams"]


# What `tortoise -c botcrm.core.db.MIGRATIONS makemigrations` reads when a developer changes a model.
MIGRATIONS = config("sqlite://:memory:")
