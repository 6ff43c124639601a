"""Structured logs: one line an entry, as text or as JSON, with every secret taken out at the very end."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

MASK = "*****"
# A bot's token in the path of a Bot API call, and standing alone as @BotFather writes them.
_TOKENS = (
    (re.compile(r"(/(?:file/)?bot)\d+(?::|%3A)[A-Za-z0-9_-]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b\d{6,20}:[A-Za-z0-9_-]{30,}"), MASK),
)
_SHORTEST = 3  # a shorter secret is a part of ordinary words
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Libraries that say at INFO what only a developer wants to read.
_QUIET = ("aiogram", "aiohttp.access", "aiosqlite", "apscheduler", "asyncio", "tortoise")


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes these secrets, and whatever looks like a bot's token, out of a text."""
    forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    known = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None

    def redact(text: str) -> str:
        for pattern, mask in _TOKENS:
            text = pattern.sub(mask, text)
        return known.sub(MASK, text) if known else text

    return redact


def _forms(secret: str) -> set[str]:
    """Return a secret as it stands, in a URL, and inside a quoted text."""
    return {secret, quote(secret, safe=""), quote(secret, safe=":"), json.dumps(secret)[1:-1], repr(secret)[1:-1]}


class _Formatter(logging.Formatter):
    """What both forms share: the parts of an entry, each redacted."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def _time(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _extras(self, record: logging.LogRecord) -> dict[str, Any]:
        return {name: self._value(value) for name, value in vars(record).items() if name not in _OWN}

    def _value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            # A number may be the first half of a token but never a whole one.
            return value
        return self._redact(str(value))

    def _trace(self, record: logging.LogRecord) -> str:
        parts = []
        if record.exc_info and record.exc_info[0] is not None:
            parts.append(self.formatException(record.exc_info))
        elif record.exc_text:
            parts.append(record.exc_text)
        if record.stack_info:
            parts.append(record.stack_info)
        return self._redact("\n".join(parts))


class _Text(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return `time level logger: message key=value …`, and the traceback below it."""
        message = self._redact(record.getMessage()).replace("\r", "\\r").replace("\n", "\\n")
        extras = "".join(f" {name}={value}" for name, value in self._extras(record).items())
        trace = self._trace(record)
        line = f"{self._time(record)} {record.levelname:<7} {record.name}: {message}{extras}"
        return f"{line}\n{trace}" if trace else line


class _Json(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return an object on one line: time, level, logger, message, what was given beside it, exception."""
        entry = {
            "time": self._time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
            **self._extras(record),
        }
        if trace := self._trace(record):
            entry["exception"] = trace
        return json.dumps(entry, ensure_ascii=False)


class _Handler(logging.StreamHandler[Any]):
    """Writes to whatever standard error is at the time; its type tells our handler from others."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def setup_logging(
    level: str = "INFO",
    format: Literal["text", "json"] = "text",  # noqa: A002 - the setting's own word
    secrets: Iterable[str] = (),
) -> None:
    """Send the log to standard error, redacted; called again, it replaces what it set up before.

    Give what an entry is about as `extra`: update_id, chat, user, work.

    :param level: least level of botcrm's own loggers; libraries speak up from WARNING, at DEBUG everything is shown
    """
    redact = redactor(secrets)
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Json(redact) if format == "json" else _Text(redact))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "DEBUG" else logging.WARNING)
    logging.captureWarnings(capture=True)
