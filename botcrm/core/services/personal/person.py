"""One person, whatever records they are in: their contacts, the leads that became them, what hangs on those."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotAllowed, NotFound
from botcrm.core.domain.facts import keys_of
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.personal import Traces, both_orders, folded_all, is_telling, telling_words
from botcrm.core.domain.text import fold
from botcrm.core.models import Contact, Lead, Record
from botcrm.core.services.access import activity_sql, current, load_any, merged_into, owned_sql, owners, reach, ref
from botcrm.core.services.duplicates.keys import values_of
from botcrm.core.services.work import MODELS, Work

HANGING = ("activity", "note", "file", "message")
# Keys of duplicates: phones, addresses, accounts.
_WAYS = ("p:", "e:", "g:")
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
    :ivar companies: the companies that are only they under another name, and are to be erased along
    """

    main: tuple[str, int]
    contacts: tuple[int, ...]
    leads: tuple[int, ...]
    deals: tuple[int, ...]
    telegram: tuple[int, ...]
    companies: tuple[int, ...] = ()

    @property
    def ref(self) -> str:
        """Return how people write the record they are known by."""
        return ref(*self.main)

    @property
    def records(self) -> tuple[tuple[str, int], ...]:
        """Return their own records."""
        own = (("contact", self.contacts), ("lead", self.leads), ("company", self.companies))
        return tuple((entity, one) for entity, ids in own for one in ids)

    def hanging_sql(self, table: str) -> str:
        """Return an SQL condition for the activities, notes, files or messages `t` with them.

        What hangs on a deal, or on a company of theirs, and names nobody is with them as well.
        """
        contact, lead, deal = _ids(self.contacts), _ids(self.leads), _ids(self.deals)
        nobody = " AND t.contact_id IS NULL AND t.lead_id IS NULL"
        found = f"t.contact_id IN ({contact}) OR t.lead_id IN ({lead}) OR (t.deal_id IN ({deal}){nobody})"
        if self.companies and table != "message":
            found += f" OR (t.company_id IN ({_ids(self.companies)}) AND t.deal_id IS NULL{nobody})"
        return f"({found})"


