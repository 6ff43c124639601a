"""Dictionaries: the words that lists, sources and lost reasons are chosen from, kept in order by whoever may.

A list field keeps a word's id, so that a new name shows wherever it stands. A source and a lost reason stand on deals and leads as
they were written: renaming them there is a change of many records, done as an operation.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.custom_errors import BadName, NoSuchWord, TooManyFields, WordTaken
from botcrm.core.domain.events import (
    ChoiceAdded,
    ChoiceChanged,
    DealChanged,
    Event,
    LeadChanged,
    RecordDeleted,
    RecordRestored,
)
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.models import Choice, Deal, Lead, Operation
from botcrm.core.services.access import demand, may, owned_sql, owners
from botcrm.core.services.custom import known as own_fields
from botcrm.core.services.operations import operations
from botcrm.core.services.work import Work

# What botcrm itself takes from a dictionary, and what every company sorts its customers by; the words are gettext ids.
SHIPPED: dict[str, tuple[str, tuple[str, ...]]] = {
    "source": ("Sources", ("Website", "Referral", "Advertising", "Social media", "Phone call", "Event", "Cold call")),
    "lost_reason": ("Lost reasons", ("Price", "Competitor", "No budget", "No answer", "Not now")),
    "result": (
        "Results of calls",
        ("Agreed", "Thinking it over", "Wants an offer", "Wrong number", "Not interested"),
    ),
    "industry": (
        "Industries",
        (
            "Construction",
            "Manufacturing",
            "Retail",
            "Transport",
            "IT",
            "Services",
            "Health",
            "Education",
            "Public sector",
        ),
    ),
    "segment": ("Segments", ("Key account", "Medium", "Small", "Private person")),
}
# Where a dictionary's words stand as they are written: (model, column, event, entity).
TEXTS: dict[str, tuple[tuple[type[Deal] | type[Lead], str, type[Event], str], ...]] = {
    "source": ((Deal, "source", DealChanged, "deal"), (Lead, "source", LeadChanged, "lead")),
    "lost_reason": ((Deal, "lost_reason", DealChanged, "deal"), (Lead, "lost_reason", LeadChanged, "lead")),
}
KIND = "words"
_MOST = 200
_LONGEST = 100
_AT_ONCE = 100
# What separates words where several are written after one another.
_BREAKS = str.maketrans(dict.fromkeys(",;、，\n\t", " "))


async def choices(dictionary: str) -> tuple[Choice, ...]:
    """Return a dictionary's words in order, without the deleted ones."""
    return tuple(await Choice.filter(dictionary=dictionary, deleted_at=None).order_by("position", "id"))


async def dictionaries() -> dict[str, int]:
    """Return every dictionary that has words or is taken by a field, with how many words it has; the shipped ones first."""
    rows = await db.fetch("SELECT dictionary, count(*) AS n FROM choice WHERE deleted_at IS NULL GROUP BY dictionary")
    counts = {row["dictionary"]: int(row["n"]) for row in rows}
    used = {one.dictionary for one in (await own_fields.known()).fields if one.dictionary}
    others = sorted((counts.keys() | used) - SHIPPED.keys())
    return {name: counts.get(name, 0) for name in (*SHIPPED, *others)}


def clean_word(text: str) -> str:
    """Return a word as a dictionary keeps it.

    :raises BadName: there is nothing in it, or too much
    """
    name = " ".join(text.translate(_BREAKS).split())
    if not name or len(name) > _LONGEST:
        raise BadName(value=name[:40], most=_LONGEST)
    return name


async def choice_of(work: Work, choice_id: int, action: Action = Action.READ) -> Choice:
    """Return a word that is in its dictionary.

    :raises NoSuchWord: it is not any more
    :raises NotAllowed: the actor may not do this to words
    """
    if action != Action.READ:
        demand(work, "choice", action)
    found = await Choice.filter(id=choice_id, deleted_at=None).first() if 0 < choice_id < 2**31 else None
    if found is None:
        raise NoSuchWord
    return found


async def word_of(work: Work, choice_id: int, dictionary: str) -> str:
    """Return a word of a dictionary, for whoever fills in a record with it.

    :raises NoSuchWord: it is not there any more
    """
    found = await choice_of(work, choice_id)
    if found.dictionary != dictionary:
        raise NoSuchWord
    return found.name


