"""The pinned message that shows a person their counters: sent once, then edited, only where a number has changed.

It is looked at a few seconds after a change (many changes are one look), and when the next deadline or the end of the day
changes a number by itself.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.kinds import Lane
from botcrm.core.services.derived.counters import Counters, counters_of, next_change
from botcrm.core.services.staff.people import Person, person_by_id
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob

KIND = "counters.show"
NOTICE = "counters"
# A person's message is edited no more often than this.
EVERY = timedelta(seconds=5)
# After this an edit also looks whether the message is still pinned.
CHECK_EVERY = timedelta(hours=1)
_COUNTED = frozenset({"deal", "activity", "message", "user"})
_GIVEN_UP = ("failed", "dropped", "unsure")


def shown_key(user_id: int) -> str:
    """Return the key of the job that looks at a person's counters."""
    return f"counters:{user_id}"


async def plan_counters(work: Work) -> None:
    """Look soon at the counters of those whom this work concerns and who have them pinned."""
    for event in work.events:
        if isinstance(event, SettingChanged) and event.after.get("key") in ("pinned", "count_by"):
            people = [event.record_id] if event.record_id else await _everybody()
            # Whoever switches them on anew may have lost the message: an edit finds out.
            await db.execute(
                f"UPDATE pinned_counters SET shown = '' WHERE user_id IN ({', '.join(map(str, people)) or '0'})"
            )
            await _soon(work, people)
    if not any(event.entity in _COUNTED for event in work.events):
        return
    if await db.fetch_one("SELECT 1 AS y FROM pinned_counters LIMIT 1") is None:
        return
    concerned = ", ".join(str(int(user_id)) for user_id in sorted(await _concerned(work)))
    if concerned:
        await _soon(work, await db.column(f"SELECT user_id FROM pinned_counters WHERE user_id IN ({concerned})"))


async def _everybody() -> list[int]:
    return await db.column('SELECT id FROM "user" WHERE active ORDER BY id')


async def _concerned(work: Work) -> set[int]:
    """Return whose counters a work may have changed: who has its records now, and who had them before."""
    found: set[int] = set()
    deals: set[int] = set()
    for event in work.events:
        found |= {int(side["owner_id"]) for side in (event.before, event.after) if side.get("owner_id")}
        record = work.kept(event.entity, event.record_id)
        owner = getattr(record, "owner_id", None)
        found |= {owner} if owner else set()
        deals |= {deal_id for deal_id in (event.about.get("deal"), event.before.get("deal_id")) if deal_id}
        if event.type == "WorkHandedOver":
            found |= {event.record_id, int(event.after["to_id"])}
    if deals:
        marks = ", ".join(str(int(deal_id)) for deal_id in sorted(deals))
        found |= set(
            await db.column(f"SELECT DISTINCT owner_id FROM deal WHERE id IN ({marks}) AND owner_id IS NOT NULL")
        )
    return found


async def _soon(work: Work, people: Iterable[int]) -> None:
    for user_id in sorted(people):
        # One look for all that happens within the next seconds: a job that is to run by then stays as it is.
        job = await db.fetch_one("SELECT state, run_at FROM job WHERE key = ?", shown_key(user_id))
        moment = work.now + EVERY
        if job and job["state"] == "waiting" and db.moment_needed(job["run_at"]) <= moment:
            continue
        await work.plan_job(KIND, shown_key(user_id), moment, user_id=user_id)


async def show_counters(work: Work, job: DueJob) -> None:
    """Send a person's counters, or edit what shows them; and look again when they change by themselves."""
    user_id = int(job.payload["user_id"])
    person = await person_by_id(work.prefs, user_id)
    row = await db.fetch_one("SELECT * FROM pinned_counters WHERE user_id = ?", user_id)
    if person is None or person.telegram_id is None or not person.prefs.pinned:
        if row:
            await _take_off(work, row, person)
        return
    found = await counters_of(person.prefs, work.now, {user_id: person.prefs.zone})
    now = found.get(user_id, Counters())
    shown = f"{now.incoming}:{now.planned}:{now.overdue}"
    again = await next_change(person.prefs, work.now, user_id)
    if row is None:
        outbox_id = await work.tell(user_id, person.telegram_id, NOTICE, lane=Lane.BROADCAST)
        await db.execute(
            "INSERT INTO pinned_counters (user_id, outbox_id, shown, shown_at) VALUES (?, ?, ?, ?)",
            user_id,
            outbox_id,
            shown,
            work.now,
        )
        again = work.now + EVERY
    elif row["message_id"] is None and not await _pin(work, row, person):
        again = work.now + EVERY
    if row and row["shown"] != shown and (message_id := await _message(row)):
        check = work.now - db.moment_needed(row["shown_at"]) >= CHECK_EVERY or not row["shown"]
        await work.tell(
            user_id,
            person.telegram_id,
            NOTICE,
            lane=Lane.BROADCAST,
            message_id=message_id,
            check=check,
        )
        await db.execute(
            "UPDATE pinned_counters SET shown = ?, shown_at = ? WHERE user_id = ?", shown, work.now, user_id
        )
    await work.plan_job(KIND, job.key, max(again, work.now + EVERY), user_id=user_id)


async def show_anew(work: Work, user_id: int, message_id: int) -> None:
    """Forget the message that showed a person's counters, because it is gone, and send another soon."""
    row = await db.fetch_one("SELECT outbox_id, message_id FROM pinned_counters WHERE user_id = ?", user_id)
    if row and message_id == await _message(row):
        await db.execute("DELETE FROM pinned_counters WHERE user_id = ?", user_id)
        await _soon(work, [user_id])


async def _message(row: dict[str, Any]) -> int | None:
    """Return the message that shows the counters, once Telegram said which it is."""
    if row["message_id"]:
        return int(row["message_id"])
    sent = await db.fetch_one("SELECT message_id FROM outbox WHERE id = ?", row["outbox_id"])
    return int(sent["message_id"]) if sent and sent["message_id"] else None


async def _pin(work: Work, row: dict[str, Any], person: Person) -> bool:
    """Pin the message that was sent; tells whether there is nothing left to wait for."""
    sent = await db.fetch_one("SELECT message_id, state FROM outbox WHERE id = ?", row["outbox_id"])
    if sent is None or sent["state"] in _GIVEN_UP:
        # It never arrived: the next look sends another.
        await db.execute("DELETE FROM pinned_counters WHERE user_id = ?", person.id)
        return False
    if sent["message_id"] is None or person.telegram_id is None:
        return False
    payload = {"chat_id": person.telegram_id, "message_id": sent["message_id"], "disable_notification": True}
    await work.send(person.telegram_id, "pinChatMessage", payload, lane=Lane.BROADCAST, user_id=person.id)
    await db.execute("UPDATE pinned_counters SET message_id = ? WHERE user_id = ?", sent["message_id"], person.id)
    return True


async def _take_off(work: Work, row: dict[str, Any], person: Person | None) -> None:
    await db.execute("DELETE FROM pinned_counters WHERE user_id = ?", row["user_id"])
    if person and person.telegram_id and row["message_id"]:
        payload = {"chat_id": person.telegram_id, "message_id": row["message_id"]}
        await work.send(person.telegram_id, "unpinChatMessage", payload, lane=Lane.BROADCAST, user_id=person.id)
