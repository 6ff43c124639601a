"""What plugins add to cards, timelines and the search for duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from botcrm import Button, ButtonHandler, Chat, Evidence, Manifest, TimelineItem, hookimpl
from botcrm.core.models import Role
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Extra:
    """Adds to every card, and knows who is the same."""

    manifest = Manifest("Extra")

    def __init__(self) -> None:
        self.fails = False
        self.items: list[TimelineItem] = []
        self.evidence: Evidence | None = None
        self.asked: list[str] = []

    def _lines(self, what: str, record: Any) -> list[str]:
        self.asked.append(what)
        if self.fails:
            raise RuntimeError("no lines today")
        return [f"⭐ <b>{what}</b> {record.id}", "<b>open & <"]

    def _buttons(self, what: str) -> Iterator[Button]:
        yield Button(f"Star {what}", press="star", args=(what,))
        yield Button("Site", url="https://example.com")

    @hookimpl
    async def deal_card_lines(self, deal: Any) -> list[str]:
        return self._lines("deal", deal)

    @hookimpl
    async def deal_card_buttons(self, deal: Any) -> Iterator[Button]:
        return self._buttons("deal")

    @hookimpl
    async def contact_card_lines(self, contact: Any) -> list[str]:
        return self._lines("contact", contact)

    @hookimpl
    async def contact_card_buttons(self) -> Iterator[Button]:
        return self._buttons("contact")

    @hookimpl
    async def company_card_lines(self, company: Any) -> list[str]:
        return self._lines("company", company)

    @hookimpl
    async def company_card_buttons(self) -> Iterator[Button]:
        return self._buttons("company")

    @hookimpl
    async def lead_card_lines(self, lead: Any) -> list[str]:
        return self._lines("lead", lead)

    @hookimpl
    async def lead_card_buttons(self) -> Iterator[Button]:
        return self._buttons("lead")

    @hookimpl
    async def timeline_items(self, entity: str, record: Any, limit: int) -> list[TimelineItem]:
        return self.items[:limit]

    @hookimpl
    async def duplicate_score(self, entity: str, record: Any, other: Any) -> Evidence | None:
        return self.evidence

    @hookimpl
    def register_buttons(self) -> list[ButtonHandler]:
        return [ButtonHandler("star", self.star)]

    async def star(self, chat: Chat, what: str) -> str:
        return f"starred {what} {chat.record.id if chat.record else '?'}"


@pytest.fixture
def extra() -> Extra:
    return Extra()


@pytest.fixture
def plugins(extra: Extra) -> dict[str, Any]:
    return {"extra": extra}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("deal Acme 12k roof", "deal"),
        ("contact Jan Kowalski", "contact"),
        ("company Acme", "company"),
        ("lead Ivan Petrov roof", "lead"),
    ],
)
async def test_deal_card_lines_deal_card_buttons_and_the_others(anna: Member, line: str, what: str) -> None:
    """Covers contact_card_lines, contact_card_buttons, company_card_lines, company_card_buttons, lead_card_lines, lead_card_buttons."""
    await anna.send(line)
    assert f"⭐ {what} 1\n<b>open & <" in anna.last
    assert anna.buttons[-3:] == [f"Star {what}", "Site", "↩ Undo"]
    assert await anna.tap("Star") == f"starred {what} 1"


async def test_a_plugin_that_fails_leaves_the_card_as_it_is(crm: Crm, extra: Extra, anna: Member) -> None:
    extra.fails = True
    assert "⭐" not in await anna.send("company Acme")
    assert "🏢 Acme · o1" in anna.last
    assert "Star company" in anna.buttons
    for _ in range(4):
        await anna.send("o1")
    assert crm.listed("extra").state == "off"
    assert "🏢 Acme · o1" in await anna.send("o1")
    assert "Star company" not in anna.buttons


async def test_timeline_items_are_merged_by_time(crm: Crm, extra: Extra, anna: Member) -> None:
    await anna.send("company Acme")
    start = crm.clock()
    extra.items = [
        TimelineItem(start + timedelta(hours=1), "<b>first</b> visit", "Visits"),
        TimelineItem(start + timedelta(hours=30), "second visit"),
        TimelineItem(datetime(2020, 1, 1, tzinfo=UTC), "long ago"),
    ]
    for hours in range(1, 11):
        await crm.advance(hours=1)
        await anna.send(f"/note o1 note {hours}")
    await anna.send("o1")
    first = await anna.tap("Timeline")
    assert "second visit" in first
    assert first.index("second visit") < first.index("note 10")
    assert "first visit" not in first
    second = await anna.tap("Older")
    assert "first visit" in second
    assert "second visit" not in second
    assert second.index("note 1") < second.index("first visit") < second.index("company added")
    assert second.index("company added") < second.index("long ago")


async def test_duplicate_score_asks_on_the_new_card(extra: Extra, anna: Member) -> None:
    await anna.send("contact Jan Kowalski +48 601 234 567")
    assert "Same as" not in anna.last
    await anna.send("contact Janek Kowalski +48 601 234 567")
    assert "👥 Same as Jan Kowalski · c1 (same phone; name 95 %)?" in anna.last
    assert anna.buttons[:2] == ["Open", "Use that one"]
    extra.evidence = Evidence(-1, "they are twins")
    await anna.send("contact Jacek Kowalski +48 601 234 567")
    assert "Same as" not in anna.last
    extra.evidence = Evidence(0.9, "same <tax> number")
    await anna.send("company Acme South")
    assert "Same as" not in anna.last
    await anna.send("company Acme")
    assert "👥 Same as Acme South · o1 (name 62 %; same <tax> number)?" in anna.last


async def test_use_that_one_takes_over_what_was_typed(anna: Member) -> None:
    await anna.send("contact Jan Kowalski +48 601 234 567")
    await anna.send("contact Jan Kowalsky +48 601 234 567 jan@x.pl at Newco")
    card = anna.card
    await anna.tap("Use that one")
    assert anna.last.startswith(
        "✅ c2 went into this one, with what you wrote:\n👤 Jan Kowalski · c1\n🏢 Newco · +48 601 234 567 "
    )
    assert "jan@x.pl" in anna.last
    assert "Stays as it was" not in anna.last
    assert (await anna.send("c2")).startswith("🔗 c2 was merged into this one.\n👤 Jan Kowalski · c1")
    await anna.tap("Undo", card)
    assert (await anna.send("c2")).startswith("👤 Jan Kowalsky · c2\n🏢 Newco · +48 601 234 567 · jan@x.pl")
    assert (await anna.send("c1")).startswith("👤 Jan Kowalski · c1\n+48 601 234 567\n")


async def test_use_that_one_says_what_stays_as_it_was(anna: Member) -> None:
    await anna.send("company Acme\ncontact Jan Kowalski +48 601 234 567 at Acme")
    await anna.send("company Zenith\ncontact Jan Kowalsky +48 601 234 567 at Newco")
    assert "❓ contact Jan Kowalsky" in anna.seen
    await anna.tap("Use that one")
    assert "   Stays as it was: company\n👤 Jan Kowalski · c1\n🏢 Acme" in anna.last
    assert (await anna.send("o2")).startswith("🏢 Zenith · o2")


async def test_use_that_one_takes_the_new_one_back_where_the_known_one_is_not_to_be_changed(
    crm: Crm, anna: Member, boss: Member
) -> None:
    await boss.send("contact Jan Kowalski +48 601 234 567")
    role = await Role.get(key="rep")
    role.grants |= {"contact.read": "all", "company.read": "all"}
    await role.save()
    await anna.send("contact Jan Kowalsky +48 601 234 567 at Newco")
    card = anna.card
    await anna.tap("Use that one")
    assert anna.last.startswith("✅ The new one is taken back. This one is kept:\n👤 Jan Kowalski · c1")
    assert (await anna.send("c2")).startswith("🤷")
    await anna.tap("Bring back", card)
    assert (await anna.send("c2")).startswith("👤 Jan Kowalsky · c2")


async def test_the_same_name_with_another_number_loses_nothing(anna: Member) -> None:
    await anna.send("contact Jan Nowak +48 600 234 567 jan1@x.pl")
    await anna.send("contact Jan Nowak +48 601 234 567 jan2@x.pl")
    assert "\n+48 600 234 567 · jan1@x.pl\n   +48 601 234 567 · jan2@x.pl\n" in anna.last
    await anna.send("contact Jan Nowak +48 601 234 567 jan1@x.pl")
    assert "\n+48 600 234 567 · jan1@x.pl\n   +48 601 234 567 · jan2@x.pl\n" in anna.last
    await anna.send("contact c1 +48 602 234 567")
    assert "\n+48 602 234 567 · jan1@x.pl\n   +48 601 234 567 · jan2@x.pl\n" in anna.last
    await anna.send("company Acme +48 22 555 01 01")
    await anna.send("company Acme +48 22 555 01 02")
    assert "\n+48 22 555 01 01\n   +48 22 555 01 02\n" in anna.last


async def test_look_alikes_are_within_reach_only(crm: Crm, anna: Member) -> None:
    bob = await crm.join("rep", "Bob Rep")
    await anna.send("contact Jan Kowalski +48 601 234 567")
    await bob.send("contact Jan Kowalski +48 601 234 567")
    assert "Same as" not in bob.last


async def test_leads_that_are_done_with_are_no_look_alikes(anna: Member) -> None:
    await anna.send("/lead Ivan Petrov roof")
    await anna.tap("Not a lead")
    await anna.send("/lead Ivan Petrov roof")
    assert "Same as" not in anna.last
    await anna.send("/lead Ivan Petrov roof again")
    assert "👥 Same as Ivan Petrov · l2 (name 100 %)?" in anna.last


async def test_a_client_who_may_be_known_is_said_to_be(crm: Crm) -> None:
    """Only the message that made the lead says so."""
    ada = await crm.join("admin", "Ada Admin")
    await ada.send("/lead Ivan Petrov roof")
    client = crm.stranger("Ivan Petrov")
    await client.send("hello")
    assert "👥 Same as Ivan Petrov · l1 (name 100 %)?" in ada.last
    await client.send("anybody there?")
    assert "Same as" not in ada.last
