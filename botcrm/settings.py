"""One typed Settings, read from BOTCRM_* variables once and passed in; never global."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from platformdirs import user_data_dir
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from botcrm import settings_values as values
from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.zones import valid_zone

PREFIX = "BOTCRM_"
ENV_FILE = ".env"
_TEST_PREFIX = "BOTCRM_TEST_"  # read by the test suite only


class SettingsError(Exception):
    """Name every variable that is wrong (`problems`: one line each, secrets masked)."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def default_database() -> str:
    """Return the URL of the SQLite file in the user's data folder."""
    return f"sqlite://{Path(user_data_dir('botcrm', appauthor=False)) / 'botcrm.sqlite3'}"


def system_zone() -> str:
    """Return the IANA name of the machine's time zone, UTC where it cannot be told."""
    for name in _zone_names():
        if name and valid_zone(name):
            return {"Etc/UTC": "UTC"}.get(name, name)
    return "UTC"


def _zone_names() -> list[str]:
    names = [os.environ.get("TZ", "").lstrip(":")]
    try:
        names.append(str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2])
        names.append(Path("/etc/timezone").read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, RuntimeError):
        pass
    return [name for name in names if not name.startswith(("posix/", "right/"))]


# --- the settings -----------------------------------------------------------------------------------------------------


def _about(meaning: str, example: str, **more: Any) -> Any:
    return Field(description=meaning, examples=[example], **more)


