"""The layer over tortoise: transactions, placeholders, moments, and hot queries that stay on their indexes."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from botcrm.core import db
from botcrm.core.domain.errors import DatabaseUnusable

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
async def opened(database_url: str) -> str:
    await db.open_database(database_url)
    return database_url


async def _press(key: str) -> None:
    await db.execute("INSERT INTO press (key, at) VALUES (?, ?)", key, AT)


async def _keys() -> list[str]:
    return [row["key"] for row in await db.fetch("SELECT key FROM press ORDER BY id")]


class Broken(Exception):
    pass


async def _fail(*keys: str) -> None:
    async with db.transaction():
        for key in keys:
            await _press(key)
        raise Broken


@pytest.mark.usefixtures("opened")
async def test_a_transaction_is_all_or_nothing_and_nests() -> None:
    with pytest.raises(Broken):
        await _fail("a", "b")
    async with db.transaction():
        await _press("outer")
        with pytest.raises(Broken):
            await _fail("inner")
        async with db.transaction():
            await _press("second")
    assert await _keys() == ["outer", "second"]


@pytest.mark.usefixtures("opened")
async def test_many_transactions_at_once_do_not_mix() -> None:
    async def one(number: int) -> None:
        async with db.transaction():
            await _press(f"a{number}")
            await asyncio.sleep(0)
            await _press(f"b{number}")
            if number % 3 == 0:
                raise Broken

    ends = await asyncio.gather(*(one(number) for number in range(30)), return_exceptions=True)
    assert sum(isinstance(end, Broken) for end in ends) == 10
    assert set(await _keys()) == {f"{letter}{n}" for letter in "ab" for n in range(30) if n % 3}


@pytest.mark.usefixtures("opened")
async def test_what_goes_in_comes_out() -> None:
    far = AT.astimezone(timezone(timedelta(hours=9)))
    row_id = await db.insert("press", key="it's 100% '?' \\ \N{PILE OF POO}", at=far)
    row = await db.fetch_one("SELECT * FROM press WHERE id = ?", row_id)
    assert row
    assert (row["key"], db.moment(row["at"])) == ("it's 100% '?' \\ \N{PILE OF POO}", AT)
    assert await db.fetch_one("SELECT 1 AS y FROM press WHERE id = ?", -1) is None
    assert await db.execute("UPDATE press SET at = ?", AT) == 1
    assert await db.execute("DELETE FROM press WHERE id = ?", -1) == 0
    await db.execute_many("INSERT INTO press (key, at) VALUES (?, ?)", [(f"{n}", AT) for n in range(5)])
    assert await db.execute("DELETE FROM press") == 6
    await db.execute_many("INSERT INTO press (key, at) VALUES (?, ?)", [])


@pytest.mark.usefixtures("opened")
async def test_a_failing_statement_among_many_leaves_none() -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with db.transaction():
            await db.execute_many("INSERT INTO press (key, at) VALUES (?, ?)", [("a", AT), ("b", AT), ("a", AT)])
    assert await _keys() == []


def test_json_holds_moments_days_and_amounts_as_text() -> None:
    value = {"at": AT, "day": date(2026, 3, 1), "amount": Decimal("1.50"), "name": "Łódź"}
    text = db.to_json(value)
    assert text == '{"at":"2026-03-01T12:30:15.123456+00:00","day":"2026-03-01","amount":"1.50","name":"Łódź"}'
    assert db.from_json(text)["name"] == "Łódź"
    assert db.from_json({"already": 1}) == {"already": 1}
    with pytest.raises(TypeError):
        db.to_json(object())


def test_urls_that_are_none_of_ours() -> None:
    for url in ("mysql://x", "redis://x", "x"):
        with pytest.raises(DatabaseUnusable):
            db.config(url)
    assert db.sqlite_path("sqlite:///a/b.db?busy_timeout=5") == Path("/a/b.db")
    assert db.sqlite_path("postgres://a/b") is None


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("opened")
async def test_a_commit_that_fails_does_not_lock_out_what_comes_next() -> None:
    """A full disk at the commit left the transaction open, and no other could ever begin."""

    async def orphan() -> None:
        async with db.transaction():
            # Checked at the commit only: that is where this fails.
            await db.execute("PRAGMA defer_foreign_keys = ON")
            await db.execute(
                "INSERT INTO contact (version, created_at, updated_at, name, company_id) VALUES (1, ?, ?, ?, 99)",
                AT,
                AT,
                "x",
            )

    with pytest.raises(OperationalError):
        await orphan()
    async with asyncio.timeout(60), db.transaction():
        await _press("next")
    assert await _keys() == ["next"]
    assert await db.fetch("SELECT 1 AS y FROM contact") == []


# --- the plans of what runs all the time -----------------------------------------------------------------------------

HOT: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "home, a column": (
        (
            "SELECT d.id FROM deal d WHERE d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL AND d.next_deadline_at < ? "
            "ORDER BY d.next_deadline_at, d.id LIMIT 9"
        ),
        (1, AT),
        "deal",
    ),
    "home, all with a deadline": (
        (
            "SELECT d.id FROM deal d WHERE d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL "
            "AND d.next_deadline_at IS NOT NULL ORDER BY d.next_deadline_at, d.id LIMIT 9"
        ),
        (1,),
        "deal",
    ),
    "loose activities": (
        (
            "SELECT 1 FROM activity a WHERE a.owner_id = ? AND a.status = 'planned' AND a.deadline_at < ? "
            "AND a.deal_id IS NULL AND a.deleted_at IS NULL LIMIT 1000"
        ),
        (1, AT),
        "activity",
    ),
    "a deal's next activity": (
        (
            "SELECT id FROM activity WHERE deal_id = ? AND status = 'planned' AND deleted_at IS NULL "
            "AND deadline_at IS NOT NULL ORDER BY deadline_at, id LIMIT 1"
        ),
        (1,),
        "activity",
    ),
    "incoming": (
        "SELECT 1 FROM message m WHERE m.owner_id = ? AND m.answered = ? AND m.direction = 'in' LIMIT 1000",
        (1, False),
        "message",
    ),
    "a whole name": ("SELECT id FROM search_entry e WHERE e.folded IN (?, ?) LIMIT 200", ("a", "b"), "search_entry"),
    "the start of a word": (
        "SELECT t.entry_id FROM search_term t WHERE t.owner_id IN (1) AND t.term >= ? AND t.term < ? LIMIT 400",
        ("a", "b"),
        "search_term",
    ),
    "the words of an entry": ("SELECT term FROM search_term WHERE entry_id = ?", (1,), "search_term"),
    "the inbox left over": (
        "SELECT id FROM inbox WHERE state = 'new' AND bot_id = ? AND id > ? ORDER BY id LIMIT 500",
        (1, 0),
        "inbox",
    ),
    "an update by its number": ("SELECT id FROM inbox WHERE bot_id = ? AND update_id = ?", (1, 5), "inbox"),
    "the next job": ("SELECT run_at FROM job WHERE state = 'waiting' ORDER BY run_at LIMIT 1", (), "job"),
    "jobs that are due": (
        "SELECT id FROM job WHERE state = 'waiting' AND run_at <= ? ORDER BY run_at, id LIMIT 20",
        (AT,),
        "job",
    ),
    "an actor's last events": (
        "SELECT id FROM event WHERE actor_id = ? AND id < ? ORDER BY id DESC LIMIT 1",
        (1, 99),
        "event",
    ),
    "a work's events": ("SELECT id FROM event WHERE work_id = ?", (1,), "event"),
    "who took a work back": ("SELECT DISTINCT work_id FROM event WHERE undoes = ?", (1,), "event"),
    "a record's later events": (
        "SELECT id FROM event WHERE entity = 'deal' AND record_id = ? AND id > ?",
        (1, 1),
        "event",
    ),
    "a card's record": (
        "SELECT entity FROM outbox WHERE chat_id = ? AND message_id = ? ORDER BY id DESC LIMIT 1",
        (1, 2),
        "outbox",
    ),
}


@pytest.mark.parametrize("name", HOT)
@pytest.mark.usefixtures("opened")
async def test_a_hot_query_reads_an_index(name: str) -> None:
    sql, values, table = HOT[name]
    if db.dialect() == "sqlite":
        rows = await db.fetch(f"EXPLAIN QUERY PLAN {sql}", *values)
        plan = " / ".join(row["detail"] for row in rows)
        assert not re.search(rf"SCAN {table}|SCAN \w\b|TEMP B-TREE FOR ORDER", plan), plan
        assert "USING" in plan, plan
    else:
        async with db.transaction():
            # The tables are empty: without this the planner would rightly read them whole.
            await db.execute("SET LOCAL enable_seqscan = off")
            rows = await db.fetch(f"EXPLAIN {sql}", *values)
        plan = " / ".join(row["QUERY PLAN"] for row in rows)
        assert "Seq Scan" not in plan, plan
        assert "Index Cond" in plan, plan
