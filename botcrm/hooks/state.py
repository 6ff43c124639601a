"""What is kept of plugins in the table of settings: whether they are on, what the administrator set, how they fared."""

import os
from typing import Any

from pydantic import SecretStr, ValidationError

from botcrm.contract.filling import checked
from botcrm.contract.plugin import Settings
from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.events import SettingChanged
from botcrm.core.services.stored import COMPANY, store, stored
from botcrm.core.services.work import Work

_KEYS = ("", ":settings", ":stats", ":parts")
# What nobody set is no setting of the company's (user 0), which are read with every update.
_OWNER = {":parts": -1}


async def read_all() -> dict[str, dict[str, Any]]:
    """Return what is kept, by plugin name: {"": {"on", "reason"}, ":settings": {…}, ":stats": {…}, ":parts": {…}}."""
    rows = await db.fetch("SELECT key, value FROM setting WHERE user_id <= 0 AND key LIKE 'plugin:%'")
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        _, name, *part = row["key"].split(":")
        value = db.from_json(row["value"])
        if isinstance(value, dict):
            found.setdefault(name, {})[f":{part[0]}" if part else ""] = value
    return found


async def read(name: str, part: str) -> dict[str, Any]:
    """Return one of a plugin's values: part is "", ":settings", ":stats" or ":parts"."""
    value = await stored(f"plugin:{name}{part}")
    return value if isinstance(value, dict) else {}


async def write(name: str, part: str, value: dict[str, Any]) -> None:
    """Keep one of a plugin's values."""
    assert part in _KEYS
    await store(f"plugin:{name}{part}", _OWNER.get(part, COMPANY), value)


def settings_from(name: str, kind: type[Settings], kept: dict[str, Any]) -> Settings:
    """Return a plugin's settings: what is kept, defaults for the rest, secrets from the environment.

    A kept value that no longer fits its field counts as not kept.
    """
    values = {key: value for key, value in kept.items() if key in kind.model_fields and not is_secret(kind, key)}
    values |= _secrets(name, kind)
    try:
        return checked(kind.model_validate, values)
    except ValidationError as exc:
        wrong = {error["loc"][0] for error in exc.errors() if error["loc"]}
        return checked(kind.model_validate, {key: value for key, value in values.items() if key not in wrong})


def variable(name: str, field: str) -> str:
    """Return the environment variable of a secret."""
    return f"BOTCRM_{name.upper()}_{field.upper()}"


def is_secret(kind: type[Settings], field: str) -> bool:
    """Tell whether a setting comes from the environment only."""
    annotation = kind.model_fields[field].annotation
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _secrets(name: str, kind: type[Settings]) -> dict[str, str]:
    found = {field: os.environ.get(variable(name, field), "") for field in kind.model_fields if is_secret(kind, field)}
    return {field: value for field, value in found.items() if value}


async def change(work: Work, name: str, kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Keep other settings for a plugin.

    :raises InvalidValue: there is no such setting, or the value does not fit it
    """
    for field in values:
        if field not in kind.model_fields or is_secret(kind, field):
            known = ", ".join(key for key in kind.model_fields if not is_secret(kind, key)) or "none"
            raise InvalidValue(what="setting", value=field, how=f"Settings of {name}: {known}.")
    before = await read(name, ":settings")
    try:
        made = checked(kind.model_validate, before | values | _secrets(name, kind))
    except ValidationError as exc:
        error = exc.errors()[0]
        field = str(error["loc"][0]) if error["loc"] else "settings"
        raise InvalidValue(what=field, value=str(values.get(field, "")), how=error["msg"] + ".") from None
    dumped = made.model_dump(mode="json", exclude_unset=True)
    kept = {field: value for field, value in dumped.items() if not is_secret(kind, field)}
    await write(name, ":settings", kept)
    work.remember_plain(SettingChanged, "setting", 0, key=f"plugin:{name}:settings", before=before, value=kept)
    return made
