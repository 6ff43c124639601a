"""Go between UTC and the wall clock of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class UnknownZone(ValueError):
    """Name a zone that does not exist (`zone`)."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"unknown time zone {zone!r}")
        self.zone = zone


@lru_cache(maxsize=1024)
def zone_info(zone: str) -> ZoneInfo:
    """Load a zone by its IANA name.

    :raises UnknownZone: no such zone
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(zone) from error


def valid_zone(zone: str) -> bool:
    """Say whether a zone of this IANA name exists."""
    try:
        zone_info(zone)
    except UnknownZone:
        return False
    return True


# Asked for the same few edges of days and of quiet hours all the time.
@lru_cache(maxsize=4096)
def to_utc(wall: datetime, zone: str) -> datetime:
    """Turn a naive wall time into aware UTC.

    A wall time that the clock skips becomes the first valid minute after the gap; one that comes twice is the first.

    :raises ValueError: `wall` is aware, or the zone is unknown
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall time is naive")
    info = zone_info(zone)
    first = wall.replace(tzinfo=info, fold=0).astimezone(UTC)
    # Two naive times are compared without their folds.
    if first.astimezone(info).replace(tzinfo=None) == wall:
        return first
    return _end_of_gap(wall, info, first)


def _end_of_gap(wall: datetime, info: ZoneInfo, late: datetime) -> datetime:
    """Find the moment the clock jumps over `wall`, by halving."""
    early = wall.replace(tzinfo=info, fold=1).astimezone(UTC)
    before = early.astimezone(info).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle <= early:
            break
        if middle.astimezone(info).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def to_wall(moment: datetime, zone: str) -> datetime:
    """Turn an aware moment into the naive wall time of a zone.

    :raises ValueError: `moment` is naive, or the zone is unknown
    """
    if moment.tzinfo is None:
        raise ValueError("a moment is aware")
    return moment.astimezone(zone_info(zone)).replace(tzinfo=None, fold=0)


def start_of_day(day: date, zone: str) -> datetime:
    """Give the first moment of a day in a zone, in aware UTC."""
    return to_utc(datetime.combine(day, time()), zone)
