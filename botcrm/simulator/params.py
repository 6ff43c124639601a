"""The arguments of one Bot API call, decoded as leniently as Telegram does: JSON, form fields, JSON in form fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botcrm.simulator.errors import bad_request

_TRUE = {"true", "yes", "1"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    data: bytes
    name: str = "file"
    mime: str = "application/octet-stream"


class Params:
    """Typed access to the arguments of one call."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> None:
        self.values = values
        self.files = {name: _upload(item) for name, item in (files or {}).items()}

    def has(self, name: str) -> bool:
        """Tell whether an argument was given at all."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        """Read a string; None when absent."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool | dict | list):
            return json.dumps(value)
        return str(value)

    def integer(self, name: str) -> int | None:
        """Read an integer; None when absent or not a number, as Telegram ignores those."""
        value = self.values.get(name)
        try:
            return None if value is None or value == "" else int(value)
        except (TypeError, ValueError):
            return None

    def number(self, name: str) -> float | None:
        """Read a decimal number; None when absent or not a number."""
        value = self.values.get(name)
        try:
            return None if value is None or value == "" else float(value)
        except (TypeError, ValueError):
            return None

    def flag(self, name: str) -> bool:
        """Read a boolean; false when absent."""
        value = self.values.get(name)
        return value.lower() in _TRUE if isinstance(value, str) else bool(value)

    def json(self, name: str, what: str | None = None) -> Any:
        """Read a nested object given as such or as a JSON string.

        :raises ApiError: 400 ``can't parse … JSON object``
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {what or name} JSON object") from None

    def upload(self, reference: str) -> Upload | None:
        """Find the uploaded file that ``attach://name`` points to."""
        return self.files.get(reference.removeprefix("attach://"))


def _upload(item: Any) -> Upload:
    if isinstance(item, Upload):
        return item
    if isinstance(item, tuple):
        name, data = item[0], item[1]
        return Upload(bytes(data), str(name))
    return Upload(bytes(item))
