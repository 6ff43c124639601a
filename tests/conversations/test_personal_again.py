"""An older copy is put back: whom the ledger names is erased again, each record by itself, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcrm.core import db
from botcrm.core.domain.events import LeadConverted
from botcrm.core.models import Contact, Lead, Operation
from botcrm.testing import Crm, Member
from tests.conversations.test_personal import a_life, client, dump, erase, left

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
__all__ = ["client"]


@pytest.fixture
async def admin(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


async def copied(crm: Crm) -> tuple[Path, bytes]:
    """Return where the database is, and a copy of it."""
    path = db.sqlite_path(crm.settings.database_url)
    assert path
    await db.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, path.read_bytes()


async def put_back(crm: Crm, copy: tuple[Path, bytes]) -> None:
    """Put a copy in the database's place, and let the bot go on with it."""
    path, content = copy
    await crm.stop()
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)
    path.write_bytes(content)
    await crm.begin()
    await crm.advance(minutes=2)


async def test_somebody_it_was_merged_into_by_mistake_stays(crm: Crm, admin: Member, boss: Member) -> None:
    await boss.send("/contact Innocent Soul +48 22 555 01 01")
    await boss.send("/note c1 nothing to do with it")
    await boss.send("/contact Zdzich Murmur +48 601 999 888")
    await boss.send("/note c2 the gate code is whisper")
    await boss.send("/merge c1 c2")
    await boss.tap("Merge")
    assert (await Contact.get(id=2)).merged_into_id == 1
    copy = await copied(crm)
    await boss.send("/undo")
    await erase(crm, admin, "c2")
    await put_back(crm, copy)
    first, second = await Contact.get(id=1), await Contact.get(id=2)
    assert (first.name, first.phone, first.more_phones) == ("Innocent Soul", "+48225550101", None)
    assert (second.name, second.phone, second.merged_into_id) == ("Erased c2", None, None)
    notes = await db.fetch("SELECT contact_id, text FROM note ORDER BY id")
    assert [(row["contact_id"], row["text"]) for row in notes] == [(1, "nothing to do with it"), (2, "…")]


async def test_who_was_merged_into_them_by_mistake_stays(crm: Crm, admin: Member, boss: Member) -> None:
    await boss.send("/contact Zdzich Murmur +48 601 999 888")
    await boss.send("/contact Innocent Soul +48 22 555 01 01")
    await boss.send("/note c2 nothing to do with it")
    await boss.send("/merge c1 c2")
    await boss.tap("Merge")
    copy = await copied(crm)
    await boss.send("/undo")
    await erase(crm, admin, "c1")
    await put_back(crm, copy)
    first, second = await Contact.get(id=1), await Contact.get(id=2)
    assert (first.name, second.name, second.phone, second.merged_into_id) == (
        *("Erased c1", "Innocent Soul", "+48225550101"),
        None,
    )
    assert await db.column("SELECT text FROM note WHERE contact_id = 2") == ["nothing to do with it"]


async def test_whom_a_lead_was_linked_with_by_mistake_stays(crm: Crm, admin: Member, boss: Member) -> None:
    await boss.send("/contact Innocent Soul +48 22 555 01 01")
    await boss.send("/lead Zdzich Murmur roof +48 601 999 888")
    async with crm.work() as work:
        await work.change(await Lead.get(id=1), LeadConverted, contact_id=1, status="converted")
    copy = await copied(crm)
    await db.execute("UPDATE lead SET contact_id = NULL")
    await erase(crm, admin, "l1")
    await put_back(crm, copy)
    assert (await Contact.get(id=1)).name == "Innocent Soul"
    assert (await Lead.get(id=1)).title == "Erased l1"


async def test_what_cannot_be_taken_apart_is_left_and_told(crm: Crm, admin: Member, boss: Member) -> None:
    await boss.send("/contact Innocent Soul +48 22 555 01 01")
    await boss.send("/contact Zdzich Murmur +48 601 999 888")
    await boss.send("/merge c1 c2")
    await boss.tap("Merge")
    moved = await db.column("SELECT moved FROM merge")
    await db.execute("UPDATE merge SET moved = '{}'")
    copy = await copied(crm)
    await db.execute("UPDATE merge SET moved = ?", moved[0])
    await boss.send("/undo")
    await erase(crm, admin, "c2")
    await put_back(crm, copy)
    assert (await Contact.get(id=1)).name == "Innocent Soul"
    assert "c2 was erased once" in admin.last
    assert "/personal c1" in admin.last
    assert [one.state for one in await Operation.filter(kind="erase")] == ["failed"]
    seen = admin.seen
    await crm.restart(minutes=2)
    assert await Operation.filter(kind="erase").count() == 1
    assert admin.seen == seen, "once is enough"


async def test_one_that_had_failed_before_is_no_reason_to_wait(crm: Crm, admin: Member, anna: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    path = db.sqlite_path(crm.settings.database_url)
    assert path
    ledger = path.with_name(f"{path.name}.erasures")
    ledger.mkdir()
    await admin.send("/personal c1")
    await admin.tap("Erase")
    await admin.send("erase c1")
    await crm.advance(minutes=2)
    assert [one.state for one in await Operation.filter(kind="erase")] == ["failed"]
    copy = await copied(crm)
    ledger.rmdir()
    await erase(crm, admin, "c1")
    await put_back(crm, copy)
    assert (await Contact.get(id=1)).name == "Erased c1"


async def test_record_by_record_leaves_no_more_than_all_at_once(
    crm: Crm, admin: Member, boss: Member, anna: Member, bob: Member, client: Member
) -> None:
    await a_life(crm, boss, anna, bob, client)
    copy = await copied(crm)
    await erase(crm, admin, "c1")
    await put_back(crm, copy)
    assert left(await dump()) == []
