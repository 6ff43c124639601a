"""Names full of markup, emoji and right-to-left letters, texts at the limit, and a Telegram that refuses."""

from __future__ import annotations

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

NAMES = [
    "<b>Bob & Sons</b>",
    "</b></i><a href='x'>click</a>",
    "&amp; &lt;script&gt;",
    "👩‍👩‍👧‍👦🏳️‍🌈 Emoji & Co",
    "شركة النور للتجارة",
    "\u202eoverride\u202c Ltd",
    "株式会社テスト",
    "{name} %s {0}",
    "N" * 300,
    "😀" * 150,
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
async def test_a_name_is_shown_as_it_is_on_every_card(anna: Member, crm: Crm, name: str) -> None:
    visible = " ".join(name.split())[:20]
    assert visible in await anna.send(f'company "{name}"')
    assert "✅ Deal opened" in await anna.send(f'deal "{name}" 12k {name} next 12:00 call {name}')
    assert visible in anna.last
    for line in (
        f'/call "{name}" 5m ok {name}',
        f'/note "{name}" {name}',
        f"/find {name}",
        "/today",
        "d1",
        f'/deal "{name}"',
    ):
        said = await anna.send(line)
        assert not said.startswith(("✋", "🤷")), (line, said)
    for button in ("Timeline", "Back"):
        await anna.send("d1")
        await anna.tap("Timeline")
        assert await anna.tap(button) if button == "Back" else True
    await anna.tap("Lost")
    await crm.advance(hours=2)
    assert visible[:10] in anna.last
    assert anna.last.startswith("⏰ now")
    assert not [call for call in crm.telegram.calls if call.method == "forbidden"]


@pytest.mark.parametrize("name", NAMES[:-2], ids=range(len(NAMES) - 2))
async def test_a_clients_name_breaks_nothing(crm: Crm, name: str) -> None:
    admin = await crm.join("admin", "Ada")
    stranger = crm.telegram.person(900, first_name=name[:64])
    stranger.send(f"I am {name}")
    await crm.settle()
    assert admin.last == f"📥 {' '.join(name[:64].split())} · Telegram\nI am {name}"
    await admin.tap("Open")
    assert admin.last.startswith("🌱")


async def test_a_staff_name_full_of_markup(boss: Member, crm: Crm) -> None:
    odd = await crm.join("rep", "<i>Odd & Co</i>", manager=boss)
    assert "Welcome, <i>Odd & Co</i>." in odd.seen
    assert "<i>Odd & Co</i>: 📥 0" in await boss.send("/team")
    await odd.send("deal Acme 1k x next 11:00 call")
    await crm.advance(hours=4)
    assert "🔴 <i>Odd & Co</i>: call" in boss.seen


async def test_a_message_at_the_limit_is_kept_whole(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    text = "/note d1 " + "x & y <z> " * 408
    assert len(text) <= 4096
    assert (await anna.send(text)).startswith("📝 Noted on Acme roof")
    long = "y" * 4096
    assert (await anna.send(long)).startswith("Kept. What is it?")
    assert (await anna.tap("Note to Acme roof")).startswith("📝 Noted on Acme roof")
    assert (await anna.send("d1")).startswith("💼 Acme roof")


async def test_a_message_over_the_limit_comes_in_pieces_and_each_is_kept(anna: Member) -> None:
    before = len(anna.person.messages())
    await anna.send("word " * 1500)
    kept = [message.text for message in anna.person.messages()[before:] if message.from_bot]
    assert len(kept) == 2
    assert all(text.startswith("Kept. What is it?") for text in kept)


async def test_fifty_lines_have_an_answer_within_the_limit(anna: Member) -> None:
    said = await anna.send("\n".join(f"deal Firm{n} {n}k {'long words ' * 5}" for n in range(1, 51)))
    assert "💼 Firm1 long words" in said
    assert said.endswith("…")
    assert len(said.encode("utf-16-le")) // 2 <= 4096
    assert "💼 Firm50 long words" in await anna.send("d50")


async def test_telegram_asking_to_wait_is_obeyed_and_nothing_is_lost(anna: Member, bob: Member, crm: Crm) -> None:
    crm.telegram.fail_next(
        "sendMessage", 429, "Too Many Requests: retry after 5", retry_after=5, chat_id=anna.person.id
    )
    asked = crm.clock()
    anna.person.send("deal Acme 12k roof")
    bob.person.send("deal Beta 1k windows")
    await crm.settle()
    assert bob.last.startswith("✅ Deal opened"), "another chat does not wait"
    await crm.advance(seconds=5)
    assert anna.last.startswith("✅ Deal opened")
    assert anna.seen.count("Deal opened") == 1
    sent = [message.data["date"] for message in anna.person.messages() if message.text.startswith("✅ Deal opened")]
    assert sent[0] - asked.timestamp() >= 5


async def test_somebody_who_blocked_the_bot_stops_nothing(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next 11:00 send offer")
    anna.person.block()
    await crm.advance(hours=4)
    assert "🔴 Anna Rep: send offer" in boss.seen
    anna.person.unblock()
    assert (await anna.send("d1")).startswith("💼 Acme roof")


async def test_a_card_that_was_deleted_is_answered_anew_by_words(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    card, line = anna.card, anna.mine
    anna.person.delete(card)
    await anna.edit(line, "/deal Acme 15k roof")
    assert "PLN 15,000" in await anna.send("d1")


async def test_an_update_that_no_one_can_read_stops_nothing(anna: Member, crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    crm.telegram.push_raw_update("1:test", {"message": {"chat": {"id": anna.person.id}, "text": 5}})
    await anna.send("deal Acme 12k roof")
    assert "✅ Deal opened" in anna.seen
    assert "🚧 Your last message could not be handled. It is kept" in anna.seen
    assert admin.last.startswith("🚧 A message could not be handled and was set aside.")
