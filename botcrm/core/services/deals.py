"""Deals: open, move, win, lose, reopen."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyClosed, InvalidValue, StageNotInPipeline
from botcrm.core.domain.events import (
    DealChanged,
    DealCreated,
    DealLost,
    DealReopened,
    DealStageChanged,
    DealWon,
    Event,
)
from botcrm.core.domain.kinds import Action, DealStatus
from botcrm.core.domain.money import Money
from botcrm.core.domain.text import fold
from botcrm.core.models import Company, Contact, Deal, Pipeline, Stage
from botcrm.core.services.access import demand, load
from botcrm.core.services.activities import shortened
from botcrm.core.services.work import Work

# The path from first contact to closing (product, section 7); it ships as the default pipeline. With each stage: its kind,
# and after how many business days without contact a deal in it is pointed out.
DEFAULT_PIPELINE = (
    ("New", "open", 3),
    ("Clarified", "open", 5),
    ("Proposal", "open", 5),
    ("Negotiation", "open", 5),
    ("Agreed", "open", 5),
    ("Delivery", "open", 10),
    ("Papers", "open", 10),
    ("Won", "won", 0),
    ("Lost", "lost", 0),
)


async def seed_pipeline() -> None:
    """Create the default pipeline where there is none; runs inside a transaction."""
    await db.alone("seed")
    if await Pipeline.exists():
        return
    pipeline = await Pipeline.create(name="Sales")
    await Stage.bulk_create(
        Stage(pipeline=pipeline, name=name, kind=kind, position=position, rot_days=rot_days)
        for position, (name, kind, rot_days) in enumerate(DEFAULT_PIPELINE)
    )


async def stages(pipeline_id: int) -> list[Stage]:
    """Return a pipeline's stages in their order."""
    return await Stage.filter(pipeline_id=pipeline_id).order_by("position", "id")


async def add_deal(
    work: Work,
    *,
    title: str,
    company_id: int | None = None,
    contact_id: int | None = None,
    amount: Money | None = None,
    stage: str | None = None,
    source: str | None = None,
    expected_close: date | None = None,
    owner_id: int | None = None,
) -> Deal:
    """Open a deal in the first pipeline, at its first stage unless one is named; the actor owns it unless somebody is named.

    :raises StageNotInPipeline: no stage of that name
    :raises NotFound: the company or contact is out of reach
    """
    demand(work, "deal", Action.ADD)
    if company_id:
        await load(work, Company, company_id)
    if contact_id:
        await load(work, Contact, contact_id)
    rows = await db.fetch(
        "SELECT id, pipeline_id, name, kind FROM stage WHERE pipeline_id = "
        "(SELECT id FROM pipeline ORDER BY position, id LIMIT 1) ORDER BY position, id" + ("" if stage else " LIMIT 1")
    )
    chosen = _named([(row["name"], row) for row in rows], stage) if stage else rows[0]
    if chosen is None:
        raise StageNotInPipeline(stage=stage, pipeline="Sales", stages=", ".join(row["name"] for row in rows))
    title = " ".join(title.split())
    deal = await work.create(
        Deal,
        DealCreated,
        title=title[:_LONGEST],
        company_id=company_id,
        contact_id=contact_id,
        pipeline_id=chosen["pipeline_id"],
        stage_id=chosen["id"],
        status=chosen["kind"],
        amount=storable(amount),
        currency=amount.currency if amount is not None else work.prefs.currency,
        owner_id=owner_id or work.actor.id,
        source=source,
        expected_close=expected_close,
        stage_entered_at=work.now,
        closed_at=None if chosen["kind"] == "open" else work.now,
    )
    await shortened(work, title, {"deal_id": deal.id}, _LONGEST)
    return deal


# Of a deal's title and of the reason it was lost for; a longer text is kept whole as a note.
_LONGEST = 500
# What a column of 18 digits, 2 of them behind the point, can hold.
_AMOUNT_LIMIT = Decimal(10) ** 16


def storable(money: Money | None) -> Decimal | None:
    """Return an amount as it is kept, in its currency's minor unit.

    :raises InvalidValue: it is too large
    """
    if money is None:
        return None
    if not money.amount.is_finite() or abs(money.amount) >= _AMOUNT_LIMIT - 1:
        raise InvalidValue(what="amount", value=str(money.amount), how="Write a smaller one.")
    return money.quantized().amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _named(choices: list[tuple[str, Any]], name: str) -> Any:
    """Return what goes by a name typed whole or by its start; None if nothing or several do."""
    wanted = fold(name)
    exact = [value for label, value in choices if fold(label) == wanted]
    starts = [value for label, value in choices if fold(label).startswith(wanted)]
    for found in (exact, starts):
        if len(found) == 1:
            return found[0]
    return None


