"""Files of the simulated Telegram, kept in memory up to a total size."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from botcrm.simulator.errors import bad_request

DOWNLOAD_LIMIT = 20 * 1024 * 1024  # bytes a bot may download: core.telegram.org/bots/api#getfile
_PREFIXES = {
    "photo": "AgACAgIAAxkB", "document": "BQACAgIAAxkB", "voice": "AwACAgIAAxkB", "audio": "CQACAgIAAxkB",
    "video": "BAACAgIAAxkB", "animation": "CgACAgIAAxkB", "sticker": "CAACAgIAAxkB",
}  # fmt: skip
_FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice", "audio": "music", "video": "videos"}
_SIGNATURES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"RIFF", "audio/x-wav"),
    (b"%PDF", "application/pdf"),
)
_ENDINGS = {"photo": ".jpg", "voice": ".oga", "audio": ".mp3", "video": ".mp4", "animation": ".mp4", "sticker": ".webp"}


@dataclass(slots=True)
class StoredFile:
    """One file under one file id."""

    file_id: str
    unique_id: str
    kind: str
    data: bytes
    name: str
    mime: str
    path: str
    extra: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Describe the file as its kind is described in a message (photos: one PhotoSize)."""
        body: dict[str, Any] = {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}
        if self.kind != "photo":
            body["mime_type"] = self.mime
        if self.kind in ("document", "audio", "video", "animation"):
            body["file_name"] = self.name
        return body | self.extra


class FileStore:
    """Keep files by id and by path; the oldest go when the total passes ``max_bytes``."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._total = 0
        self._count = 0
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, data: bytes, name: str = "file", mime: str = "", **extra: Any) -> StoredFile:
        """Store a new file."""
        self._count += 1
        ending = _ENDINGS.get(kind) or PurePosixPath(name).suffix or ".bin"
        path = f"{_FOLDERS.get(kind, kind + 's')}/file_{self._count}{ending}"
        file_id = _PREFIXES.get(kind, "BQACAgIAAxkB") + secrets.token_urlsafe(36)
        stored = StoredFile(
            file_id, "AQAD" + secrets.token_urlsafe(9), kind, data, name, mime or guess_mime(data, name), path, extra
        )
        self._by_id[file_id] = self._by_path[path] = stored
        self._total += len(data)
        while self._total > self._max and len(self._by_id) > 1:
            oldest = next(iter(self._by_id.values()))
            del self._by_id[oldest.file_id], self._by_path[oldest.path]
            self._total -= len(oldest.data)
        return stored

    def get(self, file_id: str) -> StoredFile:
        """Find a file by its id.

        :raises ApiError: 400 in the words of getFile
        """
        try:
            return self._by_id[file_id]
        except KeyError:
            raise bad_request("wrong file_id or the file is temporarily unavailable") from None

    def known(self, file_id: str) -> StoredFile | None:
        """Find a file by its id, or nothing."""
        return self._by_id.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        """Find a file by its download path, or nothing."""
        return self._by_path.get(path)


def guess_mime(data: bytes, name: str) -> str:
    """Guess a media type from the first bytes, then from the name."""
    for start, mime in _SIGNATURES:
        if data.startswith(start):
            return mime
    endings = {
        ".txt": "text/plain",
        ".csv": "text/csv",
        ".pdf": "application/pdf",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }
    return endings.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def image_size(data: bytes) -> tuple[int, int]:
    """Read width and height in pixels of a PNG or JPEG; 1280 by 960 for anything else."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    at = 2
    while data.startswith(b"\xff\xd8") and at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + length
    return 1280, 960
