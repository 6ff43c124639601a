"""What was typed beside the plain case: every word of it ends up somewhere, and nothing done is taken back unasked."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def notes() -> list[str]:
    return [row["text"] for row in await db.fetch("SELECT text FROM note WHERE deleted_at IS NULL ORDER BY id")]


async def test_won_takes_a_next_step_and_keeps_the_other_words(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("won d1 happy with us next fri 9:00 send invoice")
    assert said.startswith("🎉 Won!")
    assert "Fri 27 Nov 9:00" in said
    assert "send invoice" in said
    assert await notes() == ["happy with us"]
    await anna.send("undo")
    assert await notes() == []
    assert "no next step" not in await anna.send("d1")


async def test_stage_keeps_the_words_beside_the_stage(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert "Now in Proposal" in await anna.send("stage d1 >proposal they asked for it next fri 9:00 visit")
    assert await notes() == ["they asked for it"]
    assert "Fri 27 Nov 9:00" in anna.last


async def test_what_a_line_says_is_done_when_its_deal_is_picked(anna: Member) -> None:
    """A reason used to be cut to the 20 characters that fit into a button."""
    for line in ("deal Acme 12k roof", "deal Acme 5k gate"):
        await anna.send(line)
    assert await anna.send("lost Acme price: far too expensive for what it is, said Piotr") == "Which deal is lost?"
    await anna.tap("Acme roof")
    rows = await db.fetch("SELECT status, lost_reason FROM deal WHERE id = 1")
    assert rows == [{"status": "lost", "lost_reason": "price: far too expensive for what it is, said Piotr"}]
    assert await anna.send("won Acme 7k at last next fri 9:00 invoice") == "Win which deal?"
    said = await anna.tap("Acme gate")
    assert "PLN 7,000 · Won" in said
    assert "Fri 27 Nov 9:00" in said
    assert await notes() == ["at last"]


@pytest.mark.parametrize(
    ("line", "table", "name"),
    [
        ("deal Acme 5k visit @Marta", "deal", "Acme visit went over to Marta Boss."),
        ("task @Marta check the roof tomorrow 10", "activity", "check the roof went over to Marta Boss."),
        ("contact Ola Nowa @Marta", "contact", "Ola Nowa went over to Marta Boss."),
        ("lead Ivan Petrov roof @Marta", "lead", "Ivan Petrov — roof went over to Marta Boss."),
    ],
)
async def test_what_is_given_to_ones_manager_is_made_and_given(
    anna: Member, boss: Member, line: str, table: str, name: str
) -> None:
    """A rep does not see the manager's records: the whole line used to be refused as "nothing here by d1"."""
    said = await anna.send(line)
    assert name in said
    assert "🤷" not in said
    rows = await db.fetch(f"SELECT owner_id FROM {table} WHERE deleted_at IS NULL")
    assert [row["owner_id"] for row in rows] == [boss.user_id]
    assert "Anna Rep" in boss.last
    await anna.tap("Undo")
    assert await db.fetch(f"SELECT 1 AS y FROM {table} WHERE deleted_at IS NULL") == []


async def test_a_number_in_a_call_is_kept(anna: Member) -> None:
    assert "New contact: +48 600 100 300" in await anna.send("call +48 600 100 300 5m ok")
    assert "New contact" not in await anna.send("call 600100300 7m ok")
    await anna.send("contact Marek Sowa")
    await anna.send("call Marek +48 605 777 888 5m ok")
    rows = await db.fetch("SELECT name, phone FROM contact ORDER BY id")
    assert [(row["name"], row["phone"]) for row in rows] == [
        ("+48 600 100 300", "+48600100300"),
        ("Marek Sowa", "+48605777888"),
    ]
    assert "+48 700 100 200" in await anna.send("call Marek +48 700 100 200 5m ok")
