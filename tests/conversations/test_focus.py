"""What goes up, what sinks, what is pinned; lists narrowed and moved by taps; counters that show themselves."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.testing import Crm, Member

_SQLITE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def _order(said: str, *names: str) -> None:
    places = [said.index(name) for name in names]
    assert places == sorted(places), said


async def test_a_reminder_lifts_a_deal_and_doing_it_lets_it_sink(anna: Member, crm: Crm) -> None:
    await anna.send("deal First 1k a next 11:00 call\ndeal Second 2k b next 11:30 call\ndeal Soon 3k c next 10:45 call")
    _order(await anna.send("/today"), "Soon c", "First a", "Second b")
    await crm.advance(minutes=20)
    said = await anna.send("/today")
    assert "⚡ Needs attention" not in said or "Soon c" in said
    await crm.advance(minutes=11)
    said = await anna.send("/today")
    assert "⚡ Needs attention\nSoon c" in said
    assert "⏰ reminded · today 10:30" in said
    await anna.send("d3")
    await anna.tap("Done")
    said = await anna.send("/today")
    assert "Needs attention" not in said
    _order(said, "First a", "Second b", "Soon c")


async def test_a_missed_call_is_incoming_until_somebody_called_back(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 visit\ndeal Beta 2k b next 18:00 call")
    await anna.send("call d1 missed")
    said = await anna.send("/today")
    assert said.split("\n")[1] == "📥 1 incoming · 📅 1 planned · 🔴 0 overdue"
    assert "⚡ Needs attention\nAcme roof · PLN 12,000 · New · 📵 · d1" in said
    assert "📵 missed call · today 10:00" in said
    assert "📵 Missed call" in await anna.send("d1")
    await anna.send("call d1 5m ok")
    said = await anna.send("/today")
    assert "📥 0 incoming" in said
    assert "Needs attention" not in said
    assert "↗📞" in said
    await anna.send("/undo")
    assert "📥 1 incoming" in await anna.send("/today")


async def test_a_colleagues_note_calls_and_ones_own_does_not(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 visit")
    await anna.send("/note d1 mine")
    assert "Needs attention" not in await anna.send("/today")
    await boss.send("/note d1 call them today")
    assert "💬 a colleague wrote · today 10:00" in await anna.send("/today")
    await anna.send("/note d1 done so")
    assert "Needs attention" not in await anna.send("/today")


async def test_pins_and_mutes_are_ones_own(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 1k a next 18:00 call\ndeal Beta 2k b next fri 10:00 call\ndeal Gamma 3k c")
    await anna.send("d3")
    await anna.tap("Pin")
    assert "📌 Unpin" in anna.buttons
    said = await anna.send("/today")
    assert "📌 Pinned\nGamma c" in said
    _order(said, "Gamma c", "Acme a", "Beta b")
    assert "Pinned" not in await boss.send("/today @anna")
    await boss.send("/note d2 look at it")
    assert "Needs attention\nBeta b" in await anna.send("/today")
    await anna.send("d2")
    await anna.tap("More")
    await anna.tap("Mute")
    assert "Needs attention" not in await anna.send("/today")
    await anna.send("d2")
    await anna.tap("More")
    await anna.tap("Unmute")
    await anna.send("d3")
    await anna.tap("More")
    await anna.tap("Unpin")
    said = await anna.send("/today")
    assert "Pinned" not in said
    assert "Needs attention\nBeta b" in said


async def test_lists_are_narrowed_by_typing_and_by_taps(anna: Member, boss: Member) -> None:
    await anna.send(
        "deal Acme 1k a #roof next 18:00 call\ndeal Beta 2k b #solar next fri 10:00 call\ndeal Gamma 3k c #roof"
    )
    await anna.send("/stage d1 >proposal")
    said = await anna.send("/deals >prop")
    assert "🔎 >Proposal" in said
    assert "Acme a" in said
    assert "Beta b" not in said
    said = await anna.send("/deals #roof")
    _order(said, "Acme a", "Gamma c")
    assert "Beta b" not in said
    assert "Gamma c" not in await anna.send("/deals >proposal #roof")
    assert "Nothing here." in await anna.send("/deals #cellar")
    assert "stage: there is no “nowhere”." in await anna.send("/deals >nowhere")
    await anna.send("/deals")
    said = await anna.tap("Filter")
    assert said.startswith("Which deals?")
    said = await anna.tap("#roof")
    assert "🔎 #roof" in said
    assert "Beta b" not in said
    said = await anna.tap("🟢 Today 1")
    assert "🔎 #roof" in said
    assert "Gamma c" not in said
    await anna.tap("Filter")
    assert "Beta b" not in await anna.tap("No filter")
    assert "Beta b" in await anna.tap("All")
    said = await boss.send("/deals #roof @anna")
    assert said.startswith("Deals of Anna Rep")
    assert "Beta b" not in said
    await boss.send("/deals")
    await boss.tap("Filter")
    assert "Beta b" in await boss.tap("👤 Anna Rep")


async def test_next_steps_move_from_the_list(anna: Member) -> None:
    await anna.send("deal Acme 1k a next 18:00 call\ndeal Beta 2k b")
    await anna.send("/today")
    assert "+1 day" not in anna.buttons
    await anna.tap("Move…")
    said = await anna.tap("+1 day")
    assert "tomorrow 18:00" in said
    assert "📅 0 planned" in said
    assert "Wed 2 Dec 18:00" in await anna.tap("+7")
    assert "Mon 30 Nov 9:00" in await anna.tap("Mon 9:00")
    await anna.tap("Open…")
    assert "+1 day" not in anna.buttons


async def test_a_week_starts_on_the_day_that_was_chosen(anna: Member) -> None:
    await anna.send("deal Acme 1k a next sun 10:00 call")
    assert "🔵 This week (1)" in await anna.send("/today")
    await anna.send("/settings week_start sun")
    assert "🔵 Next week (1)" in await anna.send("/today")


async def test_whom_a_planned_activity_counts_for_is_the_companys_choice(anna: Member, boss: Member, crm: Crm) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await anna.send("deal Acme 1k a")
    await boss.send("/task d1 18:00 look at it")
    assert "📅 1 planned" in await anna.send("/today")
    assert "📅 0 planned" in await boss.send("/today")
    assert "may not" in (await boss.send("/settings count_by activity")).lower() or "📅 1" in await anna.send("/today")
    await ada.send("/settings company count_by activity")
    assert "📅 0 planned" in await anna.send("/today")
    assert "📅 1 planned" in await boss.send("/today")


@_SQLITE
async def test_counters_show_themselves_in_a_pinned_message(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k a next 10:30 call")
    await anna.send("/settings pinned on")
    await crm.advance(seconds=6)
    await crm.advance(seconds=6)
    assert anna.last == "📥 0 incoming · 📅 1 planned · 🔴 0 overdue"
    row = await db.fetch_one("SELECT message_id FROM pinned_counters")
    assert row
    assert row["message_id"]
    sent = await db.fetch_one("SELECT count(*) AS n FROM outbox WHERE method = 'pinChatMessage' AND state = 'sent'")
    assert sent == {"n": 1}
    edits = "SELECT count(*) AS n FROM outbox WHERE notice = 'counters' AND message_id IS NOT NULL AND args <> '{}'"
    await anna.send("deal Beta 2k b next 18:00 call")
    await anna.send("deal Gamma 2k b next 18:00 call")
    await crm.advance(seconds=6)
    await anna.send("deal Delta 2k b")
    await crm.advance(seconds=20)
    assert await db.fetch_one(edits) == {"n": 1}
    await crm.advance(minutes=40)
    assert await db.fetch_one(edits) == {"n": 2}
    await anna.send("/settings pinned off")
    await crm.advance(seconds=6)
    assert await db.fetch_one("SELECT 1 AS y FROM pinned_counters") is None


@_SQLITE
async def test_counters_that_were_deleted_or_unpinned_come_back(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k a next 10:30 call")
    await anna.send("/settings pinned on")
    await crm.advance(seconds=12)
    chat, first = anna.card.chat, anna.card
    assert chat.pinned == [first.id]
    anna.person.delete(first)
    await anna.send("deal Beta 2k b next 18:00 call")
    await crm.advance(seconds=6)
    await crm.advance(seconds=6)
    await crm.advance(seconds=6)
    second = anna.card
    assert second.id != first.id
    assert anna.last == "📥 0 incoming · 📅 2 planned · 🔴 0 overdue"
    assert chat.pinned[-1] == second.id
    chat.pinned.clear()
    await anna.send("deal Gamma 2k b next 18:00 call")
    await crm.advance(seconds=12)
    assert chat.pinned == [], "not looked at with each change"
    await crm.advance(hours=2)
    await anna.send("deal Delta 2k b next 18:00 call")
    await crm.advance(seconds=12)
    assert chat.pinned == [second.id]
    chat.pinned.clear()
    await anna.send("/settings pinned on")
    await crm.advance(seconds=12)
    assert chat.pinned == [second.id], "who asks for it has it"


async def test_the_board_opens_from_the_day(anna: Member, boss: Member) -> None:
    assert "🗂 Board" not in (await anna.send("/today"), *anna.buttons)
    await anna.send("deal Acme 1k a next 18:00 call")
    await anna.send("/today")
    await anna.tap("🗂 Board")
    assert "photo" in anna.card.data
    assert "• Days" in anna.buttons
    await boss.send("/today @anna")
    await boss.tap("🗂 Board")
    assert "Anna Rep" in str(boss.card.data["caption"])


async def test_what_is_kept_is_what_a_recount_finds(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k a next 11:00 call\ndeal Beta 2k b next fri 10:00 call\ncall d1 missed\ncall d2 5m ok")
    await anna.send("/won d2")
    await anna.send("d1")
    await anna.tap("Hand over")
    await anna.tap("Marta Boss")
    assert await fix_derived() == dict.fromkeys(await fix_derived(), 0)
    await db.execute("UPDATE activity SET counts_for = 77, counts_own = NULL WHERE status = 'planned'")
    await db.execute("UPDATE deal SET last_call = NULL, next_deadline_at = NULL")
    found = await fix_derived()
    assert found["counters"] > 0
    assert found["last calls"] == 2
    assert found["next steps"] > 0


# --- what settles it, and what does not ------------------------------------------------------------------------------------


async def _written(anna: Member, crm: Crm, *texts: str) -> Member:
    """Give Anna a deal whose client writes."""
    zed = crm.stranger("Zed Client")
    await zed.send("hello")
    await db.execute("UPDATE lead SET owner_id = (SELECT id FROM \"user\" WHERE name = 'Anna Rep')")
    await db.execute("UPDATE message SET owner_id = (SELECT id FROM \"user\" WHERE name = 'Anna Rep'), answered = TRUE")
    await anna.send("l1")
    await anna.tap("Make it a deal")
    for text in texts:
        await zed.send(text)
    return zed


_UP = "Needs attention"


async def test_nothing_less_than_an_answer_settles_what_the_client_wrote(anna: Member, crm: Crm) -> None:
    """A call that nobody took, a note or a change of one's own let two unanswered messages sink."""
    await _written(anna, crm, "when?", "and how much?")
    assert "📥 the client wrote" in await anna.send("/today")
    for line in ("/call d1 no answer", "/note d1 thinking", "/deal d1 5k", "/task d1 fri 9:00 offer", "/call d1 busy"):
        await anna.send(line)
        assert _UP in await anna.send("/today"), line
    await anna.tap("Incoming 2")
    await anna.tap("1 ✅")
    said = await anna.send("/today")
    assert "📥 0 incoming" in said
    assert _UP not in said
    await anna.tap("Undo")
    assert "📥 2 incoming" in (said := await anna.send("/today"))
    assert _UP in said


