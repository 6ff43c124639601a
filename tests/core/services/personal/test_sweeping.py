"""Plugins' tables are looked through too, but for what their models say tells nothing; and the ledger comes before the last piece."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tortoise import fields
from tortoise.models import Model

from botcrm.core import db
from botcrm.core.models import Contact, Operation
from botcrm.core.services import records
from botcrm.core.services.activities import add_note
from botcrm.core.services.operations.operations import run
from botcrm.core.services.personal import erasing, sweeping
from botcrm.core.services.personal import ledger as erasures
from botcrm.core.services.personal.ledger import append, mark_of, read
from botcrm.core.services.personal.person import person_of, sayings_of, traces_of
from botcrm.core.services.personal.scrubbing import Hunt
from botcrm.reminders.operations import run_here
from tests.core.services.conftest import Office


class Stamp(Model):
    """A plugin's table."""

    impersonal = ("kind",)

    id = fields.IntField(primary_key=True)
    contact_id = fields.IntField(null=True)
    kind = fields.CharField(max_length=20)
    words = fields.TextField(null=True)
    data: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "stamps_stamp"


async def test_plugins_tables(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sweeping, "Tortoise", SimpleNamespace(apps=SimpleNamespace(apps={"core": {}, "stamps": {"Stamp": Stamp}}))
    )
    await db.execute(
        "CREATE TABLE stamps_stamp (id INTEGER PRIMARY KEY, contact_id INTEGER, kind TEXT, words TEXT, data TEXT)"
    )
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, "Zdzich Murmur", phone="+48 601 999 888")
        await work.flush()
        for row_id, contact_id, words in (
            (1, contact.id, "likes jazz"),
            (2, None, "call 601-999-888, soon"),
            (3, None, "else"),
        ):
            await db.execute(
                "INSERT INTO stamps_stamp (id, contact_id, kind, words, data) VALUES (?, ?, ?, ?, ?)",
                row_id, contact_id, "murmur", words, '{"who":"Zdzich Murmur","n":1}',
            )  # fmt: skip
        person = await person_of(work, "contact", contact.id)
        hunt = Hunt.of(person, *await traces_of(person), await sayings_of(person), 0)
        table = sweeping.tables()[-1]
        assert (table.name, table.columns) == ("stamps_stamp", ("words", "data"))
        assert await sweeping.look_through(work, hunt, table, 0) == (3, 3)
        assert await sweeping.look_through(work, hunt, table, 3) == (None, 0)
    rows = await db.fetch("SELECT words, data, kind FROM stamps_stamp ORDER BY id")
    assert [row["words"] for row in rows] == ["", "call …, soon", "else"]
    assert [db.from_json(row["data"]) for row in rows] == [None, {"who": "…", "n": 1}, {"who": "…", "n": 1}]
    assert {row["kind"] for row in rows} == {"murmur"}, "its model says that tells nothing"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_where_the_ledger_cannot_be_written_nobody_is_erased(office: Office) -> None:
    async with office.as_(office.admin) as work:
        contact = await records.add_contact(work, "Zdzich Murmur")
        await add_note(work, "the gate code", contact_id=contact.id)
    assert office.app.ledger
    office.app.ledger.mkdir()
    async with office.as_(office.admin) as work:
        operation = await erasing.start_erasing(work, "contact", contact.id, f"erase c{contact.id}", here=True)
    ended = await run_here(office.app, operation.id)
    assert (ended.state, "cannot be written" in ended.error) == ("failed", True)
    assert (await Contact.get(id=contact.id)).name == "Zdzich Murmur"
    office.app.ledger.rmdir()
    async with office.as_(office.admin) as work:
        await run(work, await Operation.get(id=operation.id), here=True)
    assert (await run_here(office.app, operation.id)).state == "done"
    assert (await Contact.get(id=contact.id)).name == f"Erased c{contact.id}"
    key, lines = read(office.app.ledger)
    assert [(one.entity, one.record_id) for one in lines] == [("contact", contact.id)]
    assert lines[0].mark == mark_of(key, "contact", contact.id, contact.created_at)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_ledger_cut_short_is_read_as_far_as_it_goes(office: Office) -> None:
    path = office.app.ledger
    assert path
    async with office.as_(office.admin) as work:
        contact = await records.add_contact(work, "Zdzich Murmur")
    key, _ = read(path)
    lines = await erasures.marks_of(key, [("contact", contact.id)])
    append(path, key, lines, contact.created_at)
    path.write_text(path.read_text("utf-8") + '{"entity": "contact", "id": 7', encoding="utf-8")
    append(path, key, lines, contact.created_at)
    assert read(path) == (key, lines * 2)
    assert await erasures.not_erased(path) == lines
    # A record of that number in another base is somebody else.
    await Contact.filter(id=contact.id).update(created_at=contact.created_at.replace(year=2020))
    assert await erasures.not_erased(path) == []
