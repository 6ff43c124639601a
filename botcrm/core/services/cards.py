"""What a card shows of a record, read in a few queries and within the actor's reach."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import deal_name
from botcrm.core.models import Activity, Company, Contact, Deal, File, Lead, Note, Record
from botcrm.core.services.access import EVERYTHING, NOTHING, activity_sql, load, owned_sql, owners
from botcrm.core.services.custom.fields import Held, held
from botcrm.core.services.home import DealRow, deal_rows
from botcrm.core.services.marks import Mark
from botcrm.core.services.records import tags_of
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class Step:
    """An activity as one line of a card."""

    id: int
    version: int
    kind: str
    title: str
    status: str
    due_at: datetime | None
    has_time: bool
    deadline_at: datetime | None
    done_at: datetime | None
    duration: int | None
    result: str | None


@dataclass(frozen=True, slots=True)
class Added:
    """What plugins add to a card: (plugin, what it answered), as they answered."""

    lines: tuple[tuple[str, Any], ...] = ()
    buttons: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class DealCard:
    """A deal with what surrounds it; `own` are the company's own fields, the empty ones as well."""

    deal: Deal
    name: str
    company: str
    contact: str
    contact_phone: str | None
    stage: str
    owner: str
    tags: tuple[str, ...]
    planned: tuple[Step, ...]
    last: Step | None
    last_note: str
    files: int
    added: Added = Added()
    own: tuple[Held, ...] = ()
    rot_days: int = 0
    mark: Mark | None = None
    last_call: str = ""
    lead_id: int | None = None


@dataclass(frozen=True, slots=True)
class PartyCard:
    """A contact, company or lead with what surrounds it; `deals` are the open ones within reach.

    :ivar became: what a lead was turned into, as far as that is within reach: (entity, id, name)
    """

    record: Contact | Company | Lead
    entity: str
    name: str
    company: str
    owner: str
    tags: tuple[str, ...]
    deals: tuple[DealRow, ...]
    people: tuple[str, ...]
    planned: tuple[Step, ...]
    last: Step | None
    last_note: str
    files: int
    added: Added = Added()
    own: tuple[Held, ...] = ()
    became: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityCard:
    """An activity with the names of what it is about."""

    activity: Activity
    owner: str
    about: str
    phone: str | None
    deal: DealRow | None


_EARLIEST = datetime.min.replace(tzinfo=UTC)
_STEP = (
    "SELECT a.id, a.version, a.kind, a.title, a.status, a.due_at, a.has_time, a.deadline_at, a.done_at, a.duration_minutes, a.result "
    "FROM activity a WHERE a.deleted_at IS NULL AND "
)


def _step(row: dict[str, Any]) -> Step:
    return Step(
        id=row["id"],
        version=row["version"],
        kind=row["kind"],
        title=row["title"],
        status=row["status"],
        due_at=db.moment(row["due_at"]),
        has_time=bool(row["has_time"]),
        deadline_at=db.moment(row["deadline_at"]),
        done_at=db.moment(row["done_at"]),
        duration=row["duration_minutes"],
        result=row["result"],
    )


def _scope(work: Work, column: str) -> str:
    """Return the condition for what hangs on a record within reach."""
    scope = activity_sql(work.actor, "a")
    # Whoever reaches a deal reaches what hangs on it.
    return EVERYTHING if column == "deal_id" and scope != NOTHING else scope


async def _steps(scope: str, column: str, record_id: int) -> tuple[tuple[Step, ...], Step | None]:
    """Return what is planned on a record, and what was done last."""
    rows = await db.fetch(
        f"SELECT * FROM ({_STEP} a.{column} = ? AND a.status = 'planned' AND {scope} "
        f"ORDER BY a.deadline_at IS NULL, a.deadline_at, a.id LIMIT 3) AS planned "
        f"UNION ALL SELECT * FROM ({_STEP} a.{column} = ? AND a.status = 'done' AND {scope} "
        "ORDER BY a.done_at DESC, a.id DESC LIMIT 1) AS done",
        record_id,
        record_id,
    )
    steps = [_step(row) for row in rows]
    planned = [step for step in steps if step.status == "planned"]
    # The order of parts put together is nobody's promise.
    planned.sort(key=lambda step: (step.deadline_at is None, step.deadline_at or _EARLIEST, step.id))
    return tuple(planned), next((step for step in steps if step.status == "done"), None)


