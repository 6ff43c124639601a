"""Whoever commits goes on when it is on the disk, and holds up nobody who writes next."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError

from botcrm.core import db, log_syncer


class Disk:
    """A disk that takes what it is given when it is let, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.takes = threading.Event()
        self.takes.set()
        self.asked = 0
        self.broken = False

    def __call__(self, file: int) -> None:
        self.asked += 1
        assert self.takes.wait(60)
        if self.broken:
            raise OSError(5, "Input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(log_syncer, "_to_disk", disk)
    return disk


@pytest.fixture
async def opened(sqlite_template: Path, tmp_path: Path, disk: Disk) -> AsyncIterator[None]:
    path = shutil.copyfile(sqlite_template, tmp_path / "botcrm.sqlite3")
    await db.open_database(f"sqlite://{path}")
    await db.fetch("SELECT 1")  # connects
    yield
    disk.takes.set()
    await db.close()


async def press(key: str, then: str = "SELECT 1") -> None:
    async with db.transaction():
        await db.execute("INSERT INTO press (key, at) VALUES (?, '2026-01-01')", key)
        await db.execute(then)


async def until_stuck() -> None:
    """Let everything go on that does not wait for the disk."""
    for _ in range(100):
        await asyncio.sleep(0)


@pytest.mark.usefixtures("opened")
async def test_a_commit_is_over_when_it_is_on_the_disk_and_the_next_begins_before(disk: Disk) -> None:
    disk.takes.clear()
    first, second = asyncio.create_task(press("1")), asyncio.create_task(press("2"))
    await until_stuck()
    assert not first.done()
    assert not second.done()
    # Both have been committed: the second one did not wait for the disk to take the first.
    disk.takes.set()
    await asyncio.gather(first, second)
    assert await db.column("SELECT key FROM press ORDER BY id") == ["1", "2"]


@pytest.mark.usefixtures("opened")
async def test_the_log_goes_to_the_disk_once_for_all_who_wait(disk: Disk) -> None:
    disk.takes.clear()
    tasks = [asyncio.create_task(press(str(n))) for n in range(20)]
    await until_stuck()
    disk.takes.set()
    await asyncio.gather(*tasks)
    # Once for those committed before it began, and once for those who came meanwhile.
    assert disk.asked <= 3


@pytest.mark.usefixtures("opened")
async def test_a_lone_statement_is_kept_as_well_and_reading_asks_nothing_of_the_disk(disk: Disk) -> None:
    await db.execute("INSERT INTO press (key, at) VALUES ('1', '2026-01-01')")
    assert disk.asked == 1
    async with db.transaction():
        assert await db.column("SELECT key FROM press") == ["1"]
    await db.fetch("SELECT key FROM press")
    assert disk.asked == 1


@pytest.mark.usefixtures("opened")
async def test_after_a_failure_of_the_disk_nothing_counts_as_kept(disk: Disk) -> None:
    """What it failed to take may be lost, though the next time it says that all is well."""
    disk.broken = True
    with pytest.raises(OperationalError, match="Input/output"):
        await press("1")
    disk.broken = False
    with pytest.raises(OperationalError, match="Input/output"):
        await press("2")
    # Nor does what changes nothing, having found what was not kept.
    with pytest.raises(OperationalError, match="Input/output"):
        await db.fetch("SELECT key FROM press")
    assert disk.asked == 1


@pytest.mark.usefixtures("opened")
async def test_who_reads_what_is_on_its_way_to_the_disk_waits_for_it_too(disk: Disk) -> None:
    disk.takes.clear()
    first = asyncio.create_task(press("1"))
    await until_stuck()
    again = asyncio.create_task(db.fetch("SELECT key FROM press"))
    await until_stuck()
    assert not again.done()
    disk.takes.set()
    await first
    assert await again == [{"key": "1"}]


@pytest.mark.usefixtures("opened")
async def test_who_waits_no_longer_leaves_nothing_unkept(disk: Disk) -> None:
    disk.takes.clear()
    first, second = asyncio.create_task(press("1")), asyncio.create_task(press("2"))
    await until_stuck()
    second.cancel()
    disk.takes.set()
    await asyncio.gather(first, second, return_exceptions=True)
    await db.fetch("SELECT key FROM press")
    assert disk.asked == 2


@pytest.mark.usefixtures("opened")
async def test_a_log_that_could_not_be_opened_once_is_opened_the_next_time(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, flags: int) -> int:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr("botcrm.core.log_syncer.os.open", full)
        with pytest.raises(OperationalError, match="Too many"):
            await press("1")
    await press("2")
    assert disk.asked == 1


@pytest.mark.usefixtures("opened")
async def test_what_was_taken_back_is_not_waited_for(disk: Disk) -> None:
    disk.takes.clear()
    with pytest.raises(OperationalError, match="no such table"):
        await press("1", then="INSERT INTO no_table VALUES (1)")
    assert await db.column("SELECT count(*) FROM press") == [0]
