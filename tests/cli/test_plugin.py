"""`botcrm plugin`: what an author sees at the terminal."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

WRONG = """
import time
from botcrm.core import db
from botcrm import hookimpl


@hookimpl
async def on_evnt(event):
    time.sleep(1)
"""

COMMAND = '''
"""A command that fails on markup."""

from botcrm import Command, Manifest, Verb, hookimpl

manifest = Manifest(title="Shout")


async def shout(chat, line):
    if "<" in line.text_after():
        raise ValueError
    return "ok"


@hookimpl
def register_commands():
    return [Command(Verb("shout"), shout, menu="Shout")]
'''

TABLES = '''
"""A table of its own."""

from tortoise import fields
from tortoise.models import Model


class Visit(Model):
    id = fields.IntField(primary_key=True)
    place = fields.CharField(max_length=100)

    class Meta:
        table = "visits_visit"
'''

PLUGIN = """
from botcrm import Manifest, Tables, hookimpl

manifest = Manifest(title="Visits")


@hookimpl
def register_models():
    return Tables(models="{module}.tables", migrations="{module}.migrations")
"""


@pytest.mark.parametrize("kind", ["command", "channel", "rule", "report", "all"])
def test_new_writes_a_package_that_is_in_order(alone: Run, tmp_path: Path, kind: str) -> None:
    answer = alone("plugin", "new", "site-visits", "--kind", kind, "--dir", str(tmp_path))
    assert answer.code == 0
    assert "pytest" in answer.out
    root = tmp_path / "botcrm-site-visits"
    assert (root / "src/botcrm_site_visits/__init__.py").is_file()
    assert 'site_visits = "botcrm_site_visits"' in (root / "pyproject.toml").read_text("utf-8")
    assert "$" not in "".join(path.read_text("utf-8") for path in root.rglob("*.*") if path.is_file())
    checked = alone("plugin", "check", str(root), "--static")
    assert (checked.code, checked.err) == (0, "")
    assert "✓ source: in order" in checked.out
    assert "→" not in checked.out


def test_new_overwrites_nothing(alone: Run) -> None:
    assert alone("plugin", "new", "visits").code == 0
    answer = alone("plugin", "new", "visits")
    assert answer.code == 1
    assert "exists already" in answer.err


@pytest.mark.parametrize("name", ["Visits", "9lives", "a" * 21, "with space", ""])
def test_new_refuses_what_cannot_be_a_name(alone: Run, name: str) -> None:
    answer = alone("plugin", "new", name)
    assert answer.code == 1
    assert "cannot be a plugin's name" in answer.err


def test_check_says_where_what_and_how_to_mend_it(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG, "utf-8")
    answer = alone("plugin", "check", "wrong.py")
    assert answer.code == 1
    assert "wrong.py:3: botcrm.core.db is not for plugins" in answer.out
    assert "there is no hook on_evnt" in answer.out
    assert "→ perhaps on_event is meant" in answer.out
    assert "time.sleep(…) stops the whole bot" in answer.out
    assert "contracts" not in answer.out  # code that is not sound is not run


def test_check_runs_the_contracts_on_what_a_plugin_registers(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "shout.py").write_text(COMMAND, "utf-8")
    answer = alone("plugin", "check", "shout.py")
    assert answer.code == 1
    assert "✓ source" in answer.out
    assert "✗ contracts" in answer.out
    assert "made the plugin fail" in answer.out


def test_check_says_why_a_plugin_is_refused(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "future.py").write_text("from botcrm import Manifest\nmanifest = Manifest('F', api='>=7')\n", "utf-8")
    answer = alone("plugin", "check", "future.py")
    assert answer.code == 1
    assert "contract >=7" in answer.out


@pytest.mark.parametrize(
    ("project", "what"),
    [
        ("[project]\nname = 'x'\nversion = '1'\n", "no entry point in the group botcrm"),
        ("[project.entry-points.botcrm]\na = 'a'\nb = 'b'\n", "several entry points"),
        ("[project.entry-points.botcrm]\na = 'nowhere'\n", "neither src/ nor the folder itself has it"),
        ("not toml", "pyproject.toml"),
    ],
)
def test_check_says_what_it_looked_for(alone: Run, tmp_path: Path, project: str, what: str) -> None:
    (tmp_path / "pyproject.toml").write_text(project, "utf-8")
    answer = alone("plugin", "check", ".")
    assert answer.code == 1
    assert what in answer.err
    assert "no installed plugin" in alone("plugin", "check", "nothing").err


def test_check_looks_at_the_package_too(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[project]\nname = 'x'\n[project.entry-points.botcrm]\nx = 'botcrm_x'\n", "utf-8"
    )
    (tmp_path / "botcrm_x.py").write_text("", "utf-8")
    out = alone("plugin", "check", ".", "--static").out
    for what in ("does not depend on botcrm", "has no version", "there are no tests", "advice: README.md"):
        assert what in out


def test_migrations_are_written_for_what_changed(alone: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"botcrm_visits_{tmp_path.name.replace('-', '_')}"
    package = tmp_path / "src" / module
    package.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        f"[project]\nname = 'x'\n[project.entry-points.botcrm]\nvisits = '{module}'\n", "utf-8"
    )
    (package / "__init__.py").write_text(PLUGIN.format(module=module), "utf-8")
    (package / "tables.py").write_text(TABLES, "utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])
    first = alone("plugin", "migrations", str(tmp_path))
    assert (first.code, first.err) == (0, "")
    (written,) = (package / "migrations").glob("0*.py")
    assert str(written) in first.out
    assert "visits_visit" in written.read_text("utf-8")
    assert "up to date" in alone("plugin", "migrations", str(tmp_path)).out


def test_migrations_need_tables(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("", "utf-8")
    answer = alone("plugin", "migrations", "plain.py")
    assert answer.code == 1
    assert "plain has no tables" in answer.err
