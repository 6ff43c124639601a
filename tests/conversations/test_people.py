"""Who may talk: the staff by link, everybody else a client; settings, menus, groups, inline."""

from __future__ import annotations

import re

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def token_in(text: str) -> str:
    found = re.search(r"start=([A-Za-z0-9_-]+)", text)
    assert found
    return found[1]


async def test_an_invited_rep_comes_in_by_the_link_once(boss: Member, crm: Crm) -> None:
    said = await boss.send("/invite rep Zofia")
    assert said.startswith("Send this link to Zofia. It works once, for 7 days.\nhttps://t.me/acme_crm_bot?start=")
    assert boss.buttons == ["Copy link"]
    zofia, other = crm.stranger("Zosia Nowa"), crm.stranger("Some Body")
    zofia.person.start(token_in(said))
    await crm.settle()
    assert zofia.last.startswith("Welcome, Zofia.\nOne line is enough for a deal.")
    assert ("deal", "Open a deal") in zofia.person.commands()
    assert (await zofia.send("deal Acme 1k roof")).startswith("✅ Deal opened")
    assert "Zofia" in await boss.send("/team")
    other.person.start(token_in(said))
    await crm.settle()
    assert other.last == "✋ This link was used already or is too old. Ask for a new one."
    assert other.person.commands() == []


async def test_the_link_grows_old(boss: Member, crm: Crm) -> None:
    token = token_in(await boss.send("/invite rep Zofia"))
    await crm.advance(days=8)
    zofia = crm.stranger("Zofia")
    zofia.person.start(token)
    await crm.settle()
    assert "too old" in zofia.last


async def test_who_may_invite_whom(anna: Member, boss: Member, crm: Crm) -> None:
    assert await anna.send("/invite rep Jan") == "✋ Your role does not allow that."
    assert await boss.send("/invite admin Jan") == "✋ Your role does not allow that."
    assert (await boss.send("/invite king Jan")) == "✋ Role: “king” is not understood. Roles: rep, manager, admin."
    admin = await crm.join("admin", "Ada")
    assert (await admin.send("/invite manager Jan")).startswith("Send this link to Jan.")


# --- clients ------------------------------------------------------------------------------------------------------------------