async def test_a_call_settles_a_missed_call_and_not_what_the_client_wrote_before(anna: Member, crm: Crm) -> None:
    await _written(anna, crm, "when?")
    await crm.advance(minutes=5)
    await anna.send("/call d1 missed")
    assert "📵 missed call" in await anna.send("/today")
    await anna.send("/call d1 5m ok")
    assert "📥 the client wrote" in await anna.send("/today")


async def test_a_missed_call_is_settled_by_talking_and_comes_back_by_undo(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 visit")
    await anna.send("/call d1 missed")
    for line in ("/call d1 no answer", "/note d1 later"):
        await anna.send(line)
        assert "📵 missed call" in await anna.send("/today"), line
    await anna.send("/undo")
    await anna.send("/undo")
    await anna.send("/call d1 5m ok")
    assert _UP not in await anna.send("/today")
    await anna.send("/undo")
    assert "📵 missed call" in await anna.send("/today")


async def test_a_call_back_that_nobody_took_leaves_the_missed_call_in_the_counter(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 visit\n/contact Jan Kowal")
    await anna.send("/call d1 missed")
    await anna.send("/call Jan Kowal missed")
    await crm.advance(minutes=30)
    for line in ("/call d1 no answer", "/call d1 busy", "/call Jan Kowal no answer"):
        await anna.send(line)
        said = await anna.send("/today")
        assert "📥 2 incoming" in said, line
        assert "📵 missed call · today 10:00" in said, line
    await anna.send("/incoming")
    await anna.send("/call d1 3m")
    await anna.send("/call Jan Kowal 3m")
    assert "📥 0 incoming" in await anna.send("/today")
    await anna.send("/call d1 missed")
    assert "📥 1 incoming" in await anna.send("/today")


async def test_undo_lifts_a_deal_again_that_a_reminder_or_a_colleague_lifted(
    anna: Member, boss: Member, crm: Crm
) -> None:
    await anna.send("deal Soon 3k c next 10:45 call")
    await crm.advance(minutes=31)
    assert "⏰ reminded · today 10:30" in await anna.send("/today")
    await anna.send("/note d1 will do")
    assert _UP not in await anna.send("/today")
    await anna.send("/undo")
    assert "⏰ reminded · today 10:30" in await anna.send("/today")
    await boss.send("/note d1 offer them less")
    await anna.send("d1")
    await anna.tap("Done")
    assert _UP not in await anna.send("/today")
    await anna.send("/undo")
    assert "💬 a colleague wrote · today 10:31" in await anna.send("/today")
    await anna.send("/undo")  # the deal: refused, the colleague wrote on it since
    await boss.send("/undo")
    assert "⏰ reminded · today 10:30" in await anna.send("/today")
    assert (await fix_derived())["last calls"] == 0


async def test_a_colleagues_note_taken_back_lifts_nothing(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 visit")
    await boss.send("/note d1 call them today")
    await boss.send("/undo")
    assert _UP not in await anna.send("/today")
    await boss.send("/note d1 call them today")
    await anna.send("/note d1 yes")
    await anna.send("/note d1 at noon")
    await anna.send("/undo")
    assert _UP not in await anna.send("/today")


async def test_ones_own_note_does_not_hide_that_the_client_waits(anna: Member, boss: Member, crm: Crm) -> None:
    await _written(anna, crm, "when?")
    await crm.advance(minutes=5)
    await boss.send("/note d1 call them")
    await anna.send("/note d1 later")
    assert "📥 the client wrote" in await anna.send("/today")
