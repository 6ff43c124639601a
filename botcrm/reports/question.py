"""What is asked of a report: read from words, kept for a card's buttons, and made into filters within the reader's rights."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pydantic import ValidationError
from rapidfuzz import fuzz, process

from botcrm.contract.filling import checked
from botcrm.contract.reports import Report, ReportFilters
from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotAllowed, NotFound
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.periods import Period, named_period, read_period
from botcrm.core.domain.text import fold
from botcrm.core.domain.zones import to_wall
from botcrm.core.services.access import own_reach, owners
from botcrm.core.services.staff.people import find_person
from botcrm.core.services.work import MODELS, Work
from botcrm.hooks.registry import Owned

USUAL = "this_month"
_WORD = re.compile(r'(?:[^\s"“”]|"[^"]*"|“[^”]*”)+')
_QUOTES = str.maketrans("", "", '"“”')
_NEAR = 60.0


Reports = Mapping[str, Owned[Report]]


class UnknownReport(CrmError):
    message = "There is no report “{name}”. Reports: {names}."


class NotUnderstood(CrmError):
    """A part of what was asked makes no sense; nothing is guessed."""

    message = "“{words}” is not understood. Understood: {understood}. {how}"


class WrongFilter(CrmError):
    message = "{key}: “{value}” does not fit. {how}"


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a report.

    :ivar people: ids whose records are counted; empty for everybody within reach
    :ivar own: the report's own filters, as typed
    """

    report: str
    since: date
    until: date
    people: tuple[int, ...] = ()
    pipeline_id: int | None = None
    own: dict[str, str] = field(default_factory=dict)

    @property
    def period(self) -> Period:
        """Return the days asked about."""
        return Period(self.since, self.until)

    def during(self, period: Period) -> "Question":
        """Return the same question about another period."""
        return replace(self, since=period.since, until=period.until)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "report": self.report,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "people": list(self.people),
            "pipeline": self.pipeline_id,
            "own": self.own,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Question":
        """Return what was stored."""
        return cls(
            str(stored["report"]),
            date.fromisoformat(stored["since"]),
            date.fromisoformat(stored["until"]),
            tuple(stored["people"]),
            stored["pipeline"],
            dict(stored["own"]),
        )


def today_of(work: Work) -> date:
    """Return the reader's day."""
    return to_wall(work.now, work.prefs.zone).date()


def find_report(reports: Reports, name: str) -> str:
    """Return the name of the one report that is called so, or whose name or title starts so.

    :raises UnknownReport: none, or several
    """
    wanted = fold(name)
    starts = [
        key
        for key, owned in reports.items()
        if fold(key).startswith(wanted) or fold(owned.value.title).startswith(wanted)
    ]
    if wanted in reports:
        return wanted
    if len(starts) == 1:
        return starts[0]
    near = process.extractOne(wanted, list(reports), scorer=fuzz.ratio, score_cutoff=_NEAR)
    if near and not starts:
        return str(near[0])
    raise UnknownReport(name=name, names=", ".join(sorted(reports)) or "none")


def own_fields(report: Report) -> dict[str, str]:
    """Return the filters that a report has beside everybody's: name -> meaning."""
    common = set(ReportFilters.model_fields)
    return {name: info.description or name for name, info in report.filters.model_fields.items() if name not in common}


async def read_question(work: Work, reports: Reports, text: str) -> Question:
    """Read what stands behind `/report`: a name, then a period, people, a pipeline, the report's own filters, in any order.

    :raises UnknownReport: the first word names none
    :raises NotUnderstood: a word makes no sense
    :raises NotFound: nobody of that name within reach
    """
    words = _WORD.findall(text)
    name = find_report(reports, words[0].translate(_QUOTES) if words else "")
    usual = named_period(USUAL, today_of(work))
    reader = _Reader(work, reports[name].value, words[1:])
    await reader.read()
    period = reader.period or usual
    return Question(name, period.since, period.until, tuple(sorted(reader.people)), reader.pipeline_id, reader.own)


