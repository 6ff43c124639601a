"""No open deal without a next step: waiting, violations and last contact, exact after any interleaving of operations."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import AlreadyClosed, CrmError, InvalidValue, NotFound
from botcrm.core.domain.events import RecordAttached
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.messages import Incoming
from botcrm.core.models import Activity, Deal, Message
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due, suggested_due
from botcrm.core.services.clients import inbound
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.home import MOST
from botcrm.core.services.marks import mark_deal
from botcrm.core.services.next_steps import explain_waiting, stop_waiting, violating_deals, wait_deal
from botcrm.core.services.staff.handover import hand_over_all
from botcrm.core.services.staff.leave import cancel_leave, leave_of, planned_in, take_leave
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.staff.team import team
from botcrm.core.services.stages import change_pipeline, change_stage, suggested_text
from botcrm.core.services.undo import undo
from botcrm.core.services.violations import violations
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from tests.core.services.conftest import START, Office
from tests.starting import start_up_to_date


def day(text: str) -> Due:
    return Due(datetime.fromisoformat(text), has_time=False)


async def test_a_deal_waits_until_the_start_of_work_on_its_day(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="roof")
        waiting = await wait_deal(work, deal.id, day("2026-12-15"), "client's budget")
        assert waiting.waiting_until == datetime(2026, 12, 15, 8, tzinfo=UTC), "nine in Warsaw"
        assert waiting.waiting_for == "client's budget"
    row = await db.fetch_one("SELECT kind, state, run_at FROM job WHERE key = 'deal-waits:1'")
    assert row
    assert (row["kind"], row["state"], db.moment(row["run_at"])) == ("deal.waits", "waiting", waiting.waiting_until)
    async with office.as_(office.anna) as work:
        await take_leave(work, office.anna.id, "12.12-20.12")
        assert (await wait_deal(work, deal.id, day("2026-12-15"))).waiting_until == datetime(
            2026, 12, 21, 8, tzinfo=UTC
        )
    async with office.as_(office.anna) as work:
        await explain_waiting(work, deal.id, "the bank")
        await stop_waiting(work, deal.id)
    row = await db.fetch_one("SELECT state FROM job WHERE key = 'deal-waits:1'")
    assert row
    assert row["state"] == "cancelled"
    async with office.as_(office.anna) as work:
        last = await undo.last_work(work)
        await undo.undo(work, last)
    found = await Deal.get(id=deal.id)
    assert (found.waiting_until, found.waiting_for) == (datetime(2026, 12, 21, 8, tzinfo=UTC), None)


async def test_only_an_open_deal_waits_and_only_for_a_day_ahead(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="roof")
        for past in ("2026-11-23", "2036-01-01"):
            with pytest.raises(InvalidValue):
                await wait_deal(work, deal.id, day(past))
        with pytest.raises(InvalidValue):
            await explain_waiting(work, deal.id, "budget")
        await deals.close_deal(work, deal.id, DealStatus.WON)
        with pytest.raises(AlreadyClosed):
            await wait_deal(work, deal.id, day("2026-12-15"))
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await wait_deal(work, deal.id, day("2026-12-15"))


async def test_a_manager_sees_how_many_deals_have_neither(office: Office) -> None:
    async with office.as_(office.anna) as work:
        made = [await deals.add_deal(work, title=title) for title in ("none", "planned", "waits", "won", "timeless")]
        await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 20, 9)), deal_id=made[1].id)
        await wait_deal(work, made[2].id, day("2026-11-26"))
        await deals.close_deal(work, made[3].id, DealStatus.WON)
        await activities.plan_activity(work, "call", "", None, deal_id=made[4].id)
    async with office.as_(office.boss) as work:
        assert [row.violations for row in await team(work)] == [2], "one without anything, one without a time"
        assert [row.name for row in await violating_deals(work, office.anna.id)] == ["none", "timeless"]
        office.move(days=2)
    async with office.as_(office.boss) as work:
        assert [row.violations for row in await team(work)] == [3], "the day has come"
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await violating_deals(work, office.anna.id)


async def test_an_activity_that_moves_to_another_deal_leaves_the_first_one_bare(office: Office) -> None:
    async with office.as_(office.anna) as work:
        one, two = [await deals.add_deal(work, title=title) for title in ("one", "two")]
        step = await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 25, 9)), deal_id=one.id)
    async with office.as_(office.anna) as work:
        await activities.change_activity(work, step.id, deal_id=two.id)
    assert (await Deal.get(id=one.id)).next_activity_id is None
    assert (await Deal.get(id=two.id)).next_activity_id == step.id


async def test_leave_is_added_and_taken_out_and_moves_suggestions(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await activities.plan_activity(work, "task", "x", Due(datetime(2026, 12, 2, 9)))
        spans = await take_leave(work, office.anna.id, "1.12-7.12, 25.11")
        assert await planned_in(work, office.anna.id, spans) == 1
        for text in ("someday", "1.1.2027-31.12.2027, 1.1.2028-31.12.2028"):
            with pytest.raises(InvalidValue):
                await take_leave(work, office.anna.id, text)
        with pytest.raises(NotFound):
            await leave_of(work, office.boss.id)
    async with office.as_(office.anna) as work:
        assert suggested_due(work).wall == datetime(2026, 11, 30, 10), "a day of leave lies between"
    async with office.as_(office.boss) as work:
        first, last = (await leave_of(work, office.anna.id))[1]
        await cancel_leave(work, office.anna.id, first, last)
        assert len(await leave_of(work, office.anna.id)) == 1


async def test_the_suggested_text_is_the_stages_else_the_pipelines(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        deal = await deals.add_deal(work, title="roof", company_id=company.id)
    assert await suggested_text(deal.id) == ""
    async with office.as_(office.boss) as work:
        await change_pipeline(work, deal.pipeline_id, smart_text="write to {client}")
        assert await suggested_text(deal.id) == "write to Acme"
        await change_stage(work, deal.stage_id, smart_text="call {client} about {deal}", rot_days=2)
        assert await suggested_text(deal.id) == "call Acme about roof"
        with pytest.raises(InvalidValue):
            await change_stage(work, deal.stage_id, smart_text="", rot_days=1000)
    async with office.as_(office.anna) as work:
        with pytest.raises(CrmError):
            await change_stage(work, deal.stage_id, smart_text="", rot_days=1)


async def test_last_contact_is_what_the_client_took_part_in(office: Office) -> None:
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, "Jan", phone="+48601234567")
        deal = await deals.add_deal(work, title="roof", contact_id=contact.id)
        await activities.log_activity(work, "call", "", direction="out", result="no", deal_id=deal.id)
        await activities.add_note(work, "thought about it", deal_id=deal.id)
        await deals.change_deal(work, deal.id, title="roofs")
    assert (await Deal.get(id=deal.id)).last_contact_at is None
    office.move(days=1)
    async with office.as_(office.anna) as work:
        await activities.log_activity(work, "call", "", direction="out", result="ok", contact_id=contact.id)
    assert (await Deal.get(id=deal.id)).last_contact_at == office.now, "of the contact alone"
    async with office.as_(office.anna) as work:
        await undo.undo(work, await undo.last_work(work))
    assert (await Deal.get(id=deal.id)).last_contact_at is None
    office.move(days=1)
    async with office.as_(None) as work:
        await inbound.receive_message(work, "sms", Incoming(address="1", text="hi", phone="+48601234567"))
    assert (await Deal.get(id=deal.id)).last_contact_at == office.now
    await db.execute("UPDATE deal SET last_contact_at = NULL")
    async with office.as_(None):
        assert (await fix_derived())["last contacts"] == 1
        assert (await fix_derived())["last contacts"] == 0
    assert (await Deal.get(id=deal.id)).last_contact_at == office.now


# --- any interleaving ----------------------------------------------------------------------------------------------------------

OPERATIONS = (
    "open", "plan", "plan_loose", "timeless", "done", "cancel", "later", "wait", "stop", "won", "lost", "reopen",
    "call", "call_no", "call_contact", "attach", "undo", "pass", "hand", "hand_all", "delete", "merge", "write", "answer",
    "drop_step", "pin", "why", "rehang", "rehang_message",
)  # fmt: skip
# What every day begins with, so that each operation finds something to be done to.
_BEFORE = (
    ("open", 0, False), ("open", 1, False), ("open", 2, True), ("open", 4, False), ("plan", 1, False), ("plan", 2, False),
    ("wait", 2, False), ("call", 0, False), ("call", 1, False), ("write", 1, False), ("lost", 0, False), ("call_contact", 1, False),
)  # fmt: skip
Plan = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 5), st.booleans()), min_size=1, max_size=25)


class Day:
    """Two people's day in random order; each operation acts on one of what there is."""

    def __init__(self, app: App, people: list[int], now: list[datetime]) -> None:
        self.app, self.people, self.now = app, people, now

    async def do(self, name: str, n: int, other: bool) -> None:
        # No two things happen at one moment: what came last can be told.
        self.now[0] += timedelta(minutes=1)
        actor = await actor_by_id(self.app.defaults, self.people[other])
        assert actor
        with contextlib.suppress(CrmError):
            async with self.app.work() as opened:
                await self._do(opened.acting_as(actor), name, n)

    async def _do(self, work: Work, name: str, n: int) -> None:
        known = await Deal.filter(deleted_at=None).order_by("id")
        steps = await Activity.filter(status="planned", deleted_at=None).order_by("id")
        deal = known[n % len(known)].id if known else 0
        step = steps[n % len(steps)].id if steps else 0
        due = Due(datetime(2026, 11, 24 + n, 9), has_time=n % 2 == 0)
        operations: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "open": lambda: deals.add_deal(work, title="x", contact_id=1 + n % 2),
            "plan": lambda: activities.plan_activity(work, "call", "x", due, deal_id=deal),
            "plan_loose": lambda: activities.plan_activity(work, "call", "x", due),
            "timeless": lambda: activities.plan_activity(work, "call", "x", None, deal_id=deal),
            "done": lambda: activities.complete_activity(work, step, result=("ok", "no", None)[n % 3]),
            "cancel": lambda: activities.cancel_activity(work, step),
            "later": lambda: activities.reschedule_activity(work, step, due),
            "wait": lambda: wait_deal(work, deal, due),
            "stop": lambda: stop_waiting(work, deal),
            "won": lambda: deals.close_deal(work, deal, DealStatus.WON),
            "lost": lambda: deals.close_deal(work, deal, DealStatus.LOST),
            "reopen": lambda: deals.reopen_deal(work, deal),
            "call": lambda: activities.log_activity(work, "call", "", result="ok", deal_id=deal),
            "call_no": lambda: activities.log_activity(work, "call", "", result="no", deal_id=deal),
            "call_contact": lambda: activities.log_activity(work, "call", "", result="ok", contact_id=1),
            "attach": lambda: activities.change_activity(work, step, deal_id=deal),
            "undo": lambda: self._undo(work),
            "pass": lambda: self._pass(n),
            "hand": lambda: self._hand(work, deal, n),
            "hand_all": lambda: hand_over_all(work, self.people[n % 2], self.people[1 - n % 2], closed=n > 3),
            "delete": lambda: self._delete(work, Deal, deal),
            "drop_step": lambda: self._delete(work, Activity, step),
            "merge": lambda: self._merge(work, known[n % len(known)] if known else None, known[0] if known else None),
            "write": lambda: self._write(work, n),
            "answer": lambda: self._answer(work),
            "pin": lambda: mark_deal(work, deal, ("pinned", "muted", None)[n % 3]),
            "why": lambda: explain_waiting(work, deal, "budget"),
            "rehang": lambda: self._rehang(work, deal, n),
            "rehang_message": lambda: self._rehang_message(work, deal, n),
        }
        await operations[name]()

    async def _undo(self, work: Work) -> None:
        await undo.undo(work, await undo.last_work(work))

    async def _pass(self, n: int) -> None:
        self.now[0] += timedelta(hours=12 * (n + 1))

    async def _hand(self, work: Work, deal_id: int, n: int) -> None:
        if deal_id:
            await records.hand_over(work, await Deal.get(id=deal_id), self.people[n % 2])

    async def _delete(self, work: Work, model: type[Deal | Activity], record_id: int) -> None:
        if record_id:
            await records.delete_record(work, await model.get(id=record_id))

    async def _merge(self, work: Work, lost: Deal | None, kept: Deal | None) -> None:
        """Move all that hangs on one deal to another, and delete the first, as bringing doubles together does."""
        if lost is None or kept is None or lost.id == kept.id:
            return
        for model in (Activity, Message):
            for hanging in await model.filter(deal_id=lost.id, deleted_at=None).order_by("id"):
                await work.change(hanging, RecordAttached, deal_id=kept.id)
        await work.flush()
        await records.delete_record(work, await Deal.get(id=lost.id))

    async def _rehang(self, work: Work, deal_id: int, n: int) -> None:
        """Hang something done elsewhere: on a deal, or on the other contact alone."""
        done = await Activity.filter(status="done", deleted_at=None).order_by("id")
        if done:
            links = {"deal_id": deal_id or None} if n % 3 else {"deal_id": None, "contact_id": 1 + n % 2}
            await activities.change_activity(work, done[n % len(done)].id, **links)

    async def _rehang_message(self, work: Work, deal_id: int, n: int) -> None:
        said = await Message.filter(deleted_at=None).order_by("id")
        if said:
            links = {"deal_id": deal_id or None} if n % 3 else {"deal_id": None, "contact_id": 1 + n % 2}
            await work.change(said[n % len(said)], RecordAttached, **links)

    async def _write(self, work: Work, n: int) -> None:
        text = Incoming(address="1", text="hi", external_id=f"{self.now[0]}{n}", phone="+48601234567")
        await inbound.receive_message(work, "sms", text)

    async def _answer(self, work: Work) -> None:
        if waiting := await Message.filter(direction="in", answered=False).first():
            await inbound.answer_client(work, waiting.id, "yes")

    async def check(self) -> None:
        """Recount everything from the activities themselves."""
        now = self.now[0]
        counted = await violations(now, self.people, MOST)
        recount: dict[int, list[int]] = {user_id: [] for user_id in self.people}
        for deal in await Deal.all():
            steps = await Activity.filter(deal_id=deal.id, status="planned", deleted_at=None, deadline_at__isnull=False)
            first = min((step.deadline_at for step in steps if step.deadline_at), default=None)
            assert deal.next_deadline_at == first
            waits = deal.waiting_until is not None and deal.waiting_until > now
            if deal.status == "open" and deal.deleted_at is None:
                assert deal.owner_id
                recount[deal.owner_id] += [deal.id] if first is None and not waits else []
        assert counted == {user_id: len(found) for user_id, found in recount.items()}
        async with self.app.work() as work:
            for user_id, found in recount.items():
                listed = await violating_deals(work, user_id, size=100)
                assert sorted(row.id for row in listed) == sorted(found)
        assert (await fix_derived())["last contacts"] == 0, "each last contact is what a recount gives"


async def _live(path: Path, plan: list[tuple[str, int, bool]]) -> None:
    now = [START]
    app = App(Settings(database_url=f"sqlite://{path}", timezone="Europe/Warsaw"), now=lambda: now[0])
    await start_up_to_date(app)
    try:
        async with app.work() as work:
            boss = await add_user(work, name="Boss", role="manager", telegram_id=1)
            anna = await add_user(work, name="Anna", role="manager", telegram_id=2, manager_id=boss.id)
            bob = await add_user(work, name="Bob", role="admin", telegram_id=3, manager_id=anna.id)
            await records.add_contact(work, "Jan", phone="+48601234567", owner_id=anna.id)
            await records.add_contact(work, "Ewa", owner_id=anna.id)
        day = Day(app, [anna.id, bob.id], now)
        for name, n, other in (*_BEFORE, *plan):
            await day.do(name, n, other)
            await day.check()
    finally:
        await app.stop()


@settings(max_examples=40)
@given(plan=Plan)
def test_every_open_deal_has_a_step_or_a_day_or_is_counted(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, plan: list[tuple[str, int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("day") / "day.sqlite3"
    shutil.copyfile(sqlite_template, path)
    asyncio.run(_live(path, plan))