class Settings(BaseSettings):
    """Everything a process is told from outside.

    The environment is read by `load_settings` alone, so `Settings(database_url=…)` in a test holds what it says.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    token: Annotated[SecretStr | None, values.text(values.token)] = _about(
        "Token of the bot, from @BotFather", "123456:ABC-DEF1234ghIkl", default=None
    )
    telegram_api: Annotated[str, values.text(values.web_address)] = _about(
        "Bot API server", "http://127.0.0.1:8081", default="https://api.telegram.org"
    )
    database_url: Annotated[str, values.text(values.database)] = _about(
        "Where the data is: an SQLite file or a PostgreSQL database",
        "postgres://botcrm:secret@localhost/botcrm",
        default_factory=default_database,
        repr=False,
    )
    timezone: Annotated[str, values.preference("zone", "no time zone has this IANA name")] = _about(
        "Time zone of the company", "Europe/Warsaw", default_factory=system_zone
    )
    language: Annotated[str, values.preference("language", "there are no texts in this language")] = _about(
        "Language of the texts", "en", default="en"
    )
    currency: Annotated[str, values.text(values.currency)] = _about(
        "Currency of amounts that name none", "PLN", default="EUR"
    )
    region: Annotated[str, values.text(values.region)] = _about(
        "Country of phone numbers that have no country code", "PL", default="US"
    )
    working_hours: Annotated[str, values.text(values.working_hours)] = _about(
        "Working hours of the company", "Mon-Thu 9-13,14-18; Fri 9-16", default="Mon-Fri 09:00-18:00"
    )
    holidays: Annotated[str, values.text(values.holidays)] = _about(
        "Country whose public holidays are free (empty: none)", "PL", default=""
    )
    reminder_minutes: Annotated[int, values.preference("reminder_minutes", "must be 0 to 1440 minutes")] = _about(
        "Minutes before an activity to remind its owner (0: only at its time)", "15", default=15
    )
    overdue_hours: Annotated[float, values.preference("overdue_hours", "must be 0 to 240 working hours")] = _about(
        "Working hours until a manager hears of what is overdue", "2", default=2.0
    )
    digest_at: Annotated[str, values.preference("digest_at", "not a time of day")] = _about(
        "When the morning digest comes", "09:00", default="09:00"
    )
    smart_activity: Annotated[bool, values.preference("smart_activity", "must be on or off")] = _about(
        "Suggest a next step where none is planned", "on", default=True
    )
    http_host: str = _about("Address to serve health, metrics and web hooks at", "0.0.0.0", default="127.0.0.1")  # noqa: S104 - an example
    http_port: int = _about("Port for health, metrics and web hooks (0: none)", "8085", default=8085, ge=0, le=65535)
    webhook_url: Annotated[str | None, values.text(values.web_address)] = _about(
        "Public address Telegram sends updates to (empty: the bot polls)",
        "https://crm.example.com/telegram",
        default=None,
    )
    webhook_secret: Annotated[SecretStr | None, values.text(values.webhook_secret)] = _about(
        "What Telegram proves itself with at the web hook (empty: made from the token)",
        "a-long-random-word",
        default=None,
    )
    public_url: Annotated[str | None, values.text(values.web_address)] = _about(
        "Where what is served is reached from outside: the address in front of forms and web hooks of plugins",
        "https://crm.example.com",
        default=None,
    )
    log_level: Annotated[str, values.text(values.log_level)] = _about(
        "Least level that is logged", "DEBUG", default="INFO"
    )
    log_format: Literal["text", "json"] = _about("How a line of the log looks: text or json", "json", default="text")
    send_per_second: float = _about(
        "Messages a second to Telegram, all chats together", "30", default=30.0, gt=0, le=1000
    )
    erasures: Annotated[Path | None, BeforeValidator(values.file_to_write)] = _about(
        "File that remembers whose data was erased, for when an older copy of the database is put back "
        "(empty: beside an SQLite database)",
        "/var/lib/botcrm/erasures",
        default=None,
    )
    plugins: Annotated[bool, BeforeValidator(values.on_off)] = _about("Load installed plugins", "off", default=True)
    plugins_dir: Annotated[Path | None, BeforeValidator(values.folder)] = _about(
        "Folder with single-file plugins", "/etc/botcrm/plugins", default=None
    )
    blocked_plugins: Annotated[tuple[str, ...], BeforeValidator(values.names)] = _about(
        "Plugins not to load, separated by commas", "weather,jokes", default=()
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the call only; see the class."""
        return (init_settings,)

    def preferences(self) -> Preferences:
        """Return the defaults for what people choose in the chat."""
        return Preferences(
            zone=self.timezone,
            language=self.language,
            currency=self.currency,
            region=self.region,
            working_hours=self.working_hours,
            holidays=self.holidays,
            reminder_minutes=self.reminder_minutes,
            overdue_hours=self.overdue_hours,
            digest_at=self.digest_at,
            smart_activity=self.smart_activity,
        )

    def token_text(self) -> str | None:
        """Return the bot's token in the clear, None where there is none."""
        return self.token.get_secret_value() if self.token else None

    def webhook_key(self) -> str:
        """Return the secret_token of the web hook: the one set, or one that follows from the token."""
        if self.webhook_secret:
            return self.webhook_secret.get_secret_value()
        return hashlib.sha256(f"botcrm web hook {self.token_text()}".encode()).hexdigest()

    def public_address(self) -> str:
        """Return where what is served is reached, without a slash at the end; empty where nothing is served.

        It is the address set, or that of the web hook, or the one listened at.
        """
        if self.http_port == 0:
            return ""
        if outside := self.outside_address():
            return outside
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.http_host, self.http_host)  # noqa: S104 - as it is set
        return f"http://{host}:{self.http_port}"

    def outside_address(self) -> str:
        """Return where what is served is reached from other machines, as far as somebody said so; else empty."""
        if self.http_port == 0:
            return ""
        if self.public_url:
            return self.public_url
        if self.webhook_url:
            parts = urlsplit(self.webhook_url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return ""

    def plugin_url(self, plugin: str) -> str:
        """Return where a plugin's web routes are reached, without a slash at the end; empty where nothing is served."""
        base = self.public_address()
        return f"{base}/plugins/{plugin}" if base else ""

    def secrets(self) -> tuple[str, ...]:
        """Return the texts that no log and no screen may show."""
        password = urlsplit(self.database_url).password if "@" in self.database_url else None
        found = (self.token_text(), self.webhook_key(), password, unquote(password) if password else None)
        return tuple(dict.fromkeys(filter(None, found)))

    def shown(self) -> list["Shown"]:
        """Return every setting as it may be shown, in order."""
        rows = []
        for name, field in type(self).model_fields.items():
            value = _plain(getattr(self, name))
            rows.append(
                Shown(variable(name), masked(name, value), name in self.model_fields_set, field.description or "")
            )
        return rows


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting for reading: `value` is masked, `chosen` tells it from a default."""

    variable: str
    value: str
    chosen: bool
    meaning: str


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case tuple():
            return ",".join(value)
        case SecretStr():
            return value.get_secret_value()
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def masked(name: str, value: str) -> str:
    """Return a setting's value without what is secret in it."""
    if not value:
        return ""
    if name in ("token", "webhook_secret"):
        return "*****"
    if name in ("database_url", "telegram_api", "webhook_url", "public_url"):
        value = re.sub(r"(//[^:/?#@]*:).*@", r"\1*****@", value)
        return re.sub(r"(?i)(password=)[^&]*", r"\1*****", value)
    return value


# --- from the environment ---------------------------------------------------------------------------------------------


def load_settings(environ: Mapping[str, str] | None = None, env_file: str | Path | None = ENV_FILE) -> Settings:
    """Read the settings from the environment, and from a file of NAME=value lines for what it leaves out.

    An empty variable counts as not set.

    :raises SettingsError: something cannot be used; says so in one line for each variable
    """
    given = _variables(environ, env_file)
    known = {variable(name): name for name in Settings.model_fields}
    chosen: dict[str, Any] = {known[key]: text for key, text in given.items() if key in known and text.strip()}
    try:
        return Settings(**chosen)
    except ValidationError as error:
        faults = {str(fault["loc"][0]): fault for fault in error.errors(include_input=False, include_url=False)}
        raise SettingsError([_problem(name, chosen, fault) for name, fault in faults.items()]) from None


def unknown_variables(environ: Mapping[str, str] | None = None, env_file: str | Path | None = ENV_FILE) -> list[str]:
    """Return a line for every BOTCRM_* variable that is no setting, with the one that was probably meant."""
    from difflib import get_close_matches

    lines = []
    for key in _variables(environ, env_file):
        name = key.removeprefix(PREFIX).lower()
        if variable(name) != key or (name not in Settings.model_fields and not key.startswith(_TEST_PREFIX)):
            near = get_close_matches(name, Settings.model_fields, n=1)
            lines.append(f"{key} is no setting." + (f" Did you mean {variable(near[0])}?" if near else ""))
    return lines


def _variables(environ: Mapping[str, str] | None, env_file: str | Path | None) -> dict[str, str]:
    found = {**_file_variables(env_file), **(os.environ if environ is None else environ)}
    return {key: value for key, value in found.items() if key.startswith(PREFIX)}


def _file_variables(env_file: str | Path | None) -> dict[str, str]:
    if env_file is None or not Path(env_file).is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return {key: value or "" for key, value in dotenv_values(env_file, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{env_file} cannot be read: {error}"]) from None


# What pydantic says about its own types, in plain words; {…} are its facts.
_PLAIN_REASONS = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be on or off",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _problem(name: str, given: Mapping[str, str], fault: Any) -> str:
    facts = fault.get("ctx", {})
    if fault["type"] == "value_error":
        reason = str(facts["error"])
    else:
        reason = _PLAIN_REASONS.get(fault["type"], fault["msg"]).format(**facts)
    text = given.get(name, "")
    value = masked(name, text if text.isprintable() else repr(text))
    if len(value) > 80:
        value = value[:77] + "…"
    example = Settings.model_fields[name].examples
    return f"{variable(name)}={value}: {reason}. Example: {variable(name)}={example[0] if example else ''}"
