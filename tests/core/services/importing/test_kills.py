"""Importing, killed between or within pieces and slices, and changed in between: nothing is lost, doubled or found by what it was."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import Company, Contact, Operation
from botcrm.core.services import records
from botcrm.core.services.derived import slices as derive_slices
from botcrm.core.services.importing.owed import pay
from botcrm.core.services.staff.people import system
from botcrm.core.services.work import Work
from botcrm.imports import step
from botcrm.imports.feed import Apart, Chunk
from botcrm.reminders import operations as running
from botcrm.settings import Settings
from tests.core.services.importing.files import begun, imported, people, problems, table, told
from tests.starting import start_up_to_date

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    moments = itertools.count()
    app = App(
        Settings(database_url=database_url, timezone="Europe/Warsaw", region="PL"),
        now=lambda: NOW + timedelta(milliseconds=next(moments)),
    )
    await start_up_to_date(app)
    yield app
    running.IMPORTS.close()
    await app.stop()


async def found_by() -> tuple[list[str], list[str]]:
    """Return all that records are found by."""
    terms = await db.column(
        "SELECT e.entity || e.record_id || ' ' || t.term || ' ' || t.owner_id FROM search_term t "
        "JOIN search_entry e ON e.id = t.entry_id"
    )
    return sorted(terms), sorted(await db.column("SELECT entity || record_id || key FROM record_key"))


async def found_anew(owed: dict[str, list[int]]) -> tuple[list[str], list[str]]:
    """Return all that records are found by, once it was thrown away and made again from them."""
    for what in ("search_term", "search_entry", "record_key"):
        await db.execute(f"DELETE FROM {what}")
    async with db.transaction():
        work = Work(system(Preferences()), datetime.now(UTC))
        while await pay(work, {"owed": owed}):
            pass
    return await found_by()


@pytest.mark.parametrize("owed", [1, 40, 10_000, -40])
@pytest.mark.parametrize("within", [True, False])
async def test_killed_at_any_piece_nothing_is_lost_or_doubled(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owed: int, within: bool
) -> None:
    if owed < 0:
        owed = -owed
        monkeypatch.setattr(step, "WHOLE", 0)
        for name in ("_ENTERED", "_FIRST", "_LEAST"):
            monkeypatch.setattr(derive_slices, name, 50 if name == "_ENTERED" else 100)
        monkeypatch.setattr(derive_slices, "_HELD", 0.0)
    monkeypatch.setattr(step, "LARGE_PIECE", 20)
    if owed < 10_000:  # else several parts of the file are one piece
        monkeypatch.setattr(step, "_HELD", 0.0)
    monkeypatch.setattr(step, "MOST_OWED", owed)
    path = people(tmp_path, 150)
    operation = await begun(app, path, "contact")
    piece: Callable[..., Any] = running.STEPS["import"]
    count = 0

    async def killing(work: Any, operation: Operation) -> bool:
        nonlocal count
        count += 1
        if not within and count % 2 == 0:
            raise Killed
        done = await piece(work, operation)
        if within and count % 2 == 0:
            raise Killed  # all is written, and nothing committed
        return bool(done)

    monkeypatch.setitem(running.STEPS, "import", killing)
    for _ in range(60):
        running.IMPORTS.close()  # a new process knows nothing of what the one before had in hand
        try:
            operation = await running.run_here(app, operation.id)
        except Killed:
            continue
        if operation.state != "running":
            break
    assert (operation.state, operation.counts["created"], operation.counts["bad"]) == ("done", 129, 21)
    assert await Contact.all().count() == 129
    assert await Company.all().count() == 11
    assert sorted(await db.column("SELECT external_id FROM external_ref")) == sorted(
        f"x{n}" for n in range(150) if n % 7 != 3
    )
    found = await db.fetch_one(
        "SELECT count(*) AS n, count(DISTINCT record_id) AS d FROM search_entry WHERE entity = 'contact'"
    )
    assert found == {"n": 129, "d": 129}
    keyed = await db.fetch_one("SELECT count(DISTINCT record_id) AS d FROM record_key WHERE entity = 'contact'")
    assert keyed == {"d": 129}
    assert await found_by() == await found_anew({"contact": [1, 10_000], "company": [1, 10_000]})
    rows = list(csv.DictReader(io.StringIO(problems(operation), newline="")))
    assert [row["external_id"] for row in rows] == [f"x{n}" for n in range(150) if n % 7 == 3]


async def test_what_is_touched_between_two_slices_is_found_as_it_is_now(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.dialect() == "postgres":
        return  # nothing is sliced there
    monkeypatch.setattr(step, "WHOLE", 0)
    for name in ("_FIRST", "_LEAST"):
        monkeypatch.setattr(derive_slices, name, 100)
    monkeypatch.setattr(derive_slices, "_HELD", 0.0)
    touched: list[int] = []

    async def touch(operation: Operation) -> None:
        if operation.progress.get("cut", 0) == 2 * len(touched) + 2:
            async with app.work() as work:
                await records.change_record(work, Contact, 1 + len(touched), name="Somebody Else", phone=None)
                gone = await Contact.get(id=100 - len(touched))
                await records.delete_record(work, gone)
            touched.append(operation.id)

    piece: Callable[..., Any] = running.STEPS["import"]
    operation = await begun(app, people(tmp_path, 150), "contact")
    while operation.state == "running":
        async with app.work() as work:
            operation = await Operation.get(id=operation.id)
            work.id = operation.work_id
            if await piece(work, operation):
                break
        await touch(await Operation.get(id=operation.id))
    assert len(touched) > 3
    assert await found_by() == await found_anew({"contact": [1, 10_000], "company": [1, 10_000]})


async def test_a_contact_by_name_alone_is_made_once_however_long_search_waits(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "LARGE_PIECE", 1)
    path = table(tmp_path, "Title,Company,Contact", "Roof,Acme,Anna", "Door,Acme,Anna", "Wall,Other,Anna")
    assert told(await imported(app, path, "deal")) == {"created": 3, "companies": 2, "contacts": 2}


async def test_a_second_number_is_known_however_long_the_matcher_waits(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "LARGE_PIECE", 1)
    rows = ("Anna Nowak,601234567,602345678,A.Nowak@gmail.com", "A. Nowak,602345678,,", "Anna N,,,anowak@gmail.com")
    path = table(tmp_path, "Name,Phone,Phone,E-mail", *rows)
    assert told(await imported(app, path, "contact")) == {"created": 1, "skipped": 2}


async def test_should_the_process_that_reads_die_another_one_goes_on(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(step, "APART", 100)
    monkeypatch.setattr(step, "LARGE_PIECE", 20)
    taken = itertools.count(1)
    take = Apart.take

    def take_and_kill(feed: Apart) -> Chunk | None:
        chunk = take(feed)
        if next(taken) in (1, 8):
            feed._process.kill()
        return chunk

    monkeypatch.setattr(Apart, "take", take_and_kill)
    # More than a pipe holds: it has not read to the end when it dies.
    done = await imported(app, people(tmp_path, 500), "contact")
    assert sum("the process that reads a file ended" in one.message for one in caplog.records) == 2
    assert done.counts["seen"] == 500
    assert await db.column("SELECT name FROM contact ORDER BY id") == [f"Person {n}" for n in range(500) if n % 7 != 3]
