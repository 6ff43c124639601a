"""What came in counts until somebody answered, called back, or said that it is dealt with: forms and missed calls too."""

from __future__ import annotations

import re

import pytest

from botcrm.core.models import Activity, Message
from botcrm.core.services.activities import log_activity
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.staff.people import system
from botcrm.testing import Crm, Member

_SQLITE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def _form(crm: Crm, admin: Member, name: str, wish: str) -> None:
    said = await admin.send("/webform Site, site")
    found = re.search(r"(/plugins/web_form/lead/[\w-]{24})", said)
    assert found, said
    fields = {"name": name, "phone": "601 234 567", "message": wish}
    assert (await crm.post(found[1], json=fields)).status == 201


async def test_a_form_counts_until_a_tap_says_that_it_is_dealt_with(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await _form(crm, ada, "Jan Nowak", "I need a roof")
    assert ada.buttons == ["✅ Dealt with", "Open"], "a form has nobody to answer"
    said = await ada.send("/today")
    assert said.split("\n")[1].startswith("📥 1 incoming")
    assert "📥 Not dealt with\n✉️ Jan Nowak · Web form · today 10:00\n   I need a roof" in said
    said = await ada.tap("📥 Incoming 1")
    assert said.startswith("📥 Incoming\n1. ✉️ Jan Nowak · Web form · today 10:00")
    assert "I need a roof" in await ada.tap("✉️ Jan Nowak")
    assert ada.buttons[:2] == ["✅ Dealt with", "Open"]
    said = await ada.tap("✅ Dealt with")
    assert said.startswith("✅ Dealt with\n📥 Jan Nowak · Web form")
    assert "📥 0 incoming" in await ada.send("/today")
    assert "Incoming 0" not in " ".join(ada.buttons)
    assert await fix_derived() == dict.fromkeys(await fix_derived(), 0)
    assert [message.answered for message in await Message.all()] == [True]


@_SQLITE
async def test_a_tap_in_the_list_deals_with_it_and_undo_brings_it_back(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await _form(crm, ada, "Jan Nowak", "I need a roof")
    zed = crm.stranger("Zed Client")
    await zed.send("hello")
    await zed.send("are you there?")
    await ada.send("/today")
    said = await ada.tap("📥 Incoming 3")
    assert "✉️ Zed Client · Telegram · 2 messages · today 10:00\n   are you there?" in said
    said = await ada.tap("1 ✅")
    assert said.startswith("✅ Dealt with\n📥 Incoming\n1. ✉️ Jan Nowak")
    assert "Zed" not in said
    list_of_all = ada.card
    assert "Nothing waits" in await ada.tap("1 ✅")
    await ada.tap("Undo", list_of_all)
    assert "📥 1 incoming" in await ada.send("/today")
    await ada.tap("📥 Incoming 1")
    assert "Nothing waits" in await ada.tap("1 ✅")
    assert "📥 0 incoming" in await ada.send("/today")


@_SQLITE
async def test_a_call_deals_with_what_has_no_way_back(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await _form(crm, ada, "Jan Nowak", "I need a roof")
    await ada.send("/call Jan Nowak no")
    assert "📥 1 incoming" in await ada.send("/today"), "nobody was reached"
    await ada.send("/call Jan Nowak 5m ok")
    assert "📥 0 incoming" in await ada.send("/today")
    await ada.send("/undo")
    assert "📥 1 incoming" in await ada.send("/today")


async def test_a_missed_call_without_a_deal_counts_until_somebody_called_back(anna: Member, boss: Member) -> None:
    await anna.send("/contact Jan Kowal +48601234567")
    await anna.send("/call Jan Kowal missed")
    said = await anna.send("/today")
    assert said.split("\n")[1] == "📥 1 incoming · 📅 0 planned · 🔴 0 overdue"
    assert "📵 Jan Kowal · missed call · today 10:00" in said
    assert "Anna Rep: 📥 1" in await boss.send("/team")
    await boss.tap("Anna Rep")
    assert (await boss.tap("📥 Incoming 1")).startswith("📥 Incoming of Anna Rep\n1. 📵 Jan Kowal")
    await anna.tap("📥 Incoming 1")
    await anna.tap("📵 Jan Kowal")
    assert "+48 601 234 567" in anna.last
    said = await anna.tap("Called back")
    assert said.startswith("✅ Call with Jan Kowal · ok"), said
    assert "📥 0 incoming" in await anna.send("/today")
    await anna.send("/undo")
    assert "📥 1 incoming" in await anna.send("/today")
    await anna.tap("📥 Incoming 1")
    await anna.tap("📵 Jan Kowal")
    assert "dealt with" in await anna.tap("Dealt with")
    assert "📥 0 incoming" in await anna.send("/today")
    await anna.send("/undo")
    assert "📥 1 incoming" in await anna.send("/today")
    assert await fix_derived() == dict.fromkeys(await fix_derived(), 0)


@_SQLITE
async def test_a_missed_call_on_a_deal_is_dealt_with_by_a_tap_too(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 visit")
    await anna.send("call d1 missed")
    said = await anna.send("/today")
    assert "Not dealt with" not in said, "its deal stands among those that need attention"
    assert "Needs attention\nAcme roof" in said
    await anna.tap("📥 Incoming 1")
    await anna.tap("1 ✅")
    said = await anna.send("/today")
    assert "📥 0 incoming" in said
    assert "Needs attention" not in said
    assert await fix_derived() == dict.fromkeys(await fix_derived(), 0)


@_SQLITE
async def test_what_a_switchboard_writes_down_is_the_clients_owners(anna: Member, bob: Member, crm: Crm) -> None:
    await anna.send("/contact Jan Kowal +48601234567")
    async with crm.work() as work:
        await log_activity(work.acting_as(system(work.company)), "call", "", direction="missed", contact_id=1)
    assert (await Activity.get()).owner_id == anna.user_id
    assert "📥 1 incoming" in await anna.send("/today")
    assert "📥 0 incoming" in await bob.send("/today")


@_SQLITE
async def test_what_others_wait_for_is_out_of_reach(anna: Member, bob: Member) -> None:
    await anna.send("/contact Jan Kowal +48601234567")
    await anna.send("/call Jan Kowal missed")
    await bob.send("/today")
    for data in (f"in:{anna.user_id}:0", "io:c:1", "id:c:1", f"id:c:1:{anna.user_id}:0", "ib:1", "io:m:1", "id:m:1"):
        said = await bob.forge(data, bob.card)
        assert "Jan" not in said, data
    assert "📥 1 incoming" in await anna.send("/today")
