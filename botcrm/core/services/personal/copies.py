"""What is only a copy of what was said about a person: lines, drafts, messages on their way, updates, events, what rules did."""

import json
from collections.abc import Iterable
from typing import Any

from botcrm.core import db
from botcrm.core.domain.personal import bared
from botcrm.core.services.personal.person import linked
from botcrm.core.services.personal.scrubbing import (
    Hunt,
    Row,
    Table,
    besides,
    cleaned,
    copied,
    delete,
    scrub,
    tells,
    write,
)
from botcrm.core.services.work import Work

# What people ask for again and again: one word of a name in it tells who is meant.
ASKED = frozenset({"saved_filter", "report_question"})


async def events(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Leave of the person's own events what is no word of theirs, and take the telling words out of the others."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows))
    changed = 0
    for row in rows:
        theirs = (
            row["contact_id"] in hunt.person.contacts
            or row["lead_id"] in hunt.person.leads
            or (row["entity"], row["record_id"]) in own
        )
        if theirs:
            values = {name: db.to_json(bared(db.from_json(row[name]) or {})) for name in table.columns}
            values = {name: value for name, value in values.items() if db.from_json(value) != db.from_json(row[name])}
        else:
            values = cleaned(table, row, hunt.only if row["entity"] == "filter" else hunt.strong)
        if values:
            await write(table.name, row["id"], values)
            changed += 1
    return changed


async def lines(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty the lines about the person, and take single names out of others."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows if row["entity"]))
    theirs = [row for row in rows if (row["entity"], row["record_id"]) in own or hunt.strong.search(row["text"])]
    await db.execute_many("UPDATE line SET text = '' WHERE id = ?", [(row["id"],) for row in theirs])
    return len(theirs) + await scrub(hunt.loose, table, besides(rows, theirs))


async def drafts(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Drop the questions that are about the person, and take single names out of others."""
    refs: dict[int, tuple[str, int]] = {}
    for row in rows:
        data = db.from_json(row["data"]) or {}
        if isinstance(data.get("record_id"), int) and isinstance(data.get("entity"), str):
            refs[row["id"]] = (data["entity"], data["record_id"])
    own = await linked(hunt.person, refs.values())
    theirs = [row for row in rows if refs.get(row["id"]) in own or tells(table, row, hunt.strong)]
    await delete("draft", (row["id"] for row in theirs))
    return len(theirs) + await scrub(hunt.loose, table, besides(rows, theirs))


async def outbox(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty what was, or is to be, sent about the person or to them; of what waits for others only the telling words go."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows if row["entity"]))
    lines = await _emptied(row["line_id"] for row in rows if row["line_id"])
    theirs = []
    for row in rows:
        client = row["chat_id"] in hunt.person.telegram
        about = client or (row["entity"], row["record_id"]) in own or row["line_id"] in lines
        waits = row["state"] in ("waiting", "sending")
        if not about and not (tells(table, row, hunt.strong) if waits else copied(hunt, table, row)):
            continue
        values: Row = {"args": "{}", "payload": "{}", "error": ""}
        values |= {"state": "dropped"} if row["state"] in ("waiting", "unsure") else {}
        values |= {"chat_id": 0} if client else {}
        await write("outbox", row["id"], values)
        theirs.append(row)
    return len(theirs) + await scrub(hunt.loose, table, besides(rows, theirs))


async def _emptied(line_ids: Iterable[int]) -> set[int]:
    """Return those of some lines that were emptied: lines are looked through first."""
    ids = ", ".join(str(int(one)) for one in line_ids)
    return set(await db.column(f"SELECT id FROM line WHERE id IN ({ids}) AND text = ''")) if ids else set()


async def updates(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Delete the updates of the person's own chat, and empty those of others that tell of them."""
    chats = {str(one) for one in hunt.person.telegram}
    gone = [row["id"] for row in rows if row["chat_key"] in chats and row["state"] != "new"]
    await delete("inbox", gone)
    ids = []
    for row in rows:
        if row["chat_key"] in chats or row["state"] == "new":
            continue
        body = json.loads(bytes(row["body"]))
        if (
            hunt.in_copy(json.dumps(body, ensure_ascii=False))
            or hunt.loose.search(row["error"])
            or await _of_emptied(body)
        ):
            ids.append(row["id"])
    await db.execute_many(
        "UPDATE inbox SET body = ?, error = '', state = 'done', done_at = coalesce(done_at, ?) WHERE id = ?",
        [(b"{}", work.now, one) for one in ids],
    )
    return len(gone) + len(ids)


async def _of_emptied(body: Any) -> bool:
    """Tell whether an update brought a line that was emptied."""
    message = body.get("message") or body.get("edited_message") if isinstance(body, dict) else None
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(chat, dict):
        return False
    row = await db.fetch_one(
        "SELECT 1 AS y FROM line WHERE chat_id = ? AND message_id = ? AND text = ''",
        int(chat.get("id") or 0),
        int(message.get("message_id") or 0),
    )
    return row is not None


async def presses(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Forget what the person pressed."""
    starts = tuple(f"{one}:" for one in hunt.person.telegram)
    ids = [row["id"] for row in rows if row["key"].startswith(starts) or hunt.strong.search(row["key"])]
    await delete("press", ids)
    return len(ids)


async def files_out(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Delete files that wait and tell of the person: tables and texts, as others cannot be read here."""
    ids = [
        row["id"]
        for row in rows
        if hunt.strong.search(row["name"]) or hunt.strong.search(bytes(row["content"]).decode("utf-8", "ignore"))
    ]
    await delete("outgoing_file", ids)
    return len(ids)


async def runs(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty what rules did for the person."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows))
    theirs = [row["id"] for row in rows if (row["entity"], row["record_id"]) in own]
    await db.execute_many("UPDATE rule_run SET did = '[]', error = '' WHERE id = ?", [(one,) for one in theirs])
    others = [row for row in rows if (row["entity"], row["record_id"]) not in own]
    return len(theirs) + await scrub(hunt.strong, table, others)


async def groups(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Delete the groups of duplicates that the person is in."""
    own = set(hunt.person.records)
    ids = [
        row["id"]
        for row in rows
        if any((row["entity"], member.get("id")) in own for member in db.from_json(row["members"]) or ())
        or tells(table, row, hunt.strong)
    ]
    await delete("duplicate_group", ids)
    return len(ids)
