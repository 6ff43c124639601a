"""Find and normalise e-mail addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Labels of letters, digits and hyphens; the local part as people write it, not all that RFC 5322 permits.
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}(?![\w-])")


@dataclass(frozen=True, slots=True)
class EmailFound:
    """An e-mail address in a text: `text[start:end]`, and the address normalised."""

    start: int
    end: int
    email: str


def normal_email(text: str) -> str | None:
    """Normalise an e-mail address (lower case, no `mailto:`, no angle brackets), or None if it is none."""
    found = text.strip().removeprefix("mailto:").strip("<>").strip()
    if not _ADDRESS.fullmatch(found) or not _good_local(found):
        return None
    return found.lower()


def find_emails(text: str) -> list[EmailFound]:
    """Find e-mail addresses in a text, in order."""
    if "@" not in text:
        return []
    return [
        EmailFound(match.start(), match.end(), match[0].lower())
        for match in _ADDRESS.finditer(text)
        if _good_local(match[0])
    ]


def _good_local(address: str) -> bool:
    local = address.partition("@")[0]
    return ".." not in local and not local.startswith(".") and not local.endswith(".")
