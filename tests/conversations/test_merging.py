"""Merging in the chat: what would happen first, a tap decides, and any time later it comes apart again."""

from __future__ import annotations

from datetime import date

from botcrm.core import db
from botcrm.core.models import Contact, Deal
from botcrm.core.services.custom.fields import add_field
from botcrm.testing import Crm, Member


async def two(member: Member) -> None:
    await member.send("/contact Jan Nowak +48 601 234 567 at Acme")
    await member.send('/contact "Nowak Janek" +48 602 000 111 jan@acme.example')
    await member.send("/deal Baltic 5k doors")
    await member.send("/contact c2")
    await member.send("/note c2 likes e-mail")


async def test_two_of_one_person_become_one_and_come_apart(anna: Member) -> None:
    await two(anna)
    said = await anna.send("merge c1 c2")
    assert said == (
        "👤 Nowak Janek · c2\n"
        "   ← Jan Nowak · c1\n"
        "It gets: company, phone +1\n"
        "They differ. What stands is marked:\n"
        "This can be taken back at any time."
    )
    assert anna.buttons == ["● name: Nowak Janek", "○ Jan Nowak", "⇄ Keep c1 instead", "✅ Merge", "Cancel"]
    assert (await anna.tap("Keep c1")).startswith(
        "👤 Jan Nowak · c1\n   ← Nowak Janek · c2\nIt gets: phone +1, e-mail +1\nComes over: 1 note\n"
    )
    assert anna.buttons[:2] == ["● name: Jan Nowak", "○ Nowak Janek"]
    await anna.tap("Nowak Janek")
    assert anna.buttons[:2] == ["○ name: Jan Nowak", "● Nowak Janek"]
    assert await anna.tap("Merge") == ("✅ Merged: Nowak Janek · c1\n   c2 went into it and open it from now on.")
    merged = anna.card
    assert (await anna.send("c2")).startswith("🔗 c2 was merged into this one.\n👤 Nowak Janek · c1\n")
    assert "📝 likes e-mail" in anna.last
    assert "Take c2 out" in anna.buttons[-1]
    assert (await anna.send("/call c2 5m ok")).startswith("✅ Call with Nowak Janek")
    timeline = await anna.send("/timeline c1")
    assert "🔗 c2 was merged into c1" in timeline
    assert "📝 likes e-mail" in timeline
    await anna.send("/contact c1 Johnny")
    assert await anna.tap("Undo", merged) == (
        "↩ Taken apart again\n   Nowak Janek · c2 ← Johnny · c1\n   Changed since and kept on c1: name"
    )
    assert (await anna.send("c2")).startswith("👤 Nowak Janek · c2\n+48 602 000 111 · jan@acme.example")
    assert (await anna.send("c1")).startswith("👤 Johnny · c1\n🏢 Acme · +48 601 234 567")


async def test_what_was_taken_apart_is_merged_again(anna: Member) -> None:
    await two(anna)
    await anna.send("merge c1 c2")
    await anna.tap("Merge")
    assert (await anna.send("/undo")).startswith("↩ Taken apart again\n")
    await anna.tap("Merge again")
    assert await Contact.filter(deleted_at=None).count() == 1
    assert (await anna.send("c1")).startswith("🔗 c1 was merged into this one.")
    await anna.tap("Take c1 out")
    assert await Contact.filter(deleted_at=None).count() == 2


async def test_records_of_a_name_are_picked_by_taps(anna: Member) -> None:
    for name in ("Acme North", "Acme South", "Acme East"):
        await anna.send(f'/company "{name}"')
    assert await anna.send("/merge acme") == "Which ones are the same as “acme”? Tap two or more."
    assert [button[0] for button in anna.buttons] == ["☐", "☐", "☐", "C"]
    await anna.tap("Acme South")
    await anna.tap("Acme East")
    assert (await anna.tap("Merge 2…")).startswith("🏢 Acme ")
    assert await anna.tap("Cancel") == "Nothing was merged."
    await anna.send("o1")
    assert (await anna.send("merge o3", reply_to=anna.card)).startswith("🏢 Acme North · o1\n   ← Acme East · o3")


async def test_what_a_merge_lacks_is_said(anna: Member) -> None:
    await two(anna)
    assert await anna.send("/merge") == "✋ Merge which ones? Like this: merge c12 c15"
    assert await anna.send("/merge c1") == "✋ Merge c1 with which one? Like this: merge c12 c15"
    assert await anna.send("/merge c1 o1") == "✋ Name at least two records of one kind, like: merge c12 c15."
    assert await anna.send("/merge d1 d2") == "✋ Only contacts, companies and leads can be merged."
    assert await anna.send("/merge c1 c1") == "✋ Merge c1 with which one? Like this: merge c12 c15"
    assert await anna.send("/merge baltic") == "✋ Only one fits “baltic”. Like this: merge c12 c15"
    assert (await anna.send("/merge zzz")).startswith("🤷 Nothing here by “zzz”")
    assert (await anna.send("/merge c1 c99")).startswith("🤷 Nothing here by c99")


