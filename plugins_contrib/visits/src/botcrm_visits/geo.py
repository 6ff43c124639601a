"""Distances on the globe, and what a position tells about being somewhere. Nothing here reads or keeps anything."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# Mean radius in metres; the globe's flattening makes the distance wrong by 0.5 % at most.
_EARTH = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody was.

    :ivar latitude: degrees, north is positive
    :ivar longitude: degrees, east is positive
    :ivar accuracy: radius of uncertainty in metres, 0 where none is told
    """

    at: datetime
    latitude: float
    longitude: float
    accuracy: float = 0.0


class Where(StrEnum):
    """Where a position lies as to a circle."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNSURE = "unsure"


class Verdict(StrEnum):
    """What can be said of a visit."""

    IN = "in"
    OUT = "out"
    UNVERIFIABLE = "unverifiable"


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the metres between two places, by the haversine formula.

    Source: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984).
    """
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi = (other_phi - phi) / 2
    half_lambda = math.radians(other_longitude - longitude) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    return 2 * _EARTH * math.asin(math.sqrt(min(1.0, chord)))


def where(metres: float, accuracy: float, radius: float) -> Where:
    """Tell whether somebody seen so many metres from a place is within a radius of it.

    Outside is only what is outside even at the best of the uncertainty; what is less certain than the radius proves nothing.
    """
    if accuracy > radius:
        return Where.UNSURE
    if metres <= radius:
        return Where.INSIDE
    return Where.OUTSIDE if metres - accuracy > radius else Where.UNSURE


def verdict(*, seen_inside: int, left: bool, began_elsewhere: bool) -> Verdict:
    """Return what a visit's positions say.

    :param seen_inside: how many positions were within the radius
    :param left: whether the last one was outside of it
    :param began_elsewhere: whether it began outside of the client's known place
    """
    if left or began_elsewhere:
        return Verdict.OUT
    return Verdict.IN if seen_inside else Verdict.UNVERIFIABLE
