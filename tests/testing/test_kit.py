"""What authors of plugins get for their tests."""

import subprocess
import sys
import types
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from botcrm import Event, Incoming, Manifest, Plugin, Settings, WebAnswer, WebRequest, WebRoute, hookimpl, models
from botcrm.testing import Clock, Crm, Member
from botcrm.testing.loading import named
from botcrm.testing.plugged import NotLoaded
from botcrm.testing.projects import NoPlugin
from tests.testing import fifty_lines

ROOT = Path(__file__).resolve().parents[2]


class Options(Settings):
    """What the echo can be told."""

    word: str = "echo"


class Echo:
    """A plugin as an object: it answers over HTTP, and hears of events."""

    manifest = Manifest(title="Echo", needs=("deal.read",))

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def register_settings(self) -> type[Settings]:
        """Name the settings."""
        return Options

    @hookimpl
    def register_web_routes(self, plugin: Plugin) -> list[WebRoute]:
        """Answer with what was sent."""

        async def echo(request: WebRequest) -> WebAnswer:
            said = f"{plugin.settings.word} {request.method} {request.query} {request.body.decode()} {request.remote}"
            return WebAnswer(said, headers={"X-Kind": request.headers.get("content-type", "")})

        async def broken(request: WebRequest) -> WebAnswer:
            raise KeyError(request.path)

        return [
            WebRoute("POST", "say/{what}", echo, most_bytes=100),
            WebRoute("GET", "say/{what}", echo),
            WebRoute("GET", "broken", broken),
        ]

    @hookimpl
    async def on_event(self, event: Event) -> None:
        """Note it."""
        self.heard.append(event.type)


@pytest.fixture
def echo() -> Echo:
    """Give the plugin's object."""
    return Echo()


@pytest.fixture
def plugins(echo: Echo) -> object:
    """Load an object and a module."""
    return [echo, {"sms": fifty_lines}]


async def test_only_the_plugins_under_test_are_loaded(crm: Crm) -> None:
    assert crm.under_test == ["echo", "sms"]
    others = {one.name for one in crm.app.hooks.plugins if one.where != "built in"}
    assert others == {"echo", "sms"}


async def test_people_and_records_are_at_hand(
    crm: Crm,
    admin: Member,
    manager: Member,
    rep: Member,
    chat: Member,
    client: Member,
    make_deal: Callable[..., Awaitable[models.Deal]],
    make_contact: Callable[..., Awaitable[models.Contact]],
    make_company: Callable[..., Awaitable[models.Company]],
    make_lead: Callable[..., Awaitable[models.Lead]],
    join: Callable[..., Awaitable[Member]],
) -> None:
    assert chat is rep
    company = await make_company("Umbrella")
    contact = await make_contact("Jan Nowak", phone="601234567", company_id=company.id)
    deal = await make_deal("Roof", 500, contact_id=contact.id)
    lead = await make_lead("Fence", owner=manager)
    assert (deal.owner_id, contact.phone, lead.owner_id) == (rep.user_id, "+48601234567", manager.user_id)
    assert "Roof" in await rep.send("/deals")
    assert "Roof" not in await (await join("rep", "Bob")).send("/deals")
    await client.send("Hello?")
    assert "Hello?" in admin.last


async def test_time_passes_when_it_is_told_to(crm: Crm, rep: Member, clock: Clock) -> None:
    before = clock()
    await rep.send("/task order scaffold today 12:00")
    await clock.advance(hours=3)
    assert clock() - before >= timedelta(hours=3)
    assert "order scaffold" in rep.last


async def test_plugins_have_heard_of_everything_when_the_answer_is_there(rep: Member, echo: Echo) -> None:
    await rep.send("/deal Acme 12k roof")
    assert "DealCreated" in echo.heard


async def test_events_are_kept(crm: Crm, rep: Member) -> None:
    await rep.send("/deal Acme 12k roof")
    assert "DealCreated" in [event.type for event in crm.heard]


