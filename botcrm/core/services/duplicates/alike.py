"""Who may be the same: contacts, companies and leads like one that was just made. Nothing is ever merged by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.facts import Facts, stored_keys
from botcrm.core.domain.matching import Base, Reason, compare, probability
from botcrm.core.domain.text import fold
from botcrm.core.domain.translit import sound
from botcrm.core.models import Company, Contact, Lead, Record
from botcrm.core.services.access import load_any, owned_sql, owners
from botcrm.core.services.duplicates.distinct import data_mark, distinct_from, marks_of
from botcrm.core.services.duplicates.keys import ENTITIES, facts_of_record
from botcrm.core.services.search.subjects import search
from botcrm.core.services.work import Work

ALIKE = 0.8
# A question costs less than a wrong merge: so many bits in favour, with which an equal name alone is enough to ask.
_IN_FAVOUR = 6.5
_CANDIDATES = 12
# Of a key that more have, such as an office's telephone, those called alike are looked for among so many.
_CROWD = 60
_LOOKED_AT = 500
_LEAST_RATIO = 65.0
_NAMED = 6
_COMMON = 200
_SMALLEST_BASE = 1000
_OPEN = ("new", "working")


@dataclass(frozen=True, slots=True)
class Alike:
    """A record that may be the same; a score of 1 is certainty."""

    entity: str
    record_id: int
    name: str
    score: float
    reasons: tuple[Reason, ...]


async def look_alikes(work: Work, entity: str, record: Record) -> list[Alike]:
    """Return the records within the actor's reach that may be the same as this one, likeliest first.

    Candidates come from indexes: who shares a telephone, a mailbox or a number, who is called alike. Those of which somebody
    said that they are not the same are left out.
    """
    if entity not in ENTITIES or not isinstance(record, Contact | Company | Lead):
        return []
    await work.flush()
    facts = await facts_of_record(work, record)
    counts, ids = await _candidates(work, entity, record, facts)
    if not ids:
        return []
    ids = await _allowed(entity, record, facts, ids)
    base = await _base(entity, facts, counts)
    found = []
    for record_id in ids:
        try:
            other = await load_any(work, entity, record_id)
        except NotFound:
            continue
        assert isinstance(other, Contact | Company | Lead)
        if isinstance(other, Lead) and other.status not in _OPEN:
            continue
        verdict = compare(entity, facts, await facts_of_record(work, other), base)
        scores, reasons = [probability(verdict.bits + _IN_FAVOUR)], list(verdict.reasons)
        answers = await work.hooks.ask(work, "duplicate_score", entity=entity, record=record, other=other)
        for _, evidence in answers:
            score, reason = _told(evidence)
            if score:
                scores.append(score)
                reasons.append(Reason(reason))
        found.append(Alike(entity, record_id, _name(other), together(scores), tuple(reasons)))
    return sorted((item for item in found if item.score >= ALIKE), key=lambda item: (-item.score, item.record_id))


async def _candidates(
    work: Work, entity: str, record: Contact | Company | Lead, facts: Facts
) -> tuple[dict[str, int], list[int]]:
    """Return how many records have each key, as far as counted, and the ids that share most, within the actor's reach."""
    keys = stored_keys(entity, facts)
    shared: dict[int, int] = {}
    counts: dict[str, int] = {}
    for key in keys:
        ids = await _with_key(entity, key, record.id)
        counts[key] = len(ids) + 1
        for record_id in ids:
            shared[record_id] = shared.get(record_id, 0) + 1
    for key in [key for key, count in counts.items() if count > _CROWD]:
        for record_id in await _called_alike(entity, key, _name(record), record.id):
            shared[record_id] = shared.get(record_id, 0) + 2
    reached = owned_sql("owner_id", owners(work.actor, entity))
    within = set(shared)
    if shared:
        among = ", ".join(map(str, shared))
        within = set(
            await db.column(f"SELECT id FROM {entity} WHERE id IN ({among}) AND deleted_at IS NULL AND {reached}")
        )
    ids = sorted(within, key=lambda record_id: (-shared[record_id], record_id))[:_CANDIDATES]
    # Names with a slip of the hand have another key.
    named = await search(work, _name(record), (entity,), _NAMED)
    return counts, list(dict.fromkeys([*ids, *(item.record_id for item in named if item.record_id != record.id)]))


