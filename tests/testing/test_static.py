"""What the static check finds in a plugin's source, and what it leaves in peace."""

import textwrap
from pathlib import Path

import pytest

from botcrm.testing.findings import Finding
from botcrm.testing.static import check_file, check_imports, specs

ROOT = Path(__file__).resolve().parents[2]


def found(tmp_path: Path, source: str, *, kit: bool = False) -> list[Finding]:
    """Check a source text."""
    path = tmp_path / "plugin.py"
    path.write_text(textwrap.dedent(source), "utf-8")
    return check_file(path, tmp_path, kit=kit)


SOUND = """
import asyncio
from datetime import timedelta

import botcrm
from botcrm import Event, Plugin, hookimpl, services


@hookimpl
async def on_event(event: Event, plugin: Plugin) -> None:
    await asyncio.sleep(1)
    async with plugin.work() as work:
        await services.add_note(work, "x", deal_id=event.record_id)
    await asyncio.to_thread(open, "x")


@botcrm.hookimpl(trylast=True)
def register_commands():
    def blocking():
        import time

        time.sleep(1)

    return []


class Holder:
    @hookimpl
    async def startup(self, plugin):
        while True:
            if await plugin.ready():
                break
"""


def test_a_sound_plugin_is_left_in_peace(tmp_path: Path) -> None:
    assert found(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("source", "what", "fix"),
    [
        ("import botcrm.core.db", "botcrm.core.db is not for plugins", "import from botcrm itself"),
        ("from botcrm.core.services.work import Work", "not for plugins", "from botcrm import Work"),
        ("from botcrm.services import add_deal", "not for plugins", "from botcrm import services"),
        ("from botcrm import core", "botcrm does not export core", "use what the plugin guide lists"),
        ("from botcrm import Comand", "does not export Comand", "perhaps Command is meant"),
        ("import botcrm\nbotcrm.settings.x()", "does not export settings", "perhaps Settings is meant"),
        ("import importlib\nimportlib.import_module('botcrm.app')", "botcrm.app is not for plugins", "import from"),
        ("from botcrm.testing import Crm", "not for plugins", "import from botcrm itself"),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import botcrm.app",
            "not for plugins",
            "import from",
        ),
    ],
)
def test_nothing_is_taken_from_behind_botcrm(tmp_path: Path, source: str, what: str, fix: str) -> None:
    (finding,) = found(tmp_path, source)
    assert what in finding.what
    assert fix in finding.fix
    assert finding.where.startswith("plugin.py:")
    assert finding.grave


def test_tests_may_use_the_kit_and_no_more(tmp_path: Path) -> None:
    assert (
        found(tmp_path, "from botcrm.testing.contracts import ChannelContract\nimport time\ntime.sleep(1)", kit=True)
        == []
    )
    assert found(tmp_path, "from botcrm.core import db", kit=True)


@pytest.mark.parametrize(
    ("source", "what", "fix"),
    [
        ("@hookimpl\nasync def on_evnt(event): ...", "there is no hook on_evnt", "perhaps on_event is meant"),
        ("@hookimpl\nasync def quite_else(): ...", "there is no hook quite_else", "take away @hookimpl"),
        ("@hookimpl\nasync def on_event(happening): ...", "on_event has no argument happening", "event, plugin"),
        ("@hookimpl\ndef on_event(event): ...", "has to be written with async def", "async def on_event"),
        ("@hookimpl\nasync def register_jobs(): ...", "has to be written with def", "def register_jobs"),
        ("def register_jobs(): ...", "called like a hook but not marked", "put @hookimpl above it"),
        ("class P:\n    @hookimpl\n    async def on_event(self, work): ...", "no argument work", "event, plugin"),
    ],
)
def test_hooks_are_known_and_fit(tmp_path: Path, source: str, what: str, fix: str) -> None:
    (finding,) = found(tmp_path, f"from botcrm import hookimpl\n\n\n{source}")
    assert what in finding.what
    assert fix in finding.fix


def test_a_hook_written_twice_is_found(tmp_path: Path) -> None:
    twice = "from botcrm import hookimpl\n" + "@hookimpl\ndef register_jobs(): ...\n" * 2
    assert "written twice" in found(tmp_path, twice)[0].what


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("time.sleep(1)", "time.sleep(…) stops the whole bot"),
        ("nap(1)", "time.sleep(…) stops the whole bot"),
        ("requests.get('x')", "requests.get(…) stops the whole bot"),
        ("subprocess.run(['x'])", "subprocess.run(…) stops the whole bot"),
        ("open('x')", "open(…) stops the whole bot"),
        ("sys.exit(1)", "sys.exit(…) would end the bot"),
        ("os._exit(1)", "os._exit(…) would end the bot"),
        ("while True:\n        x = 1", "an endless loop that awaits nothing"),
        ("async with plugin.work():\n        await asyncio.sleep(1)", "inside a unit of work keeps everybody"),
        ("words.t(f'{x} visits')", "cannot be translated"),
    ],
)
def test_what_would_hold_up_the_bot_is_found(tmp_path: Path, body: str, what: str) -> None:
    head = "import asyncio, os, requests, subprocess, sys, time\nfrom time import sleep as nap\n"
    (finding,) = found(tmp_path, f"{head}\nasync def do(plugin, words, x):\n    {body}\n")
    assert what in finding.what
    assert finding.grave


def test_the_clock_of_the_machine_is_advised_against(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "from datetime import UTC, datetime\n\ndef do():\n    return datetime.now(UTC)\n")
    assert not finding.grave
    assert "plugin.now()" in finding.fix


def test_what_is_no_python_is_said(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "def (:\n")
    assert "it is no Python" in finding.what


def test_every_hook_is_known() -> None:
    assert {"register_commands", "on_event", "deal_card_lines"} <= specs().keys()
    assert specs()["on_event"].waits
    assert not specs()["permission_allowed"].waits


def plugins() -> list[Path]:
    """List the source of every built-in and contributed plugin."""
    contributed = [path for path in (ROOT / "plugins_contrib").rglob("*.py") if "tests" not in path.parts]
    return sorted([*(ROOT / "botcrm" / "plugins").rglob("*.py"), *contributed])


@pytest.mark.parametrize("path", plugins(), ids=lambda path: str(path.relative_to(ROOT)))
def test_our_own_plugins_reach_past_nothing(path: Path) -> None:
    """Built-in and contributed plugins use what everybody's may use; `botcrm.plugins` are each other's neighbours."""
    past = [one for one in check_imports(path, ROOT) if not one.what.startswith("botcrm.plugins")]
    assert not past, "\n".join(map(str, past))
