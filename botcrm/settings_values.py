"""How each setting is read from its text; a ValueError says what is wrong, in words for the person who typed it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from botcrm.core.domain.currencies import CODES
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.preferences import read_preference
from botcrm.core.domain.worktime import WorkingHoursError, country_holidays, read_working_hours

_DATABASES = ("sqlite", "postgres", "postgresql", "asyncpg")


def preference(key: str, reason: str) -> BeforeValidator:
    """Read what people can also set in the chat, by the very same rule."""

    def read(value: object) -> Any:
        try:
            return read_preference(key, str(value))
        except InvalidValue:
            raise ValueError(reason) from None

    return BeforeValidator(read)


def text(check: Callable[[str], str]) -> BeforeValidator:
    """Read a text by a check, without the blanks around it."""
    return BeforeValidator(lambda value: check(value.strip()) if isinstance(value, str) else value)


def token(text: str) -> str:
    """Read a bot token."""
    if not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]+", text):
        raise ValueError("not a bot token (number, colon, letters), as @BotFather gives it")
    return text


def web_address(text: str) -> str:
    """Read a web address, without the slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or " " in text:
        raise ValueError("not a web address that starts with http:// or https://")
    _ = parts.port  # raises ValueError where it is no port
    return text.rstrip("/")


def database(text: str) -> str:
    """Read a database's URL; a file's path is made whole."""
    scheme, separator, rest = text.partition("://")
    if scheme not in _DATABASES or not separator or not rest:
        raise ValueError("a database is named by sqlite:///path/to/file or postgres://user:password@host/name")
    if scheme != "sqlite":
        try:
            _ = urlsplit(text).port
        except ValueError:
            raise ValueError("the port is no number; write what is special in a password as %-escapes") from None
        return text
    path, mark, query = rest.partition("?")
    if path in ("", "/") or path.startswith((":memory:", "/:memory:")):
        raise ValueError("SQLite needs a file; in memory nothing would be kept")
    return f"sqlite://{Path(path).expanduser()}{mark}{query}"


def currency(text: str) -> str:
    """Read a currency code."""
    if text.upper() not in CODES:
        raise ValueError("no currency has this ISO 4217 code")
    return text.upper()


def region(text: str) -> str:
    """Read a country code that phone numbers are known of."""
    from phonenumbers import SUPPORTED_REGIONS

    if text.upper() not in SUPPORTED_REGIONS:
        raise ValueError("no country has this two-letter code")
    return text.upper()


def working_hours(text: str) -> str:
    """Read the working hours of a week; the text stays as it is."""
    try:
        read_working_hours(text)
    except WorkingHoursError as error:
        raise ValueError(str(error)) from None
    return text


def holidays(text: str) -> str:
    """Read a country code whose public holidays are known, or nothing."""
    if text:
        try:
            country_holidays(text.upper(), (2026,))
        except ValueError:
            raise ValueError("the public holidays of no such country are known") from None
    return text.upper()


def log_level(text: str) -> str:
    """Read the name of a log level."""
    level = {"WARN": "WARNING"}.get(text.upper(), text.upper())
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return level


def webhook_secret(text: str) -> str:
    """Read what Telegram proves itself with."""
    # The characters and the length Telegram allows for secret_token.
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", text):
        raise ValueError("1 to 256 letters, digits, - and _")
    return text


def folder(value: object) -> object:
    """Read the path of a folder that is there."""
    if isinstance(value, str | Path):
        value = Path(value).expanduser()
        if not value.is_dir():
            raise ValueError("there is no such folder")
    return value


def file_to_write(value: object) -> object:
    """Read the path of a file, which need not be there yet."""
    if isinstance(value, str | Path):
        value = Path(value).expanduser()
        if value.is_dir():
            raise ValueError("that is a folder; name a file")
    return value


def names(value: object) -> object:
    """Read names with commas or blanks between them."""
    return tuple(filter(None, re.split(r"[,\s]+", value))) if isinstance(value, str) else value


def on_off(value: object) -> object:
    """Read on or off."""
    return {"on": True, "off": False}.get(value.strip().casefold(), value.strip()) if isinstance(value, str) else value
