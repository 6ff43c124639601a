"""What leads became, on their cards and on those of what they became; and the button that copies a record."""

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import Lead
from botcrm.core.services.cards import DealCard, PartyCard
from botcrm.telegram.screens.base import Button, clip, dots, esc, pack
from botcrm.words import Words

_SIGNS = {"contact": "👤", "company": "🏢", "deal": "💼"}


def became_head(words: Words, *, contact: bool, deal: bool) -> str:
    """Say what a lead has become."""
    if deal:
        return "✅ " + words.t("The lead is a deal now")
    return "✅ " + (words.t("The lead is a contact now") if contact else words.t("The lead is a company now"))


def became_line(words: Words, card: PartyCard) -> str:
    """Write on a lead's card what it became."""
    names = dots(*(f"{_SIGNS[entity]} {esc(clip(name, 60))}" for entity, _, name in card.became))
    return words.t("Became: {names}", names=names) if names else ""


def origin_line(words: Words, card: DealCard) -> str:
    """Write on a deal's card which lead it was."""
    return "🌱 " + words.t("Was lead l{id}", id=card.lead_id) if card.lead_id else ""


def first_rows(words: Words, card: PartyCard) -> list[list[Button]]:
    """Return what is done first with a contact, company or lead: a deal of it; of a converted lead, what it became."""
    record, me = card.record, f"{LETTERS[Entity(card.entity)]}{card.record.id}"
    if not isinstance(record, Lead):
        return [[Button("💼 " + words.t("New deal"), pack("nd", me))]]
    opens = [
        Button(f"{_SIGNS[entity]} {clip(name, 20)}", pack("op", f"{LETTERS[Entity(entity)]}{record_id}"))
        for entity, record_id, name in card.became
    ]
    if record.status not in ("new", "working"):
        return [opens]
    return [
        [
            Button("💼 " + words.t("Make it a deal"), pack("lc", record.id, record.version)),
            Button(words.t("Choose…"), pack("lp", record.id, record.version)),
        ],
        [Button(words.t("Not a lead"), pack("lx", record.id, record.version))],
    ]
