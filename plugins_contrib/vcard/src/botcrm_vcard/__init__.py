"""vCards: a file or a forwarded contact becomes contacts, and /vcard sends one back."""

from typing import TYPE_CHECKING

from pydantic import Field

from botcrm import ButtonHandler, Command, Job, Manifest, Settings, Verb, hookimpl
from botcrm_vcard.importing import READ, read_file
from botcrm_vcard.sending import send_card
from botcrm_vcard.taking import take_back

if TYPE_CHECKING:
    import aiogram

manifest = Manifest(
    title="vCard",
    about="A vCard file or a forwarded contact becomes contacts; /vcard sends one as a file.",
    needs=(
        "contact.read",
        "contact.add",
        "contact.change",
        "company.read",
        "company.add",
        "activity.add",
    ),
)


class VcardSettings(Settings):
    """What an administrator can choose."""

    most_cards: int = Field(500, ge=1, le=2_000, title="Cards", description="Taken out of one file, at most")
    most_megabytes: int = Field(10, ge=1, le=20, title="Megabytes", description="Of one file, at most")


@hookimpl
def register_settings() -> type[Settings]:
    """Name the settings."""
    return VcardSettings


@hookimpl
def register_commands() -> list[Command]:
    """Name /vcard."""
    return [
        Command(
            Verb("vcard"),
            send_card,
            menu="Send a contact as a vCard file",
            examples=("/vcard Anna", "/vcard Acme"),
            more="A vCard file, or a contact that you forward to me, becomes contacts.",
            subject=("contact", "company"),
            permission="contact.read",
        )
    ]


@hookimpl
def register_buttons() -> list[ButtonHandler]:
    """Name the button below what was taken in."""
    return [ButtonHandler("undo", take_back)]


@hookimpl
def register_jobs() -> list[Job]:
    """Name the job that fetches a file and takes it in."""
    return [Job(READ, read_file, deadline=300)]


@hookimpl
def register_routers() -> "list[aiogram.Router]":
    """Take vCard files and contacts before the product does."""
    from botcrm_vcard.receiving import make_router

    return [make_router()]
