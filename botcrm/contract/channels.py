"""Channels: how clients reach the company, each one class."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar

from botcrm.contract.plugin import Plugin
from botcrm.contract.work import plain
from botcrm.core.domain.messages import Incoming, IncomingFile, Outgoing
from botcrm.core.services.clients.inbound import receive_edit, receive_message

T = TypeVar("T", Incoming, IncomingFile)


def _storable(told: T) -> T:
    """Take out what JSON can carry and no database keeps: NUL, and halves of surrogate pairs; neither is anything to read."""
    changed: dict[str, Any] = {}
    for one in fields(told):
        value = getattr(told, one.name)
        if isinstance(value, str):
            changed[one.name] = value.replace("\0", "").encode("utf-8", "replace").decode()
        elif isinstance(value, IncomingFile):
            changed[one.name] = _storable(value)
    return replace(told, **changed)


class NotDelivered(Exception):
    """The provider refuses a message for good; the rep who wrote it is told why."""


class TryLater(Exception):
    """The provider did not take the message, and asks to wait."""

    def __init__(self, seconds: float = 5.0) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request that came in over HTTP.

    :ivar path: what is behind the plugin's own address, without a slash at the start
    :ivar query: the query's fields
    :ivar headers: by their names in lower case
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What is answered over HTTP."""

    body: bytes | str = ""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebRoute:
    """An address under /plugins/<plugin>/ that a plugin answers.

    :ivar path: without a slash at the start; "{name}" stands for one piece, handed over in the request's `query`
    :ivar handler: `async def handler(request: WebRequest) -> WebAnswer`
    :ivar most_bytes: a longer body is refused with 413
    """

    method: str
    path: str
    handler: Callable[[WebRequest], Awaitable[WebAnswer]]
    most_bytes: int = 65_536


class Channel:
    """The base of a channel: it takes messages in by `receive`, and their changes by `receive_edit`, and carries answers out by `send`.

    One object lives from switching on to switching off. A channel that is told of messages by HTTP names `routes`; one that
    asks for them does so between `start` and `stop`.
    """

    name: ClassVar[str]
    """Stored with each message: "sms"."""
    title: ClassVar[str]
    """Its name for people."""
    answers: ClassVar[bool] = True
    """Whether clients can be answered over it; a form on a web page has nobody to answer."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin

    def routes(self) -> Iterable[WebRoute]:
        """Return what it answers over HTTP."""
        return ()

    async def start(self) -> None:
        """Begin to take messages in."""

    async def stop(self) -> None:
        """End what `start` began."""

    async def receive(self, incoming: Incoming) -> int | None:
        """Keep a client's message, and return its id when it is safely stored; None for one that was here before or is blocked.

        Acknowledge it to the provider only after that. A client nobody knows becomes a lead, the person responsible is told.
        """
        async with self.plugin.work() as work:
            return await receive_message(plain(work), self.name, _storable(incoming), answerable=self.answers)

    async def receive_edit(self, incoming: Incoming) -> int | None:
        """Keep what a client made of a message of theirs, and return its id; whoever is responsible sees before and after.

        The `address` and `external_id` of the message tell which one it is. One that was never kept is taken as new.
        """
        async with self.plugin.work() as work:
            return await receive_edit(plain(work), self.name, _storable(incoming), answerable=self.answers)

    async def send(self, message: Outgoing) -> str:
        """Hand a message to the provider, and return its id there.

        :raises NotDelivered: it is refused for good
        :raises TryLater: it was not taken, and may be sent again
        Any other error leaves open whether it arrived: it is not sent again by itself, the rep is asked.
        """
        raise NotDelivered(f"{self.title} only takes messages in")

    async def fetch(self, url: str) -> bytes:
        """Bring a file that came with a message, when somebody opens it.

        :param url: as the channel gave it in the message's IncomingFile
        :raises OSError: it cannot be had
        """
        raise OSError(f"{self.title} keeps no files")


__all__ = [
    "Channel",
    "Incoming",
    "IncomingFile",
    "NotDelivered",
    "Outgoing",
    "TryLater",
    "WebAnswer",
    "WebRequest",
    "WebRoute",
]
