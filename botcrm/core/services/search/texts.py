"""Searching what was written: notes, and what activities say; each hit shows its place and opens its record."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import deal_name
from botcrm.core.domain.text import asked_terms, fold
from botcrm.core.services.access import activity_sql, owned_sql, owners
from botcrm.core.services.search.index import OWNER
from botcrm.core.services.work import Work

# Of the texts that hold the words the newest so many are looked at, of which some may be out of reach.
_LOOKED_AT = 300
_TYPED_WORDS = 8
_AROUND = 40
_WORD = re.compile(r"\w+")
_LINKS = ("deal", "lead", "contact", "company")


@dataclass(frozen=True, slots=True)
class Said:
    """A note or activity that holds the words.

    :ivar entity: of the record that it opens, with its id and name
    :ivar before, found, after: the place in the text
    """

    entity: str
    record_id: int
    name: str
    before: str
    found: str
    after: str


async def search_said(work: Work, text: str, limit: int = 5) -> list[Said]:
    """Return notes and activities within reach that hold every typed word, the last one else as a start; own and new first."""
    words = [word[:64] for word in asked_terms(text[:500])][:_TYPED_WORDS]
    if not words or max(map(len, words)) < 2:
        return []
    # What begins with a word is gathered from all that do: only where nothing has the word itself.
    numbers = await _numbered(work, words, limit, start=False) or await _numbered(work, words, limit, start=True)
    notes = await _within(work, "note", "text", [number // 2 for number in numbers if number % 2])
    said = await _within(work, "activity", "title", [number // 2 for number in numbers if not number % 2])
    found = []
    for number in numbers:
        row = (notes if number % 2 else said).get(number // 2)
        opens = _opens(row, number) if row else None
        if row and opens:
            found.append(Said(*opens, *snippet(row["said"], [fold(text), *words])))
    return found[:limit]


async def _numbered(work: Work, words: Sequence[str], limit: int, *, start: bool) -> list[int]:
    # Everybody's first: where there is nothing, as of most names, there is nothing of one's own.
    everybodys = await _numbers(words, None, _LOOKED_AT, start=start)
    if not everybodys or not work.actor.id:
        return everybodys
    own = await _numbers(words, work.actor.id, limit, start=start)
    return own if len(own) >= limit else list(dict.fromkeys([*own, *everybodys]))


async def _numbers(words: Sequence[str], owner_id: int | None, most: int, *, start: bool) -> list[int]:
    """Return the rows of the full-text index that hold the words, the last one at least as a start; the newest first."""
    # They hold letters and digits alone, so that nothing in them needs to be escaped.
    whole = [*words, *([f"{OWNER}{owner_id}"] if owner_id else [])]
    part = len(words) - 1 if start else -1
    if db.dialect() == "postgres":
        query = " & ".join(f"''{word}''" + (":*" if place == part else "") for place, word in enumerate(whole))
        # Written out: of a query that is given to it later, the planner takes each word for a common one.
        return await db.column(
            f"SELECT id FROM search_text WHERE words @@ '{query}'::tsquery ORDER BY id DESC LIMIT {int(most)}"
        )
    query = " AND ".join(f'"{word}"' + ("*" if place == part else "") for place, word in enumerate(whole))
    sql = f"SELECT rowid FROM search_text WHERE search_text MATCH ? ORDER BY rowid DESC LIMIT {int(most)}"
    return await db.column(sql, query)


async def _within(work: Work, table: str, column: str, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the rows of these that are within reach, with the names of what they hang on, as far as that is within reach."""
    if not ids:
        return {}
    joins, columns = "", ""
    for name, called in (("deal", "title"), ("lead", "title"), ("contact", "name"), ("company", "name")):
        alias = f"of_{name}"
        reached = owned_sql(f"{alias}.owner_id", owners(work.actor, name))
        joins += f"LEFT JOIN {name} {alias} ON {alias}.id = a.{name}_id AND {alias}.deleted_at IS NULL AND {reached} "
        columns += f", {alias}.id AS {name}_id, {alias}.{called} AS {name}"
    joins += "LEFT JOIN company buyer ON buyer.id = of_deal.company_id AND buyer.deleted_at IS NULL "
    among = ", ".join(map(str, ids))
    rows = await db.fetch(
        f"SELECT a.id, a.{column} AS said, a.deal_id AS on_deal, buyer.name AS buyer{columns} FROM {table} a {joins}"
        f"WHERE a.id IN ({among}) AND a.deleted_at IS NULL AND {activity_sql(work.actor, 'a')}"
    )
    return {row["id"]: row for row in rows}


def _opens(row: dict[str, Any], number: int) -> tuple[str, int, str] | None:
    """Return the record that a hit opens: its deal, else lead, contact or company; an activity on nothing, itself."""
    if row["on_deal"] and not row["deal_id"]:
        return None
    if row["deal_id"]:
        return "deal", row["deal_id"], deal_name(row["deal"], row["buyer"] or "")
    for name in _LINKS[1:]:
        if row[f"{name}_id"]:
            return name, row[f"{name}_id"], row[name]
    return None if number % 2 else ("activity", number // 2, row["said"])


def snippet(text: str, words: Sequence[str]) -> tuple[str, str, str]:
    """Return the place of a text where one of these folded words is: what stands before it, the word, and what comes after."""
    text = " ".join(text.split())
    wanted = tuple(words)
    place = next((one for one in _WORD.finditer(text) if fold(one[0]).startswith(wanted)), None)
    if place is None:
        # A run of Japanese or Chinese is one word of Python's; the typed part stands somewhere in it.
        start = next((at for word in wanted if (at := fold(text).find(word)) >= 0), 0)
        length = len(wanted[0]) if wanted else 0
        begin, end = min(start, len(text)), min(start + length, len(text))
    else:
        begin, end = place.span()
    before, after = text[:begin], text[end:]
    if len(before) > _AROUND:
        before = "…" + before[-_AROUND:].partition(" ")[2]
    if len(after) > _AROUND:
        after = after[:_AROUND].rpartition(" ")[0] + "…"
    return before, text[begin:end], after
