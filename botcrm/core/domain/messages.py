"""What clients write and are sent, as channels and the core hand it over to each other."""

from dataclasses import dataclass
from hashlib import blake2b, sha256

# What the columns of an address and of a provider's message id hold; what is longer stands there as its hash.
_MOST = 64


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that came with a message: either the messenger keeps it (`file_id`), or the channel can fetch it again (`url`).

    :ivar kind: photo, document, voice, video or audio
    :ivar size: in bytes, where known
    :ivar url: what the channel's `fetch` gets to bring it; it is never shown to anybody
    :ivar file_id: Telegram's own
    """

    name: str = ""
    mime: str = ""
    size: int | None = None
    url: str = ""
    kind: str = "document"
    file_id: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A client's message as a channel takes it in.

    :ivar address: who wrote, as the channel knows them: a number, an account, a conversation; answers go there
    :ivar external_id: the message's id at the provider: the same one from the same address has no effect again
    :ivar name: the sender's name as shown
    :ivar phone: where known; with the e-mail it tells who the client is
    :ivar company: the company they write for, where they said it
    :ivar source: where a lead that it makes came from; the channel's name where empty
    :ivar telegram_id: the sender's Telegram account, where that is proven
    """

    address: str
    text: str
    external_id: str = ""
    name: str = ""
    phone: str | None = None
    email: str | None = None
    company: str = ""
    source: str = ""
    file: IncomingFile | None = None
    telegram_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a client is to be sent.

    :ivar message_id: the message's id here; the same one is handed over once, unless a person chose to send it again
    """

    address: str
    text: str
    message_id: int


def short_key(text: str) -> str:
    """Return an address or a provider's id as it is stored and compared: as it is, or its hash where it is too long."""
    return text if len(text) <= _MOST else sha256(text.encode()).hexdigest()


def lane_number(channel: str, address: str) -> int:
    """Return the number under which what goes to an address is kept in order; it is none of Telegram's chats."""
    digest = blake2b(f"{channel}\0{address}".encode(), digest_size=8).digest()
    return 1 << 60 | int.from_bytes(digest) >> 4


def channel_title(name: str) -> str:
    """Return the stored name of a channel that is gone for people: "web_form" is "Web form", "sms" is "SMS"."""
    return name.upper() if len(name) <= 3 else name.replace("_", " ").capitalize()
