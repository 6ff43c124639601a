"""The smart activity: what to suggest when an open deal is left without a next step."""

from collections.abc import Sequence

from botcrm.core.models import Activity, Deal
from botcrm.core.services.activities import due_values, suggested_due
from botcrm.core.services.suggestions import suggestions_wanted
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Row, Screen, lines, pack


async def suggestion(ctx: Context, deal_id: int) -> Screen | None:
    """Ask whether to follow up, where the deal is open, nothing is planned and suggestions are on."""
    if not await suggestions_wanted(ctx.work):
        return None
    deal = await Deal.filter(id=deal_id, status="open", deleted_at=None).first()
    if deal is None or await Activity.filter(deal_id=deal_id, status="planned", deleted_at=None).exists():
        return None
    due = suggested_due(ctx.work)
    at = due_values(ctx.work, due)["due_at"]
    text = ctx.words.t("No next step. Follow up {when}?", when=ctx.words.when(at))
    stamp = f"{due.wall:%Y%m%d%H%M}"
    rows = (
        [
            Button("✅ " + ctx.words.t("Save"), pack("sm", deal_id, stamp)),
            Button(ctx.words.t("Other time"), pack("so", deal_id)),
            Button(ctx.words.t("Other text"), pack("st", deal_id, stamp)),
        ],
        [
            Button(ctx.words.t("Not now"), pack("sn", deal_id)),
            Button(ctx.words.t("Don't ask ▾"), pack("sd", deal_id)),
        ],
    )
    return Screen(text, rows, ("deal", deal_id))


async def asking(ctx: Context, card: Screen, deal_id: int) -> Screen:
    """Have a deal's card ask the question instead of only saying that there is no next step."""
    question = await suggestion(ctx, deal_id)
    if question is None:
        return card
    text = "\n".join(line for line in card.text.split("\n") if line != ctx.words.t("No next step."))
    return with_question(Screen(text, (), card.about), question, card.rows[1:])


def with_question(screen: Screen, question: Screen, keep: Sequence[Row]) -> Screen:
    """Put the question below a screen's text, its buttons above those of the screen that stay."""
    return Screen(lines(screen.text, question.text), (*question.rows, *keep), screen.about)
