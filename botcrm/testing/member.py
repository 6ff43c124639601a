"""People in a chat with the bot: what they type, press and send, and what they see."""

from typing import TYPE_CHECKING, Any

from botcrm.simulator import Message, Person, Press

if TYPE_CHECKING:
    from botcrm.testing.chat import Crm


class Member:
    """Somebody in a chat with the bot: staff or client.

    What they do returns when the bot has answered; the answer of the bot is `last`, a button's short one `toast`.
    """

    def __init__(self, crm: "Crm", person: Person, user_id: int | None = None) -> None:
        self.crm = crm
        self.person = person
        self.user_id = user_id
        self.toast = ""

    # --- doing -----------------------------------------------------------------------------------------------------

    async def send(self, text: str, *, reply_to: Message | None = None) -> str:
        """Type a message and return the bot's newest answer."""
        self.person.send(text, reply_to=reply_to)
        return await self._answer()

    async def edit(self, message: Message, text: str) -> str:
        """Edit an own message and return the bot's newest answer."""
        self.person.edit(message, text)
        return await self._answer()

    async def tap(self, label: str, message: Message | None = None) -> str:
        """Press the button whose label holds these words, on the newest message that has it; returns the message's text.

        Where no message has it, the newest card's [More] is opened first, as a person would.
        """
        if message is None and not self._has(label) and self._has("⋯ More"):
            await self.tap("⋯ More")
        target = message or self.with_button(label)
        exact = next((text for row in target.buttons for text in row if label in text), label)
        press: Press = self.person.press(target, exact)
        await self.crm.settle()
        self.toast = (press.answer or {}).get("text") or ""
        return next(shown.text for shown in self.person.messages() if shown.id == target.id)

    async def forge(self, data: str, message: Message) -> str:
        """Press a button that is not there, as an old or a changed client might; returns the toast."""
        person = self.person
        press = Press(f"{self.crm.next_query()}", message, self.crm.clock().timestamp(), person)
        self.crm.telegram.remember(self.crm.bot.presses, press.id, press)
        query = {"id": press.id, "from": person.user(), "message": message.data, "chat_instance": "1", "data": data}
        self.crm.telegram.push(self.crm.bot, "callback_query", query, message.chat)
        await self.crm.settle()
        self.toast = (press.answer or {}).get("text") or ""
        return self.toast

    async def send_location(
        self,
        latitude: float,
        longitude: float,
        *,
        live_seconds: int | None = None,
        accuracy: float | None = None,
        reply_to: Message | None = None,
    ) -> str:
        """Share a place, in degrees; live for so many seconds where given. Returns the bot's newest answer.

        :param accuracy: the radius of uncertainty in metres
        """
        self.person.send_location(latitude, longitude, live_seconds, accuracy, reply_to=reply_to)
        return await self._answer()

    async def edit_location(self, latitude: float, longitude: float, message: Message | None = None) -> str:
        """Move the newest place that was shared live, and return the bot's newest answer.

        :raises ValueError: it is not live any more
        """
        self.person.move_location(message or self._newest_own("location"), latitude, longitude)
        return await self._answer()

    async def stop_location(self, message: Message | None = None) -> str:
        """Stop sharing the newest live place."""
        self.person.stop_location(message or self._newest_own("location"))
        return await self._answer()

    async def send_document(self, content: bytes, name: str = "file.bin", caption: str | None = None) -> str:
        """Send a file and return the bot's newest answer."""
        self.person.send_document(content, name, caption)
        return await self._answer()

    async def send_photo(self, content: bytes, caption: str | None = None) -> str:
        """Send a picture and return the bot's newest answer."""
        self.person.send_photo(content, caption)
        return await self._answer()

    async def send_contact(
        self, phone: str, first_name: str, last_name: str | None = None, *, vcard: str | None = None
    ) -> str:
        """Send somebody's contact and return the bot's newest answer."""
        self.person.send_contact(phone, first_name, last_name, vcard=vcard)
        return await self._answer()

    async def share_contact(self, phone: str) -> str:
        """Share the own phone number and return the bot's newest answer."""
        self.person.share_contact(phone)
        return await self._answer()

    async def forward(self, message: Message) -> str:
        """Forward any message, also somebody else's (`client.mine`), and return the bot's newest answer."""
        self.person.forward(message)
        return await self._answer()

    async def start(self, payload: str | None = None) -> str:
        """Press Start, or open a link with this behind `?start=`."""
        self.person.start(payload)
        return await self._answer()

    async def _answer(self) -> str:
        await self.crm.settle()
        return self.last

    def _newest_own(self, content: str) -> Message:
        for message in reversed(self.person.messages()):
            if not message.from_bot and content in message.data:
                return message
        raise AssertionError(f"{self.person.first_name} has sent no {content}")

    # --- seeing ----------------------------------------------------------------------------------------------------

    def _has(self, label: str) -> bool:
        return any(
            label in text for shown in self.person.messages() if shown.from_bot for row in shown.buttons for text in row
        )

    def with_button(self, label: str) -> Message:
        """Return the newest message of the bot with a button whose label holds these words."""
        for message in reversed(self.person.messages()):
            if message.from_bot and any(label in text for row in message.buttons for text in row):
                return message
        raise AssertionError(f"no button {label!r}; the last message is {self.last!r} with {self.buttons}")

    @property
    def last(self) -> str:
        """Return the text of the bot's newest message."""
        messages = [message for message in self.person.messages() if message.from_bot]
        return str(messages[-1].text) if messages else ""

    @property
    def card(self) -> Message:
        """Return the bot's newest message."""
        return self.person.last()

    @property
    def mine(self) -> Message:
        """Return this person's newest own message."""
        return next(message for message in reversed(self.person.messages()) if not message.from_bot)

    @property
    def buttons(self) -> list[str]:
        """Return the labels under the newest message."""
        shown: Any = [message for message in self.person.messages() if message.from_bot]
        return [label for row in shown[-1].buttons for label in row] if shown else []

    @property
    def menu(self) -> list[str]:
        """Return the commands of the menu that this person sees, without slash."""
        return [name for name, _ in self.person.commands()]

    @property
    def seen(self) -> str:
        """Return everything the bot ever wrote to this person, as it stands now."""
        return "\n".join(str(message.text) for message in self.person.messages() if message.from_bot)

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Return the files and pictures that the bot has sent, oldest first, as (name, content)."""
        found = []
        for message in self.person.messages():
            sent: Any = message.data.get("document") or (message.data.get("photo") or [None])[-1]
            if message.from_bot and sent:
                stored = self.crm.telegram.files.get(sent["file_id"])
                found.append((stored.name, stored.data))
        return found
