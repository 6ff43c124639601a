"""Every hook a plugin can implement.

All of them are called one plugin at a time; what one raises is logged against that plugin and the others go on.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botcrm.markers import hookspec

if TYPE_CHECKING:
    from botcrm.core.domain.events import Event
    from botcrm.core.domain.kinds import ActivityKind


@hookspec
def register_activity_kinds() -> "Iterable[ActivityKind]":  # type: ignore[empty-body]
    """Name the kinds of activity that can be planned and logged; called once at start; of two of a name an installed plugin's wins."""


@hookspec
async def on_event(event: "Event") -> None:
    """Hear of something that happened, after it was committed.

    :param event: the typed event with the changed fields before and after
    """
