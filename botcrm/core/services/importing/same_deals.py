"""Tell which deals of a file without IDs are there already: what a row says of title, company, contact, amount and creation is so."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import deal_name
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.derived.many import chunks
from botcrm.core.services.importing.rows import Understood
from botcrm.core.services.work import Work

# By the index of names, as in links.py.
_OF_KIND = "entity || '' = 'deal'"


async def same_deals(work: Work, rows: Sequence[Understood]) -> dict[int, dict[str, Any]]:
    """Return the deal within the actor's reach that each row is about, by the row's number; the oldest of several.

    What this very import made is none: a file may hold two that are the same.
    """
    asked = [row for row in rows if _comparable(row)]
    called = {fold(deal_name(row.name, row.company))[:500] for row in asked}
    if not called:
        return {}
    ids: list[int] = []
    for part in chunks(sorted(called)):
        marks = ", ".join("?" * len(part))
        ids += await db.column(
            f"SELECT record_id FROM search_entry WHERE folded IN ({marks}) AND {_OF_KIND} ORDER BY record_id", *part
        )
    known: dict[str, list[dict[str, Any]]] = {}
    reached = owned_sql("d.owner_id", owners(work.actor, "deal"))
    for part in chunks(ids):
        marks = ", ".join("?" * len(part))
        for deal in await db.fetch(
            "SELECT d.id, d.title AS name, d.amount, d.currency, d.created_at, c.name AS company, p.name AS contact, p.phone, "
            "p.email FROM deal d LEFT JOIN company c ON c.id = d.company_id LEFT JOIN contact p ON p.id = d.contact_id "
            f"WHERE d.id IN ({marks}) AND d.deleted_at IS NULL AND {reached} AND NOT EXISTS (SELECT 1 FROM event e "
            "WHERE e.entity = 'deal' AND e.record_id = d.id AND e.type = 'DealCreated' AND e.work_id = ?) ORDER BY d.id",
            *part,
            work.id,
        ):
            known.setdefault(fold(deal["name"]), []).append(deal)
    found: dict[int, dict[str, Any]] = {}
    for row in asked:
        same = next((deal for deal in known.get(fold(row.name), ()) if _same(row, deal)), None)
        if same is not None:
            found[row.number] = same
    return found


def _comparable(row: Understood) -> bool:
    """Tell whether a row has no ID, of its own or of what it hangs on, that would say more than names do."""
    refs = row.external_id or (row.company_ref and not row.company) or (row.contact_ref and not row.contact)
    return bool(row.name) and not refs


def _same(row: Understood, deal: dict[str, Any]) -> bool:
    if row.company or row.contact or row.contact_phones or row.contact_emails:
        if row.company and fold(row.company) != fold(deal["company"] or ""):
            return False
        if not _same_contact(row, deal):
            return False
    elif deal["company"] or deal["contact"]:
        return False
    amount, created = row.values.get("amount"), row.values.get("created_at")
    if amount is not None:
        there = None if deal["amount"] is None else Decimal(str(deal["amount"]))
        if (there, deal["currency"]) != (amount, row.values["currency"]):
            return False
    return created is None or created == db.moment_needed(deal["created_at"]).replace(microsecond=0)


def _same_contact(row: Understood, deal: dict[str, Any]) -> bool:
    if deal["phone"] in row.contact_phones or deal["email"] in row.contact_emails:
        return True
    if row.contact:
        return fold(row.contact) == fold(deal["contact"] or "")
    return not (row.contact_phones or row.contact_emails)
