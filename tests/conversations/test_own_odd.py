"""What a tired rep types past a question, a filter called like a word, and fields said twice or not at all."""

from __future__ import annotations

from botcrm.core import db
from botcrm.core.models import Choice, Contact, CustomField, Deal
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.custom import known as own_fields
from botcrm.testing import Crm, Member
from tests.conversations.test_custom_fields import make_field


async def test_a_word_that_a_filter_is_called_by_stays_a_word(crm: Crm, boss: Member) -> None:
    await boss.send("deal Acme 12k roofs")
    await boss.send("deal Beta 5k fence")
    await boss.send("deal Gamma 9k roofs")
    await boss.send("filter amount<6k")
    await boss.tap("Save")
    await boss.send("roofs")
    assert "Deals: 2" in await boss.send('filter "roofs"')
    await boss.tap("Export")
    await boss.tap("CSV")
    await crm.advance(seconds=5)
    sent = boss.files[-1][1].decode("utf-8-sig")
    assert [name in sent for name in ("Acme", "Beta", "Gamma")] == [True, False, True]
    await boss.send('filter "roofs"')
    await boss.tap("Do with all")
    await boss.tap("🏷 Tag")
    await boss.send("#hot")
    await boss.tap("Do it")
    await crm.advance(seconds=5)
    assert sorted(await db.column("SELECT record_id FROM tag WHERE tag = 'hot'")) == [1, 3]


async def test_a_line_is_no_tag(crm: Crm, anna: Member) -> None:
    await anna.send("deal Beta 3k roof")
    for _ in range(2):
        await anna.send("filter roof")
        await anna.tap("Do with all")
        await anna.tap("🏷 Tag")
        await anna.send("deal Gamma 12k roof")
        assert "Gamma" in anna.last
    assert await Deal.all().count() == 3, "the lines were done"
    await anna.send("filter roof")
    await anna.tap("Do with all")
    await anna.tap("🏷 Tag")
    said = await anna.send("not a tag at all")
    assert "One word" in said
    assert anna.buttons == ["Never mind"]
    await anna.tap("Never mind")
    await anna.send("filter roof")
    await anna.tap("Do with all")
    await anna.tap("🏷 Tag")
    assert "Tag #call" in await anna.send("call"), "a verb alone can be a tag"


async def test_a_line_erases_nobody_and_is_done(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada Admin")
    await admin.send("contact Zdzich Murmur +48 601 999 888")
    await admin.send("/personal c1")
    await admin.tap("Erase")
    assert "Acme" in await admin.send("deal Acme 12k roof")
    assert await Deal.all().count() == 1
    await admin.send("/personal c1")
    await admin.tap("Erase")
    await admin.send("eras c1")
    assert admin.buttons == ["Never mind"]
    await admin.tap("Never mind")
    assert (await Contact.get(id=1)).name == "Zdzich Murmur"


async def test_a_field_without_a_value_and_one_said_twice(boss: Member, anna: Member) -> None:
    await make_field(boss, "Budget", "Money")
    said = await anna.send("deal Acme 12k roof budget:")
    assert "Budget: nothing stands after “budget:”" in said
    said = await anna.send("deal Beta 12k roof budget:5k budget:6k")
    assert "Budget was said twice: “6k” was taken." in said
    assert "Budget: PLN 6,000" in said
    assert "twice" not in await anna.send("deal Gamma 12k roof budget:5k")


async def test_a_value_of_a_field_made_again_fills_that_one_only(crm: Crm, boss: Member, anna: Member) -> None:
    await make_field(boss, "Area", "Number")
    await anna.send("deal Acme 12k roof area:5")
    async with crm.work() as work:
        await custom_fields.delete_field(work, (await CustomField.get(key="area")).id)
    await make_field(boss, "Area", "Text")
    await anna.send("/deal d1 area:huge")
    assert (await Deal.get(id=1)).custom == {"1": "5", "2": "huge"}
    # A base in which both were brought back once: the first one that is written so is meant.
    async with crm.work():
        await db.execute("UPDATE custom_field SET deleted_at = NULL, key = 'area'")
        await own_fields.changed()
    assert "“large” is no number" in await anna.send("/deal d1 area:large")
    await anna.send("deal Beta 3k roof area:7")
    assert (await Deal.get(id=2)).custom == {"1": "7"}
    assert not await db.fetch("SELECT id FROM inbox WHERE state <> 'done'")


async def test_free_words_follow_renamed_words_and_deleted_fields(crm: Crm, boss: Member, anna: Member) -> None:
    await make_field(boss, "Kind", "List", words="gable, hip")
    await make_field(boss, "Remark", "Text")
    await anna.send("deal Acme 12k roof kind:gable remark:whisper")

    async def found(word: str) -> bool:
        return "Deals: 1" in await anna.send(f"filter {word}")

    assert [await found("gable"), await found("whisper")] == [True, True]
    async with crm.work() as work:
        await dictionaries.rename_choice(work, (await Choice.get(name="gable")).id, "pitched")
        await custom_fields.delete_field(work, (await CustomField.get(key="remark")).id)
    await crm.advance(minutes=1)
    assert await found("pitched")
    assert not await found("gable")
    assert not await found("whisper")
    assert not await db.fetch("SELECT id FROM job WHERE kind = 'derived.refind' AND state <> 'done'")
