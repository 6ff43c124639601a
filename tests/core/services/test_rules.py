"""Rules as they are kept: who may see and change them, what ships, and the working time they count in."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from botcrm.core import db, log_syncer
from botcrm.core.domain.errors import InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.events import DealStageChanged
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Deal, Role, Rule
from botcrm.core.services import rules
from botcrm.core.services.activities import add_note, log_activity, plan_activity
from botcrm.core.services.deals import add_deal, close_deal
from botcrm.core.services.default_rules import SHIPPED
from botcrm.core.services.quiet import days_ago, quiet_deals, working_due
from botcrm.core.services.staff.people import deactivate_user
from botcrm.core.services.staff.shipped_roles import seed_roles
from botcrm.core.services.undo.undo import undo
from tests.core.services.conftest import START, Office


async def made(office: Office) -> Rule:
    """Have the manager make a rule."""
    async with office.as_(office.boss) as work:
        rule = await rules.add_rule(work, name=" Call  them ", entity="deal", trigger="deal_won", trigger_params={})
        return await rules.change_rule(work, rule.id, actions=[{"name": "add_tag", "params": {"tag": "won"}}])


async def test_a_rule_that_was_switched_on_holds_for_what_comes_next_though_the_disk_is_slow(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await made(office)
    async with office.as_(office.boss) as work:
        deals = [await add_deal(work, title=title) for title in ("before", "after")]
    async with office.as_(office.boss) as work:
        await close_deal(work, deals[0].id, DealStatus.WON)  # the rules are known now
    takes = threading.Event()
    monkeypatch.setattr(log_syncer, "_to_disk", lambda file: takes.wait(60))

    async def switch() -> None:
        async with office.as_(office.boss) as work:
            await rules.switch_rule(work, rule.id, True)

    async def win() -> None:
        async with office.as_(office.boss) as work:
            await close_deal(work, deals[1].id, DealStatus.WON)

    both = [asyncio.create_task(one) for one in (switch(), win())]
    for _ in range(300):
        await asyncio.sleep(0)
    takes.set()
    await asyncio.gather(*both)
    assert len(await db.column("SELECT key FROM job WHERE key LIKE ?", f"rule:{rule.id}:%")) == 1


async def test_a_rule_belongs_to_who_made_it(office: Office) -> None:
    rule = await made(office)
    assert (rule.name, rule.owner_id, rule.active) == ("Call them", office.boss.id, False)
    for person in (office.anna, office.zofia):
        async with office.as_(person) as work:
            with pytest.raises(NotAllowed):
                await rules.rule_of(work, rule.id)
            with pytest.raises(NotAllowed):
                await rules.rules_in_reach(work, limit=10)
    other = await office.person("Olga", "manager", telegram_id=9)
    async with office.as_(other) as work:
        with pytest.raises(NotFound):
            await rules.switch_rule(work, rule.id, True)
        assert rule.id not in {row.rule.id for row in await rules.rules_in_reach(work, limit=50)}
    async with office.as_(office.admin) as work:
        assert (await rules.switch_rule(work, rule.id, True)).owner_id == office.boss.id


async def test_what_ships_is_seen_by_managers_and_changed_by_administrators(office: Office) -> None:
    shipped = await Rule.filter(key="proposal_quiet").get()
    async with office.as_(office.boss) as work:
        assert (await rules.rule_of(work, shipped.id)).id == shipped.id
        with pytest.raises(NotAllowed):
            await rules.switch_rule(work, shipped.id, False)
    async with office.as_(office.admin) as work:
        assert not (await rules.switch_rule(work, shipped.id, False)).active


async def test_changes_are_taken_back(office: Office) -> None:
    rule = await made(office)
    async with office.as_(office.boss) as work:
        await rules.change_rule(work, rule.id, actions=[], delay=60, trigger_params={"a": [1]}, name="Other")
        changed = work.id
    async with office.as_(office.boss) as work:
        await undo(work, changed)
    back = await Rule.get(id=rule.id)
    assert (back.name, back.delay, back.trigger_params) == ("Call them", 0, {})
    assert back.actions == [{"name": "add_tag", "params": {"tag": "won"}}]
    async with office.as_(office.boss) as work:
        await rules.delete_rule(work, rule.id)
        deleted = work.id
    async with office.as_(office.boss) as work:
        with pytest.raises(NotFound):
            await rules.rule_of(work, rule.id)
        await undo(work, deleted)
        assert (await rules.rule_of(work, rule.id)).id == rule.id


async def test_bounds(office: Office) -> None:
    rule = await made(office)
    async with office.as_(office.boss) as work:
        with pytest.raises(InvalidValue):
            await rules.change_rule(work, rule.id, name="  ")
        with pytest.raises(InvalidValue):
            await rules.change_rule(work, rule.id, actions=[{"name": "x", "params": {}}] * 11)


async def test_a_rule_acts_with_its_owners_rights(office: Office) -> None:
    rule = await made(office)
    async with office.as_(None) as work:
        actor = await rules.rule_actor(work, rule)
        assert actor
        assert (actor.id, actor.name, actor.is_system) == (None, "Rule: Call them", False)
        assert actor.team == {office.boss.id, office.anna.id}
        shipped = await rules.rule_actor(work, await Rule.filter(key="new_quiet").get())
        assert shipped
        assert shipped.is_system
        await deactivate_user(work, office.boss.id)
        assert await rules.rule_actor(work, rule) is None
    async with office.as_(office.admin) as work:
        assert (await rules.switch_rule(work, rule.id, True)).owner_id == office.admin.id


async def test_an_event_travels_in_a_job(office: Office) -> None:
    async with office.as_(office.anna) as work:
        event = DealStageChanged("deal", 3, 2, work.now, 7, 1, {"stage_id": 1}, {"stage_id": 2}, {"deal": 3})
    there = db.from_json(db.to_json(rules.event_facts(event)))
    assert rules.event_from(there) == event
    with pytest.raises(NotFound):
        rules.event_from(there | {"type": "NeverHeardOf"})


async def test_shipped_rules_are_put_in_once(office: Office) -> None:
    assert {rule.key for rule in await Rule.filter(active=True)} == {rule.key for rule in SHIPPED}
    await Rule.filter(key="new_quiet").update(deleted_at=START)
    async with db.transaction():
        await rules.seed_rules(SHIPPED, START)
    assert await Rule.all().count() == len(SHIPPED)


async def test_where_there_is_work_already_they_wait_to_be_switched_on(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await add_deal(work, title="roof")
    await Rule.all().delete()
    async with db.transaction():
        await rules.seed_rules(SHIPPED, START)
    assert not await Rule.filter(active=True).exists()
    assert await Rule.all().count() == len(SHIPPED)


async def test_a_role_from_before_there_were_rules_gets_its_part_in_them(office: Office) -> None:
    async with db.transaction():
        await Role.filter(key="manager").update(grants={"deal.read": "all"})
        await seed_roles()
    own = {f"rule.{action}": "department" for action in ("read", "add", "change", "delete")}
    grants = (await Role.get(key="manager")).grants
    assert {name: reach for name, reach in grants.items() if name.startswith(("deal.", "rule."))} == {
        "deal.read": "all",
        **own,
    }
    async with db.transaction():
        await Role.filter(key="manager").update(grants={"rule.change": "none"})
        await seed_roles()
    grants = (await Role.get(key="manager")).grants
    assert {name: reach for name, reach in grants.items() if name.startswith("rule.")} == {"rule.change": "none"}


# --- what lies still -------------------------------------------------------------------------------------------------------


async def test_quiet_is_a_deal_that_nobody_touches(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deals: list[Deal] = [
            await add_deal(work, title=name) for name in ("still", "planned", "called", "noted", "moved")
        ]
    office.move(days=3)
    async with office.as_(office.anna) as work:
        await plan_activity(work, "call", "later", None, deal_id=deals[1].id)
        await plan_activity(work, "call", "soon", working_due(work, timedelta(hours=1)), deal_id=deals[1].id)
        await log_activity(work, "call", "talked", deal_id=deals[2].id)
        await add_note(work, "hm", deal_id=deals[3].id)
        await work.change(deals[4], DealStageChanged, stage_entered_at=work.now)
    office.move(days=3)
    async with office.as_(office.anna) as work:
        found = await quiet_deals(work, work.now - timedelta(days=5))
        assert [(one.deal_id, one.since) for one in found] == [(deals[0].id, START)]
        assert [one.deal_id for one in await quiet_deals(work, work.now, limit=2)] == [deals[0].id, deals[2].id]
        assert await quiet_deals(work, work.now, after_id=deals[0].id, limit=1)
        assert not await quiet_deals(work, work.now, stage_id=deals[0].stage_id + 1)
    async with office.as_(office.zofia) as work:
        assert not await quiet_deals(work, work.now)


async def test_days_are_counted_back(office: Office) -> None:
    async with office.as_(None) as work:  # a Tuesday, ten in the morning in Warsaw
        assert days_ago(work, 3, business=False) == START - timedelta(days=3)
        assert days_ago(work, 1) == START - timedelta(days=1)
        assert days_ago(work, 2) == START - timedelta(days=4)
        assert days_ago(work, 5) == START - timedelta(days=7)


async def test_working_time_is_counted_ahead(office: Office) -> None:
    async with office.as_(None) as work:
        assert working_due(work, timedelta(hours=4)).wall == datetime(2026, 11, 24, 14)
        assert working_due(work, timedelta(hours=10)).wall == datetime(2026, 11, 25, 11)
        assert working_due(work, timedelta(days=4)).wall == datetime(2026, 11, 30, 10)
        assert working_due(work, timedelta(days=1, hours=1)).wall == datetime(2026, 11, 25, 11)
    office.now = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a Saturday
    async with office.as_(None) as work:
        assert working_due(work, timedelta(hours=1)).wall == datetime(2026, 11, 30, 10)
