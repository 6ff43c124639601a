"""From a query to an SQL condition on a table's alias `t`: what each field asks for, by indexes where there are any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from botcrm.core import db
from botcrm.core.domain.due import week_start_of
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.findable import Typed, readings
from botcrm.core.domain.money import UNSAID, Money, read_amount
from botcrm.core.domain.phones import normal_phone
from botcrm.core.domain.query import KIND_OF, Query, Term
from botcrm.core.domain.query_fields import (
    ANY,
    NONE,
    STATUSES,
    THERE,
    QueryField,
    find_field,
    says_status,
    unknown_field,
)
from botcrm.core.domain.query_times import Reader, Stretch, read_stretch
from botcrm.core.domain.text import fold, terms
from botcrm.core.domain.zones import to_wall
from botcrm.core.services.access import EVERYTHING, owned_sql, owners
from botcrm.core.services.custom.fields import fields_of, named
from botcrm.core.services.queries import values
from botcrm.core.services.queries.own_fields import absent, own_field
from botcrm.core.services.queries.parts import SIGNS, Sql, called_by, contains, either, linked, ranged, within
from botcrm.core.services.queries.values import NotAValue, NoWord, marks, no_such_value
from botcrm.core.services.search.searching import after
from botcrm.core.services.work import Work

# The kinds of fields that have more and less.
_COMPARED = frozenset({"amount", "moment", "day", "idle"})
# Those with an index of their own: what people ask for over a whole base, and hardly anything fits.
_INDEXED = frozenset((("deal", "amount"), ("deal", "expected_close"), ("deal", "closed_at"), ("deal", "created_at")))
_NO_WORDS = frozenset({"no", "n", "false", "нет", "nie", "いいえ"})
_YES_WORDS = frozenset({"yes", "y", "true", "да", "tak", "はい"})


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as the database is asked, for one reader at one moment; what they may see is not in it.

    :ivar condition: on the alias `t` of the entity's table
    :ivar remarks: what is said beside the result
    :ivar only_open: the query says nothing of closed ones, so they are left out
    """

    query: Query
    condition: str
    values: tuple[Any, ...]
    remarks: tuple[CrmError, ...] = ()
    only_open: bool = False


async def compile_query(work: Work, query: Query, *, every: bool = False) -> Compiled:
    """Find out what a query means for the reader.

    :param every: closed ones as well, also where the query says nothing of them
    :raises UnknownField: there is no such field
    :raises NoSuchValue: a value names nothing there is
    :raises NotAValue: a value cannot be read as what its field holds
    :raises NoWord: a word or a name has nothing in it that could be looked for
    """
    found = _Compiler(work, query.entity)
    parts, bound = [EVERYTHING], list[Any]()
    for term in query.terms:
        sql, more = await found.term(term)
        parts.append(f"(({sql}) IS NOT TRUE)" if term.no else f"({sql})")
        bound += more
    asked = [one.name for term in query.terms if term.field and (one := find_field(query.entity, term.field))]
    only_open = query.entity in STATUSES and not (every or says_status(asked) or found.closed)
    if only_open:
        meant = STATUSES[query.entity]["open"]
        parts.append(f"t.status IN ({marks(meant)})")
        bound += meant
    return Compiled(query, " AND ".join(parts[1:] or parts), tuple(bound), tuple(found.remarks), only_open)


