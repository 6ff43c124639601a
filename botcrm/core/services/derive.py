"""What follows from records and is kept beside them: a deal's next activity, reminders, and what search finds.

Nothing here is an event and nothing is undone: it is computed again whenever its record is touched, by whatever.
"""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.events import RecordDeleted, RecordRestored
from botcrm.core.domain.text import fold, terms
from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Message, Record
from botcrm.core.services.attention import keep_calls
from botcrm.core.services.contact import keep_contact, keep_waiting
from botcrm.core.services.counters import keep_counters
from botcrm.core.services.record_keys import keep_keys
from botcrm.core.services.reminding import early_keys, tellings_of
from botcrm.core.services.rows import Planned

if TYPE_CHECKING:
    from botcrm.core.services.work import Work


async def derive(work: "Work", records: Sequence[Record]) -> None:
    """Recompute what depends on these records."""
    deals: set[int] = set()
    for record in records:
        if isinstance(record, Activity):
            await plan_reminders(work, record, gone=await hangs_on_nothing(record))
            if record.deal_id:
                deals.add(record.deal_id)
        elif isinstance(record, Company | Contact | Lead | Deal):
            await _search_entry(work, record)
    for record in records:
        if isinstance(record, Deal) and _vanished_or_returned(work, record):
            for activity in await Activity.filter(deal_id=record.id, status="planned", deleted_at=None):
                await plan_reminders(work, activity, gone=record.deleted_at is not None)
    left = {
        int(event.before["deal_id"])
        for event in work.events
        if event.entity in ("activity", "message") and event.before.get("deal_id")
    }
    if any(isinstance(record, Activity | Message) for record in records):
        deals |= left
    for deal_id in sorted(deals):  # in one order, so that two processes do not wait for each other in a circle
        await _next_activity(deal_id)
    await keep_contact(work, records, left)
    await keep_counters(work, records)
    await keep_calls(work, records, left)
    await keep_keys(records)
    for record in records:
        if isinstance(record, Deal):
            await keep_waiting(work, record)


async def _next_activity(deal_id: int) -> None:
    if db.dialect() == "postgres":
        # The update below sees what was committed when it begins: it must not begin before the deal is ours. Not FOR UPDATE:
        # whoever inserts an activity holds the deal's key already, and two of them would wait for each other.
        await db.fetch("SELECT id FROM deal WHERE id = ? FOR NO KEY UPDATE", deal_id)
    await db.execute(
        "UPDATE deal SET (next_activity_id, next_deadline_at) = "
        "(SELECT id, deadline_at FROM activity WHERE deal_id = deal.id AND status = 'planned' AND deleted_at IS NULL "
        "AND deadline_at IS NOT NULL ORDER BY deadline_at, id LIMIT 1) WHERE id = ?",
        deal_id,
    )


def reminder_keys(activity_id: int) -> tuple[str, str, str]:
    """Return the keys of an activity's jobs: first before it, at its time, and when it is overdue too long."""
    return f"remind-before:{activity_id}", f"remind:{activity_id}", f"overdue:{activity_id}"


def again_key(activity_id: int) -> str:
    """Return the key of the job that reminds again of an activity; it finds out itself that there is nothing left to do."""
    return f"remind-again:{activity_id}"


async def hangs_on_nothing(activity: Activity) -> bool:
    """Tell whether an activity's deal was deleted; a new one is planned on none such."""
    if activity.deal_id is None or activity.version == 1:
        return False
    return await db.fetch_one("SELECT 1 AS y FROM deal WHERE id = ? AND deleted_at IS NULL", activity.deal_id) is None


def _vanished_or_returned(work: "Work", deal: Deal) -> bool:
    """Tell whether this work deleted a deal or brought it back."""
    return any(
        isinstance(event, RecordDeleted | RecordRestored) and (event.entity, event.record_id) == ("deal", deal.id)
        for event in work.events
    )


async def plan_reminders(work: "Work", activity: Activity, *, gone: bool = False) -> None:
    """Plan an activity's reminders, or call them off when there is nothing to be reminded of, or its deal is gone."""
    _, at, overdue = reminder_keys(activity.id)
    early = early_keys(activity.id)
    if gone or activity.status != "planned" or activity.deleted_at or activity.deadline_at is None:
        if gone or activity.version > 1:
            await work.cancel_jobs(*early, at, overdue)
        return
    facts = {"activity_id": activity.id, "deadline": activity.deadline_at.isoformat()}
    jobs = [Planned("activity.overdue", overdue, activity.deadline_at, facts)]
    told = await tellings_of(work, activity)
    for key, one in zip(early, told[:-1], strict=False):
        more = {"early": True, "minutes": one.minutes, "until": one.until.isoformat() if one.until else None}
        jobs.append(Planned("activity.remind", key, one.at, facts | more))
    if told:
        # Told when the quiet hours begin, it comes before its time.
        jobs.append(Planned("activity.remind", at, told[-1].at, facts | {"early": told[-1].until is not None}))
    if await _silent(work, activity):
        jobs.append(Planned("activity.remind.again", again_key(activity.id), work.now, facts))
    await work._plan(*jobs)
    if activity.version > 1:
        unused = early[max(0, len(told) - 1) :]
        await work.cancel_jobs(*unused, *(() if told else (at,)))


async def _silent(work: "Work", activity: Activity) -> bool:
    """Tell whether nobody is reminded any more of what is to be repeated until it is done: its owner left, now it is another's."""
    length = timedelta(minutes=activity.repeat_minutes or 0)
    if not length or activity.version == 1 or activity.due_at is None or work.now < activity.due_at + length:
        return False
    sql = "SELECT 1 AS y FROM job WHERE key IN (?, ?) AND state IN ('waiting', 'running')"
    return await db.fetch_one(sql, again_key(activity.id), reminder_keys(activity.id)[1]) is None


