"""A deal that is closed or moved is never guessed: all that a name may mean is offered, those called so first."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def won() -> list[int]:
    return [row["id"] for row in await db.fetch("SELECT id FROM deal WHERE status = 'won' ORDER BY id")]


async def test_deals_of_the_company_stand_behind_those_called_like_it(anna: Member) -> None:
    """Two deals titled like their company used to hide the six others."""
    for line in (
        "deal Acme 1k roof",
        "deal Acme 2k",
        "deal Acme 3k",
        *(f"deal Acme {n}k gate{n}" for n in range(4, 13)),
    ):
        await anna.send(line)
    said = await anna.send("won acme")
    assert said.startswith("Win which deal?")
    assert "won d12" in said
    assert [label for label in anna.buttons if "💼" in label][:3] == [
        "💼 Acme · d2",
        "💼 Acme · d3",
        "💼 Acme roof · d1",
    ]
    assert len(anna.buttons) == 9
    await anna.tap("More (4)")
    assert "Won!" in await anna.tap("gate12")
    assert await won() == [12]


async def test_a_deal_called_like_its_company_is_not_taken_for_the_others(anna: Member) -> None:
    await anna.send("deal Acme 2k")
    await anna.send("deal Acme 1k roof")
    assert await anna.send("won acme") == "Win which deal?"
    assert anna.buttons == ["💼 Acme · d1", "💼 Acme roof · d2"]
    assert await won() == []


async def test_the_only_deal_called_so_is_won_at_once(anna: Member) -> None:
    await anna.send("deal Acme 2k")
    await anna.send("won acme")
    assert await won() == [1]


async def test_more_than_five_deals_of_a_company_are_reached(anna: Member) -> None:
    for n in range(1, 8):
        await anna.send(f"deal Acme {n}k gate{n}")
    await anna.send("lost acme price")
    await anna.tap("gate7")
    rows = await db.fetch("SELECT status, lost_reason FROM deal WHERE id = 7")
    assert rows == [{"status": "lost", "lost_reason": "Price"}]


async def test_deals_of_two_people_of_one_name(anna: Member) -> None:
    await anna.send("contact Jan Nowak\ncontact Jan Nowy")
    await anna.send("deal Jan Nowak 1k roof")
    await anna.send("deal Jan Nowy 2k gate")
    await anna.send("won Jan")
    assert len([label for label in anna.buttons if "💼" in label]) == 2
