"""The timeline of a record: what is planned, and what happened around it, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.models import Activity, File, Record
from botcrm.core.services.access import EVERYTHING, MERGED, NOTHING, activity_sql, merged_into, owned_sql, owners
from botcrm.core.services.work import Work

# What a timeline can be narrowed to besides the kinds of activity, which go by their own names.
GROUPS = ("activity", "note", "file", "message", "change")
_HANGING = ("activity", "note", "file", "message")
# Events looked through at once for what is asked for; a page ends after so many of these stretches even when it is not full.
_STRETCH = 1000
_STRETCHES = 5
_LAST = 2**62


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline; `at` is aware UTC.

    :ivar who: the person or the client who did it; botcrm where it went by itself
    :ivar undoes: it took something back, so that its fields before are those that came of what was done
    :ivar again: what it took back had itself taken something back: that was done anew
    """

    id: int
    at: datetime
    who: str
    type: str
    entity: str
    record_id: int
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """Something planned that a timeline begins with."""

    id: int
    kind: str
    title: str
    due_at: datetime | None
    has_time: bool
    deadline_at: datetime | None
    owner: str


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page of a timeline, newest first.

    :ivar older: what `before` continues with; None on the last page
    :ivar newer: what `after` goes back with; None on the first page
    :ivar above_at: when the last entry of the page above happened; None on the first page
    :ivar files: the files of this page that can be opened
    """

    entries: tuple[Entry, ...]
    planned: tuple[Planned, ...]
    more_planned: int
    older: int | None
    newer: int | None
    above_at: datetime | None
    files: tuple[File, ...]


async def timeline(
    work: Work, record: Record, *, kind: str = "", size: int = 8, before: int | None = None, after: int | None = None
) -> TimelinePage:
    """Return a page of what happened around a record that the actor reaches; the first one begins with what is planned.

    :param kind: one of GROUPS, or the name of a kind of activity; everything where empty
    :param before: go on below this event
    :param after: go back to what stands right above this event
    """
    await work.flush()
    above = (await _read(work, record, kind, size + 1, after=after))[0] if after is not None else []
    over: int | None
    older: int | None
    if len(above) > size:
        # `over` is the entry right above the page.
        entries, over = above[-size:], above[-size - 1].id
        older = entries[-1].id
    else:
        over = before if after is None else None
        entries, older_edge = await _read(work, record, kind, size + 1, before=over)
        older = entries[size - 1].id if len(entries) > size else older_edge
        entries = entries[:size]
    newer = (entries[0].id if entries else over - 1) if over is not None else None
    planned, more = await _planned(work, record, kind) if over is None else ((), 0)
    row = await db.fetch_one("SELECT at FROM event WHERE id = ?", over) if over is not None else None
    above_at = db.moment(row["at"]) if row else None
    return TimelinePage(tuple(entries), planned, more, older, newer, above_at, await _files(entries))


def _about(record: Record, went: Sequence[int]) -> tuple[str, list[Any]]:
    """Return the condition that an event is about a record, or about one of those that went into it."""
    entity = record._meta.db_table
    if went:
        return f"e.{entity}_id IN ({', '.join('?' * (len(went) + 1))})", [record.id, *went]
    if entity in ("deal", "contact", "company", "lead"):
        return f"e.{entity}_id = ?", [record.id]
    return "e.entity = ? AND e.record_id = ?", [entity, record.id]


def _of_kind(kind: str) -> tuple[str, list[Any]]:
    if not kind:
        return EVERYTHING, []
    if kind == "change":
        return f"e.entity NOT IN ({', '.join('?' * len(_HANGING))})", list(_HANGING)
    if kind in GROUPS:
        return "e.entity = ?", [kind]
    return "e.entity = 'activity' AND EXISTS (SELECT 1 FROM activity a WHERE a.id = e.record_id AND a.kind = ?)", [kind]


async def _read(
    work: Work, record: Record, kind: str, most: int, *, before: int | None = None, after: int | None = None
) -> tuple[list[Entry], int | None]:
    """Return events newest first, and where to go on where looking ended early.

    One stretch of the index after the other is looked through, so that a kind that hardly occurs costs no more than others.
    """
    entity = record._meta.db_table
    went = await merged_into(entity, record.id) if entity in MERGED else []
    about, about_values = _about(record, went)
    reached = _reached(work, record, went)
    of_kind, kind_values = _of_kind(kind)
    up = after is not None
    edge = after if after is not None else before if before is not None else _LAST
    order, beyond = ("ASC", "e.id > ?") if up else ("DESC", "e.id < ?")
    found: list[Entry] = []
    for _ in range(_STRETCHES):
        row = await db.fetch_one(
            "SELECT count(*) AS n, min(s.id) AS low, max(s.id) AS high FROM "
            f"(SELECT e.id FROM event e WHERE {about} AND {beyond} ORDER BY e.id {order} LIMIT {_STRETCH}) AS s",
            *about_values,
            edge,
        )
        assert row is not None
        if not row["n"]:
            return _newest_first(found), None
        rows = await db.fetch(
            "SELECT e.*, u.name AS who, coalesce(c.name, l.name) AS client, e.undoes IS NOT NULL AND EXISTS (SELECT 1 FROM event t "
            'WHERE t.work_id = e.undoes AND t.undoes IS NOT NULL) AS again FROM event e LEFT JOIN "user" u ON u.id = e.actor_id '
            "LEFT JOIN message m ON e.entity = 'message' AND m.id = e.record_id LEFT JOIN contact c ON c.id = m.contact_id "
            f"LEFT JOIN lead l ON l.id = m.lead_id WHERE {about} AND e.id >= ? AND e.id <= ? AND {of_kind} AND {reached} "
            f"ORDER BY e.id {order} LIMIT {int(most - len(found))}",
            *about_values,
            row["low"],
            row["high"],
            *kind_values,
        )
        found += [_entry(one) for one in rows]
        if len(found) >= most or int(row["n"]) < _STRETCH:
            return _newest_first(found), None
        edge = int(row["high"] if up else row["low"])
    return _newest_first(found), edge


def _newest_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: -entry.id)


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        row["id"],
        db.moment_needed(row["at"]),
        row["who"] or row["client"] or "botcrm",
        row["type"],
        row["entity"],
        row["record_id"],
        db.from_json(row["before"]),
        db.from_json(row["after"]),
        row["undoes"] is not None,
        bool(row["again"]),
    )


def _reached(work: Work, record: Record, went: Sequence[int]) -> str:
    """Return the condition that an event is about nothing out of reach: a shared company must not tell of others' deals.

    What hangs on no deal is there for whoever has the client by now, whoever did it.
    """
    if isinstance(record, Activity):
        return EVERYTHING  # its own events only, and it is within reach
    activities = owners(work.actor, "activity")
    hanging = EVERYTHING
    if activities is not None and not activities:
        hanging = f"e.entity NOT IN ({', '.join(repr(one) for one in _HANGING)})"
    deals = owned_sql("d.owner_id", owners(work.actor, "deal"))
    if deals == EVERYTHING:
        return hanging
    clients = " OR ".join(
        f"EXISTS (SELECT 1 FROM {entity} r WHERE r.id = e.{entity}_id{alone} AND {owned_sql('r.owner_id', people)})"
        for entity, alone, people in (
            ("lead", "", owners(work.actor, "lead")),
            ("contact", "", owners(work.actor, "contact")),
            # A company is shared: what was written there and of no client of it is there for whoever has it.
            ("company", " AND e.lead_id IS NULL AND e.contact_id IS NULL", activities),
        )
    )
    own = f"(e.entity = '{record._meta.db_table}' AND e.record_id = {int(record.id)})"
    if went:
        # Whose it was before it went into this one is no matter: it is reached by way of this one.
        alone = " AND e.lead_id IS NULL AND e.contact_id IS NULL" if record._meta.db_table == "company" else ""
        own = f"({own} OR (e.{record._meta.db_table}_id IN ({', '.join(map(str, went))}){alone}))"
    loose = f"(e.actor_id IS NULL OR {owned_sql('e.actor_id', activities)} OR {own} OR {clients})"
    return (
        f"{hanging} AND ((e.deal_id IS NULL AND {loose}) OR "
        f"EXISTS (SELECT 1 FROM deal d WHERE d.id = e.deal_id AND {deals}))"
    )


async def _planned(work: Work, record: Record, kind: str, most: int = 5) -> tuple[tuple[Planned, ...], int]:
    """Return what is planned on a record, the next first, and how much more there is."""
    if kind in GROUPS and kind != "activity":
        return (), 0
    if isinstance(record, Activity):
        condition = "a.id = ?"
    else:
        condition = f"a.{record._meta.db_table}_id = ?"
    scope = activity_sql(work.actor, "a")
    if record._meta.db_table == "deal" and scope != NOTHING:
        scope = EVERYTHING  # whoever reaches a deal reaches what hangs on it
    values: list[Any] = [record.id]
    if kind and kind not in GROUPS:
        condition, values = f"{condition} AND a.kind = ?", [*values, kind]
    where = f"{condition} AND a.status = 'planned' AND a.deleted_at IS NULL AND {scope}"
    rows = await db.fetch(
        "SELECT a.id, a.kind, a.title, a.due_at, a.has_time, a.deadline_at, u.name AS owner FROM activity a "
        f'LEFT JOIN "user" u ON u.id = a.owner_id WHERE {where} '
        f"ORDER BY a.deadline_at IS NULL, a.deadline_at, a.id LIMIT {int(most)}",
        *values,
    )
    more = 0
    if len(rows) == most:
        row = await db.fetch_one(
            f"SELECT count(*) AS n FROM (SELECT 1 FROM activity a WHERE {where} LIMIT 1000) AS c", *values
        )
        more = int(row["n"]) - most if row else 0
    return tuple(
        Planned(
            row["id"],
            row["kind"],
            row["title"],
            db.moment(row["due_at"]),
            bool(row["has_time"]),
            db.moment(row["deadline_at"]),
            row["owner"] or "botcrm",
        )
        for row in rows
    ), more


async def _files(entries: list[Entry]) -> tuple[File, ...]:
    """Return the files that entries tell of and that are still there, in the order of the entries."""
    ids = list(dict.fromkeys(entry.record_id for entry in entries if entry.type == "FileAdded"))
    if not ids:
        return ()
    found = {file.id: file for file in await File.filter(id__in=ids, deleted_at=None)}
    return tuple(found[file_id] for file_id in ids if file_id in found)
