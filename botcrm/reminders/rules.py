"""Rules at work: what happened plans a job in the same transaction, the job asks and acts, once for each record and mark."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from botcrm.contract.rules import Occasion
from botcrm.contract.work import Run
from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.events import EVENTS, Event, RuleRan
from botcrm.core.models import Record, Rule
from botcrm.core.services.access import load_any
from botcrm.core.services.rule_runs import tell_of_failure
from botcrm.core.services.rules import event_facts, event_from, rule_actor
from botcrm.core.services.undo.standing import is_undone
from botcrm.core.services.work import Work
from botcrm.hooks import PluginFailed, PluginManager, Registry
from botcrm.reminders.jobs import MOST_ATTEMPTS, DueJob, Handler
from botcrm.reminders.rule_parts import PartGone, Parts, ask_part, parts_of

log = logging.getLogger(__name__)

RUN, LOOK = "rule.run", "rule.look"
# So many times rules may set each other off in a row.
MOST_DEEP = 8
# Another process may have changed a rule: what is known of them is read again after this.
_KNOWN_FOR = timedelta(seconds=10)
# How long a rule waits for a plugin that is off.
_PATIENCE = timedelta(hours=1)
_PAGE = 200
_LONGEST_MARK = 80


@dataclass(frozen=True, slots=True)
class Listener:
    """A rule that is switched on, as far as telling goes whether an event may concern it."""

    rule_id: int
    entity: str
    where: tuple[tuple[str, Any], ...]
    delay: timedelta

    def concerns(self, event: Event) -> int | None:
        """Return the id of the record it may run for."""
        after = event.after
        for field, value in self.where:
            if after.get(field) != value:
                return None
        return event.record_id if event.entity == self.entity else event.about.get(self.entity)


Table = dict[type[Event], list[Listener]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would do for a record, as it stands now.

    :ivar conditions: each as a manager reads it, and whether it holds
    :ivar did: what the actions would do, those up to one that fails
    :ivar error: the refusal of the one that would fail
    """

    conditions: tuple[tuple[str, bool], ...]
    did: tuple[str, ...] = ()
    error: CrmError | None = None


class _Back(Exception):
    """Everything that was tried out is to be taken back."""


