"""Everything out again: records and events as rows, in the order they came, whatever their number; export_formats writes them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotAllowed
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.zones import zone_info
from botcrm.core.services.access import activity_sql, demand, owned_sql, owners, reach
from botcrm.core.services.actor import Actor
from botcrm.core.services.exporting.own_fields import own_names, own_writer
from botcrm.core.services.work import Work

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class _Export:
    """How one kind is read: its columns as (name, SQL, how the value is read), its tables, what limits it."""

    columns: tuple[tuple[str, str, str], ...]
    tables: str
    scope: Callable[[Actor], str]


def _columns(text: str) -> tuple[tuple[str, str, str], ...]:
    """Read lines of `name SQL [time|date|money|json|list|tags]`; a plain value needs no third word."""
    parts = (line.split() for line in text.splitlines() if line.strip())
    return tuple((part[0], part[1], part[2] if len(part) > 2 else "") for part in parts)


# Where somebody is found, and what the record is tagged with.
_ADDRESS = """
street t.street
city t.city
postcode t.postcode
region t.region
country t.country
tags t.id tags
"""


def _owned(entity: str) -> Callable[[Actor], str]:
    return lambda actor: f"t.deleted_at IS NULL AND {owned_sql('t.owner_id', owners(actor, entity, Action.EXPORT))}"


_EXPORTS = {
    "deals": _Export(
        _columns(
            """
            id t.id
            title t.title
            amount t.amount money
            currency t.currency
            pipeline pipeline.name
            stage stage.name
            status t.status
            owner owner.name
            company company.name
            contact contact.name
            source t.source
            created_at t.created_at time
            expected_close t.expected_close date
            next_activity_at upcoming.due_at time
            next_activity_kind upcoming.kind
            next_activity upcoming.title
            waiting_until t.waiting_until time
            waiting_for t.waiting_for
            last_contact_at t.last_contact_at time
            lost_reason t.lost_reason
            closed_at t.closed_at time
            tags t.id tags
            product NULL
            """
        ),
        "deal t LEFT JOIN pipeline ON pipeline.id = t.pipeline_id LEFT JOIN stage ON stage.id = t.stage_id "
        'LEFT JOIN "user" owner ON owner.id = t.owner_id LEFT JOIN company ON company.id = t.company_id AND company.deleted_at IS NULL '
        "LEFT JOIN contact ON contact.id = t.contact_id AND contact.deleted_at IS NULL "
        "LEFT JOIN activity upcoming ON upcoming.id = t.next_activity_id",
        _owned("deal"),
    ),
    "activities": _Export(
        _columns(
            """
            id t.id
            kind t.kind
            title t.title
            status t.status
            due_at t.due_at time
            done_at t.done_at time
            duration_minutes t.duration_minutes
            direction t.direction
            result t.result
            owner owner.name
            deal_id t.deal_id
            contact contact.name
            company company.name
            """
        ),
        'activity t LEFT JOIN "user" owner ON owner.id = t.owner_id '
        "LEFT JOIN contact ON contact.id = t.contact_id AND contact.deleted_at IS NULL "
        "LEFT JOIN company ON company.id = t.company_id AND company.deleted_at IS NULL",
        lambda actor: f"t.deleted_at IS NULL AND {activity_sql(actor, 't', Action.EXPORT)}",
    ),
    "contacts": _Export(
        _columns(
            """
            id t.id
            name t.name
            company company.name
            phone t.phone
            email t.email
            telegram_id t.telegram_id
            owner owner.name
            created_at t.created_at time
            other_phones t.more_phones list
            other_emails t.more_emails list
            job_title t.job_title
            birth_date t.birth_date date
            tax_id t.tax_id
            """
            + _ADDRESS
        ),
        'contact t LEFT JOIN "user" owner ON owner.id = t.owner_id '
        "LEFT JOIN company ON company.id = t.company_id AND company.deleted_at IS NULL",
        _owned("contact"),
    ),
    "companies": _Export(
        _columns(
            """
            id t.id
            name t.name
            phone t.phone
            email t.email
            owner owner.name
            created_at t.created_at time
            other_phones t.more_phones list
            other_emails t.more_emails list
            website t.website
            tax_id t.tax_id
            """
            + _ADDRESS
        ),
        'company t LEFT JOIN "user" owner ON owner.id = t.owner_id',
        _owned("company"),
    ),
    "leads": _Export(
        _columns(
            """
            id t.id
            title t.title
            name t.name
            company_name t.company_name
            phone t.phone
            email t.email
            source t.source
            status t.status
            amount t.amount money
            currency t.currency
            telegram_id t.telegram_id
            owner owner.name
            created_at t.created_at time
            other_phones t.more_phones list
            other_emails t.more_emails list
            lost_reason t.lost_reason
            """
            + _ADDRESS
        ),
        'lead t LEFT JOIN "user" owner ON owner.id = t.owner_id',
        _owned("lead"),
    ),
    "events": _Export(
        _columns(
            """
            id t.id
            at t.at time
            actor actor.name
            type t.type
            entity t.entity
            record_id t.record_id
            version t.version
            work_id t.work_id
            deal_id t.deal_id
            contact_id t.contact_id
            company_id t.company_id
            lead_id t.lead_id
            before t.before json
            after t.after json
            undoes t.undoes
            """
        ),
        'event t LEFT JOIN "user" actor ON actor.id = t.actor_id',
        lambda _: "1 = 1",
    ),
}
KINDS = tuple(_EXPORTS)
ENTITY_OF = {"deals": "deal", "activities": "activity", "contacts": "contact", "companies": "company", "leads": "lead"}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of a kind goes out: an SQL condition on its table `t` and the condition's values.

    The rights of whoever takes it out narrow it further, whatever stands here.
    """

    sql: str
    values: tuple[Any, ...] = ()


