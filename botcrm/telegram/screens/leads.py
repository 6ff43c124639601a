"""The card on which it is chosen what a lead becomes."""

from collections.abc import Sequence

from botcrm.core.services.duplicates.alike import Alike
from botcrm.core.services.leads import NEW, Proposal
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack
from botcrm.telegram.screens.duplicates import question_text, reasons_text
from botcrm.words import Words

_NONE = "-"
_SIGNS = {"contact": "👤", "company": "🏢"}


def chosen_text(chosen: int | None) -> str:
    """Write a choice as callback data holds it."""
    return _NONE if chosen is None else str(chosen)


def chosen_of(text: str) -> int | None:
    """Read a choice from callback data.

    :raises ValueError: it is none
    """
    return None if text == _NONE else int(text)


def plan_screen(words: Words, plan: Proposal, contact: int | None, company: int | None, deal: bool) -> Screen:
    """Show what a lead would become, with everything that can be chosen otherwise."""
    lead = plan.lead

    def button(label: str, to_contact: int | None, to_company: int | None, with_deal: bool, picked: bool) -> Button:
        data = (chosen_text(to_contact), chosen_text(to_company), int(with_deal))
        return Button(("• " if picked else "") + label, pack("lp", lead.id, lead.version, *data))

    rows: list[list[Button]] = []
    if plan.contact_name:
        for item in plan.contacts:
            label = f"👤 {clip(item.name, 24)} · c{item.record_id}"
            rows.append([button(label, item.record_id, company, deal, contact == item.record_id)])
        rows.append(
            [
                button("👤 " + words.t("New contact"), NEW, company, deal, contact == NEW),
                button(words.t("No contact"), None, company, deal, contact is None),
            ]
        )
    if plan.company_name:
        for item in plan.companies:
            label = f"🏢 {clip(item.name, 24)} · o{item.record_id}"
            rows.append([button(label, contact, item.record_id, deal, company == item.record_id)])
        rows.append(
            [
                button("🏢 " + words.t("New company"), contact, NEW, deal, company == NEW),
                button(words.t("No company"), contact, None, deal, company is None),
            ]
        )
    if plan.contact_name or plan.company_name:
        rows.append(
            [
                button("💼 " + words.t("With deal"), contact, company, True, deal),
                button(words.t("Without deal"), contact, company, False, not deal),
            ]
        )
    nothing = contact is None and company is None and not deal
    last = [Button("← " + words.t("Back"), pack("op", f"l{lead.id}"))]
    if not nothing:
        data = (lead.id, lead.version, chosen_text(contact), chosen_text(company), int(deal))
        last.insert(0, Button("✅ " + words.t("Convert"), pack("lC", *data)))
    amount = words.money(lead.amount, lead.currency) if lead.amount is not None else None
    becomes = (
        _line(words, "contact", plan.contact_name, plan.contacts, contact),
        _line(words, "company", plan.company_name, plan.companies, company),
        f"💼 {dots(esc(clip(lead.title, 80)), amount)}" if deal else "",
    )
    text = lines(
        f"🌱 {bold(clip(lead.title, 100))} · l{lead.id}",
        words.t("It becomes nothing: choose something.") if nothing else words.t("It becomes:"),
        *(f"   {line}" for line in becomes if line),
        *_questions(words, plan, contact, company),
    )
    return Screen(text, (*rows, last), ("lead", lead.id))


def _line(words: Words, entity: str, name: str, known: Sequence[Alike], chosen: int | None) -> str:
    if chosen is None or not name:
        return ""
    taken = next((item for item in known if item.record_id == chosen), None)
    if taken is None:
        return f"{_SIGNS[entity]} {esc(clip(name, 80))} · {words.t('new')}"
    ref = f"{'c' if entity == 'contact' else 'o'}{taken.record_id}"
    return f"{_SIGNS[entity]} {esc(clip(taken.name, 80))} · {ref} ({reasons_text(words, taken.reasons)})"


def _questions(words: Words, plan: Proposal, contact: int | None, company: int | None) -> list[str]:
    """Ask about those who may be the same and were not taken."""
    asked = []
    for items, chosen in ((plan.contacts, contact), (plan.companies, company)):
        if chosen == NEW:
            asked += [question_text(words, item) for item in items]
    return asked
