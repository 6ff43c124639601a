"""The plugins' side of a bot under test: channels and their providers, web routes, switching, failures."""

import logging
import traceback
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botcrm.contract.channels import Channel, Outgoing
from botcrm.contract.work import Run
from botcrm.core.domain.events import Event
from botcrm.core.services.work import Work
from botcrm.hooks import Loaded
from botcrm.hooks.entry import Found
from botcrm.hooks.tasks import tasks_of
from botcrm.testing.channels import Provider
from botcrm.testing.loading import named

if TYPE_CHECKING:
    from botcrm.app import App
    from botcrm.testing.web import Answered


_LOG = logging.getLogger("botcrm.hooks")


class NotLoaded(AssertionError):
    """A plugin under test cannot be switched on."""


class _Complaints(logging.Handler):
    """Keeps why plugins failed, as the log has it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        self.last = record.getMessage() + where


class Plugged(ABC):
    """What `Crm` knows of plugins.

    :ivar under_test: names of the plugins that the test asked for
    :ivar heard: every event since the bot started, oldest first
    """

    app: "App"

    def __init__(self, plugins: Any = None) -> None:
        self._wanted: list[Found] | None = None if plugins is None else named(plugins)
        self.under_test = [one.name for one in self._wanted or ()]
        self.heard: list[Event] = []
        self._providers: dict[str, Provider] = {}
        self._complaints = _Complaints()

    @abstractmethod
    async def settle(self) -> None:
        """Let the bot do all there is to do."""

    def plug(self) -> None:
        """Tell a new App which plugins to look for."""
        _LOG.addHandler(self._complaints)
        if self._wanted is not None:
            wanted = self._wanted
            self.app.hooks.find_with(lambda folder: wanted)
        self.app.on_commit(self._note)
        self.app.hooks.on_change(self._stand_in)

    def unplug(self) -> None:
        """Leave nothing behind."""
        _LOG.removeHandler(self._complaints)

    def _note(self, work: Work) -> None:
        self.heard += work.events

    def _stand_in(self) -> None:
        for name, owned in self.app.hooks.registry.channels.items():
            self.provider(name).stand_in(owned.value)

    def check_plugins(self) -> None:
        """Make sure that what is under test was switched on.

        :raises NotLoaded: it was refused, and why
        """
        self._stand_in()
        for name in self.under_test:
            listed = self.listed(name)
            if listed.state != "on":
                raise NotLoaded(f"the plugin {name} is {listed.state}: {listed.reason}")

    # --- plugins ---------------------------------------------------------------------------------------------------

    def listed(self, name: str) -> Loaded:
        """Return how a plugin is listed: its state, calls, errors.

        :raises AssertionError: there is none of this name
        """
        found = [one for one in self.app.hooks.plugins if one.name == name]
        assert found, f"there is no plugin {name}: {', '.join(one.name for one in self.app.hooks.plugins)}"
        return found[0]

    async def switch(self, name: str, *, on: bool) -> None:
        """Switch a plugin on or off, as the administrator does."""
        await self.app.hooks.switch(name, on)
        await self.settle()

    async def set_up(self, name: str, **values: Any) -> None:
        """Change a plugin's settings, as the administrator does."""
        async with self.app.work() as work:
            await self.app.hooks.change_settings(work, name, **values)

    def lent(self, part: type, work: Work) -> Work:
        """Return a work as a rule hands it to one of its parts: by the handle of the plugin that brings it, if any does now."""
        registry = self.app.hooks.registry
        for known in (registry.triggers, registry.conditions, registry.actions):
            for owned in known.values():
                if owned.value is part:
                    return self.app.hooks.lend(owned.plugin, work, Run(0, "Contract"))
        return work

    def failures(self) -> int:
        """Return how often plugins under test have failed so far."""
        return sum(self.listed(name).errors for name in self.under_test)

    def last_failure(self) -> str:
        """Return why a plugin failed last, in a line: the error, and where it was raised."""
        return self._complaints.last or "see the log"

    def tasks_of(self, name: str) -> list[str]:
        """Return the tasks that a plugin has begun and that have not ended."""
        return [task.get_name() for task in tasks_of(name)]

    # --- channels --------------------------------------------------------------------------------------------------

    def channel(self, name: str) -> Any:
        """Return a living channel.

        :raises AssertionError: there is none of this name now
        """
        found = self.app.hooks.registry.channels.get(name)
        assert found, f"there is no channel {name}; there is {', '.join(self.app.hooks.registry.channels) or 'none'}"
        channel: Channel = found.value
        return channel

    def only_channel(self) -> str:
        """Return the name of the channel of the plugins under test.

        :raises AssertionError: they register none, or several
        """
        channels = self.app.hooks.registry.channels
        mine = [name for name, owned in channels.items() if owned.plugin in self.under_test]
        assert len(mine) == 1, f"say which channel is under test: {', '.join(mine) or 'there is none'}"
        return mine[0]

    def provider(self, name: str) -> Provider:
        """Return what stands where a channel's provider is; tell it to refuse, or to be busy."""
        return self._providers.setdefault(name, Provider())

    def outgoing(self, name: str) -> list[Outgoing]:
        """Return what clients were sent over a channel, oldest first."""
        return self.provider(name).sent

    # --- the web ---------------------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        *,
        json: Any = None,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        remote: str = "192.0.2.1",
    ) -> "Answered":
        """Call what a plugin answers over HTTP, without a socket: "/plugins/sms/in?key=1".

        Returns when the bot has dealt with what came of it.

        :param remote: the caller's address
        """
        from botcrm.testing.web import ask, encoded

        content, kind = encoded(body, json, form)
        sent = ({"Content-Type": kind} if content else {}) | (headers or {})
        given = await ask(self.app, method, path, content, sent, remote)
        await self.settle()
        return given

    async def post(self, path: str, body: bytes | str = b"", **more: Any) -> "Answered":
        """Post to what a plugin answers over HTTP: a `body`, or `json`, or a `form`'s fields."""
        return await self.request("POST", path, body, **more)

    async def get(self, path: str, **more: Any) -> "Answered":
        """Get what a plugin answers over HTTP."""
        return await self.request("GET", path, **more)
