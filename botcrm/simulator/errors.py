"""The errors a Bot API server answers with."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refused Bot API call.

    ``code`` is the HTTP status and ``error_code``; ``parameters`` is Telegram's ResponseParameters (``retry_after``).
    """

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


class NoBotError(LookupError):
    """A person acted before any bot had connected."""


def bad_request(text: str) -> ApiError:
    """Make the 400 with Telegram's prefix; the first letter goes small as Telegram's does, codes stay capital."""
    if len(text) > 1 and text[0].isupper() and text[1].islower():
        text = text[0].lower() + text[1:]
    return ApiError(400, f"Bad Request: {text}")


def too_many_requests(retry_after: int) -> ApiError:
    """Make the 429 that names the seconds to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
