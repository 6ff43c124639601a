"""What every part of a rule has to do right: a form that explains itself, words for it, and nothing left half done."""

import re
from typing import Any, ClassVar

import pytest

from botcrm.contract.rules import Condition, Part, RuleAction, Trigger
from botcrm.core import db
from botcrm.core.models import Record, RuleRun
from botcrm.core.services.rules import add_rule, change_rule, switch_rule
from botcrm.core.services.staff.people import system
from botcrm.core.services.undo.undo import undo
from botcrm.core.services.work import ENTITIES, Work
from botcrm.testing.chat import Crm
from botcrm.testing.contracts.samples import filled, record_for
from botcrm.testing.member import Member
from botcrm.testing.records import in_hands_of, make_deal

ENTITY_NAMES = ("deal", "lead", "contact", "company", "activity")
_COUNTED = ("deal", "lead", "contact", "company", "activity", "note", "event", "outbox", "job", "tag")


async def _rows() -> dict[str, int]:
    """Count the rows of what a part might write."""
    found = {}
    for table in _COUNTED:
        row = await db.fetch_one(f"SELECT count(*) AS n FROM {table}")  # noqa: S608 - from the list above
        assert row is not None
        found[table] = row["n"]
    return found


def _is_line(text: object, most: int = 300) -> bool:
    return isinstance(text, str) and bool(text.strip()) and "\n" not in text and len(text) <= most


class _PartContract:
    """What triggers, conditions and actions share."""

    part: ClassVar[Any]
    """The class under test."""
    values: ClassVar[dict[str, Any]] = {}
    """Values for fields, where the defaults and what can be made up do not fit."""

    async def make(self, rep: Member) -> Any:
        """Return the part with its fields filled in."""
        return await filled(self.part, self.values, rep)

    async def record(self, crm: Crm, entity: str, rep: Member) -> Record:
        """Return a record to try the part on; override it where the part looks at more than a plain one has."""
        return await record_for(crm, entity, rep)

    def lent(self, crm: Crm, work: Work) -> Work:
        """Return a work as the part gets it of a rule: by its plugin's handle."""
        return crm.lent(self.part, work)

    async def test_the_form_explains_itself(self) -> None:
        """The part has a name and a title, and each field a description; a default is one that it takes."""
        part: type[Part] = self.part
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,59}", part.name), f"{part.name!r}: small letters, digits and underscores"
        assert _is_line(part.title, 60), "title: what it is, in a few words"
        for name, info in part.model_fields.items():
            assert info.description, f"{name}: say in Field(description=…) what it is; the form shows that"
            assert _is_line(info.description, 100), f"{name}: the description is one short line"

    async def test_it_is_stored_as_json(self, rep: Member) -> None:
        """What was filled in is the same after it was stored."""
        made = await self.make(rep)
        assert type(made).model_validate_json(made.model_dump_json()) == made

    async def test_it_is_worded_in_a_line(self, crm: Crm, rep: Member) -> None:
        """`say` returns one line, and changes nothing."""
        made = await self.make(rep)
        before = await _rows()
        async with crm.work() as work:
            said = await made.say(self.lent(crm, work))
        assert _is_line(said), f"say() returned {said!r}; it is one line of up to 300 characters"
        assert await _rows() == before


@pytest.mark.asyncio
class TriggerContract(_PartContract):
    """Name the trigger's class in `part`."""

    part: ClassVar[type[Trigger]]

    async def provoke(self, crm: Crm, rep: Member) -> None:
        """Have something happen that the trigger may listen for; override it for what the usual does not cause."""
        deal = await make_deal(crm, owner=rep)
        await rep.send(f"/stage d{deal.id} >proposal")
        await rep.send(f"/won d{deal.id}")
        lost = await make_deal(crm, "Other", owner=rep)
        await rep.send(f"/lost d{lost.id} price")
        await record_for(crm, "activity", rep)
        await record_for(crm, "lead", rep)
        await record_for(crm, "company", rep)

    async def test_it_says_when(self) -> None:
        """It names what it is about, and either events or how often it looks."""
        part = self.part
        assert part.entity in ENTITY_NAMES, f"entity: one of {', '.join(ENTITY_NAMES)}"
        assert bool(part.events) != bool(part.every), "name either `events` or `every`"
        if part.every:
            assert part.every.total_seconds() >= 60, "looking more often than once a minute wears the base out"
            assert part.find is not Trigger.find, "with `every` it has to say in find() what it found"

    async def test_it_tells_which_events_count(self, crm: Crm, rep: Member) -> None:
        """`matches` says True or False to each event that it listens for, and changes nothing."""
        await self.provoke(crm, rep)
        made = await self.make(rep)
        seen = [event for event in crm.heard if isinstance(event, made.events)]
        before = await _rows()
        async with crm.work() as work:
            for event in seen:
                assert isinstance(await made.matches(self.lent(crm, work), event), bool), (
                    f"matches() has to say True or False ({event.type})"
                )
        assert await _rows() == before

    async def test_it_finds_page_by_page(self, crm: Crm, rep: Member) -> None:
        """`find` keeps to ascending ids, above `after_id`, at most `limit`, with a mark each; and changes nothing."""
        if not self.part.every:
            pytest.skip("this trigger waits for events")
        for number in range(3):
            await self.record(crm, self.part.entity, rep)
            await crm.advance(days=15 if number == 2 else 0)
        made = await self.make(rep)
        before = await _rows()
        async with crm.work() as opened:
            work = self.lent(crm, opened)
            everything = await made.find(work, 0, 1_000)
            ids = [found.record_id for found in everything]
            assert ids == sorted(set(ids)), "find() returns each record once, by ascending id"
            assert all(found.mark for found in everything), "a mark tells when the rule may run again"
            paged: list[int] = []
            while page := await made.find(work, paged[-1] if paged else 0, 2):
                assert len(page) <= 2, "find() returns at most `limit`"
                assert page[0].record_id > (paged[-1] if paged else 0), "find() goes on above `after_id`"
                paged += [found.record_id for found in page]
            assert paged == ids
            assert await made.find(work, 0, 1_000) == everything, "the same mark until something changed"
        assert await _rows() == before


