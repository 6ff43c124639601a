"""Anna's records, which nobody but her and those above her is to learn of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.telegram.screens.base import base36
from botcrm.testing import Crm, Member

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
# What only Anna's records say; nobody else types these words.
SECRETS = ("whisper", "98,765", "zdzich", "601 999 888", "601999888", "hush-plan", "gate code", "murmur", "client zed")
TABLES = ("deal", "contact", "company", "lead", "activity", "note", "file", "message", "saved_filter")


@dataclass
class World:
    """Anna's records, of which Bob is to learn nothing; the ids are those that stand in callback data."""

    crm: Crm
    anna: Member
    bob: Member
    boss: Member
    work: str
    draft: int
    outbox: int
    merge: int
    plan: int
    operation: int

    @property
    def ids(self) -> dict[str, Any]:
        """Return what stands for the braces in the rows."""
        return {
            "bob": self.bob.user_id,
            "anna": self.anna.user_id,
            "boss": self.boss.user_id,
            "work": self.work,
            "draft": self.draft,
            "outbox": self.outbox,
            "merge": self.merge,
            "plan": self.plan,
            "operation": self.operation,
        }

    async def snapshot(self) -> list[Any]:
        """Return all that is Anna's, down to the versions, and how many messages she and the client got."""
        rows: list[Any] = [
            await db.fetch(f"SELECT * FROM {table} WHERE owner_id = ? ORDER BY id", self.anna.user_id)
            for table in TABLES
        ]
        rows.append(await db.fetch("SELECT entity, record_id, tag FROM tag ORDER BY id"))
        rows.append(await db.fetch("SELECT * FROM merge ORDER BY id"))
        # What the company made for itself is nobody's; who only works with it changes none of it.
        rows += [
            await db.fetch(f"SELECT * FROM {table} ORDER BY id") for table in ("custom_field", "choice", "field_value")
        ]
        rows.append(await db.fetch("SELECT * FROM operation WHERE actor_id = ? ORDER BY id", self.anna.user_id))
        rows.append(await db.fetch("SELECT * FROM draft WHERE user_id = ? ORDER BY id", self.anna.user_id))
        rows.append(self.anna.seen)
        return rows

    def leaks(self, *texts: str) -> list[str]:
        """Return the secrets that stand in these texts."""
        return [secret for secret in SECRETS if any(secret in text.lower() for text in texts)]


async def make_world(crm: Crm, anna: Member, bob: Member, boss: Member) -> World:
    """Have Anna do a bit of everything."""
    await boss.send("/fields deals")
    await boss.tap("New field")
    await boss.send("Gate")
    await boss.tap("Text")
    await anna.send("contact Zdzich Murmur +48 601 999 888 at Hushco")
    await anna.send("deal Hushco 98765 whisper #quiet gate:whisper next fri 10:00 whisper visit")
    await anna.send("/note Hushco the gate code is whisper")
    await anna.send("/lead Zdzich Murmur whisper")
    anna.person.send_document(b"%PDF", "hush-plan.pdf", "Hushco")
    await crm.settle()
    client = crm.stranger("Client Zed")
    anna.person.send_contact("+48602234567", "Client", "Zed", user_id=client.person.id)
    await crm.settle()
    await client.send("whisper to me")
    await anna.tap("Answer")
    await anna.send("we whisper back")
    await anna.send("/report funnel")
    await anna.send("whisper kept for later")
    await bob.send("hello")
    merge, plan = await _merged(anna)
    await db.insert(
        "saved_filter",
        name="Quiet list",
        entity="deal",
        query="whisper",
        shared=False,
        owner_id=anna.user_id,
        version=1,
        created_at=crm.clock(),
        updated_at=crm.clock(),
    )
    operation = await db.insert(
        "operation",
        kind="import",
        entity="contact",
        title="whisper.csv",
        actor_id=anna.user_id,
        state="done",
        work_id=4711,
        created_at=crm.clock(),
        updated_at=crm.clock(),
        **dict.fromkeys(("params", "progress", "counts"), "{}"),
        error="",
    )
    line = await db.fetch_one("SELECT work_id FROM line WHERE entity = 'deal' ORDER BY id LIMIT 1")
    draft = await db.fetch_one(
        "SELECT id FROM draft WHERE user_id = ? AND kind <> 'merge' ORDER BY id DESC", anna.user_id
    )
    sent = await db.fetch_one("SELECT id FROM outbox WHERE audience = 'client' ORDER BY id DESC")
    assert line
    assert draft
    assert sent
    return World(crm, anna, bob, boss, base36(line["work_id"]), draft["id"], sent["id"], merge, plan, operation)


async def _merged(anna: Member) -> tuple[int, int]:
    """Have Anna merge two people and begin to merge two more; return the merge, and the draft of the other one."""
    for name in ("Twin One", "Twin Two", "Twin Three"):
        await anna.send(f'/contact "{name} whisper"')
    ids = await db.column("SELECT id FROM contact WHERE name LIKE 'Twin%' ORDER BY id")
    await anna.send(f"/merge c{ids[0]} c{ids[1]}")
    await anna.tap("Merge")
    await anna.send(f"/merge c{ids[0]} c{ids[2]}")
    plans = await db.column("SELECT id FROM draft WHERE kind = 'merge'")
    merges = await db.column("SELECT id FROM merge")
    return int(merges[0]), int(plans[0])