async def test_others_records_are_not_there(anna: Member, bob: Member, boss: Member) -> None:
    await two(anna)
    await anna.send("/note c1 met him\n/note c1 called him")  # the one that most hangs on stays
    await bob.send("/contact Jan Nowak")
    await bob.send("/note c3 from Bob")
    assert (await bob.send("/merge c3 c1")).startswith("🤷 Nothing here by c1")
    assert (await bob.forge("mg:c3.1", bob.card)).startswith("🤷 Nothing here by c1")
    assert await Contact.filter(deleted_at=None).count() == 3
    said = await boss.send("/merge c1 c3")
    assert "⚠ Bob Rep will not see it any more." in said
    assert [button for button in boss.buttons if "Rep" in button] == ["● owner: Anna Rep", "○ Bob Rep"]
    await boss.tap("Merge")
    assert (await bob.send("c3")).startswith("🤷 Nothing here by c3")
    assert (await anna.send("c3")).startswith("🔗 c3 was merged into this one.")
    with_card = anna.card
    assert "📝 from Bob" in await anna.send("/timeline c1"), "what came along is there for whoever has it now"
    await anna.tap("Take c3 out", with_card)
    assert (await Contact.get(id=3)).deleted_at is not None


async def test_old_buttons_of_a_merged_lead_show_where_it_went(anna: Member) -> None:
    await anna.send("/lead Zed roof")
    old = anna.card
    await anna.send("/lead Zed")
    await anna.send("/merge l2 l1")
    if "Keep l2 instead" in " ".join(anna.buttons):
        await anna.tap("Keep l2")
    await anna.tap("Merge")
    assert (await anna.tap("Make it a deal", old)).startswith("🔗 l1 was merged into this one.")
    assert await Deal.all().count() == 0


async def test_a_client_who_writes_from_the_merged_ones_account_is_known(crm: Crm, anna: Member) -> None:
    await anna.send("/contact Jan Nowak")
    await anna.send("/contact Nowak Janek")
    client = crm.stranger("Janek")
    await db.execute("UPDATE contact SET telegram_id = 77 WHERE id = 1")
    await db.execute("UPDATE contact SET telegram_id = ? WHERE id = 2", client.person.id)
    await anna.send("/merge c1 c2")
    if "Keep c1 instead" in " ".join(anna.buttons):
        await anna.tap("Keep c1")
    await anna.tap("Merge")
    await client.send("hello")
    assert await db.column("SELECT contact_id FROM message") == [1]


async def test_what_was_handed_on_since_is_no_longer_the_mergers_to_take_apart(
    anna: Member, bob: Member, boss: Member
) -> None:
    await anna.send("contact Jan Nowak +48 600 234 567")
    await anna.send("contact Janek Nowak +48 601 234 567")
    await anna.send("merge c1 c2")
    await anna.tap("Merge")
    merged = anna.card
    await boss.send("c1")
    await boss.tap("Hand over")
    await boss.tap("Bob")
    await bob.send("contact c1 Secret Nowak")
    before = await db.fetch("SELECT * FROM contact ORDER BY id")
    assert "Secret" not in await anna.tap("Undo", merged)
    assert "Secret" not in await anna.send("/undo")
    assert "Taken apart" not in anna.last
    assert await db.fetch("SELECT * FROM contact ORDER BY id") == before
    await boss.send("c2")
    assert "Taken apart" in await boss.tap("Take c2 out")


async def test_what_is_left_of_a_merge_is_undone_when_one_was_taken_out(anna: Member) -> None:
    for number, name in enumerate(("Jan Nowak", "Janek Nowak", "Nowak Jan")):
        await anna.send(f'contact "{name}" +48 60{number} 234 567')
    await anna.send("merge c1 c2 c3")
    await anna.tap("Merge")
    await anna.send("c2")
    await anna.tap("Take c2 out")
    said = await anna.send("/undo")
    assert said == "↩ Taken apart again\n   Nowak Jan · c3 ← Jan Nowak · c1"
    assert await Contact.filter(deleted_at=None).count() == 3
    assert [(one.phone, one.more_phones) for one in await Contact.all().order_by("id")] == [
        (f"+4860{number}234567", None) for number in range(3)
    ]
    assert "Removed: contact Nowak Jan" in await anna.send("/undo")


async def test_taken_out_and_merged_elsewhere_it_stays_there(anna: Member) -> None:
    for number, name in enumerate(("Jan Nowak", "Janek Nowak", "Nowak Jan", "Jan Kos")):
        await anna.send(f'contact "{name}" +48 60{number} 234 567')
    await anna.send("merge c1 c2 c3")
    await anna.tap("Merge")
    merged = anna.card
    await anna.send("c2")
    await anna.tap("Take c2 out")
    await anna.send("merge c4 c2")
    if "c4" not in anna.last.split("\n")[0]:
        await anna.tap("Keep c4")
    await anna.tap("Merge")
    await anna.tap("Undo", merged)
    assert {one.id: one.merged_into_id for one in await Contact.all()} == {1: None, 2: 4, 3: None, 4: None}


async def test_what_has_no_button_in_a_plan_is_named(crm: Crm, anna: Member) -> None:
    for number in range(1, 5):
        await anna.send(f"contact Jan{number} Nowak{number} +48 60{number} 234 567")
    async with crm.app.work() as work:
        fields = [(await add_field(work, "contact", name, "text")).id for name in ("Colour", "Size", "Shape")]
        for number in range(1, 5):
            await Contact.filter(id=number).update(
                job_title=f"boss {number}",
                street=f"Long {number}",
                birth_date=date(1990, 1, number),
                tax_id=f"12{number}",
                telegram_id=number,
                custom={str(field_id): f"so {number}" for field_id in fields},
            )
    await anna.send("merge c1 c2")
    main = anna.last[anna.last.index("·") + 2 :].split()[0]
    assert f"marked:\nNo button for Shape: there {main}'s stands.\n" in anna.last
    await anna.tap("Cancel")
    await anna.send("merge c1 c2 c3 c4")
    assert (
        "Not all values have a button: name +1, job title +1, birth date +1, tax number +1, Telegram +1, address +1, "
        "Colour +1, Size +1.\n" in anna.last
    )
