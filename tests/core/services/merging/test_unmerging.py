"""undo(merge(state)) == state, over random graphs, with what people do in between: exactly that remains."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.events import ContactChanged, RecordAttached
from botcrm.core.models import Contact, Deal, Merge, Note
from botcrm.core.services import activities, deals, records
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from tests.core.services.conftest import START
from tests.starting import start_up_to_date

PEOPLE = 5
_PHONES = [f"+4860100000{number}" for number in range(4)]
_CITIES = [None, "Gdynia", "Warszawa"]
_TAGS = ["roof", "vip", "old"]
ROWS = (
    (
        "SELECT id, name, phone, email, more_phones, more_emails, city, street, job_title, owner_id, company_id, custom, "
        "merged_into_id, deleted_at FROM contact ORDER BY id"
    ),
    "SELECT id, company_id, contact_id, last_contact_at, next_activity_id FROM deal ORDER BY id",
    "SELECT id, contact_id FROM activity ORDER BY id",
    "SELECT id, contact_id FROM note ORDER BY id",
    "SELECT id, contact_id, company_id FROM lead ORDER BY id",
    "SELECT entity, record_id, tag FROM tag ORDER BY entity, record_id, tag",
    "SELECT entity, record_id, source, external_id FROM external_ref ORDER BY id",
    "SELECT entity, low_id, high_id FROM distinct_pair ORDER BY entity, low_id, high_id",
    (
        "SELECT e.entity, e.record_id, e.owner_id, e.name, t.term FROM search_entry e JOIN search_term t ON t.entry_id = e.id "
        "ORDER BY e.entity, e.record_id, t.term"
    ),
)


async def snapshot() -> list[list[dict[str, Any]]]:
    found = []
    for sql in ROWS:
        rows = await db.fetch(sql)
        for row in rows:
            for name in ("more_phones", "more_emails", "custom"):
                if name in row:
                    row[name] = db.from_json(row[name]) if row[name] else None
        found.append(rows)
    return found


person = st.fixed_dictionaries(
    {
        "phones": st.lists(st.sampled_from(_PHONES), max_size=3, unique=True),
        "city": st.sampled_from(_CITIES),
        "street": st.sampled_from([None, "Długa 1"]),
        "job": st.sampled_from([None, "boss"]),
        "tags": st.sets(st.sampled_from(_TAGS)),
        "list": st.lists(st.integers(1, 3), max_size=2, unique=True),
        "single": st.sampled_from([None, "a", "b"]),
        "distinct": st.booleans(),
    }
)
graph = st.fixed_dictionaries(
    {
        "people": st.lists(person, min_size=PEOPLE, max_size=PEOPLE),
        "deals": st.lists(st.integers(0, PEOPLE - 1), max_size=4),
        "notes": st.lists(st.integers(0, PEOPLE - 1), max_size=3),
        "calls": st.lists(st.integers(0, PEOPLE - 1), max_size=3),
    }
)


async def build(work: Work, shape: dict[str, Any]) -> None:
    """Put a graph of people and what hangs on them into the database."""
    company = await records.add_company(work, "Acme")
    for number, one in enumerate(shape["people"], 1):
        custom = {key: value for key, value in (("1", one["list"]), ("2", one["single"])) if value}
        contact = await work.create(
            Contact,
            ContactChanged,
            name=f"Jan {number}",
            phone=one["phones"][0] if one["phones"] else None,
            more_phones=one["phones"][1:] or None,
            city=one["city"],
            street=one["street"],
            job_title=one["job"],
            custom=custom or None,
            owner_id=work.actor.id,
            company_id=company.id if one["job"] else None,
        )
        await records.add_tags(work, contact, sorted(one["tags"]))
        await db.insert("external_ref", entity="contact", record_id=contact.id, source="x", external_id=str(number))
        if one["distinct"]:
            await db.execute(
                "INSERT INTO distinct_pair (entity, low_id, high_id, low_mark, high_mark, at) VALUES ('contact', ?, 99, 'a', 'b', ?)",
                number,
                work.now,
            )
    for place in shape["deals"]:
        await deals.add_deal(work, title="roof", contact_id=place + 1)
    for place in shape["notes"]:
        await activities.add_note(work, "text", contact_id=place + 1)
    for place in shape["calls"]:
        await activities.log_activity(work, "call", "", contact_id=place + 1)


class Model:
    """What should be there were nobody ever merged: the graph with what people did."""

    def __init__(self, shape: dict[str, Any]) -> None:
        self.fresh = itertools.count(1)
        self.people: dict[int, dict[str, Any]] = {
            number: {
                "phones": set(one["phones"]),
                "city": one["city"],
                "job": one["job"],
                "tags": set(one["tags"]),
                "list": set(one["list"]),
            }
            for number, one in enumerate(shape["people"], 1)
        }
        self.deals = {number: place + 1 for number, place in enumerate(shape["deals"], 1)}
        self.notes = {number: place + 1 for number, place in enumerate(shape["notes"], 1)}
        self.moved: set[tuple[str, int]] = set()

    async def live(self) -> list[int]:
        return await db.column("SELECT id FROM contact WHERE deleted_at IS NULL ORDER BY id")

    async def seen(self) -> dict[str, Any]:
        """Return the same of the database."""
        people = {}
        for one in await Contact.all():
            people[one.id] = {
                "phones": {phone for phone in (one.phone, *(one.more_phones or ())) if phone},
                "city": one.city,
                "job": one.job_title,
                "tags": set(await records.tags_of("contact", one.id)),
                "list": set((one.custom or {}).get("1", ())),
            }
        return {
            "people": people,
            "deals": {one.id: one.contact_id for one in await Deal.all()},
            "notes": {one.id: one.contact_id for one in await Note.all()},
        }

    def expected(self) -> dict[str, Any]:
        return {"people": self.people, "deals": self.deals, "notes": self.notes}

    # --- what people do --------------------------------------------------------------------------------------------

    async def change_city(self, work: Work, who: int, number: int) -> None:
        contact = await Contact.get(id=who)
        # One street for all that is changed: the address is one thing.
        city = f"City {next(self.fresh)}"
        await work.change(contact, ContactChanged, city=city)
        self.people[who]["city"] = city

    async def change_job(self, work: Work, who: int, number: int) -> None:
        job = f"Job {next(self.fresh)}"
        await work.change(await Contact.get(id=who), ContactChanged, job_title=job)
        self.people[who]["job"] = job

    async def change_phone(self, work: Work, who: int, number: int) -> None:
        contact = await Contact.get(id=who)
        phone = f"+4870000{next(self.fresh):04}"
        self.people[who]["phones"] = (self.people[who]["phones"] - {contact.phone}) | {phone}
        await work.change(contact, ContactChanged, phone=phone)

    async def drop_phone(self, work: Work, who: int, number: int) -> None:
        contact = await Contact.get(id=who)
        if contact.more_phones:
            *left, gone = contact.more_phones
            await work.change(contact, ContactChanged, more_phones=left or None)
            self.people[who]["phones"] -= {gone}

    async def add_element(self, work: Work, who: int, number: int) -> None:
        contact = await Contact.get(id=who)
        element = 100 + next(self.fresh)
        custom = dict(contact.custom or {})
        custom["1"] = [*custom.get("1", ()), element]
        await work.change(contact, ContactChanged, custom=custom)
        self.people[who]["list"] |= {element}

    async def add_tag(self, work: Work, who: int, number: int) -> None:
        tag = f"t{next(self.fresh)}"
        await records.add_tags(work, await Contact.get(id=who), [tag])
        self.people[who]["tags"] |= {tag}

    async def remove_tag(self, work: Work, who: int, number: int) -> None:
        tags = await records.tags_of("contact", who)
        if tags:
            await records.remove_tag(work, await Contact.get(id=who), tags[number % len(tags)])
            self.people[who]["tags"] -= {tags[number % len(tags)]}

    async def move_deal(self, work: Work, who: int, number: int) -> None:
        if self.deals:
            deal_id = number % len(self.deals) + 1
            deal = await Deal.get(id=deal_id)
            if ("deal", deal_id) not in self.moved and deal.contact_id != who:
                await deals.change_deal(work, deal_id, contact_id=who)
                self.deals[deal_id] = who
                self.moved.add(("deal", deal_id))

    async def move_note(self, work: Work, who: int, number: int) -> None:
        if self.notes:
            note_id = number % len(self.notes) + 1
            note = await Note.get(id=note_id)
            if ("note", note_id) not in self.moved and note.contact_id != who:
                await work.change(note, RecordAttached, contact_id=who)
                self.notes[note_id] = who
                self.moved.add(("note", note_id))

    async def new_deal(self, work: Work, who: int, number: int) -> None:
        deal = await deals.add_deal(work, title="new", contact_id=who)
        self.deals[deal.id] = who
        self.moved.add(("deal", deal.id))


DOES = (
    "change_city",
    "change_job",
    "change_phone",
    "drop_phone",
    "add_element",
    "add_tag",
    "remove_tag",
    "move_deal",
    "move_note",
    "new_deal",
)
STEPS = ("merge", "merge", "merge", "unmerge", *DOES)
step = st.tuples(st.sampled_from(STEPS), st.integers(0, 59), st.integers(0, 59))


async def opened(folder: Path, template: Path, name: str) -> App:
    path = folder / name
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)  # noqa: ASYNC240 - one task, nobody waits
    shutil.copyfile(template, path)
    app = App(Settings(database_url=f"sqlite://{path}", timezone="Europe/Warsaw"), now=lambda: START)
    await start_up_to_date(app)
    async with app.work() as work:
        await add_user(work, name="Ada", role="admin")
    return app


async def nothing_left_behind() -> None:
    """Check that what is kept beside the records is right, as the doctor would, and that nothing hangs on a merged record."""
    async with db.transaction():
        assert not any((await fix_derived()).values())
    for table in ("deal", "note", "activity", "lead"):
        dangling = (
            f"SELECT t.id FROM {table} t JOIN contact c ON c.id = t.contact_id WHERE c.merged_into_id IS NOT NULL"
        )
        assert await db.fetch(dangling) == []


async def merge_some(work: Work, live: list[int], first: int, second: int) -> None:
    if len(live) > 1:
        main = live[first % len(live)]
        others = [one for one in live if one != main]
        other = others[second % len(others)]
        units = ("name", "address", "job_title", "custom.2")
        choices = {unit: other for place, unit in enumerate(units) if (first + second) >> place & 1}
        await merge(work, "contact", main, [other], choices)


async def play(folder: Path, template: Path, shape: dict[str, Any], steps: list[tuple[str, int, int]]) -> None:
    app = await opened(folder, template, "play.sqlite3")
    try:
        actor = await actor_by_id(app.defaults, 1)
        model = Model(shape)
        async with app.work(actor) as work:
            await build(work, shape)
        before = await snapshot()
        touched = False
        for name, first, second in steps:
            live = await model.live()
            standing = await Merge.filter(undone_at=None).order_by("id")
            async with app.work(actor) as work:
                if name == "merge":
                    await merge_some(work, live, first, second)
                elif name == "unmerge":
                    if standing:
                        await unmerge(work, standing[first % len(standing)].id)
                else:
                    touched = True
                    await getattr(model, name)(work, live[first % len(live)], second)
        await nothing_left_behind()
        for _, first, _ in [*steps, *([("", 0, 0)] * PEOPLE)]:
            standing = await Merge.filter(undone_at=None).order_by("id")
            if standing:
                async with app.work(actor) as work:
                    await unmerge(work, standing[first % len(standing)].id)
        await nothing_left_behind()
        assert await model.seen() == model.expected()
        if not touched:
            assert await snapshot() == before
    finally:
        await app.stop()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(shape=graph, steps=st.lists(step, max_size=14))
def test_what_was_merged_comes_apart_and_exactly_what_people_did_remains(
    tmp_path: Path, sqlite_template: Path, shape: dict[str, Any], steps: list[tuple[str, int, int]]
) -> None:
    asyncio.run(play(tmp_path, sqlite_template, shape, steps))


def _as_sets(rows: list[list[dict[str, Any]]]) -> list[Any]:
    """Leave the order of somebody's phones out: which is the first one depends on who came first."""
    people = [
        row
        | {"phone": None, "more_phones": {row["phone"], *(row["more_phones"] or ())} - {None}}
        | {"custom": {k: set(v) if isinstance(v, list) else v for k, v in (row["custom"] or {}).items()}}
        for row in rows[0]
    ]
    return [people, *rows[1:]]


