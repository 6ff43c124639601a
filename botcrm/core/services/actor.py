"""Who acts, how far they reach, and the plugins as the core asks them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botcrm.core.domain.kinds import ActivityKind, Reach
from botcrm.core.domain.messages import channel_title
from botcrm.core.domain.preferences import Preferences

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

# Entity, action and reach by the role -> reach.
Gate = Callable[[str, str, Reach], Reach]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a person of the staff, or the system itself (id None).

    `grants` maps "deal.read" and the like to a reach; `team` holds the ids within department reach, the actor's own included.
    `gate` narrows grants, where a plugin does so; a work sets it.
    """

    id: int | None
    name: str
    role: str
    grants: dict[str, str]
    team: frozenset[int]
    prefs: Preferences
    telegram_id: int | None = None
    gate: Gate | None = field(default=None, repr=False, compare=False)

    @property
    def is_system(self) -> bool:
        """Tell whether nobody in particular acts."""
        return self.role == "system"


class Hooks(Protocol):
    """The plugins as the core asks them: each in a savepoint of its own, with a deadline; one that fails has no answer."""

    @property
    def activity_kinds(self) -> Mapping[str, ActivityKind]:
        """Return the kinds of activity by name."""
        ...

    async def ask(self, work: "Work", hook: str, /, **args: Any) -> list[tuple[str, Any]]:
        """Return every plugin's answer that is not None, with the plugin's name."""
        ...

    async def first(self, work: "Work", hook: str, /, **args: Any) -> Any:
        """Return the first answer that is not None."""
        ...

    def default_reach(self, permission: str, role: str) -> str:
        """Return how far a role has a plugin's own permission where the role itself says nothing of it."""
        ...

    def gate(self, actor: Actor) -> Gate | None:
        """Return what narrows an actor's grants, None where no plugin does."""
        ...

    def channel_title(self, channel: str) -> str:
        """Return what a channel, given as it is stored with messages, is called for people."""
        ...


class NoHooks:
    """No plugins: nobody answers."""

    activity_kinds: Mapping[str, ActivityKind] = {}

    async def ask(self, work: "Work", hook: str, /, **args: Any) -> list[tuple[str, Any]]:
        """Return nothing."""
        return []

    async def first(self, work: "Work", hook: str, /, **args: Any) -> Any:
        """Return None."""
        return None

    def default_reach(self, permission: str, role: str) -> str:
        """Return that nobody but an administrator has it."""
        return "all" if role == "admin" else "none"

    def gate(self, actor: Actor) -> Gate | None:
        """Return None."""
        return None

    def channel_title(self, channel: str) -> str:
        """Make a title of the stored name."""
        return channel_title(channel)
