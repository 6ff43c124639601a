"""Screens as the rest of the front end uses them, and how a button's data is packed."""

from botcrm.contract.screens import (
    MOST_UNITS,
    Button,
    Row,
    Screen,
    bold,
    clip,
    dots,
    esc,
    fit,
    lines,
    rows_of,
    units,
)

__all__ = [
    "MOST_UNITS",
    "Button",
    "Row",
    "Screen",
    "base36",
    "bold",
    "clip",
    "dots",
    "esc",
    "fit",
    "lines",
    "pack",
    "rows_of",
    "units",
]

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """Write a number short enough for callback data."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits or "0"


def pack(action: str, *args: object) -> str:
    """Return callback data: action and arguments, 64 bytes at most.

    :raises ValueError: it is longer
    """
    data = ":".join([action, *map(str, args)])
    if len(data.encode()) > 64:
        raise ValueError(f"callback data of {len(data.encode())} bytes, at most 64 go: {data}")
    return data
