"""Telegram's MarkdownV2 and legacy Markdown parse modes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from botcrm.simulator.entities import Entity, units
from botcrm.simulator.html_text import complain

_RESERVED = "_*[]()~`>#+-=|{}.!"
_MARKS = {
    "*": "bold",
    "_": "italic",
    "__": "underline",
    "~": "strikethrough",
    "||": "spoiler",
    "`": "code",
    "```": "pre",
}
_NAMES = {
    "bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough",
    "spoiler": "Spoiler", "code": "Code", "pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji",
}  # fmt: skip


@dataclass(slots=True)
class _Open:
    mark: str
    kind: str
    offset: int
    byte: int
    language: str = ""


class _Text:
    """A text that grows and knows its length in UTF-16 units."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.offset = 0

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.offset += units(text)

    def __str__(self) -> str:
        return "".join(self.parts)


def parse_markdown_v2(source: str) -> tuple[str, list[Entity]]:
    """Parse MarkdownV2 into text and entities.

    :raises ApiError: 400 ``can't parse entities: …``
    """
    text, entities = _Text(), list[Entity]()
    stack: list[_Open] = []
    quote: int | None = None
    at = 0

    def byte(position: int) -> int:
        return len(source[:position].encode())

    def end_quote(at_offset: int) -> None:
        nonlocal quote
        if quote is not None and at_offset > quote:
            kind = "blockquote"
            entities.append({"offset": quote, "length": at_offset - quote, "type": kind})
        quote = None

    while at < len(source):
        char = source[at]
        inside_code = bool(stack) and stack[-1].kind in ("code", "pre")
        line_start = at == 0 or source[at - 1] == "\n"
        if line_start and quote is not None and char != ">":
            end_quote(text.offset)
        if char == "\\" and at + 1 < len(source) and 0 < ord(source[at + 1]) <= 126:
            text.write(source[at + 1])
            at += 2
        elif inside_code:
            mark = stack[-1].mark
            if source.startswith(mark, at):
                _close(stack.pop(), text, entities)
                at += len(mark)
            else:
                text.write(char)
                at += 1
        elif char == ">" and line_start:
            quote = text.offset if quote is None else quote
            at += 1
        elif char not in _RESERVED:
            text.write(char)
            at += 1
        elif char == "]" and stack and stack[-1].kind in ("text_link", "custom_emoji"):
            at = _close_link(source, at, stack.pop(), text, entities)
        elif char == "[" or source.startswith("![", at):
            kind = "text_link" if char == "[" else "custom_emoji"
            stack.append(_Open("]", kind, text.offset, byte(at)))
            at += 1 if char == "[" else 2
        else:
            mark = next((mark for mark in ("```", "__", "||", "*", "_", "~", "`") if source.startswith(mark, at)), "")
            if not mark:
                complain(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
            at += len(mark)
            if stack and stack[-1].mark == mark:
                _close(stack.pop(), text, entities)
                continue
            opened = _Open(mark, _MARKS[mark], text.offset, byte(at - len(mark)))
            if mark == "```" and (match := re.compile(r"([^\s`]*)\n").match(source, at)):
                opened.language = match[1]
                at = match.end()
            stack.append(opened)
    end_quote(text.offset)
    if stack:
        complain(f"Can't find end of {_NAMES[stack[-1].kind]} entity at byte offset {stack[-1].byte}")
    return str(text), sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _close(opened: _Open, text: _Text, entities: list[Entity]) -> None:
    if text.offset > opened.offset:
        entity: Entity = {"offset": opened.offset, "length": text.offset - opened.offset, "type": opened.kind}
        if opened.language:
            entity["language"] = opened.language
        entities.append(entity)


def _close_link(source: str, at: int, opened: _Open, text: _Text, entities: list[Entity]) -> int:
    """Read ``](url)`` from the bracket on; return the position after it."""
    match = re.compile(r"\]\(((?:\\.|[^)\\])*)\)").match(source, at)
    if match is None:
        if source.startswith("](", at):
            complain(f"Can't find end of a URL at byte offset {len(source[: at + 2].encode())}")
        url, end = "", at + 1
    else:
        url, end = re.sub(r"\\(.)", r"\1", match[1]), match.end()
    length = text.offset - opened.offset
    if url and length:
        entities.append({"offset": opened.offset, "length": length} | link_entity(url))
    return end


def link_entity(url: str) -> Entity:
    """Make the entity fields that a link's address stands for."""
    if (user := re.match(r"tg://user\?id=(\d+)", url)) is not None:
        return {"type": "text_mention", "user_id": int(user[1])}
    if (emoji := re.match(r"tg://emoji\?id=(\d+)", url)) is not None:
        return {"type": "custom_emoji", "custom_emoji_id": emoji[1]}
    if (moment := re.match(r"tg://time\?unix=(-?\d+)(?:&format=(\w*))?", url)) is not None:
        fields: Entity = {"type": "date_time", "unix_time": int(moment[1])}
        return fields | ({"date_time_format": moment[2]} if moment[2] else {})
    return {"type": "text_link", "url": url if "://" in url else f"http://{url}"}


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """Parse legacy Markdown, which cannot nest.

    :raises ApiError: 400 ``can't parse entities: Can't find end of the entity starting at byte offset N``
    """
    text, entities = _Text(), list[Entity]()
    at = 0
    while at < len(source):
        char = source[at]
        if char == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            text.write(source[at + 1])
            at += 2
            continue
        if char not in "_*`[":
            text.write(char)
            at += 1
            continue
        mark = "```" if source.startswith("```", at) else "]" if char == "[" else char
        begin = at + (3 if mark == "```" else 1)
        end = source.find(mark, begin)
        if end < 0:
            complain(f"Can't find end of the entity starting at byte offset {len(source[:at].encode())}")
        inner, at, fields = source[begin:end], end + len(mark), Entity()
        if mark == "]":
            link = re.compile(r"\(([^)]*)\)").match(source, at)
            if link is not None:
                at, fields = link.end(), link_entity(link[1])
        else:
            fields = {"type": _MARKS[mark]}
            if mark == "```" and (head := re.match(r"([^\s`]+)?\n", inner)) is not None:
                inner = inner[head.end() :]
                fields |= {"language": head[1]} if head[1] else {}
        if inner and fields:
            entities.append({"offset": text.offset, "length": units(inner)} | fields)
        text.write(inner)
    return str(text), entities
