"""Buttons of leads: turn into a deal, choose what it becomes, give up."""

from botcrm.core import db
from botcrm.core.domain.kinds import Action, LeadStatus
from botcrm.core.models import Lead
from botcrm.core.services import leads
from botcrm.core.services.access import load
from botcrm.core.services.cards import party_card
from botcrm.telegram.buttons.records import demand_version
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, lines
from botcrm.telegram.screens.became import became_head
from botcrm.telegram.screens.cards import party_screen
from botcrm.telegram.screens.leads import chosen_of, plan_screen


async def convert(ctx: Context, lead_id: str, version: str) -> Screen | None:
    """Make a lead a deal; where somebody in it may be known already, ask first."""
    if await _done(ctx, lead_id, version):
        return None
    plan = await leads.propose_conversion(ctx.work, int(lead_id))
    if not plan.clear:
        return plan_screen(ctx.words, plan, plan.contact, plan.company, True)
    return await _converted(ctx, plan.lead, plan.contact, plan.company, True)


async def choose(
    ctx: Context, lead_id: str, version: str, contact: str = "", company: str = "", deal: str = "1"
) -> Screen:
    """Show what a lead would become, to be chosen otherwise."""
    demand_version(await load(ctx.work, Lead, int(lead_id), Action.CHANGE), version)
    plan = await leads.propose_conversion(ctx.work, int(lead_id))
    if not contact:
        return plan_screen(ctx.words, plan, plan.contact, plan.company, True)
    return plan_screen(ctx.words, plan, chosen_of(contact), chosen_of(company), deal == "1")


async def convert_as(ctx: Context, lead_id: str, version: str, contact: str, company: str, deal: str) -> Screen | None:
    """Turn a lead into what was chosen."""
    if await _done(ctx, lead_id, version):
        return None
    lead = await load(ctx.work, Lead, int(lead_id), Action.CHANGE)
    return await _converted(ctx, lead, chosen_of(contact), chosen_of(company), deal == "1")


async def _done(ctx: Context, lead_id: str, version: str) -> bool:
    """Tell whether this person has converted the lead by a press on this very card, and say so.

    :raises Stale: the lead changed otherwise
    """
    lead = await load(ctx.work, Lead, int(lead_id))
    if lead.status == LeadStatus.CONVERTED and lead.version == int(version) + 1:
        sql = "SELECT actor_id FROM event WHERE entity = 'lead' AND record_id = ? AND version = ?"
        row = await db.fetch_one(sql, lead.id, lead.version)
        if row and row["actor_id"] == ctx.user_id:
            ctx.toast(ctx.words.t("Done already."))
            return True
    demand_version(lead, version)
    return False


async def _converted(ctx: Context, lead: Lead, contact: int | None, company: int | None, deal: bool) -> Screen:
    done = await leads.convert(ctx.work, lead.id, contact=contact, company=company, deal=deal)
    made = done.deal or done.contact or done.company
    assert made is not None
    ctx.main = about_of(made)
    screen = await open_card(ctx, *ctx.main)
    head = became_head(ctx.words, contact=done.contact is not None, deal=done.deal is not None)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    return Screen(lines(head, screen.text), (*screen.rows, undo), screen.about)


async def refuse(ctx: Context, lead_id: str, version: str) -> Screen:
    """Give a lead up."""
    demand_version(await load(ctx.work, Lead, int(lead_id)), version)
    await leads.lose_lead(ctx.work, int(lead_id), None)
    card = await party_card(ctx.work, "lead", int(lead_id))
    return party_screen(ctx.words, ctx.kinds, card, head=ctx.words.t("Given up"), undo=ctx.undo)
