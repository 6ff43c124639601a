"""Bulk changes: rehearsed, frozen, done as single changes are, and taken back with what people did since kept."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue, NotAllowed, NotFound, NothingToUndo
from botcrm.core.domain.messages import Incoming
from botcrm.core.domain.money import Money
from botcrm.core.domain.query import KIND_OF, parse_query
from botcrm.core.models import Contact, Deal, Message, Operation, User
from botcrm.core.services import deals, records
from botcrm.core.services.access import facts_of
from botcrm.core.services.activities import Due, plan_activity
from botcrm.core.services.clients.inbound import receive_message
from botcrm.core.services.custom.fields import add_field, set_values
from botcrm.core.services.operations import operations
from botcrm.core.services.operations.bulk import changes_of, rehearse_bulk, start_bulk
from botcrm.core.services.operations.bulk_changes import Change, due_params
from botcrm.core.services.operations.operations import run
from botcrm.core.services.operations.undoing import kept_changes
from botcrm.core.services.work import Work
from botcrm.reminders.operations import piece, run_here
from tests.core.services.conftest import Office

AT = datetime(2026, 12, 1, 10)


async def bulk(office: Office, query: str, change: Change, user: User | None = None) -> Operation:
    async with office.as_(user or office.anna) as work:
        operation = await start_bulk(work, parse_query(query), change, "all of them")
        await run(work, operation, here=True)
    return await run_here(office.app, operation.id)


async def take_back(office: Office, operation_id: int, user: User | None = None) -> Operation:
    async with office.as_(user or office.anna) as work:
        taking = await operations.undo(work, operation_id, here=True)
    return await run_here(office.app, taking.id)


async def stage_named(name: str) -> int:
    row = await db.fetch_one("SELECT id FROM stage WHERE name = ?", name)
    assert row
    return int(row["id"])


async def _made(office: Office, seed: int, tag: str) -> list[int]:
    """Have Anna make some deals, in a state that the seed says; the same seed makes the same ones."""
    chance, ids = random.Random(seed), []
    async with office.as_(office.anna) as work:
        for number in range(7):
            company = await records.add_company(work, f"Firm {number}")
            contact = await records.add_contact(work, f"Person {number}", company_id=company.id)
            deal = await deals.add_deal(
                work,
                title=f"Deal {number}",
                company_id=company.id if chance.random() < 0.5 else None,
                contact_id=contact.id,
                amount=Money(Decimal(chance.randrange(1, 9) * 1000), "PLN"),
            )
            tags = [tag, *(["hot"] if chance.random() < 0.4 else [])]
            await records.add_tags(work, deal, tags)
            if chance.random() < 0.4:
                await deals.move_deal(work, deal.id, await stage_named(chance.choice(["Proposal", "Negotiation"])))
            if chance.random() < 0.5:
                await plan_activity(work, "call", "ring", Due(AT), deal_id=deal.id)
            ids.append(deal.id)
    return ids


async def _single(work: Work, change: Change, deal_id: int) -> None:
    deal = await Deal.get(id=deal_id)
    work.keep(deal)
    match change.kind:
        case "owner":
            await records.hand_over(work, deal, change.value)
        case "stage":
            await deals.move_deal(work, deal_id, change.value)
        case "tag":
            await records.add_tags(work, deal, [change.value])
        case "untag":
            await records.remove_tag(work, deal, change.value)
        case "task":
            await plan_activity(work, "call", change.value, Due(AT), owner_id=deal.owner_id, **facts_of(deal))
        case "field" if isinstance((change.more or {})["field"], int):
            await set_values(work, "deal", deal_id, {(change.more or {})["field"]: change.value})
        case "field":
            await deals.change_deal(work, deal_id, source=change.value)
        case "delete":
            await records.delete_record(work, deal)


_OWN = {"id", "created_at", "updated_at", "stage_entered_at", "company_id", "contact_id", "deal_id", "next_activity_id"}


async def _state(ids: list[int], tag: str) -> list[Any]:
    """Return the deals, their people, activities and tags, with all that does not tell one set from the other."""
    marks = ", ".join(map(str, ids))
    found: list[Any] = []
    for sql in (
        f"SELECT * FROM deal WHERE id IN ({marks}) ORDER BY id",
        f"SELECT c.* FROM contact c JOIN deal d ON d.contact_id = c.id WHERE d.id IN ({marks}) ORDER BY d.id",
        f"SELECT a.* FROM activity a WHERE a.deal_id IN ({marks}) ORDER BY a.deal_id, a.id",
    ):
        found += [{name: value for name, value in row.items() if name not in _OWN} for row in await db.fetch(sql)]
    tags = await db.fetch(f"SELECT tag FROM tag WHERE entity = 'deal' AND record_id IN ({marks}) AND tag <> '{tag}'")
    return [*found, sorted(row["tag"] for row in tags)]


async def _events(work_ids: set[int]) -> Counter[str]:
    marks = ", ".join(map(str, work_ids))
    rows = await db.fetch(f"SELECT * FROM event WHERE work_id IN ({marks}) AND type <> 'OperationEnded'")
    told: Counter[str] = Counter()
    for row in rows:
        sides = [
            {name: value for name, value in db.from_json(row[side]).items() if name not in _OWN}
            for side in ("before", "after")
        ]
        told[f"{row['type']} {row['entity']} {row['actor_id']} {sides}"] += 1
    return told


@pytest.mark.parametrize("kind", ["owner", "stage", "tag", "untag", "task", "own", "field", "delete"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_many_at_once_are_changed_as_one_by_one(office: Office, kind: str, seed: int) -> None:
    async with office.as_(office.admin) as work:
        field = await add_field(work, "deal", "Budget", "number")
    changes = {
        "owner": Change("owner", office.boss.id),
        "stage": Change("stage", await stage_named("Negotiation")),
        "tag": Change("tag", "hot"),
        "untag": Change("untag", "hot"),
        "task": Change("task", "call back", {"kind": "call", **due_params(Due(AT))}),
        "own": Change("field", "12", {"field": field.id}),
        "field": Change("field", "fair", {"field": "source"}),
        "delete": Change("delete"),
    }
    change = changes[kind]
    together, apart = await _made(office, seed, "together"), await _made(office, seed, "apart")
    before = await _state(together, "together")
    assert before == await _state(apart, "apart")
    user = office.boss if kind == "owner" else office.anna
    operation = await bulk(office, "tag:together status:any", change, user)
    works = set[int]()
    for deal_id in apart:
        async with office.as_(user) as work:
            await _single(work, change, deal_id)
            works.add(work.id)
    assert await _state(together, "together") == await _state(apart, "apart")
    assert await _events({operation.work_id}) == await _events(works)
    assert operation.counts["changed"] + operation.counts["same"] == len(together)
    taking = await take_back(office, operation.id, user)
    assert taking.counts["kept"] == 0
    after = await _state(together, "together")
    assert [_unversioned(row) for row in after if not _gone(row)] == [_unversioned(row) for row in before]
    assert await db.column("SELECT id FROM operation_record") == []


def _gone(row: Any) -> bool:
    return isinstance(row, dict) and row.get("title") == "call back"


def _unversioned(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {name: value or None for name, value in row.items() if name != "version"}


async def test_what_people_did_since_stays_and_is_listed(office: Office) -> None:
    ids = await _made(office, 3, "all")
    operation = await bulk(office, "tag:all status:any", Change("stage", await stage_named("Papers")))
    async with office.as_(office.anna) as work:
        await deals.move_deal(work, ids[0], await stage_named("Delivery"))
    taking = await take_back(office, operation.id)
    assert [kept.record_id for _, kept in await kept_changes(taking.id)] == [ids[0]]
    assert (await Deal.get(id=ids[0])).stage_id == await stage_named("Delivery")
    assert not await Deal.filter(stage_id=await stage_named("Papers")).exists()


async def test_a_rehearsal_counts_shows_ten_and_changes_nothing(office: Office) -> None:
    await _made(office, 4, "all")
    await _made(office, 5, "all")
    async with office.as_(office.zofia) as work:
        deal = await deals.add_deal(work, title="Zofia's")
        await records.add_tags(work, deal, ["all"])
    events = await db.column("SELECT count(*) FROM event")
    async with office.as_(office.anna) as work:
        plan = await rehearse_bulk(work, parse_query("tag:all"), Change("tag", "hot"))
    assert plan.found == 14
    assert plan.going + plan.left["same"] == 14
    assert len(plan.sample) == min(10, plan.going)
    assert await db.column("SELECT count(*) FROM event") == events
    async with office.as_(office.admin) as work:
        assert (await rehearse_bulk(work, parse_query("tag:all"), Change("delete"))).found == 15


async def test_what_a_role_may_not_change_is_refused(office: Office) -> None:
    ids = await _made(office, 6, "all")
    async with office.app.work():
        role = await db.fetch_one("SELECT id, grants FROM role WHERE key = 'manager'")
        assert role
        grants = db.from_json(role["grants"]) | {"deal.read": "all"}
        await db.execute("UPDATE role SET grants = ? WHERE id = ?", db.to_json(grants), role["id"])
    async with office.as_(office.zofia) as work:
        deal = await deals.add_deal(work, title="Zofia's")
        await records.add_tags(work, deal, ["all"])
    async with office.as_(office.boss) as work:
        plan = await rehearse_bulk(work, parse_query("tag:all"), Change("tag", "new"))
    assert (plan.going, dict(plan.left)) == (len(ids), {"refused": 1})
    operation = await bulk(office, "tag:all", Change("tag", "new"), office.boss)
    assert (operation.counts["changed"], operation.counts["left"]) == (len(ids), 1)
    assert await records.tags_of("deal", deal.id) == ["all"]


async def test_nobody_gives_away_to_somebody_out_of_reach_or_stages_a_contact(office: Office) -> None:
    await _made(office, 7, "all")
    async with office.as_(office.anna) as work:
        for query, change, error in (
            ("tag:all", Change("owner", office.zofia.id), NotFound),
            ("contacts", Change("stage", 1), InvalidValue),
            ("tag:all", Change("field", "x", {"field": "amount"}), NotFound),
            ("tag:all", Change("tag", " "), InvalidValue),
            ("tag:nothing", Change("tag", "x"), CrmError),
        ):
            with pytest.raises(error):
                await start_bulk(work, parse_query(query), change, "no")
        await db.execute("UPDATE role SET grants = '{\"deal.read\": \"own\"}' WHERE key = 'rep'")
    async with office.as_(office.anna) as work:
        with pytest.raises(NotAllowed):
            await rehearse_bulk(work, parse_query("tag:all"), Change("tag", "x"))


async def test_it_is_frozen_when_confirmed_and_tells_what_went_away_meanwhile(office: Office) -> None:
    ids = await _made(office, 8, "all")
    async with office.as_(office.anna) as work:
        operation = await start_bulk(work, parse_query("tag:all status:any"), Change("tag", "hot2"), "tag")
        await run(work, operation, here=True)
    async with office.as_(office.anna) as work:
        await records.remove_tag(work, await Deal.get(id=ids[0]), "all")
        late = await deals.add_deal(work, title="Too late")
        await records.add_tags(work, late, ["all"])
    done = await run_here(office.app, operation.id)
    assert (done.counts["changed"], done.counts["gone"]) == (len(ids) - 1, 1)
    assert await records.tags_of("deal", late.id) == ["all"]


async def test_it_goes_on_where_it_was_stopped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botcrm.core.services.operations.bulk._AT_ONCE", 3)
    ids = await _made(office, 9, "all")
    async with office.as_(office.anna) as work:
        operation = await start_bulk(work, parse_query("tag:all status:any"), Change("tag", "hot2"), "tag")
        await run(work, operation, here=True)
    async with office.app.work() as work:
        assert await piece(work, operation.id)
    async with office.as_(office.anna) as work:
        stopped = await operations.stop(work, operation.id)
        assert stopped.counts["changed"] == 3
        await run(work, stopped, here=True)
    done = await run_here(office.app, operation.id)
    assert (done.counts["changed"], done.counts["seen"]) == (len(ids), len(ids))


async def test_who_is_given_many_is_told_once(office: Office) -> None:
    await _made(office, 10, "all")
    operation = await bulk(office, "tag:all status:any", Change("owner", office.anna.id), office.boss)
    assert operation.counts["same"] == 7
    assert await db.column("SELECT count(*) FROM outbox WHERE notice = 'bulk_given'") == [0]
    await bulk(office, "tag:all status:any", Change("owner", office.boss.id), office.boss)
    await bulk(office, "tag:all status:any", Change("owner", office.anna.id), office.boss)
    rows = await db.fetch("SELECT user_id, notice, args FROM outbox WHERE notice IN ('bulk_given', 'handed_over')")
    assert [(row["user_id"], row["notice"]) for row in rows] == [(office.anna.id, "bulk_given")]
    assert db.from_json(rows[0]["args"])["count"] == 7


_VALUES: dict[str, Any] = {"tag": "x", "untag": "old", "task": "ring them", "delete": None, "field": "Gdynia"}


@pytest.mark.parametrize("entity", ["contact", "company", "lead", "activity"])
async def test_other_records_are_changed_and_taken_back_too(office: Office, entity: str) -> None:
    async with office.as_(office.boss) as work:
        for number in range(3):
            record: Any
            match entity:
                case "contact":
                    record = await records.add_contact(work, f"Person {number}")
                case "company":
                    record = await records.add_company(work, f"Firm {number}")
                case "lead":
                    record = await records.add_lead(work, f"Lead {number}")
                case _:
                    record = await plan_activity(work, "call", f"Call {number}", Due(AT))
            if entity != "activity":
                await records.add_tags(work, record, ["old"])
    kinds = [kind for kind in changes_of(entity) if kind != "message"]
    assert "delete" in kinds
    before = await db.fetch(f"SELECT * FROM {entity} ORDER BY id")
    for kind in kinds:
        value = office.anna.id if kind == "owner" else _VALUES[kind]
        more = {"field": "city"} if kind == "field" else due_params(Due(AT))
        operation = await bulk(office, KIND_OF[entity], Change(kind, value, more), office.boss)
        assert operation.counts["changed"] == 3, (kind, operation.counts, operation.error)
        assert (await take_back(office, operation.id, office.boss)).counts["kept"] == 0
        after = await db.fetch(f"SELECT * FROM {entity} ORDER BY id")
        left = [{name: row[name] for name in row if name not in ("version", "updated_at")} for row in after]
        assert left == [{name: row[name] for name in row if name not in ("version", "updated_at")} for row in before], (
            kind
        )


# --- messages ------------------------------------------------------------------------------------------------------------


async def _client(office: Office, name: str, chat: int | None) -> Contact:
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, name, telegram_id=chat)
    if chat:
        async with office.as_(None) as work:
            await receive_message(work, "telegram", Incoming(str(chat), "hello", telegram_id=chat))
    return contact


async def test_clients_are_written_to_once_and_only_those_who_can_and_want(office: Office) -> None:
    jan, ewa = await _client(office, "Jan", 501), await _client(office, "Ewa", None)
    ola = await _client(office, "Ola", 502)
    async with office.as_(office.anna) as work:
        await records.add_tags(work, ola, ["stop"])
        for title, contact in (("A", jan), ("B", jan), ("C", ewa), ("D", ola)):
            await deals.add_deal(work, title=title, contact_id=contact.id)
        await deals.add_deal(work, title="E")
    change = Change("message", "Dear {name}, we are closed on Monday.")
    async with office.as_(office.anna) as work:
        plan = await rehearse_bulk(work, parse_query(""), change)
    assert (plan.going, dict(plan.left)) == (2, {"silent": 2, "stop": 1})
    operation = await bulk(office, "", change)
    sent = await db.fetch("SELECT chat_id, audience, method, payload FROM outbox WHERE audience = 'client'")
    assert [(row["chat_id"], row["method"]) for row in sent] == [(501, "sendMessage")]
    assert db.from_json(sent[0]["payload"])["text"] == "Dear Jan, we are closed on Monday."
    assert (operation.counts["sent"], operation.counts["same"], operation.counts["left"]) == (1, 1, 3)
    assert await Message.filter(direction="out").count() == 1
    with pytest.raises(NothingToUndo):
        await take_back(office, operation.id)


async def test_who_blocked_the_bot_is_left_alone_until_they_write_again(office: Office) -> None:
    jan = await _client(office, "Jan", 501)
    async with office.as_(office.anna) as work:
        await records.add_tags(work, jan, ["news"])
    await bulk(office, "contacts tag:news", Change("message", "one"))
    error = "TelegramForbiddenError: Forbidden: bot was blocked by the user"
    await db.execute("UPDATE outbox SET state = 'failed', error = ? WHERE audience = 'client'", error)
    office.move(days=1)
    operation = await bulk(office, "contacts tag:news", Change("message", "two"))
    assert (operation.counts["sent"], operation.counts["left"]) == (0, 1)
    office.move(days=1)
    async with office.as_(None) as work:
        await receive_message(work, "telegram", Incoming("501", "I am back", telegram_id=501))
    operation = await bulk(office, "contacts tag:news", Change("message", "three"))
    assert operation.counts["sent"] == 1
