"""What a vCard says, as far as a CRM keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One vCard.

    :ivar name: of the person; empty where it is a company's card, or says none
    :ivar phones: as written, the preferred one first
    :ivar emails: as written, the preferred one first
    :ivar more: whatever else people would miss, line by line: title, department, address, web page, birthday, note
    """

    name: str = ""
    company: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """Return what to call whoever it is of; empty where the card says nothing to call them by."""
        return self.name or self.company or next(iter((*self.phones, *self.emails)), "")
