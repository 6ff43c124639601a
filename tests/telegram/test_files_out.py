"""Files made here: kept until they are sent, sent once, and over real HTTP as a form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from botcrm import CrmError, services
from botcrm.core import db
from botcrm.core.services.files_out import MOST_BYTES
from botcrm.simulator import Simulator, Telegram
from botcrm.telegram.api import ApiError, HttpTransport
from botcrm.testing import Crm, Member

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x38\x00\x00\x02\x00\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url)
    yield running
    await running.stop()


@pytest.fixture
async def anna(crm: Crm) -> Member:
    return await crm.join("rep", "Anna")


async def test_a_file_goes_out_with_the_commit_and_is_then_forgotten(crm: Crm, anna: Member) -> None:
    async with crm.work() as work:
        await services.send_file(work, anna.person.id, "a/b.csv", b"a,b\r\n", "<b>Two</b> letters")
    await crm.settle()
    data = anna.card.data
    assert (data["document"]["file_name"], data["caption"]) == ("a_b.csv", "Two letters")
    assert crm.telegram.files.get(data["document"]["file_id"]).data == b"a,b\r\n"
    assert await db.fetch("SELECT id FROM outgoing_file") == []


async def test_a_png_shows_as_a_picture(crm: Crm, anna: Member) -> None:
    async with crm.work() as work:
        await services.send_file(work, anna.person.id, "chart.png", PNG)
    await crm.settle()
    assert anna.card.data["photo"][-1]["width"] == 1080


async def test_nothing_goes_out_where_the_work_fails(crm: Crm, anna: Member) -> None:
    before = len(anna.person.messages())

    async def failing() -> None:
        async with crm.work() as work:
            await services.send_file(work, anna.person.id, "a.csv", b"a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    await crm.settle()
    assert len(anna.person.messages()) == before
    assert await db.fetch("SELECT id FROM outgoing_file") == []


async def test_a_file_survives_a_restart_and_a_refusal_for_now(crm: Crm, anna: Member) -> None:
    crm.telegram.fail_next("sendDocument", 502, "Bad Gateway", times=2)
    async with crm.work() as work:
        await services.send_file(work, anna.person.id, "a.csv", b"kept")
    await crm.restart(minutes=1)
    await crm.advance(minutes=1)
    documents = [m.data["document"] for m in anna.person.messages() if "document" in m.data]
    assert len(documents) == 1
    assert crm.telegram.files.get(documents[0]["file_id"]).data == b"kept"


async def test_a_file_that_went_out_before_a_crash_is_not_sent_again(crm: Crm, anna: Member) -> None:
    async with crm.work() as work:
        outbox_id = await services.send_file(work, anna.person.id, "a.csv", b"once")
    await crm.settle()
    await db.execute("UPDATE outbox SET state = 'waiting', lease_until = NULL WHERE id = ?", outbox_id)
    await crm.restart()
    assert len([m for m in anna.person.messages() if "document" in m.data]) == 1


async def test_what_telegram_would_not_take_is_refused_at_once(crm: Crm, anna: Member) -> None:
    for content in (b"", b"x" * (MOST_BYTES + 1)):
        async with crm.work() as work:
            with pytest.raises(CrmError):
                await services.send_file(work, anna.person.id, "a.csv", content)


async def test_over_http_a_file_goes_as_a_form() -> None:
    simulator = Simulator(Telegram())
    await simulator.start()
    simulator.telegram.bot("1:secret")
    person = simulator.telegram.person(7, "Anna")
    person.start()
    transport = HttpTransport(simulator.base_url, "1:secret")
    markup: dict[str, Any] = {"inline_keyboard": [[{"text": "Hi", "callback_data": "x"}]]}
    payload = {"chat_id": 7, "caption": "<b>ж</b>", "parse_mode": "HTML", "reply_markup": markup}
    try:
        await transport.call("sendDocument", payload, files={"document": ('żółć\r\n "1".csv', b"\x00\xff")})
        with pytest.raises(ApiError):
            await transport.call("sendDocument", {"chat_id": 8}, files={"document": ("a", b"a")})
    finally:
        await transport.close()
        await simulator.stop()
    data = person.last().data
    assert data["caption"] == "ж"
    assert data["reply_markup"] == markup
    assert data["document"]["file_name"] == 'żółć "1".csv'
    assert simulator.telegram.files.get(data["document"]["file_id"]).data == b"\x00\xff"
