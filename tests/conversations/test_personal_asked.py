"""What people ask for again and again tells of nobody who was erased, and who may be the same person is said before."""

from __future__ import annotations

from botcrm.core import db
from botcrm.testing import Crm, Member
from tests.conversations.test_importing import settled


async def saved(boss: Member, query: str, name: str) -> None:
    await boss.send(query)
    await boss.tap("Save")
    await boss.send(name)


async def test_saved_filters_do_not_tell_of_somebody_erased(crm: Crm, boss: Member) -> None:
    for line in ("contact Zebulon", "contact Ewa Quill", "contact Jan Warm", "contact Ola Warm"):
        await boss.send(line)
    await saved(boss, "filter contacts zebulon", "zebulon filter")
    await saved(boss, "filter contacts quill", "those of Quill")
    await saved(boss, "filter contacts warm", "warm ones")
    for ref in ("c1", "c2", "c3"):
        await boss.send(f"/erase {ref}")
        await boss.send(f"erase {ref}")
        await settled(crm)

    rows = await db.fetch("SELECT name, query FROM saved_filter ORDER BY id")
    events = await db.fetch("SELECT after FROM event WHERE type = 'FilterSaved'")
    kept = f"{rows} {[db.from_json(row['after']) for row in events]}".lower()
    assert "zebulon" not in kept
    assert "quill" not in kept
    # What somebody else is called too tells of nobody.
    assert (rows[2]["name"], "warm" in rows[2]["query"]) == ("warm ones", True)
    assert "warm ones" in await boss.send("filter")


async def test_a_lead_of_the_same_name_is_named_before(crm: Crm, boss: Member) -> None:
    for line in ("contact Ewa Quill", "lead Ewa Quill wants a fence", "lead Ewa Quill", "contact Ewa Quilla"):
        await boss.send(line)
    await db.execute("UPDATE lead SET name = 'Ewa Quill' WHERE id = 1")
    said = await boss.send("/personal c1")
    assert "Perhaps also: l1, l2. The same name, and not counted in." in said, said
    assert "Merge first whoever is the same." in said
    assert "Perhaps also: l1, l2. The same name; they stay." in await boss.send("/erase c1")
    assert "Perhaps also" not in await boss.send("/personal c2")
