"""Queries that only read: for reports and other plugins that count what no service counts.

Outside of a unit of work a query sees what was committed when it began and holds nobody up, however long it takes: on SQLite it
runs on a connection and a thread of its own. Inside one it sees what that work wrote, and others wait for it.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from tortoise.exceptions import OperationalError, TransactionManagementError

from botcrm.core import db
from botcrm.core.domain.zones import start_of_day
from botcrm.core.services.work import Work


class Reading(Work):
    """A work without a transaction, for what only reads: it writes nothing, sends nothing and plans nothing."""

    async def create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("this work only reads: nothing can be written in it")

    change = plan_job = cancel_jobs = _post = savepoint = create  # type: ignore[assignment]


async def fetch(work: Work, sql: str, *args: Any) -> list[dict[str, Any]]:
    """Run a query that only reads, with ? placeholders, and return its rows.

    Whose records it counts is the caller's to say: `WHERE` + `owned_sql("owner_id", people)`, with the people of a report's
    filters or of `owners(work.actor, "deal")`. Moments come as the database's driver gives them: `events` and the like hold JSON
    as text or decoded, by the database: `json_sql` reads one field of it.

    :raises Exception: the database's own, also where the query would have written
    """
    del (
        work
    )  # the transaction at hand is found by where the call runs; the argument says that there is one to answer for
    if db.in_work():
        async with _unwritable():
            return await db.fetch(sql, *args)
    if db.dialect() == "postgres":
        async with db.transaction():
            await db.execute("SET TRANSACTION READ ONLY")
            return await db.fetch(sql, *args)
    return await _apart(str(db.connection().filename), sql, [db._adapt(value) for value in args])  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def _unwritable() -> AsyncIterator[None]:
    """Have the database refuse to write until the block ends, in the transaction at hand."""
    if db.dialect() == "postgres":
        async with db.transaction():  # a savepoint: what is read-only in it is writable again behind it
            await db.execute("SET TRANSACTION READ ONLY")
            try:
                yield
            except TransactionManagementError as exc:
                # Of this kind the library thinks that there is nothing to roll back to.
                raise OperationalError(str(exc)) from exc
        return
    await db.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        await db.execute("PRAGMA query_only = OFF")


async def _apart(path: str, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Run a query on an SQLite file on a thread; it is broken off when nobody waits for it any more."""
    opened: list[sqlite3.Connection] = []

    def run() -> list[dict[str, Any]]:
        with contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as connection:
            opened.append(connection)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute(f"PRAGMA mmap_size = {2**28}")
            try:
                return [dict(row) for row in connection.execute(sql, values)]
            finally:
                opened.clear()

    running = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        for connection in opened:
            connection.interrupt()
        raise


def json_sql(column: str, field: str) -> str:
    """Return an SQL expression for a field of a JSON column, as text: `json_sql("e.after", "stage_id")`.

    :raises ValueError: the field is no plain name
    """
    if not field.isidentifier():
        raise ValueError(f"{field!r} is no plain name")
    return f"({column}->>'{field}')" if db.dialect() == "postgres" else f"json_extract({column}, '$.{field}')"


def days_sql(start: str, end: str) -> str:
    """Return an SQL expression for the days, with a fraction, between two expressions for moments."""
    if db.dialect() == "postgres":
        return f"(EXTRACT(EPOCH FROM CAST({end} AS timestamptz) - CAST({start} AS timestamptz)) / 86400.0)"
    return f"(julianday({end}) - julianday({start}))"


# Somebody takes back, brings back, takes back again: so many turns are followed.
_TURNS = 4


def standing_sql(alias: str) -> str:
    """Return an SQL condition that an event of the table alias stands: it takes nothing back, and was not taken back itself."""
    taken = "1 = 0"
    for turn in reversed(range(_TURNS)):
        below = alias if turn == 0 else f"back{turn - 1}"
        taken = f"EXISTS (SELECT 1 FROM event back{turn} WHERE back{turn}.undoes = {below}.work_id AND NOT {taken})"
    # Written so that no index on this column looks useful: nearly every event has nothing there.
    return f"(COALESCE({alias}.undoes, 0) = 0 AND NOT {taken})"


def bounds(work: Work, since: date, until: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day in the reader's zone, and the first moment after another day."""
    zone = work.prefs.zone
    return start_of_day(since, zone), start_of_day(until + timedelta(days=1), zone)
