"""What a person may write into BOTCRM_* variables, and what is said when it is wrong."""

import subprocess
import sys
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from botcrm.settings import Settings, SettingsError, load_settings, unknown_variables, variable


def problems(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings({f"BOTCRM_{name}": value for name, value in variables.items()}, env_file=None)
    return caught.value.problems


def test_nothing_set_is_enough() -> None:
    settings = load_settings({}, env_file=None)
    assert settings.token is None
    assert settings.database_url.startswith("sqlite:///")
    assert settings.database_url.endswith("botcrm.sqlite3")
    assert settings.telegram_api == "https://api.telegram.org"
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8085)


def test_preferences_follow_the_variables() -> None:
    settings = load_settings(
        {
            "BOTCRM_TIMEZONE": "Europe/Warsaw",
            "BOTCRM_CURRENCY": "pln",
            "BOTCRM_REGION": "pl",
            "BOTCRM_WORKING_HOURS": "Mon-Thu 9-13,14-18; Fri 9-16",
            "BOTCRM_HOLIDAYS": "PL",
            "BOTCRM_REMINDER_MINUTES": "5",
            "BOTCRM_OVERDUE_HOURS": "1.5",
            "BOTCRM_DIGEST_AT": "8:30",
            "BOTCRM_SMART_ACTIVITY": "off",
        },
        env_file=None,
    )
    prefs = settings.preferences()
    assert (prefs.zone, prefs.currency, prefs.region, prefs.holidays) == ("Europe/Warsaw", "PLN", "PL", "PL")
    assert (prefs.reminder_minutes, prefs.overdue_hours, prefs.digest_time) == (5, 1.5, time(8, 30))
    assert prefs.smart_activity is False
    assert prefs.working_hours == "Mon-Thu 9-13,14-18; Fri 9-16"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("TIMEZONE", "Europe/Warsau", "no time zone"),
        ("TELEGRAM_API", "ftp://example.com", "http://"),
        ("TELEGRAM_API", "http://", "http://"),
        ("TELEGRAM_API", "http://localhost:99999", "out of range"),
        ("DATABASE_URL", "mysql://localhost/crm", "sqlite://"),
        ("DATABASE_URL", "sqlite://:memory:", "needs a file"),
        ("CURRENCY", "EURO", "ISO 4217"),
        ("REGION", "XX", "country"),
        ("WORKING_HOURS", "always", "always"),
        ("HOLIDAYS", "XX", "holidays"),
        ("REMINDER_MINUTES", "-1", "0 to 1440"),
        ("OVERDUE_HOURS", "nan", "0 to 240"),
        ("DIGEST_AT", "25:00", "time of day"),
        ("SMART_ACTIVITY", "maybe", "on or off"),
        ("HTTP_PORT", "70000", "at most 65535"),
        ("HTTP_PORT", "http", "whole number"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("SEND_PER_SECOND", "0", "more than 0"),
        ("PLUGINS_DIR", "/no/such/folder", "no such folder"),
        ("LANGUAGE", "tlh", "no texts"),
    ],
)
def test_one_clear_line_for_a_wrong_variable(name: str, value: str, reason: str) -> None:
    (line,) = problems(**{name: value})
    assert line.startswith(f"BOTCRM_{name}={value}: ")
    assert reason in line
    assert f"Example: BOTCRM_{name}=" in line
    assert "\n" not in line


@pytest.mark.parametrize("url", ["postgres://u:hunter2@host:bad/x", "postgres://u:hun/ter2@host/x"])
def test_a_database_whose_port_is_no_number_is_a_wrong_setting(url: str) -> None:
    """It used to come out as an error of the library's, after the start."""
    (line,) = problems(DATABASE_URL=url)
    assert "the port is no number" in line
    assert "ter2" not in line


def test_every_wrong_variable_gets_its_line() -> None:
    lines = problems(TIMEZONE="Moon", CURRENCY="X")
    assert [line.partition("=")[0] for line in lines] == ["BOTCRM_TIMEZONE", "BOTCRM_CURRENCY"]