class Rules:
    """The rules of one process: plans them for what happened, and runs them."""

    def __init__(self, hooks: PluginManager) -> None:
        self._hooks = hooks
        self._table: Table | None = None
        self._registry: Registry | None = None
        self._read_at: datetime | None = None

    def handlers(self) -> dict[str, Handler]:
        """Return what runs the rules' jobs."""
        return {RUN: self.run, LOOK: self.look}

    def committed(self, events: Sequence[Event]) -> None:
        """Read the rules again after one was changed; called after each commit with what happened."""
        if any(event.entity == "rule" for event in events):
            self._table = None

    # --- planning ------------------------------------------------------------------------------------------------

    async def plan(self, work: Work, depth: int = 0) -> None:
        """Plan the rules that what happened in a work starts; called after its last flush, in its transaction."""
        events = work.unruled()
        if not events:
            return
        table = self._table
        stale = self._read_at is None or not timedelta() <= work.now - self._read_at < _KNOWN_FOR
        if table is None or stale or self._registry is not self._hooks.registry:
            table = await self._read(work)
        for event in events:
            if event.entity == "rule":
                rule = await Rule.filter(id=event.record_id, active=True, deleted_at=None).first()
                if rule is not None:
                    await self._plan_look(work, rule)
            for listener in table.get(type(event), ()):
                record_id = listener.concerns(event) if event.undoes is None else None
                if record_id is not None:
                    await self._plan_run(work, listener, record_id, event, depth)

    async def _read(self, work: Work) -> Table:
        """Read which rules listen to which events."""
        registry, table = self._hooks.registry, Table()
        for rule in await Rule.filter(active=True, deleted_at=None).order_by("id"):
            owned = registry.triggers.get(rule.trigger)
            if owned is None:
                continue
            where = tuple((field, rule.trigger_params.get(name)) for field, name in owned.value.where.items())
            listener = Listener(rule.id, rule.entity, where, timedelta(seconds=rule.delay))
            for kind in EVENTS.values():
                if owned.value.events and issubclass(kind, owned.value.events):
                    table.setdefault(kind, []).append(listener)
        self._table, self._registry, self._read_at = table, registry, work.now
        return table

    async def _plan_run(self, work: Work, listener: Listener, record_id: int, event: Event, depth: int) -> None:
        if depth >= MOST_DEEP:
            log.warning(
                "rule %s is not run for %s %s: rules set each other off", listener.rule_id, listener.entity, record_id
            )
            return
        mark = f"{secrets.randbits(60):x}"
        await work.plan_job(
            RUN,
            f"rule:{listener.rule_id}:{mark}",
            work.now + listener.delay,
            rule_id=listener.rule_id,
            record_id=record_id,
            mark=mark,
            event=event_facts(event),
            depth=depth,
        )

    async def plan_looks(self, work: Work) -> None:
        """See to it that each rule that has to look does so; called when a process starts and when plugins are switched."""
        for rule in await Rule.filter(active=True, deleted_at=None).order_by("id"):
            await self._plan_look(work, rule)

    async def _plan_look(self, work: Work, rule: Rule) -> None:
        """Have a rule look soon if it has to and nothing is planned."""
        owned = self._hooks.registry.triggers.get(rule.trigger)
        if owned is None or owned.value.every is None:
            return
        key = f"rule.look:{rule.id}"
        if not await db.fetch_one("SELECT 1 AS y FROM job WHERE key = ? AND state IN ('waiting', 'running')", key):
            await work.plan_job(LOOK, key, work.now + timedelta(seconds=1), rule_id=rule.id)

    # --- running -------------------------------------------------------------------------------------------------

    async def run(self, work: Work, job: DueJob) -> None:
        """Run a rule for one record, if all still holds; a plugin's failure is tried again like any job's."""
        rule = await Rule.filter(id=int(job.payload["rule_id"]), active=True, deleted_at=None).first()
        if rule is None or await self._ran(rule, job):
            return
        facts = job.payload.get("event")
        if facts and await is_undone(facts["work_id"]):
            return
        try:
            parts = parts_of(self._hooks, rule)
        except PartGone:
            # Its plugin may be switched on again; until then the rule waits, and its card says so.
            await work.plan_job(job.kind, job.key, work.now + _PATIENCE, **job.payload)
            return
        except CrmError as exc:
            await self._gave_up(work, rule, job, exc)
            return
        actor = await rule_actor(work, rule)
        if actor is None:
            await work.plan_job(job.kind, job.key, work.now + _PATIENCE, **job.payload)
            return
        acting = work.acting_as(actor)
        try:
            record = await load_any(acting, rule.entity, int(job.payload["record_id"]))
        except NotFound:
            return
        try:
            async with acting.savepoint():
                await self._act(acting, rule, parts, record, job)
        except PluginFailed as exc:
            if job.attempts + 1 < MOST_ATTEMPTS:
                raise
            await self._gave_up(work, rule, job, exc)
        except CrmError as exc:
            await self._gave_up(work, rule, job, exc)
        await work.flush()
        await self.plan(work, int(job.payload.get("depth", 0)) + 1)

    async def _act(self, acting: Work, rule: Rule, parts: Parts, record: Record, job: DueJob) -> None:
        event = event_from(job.payload["event"]) if job.payload.get("event") else None
        run = Run(rule.id, rule.name, event)
        if not await self._starts(acting, parts, record, run, str(job.payload["mark"])):
            return
        if not await self._holds(acting, parts, record, run):
            return
        run_id = await self._claim(acting, rule, job)
        if run_id is None:
            return
        did: list[str] = []
        await self._do(acting, parts, record, did, replace(run, run_id=run_id))
        acting.remember(RuleRan, record, after={"rule": rule.name, "rule_id": rule.id, "did": did})
        await db.execute("UPDATE rule_run SET did = ? WHERE id = ?", db.to_json(did), run_id)

    async def _starts(self, acting: Work, parts: Parts, record: Record, run: Run, mark: str) -> bool:
        """Tell whether what set the rule off still does."""
        if run.event is not None:
            return bool(await ask_part(self._hooks, acting, parts.trigger, "matches", run.event, run=run))
        found = await self._find(acting, parts, run, record.id - 1, 1)
        return any(one.record_id == record.id and _mark(one) == mark for one in found)

    async def _holds(self, acting: Work, parts: Parts, record: Record, run: Run) -> bool:
        """Tell whether all conditions hold for a record."""
        for condition in parts.conditions:
            if not await ask_part(self._hooks, acting, condition, "holds", record, run=run):
                return False
        return True

    async def _do(self, acting: Work, parts: Parts, record: Record, did: list[str], run: Run) -> None:
        """Do a rule's actions in their order, and note what each did."""
        for action in parts.actions:
            # The action before may have changed it.
            record = await load_any(acting, record._meta.db_table, record.id)
            did.append(str(await ask_part(self._hooks, acting, action, "run", record, run=run))[:500])

    async def _ran(self, rule: Rule, job: DueJob) -> bool:
        sql = "SELECT 1 AS y FROM rule_run WHERE rule_id = ? AND entity = ? AND record_id = ? AND mark = ?"
        return bool(await db.fetch_one(sql, rule.id, rule.entity, int(job.payload["record_id"]), job.payload["mark"]))

    async def _claim(self, acting: Work, rule: Rule, job: DueJob, state: str = "done", error: str = "") -> int | None:
        """Write a run down; None where it was before, perhaps by another process just now."""
        facts = job.payload.get("event")
        row = await db.fetch_one(
            "INSERT INTO rule_run (rule_id, entity, record_id, mark, at, state, did, error, cause, work_id) "
            "VALUES (?, ?, ?, ?, ?, ?, '[]', ?, ?, ?) ON CONFLICT (rule_id, entity, record_id, mark) DO NOTHING RETURNING id",
            rule.id,
            rule.entity,
            int(job.payload["record_id"]),
            job.payload["mark"],
            acting.now,
            state,
            error,
            facts["work_id"] if facts else None,
            acting.id if state == "done" else None,
        )
        return int(row["id"]) if row else None

    async def _gave_up(self, work: Work, rule: Rule, job: DueJob, exc: CrmError) -> None:
        """Note that a rule failed for a record, and tell who answers for it."""
        log.warning("rule %s failed for %s %s: %s", rule.id, rule.entity, job.payload["record_id"], exc)
        run_id = await self._claim(work, rule, job, "failed", str(exc)[:500])
        if run_id is None:
            return
        await tell_of_failure(work, rule, run_id, rule.entity, int(job.payload["record_id"]), str(exc))

    async def try_out(self, work: Work, rule: Rule, record_id: int) -> Trial:
        """Tell what a rule would do for a record if it started now; nothing of it stays.

        :raises CrmError: the rule is not complete, its plugin is off, its owner left, or the record is out of its reach
        """
        parts = parts_of(self._hooks, rule)
        actor = await rule_actor(work, rule)
        if actor is None:
            raise NotFound(ref=rule.name)
        acting, run = work.acting_as(actor), Run(rule.id, rule.name)
        record = await load_any(acting, rule.entity, record_id)
        conditions: list[tuple[str, bool]] = []
        did: list[str] = []
        error: CrmError | None = None
        try:
            async with acting.savepoint():
                for condition in parts.conditions:
                    said = str(await ask_part(self._hooks, acting, condition, "say", run=run))
                    holds = bool(await ask_part(self._hooks, acting, condition, "holds", record, run=run))
                    conditions.append((said, holds))
                try:
                    if all(holds for _, holds in conditions):
                        await self._do(acting, parts, record, did, run)
                except CrmError as exc:
                    error = exc
                raise _Back
        except _Back:
            return Trial(tuple(conditions), tuple(did), error)

    # --- looking -------------------------------------------------------------------------------------------------

    async def look(self, work: Work, job: DueJob) -> None:
        """Look, a page at a time, for what a rule is to run for, and plan a run for each that had none of its mark."""
        rule = await Rule.filter(id=int(job.payload["rule_id"]), active=True, deleted_at=None).first()
        if rule is None:
            return
        try:
            parts = parts_of(self._hooks, rule)
        except CrmError:
            await work.plan_job(job.kind, job.key, work.now + _PATIENCE, rule_id=rule.id)
            return
        every = type(parts.trigger.value).every
        actor = await rule_actor(work, rule)
        if every is None:
            return
        found: list[Occasion] = []
        try:
            if actor is not None:
                acting, run = work.acting_as(actor), Run(rule.id, rule.name)
                found = await self._find(acting, parts, run, int(job.payload.get("after", 0)), _PAGE)
                for one in await self._fresh(rule, found):
                    await self._plan_found(acting, rule, parts, run, one)
        except CrmError as exc:
            # It looks again at its usual time; a plugin that goes on failing is switched off.
            log.warning("rule %s cannot look: %s", rule.id, exc)
            found = []
        if len(found) >= _PAGE:
            # A moment of its own: a job planned for the very time it runs at would count as done.
            soon = max(work.now, job.run_at) + timedelta(milliseconds=1)
            await work.plan_job(job.kind, job.key, soon, rule_id=rule.id, after=found[-1].record_id)
        else:
            await work.plan_job(job.kind, job.key, work.now + every, rule_id=rule.id)

    async def _find(self, acting: Work, parts: Parts, run: Run, after_id: int, limit: int) -> list[Occasion]:
        found = list(await ask_part(self._hooks, acting, parts.trigger, "find", after_id, limit, run=run))
        return sorted(found, key=lambda one: one.record_id)[:limit]

    async def _fresh(self, rule: Rule, found: list[Occasion]) -> list[Occasion]:
        """Return what the rule neither ran for nor is planned for."""
        if not found:
            return []
        marks = ", ".join("?" * len(found))
        ran = await db.fetch(
            f"SELECT record_id, mark FROM rule_run WHERE rule_id = ? AND entity = ? AND record_id IN ({marks})",
            rule.id,
            rule.entity,
            *(one.record_id for one in found),
        )
        known = {(row["record_id"], row["mark"]) for row in ran}
        keys = {_key(rule, one): one for one in found if (one.record_id, _mark(one)) not in known}
        if not keys:
            return []
        marks = ", ".join("?" * len(keys))
        waiting = await db.fetch(
            f"SELECT key FROM job WHERE key IN ({marks}) AND state IN ('waiting', 'running')", *keys
        )
        return [one for key, one in keys.items() if key not in {row["key"] for row in waiting}]

    async def _plan_found(self, acting: Work, rule: Rule, parts: Parts, run: Run, one: Occasion) -> None:
        try:
            record = await load_any(acting, rule.entity, one.record_id)
        except NotFound:
            return  # beyond the reach of who answers for the rule
        if await self._holds(acting, parts, record, run):
            run_at = acting.now + timedelta(seconds=rule.delay)
            await acting.plan_job(
                RUN, _key(rule, one), run_at, rule_id=rule.id, record_id=one.record_id, mark=_mark(one), depth=0
            )


def _mark(one: Occasion) -> str:
    return one.mark[:_LONGEST_MARK]


def _key(rule: Rule, one: Occasion) -> str:
    return f"rule:{rule.id}:{one.record_id}:{_mark(one)}"
