"""The calendar address in the chat and over HTTP, and an activity as a calendar file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar

from botcrm.core import db
from botcrm.testing import Crm, Member
from botcrm.web.calendar import calendar_routes
from botcrm.web.health import build_app


@pytest.fixture
async def web(crm: Crm) -> AsyncIterator[TestClient[Any, Any]]:
    """Serve what the bot serves."""
    async with TestClient(TestServer(build_app(crm.app, routes=calendar_routes(crm.app)))) as client:
        yield client


async def address(member: Member) -> str:
    """Have an address made and return its path."""
    await member.send("/calendar")
    await member.tap("address")
    await member.crm.settle()
    link = next(line for line in reversed(member.seen.splitlines()) if line.startswith("http"))
    return "/" + link.split("/", 3)[3]


def events(content: bytes) -> list[Any]:
    """Return a calendar's events by their text."""
    return sorted(Calendar.from_ical(content).walk("VEVENT"), key=lambda event: str(event["summary"]))


async def test_the_address_shows_what_is_planned(anna: Member, bob: Member, web: TestClient[Any, Any]) -> None:
    assert "It has no address." in await anna.send("/calendar")
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    await anna.send("/call Anna Nowak 15:00 send offer")
    await anna.send("task order nails tomorrow")
    await anna.send("task every mon 9:00 standup")
    await bob.send("task 14:00 bobs secret")
    path = await address(anna)
    answer = await web.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    content = await answer.read()
    call, nails, standup = sorted(events(content), key=lambda event: int(str(event["uid"]).split("-")[1].split("@")[0]))
    assert str(call["summary"]) == "send offer — Anna Nowak (Acme)"
    assert "+48601234567" in str(call["description"])
    assert call.to_ical().count(b"BEGIN:VALARM") == 1
    assert b"DTSTART:20261124T140000Z" in call.to_ical()
    assert b"DTSTART;VALUE=DATE:20261125" in nails.to_ical()
    assert b"RRULE:FREQ=WEEKLY;BYDAY=MO" in standup.to_ical()
    assert b"DTSTART;TZID=Europe/Warsaw:20261130T090000" in standup.to_ical()
    assert b"BEGIN:VTIMEZONE" in content
    assert b"secret" not in content
    again = await web.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


async def test_a_new_address_makes_the_old_one_useless(anna: Member, web: TestClient[Any, Any]) -> None:
    first = await address(anna)
    second = await address(anna)
    assert first != second
    assert [(await web.get(path)).status for path in (first, second)] == [404, 200]
    await anna.send("/calendar")
    assert (await anna.tap("Switch off")).startswith("✅ The address is good no more.")
    assert (await web.get(second)).status == 404
    assert (await web.get("/calendar/x.ics")).status == 404


async def test_the_secret_is_nowhere_in_the_database(anna: Member) -> None:
    secret = (await address(anna)).split("/")[-1].removesuffix(".ics")
    for table in ("outbox", "event", "setting", "calendar_feed", "inbox", "line", "draft"):
        assert secret not in repr(await db.fetch(f"SELECT * FROM {table}")), table


async def test_who_has_left_has_no_calendar(anna: Member, web: TestClient[Any, Any]) -> None:
    path = await address(anna)
    await db.execute('UPDATE "user" SET active = ? WHERE id = ?', False, anna.user_id)
    assert (await web.get(path)).status == 404


async def test_an_activity_as_a_file(anna: Member, crm: Crm) -> None:
    admin = await crm.join("admin", "Root")
    await admin.send("/settings holidays PL")
    await anna.send("task every first working day 9:00 report")
    await anna.send("a1")
    await anna.tap("Calendar file")
    name, content = anna.files[-1]
    assert name == "activity-1.ics"
    (report,) = events(content)
    assert str(report["summary"]) == "report"
    assert b"RRULE" not in content, "a calendar does not know the company's working days"
    assert b"20270101" not in content.replace(b"\r\n ", b"")
    assert b"20270104T090000" in content.replace(b"\r\n ", b"")


async def test_without_a_time_there_is_no_file(anna: Member) -> None:
    await anna.send("task order nails")
    await anna.tap("No time")
    assert "It has no time yet" in await anna.forge("ic:1", anna.card)
    assert anna.files == []


async def test_an_address_of_this_machine_is_said_to_be_one(
    anna: Member, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await anna.send("/calendar")
    assert "Google, Apple and Outlook calendars can read" not in said
    assert "the administrator sets BOTCRM_PUBLIC_URL" in said
    await address(anna)
    assert anna.seen.count("the administrator sets BOTCRM_PUBLIC_URL") >= 2, "with the address too"
    settings = crm.app.settings.model_copy(update={"public_url": "https://crm.example.com"})
    monkeypatch.setattr(crm.app.hooks, "_settings", settings)
    said = await anna.send("/calendar")
    assert "Google, Apple and Outlook calendars can read" in said
    assert "BOTCRM_PUBLIC_URL" not in said
