"""Commands and buttons of plugins."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from botcrm.contract.plugin import Plugin
from botcrm.contract.screens import Screen
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.verbs import Verb
from botcrm.core.models import Record
from botcrm.core.services.work import Work
from botcrm.words import Words


class Chat(ABC):
    """One message or press in hand, for a command or a button of a plugin.

    :ivar work: the unit of work, in the hands of whoever wrote or pressed
    :ivar words: how to speak to that person: `words.t("…")` translates, `words.money(…)` and the like format
    :ivar plugin: the plugin itself
    :ivar chat_id: where
    :ivar message_id: the message that was typed, or the card whose button was pressed
    :ivar record: the subject of the line where the command names `subject`; the record of the card for a button; or None
    :ivar text: what was typed where it answers a question of `ask`
    """

    work: Work
    words: Words
    plugin: Plugin
    chat_id: int
    message_id: int
    record: Record | None
    text: str

    @property
    def user_id(self) -> int:
        """Return the id of the person who acts."""
        assert self.work.actor.id is not None
        return self.work.actor.id

    @abstractmethod
    async def reply(self, screen: Screen | str) -> None:
        """Answer with one more message; files included, one command or button sends 20 at most."""

    @abstractmethod
    async def send_file(self, name: str, content: bytes, caption: str = "") -> None:
        """Send a file; a .png shows as a picture."""

    @abstractmethod
    async def ask(self, then: str, *args: str | int) -> None:
        """Take the next text this person types for the answer: the button handler `then` gets it as `chat.text`."""

    @abstractmethod
    def toast(self, text: str) -> None:
        """Show a short text for a moment where the button was pressed."""


Answer = Screen | str | None
"""What a handler returns: a screen, a text in Telegram's HTML, or None where it answered itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: it shows in the menu and in help, and its line is read by the grammar.

    :ivar verb: its words and the shapes its line is read for; a name of two words ("meet in") extends a verb that exists
    :ivar handler: `async def handler(chat, line) -> Screen | str | None`; what it writes goes back whole when it raises
    :ivar menu: what it does, in a few words
    :ivar examples: whole lines, the first one shown in the overview
    :ivar more: a further sentence for its own help
    :ivar subject: entities one of which the line starts with ("deal", "contact" …): found as everywhere, with picks where it
        is unclear, and given as `chat.record`
    :ivar permission: who may use it; others find it neither in the menu nor in help, and are told so when they type it
    """

    verb: Verb
    handler: Callable[[Chat, Line], Awaitable[Answer]]
    menu: str
    examples: tuple[str, ...] = ()
    more: str = ""
    subject: tuple[str, ...] = ()
    permission: str = ""


@dataclass(frozen=True, slots=True)
class ButtonHandler:
    """What happens when a button made with `Button(…, press=name, args=…)` is pressed.

    :ivar handler: `async def handler(chat, *args: str) -> Screen | str | None`; a screen takes the card's place
    :ivar once: it changes something: the same press delivered again has no effect
    :ivar permission: who may press it; for others it is as if it were no longer in use
    """

    name: str
    handler: Callable[..., Awaitable[Answer]]
    once: bool = True
    permission: str = ""


@dataclass(frozen=True, slots=True)
class CliCommand:
    """A command of `botcrm` in the terminal.

    :ivar arguments: gets the command's ArgumentParser
    :ivar run: `async def run(plugin, options) -> int`, the exit code
    """

    name: str
    help: str
    run: Callable[..., Awaitable[int]]
    arguments: Callable[[Any], None] | None = None
