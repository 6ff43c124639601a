"""The whole bot as a process of its own, as a person starts it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crash.site import TOKEN, Site, last


def _sooner(site: Site, activity_id: int, due: datetime) -> None:
    """Move an activity's time and reminder in the database, as a minute of waiting would."""
    text = due.isoformat(" ")
    with contextlib.closing(sqlite3.connect(site.path, timeout=600)) as connection, connection:
        connection.execute("UPDATE activity SET due_at = ?, deadline_at = ? WHERE id = ?", (text, text, activity_id))
        payload = json.dumps({"activity_id": activity_id, "deadline": due.isoformat(), "early": False})
        key = f"remind:{activity_id}"
        changed = connection.execute("UPDATE job SET run_at = ?, payload = ? WHERE key = ?", (text, payload, key))
        assert changed.rowcount == 1


def _moment(stored: Any) -> datetime:
    return datetime.fromisoformat(stored)


async def test_a_line_makes_a_deal_an_activity_and_a_reminder_in_time(site: Site) -> None:
    anna = await site.rep(7, "Anna")
    await site.start()
    sent = anna.send("/deal Acme 12k roof repair next in 1m send offer")
    await site.until(lambda: "Acme roof repair" in last(anna), "the deal's card")
    ((activity_id, due_at, created_at),) = site.query("SELECT id, due_at, created_at FROM activity")
    # A minute from when it was said, or read by a bot that was busy: never from anything else.
    said = datetime.fromtimestamp(sent.data["date"], UTC)
    assert said <= _moment(due_at) - timedelta(minutes=1) <= _moment(created_at)

    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    _sooner(site, activity_id, due)
    reminded = "SELECT sent_at FROM outbox WHERE notice = 'activity_due' AND record_id = ? AND state = 'sent'"
    await site.until(lambda: site.query(reminded, activity_id), "the reminder")
    assert "send offer" in last(anna)
    assert "⏰" in last(anna)
    ((sent_at,),) = site.query(reminded, activity_id)
    assert _moment(sent_at) >= due
    await site.stop()

    (deal,) = await site.export("deals")
    assert (deal["title"], float(deal["amount"]), deal["currency"]) == ("roof repair", 12000, "PLN")
    assert (deal["company"], deal["owner"], deal["status"]) == ("Acme", "Anna", "open")
    assert datetime.fromisoformat(deal["next_activity_at"]) == due
    (row,) = await site.export("activities")
    assert (row["title"], row["status"], row["deal_id"], row["owner"]) == ("send offer", "planned", deal["id"], "Anna")
    assert datetime.fromisoformat(row["due_at"]) == due
    types = [event["type"] for event in await site.export("events")]
    assert {"CompanyCreated", "DealCreated", "ActivityPlanned"} <= set(types)


async def test_what_goes_wrong_on_the_way_stops_nothing(site: Site) -> None:
    """An update that is none, one that no library knows, a 429, a text over the limit, HTML in a client's name."""
    anna = await site.rep(7, "Anna")
    client = site.telegram.person(9, first_name="<b>Jan</b> & Co <script>", language_code="en")
    (ada,) = await site.staff("admin", {8: "Ada"})
    await site.start()
    await site.until(lambda: "Welcome" in last(anna), "the bot's welcome")

    site.telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 2", retry_after=2, chat_id=7)
    asked = time.monotonic()
    anna.send("/deal Acme 12k roof repair")
    site.telegram.push_raw_update(TOKEN, b'{"update_id": 7000, "message": {"text": "cut o')
    site.telegram.push_raw_update(TOKEN, b"not even that")
    site.telegram.push_raw_update(TOKEN, {"message": {"message_id": "many", "chat": 5}})
    long = "/note Acme " + "long & <wide> " * 280
    anna.send(long[:4096])
    anna.send("/deal <i>Beta</i> 5k <script>alert(1)</script>")
    client.send("Hello, I need a roof")
    await site.until(lambda: site.number("SELECT count(*) FROM deal") == 2, "both deals")
    await site.until(lambda: any("need a roof" in message.text for message in ada.messages()), "word of the client")
    await site.until(lambda: "Beta" in last(anna), "the last answer")
    assert time.monotonic() - asked >= 2
    assert any("<b>Jan</b> & Co <script>" in message.text for message in ada.messages())
    assert any("Acme roof repair" in message.text for message in anna.messages() if message.from_bot)
    assert "<i>Beta</i>" in last(anna)

    await site.until(lambda: site.updates("new") == 0, "an empty inbox")
    assert site.updates("quarantined") >= 1
    assert site.query("SELECT update_id FROM inbox WHERE error = 'not readable as JSON'") == [(7000,)]
    anna.send("/deal Gamma 1k after all that")
    await site.until(lambda: "Gamma" in last(anna), "an answer after all that")
    await site.until(lambda: site.number("SELECT count(*) FROM outbox WHERE state = 'waiting'") == 0, "all sent")
    await site.stop()
    assert next(deal["title"] for deal in await site.export("deals")) == "roof repair"
    assert site.number("SELECT count(*) FROM note WHERE length(text) > 3800") == 1
    unsent = site.query(
        "SELECT state, chat_id, method, notice, error FROM outbox WHERE state NOT IN ('sent', 'dropped')"
    )
    assert unsent == []
