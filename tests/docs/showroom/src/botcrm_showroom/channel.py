"""The channel: a tablet in the showroom, where guests leave a word."""

import hmac
import json
from collections.abc import Iterable

from pydantic import Field, SecretStr

from botcrm import (
    Channel,
    Incoming,
    NotDelivered,
    Outgoing,
    Plugin,
    Settings,
    WebAnswer,
    WebRequest,
    WebRoute,
    hookimpl,
)


class Options(Settings):
    """What can be set."""

    key: SecretStr = Field(SecretStr(""), description="What the tablet shows")
    screen: bool = Field(True, description="Whether the tablet shows answers")


class Tablet(Channel):
    """Takes what guests leave, and shows answers on the tablet."""

    name = "showroom"
    title = "Showroom"

    def __init__(self, plugin: Plugin) -> None:
        super().__init__(plugin)
        self.shown: dict[str, list[str]] = {}

    def routes(self) -> Iterable[WebRoute]:
        """Take words at /plugins/showroom/guest, give answers at /plugins/showroom/guest/{visit}."""
        return [WebRoute("POST", "guest", self.take_in), WebRoute("GET", "guest/{visit}", self.show)]

    def _known(self, request: WebRequest) -> bool:
        key = self.plugin.settings.key.get_secret_value()
        return bool(key) and hmac.compare_digest(request.headers.get("x-key", "").encode(), key.encode())

    async def take_in(self, request: WebRequest) -> WebAnswer:
        """Keep a guest's words, then acknowledge them."""
        if not self._known(request):
            return WebAnswer("wrong key", 401)
        try:
            body = json.loads(request.body)
            visit, text, number = str(body["visit"]), str(body["text"]), str(body["id"])
            name, phone = str(body.get("name", "")), body.get("phone")
        except (ValueError, KeyError, TypeError, AttributeError):
            return WebAnswer("visit, text and id are needed", 400)
        await self.receive(
            Incoming(
                address=visit, text=text, external_id=number, name=name, phone=phone and str(phone), source="showroom"
            )
        )
        return WebAnswer("ok")

    async def show(self, request: WebRequest) -> WebAnswer:
        """Give the answers to a guest."""
        if not self._known(request):
            return WebAnswer("wrong key", 401)
        return WebAnswer(json.dumps(self.shown.get(request.query["visit"], [])), content_type="application/json")

    async def send(self, message: Outgoing) -> str:
        """Put an answer on the tablet."""
        if not self.plugin.settings.screen:
            raise NotDelivered("the tablet shows no answers")
        self.shown.setdefault(message.address, []).append(message.text)
        return str(message.message_id)


@hookimpl
def register_settings() -> type[Settings]:
    """Name what can be set."""
    return Options


@hookimpl
def register_channels(plugin: Plugin) -> list[Channel]:
    """Name the channel."""
    return [Tablet(plugin)]
