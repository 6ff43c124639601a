"""The same records of a whole base: a million people in little memory, the likely pairs compared, and groups that hold together.

Records come in as facts and are kept packed. Keys are 32 bits of a checksum: two keys that meet in it only make a pair too many
to compare, which the comparing itself turns away.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from botcrm.core.domain.blocking import MOST, ONLY_FEW, blocks
from botcrm.core.domain.facts import Facts
from botcrm.core.domain.matching import THRESHOLD, Base, Reason, Verdict, compare, only_name, probability
from botcrm.core.domain.translit import skeleton, sound

# A cluster is asked pair by pair whether it holds together; in a larger one the members nearest the best link are.
_ASKED = 12
# What a pair counts for within these bounds; two whose names differ count as much against as the best can count for.
_LEAST_BITS, _MOST_BITS, _APART = -8.0, 20.0, -20.0
_NEIGHBOURS = 3
# In a larger base too many share what is in a key of the kinds ONLY_FEW.
_LARGE = 20_000
_UNIT, _ITEM = "\x1f", "\x1e"

Progress = Callable[[str, int, int], None]
"""Told how far a search is: what it does ("compare"), how much of how much is done."""


@dataclass(frozen=True, slots=True)
class Member:
    """A record of a group: how likely it is the same as the one of the group it is most like, and why.

    :ivar links: the others that it brought into the group by more than a name, each with how likely that is
    :ivar mark: tells whether what it was found by is still the same, see `facts_mark`
    """

    record_id: int
    score: float
    reasons: tuple[Reason, ...]
    links: tuple[tuple[int, float], ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are the same, at least two; the score is that of the least certain."""

    score: float
    members: tuple[Member, ...]


class _Shared:
    """How many records have a key, for those that three or more have."""

    def __init__(self, counts: dict[int, int]) -> None:
        self._counts = counts

    def get(self, key: str, default: int, /) -> int:
        return self._counts.get(crc32(key.encode()), default)


@dataclass(slots=True)
class Prepared:
    """Records on their way into a whole base, made ready: perhaps by another process.

    :ivar keys: of each kind the checksums of keys, and whose they are, counted from the first record here
    :ivar counted: of each field the checksums of what is counted
    """

    ids: array[int]
    packed: list[bytes]
    keys: list[tuple[array[int], array[int]]]
    counted: list[array[int]]
    words: Counter[str]


def prepare(entity: str, records: Iterable[tuple[int, Facts]]) -> Prepared:
    """Make records ready to be taken into a whole base: each by its id and facts."""
    made = Prepared(array("q"), [], [(array("I"), array("I")) for _ in MOST], _none(), Counter())
    for place, (record_id, facts) in enumerate(records):
        made.ids.append(record_id)
        made.packed.append(_pack(facts))
        for kind, key in blocks(entity, facts):
            keys, places = made.keys[kind]
            keys.append(crc32(key.encode()))
            places.append(place)
        for field, key in _counted_keys(facts):
            made.counted[field].append(crc32(key.encode()))
        made.words.update(facts.words)
    return made


