"""The unit of work: all of it or nothing, and nothing over somebody else's change."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import Stale
from botcrm.core.domain.events import CompanyChanged, DealChanged
from botcrm.core.domain.money import Money
from botcrm.core.models import Company, Deal
from botcrm.core.services import rows
from botcrm.core.services.access import load
from botcrm.core.services.activities import Due, plan_activity
from botcrm.core.services.deals import add_deal, change_deal
from botcrm.core.services.records import add_company
from botcrm.core.services.rows import KeyTaken
from botcrm.core.services.work import Work
from tests.core.services.conftest import Office

TABLES = ("deal", "activity", "event", "job", "outbox", "search_entry", "search_term", "tag")


async def counts() -> dict[str, int]:
    found = {}
    for table in TABLES:
        row = await db.fetch_one(f"SELECT count(*) AS n FROM {table}")
        assert row
        found[table] = row["n"]
    return found


async def everything(work: Work) -> Deal:
    deal = await add_deal(work, title="roof repair")
    await plan_activity(work, "call", "offer", Due(datetime(2026, 11, 25, 15)), deal_id=deal.id)
    await work.send(3, "sendMessage", {"text": "saved"})
    await work.tell(3, 3, "hello", key="once")
    return deal


class Broken(Exception):
    pass


async def test_rows_events_jobs_and_messages_come_together(office: Office) -> None:
    before = await counts()
    heard: list[Work] = []
    office.app.on_commit(heard.append)
    async with office.as_(office.anna) as work:
        await everything(work)
        assert heard == []
    after = await counts()
    assert {table: after[table] - before[table] for table in TABLES} == {
        "deal": 1,
        "activity": 1,
        "event": 2,
        "job": 3,
        "outbox": 2,
        "search_entry": 1,
        "search_term": 2,
        "tag": 0,
    }
    assert [(len(work.events), len(work.outbox_ids), work.next_job is not None) for work in heard] == [(2, 2, True)]


async def test_nothing_at_all_is_left_of_a_work_that_fails(office: Office) -> None:
    before = await counts()
    heard: list[Work] = []
    office.app.on_commit(heard.append)
    with pytest.raises(Broken):  # noqa: PT012 - the block is what is tested
        async with office.as_(office.anna) as work:
            await everything(work)
            await work.flush()
            raise Broken
    assert await counts() == before
    assert heard == []


async def test_a_savepoint_takes_only_its_own_part_back(office: Office) -> None:
    before = await counts()
    async with office.as_(office.anna) as work:
        kept = await add_deal(work, title="kept")
        with pytest.raises(Broken):  # noqa: PT012 - the block is what is tested
            async with work.savepoint():
                await everything(work)
                work.after.append(("answerCallbackQuery", {}))
                raise Broken
        async with work.savepoint():
            await add_deal(work, title="kept as well")
        assert [event.type for event in work.events] == ["DealCreated", "DealCreated"]
        assert (work.outbox_ids, work.after) == ([], [])
    after = await counts()
    assert {table: after[table] - before[table] for table in ("deal", "event", "outbox", "job", "activity")} == {
        "deal": 2,
        "event": 2,
        "outbox": 0,
        "job": 0,
        "activity": 0,
    }
    assert (await Deal.get(id=kept.id)).title == "kept"


async def test_savepoints_nest(office: Office) -> None:
    async with office.as_(office.anna) as work, work.savepoint():
        await add_deal(work, title="outer")
        with pytest.raises(Broken):  # noqa: PT012 - the block is what is tested
            async with work.savepoint():
                await add_deal(work, title="inner")
                raise Broken
    assert [deal.title for deal in await Deal.all()] == ["outer"]


async def test_a_change_over_a_newer_one_is_refused(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="roof")
    read_before = await Deal.get(id=deal.id)
    async with office.as_(office.anna) as work:
        await change_deal(work, deal.id, title="roof repair")
    with pytest.raises(Stale) as refused:
        async with office.as_(office.anna) as work:
            await work.change(read_before, DealChanged, title="mine")
    assert (refused.value.entity, refused.value.record_id) == ("deal", deal.id)
    assert (await Deal.get(id=deal.id)).title == "roof repair"


async def test_a_change_that_changes_nothing_is_none(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="roof")
    async with office.as_(office.anna) as work:
        same = await change_deal(work, deal.id, title=" roof ")
        assert (same.version, work.events) == (1, [])


async def test_events_say_who_what_before_and_after(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="roof")
    async with office.as_(office.boss) as work:
        await change_deal(work, deal.id, title="big roof")
    row = await db.fetch_one("SELECT * FROM event WHERE type = 'DealChanged'")
    assert row
    assert (row["actor_id"], row["entity"], row["record_id"], row["deal_id"]) == (
        office.boss.id,
        "deal",
        deal.id,
        deal.id,
    )
    assert (row["version"], db.moment(row["at"])) == (2, office.now)
    assert (db.from_json(row["before"]), db.from_json(row["after"])) == ({"title": "roof"}, {"title": "big roof"})


async def test_a_thing_is_told_once(office: Office) -> None:
    async with office.as_(None) as work:
        first = await work.tell(office.anna.id, 3, "hello", key="k")
        assert await work.tell(office.anna.id, 3, "hello", key="k") is None
        assert await work.tell(office.anna.id, None, "hello", key="other") is None
        assert work.outbox_ids == [first]
    async with office.as_(None) as work:
        assert await work.tell(office.anna.id, 3, "hello", key="k") is None


async def _state(key: str) -> tuple[str, datetime | None, int]:
    row = await db.fetch_one("SELECT state, run_at, token FROM job WHERE key = ?", key)
    assert row
    return row["state"], db.moment(row["run_at"]), row["token"]


async def test_a_job_planned_again_moves_and_one_that_ran_stays_done(office: Office) -> None:
    at, later = office.now, office.now + timedelta(hours=1)
    async with office.as_(None) as work:
        await work.plan_job("test", "k", at, n=1)
    assert await _state("k") == ("waiting", at, 0)
    await db.execute("UPDATE job SET state = 'done' WHERE key = 'k'")
    async with office.as_(None) as work:
        await work.plan_job("test", "k", at, n=1)
    assert await _state("k") == ("done", at, 0)
    async with office.as_(None) as work:
        await work.plan_job("test", "k", later, n=2)
    assert await _state("k") == ("waiting", later, 1)
    async with office.as_(None) as work:
        await work.cancel_jobs("k", "none of this name")
    assert (await _state("k"))[0] == "cancelled"
    async with office.as_(None) as work:
        await work.plan_job("test", "k", later, n=2)
    assert (await _state("k"))[0] == "waiting"


async def test_a_job_is_not_moved_by_one_of_another_kind(office: Office) -> None:
    async with office.as_(None) as work:
        await work.plan_job("activity.remind", "k", office.now, n=1)
    for moment in (office.now, office.now + timedelta(hours=1)):
        with pytest.raises(KeyTaken, match="'k' is a job's of another kind") as refused:
            async with office.as_(None) as work:
                await work.plan_job("plugin.own", "k", moment, n=2)
        assert (refused.value.key, refused.value.kind) == ("k", "plugin.own")
    row = await db.fetch_one("SELECT kind, payload FROM job WHERE key = 'k'")
    assert row
    assert (row["kind"], db.from_json(row["payload"])) == ("activity.remind", {"n": 1})
    assert await _state("k") == ("waiting", office.now, 0)


async def test_a_message_taken_back_is_not_handed_on(office: Office) -> None:
    heard: list[Work] = []
    office.app.on_commit(heard.append)
    async with office.as_(office.anna) as work:
        kept = await work.send(3, "sendMessage", {"text": "kept"}, about=("deal", 1))
        with contextlib.suppress(Broken):
            async with work.savepoint():
                await work.send(3, "sendMessage", {"text": "gone"})
                raise Broken
    assert [(work.outbox_ids, list(work.posted)) for work in heard] == [([kept], [kept])]
    posted = heard[0].posted[kept]
    row = await db.fetch_one("SELECT * FROM outbox WHERE id = ?", kept)
    assert row
    for name in ("chat_id", "lane_order", "audience", "user_id", "entity", "record_id", "line_id", "notice", "method"):
        assert row[name] == getattr(posted, name), name
    assert db.from_json(row["payload"]) == db.from_json(posted.payload) == {"text": "kept"}
    assert (db.moment(row["created_at"]), db.moment(row["lease_until"])) == (posted.created_at, posted.lease_until)
    assert (row["state"], row["attempts"], db.moment(row["not_before"])) == ("waiting", 0, posted.created_at)


async def test_a_record_is_inserted_as_the_library_would(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="roof", amount=Money(Decimal(12000), "PLN"))
        activity = await plan_activity(work, "call", "offer", Due(datetime(2026, 11, 25, 15)), deal_id=deal.id)
    for made in (deal, activity):
        read = await type(made).get(id=made.id)
        derived = {"next_activity_id", "next_deadline_at", "counts_for", "counts_own"}
        names = set(made._meta.fields_db_projection) - derived
        assert {name: getattr(made, name) for name in names} == {name: getattr(read, name) for name in names}


async def test_a_record_is_changed_and_read_as_the_library_would(office: Office) -> None:
    warsaw = datetime(2026, 11, 25, 15, 30, tzinfo=timezone(timedelta(hours=1)))
    async with office.as_(office.anna) as work:
        company = await add_company(work, "Acme")
        deal = await add_deal(work, title="roof", company_id=company.id, amount=Money(Decimal(12000), "PLN"))
    async with office.as_(office.anna) as work:
        values = {"amount": Decimal("99.50"), "expected_close": date(2026, 12, 1), "waiting_until": warsaw}
        await work.change(await load(work, Deal, deal.id), DealChanged, company_id=None, **values)
        await work.change(await load(work, Company, company.id), CompanyChanged, more_phones=["+48601234567"])
    async with office.as_(office.anna) as work:
        for changed in (deal, company):
            model = type(changed)
            record, read = await load(work, model, changed.id), await model.get(id=changed.id)
            names = model._meta.fields_db_projection
            assert {name: getattr(record, name) for name in names} == {name: getattr(read, name) for name in names}
            assert (type(record), record.version, record._saved_in_db) == (model, 2, True)
        sold = await load(work, Deal, deal.id)
        assert (sold.company_id, sold.amount, sold.expected_close) == (None, values["amount"], values["expected_close"])
        assert sold.waiting_until == warsaw
        assert (await load(work, Company, company.id)).more_phones == ["+48601234567"]


async def test_a_record_without_what_it_needs_is_refused(office: Office) -> None:
    async with office.as_(office.anna):
        with pytest.raises(ValueError, match="title is non nullable"):
            await rows.insert(Deal, {"title": None})


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 0, 500000, tzinfo=UTC),
    ],
)
async def test_models_and_plain_sql_agree_on_moments(office: Office, value: datetime) -> None:
    """SQLite compares text: a moment without microseconds must not sort behind one that has them."""
    async with office.as_(None) as work:
        await work.plan_job("test", "sql", value)
    from botcrm.core.models import Job

    await Job.create(kind="test", key="model", payload={}, run_at=value)
    rows: list[dict[str, Any]] = await db.fetch("SELECT key FROM job WHERE run_at = ? ORDER BY key", value)
    assert [row["key"] for row in rows] == ["model", "sql"]
    assert await Job.filter(run_at__lte=value, kind="test").count() == 2
    step = timedelta(microseconds=1)
    assert await db.fetch("SELECT 1 AS y FROM job WHERE kind = 'test' AND run_at < ?", value) == []
    assert len(await db.fetch("SELECT 1 AS y FROM job WHERE kind = 'test' AND run_at < ?", value + step)) == 2
    assert await Job.filter(run_at__gt=value - step, kind="test").count() == 2
