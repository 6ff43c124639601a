"""Correcting in place the contact, company or lead that an edited line added."""

from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.models import Company, Contact, Lead
from botcrm.core.services import records
from botcrm.core.services.cards import party_card
from botcrm.core.services.search.subjects import by_name
from botcrm.telegram.commands.deals import handed_away
from botcrm.telegram.commands.records import company_said, lead_said, person_and_company, person_said
from botcrm.telegram.commands.subject import Missing
from botcrm.telegram.context import Context
from botcrm.telegram.line_fields import correct_fields
from botcrm.telegram.screens.base import Screen, lines
from botcrm.telegram.screens.cards import party_screen

Party = Contact | Company | Lead
MODELS: dict[str, type[Contact] | type[Company] | type[Lead]] = {"contact": Contact, "company": Company, "lead": Lead}


async def corrected_values(ctx: Context, record: Party, was: Line, line: Line) -> dict[str, Any] | None:
    """Return what a line says of its record otherwise than before; None where it names somebody else who is known.

    :raises Missing: it names nobody any more
    :raises InvalidValue: a phone or an e-mail address makes no sense
    """
    args, before = line.args, was.args
    values = await _names(ctx, record, was, line)
    name = values.get("name")
    same = await by_name(ctx.work, [str(name)], [record._meta.db_table]) if name else []
    if any(one.record_id != record.id for one in same):
        return None
    for first, more in (("phone", "more_phones"), ("email", "more_emails")):
        now, then = [getattr(args, first), *getattr(args, more)], [getattr(before, first), *getattr(before, more)]
        if now != then:
            clean = [_clean(ctx, first, one) for one in now if one]
            values |= {first: clean[0] if clean else None, more: list(dict.fromkeys(clean[1:])) or None}
    if isinstance(record, Lead) and args.amount != before.amount:
        money = args.amount.quantized() if args.amount else None
        values |= {"amount": money.amount if money else None, "currency": money.currency if money else record.currency}
    return values


def _clean(ctx: Context, name: str, text: str) -> str | None:
    return records.clean_phone(ctx.work, text) if name == "phone" else records.clean_email(text)


async def _names(ctx: Context, record: Party, was: Line, line: Line) -> dict[str, Any]:
    if isinstance(record, Contact):
        said, before = person_said(line), person_said(was)
        if not said[0]:
            raise Missing(what=ctx.words.t("Who?"), example="contact Anna Nowak +48 601 234 567 at Acme")
        if said == before:
            return {}
        name, company_id = await person_and_company(ctx, line)
        values: dict[str, Any] = {"name": name} if name != record.name else {}
        return values | ({"company_id": company_id} if said[1] != before[1] or company_id else {})
    if isinstance(record, Company):
        name = company_said(line)
        if not name:
            raise Missing(what=ctx.words.t("Which company?"), example="company Acme Ltd +48 22 555 01 01")
        return {"name": name} if name != company_said(was) else {}
    name, title = lead_said(line)
    if not name:
        raise Missing(what=ctx.words.t("A lead from whom?"), example="lead Ivan Petrov roof +48 601 234 567 #site")
    return {"name": name, "title": title} if (name, title) != lead_said(was) else {}


async def change_party(ctx: Context, record: Party, values: dict[str, Any]) -> Party:
    """Change a contact, company or lead where there is something to change."""
    model: Any = type(record)
    changed: Party = await records.change_record(ctx.work, model, record.id, **values) if values else record
    return changed


async def party_corrected(ctx: Context, record: Party, was: Line, line: Line) -> Screen:
    """Show a corrected record, with what of the line could not be set."""
    unknown = await correct_fields(ctx, record, was, line)
    if line.args.owner and line.args.owner != was.args.owner:
        await ctx.give(record, await ctx.colleague(line.args.owner))
    entity = record._meta.db_table
    ctx.main = (entity, record.id)
    head = "✏️ " + ctx.words.t("Corrected")
    try:
        card = await party_card(ctx.work, entity, record.id)
    except NotFound:
        return await handed_away(ctx, entity, record.id, head)
    screen = party_screen(ctx.words, ctx.kinds, card, head=head, undo=ctx.undo)
    return Screen(lines(screen.text, *unknown), screen.rows, screen.about)
