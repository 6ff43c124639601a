"""[Use that one] on a new card: what was typed only for the new record goes with it, and comes back with it."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Member

STANDING = "SELECT name FROM company WHERE deleted_at IS NULL ORDER BY id"
GONE = "Newco is gone again: nothing else hangs on it."


@pytest.fixture
async def known(anna: Member) -> None:
    await anna.send("contact Jan Nowak at Bolt +48 601 222 333")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("way", ["Undo", "Take c2 out"])
async def test_a_company_typed_along_goes_and_comes_back(anna: Member, way: str) -> None:
    await anna.send("contact Jann Nowak at Newco +48 601 222 333")
    said = await anna.tap("Use that one")
    assert GONE in said
    assert "🏢 Bolt" in said
    assert await db.column(STANDING) == ["Bolt"]
    assert "Nothing found" in await anna.send("find newco")
    assert await db.column("SELECT type FROM event WHERE entity = 'company' AND record_id = 2 ORDER BY id") == [
        "CompanyCreated",
        "RecordDeleted",
    ]

    if way == "Undo":
        await anna.send("/undo")
    else:
        await anna.send("c2")
        await anna.tap("Take c2 out")
    taken_apart = anna.card
    assert await db.column(STANDING) == ["Bolt", "Newco"]
    assert "🏢 Newco" in await anna.send("c2")

    # Taking that back merges them again, and the company goes again.
    await anna.tap("Merge again", taken_apart)
    assert await db.column(STANDING) == ["Bolt"]
    assert await db.column("SELECT merged_into_id FROM contact WHERE id = 2") == [1]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "used", ["deal Newco 5k gate", "contact Ewa Lis at Newco", "note Newco prefers e-mail", "#vip"]
)
async def test_a_company_that_was_used_since_stays(anna: Member, used: str) -> None:
    await anna.send("contact Jann Nowak at Newco +48 601 222 333")
    card = anna.card
    await anna.send(used if not used.startswith("#") else "company Newco #vip")
    said = await anna.tap("Use that one", card)
    assert GONE not in said
    assert await db.column(STANDING) == ["Bolt", "Newco"]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("remembered", [True, False])
async def test_a_company_that_was_there_before_stays(anna: Member, remembered: bool) -> None:
    await anna.send("company Newco")
    if not remembered:
        await db.execute("DELETE FROM event WHERE entity = 'company'")
    await anna.send("contact Jann Nowak at Newco +48 601 222 333")
    assert GONE not in await anna.tap("Use that one")
    assert await db.column(STANDING) == ["Bolt", "Newco"]


@pytest.mark.usefixtures("known")
async def test_a_company_with_a_line_of_its_own_stays(anna: Member) -> None:
    await anna.send("company Newco\ncontact Jann Nowak at Newco +48 601 222 333")
    await anna.forge("du:c2:c1", anna.card)
    assert await db.column("SELECT merged_into_id FROM contact WHERE id = 2") == [1]
    assert await db.column(STANDING) == ["Bolt", "Newco"]


async def test_one_who_had_no_company_takes_it(anna: Member) -> None:
    await anna.send("contact Jan Nowak +48 601 222 333")
    await anna.send("contact Jann Nowak at Newco +48 601 222 333")
    assert "🏢 Newco" in await anna.tap("Use that one")
    assert await db.column(STANDING) == ["Newco"]
