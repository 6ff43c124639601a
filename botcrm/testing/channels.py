"""Channels in tests: what would have gone to the provider is kept instead, so that no test reaches a network."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from botcrm.contract.channels import Channel, NotDelivered, Outgoing, TryLater

Send = Callable[[Outgoing], Awaitable[str]]


@dataclass
class Provider:
    """Stands where a channel's provider is: takes every message, unless it is told to refuse.

    :ivar sent: what it took, oldest first
    :ivar asked: how often a message was handed to it, refusals included
    :ivar through: hand messages to the channel's own `send` as well, for a test that has a provider of its own
    """

    sent: list[Outgoing] = field(default_factory=list)
    asked: int = 0
    through: bool = False
    _answers: list[Exception] = field(default_factory=list)

    def refuse(self, reason: str = "no such number") -> None:
        """Refuse the next message for good."""
        self._answers.append(NotDelivered(reason))

    def be_busy(self, seconds: float = 5.0, times: int = 1) -> None:
        """Ask to wait, for the next so many messages."""
        self._answers += [TryLater(seconds) for _ in range(times)]

    def break_down(self, error: Exception | None = None) -> None:
        """Leave open whether the next message arrived: the line breaks in the middle."""
        self._answers.append(error or ConnectionError("the line broke"))

    @property
    def texts(self) -> list[str]:
        """Return the texts it took."""
        return [message.text for message in self.sent]

    async def take(self, message: Outgoing, send: Send) -> str:
        """Take a message, or answer as it was told to; `send` is the channel's own."""
        self.asked += 1
        if self._answers:
            raise self._answers.pop(0)
        number = await send(message) if self.through else f"{len(self.sent) + 1}"
        self.sent.append(message)
        return number

    def stand_in(self, channel: Channel) -> None:
        """Take the place of a channel's `send`."""
        if "send" in vars(channel):
            return
        own = channel.send

        async def send(message: Outgoing) -> str:
            return await self.take(message, own)

        vars(channel)["send"] = send
