"""The web form: what is sent there becomes a lead that somebody is reminded to call, every hour, until it is done."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from botcrm import models
from botcrm.plugins.channels.form_data import TRAP
from botcrm.testing import Crm, Member
from botcrm.testing.web import Answered

JAN = {"name": "Jan Nowak", "phone": "601 234 567", "message": "I need a roof", "company": "Acme"}


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url)
    yield running
    await running.stop()


@pytest.fixture
async def ada(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


@pytest.fixture
async def address(ada: Member) -> str:
    """Give the path of a new form."""
    said = await ada.send("/webform Ask for an offer, site")
    found = re.search(r"http://127\.0\.0\.1:8085(/plugins/web_form/lead/[\w-]{24})", said)
    assert found, said
    return found[1]


async def program(crm: Crm, address: str, fields: dict[str, Any], **more: Any) -> Answered:
    return await crm.post(address, json=fields, **more)


async def test_a_form_becomes_a_lead_with_all_that_came_and_a_call_to_make(crm: Crm, ada: Member, address: str) -> None:
    sent = JAN | {"utm_source": "google", "utm_term": "roof repair", "budget": "10k"}
    answer = await program(crm, address, sent, headers={"Referer": "https://acme.example/offers"})
    assert (answer.status, answer.json()) == (201, {"ok": True})
    lead = await models.Lead.get()
    assert (lead.name, lead.company_name, lead.phone, lead.source) == ("Jan Nowak", "Acme", "+48601234567", "site")
    assert lead.owner_id == ada.user_id
    assert ada.last == (
        "📥 Jan Nowak · Web form\nI need a roof\nPhone: 601 234 567\nCompany: Acme\nKey word: roof repair"
    )
    assert ada.buttons == ["✅ Dealt with", "Open"]
    assert (await models.Note.get(lead_id=lead.id)).text == (
        "Form Ask for an offer\nutm_source: google\nutm_term: roof repair\nbudget: 10k\npage: https://acme.example/offers"
    )
    call = await models.Activity.get(lead_id=lead.id)
    assert (call.kind, call.title, call.owner_id) == ("call", "Call within one hour", ada.user_id)
    assert call.due_wall == "2026-11-24T11:00:00"
    assert await models.Message.filter(answered=False).count() == 1, "it counts until somebody dealt with it"


async def test_the_owner_is_reminded_every_working_hour_until_it_is_done(crm: Crm, ada: Member, address: str) -> None:
    await program(crm, address, JAN)

    def reminders() -> list[str]:
        shown = [message.text or "" for message in ada.person.messages() if message.from_bot]
        return [text.split(":")[0] for text in shown if text.startswith("⏰") and "Call within" in text]

    await crm.advance(hours=1, minutes=1)
    assert reminders() == ["⏰ 15 min", "⏰ now"]
    await crm.advance(hours=2)
    assert reminders()[2:] == ["⏰ 1 h late", "⏰ 2 h late"]
    await crm.advance(hours=4)  # to 17:01
    assert len(reminders()) == 8
    await crm.advance(hours=14, minutes=58)  # nobody is woken
    assert len(reminders()) == 9  # at 18:00, the end of the day
    await crm.advance(hours=3, minutes=2)
    assert len(reminders()) == 11  # at 10:00 and 11:00
    await ada.tap("Done")
    assert len(reminders()) == 10  # the card shows what was done now
    await crm.advance(hours=5)
    assert len(reminders()) == 10


async def test_a_known_clients_form_goes_to_their_own_rep(crm: Crm, ada: Member, address: str) -> None:
    anna = await crm.join("rep", "Anna Rep")
    await anna.send("/contact Jan Nowak 601234567")
    await anna.send("/deal Jan Nowak 5k garage")
    await program(crm, address, JAN)
    assert anna.last.startswith("📥 Jan Nowak · Web form")
    contact, deal = await models.Contact.get(), await models.Deal.get()
    call = await models.Activity.filter(title="Call within one hour").get()
    assert (call.owner_id, call.contact_id, call.deal_id) == (anna.user_id, contact.id, deal.id)
    assert not await models.Lead.all().exists()


async def test_the_page_shows_the_form_and_thanks(crm: Crm, ada: Member, address: str) -> None:
    page = await crm.get(f"{address}?utm_term=roof%22%3E%3Cscript%3E")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<h1>Ask for an offer</h1>" in page.text
    assert "<script>" not in page.text
    assert 'name="utm_term" value="roof&quot;&gt;&lt;script&gt;"' in page.text
    thanks = await crm.post(address, form=JAN | {"utm_term": "roof", TRAP: ""})
    assert (thanks.status, "Thank you!" in thanks.text) == (200, True)
    assert (await models.Lead.get()).name == "Jan Nowak"


async def test_a_form_nobody_could_be_reached_by_comes_back_filled_in(crm: Crm, ada: Member, address: str) -> None:
    page = await crm.post(address, form={"name": 'J"><b>', "text": "roof", "utm_term": "x", "phone": "12"})
    assert page.status == 400
    assert 'role="alert">This is no phone number: 12.' in page.text
    assert 'value="J&quot;&gt;&lt;b&gt;"' in page.text
    assert ">roof</textarea>" in page.text
    assert 'name="utm_term" value="x"' in page.text
    answer = await program(crm, address, {"name": "Jan", "message": "roof"})
    assert (answer.status, answer.json()) == (
        400,
        {"error": "Leave a phone number or an e-mail address.", "fields": ["phone", "email"]},
    )
    assert not await models.Lead.all().exists()
    answer = await program(crm, address, {"name": "Jan", "phone": "at work", "email": "jan@example.com"})
    lead = await models.Lead.get()
    assert (answer.status, lead.email, lead.phone) == (201, "jan@example.com", None)
    assert "at work" in [note.text for note in await models.Note.filter(lead_id=lead.id)]


@pytest.mark.parametrize("pause", [0, 25, 50])
async def test_the_same_form_sent_twice_makes_one_lead(crm: Crm, ada: Member, address: str, pause: int) -> None:
    for _ in range(2):
        assert (await program(crm, address, JAN)).status == 201
        await crm.advance(seconds=pause)
    assert await models.Message.all().count() == await models.Activity.all().count() == 1
    await crm.advance(minutes=2)
    await program(crm, address, JAN)
    assert await models.Message.all().count() == 2
    assert await models.Lead.all().count() == 1


async def test_machines_are_thanked_and_forgotten(crm: Crm, ada: Member, address: str) -> None:
    assert "Thank you!" in (await crm.post(address, form=JAN | {TRAP: "http://spam"})).text
    assert not await models.Message.all().exists()


async def test_too_many_from_one_address_are_told_to_wait(crm: Crm, ada: Member, address: str) -> None:
    for number in range(10):
        assert (await program(crm, address, JAN | {"message": str(number)})).status == 201
    answer = await program(crm, address, JAN)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert (await crm.post(address, form=JAN)).status == 429
    assert (await program(crm, address, JAN, remote="192.0.2.99")).status == 201
    await crm.advance(minutes=1)
    assert (await program(crm, address, JAN | {"message": "later"})).status == 201


async def test_a_site_may_send_from_anywhere(crm: Crm, ada: Member, address: str) -> None:
    answer = await crm.request("OPTIONS", address, headers={"Origin": "https://acme.example"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert (await program(crm, address, JAN)).headers["Access-Control-Allow-Origin"] == "*"


async def test_what_cannot_be_read_is_answered_clearly(crm: Crm, address: str) -> None:
    answer = await crm.post(address, b"{", headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json()) == (400, {"error": "the body is no JSON"})
    answer = await crm.post(address, b"x" * 70_000, headers={"Content-Type": "application/json"})
    assert answer.status == 413


async def test_a_closed_form_takes_nothing_and_opens_again(crm: Crm, ada: Member, address: str) -> None:
    await ada.send("/webform")
    assert "Ask for an offer — source site" in ada.last
    await ada.tap("Ask for an offer")
    assert ada.card.text.startswith("The address of Ask for an offer is closed")
    assert (await crm.get(address)).status == 404
    assert (await program(crm, address, JAN)).status == 404
    await ada.tap("Open it again")
    assert (await program(crm, address, JAN)).status == 201
    assert (await program(crm, address[:-1] + ("A" if address[-1] != "A" else "B"), JAN)).status == 404


async def test_only_administrators_make_forms(crm: Crm, ada: Member, address: str) -> None:
    anna = await crm.join("rep", "Anna Rep")
    await anna.send("/webform Mine")
    assert await models.WebForm.all().count() == 1
    assert "http" not in anna.last
    await ada.send("/webform")
    data = next(b.get("callback_data") for row in ada.card.data["reply_markup"]["inline_keyboard"] for b in row)
    await anna.forge(data, anna.card)
    assert (await models.WebForm.get()).revoked_at is None


async def test_the_address_is_kept_as_a_hash(crm: Crm, ada: Member, address: str) -> None:
    secret = address.rpartition("/")[2]
    form = await models.WebForm.get()
    assert secret not in json.dumps([form.secret_hash, form.name, form.source])
    assert ada.last.count("this machine") == 1


async def test_without_an_administrator_who_takes_the_client_gets_the_call(crm: Crm, ada: Member, address: str) -> None:
    boss = await crm.join("manager", "Marta Boss")
    await models.User.filter(id=ada.user_id).update(active=False)
    await program(crm, address, JAN)
    assert boss.buttons == ["🙋 I take it"]
    await boss.tap("I take it")
    assert (await models.Activity.get()).owner_id == boss.user_id
    await crm.advance(hours=1, minutes=1)
    assert "⏰ now" in boss.seen


async def test_other_hours_are_the_administrators_choice(crm: Crm, ada: Member, address: str) -> None:
    await crm.set_up("web_form", call_within_minutes=30, remind_every_minutes=0)
    await program(crm, address, {"email": "jan@example.com"})
    planned = await models.Activity.get()
    assert (planned.kind, planned.title, planned.repeat_minutes) == ("email", "Write within 30 min", None)
    assert (await models.Lead.get()).title == "jan@example.com"
