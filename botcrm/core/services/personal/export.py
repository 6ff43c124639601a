"""All that is kept of a person, as one document and the files that belong to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.kinds import Action
from botcrm.core.models import CustomField
from botcrm.core.services.access import EVERYTHING, activity_sql, owned_sql, owners
from botcrm.core.services.personal.person import HANGING, Person, name_of, person_of
from botcrm.core.services.work import Work

# So many rows of one sort go into a document; nobody has more with one person.
_MOST = 50_000
# Columns that are kept beside the records for speed, and say nothing of their own.
_LEFT_OUT = ("counts_for", "counts_own", "version")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was sent about somebody: what opens it at Telegram, and what it is to be called."""

    file_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Document:
    """What is kept of a person: `content` is ready for JSON."""

    ref: str
    content: dict[str, Any]
    files: tuple[Kept, ...]

    def text(self, missing: Mapping[str, str] | None = None) -> str:
        """Return it as JSON.

        :param missing: why a file is not enclosed, by its name
        """
        content = self.content | ({"files_not_enclosed": dict(missing)} if missing else {})
        return json.dumps(content, ensure_ascii=False, indent=2, default=str)


async def gather(work: Work, entity: str, record_id: int) -> Document:
    """Gather all that is kept of a person, as far as the actor may take it out.

    Updates as Telegram sent them, what was typed about the person and every single change are for those who may export
    everybody's contacts.

    :raises NoPerson: it is no person
    :raises NotFound: there is none within reach
    :raises NotAllowed: the actor may not export all of the person's records
    """
    person = await person_of(work, entity, record_id, Action.EXPORT)
    content: dict[str, Any] = {"person": await name_of(person), "reference": person.ref, "at": work.now.isoformat()}
    fields = {str(one.id): one.name for one in await CustomField.all()}
    for table, ids in (("contact", person.contacts), ("lead", person.leads)):
        content[f"{table}s"] = await _rows(table, f"t.id IN ({_ids(ids)})", fields)
    reached = owned_sql("t.owner_id", owners(work.actor, "deal", Action.EXPORT))
    content["deals"] = await _rows(
        "deal", f"t.id IN ({_ids(person.deals)}) AND t.deleted_at IS NULL AND {reached}", fields
    )
    scope = activity_sql(work.actor, "t", Action.EXPORT)
    for table in HANGING:
        plural = "activities" if table == "activity" else f"{table}s"
        content[plural] = await _rows(table, f"t.deleted_at IS NULL AND {person.hanging_sql(table)} AND {scope}")
    for table, sql in (("tag", "record_id"), ("external_ref", "record_id")):
        content[f"{table}s"] = await _rows(table, _of(person, sql))
    if owners(work.actor, "contact", Action.EXPORT) is None and scope == EVERYTHING:
        content |= await _everything(person)
    files = tuple(Kept(row["file_id"], _file_name(row)) for row in content["files"] if row["file_id"])
    return Document(person.ref, content, files)


def _ids(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids)) or "0"


def _of(person: Person, column: str) -> str:
    parts = [f"(t.entity = 'contact' AND t.{column} IN ({_ids(person.contacts)}))"]
    parts.append(f"(t.entity = 'lead' AND t.{column} IN ({_ids(person.leads)}))")
    return f"({' OR '.join(parts)})"


def _file_name(row: Mapping[str, Any]) -> str:
    name = "".join(one if one.isalnum() or one in " .-_()" else "_" for one in row["name"] or "").strip(" .")
    return f"f{row['id']} {name}".strip()[:150] if name else f"f{row['id']}.{row['kind']}"


async def _rows(table: str, condition: str, fields: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    rows = await db.fetch(f"SELECT t.* FROM {table} t WHERE {condition} ORDER BY t.id LIMIT {_MOST}")
    return [_plain(row, fields or {}) for row in rows]


def _plain(row: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Return a row as people read it: JSON decoded, custom fields by their names."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in _LEFT_OUT:
            continue
        if name in ("more_phones", "more_emails", "custom", "before", "after", "args", "payload") and value:
            value = db.from_json(value)
        if name == "custom" and isinstance(value, dict):
            value = {fields.get(key, key): one for key, one in value.items()}
        found[name] = (
            str(value) if value is not None and not isinstance(value, str | int | float | list | dict) else value
        )
    return found


async def _everything(person: Person) -> dict[str, Any]:
    """Return the changes, what was typed, what was sent to them, and their updates as they came."""
    found: dict[str, Any] = {}
    found["changes"] = await _rows(
        "event",
        f"(t.contact_id IN ({_ids(person.contacts)}) OR t.lead_id IN ({_ids(person.leads)}) OR {_of(person, 'record_id')})",
    )
    found["lines"] = await _rows("line", _of(person, "record_id"))
    chats = _ids(person.telegram)
    found["sent"] = await _rows("outbox", f"t.audience = 'client' AND t.chat_id IN ({chats})")
    keys = ", ".join(f"'{one}'" for one in person.telegram) or "''"
    rows = await db.fetch(f"SELECT body, received_at FROM inbox WHERE chat_key IN ({keys}) ORDER BY id LIMIT {_MOST}")
    found["updates"] = [
        {"received_at": str(row["received_at"]), "update": json.loads(bytes(row["body"]))} for row in rows
    ]
    return found