def columns(kind: str) -> tuple[str, ...]:
    """Return the usual columns of an export, in order."""
    return tuple(name for name, _, _ in _EXPORTS[kind].columns)


async def all_columns(kind: str) -> tuple[str, ...]:
    """Return the columns of an export with those of the company's own fields, in order."""
    return (*columns(kind), *await own_names(ENTITY_OF.get(kind, "")))


async def export_rows(
    work: Work, kind: str, *, zone: str | None = None, only: Narrowed | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Yield every record of a kind that the actor may take out, oldest first, without the deleted ones; or every event.

    It reads page after page, so it does not hold the base in memory. Call it outside a transaction: inside one, nobody
    else could write to SQLite for as long as it runs.

    :param kind: one of `KINDS`
    :param zone: IANA name of the zone that times are given in; the actor's where None
    :param only: which of them; all where None
    :returns: dicts of `all_columns(kind)`: times and dates as ISO 8601 text (times with their offset), amounts as int where
        they are whole and as Decimal where not, tags and further phones and e-mails with commas between, `before` and `after`
        of events as dicts
    :raises InvalidValue: no such kind
    :raises NotAllowed: the actor may not export these; events are for those who may export everything
    """
    export = _EXPORTS.get(kind)
    if export is None:
        raise InvalidValue(what="export", value=kind, how="Kinds: " + ", ".join(KINDS) + ".")
    demand_export(work, kind)
    readers = _readers(zone or work.prefs.zone)
    chosen = ", ".join(f'{source} AS "{name}"' for name, source, _ in export.columns)
    own = await own_writer(ENTITY_OF[kind]) if await own_names(ENTITY_OF.get(kind, "")) else None
    if own:
        chosen += ", t.custom AS custom"
    narrowed = f" AND ({only.sql})" if only else ""
    values = only.values if only else ()
    sql = (
        f"SELECT {chosen} FROM {export.tables} WHERE t.id > ? AND {export.scope(work.actor)}{narrowed} "
        f"ORDER BY t.id LIMIT {PAGE}"
    )
    tagged = any(how == "tags" for _, _, how in export.columns)
    last = 0
    while True:
        page = await db.fetch(sql, last, *values)
        tags = await _tags(ENTITY_OF[kind], [row["id"] for row in page]) if tagged and page else {}
        for row in page:
            yield {
                name: tags.get(row["id"]) if how == "tags" else readers[how](row[name])
                for name, _, how in export.columns
            } | (own(row["custom"]) if own else {})
        if len(page) < PAGE:
            return
        last = page[-1]["id"]


async def _tags(entity: str, ids: list[int]) -> dict[int, str]:
    """Return the tags of a page's records, with commas between."""
    marks = ", ".join("?" * len(ids))
    rows = await db.fetch(
        f"SELECT record_id, tag FROM tag WHERE entity = ? AND record_id IN ({marks}) ORDER BY tag", entity, *ids
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["record_id"], []).append(row["tag"])
    return {record_id: ", ".join(tags) for record_id, tags in found.items()}


def demand_export(work: Work, kind: str) -> None:
    """Refuse an actor who may not take this out.

    :raises NotAllowed: so it is; events are for those who may export everything
    """
    if kind in ENTITY_OF:
        demand(work, ENTITY_OF[kind], Action.EXPORT)
    elif any(reach(work.actor, entity, Action.EXPORT) != Reach.ALL for entity in ENTITY_OF.values()):
        raise NotAllowed(entity="event", action=Action.EXPORT)


# --- values ----------------------------------------------------------------------------------------------------------


def _readers(zone: str) -> dict[str, Callable[[Any], Any]]:
    info = zone_info(zone)

    def time(value: Any) -> str | None:
        moment = db.moment(value)
        return moment.astimezone(info).isoformat(timespec="seconds") if moment else None

    return {
        "": lambda value: value,
        "time": time,
        "date": _date,
        "money": _money,
        "json": db.from_json,
        "list": lambda value: ", ".join(db.from_json(value)) if value else None,
    }


def _date(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value)[:10]


def _money(value: Any) -> int | Decimal | None:
    if value is None:
        return None
    amount = Decimal(str(value))
    return int(amount) if amount == amount.to_integral_value() else amount.quantize(Decimal("0.01"))
