"""The company that was typed only for a record which was somebody known: it goes with the record, and comes back with it."""

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.events import EVENTS, Created, RecordRestored
from botcrm.core.models import Company
from botcrm.core.services.records import delete_record
from botcrm.core.services.undo.later_use import in_use
from botcrm.core.services.work import Work

_CREATED = ", ".join(f"'{name}'" for name, kind in EVENTS.items() if issubclass(kind, Created))


async def drop_company(work: Work, company_id: int, made_in: int) -> Company | None:
    """Delete a company that one work made, if nothing hangs on it and nobody touched it since; None where it stays.

    :param made_in: the work that made the record which the company was typed for
    """
    made = await db.fetch_one(
        "SELECT 1 AS y FROM event WHERE work_id = ? AND entity = 'company' AND record_id = ? "
        f"AND type IN ({_CREATED}) LIMIT 1",
        made_in,
        company_id,
    )
    if made is None or await in_use("company", [company_id], made_in, but_merged=True):
        return None
    company = await Company.filter(id=company_id, deleted_at=None).first()
    if company is None:
        return None
    try:
        await delete_record(work, company)
    except (NotAllowed, NotFound):
        return None
    return company


async def company_back(work: Work, merged_in: int, company_id: int) -> None:
    """Bring back the company that went in the same work as a record which comes out of another one again."""
    went = await db.fetch_one(
        "SELECT 1 AS y FROM event WHERE work_id = ? AND entity = 'company' AND record_id = ? "
        "AND type = 'RecordDeleted' LIMIT 1",
        merged_in,
        company_id,
    )
    company = await Company.filter(id=company_id).exclude(deleted_at=None).first() if went else None
    if company:
        await work.change(company, RecordRestored, deleted_at=None)
