"""A bulk merge, and taking it back, killed again and again: nothing is half done, nothing twice, nothing missing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services import activities, deals, records
from botcrm.core.services.merging.many import Rule, start_bulk_merge
from botcrm.core.services.operations import operations
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.settings import Settings
from tests.core.services.duplicates.groups import members_of

PAIRS, KILLS = 130, 3
SCRIPT = Path(__file__).with_name("operation.py")
STATE = (
    "SELECT id, name, phone, email, more_phones, merged_into_id, deleted_at FROM contact ORDER BY id",
    "SELECT id, contact_id FROM deal ORDER BY id",
    "SELECT id, contact_id FROM note ORDER BY id",
    "SELECT entity, record_id, tag FROM tag ORDER BY entity, record_id, tag",
    "SELECT entity, record_id, name FROM search_entry ORDER BY entity, record_id",
)


async def state() -> list[list[dict[str, Any]]]:
    return [await db.fetch(sql) for sql in STATE]


async def filled(app: App) -> int:
    """Put pairs of one person each into the base, and return the bulk merge that is to make them one."""
    async with app.work() as work:
        user = await add_user(work, name="Ada", role="admin", telegram_id=1)
    actor = await actor_by_id(app.defaults, user.id)
    assert actor
    async with app.work(actor) as work:
        search = await operations.start(work, "duplicates", "contact", "Duplicates", params={})
        search.state = "done"
        await search.save()
        for number in range(1, PAIRS + 1):
            main = await records.add_contact(work, f"Jan {number}", phone=f"+48601{number:06}")
            other = await records.add_contact(work, f"Janek {number}", phone=f"+48602{number:06}", email="a@b.example")
            await records.add_tags(work, other, ["vip"])
            await deals.add_deal(work, title="roof", contact_id=other.id)
            await activities.add_note(work, "x", contact_id=other.id)
            reasons = [{"what": "email", "percent": 0}]
            members = await members_of("contact", 0.99, [main.id, other.id], reasons)
            values = {"operation_id": search.id, "entity": "contact", "number": number, "score": 0.99, "state": "open"}
            await db.insert("duplicate_group", members=db.to_json(members), **values)
    async with app.work(actor) as work:
        operation = await start_bulk_merge(work, Rule(search.id, 0.9), "Merge")
        await operations.run(work, operation, here=True)
    return int(operation.id)


@contextlib.asynccontextmanager
async def runner(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Give a process that runs operations, each in another one."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), url, stdin=pipe, stdout=pipe)
    yield process
    assert process.stdin
    process.stdin.close()
    assert await process.wait() == 0


async def killed_until_done(process: asyncio.subprocess.Process, operation_id: int, dice: random.Random) -> int:
    """Run an operation in processes of their own, each killed at a random moment, until one comes to the end."""
    assert process.stdin
    assert process.stdout
    for kills in itertools.count():
        process.stdin.write(f"{operation_id}\n".encode())
        # The first ones die after a piece, in the midst of the next one.
        pieces = 1 if kills < KILLS else 10**6
        number = seen = 0
        code: int | None = None
        while code is None:
            word, _, rest = (await process.stdout.readline()).decode().strip().partition(" ")
            assert word, "the script is there"
            if word == "process":
                number = int(rest)
            elif word == "ended":
                code = int(rest)
            else:
                seen += 1
                if seen == pieces + 1:
                    await asyncio.sleep(dice.random() * 0.03)
                    os.kill(number, signal.SIGKILL)
        if code == 0:
            return kills
        assert code == -signal.SIGKILL
    raise AssertionError


async def test_a_bulk_merge_and_its_undo_survive_every_kill(migrated_url: str) -> None:
    async with runner(migrated_url) as process:
        await _killed_and_taken_back(migrated_url, process)


async def _killed_and_taken_back(migrated_url: str, process: asyncio.subprocess.Process) -> None:
    dice = random.Random(7)
    app = App(Settings(database_url=migrated_url, timezone="Europe/Warsaw"))
    await app.start()
    operation_id = await filled(app)
    before = await state()
    await app.stop()

    kills = await killed_until_done(process, operation_id, dice)
    await app.start()
    assert kills == KILLS
    row = await db.fetch_one("SELECT state, counts FROM operation WHERE id = ?", operation_id)
    assert row
    assert (row["state"], db.from_json(row["counts"])["merged"]) == ("done", PAIRS)
    merges = await db.fetch("SELECT main_id, merged_id FROM merge ORDER BY id")
    assert len(merges) == len({one["merged_id"] for one in merges}) == PAIRS
    events = await db.column("SELECT record_id FROM event WHERE type = 'RecordMerged'")
    assert sorted(events) == sorted(one["merged_id"] for one in merges)
    assert await db.column("SELECT count(*) FROM contact WHERE deleted_at IS NULL") == [PAIRS]
    wrong = "SELECT count(*) FROM deal d JOIN contact c ON c.id = d.contact_id WHERE c.deleted_at IS NOT NULL"
    assert await db.column(wrong) == [0]
    actor = await actor_by_id(app.defaults, 1)
    async with app.work(actor) as work:
        taking = await operations.undo(work, operation_id, here=True)
    await app.stop()

    kills = await killed_until_done(process, taking.id, dice)
    await app.start()
    assert kills == KILLS
    assert await state() == before
    row = await db.fetch_one("SELECT counts FROM operation WHERE id = ?", taking.id)
    assert row
    assert db.from_json(row["counts"])["back"] == PAIRS
    await app.stop()