async def add_choice(work: Work, dictionary: str, name: str) -> Choice:
    """Add a word at the end of a dictionary; one that was deleted comes back, for all that still holds it.

    :raises WordTaken: it is there already
    """
    demand(work, "choice", Action.ADD)
    name = clean_word(name)
    standing = await choices(dictionary)
    if any(fold(one.name) == fold(name) for one in standing):
        raise WordTaken(name=name)
    if len(standing) >= _MOST:
        raise TooManyFields(most=_MOST)
    position = max((one.position for one in standing), default=0) + 1
    return await _put(work, dictionary, name, position)


async def _put(work: Work, dictionary: str, name: str, position: int) -> Choice:
    """Put a word in its place: the very one that was deleted, where there was one, else a new one."""
    gone = await Choice.filter(dictionary=dictionary, deleted_at__isnull=False, merged_into_id=None).order_by("-id")
    same = next((one for one in gone if fold(one.name) == fold(name)), None)
    if same is not None:
        return await work.change(same, RecordRestored, deleted_at=None, name=name, position=position)
    return await work.create(Choice, ChoiceAdded, dictionary=dictionary, name=name, position=position)


async def add_choices(work: Work, dictionary: str, text: str) -> list[Choice]:
    """Add the words that were typed with commas or on lines of their own; those that are there already are passed over."""
    standing = {fold(one.name) for one in await choices(dictionary)}
    added = []
    for piece in text.replace("\n", ",").replace(";", ",").split(","):
        if piece.strip() and fold(clean_word(piece)) not in standing:
            added.append(await add_choice(work, dictionary, piece))
            standing.add(fold(added[-1].name))
    return added


async def rename_choice(work: Work, choice_id: int, name: str) -> Choice:
    """Call a word otherwise wherever a list holds it; where records hold its text, see `rewrite`.

    :raises WordTaken: there is such a word already: merge the two
    """
    found = await choice_of(work, choice_id, Action.CHANGE)
    name = clean_word(name)
    if any(fold(one.name) == fold(name) and one.id != found.id for one in await choices(found.dictionary)):
        raise WordTaken(name=name)
    return await work.change(found, ChoiceChanged, name=name)


async def replace_choice(work: Work, choice_id: int, name: str) -> Choice:
    """Put a new word in a word's place from now on: what holds the old one keeps it."""
    found = await choice_of(work, choice_id, Action.CHANGE)
    name = clean_word(name)
    if any(fold(one.name) == fold(name) for one in await choices(found.dictionary)):
        raise WordTaken(name=name)
    await work.change(found, RecordDeleted, deleted_at=work.now)
    return await _put(work, found.dictionary, name, found.position)


async def move_choice(work: Work, choice_id: int, up: bool) -> Choice:
    """Change a word's place with the one before or behind it."""
    found = await choice_of(work, choice_id, Action.CHANGE)
    order = list(await choices(found.dictionary))
    place = next(n for n, one in enumerate(order) if one.id == found.id)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
        for position, one in enumerate(order, 1):
            if one.position != position:
                await work.change(one, ChoiceChanged, position=position)
    return await choice_of(work, choice_id)


async def merge_choice(work: Work, choice_id: int, into_id: int) -> Choice:
    """Have one word stand for another as well, wherever a list holds that one; it can no longer be chosen itself."""
    found = await choice_of(work, choice_id, Action.CHANGE)
    main = await choice_of(work, into_id, Action.CHANGE)
    if found.id == main.id or found.dictionary != main.dictionary:
        raise NoSuchWord
    await work.change(found, RecordDeleted, deleted_at=work.now, merged_into_id=main.id)
    return main


async def delete_choice(work: Work, choice_id: int) -> Choice:
    """Take a word out of its dictionary; what holds it keeps it, undo brings it back."""
    found = await choice_of(work, choice_id, Action.DELETE)
    return await work.change(found, RecordDeleted, deleted_at=work.now)


