"""The rules by themselves."""

from collections import Counter

from botcrm_round_robin.turns import Share, fewest, first_of, next_after
from hypothesis import given
from hypothesis import strategies as st

teams = st.lists(st.integers(1, 50), min_size=1, max_size=8, unique=True)


def play(order: list[int], mode: str, presence: list[set[int]]) -> list[int]:
    """Give out a lead for each set of people present, remembering as the CRM does."""
    given_to: list[int] = []
    for on in presence:
        if mode == "turns":
            one = next_after(order, on, given_to[-1] if given_to else None)
        else:
            counts = Counter(given_to)
            last = {person: place for place, person in enumerate(given_to, 1)}
            one = fewest(order, on, {person: Share(counts[person], last[person]) for person in counts})
        if one is not None:
            given_to.append(one)
    return given_to


@given(teams, st.sampled_from(["turns", "fewest"]), st.integers(0, 60))
def test_counts_never_differ_by_more_than_one(order: list[int], mode: str, leads: int) -> None:
    for length in range(leads + 1):
        counts = Counter(play(order, mode, [set(order)] * length))
        shares = [counts[person] for person in order]
        assert max(shares) - min(shares) <= 1
        assert sum(shares) == length


@given(teams, st.data())
def test_whoever_is_there_and_had_fewest_is_next(order: list[int], data: st.DataObject) -> None:
    presence = data.draw(st.lists(st.sets(st.sampled_from(order)), max_size=40))
    given_to = play(order, "fewest", presence)
    turns = iter(given_to)
    counts: Counter[int] = Counter()
    for on in presence:
        if on:
            one = next(turns)
            assert one in on
            assert counts[one] == min(counts[person] for person in on)
            counts[one] += 1
    assert next(turns, None) is None


@given(teams, st.data())
def test_the_same_past_gives_the_same_turn(order: list[int], data: st.DataObject) -> None:
    shares = data.draw(st.dictionaries(st.sampled_from(order), st.builds(Share, st.integers(0, 9), st.integers(0, 99))))
    on = data.draw(st.sets(st.sampled_from(order)))
    assert fewest(order, on, shares) == fewest(list(order), set(on), dict(reversed(shares.items())))


def test_strictly_is_the_first_who_is_there() -> None:
    assert first_of([3, 1, 2], {1, 2}) == 1
    assert first_of([3, 1, 2], set()) is None


def test_turn_by_turn_passes_over_whoever_is_away() -> None:
    assert next_after([1, 2, 3], {1, 3}, 1) == 3
    assert next_after([1, 2, 3], {1, 2, 3}, 3) == 1
    assert next_after([1, 2, 3], {1, 2, 3}, 9) == 1
    assert next_after([1, 2, 3], {2}, 2) == 2
