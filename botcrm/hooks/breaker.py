"""When a plugin has failed too often: three times in a row, or five times within ten minutes."""

from collections import deque
from datetime import datetime, timedelta

IN_A_ROW = 3
WITHIN = 5
WINDOW = timedelta(minutes=10)


class Breaker:
    """Counts one plugin's failures; the time is handed in."""

    __slots__ = ("_row", "_times")

    def __init__(self) -> None:
        self._row = 0
        self._times: deque[datetime] = deque(maxlen=WITHIN)

    def worked(self) -> None:
        """Note a call that went well."""
        self._row = 0

    def failed(self, now: datetime) -> bool:
        """Note a failure; returns whether the plugin is to be switched off."""
        self._row += 1
        self._times.append(now)
        often = len(self._times) == WITHIN and now - self._times[0] <= WINDOW
        return self._row >= IN_A_ROW or often

    def reset(self) -> None:
        """Forget what was: the plugin was switched on again."""
        self._row = 0
        self._times.clear()
