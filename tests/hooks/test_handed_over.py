"""All of somebody's work goes over: plugins and rules hear of each record, once, and nobody waits for them."""

from __future__ import annotations

import types
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from pydantic import Field

from botcrm import Event, Manifest, RuleAction, Trigger, Work, events, hookimpl, models, services
from botcrm.core import db
from botcrm.core.models import RuleRun
from botcrm.core.services import deals, records
from botcrm.core.services import rules as core_rules
from botcrm.core.services.staff import people
from botcrm.core.services.staff.handover import hand_over_all
from botcrm.core.services.undo.undo import undo
from botcrm.reminders import handed
from botcrm.testing import Crm, Member

HEARD: list[Event] = []


class Passed(Trigger):
    """A deal changes hands."""

    name = "passed"
    title = "A deal changes hands"
    entity = "deal"
    events = (events.OwnerChanged,)

    async def matches(self, work: Work, event: Event) -> bool:
        """Read the new owner; an activity of the deal that goes over says nothing of the deal."""
        if event.entity != "deal":
            return False
        return bool((await services.load(work, models.Deal, event.record_id)).owner_id == event.after["owner_id"])


class Mark(RuleAction):
    """Mark the title."""

    name = "mark"
    title = "Mark it"
    entities = ("deal",)

    word: str = Field("passed on", description="What is added")

    async def run(self, work: Work, record: models.Record) -> str:
        """Change the title."""
        assert isinstance(record, models.Deal)
        await services.change_deal(work, record.id, title=f"{record.title} {self.word}")
        return "marked"


def plugin() -> types.ModuleType:
    module = types.ModuleType("relay")
    module.manifest = Manifest(title="Relay")  # type: ignore[attr-defined]

    @hookimpl
    def register_rules() -> list[type[Trigger | RuleAction]]:
        return [Passed, Mark]

    @hookimpl
    async def on_event(event: Event) -> None:
        HEARD.append(event)

    module.register_rules = register_rules  # type: ignore[attr-defined]
    module.on_event = on_event  # type: ignore[attr-defined]
    return module


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url, plugins={"relay": plugin()})
    HEARD.clear()
    yield running
    await running.stop()


async def _rule(crm: Crm) -> None:
    async with crm.work() as work:
        rule = await core_rules.add_rule(work, name="Relay", entity="deal", trigger="passed", trigger_params={})
        await core_rules.change_rule(work, rule.id, actions=[{"name": "mark", "params": {"word": "passed on"}}])
        await core_rules.switch_rule(work, rule.id, on=True)


def _owners() -> list[tuple[str, int]]:
    return [(event.entity, event.record_id) for event in HEARD if isinstance(event, events.OwnerChanged)]


async def test_each_record_is_heard_of_once_and_a_rule_for_it_runs(
    crm: Crm, anna: Member, bob: Member, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed, "_BITE", 3)
    await _rule(crm)
    for n in range(1, 5):
        await anna.send(f"deal Acme{n} {n}k roof next fri 10:00 visit")
    await boss.send("/handover anna bob")
    await boss.tap("Hand over")
    await crm.advance(seconds=30)
    heard = Counter(_owners())
    rows = await db.fetch("SELECT entity, record_id FROM event WHERE type = 'OwnerChanged'")
    assert heard == Counter((row["entity"], row["record_id"]) for row in rows), "each one, once"
    assert len(heard) == 4 + 4 + 4  # deals, their companies, their activities
    assert {event.actor_id for event in HEARD if isinstance(event, events.OwnerChanged)} == {boss.user_id}
    assert sum(isinstance(event, events.WorkHandedOver) for event in HEARD) == 1
    titles = [deal.title for deal in await models.Deal.all().order_by("id")]
    assert all(title.endswith("passed on") for title in titles), titles
    assert await RuleRun.filter(state="done").count() == 4
    assert await db.fetch_one("SELECT count(*) AS n FROM event WHERE type = 'OwnerChanged'") == {"n": 12}


async def test_what_was_given_back_at_once_starts_no_rule(crm: Crm, anna: Member, bob: Member, boss: Member) -> None:
    await _rule(crm)
    await anna.send("deal Acme 1k roof")
    async with crm.work() as work:
        actor = await people.actor_by_id(work.prefs, boss.user_id or 0)
        assert actor
        mine = work.acting_as(actor)
        await hand_over_all(mine, anna.user_id or 0, bob.user_id or 0)
        handed_by = mine.id
    async with crm.work() as work:
        await undo(work.acting_as(actor), handed_by)
    await crm.advance(seconds=30)
    assert (await models.Deal.get()).title == "roof"
    assert [event.undoes for event in HEARD if isinstance(event, events.OwnerChanged)].count(handed_by) > 0


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_ten_thousand_go_over_by_themselves_a_bite_at_a_time(crm: Crm, anna: Member, bob: Member) -> None:
    async with crm.work() as work:
        actor = await people.actor_by_id(work.prefs, anna.user_id or 0)
        assert actor
        company = await records.add_company(work.acting_as(actor), "Acme")
        await deals.add_deal(work.acting_as(actor), title="roof", company_id=company.id)
    await db.execute_many(
        "INSERT INTO company (name, owner_id, version, created_at, updated_at) VALUES (?, ?, 1, ?, ?)",
        [(f"C{n}", anna.user_id, crm.clock(), crm.clock()) for n in range(999)],
    )
    HEARD.clear()
    async with crm.work() as work:
        work_id = work.id
        await hand_over_all(work, anna.user_id or 0, bob.user_id or 0)
    assert not _owners(), "nobody who listens was waited for"
    await crm.advance(seconds=20)
    row = await db.fetch_one("SELECT count(*) AS n FROM event WHERE work_id = ? AND type = 'OwnerChanged'", work_id)
    assert row
    assert len(_owners()) == len(set(_owners())) == row["n"] == 1001
