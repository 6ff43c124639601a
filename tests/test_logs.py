"""A token shows in no line of the log, however it got there."""

import json
import logging
from collections.abc import Iterator

import pytest

from botcrm.logs import redactor, setup_logging

TOKEN = "123456:AAE-secret_part"
log = logging.getLogger("botcrm.test")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize("form", ["text", "json"])
def test_token_never_shows(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("DEBUG", "json" if form == "json" else "text", [TOKEN])
    url = f"https://api.telegram.org/bot{TOKEN}/sendMessage"
    log.info("calling %s", url)
    log.info(f"with {TOKEN}")  # noqa: G004 - what somebody careless writes
    log.info("quoted %s", f"{url}".replace(":", "%3A"))
    log.info("as an extra", extra={"url": url, "parts": [TOKEN]})
    try:
        raise ValueError(f"no connection to {url}") from KeyError(TOKEN)
    except ValueError:
        log.exception("it failed: %r", {"token": TOKEN})
    log.info("a stack", stack_info=True)
    written = capsys.readouterr().err
    assert "secret_part" not in written
    assert "no connection to" in written
    assert "KeyError" in written
    assert "api.telegram.org/bot*****" in written


def test_other_tokens_are_taken_out_too() -> None:
    redact = redactor([])
    other = "987654321:" + "A" * 35
    assert redact(f"x {other} y") == "x ***** y"
    assert redact("https://host/file/bot1:x/photo.jpg") == "https://host/file/bot*****/photo.jpg"
    assert redact("at 12:30, ratio 1:2") == "at 12:30, ratio 1:2"


def test_passwords_in_every_form() -> None:
    redact = redactor(['p"ss/w ö'])
    for text in ('p"ss/w ö', "p%22ss%2Fw%20%C3%B6", json.dumps('p"ss/w ö')):
        assert "ss" not in redact(text)


def test_json_line_has_time_level_logger_message_and_extras(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("INFO", "json")
    log.warning("late by\n%d s", 5, extra={"update_id": 7, "chat": -100, "user": 3, "work": 99})
    entry = json.loads(capsys.readouterr().err)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "WARNING",
        "logger": "botcrm.test",
        "message": "late by\n5 s",
        "update_id": 7,
        "chat": -100,
        "user": 3,
        "work": 99,
    }


def test_text_is_one_line_and_a_message_cannot_forge_another(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("INFO", "text")
    log.info("hello\n2026-01-01T00:00:00Z ERROR botcrm: forged", extra={"chat": 5})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("chat=5")
    assert " INFO    botcrm.test: hello\\n" in line


def test_setting_up_twice_does_not_write_twice(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("INFO")
    setup_logging("INFO")
    log.info("once")
    log.debug("not at this level")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_libraries_speak_up_from_warning(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("INFO")
    logging.getLogger("aiogram.event").info("handled")
    logging.getLogger("aiogram.event").warning("odd")
    assert "handled" not in (written := capsys.readouterr().err)
    assert "odd" in written
