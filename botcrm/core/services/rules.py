"""Rules as managers keep them: add, change, switch, delete; with whose rights one acts; what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.events import EVENTS, Event, RecordDeleted, RuleAdded, RuleChanged
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Rule, RuleRun
from botcrm.core.services.access import demand, load, may, owned_sql, owners
from botcrm.core.services.actor import Actor
from botcrm.core.services.staff.people import actor_by_id, system
from botcrm.core.services.work import Work

_LONGEST_NAME = 200
_MOST_PARTS = 10


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with how often it ran, as a list shows it."""

    rule: Rule
    runs: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShippedRule:
    """A rule that comes with the product or a plugin. In parameters, "stage:Proposal" stands for the stage of that name.

    :ivar key: never changes: the rule is put in once
    """

    key: str
    name: str
    entity: str
    trigger: str
    trigger_params: Mapping[str, Any]
    actions: Sequence[tuple[str, Mapping[str, Any]]]
    conditions: Sequence[tuple[str, Mapping[str, Any]]] = ()
    delay: int = 0


async def rule_of(work: Work, rule_id: int, action: Action = Action.READ) -> Rule:
    """Return a rule within the actor's reach; one that is nobody's is seen by every manager and changed by who reaches all.

    :raises NotFound: there is none, or it is out of reach
    :raises NotAllowed: it may be seen, yet not for this action
    """
    demand(work, "rule", action)
    if may(work.actor, "rule", Action.READ) and 0 < rule_id < 2**31:
        shipped = await Rule.filter(id=rule_id, deleted_at=None, owner_id=None).first()
        if shipped is not None:
            if action != Action.READ and owners(work.actor, "rule", action) is not None:
                raise NotAllowed(entity="rule", action=action)
            return shipped
    return await load(work, Rule, rule_id, action)


async def rules_in_reach(work: Work, *, limit: int, offset: int = 0) -> list[RuleRow]:
    """Return the rules the actor may see, by name.

    :raises NotAllowed: none of them
    """
    demand(work, "rule", Action.READ)
    reached = owned_sql("r.owner_id", owners(work.actor, "rule"))
    rows = await db.fetch(
        "SELECT r.id, (SELECT count(*) FROM rule_run n WHERE n.rule_id = r.id AND n.state = 'done') AS runs, "
        "(SELECT max(n.at) FROM rule_run n WHERE n.rule_id = r.id AND n.state = 'done') AS last_at FROM rule r "
        f"WHERE r.deleted_at IS NULL AND (r.owner_id IS NULL OR {reached}) ORDER BY r.name, r.id LIMIT ? OFFSET ?",
        limit,
        offset,
    )
    found = {rule.id: rule for rule in await Rule.filter(id__in=[row["id"] for row in rows])} if rows else {}
    return [RuleRow(found[row["id"]], int(row["runs"]), db.moment(row["last_at"])) for row in rows]


async def rule_row(rule: Rule) -> RuleRow:
    """Return a rule with how often it ran."""
    row = await db.fetch_one(
        "SELECT count(*) AS runs, max(at) AS last_at FROM rule_run WHERE rule_id = ? AND state = 'done'", rule.id
    )
    assert row is not None
    return RuleRow(rule, int(row["runs"]), db.moment(row["last_at"]))


async def runs_of(work: Work, rule_id: int, limit: int = 10) -> list[RuleRun]:
    """Return a rule's last runs, newest first."""
    await rule_of(work, rule_id)
    return await RuleRun.filter(rule_id=rule_id).order_by("-id").limit(limit)


async def add_rule(work: Work, *, name: str, entity: str, trigger: str, trigger_params: dict[str, Any]) -> Rule:
    """Make a rule, switched off until it is complete; it acts with the rights of whoever makes it.

    :raises NotAllowed: the actor may not make rules
    """
    demand(work, "rule", Action.ADD)
    return await work.create(
        Rule,
        RuleAdded,
        name=_name(name),
        entity=entity,
        trigger=trigger,
        trigger_params=trigger_params,
        conditions=[],
        actions=[],
        delay=0,
        active=False,
        owner_id=work.actor.id,
    )


