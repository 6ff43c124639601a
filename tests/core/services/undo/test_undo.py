"""Taking back: whatever was done, backwards, leaves what was there before; and never over what came after."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NewerChange, NotFound, NothingToUndo
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Note
from botcrm.core.services import activities, deals, leads, records
from botcrm.core.services.activities import Due
from botcrm.core.services.search.subjects import search
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.undo.undo import last_work, undo
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from tests.core.services.conftest import START, Office
from tests.starting import start_up_to_date


async def _undo_last(work: Work) -> list[Any]:
    return list(await undo(work, await last_work(work)))


async def test_one_work_is_taken_back_as_a_whole(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        deal = await deals.add_deal(work, title="roof", company_id=company.id)
        await activities.plan_activity(work, "call", "offer", Due(datetime(2026, 11, 25, 15)), deal_id=deal.id)
    async with office.as_(office.anna) as work:
        assert len(await _undo_last(work)) == 3
    assert await Deal.filter(deleted_at=None).count() == await Company.filter(deleted_at=None).count() == 0
    assert {state for state, _ in (await office.jobs()).values()} == {"cancelled"}
    async with office.as_(office.anna) as work:
        assert await search(work, "acme") == []
        with pytest.raises(NothingToUndo):
            await last_work(work)
        with pytest.raises(NothingToUndo):
            await undo(work, 12345)


async def test_works_are_taken_back_one_after_the_other(office: Office) -> None:
    """The second undo used to be refused: it took the first one for a newer change."""
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
    for title in ("two", "three"):
        async with office.as_(office.anna) as work:
            await deals.change_deal(work, deal.id, title=title)
    for title in ("two", "one"):
        async with office.as_(office.anna) as work:
            await _undo_last(work)
        assert (await Deal.get(id=deal.id)).title == title
    async with office.as_(office.anna) as work:
        await _undo_last(work)
    assert (await Deal.get(id=deal.id)).deleted_at is not None


async def test_an_undo_can_be_taken_back_and_done_again(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
    async with office.as_(office.anna) as work:
        await deals.change_deal(work, deal.id, title="two")
        changed = work.id
    for title in ("one", "two", "one"):
        async with office.as_(office.anna) as work:
            await undo(work, changed)
            changed = work.id
        assert (await Deal.get(id=deal.id)).title == title


async def test_a_redone_work_can_be_taken_back_again(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        first = work.id
    async with office.as_(office.anna) as work:
        await undo(work, first)
        taken_back = work.id
    async with office.as_(office.anna) as work:
        with pytest.raises(NothingToUndo):
            await undo(work, first)
    async with office.as_(office.anna) as work:
        await undo(work, taken_back)
    assert (await Deal.get(id=deal.id)).deleted_at is None
    async with office.as_(office.anna) as work:
        assert await last_work(work) == first
        await undo(work, first)
    assert (await Deal.get(id=deal.id)).deleted_at is not None


async def test_a_newer_change_is_shown_instead(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        first = work.id
    async with office.as_(office.boss) as work:
        await deals.change_deal(work, deal.id, title="two")
    async with office.as_(office.anna) as work:
        with pytest.raises(NewerChange) as refused:
            await undo(work, first)
    assert (refused.value.who, refused.value.what) == ("Marek", "DealChanged")
    assert (await Deal.get(id=deal.id)).deleted_at is None


async def test_what_something_newer_hangs_on_does_not_vanish(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        first = work.id
    async with office.as_(office.anna) as work:
        await activities.add_note(work, "prefers e-mail", deal_id=deal.id)
        noted = work.id
    async with office.as_(office.anna) as work:
        with pytest.raises(NewerChange) as refused:
            await undo(work, first)
        assert refused.value.what == "NoteAdded"
    for work_id in (noted, first):
        async with office.as_(office.anna) as work:
            await undo(work, work_id)


async def test_tags_go_and_come_back(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
    works = []
    for add in (True, False, True):
        async with office.as_(office.anna) as work:
            if add:
                await records.add_tags(work, deal, ["roof", "#Roof"])
            else:
                await records.remove_tag(work, deal, "roof")
            works.append(work.id)
    assert await records.tags_of("deal", deal.id) == ["roof"]
    async with office.as_(office.anna) as work:
        with pytest.raises(NewerChange):
            await undo(work, works[0])
    for work_id, tags in zip(reversed(works), ([], ["roof"], []), strict=True):
        async with office.as_(office.anna) as work:
            await undo(work, work_id)
        assert await records.tags_of("deal", deal.id) == tags


async def test_a_converted_lead_is_one_again_with_all_that_hung_on_it(office: Office) -> None:
    async with office.as_(office.anna) as work:
        lead = await records.add_lead(work, "Website", name="Jan Nowak", company_name="Acme")
        note = await activities.add_note(work, "wants a roof", lead_id=lead.id)
        call = await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 25, 15)), lead_id=lead.id)
    async with office.as_(office.anna) as work:
        deal = await leads.convert_lead(work, lead.id)
    assert (await Note.get(id=note.id)).deal_id == (await Activity.get(id=call.id)).deal_id == deal.id
    assert (await Deal.get(id=deal.id)).next_activity_id == call.id
    async with office.as_(office.anna) as work:
        await _undo_last(work)
    assert (await Note.get(id=note.id)).deal_id is None
    assert (await Activity.get(id=call.id)).deal_id is None
    assert (await Lead.get(id=lead.id)).status == "new"
    assert await Contact.filter(deleted_at=None).count() == 0


async def test_who_may_take_back_what(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        made = work.id
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await undo(work, made)
        with pytest.raises(NothingToUndo):
            await last_work(work)
    colleague = await office.person("Piotr", manager_id=office.boss.id)
    async with office.as_(office.boss) as work:
        await records.hand_over(work, deal, colleague.id)
        handed = work.id
    for person in (office.anna, colleague, office.zofia):
        async with office.as_(person) as work:
            with pytest.raises(NotFound):
                await undo(work, handed)
    async with office.as_(office.admin) as work:
        await undo(work, handed)
    assert (await Deal.get(id=deal.id)).owner_id == office.anna.id
    async with office.as_(office.boss) as work:
        await undo(work, made)
    assert (await Deal.get(id=deal.id)).deleted_at is not None


async def test_a_refused_undo_out_of_reach_tells_nothing_of_the_newer_change(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        made = work.id
    async with office.as_(office.anna) as work:
        await deals.change_deal(work, deal.id, title="two")
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await undo(work, made)


async def test_done_taken_back_is_planned_and_reminded_again(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        due = Due(datetime(2026, 11, 25, 15))
        call = await activities.plan_activity(work, "call", "offer", due, deal_id=deal.id)
    planned = await office.jobs()
    async with office.as_(office.anna) as work:
        await activities.complete_activity(work, call.id, result="ok", duration=5)
    assert (await Deal.get(id=deal.id)).next_activity_id is None
    async with office.as_(office.anna) as work:
        await _undo_last(work)
    assert await office.jobs() == planned
    again = await Activity.get(id=call.id)
    assert (again.status, again.done_at, again.result, again.duration_minutes) == ("planned", None, None, None)
    assert (await Deal.get(id=deal.id)).next_activity_id == call.id


# --- any sequence at all ------------------------------------------------------------------------------------------------

Step = Callable[[Work, int], Awaitable[Any]]


async def _pick(model: Any, number: int, **where: Any) -> Any:
    found = await model.filter(deleted_at=None, **where).order_by("id")
    return found[number % len(found)] if found else None


async def _new_company(work: Work, n: int) -> None:
    await records.add_company(work, f"Company {n}", phone="+48601234567" if n % 2 else None)


async def _new_deal(work: Work, n: int) -> None:
    company = await _pick(Company, n)
    deal = await deals.add_deal(work, title=f"deal {n}", company_id=company.id if company else None)
    if n % 3 == 0:
        due = Due(datetime(2026, 11, 25, n % 24), has_time=bool(n % 2))
        await activities.plan_activity(work, "call", f"step {n}", due, deal_id=deal.id, company_id=deal.company_id)


async def _new_lead(work: Work, n: int) -> None:
    await records.add_lead(work, f"lead {n}", name=f"Jan {n}" if n % 2 else "", company_name=f"Company {n % 3}")


async def _plan(work: Work, n: int) -> None:
    deal, lead = await _pick(Deal, n), await _pick(Lead, n)
    due = Due(datetime(2026, 11, 24 + n % 5, 12), has_time=n % 4 != 0) if n % 5 else None
    links = {"deal_id": deal.id} if deal and n % 2 else {"lead_id": lead.id} if lead else {}
    await activities.plan_activity(work, "task", f"task {n}", due, **links)


async def _change_deal(work: Work, n: int) -> None:
    if deal := await _pick(Deal, n):
        await deals.change_deal(work, deal.id, title=f"changed {n}", amount=Decimal(n) / 7, currency="EUR")


async def _move(work: Work, n: int) -> None:
    if deal := await _pick(Deal, n):
        choices = await deals.stages(deal.pipeline_id)
        await deals.move_deal(work, deal.id, choices[n % len(choices)].id, reason="price" if n % 2 else None)


async def _close(work: Work, n: int) -> None:
    if deal := await _pick(Deal, n):
        await deals.close_deal(work, deal.id, DealStatus.WON if n % 2 else DealStatus.LOST, "budget")


async def _reopen(work: Work, n: int) -> None:
    if deal := await _pick(Deal, n, status__in=("won", "lost")):
        await deals.reopen_deal(work, deal.id)


async def _finish(work: Work, n: int) -> None:
    if activity := await _pick(Activity, n, status="planned"):
        await (activities.complete_activity if n % 2 else activities.cancel_activity)(work, activity.id)


async def _reschedule(work: Work, n: int) -> None:
    if activity := await _pick(Activity, n, status="planned"):
        await activities.reschedule_activity(work, activity.id, Due(datetime(2026, 12, 1 + n % 20, 9)))


async def _rename(work: Work, n: int) -> None:
    if company := await _pick(Company, n):
        await records.change_record(work, Company, company.id, name=f"Renamed {n}", email=f"a{n}@example.com")


async def _tag(work: Work, n: int) -> None:
    if deal := await _pick(Deal, n):
        await (records.add_tags(work, deal, [f"t{n % 3}"]) if n % 2 else records.remove_tag(work, deal, f"t{n % 3}"))


async def _delete(work: Work, n: int) -> None:
    if record := await _pick((Deal, Company, Lead, Activity)[n % 4], n):
        await records.delete_record(work, record)


async def _convert(work: Work, n: int) -> None:
    if lead := await _pick(Lead, n, status="new"):
        await leads.convert_lead(work, lead.id)


async def _hand(work: Work, n: int) -> None:
    if record := await _pick((Deal, Activity)[n % 2], n):
        await records.hand_over(work, record, 1 + n % 2)


STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        _new_company,
        _new_deal,
        _new_lead,
        _plan,
        _change_deal,
        _move,
        _close,
        _reopen,
        _finish,
        _reschedule,
        _rename,
        _tag,
        _delete,
        _convert,
        _hand,
    )
}

_COLUMNS = {
    "company": "id, name, phone, email, owner_id",
    "contact": "id, name, company_id, telegram_id, owner_id",
    "deal": "id, title, company_id, contact_id, stage_id, status, amount, currency, owner_id, lost_reason, stage_entered_at, "
    "closed_at, next_activity_id, next_deadline_at",
    "lead": "id, title, status, converted_at, deal_id, contact_id, owner_id",
    "activity": "id, kind, title, status, due_at, due_wall, has_time, deadline_at, done_at, result, owner_id, deal_id, contact_id, lead_id",
}


async def _snapshot() -> dict[str, Any]:
    """Return every live record with what is derived from it: what search holds, tags, the jobs that wait."""
    found: dict[str, Any] = {}
    for table, columns in _COLUMNS.items():
        found[table] = await db.fetch(f"SELECT {columns} FROM {table} WHERE deleted_at IS NULL ORDER BY id")
    found["tag"] = await db.fetch("SELECT entity, record_id, tag FROM tag ORDER BY entity, record_id, tag")
    found["found"] = await db.fetch(
        "SELECT e.entity, e.record_id, e.owner_id, e.name, e.open, t.term, t.owner_id AS term_owner FROM search_entry e "
        "JOIN search_term t ON t.entry_id = e.id ORDER BY e.entity, e.record_id, t.term"
    )
    # A rule's job stays: when it runs it sees that what set it off was taken back.
    sql = "SELECT key, run_at FROM job WHERE state = 'waiting' AND kind <> 'rule.run' ORDER BY key"
    found["job"] = await db.fetch(sql)
    return found


async def _play(folder: Path, template: Path, steps: list[tuple[str, int]]) -> None:
    path = folder / "undo.sqlite3"
    shutil.copyfile(template, path)
    app = App(Settings(database_url=f"sqlite://{path}", timezone="Europe/Warsaw"), now=lambda: START)
    await start_up_to_date(app)
    try:
        async with app.work() as work:
            await add_user(work, name="Ada", role="admin")
            await add_user(work, name="Anna", role="rep", manager_id=1)
        actor = await actor_by_id(app.defaults, 1)
        states, works = [await _snapshot()], list[int]()
        for name, number in steps:
            try:
                async with app.work(actor) as work:
                    await STEPS[name](work, number)
            except CrmError:
                continue
            if work.events:
                works.append(work.id)
                states.append(await _snapshot())
        for work_id in reversed(works):
            assert await _snapshot() == states.pop()
            async with app.work(actor) as work:
                assert await last_work(work) == work_id
                await undo(work, work_id)
        assert await _snapshot() == states.pop()
    finally:
        await app.stop()
        for ending in ("", "-wal", "-shm", ".lock"):
            Path(f"{path}{ending}").unlink(missing_ok=True)  # noqa: ASYNC240 - one task, nobody waits


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 59)), max_size=14))
def test_any_sequence_taken_back_leaves_what_was_there(
    tmp_path: Path, sqlite_template: Path, steps: list[tuple[str, int]]
) -> None:
    first = [("_new_company", 1), ("_new_deal", 3), ("_new_lead", 5)]
    asyncio.run(_play(tmp_path, sqlite_template, first + steps))
