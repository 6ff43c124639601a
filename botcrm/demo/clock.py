"""The demo's clock: the story begins in the past and ends now, so that reminders and overdue pings come by themselves."""

from datetime import UTC, datetime, time, timedelta

from botcrm.core.domain.zones import to_utc, to_wall


class StoryClock:
    """Real time, set back by as much as the story still has to go."""

    def __init__(self) -> None:
        self._behind = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self._behind

    def rewind(self, zone: str) -> None:
        """Go back to yesterday, 9:40 on the wall clock of a zone."""
        real = datetime.now(UTC)
        yesterday = to_wall(real, zone).date() - timedelta(days=1)
        self._behind = real - to_utc(datetime.combine(yesterday, time(9, 40)), zone)

    def forward(self, moment: datetime) -> None:
        """Jump to a moment ahead; never past the real time."""
        self._behind = max(timedelta(), self._behind - max(timedelta(), moment - self()))