async def test_a_client_sees_nothing_and_their_message_reaches_the_administrator(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    zed.person.start()
    await crm.settle()
    assert zed.last == "Hello! Write here what you need, and we will answer."
    await zed.send("/today")
    assert "incoming" not in zed.seen
    assert admin.last == "📥 Zed Client · Telegram\n/today"
    await zed.send("deal Acme 12k roof")
    assert admin.last == "📥 Zed Client · Telegram\ndeal Acme 12k roof"
    assert "📥 2 incoming" in await admin.send("/today")
    assert "d1" not in await admin.send("/find Acme")


async def test_the_answer_reaches_the_client_as_written_and_once(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await zed.send("I need a roof")
    await admin.tap("Answer")
    assert await admin.send("Call you <b>today</b>") == "💬 Sent to the client."
    assert zed.last == "Call you <b>today</b>"
    assert zed.seen.count("Call you") == 1
    assert "📥 0 incoming" in await admin.send("/today")


@pytest.mark.parametrize(
    "line", ["call Zed 15m ok margin is thin", "note d1 margin is thin", "undo", "call Acme too dear"]
)
async def test_our_own_notes_are_never_sent_to_a_client_unasked(crm: Crm, line: str) -> None:
    """A line typed after [Answer] went out to the client word by word, whatever it was."""
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await admin.send("deal Acme 12k roof")
    await zed.send("I need a roof")
    await admin.tap("Answer")
    assert await admin.send(line) == f"Is this for the client?\n{line}"
    assert line not in zed.seen
    said = await admin.tap("No, it is for the CRM")
    assert said.startswith(("✅ Call", "📝 Noted", "↩ Undone"))
    assert line not in zed.seen
    assert await admin.send("today")
    assert "today" not in zed.seen


async def test_what_reads_like_a_command_goes_to_the_client_when_it_is_meant_for_them(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await zed.send("When do you come?")
    await admin.tap("Answer")
    await admin.send("today")
    assert await admin.tap("Send to the client") == "💬 Sent to the client."
    assert zed.last == "today"
    assert zed.seen.count("today") == 1


async def test_an_answer_that_went_out_is_not_changed_by_an_edit(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await zed.send("I need a roof")
    await admin.tap("Answer")
    await admin.send("We call you")
    said = await admin.edit(admin.mine, "We never call you")
    assert "What you answered is done already." in said
    assert zed.last == "We call you"


async def test_the_client_of_a_contact_reaches_its_owner(anna: Member, crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    jan = crm.stranger("Jan Kowal")
    anna.person.send_contact("+48602234567", "Jan", "Kowal", user_id=jan.person.id)
    await crm.settle()
    await jan.send("when do you come?")
    assert anna.last == "📥 Jan Kowal · Telegram\nwhen do you come?"
    assert "when do you come" not in admin.seen
    await anna.tap("Open")
    assert anna.last.startswith("👤 Jan Kowal · c1")


async def test_a_clients_photo_opens_from_the_message(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    zed.person.send_document(b"%PDF", "plan.pdf", "our roof")
    await crm.settle()
    assert admin.last == "📥 Zed Client · Telegram\nour roof"
    await admin.tap("File")
    assert admin.card.data["document"]["file_name"] == "plan.pdf"


async def test_an_answer_that_did_not_arrive_is_asked_about_and_sent_again(crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await zed.send("I need a roof")
    await admin.tap("Answer")
    zed.person.block()
    await admin.send("We call you")
    assert admin.last.startswith("⚠️ This did not reach the client: Forbidden: bot was blocked by the user")
    zed.person.unblock()
    assert await admin.tap("Resend") == "Sent again."
    assert zed.seen.count("We call you") == 1


async def test_nobody_answers_a_client_in_anothers_name(anna: Member, crm: Crm) -> None:
    await crm.join("admin", "Ada")
    zed = crm.stranger("Zed Client")
    await zed.send("I need a roof")
    await anna.send("hello")
    assert (await anna.forge("ca:1", anna.card)).startswith("🤷")


# --- settings ------------------------------------------------------------------------------------------------------------------


async def test_settings_are_listed_with_their_meaning(anna: Member) -> None:
    said = await anna.send("/settings")
    assert said.startswith("Settings\nzone = Europe/Warsaw\n   Time zone (IANA name)")
    assert "overdue_hours = 2 · company" in said
    assert anna.buttons == ["Switch digest off", "Switch evening off", "Switch smart activity off", "Switch pinned on"]
    await anna.tap("Switch digest off")
    assert "Switch digest on" in anna.buttons


async def test_a_setting_changes_what_is_shown_at_once(anna: Member) -> None:
    assert await anna.send("/settings zone Asia/Tokyo") == "✅ zone = Asia/Tokyo"
    assert "Tue 24 Nov 20:00" in await anna.send("task call home 20:00")


async def test_wrong_values_are_answered_with_an_example(anna: Member, crm: Crm) -> None:
    assert (
        await anna.send("/settings zone Nowhere") == "✋ zone: “Nowhere” is not understood. For example: Europe/Warsaw."
    )
    assert await anna.send("/settings digest_at 25") == "✋ digest_at: “25” is not understood. For example: 9:00."
    assert await anna.send("/settings digest perhaps") == "✋ digest: “perhaps” is not understood. For example: on."
    assert (await anna.send("/settings moon 3")).startswith(
        "✋ There is no setting “moon”. Did you mean currency? Type /settings currency 3"
    )
    assert await anna.send("/settings currency USD") == "✋ Only an administrator can do that."
    assert (await anna.send("/settings zone")).startswith("zone = Europe/Warsaw\nTime zone (IANA name)\n/settings zone")
    admin = await crm.join("admin", "Ada")
    assert await admin.send("/settings currency USD") == "✅ currency = USD"
    assert "$12,000" in await anna.send("deal Acme 12k roof")


async def test_a_setting_is_found_by_what_people_call_it(anna: Member) -> None:
    taken = "“{}” was taken for zone."
    assert await anna.send("/settings timezone Asia/Tokyo") == "✅ zone = Asia/Tokyo\n" + taken.format("timezone")
    assert await anna.send("/settings time zone Europe/Paris") == "✅ zone = Europe/Paris\n" + taken.format("time zone")
    assert await anna.send("/settings zoen UTC") == "✅ zone = UTC\n" + taken.format("zoen")
    assert await anna.send("/settings digest at 8:30") == "✅ digest_at = 08:30"
    assert await anna.send("/settings Zone=Europe/Warsaw") == "✅ zone = Europe/Warsaw"
    said = await anna.send("/settings language")
    assert said.startswith("language = en")
    said = await anna.send("/settings qqqqq 3")
    assert said.startswith("✋ There is no setting “qqqqq”. Settings: zone, language, currency,")


async def test_find_opens_a_record_by_its_reference(anna: Member, bob: Member) -> None:
    await anna.send("/deal Acme 12k roof next fri 9 site visit")
    await anna.send("contact Jan Kowal")
    await anna.send("lead Zed roof")
    for ref, shown in (("d1", "💼 Acme roof"), ("O1", "🏢 Acme"), ("c1", "👤 Jan"), ("l1", "🌱 Zed"), ("a1", "🤝 Fri")):
        assert (await anna.send(f"find {ref}")).startswith(shown)
        assert (await bob.send(f"find {ref}")) == f"Nothing found for “{ref}”."
    await anna.send('company "A4"')
    assert "🏢 A4" in await anna.send("find a4")


# --- menus, groups, inline ------------------------------------------------------------------------------------------------------


async def test_the_menu_follows_the_role(boss: Member, anna: Member, crm: Crm) -> None:
    await crm.process.show_menus()
    await crm.settle()
    rep, manager = [{name for name, _ in member.person.commands()} for member in (anna, boss)]
    assert manager - rep == {
        "team",
        "invite",
        "rules",
        "stages",
        "handover",
        "duplicates",
        "fields",
        "lists",
        "personal",
    }
    assert not rep - manager
    assert [name for name, _ in crm.stranger("Zed").person.commands()] == ["start"]


async def test_a_group_hears_nothing_of_the_crm(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    group = crm.telegram.group(-1001, "Sales", [anna.person])
    anna.person.send("/today", chat=group)
    anna.person.send("Acme?", chat=group)
    await crm.settle()
    texts = [message.text for message in group.messages.values() if message.from_bot]
    assert texts == ["Write to me in our own chat: here others would see your deals."]


async def test_inline_finds_what_the_writer_may_see(anna: Member, bob: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    for member, found in ((anna, ["🏢 Acme", "💼 Acme roof"]), (bob, []), (crm.stranger("Zed"), [])):
        search = member.person.inline("acme")
        await crm.settle()
        assert sorted(result["title"] for result in await search.answered()) == sorted(found)


async def test_colleagues_to_hand_over_to_stand_eight_at_a_time(anna: Member, boss: Member, crm: Crm) -> None:
    for number in range(10, 27):
        await crm.join("rep", f"Rep {number}", manager=boss)
    await boss.send("deal Acme 1k roof")
    await boss.tap("Hand over")
    assert boss.last == "Hand Acme roof over to whom?\nPage 1 of 3"
    assert boss.buttons == ["Anna Rep", *(f"Rep {number}" for number in range(10, 17)), "→", "← Back"]
    await boss.tap("→")
    assert boss.buttons == [*(f"Rep {number}" for number in range(17, 25)), "←", "→", "← Back"]
    await boss.tap("→")
    assert boss.last.endswith("Page 3 of 3")
    assert boss.buttons == ["Rep 25", "Rep 26", "←", "← Back"]
    assert await boss.tap("Rep 26") == "✅ Acme roof went over to Rep 26."