async def test_the_web_is_called_without_a_socket(crm: Crm) -> None:
    answer = await crm.post("/plugins/echo/say/hi?a=1", json={"x": 1}, remote="192.0.2.9")
    assert answer.status == 200
    assert answer.text == """echo POST {'a': '1', 'what': 'hi'} {"x": 1} 192.0.2.9"""
    assert answer.headers["X-Kind"] == "application/json"
    assert (await crm.post("/plugins/echo/say/hi", form={"name": "Ann Lee"})).text.endswith("name=Ann+Lee 192.0.2.1")
    assert (await crm.get("/plugins/echo/say/hi")).status == 200
    assert (await crm.get("/plugins/echo/none")).status == 404
    assert (await crm.request("PUT", "/plugins/echo/say/hi")).status == 405
    assert (await crm.post("/plugins/echo/say/hi", "x" * 101)).status == 413
    assert (await crm.get("/plugins/echo/broken")).status == 500
    assert crm.failures() == 1


async def test_settings_and_the_switch_are_the_administrators(crm: Crm) -> None:
    await crm.set_up("echo", word="hey")
    assert (await crm.get("/plugins/echo/say/hi")).text.startswith("hey")
    await crm.switch("echo", on=False)
    assert (await crm.get("/plugins/echo/say/hi")).status == 404
    await crm.switch("echo", on=True)
    assert (await crm.get("/plugins/echo/say/hi")).text.startswith("hey")


async def test_a_provider_takes_refuses_and_is_busy(crm: Crm, admin: Member) -> None:
    await crm.channel("sms").receive(Incoming("+48601234567", "Hello", "1", name="Zoe"))
    await crm.settle()
    await admin.tap("Answer")
    await admin.send("Good morning")
    assert [message.text for message in crm.outgoing("sms")] == ["Good morning"]
    crm.provider("sms").refuse("no such number")
    await admin.tap("Answer")
    await admin.send("Again")
    assert "no such number" in admin.seen
    assert crm.provider("sms").texts == ["Good morning"]


async def test_the_channels_own_send_can_be_let_through(crm: Crm, admin: Member) -> None:
    crm.provider("sms").through = True
    await crm.channel("sms").receive(Incoming("+48601234567", "Hello", "1", name="Zoe"))
    await crm.settle()
    await admin.tap("Answer")
    await admin.send("Good morning")
    (answer,) = await models.Message.filter(direction="out")
    assert answer.external_id == f"sms-{answer.id}"


async def test_everything_people_send_reaches_the_bot(crm: Crm, rep: Member, client: Member) -> None:
    """Places, files and contacts: none of them is left without an answer of some kind, and none breaks the bot."""
    await rep.send_location(52.2297, 21.0122, live_seconds=900, accuracy=15)
    await rep.edit_location(52.23, 21.02)
    await rep.stop_location()
    await rep.send_document(b"BEGIN:VCARD", "jan.vcf")
    await rep.send_contact("+48601234567", "Jan", "Nowak")
    await client.send("Do you do roofs?")
    await rep.forward(client.mine)
    with pytest.raises(AssertionError, match="has sent no location"):
        await client.edit_location(1, 1)
    assert await rep.send("/today")
    assert crm.failures() == 0


async def test_a_plugin_that_is_refused_fails_the_test_with_the_reason(tmp_path: Path) -> None:
    wrong = types.ModuleType("wrong")
    wrong.manifest = Manifest(title="Wrong", api=">=9")  # type: ignore[attr-defined]
    crm = Crm(f"sqlite://{tmp_path / 'wrong.sqlite3'}", plugins=[wrong])
    try:
        with pytest.raises(NotLoaded, match=r"the plugin wrong is failed: .*contract >=9"):
            await crm.begin()
    finally:
        await crm.stop()


def test_what_is_under_test_is_named_in_many_ways(tmp_path: Path) -> None:
    (tmp_path / "single.py").write_text("from botcrm import Manifest\nmanifest = Manifest(title='Single')\n", "utf-8")
    holder = types.ModuleType("botcrm_visits")
    found = named([str(tmp_path / "single.py"), holder, {"other": object()}])
    assert [one.name for one in found] == ["single", "visits", "other"]
    assert found[0].load().manifest.title == "Single"
    assert found[1].load() is holder
    with pytest.raises(NoPlugin, match="nowhere"):
        named("nowhere")


@pytest.mark.parametrize("module", ["botcrm.testing", "botcrm.testing.fixtures"])
def test_nothing_heavy_is_imported_before_a_fixture_is_used(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('aiogram', 'tortoise', 'aiohttp') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_unknown_names_of_the_kit_are_refused() -> None:
    import botcrm.testing as kit

    with pytest.raises(AttributeError, match="nothing called 'Crn'"):
        _: Any = kit.Crn
