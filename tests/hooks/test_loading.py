"""Which plugins are taken, and what is said to those that are not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from botcrm import ActivityKind, Command, Event, Job, Line, Manifest, Permission, Plugin, Settings, Verb, hookimpl
from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.hooks import PluginRefused
from botcrm.settings import Settings as Settings_
from botcrm.testing import Crm
from botcrm.testing.plugged import NotLoaded
from tests.starting import start_up_to_date

Start = Callable[..., Any]


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Start]:
    """Start a bot with plugins and settings, on SQLite and on PostgreSQL."""
    running: list[Crm] = []

    async def begin(plugins: Any = None, **settings: Any) -> Crm:
        crm = Crm(database_url, plugins=plugins, **settings)
        running.append(crm)
        try:
            await crm.begin()
        except NotLoaded:
            await crm.app.hooks.settled()
        return crm

    yield begin
    for crm in running:
        await crm.app.stop()


async def _run(plugin: Plugin, payload: dict[str, Any]) -> None: ...


async def _handler(chat: Any, line: Line) -> None: ...


class UnknownHook:
    @hookimpl
    async def on_evnt(self, event: Event) -> None: ...


class UnknownArgument:
    @hookimpl
    async def on_event(self, evnt: Event) -> None: ...


class NotAsync:
    @hookimpl
    def on_event(self, event: Event) -> None: ...


class Async:
    @hookimpl
    async def register_jobs(self) -> list[Job]:
        return []


class Wrapper:
    @hookimpl(wrapper=True)
    def register_jobs(self) -> Any:
        return (yield)


class WrongApi:
    manifest = Manifest("Wrong", api=">=2")


class NoRange:
    manifest = Manifest("Wrong", api="two")


class WrongNeed:
    manifest = Manifest("Wrong", needs=("deals.reed",))


class WrongManifest:
    manifest = {"title": "x"}


class OutsideItsName:
    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission("others.see", "See")]


class ForeignJob:
    @hookimpl
    def register_jobs(self) -> list[Job]:
        return [Job("others.close", _run)]


class NoList:
    @hookimpl
    def register_jobs(self) -> Any:
        return [Job("bad.close", _run), "x"]


class TakenVerb:
    @hookimpl
    def register_commands(self) -> list[Command]:
        return [Command(Verb("survey", aliases=("deal",)), _handler, "Survey")]


class NoVerbToExtend:
    @hookimpl
    def register_commands(self) -> list[Command]:
        return [Command(Verb("nothing in"), _handler, "Survey")]


class Raises:
    @hookimpl
    def register_activity_kinds(self) -> list[ActivityKind]:
        raise SystemExit(2)


class NoDefault:
    @hookimpl
    def register_settings(self) -> type[Settings]:
        class Mine(Settings):
            limit: int

        return Mine


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (UnknownHook, "it implements 'on_evnt', and there is no such hook (did you mean on_event?)"),
        (
            UnknownArgument,
            "its on_event wants an argument 'evnt', which the hook does not have: there are event, plugin",
        ),
        (NotAsync, "its on_event is a plain function: write async def on_event"),
        (Async, "its register_jobs is async: write def register_jobs"),
        (Wrapper, "its register_jobs is a wrapper"),
        (WrongApi, "it is written for the plugin contract >=2, and this is 1.0"),
        (NoRange, "is no range of versions"),
        (WrongNeed, "its manifest needs 'deals.reed', which is no permission"),
        (WrongManifest, "its `manifest` is no botcrm.Manifest"),
        (OutsideItsName, "its permission 'others.see' must start with its own name: bad.others.see"),
        (ForeignJob, "its job 'others.close' must start with its own name"),
        (NoList, "its register_jobs returns a list with str in it"),
        (TakenVerb, "its word 'deal' is taken by botcrm"),
        (NoVerbToExtend, "its command 'nothing in' extends 'nothing', which is no command"),
        (Raises, "its register_activity_kinds fails"),
        (NoDefault, "its settings limit have no default"),
    ],
)
async def test_a_plugin_is_refused_with_what_is_wrong(start: Start, kind: type[Any], said: str) -> None:
    crm = await start({"bad": kind(), "good": object()})
    listed = {row.name: row for row in crm.app.hooks.plugins}
    assert listed["bad"].state == "failed"
    assert said in listed["bad"].reason
    assert "\n" not in listed["bad"].reason
    assert listed["good"].state == "on"
    with pytest.raises(PluginRefused):
        await crm.app.hooks.switch("bad", True)


async def test_administrators_hear_once_of_a_refused_plugin(start: Start, tmp_path: Path) -> None:
    source = "from botcrm import hookimpl\n@hookimpl\ndef on_event(event): ..."
    (tmp_path / "bad.py").write_text(source, encoding="utf-8")
    crm = await start(plugins_dir=tmp_path)
    admin = await crm.join("admin", "Ada Admin")
    for _ in range(2):
        crm.app.hooks._loading = None
        await crm.app.hooks.load()
        await crm.settle()
    assert admin.seen.count("its on_event is a plain function") == 1


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_of_two_plugins_of_a_name_the_second_is_refused(start: Start, tmp_path: Path) -> None:
    (tmp_path / "kinds.py").write_text("", encoding="utf-8")
    (tmp_path / "fine.py").write_text("__version__ = '1.2'", encoding="utf-8")
    (tmp_path / "Not-A-Name.py").write_text("", encoding="utf-8")
    (tmp_path / "_hidden.py").write_text("", encoding="utf-8")
    crm = await start(plugins_dir=tmp_path, blocked_plugins=("blocked",))
    rows = [(row.name, row.where, row.state) for row in crm.app.hooks.plugins if row.where == "file"]
    assert rows == [("Not-A-Name", "file", "failed"), ("fine", "file", "on"), ("kinds", "file", "failed")]
    assert "a plugin of this name is built in already" in crm.app.hooks.plugins[-1].reason
    assert crm.listed("fine").version == "1.2"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_safe_mode_leaves_all_but_the_built_in_ones_out(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text("", encoding="utf-8")
    app = App(Settings_(database_url=database_url, plugins=False, plugins_dir=tmp_path))
    await start_up_to_date(app)
    try:
        assert {row.where for row in app.hooks.plugins} == {"built in"}
    finally:
        await app.stop()


class Configured:
    def __init__(self) -> None:
        self.plugin: Plugin | None = None

    @hookimpl
    def register_settings(self) -> type[Settings]:
        class Mine(Settings):
            limit: int = 5
            key: SecretStr = SecretStr("")

        return Mine

    @hookimpl
    async def startup(self, plugin: Plugin) -> None:
        self.plugin = plugin


async def test_register_settings_are_kept_checked_and_in_force_after_the_commit(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTCRM_SHOP_KEY", "very secret")
    shop = Configured()
    crm = await start({"shop": shop})
    hooks = crm.app.hooks
    await hooks.settled()
    assert shop.plugin is not None
    assert (shop.plugin.settings.limit, shop.plugin.settings.key.get_secret_value()) == (5, "very secret")
    async with crm.work() as work:
        await hooks.change_settings(work, "shop", limit="7")
        assert shop.plugin.settings.limit == 5
        assert (await hooks.settings_of("shop")).limit == 7
    assert shop.plugin.settings.limit == 7
    async with crm.work() as work:
        for values in ({"limit": "many"}, {"key": "x"}, {"other": 1}):
            with pytest.raises(InvalidValue):
                await hooks.change_settings(work, "shop", **values)
    rows = await db.fetch("SELECT value FROM setting WHERE key = 'plugin:shop:settings'")
    assert [db.from_json(row["value"]) for row in rows] == [{"limit": 7}]
    await crm.restart()
    assert crm.app.hooks.plugin("shop").settings.limit == 7
    assert "very secret" not in str(await db.fetch("SELECT value FROM setting"))


async def test_what_is_switched_off_stays_off_over_a_restart(start: Start) -> None:
    crm = await start({"good": Configured()})
    changes: list[bool] = []
    crm.app.hooks.on_change(lambda: changes.append("good" in crm.app.hooks.registry.settings))
    await crm.app.hooks.switch("good", False, reason="too loud")
    assert changes == [False]
    await crm.app.hooks.settled()
    await crm.app.stop()
    again = await start({"good": Configured()})
    assert (again.listed("good").state, again.listed("good").reason) == ("off", "too loud")
    await again.app.hooks.switch("good", True)
    assert again.listed("good").state == "on"


async def test_a_bot_follows_what_another_process_switched(start: Start) -> None:
    crm = await start({"good": Configured()})
    for wanted, state in ((False, "off"), (True, "on")):
        async with crm.work():
            await db.execute("DELETE FROM setting WHERE key = 'plugin:good'")
            await db.execute(
                "INSERT INTO setting (key, user_id, value) VALUES ('plugin:good', 0, ?)", db.to_json({"on": wanted})
            )
        await crm.app.hooks.look_again()
        assert crm.listed("good").state == state


async def test_register_jobs_run_outside_of_a_work_and_are_planned_again(start: Start) -> None:
    ran: list[dict[str, Any]] = []

    class Working:
        fail = False

        @hookimpl
        def register_jobs(self) -> list[Job]:
            return [Job("good.often", self.run, every=600), Job("good.once", self.run)]

        async def run(self, plugin: Plugin, payload: dict[str, Any]) -> None:
            ran.append(payload)
            assert not db.in_work()
            if self.fail:
                raise ValueError("broken")

    working = Working()
    crm = await start({"good": working})
    await crm.advance(minutes=25)
    assert len(ran) == 2
    await crm.app.hooks.switch("good", False)
    await crm.app.hooks.settled()
    async with crm.work() as work:
        await work.plan_job("good.once", "good.once:1", work.now, which=1)
    await crm.advance(minutes=30)
    assert len(ran) == 2
    (row,) = await db.fetch("SELECT state, error, attempts FROM job WHERE key = 'good.once:1'")
    assert (row["state"], row["error"], row["attempts"]) == ("waiting", "nobody handles this kind of job", 0)
    await crm.app.hooks.switch("good", True)
    await crm.advance(seconds=5)
    assert ran[2:] == [{"which": 1}]
    working.fail = True
    async with crm.work() as work:
        await work.plan_job("good.once", "good.once:2", work.now, which=2)
    await crm.advance(seconds=5)
    (row,) = await db.fetch("SELECT state, attempts FROM job WHERE key = 'good.once:2'")
    assert (row["state"], row["attempts"]) == ("waiting", 1)