@pytest.mark.asyncio
class ConditionContract(_PartContract):
    """Name the condition's class in `part`."""

    part: ClassVar[type[Condition]]

    async def test_it_says_yes_or_no(self, crm: Crm, rep: Member) -> None:
        """`holds` says True or False for each entity it can be asked about, and changes nothing."""
        made = await self.make(rep)
        assert self.part.entities, "entities: what it can be asked about"
        for entity in self.part.entities:
            record = await self.record(crm, entity, rep)
            before = await _rows()
            async with crm.work() as work:
                held = await made.holds(self.lent(crm, work), record)
            assert isinstance(held, bool), f"holds() has to say True or False ({entity})"
            assert await _rows() == before, "a condition only looks"


# What sets a rule off that is about a record of this sort.
_OCCASIONS = {"deal": "deal_won", "lead": "lead_came_in"}


class _TakenBack(Exception):
    """The rule failed behind the action."""


@pytest.mark.asyncio
class ActionContract(_PartContract):
    """Name the action's class in `part`."""

    part: ClassVar[type[RuleAction]]

    async def _as_rule(self, crm: Crm, work: Work) -> Work:
        """Return the work in the hands of a rule."""
        return self.lent(crm, work.acting_as(system(work.prefs)))

    async def test_it_does_it_and_says_so(self, crm: Crm, rep: Member) -> None:
        """`run` works for each entity it can be done to, and returns a line for the rule's history."""
        made = await self.make(rep)
        assert self.part.entities, "entities: what it can be done to"
        for entity in self.part.entities:
            record = await self.record(crm, entity, rep)
            async with crm.work() as work:
                done = await made.run(await self._as_rule(crm, work), record)
            assert _is_line(done), f"run() returned {done!r}; the rule's history wants a line ({entity})"

    async def test_it_goes_back_whole(self, crm: Crm, rep: Member) -> None:
        """When what comes behind it fails, nothing of it stays: no row, no message, no job."""
        made = await self.make(rep)
        for entity in self.part.entities:
            record = await self.record(crm, entity, rep)
            before = await _rows()
            async with crm.work() as work:
                with pytest.raises(_TakenBack):
                    async with work.savepoint():
                        await made.run(await self._as_rule(crm, work), record)
                        raise _TakenBack
            assert await _rows() == before, "write through the services and `work`, which take it back"

    async def test_it_can_be_undone(self, crm: Crm, rep: Member) -> None:
        """What it wrote can be taken back like what a person did by hand."""
        made = await self.make(rep)
        for entity in self.part.entities:
            record = await self.record(crm, entity, rep)
            before = await _rows()
            async with crm.work() as work:
                rule = await self._as_rule(crm, work)
                await made.run(rule, record)
                wrote = any(event.work_id == rule.id and event.entity in ENTITIES.values() for event in work.events)
            after = await _rows()
            changed = any(after[table] != before[table] for table in ENTITIES.values() if table in after)
            assert wrote or not changed, "write through the services: what they change can be taken back"
            if wrote:
                async with crm.work() as work:
                    await undo(work, rule.id)

    async def test_it_works_in_a_rule_once_for_each_occasion(self, crm: Crm, rep: Member, manager: Member) -> None:
        """A rule does it when it is set off, once, also when the bot is restarted, and says so in its history."""
        occasion = next((name for name in _OCCASIONS if name in self.part.entities), None)
        if occasion is None:
            pytest.skip("no occasion of the product's own concerns this")
        made = await self.make(rep)
        async with crm.work() as work:
            hands = await in_hands_of(work, manager)
            rule = await add_rule(
                hands, name="Contract", entity=occasion, trigger=_OCCASIONS[occasion], trigger_params={}
            )
            await change_rule(
                hands, rule.id, actions=[{"name": self.part.name, "params": made.model_dump(mode="json")}]
            )
            await switch_rule(hands, rule.id, True)
        record = await self.record(crm, occasion, rep)
        if occasion == "deal":
            await rep.send(f"/won d{record.id}")
        await crm.advance(minutes=5)
        await crm.restart(minutes=5)
        await crm.advance(days=1)
        runs = await RuleRun.filter(rule_id=rule.id)
        assert [(run.record_id, run.state) for run in runs] == [(record.id, "done")], [run.error for run in runs]

    async def test_it_tells_nobody_twice(self, crm: Crm, rep: Member) -> None:
        """What a plugin's own code sends goes out after the commit, once."""
        made = await self.make(rep)
        record = await self.record(crm, self.part.entities[0], rep)
        async with crm.work() as work:
            await made.run(await self._as_rule(crm, work), record)
        await crm.settle()
        seen = rep.seen
        await crm.restart()
        assert rep.seen == seen
