"""One person, whatever records they are in: their contacts, the leads that became them, what hangs on those."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotAllowed
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.personal import Traces, folded_all, is_telling, telling_words
from botcrm.core.domain.text import fold
from botcrm.core.models import Contact, Lead
from botcrm.core.services.access import current, load_any, merged_into, owned_sql, owners, ref
from botcrm.core.services.work import Work

HANGING = ("activity", "note", "file", "message")
_LEAST_STREET = 6
# So many things said are looked for in copies, by so many of their first letters; shorter ones say nothing.
_SAYINGS, _SAYING, _LEAST_SAYING = 100, 60, 6


class NoPerson(CrmError):
    """Personal data were asked for of something that is no person."""

    message = "Personal data are those of a person: name a contact or a lead, like c12 or l7."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside, by all records they are in; those merged away are among them.

    :ivar main: the record they are known by, as (entity, id)
    :ivar telegram: their Telegram accounts
    """

    main: tuple[str, int]
    contacts: tuple[int, ...]
    leads: tuple[int, ...]
    deals: tuple[int, ...]
    telegram: tuple[int, ...]

    @property
    def ref(self) -> str:
        """Return how people write the record they are known by."""
        return ref(*self.main)

    @property
    def records(self) -> tuple[tuple[str, int], ...]:
        """Return their own records."""
        return (*(("contact", one) for one in self.contacts), *(("lead", one) for one in self.leads))

    def hanging_sql(self, alias: str) -> str:
        """Return an SQL condition for the activities, notes, files or messages with them.

        What hangs on a deal and names nobody is with whom the deal is with.
        """
        contact, lead, deal = _ids(self.contacts), _ids(self.leads), _ids(self.deals)
        nobody = f" AND {alias}.contact_id IS NULL AND {alias}.lead_id IS NULL"
        return f"({alias}.contact_id IN ({contact}) OR {alias}.lead_id IN ({lead}) OR ({alias}.deal_id IN ({deal}){nobody}))"