class _Reader:
    """Reads the words of one question."""

    def __init__(self, work: Work, report: Report, words: Sequence[str]) -> None:
        self.work = work
        self.report = report
        self.words = words
        self.period: Period | None = None
        self.people: set[int] = set()
        self.pipeline_id: int | None = None
        self.own: dict[str, str] = {}
        self._fields = own_fields(report)
        self._by_word = {fold(name): name for name in self._fields}
        self._understood = [report.title]
        self._unknown: list[str] = []

    async def read(self) -> None:
        place = 0
        while place < len(self.words):
            place += await self._one(place)
        if self._unknown:
            own = ", ".join(f"{name}:…" for name in self._fields)
            how = "A period (this month, last 30 days, q3, 2026-10, 1.10-15.11), @name, pipeline NAME"
            raise NotUnderstood(
                words=" ".join(self._unknown),
                understood=", ".join(self._understood),
                how=f"{how}{', ' if own else ''}{own}.",
            )

    async def _one(self, place: int) -> int:
        """Read what starts at a word, and return how many words it took."""
        word = self.words[place].translate(_QUOTES)
        key, _, value = word.partition(":")
        if word.startswith("@") and len(word) > 1:
            self.people.add((await find_person(self.work, word)).id)
        elif value and (own := self._by_word.get(fold(key))):
            self.own[own] = value
        elif fold(word) == "pipeline" and (taken := await self._pipeline(place + 1)):
            return 1 + taken
        elif found := read_period(self.words[place:], today_of(self.work)):
            self.period = found[0]
            self._understood.append(" ".join(self.words[place : place + found[1]]))
            return found[1]
        else:
            self._unknown.append(word)
            return 1
        self._understood.append(word)
        return 1

    async def _pipeline(self, place: int) -> int:
        rows = await db.fetch("SELECT id, name FROM pipeline ORDER BY position, id")
        for count in range(min(5, len(self.words) - place), 0, -1):
            typed = " ".join(self.words[place : place + count]).translate(_QUOTES)
            found = [row for row in rows if fold(row["name"]) == fold(typed)]
            found = found or [row for row in rows if fold(row["name"]).startswith(fold(typed))]
            if len(found) == 1:
                self.pipeline_id = found[0]["id"]
                self._understood.append(f"pipeline {found[0]['name']}")
                return count
        return 0


def may_see(work: Work, report: Report) -> bool:
    """Tell whether the actor may read a report at all."""
    reach = reach_of(work, report)
    return reach is None or bool(reach)


def reach_of(work: Work, report: Report) -> frozenset[int] | None:
    """Return the people whose records a report may count for the actor; None stands for everybody's."""
    entity, _, action = report.permission.partition(".")
    if entity in MODELS:
        return owners(work.actor, entity, Action(action))
    match own_reach(work.hooks, work.actor, report.permission):
        case Reach.ALL:
            return None
        case Reach.DEPARTMENT:
            return work.actor.team
        case Reach.OWN if work.actor.id is not None:
            return frozenset({work.actor.id})
    return frozenset()


async def filters_of(work: Work, report: Report, question: Question) -> ReportFilters:
    """Make a question into the report's filters, cut down to the people whom the actor may see.

    :raises NotAllowed: the actor may not read the report
    :raises NotFound: somebody named is out of reach, or the pipeline is gone
    :raises WrongFilter: a filter of the report's own has a value it does not take
    """
    reach = reach_of(work, report)
    if reach is not None and not reach:
        raise NotAllowed(entity=report.permission, action="read")
    if reach is not None and not reach.issuperset(question.people):
        raise NotFound(ref=", ".join(f"u{person}" for person in sorted(set(question.people) - reach)))
    people = question.people or (None if reach is None else tuple(sorted(reach)))
    if question.pipeline_id and not await db.fetch_one(
        "SELECT 1 AS y FROM pipeline WHERE id = ?", question.pipeline_id
    ):
        raise NotFound(ref=f"pipeline {question.pipeline_id}")
    common = {"since": question.since, "until": question.until, "people": people, "pipeline_id": question.pipeline_id}
    try:
        return checked(report.filters.model_validate, common | question.own)
    except ValidationError as exc:
        problem = exc.errors(include_url=False, include_context=False)[0]
        key = str(problem["loc"][0]) if problem["loc"] else "?"
        raise WrongFilter(key=key, value=str(question.own.get(key, ""))[:60], how=f"{problem['msg']}.") from None


async def people_within(work: Work, report: Report) -> list[tuple[int, str]]:
    """Return (id, name) of everybody whose records the actor may have counted, by name."""
    reach = reach_of(work, report)
    rows = await db.fetch('SELECT id, name FROM "user" WHERE active ORDER BY name, id')
    return [(row["id"], str(row["name"])) for row in rows if reach is None or row["id"] in reach]


async def names_of(people: Iterable[int]) -> list[str]:
    """Return people's names."""
    ids = ", ".join(str(int(person)) for person in people) or "0"
    return [
        str(row["name"]) for row in await db.fetch(f'SELECT name FROM "user" WHERE id IN ({ids}) ORDER BY name, id')
    ]


# --- kept for buttons ------------------------------------------------------------------------------------------------------


async def keep_question(work: Work, question: Question) -> int:
    """Store a question for the buttons of a card, once for each person; returns its id."""
    stored = db.to_json(question.as_json())
    row = await db.fetch_one(
        "INSERT INTO report_question (user_id, fingerprint, question, asked_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (user_id, fingerprint) DO UPDATE SET asked_at = excluded.asked_at RETURNING id",
        work.actor.id,
        hashlib.sha256(stored.encode()).hexdigest(),
        stored,
        work.now,
    )
    assert row is not None
    return int(row["id"])


async def kept_question(work: Work, question_id: int) -> Question:
    """Return a question that the actor asked.

    :raises NotFound: there is none, or it is somebody else's
    """
    row = await db.fetch_one(
        "SELECT question FROM report_question WHERE id = ? AND user_id = ?", question_id, work.actor.id
    )
    if row is None:
        raise NotFound(ref="report")
    return Question.from_json(db.from_json(row["question"]))
