"""The rules by themselves."""

import math

import pytest
from botcrm_visits.geo import Verdict, Where, distance, verdict, where
from hypothesis import given
from hypothesis import strategies as st

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
lengths = st.floats(0, 50_000)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((52.2297, 21.0122), (52.2297, 21.0122), 0),
        ((52.2297, 21.0122), (50.0647, 19.9450), 252_000),  # Warsaw, Kraków
        ((35.6762, 139.6503), (-33.8688, 151.2093), 7_823_000),  # Tokyo, Sydney
        ((0, 179.9995), (0, -179.9995), 111),  # over the date line
        ((90, 0), (90, 135), 0),  # the pole, whatever its longitude
        ((0, 0), (0, 180), math.pi * 6_371_008.8),
    ],
)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], metres: float) -> None:
    assert distance(*one, *other) == pytest.approx(metres, rel=0.005, abs=1)


@given(latitudes, longitudes, latitudes, longitudes)
def test_there_and_back_is_as_far(a: float, b: float, c: float, d: float) -> None:
    there = distance(a, b, c, d)
    assert there == pytest.approx(distance(c, d, a, b), abs=1e-3)
    assert 0 <= there <= math.pi * 6_371_009
    assert distance(a, b, a, b) == 0


@given(latitudes, longitudes, latitudes, longitudes, latitudes, longitudes)
def test_a_way_round_is_no_shorter(a: float, b: float, c: float, d: float, e: float, f: float) -> None:
    assert distance(a, b, c, d) <= distance(a, b, e, f) + distance(e, f, c, d) + 0.1


@given(st.floats(-80, 80), longitudes, st.floats(0, 2_000))
def test_so_many_metres_north_are_so_far(latitude: float, longitude: float, metres: float) -> None:
    north = latitude + math.degrees(metres / 6_371_008.8)
    assert distance(latitude, longitude, north, longitude) == pytest.approx(metres, abs=0.01)


@given(lengths, lengths, st.floats(1, 10_000))
def test_whoever_is_outside_was_so_at_the_best_of_it(metres: float, accuracy: float, radius: float) -> None:
    found = where(metres, accuracy, radius)
    if found is Where.OUTSIDE:
        assert metres - accuracy > radius
    if found is Where.INSIDE:
        assert metres <= radius
        assert accuracy <= radius


@given(lengths, lengths, st.floats(1, 10_000))
def test_nearer_is_never_more_outside(metres: float, accuracy: float, radius: float) -> None:
    order = [Where.INSIDE, Where.UNSURE, Where.OUTSIDE]
    places = [order.index(where(part, accuracy, radius)) for part in (0, metres / 2, metres)]
    assert places == sorted(places)


@given(st.integers(0, 100), st.booleans(), st.booleans())
def test_nothing_seen_is_never_on_site(seen: int, left: bool, elsewhere: bool) -> None:
    found = verdict(seen_inside=seen, left=left, began_elsewhere=elsewhere)
    assert (found is Verdict.IN) == (seen > 0 and not left and not elsewhere)
    assert (found is Verdict.OUT) == (left or elsewhere)