def _ids(ids: Iterable[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "0"


async def person_of(
    work: Work, entity: str, record_id: int, action: Action = Action.READ, companies: Iterable[int] = ()
) -> Person:
    """Return who a contact or lead is; a deleted one as well for whoever may delete everybody's.

    :param action: with DELETE: to erase them, which takes more than deleting one of their records, as nothing brings it back
    :param companies: what else is theirs, of `own_companies`
    :raises NoPerson: it is neither
    :raises NotFound: it is out of reach, or there is none
    :raises NotAllowed: the actor may not do this to one of the person's records, or to what hangs on them
    """
    if entity not in ("contact", "lead"):
        raise NoPerson
    record = await _record(work, entity, record_id, action)
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
    contacts += [one for one in await _taken_back(leads) if one not in contacts]
    telegram |= await _accounts("contact", contacts)
    person = Person(
        main,
        tuple(contacts),
        tuple(sorted(leads)),
        tuple(await db.column(f"SELECT id FROM deal WHERE contact_id IN ({_ids(contacts)}) ORDER BY id")),
        tuple(sorted(telegram)),
        tuple(sorted(set(companies))),
    )
    if action == Action.DELETE:
        await _demand_erasing(work, person)
    elif action != Action.READ:
        await _demand_all(work, person, action)
    return person


async def _record(work: Work, entity: str, record_id: int, action: Action) -> Record:
    """Return a contact or lead, be it deleted where nobody's records are out of the actor's reach."""
    try:
        return await load_any(work, entity, record_id, action)
    except NotFound:
        rights = ((one, which) for one in ("contact", "lead") for which in (Action.READ, Action.DELETE))
        if any(owners(work.actor, *right) is not None for right in rights):
            raise
        model: type[Contact] | type[Lead] = Contact if entity == "contact" else Lead
        found = await model.filter(id=await current(entity, record_id)).first() if 0 < record_id < 2**31 else None
        if found is None:
            raise
        return found


async def _taken_back(leads: Iterable[int]) -> list[int]:
    """Return the contacts that leads were made into where taking that back deleted them; one that was there before stays out."""
    found: list[int] = []
    for row in await db.fetch(
        "SELECT work_id, after FROM event WHERE entity = 'lead' AND type = 'LeadConverted' "
        f"AND record_id IN ({_ids(leads)}) ORDER BY id"
    ):
        contact_id = (db.from_json(row["after"]) or {}).get("contact_id")
        if contact_id:
            found += await db.column(
                "SELECT id FROM contact WHERE id = ? AND deleted_at IS NOT NULL AND merged_into_id IS NULL AND EXISTS ("
                "SELECT 1 FROM event e WHERE e.work_id = ? AND e.type = 'ContactCreated' AND e.record_id = contact.id)",
                int(contact_id),
                row["work_id"],
            )
    return list(dict.fromkeys(found))


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


async def _demand_erasing(work: Work, person: Person) -> None:
    """Refuse where erasing would empty what is not the actor's to delete; to be the owner of it is not enough.

    :raises NotAllowed: the actor may delete only their own, or not all of what hangs on the person
    """
    held = (
        ("contact", person.contacts),
        ("lead", person.leads),
        ("company", person.companies),
        ("deal", person.deals),
    )
    for entity, ids in held:
        people = owners(work.actor, entity, Action.DELETE)
        if not ids or people is None:
            continue
        found = await db.column(f"SELECT owner_id FROM {entity} WHERE id IN ({_ids(ids)})")
        if reach(work.actor, entity, Action.DELETE) != Reach.DEPARTMENT or not set(found) <= people:
            raise NotAllowed(entity=entity, action=Action.DELETE)
    scope = activity_sql(work.actor, "t", Action.DELETE)
    for table in HANGING:
        row = await db.fetch_one(
            f"SELECT 1 AS y FROM {table} t WHERE {person.hanging_sql(table)} "
            f"AND CASE WHEN {scope} THEN 0 ELSE 1 END = 1 LIMIT 1"
        )
        if row:
            raise NotAllowed(entity="activity", action=Action.DELETE)


async def is_deleted(record: tuple[str, int]) -> bool:
    """Tell whether a contact or lead was deleted."""
    entity, record_id = record
    return bool(await db.column(f"SELECT id FROM {entity} WHERE id = ? AND deleted_at IS NOT NULL", record_id))


async def may_erase(work: Work, person: Person) -> bool:
    """Tell whether the actor may erase somebody."""
    try:
        await _demand_erasing(work, person)
    except NotAllowed:
        return False
    return True


async def seen_of(work: Work, person: Person) -> tuple[tuple[str, int], ...]:
    """Return those of a person's own records that the actor may see, those that were merged or deleted among them."""
    found: list[tuple[str, int]] = []
    for entity in ("contact", "lead", "company"):
        ids = _ids(one for name, one in person.records if name == entity)
        sql = f"SELECT id FROM {entity} WHERE id IN ({ids}) AND {owned_sql('owner_id', owners(work.actor, entity))} ORDER BY id"
        found += [(entity, int(one)) for one in await db.column(sql)]
    return tuple(found)


async def name_of(person: Person, record: tuple[str, int] | None = None) -> str:
    """Return what somebody is called, in the record they are known by or in another one of theirs."""
    entity, record_id = record or person.main
    column = "name" if entity == "contact" else "coalesce(nullif(name, ''), title)"
    row = await db.fetch_one(f"SELECT {column} AS name FROM {entity} WHERE id = ?", record_id)
    return str(row["name"]) if row else ""


async def counts_of(work: Work, person: Person) -> dict[str, int]:
    """Count what the actor may see about somebody, by what it is."""
    seen = [entity for entity, _ in await seen_of(work, person)]
    found = {"contact": seen.count("contact"), "lead": seen.count("lead")}
    reached = owned_sql("owner_id", owners(work.actor, "deal"))
    deals = await db.column(f"SELECT count(*) FROM deal WHERE id IN ({_ids(person.deals)}) AND {reached}")
    found["deal"] = int(deals[0])
    scope = activity_sql(work.actor, "t")
    for table in HANGING:
        rows = await db.column(
            f"SELECT count(*) FROM {table} t WHERE t.deleted_at IS NULL AND {person.hanging_sql(table)} AND {scope}"
        )
        found[table] = int(rows[0])
    return {name: count for name, count in found.items() if count}


async def alike(work: Work, person: Person, most: int = 20) -> list[tuple[str, int]]:
    """Return other records within reach with a phone, an address or an account of the person's, companies among them.

    They are not taken for it.
    """
    found: dict[tuple[str, int], None] = {}
    for entity, record_id in person.records:
        # Computed, as a deleted record has none in the table.
        known = keys_of(entity, values_of(await MODELS[entity].get(id=record_id)))
        keys = [key for key in known if key[:2] in _WAYS]
        rows = await db.fetch(
            f"SELECT DISTINCT entity, record_id FROM record_key WHERE key IN ({', '.join('?' * len(keys)) or 'NULL'}) "
            f"AND entity IN ('contact', 'lead', 'company') ORDER BY entity, record_id LIMIT {int(most)}",
            *keys,
        )
        found |= dict.fromkeys((row["entity"], row["record_id"]) for row in rows)
    reached: set[tuple[str, int]] = set()
    for entity in ("contact", "lead", "company"):
        ids = _ids(record_id for one, record_id in found if one == entity)
        sql = f"SELECT id FROM {entity} WHERE id IN ({ids}) AND {owned_sql('owner_id', owners(work.actor, entity))}"
        reached |= {(entity, int(one)) for one in await db.column(sql)}
    people_first = sorted(found, key=lambda one: one[0] == "company")
    return [one for one in people_first if one in reached and one not in person.records][:most]


async def own_companies(work: Work, person: Person) -> list[int]:
    """Return the companies within reach that have nobody and nothing but this person: what a sole trader is called.

    They have a phone or an address of the person's, no other contact, and no deal with anybody else.
    """
    found = []
    for company_id in [one for entity, one in await alike(work, person) if entity == "company"]:
        others = await db.fetch_one(
            f"SELECT 1 AS y FROM contact WHERE company_id = ? AND id NOT IN ({_ids(person.contacts)}) AND deleted_at IS NULL "
            f"UNION SELECT 1 FROM lead WHERE company_id = ? AND id NOT IN ({_ids(person.leads)}) AND deleted_at IS NULL "
            "UNION SELECT 1 FROM deal WHERE company_id = ? AND contact_id IS NOT NULL "
            f"AND contact_id NOT IN ({_ids(person.contacts)}) AND deleted_at IS NULL",
            *(company_id,) * 3,
        )
        if others is None:
            found.append(company_id)
    return found


async def linked(person: Person, refs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return those of some records that are the person's, their deals among them, or hang on them."""
    asked = set(refs)
    found = asked & {*person.records, *(("deal", one) for one in person.deals)}
    for table in HANGING:
        ids = [record_id for entity, record_id in asked if entity == table]
        if ids:
            rows = await db.column(
                f"SELECT id FROM {table} t WHERE id IN ({_ids(ids)}) AND {person.hanging_sql(table)}"
            )
            found |= {(table, int(one)) for one in rows}
    return found


# --- what tells of them elsewhere ------------------------------------------------------------------------------------------


async def traces_of(person: Person) -> tuple[Traces, Traces]:
    """Return what tells of somebody wherever it stands, and what does so in copies and logs, where a single name is enough.

    What another record has as well, a namesake's name or an office's phone, tells of nobody in particular and is left out.
    """
    rows: list[tuple[str, dict[str, Any]]] = []
    for table, ids in (("contact", person.contacts), ("lead", person.leads), ("company", person.companies)):
        found = await db.fetch(f"SELECT * FROM {table} WHERE id IN ({_ids(ids)})")
        rows += [(table, row) for row in found]
    names = folded_all(row["name"] for _, row in rows)
    titles = folded_all(row.get("title") for _, row in rows)
    streets = [street for street in folded_all(row["street"] for _, row in rows) if len(street) >= _LEAST_STREET]
    phones = folded_all(phone for _, row in rows for phone in (row["phone"], *_listed(row["more_phones"])))
    emails = folded_all(email for _, row in rows for email in (row["email"], *_listed(row["more_emails"])))
    taxes = [tax for tax in folded_all(row.get("tax_id") for _, row in rows) if is_telling(tax)]
    whole = [one for name in names if " " in name and not await _namesake(person, name) for one in both_orders(name)]
    own_names = [name for name in dict.fromkeys(whole) if name in names or not await _namesake(person, name)]
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
            f"SELECT {column} FROM {table} t WHERE {person.hanging_sql(table)} ORDER BY t.id DESC LIMIT {_SAYINGS}"
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
    for entity, ids in (("contact", person.contacts), ("lead", person.leads), ("company", person.companies)):
        row = await db.fetch_one(
            f"SELECT 1 AS y FROM {entity} WHERE {column} = ? AND deleted_at IS NULL AND id NOT IN ({_ids(ids)}) LIMIT 1",
            value,
        )
        if row:
            return True
    return False
