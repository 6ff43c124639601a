"""What the values of a query mean: stages, people, words that records hold, in the user's words; with the nearest where none fits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.money import UNSAID, read_amount
from botcrm.core.domain.query_fields import nearest
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owners
from botcrm.core.services.work import Work

# So many different words are looked through; where there are more, a part of one is looked for instead.
_MOST_WORDS = 1000
_MOST_NAMES = 6
ME = frozenset({"me", "mine", "my", "i", "я", "мои", "ja", "moje", "自分"})
TEAM = frozenset({"team", "us", "ours", "команда", "zespół"})


class NoSuchValue(CrmError):
    """A value of a field names nothing there is; `near` what is most like it."""

    message = "{what}: there is no “{value}”. Did you mean: {near}?"


class StrangeValue(NoSuchValue):
    """Nothing is like it: `near` names the first of what there is."""

    message = "{what}: there is no “{value}”. There are: {near}"


def no_such_value(what: str, value: str, known: Sequence[str]) -> NoSuchValue:
    """Make the error that offers the nearest values, else the first there are."""
    near = nearest(value, known)
    error = NoSuchValue if near else StrangeValue
    return error(what=what, value=value[:40], near=", ".join(near or known[:10]))


class UnclearValue(CrmError):
    """A value of a field names several things."""

    message = "{what}: “{value}” can be {choices}. Write more of it."


class NotAValue(CrmError):
    """A value cannot be read as what its field holds."""

    message = "{what}: “{value}” is not understood. Like this: {example}"


class NoWord(CrmError):
    """Nothing in a text can be looked for: it has no letter and no digit."""

    message = '“{what}” is no word to look for. Several words go in quotes: "Smith & Sons"'


class ReadAs(CrmError):
    """A value was taken for one that is a typo away; said beside the result."""

    message = "{what}: “{value}” was read as {name}."


class NobodySeen(CrmError):
    """Nobody of that name has records that the reader sees; said beside an empty list, not instead of it."""

    message = "{what}: nobody called “{value}” whose records you see."


class NobodyNear(NobodySeen):
    """`near` names who is called most like it, else the first there are."""

    message = "{what}: nobody called “{value}” whose records you see. Did you mean: {near}?"


class NobodyStrange(NobodySeen):
    message = "{what}: nobody called “{value}” whose records you see. There are: {near}"


Picked = tuple[list[int], CrmError | None]
"""The ids of what a value names, and what is to be said of how it was read."""


def pick(what: str, value: str, rows: Sequence[dict[str, Any]]) -> Picked:
    """Return the rows that go by a name: whole, by its start, by the start of a word, or a typo away.

    :raises NoSuchValue: there is none
    """
    wanted = fold(value)
    ways: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: name.startswith(wanted),
        lambda name: any(word.startswith(wanted) for word in name.split()),
    )
    for fits in ways:
        found = [int(row["id"]) for row in rows if fits(fold(row["name"]))]
        if found:
            return found, None
    sure = nearest(value, [row["name"] for row in rows], most=2, least=80.0)
    if len(sure) == 1:
        read_as = ReadAs(what=what, value=value[:40], name=sure[0])
        return [int(row["id"]) for row in rows if row["name"] == sure[0]], read_as
    raise no_such_value(what, value, list(dict.fromkeys(row["name"] for row in rows)))


async def stages(value: str) -> tuple[Picked, bool]:
    """Return the stages of a name, in whichever pipeline, and whether one of them closes a deal.

    :raises NoSuchValue: there is none
    :raises NotAValue: it is an amount, as in `>10k`
    """
    rows = await db.fetch(
        "SELECT s.id, s.name, s.kind FROM stage s JOIN pipeline p ON p.id = s.pipeline_id "
        "ORDER BY p.position, p.id, s.position, s.id"
    )
    try:
        found = pick("stage", value, rows)
    except NoSuchValue:
        if read_amount(value, UNSAID):
            raise NotAValue(what="stage", value=value[:40], example=f"amount>{value[:20]}") from None
        raise
    return found, any(row["kind"] != "open" for row in rows if row["id"] in found[0])


async def pipelines(value: str) -> Picked:
    """Return the pipelines of a name.

    :raises NoSuchValue: there is none
    """
    return pick("pipeline", value, await db.fetch("SELECT id, name FROM pipeline ORDER BY position, id"))


@dataclass(frozen=True, slots=True)
class People:
    """Whom a value names; `none` that it is nobody."""

    ids: frozenset[int] = frozenset()
    none: bool = False
    remark: CrmError | None = None


async def people(work: Work, entity: str, value: str) -> People:
    """Return the people a value names, of those whose records the reader sees; somebody else is nobody, and a remark says so.

    :raises UnclearValue: several go by that name
    """
    word = fold(value.lstrip("@"))
    if word in ME:
        return People(frozenset({work.actor.id} if work.actor.id else ()))
    if word in TEAM:
        return People(work.actor.team)
    reached = owners(work.actor, entity)
    rows = [
        row
        for row in await db.fetch('SELECT id, name, username, active FROM "user" ORDER BY id')
        if reached is None or row["id"] in reached
    ]
    ways: tuple[Callable[[dict[str, Any]], bool], ...] = (
        lambda row: word in (fold(row["name"]), fold(row["username"] or "-")),
        lambda row: (
            fold(row["name"]).startswith(word) or any(one.startswith(word) for one in fold(row["name"]).split())
        ),
    )
    for fits in ways:
        found = [row for row in rows if fits(row)]
        found = [row for row in found if row["active"]] or found
        if len(found) == 1:
            return People(frozenset({found[0]["id"]}))
        if found:
            names = ", ".join(row["name"] for row in found[:6])
            raise UnclearValue(what="owner", value=value[:40], choices=names)
    sure = nearest(value, [row["name"] for row in rows], most=2, least=82.0)
    if len(sure) == 1:
        read_as = ReadAs(what="owner", value=value[:40], name=sure[0])
        return People(frozenset(row["id"] for row in rows if row["name"] == sure[0]), remark=read_as)
    return People(remark=_nobody(value, [row["name"] for row in rows if row["active"]]))


def _nobody(value: str, names: Sequence[str]) -> NobodySeen:
    """Make the remark that offers the nearest people, by their whole names or a word of them, else the first there are."""
    whole = {word: name for name in names for word in (*name.split(), name)}
    near = list(dict.fromkeys(whole[word] for word in nearest(value, whole)))
    shown = ", ".join(near or names[:_MOST_NAMES])
    error = NobodyNear if near else NobodyStrange if names else NobodySeen
    return error(what="owner", value=value[:40], near=shown)


async def words_in(table: str, column: str, where: str = "1 = 1") -> list[str] | None:
    """Return the different words in a column, None where there are too many.

    It jumps from word to word along the column's index, so it costs what the number of different words costs.

    :param where: narrows the rows, along the same index
    """
    rows = await db.column(
        f"WITH RECURSIVE held(word) AS (SELECT (SELECT min({column}) FROM {table} WHERE {where}) UNION ALL "
        f"SELECT (SELECT min({column}) FROM {table} WHERE {where} AND {column} > held.word) FROM held "
        f"WHERE held.word IS NOT NULL) SELECT word FROM held WHERE word IS NOT NULL LIMIT {_MOST_WORDS + 1}"
    )
    return None if len(rows) > _MOST_WORDS else rows


async def held_words(table: str, column: str, value: str) -> list[str] | None:
    """Return the words in a column that are a value, whatever their case and diacritics, or begin with it.

    :returns: None where there are too many different words to look through
    """
    rows = await words_in(table, column)
    if rows is None:
        return None
    wanted = fold(value)
    return [word for word in rows if fold(word) == wanted] or [word for word in rows if fold(word).startswith(wanted)]


def marks(values: Iterable[object]) -> str:
    """Return a placeholder for each value, with commas between; NULL for none."""
    return ", ".join("?" for _ in values) or "NULL"