def _extras_sql(scope: str, column: str) -> str:
    """Return the columns `note`, the last one's text, and `files`, how many there are; the record's id is bound twice."""
    return (
        f"(SELECT a.text FROM note a WHERE a.{column} = ? AND a.deleted_at IS NULL AND {scope} ORDER BY a.id DESC LIMIT 1) "
        f"AS note, (SELECT count(*) FROM file a WHERE a.{column} = ? AND a.deleted_at IS NULL AND {scope}) AS files"
    )


async def deal_card(work: Work, deal_id: int) -> DealCard:
    """Return a deal's card.

    :raises NotFound: no such deal within reach
    """
    await work.flush()
    deal = await load(work, Deal, deal_id)
    scope = _scope(work, "deal_id")
    leads = owned_sql("l.owner_id", owners(work.actor, "lead"))
    row = await db.fetch_one(
        "SELECT s.name AS stage, s.rot_days, d.last_call, c.name AS company, p.name AS contact, p.phone, u.name AS owner, "
        f"(SELECT l.id FROM lead l WHERE l.deal_id = d.id AND l.deleted_at IS NULL AND {leads} LIMIT 1) AS lead_id, "
        f"k.kind AS mark, {_extras_sql(scope, 'deal_id')} FROM deal d "
        "JOIN stage s ON s.id = d.stage_id LEFT JOIN company c ON c.id = d.company_id AND c.deleted_at IS NULL "
        "LEFT JOIN contact p ON p.id = d.contact_id AND p.deleted_at IS NULL "
        'LEFT JOIN "user" u ON u.id = d.owner_id LEFT JOIN deal_mark k ON k.deal_id = d.id AND k.user_id = ? WHERE d.id = ?',
        deal_id,
        deal_id,
        work.actor.id or 0,
        deal_id,
    )
    assert row is not None
    planned, last = await _steps(scope, "deal_id", deal_id)
    company = row["company"] or ""
    return DealCard(
        deal=deal,
        name=deal_name(deal.title, company),
        company=company,
        contact=row["contact"] or "",
        contact_phone=row["phone"],
        stage=row["stage"],
        owner=row["owner"] or "",
        tags=tuple(await tags_of("deal", deal_id)),
        planned=planned,
        last=last,
        last_note=row["note"] or "",
        files=int(row["files"]),
        added=await _added(work, deal),
        own=tuple(await held(work, deal, empty=True)),
        rot_days=row["rot_days"],
        mark=row["mark"],
        last_call=row["last_call"] or "",
        lead_id=row["lead_id"],
    )


async def _added(work: Work, record: Record) -> Added:
    """Ask the plugins what they add to a record's card."""
    entity = record._meta.db_table
    return Added(
        tuple(await work.hooks.ask(work, f"{entity}_card_lines", **{entity: record})),
        tuple(await work.hooks.ask(work, f"{entity}_card_buttons", **{entity: record})),
    )


