"""The SQLite engine: a transaction that cannot begin leaves nothing locked behind it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError

from botcrm.core import db, sqlite
from botcrm.core.much_written import much_written


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(sqlite_template, tmp_path / "botcrm.sqlite3"))


@pytest.fixture
async def opened(path: Path) -> AsyncIterator[None]:
    await db.open_database(f"sqlite://{path}?busy_timeout=600000")
    await db.fetch("SELECT 1")  # connects
    yield
    await db.close()


def wait_no_longer_than(milliseconds: int) -> None:
    client = db.connection()
    assert isinstance(client, sqlite.Client)
    assert client._connection
    client._connection.busy_ms = milliseconds


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def write() -> None:
    async with asyncio.timeout(60), db.transaction():
        await db.execute("INSERT INTO press (key, at) VALUES ('k', '2026-01-01')")
        await db.execute("DELETE FROM press")


@pytest.mark.usefixtures("opened")
async def test_a_transaction_that_waited_in_vain_does_not_lock_out_the_next(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    wait_no_longer_than(50)
    with pytest.raises(OperationalError, match="locked"):
        await write()
    wait_no_longer_than(600_000)
    other.execute("COMMIT")
    await write()
    await asyncio.create_task(write())
    assert await db.fetch("SELECT 1 AS y") == [{"y": 1}]


@pytest.mark.usefixtures("opened")
async def test_a_transaction_cancelled_while_it_begins_stays_open_for_nobody(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(write())
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    other.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await task
    await write()
    await asyncio.create_task(write())
    other.execute("BEGIN IMMEDIATE")
    other.execute("COMMIT")


def log_bytes(path: Path) -> int:
    log = path.with_name(f"{path.name}-wal")
    return log.stat().st_size if log.exists() else 0


async def fill(rows: int, start: int = 0) -> None:
    """Commit rows one by one, each in a transaction."""
    for n in range(start, start + rows):
        async with db.transaction():
            await db.execute("INSERT INTO press (key, at) VALUES (?, '2026-01-01')", f"{n:0150}")


@pytest.mark.usefixtures("opened")
async def test_what_was_committed_is_copied_into_the_file_by_another_thread(path: Path) -> None:
    await fill(3)
    client = db.connection()
    assert isinstance(client, sqlite.Client)
    assert client._connection
    copier = client._connection.copier
    assert copier
    await copier.finish()
    # The file alone, without its log, holds everything by now.
    alone = Path(shutil.copyfile(path, path.with_name("alone.sqlite3")))
    with contextlib.closing(sqlite3.connect(alone)) as copy:
        assert copy.execute("SELECT count(*) FROM press").fetchone() == (3,)


@pytest.mark.usefixtures("opened")
async def test_written_in_bulk_the_log_is_copied_seldom_and_short_again_at_the_end(path: Path) -> None:
    client = db.connection()
    assert isinstance(client, sqlite.Client)
    connection = client._connection
    assert connection
    assert connection.copier
    usual = connection.copier.every, connection.copier.long
    memory = connection._conn.execute("PRAGMA cache_size").fetchone()[0]
    async with much_written():
        assert connection.copier.long > usual[1]
        for n in range(50):
            await fill(1, start=n)
    assert log_bytes(path) == 0
    assert (connection.copier.every, connection.copier.long) == usual
    assert connection._conn.execute("PRAGMA cache_size").fetchone()[0] == memory
    await fill(1, start=100)


@pytest.mark.usefixtures("opened")
async def test_a_long_log_starts_over_while_transactions_follow_each_other(path: Path) -> None:
    """Copied from behind only, it would never be found whole in the file, and grow for as long as there is work."""
    client = db.connection()
    assert isinstance(client, sqlite.Client)
    assert client._connection
    assert client._connection.copier
    client._connection.copier.every, client._connection.copier.long = 0.0, 50
    for n in range(300):
        await fill(1, start=n)
        await client._connection.copier.idle()
    # Each commit writes two pages at least.
    assert log_bytes(path) < 100 * 4096
    async with db.transaction():
        assert await db.column("SELECT count(*) FROM press") == [300]


async def test_closing_leaves_no_log_behind(path: Path) -> None:
    await db.open_database(f"sqlite://{path}")
    await fill(5)
    await db.close()
    assert log_bytes(path) == 0
    with contextlib.closing(sqlite3.connect(path)) as after:
        assert after.execute("SELECT count(*) FROM press").fetchone() == (5,)


@pytest.mark.usefixtures("opened")
async def test_a_lone_reader_holds_up_no_commit(path: Path, other: sqlite3.Connection) -> None:
    """An export that reads for long keeps the log from starting over; the bot goes on."""
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM press").fetchone()
    client = db.connection()
    assert isinstance(client, sqlite.Client)
    await fill(5)
    assert client._connection
    assert client._connection.copier
    async with asyncio.timeout(60):
        await client._connection.copier.finish()
        await fill(5, start=5)
    other.execute("COMMIT")
    assert await db.column("SELECT count(*) FROM press") == [10]


# --- closing -----------------------------------------------------------------------------------------------------------


def presses(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM press")]


@pytest.fixture
async def held(path: Path) -> AsyncIterator[tuple[asyncio.Event, asyncio.Task[None]]]:
    """A transaction in hand that goes on when the event is set."""
    await db.open_database(f"sqlite://{path}")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            await db.execute("INSERT INTO press (key, at) VALUES ('before', '2026-01-01')")
            begun.set()
            await go_on.wait()
            async with db.transaction():
                await db.execute("INSERT INTO press (key, at) VALUES ('after', '2026-01-01')")

    task = asyncio.create_task(hold())
    await begun.wait()
    yield go_on, task
    await asyncio.wait([task])


async def test_closing_waits_for_the_transaction_in_hand_and_refuses_others(
    path: Path, held: tuple[asyncio.Event, asyncio.Task[None]]
) -> None:
    go_on, task = held
    waiting = asyncio.create_task(write())
    await asyncio.sleep(0)
    closing = asyncio.create_task(db.close())
    for _ in range(5):
        await asyncio.sleep(0)
    late = asyncio.create_task(write())
    await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    await task
    for one in (waiting, late):
        with pytest.raises(OperationalError, match="the database is closed"):
            await one
    await closing
    assert presses(path) == ["before", "after"]


async def test_closing_does_not_wait_for_ever(
    path: Path, held: tuple[asyncio.Event, asyncio.Task[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, task = held
    monkeypatch.setattr(sqlite, "_CLOSE_SECONDS", 0.0)
    await db.close()
    go_on.set()
    with pytest.raises(OperationalError, match="the database is closed"):
        await task
    assert presses(path) == []


@pytest.mark.usefixtures("opened")
async def test_whoever_holds_a_transaction_cannot_close_under_it() -> None:
    with pytest.raises(OperationalError, match="in hand"):
        async with db.transaction():
            await db.close()
    await write()