def test_a_line_break_in_a_value_stays_in_its_line() -> None:
    (line,) = problems(TIMEZONE="Moon\nMars")
    assert "\n" not in line


def test_examples_are_accepted_themselves(tmp_path: Path) -> None:
    examples = {
        variable(name): field.examples[0] for name, field in Settings.model_fields.items() if field.examples is not None
    }
    assert len(examples) == len(Settings.model_fields)
    load_settings(examples | {"BOTCRM_PLUGINS_DIR": str(tmp_path)}, env_file=None)


def test_secrets_are_shown_nowhere() -> None:
    settings = load_settings(
        {
            "BOTCRM_TOKEN": "123456:SECRET-token",
            "BOTCRM_DATABASE_URL": "postgres://crm:pa%2Fss@wo@host/crm",
            "BOTCRM_WEBHOOK_SECRET": "hook-secret",
        },
        env_file=None,
    )
    seen = repr(settings) + str(settings) + "".join(row.value for row in settings.shown())
    for secret in ("SECRET", "pa%2Fss", "wo@", "hook-secret"):
        assert secret not in seen
    assert "123456:SECRET-token" in settings.secrets()
    assert "hook-secret" in settings.secrets()
    assert "postgres://crm:*****@host/crm" in seen


def test_a_wrong_secret_is_not_repeated() -> None:
    assert "hunter2" not in problems(TOKEN="hunter2")[0]
    assert "hunter2" not in problems(DATABASE_URL="pg://crm:hunter2@host/crm")[0]


def test_web_hook_key_follows_from_the_token_unless_set() -> None:
    def key(**more: str) -> str:
        return load_settings({"BOTCRM_TOKEN": "1:x"} | more, env_file=None).webhook_key()

    assert key() == key()
    assert len(key()) == 64
    assert key(BOTCRM_WEBHOOK_SECRET="word") == "word"
    assert key(BOTCRM_TOKEN="1:y") != key()


def test_home_folder_and_empty_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    settings = load_settings({"BOTCRM_DATABASE_URL": "sqlite://~/crm.sqlite3", "BOTCRM_TOKEN": " "}, env_file=None)
    assert settings.database_url == "sqlite:///home/anna/crm.sqlite3"
    assert settings.token is None


def test_file_of_variables_is_overruled_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('BOTCRM_CURRENCY=PLN\nBOTCRM_REGION="PL"\nOTHER=x\n')
    settings = load_settings({"BOTCRM_CURRENCY": "USD"}, file)
    assert (settings.currency, settings.region) == ("USD", "PL")


def test_misspelt_variables_are_named(tmp_path: Path) -> None:
    lines = unknown_variables({"BOTCRM_TIMZONE": "x", "BOTCRM_TEST_POSTGRES": "x", "BOTCRM_QQ": "", "PATH": ""}, None)
    assert lines == ["BOTCRM_TIMZONE is no setting. Did you mean BOTCRM_TIMEZONE?", "BOTCRM_QQ is no setting."]


def test_settings_made_in_code_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_CURRENCY", "PLN")
    assert Settings().currency == "EUR"


@pytest.mark.parametrize("module", ["botcrm.settings", "botcrm.cli"])
def test_importing_is_cheap(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('aiogram', 'tortoise', 'aiohttp', 'babel') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("chosen", "address"),
    [
        ({}, "http://127.0.0.1:8085"),
        ({"http_port": 0, "public_url": "https://crm.example.com"}, ""),
        ({"http_host": "0.0.0.0", "http_port": 9000}, "http://127.0.0.1:9000"),
        ({"webhook_url": "https://crm.example.com:8443/telegram"}, "https://crm.example.com:8443"),
        (
            {"webhook_url": "https://a.example/telegram", "public_url": "https://b.example/crm/"},
            "https://b.example/crm",
        ),
    ],
)
def test_what_is_served_has_one_address_outside(chosen: dict[str, Any], address: str) -> None:
    settings = Settings(**chosen)
    assert settings.public_address() == address
    assert settings.plugin_url("web_form") == (f"{address}/plugins/web_form" if address else "")
