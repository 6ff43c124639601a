"""The chat as a plugin's command or button has it in hand."""

from typing import Any

from botcrm.contract.commands import Chat
from botcrm.contract.plugin import Plugin
from botcrm.core.models import Record
from botcrm.core.services.files_out import send_file
from botcrm.telegram.context import Context
from botcrm.telegram.plugged.bound import bound_screen
from botcrm.telegram.plugged.markup import safe
from botcrm.telegram.screens.base import Screen, clip, esc

WAITING = "plugin"
_MOST_CAPTION = 1024
# A chat takes one message a second: more would keep its person from every other answer for long.
_MOST_MESSAGES = 20


class PluginChat(Chat):
    """A `Chat` over one update; what it sends goes out with the commit, and not at all where the handler fails."""

    def __init__(
        self, ctx: Context, plugin: str, *, record: Record | None = None, message_id: int | None = None, text: str = ""
    ) -> None:
        self._ctx = ctx
        self.plugin: Plugin = ctx.plugged.hooks.plugin(plugin)
        # By a handle of its own: what a plugin sets on it changes nothing for the rest of the message.
        self.work = ctx.plugged.hooks.lend(plugin, ctx.work)
        self.words = ctx.plugged.words_of(plugin, ctx.words)
        self.chat_id = ctx.chat_id
        self.message_id = message_id or ctx.message_id
        self.record = record
        self.text = text
        self.answered = False
        self._sent = 0

    async def reply(self, screen: Screen | str) -> None:
        """Answer with one more message."""
        bound = bound_screen(self.plugin.name, screen)
        if bound is None:
            raise TypeError("a reply is a Screen or a text")
        self._count()
        await self._ctx.reply(bound)

    async def send_file(self, name: str, content: bytes, caption: str = "") -> None:
        """Send a file; a .png shows as a picture."""
        self._count()
        shown = safe(caption)
        if len(shown) > _MOST_CAPTION:
            shown = esc(clip(caption, _MOST_CAPTION // 2))
        await send_file(self._ctx.work, self.chat_id, name, content, shown)

    def _count(self) -> None:
        self.answered = True
        self._sent += 1
        if self._sent > _MOST_MESSAGES:
            raise ValueError(f"one command or button sends at most {_MOST_MESSAGES} messages: put more into each")

    async def ask(self, then: str, *args: str | int) -> None:
        """Take the next text this person types for the answer.

        :raises ValueError: the plugin has no button handler of that name
        """
        if (self.plugin.name, then) not in self._ctx.plugged.registry.buttons:
            raise ValueError(f"{self.plugin.name} has no button handler {then!r} to take the answer")
        about = list(self._ctx.about) if self._ctx.about else None
        data: dict[str, Any] = {"plugin": self.plugin.name, "then": then, "args": [str(arg) for arg in args]}
        await self._ctx.wait_for(WAITING, **data, about=about)

    def toast(self, text: str) -> None:
        """Show a short text for a moment where the button was pressed."""
        self.answered = True
        self._ctx.toast(str(text))