async def usage(choice: Choice) -> int:
    """Count the records that hold a word."""
    fields = [str(one.id) for one in (await own_fields.known()).fields if one.dictionary == choice.dictionary]
    count = 0
    if fields:
        row = await db.fetch_one(
            f"SELECT count(*) AS n FROM (SELECT DISTINCT entity, record_id FROM field_value "
            f"WHERE field_id IN ({', '.join(fields)}) AND measure = ?) AS one",
            float(choice.id),
        )
        count += int(row["n"]) if row else 0
    for _, column, _, table in TEXTS.get(choice.dictionary, ()):
        row = await db.fetch_one(
            f"SELECT count(*) AS n FROM {table} WHERE {column} = ? AND deleted_at IS NULL", choice.name
        )
        count += int(row["n"]) if row else 0
    return count


async def propose(work: Work, dictionary: str, text: str | None) -> str | None:
    """Return the word as the dictionary writes it where it has it, the text itself where it has not."""
    wanted = fold(text or "")
    if not wanted:
        return None
    found = next((one.name for one in await choices(dictionary) if fold(one.name) == wanted), None)
    return found or text


def may_add(work: Work) -> bool:
    """Tell whether the actor may add words."""
    return may(work.actor, "choice", Action.ADD)


# --- where records hold the text itself ----------------------------------------------------------------------------------


async def rewrite(work: Work, dictionary: str, old: str, new: str, *, chat_id: int | None = None) -> Operation | None:
    """Write a word otherwise on all deals and leads that hold it and that the actor may change; None where none do.

    It is an operation: a piece at a time, with its progress in the chat, taken back as a whole.
    """
    demand(work, "choice", Action.CHANGE)
    total = sum(
        [await _holding(work, model, column, table, old) for model, column, _, table in TEXTS.get(dictionary, ())]
    )
    if not total or old == new:
        return None
    params: dict[str, Any] = {"dictionary": dictionary, "old": old, "new": new, "total": total}
    operation = await operations.start(work, KIND, "deal", f"{old} → {new}", params=params, chat_id=chat_id)
    await operations.run(work, operation)
    return operation


async def _holding(work: Work, model: type[Deal] | type[Lead], column: str, table: str, text: str) -> int:
    reached = owned_sql("owner_id", owners(work.actor, table, Action.CHANGE))
    row = await db.fetch_one(
        f"SELECT count(*) AS n FROM {table} WHERE {column} = ? AND deleted_at IS NULL AND {reached}", text
    )
    return int(row["n"]) if row else 0


async def rewrite_piece(work: Work, operation: Operation) -> bool:
    """Write a word otherwise on the next records that hold it; True when nothing is left."""
    params = operation.params
    places = TEXTS[params["dictionary"]]
    progress = dict(operation.progress) or {"place": 0, "after": 0}
    changed = int(operation.counts.get("changed", 0))
    model, column, event, table = places[progress["place"]]
    reached = owned_sql("owner_id", owners(work.actor, table, Action.CHANGE))
    ids = await db.column(
        f"SELECT id FROM {table} WHERE {column} = ? AND id > ? AND deleted_at IS NULL AND {reached} ORDER BY id LIMIT {_AT_ONCE}",
        params["old"],
        progress["after"],
    )
    for record in await model.filter(id__in=ids).order_by("id") if ids else ():
        await work.change(record, event, **{column: params["new"]})
    progress["after"] = ids[-1] if ids else progress["after"]
    changed += len(ids)
    if len(ids) < _AT_ONCE:
        progress = {"place": progress["place"] + 1, "after": 0}
    await operations.advance(
        work, operation, progress=progress, counts={"total": params["total"], "seen": changed, "changed": changed}
    )
    return bool(progress["place"] >= len(places))


# --- what every base starts with -----------------------------------------------------------------------------------------


async def seed_dictionaries(now: datetime, translate: Callable[[str], str]) -> None:
    """Put in the shipped dictionaries that never had a word. Runs inside a transaction."""
    await db.alone("seed")
    known = set(await db.column("SELECT DISTINCT dictionary FROM choice"))
    rows = [
        (dictionary, translate(word), position, 1, now, now)
        for dictionary, (_, words) in SHIPPED.items()
        if dictionary not in known
        for position, word in enumerate(words, 1)
    ]
    if rows:
        await db.execute_many(
            "INSERT INTO choice (dictionary, name, position, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