class WholeBase:
    """All records of one entity, to be searched for those that are the same."""

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self._ids = array("q")
        self._packed: list[bytes] = []
        self._keys = [(array("I"), array("I")) for _ in MOST]
        self._counted = _none()
        self._words: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, record_id: int, facts: Facts) -> None:
        """Take one record in."""
        self.take(prepare(self.entity, ((record_id, facts),)))

    def take(self, made: Prepared) -> None:
        """Take records in."""
        first = len(self._ids)
        self._ids.extend(made.ids)
        self._packed.extend(made.packed)
        for (keys, places), (more, whose) in zip(self._keys, made.keys, strict=True):
            keys.extend(more)
            places.extend(array("I", [first + place for place in whose]))
        for counted, more in zip(self._counted, made.counted, strict=True):
            counted.extend(more)
        self._words.update(made.words)

    def groups(
        self, distinct: Collection[tuple[int, int]] = (), progress: Progress = lambda what, done, total: None
    ) -> list[Group]:
        """Return the groups of records that are the same, the most certain first. It can be asked once: it lets go of what it read.

        :param distinct: pairs of record ids, the lower first, that somebody said are not the same
        """
        base = self._base()
        pairs = self._pairs(progress)
        links = list(self._links(pairs, base, progress))
        del pairs
        apart = set(distinct)
        return sorted(self._grouped(links, base, apart), key=lambda group: (-group.score, group.members[0].record_id))

    def _base(self) -> Base:
        several: dict[int, int] = {}
        for field in range(len(self._counted)):
            # One field at a time: most of what is counted is there once, and takes room while it is.
            counts = Counter(self._counted[field])
            self._counted[field] = array("I")
            several |= {key: count for key, count in counts.items() if count > 2}
        return Base(len(self), self._words, _Shared(several))

    # --- pairs ---

    def _pairs(self, progress: Progress) -> list[int]:
        """Return the pairs to compare in order: the lower place times the number of records, plus the higher."""
        size, found = len(self), set[int]()
        for kind, (keys, places) in enumerate(self._keys):
            for members in _blocks(keys, places):
                if kind in ONLY_FEW and (size > _LARGE or len(members) > MOST[kind]):
                    continue
                for left, right in self._within(members, MOST[kind]):
                    found.add(left * size + right)
            self._keys[kind] = (array("I"), array("I"))
            progress("gather", kind + 1, len(MOST))
        return sorted(found)

    def _within(self, members: list[int], most: int) -> Iterator[tuple[int, int]]:
        if len(members) <= most:
            for number, left in enumerate(members):
                for right in members[number + 1 :]:
                    yield left, right
            return
        by_word: dict[str, list[int]] = {}
        for place in members:
            for word in set(map(skeleton, _words(self._packed[place]))):
                by_word.setdefault(word, []).append(place)
        for some in by_word.values():
            if len(some) <= most:
                yield from self._within(some, most)
                continue
            some.sort(key=lambda place: (sorted(map(sound, _words(self._packed[place]))), place))
            for number, left in enumerate(some):
                for right in some[number + 1 : number + 1 + _NEIGHBOURS]:
                    yield min(left, right), max(left, right)

    # --- links and groups ---

    def _links(
        self, pairs: list[int], base: Base, progress: Progress
    ) -> Iterator[tuple[float, int, int, tuple[Reason, ...]]]:
        size, known, left = len(self), -1, Facts()
        for number, pair in enumerate(pairs):
            one, other = divmod(pair, size)
            if one != known:
                known, left = one, _unpack(self._packed[one])
            verdict = compare(self.entity, left, _unpack(self._packed[other]), base)
            if verdict.bits > THRESHOLD:
                yield verdict.bits, one, other, verdict.reasons
            if number % 5000 == 0:
                progress("compare", number, len(pairs))
        progress("compare", len(pairs), len(pairs))

    def _grouped(
        self, links: list[tuple[float, int, int, tuple[Reason, ...]]], base: Base, apart: set[tuple[int, int]]
    ) -> Iterator[Group]:
        links.sort(key=lambda link: (-link[0], link[1], link[2]))
        cluster: dict[int, list[int]] = {}
        best: dict[int, tuple[float, tuple[Reason, ...]]] = {}
        sure: dict[int, list[tuple[int, float]]] = {}
        verdicts: dict[tuple[int, int], float] = {(one, other): bits for bits, one, other, _ in links}
        for bits, one, other, reasons in links:
            left, right = cluster.get(one, [one]), cluster.get(other, [other])
            if left is right or not self._hold_together(left, right, base, apart, verdicts):
                continue
            joined = left + right
            for place in joined:
                cluster[place] = joined
            best.setdefault(one, (bits, reasons))
            best.setdefault(other, (bits, reasons))
            if not only_name(reasons):
                sure.setdefault(one, []).append((self._ids[other], probability(bits)))
        for members in {id(members): members for members in cluster.values()}.values():
            yield _group([self._member(place, *best[place], sure.get(place, ())) for place in members])

    def _member(
        self, place: int, bits: float, reasons: tuple[Reason, ...], links: Iterable[tuple[int, float]]
    ) -> Member:
        return Member(self._ids[place], probability(bits), reasons, tuple(links), _mark(self._packed[place]))

    def _hold_together(
        self,
        left: list[int],
        right: list[int],
        base: Base,
        apart: set[tuple[int, int]],
        verdicts: dict[tuple[int, int], float],
    ) -> bool:
        """Tell whether all of two clusters may be one: on the average its pairs have to be the same, and none is said to be not."""
        if apart and any(_ordered(self._ids[one], self._ids[other]) in apart for one in left for other in right):
            return False
        if len(left) == len(right) == 1:
            return True
        total, count = 0.0, 0
        for one in left[:_ASKED]:
            for other in right[:_ASKED]:
                pair = _ordered(one, other)
                bits = verdicts.get(pair)
                if bits is None:
                    verdict = self._verdict(*pair, base)
                    bits = verdicts[pair] = _APART if verdict.apart else max(_LEAST_BITS, verdict.bits)
                total += min(_MOST_BITS, bits)
                count += 1
        return total > 0

    def _verdict(self, one: int, other: int, base: Base) -> Verdict:
        return compare(self.entity, _unpack(self._packed[one]), _unpack(self._packed[other]), base)


