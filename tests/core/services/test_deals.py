"""Deals on their way: stages, won, lost, opened again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyClosed, InvalidValue, NotFound, StageNotInPipeline
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.money import Money
from botcrm.core.models import Deal, Pipeline, Stage
from botcrm.core.services.deals import (
    DEFAULT_PIPELINE,
    add_deal,
    change_deal,
    close_deal,
    find_stage,
    move_deal,
    reopen_deal,
    seed_pipeline,
    stages,
)
from botcrm.core.services.records import add_company, add_contact
from tests.core.services.conftest import Office


async def _stage(deal_id: int) -> str:
    return (await Stage.get(id=(await Deal.get(id=deal_id)).stage_id)).name


async def _deal(office: Office, **values: object) -> Deal:
    async with office.as_(office.anna) as work:
        return await add_deal(work, title="roof", **values)  # type: ignore[arg-type]


@pytest.mark.usefixtures("office")
async def test_the_default_pipeline_is_there_once() -> None:
    async with db.transaction():
        await seed_pipeline()
    (pipeline,) = await Pipeline.all()
    assert [(stage.name, stage.kind, stage.rot_days) for stage in await stages(pipeline.id)] == list(DEFAULT_PIPELINE)


async def test_a_deal_starts_at_the_first_stage_or_a_named_one(office: Office) -> None:
    assert await _stage((await _deal(office)).id) == "New"
    assert await _stage((await _deal(office, stage="nego")).id) == "Negotiation"
    won = await _deal(office, stage="Won")
    assert (won.status, won.closed_at) == ("won", office.now)
    with pytest.raises(StageNotInPipeline):
        await _deal(office, stage="nowhere")


async def test_money_is_kept_exactly(office: Office) -> None:
    deal = await _deal(office, amount=Money(Decimal("1200.505"), "PLN"))
    yen = await _deal(office, amount=Money(Decimal("1200.5"), "JPY"))
    zero = await _deal(office, amount=Money(Decimal(0), "USD"))
    rows = await Deal.all().order_by("id")
    assert [(row.amount, row.currency) for row in rows] == [
        (Decimal("1200.51"), "PLN"),
        (Decimal(1201), "JPY"),
        (Decimal(0), "USD"),
    ]
    async with office.as_(office.anna) as work:
        changed = await change_deal(work, deal.id, amount=Decimal("0.005"), currency="EUR")
        assert changed.amount == Decimal("0.01")
        for amount in (Decimal(10) ** 16, Decimal("NaN"), Decimal("-1e30")):
            with pytest.raises(InvalidValue):
                await change_deal(work, yen.id, amount=amount)
        with pytest.raises(InvalidValue):
            await change_deal(work, zero.id, title="  ")


async def test_moving_says_since_when_it_stands_there(office: Office) -> None:
    deal = await _deal(office)
    office.move(days=2)
    async with office.as_(office.anna) as work:
        moved = await move_deal(work, deal.id, (await find_stage(deal, "proposal")).id)
        assert (moved.status, moved.stage_entered_at) == ("open", office.now)
        again = await move_deal(work, deal.id, moved.stage_id)
        assert again.version == 2
        assert [event.type for event in work.events] == ["DealStageChanged"]


async def test_a_stage_of_another_pipeline_is_refused(office: Office) -> None:
    deal = await _deal(office)
    other = await Pipeline.create(name="Service")
    stage = await Stage.create(pipeline=other, name="Asked", position=0, kind="open")
    async with office.as_(office.anna) as work:
        with pytest.raises(StageNotInPipeline) as refused:
            await move_deal(work, deal.id, stage.id)
        assert "New, Clarified" in str(refused.value)
        with pytest.raises(StageNotInPipeline):
            await find_stage(deal, "asked")


async def test_won_lost_and_back(office: Office) -> None:
    deal = await _deal(office, stage="negotiation")
    office.move(days=1)
    async with office.as_(office.anna) as work:
        won = await close_deal(work, deal.id, DealStatus.WON)
        assert (won.status, won.closed_at, won.lost_reason) == ("won", office.now, None)
        with pytest.raises(AlreadyClosed):
            await close_deal(work, deal.id, DealStatus.WON, "never mind")
    async with office.as_(office.anna) as work:
        lost = await close_deal(work, deal.id, DealStatus.LOST, "price")
        assert (lost.status, lost.lost_reason) == ("lost", "price")
    async with office.as_(office.anna) as work:
        better = await close_deal(work, deal.id, DealStatus.LOST, "timing")
        assert better.lost_reason == "timing"
        # It was lost once: a corrected reason is no second loss in anybody's report.
        assert [event.type for event in work.events] == ["DealChanged"]
    async with office.as_(office.anna) as work:
        back = await reopen_deal(work, deal.id)
        assert (back.status, back.closed_at, back.lost_reason) == ("open", None, None)
    assert await _stage(deal.id) == "Negotiation"
    async with office.as_(office.anna) as work:
        with pytest.raises(AlreadyClosed):
            await reopen_deal(work, deal.id)


async def test_a_deal_born_closed_opens_at_the_first_stage(office: Office) -> None:
    deal = await _deal(office, stage="lost")
    async with office.as_(office.anna) as work:
        await reopen_deal(work, deal.id)
    assert await _stage(deal.id) == "New"


async def test_a_deal_gets_no_company_or_contact_out_of_reach(office: Office) -> None:
    async with office.as_(office.zofia) as work:
        company = await add_company(work, "Beta")
        contact = await add_contact(work, "Olga")
    deal = await _deal(office)
    for values in ({"company_id": company.id}, {"contact_id": contact.id}):
        with pytest.raises(NotFound):
            await _deal(office, **values)
        async with office.as_(office.anna) as work:
            with pytest.raises(NotFound):
                await change_deal(work, deal.id, **values)