async def compare(folder: Path, template: Path, shape: dict[str, Any], pairs: list[tuple[int, int]], away: int) -> None:
    """Compare taking one merge back with never having made it."""
    found = []
    for name, left_out in (("with", False), ("without", True)):
        app = await opened(folder, template, f"{name}.sqlite3")
        try:
            actor = await actor_by_id(app.defaults, 1)
            async with app.work(actor) as work:
                await build(work, shape)
            gone, made = set[int](), 0
            for main, other in pairs:
                if main in gone or other in gone or main == other:
                    continue
                gone.add(other)
                made += 1
                if left_out and made == away + 1:
                    continue
                async with app.work(actor) as work:
                    await merge(work, "contact", main, [other])
            if not left_out:
                row = (await Merge.all().order_by("id"))[away : away + 1]
                if row:
                    async with app.work(actor) as work:
                        await unmerge(work, row[0].id)
            found.append(_as_sets(await snapshot()))
        finally:
            await app.stop()
    assert found[0] == found[1]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    shape=graph,
    pairs=st.lists(st.tuples(st.integers(1, PEOPLE), st.integers(1, PEOPLE)), min_size=2, max_size=6),
    away=st.integers(0, 3),
)
@example(  # who somebody is not used to stay with the record that they had come to by way of another
    shape={
        "people": [
            {"phones": [], "city": None, "street": None, "job": None, "tags": set(), "list": [], "single": None}
            | {"distinct": number == 1}
            for number in range(PEOPLE)
        ],
        "deals": [],
        "notes": [],
        "calls": [],
    },
    pairs=[(1, 2), (3, 1)],
    away=0,
)
def test_taken_back_it_is_as_if_that_merge_had_never_been_and_the_others_had(
    tmp_path: Path, sqlite_template: Path, shape: dict[str, Any], pairs: list[tuple[int, int]], away: int
) -> None:
    asyncio.run(compare(tmp_path, sqlite_template, shape, pairs, away))
