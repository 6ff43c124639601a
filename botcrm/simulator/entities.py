"""Message entities in UTF-16 units: check those a bot gives, find those that Telegram finds itself, trim the text."""

from __future__ import annotations

import re
from typing import Any

from botcrm.simulator.errors import bad_request

Entity = dict[str, Any]

TEXT_LIMIT = 4096  # UTF-16 units after parsing: core.telegram.org/bots/api#sendmessage
CAPTION_LIMIT = 1024

_KEPT_FIELDS = {
    "text_link": ("url",),
    "text_mention": ("user",),
    "custom_emoji": ("custom_emoji_id",),
    "pre": (),
    "date_time": ("unix_time",),
}
_PLAIN = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code",
}  # fmt: skip
_FOUND_BY_TELEGRAM = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}
_FINDERS = re.compile(
    r"""
    (?P<url>(?:https?|tg)://[^\s<>"]+[^\s<>".,;:!?)'\]]|(?<![\w@/.])t\.me/[\w/?=&+-]+)
    |(?P<email>(?<![\w.+-])[A-Za-z0-9][\w.+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})
    |(?P<mention>(?<![\w@`/.])@[A-Za-z]\w{2,31}(?![\w@]))
    |(?P<bot_command>(?<![\w/<>@`.:])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/@]))
    |(?P<hashtag>(?<![\w&/#@])\#(?=\w*[^\W\d])\w{1,256}(?!\w))
    |(?P<cashtag>(?<![\w$])\$[A-Z]{3,8}(?![\w$]))
    |(?P<phone_number>(?<![\w+.-])\+\d[\d ()-]{7,17}\d(?!\w))
    """,
    re.VERBOSE,
)
_TRIGGER = re.compile(r"[/@#$+]|://|t\.me")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f]")
_SPACE = " \n\t\u200b\u00a0"


def units(text: str) -> int:
    """Count UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def cut(text: str, offset: int, length: int) -> str:
    """Take a part of a text by UTF-16 offset and length."""
    if text.isascii():
        return text[offset : offset + length]
    return text.encode("utf-16-le")[offset * 2 : (offset + length) * 2].decode("utf-16-le", errors="replace")


def read_entities(text: str, given: Any) -> list[Entity]:
    """Check the entities that a bot passed for a text.

    :raises ApiError: 400 with Telegram's words for a wrong type, offset, length or link
    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise bad_request("can't parse entities: Expected an Array of MessageEntity")
    return check_bounds(text, [_read_entity(item) for item in given])


def _read_entity(item: Any) -> Entity:
    if not isinstance(item, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind = item.get("type")
    for name in ("offset", "length"):
        if not isinstance(item.get(name), int):
            raise bad_request(f'can\'t parse MessageEntity: Field "{name}" must be of type Number')
    entity: Entity = {"offset": item["offset"], "length": item["length"], "type": kind}
    if kind in _PLAIN:
        return entity
    if kind not in _KEPT_FIELDS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    for name in _KEPT_FIELDS[kind]:
        if item.get(name) is None:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
        entity[name] = item[name]
    if kind == "text_link":
        entity["url"] = check_url(item["url"], "entity URL")
    for name in ("language", "date_time_format"):
        if item.get(name):
            entity[name] = item[name]
    return entity


def check_url(url: str, what: str) -> str:
    """Check a link as Telegram does.

    :raises ApiError: 400 ``<what> '<url>' is invalid: <reason>``
    """
    match = re.fullmatch(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/?#]*)(.*)", url.strip(), re.DOTALL)
    scheme, host = (match[1] or "", match[2]) if match else ("", "")
    if url.startswith("tg://"):
        return url
    if scheme and scheme.lower() not in ("http", "https"):
        raise bad_request(f"{what} '{url}' is invalid: Unsupported URL protocol")
    if not host:
        raise bad_request(f"{what} '{url}' is invalid: URL host is empty")
    # Telegram itself refuses hosts without a dot; a simulator on one machine must let "localhost" pass.
    if re.search(r"\s", host) or ("." not in host and host.split(":")[0] != "localhost"):
        raise bad_request(f"{what} '{url}' is invalid: Wrong HTTP URL")
    return url if scheme else f"http://{url}"


def check_bounds(text: str, entities: list[Entity]) -> list[Entity]:
    """Check that entities lie inside the text and split no character; sort them as Telegram does."""
    total = units(text)
    middles = {} if total == len(text) else _middles(text)
    kept = []
    for entity in entities:
        begin, length = entity["offset"], entity["length"]
        end = begin + length
        if begin < 0:
            raise bad_request(f"Receive an entity with incorrect offset {begin}")
        if length < 0:
            raise bad_request(f"Receive an entity with incorrect length {length}")
        if begin > total:
            raise bad_request(f"Entity begins after the end of the text at UTF-16 offset {begin}")
        if end > total:
            raise bad_request(
                f"Entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            )
        if begin in middles:
            raise bad_request(f"Entity begins in a middle of a UTF-16 symbol at byte offset {middles[begin]}")
        if end in middles:
            raise bad_request(
                f"Entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol"
                f" at byte offset {middles[end]}"
            )
        if length:
            kept.append(entity)
    return sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _middles(text: str) -> dict[int, int]:
    """Map the UTF-16 offsets inside surrogate pairs to the byte offset of what follows."""
    found = {}
    offset = byte = 0
    for char in text:
        byte += len(char.encode("utf-8", errors="surrogatepass"))
        if ord(char) > 0xFFFF:
            found[offset + 1] = byte
            offset += 1
        offset += 1
    return found


def find_entities(text: str, given: list[Entity]) -> list[Entity]:
    """Add what Telegram finds by itself (commands, mentions, links …) outside of code and of the given links."""
    if not _TRIGGER.search(text):
        return given
    wide = not text.isascii()
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in given
        if entity["type"] in ("code", "pre", "text_link", "text_mention", "date_time")
        or entity["type"] in _FOUND_BY_TELEGRAM
    ]
    found = list(given)
    for match in _FINDERS.finditer(text):
        offset = units(text[: match.start()]) if wide else match.start()
        length = units(match[0]) if wide else len(match[0])
        if not any(begin < offset + length and offset < end for begin, end in taken):
            found.append({"offset": offset, "length": length, "type": match.lastgroup})
    return sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))


def trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Drop control characters and the white space around a text, moving the entities along."""
    if _CONTROL.search(text):
        text = _CONTROL.sub(" ", text)
    if "\r" in text:
        text, entities = _without_returns(text, entities)
    short = text.rstrip(_SPACE)
    if short != text:
        entities = _clip(entities, units(short))
        text = short
    lead = len(text) - len(text.lstrip(_SPACE))
    if entities:
        lead = min(
            lead, entities[0]["offset"]
        )  # white space is never outside the basic plane, so units equal characters
    if lead:
        text = text[lead:]
        entities = [{**entity, "offset": entity["offset"] - lead} for entity in entities]
    return text, entities


def _without_returns(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    def moved(offset: int) -> int:
        return offset - cut(text, 0, offset).count("\r")

    kept = [
        {**entity, "offset": moved(entity["offset"]), "length": end - moved(entity["offset"])}
        for entity in entities
        if (end := moved(entity["offset"] + entity["length"])) > moved(entity["offset"])
    ]
    return text.replace("\r", ""), kept


def _clip(entities: list[Entity], total: int) -> list[Entity]:
    return [
        {**entity, "length": min(entity["length"], total - entity["offset"])}
        for entity in entities
        if entity["offset"] < total
    ]
