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

from botcrm.core import db


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(sqlite_template, tmp_path / "botcrm.sqlite3"))


@pytest.fixture
async def opened(path: Path) -> AsyncIterator[None]:
    await db.open_database(f"sqlite://{path}?busy_timeout=50")
    await db.fetch("SELECT 1")  # connects
    yield
    await db.close()


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def write() -> None:
    async with asyncio.timeout(10), db.transaction():
        await db.execute("INSERT INTO press (key, at) VALUES ('k', '2026-01-01')")
        await db.execute("DELETE FROM press")


@pytest.mark.usefixtures("opened")
async def test_a_transaction_that_waited_in_vain_does_not_lock_out_the_next(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        await write()
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
