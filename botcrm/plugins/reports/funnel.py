"""The funnel: what happened to the deals that entered each stage in a period."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcrm import Chart, Column, ReportFilters, ReportTable, Words, Work, services
from botcrm.plugins.reports.filters import of_deals

_ENTERS = "'DealCreated', 'DealStageChanged', 'DealWon', 'DealLost', 'DealReopened'"
_LEAVES = "'DealStageChanged', 'DealWon', 'DealLost', 'DealReopened'"
# Of fewer deals a share says nothing.
_FEW = 3


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage with its figures: `further` of the deals that `entered` it also entered a later one in the period."""

    name: str
    kind: str
    entered: int
    further: int
    amount: Decimal
    foreign: int
    days: float | None

    @property
    def share(self) -> float | None:
        """Return the share that went further, None where there is nothing beyond or nobody came."""
        return self.further / self.entered if self.kind == "open" and self.entered else None


async def funnel(work: Work, filters: ReportFilters) -> ReportTable:
    """Count a pipeline's deals by the stages they entered in the period; the first pipeline unless one is named.

    A deal counts once for a stage, however often it entered; what was taken back never happened. Days are those that deals
    which left the stage in the period had been in it. Amounts are in the company's currency, others are left out and named.
    """
    words = Words(work.prefs, work.now)
    currency = work.prefs.currency
    pipelines = await services.fetch(work, "SELECT id, name FROM pipeline ORDER BY position, id")
    chosen = next((row for row in pipelines if row["id"] == filters.pipeline_id), pipelines[0])
    stages = await _stages(work, filters, chosen["id"], currency)
    shown = [stage for stage in stages if stage.kind != "lost"]
    return ReportTable(
        columns=(
            Column("stage", words.t("Stage")),
            Column("entered", words.t("Deals"), "number"),
            Column("further", words.t("Next"), "percent"),
            Column("amount", words.t("Amount"), "money"),
            Column("days", words.t("Days"), "number"),
        ),
        rows=[(stage.name, stage.entered, stage.share, stage.amount, _rounded(stage.days)) for stage in shown],
        chart=Chart("funnel", "stage", ("entered",)),
        note="\n".join(_notes(words, stages, chosen["name"] if len(pipelines) > 1 else "", currency)),
        currency=currency,
    )


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(days, 1)


async def _stages(work: Work, filters: ReportFilters, pipeline_id: int, currency: str) -> list[_Stage]:
    since, until = services.bounds(work, filters.since, filters.until)
    found, values = await of_deals(work, filters, "d.id")
    owned = f"{services.owned_sql('d.owner_id', filters.people)}{found}"
    to = f"CAST({services.json_sql('e.after', 'stage_id')} AS INTEGER)"
    entered = await services.fetch(
        work,
        f"WITH step AS (SELECT e.deal_id, {to} AS stage_id FROM event e WHERE e.type IN ({_ENTERS}) "
        f"AND e.at >= ? AND e.at < ? AND {services.standing_sql('e')}), "
        "entry AS (SELECT DISTINCT step.deal_id, s.id AS stage_id, s.position, s.kind, d.amount, d.currency FROM step "
        "JOIN stage s ON s.id = step.stage_id JOIN deal d ON d.id = step.deal_id "
        f"WHERE s.pipeline_id = ? AND d.deleted_at IS NULL AND {owned}), "
        "reached AS (SELECT entry.*, max(CASE WHEN kind = 'lost' THEN -1 ELSE position END) OVER (PARTITION BY deal_id) "
        "AS furthest FROM entry) "
        "SELECT stage_id, count(*) AS entered, sum(CASE WHEN furthest > position THEN 1 ELSE 0 END) AS further, "
        "sum(CASE WHEN currency = ? THEN amount * 1.0 ELSE 0 END) AS amount, "
        "sum(CASE WHEN currency <> ? AND amount IS NOT NULL THEN 1 ELSE 0 END) AS others "
        "FROM reached GROUP BY stage_id",
        since,
        until,
        pipeline_id,
        *values,
        currency,
        currency,
    )
    days = await _days(work, since, until, owned, values)
    figures = {row["stage_id"]: row for row in entered}
    none: dict[str, Any] = {"entered": 0, "further": 0, "amount": 0, "others": 0}
    return [
        _Stage(
            name=stage.name,
            kind=stage.kind,
            entered=int(row["entered"]),
            further=int(row["further"]),
            amount=Decimal(str(row["amount"] or 0)).quantize(Decimal("0.01")),
            foreign=int(row["others"]),
            days=days.get(stage.id),
        )
        for stage in await services.stages(pipeline_id)
        for row in [figures.get(stage.id, none)]
    ]


async def _days(work: Work, since: Any, until: Any, owned: str, values: tuple[Any, ...]) -> dict[int, float]:
    """Return how many days, on average, deals had been in the stage that they left in the period."""
    left = f"CAST({services.json_sql('e.before', 'stage_id')} AS INTEGER)"
    # An event holds what changed: a deal that entered and left at the same moment stayed for no time.
    stayed = services.days_sql(services.json_sql("e.before", "stage_entered_at"), "e.at")
    rows = await services.fetch(
        work,
        f"SELECT {left} AS stage_id, avg(COALESCE({stayed}, 0)) AS days FROM event e JOIN deal d ON d.id = e.deal_id "
        f"WHERE e.type IN ({_LEAVES}) AND e.at >= ? AND e.at < ? AND {services.standing_sql('e')} "
        f"AND d.deleted_at IS NULL AND {owned} GROUP BY {left}",
        since,
        until,
        *values,
    )
    return {
        row["stage_id"]: float(row["days"]) for row in rows if row["stage_id"] is not None and row["days"] is not None
    }


def _notes(words: Words, stages: list[_Stage], pipeline: str, currency: str) -> list[str]:
    won = sum(stage.entered for stage in stages if stage.kind == "won")
    lost = sum(stage.entered for stage in stages if stage.kind == "lost")
    lost_amount = sum((stage.amount for stage in stages if stage.kind == "lost"), Decimal(0))
    notes = [words.t("Pipeline: {name}.", name=pipeline)] if pipeline else []
    if won or lost:
        rate = round(100 * won / (won + lost))
        notes.append(
            words.t(
                "Won {won}, lost {lost} ({amount}): {rate} % won.",
                won=won,
                lost=lost,
                amount=words.money(lost_amount, currency),
                rate=rate,
            )
        )
    narrow = [
        (stage.share, -(stage.days or 0), stage)
        for stage in stages
        if stage.share is not None and stage.entered >= _FEW
    ]
    if narrow:
        share, _, stage = min(narrow, key=lambda item: item[:2])
        notes.append(
            words.t("Bottleneck: {stage}, {share} % went further.", stage=stage.name, share=round(100 * share))
        )
    others = max((stage.foreign for stage in stages), default=0)
    if others:
        notes.append(
            words.t("Amounts are in {currency}; deals in other currencies are left out of them.", currency=currency)
        )
    return notes
