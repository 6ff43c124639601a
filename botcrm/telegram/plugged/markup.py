"""Markup that plugins write: what Telegram could not read is shown as it stands, so that it never costs the message."""

import re

from botcrm.telegram.screens.base import MOST_UNITS, esc, fit, units

_TAGS = frozenset(("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a")) | frozenset(
    ("blockquote", "span", "tg-spoiler", "tg-emoji", "tg-time")
)
_TAG = re.compile(r"<(/?)([a-z-]+)((?:\s+[a-z-]+(?:=\"[^\"<>]*\")?)*)\s*>")
_ATTRIBUTES = {
    "a": re.compile(r"\s+href=\"[^\"]*\"\s*"),
    "span": re.compile(r"\s+class=\"tg-spoiler\"\s*"),
    "code": re.compile(r"(?:\s+class=\"language-[^\"]*\")?\s*"),
    "blockquote": re.compile(r"(?:\s+expandable(?:=\"[^\"]*\")?)?\s*"),
    "tg-emoji": re.compile(r"\s+emoji-id=\"\d+\"\s*"),
    "tg-time": re.compile(r".+", re.DOTALL),
}
_LONE_AND = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")


def readable(text: str) -> bool:
    """Tell whether Telegram can read a text's markup: known elements only, each closed in its turn."""
    opened: list[str] = []
    place = 0
    while (place := text.find("<", place)) >= 0:
        found = _TAG.match(text, place)
        if found is None or found[2] not in _TAGS:
            return False
        closing, name, attributes = found.groups()
        if closing:
            if attributes or not opened or opened.pop() != name:
                return False
        else:
            wanted = _ATTRIBUTES.get(name)
            if bool(attributes.strip()) if wanted is None else wanted.fullmatch(attributes) is None:
                return False
            opened.append(name)
        place = found.end()
    return not opened


def sendable(text: str) -> str:
    """Return a text without what cannot be sent: halves of surrogate pairs, and the null character, which ends a text."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def safe(text: str) -> str:
    """Return a text in markup that Telegram takes: as it is, or escaped where it cannot be read."""
    text = sendable(text)
    return _LONE_AND.sub("&amp;", text) if readable(text) else esc(text)


def safe_message(text: str) -> str:
    """Return a whole message's text within Telegram's limits, never empty."""
    text = safe(text).strip() or "—"
    if units(text) > MOST_UNITS and not readable(fit(text)):
        return esc(text)
    return text


def safe_line(text: str, most: int) -> str:
    """Return one line of at most so many characters; a longer one loses its markup with its end."""
    line = " ".join(safe(text).split())
    if len(line) <= most:
        return line
    plain = re.sub(r"<[^>]*>", "", line)
    while len(plain) > most - 1:
        cut = plain[: most - 1]
        # An escape is not cut in two.
        start = cut.rfind("&")
        plain = cut[:start] if start >= 0 and ";" not in cut[start:] else cut
    return plain.rstrip() + "…"
