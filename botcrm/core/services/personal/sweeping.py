"""Looking through the tables for what tells of a person who is being erased, some rows at a time, and taking it out.

What is only a copy of what was said (lines, drafts, messages on their way, updates as they came) goes as a whole where it tells of
them; in everything else the telling words alone go.
"""

import html
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tortoise import Tortoise
from tortoise.fields import CharField, JSONField, TextField
from tortoise.models import Model

from botcrm.core import db
from botcrm.core import models as core_models
from botcrm.core.domain.personal import GONE, Says, Traces, bared, columns_that, scrubbed
from botcrm.core.models import Company, Deal
from botcrm.core.services.custom.recount import write_values
from botcrm.core.services.personal.person import Person, linked
from botcrm.core.services.search.index import put_texts, text_id, text_words
from botcrm.core.services.work import Work

ROWS = 500
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hunt:
    """Whom to look for.

    :ivar strong: what tells of them wherever it stands
    :ivar loose: what tells of them in a copy or a log, a single name, too
    :ivar sayings: how things begin that were said with them, in small letters
    :ivar operation_id: the operation that looks, which is passed over
    """

    person: Person
    strong: re.Pattern[str]
    loose: re.Pattern[str]
    sayings: tuple[str, ...]
    operation_id: int

    @classmethod
    def of(cls, person: Person, strong: Traces, loose: Traces, sayings: Iterable[str], operation_id: int) -> "Hunt":
        """Make it of traces."""
        nobody = re.compile(r"(?!)")
        return cls(person, strong.pattern() or nobody, loose.pattern() or nobody, tuple(sayings), operation_id)

    def in_copy(self, text: str) -> bool:
        """Tell whether a copy tells of the person."""
        if self.loose.search(text):
            return True
        low = text.lower()
        return any(saying in low for saying in self.sayings)


@dataclass(frozen=True, slots=True)
class Table:
    """A table to look through: its columns of words, those of them that hold JSON, and how one row is dealt with."""

    name: str
    columns: tuple[str, ...]
    json: frozenset[str]
    more: tuple[str, ...]
    sweep: "Sweep"


Sweep = Callable[[Work, Hunt, Table, list[Row]], Awaitable[int]]


async def look_through(work: Work, hunt: Hunt, table: Table, after: int) -> tuple[int | None, int]:
    """Look through the next rows of a table; returns the last one's id, None behind the end, and how many told of the person."""
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(("id", *table.columns, *table.more)))
    rows = await db.fetch(f'SELECT {names} FROM "{table.name}" WHERE id > ? ORDER BY id LIMIT {ROWS}', after)
    if not rows:
        return None, 0
    return int(rows[-1]["id"]), await table.sweep(work, hunt, table, rows)


# --- texts -----------------------------------------------------------------------------------------------------------------


def _clean(table: Table, row: Row, column: str, pattern: re.Pattern[str]) -> Any:
    """Return a column's value without what tells of the person; the same object where nothing does."""
    value = row[column]
    if value is None:
        return value
    if column not in table.json:
        text = str(value)
        return pattern.sub(GONE, text) if pattern.search(text) else value
    if isinstance(value, str) and "\\u" not in value and not pattern.search(value):
        return value
    document = db.from_json(value)
    clean = scrubbed(document, pattern)
    return value if clean == document else db.to_json(clean)


async def _write(table: str, row_id: int, values: Row) -> None:
    columns = ", ".join(f'"{name}" = ?' for name in values)
    await db.execute(f'UPDATE "{table}" SET {columns} WHERE id = ?', *values.values(), row_id)


async def _delete(table: str, ids: Iterable[int]) -> None:
    await db.execute_many(f'DELETE FROM "{table}" WHERE id = ?', [(one,) for one in ids])


