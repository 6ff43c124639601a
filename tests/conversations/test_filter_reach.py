"""A query for what a deal hangs on: of a colleague's contact no more is found than the name on the card."""

from __future__ import annotations

import pytest

from botcrm.core.domain.events import DealChanged
from botcrm.core.models import Deal
from botcrm.testing import Crm, Member
from tests.conversations.test_custom_fields import make_field


@pytest.fixture
async def linked(crm: Crm, boss: Member, anna: Member, bob: Member) -> None:
    """Have Anna's deal name Bob's contact."""
    await make_field(boss, "Habit", "Text", of="contacts")
    await bob.send('contact Secret Żółw-Sam +48 602 345 678 sammy@private.example habit:"drinks heavily"')
    await anna.send("deal Roofing 12k")
    async with crm.work() as work:
        await work.change(await Deal.get(id=1), DealChanged, contact_id=1)


@pytest.mark.parametrize("word", ["drinks", "private", "sammy@private.example", "602345678", "5678", '"secret drinks"'])
async def test_a_colleagues_contact_is_found_by_nothing_hidden(
    linked: None, anna: Member, boss: Member, word: str
) -> None:
    assert "d1" not in await anna.send(f"filter contact:{word}")
    assert "Roofing" in await boss.send(f"filter contact:{word}")


@pytest.mark.parametrize("word", ["secret", "sec", "sam", "zolw", "żółw", '"sam secret"'])
async def test_a_colleagues_contact_is_found_by_its_name(linked: None, anna: Member, word: str) -> None:
    assert "Roofing" in await anna.send(f"filter contact:{word}")


async def test_ones_own_contact_is_found_by_all_of_it(crm: Crm, linked: None, anna: Member, bob: Member) -> None:
    await bob.send("/find c1")
    await bob.send("deal c1 5k gutters")
    assert "gutters" in await bob.send("filter contact:drinks")