async def _with_key(entity: str, key: str, record_id: int) -> list[int]:
    return await db.column(
        f"SELECT record_id FROM record_key WHERE entity = ? AND key = ? AND record_id <> ? ORDER BY record_id DESC LIMIT {_CROWD}",
        entity,
        key,
        record_id,
    )


async def _called_alike(entity: str, key: str, name: str, record_id: int) -> list[int]:
    """Return whose names are most like this one, among the many who share a key."""
    called = "CASE WHEN r.name = '' THEN r.title ELSE r.name END" if entity == "lead" else "r.name"
    rows = await db.fetch(
        f"SELECT k.record_id AS id, {called} AS name FROM record_key k JOIN {entity} r ON r.id = k.record_id "
        f"WHERE k.entity = ? AND k.key = ? AND k.record_id <> ? ORDER BY k.record_id DESC LIMIT {_LOOKED_AT}",
        entity,
        key,
        record_id,
    )
    names = {row["id"]: _sounds(row["name"]) for row in rows}
    best = process.extract(_sounds(name), names, scorer=fuzz.ratio, limit=_NAMED, score_cutoff=_LEAST_RATIO)
    return [found for _, _, found in best]


def _sounds(name: str) -> str:
    """Return a name so that neither order nor script nor spelling matters much."""
    return " ".join(sorted(map(sound, fold(name).split())))


async def _allowed(entity: str, record: Record, facts: Facts, ids: Sequence[int]) -> list[int]:
    """Return those of the candidates of which nobody said that they are not the same."""
    if await db.fetch_one("SELECT 1 AS y FROM distinct_pair WHERE entity = ? LIMIT 1", entity) is None:
        return list(ids)
    own = (await marks_of(entity, [record.id])).get(record.id, (data_mark(facts),))
    apart = await distinct_from(entity, record.id, own, ids)
    return [record_id for record_id in ids if record_id not in apart]


async def _base(entity: str, facts: Facts, counts: dict[str, int]) -> Base:
    """Return how common what this record has is, counted no further than tells."""
    row = await db.fetch_one(f"SELECT max(id) AS n FROM {entity}")
    words = {}
    for word in facts.words:
        counted = await db.fetch_one(
            f"SELECT count(*) AS n FROM (SELECT 1 AS y FROM search_term WHERE term = ? LIMIT {_COMMON}) x", word
        )
        words[word] = int(counted["n"]) if counted else 1
    shared = {key: count for key, count in counts.items() if count > 2}
    return Base(max(_SMALLEST_BASE, int(row["n"] or 0) if row else 0), words, shared)


def _told(evidence: Any) -> tuple[float, str]:
    """Return a plugin's score within -1 to 1, and its reason; nothing of what is no evidence."""
    try:
        return max(-1.0, min(1.0, float(evidence.score))), " ".join(str(evidence.reason).split())[:80]
    except (AttributeError, TypeError, ValueError):
        return 0.0, ""


def together(scores: Iterable[float]) -> float:
    """Return what independent evidence comes to: each score for it closes a part of the gap to 1, each against it takes a part away."""
    doubt = against = 1.0
    for score in scores:
        if score > 0:
            doubt *= 1.0 - score
        else:
            against *= 1.0 + score
    return (1.0 - doubt) * against


def _name(record: Contact | Company | Lead) -> str:
    return (record.name or record.title) if isinstance(record, Lead) else record.name


__all__ = ["ALIKE", "Alike", "Reason", "look_alikes", "together"]
