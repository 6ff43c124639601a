"""Each way to use each verb and button, refused without each grant that it needs, whatever else is granted; nothing changes then."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.models import CustomField, Department, Role, SavedFilter, User
from botcrm.telegram.buttons.table import ACTIONS
from botcrm.telegram.commands.table import COMMANDS
from botcrm.testing import Crm, Member
from tests.conversations.permissions.needs import FREE_LINES, FREE_PRESSES, GRANTS, LINE_NEEDS, PRESS_NEEDS
from tests.conversations.permissions.world import World, make_world

_ENTITIES = (
    "deal",
    "lead",
    "contact",
    "company",
    "activity",
    "user",
    "setting",
    "rule",
    "field",
    "choice",
    "filter",
    "role",
)
EVERYTHING = {f"{entity}.{action}": "all" for entity in (*_ENTITIES, "department") for action in Action}
# What is written down about whatever somebody types; that is no change of anything.
_LOGS = frozenset(
    {
        "inbox",
        "line",
        "outbox",
        "draft",
        "press",
        "job",
        "outgoing_file",
        "report_question",
        "setting",
        "pinned_counters",
    }
)


async def dump() -> dict[str, list[Any]]:
    """Return all tables but those that only tell of what was typed."""
    if db.dialect() == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%search%' AND name NOT LIKE 'sqlite%'"
    else:
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    names = [name for name in await db.column(sql) if name not in _LOGS and "search" not in name]
    return {name: await db.fetch(f'SELECT * FROM "{name}"') for name in names}


@pytest.fixture
async def world(crm: Crm, anna: Member, bob: Member, boss: Member) -> World:
    made = await make_world(crm, anna, bob, boss)
    at: dict[str, Any] = {"created_at": crm.clock(), "updated_at": crm.clock()}
    await Department.create(name="Sales")
    await CustomField.create(entity="deal", key="budget", name="Budget", type="number", **at)
    await SavedFilter.create(name="Hot", entity="deal", query="amount>1k", shared=True, owner_id=anna.user_id, **at)
    return made


async def grant(world: World, grants: dict[str, str]) -> None:
    """Give Bob a role of his own with these grants."""
    role, made = await Role.get_or_create(key="bob", defaults={"name": "Bob's", "grants": grants, "base": "manager"})
    if made:
        await User.filter(id=world.bob.user_id).update(role_id=role.id)
    else:
        await Role.filter(id=role.id).update(grants=grants)


async def _versions(world: World) -> dict[str, Any]:
    found: dict[str, Any] = dict(world.ids)
    for table in ("deal", "contact", "lead", "activity"):
        found[table[0]] = (await db.column(f"SELECT version FROM {table} WHERE id = 1"))[0]
    found["o"] = (await db.column("SELECT version FROM company WHERE id = 1"))[0]
    return found


def _is_refused(answer: str) -> bool:
    return answer.startswith(("✋", "🤷"))


def test_every_verb_and_button_says_what_it_needs() -> None:
    assert set(LINE_NEEDS) | FREE_LINES == set(COMMANDS)
    assert not set(LINE_NEEDS) & FREE_LINES
    free = [name for names in FREE_PRESSES.values() for name in names]
    assert len(free) == len(set(free))
    assert set(PRESS_NEEDS) | set(free) == set(ACTIONS)
    assert not set(PRESS_NEEDS) & set(free)


@pytest.mark.parametrize("denied", GRANTS)
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_without_a_grant_it_is_refused_and_nothing_changes(world: World, denied: str) -> None:
    await grant(world, EVERYTHING | {denied: "none"})
    ids = await _versions(world)
    bob = world.bob
    await bob.send("/help")
    card, before, failures = bob.card, await dump(), []
    told = world.anna.seen
    for ways in LINE_NEEDS.values():
        for line in (way for way, needed in ways if denied in needed):
            answer = await bob.send(line)
            if not _is_refused(answer):
                failures.append((line, answer))
    for ways in PRESS_NEEDS.values():
        for data in (way.format(**ids) for way, needed in ways if denied in needed):
            answer = await bob.forge(data, card) or bob.last
            if not _is_refused(answer):
                failures.append((data, answer))
    assert not failures
    assert await dump() == before
    assert world.anna.seen == told


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_with_all_grants_none_of_it_is_refused(world: World) -> None:
    """What the tables say is refused for the grant's sake, and not because it never works."""
    await grant(world, EVERYTHING)
    refused: list[Any] = []
    for ways in LINE_NEEDS.values():
        for line, needed in ways:
            if all(one.endswith(".read") for one in needed) and "Your role" in await world.bob.send(line):
                refused.append(line)
    await world.bob.send("/help")
    card, ids = world.bob.card, await _versions(world)
    for ways in PRESS_NEEDS.values():
        for way, needed in ways:
            if all(one.endswith((".read", ".export")) for one in needed):
                answer = await world.bob.forge(way.format(**ids), card)
                if "Your role" in answer or "not yours" in answer:
                    refused.append((way, answer))
    assert not refused


# --- how far -------------------------------------------------------------------------------------------------------------

OPENS = {"deal": "d{n}", "contact": "c{n}", "company": "o{n}", "lead": "l{n}", "activity": "a{n}"}
CHANGES = {
    "deal": "/deal d{n} 5k",
    "contact": "/contact c{n} +48 603 000 001",
    "company": "/company o{n} +48 603 000 002",
    "lead": "/lead l{n} +48 603 000 003",
}
MAKES = {
    "deal": "/deal {name} 1k",
    "contact": "/contact {name}",
    "company": "/company {name}",
    "lead": "/lead {name}",
    "activity": "/task tomorrow 10:00 {name}",
}


@pytest.mark.parametrize("entity", list(OPENS))
async def test_each_reach_over_each_owners_records(crm: Crm, boss: Member, anna: Member, entity: str) -> None:
    """A manager's own record, one of hers and one of somebody else's, under each reach for reading and for changing."""
    stranger = await crm.join("rep", "Zofia Far")
    owners = {"own": boss, "team": anna, "other": stranger}
    ids: dict[str, int] = {}
    for name, member in owners.items():
        await member.send(MAKES[entity].format(name=f"Somename{name}"))
        ids[name] = int((await db.column(f"SELECT max(id) FROM {entity}"))[0])
    role = await Role.create(key="tested", name="Tested", base="manager", grants={})
    await User.filter(id=boss.user_id).update(role_id=role.id)
    covered = {Reach.NONE: set(), Reach.OWN: {"own"}, Reach.DEPARTMENT: {"own", "team"}, Reach.ALL: {*owners}}
    for read in Reach:
        for change in Reach:
            grants = EVERYTHING | {f"{entity}.read": str(read), f"{entity}.change": str(change)}
            await Role.filter(id=role.id).update(grants=grants)
            for name, record_id in ids.items():
                seen = name in covered[read]
                assert _is_refused(await boss.send(OPENS[entity].format(n=record_id))) != seen, (read, name)
                if entity not in CHANGES:
                    continue
                before = await dump()
                answer = await boss.send(CHANGES[entity].format(n=record_id))
                allowed = seen and name in covered[change]
                assert _is_refused(answer) != allowed, (read, change, name, answer)
                if not allowed:
                    assert await dump() == before
