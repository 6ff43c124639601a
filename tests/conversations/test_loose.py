"""What somebody has to do that hangs on no deal, or on a colleague's: it is counted, so it is shown."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member

# The core's part runs on both databases (tests/core/services/test_loose.py).
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_what_hangs_on_no_deal_stands_among_the_deals(anna: Member, boss: Member, crm: Crm) -> None:
    """The counters said 2 planned, and the list: no open deals."""
    await anna.send("/task order nails 11:00")
    await anna.send("/lead Ivan next 12:00 call him")
    said = await anna.send("/today")
    assert said == (
        "Today · Tue 24 Nov\n"
        "📥 0 incoming · 📅 2 planned · 🔴 0 overdue\n\n"
        "🟢 Today (2)\n"
        "📌 order nails · a1\n   ▶ today 11:00\n"
        "📞 call him · a2\n   ▶ today 12:00 — Ivan"
    )
    assert (await anna.tap("a1 order nails")).startswith("📌 Tue 24 Nov 11:00 — order nails")
    await anna.send("/deal Acme 12k roof next 14:00 visit")
    await crm.advance(hours=1, minutes=30)
    said = await anna.send("/today")
    places = [said.index(one) for one in ("🔴 Overdue (1)", "order nails", "🟢 Today (2)", "Acme roof", "call him")]
    assert places == sorted(places)
    late = await anna.tap("🔴 Overdue 1")
    assert "order nails" in late
    assert "call him" not in late
    assert "order nails" in await boss.send("/today @anna")


async def test_one_tap_moves_it_and_the_list_stays(anna: Member) -> None:
    await anna.send("/task order nails 11:00")
    await anna.send("/today")
    await anna.tap("Move…")
    said = await anna.tap("+1 day")
    assert "🔵 This week (1)\n📌 order nails · a1\n   ▶ tomorrow 11:00" in said


async def test_what_has_no_date_is_not_lost(anna: Member) -> None:
    await anna.send("/task mow the lawn")
    await anna.tap("No time")
    assert "⚪ Later (1)\n📌 mow the lawn · a1\n   ▶ no time yet" in await anna.send("/today")


async def test_a_filter_by_stage_leaves_it_out(anna: Member) -> None:
    await anna.send("/task order nails 11:00")
    await anna.send("/deal Acme 12k roof next 14:00 visit")
    said = await anna.send("/deals >new")
    assert "Acme roof" in said
    assert "order nails" not in said


async def test_what_was_handed_over_on_a_colleagues_deal_is_in_the_list_of_whoever_has_it(
    anna: Member, boss: Member
) -> None:
    await anna.send("/deal Acme 12k roof next 14:00 visit")
    await anna.forge("ho:a1", anna.card)
    await anna.tap("Marta Boss")
    assert "🟢 Today (1)\n🤝 visit · a1\n   ▶ today 14:00 — Acme roof · deal of Anna Rep" in await boss.send("/today")
    assert (await anna.send("/today")).count("visit") == 1


async def test_the_digest_names_it(anna: Member, crm: Crm) -> None:
    await anna.send("/task order nails tomorrow 7:00")
    await crm.advance(hours=23)
    said = next(str(one.text) for one in reversed(anna.person.messages()) if "Good morning" in str(one.text))
    assert "By day: overdue 1" in said
    assert "📌 order nails · a1" in said


async def test_the_board_by_days_counts_it(anna: Member, boss: Member) -> None:
    await anna.send("/task order nails 11:00")
    await anna.send("/board days")
    assert "Today 1" in str(anna.card.data.get("caption"))
    await boss.send("/board days team")
    assert "Today 1" in str(boss.card.data.get("caption"))


# --- a closed deal --------------------------------------------------------------------------------------------------


async def test_a_message_on_a_closed_deal_is_listed_and_moves_with_its_client(
    anna: Member, bob: Member, boss: Member, crm: Crm
) -> None:
    """It counted for ever, nothing was listed, and handing over what was open left it with who was gone."""
    zed = crm.stranger("Zed Client")
    await zed.send("hello")
    await db.execute("UPDATE lead SET owner_id = (SELECT id FROM \"user\" WHERE name = 'Anna Rep')")
    await db.execute("UPDATE message SET owner_id = (SELECT id FROM \"user\" WHERE name = 'Anna Rep'), answered = TRUE")
    await anna.send("l1")
    await anna.tap("Make it a deal")
    await zed.send("one more thing")
    await anna.send("/won d1")
    said = await anna.send("/today")
    assert "📥 1 incoming" in said
    assert "one more thing" in said
    await boss.send("/handover anna bob")
    await boss.tap(next(label for label in boss.buttons if label.startswith("🤝 Hand over")))
    assert "📥 0 incoming" in await anna.send("/today")
    assert "one more thing" in await bob.send("/today")


# --- one record handed over ----------------------------------------------------------------------------------------


async def test_a_lead_handed_over_takes_what_is_planned_along(anna: Member, boss: Member) -> None:
    await anna.send("/lead Ivan next 12:00 call him")
    await anna.tap("Hand over")
    await anna.tap("Marta Boss")
    assert "📅 0 planned" in await anna.send("/today")
    assert "📞 call him · a1" in await boss.send("/today")
    await anna.send("/undo")
    assert "📞 call him · a1" in await anna.send("/today")
