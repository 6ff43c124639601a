"""Who blocks the bot is out of reach: somebody is told of it, once, until they are back."""

from __future__ import annotations

from botcrm.core import db
from botcrm.core.services.staff.blocking_bot import blocked_chats
from botcrm.testing import Crm, Member

TOLD = "has blocked the bot"


def told(member: Member) -> list[str]:
    return [message.text for message in member.person.messages() if TOLD in message.text]


async def blocks(crm: Crm, member: Member) -> None:
    member.person.block()
    await crm.settle()


async def test_the_manager_is_told_once_and_the_reminders_fail_clearly(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("/task order scaffold in 1h")
    await blocks(crm, anna)
    assert "\n".join(told(boss)) == (
        "🔇 Anna Rep has blocked the bot (Tue 24 Nov 10:00).\n"
        "No reminder and no message reaches them until they open the chat with the bot again."
    )
    await crm.advance(hours=1, minutes=5)
    assert len(told(boss)) == 1
    rows = await db.fetch("SELECT state, error FROM outbox WHERE chat_id = ? AND state <> 'sent'", anna.person.id)
    assert {(row["state"], row["error"]) for row in rows} == {("failed", "Forbidden: bot was blocked by the user")}


async def test_a_refused_message_tells_it_as_well(anna: Member, boss: Member, crm: Crm) -> None:
    """The update that says so may be lost: it is kept for a day only."""
    await anna.send("/task order scaffold in 1h")
    anna.person.chat().blocked = True
    await crm.advance(hours=3)
    assert len(told(boss)) == 1
    anna.person.chat().blocked = False
    await anna.send("/today")
    assert await blocked_chats() == set()


async def test_who_is_back_may_be_told_of_again(anna: Member, boss: Member, crm: Crm) -> None:
    await blocks(crm, anna)
    assert await blocked_chats() == {anna.person.id}
    anna.person.unblock()
    await crm.settle()
    assert await blocked_chats() == set()
    assert await anna.send("/today")
    await blocks(crm, anna)
    assert len(told(boss)) == 2


async def test_of_a_manager_out_of_reach_the_administrators_are_told(anna: Member, boss: Member, crm: Crm) -> None:
    admin = await crm.join("admin", "Ada Admin")
    await blocks(crm, boss)
    assert [text.split(" has")[0] for text in told(admin)] == ["🔇 Marta Boss"]
    await blocks(crm, anna)
    assert [text.split(" has")[0] for text in told(admin)] == ["🔇 Marta Boss", "🔇 Anna Rep"]


async def test_a_client_who_blocks_the_bot_is_nobody_to_mark(boss: Member, crm: Crm) -> None:
    client = crm.stranger("Carl Client")
    await client.send("Hello, do you repair roofs?")
    await blocks(crm, client)
    assert told(boss) == []
    assert await blocked_chats() == set()
