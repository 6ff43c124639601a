"""What a screen is: a text in Telegram's HTML, its buttons, and the record it shows."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# Telegram counts UTF-16 units after the markup is taken out; staying below in units with it is safe.
MOST_UNITS = 4096
_LONG_LINE = 200
_ELEMENT = re.compile(r"</?[a-z]+>")


@dataclass(frozen=True, slots=True)
class Button:
    """One button: `data` comes back when it is pressed; else it opens `url` or copies `copy`.

    A plugin names one of its own button handlers instead: `press` with `args`; the platform makes the data of it.
    """

    label: str
    data: str = ""
    url: str = ""
    copy: str = ""
    style: str = ""
    press: str = ""
    args: tuple[str | int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the Bot API's InlineKeyboardButton."""
        # Telegram refuses a label with nothing to see, and with it the whole message.
        text = self.label if self.label.strip() else "—"
        if self.url:
            return {"text": text, "url": self.url}
        if self.copy:
            return {"text": text, "copy_text": {"text": self.copy}}
        return {"text": text, "callback_data": self.data}


Row = Sequence[Button]


@dataclass(frozen=True, slots=True)
class Screen:
    """A message: HTML text, rows of buttons, and what it is about (a reply to it is about that)."""

    text: str
    rows: tuple[Row, ...] = ()
    about: tuple[str, int] | None = None

    def payload(self, chat_id: int) -> dict[str, Any]:
        """Return the Bot API call's JSON, within Telegram's limits."""
        return {
            "chat_id": chat_id,
            "text": fit(self.text),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": self.keyboard(),
        }

    def keyboard(self) -> dict[str, Any]:
        """Return the Bot API's InlineKeyboardMarkup; empty where there are no buttons."""
        return {"inline_keyboard": [[button.as_json() for button in row] for row in self.rows if row]}


def esc(text: str | None) -> str:
    """Make a text safe inside HTML."""
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bold(text: str) -> str:
    """Return a text in bold, escaped."""
    return f"<b>{esc(text)}</b>"


def clip(text: str, most: int) -> str:
    """Shorten a text to so many characters, with an ellipsis where something is left out."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def units(text: str) -> int:
    """Count a text's UTF-16 units, as Telegram does."""
    return len(text.encode("utf-16-le")) // 2


def fit(text: str) -> str:
    """Cut a text so that Telegram takes it: at a line's end, or in a long line, whose markup is then taken out.

    Each line of ours closes its own markup.
    """
    if units(text) <= MOST_UNITS:
        return text
    kept: list[str] = []
    size = 0
    for line in text.split("\n"):
        if size + units(line) + 1 > MOST_UNITS - 2:
            room = MOST_UNITS - 2 - size
            # What is left of a short line tells nothing; a long one is what the message is about.
            kept.append(_cut(line, room) if units(line) > _LONG_LINE < room or not any(kept) else "…")
            break
        size += units(line) + 1
        kept.append(line)
    return "\n".join(kept)


def _cut(line: str, most: int) -> str:
    """Cut a single line, its markup taken out: an element or an escape must not be cut in two."""
    plain = html.unescape(_ELEMENT.sub("", line)).strip()
    while units(shown := esc(plain)) > most - 1:
        plain = plain[: min(len(plain) - 1, len(plain) * (most - 1) // units(shown))]
    return shown + "…"


def lines(*parts: str | None) -> str:
    """Join the lines that are there."""
    return "\n".join(filter(None, parts))


def dots(*parts: str | None) -> str:
    """Join the pieces that are there with the middle dot that cards use."""
    return " · ".join(filter(None, parts))


def rows_of(buttons: Iterable[Button], width: int) -> list[list[Button]]:
    """Lay buttons out in rows of a width."""
    items = list(buttons)
    return [items[i : i + width] for i in range(0, len(items), width)]
