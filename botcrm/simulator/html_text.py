"""Telegram's HTML parse mode: text and entities out of marked-up text, with Telegram's own complaints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from botcrm.simulator.entities import Entity, units
from botcrm.simulator.errors import bad_request

_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
_TAGS = {*_TYPES, "a", "tg-emoji", "tg-time"}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]{1,8});?|#([0-9]{1,10});?|(lt|gt|amp|quot);?)")
_SPACES = " \t\n\r\v\f"


def complain(reason: str) -> NoReturn:
    """Refuse a text that cannot be parsed."""
    raise bad_request(f"can't parse entities: {reason}")


@dataclass(slots=True)
class _Open:
    name: str
    attributes: dict[str, str]
    offset: int  # in UTF-16 units of the text so far
    start: int  # in characters of the text so far


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Parse HTML into text and entities.

    :raises ApiError: 400 ``can't parse entities: …`` with the byte offset in the source
    """
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.parts: list[str] = []
        self.chars = 0
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        source = self.source
        while self.at < len(source):
            plain = re.compile(r"[^&<]+").match(source, self.at)
            if plain:
                self._write(plain[0])
                self.at = plain.end()
            elif source[self.at] == "&":
                self._reference()
            elif source.startswith("</", self.at):
                self._end_tag()
            else:
                self._start_tag()
        if self.open:
            complain(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        text = "".join(self.parts)
        return text, sorted(_merge_code(self.entities), key=lambda entity: (entity["offset"], -entity["length"]))

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self.chars += len(text)
        self.offset += units(text)

    def _reference(self) -> None:
        match = _REFERENCE.match(self.source, self.at)
        char = _decode(match) if match else None
        if match is None or char is None:
            self._write("&")
            self.at += 1
        else:
            self._write(char)
            self.at = match.end()

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", errors="surrogatepass"))

    def _peek(self) -> str:
        return self.source[self.at] if self.at < len(self.source) else ""

    def _skip_spaces(self) -> None:
        while self._peek() and self._peek() in _SPACES:
            self.at += 1

    def _take_until(self, stops: str) -> str:
        begin = self.at
        while self._peek() and self._peek() not in stops:
            self.at += 1
        return self.source[begin : self.at]

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        name = self._take_until(_SPACES + ">").lower()
        if not self._peek():
            complain(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if name not in _TAGS:
            complain(f'Unsupported start tag "{name}" at byte offset {self._byte(begin)}')
        attributes = self._attributes(name, begin)
        self.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            complain(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        if name == "tg-time" and not re.fullmatch(r"-?\d+", attributes.get("unix", "")):
            complain("Invalid date_time Unix time specified")
        if name == "tg-emoji" and not (
            re.fullmatch(r"\d+", attributes.get("emoji-id", "")) and int(attributes["emoji-id"]) < 2**63
        ):
            complain("Invalid custom emoji identifier specified")
        self.open.append(_Open(name, attributes, self.offset, self.chars))

    def _attributes(self, name: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while self._peek() != ">":
            self._skip_spaces()
            if self._peek() == ">":
                break
            attribute = self._take_until(_SPACES + "=>/\"'")
            if not attribute:
                if not self._peek():
                    complain(f'Unclosed start tag "{name}" at byte offset {self._byte(begin)}')
                complain(f'Empty attribute name in the tag "{name}" at byte offset {self._byte(begin)}')
            self._skip_spaces()
            if self._peek() != "=":
                if not self._peek():
                    complain(f'Unclosed start tag "{name}" at byte offset {self._byte(begin)}')
                found[attribute.lower()] = ""
                continue
            self.at += 1
            self._skip_spaces()
            if not self._peek():
                complain(f'Unclosed start tag "{name}" at byte offset {self._byte(begin)}')
            found[attribute.lower()] = self._attribute_value(begin)
        return found

    def _attribute_value(self, begin: int) -> str:
        if self._peek() not in "\"'":
            match = re.compile(r"[A-Za-z0-9.-]*").match(self.source, self.at)
            value = match[0] if match else ""
            self.at += len(value)
            if self._peek() and self._peek() not in _SPACES + ">":
                complain(f"Unexpected end of name token at byte offset {self._byte(self.at - len(value))}")
            return value.lower()
        quote = self._peek()
        self.at += 1
        value = self._take_until(quote)
        if not self._peek():
            complain(f"Unclosed start tag at byte offset {self._byte(begin)}")
        self.at += 1
        return _REFERENCE.sub(lambda match: _decode(match) or match[0], value)

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            complain(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self.at += 2
        name = self._take_until(_SPACES + ">").lower()
        self._skip_spaces()
        if self._peek() != ">":
            complain(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self.at += 1
        tag = self.open.pop()
        if name and name != tag.name:
            complain(
                f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{tag.name}>", found "</{name}>"'
            )
        if self.offset > tag.offset:
            self._close(tag)

    def _close(self, tag: _Open) -> None:
        entity: Entity = {"offset": tag.offset, "length": self.offset - tag.offset}
        attributes = tag.attributes
        if tag.name == "a":
            url = attributes.get("href") or "".join(self.parts)[tag.start :]
            if (user := re.match(r"tg://user\?id=(\d+)", url)) is not None:
                entity |= {"type": "text_mention", "user_id": int(user[1])}
            elif re.match(r"(?:[a-z][a-z0-9+.-]*://|[^\s/]+\.[^\s/]|localhost)", url, re.IGNORECASE):
                entity |= {"type": "text_link", "url": url if "://" in url else f"http://{url}"}
            else:
                return  # a link that leads nowhere loses its link, as in Telegram
        elif tag.name == "tg-emoji":
            entity |= {"type": "custom_emoji", "custom_emoji_id": attributes["emoji-id"]}
        elif tag.name == "tg-time":
            entity |= {"type": "date_time", "unix_time": int(attributes["unix"])}
            if attributes.get("format"):
                entity["date_time_format"] = attributes["format"]
        else:
            entity["type"] = _TYPES[tag.name]
            if tag.name == "blockquote" and "expandable" in attributes:
                entity["type"] = "expandable_blockquote"
            if tag.name == "code" and attributes.get("class", "").startswith("language-"):
                entity["language"] = attributes["class"].removeprefix("language-")
        self.entities.append(entity)


def _decode(match: re.Match[str]) -> str | None:
    """Decode one character reference; None for one that Telegram leaves as it is."""
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    if code == 0 or code >= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return None
    return chr(code)


def _merge_code(entities: list[Entity]) -> list[Entity]:
    """Make one ``pre`` with a language of ``<pre><code class="language-…">``, and no ``code`` inside ``pre``."""
    blocks = {(entity["offset"], entity["length"]): entity for entity in entities if entity["type"] == "pre"}
    kept = []
    for entity in entities:
        if entity["type"] == "code":
            block = blocks.get((entity["offset"], entity["length"]))
            language = entity.pop("language", None)
            if block is not None:
                if language:
                    block["language"] = language
                continue
        kept.append(entity)
    return kept