async def party_card(work: Work, entity: str, record_id: int) -> PartyCard:
    """Return a contact's, company's or lead's card.

    :raises NotFound: no such record within reach
    """
    await work.flush()
    model: type[Contact | Company | Lead] = {"contact": Contact, "company": Company, "lead": Lead}[entity]  # type: ignore[assignment]
    record: Contact | Company | Lead = await load(work, model, record_id)
    company, people = "", list[str]()
    if isinstance(record, Contact) and record.company_id:
        found = await db.fetch_one("SELECT name FROM company WHERE id = ? AND deleted_at IS NULL", record.company_id)
        company = found["name"] if found else ""
    elif isinstance(record, Lead):
        company = record.company_name
    elif isinstance(record, Company):
        rows = await db.fetch(
            "SELECT name FROM contact WHERE company_id = ? AND deleted_at IS NULL AND "
            f"{owned_sql('owner_id', owners(work.actor, 'contact'))} ORDER BY id LIMIT 5",
            record.id,
        )
        people = [row["name"] for row in rows]
    deals = list[DealRow]()
    if entity != "lead":
        reached = owned_sql("d.owner_id", owners(work.actor, "deal"))
        deals = await deal_rows(
            f"d.{entity}_id = ? AND d.status = 'open' AND d.deleted_at IS NULL AND {reached}",
            [record_id],
            "d.id",
            limit=5,
        )
    scope = _scope(work, f"{entity}_id")
    around = await db.fetch_one(
        f'SELECT (SELECT name FROM "user" WHERE id = ?) AS owner, {_extras_sql(scope, f"{entity}_id")}',
        record.owner_id or 0,
        record_id,
        record_id,
    )
    assert around is not None
    planned, last = await _steps(scope, f"{entity}_id", record_id)
    return PartyCard(
        record=record,
        entity=entity,
        name=record.title if isinstance(record, Lead) else record.name,
        company=company,
        owner=around["owner"] or "",
        tags=tuple(await tags_of(entity, record_id)),
        deals=tuple(deals),
        people=tuple(people),
        planned=planned,
        last=last,
        last_note=around["note"] or "",
        files=int(around["files"]),
        added=await _added(work, record),
        own=tuple(await held(work, record, empty=True)),
        became=await _became(work, record) if isinstance(record, Lead) and record.converted_at else (),
    )


async def _became(work: Work, lead: Lead) -> tuple[tuple[str, int, str], ...]:
    """Return what a lead was turned into, as far as that is within reach."""
    found = []
    for entity, record_id in (("deal", lead.deal_id), ("contact", lead.contact_id), ("company", lead.company_id)):
        called = "title" if entity == "deal" else "name"
        reached = owned_sql("owner_id", owners(work.actor, entity))
        row = record_id and await db.fetch_one(
            f"SELECT {called} AS name FROM {entity} WHERE id = ? AND deleted_at IS NULL AND {reached}", record_id
        )
        if record_id and row:
            found.append((entity, record_id, str(row["name"])))
    return tuple(found)


async def activity_card(work: Work, activity_id: int) -> ActivityCard:
    """Return an activity's card.

    :raises NotFound: no such activity within reach
    """
    await work.flush()
    activity = await load(work, Activity, activity_id)
    row = await db.fetch_one(
        "SELECT u.name AS owner, p.name AS contact, p.phone, c.name AS company, l.title AS lead, l.phone AS lead_phone "
        'FROM activity a LEFT JOIN "user" u ON u.id = a.owner_id LEFT JOIN contact p ON p.id = a.contact_id AND p.deleted_at IS NULL '
        "LEFT JOIN company c ON c.id = a.company_id AND c.deleted_at IS NULL "
        "LEFT JOIN lead l ON l.id = a.lead_id AND l.deleted_at IS NULL WHERE a.id = ?",
        activity_id,
    )
    assert row is not None
    deal: list[DealRow] = []
    if activity.deal_id:
        reached = owned_sql("d.owner_id", owners(work.actor, "deal"))
        deal = await deal_rows(f"d.id = ? AND d.deleted_at IS NULL AND {reached}", [activity.deal_id], "d.id", limit=1)
    about = row["contact"] or row["lead"] or ""
    if row["company"]:
        about = f"{about} ({row['company']})" if about else row["company"]
    phone = row["phone"] or row["lead_phone"]
    if deal and not about:
        about = deal[0].name
    return ActivityCard(activity, row["owner"] or "", about, phone, deal[0] if deal else None)


async def files_of(work: Work, record: Record, limit: int = 20) -> list[File]:
    """Return the files on a record within reach, newest first."""
    column = f"{record._meta.db_table}_id"
    rows = await db.fetch(
        f"SELECT a.id FROM file a WHERE a.{column} = ? AND a.deleted_at IS NULL AND {activity_sql(work.actor, 'a')} "
        f"ORDER BY a.id DESC LIMIT {int(limit)}",
        record.id,
    )
    found = {file.id: file for file in await File.filter(id__in=[row["id"] for row in rows])} if rows else {}
    return [found[row["id"]] for row in rows]


async def note_text(work: Work, note_id: int) -> Note:
    """Return a note.

    :raises NotFound: no such note within reach
    """
    return await load(work, Note, note_id)
