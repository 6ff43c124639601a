"""Write what a file says over records that are there: only what is empty with them, or all that the file has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botcrm.core.domain.events import (
    CompanyChanged,
    ContactChanged,
    DealChanged,
    DealLost,
    DealReopened,
    DealStageChanged,
    DealWon,
    Event,
    LeadChanged,
    OwnerChanged,
)
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.access import may, owners
from botcrm.core.services.importing.match import Existing
from botcrm.core.services.importing.own_fields import with_told
from botcrm.core.services.importing.rows import Understood
from botcrm.core.services.importing.write import about_of, load_many, note_many, notes_there, unheard
from botcrm.core.services.records import add_tags
from botcrm.core.services.work import Work

_CHANGED: dict[str, type[Event]] = {
    "company": CompanyChanged,
    "contact": ContactChanged,
    "lead": LeadChanged,
    "deal": DealChanged,
}
# What a file never writes over: when the record was made, and what is changed by moving a deal.
_KEPT = frozenset({"created_at", "pipeline_id", "stage_id", "status", "stage_guessed", "closed_at", "owner_id"})
_MOST_MORE = 20

Known = tuple[Understood, Existing, int | None, int | None]


async def change_many(
    work: Work, entity: str, rows: Sequence[Known], *, overwrite: bool, heard: bool = False
) -> list[bool | None]:
    """Change the records that rows are about; returns of each whether anything changed, None where the actor may not.

    :param rows: (row, the record it is about, the id of its company, of its contact)
    :param overwrite: the file's values go before those that are there; else it fills what is empty
    """
    records = await load_many(entity, [match.record_id for _, match, _, _ in rows])
    people = owners(work.actor, entity, Action.CHANGE)
    answers: list[bool | None] = []
    async with unheard(work, heard=heard):
        for row, match, company_id, contact_id in rows:
            record = records.get(match.record_id)
            if record is None or (people is not None and record.owner_id not in people):
                answers.append(None)
                continue
            before = (record.version, len(work.events))
            await _change(work, entity, record, row, company_id, contact_id, overwrite=overwrite)
            answers.append((record.version, len(work.events)) != before)
    if may(work.actor, "activity", Action.ADD):
        taken = [
            (place, row.note, records[match.record_id])
            for place, (row, match, _, _) in enumerate(rows)
            if row.note and answers[place] is not None
        ]
        known = await notes_there(entity, [(record.id, text) for _, text, record in taken])
        notes = []
        for place, text, record in taken:
            if (record.id, text) not in known:
                # The same file once more brings the same notes.
                known.add((record.id, text))
                notes.append((text, about_of(entity, record.id, record.__dict__)))
                answers[place] = True
        await note_many(work, notes, heard=heard)
    return answers


async def _change(
    work: Work,
    entity: str,
    record: Company | Contact | Lead | Deal,
    row: Understood,
    company_id: int | None,
    contact_id: int | None,
    *,
    overwrite: bool,
) -> None:
    told: dict[str, Any] = {
        name: value for name, value in row.values.items() if name not in _KEPT and value not in ("", None)
    }
    told |= {name: value for name, value in (("company_id", company_id), ("contact_id", contact_id)) if value}
    if not row.named:
        told.pop("name" if entity in ("contact", "company") else "title", None)
    if entity in ("deal", "lead") and "amount" not in told:
        told.pop("currency", None)
    if "custom" in told:
        told["custom"] = with_told(record, told["custom"], overwrite=overwrite)
    changed = {}
    for name, value in told.items():
        present = getattr(record, name)
        empty = present in (None, "") or name == "custom"
        if name == "currency" and getattr(record, "amount", None) is None:
            empty = True
        if (overwrite or empty) and present != value:
            changed[name] = value
    if not isinstance(record, Deal):
        changed |= _reached(record, row, overwrite=overwrite)
    await work.change(record, _CHANGED[entity], **changed)
    if row.tags:
        # Before it goes over to somebody whose records the actor may not change.
        await add_tags(work, record, row.tags)
    owner_id = row.values.get("owner_id")
    if row.owner_told and owner_id != record.owner_id and (record.owner_id is None or overwrite):
        await work.change(record, OwnerChanged, owner_id=owner_id)
    if isinstance(record, Deal) and overwrite:
        await _move(work, record, row)


def _reached(record: Company | Contact | Lead, row: Understood, *, overwrite: bool) -> dict[str, Any]:
    """Return the columns of phones and e-mails with the file's among them; none is lost."""
    changed: dict[str, Any] = {}
    for first, more, told in (("phone", "more_phones", row.phones), ("email", "more_emails", row.emails)):
        if not told:
            continue
        present = [one for one in (getattr(record, first), *(getattr(record, more) or ())) if one]
        wanted = list(dict.fromkeys([*told, *present] if overwrite else [*present, *told]))[: _MOST_MORE + 1]
        if wanted == present:
            continue
        changed |= {first: wanted[0], more: wanted[1:] or None}
    return changed


async def _move(work: Work, deal: Deal, row: Understood) -> None:
    """Move a deal to the stage that the file names, within its own pipeline."""
    values = row.values
    if values.get("stage_guessed") or "stage_id" not in values or values["pipeline_id"] != deal.pipeline_id:
        return
    if values["stage_id"] == deal.stage_id:
        return
    kind = values["status"]
    changed: dict[str, Any] = {"stage_id": values["stage_id"], "stage_entered_at": work.now, "status": kind}
    event: type[Event] = DealStageChanged
    if kind != deal.status:
        event = {"won": DealWon, "lost": DealLost}.get(kind, DealReopened)
        closed: datetime | None = values.get("closed_at")
        changed["closed_at"] = None if kind == "open" else min(closed or work.now, work.now)
        changed["lost_reason"] = values.get("lost_reason") if kind == "lost" else None
    await work.change(deal, event, **changed)
