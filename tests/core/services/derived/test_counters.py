"""Counters are a recount: after any interleaving of what people and clients do."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.due import day_bounds
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.events import RecordAttached
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.messages import Incoming
from botcrm.core.models import Activity, Contact, Deal, Lead, Message, User
from botcrm.core.services import activities, deals, leads, next_steps, records
from botcrm.core.services.activities import Due
from botcrm.core.services.clients import inbound, incoming
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.home import counters, home
from botcrm.core.services.marks import mark_deal
from botcrm.core.services.staff.handover import hand_over_all
from botcrm.core.services.staff.people import actor_by_id, add_user, change_setting
from botcrm.core.services.staff.team import team
from botcrm.core.services.undo import undo
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from tests.core.services.conftest import START, Office
from tests.starting import start_up_to_date

_OPS = (
    "deal", "plan", "loose", "done", "cancel", "move", "give", "give_activity", "win", "lose", "reopen", "delete", "undo",
    "write", "answer", "missed", "call", "all", "wait", "form", "missed_loose", "call_client", "settle", "deal_with",
    "attach", "merge", "convert", "give_contact", "delete_activity", "waits", "pin", "look",
    "rehang",
)  # fmt: skip
# What everything begins with, so that each of the others finds something to be done to: (what, which, who, hours ahead).
_BEFORE = (
    ("deal", 1, 0, 0), ("deal", 2, 1, 0), ("plan", 0, 2, 3), ("plan", 1, 0, -2), ("plan", 1, 1, 30), ("loose", 2, 1, 1),
    ("write", 1, 0, 0), ("write", 2, 0, 0), ("write", 5, 0, 0), ("missed", 1, 0, 0), ("missed_loose", 1, 1, 0),
)  # fmt: skip
Steps = st.lists(
    st.tuples(st.sampled_from(_OPS), st.integers(0, 5), st.integers(0, 2), st.integers(-30, 60)),
    min_size=1,
    max_size=40,
)


@dataclass
class _Company:
    app: App
    people: list[User]
    now: datetime = START
    works: list[int] = field(default_factory=list)

    async def do(self, op: str, which: int, who: int, hours: int) -> None:
        """Do one thing; what cannot be done just now is left."""
        actor = await actor_by_id(self.app.defaults, self.people[who].id)
        assert actor
        with contextlib.suppress(CrmError):
            async with self.app.work() as system, db.transaction():
                await self._do(system.acting_as(actor), op, which, who, hours)

    async def _do(self, work: Work, op: str, which: int, who: int, hours: int) -> None:
        all_deals = await Deal.filter(deleted_at=None).order_by("id")
        deal = all_deals[which % len(all_deals)] if all_deals else None
        planned = await Activity.filter(status="planned", deleted_at=None).order_by("id")
        activity = planned[which % len(planned)] if planned else None
        other = self.people[(who + 1) % 3]
        due = Due((self.now + timedelta(hours=hours)).replace(tzinfo=None), which % 3 > 0)
        self.works.append(work.id)
        match op:
            case "deal":
                contact = await records.add_contact(work, f"Client {which}", telegram_id=900 + which)
                await deals.add_deal(work, title=f"deal {which}", contact_id=contact.id)
            case "plan" if deal:
                await activities.plan_activity(work, "call", "", due, deal_id=deal.id)
            case "loose":
                await activities.plan_activity(work, "task", "x", due)
            case "done" if activity:
                await activities.complete_activity(work, activity.id)
            case "cancel" if activity:
                await activities.cancel_activity(work, activity.id)
            case "move" if activity:
                await activities.reschedule_activity(work, activity.id, due)
            case "give" if deal:
                await records.hand_over(work, deal, other.id)
            case "give_activity" if activity:
                await records.hand_over(work, activity, other.id)
            case "win" | "lose" if deal:
                await deals.close_deal(work, deal.id, DealStatus.WON if op == "win" else DealStatus.LOST)
            case "reopen" if deal:
                await deals.reopen_deal(work, deal.id)
            case "delete" if deal:
                await records.delete_record(work, deal)
            case "undo" if len(self.works) > 1:
                # One of the last few: of an older one something newer stands in the way most of the time.
                await undo.undo(work, self.works[-2 - which % (len(self.works) - 1)])
            case "write":
                address = str(900 + which)
                text = Incoming(
                    address=address, text="hello", external_id=f"{len(self.works)}", telegram_id=int(address)
                )
                await inbound.receive_message(work, "telegram", text)
            case "answer":
                waiting = await Message.filter(direction="in", answered=False).order_by("id")
                if waiting:
                    await inbound.answer_client(work, waiting[which % len(waiting)].id, "yes")
            case "missed" | "call" if deal:
                missed, result = op == "missed", "no" if which % 3 == 0 else None
                direction, result = ("missed", None) if missed else ("out", result)
                await activities.log_activity(work, "call", "", direction=direction, result=result, deal_id=deal.id)
            case "all":
                await hand_over_all(work, self.people[who].id, other.id, closed=which % 2 == 0)
            case "form":
                sent = Incoming(address=f"f{len(self.works)}", text="a roof", external_id="1", telegram_id=900 + which)
                await inbound.receive_message(work, "form", sent, answerable=False)
            case "missed_loose" | "call_client":
                found = await Contact.filter(deleted_at=None).order_by("id")
                missed = op == "missed_loose"
                await activities.log_activity(
                    work,
                    "call",
                    "",
                    direction="missed" if missed else "out",
                    result=None if missed else ("ok", "no")[which % 3 == 0],
                    contact_id=found[which % len(found)].id if found and which else None,
                )
            case "settle":
                calls = await Activity.filter(direction="missed", deleted_at=None).order_by("id")
                if calls:
                    await incoming.settle_call(work, calls[which % len(calls)].id)
            case "deal_with":
                open_ones = await Message.filter(direction="in", answered=False, deleted_at=None).order_by("id")
                if open_ones:
                    await inbound.deal_with(work, open_ones[which % len(open_ones)].id)
            case "attach" if activity:
                await activities.change_activity(work, activity.id, deal_id=deal.id if deal and which % 3 else None)
            case "merge" if deal and len(all_deals) > 1:
                await self._merge(work, deal, all_deals[(which + 1) % len(all_deals)])
            case "convert":
                fresh = await Lead.filter(status="new", deleted_at=None).order_by("id")
                if fresh:
                    await leads.convert_lead(work, fresh[which % len(fresh)].id)
            case "give_contact":
                if client := await Contact.filter(deleted_at=None).order_by("-id").first():
                    await records.hand_over(work, client, other.id)
            case "delete_activity":
                every = await Activity.filter(deleted_at=None).order_by("id")
                if every:
                    await records.delete_record(work, every[which % len(every)])
            case "rehang":
                said = await Message.filter(deleted_at=None).order_by("id")
                if said:
                    on = deal.id if deal and which % 3 else None
                    await work.change(said[(which + hours) % len(said)], RecordAttached, deal_id=on)
            case "waits" if deal:
                await (
                    next_steps.stop_waiting(work, deal.id)
                    if which % 3 == 0
                    else next_steps.wait_deal(work, deal.id, due)
                )
            case "pin" if deal:
                await mark_deal(work, deal.id, ("pinned", "muted", None)[which % 3])
            case "look":
                await work.flush()
                for person in self.people:
                    assert await counters(work, person.id) == await self.recount(person.id, by_deal=True)
            case "wait":
                self.now += timedelta(hours=max(1, hours))

    async def _merge(self, work: Work, lost: Deal, kept: Deal) -> None:
        """Move all that hangs on one deal to another, and delete the first, as bringing doubles together does."""
        for model in (Activity, Message):
            for hanging in await model.filter(deal_id=lost.id, deleted_at=None).order_by("id"):
                await work.change(hanging, RecordAttached, deal_id=kept.id)
        await work.flush()
        await records.delete_record(work, await Deal.get(id=lost.id))

    async def recount(self, user_id: int, *, by_deal: bool) -> tuple[int, int, int]:
        """Count by reading every row."""
        all_deals = {deal.id: deal for deal in await Deal.all()}
        end = day_bounds(self.now, "Europe/Warsaw").today_end
        due = late = waiting = 0
        for activity in await Activity.filter(status="planned", deleted_at=None):
            deal = all_deals[activity.deal_id] if activity.deal_id else None
            if activity.deadline_at is None or (deal and (deal.status != "open" or deal.deleted_at)):
                continue
            mine = deal.owner_id if deal and by_deal else activity.owner_id
            if mine == user_id and activity.deadline_at < end:
                due += 1
                late += activity.deadline_at < self.now
        for call in await Activity.filter(
            kind="call", status="done", direction="missed", deal_id=None, deleted_at=None
        ):
            waiting += call.owner_id == user_id and call.result != "settled" and call.deadline_at is None
        for message in await Message.filter(direction="in", answered=False, deleted_at=None):
            deal = all_deals[message.deal_id] if message.deal_id else None
            theirs = deal.owner_id if deal and deal.status == "open" and not deal.deleted_at and by_deal else None
            waiting += (theirs or message.owner_id) == user_id
        for deal in all_deals.values():
            if deal.owner_id != user_id or deal.status != "open" or deal.deleted_at:
                continue
            calls = await Activity.filter(deal_id=deal.id, kind="call", status="done", deleted_at=None).order_by(
                "-done_at", "-id"
            )
            lost = next((call for call in calls if call.direction == "missed"), None)
            if lost and lost.result != "settled":
                assert lost.done_at
                answers = await Message.filter(deal_id=deal.id, direction="out", deleted_at=None)
                answered = any(answer.created_at >= lost.done_at for answer in answers)
                after = calls[: calls.index(lost)]
                waiting += not answered and not any(call.result != "no" for call in after)
        return waiting, due, late


async def _check(path: Path, steps: list[tuple[str, int, int, int]]) -> None:
    box: list[_Company] = []
    settings = Settings(database_url=f"sqlite://{path}", timezone="Europe/Warsaw")
    app = App(settings, now=lambda: box[0].now if box else START)
    await start_up_to_date(app)
    try:
        async with app.work() as work:
            people = [
                await add_user(work, name=name, role="admin", telegram_id=n)
                for n, name in enumerate(("A", "B", "C"), 1)
            ]
        company = _Company(app, people)
        box.append(company)
        for step in (*_BEFORE, *steps):
            await company.do(*step)
        async with app.work() as work:
            for person in people:
                actor = await actor_by_id(app.defaults, person.id)
                assert actor
                mine = work.acting_as(actor)
                assert await counters(mine) == await company.recount(person.id, by_deal=True), steps
                seen = await team(mine)
                for row in seen:
                    found = (row.incoming, row.planned, row.overdue)
                    assert found == await company.recount(row.user_id, by_deal=True)
                shown = await home(mine, size=200)
                assert len({(type(row), row.id) for row in shown.rows}) == len(shown.rows) == sum(shown.counts.values())
            assert set((await fix_derived()).values()) == {0}, steps
            actor = await actor_by_id(app.defaults, people[0].id)
            assert actor
            await change_setting(work.acting_as(actor), "count_by", "activity", for_company=True)
        async with app.work() as work:
            for person in people:
                assert await counters(work, person.id) == await company.recount(person.id, by_deal=False), steps
    finally:
        await app.stop()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=Steps)
def test_counters_are_a_recount_whatever_was_done(
    tmp_path: Path, sqlite_template: Path, steps: list[tuple[str, int, int, int]]
) -> None:
    path = tmp_path / "counters.sqlite3"
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    shutil.copyfile(sqlite_template, path)
    asyncio.run(_check(path, steps))


async def test_a_deal_takes_what_counts_along(office: Office) -> None:
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, "Client", telegram_id=77)
        deal = await deals.add_deal(work, title="roof", contact_id=contact.id)
        await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 24, 9)), deal_id=deal.id)
    async with office.as_(None) as work:
        await inbound.receive_message(
            work, "telegram", Incoming(address="77", text="hello", external_id="1", telegram_id=77)
        )
    async with office.as_(office.boss) as work:
        assert await counters(work, office.anna.id) == (1, 1, 1)
        await records.hand_over(work, await Deal.get(id=deal.id), office.boss.id)
        await work.flush()
        assert await counters(work, office.anna.id) == (0, 0, 0)
        assert await counters(work) == (1, 1, 1)
        await deals.close_deal(work, deal.id, DealStatus.WON)
        await work.flush()
        assert await counters(work) == (1, 0, 0)
        assert await Contact.filter(id=contact.id).exists()
