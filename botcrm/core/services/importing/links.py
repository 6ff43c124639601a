"""The companies and contacts that rows of a file hang on: found by the other system's id or by name, made where there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import ContactChanged
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.services.access import may, owned_sql, owners
from botcrm.core.services.derived.many import Derived, chunks, derived
from botcrm.core.services.importing.match import find_existing, is_weak, living, referred, same_name
from botcrm.core.services.importing.rows import Problem, Understood
from botcrm.core.services.importing.write import add_refs, create_many, load_many, unheard
from botcrm.core.services.work import Work

# So many names are remembered between pieces.
_MOST_KNOWN = 100_000
# By the index of names: told to look for the kind, SQLite reads all records of it through.
_OF_KIND = "entity || '' = ?"


_Key = tuple[str, int | None]


@dataclass(slots=True)
class _Namesake:
    """Somebody at a company, by name; `open` tells that nothing reaches them yet, and that the actor may say what does."""

    record_id: int
    open: bool = False


class Links:
    """Finds and makes what rows hang on; it remembers what it made until search knows it too."""

    def __init__(self, source: str, *, heard: bool = False) -> None:
        self._source = source
        self._heard = heard
        self._companies: dict[str, int] = {}
        self._contacts: dict[_Key, int] = {}
        self.made: dict[str, list[tuple[int, Derived]]] = {"company": [], "contact": []}

    def forget(self) -> None:
        """Forget names: what was made may have been rolled back, or is found by search now."""
        self._companies.clear()
        self._contacts.clear()

    async def companies(self, work: Work, rows: Sequence[Understood]) -> dict[int, int]:
        """Return the company that each row hangs on, by the row's number; a row whose company may not be made gets a problem."""
        asked = [row for row in rows if row.company or row.company_ref]
        if not asked:
            return {}
        refs = {row.company_ref for row in asked if row.company_ref}
        by_ref = await referred("company", self._source, list(refs))
        by_ref = await self._reached(work, "company", by_ref)
        by_id = {row.number: by_ref[row.company_ref] for row in asked if row.company_ref in by_ref}
        by_id = await self._called("company", asked, by_id)
        by_name = await self._by_name(work, [row for row in asked if row.number not in by_id])
        moved = {name for name in by_name if self._companies.get(name, by_name[name]) != by_name[name]}
        self._companies |= by_name
        elsewhere: dict[int, int] = {}
        found: dict[int, int] = {}
        fresh: dict[str, Understood] = {}
        named: dict[str, int] = {}
        for row in asked:
            company_id = by_id.get(row.number) or by_name.get(fold(row.company))
            if company_id:
                found[row.number] = company_id
                if fold(row.company) in moved:
                    elsewhere[row.number] = company_id
                if row.company_ref and row.company_ref not in by_ref:
                    named.setdefault(row.company_ref, company_id)
            elif not row.company:
                continue  # an id that nobody knows, and no name: the row stands by itself
            elif not may(work.actor, "company", Action.ADD):
                row.problems.append(Problem("company", "", {"value": row.company}))
            else:
                fresh.setdefault(fold(row.company), row)
        if fresh:
            made = await self._make(work, "company", [_company(row) for row in fresh.values()], [""] * len(fresh))
            ids = dict(zip(fresh, made, strict=True))
            self._companies |= ids
            for row in asked:
                if row.number not in found and fold(row.company) in ids:
                    found[row.number] = ids[fold(row.company)]
                    if row.company_ref:
                        named.setdefault(row.company_ref, found[row.number])
        await self._name("company", asked, elsewhere)
        await add_refs(work, "company", self._source, named)
        return found

    async def _called(self, entity: str, rows: Sequence[Understood], found: Mapping[int, int]) -> dict[int, int]:
        """Return what rows hang on by number, and call it by the name that it has here, whatever the file calls it.

        Where the number says little, what is called otherwise is not meant.
        """
        kept = dict(found)
        weak = [row for row in rows if row.number in kept and is_weak(self._source, getattr(row, f"{entity}_ref"))]
        if weak:
            names = await self._names(entity, found)
            for row in weak:
                if not same_name(entity, getattr(row, entity), names.get(kept[row.number], "")):
                    del kept[row.number]
        await self._name(entity, rows, kept)
        return kept

    async def _name(self, entity: str, rows: Sequence[Understood], found: Mapping[int, int]) -> None:
        names = await self._names(entity, found)
        for row in rows:
            name = names.get(found.get(row.number, 0), "")
            if name and fold(name) != fold(getattr(row, entity)):
                setattr(row, entity, name)
                row.relinked = True

    async def _names(self, entity: str, found: Mapping[int, int]) -> dict[int, str]:
        names: dict[int, str] = {}
        for part in chunks(list(set(found.values()))):
            marks = ", ".join("?" * len(part))
            stored = await db.fetch(f"SELECT id, name FROM {entity} WHERE id IN ({marks})", *part)
            names |= {row["id"]: row["name"] for row in stored}
        return names

    async def _by_name(self, work: Work, rows: Sequence[Understood]) -> dict[str, int]:
        names = {fold(row.company)[:500] for row in rows if row.company}
        if len(self._companies) > _MOST_KNOWN and not self.made["company"]:
            self._companies.clear()
        found = await self._still("company", {name: self._companies[name] for name in names if name in self._companies})
        stored = await self._entries(work, "company", [name for name in names if name not in found])
        return found | stored

    async def _still(self, entity: str, known: dict[Any, int]) -> dict[Any, int]:
        """Return what is remembered as it stands now: a company may have gone into another one, or be gone, since the last piece."""
        if not known:
            return known
        alive = await living(entity, set(known.values()))
        return {name: alive[record_id] for name, record_id in known.items() if record_id in alive}

    async def _entries(self, work: Work, entity: str, names: Sequence[str]) -> dict[str, int]:
        reached = owned_sql("owner_id", _people(work, entity))
        found: dict[str, int] = {}
        for part in chunks(names):
            marks = ", ".join("?" * len(part))
            for row in await db.fetch(
                f"SELECT record_id, folded FROM search_entry WHERE folded IN ({marks}) AND {_OF_KIND} AND {reached} "
                "ORDER BY record_id DESC",
                *part,
                entity,
            ):
                found[row["folded"]] = row["record_id"]
        return found

    async def _reached(self, work: Work, entity: str, refs: Mapping[str, int]) -> dict[str, int]:
        people = owners(work.actor, entity)
        if people is None or not refs:
            return dict(refs)
        within: set[int] = set()
        for part in chunks(list(set(refs.values()))):
            marks = ", ".join("?" * len(part))
            within |= set(
                await db.column(
                    f"SELECT id FROM {entity} WHERE id IN ({marks}) AND {owned_sql('owner_id', people)}", *part
                )
            )
        return {name: record_id for name, record_id in refs.items() if record_id in within}

    async def _make(
        self, work: Work, entity: str, records: Sequence[dict[str, Any]], companies: Sequence[str]
    ) -> Sequence[int]:
        ids = await create_many(work, entity, records, heard=self._heard)
        self.made[entity] += [
            (record_id, derived(entity, values, company))
            for record_id, values, company in zip(ids, records, companies, strict=True)
        ]
        return ids

    # --- a deal's contact ------------------------------------------------------------------------------------------

    async def contacts(self, work: Work, rows: Sequence[Understood], companies: Mapping[int, int]) -> dict[int, int]:
        """Return the contact that each deal hangs on: by id, by phone or e-mail, by name among the people of its company."""
        asked = [row for row in rows if row.contact or row.contact_ref or row.contact_phones or row.contact_emails]
        if not asked:
            return {}
        by_ref = await referred("contact", self._source, list({row.contact_ref for row in asked if row.contact_ref}))
        by_ref = await self._reached(work, "contact", by_ref)
        found = {row.number: by_ref[row.contact_ref] for row in asked if row.contact_ref in by_ref}
        found = await self._called("contact", asked, found)
        rest = [row for row in asked if row.number not in found]
        existing = await find_existing(work, "contact", "", [_person(row) for row in rest])
        known = {number: one.record_id for number, one in existing.items()}
        await self._name("contact", rest, known)
        found |= known
        left = [row for row in rest if row.number not in found]
        for row in left:
            if not row.contact:
                # Called by what reaches them, as in a file of contacts.
                row.contact = next(iter([*row.contact_emails, *row.contact_phones]), "")
                row.relinked = True
        found |= await self._by_names(work, [row for row in left if row.contact], companies)
        named: dict[str, int] = {}
        for row in rest:
            if row.contact_ref and row.number in found:
                named.setdefault(row.contact_ref, found[row.number])
        await add_refs(work, "contact", self._source, named)
        return found

    async def _by_names(self, work: Work, rows: Sequence[Understood], companies: Mapping[int, int]) -> dict[int, int]:
        """Return the contacts of rows that no number and no address found: a namesake at the company, else somebody new.

        Who is reached otherwise is somebody else, whatever their name; a namesake whom nothing reached is reached so now.
        """
        namesakes = await self._among_people(work, rows, companies)
        found: dict[int, int] = {}
        fresh: dict[tuple[_Key, str], list[Understood]] = {}
        filled: dict[int, Understood] = {}
        joined: dict[tuple[_Key, str], int] = {}
        for row in rows:
            key = (fold(row.contact), companies.get(row.number))
            reach = next(iter([*row.contact_phones, *row.contact_emails]), "")
            namesake = namesakes.get(key)
            if (key, reach) in joined:
                found[row.number] = joined[key, reach]
            elif namesake and (not reach or namesake.open):
                found[row.number] = joined[key, reach] = namesake.record_id
                if reach:
                    filled[namesake.record_id], namesake.open = row, False
            elif not may(work.actor, "contact", Action.ADD):
                row.problems.append(Problem("contact", "", {"value": row.contact}))
            else:
                fresh.setdefault((key, reach), []).append(row)
        if filled:
            await self._fill(work, filled)
        if fresh:
            first = [several[0] for several in fresh.values()]
            records = [_contact(row, companies.get(row.number)) for row in first]
            called = [row.company if companies.get(row.number) else "" for row in first]
            made = await self._make(work, "contact", records, called)
            for ((key, _), several), record_id in zip(fresh.items(), made, strict=True):
                self._contacts.setdefault(key, record_id)
                found |= {row.number: record_id for row in several}
        return found

    async def _fill(self, work: Work, filled: Mapping[int, Understood]) -> None:
        records = await load_many("contact", list(filled))
        async with unheard(work, heard=self._heard):
            for record_id, record in records.items():
                row = filled[record_id]
                told = reached_values(row.contact_phones, row.contact_emails)
                await work.change(record, ContactChanged, **{name: value for name, value in told.items() if value})

    async def _among_people(
        self, work: Work, rows: Sequence[Understood], companies: Mapping[int, int]
    ) -> dict[_Key, _Namesake]:
        names = {fold(row.contact)[:500] for row in rows}
        reached = owned_sql("e.owner_id", _people(work, "contact"))
        wanted = {(fold(row.contact), companies.get(row.number)) for row in rows}
        made = await self._still("contact", {key: self._contacts[key] for key in wanted if key in self._contacts})
        found = {key: _Namesake(record_id) for key, record_id in made.items()}
        changed = owners(work.actor, "contact", Action.CHANGE)
        for part in chunks(list(names)):
            marks = ", ".join("?" * len(part))
            for row in await db.fetch(
                "SELECT e.record_id, e.folded, c.company_id, c.owner_id, c.phone, c.email FROM search_entry e "
                "JOIN contact c ON c.id = e.record_id "
                f"WHERE e.folded IN ({marks}) AND e.{_OF_KIND} AND {reached} ORDER BY e.record_id DESC",
                *part,
                "contact",
            ):
                key = (row["folded"], row["company_id"])
                if key in wanted:
                    bare = not (row["phone"] or row["email"]) and (changed is None or row["owner_id"] in changed)
                    found[key] = _Namesake(row["record_id"], bare)
        return found


def _people(work: Work, entity: str) -> frozenset[int] | None:
    return owners(work.actor, entity)


def _company(row: Understood) -> dict[str, Any]:
    return {"name": row.company[:300], "owner_id": row.values.get("owner_id")}


def _person(row: Understood) -> Understood:
    """Return a deal's contact as a row of its own."""
    name, phones, emails = {"name": row.contact}, row.contact_phones[:], row.contact_emails[:]
    return Understood(row.number, "", name, phones, emails, named=bool(row.contact))


def _contact(row: Understood, company_id: int | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": row.contact[:300],
        "owner_id": row.values.get("owner_id"),
        "company_id": company_id,
    }
    return values | reached_values(row.contact_phones, row.contact_emails)


def reached_values(phones: Sequence[str], emails: Sequence[str]) -> dict[str, Any]:
    """Return the columns that hold how somebody is reached."""
    values: dict[str, Any] = {"phone": phones[0] if phones else None, "email": emails[0] if emails else None}
    if len(phones) > 1:
        values["more_phones"] = list(phones[1:])
    if len(emails) > 1:
        values["more_emails"] = list(emails[1:])
    return values
