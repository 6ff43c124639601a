"""A person is erased: nothing of what told of them is left in any column, and what was done with them still counts."""

from __future__ import annotations

import io
import json
import random
import zipfile
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.events import ContactChanged, LeadConverted
from botcrm.core.models import Contact, Deal, Lead, Operation
from botcrm.testing import Crm, Member

PDF = b"%PDF-1.4 nothing"
ACCOUNT = 7_654_321_987
# What only this person's records say.
STRINGS = (
    *("zdzich", "murmur", "601999888", "601 999 888", "602777666", "zm@hush.example", "second@hush.example"),
    *("dyskretna", "gate code", "whisper", "secret plan", "hush-plan", "hush-hour", str(ACCOUNT), "urodziny", "mumble"),
)


async def dump() -> str:
    """Return all rows of all tables as text."""
    if db.dialect() == "sqlite":
        names = await db.column("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        names = await db.column(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
    found = []
    for name in names:
        if name == "search_gram":
            continue
        for row in await db.fetch(f'SELECT * FROM "{name}"'):
            found.append(f"{name}: " + " | ".join(_text(value) for value in row.values()))
    return "\n".join(found).lower()


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        value = bytes(value).decode("utf-8", "replace")
    text = str(value)
    return text.encode().decode("unicode_escape", "replace") + text if "\\u" in text else text


def left(dumped: str) -> list[str]:
    """Return the lines in which something of the person stands."""
    return [line[:300] for line in dumped.split("\n") if any(one in line for one in STRINGS)]


@pytest.fixture
async def client(crm: Crm) -> Member:
    return Member(crm, crm.telegram.person(ACCOUNT, first_name="Zdzich", last_name="Murmur", language_code="en"))


async def a_life(crm: Crm, boss: Member, anna: Member, bob: Member, client: Member) -> None:
    """Have people deal with somebody in every way there is."""
    await anna.send("contact Zdzich Murmur +48 601 999 888 zm@hush.example at Hushco")
    await anna.send("/contact c1 +48 602 777 666 second@hush.example")
    async with crm.work() as work:
        contact = await Contact.get(id=1)
        await work.change(contact, ContactChanged, street="Dyskretna 7", city="Krakow", job_title="whisperer")
    await anna.send("deal Zdzich Murmur 98765 murmur kitchen #quiet next fri 10:00 whisper visit")
    await anna.send("/stage d1 >proposal")
    await anna.send("/note c1 the gate code is whisper, urodziny 5 May")
    await anna.send("/call murmur 5m ok mumble mumble next tomorrow 12:00 secret plan")
    await anna.send("/find murmur")
    await anna.send("zdzich murmur likes jazz")
    await anna.send("/note c1 mumble")
    await anna.send("/undo")
    anna.person.send_document(PDF, "hush-plan.pdf", "Zdzich Murmur")
    await crm.settle()
    anna.person.send_contact("+48601999888", "Zdzich", "Murmur", user_id=client.person.id)
    await crm.settle()
    await client.send("hush-hour at five?")
    await anna.tap("Answer")
    await anna.send("murmur, we whisper back")
    await crm.advance(hours=2)
    await boss.send("/find 601 999 888")
    await boss.send("/today @Anna")
    await boss.send('/contact "Zdzisiek Murmur" 601999888')
    await boss.send("/lead Zdzich Murmur website +48 601 999 888")
    await boss.send("/duplicates contacts")
    await crm.advance(minutes=1)
    await boss.send("/merge c1 c2 c3")
    await boss.tap("Merge")
    async with crm.work() as work:
        lead = await Lead.get(id=1)
        await work.change(lead, LeadConverted, status="converted", contact_id=1)
    await boss.send("/rules")
    await anna.send("d1")
    await bob.send("/deal Other 5k something else entirely")
    await bob.send("/note Other a stone wall")


@pytest.fixture
async def admin(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


async def erase(crm: Crm, who: Member, ref: str) -> None:
    """Have somebody erase a person."""
    await who.send(f"/personal {ref}")
    await who.tap("Erase")
    await who.send(f"erase {ref}")
    await crm.advance(minutes=2)
    assert "✅ Erase" in who.last


async def test_nothing_of_them_is_left(
    crm: Crm, admin: Member, boss: Member, anna: Member, bob: Member, client: Member
) -> None:
    await a_life(crm, boss, anna, bob, client)
    assert len(left(await dump())) > 50
    kept = ("id", "amount", "stage_id", "status", "owner_id", "contact_id")
    deals = await Deal.all().order_by("id").values(*kept)
    moves = await db.fetch("SELECT id, type, at FROM event WHERE type = 'DealStageChanged'")
    await erase(crm, admin, "c1")
    assert left(await dump()) == []
    assert await Deal.all().order_by("id").values(*kept) == deals
    assert await db.fetch("SELECT id, type, at FROM event WHERE type = 'DealStageChanged'") == moves
    for who in (boss, anna, boss, anna):
        await who.send("/undo")
    assert left(await dump()) == [], "what was taken back brought nothing back"
    if db.dialect() == "sqlite":
        await db.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
        path = db.sqlite_path(crm.settings.database_url)
        assert path
        raw = path.read_bytes().decode("utf-8", "replace").lower()
        assert [one for one in STRINGS if one in raw] == []


async def test_it_is_told_before_and_after(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    await anna.send("deal Zdzich Murmur 12k roof")
    await bob.send("contact Jan Inny +48 601 999 888")
    said = await admin.send("/personal c1")
    assert said.startswith("🔒 Zdzich Murmur · c1\n1 contact · 1 deal")
    assert "not counted in: c2" in said
    said = await admin.tap("Erase")
    assert "It cannot be taken back." in said
    assert "Deals keep their amounts and stages." in said
    assert await admin.send("yes, do it") == "✋ Confirmation: “yes, do it” is not understood. To erase, type: erase c1"
    assert (await Contact.get(id=1)).name == "Zdzich Murmur"
    await admin.send("erase c1")
    await crm.advance(minutes=1)
    assert "Erased c1" in await anna.send("c1")
    assert "PLN 12,000" in await anna.send("d1")
    assert "Erased c1" in await anna.send("/find erased c1")
    assert "nothing of yours to undo" in await admin.send("/undo")
    # Whose phone it is as well keeps it.
    assert (await Contact.get(id=2)).phone == "+48601999888"


async def test_only_who_may_delete_all_of_it(crm: Crm, admin: Member, boss: Member, anna: Member, bob: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    assert (await bob.send("/personal c1")).startswith("🤷")
    await boss.send("/personal c1")
    await admin.send("/roles manager")
    await admin.tap("Contacts")
    await admin.forge("yg:2:contact:delete:none", admin.card)
    assert await boss.forge("PE:c1", boss.card) == "✋ Your role does not allow that."
    assert (await Contact.get(id=1)).name == "Zdzich Murmur"
    assert not await Operation.filter(kind="erase").exists()


async def test_all_of_it_in_one_file(crm: Crm, admin: Member, boss: Member, anna: Member, client: Member) -> None:
    anna.person.send_contact("+48601999888", "Zdzich", "Murmur", user_id=client.person.id)
    await crm.settle()
    await client.send("hush-hour at five?")
    await anna.send("/note c1 the gate code is whisper")
    anna.person.send_document(PDF, "hush-plan.pdf", "Zdzich Murmur")
    await crm.settle()
    await admin.send("/personal c1")
    await admin.tap("Export")
    stored = crm.telegram.files.get(admin.card.data["document"]["file_id"]).data
    archive = zipfile.ZipFile(io.BytesIO(stored))
    found = json.loads(archive.read("person.json"))
    assert found["contacts"][0]["phone"] == "+48601999888"
    assert [note["text"] for note in found["notes"]] == ["the gate code is whisper"]
    assert "hush-hour at five?" in [message["text"] for message in found["messages"]]
    assert found["updates"][-1]["update"]["message"]["text"] == "hush-hour at five?"
    assert any(change["type"] == "ContactCreated" for change in found["changes"])
    assert archive.read("files/f1 hush-plan.pdf") == PDF
    # A manager gets no updates as they came, and a rep no file at all.
    await boss.send("/personal c1")
    await boss.tap("Export")
    archive = zipfile.ZipFile(io.BytesIO(crm.telegram.files.get(boss.card.data["document"]["file_id"]).data))
    assert "updates" not in json.loads(archive.read("person.json"))
    await anna.send("/personal c1")
    assert "⬇ Export" not in anna.buttons


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_an_older_copy_put_back_brings_nobody_back(crm: Crm, admin: Member, anna: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    await anna.send("/note c1 the gate code is whisper")
    path = db.sqlite_path(crm.settings.database_url)
    assert path
    copy = path.with_name("copy.sqlite3")
    await db.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
    copy.write_bytes(path.read_bytes())
    await erase(crm, admin, "c1")
    ledger = path.with_name(f"{path.name}.erasures")
    assert not any(one in ledger.read_text("utf-8").lower() for one in STRINGS)
    assert ledger.stat().st_mode & 0o077 == 0
    await crm.stop()
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)
    path.write_bytes(copy.read_bytes())
    await crm.begin()
    await crm.advance(minutes=1)
    assert left(await dump()) == []
    assert (await Contact.get(id=1)).name == "Erased c1"
    await crm.restart(minutes=1)
    assert await Operation.filter(kind="erase").count() == 1, "once is enough"


async def test_a_few_rows_at_a_time(
    crm: Crm, admin: Member, boss: Member, anna: Member, bob: Member, client: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_life(crm, boss, anna, bob, client)
    monkeypatch.setattr("botcrm.core.services.personal.erasing._PIECE", -1.0)
    monkeypatch.setattr("botcrm.core.services.personal.sweeping.ROWS", 3)
    await admin.send("/personal c1")
    await admin.tap("Erase")
    await admin.send("erase c1")
    for _ in range(20):
        await crm.process.jobs.sweep()
    # What comes in between is found as well.
    await anna.send("/note c1 second whisper")
    await anna.send("/find zdzich murmur")
    monkeypatch.undo()
    await crm.advance(minutes=5)
    assert left(await dump()) == []


_NAMES = (
    "Łucja Żółć-Brzęk",
    "Ян Абракадабров",
    "O'Neill Ruairí",
    "山田 太郎右衛門",
    "Müller (Hans) Straßenbahn",
    "A.* [Zorro]+",
)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_whoever_it_is(crm: Crm, admin: Member, boss: Member, anna: Member, seed: int) -> None:
    """A random life of random strings: none of them is left, and nothing of anybody else goes."""
    dice = random.Random(seed)
    name = _NAMES[seed]
    phone = f"+4860{dice.randrange(10**6, 10**7)}"
    email = f"{dice.randbytes(6).hex()}@mail{dice.randrange(1000)}.example"
    texts = [f"{dice.choice(('offer', 'ключ', 'zażółć', 'q&a <b>'))} {dice.randbytes(5).hex()}" for _ in range(6)]
    await boss.send("/contact Somebody Else +48 22 555 01 01 other@else.example")
    await boss.send("/note c1 nothing to do with it")
    await anna.send(f'/contact "{name}" {phone} {email}')
    acts = [
        "/note c2 {}",
        "/call c2 5m ok {}",
        "/task c2 tomorrow {}",
        "/deal c2 5k {}",
        f"{name} {{}}",
        f"/find {name}",
        f"/find {phone}",
        f"/note c2 {phone} {{}}",
    ]
    for text in texts:
        act = dice.choice(acts)
        await anna.send(act.format(text))
        if dice.random() < 0.3:
            await anna.send("/undo")
    await anna.send("/today")
    others = (
        await db.fetch("SELECT * FROM contact WHERE id = 1"),
        await db.fetch("SELECT * FROM note WHERE contact_id = 1"),
    )
    await erase(crm, admin, "c2")
    dumped = await dump()
    digits = phone[-9:]
    assert [one for one in (name.lower(), digits, email) if one in dumped] == []
    with_them = await db.column("SELECT text FROM note WHERE contact_id = 2")
    assert set(with_them) <= {"…"}
    assert (
        await db.fetch("SELECT * FROM contact WHERE id = 1"),
        await db.fetch("SELECT * FROM note WHERE contact_id = 1"),
    ) == others


async def test_a_namesake_and_a_shared_phone_stay(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    await anna.send("contact Anna Nowak +48 22 555 01 01")
    await bob.send("contact Anna Nowak +48 22 555 01 01 anna@second.example")
    await bob.send("/note c2 Anna Nowak wants a call at +48 22 555 01 01")
    await erase(crm, admin, "c1")
    assert (await Contact.get(id=2)).name == "Anna Nowak"
    assert await db.column("SELECT text FROM note WHERE contact_id = 2") == [
        "Anna Nowak wants a call at +48 22 555 01 01"
    ]
