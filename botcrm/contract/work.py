"""A unit of work as a plugin has it in hand: the same transaction, by a handle that plans and calls off the plugin's own jobs only."""

import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botcrm.contract.plugin import Plugin
from botcrm.core.domain.events import Event
from botcrm.core.services.actor import Actor
from botcrm.core.services.work import Work

# What the column of a job's key holds.
_MOST_KEY = 160


@dataclass(frozen=True, slots=True)
class Run:
    """The run of a rule that one of its parts is asked in.

    :ivar rule_id: the rule's id
    :ivar rule: its name
    :ivar event: what set it off; None where it was found by looking
    :ivar run_id: the run's id in the rule's history; None while it is only tried out
    """

    rule_id: int
    rule: str
    event: Event | None = None
    run_id: int | None = None


class PluginWork(Work):
    """A unit of work in a plugin's hands. What is set on it changes nothing for others.

    :param kinds: returns the kinds of job that the plugin registered
    """

    def __init__(
        self, work: Work, plugin: Plugin, kinds: Callable[[], Collection[str]], run: Run | None = None
    ) -> None:
        # Services of the core get this one: what they plan is theirs to plan.
        self._plain = copy.copy(plain(work))
        self._buffer = work._buffer
        self._begun = work._begun
        self._kinds = kinds
        self.actor = work.actor
        self.now = work.now
        self.plugin = plugin
        self.run = run

    @property
    def id(self) -> int:
        """Return what the events of this work are kept together by."""
        return self._plain.id

    @id.setter  # noqa: A003 - the name that a work has
    def id(self, work_id: int) -> None:
        self._plain.id = work_id

    @property
    def undoes(self) -> int | None:
        """Return the work that is taken back."""
        return self._plain.undoes

    @undoes.setter
    def undoes(self, work_id: int | None) -> None:
        self._plain.undoes = work_id

    def acting_as(self, actor: Actor) -> "PluginWork":
        """Return the same transaction in the hands of somebody else, with an id of its own; still the plugin's."""
        return PluginWork(self._plain.acting_as(actor), self.plugin, self._kinds, self.run)

    async def plan_job(self, kind: str, key: str, run_at: datetime, **payload: Any) -> None:
        """Have one of the plugin's own jobs run later; its job of the same key is moved.

        Keys are the plugin's own: whatever another plugin or the product plans by the same key is another job.

        :raises ValueError: the plugin registered no job of this kind, or the key is too long
        """
        kinds = self._kinds()
        if kind not in kinds:
            known = ", ".join(sorted(kinds)) or "none"
            raise ValueError(
                f"a plugin plans its own jobs only: {self.plugin.name} registers {known}, and not {kind!r}"
            )
        await self._plain.plan_job(kind, self._own(key), run_at, **payload)

    async def cancel_jobs(self, *keys: str) -> None:
        """Call off jobs of the plugin's own that have not run."""
        if keys:
            await self._plain.cancel_jobs(*map(self._own, keys))

    def _own(self, key: str) -> str:
        # No plugin's name has a dot or a colon in it, and none is called "plugin".
        own = f"plugin.{self.plugin.name}:{key}"
        if len(own) > _MOST_KEY:
            raise ValueError(f"the key of a job has at most {_MOST_KEY - len(own) + len(key)} characters")
        return own

    async def flush(self) -> None:
        """Recompute what is derived and write the events down; called before reading what this work changed."""
        await self._plain.flush()


def plain(work: Work) -> Work:
    """Return a work as the core has it in hand."""
    return work._plain if isinstance(work, PluginWork) else work
