"""Clients change what they wrote, come by a link, and write to a company without an administrator."""

from __future__ import annotations

import pytest

from botcrm.core.models import Contact, Lead, Message
from botcrm.core.services.staff.invites import invite
from botcrm.core.services.staff.people import deactivate_user
from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


# --- changed messages ------------------------------------------------------------------------------------------------------


async def test_a_message_that_a_client_changes_is_kept_so_and_told_once(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await zed.send("I need a rof")
    line = zed.mine
    await zed.edit(line, "I need a roof <b>now</b>")
    assert admin.last == "✏️ Zed Client changed their message:\nI need a roof <b>now</b>\nIt was: I need a rof"
    assert admin.buttons == ["💬 Answer", "✅ Dealt with", "Open"]
    assert [message.text for message in await Message.all()] == ["I need a roof <b>now</b>"]
    assert await Lead.all().count() == 1
    zed.person.edit(line, "I need a roof <b>now</b>")
    await crm.settle()
    assert admin.seen.count("changed their message") == 1
    await zed.edit(line, "I need two roofs")
    assert admin.seen.count("changed their message") == 2
    await admin.tap("Open")
    await admin.tap("Timeline")
    assert "✏️ I need two roofs" in admin.last
    assert "💬 I need a rof" in admin.last
    assert zed.seen == "Thank you for your message. We will answer here soon."


async def test_a_changed_message_reaches_the_owner_of_the_contact_and_can_be_answered(anna: Member, crm: Crm) -> None:
    jan = crm.stranger("Jan Kowal")
    anna.person.send_contact("+48602234567", "Jan", "Kowal", user_id=jan.person.id)
    await crm.settle()
    await jan.send("when do you come?")
    await jan.edit(jan.mine, "when do you come tomorrow?")
    assert anna.last.startswith("✏️ Jan Kowal changed their message:\nwhen do you come tomorrow?")
    await anna.tap("Answer")
    await anna.send("At nine")
    assert jan.last == "At nine"


async def test_a_changed_caption_corrects_the_clients_file(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    zed.person.send_document(b"%PDF", "plan.pdf", "our rof")
    await crm.settle()
    zed.person.edit(zed.mine, "our roof")
    await crm.settle()
    assert admin.last.startswith("✏️ Zed Client changed their message:\nour roof")
    await admin.tap("File")
    assert admin.card.caption == "our roof"
    assert await Lead.all().count() == 1


async def test_a_change_of_what_was_never_kept_is_a_message(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    zed.person.start()
    await crm.settle()
    await zed.edit(zed.mine, "I need a roof")
    assert admin.last == "📥 Zed Client · Telegram\nI need a roof"


# --- links that say from where ---------------------------------------------------------------------------------------------


async def test_a_link_with_a_source_greets_and_the_lead_has_it(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    zed.person.start("site-roof")
    await crm.settle()
    assert zed.last == "Hello! Write here what you need, and we will answer."
    assert await Lead.all().count() == 0
    await crm.restart(hours=30)
    await zed.send("I need a roof")
    assert (await Lead.get()).source == "site-roof"
    await admin.tap("Open")
    assert "from site-roof" in admin.last
    zed.person.start("other_Link-2")
    await crm.settle()
    await zed.send("hello?")
    assert (await Lead.get()).source == "site-roof", "who came first counts"


async def test_the_newest_link_counts_and_other_clients_keep_theirs(crm: Crm) -> None:
    await crm.join("admin", "Ada")
    zed, yan, ola = crm.stranger("Zed"), crm.stranger("Yan"), crm.stranger("Ola")
    longest = "x" * 64
    for member, token in ((zed, "site"), (yan, longest), (zed, "fair")):
        member.person.start(token)
        await crm.settle()
    for member in (zed, yan, ola):
        await member.send("hello")
    assert {lead.name: lead.source for lead in await Lead.all()} == {"Zed": "fair", "Yan": longest, "Ola": "telegram"}


async def test_an_invitation_that_is_over_is_no_source(crm: Crm) -> None:
    async with crm.work() as work:
        first = await invite(work, "admin")
    async with crm.work() as work:
        await invite(work, "admin")
    zed = crm.stranger("Zed")
    zed.person.start(first)
    await crm.settle()
    assert zed.last == "✋ This link was used already or is too old. Ask for a new one."
    await zed.send("hello")
    assert (await Lead.get()).source == "telegram"


# --- nobody administers ----------------------------------------------------------------------------------------------------


async def test_without_an_administrator_the_first_manager_to_answer_has_the_client(
    boss: Member, anna: Member, crm: Crm
) -> None:
    other = await crm.join("manager", "Otto Boss")
    zed = crm.stranger("Zed Client")
    await zed.send("I need a roof")
    for manager in (boss, other):
        assert manager.last == "📥 Zed Client · Telegram\nI need a roof"
        assert manager.buttons == ["💬 Answer", "🙋 I take it"]
    assert "I need" not in anna.seen
    await boss.tap("Answer")
    await other.tap("Answer")
    assert await boss.send("We call you") == "💬 Sent to the client."
    assert zed.last == "We call you"
    assert (await Lead.get()).owner_id == boss.user_id
    assert {message.owner_id for message in await Message.all()} == {boss.user_id}
    assert await other.send("We call you too") == "✋ Marta Boss answers this client already."
    assert zed.seen.count("We call you") == 1
    await zed.send("thanks")
    assert boss.last == "📥 Zed Client · Telegram\nthanks"
    assert "thanks" not in other.seen
    assert await boss.send("undo") == "✋ There is nothing of yours to undo."


async def test_with_reps_alone_all_are_told_and_one_takes_the_client(crm: Crm) -> None:
    anna, bob = await crm.join("rep", "Anna Rep"), await crm.join("rep", "Bob Rep")
    zed = crm.stranger("Zed Client")
    zed.person.send_document(b"%PDF", "plan.pdf", "our roof")
    await crm.settle()
    assert anna.last == bob.last == "📥 Zed Client · Telegram\nour roof"
    assert (await anna.send("l1")).startswith("🤷")
    card = bob.with_button("I take it")
    shown = await anna.tap("I take it")
    assert shown == "📥 Zed Client · Telegram\nour roof"
    assert "1 incoming" in await anna.send("/today")
    await anna.tap("File")
    assert anna.card.data["document"]["file_name"] == "plan.pdf"
    await anna.tap("Open")
    assert anna.last.startswith("🌱 Zed Client · l1")
    await bob.tap("I take it", card)
    assert bob.toast == "✋ Anna Rep answers this client already."
    await bob.tap("Answer", card)
    assert bob.toast == "✋ Anna Rep answers this client already."
    assert (await bob.send("l1")).startswith("🤷")


async def test_a_change_of_a_message_nobody_has_taken_is_told_to_all_who_heard_of_it(crm: Crm) -> None:
    anna, bob = await crm.join("rep", "Anna Rep"), await crm.join("rep", "Bob Rep")
    zed = crm.stranger("Zed Client")
    await zed.send("rof")
    await zed.edit(zed.mine, "roof")
    assert anna.last == bob.last == "✏️ Zed Client changed their message:\nroof\nIt was: rof"
    assert bob.buttons == ["💬 Answer", "🙋 I take it"]
    await bob.tap("I take it")
    assert (await Lead.get()).owner_id == bob.user_id


async def test_the_client_of_somebody_who_left_goes_to_who_answers(crm: Crm) -> None:
    anna, bob = await crm.join("rep", "Anna Rep"), await crm.join("rep", "Bob Rep")
    jan = crm.stranger("Jan Kowal")
    anna.person.send_contact("+48602234567", "Jan", "Kowal", user_id=jan.person.id)
    await crm.settle()
    assert anna.user_id
    async with crm.work() as work:
        await deactivate_user(work, anna.user_id)
    await jan.send("when do you come?")
    assert bob.last == "📥 Jan Kowal · Telegram\nwhen do you come?"
    await bob.tap("Answer")
    await bob.send("tomorrow")
    assert jan.last == "tomorrow"
    assert (await Contact.get()).owner_id == bob.user_id


async def test_nobody_of_the_staff_loses_no_message(crm: Crm) -> None:
    zed = crm.stranger("Zed Client")
    await zed.send("I need a roof")
    admin = await crm.join("admin", "Ada")
    assert "l1" in await admin.send("/find Zed")
    assert [message.text for message in await Message.all()] == ["I need a roof"]
