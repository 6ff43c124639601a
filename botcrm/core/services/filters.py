"""Which deals a list shows: of one pipeline, of one stage, with one tag; small enough to travel in a button."""

import re
from dataclasses import dataclass, replace
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.work import Work

_CODE = re.compile(r"([pst])([0-9A-F]{1,8})")


class NoSuchFilter(CrmError):
    """A word names no stage or pipeline."""

    message = "No stage or pipeline is called {what}. Like this: /deals >proposal #roof @anna, or a pipeline's name."


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to; 0 and "" narrow nothing.

    :ivar tag_id: a row of the tag table that holds the tag, so that a button need not carry its text; 0 where nothing has it
    """

    pipeline_id: int = 0
    stage_id: int = 0
    tag_id: int = 0
    pipeline: str = ""
    stage: str = ""
    tag: str = ""

    def __bool__(self) -> bool:
        return bool(self.pipeline_id or self.stage_id or self.tag)

    @property
    def code(self) -> str:
        """Return it as buttons carry it, the ids in hexadecimal: p1sCt2D."""
        parts = (("p", self.pipeline_id), ("s", self.stage_id), ("t", self.tag_id))
        return "".join(f"{letter}{number:X}" for letter, number in parts if number)

    def without(self, letter: str) -> "DealFilter":
        """Return it without its pipeline (p), stage (s) or tag (t)."""
        match letter:
            case "p":
                return replace(self, pipeline_id=0, pipeline="", stage_id=0, stage="")
            case "s":
                return replace(self, stage_id=0, stage="")
            case _:
                return replace(self, tag_id=0, tag="")

    def sql(self) -> tuple[str, list[Any]]:
        """Return an SQL condition on `deal d`, beginning with AND, and its values."""
        condition, values = "", list[Any]()
        if self.pipeline_id and not self.stage_id:
            condition, values = " AND d.pipeline_id = ?", [self.pipeline_id]
        if self.stage_id:
            condition, values = " AND d.stage_id = ?", [self.stage_id]
        if self.tag:
            condition += (
                " AND EXISTS (SELECT 1 FROM tag t WHERE t.entity = 'deal' AND t.record_id = d.id AND t.tag = ?)"
            )
            values.append(self.tag)
        return condition, values


EVERY_DEAL = DealFilter()


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a list can be narrowed to."""

    code: str
    name: str


async def filter_of(work: Work, code: str) -> DealFilter:
    """Read what a button carries; what is gone meanwhile, or hangs on what the actor does not reach, narrows nothing."""
    found = DealFilter()
    for letter, digits in _CODE.findall(code):
        number = min(int(digits, 16), 2**31 - 1)
        match letter:
            case "p":
                row = await db.fetch_one("SELECT id, name FROM pipeline WHERE id = ?", number)
                found = replace(found, pipeline_id=row["id"], pipeline=row["name"]) if row else found
            case "s":
                row = await db.fetch_one("SELECT id, name FROM stage WHERE id = ?", number)
                found = replace(found, stage_id=row["id"], stage=row["name"]) if row else found
            case _:
                row = await db.fetch_one(
                    "SELECT t.id, t.tag FROM tag t JOIN deal d ON d.id = t.record_id WHERE t.id = ? AND t.entity = 'deal' "
                    f"AND {owned_sql('d.owner_id', owners(work.actor, 'deal'))}",
                    number,
                )
                found = replace(found, tag_id=row["id"], tag=row["tag"]) if row else found
    return found


async def filter_named(words: str, tags: list[str], owner_id: int) -> DealFilter:
    """Find what is typed without a sign: a pipeline's name, else a stage's name or the start of one.

    :raises NoSuchFilter: there is no pipeline or stage of that name
    """
    try:
        return await find_filter(words, None, tags, owner_id)
    except NoSuchFilter as error:
        try:
            return await find_filter("", words, tags, owner_id)
        except NoSuchFilter:
            raise error from None


async def find_filter(words: str, stage: str | None, tags: list[str], owner_id: int) -> DealFilter:
    """Find what is typed: words that are a pipeline's name, a stage's name or the start of one, one tag.

    :param owner_id: whose deals are to be narrowed; a tag that none of them has is looked for in vain
    :raises NoSuchFilter: there is no pipeline or stage of that name
    """
    found = DealFilter()
    if words.strip():
        rows = await db.fetch("SELECT id, name FROM pipeline ORDER BY position, id")
        row = _named(rows, words)
        if row is None:
            raise NoSuchFilter(what=f"“{words.strip()[:60]}”")
        found = replace(found, pipeline_id=row["id"], pipeline=row["name"])
    if stage:
        rows = await db.fetch(
            "SELECT s.id, s.name, s.pipeline_id FROM stage s JOIN pipeline p ON p.id = s.pipeline_id "
            "WHERE s.kind = 'open' ORDER BY p.position, p.id, s.position, s.id"
        )
        row = _named([r for r in rows if found.pipeline_id in (0, r["pipeline_id"])], stage.lstrip(">"))
        if row is None:
            raise NoSuchFilter(what=f">{stage.lstrip('>')[:60]}")
        found = replace(found, stage_id=row["id"], stage=row["name"])
    for tag in tags[:1]:
        name = tag.strip("#").casefold()[:64]
        row = await db.fetch_one(
            "SELECT t.id FROM deal d CROSS JOIN tag t WHERE d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL "
            "AND t.entity = 'deal' AND t.record_id = d.id AND t.tag = ? LIMIT 1",
            owner_id,
            name,
        )
        found = replace(found, tag_id=row["id"] if row else 0, tag=name)
    return found


def _named(rows: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    wanted = fold(name)
    exact = [row for row in rows if fold(row["name"]) == wanted]
    starts = [row for row in rows if wanted and fold(row["name"]).startswith(wanted)]
    return next(iter(exact or starts), None)


async def choices(
    chosen: DealFilter, owner_id: int, most_tags: int = 12
) -> tuple[list[Choice], list[Choice], list[Choice]]:
    """Return the pipelines (where there are several), the stages and the tags that somebody's list can be narrowed to."""
    pipelines = await db.fetch("SELECT id, name FROM pipeline ORDER BY position, id LIMIT 12")
    stages = await db.fetch(
        "SELECT s.id, s.name, s.pipeline_id FROM stage s JOIN pipeline p ON p.id = s.pipeline_id "
        "WHERE s.kind = 'open' ORDER BY p.position, p.id, s.position, s.id LIMIT 60"
    )
    # Of their latest deals: all of somebody's deals may be very many.
    tags = await db.fetch(
        "SELECT min(t.id) AS id, t.tag, count(*) AS n FROM (SELECT d.id FROM deal d WHERE d.owner_id = ? AND d.status = 'open' "
        "AND d.deleted_at IS NULL LIMIT 500) AS mine CROSS JOIN tag t WHERE t.entity = 'deal' AND t.record_id = mine.id "
        f"GROUP BY t.tag ORDER BY n DESC, t.tag LIMIT {int(most_tags)}",
        owner_id,
    )
    one = chosen.without("p") if len(pipelines) > 1 else chosen
    return (
        [Choice(replace(one, pipeline_id=row["id"]).code, row["name"]) for row in pipelines]
        if len(pipelines) > 1
        else [],
        [
            Choice(replace(chosen, stage_id=row["id"]).code, row["name"])
            for row in stages
            if chosen.pipeline_id in (0, row["pipeline_id"])
        ],
        [Choice(replace(chosen, tag_id=row["id"]).code, f"#{row['tag']}") for row in tags],
    )
