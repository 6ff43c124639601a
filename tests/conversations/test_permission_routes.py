"""The ways in that are no verb and no button: web pages, inline queries, deep links, counts, reports, exports, files.

Each stands in a table here; a new one without its row fails.
"""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from botcrm.core import db
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Role, User
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.exporting.export import KINDS, export_rows
from botcrm.core.services.reading import Reading
from botcrm.core.services.staff.people import actor_by_id
from botcrm.telegram.notices import _NOTICES
from botcrm.testing import Crm, Member
from botcrm.web.calendar import calendar_routes
from botcrm.web.health import build_app
from botcrm.web.plugins import plugin_routes
from tests.conversations.permissions.world import World, make_world
from tests.conversations.test_permission_matrix import EVERYTHING

# Address -> what it shows, and to whom.
WEB = {
    "/healthz": "whether the bot is well, to anybody; nothing of the base",
    "/metrics": "numbers about the process, to anybody; nothing of the base",
    "/calendar/{secret}.ics": "activity.read: what is planned for whoever made the address",
    "/plugins/{plugin}/{path}": "what plugins answer; each asks for its own secret",
}
# Kind of export -> the grant without which it gives nothing.
EXPORTS = {
    "deals": "deal.export",
    "activities": "activity.export",
    "contacts": "contact.export",
    "companies": "company.export",
    "leads": "lead.export",
    "events": "everybody's of all of them",
}
REPORTS = {"activities": "activity.read", "funnel": "deal.read"}


@pytest.fixture
async def world(crm: Crm, anna: Member, bob: Member, boss: Member) -> World:
    return await make_world(crm, anna, bob, boss)


async def _grant(world: World, grants: dict[str, str]) -> None:
    role, _ = await Role.get_or_create(key="bob", defaults={"name": "Bob's", "grants": grants, "base": "manager"})
    await Role.filter(id=role.id).update(grants=grants)
    await User.filter(id=world.bob.user_id).update(role_id=role.id)


def _without(*grants: str) -> dict[str, str]:
    return EVERYTHING | dict.fromkeys(grants, "none")


async def test_every_web_page_has_its_row(crm: Crm) -> None:
    app = build_app(crm.app, routes=[*calendar_routes(crm.app), *plugin_routes(crm.app)])
    assert {resource.canonical for resource in app.router.resources()} == set(WEB)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_calendar_shows_what_its_reader_may_see_now(world: World) -> None:
    await _grant(world, EVERYTHING)
    await world.bob.send("/task tomorrow 10:00 something of mine")
    await world.bob.send("/calendar")
    await world.bob.tap("address")
    address = next(word for word in world.bob.last.split() if word.endswith(".ics"))
    path = "/calendar/" + address.rsplit("/", maxsplit=1)[1]
    async with TestClient(TestServer(build_app(world.crm.app, routes=calendar_routes(world.crm.app)))) as client:
        text = await (await client.get(path)).text()
        assert "something of mine" in text
        assert not world.leaks(text)
        await _grant(world, _without("activity.read"))
        assert "something of mine" not in await (await client.get(path)).text()
        await User.filter(id=world.bob.user_id).update(active=False)
        assert (await client.get(path)).status == 404


def test_every_kind_of_export_has_its_row() -> None:
    assert set(EXPORTS) == set(KINDS)


async def _exported(world: World, kind: str) -> list[Any]:
    actor = await actor_by_id(world.crm.app.defaults, world.bob.user_id or 0)
    assert actor
    work = Reading(actor, world.crm.clock(), Buffer(hooks=world.crm.app.hooks))
    try:
        return [row async for row in export_rows(work, kind)]
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing came out
        return [] if type(error).__name__ == "NotAllowed" else [error]


async def test_an_export_needs_its_grant_and_goes_as_far_as_that(world: World) -> None:
    for kind, needed in EXPORTS.items():
        for reach in ("none", "own"):
            own = {f"{one}.{Action.EXPORT}": reach for one in ("deal", "lead", "contact", "company", "activity")}
            await _grant(world, EVERYTHING | own)
            rows = await _exported(world, kind)
            assert rows == [] or reach == "own", (kind, needed)
            assert not world.leaks(str(rows).lower()), kind
        await _grant(world, EVERYTHING)
        assert world.leaks(str(await _exported(world, kind)).lower()) or kind == "companies"


def test_every_report_has_its_row(crm: Crm) -> None:
    assert set(crm.app.hooks.registry.reports) == set(REPORTS)


async def test_a_report_counts_only_what_may_be_seen(world: World) -> None:
    for name, needed in REPORTS.items():
        await _grant(world, EVERYTHING)
        seen = await world.bob.send(f"/report {name}")
        await _grant(world, _without(needed))
        hidden = await world.bob.send(f"/report {name}")
        assert "98,765" in seen or name == "activities"
        assert "98,765" not in hidden
        assert seen != hidden


@pytest.mark.parametrize("entity", ["deal", "contact", "company", "lead"])
async def test_inline_queries_and_links_find_nothing_without_reading(world: World, entity: str) -> None:
    letter = {"deal": "d", "contact": "c", "company": "o", "lead": "l"}[entity]
    for grants, found in ((EVERYTHING, True), (_without(f"{entity}.read"), False)):
        await _grant(world, grants)
        listed: set[str] = set()
        for text in ("hushco", "zdzich", "whisper"):
            query = world.bob.person.inline(text)
            await world.crm.settle()
            listed |= {result["id"][0] for result in await query.answered()}
        assert (letter in listed) == found
        opened = await world.bob.send(f"{letter}1")
        assert opened.startswith("🤷") != found
        await world.bob.send(f"/start {letter}1")
        assert "98,765" not in world.bob.last


async def test_counters_count_nothing_without_reading(world: World) -> None:
    await _grant(world, _without("deal.read", "activity.read"))
    said = await world.bob.send("/today @Anna")
    assert not world.leaks(said.replace("Anna", ""))
    assert "98,765" not in await world.bob.send("/board team")
    assert "whisper" not in await world.bob.send("/deals @Anna")


async def test_what_the_bot_says_by_itself_is_worded_with_the_readers_rights(world: World) -> None:
    """Each notice is made for its reader when it is sent: about Anna's records it says nothing to Bob."""
    refs = [("deal", 1), ("contact", 1), ("lead", 1), ("activity", 1), ("message", 1), ("note", 1)]
    async with world.crm.work() as work:
        for notice in _NOTICES:
            for entity, record_id in refs:
                args: dict[str, Any] = {
                    f"{one}_id": 1 for one in ("deal", "contact", "lead", "activity", "message", "note")
                }
                args |= {
                    "entity": entity,
                    "record_id": record_id,
                    "by": world.boss.user_id,
                    "late_id": world.anna.user_id,
                }
                args |= {
                    "operation_id": world.operation,
                    "former_id": world.anna.user_id,
                    "target_id": world.boss.user_id,
                }
                args |= {"user_id": world.anna.user_id, "text": "", "counts": {"deal": 1}, "ids": [1], "rule_id": 1}
                args |= {"asked_by": world.anna.user_id, "deadline": world.crm.clock().isoformat(), "activity_ids": [1]}
                await work.tell(world.bob.user_id or 0, world.bob.person.id, notice, **args)
    await world.crm.advance(minutes=10)
    assert not world.leaks(world.bob.seen), "said to Bob"
    assert await db.fetch_one("SELECT 1 AS y FROM outbox WHERE state = 'sent' LIMIT 1")