async def change_rule(work: Work, rule_id: int, **values: Any) -> Rule:
    """Change a rule: name, trigger and trigger_params, conditions, actions, delay (seconds).

    :raises NotAllowed: it may be seen only
    :raises InvalidValue: a name of nothing, or too many parts
    """
    rule = await rule_of(work, rule_id, Action.CHANGE)
    if "name" in values:
        values["name"] = _name(values["name"])
    if any(len(values.get(parts, ())) > _MOST_PARTS for parts in ("conditions", "actions")):
        raise InvalidValue(what="rule", value=rule.name, how=f"It has {_MOST_PARTS} parts of a sort at most.")
    return await work.change(rule, RuleChanged, **values)


async def switch_rule(work: Work, rule_id: int, on: bool) -> Rule:
    """Switch a rule on or off; who switches on a rule whose owner has left answers for it from then on."""
    rule = await rule_of(work, rule_id, Action.CHANGE)
    values: dict[str, Any] = {"active": on}
    if on and rule.owner_id is not None and await actor_by_id(work.company, rule.owner_id) is None:
        values["owner_id"] = work.actor.id
    return await work.change(rule, RuleChanged, **values)


async def delete_rule(work: Work, rule_id: int) -> Rule:
    """Delete a rule; undo brings it back."""
    rule = await rule_of(work, rule_id, Action.DELETE)
    return await work.change(rule, RecordDeleted, deleted_at=work.now)


def _name(text: str) -> str:
    name = " ".join(text.split())[:_LONGEST_NAME]
    if not name:
        raise InvalidValue(what="name", value=text, how="Write a name.")
    return name


async def rule_actor(work: Work, rule: Rule) -> Actor | None:
    """Return as whom a rule acts: with its owner's rights, with the system's where it is nobody's; None once its owner left."""
    name = f"Rule: {rule.name}"
    prefs = work.company
    if rule.owner_id is None:
        return replace(system(prefs), name=name)
    owner = await actor_by_id(prefs, rule.owner_id)
    return replace(owner, id=None, name=name, prefs=prefs, telegram_id=None) if owner else None


# --- events on their way to a job and back ---------------------------------------------------------------------------------

_CARRIED = ("entity", "record_id", "version", "work_id", "actor_id", "before", "after", "about", "undoes")


def event_facts(event: Event) -> dict[str, Any]:
    """Return an event as a job carries it."""
    return {"type": event.type, "at": event.at, **{name: getattr(event, name) for name in _CARRIED}}


def event_from(facts: Mapping[str, Any]) -> Event:
    """Return the event that a job carries.

    :raises NotFound: there is no such kind of event any more
    """
    kind = EVENTS.get(facts["type"])
    if kind is None:
        raise NotFound(ref=facts["type"])
    return kind(at=db.moment_needed(facts["at"]), **{name: facts[name] for name in _CARRIED})


# --- rules that come with the product --------------------------------------------------------------------------------------


async def seed_rules(shipped: Sequence[ShippedRule], now: datetime) -> None:
    """Put in rules that were never put in before: switched on in a new base, off where there is work to be disturbed already.

    One whose stage is not there is left out. Runs inside a transaction.
    """
    await db.alone("seed")
    known = {row["key"] for row in await db.fetch("SELECT key FROM rule WHERE key IS NOT NULL")}
    missing = [rule for rule in shipped if rule.key not in known]
    if not missing:
        return
    fresh = await db.fetch_one("SELECT 1 AS y FROM deal LIMIT 1") is None
    stages = {row["name"]: row["id"] for row in await db.fetch("SELECT id, name FROM stage ORDER BY id DESC")}
    found = []
    for rule in missing:
        try:
            params = _resolved(rule.trigger_params, stages)
            conditions = [{"name": name, "params": _resolved(values, stages)} for name, values in rule.conditions]
            actions = [{"name": name, "params": _resolved(values, stages)} for name, values in rule.actions]
        except KeyError:
            continue
        found.append(
            Rule(
                key=rule.key,
                name=rule.name,
                entity=rule.entity,
                trigger=rule.trigger,
                trigger_params=params,
                conditions=conditions,
                actions=actions,
                delay=rule.delay,
                active=fresh,
                created_at=now,
                updated_at=now,
            )
        )
    await Rule.bulk_create(found)


def _resolved(params: Mapping[str, Any], stages: Mapping[str, int]) -> dict[str, Any]:
    return {
        name: stages[value.removeprefix("stage:")] if isinstance(value, str) and value.startswith("stage:") else value
        for name, value in params.items()
    }
