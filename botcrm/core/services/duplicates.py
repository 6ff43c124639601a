"""Who may be the same: contacts, companies and leads like one that was just made. Nothing is ever merged by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.text import fold
from botcrm.core.models import Company, Contact, Lead, Record
from botcrm.core.services.access import load_any, owned_sql, owners
from botcrm.core.services.subjects import search
from botcrm.core.services.work import Work

ALIKE = 0.8
# How much each tells by itself; an office's telephone is shared, so none of them is proof.
_PHONE = _EMAIL = 0.9
_SAME_NAME = 0.85
# Names less alike than this tell nothing, in WRatio's per cent.
_LEAST_RATIO = 60.0
_CANDIDATES = 5
_OPEN = ("new", "working")
_KINDS = ("contact", "company", "lead")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two may be the same: the same phone, the same e-mail, a like name (in per cent), or what a plugin says in words."""

    what: str
    percent: int = 0


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

    Candidates come from indexes: the same phone, the same e-mail, the words of the name; at most five of each.
    """
    if entity not in _KINDS or not isinstance(record, Contact | Company | Lead):
        return []
    await work.flush()
    found = []
    for record_id in await _candidates(work, entity, record):
        try:
            other = await load_any(work, entity, record_id)
        except NotFound:
            continue
        assert isinstance(other, Contact | Company | Lead)
        if isinstance(other, Lead) and other.status not in _OPEN:
            continue
        scores, reasons = _own_evidence(record, other)
        answers = await work.hooks.ask(work, "duplicate_score", entity=entity, record=record, other=other)
        for _, evidence in answers:
            score, reason = _told(evidence)
            if score:
                scores.append(score)
                reasons.append(Reason(reason))
        found.append(Alike(entity, record_id, _name(other), together(scores), tuple(reasons)))
    return sorted((item for item in found if item.score >= ALIKE), key=lambda item: (-item.score, item.record_id))


async def _candidates(work: Work, entity: str, record: Contact | Company | Lead) -> list[int]:
    reached = owned_sql("owner_id", owners(work.actor, entity))
    ids: dict[int, None] = {}
    for column in ("phone", "email"):
        value = getattr(record, column)
        if value:
            rows = await db.fetch(
                f"SELECT id FROM {entity} WHERE {column} = ? AND deleted_at IS NULL AND id <> ? AND {reached} "
                f"ORDER BY id LIMIT {_CANDIDATES}",
                value,
                record.id,
            )
            ids |= {int(row["id"]): None for row in rows}
    named = await search(work, _name(record), (entity,), _CANDIDATES + 1)
    ids |= {item.record_id: None for item in named if item.record_id != record.id}
    return list(ids)


def _own_evidence(
    record: Contact | Company | Lead, other: Contact | Company | Lead
) -> tuple[list[float], list[Reason]]:
    scores, reasons = [], []
    for column, score in (("phone", _PHONE), ("email", _EMAIL)):
        value = getattr(record, column)
        if value and value == getattr(other, column):
            scores.append(score)
            reasons.append(Reason(column))
    ratio = fuzz.WRatio(fold(_name(record)), fold(_name(other)))
    if ratio > _LEAST_RATIO:
        scores.append(_SAME_NAME * (ratio - _LEAST_RATIO) / (100.0 - _LEAST_RATIO))
        reasons.append(Reason("name", round(ratio)))
    return scores, reasons


def _told(evidence: Any) -> tuple[float, str]:
    """Return a plugin's score within -1 to 1, and its reason; nothing of what is no evidence."""
    try:
        return max(-1.0, min(1.0, float(evidence.score))), " ".join(str(evidence.reason).split())[:80]
    except (AttributeError, TypeError, ValueError):
        return 0.0, ""


def together(scores: Sequence[float]) -> float:
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