async def _words(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of each row."""
    return await _scrub(hunt.strong, table, rows)


async def _all_words(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of each row, a single name too."""
    return await _scrub(hunt.loose, table, [row for row in rows if row["id"] != hunt.operation_id])


async def _scrub(pattern: re.Pattern[str], table: Table, rows: list[Row]) -> int:
    changed = 0
    for row in rows:
        clean = {name: _clean(table, row, name, pattern) for name in table.columns}
        values = {name: value for name, value in clean.items() if value is not row[name]}
        if values:
            await _write(table.name, row["id"], values)
            changed += 1
    return changed


def _copied(hunt: Hunt, table: Table, row: Row) -> bool:
    """Tell whether one of a row's columns is a copy of what tells of the person."""
    return any(hunt.in_copy(html.unescape(_readable(table, row, name))) for name in table.columns if row[name])


def _readable(table: Table, row: Row, column: str) -> str:
    value = row[column]
    if column in table.json and not (isinstance(value, str) and "\\u" not in value):
        return json.dumps(db.from_json(value), ensure_ascii=False)
    return str(value)


def _tells(table: Table, row: Row, pattern: re.Pattern[str]) -> bool:
    return any(_clean(table, row, name, pattern) is not row[name] for name in table.columns)


async def _texts(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of notes, or of what activities say, and have search hear of it."""
    column = table.columns[0]
    changed = [row for row in rows if _clean(table, row, column, hunt.strong) is not row[column]]
    await _scrub(hunt.strong, table, changed)
    put = [
        (text_id(table.name, row["id"]), text_words(hunt.strong.sub(GONE, row[column]), row["owner_id"]))
        for row in changed
        if row["deleted_at"] is None
    ]
    await put_texts(put)
    return len(changed)


async def _searched(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of companies and deals, and have search hear of it; of the person's own deals any name."""
    model: type[Company] | type[Deal] = Deal if table.name == "deal" else Company
    changed = 0
    for row in rows:
        own = table.name == "deal" and row["id"] in hunt.person.deals
        count = await _scrub(hunt.loose if own else hunt.strong, table, [row])
        if count:
            work.forget_all(table.name)
            record = await model.get(id=row["id"])
            work.touch(record)
            await write_values(table.name, [(record.id, record.custom or {})])
            changed += count
    return changed


# --- what is only a copy ---------------------------------------------------------------------------------------------------


async def _events(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
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
            clean = {name: _clean(table, row, name, hunt.strong) for name in table.columns}
            values = {name: value for name, value in clean.items() if value is not row[name]}
        if values:
            await _write(table.name, row["id"], values)
            changed += 1
    return changed


async def _lines(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty the lines about the person, and take single names out of others."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows if row["entity"]))
    theirs = [row for row in rows if (row["entity"], row["record_id"]) in own or hunt.strong.search(row["text"])]
    await db.execute_many("UPDATE line SET text = '' WHERE id = ?", [(row["id"],) for row in theirs])
    return len(theirs) + await _scrub(hunt.loose, table, _besides(rows, theirs))


def _besides(rows: list[Row], known: list[Row]) -> list[Row]:
    ids = {row["id"] for row in known}
    return [row for row in rows if row["id"] not in ids]


async def _drafts(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Drop the questions that are about the person, and take single names out of others."""
    refs: dict[int, tuple[str, int]] = {}
    for row in rows:
        data = db.from_json(row["data"]) or {}
        if isinstance(data.get("record_id"), int) and isinstance(data.get("entity"), str):
            refs[row["id"]] = (data["entity"], data["record_id"])
    own = await linked(hunt.person, refs.values())
    theirs = [row for row in rows if refs.get(row["id"]) in own or _tells(table, row, hunt.strong)]
    await _delete("draft", (row["id"] for row in theirs))
    return len(theirs) + await _scrub(hunt.loose, table, _besides(rows, theirs))


async def _outbox(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty what was, or is to be, sent about the person or to them; of what waits for others only the telling words go."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows if row["entity"]))
    lines = await _emptied(row["line_id"] for row in rows if row["line_id"])
    theirs = []
    for row in rows:
        client = row["chat_id"] in hunt.person.telegram
        about = client or (row["entity"], row["record_id"]) in own or row["line_id"] in lines
        waits = row["state"] in ("waiting", "sending")
        if not about and not (_tells(table, row, hunt.strong) if waits else _copied(hunt, table, row)):
            continue
        values: Row = {"args": "{}", "payload": "{}", "error": ""}
        values |= {"state": "dropped"} if row["state"] in ("waiting", "unsure") else {}
        values |= {"chat_id": 0} if client else {}
        await _write("outbox", row["id"], values)
        theirs.append(row)
    return len(theirs) + await _scrub(hunt.loose, table, _besides(rows, theirs))


async def _emptied(line_ids: Iterable[int]) -> set[int]:
    """Return those of some lines that were emptied: lines are looked through first."""
    ids = ", ".join(str(int(one)) for one in line_ids)
    return set(await db.column(f"SELECT id FROM line WHERE id IN ({ids}) AND text = ''")) if ids else set()


async def _updates(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Delete the updates of the person's own chat, and empty those of others that tell of them."""
    chats = {str(one) for one in hunt.person.telegram}
    gone = [row["id"] for row in rows if row["chat_key"] in chats and row["state"] != "new"]
    await _delete("inbox", gone)
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


async def _presses(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Forget what the person pressed."""
    starts = tuple(f"{one}:" for one in hunt.person.telegram)
    ids = [row["id"] for row in rows if row["key"].startswith(starts) or hunt.strong.search(row["key"])]
    await _delete("press", ids)
    return len(ids)


async def _files_out(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Delete files that wait and tell of the person: tables and texts, as others cannot be read here."""
    ids = [
        row["id"]
        for row in rows
        if hunt.strong.search(row["name"]) or hunt.strong.search(bytes(row["content"]).decode("utf-8", "ignore"))
    ]
    await _delete("outgoing_file", ids)
    return len(ids)


async def _runs(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty what rules did for the person."""
    own = await linked(hunt.person, ((row["entity"], row["record_id"]) for row in rows))
    theirs = [row["id"] for row in rows if (row["entity"], row["record_id"]) in own]
    await db.execute_many("UPDATE rule_run SET did = '[]', error = '' WHERE id = ?", [(one,) for one in theirs])
    others = [row for row in rows if (row["entity"], row["record_id"]) not in own]
    return len(theirs) + await _scrub(hunt.strong, table, others)


async def _groups(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Delete the groups of duplicates that the person is in."""
    own = set(hunt.person.records)
    ids = [
        row["id"]
        for row in rows
        if any((row["entity"], member.get("id")) in own for member in db.from_json(row["members"]) or ())
        or _tells(table, row, hunt.strong)
    ]
    await _delete("duplicate_group", ids)
    return len(ids)


async def _of_a_plugin(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty a plugin's rows that hang on the person, and take the telling words out of its others."""
    theirs = [
        row for row in rows if row.get("contact_id") in hunt.person.contacts or row.get("lead_id") in hunt.person.leads
    ]
    for row in theirs:
        empty = {name: "null" if name in table.json else "" for name in table.columns if row[name] is not None}
        if empty:
            await _write(table.name, row["id"], empty)
    known = {row["id"] for row in theirs}
    return len(theirs) + await _scrub(hunt.strong, table, [row for row in rows if row["id"] not in known])


# --- which tables ------------------------------------------------------------------------------------------------------------

_ABOUT = ("entity", "record_id")
# How a table is swept where it is not by taking the telling words out, and which columns that needs. Lines come first: what came
# in, and what was answered, goes by them.
_SPECIAL: dict[str, tuple[Sweep, tuple[str, ...]]] = {
    "line": (_lines, _ABOUT),
    "event": (_events, (*_ABOUT, "contact_id", "lead_id")),
    "draft": (_drafts, ()),
    "outbox": (_outbox, (*_ABOUT, "chat_id", "line_id", "state")),
    "inbox": (_updates, ("chat_key", "state")),
    "press": (_presses, ()),
    "outgoing_file": (_files_out, ()),
    "rule_run": (_runs, _ABOUT),
    "duplicate_group": (_groups, ("entity", "members")),
    "operation": (_all_words, ()),
    "job": (_all_words, ()),
    "note": (_texts, ("owner_id", "deleted_at")),
    "activity": (_texts, ("owner_id", "deleted_at")),
    "deal": (_searched, ()),
    "company": (_searched, ()),
}


def tables() -> list[Table]:
    """Return the tables to look through, in their order: the product's, then those of the plugins that are loaded."""
    texts = columns_that(Says.TEXT) | {"duplicate_group": ["members"]}
    texts.pop("tag", None)  # only those of the person's own records go
    order = [*_SPECIAL, *(name for name in texts if name not in _SPECIAL)]
    models = {getattr(core_models, name)._meta.db_table: getattr(core_models, name) for name in core_models.__all__}
    found = []
    for name in order:
        sweep, more = _SPECIAL.get(name, (_words, ()))
        found.append(Table(name, tuple(texts[name]), _json_of(models[name]), more, sweep))
    return found + _of_plugins()


def _json_of(model: type[Model]) -> frozenset[str]:
    return frozenset(name for name, field in model._meta.fields_map.items() if isinstance(field, JSONField))


def _of_plugins() -> list[Table]:
    apps = Tortoise.apps
    found = []
    for app, models in sorted((apps.apps if apps else {}).items()):
        for model in models.values() if app != "core" else ():
            impersonal = frozenset(getattr(model, "impersonal", ()))
            texts = tuple(
                name
                for name, field in model._meta.fields_map.items()
                if isinstance(field, CharField | TextField | JSONField) and name not in impersonal and not field.pk
            )
            more = tuple(name for name in ("contact_id", "lead_id") if name in model._meta.fields_db_projection)
            if texts and model._meta.pk_attr == "id":
                found.append(Table(model._meta.db_table, texts, _json_of(model), more, _of_a_plugin))
    return found
