"""A channel in fifty lines: a text service that posts what clients write and takes answers."""

import json
from collections.abc import Iterable

from botcrm import Channel, Incoming, Manifest, Outgoing, Plugin, WebAnswer, WebRequest, WebRoute, hookimpl

manifest = Manifest(title="Text messages")


class Sms(Channel):
    """Takes messages in by HTTP."""

    name = "sms"
    title = "Text messages"

    def routes(self) -> Iterable[WebRoute]:
        """Take messages in at /plugins/sms/in."""
        return [WebRoute("POST", "in", self.take_in)]

    async def take_in(self, request: WebRequest) -> WebAnswer:
        """Keep a message, then acknowledge it."""
        try:
            body = json.loads(request.body)
            sender, text, number = str(body["from"]), str(body["text"]), str(body["id"])
        except (ValueError, KeyError, TypeError):
            return WebAnswer("from, text and id are needed", 400)
        await self.receive(Incoming(sender, text, external_id=number, name=str(body.get("name", "")), phone=sender))
        return WebAnswer("ok")

    async def send(self, message: Outgoing) -> str:
        """Hand an answer to the service; there is none here."""
        return f"sms-{message.message_id}"


@hookimpl
def register_channels(plugin: Plugin) -> list[Channel]:
    """Name the channel."""
    return [Sms(plugin)]