def facts_mark(facts: Facts) -> str:
    """Return what changes as soon as anything does that a record is compared by."""
    return _mark(_pack(facts))


def _mark(packed: bytes) -> str:
    return blake2b(packed, digest_size=8).hexdigest()


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _group(members: list[Member]) -> Group:
    members.sort(key=lambda member: (-member.score, member.record_id))
    return Group(members[-1].score, tuple(members))


def _blocks(keys: array[int], places: array[int]) -> Iterable[list[int]]:
    """Return the places that share a key, each list in order and without repetition."""
    first: dict[int, int] = {}
    several: dict[int, list[int]] = {}
    for key, place in zip(keys, places, strict=True):
        known = first.setdefault(key, place)
        if known != place:
            members = several.setdefault(key, [known])
            if members[-1] != place:
                members.append(place)
    return several.values()


_COUNTED = 8


def _none() -> list[array[int]]:
    return [array("I") for _ in range(_COUNTED)]


def _counted_keys(facts: Facts) -> Iterator[tuple[int, str]]:
    """Yield what of a record others may have as well, as `Base.shared` calls it, each with the number of its field."""
    for phone in facts.phones:
        yield 0, f"p:{phone}"
    for email in facts.emails:
        yield 1, f"e:{email}"
    if facts.street:
        yield 2, f"s:{facts.street}"
    if facts.postcode:
        yield 3, f"z:{facts.postcode}"
    if facts.city:
        yield 4, f"c:{facts.city}"
    if facts.company:
        yield 5, f"o:{facts.company}"
    if facts.tax:
        yield 6, f"t:{facts.tax}"
    if facts.site:
        yield 7, f"w:{facts.site}"


def _pack(facts: Facts) -> bytes:
    return _UNIT.join(
        (
            " ".join(facts.words),
            _ITEM.join(facts.phones),
            _ITEM.join(facts.emails),
            facts.telegram,
            facts.birth,
            facts.tax,
            facts.street,
            facts.city,
            facts.postcode,
            facts.region,
            facts.company,
            facts.site,
        )
    ).encode()


def _unpack(packed: bytes) -> Facts:
    words, phones, emails, *rest = packed.decode().split(_UNIT)
    return Facts(
        tuple(words.split()),
        tuple(phones.split(_ITEM)) if phones else (),
        tuple(emails.split(_ITEM)) if emails else (),
        *rest,
    )


def _words(packed: bytes) -> list[str]:
    return packed.partition(b"\x1f")[0].decode().split()
