"""What a new version keeps beside the records is filled while the bot is at work: killed, begun again, changed under its hands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from botcrm.core import db
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Contact, Deal, User
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due
from botcrm.core.services.derived.fixing import fix_derived, is_kept
from botcrm.reminders import filling
from botcrm.reminders.handlers import HANDLERS
from botcrm.reminders.jobs import DueJob, JobRunner
from tests.reminders.conftest import START, World

COUNT = 20


class Killed(BaseException):
    """The process ended here."""


async def _old_base(world: World) -> None:
    """Make records as a version left them that kept nothing beside them."""
    anna = await world.person("Anna", 7)
    actor = await world.acting(anna)
    due = Due((START + timedelta(days=1)).replace(tzinfo=None))
    for number in range(COUNT):
        async with world.work(actor) as work:
            contact = await records.add_contact(work, f"Person {number}", phone=f"+48 601 000 {number:03d}")
            deal = await deals.add_deal(work, title=f"Deal {number}", contact_id=contact.id)
            await activities.plan_activity(work, "call", "ask", due, deal_id=deal.id)
    await db.execute("DELETE FROM record_key")
    await db.execute("INSERT INTO record_key (entity, key, record_id) VALUES ('contact', 'p:lost', 999999)")
    await db.execute("UPDATE deal SET next_activity_id = NULL, next_deadline_at = NULL")
    await db.execute("UPDATE activity SET counts_for = NULL, counts_own = NULL")
    await db.execute("DELETE FROM setting WHERE key = 'derived.kept'")


async def _pieces(world: World, handlers: dict[str, object], most: int = 1000) -> int:
    """Run the job as a process does that was just started; returns how many pieces it did."""
    runner = JobRunner(world.work, HANDLERS | handlers, world.clock)  # type: ignore[arg-type]
    world.clock.time += timedelta(minutes=2)  # a dead one's lease is over
    await runner.recover()
    for count in range(most):
        world.clock.time += timedelta(seconds=2)
        job = await world.job(filling.KEY)
        if job["state"] == "done":
            return count
        await runner.sweep()
    return most


async def test_killed_and_begun_again_while_people_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_SIZE", "_LEAST", "_MOST"):
        monkeypatch.setattr(filling, name, 3)
    await _old_base(world)
    async with world.work() as work:
        await filling.plan_filling(work)
        assert not await is_kept()

    async def dying(work: object, job: DueJob) -> None:
        await filling.fill_piece(work, job)  # type: ignore[arg-type]
        raise Killed

    assert await _pieces(world, {}, 9) == 9
    place = (await world.job(filling.KEY))["payload"]
    with pytest.raises(Killed):
        await _pieces(world, {filling.KIND: dying})
    assert (await world.job(filling.KEY))["payload"] == place, "what was not committed was not done"

    async with world.work(await world.acting(await User.get(name="Anna"))) as work:
        first, last = await Contact.all().order_by("id").first(), await Contact.all().order_by("-id").first()
        assert first
        assert last
        await records.change_record(work, Contact, first.id, name="Somebody Else")
        await records.delete_record(work, last)
        deal = await Deal.all().order_by("-id").first()
        assert deal
        await deals.close_deal(work, deal.id, DealStatus.WON)
        await records.add_contact(work, "New Person", phone="+48 601 999 999")

    async with world.work() as work:
        await filling.plan_filling(work)  # as every start does
    assert (await world.job(filling.KEY))["payload"] == place, "it goes on where it was"
    assert await _pieces(world, {}) > 10
    assert await is_kept()
    assert not any((await fix_derived()).values())
    assert await db.fetch_one("SELECT 1 AS y FROM record_key WHERE key = 'p:lost'") is None
    async with world.work() as work:
        await filling.plan_filling(work)
    assert (await world.job(filling.KEY))["state"] == "done"


async def test_a_command_fills_what_the_bot_has_begun(world: World) -> None:
    await _old_base(world)
    async with world.work() as work:
        await filling.plan_filling(work)
    await filling.fill_here(world.work)
    assert await is_kept()
    assert not any((await fix_derived()).values())
    assert (await world.job(filling.KEY))["state"] == "cancelled"


async def test_an_empty_base_has_nothing_to_fill(world: World) -> None:
    async with world.work() as work:
        await filling.plan_filling(work)
    assert await db.fetch("SELECT 1 AS y FROM job WHERE key = ?", filling.KEY) == []
