"""Who wrote: the same client is one record, whatever they write over and however often a provider repeats itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyDone
from botcrm.core.domain.messages import Incoming, IncomingFile, lane_number, short_key
from botcrm.core.models import Activity, Contact, File, Lead, Message, Note, User
from botcrm.core.services import activities, leads, records
from botcrm.core.services.clients.inbound import (
    NoWayBack,
    answer_client,
    deal_with,
    edit_message,
    receive_message,
    take_client,
)
from tests.core.services.conftest import Office


async def receive(office: Office, text: str = "hello", channel: str = "sms", **values: Any) -> Message:
    values = {"address": "+48601234567", **values}
    async with office.as_(None) as work:
        message_id = await receive_message(work, channel, Incoming(text=text, **values))
    return await Message.get(id=message_id)


async def test_a_stranger_becomes_one_lead_with_all_that_is_known(office: Office) -> None:
    first = await receive(office, name=" Jan  Nowak", phone="601 234 567", email="Jan@Example.com", company="Acme")
    lead = await Lead.get(id=first.lead_id)
    assert (lead.title, lead.name, lead.company_name, lead.source) == ("Jan Nowak", "Jan Nowak", "Acme", "sms")
    assert (lead.phone, lead.email, lead.owner_id) == ("+48601234567", "jan@example.com", office.admin.id)
    assert (first.owner_id, first.answered, first.answerable) == (office.admin.id, False, True)
    again = await receive(office, "me again", channel="mail", address="x", email="jan@example.com")
    assert again.lead_id == lead.id
    assert await Lead.all().count() == 1


async def test_a_lead_learns_what_a_later_message_tells(office: Office) -> None:
    await receive(office, address="session-1", name="Jan")
    later = await receive(office, address="session-1", phone="601 234 567")
    assert (await Lead.get(id=later.lead_id)).phone == "+48601234567"
    assert await Lead.all().count() == 1


@pytest.mark.parametrize(
    "marks", [{"phone": "+48 601 234 567"}, {"email": "JAN@example.com"}, {"telegram_id": 500}, {"address": "talk-7"}]
)
async def test_a_contact_is_known_by_each_mark(office: Office, marks: dict[str, Any]) -> None:
    async with office.as_(office.anna) as work:
        jan = await records.add_contact(work, "Jan", phone="601234567", email="jan@example.com", telegram_id=500)
    if "address" in marks:
        await receive(office, address="talk-7", phone="601234567")
    message = await receive(office, **({"address": "elsewhere"} | marks))
    assert (message.contact_id, message.lead_id, message.owner_id) == (jan.id, None, office.anna.id)
    assert not await Lead.all().exists()


async def test_a_shared_number_is_decided_by_the_address_then_by_the_name(office: Office) -> None:
    async with office.as_(office.anna) as work:
        for name, email in (("Ewa", "ewa@acme.pl"), ("Jan", "jan@acme.pl"), ("Adam", None)):
            await records.add_contact(work, name, phone="601234567", email=email)
    found = [
        await receive(office, address="1", phone="601234567", email="jan@acme.pl"),
        await receive(office, address="2", phone="601234567", name="adam"),
        await receive(office, address="3", phone="601234567"),
    ]
    names = [(await Contact.get(id=message.contact_id)).name for message in found]
    assert names == ["Jan", "Adam", "Ewa"]


async def test_a_converted_lead_leads_to_its_contact(office: Office) -> None:
    lead_id = (await receive(office, name="Jan", phone="601234567")).lead_id
    assert lead_id
    async with office.as_(office.admin) as work:
        deal = await leads.convert_lead(work, lead_id)
        await records.change_record(work, Contact, deal.contact_id or 0, phone=None)
    by_number = await receive(office, address="elsewhere", phone="601234567")
    by_talk = await receive(office)
    assert by_number.contact_id == by_talk.contact_id == deal.contact_id
    assert by_talk.deal_id == deal.id
    assert await Lead.all().count() == 1


async def test_whose_lead_was_given_up_is_a_new_lead(office: Office) -> None:
    first = await receive(office, phone="601234567")
    async with office.as_(office.admin) as work:
        await leads.lose_lead(work, first.lead_id or 0, "no answer")
    assert (await receive(office, phone="601234567")).lead_id != first.lead_id


async def test_a_number_that_is_none_is_kept_as_a_note(office: Office) -> None:
    message = await receive(office, address="form", phone="ask at the desk", email="jan at example")
    lead = await Lead.get(id=message.lead_id)
    assert (lead.phone, lead.email) == (None, None)
    assert (await Note.get(lead_id=lead.id)).text == "ask at the desk\njan at example"


async def test_the_same_message_again_has_no_effect(office: Office) -> None:
    await receive(office, external_id="m1")
    async with office.as_(None) as work:
        assert await receive_message(work, "sms", Incoming("+48601234567", "hello", "m1")) is None
        assert await receive_message(work, "sms", Incoming("+48601234567", "hello", "m2"))
        # Telegram counts the messages of each chat by itself.
        assert await receive_message(work, "sms", Incoming("+48700", "hello", "m1"))
    assert await Message.all().count() == 3


@pytest.mark.parametrize("migrated_url", ["postgres"], indirect=True)
async def test_the_same_message_twice_at_once_is_kept_once(office: Office) -> None:
    async def take(number: int) -> int | None:
        async with office.as_(None) as work:
            return await receive_message(work, "sms", Incoming("+48601234567", "hello", f"m{number % 2}"))

    taken = await asyncio.gather(*(take(number) for number in range(8)))
    assert len([message for message in taken if message]) == 2
    assert (await Message.all().count(), await Lead.all().count()) == (2, 1)


async def test_long_addresses_and_ids_are_kept_whole_or_known_by_their_hash(office: Office) -> None:
    address = "a" * 60 + "@" + "b" * 60 + ".example.com"
    message = await receive(office, channel="mail", address=address, external_id="<" + "x" * 200 + "@mail>")
    assert (message.address, message.chat_id) == (address, short_key(address))
    async with office.as_(None) as work:
        assert await receive_message(work, "mail", Incoming(address, "again", "<" + "x" * 200 + "@mail>")) is None
        assert await edit_message(work, "mail", address, "<" + "x" * 200 + "@mail>", "better")
    async with office.as_(office.admin) as work:
        sent = await answer_client(work, message.id, "hello back")
    assert (sent.address, (await Message.get(id=message.id)).answered) == (address, True)


async def test_a_file_of_a_channel_is_kept_with_where_to_fetch_it(office: Office) -> None:
    message = await receive(office, "see", file=IncomingFile("plan.pdf", "application/pdf", 7, "https://x/plan"))
    file = await File.get(lead_id=message.lead_id)
    assert (file.file_id, file.channel, file.url, file.name) == ("", "sms", "https://x/plan", "plan.pdf")


async def test_what_carries_no_answers_waits_for_somebody_to_deal_with_it(office: Office) -> None:
    async with office.as_(None) as work:
        message_id = await receive_message(work, "web_form", Incoming("x", "call me"), answerable=False)
    assert not (await Message.get(id=message_id)).answered
    async with office.as_(office.admin) as work:
        with pytest.raises(NoWayBack):
            await answer_client(work, message_id or 0, "hello")
        await deal_with(work, message_id or 0)
        with pytest.raises(AlreadyDone):
            await deal_with(work, message_id or 0)
    assert (await Message.get(id=message_id)).answered


async def test_an_answer_goes_to_its_channel_in_the_order_of_the_address(office: Office) -> None:
    message = await receive(office)
    async with office.as_(office.admin) as work:
        await answer_client(work, message.id, "one")
        await answer_client(work, message.id, "two")
        rows = await _outbox(work.outbox_ids)
    assert [row["method"] for row in rows] == ["channel:sms"] * 2
    assert {row["chat_id"] for row in rows} == {lane_number("sms", "+48601234567")}
    assert {row["audience"] for row in rows} == {"client"}


async def _outbox(ids: list[int]) -> list[dict[str, Any]]:
    marks = ", ".join("?" * len(ids))
    return await db.fetch(f"SELECT * FROM outbox WHERE id IN ({marks}) ORDER BY id", *ids)


async def test_who_takes_a_client_gets_what_is_planned_for_them(office: Office) -> None:
    await User.filter(id=office.admin.id).update(active=False)
    message = await receive(office)
    assert message.owner_id is None
    async with office.as_(None) as work:
        planned = await activities.plan_activity(work, "call", "call them", None, lead_id=message.lead_id)
    async with office.as_(office.boss) as work:
        await take_client(work, message.id)
    assert (await Activity.get(id=planned.id)).owner_id == office.boss.id
