"""Checking values by a plugin's own types: whatever its checks raise is a refusal of the value."""

import logging
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, TypeAdapter, ValidationError

log = logging.getLogger(__name__)

T = TypeVar("T")


def _refused(what: str) -> None:
    raise ValueError(f"the check of it failed: {what}")


_REFUSAL = TypeAdapter[Any](Annotated[Any, PlainValidator(_refused)])


def checked(check: Callable[[Any], T], value: Any) -> T:
    """Return what a model's or type's check makes of a value.

    :raises ValidationError: it refuses the value, or raised anything else, even what would end the process
    """
    try:
        return check(value)
    except ValidationError:
        raise
    except BaseException as exc:
        log.exception("a check of a plugin's own failed")
        _REFUSAL.validate_python(type(exc).__name__)
        raise AssertionError("a refusal refuses") from exc
