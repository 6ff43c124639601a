"""Looking through the tables for what tells of a person who is being erased, some rows at a time, and taking it out.

What is only a copy of what was said (lines, drafts, messages on their way, updates as they came) goes as a whole where it tells of
them; in everything else the telling words alone go.
"""

from tortoise import Tortoise
from tortoise.fields import CharField, JSONField, TextField
from tortoise.models import Model

from botcrm.core import db
from botcrm.core import models as core_models
from botcrm.core.domain.personal import GONE, Says, columns_that
from botcrm.core.models import Company, Deal
from botcrm.core.services.custom.recount import write_values
from botcrm.core.services.personal import copies
from botcrm.core.services.personal.scrubbing import Hunt, Row, Sweep, Table, clean, scrub, write
from botcrm.core.services.search.index import put_texts, text_id, text_words
from botcrm.core.services.work import Work

ROWS = 500


async def look_through(work: Work, hunt: Hunt, table: Table, after: int) -> tuple[int | None, int]:
    """Look through the next rows of a table; returns the last one's id, None behind the end, and how many told of the person."""
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(("id", *table.columns, *table.more)))
    rows = await db.fetch(f'SELECT {names} FROM "{table.name}" WHERE id > ? ORDER BY id LIMIT {ROWS}', after)
    if not rows:
        return None, 0
    return int(rows[-1]["id"]), await table.sweep(work, hunt, table, rows)


async def _words(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of each row."""
    return await scrub(hunt.strong, table, rows)


async def _asked(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of each row, single words of the person's names that nobody else has too."""
    return await scrub(hunt.only, table, rows)


async def _all_words(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of each row, a single name too."""
    return await scrub(hunt.loose, table, [row for row in rows if row["id"] != hunt.operation_id])


async def _texts(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Take the telling words out of notes, or of what activities say, and have search hear of it."""
    column = table.columns[0]
    changed = [row for row in rows if clean(table, row, column, hunt.strong) is not row[column]]
    await scrub(hunt.strong, table, changed)
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
        count = await scrub(hunt.loose if own else hunt.strong, table, [row])
        if count:
            work.forget_all(table.name)
            record = await model.get(id=row["id"])
            work.touch(record)
            await write_values(table.name, [(record.id, record.custom or {})])
            changed += count
    return changed


async def _of_a_plugin(work: Work, hunt: Hunt, table: Table, rows: list[Row]) -> int:
    """Empty a plugin's rows that hang on the person, and take the telling words out of its others."""
    theirs = [
        row for row in rows if row.get("contact_id") in hunt.person.contacts or row.get("lead_id") in hunt.person.leads
    ]
    for row in theirs:
        empty = {name: "null" if name in table.json else "" for name in table.columns if row[name] is not None}
        if empty:
            await write(table.name, row["id"], empty)
    known = {row["id"] for row in theirs}
    return len(theirs) + await scrub(hunt.strong, table, [row for row in rows if row["id"] not in known])


# --- which tables ------------------------------------------------------------------------------------------------------------

_ABOUT = ("entity", "record_id")
# How a table is swept where it is not by taking the telling words out, and which columns that needs. Lines come first: what came
# in, and what was answered, goes by them.
_SPECIAL: dict[str, tuple[Sweep, tuple[str, ...]]] = {
    "line": (copies.lines, _ABOUT),
    "event": (copies.events, (*_ABOUT, "contact_id", "lead_id")),
    "draft": (copies.drafts, ()),
    "outbox": (copies.outbox, (*_ABOUT, "chat_id", "line_id", "state")),
    "inbox": (copies.updates, ("chat_key", "state")),
    "press": (copies.presses, ()),
    "outgoing_file": (copies.files_out, ()),
    "rule_run": (copies.runs, _ABOUT),
    "duplicate_group": (copies.groups, ("entity", "members")),
    "operation": (_all_words, ()),
    "job": (_all_words, ()),
    **dict.fromkeys(copies.ASKED, (_asked, ())),
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
