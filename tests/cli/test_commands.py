"""The other commands, as somebody at a terminal sees them."""

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from botcrm.simulator.server import Simulator
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
ADD = ("user", "add", "--role", "rep", "--name", "Anna", "--telegram-id", "101")


def test_help_is_friendly(alone: Run) -> None:
    answer = alone("--help")
    assert answer.code == 0
    for word in ("first steps", "botcrm demo", "export", "doctor", "simulator"):
        assert word in answer.out
    assert alone("export", "--help").out.startswith("usage: botcrm export")
    assert alone("simulator", "--help").out.startswith("usage: botcrm simulator")


@pytest.mark.parametrize("words", [("--help",), ("settings",), ("--version",)])
def test_what_needs_no_database_imports_none(words: tuple[str, ...]) -> None:
    code = (
        "import sys; from botcrm.cli import main; main(sys.argv[1:]); "
        "print([m for m in ('aiogram', 'tortoise', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.endswith("[]\n")


def test_wrong_settings_end_with_2_and_one_line(alone: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TIMEZONE", "Moon")
    for words in (("run",), ("settings",), ("export", "deals"), ("migrate",), ADD):
        answer = alone(*words)
        assert answer.code == 2
        assert answer.err == (
            "BOTCRM_TIMEZONE=Moon: no time zone has this IANA name. Example: BOTCRM_TIMEZONE=Europe/Warsaw\n"
        )


def test_run_needs_a_token(alone: Run) -> None:
    answer = alone("run")
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert "BOTCRM_TOKEN is not set" in answer.err


def test_misspelt_variable_is_a_warning(alone: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TIMZONE", "UTC")
    answer = alone("settings")
    assert answer.code == 0
    assert answer.err == "warning: BOTCRM_TIMZONE is no setting. Did you mean BOTCRM_TIMEZONE?\n"


def test_settings_hide_secrets(alone: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TOKEN", "123456:SECRET")
    monkeypatch.setenv("BOTCRM_DATABASE_URL", "postgres://crm:hunter2@db/crm")
    answer = alone("settings")
    assert "123456" not in answer.out
    assert "hunter2" not in answer.out
    assert "postgres://crm:*****@db/crm" in answer.out


def test_database_that_cannot_be_used_is_one_line(alone: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database, it is a text\n" * 100)
    for url in (f"sqlite://{broken}", f"sqlite://{broken}/below", "postgres://crm:hunter2@127.0.0.1:9/crm"):
        monkeypatch.setenv("BOTCRM_DATABASE_URL", url)
        answer = alone("user", "list")
        assert (answer.code, answer.out) == (1, "")
        assert len(answer.err.splitlines()) == 1, answer.err
        assert answer.err.startswith("botcrm: ")
        assert "hunter2" not in answer.err
        looked = alone("doctor")
        assert looked.code == 1
        assert "hunter2" not in looked.out + looked.err


def test_first_command_makes_the_database(alone: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "new" / "crm.sqlite3"
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{path}")
    assert "none yet" in alone("doctor").out
    assert not path.exists()
    assert alone(*ADD).code == 0
    assert [file.name for file in path.parent.glob("*before*")] == []
    assert alone("migrate").out == "The database is up to date.\n"


def test_commands_work_while_the_bot_holds_the_database(
    alone: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "crm.sqlite3"
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{path}")
    alone("migrate")
    running = sqlite3.connect(path)
    try:
        running.execute("BEGIN")
        running.execute("SELECT count(*) FROM deal").fetchone()
        assert alone(*ADD).code == 0
        assert alone("export", "deals").out == "[]\n"
    finally:
        running.close()


def test_exports_empty_and_to_a_file(botcrm: Run, tmp_path: Path) -> None:
    for kind in ("deals", "activities", "contacts", "companies"):
        assert json.loads(botcrm("export", kind).out) == []
    assert botcrm("export", "contacts", "--format", "csv").out.startswith(
        "id,name,company,phone,email,telegram_id,owner,created_at,"
    )
    botcrm(*ADD)
    file = tmp_path / "events.json"
    assert botcrm("export", "events", "--output", str(file)).out == ""
    (event,) = json.loads(file.read_text("utf-8"))
    assert (event["type"], event["after"]["name"], event["actor"]) == ("UserAdded", "Anna", None)
    assert list(tmp_path.glob("*.part")) == []


def test_export_as_somebody_without_the_right(botcrm: Run) -> None:
    botcrm(*ADD)
    answer = botcrm("export", "deals", "--actor", "Anna")
    assert (answer.code, answer.out, answer.err) == (1, "", "botcrm: Your role does not allow that.\n")


def test_export_into_a_folder_that_is_not_there(botcrm: Run, tmp_path: Path) -> None:
    answer = botcrm("export", "deals", "--output", str(tmp_path / "no" / "deals.json"))
    assert (answer.code, answer.out) == (1, "")
    assert "cannot be written" in answer.err


def test_backup_is_a_whole_database(alone: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{tmp_path / 'crm.sqlite3'}")
    assert "no database yet" in alone("backup", "copy.sqlite3").err
    alone(*ADD)
    assert alone("backup", "copy.sqlite3").code == 0
    assert alone("backup", "copy.sqlite3").err == "botcrm: copy.sqlite3 exists; name another file\n"
    assert alone("backup", "no/copy.sqlite3").code == 1
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{tmp_path / 'copy.sqlite3'}")
    assert "Anna" in alone("user", "list").out
    monkeypatch.setenv("BOTCRM_DATABASE_URL", "postgres://localhost/crm")
    answer = alone("backup", "other")
    assert (answer.code, "pg_dump" in answer.err) == (1, True)


def test_plugins_are_listed_and_switched(botcrm: Run) -> None:
    answer = botcrm("plugins")
    assert answer.code == 0
    assert answer.out.splitlines()[0].split()[:4] == ["Plugin", "Version", "Where", "State"]
    assert "register_activity_kinds" in answer.out
    assert "reports" in [line.split()[0] for line in answer.out.splitlines() if " on " in line]
    off = botcrm("plugins", "--off", "reports")
    assert off.code == 0
    assert "reports: switched off in the terminal" in off.out
    assert "reports: switched off in the terminal" in botcrm("plugins").out
    assert "switched off" not in botcrm("plugins", "--on", "reports").out
    assert botcrm("plugins", "--off", "nothing").code == 1


def test_register_cli_brings_a_command(botcrm: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plug").mkdir()
    (tmp_path / "plug" / "greeting.py").write_text(
        "from botcrm import CliCommand, hookimpl\n"
        "async def greet(plugin, options):\n"
        "    print('hello', options.name, plugin.name)\n"
        "    return 3\n"
        "def words(parser):\n"
        "    parser.add_argument('name')\n"
        "@hookimpl\n"
        "def register_cli():\n"
        "    return [CliCommand('greet', 'Greet somebody', greet, words)]\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("BOTCRM_PLUGINS_DIR", str(tmp_path / "plug"))
    answer = botcrm("greet", "Anna")
    assert (answer.code, answer.out) == (3, "hello Anna greeting\n")
    assert botcrm("greet").code == 2
    assert "invalid choice" in botcrm("nothing").err


def test_doctor_on_a_sound_base_without_a_token(botcrm: Run) -> None:
    answer = botcrm("doctor")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert [line for line in lines if line.startswith("FAIL")] == ["FAIL  token: BOTCRM_TOKEN is not set"]
    for line in ("ok    migrations: none pending", "ok    updates: none waiting", "ok    quarantine: empty"):
        assert line in lines
    assert any(line.startswith("ok    search:") for line in lines)


def test_doctor_reports_wrong_settings(alone: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TIMEZONE", "Moon")
    answer = alone("doctor")
    assert (answer.code, answer.out.split(":")[0]) == (1, "FAIL  settings")


def test_doctor_says_which_folder_cannot_be_written(
    alone: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{tmp_path}/plain/crm/base.sqlite3")
    answer = alone("doctor")
    assert answer.code == 1
    assert f"FAIL  database: {tmp_path}/plain is no folder; make it writable for the user" in answer.out
    # Who runs the tests may be one whom no permission stops.
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{tmp_path}/crm/base.sqlite3")
    assert f"FAIL  database: the folder {tmp_path} cannot be written; make it" in alone("doctor").out
    (tmp_path / "base.sqlite3").write_text("")
    monkeypatch.setenv("BOTCRM_DATABASE_URL", f"sqlite://{tmp_path}/base.sqlite3")
    assert f"FAIL  database: the file {tmp_path}/base.sqlite3 cannot be written; make it" in alone("doctor").out


def test_doctor_never_prints_the_token(botcrm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TOKEN", "123456:SECRET")
    monkeypatch.setenv("BOTCRM_TELEGRAM_API", "http://127.0.0.1:9")
    answer = botcrm("doctor")
    assert answer.code == 1
    assert "FAIL  token: http://127.0.0.1:9 is no Bot API server that can be reached" in answer.out
    assert "SECRET" not in answer.out + answer.err


async def test_get_me_asks_the_server_and_compares_clocks() -> None:
    from botcrm.cli.bot_api import BotApiError, get_me
    from botcrm.settings import Settings

    simulator = Simulator()
    url = await simulator.start()
    try:
        before = time.time()
        me = await get_me(Settings.model_validate({"token": "1:x", "telegram_api": url}))
        took = time.time() - before
        assert me.username
        assert me.clock_ahead is not None
        # The server says whole seconds, one it may have kept for a second, at any moment of the call.
        assert -1 <= me.clock_ahead <= took + 2
        with pytest.raises(BotApiError, match=r"refuses|no Bot API server"):
            await get_me(Settings.model_validate({"token": "1:x", "telegram_api": f"{url}/elsewhere"}))
    finally:
        await simulator.stop()


def test_unforeseen_error_is_one_line(alone: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TOKEN", "123456:SECRET")

    def broken(_: object) -> int:
        raise RuntimeError("at https://host/bot123456:SECRET/getMe")

    monkeypatch.setattr("botcrm.cli._call", broken)
    answer = alone("plugins")
    assert (answer.code, answer.err) == (1, "botcrm: RuntimeError: at https://host/bot*****/getMe\n")
    monkeypatch.setenv("BOTCRM_LOG_LEVEL", "DEBUG")
    longer = alone("plugins").err
    assert "Traceback" in longer
    assert "SECRET" not in longer
