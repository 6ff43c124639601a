"""What a card keeps behind [More], so that the buttons used all day fit on a phone."""

from botcrm.core.services.cards import DealCard, PartyCard
from botcrm.telegram.screens.base import Button, Row, pack
from botcrm.telegram.screens.own_values import fields_button
from botcrm.words import Words


def more_button(words: Words, ref: str, undo: str) -> Button:
    """Return the button that shows what a card keeps folded; taking back what was just done stays within reach there."""
    return Button("⋯ " + words.t("More"), pack("mr", ref, *undo.split(":")[1:]))


def deal_fold(words: Words, card: DealCard, undo: str) -> list[Row]:
    """Return a deal's folded buttons; `undo` is the callback data that takes back what was just done."""
    deal, ref = card.deal, f"d{card.deal.id}"
    first = [Button(words.t("Hand over"), pack("ho", ref))]
    if deal.status == "open":
        pinned, muted = card.mark == "pinned", card.mark == "muted"
        first += [
            Button(
                "📌 " + (words.t("Unpin") if pinned else words.t("Pin")), pack("mk", deal.id, "-" if pinned else "p")
            ),
            Button(
                "🔔 " + words.t("Unmute") if muted else "🔕 " + words.t("Mute"),
                pack("mk", deal.id, "-" if muted else "m"),
            ),
        ]
    return [first, [*fields_button(words, card.own, ref), _copy(words, ref, deal.version)], _back(words, ref, undo)]


def party_fold(words: Words, card: PartyCard, ref: str, undo: str) -> list[Row]:
    """Return the folded buttons of a contact, company or lead."""
    first = [Button(words.t("Hand over"), pack("ho", ref)), _copy(words, ref, card.record.version)]
    return [[*first, *fields_button(words, card.own, ref)], _back(words, ref, undo)]


def _copy(words: Words, ref: str, version: int) -> Button:
    return Button("⧉ " + words.t("Copy"), pack("cp", ref, version))


def _back(words: Words, ref: str, undo: str) -> list[Button]:
    back = [Button("← " + words.t("Back"), pack("op", ref))]
    return [*back, Button("↩ " + words.t("Undo"), undo)] if undo else back