async def find_stage(deal: Deal, name: str) -> Stage:
    """Return the stage of the deal's pipeline that a person named, whole or by its start.

    :raises StageNotInPipeline: none or several
    """
    choices = await stages(deal.pipeline_id)
    found: Stage | None = _named([(stage.name, stage) for stage in choices], name)
    if found is None:
        pipeline = await Pipeline.get(id=deal.pipeline_id)
        raise StageNotInPipeline(stage=name, pipeline=pipeline.name, stages=", ".join(stage.name for stage in choices))
    return found


async def change_deal(work: Work, deal_id: int, **values: Any) -> Deal:
    """Change a deal's own fields: title, amount and currency, company, contact, source, expected_close.

    :raises NotFound: the deal, or the company or contact it is to have, is out of reach
    :raises InvalidValue: an empty title or an amount too large to keep
    """
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    for model, name in ((Company, "company_id"), (Contact, "contact_id")):
        if values.get(name) not in (None, getattr(deal, name)):
            await load(work, model, values[name])
    if values.get("amount") is not None:
        values["amount"] = storable(Money(values["amount"], values.get("currency", deal.currency)))
    if "title" in values:
        values["title"] = await shortened(work, " ".join(values["title"].split()), {"deal_id": deal_id}, _LONGEST)
        if not values["title"]:
            raise InvalidValue(what="title", value="", how="Write a title.")
    return await work.change(deal, DealChanged, **values)


async def move_deal(work: Work, deal_id: int, stage_id: int, *, reason: str | None = None) -> Deal:
    """Move a deal to another stage of its own pipeline; a won or lost stage closes it, an open one opens it again.

    :raises NotFound: no such deal within the actor's reach
    :raises StageNotInPipeline: the stage belongs to another pipeline
    """
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    stage = await db.fetch_one("SELECT kind FROM stage WHERE id = ? AND pipeline_id = ?", stage_id, deal.pipeline_id)
    if stage is None:
        choices = await stages(deal.pipeline_id)
        raise StageNotInPipeline(stage=stage_id, pipeline=deal.title, stages=", ".join(item.name for item in choices))
    if stage_id == deal.stage_id:
        return deal
    reason = await shortened(work, reason, {"deal_id": deal_id}, _LONGEST) if reason else None
    kind = stage["kind"]
    values: dict[str, Any] = {"stage_id": stage_id, "stage_entered_at": work.now, "status": kind}
    event: type[Event] = DealStageChanged
    if kind != deal.status:
        event = {"won": DealWon, "lost": DealLost}.get(kind, DealReopened)
        values["closed_at"] = None if kind == DealStatus.OPEN else work.now
        values["lost_reason"] = reason if kind == DealStatus.LOST else None
    elif reason and kind == DealStatus.LOST:
        values["lost_reason"] = reason
    return await work.change(deal, event, **values)


async def close_deal(work: Work, deal_id: int, status: DealStatus, reason: str | None = None) -> Deal:
    """Win or lose a deal.

    :raises AlreadyClosed: it stands so already
    """
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    if deal.status == status:
        if status != DealStatus.LOST or not reason or reason == deal.lost_reason:
            raise AlreadyClosed(title=deal.title, status=str(status))
        reason = await shortened(work, reason, {"deal_id": deal_id}, _LONGEST)
        return await work.change(deal, DealChanged, lost_reason=reason)
    stage = await db.fetch_one(
        "SELECT id FROM stage WHERE pipeline_id = ? AND kind = ? ORDER BY position LIMIT 1",
        deal.pipeline_id,
        str(status),
    )
    if stage is None:
        raise StageNotInPipeline(stage=str(status), pipeline=deal.title, stages="")
    return await move_deal(work, deal_id, stage["id"], reason=reason)


async def reopen_deal(work: Work, deal_id: int) -> Deal:
    """Open a closed deal again at the stage it was closed from, the first one where that is gone.

    :raises AlreadyClosed: it is open
    """
    await work.flush()
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    if deal.status == DealStatus.OPEN:
        raise AlreadyClosed(title=deal.title, status=deal.status)
    rows = await db.fetch(
        "SELECT before FROM event WHERE entity = 'deal' AND record_id = ? AND type IN ('DealWon', 'DealLost') ORDER BY id DESC LIMIT 20",
        deal_id,
    )
    left = [db.from_json(row["before"]).get("stage_id") for row in rows]
    choices = [stage.id for stage in await stages(deal.pipeline_id) if stage.kind == DealStatus.OPEN]
    stage_id = next((stage_id for stage_id in left if stage_id in choices), choices[0])
    return await move_deal(work, deal_id, stage_id)