@dataclass
class _Compiler:
    work: Work
    entity: str
    remarks: list[CrmError] = field(default_factory=list)
    closed: bool = False

    @property
    def _reader(self) -> Reader:
        prefs = self.work.prefs
        return Reader(self.work.now, prefs.zone, prefs.language, week_start_of(prefs.week_start))

    async def term(self, term: Term) -> Sql:
        """Return the condition of one term, as if it were to hold."""
        for value in term.values:
            # All there is begins with nothing, and holds it.
            if not fold(value):
                raise NoWord(what=value[:40])
        if not term.field:
            return await self._words(term.values[0])
        one = find_field(self.entity, term.field)
        if one is None:
            own = await fields_of(self.entity)
            custom = named(own, term.field)
            if custom is None:
                raise unknown_field(self.entity, KIND_OF[self.entity], term.field, [each.key for each in own])
            return either([await own_field(self.work, self._reader, custom, term, value) for value in term.values])
        if one.kind not in _COMPARED and term.operator != ":":
            raise NotAValue(what=one.name, value=f"{term.operator}{term.values[0]}", example=one.example)
        return either([await self._one(one, term, value) for value in term.values])

    async def _one(self, one: QueryField, term: Term, value: str) -> Sql:
        match one.kind:
            case "stage":
                picked, closes = await values.stages(value)
                self.closed = self.closed or closes
                return self._picked("t.stage_id", picked)
            case "pipeline":
                return self._picked("t.pipeline_id", await values.pipelines(value))
            case "person":
                return await self._person(one, value)
            case "tag":
                return await self._tag(one, value)
            case "status":
                return self._status(value)
            case "activity":
                return self._activity(value)
            case "amount":
                return await self._amount(one, term, value)
            case "flag":
                return self._flag(one, value)
            case "name":
                return await self._name(one, value)
            case "phone":
                return await self._phone(one, value)
            case "word":
                return await self._word(one, value)
            case "there":
                return await self._there(one, value)
            case "text":
                if fold(value) in NONE:
                    return f"t.{one.column} IS NULL OR t.{one.column} = ''", []
                return contains(f"t.{one.column}", value)
        return await self._time(one, term, value)

    def _picked(self, column: str, picked: values.Picked) -> Sql:
        ids, remark = picked
        if remark:
            self.remarks.append(remark)
        return f"{column} IN ({', '.join(map(str, ids))})", []

    # --- by kind of field --------------------------------------------------------------------------------------------

    async def _person(self, one: QueryField, value: str) -> Sql:
        if fold(value) in NONE:
            return "t.owner_id IS NULL", []
        if not fold(value.strip("@")):
            raise NotAValue(what=one.name, value=value[:40], example=one.example)
        found = await values.people(self.work, self.entity, value)
        if found.remark:
            self.remarks.append(found.remark)
        return owned_sql("t.owner_id", found.ids), []

    async def _tag(self, one: QueryField, value: str) -> Sql:
        if fold(value) in NONE:
            return f"NOT EXISTS (SELECT 1 FROM tag g WHERE g.entity = '{self.entity}' AND g.record_id = t.id)", []
        tag = value.strip("#").casefold()
        if not tag:
            raise NotAValue(what=one.name, value=value[:40], example=one.example)
        return await linked("tag g", "g.record_id", f"g.entity = '{self.entity}' AND g.tag = ?", [tag])

    def _status(self, value: str) -> Sql:
        known = STATUSES[self.entity]
        word = fold(value)
        if word in ANY:
            return EVERYTHING, []
        found = known.get(word) or next((meant for name, meant in known.items() if name.startswith(word)), None)
        if found is None:
            raise no_such_value("status", value, [*known, "any"])
        return f"t.status IN ({marks(found)})", list(found)

    def _activity(self, value: str) -> Sql:
        word = fold(value)
        kinds = self.work.hooks.activity_kinds or {}
        found = [
            name
            for name, kind in kinds.items()
            if word in (fold(name), fold(kind.label), *(fold(one) for one in kind.words))
        ] or [name for name, kind in kinds.items() if fold(kind.label).startswith(word) or name.startswith(word)]
        if not found and kinds:
            raise no_such_value("kind", value, list(kinds))
        found = found or [word]
        return f"t.kind IN ({marks(found)})", list(found)

    async def _amount(self, one: QueryField, term: Term, value: str) -> Sql:
        if fold(value) in NONE:
            return f"t.{one.column} IS NULL", []
        low, dots, high = value.partition("..")
        between = dots and term.operator == ":"
        typed_limits = [(">=", low), ("<=", high)] if between else [(SIGNS[term.operator], value)]
        limits = [(sign, self._money(one, text)) for sign, text in typed_limits]

        def held(column: str) -> Sql:
            bound: list[Any] = [float(money.amount) for _, money in limits]
            return " AND ".join(f"{column} {sign} ?" for sign, _ in limits), bound

        # SQLite keeps amounts as texts; the index holds what they say.
        sql, bound = await self._ranged(one, f"CAST(t.{one.column} AS DOUBLE PRECISION)", held)
        for currency in sorted({money.currency for _, money in limits} - {UNSAID}):
            sql, bound = f"{sql} AND t.currency = ?", [*bound, currency]
        return sql, bound

    def _money(self, one: QueryField, text: str) -> Money:
        money = read_amount(text, UNSAID)
        if money is None:
            raise NotAValue(what=one.name, value=text[:40], example=one.example)
        return money

    async def _ranged(self, one: QueryField, column: str, condition: Callable[[str], Sql]) -> Sql:
        """Return a condition that a column lies within limits, by its index where it has one."""
        if (self.entity, one.column) in _INDEXED:
            return await ranged(self.entity, column, condition)
        return condition(column)

    def _flag(self, one: QueryField, value: str) -> Sql:
        word = fold(value)
        if word in _YES_WORDS:
            return f"t.{one.column} > ?", [self.work.now]
        if word in _NO_WORDS or word in NONE:
            return f"t.{one.column} IS NULL OR t.{one.column} <= ?", [self.work.now]
        raise NotAValue(what=one.name, value=value[:40], example=f"{one.name}:yes, {one.name}:no")

    async def _time(self, one: QueryField, term: Term, value: str) -> Sql:
        column = f"t.{one.column}"
        word = fold(value)
        if term.operator == ":" and word in NONE:
            return f"{column} IS NULL", []
        if term.operator == ":" and one.ahead and word == "overdue":
            return f"{column} < ?", [self.work.now]
        longer = one.kind == "idle"
        stretch = read_stretch(term.operator, value, self._reader, ahead=one.ahead, longer=longer)
        if stretch is None:
            raise NotAValue(what=one.name, value=value[:40], example=one.example)
        if one.name == "idle":
            # Where there never was any contact, since it was made.
            return either([within(column, stretch), _made_then(within("t.created_at", stretch), column)])
        during = self._on_days if one.kind == "day" else within
        return await self._ranged(one, column, lambda column: during(column, stretch))

    def _on_days(self, column: str, stretch: Stretch) -> Sql:
        parts, bound = list[str](), list[Any]()
        zone = self.work.prefs.zone
        if stretch.since:
            parts.append(f"{column} >= ?")
            bound.append(to_wall(stretch.since, zone).date())
        if stretch.until:
            wall = to_wall(stretch.until, zone)
            parts.append(f"{column} {'<' if wall.time() == time() else '<='} ?")
            bound.append(wall.date())
        return " AND ".join(parts), bound

    async def _name(self, one: QueryField, value: str) -> Sql:
        if fold(value) in NONE:
            return _filled(one.column, lacking=True), []
        entity, column = one.column.removesuffix("_id"), f"t.{one.column}"
        sql, bound = await self._entries(entity, column, value)
        people = owners(self.work.actor, entity)
        if people is None:
            return sql, bound
        # Of a record out of reach no more is known than its name, which stands on the card.
        called, more = called_by(value)
        reached = (
            f"EXISTS (SELECT 1 FROM search_entry o WHERE o.entity = '{entity}' AND o.record_id = {column} "
            f"AND ({owned_sql('o.owner_id', people)} OR ({called})))"
        )
        return f"{sql} AND {reached}", bound + more

    async def _phone(self, one: QueryField, value: str) -> Sql:
        if fold(value) in NONE:
            return f"t.{one.column} IS NULL", []
        number = normal_phone(value, self.work.prefs.region)
        if number:
            return await linked(
                "record_key k", "k.record_id", f"k.entity = '{self.entity}' AND k.key = ?", [f"p:{number}"]
            )
        digits = "".join(mark for mark in value if mark.isdecimal())
        if len(digits) < 3:
            raise NotAValue(what=one.name, value=value[:40], example=one.example)
        return f"t.{one.column} LIKE ?", [f"%{digits}%"]

    async def _word(self, one: QueryField, value: str) -> Sql:
        if fold(value) in NONE:
            return f"t.{one.column} IS NULL", []
        held = await values.held_words(self.entity, one.column, value)
        if held is None:
            return contains(f"t.{one.column}", value)
        return f"t.{one.column} IN ({marks(held)})", list(held)

    async def _there(self, one: QueryField, value: str) -> Sql:
        known = THERE[self.entity]
        lacking = one.name == "no"
        word = fold(value).removesuffix("s") if fold(value) in ("tags", "phones", "emails", "deals") else fold(value)
        if word == "tag":
            sql = f"EXISTS (SELECT 1 FROM tag g WHERE g.entity = '{self.entity}' AND g.record_id = t.id)"
            return (f"NOT {sql}" if lacking else sql), []
        if word == "deal" and self.entity in ("contact", "company"):
            # Of deals out of reach nothing is told, not even that there are any.
            reached = owned_sql("w.owner_id", owners(self.work.actor, "deal"))
            sql = (
                f"EXISTS (SELECT 1 FROM deal w WHERE w.{self.entity}_id = t.id AND w.deleted_at IS NULL AND {reached})"
            )
            return (f"NOT {sql}" if lacking else sql), []
        found = find_field(self.entity, word)
        column = known.get(word) or (known.get(found.name) if found else None)
        if column:
            return _filled(column, lacking=lacking), []
        own = await fields_of(self.entity)
        custom = named(own, value)
        if custom is None:
            raise no_such_value(one.name, value, [*known, "tag", *(each.key for each in own)])
        return (absent(custom) if lacking else absent(custom).removeprefix("NOT ")), []

    # --- words, own fields ---------------------------------------------------------------------------------------------

    async def _words(self, text: str) -> Sql:
        if self.entity == "activity":
            if not terms(text):
                raise NoWord(what=text[:40])
            return contains("t.title", text)
        return await self._entries(self.entity, "t.id", text)

    async def _entries(self, entity: str, column: str, text: str) -> Sql:
        """Return a condition that a column names a record in which all these words are found, by their starts.

        :raises NoWord: there is none in the text
        """
        words, *others = readings(text)
        if not words:
            raise NoWord(what=text[:40])
        reached = owned_sql("x.owner_id", owners(self.work.actor, entity))
        for sites in others:
            sql, bound = await self._holding(entity, "x.record_id", words)
            there = f"SELECT 1 AS y FROM search_entry x WHERE x.entity = '{entity}' AND {reached} AND {sql} LIMIT 1"
            words = words if await db.fetch_one(there, *bound) else sites
        return await self._holding(entity, column, words)

    async def _holding(self, entity: str, column: str, words: Sequence[Typed]) -> Sql:
        parts, bound = list[str](), list[Any]()
        for word in words:
            ways: list[Sql] = [("s.term >= ? AND s.term < ?", [start, after(start)]) for start in word.starts]
            if word.words:
                ways.append((f"s.term IN ({marks(word.words)})", list(word.words)))
            sql, more = either(ways)
            joined, more = await linked(
                "search_entry e JOIN search_term s ON s.entry_id = e.id",
                "e.record_id",
                f"e.entity = '{entity}' AND ({sql})",
                more,
                column,
            )
            parts.append(joined)
            bound += more
        return " AND ".join(parts), bound


def _filled(column: str, *, lacking: bool) -> str:
    """Return a condition that a column holds something, or nothing; a link to what was deleted is none."""
    entity = column.removesuffix("_id")
    if entity not in ("company", "contact"):
        return f"t.{column} IS {'' if lacking else 'NOT '}NULL"
    there = f"EXISTS (SELECT 1 FROM {entity} x WHERE x.id = t.{column} AND x.deleted_at IS NULL)"
    return f"NOT {there}" if lacking else there


def _made_then(made: Sql, column: str) -> Sql:
    return f"{column} IS NULL AND {made[0]}", made[1]
