"""Messages with files, albums, and the download of files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import bad_request
from botcrm.simulator.files import DOWNLOAD_LIMIT, image_size
from botcrm.simulator.methods.sending import deliver, open_chat
from botcrm.simulator.methods.table import caption_of, read_caption

if TYPE_CHECKING:
    from botcrm.simulator.files import StoredFile
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot
    from botcrm.simulator.params import Params, Upload
    from botcrm.simulator.telegram import Telegram

UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes a bot may send; photos 10 MB: core.telegram.org/bots/api#sending-files
PHOTO_LIMIT = 10 * 1024 * 1024
_DEFAULTS = {
    "voice": ("voice.oga", "audio/ogg"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "video": ("video.mp4", "video/mp4"),
}


def attach(telegram: Telegram, kind: str, reference: Any, params: Params) -> Any:
    """Turn a file argument (upload, ``attach://``, file id) into the message field of its kind.

    :raises ApiError: 400 for no file, an unknown or foreign-kind file id, a link (nothing is fetched) or a too big file
    """
    upload = params.files.get(kind) if reference is None else params.upload(str(reference))
    if upload is not None:
        return _uploaded(telegram, kind, upload, params)
    if not reference:
        raise bad_request(f"there is no {kind} in the request")
    if str(reference).startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    stored = telegram.files.known(str(reference))
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.kind != kind and "photo" in (stored.kind, kind):
        raise bad_request(f"can't use file of type {stored.kind.capitalize()} as {kind.capitalize()}")
    return [stored.json()] if kind == "photo" else stored.json()


def _uploaded(telegram: Telegram, kind: str, upload: Upload, params: Params) -> Any:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
        raise bad_request("file is too big")
    if kind == "photo":
        width, height = image_size(upload.data)
        if width + height > 10_000:
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        return telegram.photo(upload.data, width, height)
    name, mime = _DEFAULTS.get(kind, (upload.name, ""))
    extra: dict[str, Any] = {}
    if kind in ("voice", "audio", "video"):
        extra["duration"] = params.integer("duration") or 0
    if kind in ("video", "animation"):
        extra |= {"width": params.integer("width") or 1280, "height": params.integer("height") or 720}
    stored: StoredFile = telegram.files.add(kind, upload.data, upload.name if kind != "voice" else name, mime, **extra)
    return stored.json()


def send_file(kind: str, telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Send one file with an optional caption."""
    caption = caption_of(telegram, params)
    chat = open_chat(telegram, bot, params)
    return deliver(
        telegram, bot, params, {kind: attach(telegram, kind, params.text(kind), params)} | caption, chat
    ).data


def send_media_group(telegram: Telegram, bot: Bot, params: Params) -> list[dict[str, Any]]:
    """Send an album of 2–10 files."""
    items = params.json("media")
    if not isinstance(items, list):
        raise bad_request("can't parse media JSON object" if items else "media is empty")
    if not 2 <= len(items) <= 10:
        raise bad_request(
            "too few messages to send as an album" if len(items) < 2 else "too many messages to send as an album"
        )
    chat = open_chat(telegram, bot, params)
    bodies = []
    for item in items:
        kind = item.get("type")
        if kind not in ("photo", "video", "audio", "document"):
            raise bad_request(f'can\'t parse InputMedia: type "{kind}" must be one of the supported album types')
        caption = read_caption(telegram, item.get("caption"), item.get("parse_mode"), item.get("caption_entities"))
        bodies.append({kind: attach(telegram, kind, item.get("media"), params)} | caption)
    album = {"media_group_id": str(13_000_000_000_000_000 + bot.next_message_id)}
    return [deliver(telegram, bot, params, album | body, chat).data for body in bodies]


def get_file(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Tell where a file can be downloaded."""
    file_id = params.text("file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    stored = telegram.files.get(file_id)
    if len(stored.data) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.data),
        "file_path": stored.path,
    }


METHODS: dict[str, Handler] = {
    **{
        f"send{kind.capitalize()}": partial(send_file, kind)
        for kind in ("photo", "document", "voice", "audio", "video", "animation")
    },
    "sendMediaGroup": send_media_group,
    "getFile": get_file,
}