def _ids(ids: Iterable[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "0"


async def person_of(work: Work, entity: str, record_id: int, action: Action = Action.READ) -> Person:
    """Return who a contact or lead is.

    :raises NoPerson: it is neither
    :raises NotFound: it is out of reach, or there is none
    :raises NotAllowed: the actor may not do this to one of the person's records
    """
    if entity not in ("contact", "lead"):
        raise NoPerson
    record = await load_any(work, entity, record_id, action)
    main = (entity, record.id)
    if isinstance(record, Lead) and record.contact_id:
        main = ("contact", await current("contact", record.contact_id))
    contacts = [main[1], *await merged_into("contact", main[1])] if main[0] == "contact" else []
    leads = {main[1]} if main[0] == "lead" else set[int]()
    telegram = await _accounts("contact", contacts) | await _accounts("lead", leads)
    leads |= set(await db.column(f"SELECT id FROM lead WHERE contact_id IN ({_ids(contacts)})"))
    telegram |= await _accounts("lead", leads)
    if telegram:
        leads |= set(await db.column(f"SELECT id FROM lead WHERE telegram_id IN ({_ids(telegram)})"))
    for lead_id in tuple(leads):
        leads |= set(await merged_into("lead", lead_id))
    person = Person(
        main,
        tuple(contacts),
        tuple(sorted(leads)),
        tuple(await db.column(f"SELECT id FROM deal WHERE contact_id IN ({_ids(contacts)}) ORDER BY id")),
        tuple(sorted(telegram)),
    )
    if action != Action.READ:
        await _demand_all(work, person, action)
    return person


async def _accounts(entity: str, ids: Iterable[int]) -> set[int]:
    return set(
        await db.column(f"SELECT telegram_id FROM {entity} WHERE id IN ({_ids(ids)}) AND telegram_id IS NOT NULL")
    )


async def _demand_all(work: Work, person: Person, action: Action) -> None:
    """Refuse where one of a person's records is not the actor's to do this to."""
    for entity, ids in (("contact", person.contacts), ("lead", person.leads)):
        people = owners(work.actor, entity, action)
        held = await db.column(f"SELECT owner_id FROM {entity} WHERE id IN ({_ids(ids)}) AND deleted_at IS NULL")
        if people is not None and not set(held) <= people:
            raise NotAllowed(entity=entity, action=action)


async def name_of(person: Person) -> str:
    """Return what somebody is called."""
    entity, record_id = person.main
    column = "name" if entity == "contact" else "coalesce(nullif(name, ''), title)"
    row = await db.fetch_one(f"SELECT {column} AS name FROM {entity} WHERE id = ?", record_id)
    return str(row["name"]) if row else ""


async def counts_of(person: Person) -> dict[str, int]:
    """Count what there is about somebody, by what it is."""
    found = {"contact": len(person.contacts), "lead": len(person.leads), "deal": len(person.deals)}
    for table in HANGING:
        rows = await db.column(
            f"SELECT count(*) FROM {table} t WHERE t.deleted_at IS NULL AND {person.hanging_sql('t')}"
        )
        found[table] = int(rows[0])
    return {name: count for name, count in found.items() if count}


async def alike(work: Work, person: Person, most: int = 20) -> list[tuple[str, int]]:
    """Return other records within reach with a phone, an address or an account of the person's: who may be the same.

    They are not taken for it.
    """
    found: dict[tuple[str, int], None] = {}
    for entity, record_id in person.records:
        rows = await db.fetch(
            "SELECT DISTINCT o.entity, o.record_id FROM record_key k JOIN record_key o ON o.key = k.key "
            "WHERE k.entity = ? AND k.record_id = ? AND substr(k.key, 1, 2) IN ('p:', 'e:', 'g:') "
            f"AND o.entity IN ('contact', 'lead') ORDER BY o.entity, o.record_id LIMIT {int(most)}",
            entity,
            record_id,
        )
        found |= dict.fromkeys((row["entity"], row["record_id"]) for row in rows)
    reached: set[tuple[str, int]] = set()
    for entity in ("contact", "lead"):
        ids = _ids(record_id for one, record_id in found if one == entity)
        sql = f"SELECT id FROM {entity} WHERE id IN ({ids}) AND {owned_sql('owner_id', owners(work.actor, entity))}"
        reached |= {(entity, int(one)) for one in await db.column(sql)}
    return [one for one in found if one in reached and one not in person.records][:most]


async def linked(person: Person, refs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return those of some records that are the person's, their deals among them, or hang on them."""
    asked = set(refs)
    found = asked & {*person.records, *(("deal", one) for one in person.deals)}
    for table in HANGING:
        ids = [record_id for entity, record_id in asked if entity == table]
        if ids:
            rows = await db.column(f"SELECT id FROM {table} t WHERE id IN ({_ids(ids)}) AND {person.hanging_sql('t')}")
            found |= {(table, int(one)) for one in rows}
    return found


# --- what tells of them elsewhere ------------------------------------------------------------------------------------------


async def traces_of(person: Person) -> tuple[Traces, Traces]:
    """Return what tells of somebody wherever it stands, and what does so in copies and logs, where a single name is enough.

    What another record has as well, a namesake's name or an office's phone, tells of nobody in particular and is left out.
    """
    rows: list[tuple[str, dict[str, Any]]] = []
    for model, ids in ((Contact, person.contacts), (Lead, person.leads)):
        table = model._meta.db_table
        found = await db.fetch(f"SELECT * FROM {table} WHERE id IN ({_ids(ids)})")
        rows += [(table, row) for row in found]
    names = folded_all(row["name"] for _, row in rows)
    titles = folded_all(row.get("title") for _, row in rows)
    streets = [street for street in folded_all(row["street"] for _, row in rows) if len(street) >= _LEAST_STREET]
    phones = folded_all(phone for _, row in rows for phone in (row["phone"], *_listed(row["more_phones"])))
    emails = folded_all(email for _, row in rows for email in (row["email"], *_listed(row["more_emails"])))
    taxes = [tax for tax in folded_all(row.get("tax_id") for _, row in rows) if is_telling(tax)]
    own_names = [name for name in names if " " in name and not await _namesake(person, name)]
    phones = [phone for phone in phones if is_telling(phone) and not await _shared(person, "phone", phone)]
    emails = [email for email in emails if not await _shared(person, "email", email)]
    accounts = [str(account) for account in person.telegram if is_telling(str(account))]
    strong = Traces((*own_names, *emails, *streets), (*phones, *taxes, *accounts))
    single = {word for name in (*names, *titles) for word in telling_words(name)}
    return strong, Traces((*strong.words, *names, *titles, *sorted(single)), strong.numbers)


async def sayings_of(person: Person) -> list[str]:
    """Return how the newest things written about a person, or said with them, begin: copies of them are known by it."""
    found: list[str] = []
    for table, column in (("note", "text"), ("message", "text"), ("activity", "title")):
        found += await db.column(
            f"SELECT {column} FROM {table} t WHERE {person.hanging_sql('t')} ORDER BY t.id DESC LIMIT {_SAYINGS}"
        )
    starts = [text.split("\n", maxsplit=1)[0].strip()[:_SAYING].lower() for text in found if text]
    return [start for start in dict.fromkeys(starts) if len(start) >= _LEAST_SAYING]


def _listed(column: Any) -> list[str]:
    return list(db.from_json(column) or []) if column else []


async def _namesake(person: Person, name: str) -> bool:
    """Tell whether somebody else is called the same: another record, or a colleague."""
    rows = await db.fetch(
        "SELECT entity, record_id FROM search_entry WHERE folded = ? AND entity IN ('contact', 'lead') LIMIT 100",
        fold(name)[:500],
    )
    if {(row["entity"], row["record_id"]) for row in rows} - set(person.records):
        return True
    return fold(name) in {fold(one) for one in await db.column('SELECT name FROM "user"')}


async def _shared(person: Person, column: str, value: str) -> bool:
    """Tell whether another record that is not deleted has the same phone or address."""
    for entity, ids in (("contact", person.contacts), ("lead", person.leads), ("company", ())):
        row = await db.fetch_one(
            f"SELECT 1 AS y FROM {entity} WHERE {column} = ? AND deleted_at IS NULL AND id NOT IN ({_ids(ids)}) LIMIT 1",
            value,
        )
        if row:
            return True
    return False