# --- search ----------------------------------------------------------------------------------------------------------


async def _search_entry(work: "Work", record: Company | Contact | Lead | Deal) -> None:
    entity = record._meta.db_table
    if record.deleted_at:
        await _forget(entity, record.id)
        return
    name, more, is_open = await _searchable(work, record)
    owner = record.owner_id or 0
    words = list(dict.fromkeys(word[:64] for word in terms(f"{name} {more}")))[:40]
    folded = fold(name)[:500]
    made = await db.fetch_one(
        "INSERT INTO search_entry (entity, record_id, owner_id, name, folded, open, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (entity, record_id) DO NOTHING RETURNING id",
        entity,
        record.id,
        owner,
        name[:500],
        folded,
        is_open,
        work.now,
    )
    if made:
        entry_id = made["id"]
    else:
        known = await db.fetch_one(
            "SELECT id, owner_id, name FROM search_entry WHERE entity = ? AND record_id = ?", entity, record.id
        )
        assert known is not None
        entry_id = known["id"]
        await db.execute(
            "UPDATE search_entry SET owner_id = ?, name = ?, folded = ?, open = ?, touched_at = ? WHERE id = ?",
            owner,
            name[:500],
            folded,
            is_open,
            work.now,
            entry_id,
        )
        if known["name"] != name[:500]:
            await _renamed(work, record)
        old = {row["term"] for row in await db.fetch("SELECT term FROM search_term WHERE entry_id = ?", entry_id)}
        if old == set(words) and known["owner_id"] == owner:
            return
        await db.execute("DELETE FROM search_term WHERE entry_id = ?", entry_id)
    await db.execute_many(
        "INSERT INTO search_term (term, owner_id, entry_id) VALUES (?, ?, ?)",
        [(word, owner, entry_id) for word in words],
    )
    await _learn_words(words)


async def _renamed(work: "Work", record: Company | Contact | Lead | Deal) -> None:
    """Have the deals and people found under the new name of their company or contact."""
    if isinstance(record, Company):
        for contact in await Contact.filter(company_id=record.id, deleted_at=None):
            await _search_entry(work, contact)
        for deal in await Deal.filter(company_id=record.id, deleted_at=None):
            await _search_entry(work, deal)
    elif isinstance(record, Contact):
        for deal in await Deal.filter(contact_id=record.id, deleted_at=None):
            await _search_entry(work, deal)


async def _learn_words(words: list[str]) -> None:
    """Add words to the vocabulary that inexact search looks through."""
    # A number is never a slip of another one, and numbers would be most of the vocabulary.
    long = [word for word in words if len(word) >= 3 and word.isalpha()]
    if not long:
        return
    if db.dialect() == "postgres":
        await db.execute_many("INSERT INTO search_word (word) VALUES (?) ON CONFLICT DO NOTHING", [(w,) for w in long])
        return
    # A full-text table has no unique key but its row number: the word's own hash keeps it there once.
    numbered = {int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), signed=True): word for word in long}
    marks = ", ".join("?" * len(numbered))
    rows = await db.fetch(f"SELECT id AS number FROM search_word_content WHERE id IN ({marks})", *numbered)
    known = {row["number"] for row in rows}
    for number, word in numbered.items():
        if number not in known:
            await db.execute("INSERT INTO search_word (rowid, word) VALUES (?, ?)", number, word)


async def _forget(entity: str, record_id: int) -> None:
    await db.execute(
        "DELETE FROM search_term WHERE entry_id IN (SELECT id FROM search_entry WHERE entity = ? AND record_id = ?)",
        entity,
        record_id,
    )
    await db.execute("DELETE FROM search_entry WHERE entity = ? AND record_id = ?", entity, record_id)


async def _name_of(work: "Work", entity: str, record_id: int | None) -> str:
    """Return a company's or contact's name, as this work knows it or as it is stored."""
    if record_id is None:
        return ""
    kept = work.kept(entity, record_id)
    if isinstance(kept, Company | Contact):
        return kept.name
    row = await db.fetch_one(f"SELECT name FROM {entity} WHERE id = ?", record_id)
    return str(row["name"]) if row else ""


async def _searchable(work: "Work", record: Company | Contact | Lead | Deal) -> tuple[str, str, bool]:
    """Return a record's name, the other words it is found by, and whether it is still worked on."""
    if isinstance(record, Deal):
        company = await _name_of(work, "company", record.company_id)
        contact = await _name_of(work, "contact", record.contact_id)
        return deal_name(record.title, company), contact, record.status == "open"
    if isinstance(record, Lead):
        more = " ".join(filter(None, (record.name, record.company_name, _digits(record.phone), record.email)))
        return record.title, more, record.status in ("new", "working")
    company = await _name_of(work, "company", record.company_id) if isinstance(record, Contact) else ""
    more = " ".join(filter(None, (company, _digits(record.phone), record.email)))
    return record.name, more, True


def _digits(phone: str | None) -> str:
    """Return the forms a stored number is typed in: whole, and without the country code's first digits."""
    if not phone:
        return ""
    digits = phone.lstrip("+")
    return " ".join(dict.fromkeys((digits, digits[-9:], digits[-7:])))


def deal_name(title: str, company: str) -> str:
    """Return what a deal is called: its company and title, the company once."""
    if not company or fold(title).startswith(fold(company)):
        return title
    return f"{company} {title}".strip()
