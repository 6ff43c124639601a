"""The contract suites on whatever the plugin under test registers; `botcrm plugin check` has pytest collect this file."""

import asyncio
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from botcrm.hooks.registry import Owned
from botcrm.testing.chat import Crm
from botcrm.testing.checking import PLACE
from botcrm.testing.contracts import (
    ActionContract,
    ChannelContract,
    CommandContract,
    ConditionContract,
    ReportContract,
    TriggerContract,
)
from botcrm.testing.member import Member
from botcrm.testing.plugged import NotLoaded


@pytest.fixture
def plugins() -> Any:
    """Name the plugin under test."""
    return os.environ[PLACE]


async def _registered(place: str, folder: str) -> dict[str, dict[str, Any]]:
    """Start a bot with the plugin and return what the plugin registers."""
    crm = Crm(f"sqlite://{Path(folder) / 'botcrm.sqlite3'}", plugins=place)
    try:
        await crm.begin()
        registry = crm.app.hooks.registry

        def mine(found: dict[str, Owned[Any]]) -> dict[str, Any]:
            return {name: owned.value for name, owned in found.items() if owned.plugin in crm.under_test}

        return {
            "channels": mine(registry.channels),
            "commands": mine(registry.commands),
            "triggers": mine(registry.triggers),
            "conditions": mine(registry.conditions),
            "actions": mine(registry.actions),
            "reports": mine(registry.reports),
        }
    finally:
        await crm.stop()


def _suites(place: str) -> dict[str, type]:
    """Make a class of tests for each thing that the plugin registers."""
    try:
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
            found = thread.submit(asyncio.run, _registered(place, folder)).result()
    except NotLoaded:
        return {}  # test_it_is_switched_on says why
    made: dict[str, type] = {}
    if found["commands"]:
        made["TestCommands"] = type("TestCommands", (CommandContract,), {})
    for name in found["channels"]:
        made[f"TestChannel_{name}"] = type(f"TestChannel_{name}", (ChannelContract,), {"channel": name})
    for name in found["reports"]:
        # What fills it is known to the plugin's own tests only; these hold for any.
        made[f"TestReport_{name}"] = type(f"TestReport_{name}", (_AnyReport,), {"report": name})
    for kind, contract in (("trigger", TriggerContract), ("condition", ConditionContract), ("action", ActionContract)):
        for name, part in found[f"{kind}s"].items():
            made[f"Test{kind.capitalize()}_{name}"] = type(f"Test_{name}", (contract,), {"part": part})
    return made


class _AnyReport(ReportContract):
    """What holds for a report of which nobody knows what fills it."""

    fills = False


async def test_it_is_switched_on(crm: Crm) -> None:
    """The bot takes the plugin: manifest, hooks, names, tables and settings are in order."""
    for name in crm.under_test:
        listed = crm.listed(name)
        assert listed.state == "on", listed.reason
        assert listed.hooks, f"{name} implements no hook: mark functions with @hookimpl"


async def test_the_bot_works_beside_it(crm: Crm, rep: Member, client: Member, admin: Member) -> None:
    """A day's work with the plugin in the bot: cards, events, jobs and a client's message make it fail nowhere."""
    await rep.send("/deal Acme 12k roof repair next tomorrow 10:00 call them")
    await rep.send("/contact Jan Nowak +48601234567 jan@example.com")
    await rep.send("/lead Asks for a fence +48601999888")
    await rep.send("/company Umbrella")
    await rep.send("/call Acme 15m ok wants two variants")
    await rep.send("/stage Acme >proposal")
    await client.send("Do you do roofs?")
    await rep.send("/won Acme")
    await crm.advance(days=2)
    assert crm.failures() == 0, crm.last_failure()


async def test_it_goes_without_a_trace(crm: Crm, rep: Member) -> None:
    """Switched off it leaves nothing registered and nothing running; switched on again it works as before."""
    for name in crm.under_test:
        kept = crm.listed(name).hooks
        await crm.switch(name, on=False)
        registry = crm.app.hooks.registry
        owners = {
            owned.plugin
            for found in (registry.commands, registry.channels, registry.reports, registry.jobs, registry.actions)
            for owned in found.values()
        }
        assert name not in owners | set(registry.routes)
        assert crm.tasks_of(name) == [], "end in shutdown() what startup() began"
        assert await rep.send("/today")
        await crm.switch(name, on=True)
        assert crm.listed(name).hooks == kept
        assert crm.failures() == 0, crm.last_failure()


if PLACE in os.environ:
    globals().update(_suites(os.environ[PLACE]))
