"""All that a rep knows of somebody in one line: both phones, both addresses, the company, the next step."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Member


async def _ways(table: str) -> list[object]:
    row = await db.fetch_one(
        f"SELECT name, phone, more_phones, email, more_emails FROM {table} ORDER BY id DESC LIMIT 1"
    )
    assert row is not None
    return [
        row["name"],
        row["phone"],
        db.from_json(row["more_phones"]) if row["more_phones"] else None,
        row["email"],
        db.from_json(row["more_emails"]) if row["more_emails"] else None,
    ]


@pytest.mark.parametrize(
    "phones",
    [
        "+48 600 100 200 +48 600 100 201",
        "+48 600 100 200, +48 600 100 201",
        "600100200 600100201",
        "600 100 200 600 100 201",
        "600100200/600100201",
        "600100200,600100201",
        "600 100 200 / 600 100 201",
    ],
)
@pytest.mark.parametrize("verb", ["contact", "company"])
async def test_both_phones_are_kept(anna: Member, verb: str, phones: str) -> None:
    said = await anna.send(f"{verb} Jan Nowak {phones}")
    assert "600 100 201" in said
    assert await _ways(verb) == ["Jan Nowak", "+48600100200", ["+48600100201"], None, None]


async def test_a_lead_and_e_mails(anna: Member) -> None:
    await anna.send("lead Ola +48 600 100 400 +48 600 100 401 roof a@b.pl c@d.pl")
    assert await _ways("lead") == ["Ola", "+48600100400", ["+48600100401"], "a@b.pl", ["c@d.pl"]]
    row = await db.fetch_one("SELECT title, amount FROM lead")
    assert row is not None
    assert (row["title"], row["amount"]) == ("Ola — roof", None)
    await anna.send("/lead l1 +48 600 100 500 +48 600 100 401")
    assert (await _ways("lead"))[1:3] == ["+48600100500", ["+48600100401"]], "the one it has already comes once"


async def test_the_next_step_of_a_contact_company_or_lead_is_planned(anna: Member) -> None:
    said = await anna.send("contact Jan Nowak at Newco next tomorrow 9:00 call")
    assert "👤 Jan Nowak" in said
    assert "🏢 Newco" in said
    assert "▶ Next: Wed 25 Nov 9:00 — 📞 call" in said
    assert "▶ Next: Fri 27 Nov 10:00 — 🤝 visit" in await anna.send("company Foo next fri 10:00 visit")
    assert await db.column("SELECT name FROM company ORDER BY id") == ["Newco", "Foo"]
    said = await anna.send("contact Eva Lis next call her")
    assert "When: call her?" in said
    assert "Tomorrow 9:00" in anna.buttons
    row = await db.fetch_one("SELECT contact_id, company_id FROM activity WHERE title = 'call'")
    assert row is not None
    assert (row["contact_id"], row["company_id"]) == (1, 1)


async def test_names_with_next_in_them(anna: Member) -> None:
    await anna.send("contact Ewa Lis at Next Level")
    await anna.send("contact Jan Kos at next level +48600100999")
    assert await db.column("SELECT name FROM company ORDER BY id") == ["Next Level"]
    assert await db.column("SELECT count(*) FROM activity") == [0]


async def test_a_known_company_behind_a_comma(anna: Member) -> None:
    await anna.send("company Acme")
    assert "🏢 Acme" in await anna.send("contact jan nowak, acme")
    assert "👤 Kos, Jan" in await anna.send("contact Kos, Jan 600100200")
    assert await db.column("SELECT name FROM contact ORDER BY id") == ["jan nowak", "Kos, Jan"]


async def test_a_comma_makes_no_second_company(anna: Member) -> None:
    for line in (
        "deal Acme 12k roof",
        "deal acme,12k,roof",
        "deal Acme, 12 k, roof",
        "deal acme 12k roof nxt fri 9:00 x",
    ):
        await anna.send(line)
    assert await db.column("SELECT name FROM company") == ["Acme"]
    assert await db.column("SELECT title FROM deal") == ["roof"] * 4
    assert {int(float(one)) for one in await db.column("SELECT amount FROM deal")} == {12000}
    assert await db.column("SELECT title FROM activity") == ["x"]


async def test_an_edited_line_corrects_whom_it_added(anna: Member) -> None:
    """They were deleted and added anew, under another number."""
    await anna.send("contact Jan Nowka 600 100 200 at Acmee")
    line = anna.mine
    said = await anna.edit(line, "contact Jan Nowak 600 100 200 600 100 201 #vip at Acme next fri 10:00 call")
    assert said.startswith("✏️ Corrected\n👤 Jan Nowak · c1\n🏢 Acme · +48 600 100 200\n   +48 600 100 201\n")
    assert "#vip" in said
    assert "▶ Next: Fri 27 Nov 10:00 — 📞 call" in said
    assert await db.column("SELECT name FROM company WHERE deleted_at IS NULL") == ["Acme"]
    said = await anna.edit(line, "contact Jan Nowak 600 100 201")
    assert said == "✏️ Corrected\n👤 Jan Nowak · c1\n+48 600 100 201"
    assert await _ways("contact") == ["Jan Nowak", "+48600100201", None, None, None]
    assert "👤 jan nowak · c1" in await anna.edit(line, "contact jan nowak 600 100 201")
    assert (await anna.edit(line, "contact 600100200")).startswith("✋ Who?")
    assert (await anna.send("undo")).startswith("↩ Undone")
    assert await db.column("SELECT count(*) FROM contact WHERE deleted_at IS NULL") == [0]


async def test_an_edited_company_or_lead(anna: Member) -> None:
    await anna.send("company Acmee 600100200")
    assert "🏢 Acme · o1\n+48 600 100 200\n   x@y.pl" not in await anna.edit(anna.mine, "company Acme 600100200 x@y.pl")
    assert await _ways("company") == ["Acme", "+48600100200", None, "x@y.pl", None]
    await anna.send("lead Ola roof 5k")
    said = await anna.edit(anna.mine, "lead Ola Lis big roof 6k 600100300")
    assert "🌱 Ola Lis — big roof · l1" in said
    assert "PLN 6,000" in said
    assert await db.column("SELECT count(*) FROM lead") == [1]


async def test_an_edit_that_names_somebody_known_fills_them_in(anna: Member) -> None:
    await anna.send("contact Eva Lis")
    await anna.send("contact Jan Nowak 600100200")
    said = await anna.edit(anna.mine, "contact Eva Lis 600100200")
    assert "👤 Eva Lis · c1" in said
    assert await db.column("SELECT name FROM contact WHERE deleted_at IS NULL") == ["Eva Lis"]


async def test_me_is_oneself(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert "Deal changed" in await boss.send("d1 @me")
    assert await db.column("SELECT owner_id FROM deal") == [boss.user_id]
